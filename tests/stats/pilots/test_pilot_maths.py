"""The maths of pilots against R (did, synthdid, HonestDiD, swCRTdesign), the papers' data, and simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlab.stats.pilots import (
    arms,
    interrupted,
    smooth_trends,
    staggered,
    synthetic_control,
    unit_changes,
    wedge_power,
)
from cxlab.stats.pilots.ratio_of_effects import fieller

Z = 1.959963984540054


@pytest.mark.mirror
def test_minimum_wages_are_those_of_r_did(mirror: Path) -> None:
    """R did on mpdta (500 counties): att_gt and aggte; digits of diff-diff where R prints four."""
    m = pd.read_csv(mirror / "pilot_eval/mpdta.csv")
    y = m.pivot(index="countyreal", columns="year", values="lemp")
    first = m.groupby("countyreal")["first.treat"].first().reindex(y.index)
    start = np.array([list(y.columns).index(g) if g else -1 for g in first])
    found = staggered.effects(y.to_numpy(), start)
    cells = found.table.set_index(["start", "period"])["estimate"]
    assert [round(cells[1, t], 4) for t in (1, 2, 3, 4)] == [-0.0105, -0.0704, -0.1373, -0.1008]
    assert [round(cells[3, t], 4) for t in (1, 2, 3, 4)] == [0.0065, -0.0028, -0.0046, -0.0412]
    assert [round(cells[4, t], 4) for t in (1, 2, 3, 4)] == [0.0305, -0.0027, -0.0311, -0.0261]
    c = staggered.aggregates(found)
    table = c.table.set_index("when")
    simple, dynamic = table.loc["all treated periods"], table.loc["mean over time since the start"]
    assert simple["estimate"] == pytest.approx(-0.03995127515517632, abs=1e-12)
    assert simple["se"] == pytest.approx(0.012034012770185423, abs=1e-8)
    assert dynamic["estimate"] == pytest.approx(-0.07723982145731514, abs=1e-12)
    assert dynamic["se"] == pytest.approx(0.019964989061849382, abs=1e-8)
    assert table.loc["mean over starts", "estimate"] == pytest.approx(-0.031018, abs=5e-7)
    steps = c.table[c.table["when"] == "since the start"]
    assert steps["event"].tolist() == [-3, -2, -1, 0, 1, 2, 3]
    right = [0.03051, -0.00056, -0.02446, -0.01993, -0.05096, -0.13726, -0.10081]
    assert steps["estimate"].to_numpy() == pytest.approx(right, abs=5e-6)
    errors = [0.01503, 0.01329, 0.01424, 0.01183, 0.01689, 0.03644, 0.03436]
    assert steps["se"].to_numpy() == pytest.approx(errors, abs=5e-6)
    cov = c.cov[np.ix_(steps.index, steps.index)]
    assert staggered.simultaneous(cov, 0.95) == pytest.approx(2.654, abs=0.02)


@pytest.mark.mirror
def test_california_is_that_of_r_synthdid(mirror: Path) -> None:
    """synthdid: DID -27.3491110836; its Frank-Wolfe stops early: SDID -15.6038, SC -19.6197; exact: below."""
    p = pd.read_csv(mirror / "pilot_eval/prop99_long.csv")
    y = p.pivot(index="State", columns="Year", values="PacksPerCapita")
    treated = p.groupby("State")["treated"].max().reindex(y.index).astype(bool).to_numpy()
    found = {k: synthetic_control.synthetic(y.to_numpy(), treated, 19, k) for k in ("did", "control", "sdid")}
    assert found["did"].estimate == pytest.approx(-27.3491110836, abs=1e-9)
    assert found["control"].estimate == pytest.approx(-19.513630, abs=1e-5)
    assert found["sdid"].estimate == pytest.approx(-15.605398, abs=1e-5)
    assert found["sdid"].periods[-3:] == pytest.approx([0.366471, 0.206453, 0.427076], abs=1e-6)
    chance = synthetic_control.placebos(y.to_numpy(), treated, 19)
    assert 9.3 < chance.std() < 11
    assert (1 + (np.abs(chance) >= abs(found["sdid"].estimate)).sum()) / 39 == pytest.approx(2 / 39)


@pytest.mark.mirror
def test_sicily_is_that_of_the_tutorial(mirror: Path) -> None:
    """Rate ratios of Lopez Bernal et al. (2017, corrected), quasi-Poisson, by R's glm."""
    s = pd.read_csv(mirror / "pilot_eval/sicily.csv")
    count, offset = s["aces"].to_numpy(float), np.log(s["stdpop"].to_numpy())

    def ratio(**how: object) -> tuple[list[float], interrupted.Fit]:
        fit = interrupted.quasi_poisson(count, interrupted.columns(59, 36, **how), offset)
        b, se = fit.b[1], np.sqrt(fit.cov[1, 1])
        return [float(np.exp(b + k * se)) for k in (0, -Z, Z)], fit

    plain, fit = ratio()
    assert plain == pytest.approx([0.89437650802, 0.83918900385, 0.95319330262], abs=1e-8)
    assert fit.dispersion == pytest.approx(3.559194632, abs=1e-4)
    season, fit = ratio(season=12)
    assert season == pytest.approx([0.88507154724, 0.83940095565, 0.93322700965], abs=5e-8)
    assert fit.dispersion == pytest.approx(2.262186, abs=1e-5)
    assert np.sqrt(fit.robust[1, 1]) == pytest.approx(0.02176802, abs=5e-9)
    slope, _ = ratio(season=12, slope=True)
    assert slope == pytest.approx([0.87646441778, 0.82675320969, 0.92916467288], abs=5e-8)


