"""A ladder of prices of which everybody saw a part: what the answers given say of the prices that were not shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WHOLE = 0.95
"""Share of persons whose answers must follow at every price: then the ladder stopped where the answer was known."""
FEWER = 0.8
"""Of the answers at the price that most saw: fewer at another, and it is said."""


def implied(person: NDArray, at: NDArray, yes: NDArray, prices: int) -> tuple[NDArray, NDArray, NDArray]:
    """Return persons, prices and answers that were not asked and follow: who refuses a price refuses a dearer one.

    Nothing follows unless it does at every price of nearly all persons: where prices were left out at random, those
    whose answers happen to follow are no sample of all.

    Parameters
    ----------
    person : (rows,) codes from 0. ``at`` : (rows,) numbers of the prices, rising. ``yes`` : (rows,) 1 who would buy.
    prices : how many there are.

    Examples
    --------
    >>> who, at, yes = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 2]), np.array([1, 0, 1, 1, 0])
    >>> [v.tolist() for v in implied(who, at, yes, 3)]  # the first one stopped at the second of three prices
    [[0], [2], [0.0]]
    """
    took, left = (np.zeros((person.max() + 1, prices), bool) for _ in range(2))
    took[person[yes > 0], at[yes > 0]] = True
    left[person[yes == 0], at[yes == 0]] = True
    gap = ~(took | left)
    dearer = np.flip(np.logical_or.accumulate(np.flip(took, 1), axis=1), 1)
    cheaper = np.logical_or.accumulate(left, axis=1)
    follows = gap & (dearer != cheaper)
    if not gap.any() or (~gap | follows).all(axis=1).mean() < WHOLE:
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    who, where = np.nonzero(follows)
    return who, where, dearer[who, where].astype(float)


def fill(
    held: NDArray, person: NDArray | None, at: NDArray, yes: NDArray, w: NDArray, unit: NDArray
) -> NDArray:  # fmt: skip
    """Add the answers that follow to the sums of units; returns how many there are by price.

    Parameters
    ----------
    held : (units, 2, prices) weighted answers and those who would buy: changed in place.
    person : (rows,) whose row it is; None: nothing follows. ``at, yes, w, unit`` : (rows,) price, answer, weight, unit.
    """
    if person is None:
        return np.zeros(held.shape[2], int)
    _, first, who = np.unique(person, return_index=True, return_inverse=True)
    owner, place, takes = implied(who, at, yes, held.shape[2])
    row = first[owner]
    np.add.at(held, (unit[row], 0, place), w[row])
    np.add.at(held, (unit[row], 1, place), w[row] * takes)
    return np.bincount(place, minlength=held.shape[2])


def said_of_parts(grid: NDArray, size: NDArray, filled: int) -> list[str]:
    """Return what is to be said where not everybody saw every price."""
    if filled:
        return [f"{filled:,} answers to prices that were not shown follow from those given: who refuses one refuses a "
                "dearer one"]  # fmt: skip
    few, many = int(size.argmin()), int(size.argmax())
    if size[few] >= FEWER * size[many]:
        return []
    return [f"{size[many]:,} saw {grid[many]:g} and {size[few]:,} saw {grid[few]:g}: if it depended on an answer to "
            "another price, the shares are not those of all: name person="]  # fmt: skip
