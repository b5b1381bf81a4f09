"""Answers with gaps as columns for a regression: a gap is filled and marked, so that no answer is dropped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def filled(answers: NDArray) -> tuple[NDArray, tuple[str, ...]]:
    """Return touchpoint scores with 0 (scale middle removed) where not used, plus one column that marks each gap.

    A touchpoint not used is not a bad one; the marks make the filling harmless: any constant gives the same fit.

    Parameters
    ----------
    answers : (rows, questions) scores from 0 to 100, nan where there is none.

    Examples
    --------
    >>> filled(np.array([[60.0], [np.nan]]))[0].tolist()
    [[10.0, 0.0], [0.0, 1.0]]
    """
    gaps = np.isnan(answers)
    marks = gaps[:, gaps.any(axis=0)]
    notes = (f"touchpoints without an answer are marked, not dropped ({int(gaps.any(axis=0).sum())} columns)",)
    return np.column_stack([np.where(gaps, 0.0, answers - 50.0), marks.astype(float)]), notes if marks.size else ()
