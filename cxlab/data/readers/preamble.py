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

    They hold at most two values and at most half as many as the header; the header's cells are all filled, no two
    are alike, most are no numbers, and the rows below it are as wide as it is.

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
        return k if _heads(held, k) and all(sum(map(bool, r)) * 2 <= len(filled) for r in held[:k]) else 0
    return 0


def _heads(held: Sequence[Sequence[str]], k: int) -> bool:
    """Whether row ``k`` is a header: every cell has a name of its own, and the rows below are as wide."""
    row = held[k]
    worded = sum(number(v) is None for v in row) * 2 > len(row)
    below = {len(r) for r in held[k + 1 :] if any(r)}
    return all(row) and len(set(row)) == len(row) and worded and below == {len(row)}


def note(rows: Sequence[Sequence[str]]) -> str:
    """Return what is said of the rows above the header."""
    said = [" ".join(" ".join(row).split()) for row in rows]
    shown = ", ".join(f"'{quotable(t)}'" for t in said if t)
    many = f"the {len(said)} lines above the header are" if len(said) > 1 else "the line above the header is"
    return f"{many} no part of the table: {shown}" if shown else ""
