"""Reviews raise the rank: by hand, equal to `cx.ols` with clusters, recovered; few treated do not fool it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx

REPS = 40


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-11", study, robust=False, ledger=None)


def weeks(
    top: np.ndarray, treated: np.ndarray, post: np.ndarray, place: np.ndarray, design: str = "experiment"
) -> cx.Study:
    table = pd.DataFrame(
        {"top3": top.astype(int), "treated": treated.astype(int), "post": post.astype(int), "place": place}
    )
    fields = (
        cx.Field("top3", type="integer", role="operation"),
        cx.Field("treated", type="integer", role="operation"),
        cx.Field("post", type="integer", role="wave"),
        cx.Field("place", type="integer", role="cluster"),
    )
    return cx.Study(table, cx.Codebook("weeks", fields, design=design, assignment=("treated",)))


def test_by_hand() -> None:
    """Ten weeks a side of 24 places: 40 to 70 % where reviews were asked for, 40 to 50 % elsewhere: 20 points."""
    place, week = np.repeat(np.arange(24), 20), np.tile(np.arange(20), 24)
    treated, post = place % 2, week // 10
    times = np.where(post == 1, np.where(treated == 1, 7, 5), 4)
    v = verdict(weeks(week % 10 < times, treated, post, place))
    assert v.estimate.value == pytest.approx(0.2)
    shifted = np.where((post == 1) & (treated == 1), np.where(place % 4 == 1, 9, 5), times)  # 12 places: +50, +10
    e = verdict(weeks(week % 10 < shifted, treated, post, place)).estimate
    changes = np.array([0.5, 0.1] * 6)
    assert e.value == pytest.approx(0.2)
    assert e.se == pytest.approx(changes.std(ddof=1) / np.sqrt(12), rel=1e-6)  # CR2: the error of twelve changes


@pytest.mark.parametrize(("n", "threat"), [(600, None), (600, "clustering"), (1600, "clustering")])
def test_it_is_the_models_number(n: int, threat: str | None) -> None:
    """30 places: CR2 with Satterthwaite's degrees of freedom; 80 places: CR1."""
    study = cx.simulated("CX-11", 0.1, n=n, seed=2, threat=threat)
    model = cx.ols(study, "top3 ~ treated * post").table.set_index("term").loc["treated:post"]
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx(model[["estimate", "low", "high"]].tolist(), rel=1e-8)


@pytest.mark.parametrize(("effect", "threat"), [(0.2, None), (0.1, "clustering")])
def test_the_difference_is_recovered_and_covered(replicates, effect: float, threat: str | None) -> None:
    found = replicates("CX-11", effect, n=1500, reps=REPS, threat=threat, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.25 * effect)
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if effect == 0.2:
        assert found["direction"].eq("SUPPORTED").mean() > 0.8


