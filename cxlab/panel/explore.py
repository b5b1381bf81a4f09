"""`explore`: a pivot in JupyterLab: rows, columns, filters, chart and table, and the code that gives the same.

Everything shown comes from running the code shown, so what is put into the notebook cannot differ from what was seen.
"""

from __future__ import annotations

import html
from typing import Any

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.panel.cell import called, front_end, insert_below
from cxlab.panel.picture import image
from cxlab.panel.view import View, questions
from cxlab.panel.view_grid import grid
from cxlab.problem import DataProblem

KEPT = 64
"""Results that a panel remembers, so that going back takes no time."""


class Pivot:
    """What a panel shows of a study: the code of a view, and what it gives."""

    def __init__(self, study: Study, name: str) -> None:
        self.study, self.name = study, name
        self.known: dict[str, Any] = {}

    def code(self, view: View, shown: str) -> str:
        """Return the code of what is shown of a view: Chart, Table, Differences or Answers."""
        answers = view.letters or view.answers
        return {"Chart": view.estimate, "Table": view.estimate, "Differences": view.comparison, "Answers": answers}[
            shown
        ]

    def result(self, code: str) -> Any:
        """Return what a line of code gives on the study."""
        if code not in self.known:
            import cxlab as cx

            there = {self.name: self.study} if self.name.isidentifier() else {}
            line = code if there else code.replace(self.name, "study_", 1)
            found = eval(line, {"cx": cx, "study_": self.study, **there})
            self.known = dict(list(self.known.items())[-KEPT + 1 :]) | {code: found}
        return self.known[code]

    def shown(self, view: View, what: str) -> str:
        """Return as HTML what is shown of a view, or why it cannot be shown."""
        code = self.code(view, what)
        if not code:
            return "<p>Choose rows or columns: there is nothing to compare.</p>"
        try:
            result = self.result(code)
            if what == "Chart":
                return image(
                    result, self.study.design.wave, view.rows if view.rows != self.study.design.wave else view.columns
                )
            if what == "Table" and len(view.by) == 2:
                return grid(result, view)
            return result._repr_html_()
        except DataProblem as problem:
            return f"<p role='alert'><strong>{html.escape(str(problem))}</strong></p>"


@public
def explore(study: Study) -> Any:
    """Return a panel (ipywidgets): a question by a metric in rows and columns, of those whom filters keep.

    It shows the chart, the table, which differences are real and which are noise, and the answers with significance
    letters; the code that gives the same stands below and goes into a new cell of the notebook. Pictures, slides and
    sheets are saved beside the notebook. Nothing leaves the machine.

    Parameters
    ----------
    study : any study with outcomes or touchpoints on a declared scale.

    Raises
    ------
    DataProblem : the study has no question with a scale.

    Examples
    --------
    >>> import cxlab as cx
    >>> type(cx.explore(cx.load("brand-tracker"))).__name__
    'Explorer'
    """
    from cxlab.panel.explorer import Explorer

    if not questions(study):
        raise DataProblem(
            f"explore needs an outcome or touchpoint with a scale; {study.name} declares none. "
            f"{study.advice('outcome')}"
        )
    return Explorer(Pivot(study, called(study)), front_end(), insert_below)
