"""Series in which nothing varies: no limit can be drawn there and no change be looked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.models.monitoring.time_series import Periods

ROUNDING = 1e-12
"""Answers vary where their variance is above this (in squares of the metric, from 1 on): the rest is rounding."""


def still(p: Periods) -> NDArray[np.bool_]:
    """Return which series have one value throughout, because all answers count the same."""
    size = np.nanmax(np.abs(np.nan_to_num(p.y)), axis=1)
    return p.spread <= ROUNDING * np.fmax(1, size) ** 2


def judged(p: Periods) -> NDArray[np.bool_]:
    """Return which periods are judged: those shown that had ended, of series that are not `still`."""
    there = np.isfinite(p.v) & (p.v > 0) & ~still(p)[:, None]
    there[:, -1] &= not p.last_incomplete
    return there


def standing(p: Periods, metric: str, name: str) -> str:
    """Return in words that nothing varies in a study (``name``) where all series are `still`; '' elsewhere."""
    if not still(p).all():
        return ""
    who = "of every series " if len(p.labels) > 1 else ""
    return f"{metric} {who}of {name} is the same in every {p.every}, because all answers count the same: nothing varies"