@pytest.mark.mirror
def test_medicaid_holds_what_honest_did_says(mirror: Path) -> None:
    """R HonestDiD's README: coefficients, and relative magnitudes (C-LF), which the union of intervals contains."""
    m = pd.read_csv(mirror / "pilot_eval/medicaid.csv")
    y = m.pivot(index="stfips", columns="year", values="dins")
    start = np.where(m.groupby("stfips")["yexp2"].first().reindex(y.index) == 2014, list(y.columns).index(2014), -1)
    c = staggered.aggregates(staggered.effects(y.to_numpy(), start))
    steps = c.table[c.table["when"] == "since the start"]
    assert steps["estimate"].to_numpy()[-2:] == pytest.approx([0.046447, 0.069206], abs=1e-6)
    beta = -np.cumsum(steps["estimate"].to_numpy()[:5][::-1])[::-1]
    assert beta == pytest.approx([-0.005285, -0.011297, -0.002676, -0.001419, 0.000340], abs=1e-6)
    cov, event = c.cov[np.ix_(steps.index, steps.index)], steps["event"].to_numpy()
    sizes = np.array([0.5, 1, 1.5, 2])
    est = steps["estimate"].to_numpy()
    bands = staggered.breakdown(np.flatnonzero(event < 0), int(np.flatnonzero(event == 0)[0]), est, cov, Z, sizes)
    theirs = np.array([[0.0241301, 0.0672633], [0.0170937, 0.0719630], [0.0085869, 0.0795988], [-0.0010670, 0.0883473]])
    assert (bands[:, 0] <= theirs[:, 0]).all() and (bands[:, 1] >= theirs[:, 1]).all()
    assert np.abs(bands - theirs).max() < 0.006, "and is hardly wider"
    b, v, times = smooth_trends.from_steps(est, cov, event)
    assert b == pytest.approx([*beta, 0.046447], abs=1e-6)
    v = v * (0.009152 / np.sqrt(v[-1, -1])) ** 2  # their errors: clustered by state with a factor for 51 dummies
    assert np.sqrt(v[0, 0]) == pytest.approx(0.008654, abs=1e-6)
    right = {0: (0.0259, 0.0607), 0.01: (0.0132, 0.0787), 0.02: (0.00286, 0.0907), 0.03: (-0.00714, 0.101)}
    for most, ends in right.items():
        assert smooth_trends.interval(b, v, times, most, 0.95) == pytest.approx(ends, abs=3e-4)


def test_an_interval_for_bent_trends_covers_the_worst_of_them() -> None:
    """The difference of trends bends by exactly m in every period, upwards or downwards: at least 95 % cover."""
    times, cov, m = np.array([-3.0, -2, -1, 1]), np.eye(4) + 0.5, 0.8
    rng = np.random.default_rng(1)
    noise = rng.multivariate_normal(np.zeros(4), cov, 20_000)
    for sign in (-1, 1):
        truth = sign * m * np.array([3.0, 1, 0, 1])  # slopes change by m at -2, -1 and 0
        w, half = smooth_trends.estimator(cov, times, m, 0.95)
        miss = np.abs((truth + noise) @ w) > half
        assert miss.mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(noise))


def test_a_straight_difference_of_trends_is_no_effect() -> None:
    times, cov = np.array([-3.0, -2, -1, 1]), np.diag([1.0, 2, 1, 3])
    for most in (0.0, 0.5):
        low, high = smooth_trends.interval(7.0 * times, cov, times, most, 0.95)
        assert (low + high) / 2 == pytest.approx(0, abs=1e-6)


