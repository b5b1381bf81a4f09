"""Dates that stand alone: few answers, far from all others. One wrong year makes a chart of ten."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEW = 0.01
"""So small a share of the answers (or one answer) beyond a gap stands alone."""
WIDE, LEAST = 0.25, 8
"""A gap is wide from this share of the time of all other answers on, and from so many periods."""


def lone_dates(n: NDArray, names: Sequence[object], every: str) -> list[str]:
    """Return what is to be asked about dates that stand alone, a sentence for either end.

    Parameters
    ----------
    n : (series, periods) answers. ``names`` : of the periods. ``every`` : their length.

    >>> lone_dates(np.r_[np.full(40, 20), np.zeros(100), 1][None], range(141), "day")[0][:49]
    'The dates from 140 on stand alone: 100 days witho'
    """
    s = n.sum(0)
    at = np.flatnonzero(s)
    gaps = np.diff(at) - 1
    before = np.cumsum(s)[at[:-1]]
    few = max(1.0, FEW * float(s.sum()))
    late = (s.sum() - before <= few) & (gaps >= np.fmax(LEAST, WIDE * (at[:-1] - at[0] + 1)))
    early = (before <= few) & (gaps >= np.fmax(LEAST, WIDE * (at[-1] - at[1:] + 1)))
    out = []
    for ends, which in ((np.flatnonzero(early)[-1:], "up to"), (np.flatnonzero(late)[:1], "from")):
        for k in ends:
            a, b = names[at[k]], names[at[k + 1]]
            own = f"from {b} on" if which == "from" else f"up to {a}"
            out.append(
                f"The dates {own} stand alone: {gaps[k]:,} {every}s without answers lie between {a} and {b}, and at "
                f"most {max(FEW, few / float(s.sum())):.0%} of the answers beyond. If these dates are wrong, correct "
                "them, or leave them out with study.where"
            )
    return out
