"""XES, the XML of event logs (IEEE 1849): one row an event, with the attributes of its case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import duckdb
import pyarrow as pa
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from cxlab.data.readers.raw import Raw, check_names
from cxlab.problem import DataProblem

ATTRIBUTES = ("string", "date", "int", "float", "boolean", "id")
CASE = "case:"
"""Before the names of the attributes of a case."""

ROLES = {"case:concept:name": "case", "concept:name": "event", "time:timestamp": "time"}
CELLS = 40_000_000


def read(path: Path) -> Raw:
    """Return the events of an XES file, a row an event; attributes in attributes are left out.

    Raises
    ------
    DataProblem : the file is no XES, holds no event, or more than `CELLS` values.
    """
    columns: dict[str, list[str | None]] = {}
    count = 0
    try:
        for row in _events(path):
            for name in row:
                if name not in columns:
                    columns[name] = [None] * count
            for name, values in columns.items():
                values.append(row.get(name))
            count += 1
            if count * len(columns) > CELLS:
                raise DataProblem(
                    f"{path.name} holds more than {CELLS:,} values; convert it to Parquet, which is scanned lazily"
                )
    except (ParseError, DefusedXmlException) as error:
        raise DataProblem(f"{path.name} cannot be read as XES ({str(error)[:200]}); export the log anew") from error
    if not count:
        raise DataProblem(f"{path.name} holds no event: it is no XES log, or an empty one")
    check_names(list(columns), path.name)
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    facts: dict[str, dict[str, Any]] = {
        name: {"role": role, "why": "XES"} for name, role in ROLES.items() if name in columns
    }
    return Raw(duckdb.from_arrow(table), "XES", (f"XES event log: {count:,} events",), facts=facts, held=True)


def _events(path: Path) -> Iterator[dict[str, str | None]]:
    """Yield the events of a file, each with the attributes of its case, which may stand after them."""
    case: dict[str, str | None] = {}
    rows: list[dict[str, str | None]] = []
    event: dict[str, str | None] | None = None
    depth = inside = 0  # of attributes; whether a trace is open
    for what, element in iterparse(str(path), events=("start", "end")):
        tag = element.tag.rsplit("}", 1)[-1]
        if tag in ATTRIBUTES or tag in ("list", "container", "values"):
            if what == "start":
                depth += 1
                if depth == 1 and tag in ATTRIBUTES and inside and "key" in element.attrib:
                    own = event is not None
                    (event if own else case)[("" if own else CASE) + element.attrib["key"]] = element.attrib.get(
                        "value"
                    )
            else:
                depth -= 1
        elif tag == "trace":
            if what == "start":
                case, rows, inside = {}, [], 1
            else:
                yield from ({**case, **row} for row in rows)
                inside = 0
                element.clear()
        elif tag == "event":
            if what == "start":
                event = {}
            else:
                rows.append(event or {})
                event = None
                element.clear()
