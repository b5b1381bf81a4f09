"""`cry_wolf`: how often usual ways to watch a metric raise an alarm when nothing changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.trinomial import z_value
from cxlab.stats.monitoring import chart_rules, innovations, level_changes, run_length, running_bands
from cxlab.stats.monitoring.innovations import Stream

SHARES = (0.2, 0.3, 0.5)
"""Detractors, passives and promoters: an NPS of 30."""
DAYS, BASE, LONG = 365, 60, 120
"""Days that are watched, days of baseline of the usual charts, and of the innovation chart."""
WEEK = 7


@public
def cry_wolf(*, n: int = 1000, day_effect: float = 5.0, rho: float = 0.5, charts: int = 400, seed: int = 0) -> Result:
    """Return how often usual ways to watch an NPS for a year cry wolf, simulated where nothing changes at all.

    Parameters
    ----------
    n : answers a day.
    day_effect : standard deviation of the days' true NPS about one level that never changes, in points.
    rho : autocorrelation of these days, 0 to below 1.
    charts : how many years are simulated.
    seed : where the simulation starts.

    Returns
    -------
    Result, one row a practice: ``practice``, ``looks`` (share of looks with an alarm), ``estimate`` (share of charts
    with at least one in a year) with ``low, high`` (95 % for the number of simulated years), ``n`` (charts). The
    last rows are those of cxlab: `cxlab.running` and `cxlab.monitor` with one false alarm allowed a year.

    Raises
    ------
    DataProblem : a number is out of its range.

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.monitoring.cry_wolf(charts=50).table.set_index("practice")["estimate"]
    >>> bool(found["a 3-sigma chart of days"] > 0.9)
    True
    """
    if not n >= 10 or not 0 <= day_effect <= 15 or not 0 <= rho < 1 or not charts >= 10:
        raise DataProblem(
            f"n={n}, day_effect={day_effect:g}, rho={rho:g}, charts={charts}: give at least 10 answers a day, a day "
            "effect of 0 to 15 points, rho from 0 to below 1, at least 10 charts"
        )
    rng = np.random.default_rng(seed)
    y, spread = _days(rng, n, day_effect / 100, rho, charts)
    live = (y[:, :DAYS] - y[:, :BASE].mean(1, keepdims=True)) / np.sqrt(spread / n)
    found = [
        ("this week against the last, p < .05", _weeks(y[:, :DAYS], spread / n)),
        ("a 95 % interval of all so far, looked at daily", _so_far(y[:, :DAYS], n, 0)),
        ("a 3-sigma chart of days", np.abs(live[:, BASE:]) > 3),
        ("... and two of three days beyond 2 sigma", _two_of_three(live[:, BASE:])),
        ("Laney's p' chart of days", _laney(live)),
        ("a band for all looks (cx.running)", _so_far(y[:, :DAYS], n, 1000)),
        ("a chart that allows one false alarm a year (cx.monitor)", _own(y, spread / n)),
    ]
    half = lambda p: z_value(0.95) * np.sqrt(p * (1 - p) / charts)  # noqa: E731
    rows = []
    for name, hit in found:
        p = float(hit.any(1).mean())
        rows.append((name, float(hit.mean()), p, max(p - half(p), 0.0), min(p + half(p), 1.0), charts))
    table = pd.DataFrame(rows, columns=["practice", "looks", "estimate", "low", "high", "n"])
    worst = table.iloc[int(table["estimate"].to_numpy()[:5].argmax())]
    return Result(
        kind="cry_wolf",
        title="What cries wolf: false alarms in a year in which nothing changes",
        table=table,
        unit="share",
        level=0.95,
        method=f"{charts} simulated years of {n:,} answers a day, day effect {day_effect:g} points, "
        f"autocorrelation {rho:g}; seed {seed}",
        notes=(
            "SIMULATED data: the truth never changes, so every alarm is false",
            f"worst: {worst['practice']}: an alarm in {worst['estimate']:.0%} of years",
            "one false alarm a year allowed means one on average: a good six of ten years have at least one",
        ),
        columns=(
            Column("practice", "label", "", "Practice"), Column("looks", "share", "", "Looks with an alarm"),
            Column("estimate", "share", "", "Years with an alarm"), Column("low", "bound", "share", "Low"),
            Column("high", "bound", "share", "High"),
        ),
    )  # fmt: skip


def _days(rng: np.random.Generator, n: int, tau: float, rho: float, charts: int) -> tuple[NDArray, float]:
    """NPS by chart and day in hundredths, and the variance of one answer."""
    size = DAYS + LONG
    u = rng.standard_normal((charts, size))
    for t in range(1, size):
        u[:, t] = rho * u[:, t - 1] + np.sqrt(1 - rho**2) * u[:, t]
    u *= tau
    up = np.clip(SHARES[2] + u / 2, 0.01, 0.98)
    good = rng.binomial(n, up)
    bad = rng.binomial(n - good, np.clip((SHARES[0] - u / 2) / (1 - up), 0.0, 1.0))
    mean = SHARES[2] - SHARES[0]
    return (good - bad) / n, SHARES[0] + SHARES[2] - mean**2


def _weeks(y: NDArray, v: float) -> NDArray:
    weeks = y.shape[1] // WEEK
    mean = y[:, : weeks * WEEK].reshape(len(y), weeks, WEEK).mean(2)
    return np.abs(np.diff(mean, axis=1)) > z_value(0.95) * np.sqrt(2 * v / WEEK)


def _so_far(y: NDArray, n: int, best_at: int) -> NDArray:
    """Days at which the band of all answers so far misses the truth; ``best_at`` 0: an ordinary interval."""
    size = n * np.arange(1, y.shape[1] + 1)
    mean = np.cumsum(y, axis=1) / np.arange(1, y.shape[1] + 1)
    truth = SHARES[2] - SHARES[0]
    sd = np.sqrt(np.fmax(SHARES[0] + SHARES[2] - mean**2, 1e-9))
    if best_at:
        v = np.full(y.shape[1], (SHARES[0] + SHARES[2] - truth**2) / n)
        size = size / np.array([level_changes.restless(row, v) for row in y])[:, None]
        half = running_bands.half_width(sd, size, best_at=best_at, level=0.95)
    else:
        half = z_value(0.95) * sd / np.sqrt(size)
    return np.abs(mean - truth) > half


def _two_of_three(z: NDArray) -> NDArray:
    two = (np.abs(z) > 2).astype(int)
    return (two[:, 2:] + two[:, 1:-1] + two[:, :-2] >= 2) | (np.abs(z[:, 2:]) > 3)


def _laney(z: NDArray) -> NDArray:
    factor = np.fmax(chart_rules.moving_range(z[:, :BASE]), 1)
    return np.abs(z[:, BASE:]) > 3 * factor[:, None]


def _own(y: NDArray, v: float) -> NDArray:
    stream = Stream(y, np.full(y.shape, v), np.ones((*y.shape, 1)))
    z = innovations.judge(stream, LONG).z
    found = chart_rules.signals(z, LONG, "ewma", 0.2, run_length.limit_for(float(DAYS)))
    return chart_rules.starts(found.side, np.isfinite(z))[:, LONG:]
