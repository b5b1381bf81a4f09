"""`collect`: every number of every report under a folder in one tidy table, ``results.parquet``.

Needs only what the reports wrote (``run.json``, ``results.json``), so it works on reports of any age and machine.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from cxlab.data.foreign import expected, foreign, parsed
from cxlab.problem import DataProblem

FIGURE = (int, float, type(None))
NUMBERS = ("estimate", "low", "high", "se", "n", "n_eff")
COLUMNS = (
    "notebook", "report", "study", "parameters", "made", "data_sha256", "result", "kind", "title", "label",
    *NUMBERS, "level", "unit", "verdict",
)  # fmt: skip
"""Columns of ``results.parquet``: where a number stands, what it is, and its uncertainty."""


@dataclass(frozen=True)
class Made:
    """One report as it lies on the disk; ``results`` is empty where the run failed."""

    folder: Path
    run: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.run.get("status") != "done"

    @property
    def notebook(self) -> str:
        return self.run["notebook"]["name"]

    @property
    def name(self) -> str:
        """Folder name without the mark of a failed run."""
        return self.folder.name.removesuffix(".failed")

    @property
    def page(self) -> Path:
        return self.folder / ("error.html" if self.failed else "index.html")


def subject(report: Made) -> str:
    """Return what a report is about: the study's title and the rows it was narrowed to."""
    title, chosen = report.run["data"].get("title") or report.run["parameters"].get("study", ""), levels(report)
    return f"{title}, {chosen}" if chosen else title


def levels(report: Made) -> str:
    """Return the rows that a report was narrowed to, in words; '' where it is about the whole study."""
    only = report.run["parameters"].get("only") or {}
    return ", ".join(report.run["data"].get("filters") or [f"{k} = {v}" for k, v in only.items()])


def made(folder: Path) -> list[Made]:
    """Return the reports under ``folder`` that can be read; `broken` has the others."""
    return [report for report, _ in sorted_out(folder) if report]


def broken(folder: Path) -> list[str]:
    """Return, in words, which reports under ``folder`` cannot be read and why: they stop nobody else's."""
    return [why for report, why in sorted_out(folder) if not report]


def sorted_out(folder: Path) -> Iterator[tuple[Made | None, str]]:
    """Yield each report under ``folder`` (``<notebook>/<report>/run.json``), or why it cannot be read.

    They are sorted by name; hidden drafts are passed over.
    """
    for path in sorted(Path(folder).glob("*/*/run.json")):
        if path.parent.name.startswith("."):
            continue
        try:
            yield one(path.parent), ""
        except DataProblem as problem:
            yield None, str(problem)


def one(folder: Path) -> Made:
    """Return the report in ``folder``.

    Raises
    ------
    DataProblem : there is no report, or its files are not what a run writes.
    """
    folder, advice = Path(folder), "make the report again"
    if not (folder / "run.json").is_file():
        raise DataProblem(f"{folder} holds no report (no run.json); make one with `cxlab report`")
    run, numbers = parsed(folder / "run.json", advice), folder / "results.json"
    content = parsed(numbers, advice) if numbers.is_file() else {"results": {}}
    with foreign(f"{folder / 'run.json'}", advice):
        whole(run)
    with foreign(f"{numbers}", advice):
        found = Made(folder, run, {key: content["results"][key] for key in content.get("order", content["results"])})
        for row in rows(found):
            for name in COLUMNS:
                wanted, words = (FIGURE, "a number") if name in (*NUMBERS, "level") else (str, "text")
                expected(row[name], wanted, f"'{name}' of {row['result']}", words)
    return found


def whole(run: Mapping[str, Any]) -> None:
    """Raise unless the record of a run holds what the pages about it need, in the types that a run writes."""
    for name in ("notebook", "parameters", "data"):
        expected(run[name], dict, f"'{name}'", "an object")
    expected(run["made"], str, "'made'", "a time like 2026-01-31T12:00:00+00:00")
    expected(run["notebook"]["name"], str, "'name' of 'notebook'", "text")
    expected(run["parameters"].get("only") or {}, dict, "'only' of 'parameters'", "pairs")
    expected(run["data"].get("filters") or [], list, "'filters' of 'data'", "a list")
    expected(run.get("failure") or {}, dict, "'failure'", "an object")
    expected(run["data"].get("rows", 0), int, "'rows' of 'data'", "a whole number")
    for text in (run["data"].get("title"), run["data"].get("period"), run["parameters"].get("study")):
        expected(text or "", str, "a name or period in 'data' or 'parameters'", "text")


