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
    assert UNDECLARED.format("open") in notes


UNDECLARED = "no scale declared for {}: the least answer that was given counts as the worst, the largest as the best"


@pytest.mark.parametrize("name", ["asymmetry", "what_if", "one_failure", "importance_performance"])
def test_whatever_takes_the_ends_of_a_scale_from_the_answers_says_so(name: str) -> None:
    function = getattr(cx.importance, name, None) or cx.one_failure
    more = {"measure": "mean"} if name == "what_if" else {}
    said = function(mixed(), "y", drivers=["five", "open"], **more).notes
    assert [note for note in said if "no scale declared" in note] == [UNDECLARED.format("open")]
    declared = function(mixed(), "y", drivers=["five", "more"], **more).notes
    assert not [note for note in declared if "no scale declared" in note]


def narrow() -> pd.DataFrame:
    """Answers from 2 to 4 of scales from 1 to 5."""
    rng = np.random.default_rng(3)
    t = pd.DataFrame(rng.integers(2, 5, (300, 3)), columns=["a", "b", "c"])
    return t.assign(g=rng.choice(["x", "y"], 300), y=t.sum(axis=1) + rng.standard_normal(300))


TRIED = {
    "drivers": lambda s: cx.drivers(s, "y"), "asymmetry": lambda s: cx.importance.asymmetry(s, "y"),
    "what_if": lambda s: cx.importance.what_if(s, "y", measure="mean"), "one_failure": lambda s: cx.one_failure(s, "y"),
    "map": lambda s: cx.importance.importance_performance(s, "y"),
    "segments": lambda s: cx.importance.driver_segments(s, "g", outcome="y"),
    "levels": lambda s: cx.importance.driver_levels(s, "g", outcome="y"),
    "mean": lambda s: cx.mean(s, "a", by="g"), "csat": lambda s: cx.csat(s, "a"),
    "answers": lambda s: cx.answers(s, "a"),
    "compare": lambda s: cx.compare(s, "mean", by="g", of="a"),
    "league": lambda s: cx.league(s, "g", metric="mean", of="a"),
    "against": lambda s: cx.against(s, "mean", benchmark=3.0, of="a"),
    "bootstrap": lambda s: cx.bootstrap(s, "a", draws=50), "ols": lambda s: cx.ols(s, "y ~ a"),
    "ratio": lambda s: cx.metrics.satisfaction_ratio(s, of="a", draws=50),
    "sentiment": lambda s: cx.metrics.satisfaction_ratio(
        s.set("b", scale="1-5"), of="b", sentiment="a", version="B", draws=50),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIED)
def test_a_number_that_depends_on_a_scale_needs_it_declared(name: str) -> None:
    """With the scale or without: the same number, a refusal, or a note that there is none."""
    fields = lambda scale: tuple(cx.Field(c, type="integer", role="touchpoint", scale=scale) for c in "abc")  # noqa: E731
    rest = (cx.Field("g", type="string", role="segment"), cx.Field("y", role="outcome"))
    one, other = (cx.Study(narrow(), cx.Codebook("n", (*fields(s), *rest))) for s in (cx.Scale(1, 5), None))
    known = TRIED[name](one)
    try:
        open_ = TRIED[name](other)
    except cx.DataProblem as problem:
        assert "scale" in str(problem)
        return
    numbers = [r.table.select_dtypes("number").to_numpy() for r in (known, open_)]
    same = numbers[0].shape == numbers[1].shape and np.allclose(*numbers, equal_nan=True)
    assert same or any("scale" in note for note in open_.notes)


def test_a_sentiment_without_a_scale_lies_between_0_and_1() -> None:
    t = pd.DataFrame({"sat": [1, 5] * 20, "mood": [-0.5, 0.9] * 20})
    fields = (cx.Field("sat", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)),)
    s = cx.Study(t, cx.Codebook("moods", (*fields, cx.Field("mood"))))
    with pytest.raises(cx.DataProblem) as problem:
        cx.metrics.satisfaction_ratio(s, sentiment="mood", version="B", draws=50)
    assert str(problem.value) == (
        "sentiment 'mood' of moods runs from -0.5 to 0.9 and has no declared scale; without one a sentiment lies "
        'between 0 (negative) and 1 (positive): declare it, e.g. scale="-1-1"'
    )
