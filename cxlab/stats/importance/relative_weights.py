"""Johnson's relative weights (equal to Genizi's measure), with their derivative for analytic standard errors.

References
----------
Johnson (2000), Multivariate Behavioral Research 35:1, doi:10.1207/S15327906MBR3501_1.
Genizi (1993), Statistica Sinica 3:407.
Tonidandel & LeBreton (2010), doi:10.1177/1094428109341993 (logistic outcomes).
"""

from __future__ import annotations

import numpy as np


def relative_weights(R: np.ndarray) -> np.ndarray:
    """Return Johnson's relative weights; each row sums to R².

    With Lambda = R_xx^(1/2) and beta = Lambda^-1 r, the weights are Lambda**2 @ beta**2 (elementwise squares).
    They equal LMG for two drivers, not for more.

    Parameters
    ----------
    R : (B, p + 1, p + 1) correlation matrices, outcome last.

    Returns
    -------
    (B, p)

    >>> relative_weights(np.array([[[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]]])).round(4).tolist()
    [[0.315, 0.045]]
    """
    _, root, beta = _orthogonal(R)
    return np.einsum("bij,bj->bi", root**2, beta**2)


def _orthogonal(R: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    values, vectors = np.linalg.eigh(R[:, :-1, :-1])
    values = np.maximum(values, 0.0)
    root = (vectors * np.sqrt(values)[:, None]) @ vectors.swapaxes(1, 2)
    inverse = np.where(values > 1e-10 * values[:, -1:], 1 / np.sqrt(np.where(values > 0, values, 1)), 0.0)
    beta = np.einsum("bij,bj,bkj,bk->bi", vectors, inverse, vectors, R[:, :-1, -1], optimize=True)
    return (values, vectors, inverse), root, beta


def relative_weights_change(R: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Return the derivative of the weights along symmetric changes of the correlation matrix.

    d Lambda solves Lambda dLambda + dLambda Lambda = dR_xx; in the eigenbasis its entries are divided by
    sqrt(d_a) + sqrt(d_b). Then d beta = Lambda^-1 (d r - dLambda beta).

    Parameters
    ----------
    R : (p + 1, p + 1).
    change : (G, p + 1, p + 1), e.g. the influence of each respondent or cluster.

    Returns
    -------
    (G, p)
    """
    (values, vectors, inverse), root, beta = _orthogonal(R[None])
    V, root, beta = vectors[0], root[0], beta[0]
    spread = np.sqrt(values[0])[:, None] + np.sqrt(values[0])
    inner = V.T @ change[:, :-1, :-1] @ V / np.where(spread > 0, spread, np.inf)
    d_root = V @ inner @ V.T
    back = (V * inverse[0]) @ V.T
    d_beta = (change[:, :-1, -1] - d_root @ beta) @ back
    return 2 * (d_root * root) @ beta**2 + 2 * d_beta * beta @ (root**2).T
