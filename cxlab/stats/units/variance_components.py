"""Covariance within groups and between them, by analysis of variance."""

from __future__ import annotations

import numpy as np


def components(Z: np.ndarray, w: np.ndarray, code: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariance within and between groups for each reweighting of the groups, (B, q, q) each.

    Within: MS_within. Between: (MS_between - MS_within) / n0, n0 = (N - sum n_g**2 / N) / (G - 1), the estimator of the
    analysis of variance (Searle, Casella & McCulloch 1992, doi:10.1002/9780470316856, section 3.6).

    Parameters
    ----------
    Z : (n, q), the columns. ``w`` : (n,), weights. ``code`` : (n,), the group of each row, from 0.
    weights : (B, groups), how often each group counts in each reweighting.

    >>> within, between = components(np.array([[1.0], [3.0], [5.0], [7.0]]), np.ones(4), np.array([0, 0, 1, 1]),
    ...                              np.ones((1, 2)))
    >>> within.item(), between.item()
    (2.0, 7.0)
    """
    many, q = weights.shape[1], Z.shape[1]
    w = w / w.mean()
    size = np.bincount(code, w, minlength=many)
    rows = np.bincount(code, minlength=many).astype(float)
    total = np.zeros((many, q))
    np.add.at(total, code, Z * w[:, None])
    mean = total / size[:, None]
    inside = np.zeros((many, q, q))
    e = Z - mean[code]
    for j in range(q):
        np.add.at(inside[:, j], code, e * (w * e[:, j])[:, None])
    outer = np.einsum("g,gi,gj->gij", size, mean, mean)
    return components_of(size, size**2, rows, np.ones(many), total, inside, outer, weights)


def components_of(
    size: np.ndarray, squared: np.ndarray, rows: np.ndarray, units: np.ndarray,
    total: np.ndarray, inside: np.ndarray, outer: np.ndarray, weights: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return what `components` does from sums over groups, or over sets of groups that are resampled together.

    Parameters
    ----------
    size, squared, rows, units : (R,) sums over the groups of each set: of n_g, of n_g**2, of rows, of 1.
    total : (R, q), of n_g times the mean. ``inside`` : (R, q, q), products of deviations from the group's mean.
    outer : (R, q, q), of n_g times the products of means. ``weights`` : (B, R).
    """
    flat = lambda a: (weights @ a.reshape(len(a), -1)).reshape(len(weights), *a.shape[1:])  # noqa: E731
    N, groups = weights @ size, weights @ units
    within = flat(inside) / (weights @ (rows - units))[:, None, None]
    centre = flat(total) / N[:, None]
    between = flat(outer) - N[:, None, None] * centre[:, :, None] * centre[:, None, :]
    n0 = (N - (weights @ squared) / N) / (groups - 1)
    return within, (between / (groups - 1)[:, None, None] - within) / n0[:, None, None]
