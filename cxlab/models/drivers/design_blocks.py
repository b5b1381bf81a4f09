"""Columns of a design made of the answers to each driver: what a regression on contrasts, steps or moves multiplies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cxlab.stats.counts.group_products import GONE, LEVELS

Block = Callable[[np.ndarray], np.ndarray]
"""Turns answers (m,), NaN where there is none, into columns (m, k)."""


class Designed:
    """The design [1, block of each driver, across, outcome], from answers of floats or of one byte.

    Answers of one byte have few values: each block is worked out once for all of them and looked up.

    Parameters
    ----------
    blocks : one a driver. ``outcome`` : of the outcome. ``across`` : of all drivers (m, K), for what looks at several.
    small : whether answers have one byte.
    """

    def __init__(self, blocks: Sequence[Block], outcome: Block, across: Block | None, *, small: bool) -> None:
        self.blocks, self.across, self.small = [*blocks, outcome], across, small
        known = np.where(LEVELS == GONE, np.nan, LEVELS)
        self.tables = [np.roll(as_columns(b(known)), 128, axis=0) for b in self.blocks]
        extra = 0 if across is None else as_columns(across(np.ones((1, len(blocks))))).shape[1]
        self.widths = [1, *(t.shape[1] for t in self.tables[:-1]), extra, self.tables[-1].shape[1]]
        self.width = sum(self.widths)
        self.kind: type = float
        if small and across is None and all(_whole(t) for t in self.tables):
            self.kind = np.int8
            self.tables = [t.astype(np.int8) for t in self.tables]

    def columns(self, z: np.ndarray) -> np.ndarray:
        """Return the design of rows (m, K + 1), the outcome last."""
        out = np.empty((len(z), self.width), self.kind)
        out[:, 0] = 1
        ends = np.cumsum(self.widths)
        last = len(self.blocks) - 1
        for j, block in enumerate(self.blocks):
            to = slice(ends[j], ends[j + 1]) if j < last else slice(ends[-2], ends[-1])
            x = z[:, j]
            out[:, to] = self.tables[j][np.ascontiguousarray(x).view(np.uint8)] if self.small else as_columns(block(x))
        if self.across is not None:
            X = z[:, :-1]
            X = np.where(X == GONE, np.nan, X.astype(float)) if self.small else X
            out[:, ends[-3] : ends[-2]] = as_columns(self.across(X))
        return out


def as_columns(x: np.ndarray) -> np.ndarray:
    """Return one column or several as (m, k)."""
    return x[:, None] if x.ndim == 1 else x


def _whole(table: np.ndarray) -> bool:
    return bool((np.abs(table) <= 100).all() and (table == np.round(table)).all())


def answered_blocks(drivers: int) -> tuple[list[Block], Block]:
    """Return the blocks of each driver's answer (0 where there is none) and of not answered, and of the outcome.

    >>> answered_blocks(1)[0][0](np.array([3.0, np.nan])).tolist()
    [[3.0, 0.0], [0.0, 1.0]]
    """
    block = lambda x: np.column_stack([np.nan_to_num(x), np.isnan(x)])  # noqa: E731
    return [block] * drivers, np.nan_to_num


def filled_in(mean: np.ndarray, missing: np.ndarray, *, extra: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return what turns [1, `answered_blocks`, extra columns, outcome] into a regression, and where its drivers stand.

    The mean stands where there is no answer, and a column "not answered" beside each driver that some did not answer.

    Parameters
    ----------
    mean : (K,) of those who answered. ``missing`` : (K,) whether some did not.
    """
    k = 2 + 2 * len(mean) + extra
    change, columns, lead = np.eye(k), [0], []
    for j, (centre, some) in enumerate(zip(mean, missing, strict=True)):
        change[2 + 2 * j, 1 + 2 * j] = centre
        lead.append(len(columns))
        columns += [1 + 2 * j, 2 + 2 * j] if some else [1 + 2 * j]
    return change[:, [*columns, *range(k - 1 - extra, k)]], np.array(lead)
