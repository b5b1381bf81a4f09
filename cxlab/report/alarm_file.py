"""``alarms.json``: the alarms of all control charts under a folder of reports, and which of them are new.

Made of what the reports wrote (``results.json``), so that a batch which runs daily can tell a mail, a ticket or nobody.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cxlab.data.foreign import foreign, parsed
from cxlab.report.collect import Made, made, subject

NAME = "alarms.json"
SAME = ("report", "result", "series", "side", "since")
"""An alarm is the same as one told before where it agrees in these: a run that goes on is told once."""
TOLD = ("since", "first", "last", "side", "open", "shift", "shift_low", "shift_high")


def refresh(folder: Path) -> list[dict[str, Any]]:
    """Write ``folder/alarms.json`` (replaced in one step) and return the alarms that are new and still open.

    Without a chart in any report, and no such file, none is written.
    """
    folder = Path(folder)
    file, known = folder / NAME, set()
    if file.is_file():
        with foreign(str(file), "remove it: the next batch tells all open alarms as new"):
            known = {_key(a) for a in parsed(file, "remove it: the next batch tells all open alarms as new")["alarms"]}
    reports = made(folder)
    charts = [(r, key, result) for r in reports for key, result in r.results.items() if result.get("kind") == "monitor"]
    if not charts and not file.is_file():
        return []
    found = [alarm for chart in charts for alarm in _alarms(*chart)]
    for alarm in found:
        alarm["new"] = alarm["open"] and _key(alarm) not in known
    found.sort(key=lambda a: (not a["open"], str(a["report"]), str(a["series"])))
    draft = folder / f".alarms-{uuid.uuid4().hex[:8]}.json"
    try:
        draft.write_text(json.dumps({"alarms": found}, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    return [alarm for alarm in found if alarm["new"]]


def _key(alarm: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(json.dumps(alarm[name], sort_keys=True) for name in SAME)


def _alarms(report: Made, key: str, result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each alarm of a chart, with where it stands."""
    parts = result["parts"]
    for row in parts["alarms"]:
        yield {
            "report": f"{report.notebook}/{report.name}", "result": key, "subject": subject(report),
            "title": result["title"], "series": {name: row[name] for name in parts["by"]},
            **{name: row[name] for name in TOLD}, "unit": result["unit"], "budget": parts["budget"],
        }  # fmt: skip


def sentence(alarm: Mapping[str, Any]) -> str:
    """Return a new alarm in one line.

    >>> sentence({"subject": "Shop", "series": {"brand": "Alba"}, "side": "lower", "since": "2025-06-05",
    ...           "first": "2025-06-09", "title": "NPS by day", "report": "monitor/shop"})
    'Shop, Alba: lower since 2025-06-05, noticed 2025-06-09 (NPS by day; monitor/shop)'
    """
    who = ", ".join([alarm["subject"], *map(str, alarm["series"].values())])
    return (
        f"{who}: {alarm['side']} since {alarm['since']}, noticed {alarm['first']} ({alarm['title']}; {alarm['report']})"
    )
