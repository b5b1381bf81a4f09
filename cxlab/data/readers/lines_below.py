"""Lines below the table that tell of it, as a source or the day of the export: found by the rows above them."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from cxlab.data.masking import quotable
from cxlab.data.readers.encoding import Utf8, copied
from cxlab.data.readers.raw import SMALL, number
from cxlab.problem import DataProblem

MOST = 12
"""So many lines, blank ones too, may stand below the table."""

ABOVE = 300
"""Rows above them that are looked at."""

TAIL = 2**20
"""Bytes at the end of a text file that are looked at."""

FEW = 30
"""A column with at most so many different values names groups: below a blank line any other text tells of the table."""


def lines(rows: Sequence[Sequence[str]]) -> int:
    """Return how many of the last rows are no part of the table.

    They are blank or hold one text in the first cell (with its value in the second where the table has four columns or
    more), written as nothing above them is in that column: 'Exported on 2025-04-30' below A, B, C or below numbers.
    A blank line must stand between where the text may be a name (without digits, a colon, = or ©), or where most of
    what stands above is written in ways of its own, as comments are.

    >>> rows = [["Store", "NPS", "CSAT"], ["A", "9", "4"], ["B", "7", "5"], ["A", "8", "3"]]
    >>> lines([*rows, [], ["Source: CRM"], ["(c) 2025 Acme"]]), lines([*rows, ["C", "", ""]]), lines(rows)
    (3, 0, 0)
    """
    held = [[v.strip() for v in row] for row in rows]
    wide = max((len(row) for row in held), default=0)
    k = len(held)
    while k and _tells(held[k - 1], wide):
        k -= 1
    block, above = held[k:], [row[0] for row in held[1:k] if any(row)]  # the first may be the header
    told = [row[0] for row in block if any(row)]
    if not told or len(block) > MOST or len(above) < 2 or wide < 2:
        return 0
    forms = set(map(_form, above))
    parted, texts = not any(block[0]), set(above)
    groups = parted and len(texts) <= FEW
    sentences = len(texts) * 2 > len(above) and sum(len(t.split()) for t in above) >= 3 * len(above)
    own = (sentences or len(forms) * 2 > len(above) > 4) and not parted
    new = [t not in texts and (groups or _form(t) not in forms) for t in told]
    name = not parted and not re.search(r"[\d:=©]", told[0])
    return len(block) if new[0] and not own and not name else 0


def _tells(row: Sequence[str], wide: int) -> bool:
    """Whether a row is blank or holds no more than a text, or what it is and its value."""
    filled = [i for i, v in enumerate(row) if v]
    if not filled:
        return True
    few = filled == [0] or filled == [0, 1] and wide >= 4
    return few and number(row[0]) is None


def _form(value: str) -> str:
    """Return how a value is written: any letters are a, any digits are 9.

    >>> _form("C00300"), _form("2025-04-30"), _form("Source: CRM")
    ('a9', '9-9-9', 'a: a')
    """
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+(?:[.,]\d+)*", "9", " ".join(value.split())))


def note(rows: Sequence[Sequence[str]]) -> str:
    """Return what is said of lines below the table."""
    said = [t for row in rows if (t := " ".join(" ".join(row).split()))]
    shown = ", ".join(f"'{quotable(t)}'" for t in said)
    many = f"the last {len(said)} lines are" if len(said) > 1 else "the last line is"
    return f"{many} no part of the table: {shown}"


def without(source: Utf8, path: Path, delimiter: str, quote: str) -> tuple[Utf8, str]:
    """Return a text file without the lines below its table, and a note; the file itself where there are none.

    ``path`` is the file as it is called.

    Raises
    ------
    DataProblem : there are such lines in a file that is larger than `raw.SMALL` and so is scanned where it lies.
    """
    size = source.path.stat().st_size
    with source.path.open("rb") as file:
        file.seek(max(0, size - TAIL))
        tail = file.read()
    ends = tail.splitlines(keepends=True)[size > TAIL :][-ABOVE - MOST :]
    texts = [e.decode("utf-8", "replace") for e in ends]
    opened = [t.count(quote) % 2 for t in texts]  # such a line is part of a longer answer
    read = [next(csv.reader([t], delimiter=delimiter, quotechar=quote), []) for t in texts]
    rows = [[t] * 3 if o else r for t, o, r in zip(texts, opened, read, strict=True)]
    if not (k := lines(rows)):
        return source, ""
    said, many = note(rows[-k:]), "them" if sum(map(any, rows[-k:])) > 1 else "it"
    if size > SMALL:
        raise DataProblem(f"{path.name}: {said}; delete {many}, or export the table again")
    whole = source.path.read_bytes()
    kept = whole[: len(whole) - sum(map(len, ends[-k:]))]
    if kept.count(quote.encode()) % 2:
        return source, ""
    return copied(source, kept), said


def of_records(rows: Sequence[tuple], written: Sequence[Sequence[str]]) -> tuple[list[tuple], str]:
    """Return the rows of a sheet without those below its table, and a note; ``written``: the last ones as texts."""
    k = lines(written)
    return (list(rows[: len(rows) - k]), note(written[len(written) - k :])) if k else (list(rows), "")
