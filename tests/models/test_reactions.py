"""Penalties and rewards, one failure, Kano, the map, what-if: by hand, at known truth, on bad and on real input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, binom

import cxlab as cx
from cxlab.models.drivers.kano import EVALUATION
from cxlab.stats.fits.power_means import power_mean


def rated(n: int, seed: int, **effects) -> pd.DataFrame:
    """Answers 1 to 5; each effect is what answers 1, 2, 3, 4, 5 add to the outcome."""
    rng = np.random.default_rng(seed)
    halo = rng.normal(size=n)
    x = {k: np.clip(np.round(3.2 + 0.6 * halo + rng.normal(size=n)), 1, 5) for k in effects}
    y = sum(np.array(e)[x[k].astype(int) - 1] for k, e in effects.items()) + rng.normal(size=n) * 0.8
    return pd.DataFrame(x).assign(y=y)


def study(table: pd.DataFrame, design: str = "", outcome: cx.Field | None = None, **roles: str) -> cx.Study:
    fields = [
        cx.Field(c, role=roles.get(c, "touchpoint"), scale=None if c in roles else cx.Scale(1, 5))
        for c in table if c != "y"
    ]  # fmt: skip
    fields.append(outcome or cx.Field("y", role="outcome"))
    return cx.Study(table, cx.Codebook("made", tuple(fields), design=design))


BASIC, EVEN, EXCITING, NOTHING = (
    (-1.5, -1, 0, 0.05, 0.1),
    (-1, -0.5, 0, 0.5, 1),
    (-0.1, -0.05, 0, 1, 1.5),
    (0, 0, 0, 0, 0),
)


def test_penalties_and_rewards_by_hand():
    """One driver: penalty and reward are differences of group means."""
    table = rated(500, 0, a=EVEN)
    found = cx.importance.asymmetry(study(table)).table.iloc[0]
    mean = table.y.groupby(pd.cut(table.a, [0, 2, 3, 5], labels=["low", "middle", "high"]), observed=True).mean()
    assert found.penalty == pytest.approx(mean["low"] - mean["middle"], abs=1e-9)
    assert found.reward == pytest.approx(mean["high"] - mean["middle"], abs=1e-9)
    rise, fall = found.reward, -found.penalty
    assert found.estimate == pytest.approx((rise - fall) / (rise + fall))


def test_classes_are_found_with_their_probability():
    found = cx.importance.asymmetry(study(rated(4000, 1, basic=BASIC, even=EVEN, exciting=EXCITING, nothing=NOTHING)))
    table = found.table.set_index("driver")
    assert table["class"][["basic", "even", "exciting"]].tolist() == ["basic", "performance", "excitement"]
    assert (table.probability[["basic", "even", "exciting"]] > 0.95).all()
    assert table.p["even"] > 0.05 > max(table.p["basic"], table.p["exciting"])
    chances = found.parts["classes"].set_index("driver")
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    spline = found.parts["spline"].set_index("driver")
    assert (
        spline.estimate["basic"] < -0.5 < spline.low["even"] < spline.high["even"] < 0.5 < spline.estimate["exciting"]
    )
    curves = found.parts["curves"]
    assert (curves.groupby("driver").estimate.diff().dropna() >= -1e-9).all()


def test_the_symmetry_test_keeps_its_level():
    """Penalty + reward = 0 is true: p < .05 in about 5 of 100 surveys."""
    found = [cx.importance.asymmetry(study(rated(500, 100 + k, a=EVEN))).table.p.iloc[0] < 0.05 for k in range(40)]
    assert sum(found) <= binom.ppf(1 - 1e-4, 40, 0.05)


def test_few_low_answers_are_not_classified():
    table = rated(400, 2, a=BASIC, b=EVEN)
    table.loc[table.index[table.a < 3][10:], "a"] = 3
    found = cx.importance.asymmetry(study(table))
    row = found.table.set_index("driver").loc["a"]
    assert row["class"] == "unclassified" and np.isnan(row.estimate)
    assert "fewer than 30 low or high answers, so not classified: a" in found.notes


def test_not_answered_counts_neither_as_low_nor_as_high():
    table = rated(3000, 3, a=BASIC, b=EVEN)
    gone = np.random.default_rng(0).random(3000) < 0.3
    with_gaps = table.assign(a=table.a.where(~gone), y=table.y + 2.0 * gone)
    one, other = (cx.importance.asymmetry(study(t)).table.set_index("driver") for t in (table[~gone], with_gaps))
    assert one.penalty["a"] == pytest.approx(other.penalty["a"], abs=0.08)
    assert other.n["a"] == (~gone).sum()


def test_cut_offs_are_checked_and_said():
    with pytest.raises(cx.DataProblem) as caught:
        cx.importance.asymmetry(study(rated(300, 0, a=EVEN)), low=0.8, high=0.2)
    assert str(caught.value) == "low is 0.8 and high 0.2; both are places on the scale, 0 <= low < high <= 1"
    cells = cx.importance.asymmetry(study(rated(300, 0, a=EVEN))).parts["cells"].iloc[0]
    assert (cells.low, cells.middle, cells.high) == ("1 to 2", "3 to 3", "4 to 5")


def test_power_means_by_hand():
    u = np.array([[0.25, 1.0, np.nan]])
    assert power_mean(u, 1.0)[0] == pytest.approx(0.625)
    assert power_mean(u, 0.0)[0] == pytest.approx(0.5)  # geometric mean
    assert power_mean(u, -1.0)[0] == pytest.approx(0.4)  # harmonic mean
    assert power_mean(u, -200.0)[0] == pytest.approx(0.25, rel=0.01)  # the worst


@pytest.mark.parametrize("rho", [-4.0, 1.0, 3.0])
def test_the_exponent_is_found(rho: float):
    rng = np.random.default_rng(4)
    x = rng.integers(1, 6, (3000, 4)).astype(float)
    table = pd.DataFrame(x, columns=list("abcd")).assign(y=5 * power_mean(x / 5, rho) + rng.normal(size=3000) * 0.5)
    found = cx.one_failure(study(table)).table.iloc[0]
    assert found.low <= rho <= found.high
    assert (found.p < 0.05) == (rho != 1.0)
    line = cx.importance.driver_findings(cx.one_failure(study(table))).lines[0]
    assert {-4.0: "nearly decides", 1.0: "is not refuted", 3.0: "does not spoil all"}[rho] in line


def test_one_failure_needs_two_drivers():
    with pytest.raises(cx.DataProblem) as caught:
        cx.one_failure(study(rated(300, 0, a=EVEN)))
    assert str(caught.value) == "a generalised mean needs at least two drivers, all on a scale from bad to good"


def kano_study(functional, dysfunctional, best: str = "low", **more) -> cx.Study:
    table = pd.DataFrame({"f": functional, "d": dysfunctional, **more})
    scale = cx.Scale(1, 5, best)
    fields = (
        cx.Field("f", measure="kano-functional", about="wifi", scale=scale),
        cx.Field("d", measure="kano-dysfunctional", about="wifi", scale=scale),
        *(cx.Field(k, role="segment", type="string") for k in more),
    )
    return cx.Study(table, cx.Codebook("kano", fields))


def test_kano_by_hand():
    """10 attractive (like, neutral), 6 must-be (neutral, dislike), 4 indifferent: better 10/20, worse -6/20."""
    functional, dysfunctional = [1] * 10 + [3] * 6 + [3] * 4, [3] * 10 + [5] * 6 + [3] * 4
    row = cx.importance.kano(kano_study(functional, dysfunctional)).table.iloc[0]
    assert (row.category, row.n) == ("attractive", 20)
    assert (row.estimate, row.worse) == (0.5, -0.3)
    assert (row.category_strength, row.total_strength) == (pytest.approx(0.2), pytest.approx(0.8))
    # Fong: |10 - 6| = 4 against 1.65 sqrt(16 * 24 / 40) = 5.11: not distinct
    assert not row.distinct
    # Wilson's interval of 10 of 20 on the effective size 19 (variance with n - 1)
    z, n = 1.959963985, 19
    half = z * np.sqrt(0.25 / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert (row.low, row.high) == (pytest.approx(0.5 - half), pytest.approx(0.5 + half))


def test_kano_turns_scales_and_splits_segments():
    functional, dysfunctional = [1] * 30 + [3] * 30, [5] * 30 + [5] * 30
    turned = kano_study(6 - np.array(functional), 6 - np.array(dysfunctional), best="high")
    pd.testing.assert_frame_equal(
        cx.importance.kano(kano_study(functional, dysfunctional)).table, cx.importance.kano(turned).table
    )
    by = cx.importance.kano(kano_study(functional, dysfunctional, who=["a"] * 30 + ["b"] * 30), by="who").table
    assert by.set_index("who").category.to_dict() == {"a": "one-dimensional", "b": "must-be"}
    assert (by.probability > 0.99).all()


def test_kano_table_is_the_published_one():
    assert EVALUATION[0].tolist() == list("QAAAO")
    assert EVALUATION[:, 4].tolist() == list("OMMMQ")
    assert (EVALUATION[1:4, 1:4] == "I").all()


def test_kano_probability_is_calibrated():
    """Two categories equally frequent: the chance of being the modal one is about one half on average."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(40):
        attractive = rng.random(120) < 0.5
        row = cx.importance.kano(kano_study(np.where(attractive, 1, 3), np.where(attractive, 3, 5))).table.iloc[0]
        found.append(row.probability if row.category == "attractive" else 1 - row.probability)
    assert 0.35 < np.mean(found) < 0.65


