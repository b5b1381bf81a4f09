"""The option ``-c PART=COLUMN[,COLUMN]`` of the commands about claims."""

from __future__ import annotations

from collections.abc import Sequence

from cxlab.problem import DataProblem


def columns(given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return parts and their columns.

    >>> columns(["arm=routed", "touchpoints=a,b"])
    {'arm': ('routed',), 'touchpoints': ('a', 'b')}
    """
    out = {}
    for text in given:
        part, sign, names = text.partition("=")
        if not (part and sign and names):
            raise DataProblem(f"--column is '{text}'; write it as part=column, e.g. --column arm=routed")
        out[part.strip()] = tuple(n.strip() for n in names.split(","))
    return out