@pytest.mark.mirror
def test_organ_donations_have_p_185_not_0009(mirror: Path) -> None:
    """One state of 27 is treated; New Hampshire and South Carolina fell further without any treatment: p is 5 / 27."""
    o = pd.read_csv(mirror / "pilot_eval/organ_donations_did.csv")
    y = o.pivot(index="State", columns="Quarter_Num", values="Rate")
    d = y[[4, 5, 6]].mean(axis=1) - y[[1, 2, 3]].mean(axis=1)
    treated = (y.index == "California").astype(bool)
    est, se, _ = unit_changes.difference(d.to_numpy(), treated)
    assert est == pytest.approx(-0.02246, abs=5e-6)
    assert np.isnan(se)
    found = unit_changes.randomised(d.to_numpy(), treated)
    assert found.p == pytest.approx(5 / 27)
    assert found.least == pytest.approx(1 / 27)
    other = dict(zip(y.index, [unit_changes.difference(d.to_numpy(), y.index == s)[0] for s in y.index], strict=True))
    assert round(other["New Hampshire"], 4) == -0.0475 and round(other["South Carolina"], 4) == -0.0264


@pytest.mark.parametrize("treated", [1, 2, 3])
def test_few_treated_units_raise_no_false_verdict(treated: int) -> None:
    """20 units, no effect: p <= .05 and a positive difference in at most 2.5 % (and 3 binomial errors)."""
    rng, runs, false, cover = np.random.default_rng(treated), 400, 0, 0
    mark = np.arange(20) < treated
    for _ in range(runs):
        d = rng.standard_normal(20)
        found = unit_changes.randomised(d, mark)
        own = d[mark].mean() - d[~mark].mean()
        false += found.p <= 0.05 and own > 0
        if runs - cover and _ < 60:
            low, high = unit_changes.interval(d, mark, found, 0.95)
            cover += low <= 0 <= high
    assert false / runs <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / runs)
    assert cover / 60 >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 60)


def test_the_interval_is_where_p_is_large() -> None:
    rng = np.random.default_rng(2)
    d, mark = rng.standard_normal(15), np.arange(15) < 3
    d[mark] += 2
    found = unit_changes.randomised(d, mark)
    low, high = unit_changes.interval(d, mark, found, 0.95)
    p = lambda t: unit_changes.randomised(d - t * mark, mark).p  # noqa: E731
    assert p(low + 1e-6) > 0.05 >= p(low - 1e-6)
    assert p(high - 1e-6) > 0.05 >= p(high + 1e-6)
    lonely = unit_changes.randomised(d[:8], mark[:8])
    few = unit_changes.randomised(d[:8], np.arange(8) < 1)
    assert lonely.least == pytest.approx(1 / 56)
    assert unit_changes.interval(d[:8], np.arange(8) < 1, few, 0.95) == (-np.inf, np.inf)


def test_welch_is_that_of_scipy() -> None:
    from scipy import stats

    rng = np.random.default_rng(1)
    d, mark = rng.standard_normal(12), np.arange(12) < 5
    est, se, df = unit_changes.difference(d, mark)
    theirs = stats.ttest_ind(d[mark], d[~mark], equal_var=False)
    assert (est / se, df) == pytest.approx((theirs.statistic, theirs.df))
    two = unit_changes.difference(d, np.arange(12) < 2)
    assert two[0] / two[1] == pytest.approx(stats.ttest_ind(d[:2], d[2:]).statistic)


@pytest.mark.parametrize("treated", [3, 4, 16, 17])
def test_three_of_twenty_units_pass_a_limit_no_oftener_than_said(treated: int) -> None:
    """One side at 2.5 %: with Welch's degrees of freedom 3.6 % for three units."""
    from scipy import stats

    rng, mark, runs = np.random.default_rng(treated), np.arange(20) < treated, 3000
    found = np.array([unit_changes.difference(d, mark) for d in rng.standard_normal((runs, 20))])
    beyond = found[:, 0] > stats.t.ppf(0.975, found[:, 2]) * found[:, 1]
    assert beyond.sum() <= stats.binom.ppf(0.999, runs, 0.025)


def test_units_that_start_later_serve_as_untreated_until_then() -> None:
    y = np.array([[0, 1, 1.0], [0, 1, 1], [0, 0, 2], [0, 0, 2]])
    found = staggered.effects(y, np.array([1, 1, 2, 2]), later=True)
    assert found.table.values.tolist() == [[1.0, 1.0, 1.0]]


def test_a_stepped_wedge_is_that_of_r_swcrtdesign() -> None:
    x = np.repeat(np.tri(5, k=-1)[1:], 6, axis=0)[:, ::-1]
    var = wedge_power.variance(x, 1 / 50, 0.2**2)
    assert var == pytest.approx(0.002095238095, abs=1e-12)
    assert wedge_power.power(0.2, var, 0.95) == pytest.approx(0.9920095, abs=1e-6)
    p = (0.05 + 0.035) / 2
    binomial = wedge_power.variance(x, p * (1 - p) / 100, 0.015**2)
    assert wedge_power.power(0.015, binomial, 0.95) == pytest.approx(0.6773372, abs=2e-3)


