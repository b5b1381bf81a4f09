"""Moments of columns measured with error: the error's variance is taken off before anything is regressed on them.

What is measured with noise explains less than what it measures (attenuation), and leaves more for whatever is measured
better to explain.

References
----------
Fuller, W. A. (1987). Measurement Error Models, section 2.2. Wiley. doi:10.1002/9780470316665
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.fits.folds import solve


def error_variance(moments: NDArray, items: Sequence[int], reliability: NDArray, gaps: Mapping[int, int]) -> NDArray:
    """Return what the items' errors add to the diagonal of ``moments`` (..., p, p): an array (..., items).

    Parameters
    ----------
    moments : a constant first. ``items`` : columns measured with error. ``reliability`` : share of each one's variance
        that is no error. ``gaps`` : of an item that not everybody answered (0 there), the column that marks it.

    >>> m = np.array([[10.0, 0.0], [0.0, 40.0]])  # ten answers of variance 4
    >>> error_variance(m, [1], np.array([0.75]), {}).tolist()
    [10.0]
    """
    out = []
    for k, r in zip(items, reliability, strict=True):
        answers = moments[..., 0, 0] - (moments[..., 0, gaps[k]] if k in gaps else 0.0)
        out.append((1 - r) * (moments[..., k, k] - moments[..., 0, k] ** 2 / np.fmax(answers, 1e-300)))
    return np.stack(out, axis=-1)


def most_error(moments: NDArray, items: Sequence[int], errors: NDArray) -> float:
    """Return how many times ``errors`` fit into ``moments`` (p, p) before what is left is no variance any more.

    What the columns have in common is no error: two items of correlation .8 have a reliability of at least .8.

    >>> m = np.array([[1.0, 0, 0], [0, 1, 0.8], [0, 0.8, 1]])
    >>> round(most_error(m, [1, 2], np.array([1.0, 1.0])), 6)
    0.2
    """
    scale = 1 / np.sqrt(np.fmax(np.diag(moments), 1e-300))
    inverse = np.linalg.pinv(moments * scale[:, None] * scale, rcond=1e-10, hermitian=True)
    root = np.sqrt(errors) * scale[list(items)]
    largest = float(np.linalg.eigvalsh(root[:, None] * inverse[np.ix_(items, items)] * root).max())
    return 1 / largest if largest > 0 else np.inf


def gain_given(
    moments: NDArray, items: Sequence[int], errors: NDArray, held: Sequence[int], own: int, alone: Sequence[int]
) -> NDArray:
    """Return (..., 2): R² that ``own`` adds to ``held``, and R² of ``alone`` minus that of ``held``, errors taken off.

    Parameters
    ----------
    moments : (..., p, p), a constant first, the outcome last. ``items, errors`` : as `error_variance` has them.
        ``held`` : columns of the model that ``own`` is added to (the constant and the items among them).
        ``alone`` : columns of the rival model. The first number is negative where own and outcome go apart; both lie
        within 1 of 0, also where the errors leave next to no variance of the items.

    >>> m = np.array([[1.0, 0, 0, 0], [0, 1, 0.5, 0.5], [0, 0.5, 1, 0.5], [0, 0.5, 0.5, 1]])
    >>> gain_given(m, [1], np.array([0.0]), [0, 1], 2, [0, 2]).round(4).tolist()  # (.5 - .25)² / .75
    [0.0833, 0.0]
    >>> gain_given(m, [1], np.array([0.5]), [0, 1], 2, [0, 2]).round(4).tolist()  # reliability .5: nothing is left
    [0.0, -0.25]
    """
    y, left = moments.shape[-1] - 1, moments.copy()
    for i, k in enumerate(items):
        left[..., k, k] -= errors[..., i]
    total = left[..., y, y] - left[..., 0, y] ** 2 / left[..., 0, 0]
    of_y, of_own = solve(left, held, y), solve(left, held, own)
    explained = (of_y * left[..., list(held), y]).sum(-1)
    rest = left[..., own, own] - (of_own * left[..., list(held), own]).sum(-1)
    shared = left[..., own, y] - (of_own * left[..., list(held), y]).sum(-1)
    gain = np.sign(shared) * shared**2 / np.fmax(rest, 1e-12 * left[..., own, own])
    rival = (solve(left, alone, y) * left[..., list(alone), y]).sum(-1)
    return np.clip(np.stack([gain / total, (rival - explained) / total], axis=-1), -1, 1)
