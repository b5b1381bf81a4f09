"""`explore`: a panel in JupyterLab to look at one question, and to copy the code that gives the same answer.

Everything shown comes from running the code shown, so what is copied cannot differ from what was seen.
"""

from __future__ import annotations

import html
import keyword
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from cxlab.columns import show
from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.data.waves import levels as in_order
from cxlab.models.metrics.registry import metrics_of
from cxlab.problem import DataProblem
from cxlab.stats.counts.tally import tally

LEVELS = 60
"""A column with more values than this is no segment to choose from."""
SMALL = 10
"""A distribution of fewer answers is not shown."""
BAR = "background:#0072b2;height:.8em"


@dataclass(frozen=True)
class Choice:
    """What is looked at: ``question`` by ``metric``, in segments ('' for none), where ``only`` equals ``value``."""

    question: str
    metric: str
    segment: str = ""
    only: str = ""
    value: Any = None

    @property
    def chosen(self) -> str:
        """The code of the study with the filter."""
        if not self.only:
            return "study"
        plain = self.only.isidentifier() and not keyword.iskeyword(self.only)
        named = f"{self.only}={self.value!r}" if plain else f"**{{{self.only!r}: {self.value!r}}}"
        return f"study.where({named})"

    @property
    def code(self) -> str:
        """The code of the estimate."""
        by = f", by={self.segment!r}" if self.segment else ""
        return f"cx.{self.metric}({self.chosen}, {self.question!r}{by})"

    @property
    def comparison(self) -> str:
        """The code that says which differences between segments are real."""
        return f"cx.compare({self.chosen}, {self.metric!r}, by={self.segment!r}, of={self.question!r})"


def questions(study: Study) -> list[Field]:
    """Return the outcomes and touchpoints that are in the data and have a scale, outcomes first."""
    there = set(study.columns)
    names = [*study.codebook.role("outcome"), *study.codebook.role("touchpoint")]
    return [study.field(n) for n in names if n in there and metrics_of(study.field(n))]


def segments(study: Study) -> dict[str, list[Any]]:
    """Return the columns to group or filter by, each with its values, in order; columns of many values are left out."""
    there = set(study.columns)
    found = {}
    for role in ("brand", "wave", "segment"):
        for name in study.codebook.role(role):
            if name in there:
                levels = study.frame.select(nw.col(name)).unique().head(LEVELS + 1).collect()[name].to_list()
                levels = [v for v in levels if v is not None and v == v]
                if 1 < len(levels) <= LEVELS:
                    found[name] = in_order(study, name, levels)
    return found


def run(code: str, study: Study) -> Any:
    """Run one line of cxlab on ``study``."""
    import cxlab as cx

    return eval(code, {"cx": cx, "study": study})


def distribution(study: Study, choice: Choice) -> str:
    """Return the answers to the question as a small table of shares with bars; weighted where the study is."""
    chosen = run(choice.chosen, study)
    field = study.field(choice.question)
    counts = tally(chosen.frame, choice.question, weight=study.design.weight)
    if counts["n"].sum() < SMALL:
        return f"<p>Fewer than {SMALL} answers: the distribution is not shown.</p>"
    total = counts["w"].sum()
    labels = {float(k): v for k, v in ((field.scale.labels or field.labels) if field.scale else {}).items()}
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(f'{v:g} {labels.get(v, str())}'.strip())}</th>"
        f"<td style='text-align:left;width:12em'><div style='{BAR};width:{100 * w / total:.1f}%'></div></td>"
        f"<td>{show(w / total, 'share')}</td><td>{int(n):,}</td></tr>"
        for v, n, w in zip(counts["value"], counts["n"], counts["w"], strict=True)
    )
    head = "<tr><th>answer</th><th></th><th>share</th><th>n</th></tr>"
    return f"<table><caption>Answers: {html.escape(field.label)}</caption>{head}{rows}</table>"


def answer(study: Study, choice: Choice) -> str:
    """Return what the panel shows: estimate with interval and n, which differences are real, the distribution."""
    try:
        shown = [run(choice.code, study)._repr_html_()]
        if choice.segment:
            shown.append(run(choice.comparison, study)._repr_html_())
        return "".join([*shown, distribution(study, choice)])
    except DataProblem as problem:
        return f"<p role='alert'><strong>{html.escape(str(problem))}</strong></p>"


@public
def explore(study: Study) -> Any:
    """Return a panel (ipywidgets) to choose a question, a metric, a segment and a filter.

    It shows the estimate with its interval and n, which differences between segments are real and which are noise,
    the distribution of the answers, and the code that gives the same result. Nothing leaves the machine.

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
    'VBox'
    """
    import ipywidgets as w

    asked = questions(study)
    if not asked:
        raise DataProblem(
            f"explore needs an outcome or touchpoint with a scale; {study.name} declares none. "
            "Declare it in its datapackage.json"
        )
    groups = segments(study)
    style = {"description_width": "6em"}
    titles = [(study.field(n).label, n) for n in groups]
    question = w.Dropdown(options=[(f.label, f.name) for f in asked], description="Question", style=style)
    metric = w.Dropdown(options=metrics_of(asked[0]), description="Metric", style=style)
    segment = w.Dropdown(options=[("all together", ""), *titles], description="By", style=style)
    only = w.Dropdown(options=[("everybody", ""), *titles], description="Only", style=style)
    value = w.Dropdown(options=[], description="equal to", style=style, disabled=True)
    code = w.Textarea(description="Code", rows=2, style=style, layout=w.Layout(width="100%"))
    out = w.HTML()

    def update(*_: Any) -> None:
        if only.value and value.value is None:
            return
        choice = Choice(question.value, metric.value, segment.value, only.value, value.value)
        code.value = "\n".join([choice.code, *([choice.comparison] if choice.segment else [])])
        out.value = answer(study, choice)

    def asked_changed(change: Any) -> None:
        metric.options = metrics_of(study.field(change.new))
        update()

    def only_changed(change: Any) -> None:
        value.disabled = not change.new
        value.options = groups.get(change.new, [])
        update()

    question.observe(asked_changed, "value")
    only.observe(only_changed, "value")
    for box in (metric, segment, value):
        box.observe(update, "value")
    update()
    return w.VBox([w.HBox([question, metric], layout=w.Layout(flex_flow="row wrap")),
                   w.HBox([segment, only, value], layout=w.Layout(flex_flow="row wrap")), out, code])  # fmt: skip
