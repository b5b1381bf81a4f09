"""Logistic regression of few texts with many features: fitted in as many unknowns as there are texts.

The coefficients that minimise sum c_i log(1 + exp(-y_i s_i)) + |w|² / (2 C) are w = X'a, so only the products of the
texts with one another are needed: s = K a + b, K = XX'. Newton's steps solve for a and the unpenalised constant b.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 60


def fitted(gram: NDArray, y: NDArray, penalty: float, weight: NDArray | None = None) -> tuple[NDArray, float]:
    """Return the coefficients of the texts (n,) and the constant: a score is products with the texts @ a + b.

    Parameters
    ----------
    gram : (n, n) products of the texts' features. ``y`` : (n,) 0 to 1. ``penalty`` : C, large trusts the data.
    weight : (n,) of each text; None: each class counts half in all ('balanced').

    Examples
    --------
    >>> x = np.array([-2.0, -1.0, 1.0, 2.0])
    >>> a, b = fitted(np.outer(x, x), np.array([0.0, 0.0, 1.0, 1.0]), 1.0)
    >>> round(float(x @ a), 3), abs(round(b, 3))
    (1.007, 0.0)
    """
    n = len(y)
    c = balanced(y) if weight is None else weight
    if not 0 < y.mean() < 1:
        return np.zeros(n), float(np.clip(8 * (2 * y.mean() - 1), -8, 8))
    a, b = np.zeros(n), 0.0
    loss = _loss(gram, a, b, y, c, penalty)
    for _ in range(STEPS):
        p = _expit(gram @ a + b)
        h = np.fmax(c * p * (1 - p), 1e-10)
        target = gram @ a + b + c * (y - p) / h
        system = gram + np.diag(1 / (penalty * h))
        both = np.linalg.solve(system, np.column_stack([target, np.ones(n)]))
        new_b = both[:, 0].sum() / both[:, 1].sum()
        new_a = both[:, 0] - new_b * both[:, 1]
        step = 1.0
        while (
            new := _loss(gram, a + step * (new_a - a), b + step * (new_b - b), y, c, penalty)
        ) > loss and step > 1e-6:
            step /= 2
        a, b = a + step * (new_a - a), b + step * (new_b - b)
        if loss - new < 1e-9 * (1 + abs(loss)):
            break
        loss = new
    return a, float(b)


def balanced(y: NDArray) -> NDArray:
    """Return weights under which yes and no count alike: n / (2 n_class).

    Examples
    --------
    >>> balanced(np.array([1.0, 0.0, 0.0, 0.0])).round(2).tolist()
    [2.0, 0.67, 0.67, 0.67]
    """
    share = y.mean()
    if not 0 < share < 1:
        return np.ones(len(y))
    return y / (2 * share) + (1 - y) / (2 * (1 - share))


def probability(score: NDArray) -> NDArray:
    """Return the probability of a score.

    Examples
    --------
    >>> probability(np.array([0.0, 100.0])).tolist()
    [0.5, 1.0]
    """
    return _expit(score)


def _expit(s: NDArray) -> NDArray:
    return 0.5 * (1 + np.tanh(0.5 * s))


def _loss(gram: NDArray, a: NDArray, b: float, y: NDArray, c: NDArray, penalty: float) -> float:
    s = gram @ a
    return float((c * (np.logaddexp(0, s + b) - y * (s + b))).sum() + a @ s / (2 * penalty))
