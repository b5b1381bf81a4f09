"""`collect`: every number of every report under a folder in one tidy table, ``results.parquet``.

Needs only what the reports wrote (``run.json``, ``results.json``), so it works on reports of any age and machine.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from cxlab.problem import DataProblem

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
    """Return the reports under ``folder`` (``<notebook>/<report>/run.json``), sorted; hidden drafts are passed over."""
    found = []
    for path in sorted(Path(folder).glob("*/*/run.json")):
        if path.parent.name.startswith("."):
            continue
        found.append(one(path.parent))
    return found


def one(folder: Path) -> Made:
    """Return the report in ``folder``.

    Raises
    ------
    DataProblem : there is no report, or its files are not what a run writes.
    """
    folder = Path(folder)
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        numbers = folder / "results.json"
        content = json.loads(numbers.read_text(encoding="utf-8")) if numbers.is_file() else {"results": {}}
        results = {key: content["results"][key] for key in content.get("order", content["results"])}
    except FileNotFoundError as missing:
        raise DataProblem(f"{folder} holds no report (no run.json); make one with `cxlab report`") from missing
    except (json.JSONDecodeError, KeyError) as broken:
        raise DataProblem(f"{folder} is not a report as `cxlab report` writes it ({broken}); make it again") from broken
    return Made(folder, run, results)


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
                | {k: row.get(k) for k in NUMBERS}
                | {
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
    """Return the names of the label columns of a result's table: all before ``estimate``."""
    names = result["columns"]
    return names[: names.index("estimate")] if "estimate" in names else names[:1]


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
