"""The one error a user meets: what came, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NEGATIVE = "a weight is negative; weights are positive"
"""What sums say about weights; `cxlab.data.sample` says besides how many and what to do."""


class DataProblem(ValueError):
    """Data or an argument that cxlab cannot work with; the message says what came, what is allowed, what to do."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of the trace: the message; the trace itself is folded above it."""
        import html
        import traceback

        from IPython.display import display

        trace = html.escape("".join(traceback.format_exception(self)))
        folded = f"<details><summary>Where it came from</summary><pre>{trace}</pre></details>"
        display({"text/html": folded, "text/plain": ""}, raw=True)
        return [f"\x1b[31mDataProblem\x1b[0m: {self}"]


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the closest allowed name, or an empty string.

    >>> nearest("nps2", ["nps", "csat"])
    "; did you mean 'nps'?"
    """
    lower = {str(a).lower(): str(a) for a in allowed}
    found = difflib.get_close_matches(str(name).lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean '{lower[found[0]]}'?" if found else ""


def unknown(what: str, name: str, where: str, allowed: Iterable[str]) -> DataProblem:
    """Build the error for a name that does not exist: the nearest one, and the list of what does.

    >>> str(unknown("column", "nps2", "sfo-2017", ["nps", "csat"]))
    "column 'nps2' is not in sfo-2017; did you mean 'nps'? There are: nps, csat"
    """
    names = [str(a) for a in allowed]
    listed = ", ".join(names[:20]) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")
    hint = nearest(name, names) or "."
    short = name if len(name) <= 200 else f"{name[:199]}…"
    return DataProblem(f"{what} '{short}' is not in {where}{hint} There are: {listed or 'none'}")


def one_of(what: str, value: object, allowed: Iterable[object]) -> None:
    """Raise `DataProblem` unless ``value`` is one of ``allowed``.

    >>> one_of("interval", "wald", ["score", "wald"])
    """
    options = list(allowed)
    if value not in options:
        hint = nearest(str(value), map(str, options)) or ";"
        raise DataProblem(f"{what} is {value!r}{hint} allowed: {', '.join(map(repr, options))}")
