"""`for_reader`: a sentence without what it tells the analyst to do: code stands in the terminal, never on a page."""

from __future__ import annotations

import re

CODE = re.compile(r"\bcx\.\w|\bcxlab [a-z]|\bstudy\.\w|\bparts\[|\b[a-z_]+=(?![=<>])|`")
"""What only speaks to the analyst: calls, commands, settings."""
ASIDE = re.compile(r" \((?:[^()]|\([^()]*\))*\)")
CLAUSE = re.compile(r"(; |(?<=[\w)%'])\. (?=[A-Z]))")


def for_reader(text: str) -> str:
    """Return a sentence without the asides and clauses that hold code; all of it where nothing else would be left.

    >>> for_reader("1 of 6 groups has fewer than 10 answers and is not shown (least_n=0 shows them)")
    '1 of 6 groups has fewer than 10 answers and is not shown'
    >>> for_reader("stated, not paid; divide it by parts['x']. Label more of theirs: cx.text.label_sample(..., by=...)")
    'stated, not paid'
    >>> for_reader("3 of 5 (a; b) are real; 2 are noise. The rest is open.")
    '3 of 5 (a; b) are real; 2 are noise. The rest is open.'
    """
    if not CODE.search(text):
        return text
    text = ASIDE.sub(lambda found: "" if CODE.search(found[0]) else found[0], text)
    first, *rest = CLAUSE.split(text)
    kept = [mark + clause for mark, clause in zip(rest[::2], rest[1::2], strict=True) if not CODE.search(clause)]
    made = "".join([first, *kept])
    return made + "." * (text.endswith(".") and not made.endswith("."))
