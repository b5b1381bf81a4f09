"""The widgets of `explore`."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from cxlab.models.metrics.registry import label, metrics_of
from cxlab.panel.view import View, questions, ranges, segments
from cxlab.problem import DataProblem

if TYPE_CHECKING:
    from cxlab.panel.explore import Pivot

SHOWN = ("Chart", "Table", "Differences", "Answers")
FORMATS = ("png", "svg", "pdf", "pptx", "xlsx", "csv")
STYLE = {"description_width": "5em"}
ROW = {"flex_flow": "row wrap"}


class Explorer(w.VBox):
    """Choices above, what they give below, and its code: `cxlab.panel.explore.explore`."""

    def __init__(self, pivot: Pivot, app: Any, insert: Callable[[Any, str], None]) -> None:
        self.pivot, self.app, self.insert = pivot, app, insert
        study = pivot.study
        self.levels, self.ranges = segments(study), ranges(study)
        self.titles = {n: study.field(n).label for n in (*self.levels, *self.ranges)}
        asked = questions(study)
        groups = [("–", ""), *((self.titles[n], n) for n in self.levels)]
        self.question = self._drop("Question", [(f.label, f.name) for f in asked])
        self.metric = self._drop("Metric", [(label(m), m) for m in metrics_of(asked[0])])
        self.rows, self.columns = self._drop("Rows", groups), self._drop("Columns", groups)
        self.more = self._drop("Filter", [("add a filter ...", ""), *((t, n) for n, t in self.titles.items())])
        self.highest = w.Checkbox(description="highest first", indent=False, layout=w.Layout(width="auto"))
        self.filters: dict[str, Any] = {}
        self.one_at_a_time = threading.RLock()  # JupyterLab answers clicks in threads of their own
        self.chosen = w.VBox()
        self.shown = w.ToggleButtons(options=SHOWN, tooltips=("estimates with intervals", "the same as numbers",
                                     "which differences are real", "answers with letters"))  # fmt: skip
        self.out, self.said = w.HTML(), w.HTML()
        self.code = w.Textarea(description="Code", rows=2, style=STYLE, layout=w.Layout(width="100%"))
        self.cell = w.Button(description="Insert cell below", icon="plus", disabled=app is None)
        self.kind = self._drop("Save as", [(f".{k}", k) for k in FORMATS])
        self.save = w.Button(description="Save", icon="download")
        self._react()
        super().__init__([
            w.HBox([self.question, self.metric], layout=w.Layout(**ROW)),
            w.HBox([self.rows, self.columns, self.highest], layout=w.Layout(**ROW)),
            w.HBox([self.more], layout=w.Layout(**ROW)), self.chosen, self.shown, self.out, self.code,
            w.HBox([self.cell, self.kind, self.save], layout=w.Layout(**ROW)), self.said,
        ])  # fmt: skip
        self.update()

    def _drop(self, words: str, options: list[tuple[str, str]]) -> Any:
        return w.Dropdown(options=options, description=words, style=STYLE)

    def _react(self) -> None:
        self.question.observe(self._asked, "value")
        for box in (self.metric, self.rows, self.columns, self.highest, self.shown):
            box.observe(self.update, "value")
        self.more.observe(self._filter, "value")
        self.cell.on_click(self._insert)
        self.save.on_click(self._save)

    @property
    def view(self) -> View:
        """What is chosen now."""
        kept = {n: _kept(box) for n, box in self.filters.items()}
        kept = {n: v for n, v in kept.items() if v}
        columns = self.columns.value if self.columns.value != self.rows.value else ""
        return View(self.pivot.name, self.question.value, self.metric.value, self.rows.value, columns, kept,
                    self.highest.value)  # fmt: skip

    def update(self, *_: Any) -> None:
        """Show what is chosen now, and its code."""
        with self.one_at_a_time:
            view, shown = self.view, self.shown.value
            self.code.value = self.pivot.code(view, shown)
            self.out.value = self.pivot.shown(view, shown)
            self.said.value = ""

    def _asked(self, change: Any) -> None:
        field = self.pivot.study.field(change.new)
        self.metric.options = [(label(m), m) for m in metrics_of(field)]
        self.update()

    def _filter(self, change: Any) -> None:
        """Add a filter: several levels of a column, or a range of a number."""
        name = change.new
        if not name or name in self.filters:
            return
        if name in self.levels:
            values = self.levels[name]
            box = w.SelectMultiple(options=[(str(v), v) for v in values], rows=min(len(values), 6))
        else:
            low, high = self.ranges[name]
            box = w.FloatRangeSlider(value=(low, high), min=low, max=high, continuous_update=False)
        box.description, box.style = self.titles[name], {"description_width": "10em"}
        box.observe(self.update, "value")
        off = w.Button(icon="times", tooltip=f"remove the filter {self.titles[name]}", layout=w.Layout(width="2.5em"))
        line = w.HBox([box, off])

        def remove(_: Any) -> None:
            del self.filters[name]
            self.chosen.children = tuple(c for c in self.chosen.children if c is not line)
            self.update()

        off.on_click(remove)
        self.filters[name] = box
        self.chosen.children = (*self.chosen.children, line)
        self.more.value = ""

    def _insert(self, _: Any) -> None:
        code = self.code.value if self.shown.value != "Chart" else f"cx.figure({self.code.value})"
        self.insert(self.app, code)

    def _save(self, _: Any) -> None:
        """Save what is shown in the folder of the notebook, under a name that no file has."""
        try:
            with self.one_at_a_time:
                result = self.pivot.result(self.code.value or self.pivot.code(self.view, "Table"))
            stem = re.sub(r"[^\w]+", "-", result.caption.lower()).strip("-")[:60]
            names = (f"{stem}{k or ''}.{self.kind.value}" for k in range(1000))
            path = result.save(next(n for n in names if not Path(n).exists()))
            self.said.value = f"<p>Saved: {html.escape(str(path.resolve()))}</p>"
        except DataProblem as problem:
            self.said.value = f"<p role='alert'><strong>{html.escape(str(problem))}</strong></p>"


def _kept(box: Any) -> Any:
    """Return what a filter keeps: levels, or both ends of a range; None where it keeps all."""
    if isinstance(box, w.SelectMultiple):
        return list(box.value) if 0 < len(box.value) < len(box.options) else None
    low, high = box.value
    return (low, high) if (low, high) != (box.min, box.max) else None
