"""How many times as likely: the ratio of two shares, of a logit with everybody's condition as it is or as it is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.models.regression.counted_answers import Counted, Told
from cxlab.stats.fits.glm import Glm, glm


def log_ratio(one: Told, other: Told) -> Told:
    """Return the log of the ratio of two shares of different people, its error (delta method), degrees of freedom.

    Examples
    --------
    >>> value, se, _ = log_ratio((0.36, 0.03, 99.0), (0.12, 0.02, 99.0))
    >>> round(float(np.exp(value)), 6), round(se, 4)
    (3.0, 0.1863)
    """
    (p, se, df), (q, error, _) = one, other
    return float(np.log(p / q)), float(np.hypot(se / p, error / q)), df


def standardised(yes: NDArray, good: NDArray, others: NDArray, rows: Counted) -> Told | None:
    """Return the log of the ratio of the mean probabilities of yes, were it good for everybody and for nobody.

    A logit of yes on good and the others; probabilities are averaged over the people as they are (standardisation),
    the error is the delta method's. None where the fit has no maximum.

    Parameters
    ----------
    yes, good : (rows,) 1 or 0. ``others`` : (rows, columns) held as they are.

    References
    ----------
    Muller, C. J. & MacLehose, R. F. (2014). International Journal of Epidemiology 43, 962-970. doi:10.1093/ije/dyu029

    Examples
    --------
    >>> good, yes = np.repeat([1.0, 0.0], 100), np.r_[np.ones(60), np.zeros(40), np.ones(30), np.zeros(70)]
    >>> one = np.ones(200)
    >>> round(float(np.exp(standardised(yes, good, np.empty((200, 0)), Counted(one, one))[0])), 6)
    2.0
    """
    x = np.column_stack([np.ones(len(good)), good, others])
    fit = glm(x, yes, rows.n, rows.w, rows.cluster, rows.strata, model="logit")
    if not fit.converged:
        return None
    return (*_standardised(fit, x, rows.mass), fit.df)


def _standardised(fit: Glm, x: NDArray, weight: NDArray) -> tuple[float, float]:
    value, slope = 0.0, np.zeros(x.shape[1])
    for good, sign in ((1.0, 1), (0.0, -1)):
        z = x.copy()
        z[:, 1] = good
        p = 1 / (1 + np.exp(-z @ fit.b))
        mean = np.average(p, weights=weight)
        value += sign * float(np.log(mean))
        slope += sign * np.average(z * (p * (1 - p))[:, None], axis=0, weights=weight) / mean
    return value, float(np.sqrt(slope @ fit.v @ slope))
