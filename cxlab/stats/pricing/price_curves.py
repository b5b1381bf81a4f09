"""Curves of named prices and where they cross; reach and revenue; demand that can only fall with the price.

References
----------
van Westendorp, P. H. (1976). NSS price sensitivity meter. ESOMAR Congress, Venice.
Newton, D., Miller, J. & Smith, P. (1993). A market acceptance extension to traditional price sensitivity measurement.
Gabor, A. & Granger, C. W. J. (1966). Price as an indicator of quality. Economica 33, 43-70. doi:10.2307/2552272
Barlow, R. E. et al. (1972). Statistical Inference under Order Restrictions. Wiley. (pool adjacent violators)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CHANCES = (0.0, 0.1, 0.3, 0.5, 0.7)
"""Chance to buy by stated intent, from the worst answer to the best of five (Newton, Miller & Smith)."""


def cumulated(counts: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return the four curves on a grid of prices: shares whose too-cheap and cheap price lies above, and whose
    expensive and too-expensive price lies at or below.

    Parameters
    ----------
    counts : (..., 4, G) weight of answers at each price: too cheap, cheap, expensive, too expensive.

    >>> [c.tolist() for c in cumulated(np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]))][0]
    [0.0, 0.0, 0.0]
    """
    share = np.cumsum(counts, axis=-1) / counts.sum(-1, keepdims=True)
    return 1 - share[..., 0, :], 1 - share[..., 1, :], share[..., 2, :], share[..., 3, :]


def crossing(grid: NDArray, up: NDArray, down: NDArray, *, interpolated: bool = True) -> NDArray:
    """Return where a rising curve first meets a falling one; nan where they do not meet.

    Parameters
    ----------
    grid : (G,) prices. ``up``, ``down`` : (..., G) shares.
    interpolated : linear between the two prices around the first change of sign (a difference of exactly 0 counts as
        a change); else the first price at which the rising curve has reached the falling one.

    >>> crossing(np.array([10.0, 20.0]), np.array([0.2, 0.6]), np.array([0.8, 0.4])).item()
    17.5
    """
    d = np.asarray(up) - np.asarray(down)
    if not interpolated:
        reached = d >= 0
        return np.where(reached.any(-1), grid[reached.argmax(-1)], np.nan)
    change = np.diff(np.sign(d), axis=-1) != 0
    k = change.argmax(-1)
    a, b = (np.take_along_axis(d, (k + j)[..., None], -1)[..., 0] for j in (0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        place = grid[k] - a * (grid[k + 1] - grid[k]) / (b - a)
    return np.where(change.any(-1), place, np.nan)


def points(grid: NDArray, counts: NDArray, *, interpolated: bool = True, narrow: bool = False) -> dict[str, NDArray]:
    """Return ``lower``, ``upper``, ``indifference`` and ``optimal`` price of the four curves.

    Original convention: lower = not cheap x too cheap, upper = too expensive x not expensive. ``narrow``: lower =
    expensive x too cheap, upper = too expensive x cheap.
    """
    too_cheap, cheap, expensive, too_expensive = cumulated(counts)
    meet = lambda up, down: crossing(grid, up, down, interpolated=interpolated)  # noqa: E731
    return {
        "lower": meet(expensive if narrow else 1 - cheap, too_cheap),
        "upper": meet(too_expensive, cheap if narrow else 1 - expensive),
        "indifference": meet(expensive, cheap),
        "optimal": meet(too_expensive, too_cheap),
    }


def chance_to_buy(grid: NDArray, prices: NDArray, intent: NDArray) -> NDArray:
    """Return the chance that each person buys at each price, (rows, G): 0 at the too cheap and the too expensive price,
    the stated chances at the cheap and the expensive one, linear between, 0 outside.

    Parameters
    ----------
    grid : (G,) prices. ``prices`` : (rows, 4) in rising order. ``intent`` : (rows, 2) chances at cheap and expensive.

    >>> chance_to_buy(np.array([10.0, 15, 25, 40]), np.array([[10.0, 20, 30, 40]]), np.array([[0.7, 0.3]])).tolist()
    [[0.0, 0.35, 0.5, 0.0]]
    """
    ends = np.column_stack([np.zeros(len(prices)), intent, np.zeros(len(prices))])
    out = np.zeros((len(prices), len(grid)))
    for j in range(3):
        low, high = prices[:, [j]], prices[:, [j + 1]]
        inside = (grid >= low) & (grid <= high)
        line = ends[:, [j]] + (grid - low) / (high - low) * (ends[:, [j + 1]] - ends[:, [j]])
        out = np.where(inside, line, out)
    return out


def falling(share: NDArray, weight: NDArray) -> NDArray:
    """Return the best non-increasing shares (pool adjacent violators).

    Parameters
    ----------
    share, weight : (G,) shares by rising price, and their weight.

    >>> falling(np.array([0.8, 0.6, 0.7]), np.ones(3)).round(3).tolist()
    [0.8, 0.65, 0.65]
    """
    blocks: list[list[float]] = []
    for value, w in zip(share, weight, strict=True):
        blocks.append([value, w, 1])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            b, a = blocks.pop(), blocks.pop()
            total = a[1] + b[1]
            mean = (a[0] * a[1] + b[0] * b[1]) / total if total > 0 else (a[0] + b[0]) / 2
            blocks.append([mean, total, a[2] + b[2]])
    return np.repeat([b[0] for b in blocks], [int(b[2]) for b in blocks])


def times_drawn(strata: NDArray, count: NDArray, draws: int, rng: np.random.Generator) -> NDArray:
    """Return how often each unit is drawn, (draws, units): as many units as there are, with replacement, by stratum.

    Parameters
    ----------
    strata : (units,) codes. ``count`` : (units,) how many real units this one stands for.
    """
    out = np.zeros((draws, len(strata)))
    for h in np.unique(strata):
        mine = strata == h
        size = count[mine].sum()
        out[:, mine] = rng.multinomial(int(size), count[mine] / size, size=draws)
    return out / count
