"""Rules that raise an alarm on standardised values, and the classic charts that make such values.

References
----------
Page, E. S. (1954). Continuous inspection schemes. Biometrika 41, 100-115.
Roberts, S. W. (1959). Control chart tests based on geometric moving averages. Technometrics 1, 239-250.
Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14, 531-537.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.monitoring.run_length import REFERENCE

D2 = 1.128
"""Expected range of two standard normal values: what turns a mean moving range into a standard deviation."""


@dataclass(frozen=True)
class Signals:
    """What a rule says of every value.

    ``statistic`` (series, periods): the EWMA in its own standard deviations, the larger of both CUSUMs with the sign of
    its side, or the value itself. ``side``: -1, 0 or 1, the alarm. ``since``: where the run that may end in an alarm
    began, the first period after the statistic was last 0 or on the other side.
    """

    statistic: NDArray
    side: NDArray
    since: NDArray


def signals(z: NDArray, start: int, rule: str, weight: float, limit: float) -> Signals:
    """Return what ``rule`` says of standardised values from the period ``start`` on.

    Parameters
    ----------
    z : (series, periods), nan where there is none: nothing moves there.
    rule : 'ewma', 'cusum' or 'shewhart'. ``limit`` : as `run_length.limit_for` gives it.

    >>> found = signals(np.array([[0.0, 0.5, 3.0, 3.0, 3.0]]), 0, "ewma", 0.2, 2.854)
    >>> found.side.tolist(), found.since[0, -1].item()
    ([[0, 0, 0, 1, 1]], 1)
    """
    statistic, side = np.full(z.shape, np.nan), np.zeros(z.shape, int)
    since = np.tile(np.arange(z.shape[1]), (len(z), 1))
    if rule == "shewhart":
        statistic[:, start:] = z[:, start:]
        side = np.where(np.abs(statistic) > limit, np.sign(statistic), 0).astype(int)
        return Signals(statistic, side, since)
    up, down = np.zeros(len(z)), np.zeros(len(z))
    from_up, from_down = np.full(len(z), start), np.full(len(z), start)
    scale = np.sqrt(weight / (2 - weight))
    for t in range(start, z.shape[1]):
        x, there = np.nan_to_num(z[:, t]), np.isfinite(z[:, t])
        if rule == "ewma":
            new = np.where(there, weight * x + (1 - weight) * up, up)
            from_up = np.where(there & (np.sign(new) != np.sign(up)), t, from_up)
            up = new
            statistic[:, t], since[:, t] = np.where(there, up / scale, np.nan), from_up
        else:
            from_up, from_down = np.where(there & (up <= 0), t, from_up), np.where(there & (down <= 0), t, from_down)
            up = np.where(there, np.fmax(up + x - REFERENCE, 0), up)
            down = np.where(there, np.fmax(down - x - REFERENCE, 0), down)
            statistic[:, t] = np.where(there, np.where(up >= down, up, -down), np.nan)
            since[:, t] = np.where(up >= down, from_up, from_down)
        side[:, t] = np.where(np.abs(np.nan_to_num(statistic[:, t])) > limit, np.sign(statistic[:, t]), 0)
    return Signals(statistic, side, since)


def starts(side: NDArray, there: NDArray) -> NDArray:
    """Return where alarms begin: a signal whose last value before was none, or on the other side.

    >>> starts(np.array([[0, 1, 0, 1, -1]]), np.array([[True, True, False, True, True]])).tolist()
    [[False, True, False, False, True]]
    """
    out, before = np.zeros(side.shape, bool), np.zeros(len(side), int)
    for t in range(side.shape[1]):
        out[:, t] = there[:, t] & (side[:, t] != 0) & (side[:, t] != before)
        before = np.where(there[:, t], side[:, t], before)
    return out


def plain(y: NDArray, v: NDArray, baseline: int) -> tuple[NDArray, NDArray]:
    """Return z of every period under sampling error alone, and the weighted mean of the baseline it is held against."""
    w = np.where(np.isfinite(v) & (v > 0), 1 / v, 0)[:, :baseline]
    centre = (w * np.nan_to_num(y[:, :baseline])).sum(1) / w.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isfinite(v), (y - centre[:, None]) / np.sqrt(v), np.nan), centre


def moving_range(z: NDArray) -> NDArray:
    """Return the standard deviation of each series as its mean moving range says: mean |z_t - z_{t-1}| / 1.128.

    All moving ranges count. Periods without a value are passed over.

    >>> moving_range(np.array([[0.0, 1.128, 0.0]])).round(6).tolist()
    [1.0]
    """
    out = np.full(len(z), np.nan)
    for s, row in enumerate(z):
        there = row[np.isfinite(row)]
        if len(there) > 1:
            out[s] = np.abs(np.diff(there)).mean() / D2
    return out
