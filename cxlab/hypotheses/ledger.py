"""The ledger: every look at a claim, append-only, each entry holding the hash of the one before."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlab.data.locations import folder
from cxlab.problem import DataProblem
from cxlab.result import plain

if TYPE_CHECKING:
    from cxlab.data.study import Study

DEFAULT = "reports/ledger.jsonl"
START = "0" * 64


def where(path: str | Path) -> Path:
    """Return the ledger's file: a relative path is looked for in `place.folder` and those above it."""
    path = Path(path)
    if path.is_absolute():
        return path
    start = folder()
    for above in (start, *start.parents):
        if (above / path.parent).is_dir():
            return above / path
    return start / path


def digest(value: Any) -> str:
    """Return the sha256 of a value as sorted JSON."""
    return hashlib.sha256(json.dumps(plain(value), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def entries(path: str | Path = DEFAULT) -> list[dict[str, Any]]:
    """Return all entries, oldest first, after checking the chain.

    Raises
    ------
    DataProblem : an entry was changed, removed or put in between; the message says which line.
    """
    file, found, last = where(path), [], START
    if not file.is_file():
        return []
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            entry = json.loads(line)
            own = entry.pop("hash")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DataProblem(f"line {number} of {file} is not an entry of the ledger; it was cut or edited") from error
        if entry.get("previous") != last or digest(entry) != own:
            raise DataProblem(
                f"the ledger {file} was changed: line {number} does not follow from the one before. "
                "Looks before it cannot be trusted; keep the file as evidence and start a new one"
            )
        last = own
        found.append(entry | {"hash": own})
    return found


def append(path: str | Path, entry: dict[str, Any]) -> dict[str, Any]:
    """Append an entry under a file lock and return it with its hash."""
    file = where(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    with _locked(file):
        before = entries(file)
        full = plain({"at": datetime.now(UTC).isoformat(timespec="seconds"), **entry})
        full = _counted(full, before) | {"previous": before[-1]["hash"] if before else START}
        full["hash"] = digest(full)
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(full, ensure_ascii=False) + "\n")
    return full


def _counted(entry: dict[str, Any], before: list[dict[str, Any]]) -> dict[str, Any]:
    """Add how many looks this makes, and what deviates from earlier ones."""
    if entry.get("kind") != "verdict":
        return entry
    same = [
        e for e in before if e.get("kind") == "verdict" and (e["card"], e["study"]) == (entry["card"], entry["study"])
    ]
    deviations = list(entry.get("deviations", []))
    if plan := entry.get("plan"):
        older = [e for e in before if (e.get("plan") or {}).get("name") == plan["name"]]
        runs = sum(e.get("kind") == "verdict" for e in older)
        if any(e["plan"]["hash"] != plan["hash"] for e in older) and runs:
            deviations.append(f"the plan '{plan['name']}' was changed after {runs} verdicts were run under it")
        unplanned = sum(not e.get("plan") for e in same)
        if unplanned:
            deviations.append(f"the claim had been looked at {unplanned} times on these data without a plan")
    return entry | {"look": len(same) + 1, "deviations": deviations}


def record(path: str | Path, result: Any, study: Study, plan: Any) -> dict[str, Any]:
    """Record a verdict: card, study, plan, estimate and verdict."""
    e = result.estimate
    entry = {
        "kind": "verdict", "card": result.parts["card"], "study": study.name, "filters": list(study.filters),
        **{k: result.parts[k] for k in ("columns", "direction", "number", "association")},
        "estimate": e.value, "low": e.low, "high": e.high, "n": e.n, "level": result.level,
        "plan": {"name": plan.name, "hash": plan.hash} if plan else None,
        "deviations": list(plan.edited) if plan else [],
    }  # fmt: skip
    return append(path, entry)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold an exclusive lock beside the file; where the system has none, go on without."""
    with (file.parent / f".{file.name}.lock").open("w") as handle:
        try:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        except ImportError:
            pass
        yield
