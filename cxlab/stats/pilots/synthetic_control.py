"""Few treated units and a long history: synthetic difference in differences, and the synthetic control.

References
----------
Arkhangelsky, D., Athey, S., Hirshberg, D. A., Imbens, G. W. & Wager, S. (2021). Synthetic difference-in-differences.
    American Economic Review 111, 4088-4118. doi:10.1257/aer.20190159
Abadie, A., Diamond, A. & Hainmueller, J. (2010). Synthetic control methods for comparative case studies. Journal of the
    American Statistical Association 105, 493-505.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

HEAVY = 1e4
"""Weight of the row that makes the weights sum to 1."""


@dataclass(frozen=True)
class Synthetic:
    """``estimate``; ``units``: weights of the untreated; ``periods``: weights of the periods before."""

    estimate: float
    units: NDArray
    periods: NDArray


def simplex(a: NDArray, b: NDArray, ridge: float, *, intercept: bool) -> NDArray:
    """Return the weights x >= 0 of sum 1 with the least |a x - b|**2 / rows + ridge |x|**2, an intercept taken off."""
    if intercept:
        a, b = a - a.mean(0), b - b.mean()
    k = a.shape[1]
    heavy = HEAVY * max(float(np.abs(a).max()), 1e-12)
    rows = np.vstack([a, np.sqrt(ridge * len(b)) * np.eye(k), np.full((1, k), heavy)])
    x, _ = nnls(rows, np.r_[b, np.zeros(k), heavy], maxiter=100 * k + 10_000)
    return x / x.sum()


def synthetic(y: NDArray, treated: NDArray, before: int, kind: str = "sdid") -> Synthetic:
    """Return the effect on the treated units in the periods after.

    Parameters
    ----------
    y : (units, periods). ``treated`` : (units,). ``before`` : periods before the start.
    kind : 'sdid', 'control' (synthetic control: levels matched, no ridge, all weight on the periods after) or 'did'.
    """
    own, others = y[treated], y[~treated]
    after = y.shape[1] - before
    t = np.full(after, 1 / after)
    if kind == "did":
        w, lam = np.full(len(others), 1 / len(others)), np.full(before, 1 / before)
    elif kind == "control":
        w, lam = simplex(others[:, :before].T, own[:, :before].mean(0), 0.0, intercept=False), np.zeros(before)
    else:
        noise = float(np.diff(others[:, :before], axis=1).std(ddof=1)) if before > 1 else 0.0
        zeta = (len(own) * after) ** 0.25 * noise
        w = simplex(others[:, :before].T, own[:, :before].mean(0), zeta**2, intercept=True)
        lam = simplex(others[:, :before], others[:, before:].mean(1), (1e-6 * noise) ** 2, intercept=True)
    gap = own.mean(0) - w @ others
    return Synthetic(float(gap[before:] @ t - gap[:before] @ lam), w, lam)


def placebos(y: NDArray, treated: NDArray, before: int, kind: str = "sdid") -> NDArray:
    """Return the effect that each untreated unit would have had, were it treated, among the untreated."""
    others = y[~treated]
    out = []
    for k in range(len(others)):
        mark = np.zeros(len(others), bool)
        mark[k] = True
        out.append(synthetic(others, mark, before, kind).estimate)
    return np.array(out)
