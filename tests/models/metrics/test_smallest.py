"""The smallest difference that matters has a unit: questions on different scales have none in common."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx


def mixed() -> cx.Study:
    """Items of 1 to 5, of 0 to 100, of 1 to 5 where 1 is best, and one without a scale."""
    rng = np.random.default_rng(0)
    one = lambda: rng.integers(1, 6, 200)  # noqa: E731
    t = pd.DataFrame({"five": one(), "more": one(), "turned": one(),
                      "hundred": rng.integers(0, 101, 200), "open": one()})  # fmt: skip
    t = t.assign(g=rng.choice(["a", "b"], 200), w=np.repeat([1, 2], 100), y=rng.standard_normal(200))
    scales = {"five": cx.Scale(1, 5), "more": cx.Scale(1, 5), "turned": cx.Scale(1, 5, best="low"),
              "hundred": cx.Scale(0, 100), "open": None}  # fmt: skip
    asked = [cx.Field(n, type="integer", role="touchpoint", scale=s) for n, s in scales.items()]
    more = [cx.Field("g", type="string", role="segment"), cx.Field("w", type="integer", role="wave")]
    return cx.Study(t, cx.Codebook("mixed", (*asked, *more, cx.Field("y", role="outcome"))))


@pytest.mark.parametrize("given", [None, 0.2])
@pytest.mark.parametrize(
    ("other", "on"), [("hundred", "0 to 100 (highest = best)"), ("open", "a scale nobody declared")]
)
@pytest.mark.parametrize("how", ["compare", "trend", "against"])
def test_questions_on_different_scales_are_not_judged_by_one_difference(
    how: str, other: str, on: str, given: float | None
) -> None:
    """Two of 100 points, taken for a question from 1 to 5, made every difference on it "noise"."""
    options = {"compare": {"by": "g"}, "trend": {}, "against": {"benchmark": 3.0}}[how]
    with pytest.raises(cx.DataProblem) as problem:
        getattr(cx, how)(mixed(), "mean", of=["five", other], smallest=given, **options)
    assert str(problem.value) == (
        f"'five' and '{other}' have no smallest difference in common: one is measured on 1 to 5 (highest = best), the "
        f"other on {on}; take them one at a time with of="
    )


def test_one_range_has_one_difference_whichever_end_is_best() -> None:
    for other in ("more", "turned"):
        found = cx.compare(mixed(), "mean", by="g", of=["five", other])
        assert found.parts["smallest"] == pytest.approx(0.08)


def test_a_map_says_where_no_scale_is_declared() -> None:
    notes = cx.importance.importance_performance(mixed(), "y", drivers=["five", "open"]).notes
    assert "no scale declared for open: 0 and 100 are the least and largest answer that was given" in notes
