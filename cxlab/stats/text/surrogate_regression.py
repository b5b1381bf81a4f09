"""Regression on themes of which only a random part is known and the rest is predicted, by design-based correction.

With X the design with true themes, X^ with predicted, w = 1/probability of a label where there is one and else 0,

    A = lambda sum X^X^' + sum w (XX' - lambda X^X^'),    b likewise with y,    beta = A^-1 b;

beta is unbiased for the least squares on the true themes whatever the predictions' errors; lambda = 0 is labels only.

References
----------
Egami, N., Hinck, M., Stewart, B. M. & Wei, H. (2023). Using imperfect surrogates for downstream inference: design-based
    supervised learning for social science applications of large language models. Advances in Neural Information
    Processing Systems 36. arXiv:2306.04746
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.inference.influences import covariance

STEPS = np.linspace(0, 1, 11)
"""The lambdas that are tried."""


def corrected(
    x: NDArray,
    guessed: NDArray,
    y: NDArray,
    *,
    weight: NDArray,
    label: NDArray,
    cluster: NDArray | None = None,
    strata: NDArray | None = None,
    tuning: float | None = None,
) -> tuple[NDArray, NDArray, float, float]:
    """Return coefficients, their covariance, its degrees of freedom and lambda.

    Parameters
    ----------
    x : (rows, terms) design with the true themes; rows without a label hold anything finite.
    guessed : (rows, terms) design with predicted themes. ``y`` : (rows,) outcome.
    weight : (rows,) design weight. ``label`` : (rows,) weight over probability of a label, 0 without.
    cluster, strata : (rows,) codes, or None.
    tuning : lambda, 0 to 1; None takes that of the least trace of the covariance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> d = (rng.random(2000) < 0.3).astype(float); y = 1 - 2 * d + rng.standard_normal(2000)
    >>> x = np.column_stack([np.ones(2000), d]); g = np.column_stack([np.ones(2000), np.where(d > 0, 0.8, 0.2)])
    >>> b, v, df, lam = corrected(x, g, y, weight=np.ones(2000), label=np.ones(2000))
    >>> np.allclose(b, np.linalg.lstsq(x, y, rcond=None)[0])
    True
    """
    if tuning is not None:
        return (*_fit(x, guessed, y, weight, label, cluster, strata, tuning), tuning)
    tried = [_fit(x, guessed, y, weight, label, cluster, strata, t) for t in STEPS]
    best = int(np.argmin([np.trace(v) if np.isfinite(v).all() else np.inf for _, v, _ in tried]))
    return (*tried[best], float(STEPS[best]))


def _fit(
    x: NDArray,
    guessed: NDArray,
    y: NDArray,
    weight: NDArray,
    label: NDArray,
    cluster: NDArray | None,
    strata: NDArray | None,
    lam: float,
) -> tuple[NDArray, NDArray, float]:
    rest = lam * (weight - label)
    a = (guessed * rest[:, None]).T @ guessed + (x * label[:, None]).T @ x
    b = (guessed * rest[:, None]).T @ y + (x * label[:, None]).T @ y
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        lost = np.full(len(b), np.nan)
        return lost, np.full((len(b), len(b)), np.nan), np.nan
    beta = inverse @ b
    m = rest[:, None] * guessed * (y - guessed @ beta)[:, None] + label[:, None] * x * (y - x @ beta)[:, None]
    v, df = covariance(m, np.ones(len(m)), cluster, strata)
    few = (label > 0).sum()
    v = v * (few / max(few - len(b), 1))
    return beta, inverse @ v @ inverse.T, min(df, float(few - len(b)))
