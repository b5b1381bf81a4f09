"""Every column of the designs of a pilot, worked out from the means of units by scipy, statsmodels and plain sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import brentq

import cxlab as cx
from cxlab.stats.pilots import smooth_trends, staggered, synthetic_control
from tests.models.pilots.test_pilot import shops

LATE = {f"S{k:02d}": 4 + k % 3 for k in range(9)}


def asked(treated: dict[str, int], units: int, periods: int, level: float = 0.95, design: str = "") -> tuple:
    """Return what a pilot says and the mean of every unit (row) in every period."""
    study = shops(treated, units=units, periods=periods, effect=0.8, seed=4)
    found = cx.pilot(study, "mean", of="score", unit="shop", start="start", level=level, design=design)
    return found, study.table.pivot_table(index="shop", columns="wave", values="score").to_numpy()


def test_one_date_is_welchs_t_of_changes_step_by_step() -> None:
    found, y = asked({f"S{k:02d}": 5 for k in range(7)}, 15, 8, level=0.9)
    own, t = np.arange(15) < 7, found.table
    changes = [y[:, 4:].mean(1) - y[:, :4].mean(1)]
    changes += [y[:, k] - y[:, 3 if k >= 4 else k - 1] for k in range(1, 8)]
    assert len(t) == len(changes)
    for line, d in zip(t.itertuples(), changes, strict=True):
        peer = stats.ttest_ind(d[own], d[~own], equal_var=False)
        limits = peer.confidence_interval(0.9)
        se = np.hypot(d[own].std(ddof=1) / np.sqrt(7), d[~own].std(ddof=1) / np.sqrt(8))
        assert (line.low, line.high, line.p) == pytest.approx((limits.low, limits.high, peer.pvalue), rel=1e-9)
        assert (line.estimate, line.se) == pytest.approx((d[own].mean() - d[~own].mean(), se), rel=1e-9)
        assert (line.units, line.n) == (15, 15 * 8 * 30)
    assert (found.parts["treated"], found.parts["units"], found.parts["starts"]) == (7, 15, ["5"])
    steps = np.array(changes[1:])  # influences of units: (d - mean) / size, the treated against the others
    apart = [
        steps[:, own] - steps[:, own].mean(1, keepdims=True),
        steps[:, ~own] - steps[:, ~own].mean(1, keepdims=True),
    ]
    cov = apart[0] @ apart[0].T / 49 + apart[1] @ apart[1].T / 64
    root, est = np.sqrt(np.diag(cov)), t["estimate"].to_numpy()[1:]
    wide = found.parts["critical"]
    assert stats.norm.ppf(0.95) < wide < stats.norm.ppf(1 - 0.05 / 7)
    np.testing.assert_allclose(t["simultaneous_low"].iloc[1:], est - wide * root)
    np.testing.assert_allclose(t["simultaneous_high"].iloc[1:], est + wide * root)
    before(found, est, cov, np.arange(-3, 4), 0.9)
    others = [(f"S{k:02d}", y[k], np.delete(np.arange(7, 15), k - 7)) for k in range(7, 15)]
    placebo = found.parts["placebo"].set_index("unit")["estimate"]
    d = changes[0]
    np.testing.assert_allclose([placebo[n] for n, _, _ in others], [d[int(n[1:])] - d[r].mean() for n, _, r in others])
    dates = found.parts["placebo_dates"]
    for at, line in zip((1, 2, 3), dates.itertuples(), strict=True):
        d = y[:, at:4].mean(1) - y[:, :at].mean(1)
        peer = stats.ttest_ind(d[own], d[~own], equal_var=False)
        limits = peer.confidence_interval(0.9)
        assert (line.low, line.high, line.p) == pytest.approx((limits.low, limits.high, peer.pvalue), rel=1e-9)
        assert line.period in (at + 1, str(at + 1))
    larger = (dates["estimate"].abs() >= abs(t["estimate"][0])).sum()
    assert any(f"placebo dates before the start: {larger} of 3 have" in n for n in found.notes)


def before(found: cx.Result, est: np.ndarray, cov: np.ndarray, event: np.ndarray, level: float) -> None:
    """Hold the test of the steps before, what it would find every other time, and the intervals of other trends."""
    pre = event < 0
    inverse, k, first = np.linalg.inv(cov[np.ix_(pre, pre)]), int(pre.sum()), int(np.flatnonzero(event == 0)[0])
    assert found.parts["pre_p"] == pytest.approx(stats.chi2.sf(est[pre] @ inverse @ est[pre], k), rel=1e-8)
    half = brentq(lambda d: stats.ncx2.sf(stats.chi2.ppf(0.95, k), k, d) - 0.5, 0.01, 60)
    assert found.parts["pre_slope"] == pytest.approx(np.sqrt(half / inverse.sum()), rel=5e-3)  # d on a grid of .01
    z, table = stats.norm.ppf((1 + level) / 2), found.parts["sensitivity"]
    assert table["size"].tolist() == [0.5, 1.0, 1.5, 2.0]
    for line in table.itertuples():
        ends = [
            (est[first] + s * line.size * est[j],
             z * np.sqrt(cov[first, first] + line.size**2 * cov[j, j] + 2 * s * line.size * cov[first, j]))
            for j in np.flatnonzero(pre) for s in (-1, 1)
        ]  # fmt: skip
        assert line.low == pytest.approx(min(v - e for v, e in ends), rel=1e-9)
        assert line.high == pytest.approx(max(v + e for v, e in ends), rel=1e-9)
    largest = np.abs(np.diff(est[pre])).max() if k > 1 else np.sqrt(cov[first, first])
    smooth = found.parts["smoothness"]
    np.testing.assert_allclose(smooth["m"], np.array([0, 0.25, 0.5, 1]) * largest)
    parts = smooth_trends.from_steps(est, cov, event)
    for line in smooth.itertuples():  # the interval itself is held against HonestDiD's elsewhere
        assert (line.low, line.high) == pytest.approx(smooth_trends.interval(*parts, line.m, level), rel=1e-6)
    for table, column in ((found.parts["sensitivity"], "size"), (smooth, "m")):
        apart = ((table["low"] > 0) | (table["high"] < 0)).to_numpy()
        holds = table[column].to_numpy()[: int(np.argmin(np.r_[apart, False]))]
        words = {"size": "the first effect differs from 0 even where trends differ by",
                 "m": "it differs from 0 up to a bend of"}[column]  # fmt: skip
        said = [n for n in found.notes if words in n]
        assert bool(said) == bool(len(holds))
        assert not said or f"{words} {holds.max():{'g' if column == 'size' else '.3g'}}" in said[0]


def test_several_dates_are_averages_of_differences_of_changes() -> None:
    found, y = asked(LATE, 16, 8, level=0.9)
    start = np.array([LATE.get(f"S{k:02d}", 0) - 1 for k in range(16)])
    each = found.parts["by_start"]
    for line in each.itertuples():
        g, t = int(line.start) - 1, int(line.period) - 1
        base = g - 1 if t >= g else t - 1
        d = y[:, t] - y[:, base]
        assert line.estimate == pytest.approx(d[start == g].mean() - d[start < 0].mean(), rel=1e-9)
    t = found.table.set_index("when")
    after = each[each["period"].astype(int) >= each["start"].astype(int)]
    assert t.loc["all treated periods", "estimate"] == pytest.approx(after["estimate"].mean())  # three units a start
    z, named = stats.norm.ppf(0.95), t.index.str.startswith("wave")
    np.testing.assert_allclose([t["low"], t["high"]], [t["estimate"] - z * t["se"], t["estimate"] + z * t["se"]])
    np.testing.assert_allclose(t["p"], 2 * stats.norm.sf(np.abs(t["estimate"] / t["se"])), rtol=1e-5)
    wide, steps = found.parts["critical"], t[named]
    np.testing.assert_allclose(steps["simultaneous_low"], steps["estimate"] - wide * steps["se"])
    np.testing.assert_allclose(steps["simultaneous_high"], steps["estimate"] + wide * steps["se"])
    assert t.loc[~named, ["simultaneous_low", "simultaneous_high"]].isna().all(axis=None)
    event = steps.index.str[5:].astype(int)
    c = staggered.aggregates(staggered.effects(y, start))
    at = np.flatnonzero(c.table["when"] == "since the start")
    before(found, steps["estimate"].to_numpy(), c.cov[np.ix_(at, at)], event.to_numpy(), 0.9)


def test_few_units_that_start_at_several_dates_are_compared_with_other_choices() -> None:
    few = {"S00": 4, "S01": 6, "S02": 5}
    found, y = asked(few, 14, 8)
    t = found.table
    assert t[["low", "high", "simultaneous_low", "simultaneous_high", "se"]].isna().all(axis=None)
    assert t["p"].iloc[1:].isna().all()
    start = np.array([few.get(f"S{k:02d}", 0) - 1 for k in range(14)])
    rng, larger = np.random.default_rng(8), 0
    for _ in range(300):
        c = staggered.aggregates(staggered.effects(y, rng.permutation(start)))
        larger += abs(c.table["estimate"][0]) >= abs(t["estimate"][0])
    assert t["p"][0] == pytest.approx(max(larger / 300, 1 / 500), abs=0.03)
    enough = {f"S{k:02d}": 4 + k % 2 for k in range(5)}
    assert asked(enough, 14, 8)[0].table["se"].notna().all()


def test_a_synthetic_control_is_compared_with_every_untreated_unit() -> None:
    found, y = asked({"S00": 6, "S01": 6}, 12, 9, level=0.9, design="synthetic")
    own, t = np.arange(12) < 2, found.table
    for line, kind in zip(t.itertuples(), ("sdid", "control", "did"), strict=True):
        est = synthetic_control.synthetic(y, own, 5, kind).estimate
        chance = np.array([
            synthetic_control.synthetic(y[2:], np.arange(10) == k, 5, kind).estimate for k in range(10)
        ])  # fmt: skip
        half = stats.norm.ppf(0.95) * chance.std()
        assert (line.estimate, line.se) == pytest.approx((est, chance.std()), rel=1e-6)
        assert (line.low, line.high) == pytest.approx((est - half, est + half), rel=1e-6)
        assert line.p == pytest.approx((1 + (np.abs(chance) >= abs(est)).sum()) / 11)
        if kind == "sdid":
            np.testing.assert_allclose(found.parts["placebo"]["estimate"], chance, rtol=1e-6)
    change = y[:, 5:].mean(1) - y[:, :5].mean(1)
    assert t["estimate"][2] == pytest.approx(change[own].mean() - change[~own].mean())
    assert found.parts["least_p"] == pytest.approx(1 / 11)
    assert found.parts["weights"]["weight"].sum() == pytest.approx(1)
    assert found.parts["period_weights"]["weight"].sum() == pytest.approx(1)
    assert found.parts["weights"]["unit"].tolist() == [f"S{k:02d}" for k in range(2, 12)]
    assert any("placebos are single units" in n for n in found.notes)
    one = asked({"S00": 6}, 12, 9, design="synthetic")[0]
    assert not any("placebos are single units" in n for n in one.notes)


def uneven(periods: int = 40, start: int = 22) -> tuple[cx.Study, pd.DataFrame]:
    """One shop with 4 to 40 answers a wave, of which the spread differs, too."""
    rng, rows = np.random.default_rng(12), []
    for t in range(1, periods + 1):
        n = int(rng.integers(4, 40))
        x = rng.normal(5 + 0.04 * t + (t >= start) * (0.8 - 0.05 * (t - start)), 1.2 + (t % 3) / 2, n)
        rows.append(pd.DataFrame({"shop": "S", "wave": t, "score": np.clip(np.round(x), 0, 10).astype(int)}))
    fields = (cx.Field("shop", type="string", role="segment"), cx.Field("wave", type="integer", role="wave"),
              cx.Field("score", type="integer", role="outcome", scale=cx.Scale(0, 10)))  # fmt: skip
    table = pd.concat(rows, ignore_index=True)
    return cx.Study(table, cx.Codebook("one", fields)), table


def test_an_interrupted_series_is_weighted_least_squares() -> None:
    study, table = uneven()
    found = cx.pilot(study, "mean", of="score", unit="shop", start={"S": 22}, level=0.9)
    cells = table.groupby("wave")["score"]
    y, n = cells.mean().to_numpy(), cells.size().to_numpy()
    t = np.arange(40.0)
    after = (t >= 21).astype(float)
    x = np.column_stack([np.ones(40), after, t - 20, after * (t - 20)])
    w = n / n.mean()  # where one spread is shared by all periods the weights are the answers
    plain = sm.WLS(y, x, weights=w).fit()
    hac = plain.get_robustcov_results("HAC", maxlags=int(np.ceil(4 * 0.4 ** (2 / 9))))
    for line, k in zip(found.table.itertuples(), (1, 3), strict=True):
        se = max(plain.bse[k], hac.bse[k])
        half = stats.t.ppf(0.95, 36) * se
        assert (line.estimate, line.se) == pytest.approx((plain.params[k], se), rel=1e-6)
        assert (line.low, line.high) == pytest.approx((plain.params[k] - half, plain.params[k] + half), rel=1e-6)
        assert line.p == pytest.approx(2 * stats.t.sf(abs(plain.params[k]) / se, 36), rel=1e-6)
    assert found.parts["dispersion"] > 0
    placebo = found.parts["placebo"]
    assert placebo["period"].astype(int).tolist() == list(range(9, 15))  # eight before and eight until the start
    for at, line in zip(range(8, 14), placebo.itertuples(), strict=True):
        on = (t[:21] >= at).astype(float)
        z = np.column_stack([np.ones(21), on, t[:21] - at + 1, on * (t[:21] - at + 1)])
        assert line.estimate == pytest.approx(sm.WLS(y[:21], z, weights=w[:21]).fit().params[1], rel=1e-6)
    larger = (placebo["estimate"].abs() >= abs(found.table["estimate"][0])).sum()
    assert any(f"{larger} of 6 have a step as large" in n for n in found.notes)


def test_few_treated_units_have_their_place_among_all_choices() -> None:
    found, y = asked({"S00": 5}, 9, 8)
    d = y[:, 4:].mean(1) - y[:, :4].mean(1)
    gap = np.array([d[k] - np.delete(d, k).mean() for k in range(9)])
    assert found.table["p"][0] == pytest.approx((np.abs(gap) >= abs(gap[0]) - 1e-12).mean())
    far = int((np.abs(gap[1:]) >= abs(gap[0])).sum())
    assert any(f"{far} of 8 untreated units moved as far" in n for n in found.notes)
    assert found.parts["placebo_dates"]["low"].isna().all()