@pytest.mark.parametrize(("effect", "threat"), [(0.02, None), (0.02, "clustering"), (0.0, "trends")])
def test_what_is_too_small_or_rose_before_is_not_supported(replicates, effect, threat) -> None:
    found = replicates("CX-11", effect, n=1500, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "trends":
        assert found["association"].isin(["SUPPORTED", "DIRECTION-ONLY"]).mean() > 0.7
        assert found["direction"].eq("NOT-IDENTIFIED").mean() > 0.7


def test_two_treated_places_of_twenty_are_no_evidence() -> None:
    """The places move by themselves: ordinary cluster errors said SUPPORTED in 11 % of such studies."""
    said = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        place, week = np.repeat(np.arange(20), 20), np.tile(np.arange(20), 20)
        post = week // 10
        p = np.clip(0.4 + 0.15 * rng.standard_normal((20, 2))[place, post], 0, 1)
        said.append(verdict(weeks(rng.random(400) < p, place < 2, post, place)).direction)
    assert said.count("SUPPORTED") <= binom.ppf(0.9995, 60, 0.025)


@pytest.mark.parametrize("treated", [1, 2, 4, 5, 16, 18, 19])
def test_on_how_many_places_it_rests_is_said(treated: int) -> None:
    """One place is not estimable and says why and what to do; two to four are warned of, on either side."""
    rng = np.random.default_rng(3)
    place, week = np.repeat(np.arange(20), 20), np.tile(np.arange(20), 20)
    v = verdict(weeks(rng.random(400) < 0.4, place < treated, week // 10, place))
    name, few = "top-3 share: difference in differences", min(treated, 20 - treated)
    said = [n for n in v.notes if "rests on" in n]
    if few == 1:
        assert v.parts["reason"] == (
            f"not estimable: {name} rests on a single cluster of 20 (whose answers move together), whose own noise "
            "cannot be told from an effect; treat more clusters, or compare with other assignments: "
            "cx.regressions.permutation"
        )
        assert v.direction == "NOT-IDENTIFIED" and not said
    elif few < 5:
        assert said == [
            f"{name} rests on {few} of 20 clusters (whose answers move together): errors with the degrees of freedom "
            "of so few, and rough; cx.regressions.permutation compares with other assignments of the clusters"
        ]
    else:
        assert not said


@pytest.mark.parametrize(("treated", "places"), [(18, 20), (58, 60), (57, 60)])
def test_two_untreated_places_are_no_evidence_either(treated: int, places: int) -> None:
    """CR1 called a rise of 60 places real in 15 % of studies with two untreated ones, where nothing was done."""
    said = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        place, week = np.repeat(np.arange(places), 20), np.tile(np.arange(20), places)
        p = np.clip(0.4 + 0.15 * rng.standard_normal((places, 2))[place, week // 10], 0, 1)
        said.append(verdict(weeks(rng.random(len(p)) < p, place < treated, week // 10, place)).direction)
    assert said.count("SUPPORTED") <= binom.ppf(0.9995, 40, 0.025)
    assert said.count("CONTRADICTED") <= binom.ppf(0.9995, 40, 0.025)


@pytest.mark.parametrize(("treated", "places"), [(59, 60), (1, 60), (19, 20)])
def test_one_place_on_either_side_is_not_estimable(treated: int, places: int) -> None:
    rng = np.random.default_rng(1)
    place, week = np.repeat(np.arange(places), 20), np.tile(np.arange(20), places)
    p = np.clip(0.4 + 0.15 * rng.standard_normal((places, 2))[place, week // 10], 0, 1)
    v = verdict(weeks(rng.random(len(p)) < p, place < treated, week // 10, place))
    assert v.direction == "NOT-IDENTIFIED"
    assert v.parts["reason"].startswith("not estimable: top-3 share: difference in differences rests on a single")


def test_threats_do_what_they_say() -> None:
    made = {x: cx.simulated("CX-11", 0.0, n=8000, seed=5, threat=x).table for x in (None, "clustering", "trends")}

    def spread(t: pd.DataFrame) -> float:
        return t.groupby(["cluster", "post"])["top3"].mean().std()

    def rise(t: pd.DataFrame) -> float:
        share = t.groupby(["treated", "post"])["top3"].mean()
        return share[1, 1] - share[1, 0] - share[0, 1] + share[0, 0]

    assert spread(made["clustering"]) > spread(made[None]) + 0.015
    assert rise(made["trends"]) > 0.1 > 0.06 > abs(rise(made[None]))


def test_weeks_without_their_location_are_not_as_many_answers() -> None:
    study = cx.simulated("CX-11", 0.3, n=2000, seed=3)
    fields = tuple(f for f in study.codebook.fields if f.name != "cluster")
    book = cx.Codebook("weeks", fields, design="experiment", assignment=("treated",))
    v = verdict(cx.Study(study.table.drop(columns="cluster"), book))
    assert v.direction == "INCONCLUSIVE" and "no column says which location a week is of" in v.sentence
    assert verdict(study).direction == "SUPPORTED"