def test_fieller() -> None:
    assert fieller(6, 3, 4, 1, Z) == pytest.approx((0.5, 0.1575135, 1.5871659), abs=1e-7)
    assert np.isnan(fieller(1, 3, 4, 1, Z)[1])


@pytest.mark.mirror
def test_cookie_cats(mirror: Path) -> None:
    """Sample-ratio mismatch .008607987810836262; retention and rounds by hand."""
    d = pd.read_csv(mirror / "cookie_cats_ab/cookie_cats.csv")
    version = next(c for c in d if "version" in c)
    arm = (d[version] != "gate_30").to_numpy().astype(int)
    counts = np.bincount(arm)
    assert counts.tolist() == [44700, 45489]
    assert arms.sample_ratio(counts, np.ones(2)) == pytest.approx(0.008607987810836262, abs=1e-15)

    def compared(column: str) -> tuple[float, float]:
        y = d[column].astype(float).to_numpy()
        mean, psi = arms.adjusted_means(y, arm, np.ones(len(y)), None, "none")
        return arms.difference(mean, psi, arm, None)[:2]

    assert compared("retention_7") == pytest.approx((-0.008201298315205913, 0.0025920140082940444), rel=2e-5)
    assert compared("retention_1") == pytest.approx((-0.005905169787341458, 0.0033098923), rel=2e-5)
    est, se = compared("sum_gamerounds")
    assert [est, est - Z * se, est + Z * se] == pytest.approx([-1.157488, -3.719705, 1.404728], abs=2e-4)


@pytest.mark.mirror
def test_the_posture_of_a_server(mirror: Path) -> None:
    """Lynn & Mynier: tips as a share of the bill. The published 13.99 and 16.02 are of those who paid by card.

    How one pays comes after the treatment, so that the experiment's own answer is of all 148 tables: 11.94 and 14.99.
    The error of .57 that goes about with 2.03 cannot be right: 24 and 30 tables with standard deviations of 4.005 and
    2.904 give .974.
    """
    d = pd.read_csv(mirror / "service_experiments/lynn_server_posture.csv")

    def compared(t: pd.DataFrame) -> tuple[float, ...]:
        arm, y = t["crouch"].to_numpy(), (100 * t["tip"] / t["bill"]).to_numpy(float)
        mean, psi = arms.adjusted_means(y, arm, np.ones(len(t)), None, "lin")
        return (*mean, *arms.difference(mean, psi, arm, None)[:2])

    card = compared(d[d["paid_by_credit_card"] == 1])
    assert card == pytest.approx((13.98916, 16.02364, 2.03448, 0.974436), abs=5e-5)
    whole = compared(d)
    assert whole == pytest.approx((11.939939, 14.987541, 3.0476017, 0.6355666), abs=5e-7)


@pytest.mark.mirror
def test_hillstrom(mirror: Path) -> None:
    """tea-tasting 1.14 with CUPED; Lin's regression with HC2 by R estimatr."""
    d = pd.read_csv(mirror / "service_experiments/hillstrom_womens_email_10000.csv")
    arm, x = d["promotion"].to_numpy(), d[["history"]].to_numpy(float)
    one = np.ones(len(d))

    def compared(column: str, kind: str) -> tuple[float, float]:
        mean, psi = arms.adjusted_means(d[column].to_numpy(float), arm, one, x if kind != "none" else None, kind)
        return arms.difference(mean, psi, arm, None)[:2]

    est, se = compared("visit", "none")
    assert [est, est - Z * se, est + Z * se] == pytest.approx([0.0494, 0.036221226, 0.062578774], abs=1e-8)
    est, se = compared("visit", "cuped")
    assert [est, est - Z * se, est + Z * se] == pytest.approx([0.049058272, 0.035915655, 0.062200890], abs=2e-8)
    assert compared("visit", "lin") == pytest.approx((0.049059918, 0.006702681), abs=1e-8)
    assert compared("spend", "none")[0] == pytest.approx(0.435666, abs=1e-9)
    assert compared("spend", "cuped")[0] == pytest.approx(0.433971, abs=5e-7)


def test_lin_is_the_interacted_regression_with_hc2() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    x, arm = rng.normal(size=(80, 2)), rng.integers(0, 2, 80)
    y = 1 + 0.5 * arm + x @ [1.0, -0.5] + arm * x[:, 0] + rng.normal(size=80)
    gap = x - x.mean(0)
    theirs = sm.OLS(y, np.column_stack([np.ones(80), arm, gap, arm[:, None] * gap])).fit(cov_type="HC2")
    mean, psi = arms.adjusted_means(y, arm, np.ones(80), x, "lin")
    est, se, _, _ = arms.difference(mean, psi, arm, None)
    assert (est, se) == pytest.approx((theirs.params[1], theirs.bse[1]))
