"""A chain over time: what moves the next thing one period later, which moves a third one later still.

Each step is a path within units (`cxlab.stats.fits.lagged_paths`), as in `cx.loyalty.lagged` without its correction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cxlab.models.regression.counted_answers import Told
from cxlab.stats.fits.lagged_paths import Path, lagged_path


class Chain(NamedTuple):
    """``indirect``: the product of the two paths with its delta-method error; and the two paths."""

    indirect: Told
    first: Path
    second: Path


def chain(table: pd.DataFrame, start: str, middle: str, end: str) -> Chain:
    """Return the path from start to middle one period later times that from middle to end one period later.

    Parameters
    ----------
    table : one row a unit and period: ``unit`` and ``period`` (codes from 0, in order), ``cluster``, and the series.
    start, middle, end : columns.

    References
    ----------
    Sobel, M. E. (1982). Sociological Methodology 13, 290-312. doi:10.2307/270723
    """
    first, second = lagged_path(table, start, middle), lagged_path(table, middle, end)
    (a, sa, da), (b, sb, db) = first.lag, second.lag
    return Chain((a * b, float(np.sqrt(a**2 * sb**2 + b**2 * sa**2)), min(da, db)), first, second)
