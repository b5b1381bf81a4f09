"""What a user gets back: one `Estimate`, or a `Result` with a tidy table of them.

Full precision inside; rounding only where something is printed. What could not be
estimated is ``nan`` with its reason in ``notes``, never a silent drop.
"""

from __future__ import annotations

import html
import importlib
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cxlab import present
from cxlab.columns import Column, Hidden, show, typed
from cxlab.languages.one_and_many import agreed
from cxlab.languages.speech import noted, said
from cxlab.problem import DataProblem, one_of

FIGURE = "cx-result tex2jax_ignore mathjax_ignore"
"""Classes of every result as HTML; MathJax in a notebook leaves its text alone: '$25,000 to $49,999' is no formula."""

MIME = "application/vnd.cxlab.result+json"
"""Results carry their numbers in a notebook's outputs under this type; the report collects them from there."""


def _long(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else -1


def plain(value: Any) -> Any:
    """Return ``value`` with only JSON types: NumPy scalars become numbers, `nan` and infinities become None,
    numbers that are not shown (`cxlab.columns.Hidden`) their words."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if hasattr(value, "to_dict") and hasattr(value, "itertuples"):
        return [plain(row) for row in value.to_dict("records")]
    if hasattr(value, "to_dict") and not isinstance(value, type):
        return plain(value.to_dict())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, Hidden):
        return value.said
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)


@dataclass(frozen=True)
class Estimate:
    """One number with its uncertainty.

    ``value``, ``low``, ``high`` and ``se`` are in ``unit``; ``level`` is the confidence level of the
    interval; ``n`` counts answers, ``n_eff`` is the size of a simple random sample of the same precision.
    ``method`` names the procedure that really ran.
    """

    name: str
    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    se: float = math.nan
    n: int = 0
    n_eff: float = math.nan
    unit: str = ""
    method: str = ""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        u = self.unit
        tail = f", n = {self.n:,}" if self.n else ""
        return (
            f"{self.name}: {show(self.value, u)} [{show(self.low, u)}, {show(self.high, u)}] ({self.level:.0%}{tail})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return plain({k: getattr(self, k) for k in self.__dataclass_fields__})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        notes = "".join(f"<li>{html.escape(noted(n))}</li>" for n in self.notes)
        body = f"<p class='cx-estimate'><strong>{html.escape(said(str(self)))}</strong></p>"
        body += f"<p class='cx-method'>{html.escape(noted(self.method))}</p>" if self.method else ""
        return {
            "text/plain": str(self),
            "text/html": body + (f"<ul class='cx-notes'>{notes}</ul>" if notes else ""),
            MIME: {"kind": "estimate", **self.to_dict()},
        }


BETTER = ("up", "down", "none")


@dataclass(frozen=True, repr=False)
class Result:
    """Several numbers with their uncertainty: one tidy table and how it came about.

    Parameters
    ----------
    kind : name of the function of `cxlab.plots` that draws it; also its key in a report's ``results.json``.
    title : what a reader sees above the table.
    table : tidy `pandas.DataFrame`, one row a number: label columns first, then ``estimate, low, high, se, n, n_eff``
        as far as they exist.
    unit : of ``estimate``, ``low``, ``high``, ``se``: 'share' (0 to 1), 'points' (-100 to 100), 'mean', 'index'
        (0 to 100) or ''; a column ``unit`` gives each row its own.
    method : the procedure that ran, with its corrections.
    notes : every caveat; they are printed wherever the table is.
    parts : further tables, arrays or facts of the same analysis, by name.
    better : which way the estimate gets better: 'up', 'down' (churn, effort, scales where 1 is best), or 'none' where
        neither is better or nobody said; colours and words follow it.
    columns : what each column is (`cxlab.columns.Column`); a model gives those that are its own, the rest follow.
    """

    kind: str
    title: str
    table: Any
    unit: str = ""
    level: float = 0.95
    method: str = ""
    notes: tuple[str, ...] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    better: str = "none"

    def __post_init__(self) -> None:
        one_of("better", self.better, BETTER)
        object.__setattr__(self, "notes", tuple(map(agreed, self.notes)))
        object.__setattr__(self, "method", agreed(self.method))
        object.__setattr__(self, "columns", typed(self.table, self.unit, self.columns))

    def __getitem__(self, label: str) -> Any:
        """Return the row whose first label column equals ``label`` as an `Estimate`."""
        first = self.table.columns[0]
        rows = self.table[self.table[first].astype(str) == str(label)]
        if len(rows) != 1:
            there = ", ".join(map(str, self.table[first].unique()))
            raise KeyError(f"{len(rows)} rows have {first} = {label!r}; there are: {there}")
        row = rows.iloc[0]
        get = lambda k, default=math.nan: row[k] if k in row.index else default  # noqa: E731
        return Estimate(
            str(label),
            float(get("estimate")),
            float(get("low")),
            float(get("high")),
            self.level,
            float(get("se")),
            int(get("n", 0)) if get("n", 0) == get("n", 0) else 0,
            float(get("n_eff")),
            self.unit,
            self.method,
            self.notes,
        )

    @property
    def caption(self) -> str:
        """The title, with the one item that all rows are about where the table does not show it."""
        items = self.table["item"].unique() if present.one_item(self.table) else ()
        names = [str(self.parts.get("labels", {}).get(i, i)) for i in items]
        return self.title + "".join(f": {name}" for name in names if name not in self.title)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Return the Matplotlib axes on which the result is drawn.

        Parameters
        ----------
        ax : Matplotlib axes to draw on; default: new ones.
        options : what this kind of picture takes beside.

        Raises
        ------
        DataProblem : an option is none of this kind's picture.

        Examples
        --------
        >>> import cxlab as cx
        >>> type(cx.nps(cx.load("brand-tracker"), by="mode").plot()).__name__
        'Axes'
        """
        return importlib.import_module("cxlab.plots").drawn(self, ax, **options)

    def highest_first(self) -> Result:
        """Return the result with the rows of the highest estimates first; rows without an estimate stand last.

        Raises
        ------
        DataProblem : there are no estimates, or further parts go with the rows as they stand.

        Examples
        --------
        >>> import cxlab as cx
        >>> cx.nps(cx.load("brand-tracker"), by="country").highest_first().table["country"].tolist()
        ['Spain', 'Germany', 'Poland']
        """
        aligned = [
            k for k, v in self.parts.items() if not isinstance(v, (str, Mapping)) and _long(v) == len(self.table)
        ]
        if "estimate" not in self.table or aligned and len(self.table) > 1 and self.kind != "metric":
            why = "has no estimates" if "estimate" not in self.table else f"has parts in the same order ({aligned[0]})"
            raise DataProblem(f"'{self.title}' cannot be sorted: it {why}; sort its .table")
        return replace(
            self, table=self.table.sort_values("estimate", ascending=False, kind="stable", ignore_index=True)
        )

    def save(self, path: str | os.PathLike, **options: Any) -> Path:
        """Return where the result was written to: a file whose ending says as what.

        ``.png``, ``.svg``, ``.pdf``: the picture; ``.pptx``: a slide with a chart that can be edited; ``.xlsx``: the
        table with method and notes; ``.csv``: the table alone, in full precision.

        Parameters
        ----------
        path : where to; a file that is there is replaced in one step.
        options : ``title``; of pictures also ``size`` (width and height in inches), ``highlight`` (labels of rows to
            write in bold), and what `plot` takes.

        Raises
        ------
        DataProblem : the ending or an option is unknown, the folder is not there, or nothing can be drawn.

        Examples
        --------
        >>> import cxlab as cx, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cx.nps(cx.load("brand-tracker"), by="mode").save(pathlib.Path(folder) / "nps.csv").name
        'nps.csv'
        """
        return importlib.import_module("cxlab.report.saved").saved(self, path, **options)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON types, in full precision; ``columns`` keeps the order of the table's columns.

        Examples
        --------
        >>> import cxlab as cx
        >>> cx.nps(cx.load("brand-tracker")).to_dict()["unit"]
        'points'
        """
        fields = {k: getattr(self, k) for k in self.__dataclass_fields__ if k != "columns"}
        names = [c.name for c in self.columns]
        return plain(fields | {"columns": names, "typed": [vars(c) for c in self.columns]})

    def __repr__(self) -> str:
        return present.text(self)

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(noted(n))}</li>" for n in self.notes)
        parts = [f"<figcaption>{html.escape(said(self.caption))}</figcaption>", present.markup(self)]
        if notes:
            parts.append(f"<ul class='cx-notes'>{notes}</ul>")
        if self.method:
            words = html.escape(said("Method")), html.escape(noted(self.method))
            parts.append(f"<details class='cx-method'><summary>{words[0]}</summary>{words[1]}</details>")
        return f"<figure class='{FIGURE}'>{''.join(parts)}</figure>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._repr_html_(), MIME: self.to_dict()}