def rows(report: Made) -> Iterator[dict[str, Any]]:
    """Yield one dict a number of the report, with the `COLUMNS`."""
    about = {
        "notebook": report.notebook,
        "report": report.name,
        "study": report.run["parameters"].get("study", ""),
        "parameters": json.dumps(report.run["parameters"], sort_keys=True, ensure_ascii=False),
        "made": report.run["made"],
        "data_sha256": report.run["data"].get("sha256", ""),
    }
    for key, result in report.results.items():
        head = {
            "result": key,
            "kind": result["kind"],
            "level": result.get("level"),
            "unit": result.get("unit", ""),
        }
        if "table" not in result:
            row = {k: result.get(k) for k in NUMBERS} | {"estimate": result.get("value")}
            yield about | head | row | {"title": result.get("name", ""), "label": "", "verdict": ""}
            continue
        names = labels(result)
        for row in result["table"] or ():
            yield (
                about
                | head
                | {k: None if isinstance(row.get(k), str) else row.get(k) for k in NUMBERS}
                | {
                    "unit": row.get("unit") or result.get("unit", ""),
                    "title": result["title"],
                    "label": " | ".join(str(row[k]) for k in names),
                    "verdict": row.get("verdict") or "",
                }
            )


def level(result: Mapping[str, Any]) -> str:
    """Return the level of the intervals of a result (``95%``); '' where it has none."""
    rows = result.get("table") or [result]
    low = [name for name in rows[0] if name == "low" or name.endswith("_low")]
    return f"{result['level']:.0%}" if any(row.get(k) is not None for row in rows for k in low) else ""


def method(result: Mapping[str, Any]) -> str:
    """Return the method of a result and the level of its intervals as one line."""
    found = level(result)
    parts = [result["method"], f"intervals at {found}" if found else ""]
    return f"Method: {'; '.join(filter(None, parts)) or 'not stated'}"


def labels(result: Mapping[str, Any]) -> list[str]:
    """Return the names of the label columns of a result's table: all before ``estimate`` but what was `MEASURED`."""
    names = result["columns"]
    found = names[: names.index("estimate")] if "estimate" in names else names[:1]
    numbers = [r.get(k) for k in MEASURED for r in result.get("table") or ()]
    return found if any(isinstance(v, str) for v in numbers) else [k for k in found if k not in MEASURED]


MEASURED = ("before", "after")
"""Numbers that stand before the estimate, which is their difference; as words they are labels as all others."""


def own_words(reports: Iterable[Made]) -> list[str]:
    """Return what the customers of some reports called things: questions and groups, which no language changes."""
    found: dict[str, None] = {}
    for report in reports:
        found[report.run["data"].get("title") or ""] = None
        for result in report.results.values():
            if "table" not in result:
                continue
            said = (result.get("parts") or {}).get("labels") or {}
            named = [c["name"] for c in result.get("typed", ()) if c.get("kind") == "label" and c["name"] != "metric"]
            found |= dict.fromkeys(str(words) for words in (said.values() if isinstance(said, Mapping) else ()))
            found |= dict.fromkeys(str(row[k]) for row in result["table"] or () for k in named if row.get(k))
    return [words for words in found if words]


def table(reports: list[Made]) -> pd.DataFrame:
    """Return every number of the reports, one row each, with the `COLUMNS`."""
    found = pd.DataFrame([row for report in reports for row in rows(report)], columns=list(COLUMNS))
    return found.astype(dict.fromkeys((*NUMBERS, "level"), "float64"))


def collect(folder: Path) -> Path:
    """Write every number under ``folder`` to ``folder/results.parquet`` (replaced in one step) and return its path."""
    folder = Path(folder)
    target = folder / "results.parquet"
    draft = folder / f".results-{uuid.uuid4().hex[:8]}.parquet"
    try:
        table(made(folder)).to_parquet(draft, index=False)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target
