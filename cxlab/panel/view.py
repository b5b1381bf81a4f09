"""`View`: what the panel looks at, as the code that computes it."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw

from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.data.waves import levels as in_order
from cxlab.models.metrics.registry import metrics_of

LEVELS = 60
"""A column with more values than this is no segment to choose from."""


@dataclass(frozen=True)
class View:
    """A question by a metric, in ``rows`` and ``columns`` ('' for none), of those whom ``filters`` keep.

    ``name`` is what the study is called in the user's notebook; ``filters`` maps columns to lists of levels or to
    ranges ``(from, to)``; ``highest_first`` sorts the table.

    >>> view = View("data", "ltr", "nps", rows="region", filters={"wave": [7, 8], "age": (18, 34)})
    >>> view.estimate
    "cx.nps(data.where(wave=[7, 8], age=(18, 34)), 'ltr', by='region')"
    """

    name: str
    question: str
    metric: str
    rows: str = ""
    columns: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    highest_first: bool = False

    @property
    def by(self) -> list[str]:
        """The columns that form the groups."""
        return list(dict.fromkeys(c for c in (self.rows, self.columns) if c))

    @property
    def _by(self) -> str | list[str]:
        return self.by[0] if len(self.by) == 1 else self.by

    @property
    def chosen(self) -> str:
        """The code of the study with the filters."""
        if not self.filters:
            return self.name
        plain = all(c.isidentifier() and not keyword.iskeyword(c) for c in self.filters)
        said = [f"{c}={v!r}" if plain else f"{c!r}: {v!r}" for c, v in self.filters.items()]
        return f"{self.name}.where({', '.join(said)})" if plain else f"{self.name}.where(**{{{', '.join(said)}}})"

    @property
    def estimate(self) -> str:
        """The code of the metric in all groups."""
        made = f"cx.{self.metric}({self.chosen}, {self.question!r}{f', by={self._by!r}' if self.by else ''})"
        return f"{made}.highest_first()" if self.highest_first else made

    @property
    def comparison(self) -> str:
        """The code that says which differences are real: between rows, or in each row between columns; '' for none."""
        if not self.by:
            return ""
        return f"cx.compare({self.chosen}, {self.metric!r}, by={self._by!r}, of={self.question!r})"

    @property
    def letters(self) -> str:
        """The code of the answers as a table with significance letters."""
        banner = "".join(f", {c!r}" for c in self.by)
        return f"cx.crosstab({self.chosen}, {self.question!r}{banner})" if banner else ""

    @property
    def answers(self) -> str:
        """The code of the distribution of the answers."""
        return f"cx.answers({self.chosen}, {self.question!r})"


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


def ranges(study: Study) -> dict[str, tuple[float, float]]:
    """Return the columns of numbers to filter by a range, each with its smallest and largest value."""
    names = [
        f.name for f in study.codebook
        if f.name in study.columns and f.type in ("integer", "number") and f.scale is None
        and f.role in ("", "segment", "operation", "behaviour")
    ]  # fmt: skip
    if not names:
        return {}
    ends = [
        e for k, n in enumerate(names) for e in (nw.col(n).min().alias(f"low{k}"), nw.col(n).max().alias(f"high{k}"))
    ]
    row = study.frame.select(*ends).collect().to_dict(as_series=False)
    found = {n: (row[f"low{k}"][0], row[f"high{k}"][0]) for k, n in enumerate(names)}
    return {n: (float(a), float(b)) for n, (a, b) in found.items() if a is not None and b is not None and a < b}
