"""Quantiles of values that stand for several answers each."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALIKE = 100_000
"""More answers than this are looked at for being one row each."""


def quantile(values: ArrayLike, n: ArrayLike, q: ArrayLike) -> NDArray:
    """Return the smallest value below or at which a share ``q`` of the answers lies.

    >>> quantile([1, 2, 10], [1, 1, 98], [0.01, 0.5]).tolist()
    [1.0, 10.0]
    """
    values, n = np.asarray(values, float), np.asarray(n, float)
    if len(n) > ALIKE and (n == n[0]).all():  # the share of a place is known, and numbers sort faster than their order
        at = np.ceil((np.asarray(q) - 1e-12) * len(n)).astype(int) - 1
        return np.sort(values)[np.clip(at, 0, len(values) - 1)]
    order = np.argsort(values, kind="stable")
    share = np.cumsum(n[order]) / n.sum()
    return values[order][np.fmin(np.searchsorted(share, np.asarray(q) - 1e-12), len(values) - 1)]