@pytest.mark.parametrize("weight", [1.0, 7.0])
def test_kano_probability_is_that_of_the_posterior(weight):
    """35 attractive of 60: P(Beta(35.5, 25.5) > 1/2), whatever all weigh; weights 1 and 3 count as 48 answers."""
    attractive = np.arange(60) < 35
    made = kano_study(np.where(attractive, 1, 3), np.where(attractive, 3, 5))
    book = cx.Codebook("kano", (*made.codebook, cx.Field("w", role="weight")))
    row = lambda w: cx.importance.kano(cx.Study(made.table.assign(w=w), book)).table.iloc[0]  # noqa: E731
    assert row(weight).probability == pytest.approx(beta.sf(0.5, 35.5, 25.5), abs=0.02)
    uneven = np.tile([1.0, 3.0], 30)
    share = uneven[attractive].sum() / 120
    assert row(uneven).probability == pytest.approx(beta.sf(0.5, share * 48 + 0.5, 48 - share * 48 + 0.5), abs=0.02)


def test_kano_says_what_is_missing():
    with pytest.raises(cx.DataProblem) as caught:
        cx.importance.kano(cx.load("abc"))
    assert str(caught.value) == (
        "Kano analysis needs pairs of fields with measure 'kano-functional' and 'kano-dysfunctional' and the same "
        "'about'; abc declares none. Declare them in its datapackage.json"
    )
    assert (
        "1 answer to 'f' outside its scale does not count" in cx.importance.kano(kano_study([1, 2, 9], [1, 2, 3])).notes
    )


