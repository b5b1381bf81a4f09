"""`sign`: the hash of a plan in the ledger, so that nobody can say afterwards that something else was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cxlab.data.arguments import public
from cxlab.hypotheses import ledger as book
from cxlab.problem import DataProblem


@public
def sign(what: Mapping[str, Any], *, name: str, ledger: str | Path | None = book.DEFAULT) -> str:
    """Return the hash of what was agreed, and note it in the ledger; the same words have the same hash.

    Parameters
    ----------
    what : what was agreed: texts, numbers and lists by name.
    name : of the plan.
    ledger : the file, as for `verdict`; None notes nothing. Under one name and hash it is noted once.

    Returns
    -------
    The sha256 of the plan as sorted JSON.

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
    found = book.digest(dict(what))
    if ledger is None:
        return found
    told = [e for e in book.entries(ledger) if e.get("kind") == "agreement" and e.get("plan", {}).get("name") == name]
    if not told or told[-1]["plan"]["hash"] != found:
        book.append(ledger, {"kind": "agreement", "plan": {"name": name, "hash": found}, "said": dict(what)})
    return found
