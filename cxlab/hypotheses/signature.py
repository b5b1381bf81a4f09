"""`sign`: the hash of a plan in the ledger, so that nobody can say afterwards that something else was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cxlab.data.arguments import public
from cxlab.hypotheses import ledger as book
from cxlab.problem import DataProblem


class Signature(str):
    """The hash of a plan, as text.

    Parameters
    ----------
    changed : what is to be said where the ledger holds other words under the same name, with the dates; else ''.
    """

    __slots__ = ("changed",)
    changed: str


@public
def sign(what: Mapping[str, Any], *, name: str, ledger: str | Path | None = book.DEFAULT) -> Signature:
    """Return the hash of what was agreed, and note it in the ledger; the same words have the same hash.

    Other words under a name that the ledger has are noted, too: whoever reads ``changed`` knows that the plan is not
    the first of its name.

    Parameters
    ----------
    what : what was agreed: texts, numbers and lists by name.
    name : of the plan.
    ledger : the file, as for `verdict`; None notes nothing. Under one name and hash it is noted once.

    Returns
    -------
    The sha256 of the plan as sorted JSON, a text with ``changed``: how often and when else was agreed under this name.

    Raises
    ------
    DataProblem : nothing was agreed, the plan has no name, or the ledger was changed.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.evidence.sign({"goal": "nps", "target": 20}, name="2026", ledger=None)[:8]
    'f679de36'
    """
    if not name or not isinstance(name, str):
        raise DataProblem(f"name is {name!r}; give the plan a name")
    if not what:
        raise DataProblem("the plan is empty: there is nothing to sign")
    found = Signature(book.digest(dict(what)))
    found.changed = ""
    if ledger is None:
        return found
    told = [e for e in book.entries(ledger) if e.get("kind") == "agreement" and e.get("plan", {}).get("name") == name]
    others = {e["plan"]["hash"]: e["at"][:10] for e in reversed(told) if e["plan"]["hash"] != found}
    if others:
        days = list(dict.fromkeys(reversed(others.values())))
        times = "once" if len(others) == 1 else f"{len(others)} times"
        found.changed = f"agreed otherwise {times} under this name ({', '.join(days)})"
    if not told or told[-1]["plan"]["hash"] != found:
        book.append(ledger, {"kind": "agreement", "plan": {"name": name, "hash": str(found)}, "said": dict(what)})
    return found