def test_the_map_puts_drivers_where_they_are():
    rng = np.random.default_rng(6)
    table = pd.DataFrame({
        "weak": np.clip(np.round(rng.normal(2.2, 1, 3000)), 1, 5),
        "strong": np.clip(np.round(rng.normal(4.4, 0.9, 3000)), 1, 5),
        "idle": np.clip(np.round(rng.normal(2.5, 1, 3000)), 1, 5),
    })  # fmt: skip
    table["y"] = table.weak + table.strong + 0.02 * table.idle + rng.normal(size=3000)
    found = cx.importance.importance_performance(study(table))
    place = found.table.set_index("driver")
    assert place.quadrant.to_dict() == {"weak": "concentrate here", "strong": "keep up", "idle": "low priority"}
    assert place.performance["weak"] == pytest.approx((table.weak.mean() - 1) * 25)
    np.testing.assert_allclose(found.parts["quadrants"].set_index("driver").sum(axis=1), 1)
    moved = cx.importance.importance_performance(study(table), at=(0.9, 10)).table.quadrant
    assert set(moved) == {"possible overkill"}  # the cross-hairs are the user's


def test_the_map_shows_stated_importance_of_abc():
    found = cx.importance.importance_performance(cx.load("abc"))
    stated = found.parts["stated"].set_index("driver")
    assert stated.stated.idxmax() == "q25"
    assert {"stated_rank_low", "derived_rank_high"} <= set(stated.columns)
    assert any(note.startswith("stated and derived importance: rank correlation") for note in found.notes)


