"""Counts of many questions by many groupings in one scan: what a book of banner tables is made of.

Each row of the data is a code of every question and the number of its *pattern*, the combination of the grouping
columns. A question takes one count of (code, pattern) a piece of rows, however many columns the banner has: columns
of a banner, nested, overlapping or pooled, are sums over patterns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cxlab.stats.counts.batches import batches, local, numbers
from cxlab.stats.counts.coders import Coder
from cxlab.stats.counts.fetched import fetched

LEVELS = 2000
"""So many values of a question are told apart."""
SPACE = 1500
"""Groupings are counted together while their combinations are no more than about this."""


@dataclass
class Space:
    """Patterns of some grouping columns: ``keys`` (P, columns) holds the code of each column in each pattern."""

    columns: tuple[str, ...]
    found: dict[tuple[int, ...], int] = field(default_factory=dict)

    @property
    def keys(self) -> NDArray[np.int64]:
        return np.array(list(self.found), np.int64).reshape(len(self.found), len(self.columns))

    def numbered(self, codes: Sequence[NDArray[np.int64]], sizes: Sequence[int], n: int) -> NDArray[np.int64]:
        """Return the number of the pattern of each row of a piece."""
        joint, total = np.zeros(n, np.int64), 1
        for code, size in zip(codes, sizes, strict=True):
            joint, total = joint * size + code, total * size
        if total <= 1 << 20:
            there = np.flatnonzero(np.bincount(joint, minlength=total))
            at = np.zeros(total, np.int64)
        else:
            there, at = np.unique(joint, return_inverse=True)
        keys, rest = [], there
        for size in reversed(sizes):
            rest, code = np.divmod(rest, size)
            keys.append(code)
        rows = zip(*(k.tolist() for k in reversed(keys)), strict=True) if keys else [()] * len(there)
        number = np.array([self.found.setdefault(key, len(self.found)) for key in rows], np.int64)
        if total <= 1 << 20:
            at[there] = number
            return at[joint]
        return number[at]


@dataclass
class Rows:
    """One entry a row, where clusters need more than counts: cluster, weight, pattern in each space, codes."""

    cluster: NDArray[np.int64]
    weight: NDArray
    pattern: list[NDArray[np.int64]]
    codes: dict[str, NDArray]


@dataclass
class CrossCounts:
    """What `cross_counts` found.

    ``questions`` : values of each question by code (0: none); None where they are too many. ``groupings`` : the same of
    the grouping columns. ``spaces`` : the patterns. ``sums`` : by question and space (3, codes, P): rows, weights,
    squared weights. ``rows`` : the rows themselves, if there are clusters. ``n`` : rows that count.
    """

    questions: dict[str, list | None]
    groupings: dict[str, list]
    spaces: list[Space]
    sums: dict[tuple[str, int], NDArray]
    rows: Rows | None
    n: int


class _Sum:
    """An array (3, P, codes) that grows."""

    def __init__(self, weighted: bool) -> None:
        self.array, self.weighted = np.zeros((3 if weighted else 1, 0, 0)), weighted

    def add(self, code: NDArray, pattern: _Patterns, size: tuple[int, int], w: NDArray | None) -> None:
        codes, patterns = size
        if codes > self.array.shape[2] or patterns > self.array.shape[1]:
            old = self.array
            wide = max(1 << (codes - 1).bit_length(), old.shape[2])
            new = np.zeros((len(old), max(patterns * 5 // 4, old.shape[1]), wide))
            new[:, : old.shape[1], : old.shape[2]] = old
            self.array = new
        wide = self.array.shape[2]
        key, total = pattern.spread(wide) + code, self.array.shape[1] * wide
        self.array[0] += np.bincount(key, minlength=total).reshape(-1, wide)
        if w is not None:
            self.array[1] += np.bincount(key, w, total).reshape(-1, wide)
            self.array[2] += np.bincount(key, w * w, total).reshape(-1, wide)

    def done(self, codes: int, patterns: int) -> NDArray:
        out = np.zeros((3, codes, patterns))
        have = self.array[:, :patterns, :codes]
        out[:, : have.shape[2], : have.shape[1]] = have.transpose(0, 2, 1)
        return out


class _Patterns:
    """The pattern of each row of a piece, and where the counts of its answers begin."""

    def __init__(self, number: NDArray[np.int64]) -> None:
        self.number, self.starts = number, {}

    def spread(self, wide: int) -> NDArray[np.int64]:
        """Return the first of the ``wide`` cells of each row's pattern; questions of as many answers share it."""
        if wide not in self.starts:
            self.starts[wide] = self.number * wide
        return self.starts[wide]


