"""Charts against R's qcc 2.7 and qicharts2, and a real stream of calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlab.stats.monitoring import chart_rules, innovations
from cxlab.stats.monitoring.innovations import Stream
from cxlab.stats.monitoring.run_length import limit_for

JUICE = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
"""Leaking cans of 50 each (Montgomery, Introduction to Statistical Quality Control, table 7.1)."""


def test_a_p_chart_of_the_juice_cans() -> None:
    """R qcc's p chart: centre .231333333333, limits [.0524275480719, .4102391185947], beyond at 15 and 23."""
    y = np.array(JUICE)[None] / 50
    p = y.mean()
    z, centre = chart_rules.plain(y, np.full((1, 30), p * (1 - p) / 50), 30)
    half = 3 * np.sqrt(p * (1 - p) / 50)
    assert centre[0] == pytest.approx(0.231333333333)
    assert [centre[0] - half, centre[0] + half] == pytest.approx([0.0524275480719, 0.4102391185947])
    side = chart_rules.signals(z, 0, "shewhart", 1.0, 3.0).side[0]
    assert (np.flatnonzero(side) + 1).tolist() == [15, 23]


@pytest.mark.mirror
def test_laney_of_the_accidents(mirror: Path) -> None:
    """Laney's p' of 20 weeks of emergency visits: 16 outside plain limits, none outside those of p'."""
    d = pd.read_csv(mirror / "monitoring/nhs_accidents.csv")
    y, n = (d["r"] / d["n"]).to_numpy()[None], d["n"].to_numpy()[None]
    p = d["r"].sum() / d["n"].sum()
    z, centre = chart_rules.plain(y, p * (1 - p) / n, 20)
    factor = chart_rules.moving_range(z)
    assert centre[0] == pytest.approx(0.952899711344, abs=1e-12)
    assert factor[0] == pytest.approx(10.6404218635, abs=1e-9)
    assert (np.abs(z) > 3).sum() == 16
    assert (np.abs(z / factor[:, None]) > 3).sum() == 0


@pytest.mark.mirror
def test_the_calls_of_a_bank_cry_wolf_250_13_and_2_times(mirror: Path) -> None:
    """Share of calls given up by day, 1999: plain limits, Laney's, and innovations with weekday effects."""
    d = pd.read_csv(mirror / "monitoring/bank_daily.csv", parse_dates=["date"])
    d = d[d["total_calls"] >= 100].reset_index(drop=True)
    y, n = (d["hangs"] / d["total_calls"]).to_numpy(), d["total_calls"].to_numpy()
    p = d["hangs"].sum() / n.sum()
    v = p * (1 - p) / n
    assert len(d) == 359 and p == pytest.approx(0.197087, abs=5e-7)
    z, _ = chart_rules.plain(y[None], v[None], 359)
    factor = chart_rules.moving_range(z)
    assert (np.abs(z) > 3).sum() == 250
    assert factor[0] == pytest.approx(5.3767, abs=5e-5)
    assert (np.abs(z / factor[:, None]) > 3).sum() == 13
    days = pd.get_dummies(d["date"].dt.day_name()).to_numpy(float)
    found = innovations.judge(Stream(y[None], v[None], days[None]), 359, cautious=False)
    assert np.sqrt(found.tau2[0]) == pytest.approx(0.0872, abs=0.0015)
    assert found.rho[0] == pytest.approx(0.507, abs=0.015)
    far = d["date"][np.abs(found.z[0]) > 3].dt.strftime("%d %b").tolist()
    assert far == ["21 Feb", "20 Apr"]


def test_a_cusum_by_hand() -> None:
    found = chart_rules.signals(np.array([[1.0, 1.0, -2.0, 3.0, 3.0]]), 0, "cusum", 0.2, 4.0)
    assert found.statistic[0].tolist() == [0.5, 1.0, -1.5, 2.5, 5.0]
    assert found.side[0].tolist() == [0, 0, 0, 0, 1]
    assert found.since[0, -1] == 3


def test_a_period_without_answers_moves_nothing() -> None:
    for rule in ("ewma", "cusum"):
        full = chart_rules.signals(np.array([[1.0, 2.0, 3.0]]), 0, rule, 0.2, 2.0)
        holes = chart_rules.signals(np.array([[1.0, np.nan, 2.0, np.nan, 3.0]]), 0, rule, 0.2, 2.0)
        assert holes.statistic[0, [0, 2, 4]].tolist() == full.statistic[0].tolist()
        assert np.isnan(holes.statistic[0, [1, 3]]).all()


