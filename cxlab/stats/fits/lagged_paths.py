"""Paths from one series to another within units, one period later, and what the other way round would look like.

Two series that something lasting moves together tell of one another before and after alike; where one leads, its past
tells of the other more than its future does.

References
----------
Granger, C. W. J. (1969). Econometrica 37, 424-438. doi:10.2307/1912791 (what leads)
Nickell, S. (1981). Econometrica 49, 1417-1426. doi:10.2307/1911408 (demeaned lags fall short by about 1 / T)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlab.stats.fits.robust import RobustFit, least_squares
from cxlab.stats.fits.unit_means import following, unit_means

ROUNDS = 1000
"""Rounds of taking off the means of unit and period, at most."""


@dataclass(frozen=True)
class Path:
    """A path with its error and degrees of freedom: ``lag``; less that of the future, ``ahead``; rows used."""

    lag: tuple[float, float, float]
    ahead: tuple[float, float, float]
    rows: int


def lagged_path(table: pd.DataFrame, x: str, y: str) -> Path:
    """Return the standardised path from last period's x to y, given last period's y, within units and periods.

    Parameters
    ----------
    table : one row a unit and period: ``unit`` and ``period`` (codes from 0, in order), ``cluster``, and the series.
    x, y : columns. ``ahead`` is the path of the last x minus that of the next x, both in one regression.

    >>> rng = np.random.default_rng(0)
    >>> c = rng.normal(size=(200, 12))
    >>> e = np.column_stack([c[:, 0] * 0, 0.5 * c[:, :-1] + rng.normal(size=(200, 11))])
    >>> unit, period = np.repeat(np.arange(200), 12), np.tile(np.arange(12), 200)
    >>> t = pd.DataFrame({"unit": unit, "period": period, "cluster": unit, "c": c.ravel(), "e": e.ravel()})
    >>> bool(lagged_path(t, "c", "e").ahead[0] > 0.3 > abs(lagged_path(t, "e", "c").lag[0]))
    True
    """
    unit, period = table["unit"].to_numpy(), table["period"].to_numpy()
    one = np.ones(len(table))
    last = int(period.max()) - period
    shifted = {
        "x1": following(table[x].to_numpy(float), unit, last, one),
        "y1": following(table[y].to_numpy(float), unit, last, one),
        "x2": following(table[x].to_numpy(float), unit, period, one),
    }
    every = table.assign(**shifted).rename(columns={y: "y"})[["unit", "period", "cluster", "y", "x1", "y1", "x2"]]
    lag = _fitted(every.drop(columns="x2").dropna(), ["x1", "y1"])
    both = _fitted(every.dropna(), ["x1", "y1", "x2"])
    return Path(lag.contrast([0, 1, 0]), both.contrast([0, 1, 0, -1]), len(lag.e))


def _fitted(table: pd.DataFrame, columns: list[str]) -> RobustFit:
    """Least squares of standardised y on the columns, less the means of unit and period, clustered."""
    one = np.ones(len(table))
    codes = [np.unique(table[c], return_inverse=True)[1] for c in ("unit", "period")]

    def own(name: str) -> np.ndarray:
        v = table[name].to_numpy(float)
        for _ in range(ROUNDS):  # once is exact where every unit is seen in every period
            before = v
            for code in codes:
                v = v - unit_means(v, code, one)
            if np.abs(v - before).max() <= 1e-12 * np.abs(before).max():
                break
        return v / v.std() if v.std() > 0 else v

    x = np.column_stack([one, *(own(c) for c in columns)])
    return least_squares(x, own("y"), one, one, table["cluster"].to_numpy())
