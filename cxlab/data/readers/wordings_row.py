"""A row of question texts below the names of the columns: found where the rows below it hold numbers, not texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cxlab.data import wording
from cxlab.data.readers.raw import number

LEAST = 3
"""So many rows of answers must be there to tell."""


def wordings(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the wording of each column where the first of ``rows`` is a row of wordings, else [].

    It holds text in every cell that it fills, and fills at least half. Two columns or more hold numbers in all rows
    below it (one is enough for a question of four words or more); what it says of them differs from column to column
    and is made of words, none of them for "no answer". No cell of it comes again in its column.

    >>> wordings(["Q1", "Q2"], [["How likely are you?", "Region"], ["9", "a"], ["10", "b"], ["3", "b"]])
    ['How likely are you?', 'Region']
    >>> wordings(["Q1", "Q2"], [["not asked", "not asked"], ["9", "1"], ["10", "2"], ["3", "2"]])
    []
    """
    if len(rows) <= LEAST or any(len(r) != len(names) for r in rows):
        return []
    first, *below = [[v.strip() for v in row] for row in rows]
    filled = [i for i, v in enumerate(first) if v]
    if len(filled) * 2 < len(names) or any(number(first[i]) is not None for i in filled):
        return []
    columns = {i: [row[i] for row in below if row[i]] for i in filled}
    if any(first[i] in values for i, values in columns.items()):
        return []
    asked = [first[i] for i, values in columns.items() if values and all(number(v) is not None for v in values)]
    differ = len({v.casefold() for v in asked}) == len(asked) and not any(map(wording.no_answer, asked))
    told = len(asked) > 1 or any(len(v.split()) > 3 for v in asked)
    return first if asked and differ and told and all(map(_words, asked)) else []


def _words(text: str) -> bool:
    """Whether a text is made of words; '1,000.00', '5 stars' and 'x' are answers.

    >>> _words("Overall satisfaction"), _words("1,000.00"), _words("5 stars"), _words("x")
    (True, False, False, False)
    """
    return not re.match(r"\W*\d", text) and sum(c.isalpha() for c in text) >= (2 if not text.isascii() else 4)
