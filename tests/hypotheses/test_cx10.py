"""The satisfied review more readily: by hand, two lines of `cx.ols`, recovered, and not fooled by the angry."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx

REPS = 20


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-10", study, robust=False, ledger=None)


def posted(rates: dict[int, float], each: int = 500) -> cx.Study:
    """Scores of 0 to 100, ``each`` people a score, of whom so many post."""
    score = np.repeat(list(rates), each)
    did = np.concatenate([np.arange(each) < round(each * p) for p in rates.values()]).astype(int)
    fields = (
        cx.Field("score", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("posted", type="integer", role="operation"),
    )
    return cx.Study(pd.DataFrame({"score": score, "posted": did}), cx.Codebook("made", fields))


def test_by_hand() -> None:
    """10, 20, 50 % at scores 0, 50, 100: 2 points per 10 below the middle, 6 above."""
    v = verdict(posted({0: 0.1, 50: 0.2, 100: 0.5}))
    up, down = v.table["estimate"]
    assert (up, down) == (pytest.approx(0.06), pytest.approx(0.02))
    at = lambda p: p * (1 - p) * 500 / 499**2  # noqa: E731  # HC3 of a group's share
    assert v.estimate.se == pytest.approx(np.sqrt(at(0.2) + at(0.5)) / 5, rel=1e-9)
    assert v.direction == "SUPPORTED"


def test_a_fall_in_the_lower_half_is_no_support() -> None:
    v = verdict(posted({0: 0.5, 50: 0.2, 100: 0.5}))
    assert v.direction == "CONTRADICTED"
    assert "the lower half falls: a U-shape, so 'the more satisfied the likelier' fails there" in v.notes


def test_scores_of_one_half_cannot_show_the_curve() -> None:
    v = verdict(posted({60: 0.1, 80: 0.2, 100: 0.5}))
    assert v.parts["reason"] == "all scores lie in one half of the scale; the curve cannot be seen"


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-10", 0.05, n=1500, seed=2)
    table = study.table.assign(
        low=np.fmin(study.table["score"] - 50, 0) / 10, high=np.fmax(study.table["score"] - 50, 0) / 10
    )
    fields = (*study.codebook.fields, cx.Field("low"), cx.Field("high"))
    lines = cx.Study(table, cx.Codebook("lines", fields))
    model = cx.ols(lines, "posted ~ high + low", errors="HC3").table.set_index("term")
    found = verdict(study).table[["estimate", "low", "high"]].to_numpy()
    assert found == pytest.approx(model.loc[["high", "low"], ["estimate", "low", "high"]].to_numpy(), rel=1e-8)
    told = cx.text.posting(study, "score", posted="posted").table
    assert found == pytest.approx(told[["estimate", "low", "high"]].to_numpy(), rel=1e-10)


@pytest.mark.parametrize("effect", [0.05, 0.035])
def test_the_slope_is_recovered_and_covered(replicates, effect: float) -> None:
    found = replicates("CX-10", effect, n=5000, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.15 * effect)
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.94)
    if effect == 0.05:
        assert found["direction"].eq("SUPPORTED").mean() > 0.6


@pytest.mark.parametrize(("effect", "threat"), [(0.0, None), (0.02, None), (0.05, "polarity")])
def test_what_is_too_flat_or_bent_is_not_supported(replicates, effect, threat) -> None:
    found = replicates("CX-10", effect, n=5000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat:
        assert found["low"].gt(0.02).mean() > 0.6 and found["direction"].eq("CONTRADICTED").mean() > 0.9


def test_the_threat_is_in_the_data() -> None:
    def angry(threat: str | None) -> float:
        made = cx.simulated("CX-10", 0.0, n=8000, seed=5, threat=threat).table
        return made.loc[made["score"] < 30, "posted"].mean() - made.loc[made["score"].between(45, 55), "posted"].mean()

    assert angry("polarity") > 0.12 > 0.06 > abs(angry(None))
