"""Drivers by segment and by level: level of the test, shrinkage, variance components at known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.stats.importance import shapley


def study(table: pd.DataFrame, **roles: str) -> cx.Study:
    of = {"y": "outcome", **roles}
    fields = tuple(cx.Field(c, role=of.get(c, "touchpoint"), type="string" if c == "who" else "number") for c in table)
    return cx.Study(table, cx.Codebook("made", fields))


def by_segment(n: int, seed: int, change: float = 0.0, segments: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    who = rng.integers(0, segments, n)
    x = rng.normal(size=(n, 2)) + 0.5 * rng.normal(size=(n, 1))
    y = (0.5 + change * (who == 0)) * x[:, 0] + 0.3 * x[:, 1] + rng.normal(size=n)
    return pd.DataFrame(x, columns=["a", "b"]).assign(y=y, who=[f"s{k}" for k in who])


def test_a_difference_is_found_where_it_is():
    found = cx.importance.driver_segments(study(by_segment(4000, 0, change=0.5), who="segment"), "who")
    test = found.parts["test"].set_index("driver")
    assert test.differs.to_dict() == {"a": True, "b": False}
    slopes = found.table.set_index(["driver", "who"])
    assert slopes.estimate["a", "s0"] > slopes.estimate["a", "s1"] + 0.3
    assert found.parts["joint"]["p"] < 0.001


def test_the_interaction_test_keeps_its_level():
    """No difference between four segments: some driver 'differs' (Holm) in at most about 5 of 100 surveys."""
    found = [
        cx.importance.driver_segments(study(by_segment(500, seed, 0.0), who="segment"), "who")
        .parts["test"]
        .differs.any()
        for seed in range(80)
    ]
    assert sum(found) <= binom.ppf(1 - 1e-4, 80, 0.05)


def test_slopes_shrink_to_the_common_one():
    found = cx.importance.driver_segments(study(by_segment(900, 3, change=0.4), who="segment"), "who")
    test = found.parts["test"].set_index("driver")
    for row in found.table.itertuples():
        common = test.slope[row.driver]
        assert abs(row.estimate - common) <= abs(row.raw - common) + 1e-9
        assert row.low <= row.estimate <= row.high


def test_the_common_slope_has_an_interval_at_the_level_asked():
    """Mean of the segments' slopes weighted by 1 / (se² + tau²), half a width of 1.2816 standard errors at 80 %."""
    found = cx.importance.driver_segments(study(by_segment(900, 3, change=0.4), who="segment"), "who", level=0.8)
    for row in found.parts["test"].itertuples():
        own = found.table[found.table.driver == row.driver]
        w = 1 / (own.raw_se**2 + row.tau**2)
        mean, half = (w * own.raw).sum() / w.sum(), 1.2815515655446004 / np.sqrt(w.sum())
        np.testing.assert_allclose([row.slope, row.low, row.high], [mean, mean - half, mean + half], rtol=1e-9)


def test_segments_without_answers_are_named():
    table = by_segment(600, 4)
    table.loc[:9, "who"] = "tiny"
    found = cx.importance.driver_segments(study(table, who="segment"), "who")
    assert "who = tiny has 10 answers, too few for 2 drivers: left out" in found.notes
    with pytest.raises(cx.DataProblem) as caught:
        cx.importance.driver_segments(study(table.assign(who="one"), who="segment"), "who")
    assert str(caught.value) == "1 segment of 'who' has enough answers to fit 2 drivers; two are needed"


def levels(groups: int, each: int, seed: int) -> pd.DataFrame:
    """Within groups only a counts, between groups only b; half of the variance of both lies between groups."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(groups), each)
    between = rng.normal(size=(groups, 2))[who]
    within = rng.normal(size=(groups * each, 2))
    y = within[:, 0] + between[:, 1] + 0.5 * rng.normal(size=groups)[who] + 0.5 * rng.normal(size=groups * each)
    table = pd.DataFrame(within + between, columns=["a", "b"])
    return table.assign(y=y, who=[f"g{k}" for k in who])


def test_within_and_between_are_told_apart():
    """Truth: R² = 1 / 1.25 = .8 at both levels, of a within, of b between; the outcome's variance is half and half."""
    found = cx.importance.driver_levels(study(levels(400, 6, 0), who="cluster"), "who")
    share = found.table.set_index(["level", "driver"]).estimate
    assert share["within", "a"] == pytest.approx(0.8, abs=0.04)
    assert share["within", "b"] == pytest.approx(0.0, abs=0.01)
    assert share["between", "b"] == pytest.approx(0.8, abs=0.08)
    assert share["between", "a"] == pytest.approx(0.0, abs=0.05)
    assert found.parts["icc"] == pytest.approx(0.5, abs=0.06)
    large = found.table[found.table.estimate > 0.5]
    assert ((large.low < large.estimate) & (large.estimate < large.high)).all()
    np.testing.assert_allclose(large.high - large.low, 2 * 1.96 * large.se, rtol=0.2)  # percentiles, nearly normal


def test_within_equals_the_regression_on_deviations():
    table = levels(50, 5, 1)
    found = cx.importance.driver_levels(study(table, who="cluster"), "who").table
    numbers = table[["a", "b", "y"]] - table.groupby("who")[["a", "b", "y"]].transform("mean")
    expected = shapley.lmg(np.corrcoef(numbers.T))
    share = found[found.level == "within"].set_index("driver").estimate
    np.testing.assert_allclose(share[["a", "b"]], expected, atol=1e-8)


def test_few_groups_have_no_level_between_them():
    found = cx.importance.driver_levels(study(levels(8, 30, 2), who="cluster"), "who")
    assert set(found.table.level) == {"within"}
    assert "between groups nothing is estimated: only 8 groups" in found.notes


def test_one_answer_a_group_is_refused():
    table = levels(60, 1, 3)
    with pytest.raises(cx.DataProblem) as caught:
        cx.importance.driver_levels(study(table, who="cluster"), "who")
    assert str(caught.value) == "'who' has 60 groups in 60 answers; within groups there is nothing to compare"


def test_standardised_slopes_are_the_slopes_in_standard_deviations_of_all():
    table = by_segment(300, 4, change=0.3)
    table = table.assign(w=np.random.default_rng(1).choice([1.0, 2.0, 3.0], len(table)))
    roles = {c: "touchpoint" for c in table if c not in ("y", "who", "w")}
    s = study(table, **{"y": "outcome", "who": "segment", "w": "weight", **roles})
    found = cx.importance.driver_segments(s, "who", outcome="y")
    wide = table[["y", *roles]].to_numpy(float)
    w = table["w"].to_numpy()
    sd = np.sqrt(np.average((wide - np.average(wide, axis=0, weights=w)) ** 2, axis=0, weights=w))
    rows = found.parts["standardised"]
    for label, slopes in zip(rows["segments"], rows["slopes"], strict=True):
        part = table[table["who"] == label]
        x = np.column_stack([np.ones(len(part)), part[list(roles)]]) * np.sqrt(part["w"].to_numpy())[:, None]
        b = np.linalg.lstsq(x, part["y"] * np.sqrt(part["w"]), rcond=None)[0][1:]
        assert slopes == pytest.approx(b * sd[1:] / sd[0], rel=1e-9)
