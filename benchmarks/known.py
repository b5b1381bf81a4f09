"""Shipped and mirrored files whose codebook in the catalogue is the truth: the same files read without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cxlab as cx
from cxlab.data import catalogue

LARGE = 60_000_000
"""Files of more bytes are left to the timings."""

Asked = tuple[str, str, Callable[[Any], float], float]


def known() -> Iterator[tuple[str, Path, list[Asked]]]:
    """Yield of each study of the catalogue that is one table and at hand: its name, its file, and what is asked of it.

    Asked are the number that each outcome gives (NPS, CSAT or a mean, by what it measures), with the weight that the
    codebook declares, and whether weight, wave, brand and cluster are found.
    """
    for name in catalogue.names():
        package = catalogue.descriptor(name)
        if len(package["resources"]) != 1 or "query" in package:
            continue
        if catalogue.at_hand(package) not in ("shipped", "mirror"):
            continue
        (resource,) = package["resources"]
        path = catalogue.fetch(resource, name)
        if path.stat().st_size <= LARGE and (asked := _asked(cx.load(name), resource)):
            yield name, path, asked


def _asked(study: Any, resource: dict[str, Any]) -> list[Asked]:
    renames, derived = resource.get("renames", {}), {*resource.get("derive", {}), *resource.get("constants", {})}
    asked: list[Asked] = []
    for f in study.codebook.fields:
        raw = renames.get(f.name, f.name)
        if f.columns or f.name in derived:
            continue
        if f.role == "outcome" and f.scale and f.measure in ("recommendation", "satisfaction"):
            asked += _numbers(study, f, raw)
        elif f.role in ("weight", "wave", "brand", "cluster"):
            asked.append((f.role, raw, lambda s, raw=raw, role=f.role: float(s.field(raw).role == role), 1.0))
    return asked


def _numbers(study: Any, f: Any, raw: str) -> list[Asked]:
    """NPS or CSAT of an outcome, by the codebook and by what was guessed."""
    of = cx.nps if f.measure == "recommendation" else cx.csat
    try:
        right = float(of(study, f.name).table["estimate"].iloc[0])
    except cx.DataProblem:
        return []
    said = f"{of.__name__} of {raw}"
    return [(said, raw, lambda s: float(of(s, raw).table["estimate"].iloc[0]), right)]
