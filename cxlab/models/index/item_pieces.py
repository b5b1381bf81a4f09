"""The items of a path model read in pieces, for large tables: sums of products by resampled unit, no row is held.

One scan finds who answered and how they are grouped, a second sums products.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from cxlab.data.codebook import Field
from cxlab.data.sample import check_weights, outside_note, weight_notes, within_scale
from cxlab.data.study import Study
from cxlab.models.drivers.column_counts import Labels
from cxlab.models.drivers.row_source import fits_a_byte, small_answers
from cxlab.stats.counts.batches import batches, keeps_order, local, numbers
from cxlab.stats.counts.covariances import as_unit_sums
from cxlab.stats.counts.group_products import GONE, GroupProducts

LARGE = 200_000
"""Tables of fewer rows are read as they are."""


@dataclass(frozen=True)
class Source:
    """Where the items come from. ``others`` : cluster, strata and group, as far as there are; the group is last."""

    frame: nw.LazyFrame
    fields: tuple[Field, ...]
    weight: str
    others: tuple[str, ...]
    by: str
    small: bool
    fill: np.ndarray | None = None
    """What stands for a missing answer, by item; None: respondents with a gap are left out."""

    def pieces(self) -> Iterator[tuple[np.ndarray, np.ndarray | None, list[pa.Array], np.ndarray]]:
        """Yield items (m, p) of the rows that count, NaN or `GONE` where there is no answer; weights, other columns
        and how many answers of each item are outside its scale."""
        named = {f"_x{i}": nw.col(f.name) for i, f in enumerate(self.fields)}
        named |= {f"_o{i}": nw.col(c) for i, c in enumerate(self.others)}
        named |= {"_w": nw.col(self.weight)} if self.weight else {}
        for read in batches(self.frame, named, ordered=True):
            column = dict(zip(named, read.columns, strict=True))
            w, keep = None, np.ones(read.num_rows, bool)
            if self.weight:
                w = np.asarray(numbers(column["_w"]), float)
                keep = np.isfinite(w) & (w > 0)
            z = np.empty((len(self.fields), int(keep.sum())), np.int8 if self.small else float)
            outside = np.zeros(len(z), int)
            for i, f in enumerate(self.fields):
                z[i], outside[i] = self._item(column[f"_x{i}"], f, slice(None) if keep.all() else keep)
            mine = [column[f"_o{i}"] for i in range(len(self.others))]
            if not keep.all():
                mine, w = [c.filter(pa.array(keep)) for c in mine], w[keep]
            if self.by:
                there = mine[-1].is_valid().to_numpy(zero_copy_only=False)
                if pa.types.is_floating(mine[-1].type):
                    there &= ~np.isnan(np.asarray(numbers(mine[-1]), float))
                mine = [c.filter(pa.array(there)) for c in mine]
                z, w = z[:, there], None if w is None else w[there]
            yield z.T, w, mine, outside

    def _item(self, column: pa.Array, field: Field, keep: np.ndarray | slice) -> tuple[np.ndarray, int]:
        if self.small:
            return small_answers(column, field, keep)
        x, outside = within_scale(np.asarray(numbers(column), float)[keep], field)
        return (field.scale.minimum + field.scale.maximum - x if field.scale.best == "low" else x), outside

    def kept(self, z: np.ndarray) -> np.ndarray:
        """Whether a row counts: without a gap, or where gaps are filled with any answer."""
        there = answered(z)
        return there.all(axis=1) if self.fill is None else there.any(axis=1)

    def sums(self, unit: np.ndarray, units: int, group: np.ndarray | None, many: int) -> np.ndarray:
        """Return `covariances.grouped_sums` of each of ``many`` groups, (many, units, k)."""
        p, at = len(self.fields), 0
        totals = [GroupProducts(units, p) for _ in range(many)]
        for z, w, _, _ in self.pieces():
            keep = self.kept(z)
            z, w = z[keep], None if w is None else w[keep]
            if self.fill is not None:
                z = np.where(answered(z), z, self.fill)
            mine = slice(at, at + len(z))
            at += len(z)
            for g in [0] if group is None else np.unique(group[mine]):
                some = slice(None) if group is None else group[mine] == g
                if g >= 0:
                    totals[g].add(z[some], None if w is None else w[some], unit[mine][some])
        return np.stack([as_unit_sums(t.moments(), p, units) for t in totals])


def answered(z: np.ndarray) -> np.ndarray:
    return z != GONE if z.dtype == np.int8 else ~np.isnan(z)


def source(study: Study, items: tuple[str, ...], by: str) -> Source | None:
    """Return where to read the items of a large table from; None where rows are few, elsewhere or in words."""
    d, frame = study.design, study.frame
    if not local(frame) or not keeps_order(study.lazy):
        return None
    schema = frame.collect_schema()
    if not all(c in schema and (schema[c].is_numeric() or schema[c] == nw.Boolean) for c in items):
        return None
    if int(frame.select(nw.len().alias("n")).collect().to_pandas()["n"].iloc[0]) < LARGE:
        return None
    fields = tuple(study.field(i) for i in items)
    small = all(fits_a_byte(schema[f.name], f) for f in fields)
    others = tuple(c for c in (d.cluster, d.strata, by) if c)
    wanted = dict.fromkeys([*items, *others, *((d.weight,) if d.weight else ())])
    return Source(frame.select(*wanted), fields, d.weight or "", others, by, small)


@dataclass(frozen=True)
class Read:
    """What the first scan found: rows that count and those of them that are kept, least and largest answer by item,
    codes of cluster, stratum and group with the labels of the last two, the source for the second, and notes."""

    source: Source
    rows: int
    n: int
    least: np.ndarray
    most: np.ndarray
    codes: dict[str, tuple[np.ndarray, pd.Index]]
    filled: int
    notes: tuple[str, ...]


def first_scan(study: Study, source: Source, *, fill: bool) -> Read:
    """Read all items once. ``fill`` : respondents with some answers are kept, gaps get the item's mean."""
    d, p = study.design, len(source.fields)
    if d.weight:
        check_weights(study)
    mode = replace(source, fill=np.zeros(p) if fill else None)
    rows, n, filled = 0, 0, 0
    outside, total, seen = np.zeros(p, int), np.zeros(p), np.zeros(p)
    least, most = np.full(p, np.inf), np.full(p, -np.inf)
    others = [Labels() for _ in source.others]
    for z, _, more, wrong in mode.pieces():
        keep = mode.kept(z)
        outside += wrong
        rows, n = rows + len(z), n + int(keep.sum())
        z = z[keep]
        there = answered(z)
        filled += int((~there).sum())
        seen += there.sum(axis=0)
        total += np.where(there, z, 0).sum(axis=0, dtype=float)
        if len(z):
            least = np.minimum(least, np.where(there, z, np.inf).min(axis=0))
            most = np.maximum(most, np.where(there, z, -np.inf).max(axis=0))
        for held, column in zip(others, more, strict=True):
            held.add(column if keep.all() else column.filter(pa.array(keep)))
    names = [k for k, c in (("cluster", d.cluster), ("strata", d.strata), ("group", source.by)) if c]
    codes = {k: held.factorized() for k, held in zip(names, others, strict=True)}
    notes = [*(weight_notes(study) if d.weight else ())]
    notes += [outside_note(f.name, k) for f, k in zip(source.fields, outside, strict=True) if k]
    means = total / np.maximum(seen, 1)
    ready = replace(source, fill=means if fill and filled else None)
    return Read(ready, rows, n, least, most, codes, filled, tuple(notes))