def test_recursive_residuals_are_those_of_statsmodels() -> None:
    """Without a day effect they are Brown, Durbin and Evans's; statsmodels' RecursiveLS gives these."""
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(40), rng.normal(size=40)])
    y = x @ [1.0, 2.0] + rng.normal(size=40)
    zero = np.zeros(1)
    found = innovations.judge(Stream(y[None], np.ones((1, 40)), x[None]), 10, tau2=zero, rho=zero)
    gap = y - found.expected[0]
    theirs = sm.RecursiveLS(y, x).fit().resid_recursive
    assert (gap / found.sd[0])[10:] == pytest.approx(theirs[10:], rel=1e-6)


def test_reml_is_that_of_a_dense_likelihood() -> None:
    rng = np.random.default_rng(8)
    size, v = 60, rng.uniform(0.5, 2, 60)
    u = np.zeros(size)
    for t in range(1, size):
        u[t] = 0.6 * u[t - 1] + rng.normal(0, 1)
    y, x = u + rng.normal(0, np.sqrt(v)), np.ones((size, 1))

    def deviance(tau2: float, rho: float) -> float:
        cov = tau2 * rho ** np.abs(np.subtract.outer(np.arange(size), np.arange(size))) + np.diag(v)
        inverse = np.linalg.inv(cov)
        known = x.T @ inverse @ x
        b = np.linalg.solve(known, x.T @ inverse @ y)
        rest = y - x @ b
        return float(np.linalg.slogdet(cov)[1] + np.linalg.slogdet(known)[1] + rest @ inverse @ rest)

    one = lambda a: np.array([a])  # noqa: E731
    columns = np.column_stack([y, x])[..., None]
    for tau2, rho in ((0.5, 0.2), (2.0, 0.7), (0.0, 0.0)):
        assert innovations._deviance(columns, v[:, None], one(tau2), one(rho))[0] == pytest.approx(deviance(tau2, rho))
    tau2, rho = (float(a[0]) for a in innovations.fit(Stream(y[None], v[None], x[None])))
    grid = [deviance(t, r) for t in np.linspace(0.2, 4, 20) for r in np.linspace(0, 0.95, 20)]
    assert deviance(tau2, rho) <= min(grid) + 0.01


def days(
    rng: np.random.Generator, charts: int, size: int, rho: float, tau: float = 0.05
) -> tuple[np.ndarray, np.ndarray]:
    """NPS by day of 1,000 answers each, with a true day effect, and its sampling variance."""
    u = rng.standard_normal((charts, size)) * tau
    for t in range(1, size):
        u[:, t] = rho * u[:, t - 1] + np.sqrt(1 - rho**2) * u[:, t]
    up = np.clip(0.5 + u / 2, 0, 1)
    good = rng.binomial(1000, up)
    bad = rng.binomial(1000 - good, np.clip((0.2 - u / 2) / (1 - up), 0, 1))
    return (good - bad) / 1000, np.full((charts, size), (0.7 - 0.3**2) / 1000)


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_false_alarms_keep_to_the_budget_in_400_years(rho: float) -> None:
    """One false alarm a year allowed, one chart, 120 days of baseline, weekdays estimated: at most 1 + 3 errors."""
    rng, years = np.random.default_rng(11), 400
    y, v = days(rng, years, 485, rho)
    weekday = np.eye(7)[np.arange(485) % 7][:, 1:]
    x = np.broadcast_to(np.column_stack([np.ones(485), weekday]), (years, 485, 7))
    z = innovations.judge(Stream(y, v, x), 120).z
    found = chart_rules.signals(z, 120, "ewma", 0.2, limit_for(365.0))
    alarms = chart_rules.starts(found.side, np.isfinite(z)).sum(1)
    assert alarms.mean() <= 1 + 3 * alarms.std() / np.sqrt(years)
    assert alarms.mean() > 0.5, "nor is the budget left unused"
    plain, _ = chart_rules.plain(y, v, 120)
    wolf = chart_rules.starts(chart_rules.signals(plain, 120, "ewma", 0.2, limit_for(365.0)).side, np.isfinite(z))
    assert wolf.sum(1).mean() > 5, "while a chart of sampling error alone cries wolf"