def test_the_map_refuses_an_impossible_cross_hair():
    with pytest.raises(cx.DataProblem) as caught:
        cx.importance.importance_performance(cx.load("abc"), at=(None, 170))
    assert str(caught.value) == "performance cross-hair is 170; it lies between 0 (worst) and 100 (best)"


def test_what_if_by_hand():
    """One driver: slope of the least-squares line times the mean possible move; without lows, their mean loss."""
    table = rated(500, 7, a=EVEN)
    found = cx.importance.what_if(study(table), measure="mean").table.set_index("scenario")
    slope = np.polyfit(table.a, table.y, 1)[0]
    assert found.estimate["one point"] == pytest.approx(slope * (table.a < 5).mean(), rel=1e-6)
    middle = table.y[table.a == 3].mean()
    low = table.a <= 2
    assert found.estimate["fix worst"] == pytest.approx((middle - table.y[low].mean()) * low.mean(), rel=1e-6)
    assert found.moved["fix worst"] == pytest.approx(low.mean())
    assert found.moved["one point"] == pytest.approx((table.a < 5).mean()) and (table.a < 5).mean() > 0.6


def test_what_if_counts_nps_and_top_boxes():
    table = rated(800, 8, a=EVEN)
    table["y"] = np.clip(np.round(6 + 2 * (table.y - table.y.mean())), 0, 10)
    eleven = cx.Field("y", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    found = cx.importance.what_if(study(table, outcome=eleven))
    assert found.unit == "points"
    assert found.parts["now"] == pytest.approx(100 * ((table.y >= 9).mean() - (table.y <= 6).mean()))
    top = cx.importance.what_if(study(table, outcome=eleven), measure="top")
    assert (top.unit, top.parts["now"]) == ("pp", pytest.approx((table.y >= 9).mean()))
    assert top.notes[-1] == "association, not cause: the study is no experiment"
    assert "association" in top.method
    assert (
        "the study is an experiment" in cx.importance.what_if(study(table, design="experiment", outcome=eleven)).method
    )


def test_what_if_intervals_cover_the_truth():
    """Linear truth, 60 surveys: the mean change by one point is .5 times the share that can move."""
    inside = 0
    share = (rated(400_000, 0, a=EVEN).a < 5).mean()
    for seed in range(60):
        row = (
            cx.importance.what_if(study(rated(300, 500 + seed, a=EVEN)), measure="mean")
            .table.set_index("scenario")
            .loc["one point"]
        )
        inside += row.low <= 0.5 * share <= row.high
    assert inside >= binom.ppf(1e-4, 60, 0.95)


def test_what_if_needs_a_scale_for_nps():
    with pytest.raises(cx.DataProblem) as caught:
        cx.importance.what_if(cx.load("abc"), measure="nps")
    assert str(caught.value) == "NPS needs a question from 0 to 10; 'q1' runs 1 to 5 (highest = best)"


@pytest.mark.parametrize("name", ["abc", "airline-survey", "brand-tracker"])
def test_real_and_shipped_data_run(name: str):
    data = cx.load(name)
    results = [
        cx.importance.asymmetry(data),
        cx.one_failure(data),
        cx.importance.importance_performance(data),
        cx.importance.what_if(data),
    ]
    assert len(cx.importance.driver_findings(*results).lines) >= 5
    for result in results:
        assert result.notes and result.method and result.to_dict()["table"]
