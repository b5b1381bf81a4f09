"""Lengths of a period: which there are, and which has enough answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

EVERY = {"day": "1d", "week": "", "month": "1mo", "quarter": "1q", "year": "1y"}
"""Lengths of a period, and how engines cut dates into them; weeks, which begin on Monday, are counted."""
OFFSETS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
ENOUGH, FEWEST, LONGEST = 30, 24, 400
"""Periods are chosen so that half of the cells have `ENOUGH` answers and there are `FEWEST` to `LONGEST` of them."""


def long_enough(cells: pd.DataFrame, when: str) -> str:
    """Return the shortest period with enough answers.

    Parameters
    ----------
    cells : ``n`` answers by groups and day; ``when`` is the column of days.
    """
    groups = [c for c in cells if str(c).startswith("by:") and c != when]
    chosen = "day"
    for every in EVERY:
        place = pd.PeriodIndex(pd.to_datetime(cells[when]), freq=OFFSETS[every]).asi8
        if every != "day" and len(np.unique(place)) < FEWEST:
            break
        chosen = every
        sizes = cells["n"].groupby([*(cells[g] for g in groups), pd.Series(place, cells.index)], dropna=False).sum()
        if sizes.median() >= ENOUGH and len(np.unique(place)) <= LONGEST:
            break
    return chosen
