"""Few words as two bytes a row: DuckDB brings a part of their hash, which a table turns into words here.

Words themselves would be written out for every row and looked up again.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MOST = 4096
"""Of more different words, the words themselves are read."""
FIRST = 100_000
"""Of fewer rows, the words are read; and more than `MOST` words in so many tell that there are too many."""
SHIFTS = 48
"""Parts of a hash of 64 bits that are tried for one that differs between all words."""


class Unseen(Exception):
    """A word that was not there when words were looked for: rows that differ from scan to scan."""


class Words:
    """The words of one column by a part of their hash, and the number of each: 0 where it is missing."""

    def __init__(self, words: pa.Array, part: NDArray) -> None:
        there = words.is_valid().to_numpy(zero_copy_only=False)
        self.words = words.filter(pa.array(there))
        self.turn = np.full(1 << 16, -1, np.int16)
        self.turn[part[there]] = np.arange(1, len(self.words) + 1)
        self.turn[part[~there]] = 0

    def numbers(self, part: NDArray) -> NDArray:
        """Return the number of the word of each row, from 1."""
        found = self.turn[part]
        if len(found) and found.min() < 0:
            raise Unseen
        return found.astype(np.uint8 if len(self.words) < 255 else np.uint16)


def hashed(frame: nw.LazyFrame, columns: Sequence[str]) -> tuple[nw.LazyFrame, dict[str, Words]]:
    """Return a DuckDB frame whose columns of few words are parts of their hashes, and what these stand for.

    Other columns and frames stay as they are.
    """
    schema = frame.collect_schema()
    texts = [c for c in columns if schema[c] == nw.String]
    if not texts or not frame.implementation.is_duckdb():
        return frame, {}
    rows = nw.to_native(frame)
    found = {c: words for c in texts if (words := _words(rows, c)) is not None}
    if not found:
        return frame, {}
    shown = [_part(c, found[c][1]) if c in found else _quoted(c) for c in schema.names()]
    return nw.from_native(rows.project(", ".join(shown))).lazy(), {c: words for c, (words, _) in found.items()}


def _words(rows: duckdb.DuckDBPyRelation, column: str) -> tuple[Words, int] | None:
    """The words of a column, and how far hashes are shifted for a part that differs; None where there is none."""
    name = _quoted(column)
    asked = f"select count(*), count(distinct {name}) from (select {name} from rows limit {FIRST})"
    many, different = rows.query("rows", asked).fetchall()[0]
    if many < FIRST or different > MOST:
        return None
    found = rows.query("rows", f"select w, hash(w) h from (select distinct {name} w from rows)").to_arrow_table()
    if not 0 < len(found) <= MOST:
        return None
    words, whole = found["w"].combine_chunks(), found["h"].to_numpy()
    for shift in range(SHIFTS + 1):
        part = (whole >> np.uint64(shift)) & np.uint64(0xFFFF)
        if len(np.unique(part)) == len(part):
            return Words(words, part.astype(np.int64)), shift
    return None


def _part(column: str, shift: int) -> str:
    return f"((hash({_quoted(column)}) >> {shift}) & 65535)::usmallint as {_quoted(column)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
