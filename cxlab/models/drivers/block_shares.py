"""How much more of R² one block of drivers has than a single other driver: Shapley shares of two blocks.

`cx.drivers` with named blocks is the public model; this is the difference of two of its shares, with an error of its
own, and the same for the average single driver of the block, at equal length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cxlab.models.regression.counted_answers import Counted, Told
from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.fits.folds import jackknifed, spread
from cxlab.stats.importance.shapley import block_shares
from cxlab.stats.paths.reliability import correlation

MOST = 1 - 1e-9
"""The difference of two shares is drawn on Fisher's scale, which keeps its interval between -1 and 1."""
BLOCKS = 100
"""Blocks of answers that the jackknife leaves out, at most."""


def share_ahead(
    y: NDArray, block: NDArray, single: NDArray, rows: Counted, alone: Sequence[Sequence[int]],
    rng: np.random.Generator,
) -> tuple[Told, Told]:  # fmt: skip
    """Return Fisher's z of the block's share of R² minus the single driver's; and of its average member's.

    Parameters
    ----------
    y, single : (rows,). ``block`` : (rows, columns). ``alone`` : the block's columns of each member of it.

    Returns
    -------
    Two times value, error and degrees of freedom, on Fisher's scale: tanh turns value and limits back.

    Examples
    --------
    >>> a, b = np.tile([0.0, 1.0, 0.0, 1.0], 100), np.tile([0.0, 0.0, 1.0, 1.0], 100)
    >>> one, rng = np.ones(400), np.random.default_rng(0)
    >>> whole, _ = share_ahead(2 * a + b, a[:, None], b, Counted(one, one), [[0]], rng)
    >>> round(float(np.tanh(whole[0])), 2)  # 4 / 5 and 1 / 5 of R²
    0.6
    """
    all_ = list(range(block.shape[1]))
    both = lambda m: np.stack([_z(m, all_), np.mean([_z(m, one) for one in alone], axis=0)], axis=1)  # noqa: E731
    value, se, df = jackknifed([block, single, y], rows.n, rows.w, rows.cluster, rng, both, blocks=BLOCKS)
    whole, fair = ((float(v), float(e), df) for v, e in zip(value, se, strict=True))
    return whole, fair


def as_curve(y: NDArray, x: NDArray, rows: Counted, *, groups: int = 20) -> NDArray:
    """Return the mean outcome of each row's part of x: x put so that whatever curve it acts by is a line.

    Parameters
    ----------
    y, x : (rows,). ``groups`` : parts of about equal size; a value at a cut lies in the part above.

    Examples
    --------
    >>> x, one = np.arange(8.0), np.ones(8)
    >>> as_curve(np.array([0.0, 0, 0, 0, 2, 2, 2, 2]), x, Counted(one, one), groups=4).tolist()
    [0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    """
    cuts = np.unique(quantile(x, rows.n, np.linspace(0, 1, groups + 1)[1:-1]))
    part = np.searchsorted(cuts, x, side="right")
    mass = np.bincount(part, rows.mass)
    return (np.bincount(part, rows.mass * y) / np.fmax(mass, 1e-300))[part]


def _z(total: NDArray, first: Sequence[int]) -> NDArray:
    """Fisher's z of the share of the first block minus that of the single driver, the last but one column."""
    cov = spread(total)[1]
    single, y = cov.shape[-1] - 2, cov.shape[-1] - 1
    take = [*first, single, y]
    r = np.nan_to_num(correlation(cov[..., take, :][..., take]))
    shares = block_shares(r, [list(range(len(first))), [len(first)]])
    d = (shares[..., 0] - shares[..., 1]) / np.fmax(shares.sum(axis=-1), 1e-12)
    return np.arctanh(np.clip(d, -MOST, MOST))
