"""What answers that are not there could do to a slope: the worst and the best case.

Horowitz, J. L. & Manski, C. F. (2000). Nonparametric analysis of randomized experiments with missing covariate and
outcome data. Journal of the American Statistical Association 95, 77-84. doi:10.1080/01621459.2000.10473902
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def extremes(
    x: NDArray, y: NDArray, weights: NDArray, *, at: int, limits: tuple[float, float]
) -> tuple[NDArray, NDArray]:
    """Return the outcome with its gaps filled so that the slope of a column is as low, and as high, as it can be.

    A slope is sum w r y / sum w r x with r what is left of its column given the others: a gap lowers it most at the
    upper limit where r < 0 and at the lower limit where r > 0.

    Parameters
    ----------
    x : (rows, p) design matrix, a constant included. ``y`` : (rows,) outcome, nan where it is not there.
    weights : (rows,) answers times weight. ``at`` : the column. ``limits`` : the least and the largest outcome.

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> low, high = extremes(x, np.array([5, np.nan, 5, np.nan]), np.ones(4), at=1, limits=(0, 10))
    >>> low.tolist(), high.tolist()
    ([5.0, 10.0, 5.0, 0.0], [5.0, 0.0, 5.0, 10.0])
    """
    others, own = np.delete(x, at, axis=1), x[:, at]
    root = np.sqrt(weights)
    left = own - others @ np.linalg.lstsq(others * root[:, None], own * root, rcond=1e-10)[0]
    gone, (least, most) = np.isnan(y), limits
    low = np.where(gone, np.where(left > 0, least, most), y)
    high = np.where(gone, np.where(left > 0, most, least), y)
    return low, high
