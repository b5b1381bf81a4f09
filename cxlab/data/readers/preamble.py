"""Lines above the header that tell of the table, as a title or the day of the export: found by the rows below them."""

from __future__ import annotations

from collections.abc import Sequence

from cxlab.data.masking import quotable
from cxlab.data.readers.raw import number

MOST = 15
"""So many lines may stand above the header."""

TOLD = 2
"""So many values a line of them may hold: a title, or what it is and its value."""


def lines(rows: Sequence[Sequence[str]]) -> int:
    """Return how many of the first rows are no part of the table: the header begins with the next one.

    They hold at most two values and at most half as many as the header, and the first holds one or is no wider than
    what it holds: 'name,score,,' is a header whose other columns have no name. The header's cells are all filled, no
    two are alike, none is a number, the rows below it are as wide as it is, and some column below holds numbers.

    >>> lines([["Survey 2025"], [], ["id", "overall", "staff"], ["1", "5", "4"], ["2", "3", "3"]])
    2
    >>> lines([["id", "overall", "staff"], ["1", "5", "4"], ["2", "3", "3"]])
    0
    """
    held = [[v.strip() for v in row] for row in rows]
    for k, row in enumerate(held[: MOST + 1]):
        filled = [v for v in row if v]
        if len(filled) < 2 or len(filled) == TOLD and not _heads(held, k):
            continue
        short = all(sum(map(bool, r)) * 2 <= len(filled) for r in held[:k])
        return k if _heads(held, k) and short and _titles(held[:k]) else 0
    return 0


def _titles(above: Sequence[Sequence[str]]) -> bool:
    """Whether the first row that holds anything is a title, and no header that leaves columns without a name."""
    first = next((row for row in above if any(row)), [])
    filled = [v for v in first if v]
    return len(filled) == 1 or len(first) == len(filled)


def _heads(held: Sequence[Sequence[str]], k: int) -> bool:
    """Whether row ``k`` is a header: every cell has a name of its own, and the rows below are as wide and differ."""
    row, below = held[k], [r for r in held[k + 1 :] if any(r)]
    if not all(row) or len(set(row)) < len(row) or {len(r) for r in below} != {len(row)}:
        return False
    return all(number(v) is None for v in row) and any(map(_numbers, zip(*below, strict=True)))


def _numbers(column: Sequence[str]) -> bool:
    """Whether nearly all that a column holds are numbers."""
    there = [v for v in column if v]
    return bool(there) and sum(number(v) is not None for v in there) * 5 >= 4 * len(there)


def note(rows: Sequence[Sequence[str]]) -> str:
    """Return what is said of the rows above the header."""
    said = [" ".join(" ".join(row).split()) for row in rows]
    shown = ", ".join(f"'{quotable(t)}'" for t in said if t)
    many = f"the {len(said)} lines above the header are" if len(said) > 1 else "the line above the header is"
    return f"{many} no part of the table: {shown}" if shown else ""
