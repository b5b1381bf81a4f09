"""Columns that let a regression bend: broken lines of what acts by a curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.counts.quantiles import quantile

KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the answers at which a line may bend."""


def bends(columns: NDArray, n: NDArray) -> NDArray:
    """Return what each column has beyond its knots: with the columns themselves, a broken line of each.

    Parameters
    ----------
    columns : (rows, k) without gaps. ``n`` : (rows,) answers.

    Examples
    --------
    >>> bends(np.arange(10.0)[:, None], np.ones(10))[-1].tolist()
    [9.0, 7.0, 5.0, 3.0, 1.0]
    """
    made = [np.fmax(x - at, 0.0) for x in columns.T for at in np.unique(quantile(x, n, np.array(KNOTS)))]
    return np.column_stack(made)
