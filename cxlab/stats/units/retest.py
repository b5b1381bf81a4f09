"""What a second measurement shows of the people a first one picked, with nothing happening in between.

Both answers come from standard normals with correlation r, cut into the same categories: the classes of the people move
back to the mean although nobody's true value changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import quad_vec
from scipy.special import ndtr, ndtri


def transitions(shares: ArrayLike, r: float) -> NDArray:
    """Return P(category j in the second answer | category i in the first), for the marginal ``shares`` of both.

    P(i, j) = integral over the first answer's cell of [Phi((b_j - r x) / s) - Phi((b_{j-1} - r x) / s)] phi(x) dx with
    s = sqrt(1 - r²). Rows of categories that nobody chose are nan.

    >>> transitions([0.25, 0.25, 0.5], 0.0).round(3).tolist()[0]
    [0.25, 0.25, 0.5]
    """
    p = np.asarray(shares, float)
    cuts = ndtri(np.clip(np.concatenate([[0.0], np.cumsum(p) / p.sum()]), 0, 1))
    cuts[-1] = np.inf
    s = np.sqrt(1 - r * r)

    def cell(x: float) -> NDArray:
        return np.diff(ndtr((cuts - r * x) / s)) * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)

    joint = np.array([
        quad_vec(cell, max(a, -9.0), min(b, 9.0), epsabs=1e-12, epsrel=1e-10)[0] if b > a else np.zeros(len(p))
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    ])  # fmt: skip
    total = joint.sum(axis=1, keepdims=True)
    return np.where(total > 0, joint / np.where(total > 0, total, 1), np.nan)