def spaces_of(groupings: Sequence[Sequence[str]], sizes: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return which columns are counted together: as many groupings as have few combinations.

    >>> spaces_of([["a"], ["b"], ["c"]], {"a": 40, "b": 30, "c": 50})
    [('a', 'b'), ('c',)]
    """
    out: list[list[str]] = []
    for columns in groupings:
        for space in out:
            both = list(dict.fromkeys([*space, *columns]))
            if float(np.prod([float(sizes.get(c, 1)) + 1 for c in both])) <= SPACE:
                space[:] = both
                break
        else:
            out.append(list(dict.fromkeys(columns)))
    return [tuple(s) for s in out]


def cross_counts(
    frame: nw.LazyFrame,
    questions: Mapping[str, nw.Expr],
    groupings: Mapping[str, nw.Expr],
    spaces: Sequence[Sequence[str]],
    *,
    weight: nw.Expr | None = None,
    cluster: nw.Expr | None = None,
) -> CrossCounts:
    """Count every question by the combinations of the grouping columns, in one scan.

    Parameters
    ----------
    frame : lazy frame with one row an answer sheet; a table of another engine than this process is fetched first, the
        columns used and no more.
    questions, groupings : expressions by name.
    spaces : which grouping columns are counted together (`spaces_of`).
    weight : positive weights; rows where it is missing do not count. None for 1 each.
    cluster : the rows are kept besides, for the totals of clusters.

    Examples
    --------
    >>> import pandas as pd
    >>> table = nw.from_native(pd.DataFrame({"q": [1, 2, 2], "g": ["a", "b", "b"]})).lazy()
    >>> found = cross_counts(table, {"q": nw.col("q")}, {"g": nw.col("g")}, [("g",)])
    >>> found.questions["q"], found.groupings["g"], found.sums["q", 0][0].tolist()
    ([None, 1, 2], [None, 'a', 'b'], [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    """
    named = [*(("q", k, e) for k, e in questions.items()), *(("g", k, e) for k, e in groupings.items())]
    asked = {f"_{i}": e for i, (_, _, e) in enumerate(named)} or {"_": nw.lit(1.0)}
    asked |= {"_w": weight} if weight is not None else {}
    asked |= {"_c": cluster} if cluster is not None else {}
    if not local(frame):
        table = fetched(frame.select(*(e.alias(k) for k, e in asked.items())), "the table", to="pyarrow")
        frame, asked = table.lazy(), {k: nw.col(k) for k in asked}
    work = _Work(list(questions), list(groupings), [Space(tuple(s)) for s in spaces], weight is not None)
    for piece in batches(frame, asked):
        work.add(piece, cluster is not None)
    return work.done()


class _Work:
    """The counts of the pieces read so far."""

    def __init__(self, questions: list[str], groupings: list[str], spaces: list[Space], weighted: bool) -> None:
        self.coders = {q: Coder(LEVELS) for q in questions}
        self.groups = {g: Coder() for g in groupings}
        self.spaces, self.weighted, self.n = spaces, weighted, 0
        self.sums = {(q, k): _Sum(weighted) for q in questions for k in range(len(spaces))}
        self.clusters, self.kept = Coder(), []

    def add(self, piece: pa.RecordBatch | pa.Table, keep: bool) -> None:
        w, used = None, None
        if self.weighted:
            w = numbers(piece.column(piece.schema.get_field_index("_w"))).astype(float)
            used = np.isfinite(w)
            if used.all():
                used = None
            else:
                w = w[used]
        cut = lambda x: x if used is None else x[used]  # noqa: E731
        n = piece.num_rows if used is None else int(used.sum())
        self.n += n
        first = len(self.coders)
        groups = {g: cut(c.codes(piece.column(first + i))) for i, (g, c) in enumerate(self.groups.items())}
        patterns = [
            s.numbered([groups[c] for c in s.columns], [len(self.groups[c].values) for c in s.columns], n)
            for s in self.spaces
        ]
        starts, codes = [_Patterns(p) for p in patterns], {}
        for i, (q, coder) in enumerate(self.coders.items()):
            if coder.full:
                continue
            code = cut(coder.codes(piece.column(i)))
            for k, space in enumerate(self.spaces if not coder.full else ()):
                self.sums[q, k].add(code, starts[k], (len(coder.values), len(space.found)), w)
            if keep:
                codes[q] = code.astype(np.int16)
        if keep:
            cluster = cut(self.clusters.codes(piece.column(piece.schema.get_field_index("_c"))))
            self.kept.append(Rows(cluster, np.ones(n) if w is None else w, patterns, codes))

    def done(self) -> CrossCounts:
        found = {q: None if c.full else c.values for q, c in self.coders.items()}
        sums = {(q, k): s.done(len(found[q]), len(self.spaces[k].found)) for (q, k), s in self.sums.items() if found[q]}
        for array in () if self.weighted else sums.values():
            array[1] = array[2] = array[0]
        groups = {g: c.values for g, c in self.groups.items()}
        return CrossCounts(found, groups, self.spaces, sums, self._rows(found), self.n)

    def _rows(self, found: Mapping[str, list | None]) -> Rows | None:
        if not self.kept:
            return None
        put = lambda parts: np.concatenate(list(parts))  # noqa: E731
        return Rows(
            put(r.cluster for r in self.kept),
            put(r.weight for r in self.kept),
            [put(r.pattern[k] for r in self.kept) for k in range(len(self.spaces))],
            {q: put(r.codes[q] for r in self.kept) for q, values in found.items() if values},
        )
