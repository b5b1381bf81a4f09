"""What a portfolio earns beyond the market: the intercept of its return on the market's (Jensen's alpha)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.fits.robust import newey_west


def alpha(excess: NDArray, market: NDArray) -> tuple[float, float, float]:
    """Return the intercept of the excess return on the market return, its Newey-West error, degrees of freedom.

    Parameters
    ----------
    excess, market : (periods,) returns beyond the riskless rate, in order of time. With a second column of the market
        for its square, what is earned whenever it moves far (Treynor & Mazuy) is no alpha.

    References
    ----------
    Jensen, M. C. (1968). The Journal of Finance 23, 389-416. doi:10.1111/j.1540-6261.1968.tb00815.x
    Treynor, J. L. & Mazuy, K. K. (1966). Harvard Business Review 44, 131-136.

    Examples
    --------
    >>> market = np.tile([0.02, 0.0, -0.02, 0.0], 10)
    >>> round(alpha(0.005 + 0.5 * market, market)[0], 6)
    0.005
    """
    x = np.column_stack([np.ones(len(market)), market])
    return newey_west(x, excess).contrast(np.eye(x.shape[1])[0])
