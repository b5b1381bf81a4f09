"""`matrices`: what changed since the wave before, over many reports: subject by metric, one correction for all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cxlab.columns import difference, show, span
from cxlab.languages.speech import said
from cxlab.models.metrics.registry import label
from cxlab.report.collect import Made
from cxlab.stats.inference import multiple

ALPHA = 0.05
"""The chance of any arrow on a page on which nothing changed."""

COLUMNS = 12
"""Most metrics across; the first ones of the reports."""


@dataclass(frozen=True)
class Cell:
    """A metric of one report in its last wave, with the change from the wave before."""

    estimate: float
    low: float
    high: float
    change: float
    p: float
    unit: str
    better: str
    wave: str
    points: tuple[tuple[float, float, float], ...] = ()
    real: bool = False

    @property
    def value(self) -> str:
        """The estimate in its unit."""
        return said(show(self.estimate, self.unit))

    @property
    def interval(self) -> str:
        """The interval in its unit."""
        return said(span(self.low, self.high, self.unit))

    @property
    def arrow(self) -> str:
        """▲ or ▼ with the change where it is real, else ''."""
        if not self.real:
            return ""
        size = show(self.change, difference(self.unit))
        return f"▲ +{size}" if self.change > 0 else f"▼ {size}"

    @property
    def tone(self) -> str:
        """'good', 'bad', or 'either' where nobody said which way is better."""
        if self.better == "none":
            return "either"
        return "good" if (self.change > 0) == (self.better == "up") else "bad"

    @property
    def order(self) -> float:
        """What a column is sorted by, the best first."""
        return -self.estimate if self.better == "down" else self.estimate


@dataclass(frozen=True)
class Matrix:
    """Reports of one notebook (``rows``: report, its cells by metric) by metric (``columns``)."""

    notebook: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Made, Mapping[str, Cell]], ...]
    tests: int = 0
    waves: tuple[str, ...] = field(default=())


def matrices(reports: Sequence[Made]) -> list[Matrix]:
    """Return a matrix for every notebook of which two reports or more hold metrics over waves.

    An arrow stands where the change from the wave before is real: p after Holm over all changes of all matrices, below
    `ALPHA`. The p-values are those of the reports.
    """
    found: dict[str, list[tuple[Made, dict[str, Cell]]]] = {}
    for report in reports:
        cells = dict(of(report.results)) if not report.failed else {}
        if cells:
            found.setdefault(report.notebook, []).append((report, cells))
    found = {name: rows for name, rows in found.items() if len(rows) > 1}
    every = [(name, k, metric) for name, rows in found.items() for k, (_, cells) in enumerate(rows) for metric in cells]
    p = np.array([found[name][k][1][metric].p for name, k, metric in every], float)
    tested = np.isfinite(p)
    adjusted = np.full(len(p), np.nan)
    adjusted[tested] = multiple.adjusted(p[tested], "holm") if tested.any() else []
    for (name, k, metric), value in zip(every, adjusted, strict=True):
        cell = found[name][k][1][metric]
        found[name][k][1][metric] = Cell(**{**vars(cell), "real": bool(value < ALPHA)})
    return [_matrix(name, rows, int(tested.sum())) for name, rows in sorted(found.items())]


def _matrix(name: str, rows: list[tuple[Made, dict[str, Cell]]], tests: int) -> Matrix:
    columns = list(dict.fromkeys(metric for _, cells in rows for metric in cells))[:COLUMNS]
    waves = dict.fromkeys(cell.wave for _, cells in rows for cell in cells.values())
    return Matrix(name, tuple(columns), tuple((r, dict(c)) for r, c in rows), tests, tuple(waves))


def of(results: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Cell]]:
    """Yield each metric of a report over waves: what it is called, and its cell; those of whole answers first."""
    trends = [r for r in results.values() if r.get("kind") == "trend" and _whole(r)]
    trends.sort(key=lambda r: len({row["item"] for row in r["table"]}) > 1)
    for result in trends:
        labels = (result["parts"].get("labels")) or {}
        for item in dict.fromkeys(row["item"] for row in result["table"]):
            rows = [row for row in result["table"] if row["item"] == item]
            metric = label(str(result["parts"].get("metric", "")))
            one = cell(rows, result)
            if one is not None:
                yield f"{labels.get(str(item), item)} ({metric})", one


def _whole(result: Mapping[str, Any]) -> bool:
    parts = result.get("parts") or {}
    return {"item", "estimate", "low", "high", "change", "p"} <= set(result["columns"]) and "wave" in parts


def cell(rows: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> Cell | None:
    """Return the cell of one series; None where the last wave has no estimate."""
    last, number = rows[-1], lambda v: math.nan if v is None or isinstance(v, str) else float(v)
    if last.get("estimate") is None:
        return None
    points = [(r["estimate"], r["low"], r["high"]) for r in rows]
    points = tuple(p for p in points if None not in p)
    return Cell(
        *(number(last.get(k)) for k in ("estimate", "low", "high", "change", "p")), result.get("unit", ""),
        result.get("better", "none"), str(last[result["parts"]["wave"]]), points,
    )  # fmt: skip
