"""Files as strangers export them, with known truth: none is silently wrong, most are right without help."""

from __future__ import annotations

import pandas as pd
import pytest

import cxlab as cx
from benchmarks import strangers


@pytest.mark.slow
def test_every_fourth_of_the_bench_is_never_silently_wrong_and_mostly_right(tmp_path):
    count, rest = strangers.run(tmp_path, every=4)
    wrong = [(f.name, what, said) for f, outcomes in rest for what, outcome, said in outcomes
             if outcome in ("SILENTLY WRONG", "raw error")]  # fmt: skip
    assert wrong == []
    assert count["right"] * 3 >= 2 * sum(count.values()) > 2 * 90


def test_the_judge_tells_right_from_asked_and_silently_wrong(tmp_path):
    """A wrong truth is found; where the study doubts that column it is asked; an error that says why is refused."""
    pd.DataFrame({"Recommend": [1, 7, 9, 10] * 10, "Overall": [1, 2, 3, 4, 5] * 8}).to_csv(tmp_path / "a.csv")
    nps = lambda study: strangers.estimate(cx.nps(study, "Recommend"))  # noqa: E731
    csat = lambda study: strangers.estimate(cx.csat(study, "Overall"))  # noqa: E731
    asked = [
        ("a", "Recommend", nps, 25.0), ("b", "Recommend", nps, 26.0), ("c", "Overall", csat, 0.4),
        ("d", "Overall", csat, 0.5), ("e", "Overall", lambda s: strangers.estimate(cx.nps(s, "Overall")), 0.0),
        ("f", "Overall", lambda s: 1 / 0, 0.0),
    ]  # fmt: skip
    file = strangers.File(tmp_path / "a.csv", "plain", "en", "none", asked)
    outcomes = {what: outcome for what, outcome, _ in strangers.judged(file)}
    assert outcomes == {
        "a": "right", "b": "asked", "c": "right", "d": "SILENTLY WRONG", "e": "refused", "f": "raw error",
    }  # fmt: skip
