"""The rows of a dose and an outcome in few bytes each, for large tables whose doses hardly repeat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cxlab.data.codebook import Field
from cxlab.data.sample import check_weights, outside_note, sample, weight_notes, within_scale
from cxlab.data.study import Study
from cxlab.models.drivers.column_counts import Labels
from cxlab.models.drivers.row_source import fits_a_byte
from cxlab.stats.counts.batches import batches, local, numbers
from cxlab.stats.counts.blocks import Blocks
from cxlab.stats.counts.patterns import hardly_repeat

SIZE = 1 << 20
"""Rows that are turned at a time."""
LARGE = 200_000
"""Tables of fewer rows are read as distinct patterns."""


@dataclass(frozen=True)
class Doses:
    """Doses ``x`` and answers ``y``, one row a pattern of ``n`` answers of weight ``w`` in one ``cluster`` (None: there
    are none); ``missing`` rows have a dose and no answer. Rows of a cluster stand together if they were read in pieces.
    """

    x: NDArray
    y: NDArray
    n: NDArray
    w: NDArray
    cluster: NDArray | None
    missing: int
    notes: tuple[str, ...]


def doses(study: Study, x_name: str, y_name: str) -> Doses:
    """Return the answers with a dose: distinct patterns, or the rows where these hardly repeat."""
    d, frame = study.design, study.frame
    named = {"x": nw.col(x_name), "y": nw.col(y_name)}
    named |= {k: nw.col(c) for k, c in (("w", d.weight), ("c", d.cluster), ("h", d.strata)) if c}
    schema = frame.collect_schema()
    known = all(schema[c].is_numeric() or schema[c] == nw.Boolean for c in (x_name, y_name))
    if known and local(frame) and hardly_repeat(frame, named, limit=LARGE):
        return _in_pieces(study, named, (study.field(x_name), study.field(y_name)))
    found = sample(study, [x_name, y_name], patterns=True)
    found = found.keep(np.isfinite(found.answers[x_name]))
    there = np.isfinite(found.answers[y_name])
    missing, found = int(found.n[~there].sum()), found.keep(there)
    return Doses(found.answers[x_name], found.answers[y_name], found.n, found.w, found.cluster, missing, found.notes)


def _in_pieces(study: Study, named: dict[str, nw.Expr], fields: tuple[Field, Field]) -> Doses:
    if study.design.weight:
        check_weights(study)
    held = {k: Blocks() for k in "xyw" if k in named}
    keys = {k: Labels() for k in "ch" if k in named and "c" in named}
    outside, missing = [0, 0], 0
    small = fits_a_byte(study.frame.collect_schema()[fields[1].name], fields[1])
    for read in batches(study.frame, named):
        column = dict(zip(named, read.columns, strict=True))
        w = np.asarray(numbers(column["w"]), float) if "w" in column else None
        kept = None if w is None or (np.isfinite(w) & (w > 0)).all() else np.isfinite(w) & (w > 0)
        (x, a), (y, b) = (_answers(column[k], f, kept) for k, f in zip("xy", fields, strict=True))
        outside = [outside[0] + a, outside[1] + b]
        there = np.isfinite(x) & np.isfinite(y)
        missing += int((np.isfinite(x) & ~np.isfinite(y)).sum())
        held["x"].add(x[there])
        held["y"].add(y[there].astype(np.int8) if small else y[there])
        if w is not None:
            held["w"].add((w if kept is None else w[kept])[there])
        for k, labels in keys.items():
            own = column[k] if kept is None else column[k].filter(pa.array(kept))
            labels.add(own if there.all() else own.filter(pa.array(there)))
    notes = weight_notes(study) if study.design.weight else ()
    notes = (*notes, *(outside_note(f.name, k) for f, k in zip(fields, outside, strict=True) if k))
    cluster = _clusters(keys) if keys else None
    order = None if cluster is None else _sort(cluster)
    columns = {}
    for k in list(held):
        columns[k] = held.pop(k).whole()
        columns[k] = columns[k] if order is None else columns[k][order]
    one = np.broadcast_to(1.0, len(columns["x"]))  # ones that need no memory
    return Doses(columns["x"], columns["y"], one, columns.get("w", one), cluster, missing, notes)


def _answers(column: pa.Array, field: Field, kept: NDArray | None) -> tuple[NDArray, int]:
    x = np.asarray(numbers(column), float)
    return within_scale(x if kept is None else x[kept], field)


def _clusters(keys: dict[str, Labels]) -> NDArray:
    """Codes of the clusters; numbers that start anew in every stratum are different clusters."""
    code = keys["c"].factorized()[0]
    if "h" not in keys:
        return code
    own, labels = keys["h"].factorized()
    own = own.astype(np.min_scalar_type(len(labels)))
    stratum_of = np.zeros(int(code.max(initial=0)) + 1, own.dtype)
    stratum_of[code] = own
    if len(labels) < 2 or all((stratum_of[code[p]] == own[p]).all() for p in _parts(len(code))):
        return code
    return np.unique(code.astype(np.int64) * len(labels) + own, return_inverse=True)[1].astype(np.int32)


def _parts(n: int) -> Iterator[slice]:
    return (slice(i, i + SIZE) for i in range(0, n, SIZE))


def _sort(cluster: NDArray) -> NDArray:
    """Sort codes of clusters in place, and return their order: a number that says both sorts fast."""
    n = len(cluster)
    bits = max(n - 1, 1).bit_length()
    key = np.empty(n, np.int64)
    for p in _parts(n):
        key[p] = cluster[p]
        key[p] <<= bits
        key[p] |= np.arange(p.start, min(p.stop, n))
    key.sort()
    order = np.empty(n, np.int32 if n < 2**31 else np.int64)
    for p in _parts(n):
        order[p] = key[p] & ((1 << bits) - 1)
        cluster[p] = key[p] >> bits
    return order
