"""The interval of R² when drivers are drawn with the answers: it counts what columns that do nothing get by chance.

For jointly normal drivers and outcome, with true R² rho² and p columns, R² of n answers is a mixture of beta variables,

    P(R² <= r) = sum_j NB(j; (n - 1) / 2, 1 - rho²) I_r(p / 2 + j, (n - p - 1) / 2),

NB negative binomial. Percentiles of bootstrap replicates are biased twice where p / n is not small: R² is, and so is
each replicate from it.

References
----------
Gurland, J. (1968). A relatively simple form of the distribution of the multiple correlation coefficient. JRSS B 30,
    276-283.
Muirhead, R. J. (1982). Aspects of Multivariate Statistical Theory, section 5.2. doi:10.1002/9780470316559
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, gammaln

NODES = 250
"""Terms of the mixture that are summed at most; between them it is smooth."""
ALL = 1 - 1e-9
"""Nothing is left to explain."""


def at_most(r2: float, rho2: float, n: float, columns: int) -> float:
    """Return the probability that R² of a sample is at most ``r2`` when it is ``rho2`` in truth.

    Parameters
    ----------
    n : answers, or their effective number (not necessarily whole). ``columns`` : predictors without the intercept.

    >>> round(at_most(0.1, 0.0, 41, 2), 6) == round(1 - 0.9 ** 19, 6)  # columns / 2 = 1: the beta distribution in full
    True
    """
    size = (n - 1) / 2
    if rho2 <= 0:
        return float(betainc(columns / 2, size - columns / 2, r2))
    centre, spread = size * rho2 / (1 - rho2), np.sqrt(size * rho2) / (1 - rho2)
    first = max(0.0, np.floor(centre - 9 * spread - 9))
    last = np.ceil(centre + 9 * spread + 40)
    j = first + np.arange(0, last - first + 1, max(1.0, np.ceil((last - first) / NODES)))
    log = gammaln(size + j) - gammaln(size) - gammaln(j + 1) + size * np.log1p(-rho2) + j * np.log(rho2)
    weight = np.exp(log - log.max())
    return float(weight @ betainc(columns / 2 + j, size - columns / 2, r2) / weight.sum())


def interval(r2: float, n: float, columns: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of the true R²: the values at which what was found is not too rare on either side.

    >>> low, high = interval(0.25, 100, 5)
    >>> 0.05 < low < 0.15, 0.3 < high < 0.4
    (True, True)
    """
    if n - columns - 1 < 1 or not 0 <= r2 < 1:
        return (np.nan, np.nan)
    tail = (1 - level) / 2
    return _at(r2, n, columns, 1 - tail), _at(r2, n, columns, tail)


def adjusted(r2: float, n: float, columns: int) -> float:
    """Return R² without what ``columns`` would get by chance (Wherry): 1 - (1 - R²)(n - 1) / (n - columns - 1).

    >>> round(adjusted(0.25, 101, 5), 4)
    0.2105
    """
    free = n - columns - 1
    return float(1 - (1 - r2) * (n - 1) / free) if free > 0 else float("nan")


def _at(r2: float, n: float, columns: int, chance: float) -> float:
    """The true R² at which P(R² <= r2) is ``chance``; 0 where none is as small, 1 where none as large."""
    if at_most(r2, 0.0, n, columns) <= chance:
        return 0.0
    if at_most(r2, ALL, n, columns) >= chance:
        return 1.0
    return float(brentq(lambda rho2: at_most(r2, rho2, n, columns) - chance, 0.0, ALL, xtol=1e-7))
