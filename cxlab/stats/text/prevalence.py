"""Shares of classes corrected without labels of the comments at hand, for comparison; and how many labels are needed.

Both corrections take the errors of the classifier from elsewhere (its training) and are as wrong as that is: `emq`
needs calibrated probabilities and an equal P(text | class), `rogan_gladen` equal error rates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri


def emq(posterior: NDArray, prior: ArrayLike, *, steps: int = 1000, tolerance: float = 1e-12) -> NDArray:
    """Return the shares of the classes by expectation maximisation over the posterior probabilities (classes,).

    Parameters
    ----------
    posterior : (rows, classes) probabilities of a classifier. ``prior`` : (classes,) shares in its training.
    steps, tolerance : of the iteration.

    References
    ----------
    Saerens, M., Latinne, P. & Decaestecker, C. (2002). Adjusting the outputs of a classifier to new a priori
        probabilities. Neural Computation 14, 21-41. doi:10.1162/089976602753284446

    Examples
    --------
    >>> p = np.array([0.95, 0.9, 0.8, 0.7, 0.55, 0.4, 0.3, 0.2, 0.1, 0.05])
    >>> emq(np.column_stack([1 - p, p]), [0.7, 0.3])[1].round(6)
    np.float64(0.810935)
    """
    first = np.asarray(prior, float)
    share = first
    for _ in range(steps):
        joint = posterior * (share / first)
        new = (joint / joint.sum(1, keepdims=True)).mean(0)
        if np.abs(new - share).max() < tolerance:
            return new
        share = new
    return share


def rogan_gladen(counted: float, sensitivity: float, specificity: float, n: ArrayLike = ()) -> tuple[float, float]:
    """Return the true share from the counted one: (p + Sp - 1) / (Se + Sp - 1), held to 0 to 1, and its error.

    Parameters
    ----------
    counted : share called positive. ``sensitivity, specificity`` : of the classifier.
    n : comments counted, labels of yes, labels of no behind the three numbers; without them the error is nan.

    References
    ----------
    Rogan, W. J. & Gladen, B. (1978). Estimating prevalence from the results of a screening test. American Journal of
        Epidemiology 107, 71-76. doi:10.1093/oxfordjournals.aje.a112510

    Examples
    --------
    >>> share, se = rogan_gladen(0.3, 0.8, 0.9, (1000, 100, 100))
    >>> round(share, 4), round(se, 4)
    (0.2857, 0.0404)
    """
    d = sensitivity + specificity - 1
    if not d > 0:
        return np.nan, np.nan
    raw = (counted + specificity - 1) / d
    sizes = np.asarray(n, float)
    se = np.nan
    if len(sizes) == 3:
        rates = np.array([counted, sensitivity, specificity])
        slopes = np.array([1, -raw, 1 - raw]) / d
        se = float(np.sqrt((np.square(slopes) * rates * (1 - rates) / sizes).sum()))
    return float(np.clip(raw, 0, 1)), se


def labels(half: float, share: float, correlation: float, level: float = 0.95) -> float:
    """Return the labels for an interval of share -/+ ``half``: z² p (1 - p) (1 - rho²) / half².

    Parameters
    ----------
    half : half the width of the interval. ``share`` : expected, 0 to 1.
    correlation : rho of label and prediction, 0 without a classifier. ``level`` : of confidence.

    Examples
    --------
    >>> [round(labels(0.05, 0.25, rho)) for rho in (0, 0.5, 0.7)]
    [288, 216, 147]
    """
    z = ndtri((1 + level) / 2)
    return float(z**2 * share * (1 - share) * (1 - correlation**2) / half**2)
