"""Out-of-sample R² and its differences from moments of random blocks of units: no row is touched twice.

The units (answers, or clusters kept together) are dealt to blocks; each block keeps its moment matrix Z'WZ. Every
training set is a sum of blocks, so repeated K-fold cross-validation costs one pass over the data and K small solves.

References
----------
Nadeau, C. & Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52, 239-281.
    doi:10.1023/A:1024068626366
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr, chndtrinc

MANY = 500_000
"""Up to this many answers are dealt one by one; beyond, the copies of a pattern are dealt by one multinomial."""


def deal(n: NDArray, blocks: int, rng: np.random.Generator, cluster: NDArray | None = None) -> NDArray:
    """Deal units to blocks at random: returns counts, one row a pattern, one column a block.

    Parameters
    ----------
    n : answers of each pattern. ``cluster`` : code of each pattern's cluster; clusters stay together.
    """
    if cluster is not None:
        codes, inverse = np.unique(cluster, return_inverse=True)
        mine = rng.permutation(np.arange(len(codes)) % blocks)[inverse]
    elif n.sum() > MANY:
        return np.asarray(rng.multinomial(n.astype(np.int64), np.full(blocks, 1 / blocks)), float)
    elif (n == 1).all():
        mine = rng.permutation(np.arange(len(n)) % blocks)
    else:
        rows = np.repeat(np.arange(len(n)), n.astype(np.int64))
        mine = rng.permutation(np.arange(len(rows)) % blocks)
        return np.bincount(rows * blocks + mine, minlength=len(n) * blocks).reshape(len(n), blocks).astype(float)
    out = np.zeros((len(n), blocks))
    out[np.arange(len(n)), mine] = n
    return out


def block_moments(z: NDArray, w: NDArray, dealt: NDArray) -> NDArray:
    """Return the moment matrices, shape (blocks, p, p), of columns ``z`` (a constant first) with weights ``w``."""
    out = np.empty((dealt.shape[1], z.shape[1], z.shape[1]))
    for b in range(dealt.shape[1]):
        rows = np.flatnonzero(dealt[:, b])
        zb = z[rows]
        out[b] = zb.T @ (zb * (w[rows] * dealt[rows, b])[:, None])
    return out


def solve(moments: NDArray, x: Sequence[int], y: int) -> NDArray:
    """Return the least-squares coefficients of column ``y`` on columns ``x`` (pseudo-inverse where collinear)."""
    xx, xy = moments[..., x, :][..., x], moments[..., x, y]
    scale = 1 / np.sqrt(np.fmax(np.diagonal(xx, axis1=-2, axis2=-1), 1e-300))
    inverse = np.linalg.pinv(xx * scale[..., :, None] * scale[..., None, :], rcond=1e-10, hermitian=True)
    return scale * (inverse @ (xy * scale)[..., None])[..., 0]


def error(moments: NDArray, b: NDArray, x: Sequence[int], y: int) -> NDArray:
    """Return the weighted sum of squared errors of coefficients ``b`` on the data behind ``moments``."""
    xx, xy = moments[..., x, :][..., x], moments[..., x, y]
    return moments[..., y, y] - 2 * (b * xy).sum(-1) + np.einsum("...i,...ij,...j", b, xx, b)


def splits(blocks: int, folds: int, repeats: int, rng: np.random.Generator) -> NDArray:
    """Return which block is in the test part of each of ``folds`` × ``repeats`` splits, as a boolean matrix."""
    parts = [np.array_split(rng.permutation(blocks), folds) for _ in range(repeats)]
    return np.array([np.isin(np.arange(blocks), part) for repeat in parts for part in repeat])


def fold_r2(moments: NDArray, models: Sequence[Sequence[int]], y: int, tests: NDArray) -> NDArray:
    """Return R² out of sample, shape (splits, models): one minus squared error over the outcome's total variance.

    The denominator is the variance of the whole sample, the same for every model and split, so that differences of
    models are differences of squared errors.
    """
    test = np.tensordot(tests.astype(float), moments, axes=1)
    train = moments.sum(0) - test
    whole = moments.sum(0)
    variance = (whole[y, y] - whole[0, y] ** 2 / whole[0, 0]) / whole[0, 0]
    size = test[:, 0, 0] * variance
    return np.column_stack([1 - error(test, solve(train, list(x), y), list(x), y) / size for x in models])


def corrected(values: NDArray, tests: NDArray) -> tuple[float, float, float]:
    """Return mean, standard error and degrees of freedom of values over splits, as Nadeau & Bengio (2003) correct them.

    var = (1 / J + n_test / n_train) S² over the J splits: the splits share most of their training data.
    """
    share = float(tests.mean())
    j = len(values)
    return float(values.mean()), float(np.sqrt((1 / j + share / (1 - share)) * values.var(ddof=1))), j - 1.0


def jackknife(moments: NDArray, statistic: Callable[[NDArray], Any]) -> tuple[NDArray, NDArray, float]:
    """Return ``statistic`` of all data, its delete-a-block jackknife standard error, and the degrees of freedom.

    ``statistic`` maps moment matrices, shape (k, p, p), to numbers or arrays, shape (k, ...).
    """
    whole = moments.sum(0)
    both = np.asarray(statistic(np.concatenate([whole[None], whole - moments])))
    value, left = both[0], both[1:]
    b = len(left)
    se = np.sqrt((b - 1) / b * ((left - left.mean(0)) ** 2).sum(0))
    return value, se, b - 1.0


def jackknifed(
    columns: Sequence[NDArray], n: NDArray, w: NDArray, cluster: NDArray | None, rng: np.random.Generator,
    statistic: Callable[[NDArray], Any], *, blocks: int,
) -> tuple[NDArray, NDArray, float]:  # fmt: skip
    """Return a statistic of the columns' moments (a constant is put first) with its `jackknife` error over blocks.

    Parameters
    ----------
    columns : (rows,) each. ``n, w`` : (rows,) answers of a row and their weight. ``cluster`` : codes, kept together.
    blocks : at most so many; no more than there are answers, or clusters.

    >>> x, one = np.arange(10.0), np.ones(10)
    >>> mean = lambda m: m[..., 0, 1] / m[..., 0, 0]
    >>> value, se, df = jackknifed([x], one, one, None, np.random.default_rng(0), mean, blocks=10)
    >>> float(value), float(se.round(6)), df  # 3.0277 / sqrt(10)
    (4.5, 0.957427, 9.0)
    """
    units = int(n.sum()) if cluster is None else len(np.unique(cluster))
    z = np.column_stack([np.ones(len(n)), *columns])
    return jackknife(block_moments(z, w, deal(n, min(blocks, units), rng, cluster)), statistic)


def spread(total: NDArray) -> tuple[NDArray, NDArray]:
    """Return means and covariances of the columns after the constant, of moment matrices (..., p, p).

    >>> z = np.column_stack([np.ones(4), [1.0, 2, 3, 4]])
    >>> [v.tolist() for v in spread(z.T @ z)]
    [[2.5], [[1.25]]]
    """
    mean = total[..., 0, 1:] / total[..., 0, :1]
    return mean, total[..., 1:, 1:] / total[..., :1, :1] - mean[..., :, None] * mean[..., None, :]


def gain_at_most(moments: NDArray, more: Sequence[int], less: Sequence[int], *, n: float, p: float) -> float:
    """Return the largest gain in R² out of sample beside which one so small has probability ``p`` or more.

    n times the gain over what is left is noncentral chi-square with a degree of freedom a further column; its
    noncentrality, less these degrees, over n is the gain out of sample. Close to 0 a gain is a square, and
    `corrected`, which is as small as the gain, is too sure of it.

    Parameters
    ----------
    moments : (p, p) of all answers, a constant first, the outcome last. ``more, less`` : columns of the two models,
        the constant among them, the second model's among the first's.
    n : effective answers. ``p`` : probability, below one half.

    >>> m = np.array([[100.0, 0, 0], [0, 100, 30], [0, 30, 100]])
    >>> float(round(gain_at_most(m, [0, 1], [0], n=100, p=0.025), 3))  # ((3.145 + 1.960) ** 2 - 1) * 0.91 / 100
    0.228
    """
    y = moments.shape[-1] - 1
    total = moments[y, y] - moments[0, y] ** 2 / moments[0, 0]
    left = [1 - (_explained(moments, x, y) - moments[0, y] ** 2 / moments[0, 0]) / total for x in (more, less)]
    k = len(more) - len(less)
    seen = n * max(left[1] - left[0], 0.0) / max(left[0], 1e-300)
    beyond = 0.0 if chdtr(k, seen) <= p else float(chndtrinc(seen, k, p))
    return (beyond - k) * left[0] / n


def _explained(moments: NDArray, x: Sequence[int], y: int) -> float:
    return float(solve(moments, x, y) @ moments[list(x), y])
