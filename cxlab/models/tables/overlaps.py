"""Columns of different groupings that lie in each other: what their difference would tell of a few people.

A NET beside its parts, or two ways to cut the same ages, share respondents: "18 to 35" less "18 to 34" is everybody of
35. Where the columns of a grouping that lie in a column of another leave few of it, one of them is not shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from cxlab.data import small_cells
from cxlab.models.tables import banner_columns
from cxlab.models.tables.banner_columns import TOTAL, Banner
from cxlab.problem import DataProblem
from cxlab.stats.counts.small_sums import small_sums

if TYPE_CHECKING:
    from cxlab.models.tables.crosstab import Scan

LOOKED_AT = 4_000
"""Rows that refute most columns that might lie in each other, where not all groupings were counted together."""
MOST = 3000
"""Cells of people that related banners may have to be searched for sums of many columns."""


@dataclass
class Overlaps:
    """Which columns of all banners lie in which others; ``banners``: those of a table, the total as the first.

    ``shared`` : (K, K) rows in both of two columns, of all rows or of the first. ``exact`` : (B, B) whether of
    all. ``home`` : (K,) the banner of a column.
    """

    scan: Scan
    banners: Sequence[Banner]
    shared: NDArray = field(init=False)
    exact: NDArray[np.bool_] = field(init=False)
    home: NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        self.home = np.repeat(np.arange(len(self.banners)), [len(b.labels) for b in self.banners])
        one = len(self.scan.found.spaces) == 1
        self.shared = _shared(
            self.scan if one else self.scan.together(self.scan.groupings, first=LOOKED_AT), self.banners
        )
        self.exact = np.full((len(self.banners), len(self.banners)), one)

    @cached_property
    def apart(self) -> NDArray[np.bool_]:
        """The banners with each respondent in one column, whose columns may be added up."""
        return np.array([b.apart for b in self.banners])

    def hidden(self, n: NDArray, hide: NDArray[np.bool_], small: int) -> NDArray[np.bool_]:
        """Return which columns are not shown.

        Parameters
        ----------
        n, hide : (R, K) answers of the lines of a table in all columns, and what is hidden for other reasons.
        small : least number of answers.
        """
        both, line = np.unique(np.hstack([n, hide]), axis=0, return_inverse=True)
        width = n.shape[1]
        found = [self._hidden(row[:width], row[width:].astype(bool), small) for row in both]
        return np.stack(found)[line.reshape(-1)]

    def _hidden(self, n: NDArray, out: NDArray[np.bool_], small: int) -> NDArray[np.bool_]:
        while (told := self._told(n, ~out, small)) is not None or (told := self._sum(n, ~out, small)) is not None:
            out[told] = True
            for g, banner in enumerate(self.banners):
                at = np.flatnonzero(self.home == g)
                for group in banner.groups() if banner.apart and len(at) > 1 else []:
                    small_cells.second(n, out, at[group], small)
        return out

    def _told(self, n: NDArray, seen: NDArray[np.bool_], small: int) -> int | None:
        """The smallest of the columns whose difference would tell a few people; None where there are none."""
        for j, g in self._suspects(n, seen, small):
            self._count(g, int(self.home[j]))
            there = np.flatnonzero(self._inside()[:, j] & (self.home == g) & seen)
            for parts in [there] if self.apart[g] else there[:, None]:
                rest = np.setdiff1d(np.flatnonzero(self.home == g), parts)
                named = not self.apart[g] or self.shared[rest, j].any()
                if len(parts) and named and 0 < n[j] - n[parts].sum() < small:
                    total = self.banners[self.home[j]].labels == (TOTAL,)
                    return int(min(parts if total else (*parts, j), key=n.__getitem__))
        return None

    def _sum(self, n: NDArray, seen: NDArray[np.bool_], small: int) -> int | None:
        """The smallest column of a longer sum that is about a few people; None where none is found."""
        for of, sizes in self._related:
            shown = np.flatnonzero(seen & of.any(axis=1))
            for weights, about in small_sums(of[shown], sizes, small):
                used = shown[(weights != 0) & (self.home[shown] > 0)]
                nobody = (about >= 0).all() and not np.round(weights @ n[shown], 6)
                if len(used) and not nobody:
                    return int(min(used, key=n.__getitem__))
        return None

    @cached_property
    def _related(self) -> list[tuple[NDArray, NDArray]]:
        """Banners, two or more, of which a column of one lies in a column of another, as the cells of the people.

        Of each such set (K, cells) whether a cell is in a column, and the people in it; sets of very many cells are
        held pair by pair only (`_told`).
        """
        pairs = np.zeros(self.exact.shape)
        for a, b in itertools.combinations(range(1, len(self.banners)), 2):
            some = lambda a=a, b=b: self._inside()[np.ix_(self.home == a, self.home == b)].any()  # noqa: E731
            if some() or some(b, a):
                self._count(a, b)
                pairs[a, b] = some() or some(b, a)
        _, of = connected_components(pairs, directed=False)
        sets = [np.flatnonzero(of == k) for k in range(of.max() + 1)]
        found = [self._cells(some.tolist()) for some in sets if len(some) > 1]
        return [x for x in found if x[0].shape[1] <= MOST]

    def _cells(self, banners: Sequence[int]) -> tuple[NDArray, NDArray]:
        """The combinations of columns that people have in some banners and the total, and how many people have each."""
        chosen = [self.banners[k] for k in (0, *banners)]
        scan = self.scan if len(self.scan.found.spaces) == 1 else self.scan.together([b.names for b in chosen[1:]])
        rows, own = _rows(scan), np.hstack([_members(scan, b) for b in chosen])
        cells, at = np.unique(own[rows > 0], axis=0, return_inverse=True)
        out = np.zeros((len(self.home), len(cells)))
        out[np.isin(self.home, (0, *banners))] = cells.T
        return out, np.bincount(at.reshape(-1), rows[rows > 0])

    def _suspects(self, n: NDArray, seen: NDArray[np.bool_], small: int) -> list[tuple[int, int]]:
        """Each column of which the shown parts in a banner may leave few people, and that banner."""
        inside = self._inside() & seen[:, None] & seen & (n[:, None] > 0)
        out = []
        for g, apart in enumerate(self.apart):
            sizes = (inside * n[:, None])[self.home == g]
            left = n - (sizes.sum(axis=0) if apart else sizes.max(axis=0))
            open_ = (sizes > 0).any(axis=0) & ((self.home > 0) | ~apart)  # a line and its total: `small_cells.hidden`
            out += [(j, g) for j in np.flatnonzero((left < small) & open_).tolist()]
        return out

    def _inside(self) -> NDArray[np.bool_]:
        """Whether each column (row) lies in each other one that it does not exclude."""
        own = (self.home[:, None] == self.home) & self.apart[self.home]
        out = (self.shared == np.diag(self.shared)[:, None]) & ~own
        np.fill_diagonal(out, False)
        return out

    def _count(self, a: int, b: int) -> None:
        """Make what two banners share that of all rows."""
        if self.exact[a, b]:
            return
        pair = sorted({a, b})
        banners = [self.banners[k] for k in pair]
        at = np.flatnonzero(np.isin(self.home, pair))
        self.shared[np.ix_(at, at)] = _shared(self.scan.together([x.names for x in banners]), banners)
        self.exact[np.ix_(pair, pair)] = True


def _shared(scan: Scan, banners: Sequence[Banner]) -> NDArray:
    """How many rows are in both of two columns, of groupings that were counted together."""
    both = np.hstack([_members(scan, b) for b in banners])
    return both.T @ (_rows(scan)[:, None] * both)


def _rows(scan: Scan) -> NDArray:
    """How many rows each pattern of the one space has."""
    counted = next(q for q, values in scan.found.questions.items() if values is not None)
    return scan.found.sums[counted, 0][0].sum(axis=0)


def _members(scan: Scan, banner: Banner) -> NDArray:
    """The columns that each pattern of the space is in, as a banner has them."""
    keys, place = scan.patterns(banner.names)
    if banner.labels == (TOTAL,):
        return np.ones((len(place), 1))
    try:
        own = banner_columns.banner(scan.study, banner.names, scan.found, keys, 0)
    except DataProblem:  # none of these rows is in any of its columns
        return np.zeros((len(place), len(banner.labels)))
    there = {c: k for k, c in enumerate(zip(own.outer, own.labels, strict=True))}
    at = [there.get(c, -1) for c in zip(banner.outer, banner.labels, strict=True)]
    return np.hstack([own.members, np.zeros((len(keys), 1))])[place][:, at]
