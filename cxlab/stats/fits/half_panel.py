"""Two series that lead each other within units: lags with unit and period effects, corrected by halves of the panel.

A unit's own mean stands in every one of its periods, so the fitted lag falls short by about 1 / T. Fitted to each
half of the periods it falls short by twice as much; 2 b - (b_first + b_second) / 2 takes most of that away.

References
----------
Dhaene, G. & Jochmans, K. (2015). Split-panel jackknife estimation of fixed-effect models. Review of Economic Studies
    82, 991-1030. doi:10.1093/restud/rdv007
Nickell, S. (1981). Econometrica 49, 1417-1426. doi:10.2307/1911408
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Lags:
    """Coefficients (2, 2): rows the series explained, columns the series that leads; ``raw`` without the correction;
    ``influence`` (units, 4) of each unit on the flattened corrected coefficients; transitions used."""

    b: NDArray
    raw: NDArray
    influence: NDArray
    rows: int


def lags(unit: NDArray, period: NDArray, series: NDArray, *, halves: bool = True) -> Lags:
    """Fit each of two series on the last values of both, within units and periods.

    Parameters
    ----------
    unit, period : (rows,) codes from 0, periods in order; at most one row a unit and period.
    series : (rows, 2) values. ``halves`` : whether to correct by the half-panel jackknife.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = np.zeros((300, 12, 2))
    >>> for t in range(1, 12):
    ...     z[:, t] = z[:, t - 1] @ np.array([[0.4, 0.1], [0.0, 0.3]]) + rng.normal(size=(300, 2))
    >>> found = lags(np.repeat(np.arange(300), 12), np.tile(np.arange(12), 300), z.reshape(-1, 2))
    >>> bool(np.abs(found.b - [[0.4, 0.0], [0.1, 0.3]]).max() < 0.07)
    True
    """
    held = _held(unit, period, series)
    now, last = held[:, 1:], held[:, :-1]
    there = np.isfinite(now).all(2) & np.isfinite(last).all(2)
    whole, moved = _fit(now, last, there)
    if not halves:
        return Lags(whole, whole, moved, int(there.sum()))
    steps = there.shape[1]
    size = (steps + 1) // 2
    first, one = _fit(now[:, :size], last[:, :size], there[:, :size])
    second, two = _fit(now[:, steps - size :], last[:, steps - size :], there[:, steps - size :])
    return Lags(2 * whole - (first + second) / 2, whole, 2 * moved - (one + two) / 2, int(there.sum()))


def ahead(unit: NDArray, period: NDArray, series: NDArray) -> tuple[NDArray, NDArray]:
    """Return by how much the last value of the other series tells more than its next one, and each unit's influence.

    Parameters
    ----------
    unit, period, series : as for `lags`. Two numbers: of the first series for the second, and the other way round,
        each from one regression on the other's last value, the own last one and the other's next; no correction.
        Influence: (units, 2).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(300, 12, 2))
    >>> z[:, 1:, 1] += 0.5 * z[:, :-1, 0]
    >>> found, _ = ahead(np.repeat(np.arange(300), 12), np.tile(np.arange(12), 300), z.reshape(-1, 2))
    >>> bool(abs(found[0] - 0.5) < 0.07 and found[1] < 0)
    True
    """
    held = _held(unit, period, series)
    last, now, next_ = held[:, :-2], held[:, 1:-1], held[:, 2:]
    found, moved = np.zeros(2), np.zeros((len(held), 2))
    for k in (0, 1):
        x = np.stack([last[..., k], last[..., 1 - k], next_[..., k]], axis=2)
        y = now[..., [1 - k]]
        b, u = _fit(y, x, np.isfinite(x).all(2) & np.isfinite(y).all(2))
        found[k], moved[:, k] = b[0, 0] - b[0, 2], u[:, 0] - u[:, 2]
    return found, moved


def own_spread(unit: NDArray, period: NDArray, series: NDArray, *, halves: bool = True) -> NDArray:
    """Return the standard deviation of each series within units and periods: what is left without their means.

    Its square falls short by about (1 + what lasts) / periods, which ``halves`` takes away as in `lags`.

    Examples
    --------
    >>> unit, period = np.repeat([0, 1], 2), np.tile([0, 1], 2)
    >>> own_spread(unit, period, np.array([[0.0], [4.0], [10.0], [10.0]]), halves=False).tolist()
    [1.0]
    """
    held = _held(unit, period, series)
    whole, size = _spread2(held), (held.shape[1] + 1) // 2
    if not halves or size < 2:
        return np.sqrt(whole)
    found = 2 * whole - (_spread2(held[:, :size]) + _spread2(held[:, held.shape[1] - size :])) / 2
    return np.sqrt(np.where(found > 0, found, whole))


def _spread2(held: NDArray) -> NDArray:
    left, _ = _apart(held, np.isfinite(held).all(2))
    return np.asarray(np.var(left, axis=0) if len(left) else np.zeros(held.shape[2]))


def _held(unit: NDArray, period: NDArray, series: NDArray) -> NDArray:
    """The series as (units, periods, series), nan where there is no row."""
    held = np.full((int(unit.max()) + 1, int(period.max()) + 1, series.shape[1]), np.nan)
    held[unit, period] = series
    return held


def _apart(values: NDArray, there: NDArray) -> tuple[NDArray, NDArray]:
    """What is left of the cells' values without the means of unit and period (exact in any panel); each cell's unit."""
    unit, period = np.nonzero(there)
    if there.all():
        apart = values - values.mean(1, keepdims=True) - values.mean(0, keepdims=True) + values.mean((0, 1))
        return apart.reshape(len(unit), -1), unit
    dummies = np.eye(there.shape[1])[period][:, 1:]
    every = np.hstack([values[unit, period], dummies])
    count = np.bincount(unit, minlength=len(there))
    mean = np.stack([np.bincount(unit, c, len(there)) for c in every.T], axis=1) / np.fmax(count, 1)[:, None]
    every = every - mean[unit]
    of, d = every[:, : values.shape[2]], every[:, values.shape[2] :]
    return of - d @ (np.linalg.pinv(d.T @ d, hermitian=True) @ (d.T @ of)), unit


def _fit(now: NDArray, last: NDArray, there: NDArray) -> tuple[NDArray, NDArray]:
    """Coefficients (explained, leading) and the influence of each unit on them, flattened."""
    apart, unit = _apart(np.concatenate([now, last], axis=2), there)
    y, x = np.hsplit(apart, [now.shape[2]])
    bread = np.linalg.pinv(x.T @ x, rcond=1e-12, hermitian=True)
    b = bread @ (x.T @ y)
    left = y - x @ b
    each = np.einsum("ri,rj->rij", left, x @ bread).reshape(len(x), -1)
    return b.T, np.stack([np.bincount(unit, c, len(there)) for c in each.T], axis=1)
