"""Families of tests: all comparisons of one page, corrected for their number together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from cxlab.data.arguments import public
from cxlab.models.metrics.contrasts import POWER, corrected
from cxlab.models.metrics.groups import UNORDERED
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.inference import differences, multiple
from cxlab.stats.inference.trinomial import z_value

KINDS = ("comparison", "trend")


@public
def together(*results: Result, correction: str = "holm") -> list[Result]:
    """Return the results of `compare`, `against` and `trend` judged as one family: all comparisons of a page.

    Each table alone is wrong on one page in twenty where nothing differs; seven tables on one page are on one in three.
    Judged together they are again wrong on one page in twenty. What stands in two tables is one test: two groups that
    are each other's rest, the only change of two waves and their ends.

    Parameters
    ----------
    results : what the page shows.
    correction : 'holm' (default: a false "real" anywhere on the page has probability 1 - level), 'bh', 'by' or 'none'.

    Returns
    -------
    The results in their order, with ``p_adjusted``, ``detectable`` and ``verdict`` as the family has them, a note that
    says so, and ``parts['family']``, the number of tests.

    Raises
    ------
    DataProblem : a result holds no comparisons, or the correction is unknown.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.load("brand-tracker")
    >>> page = cx.together(cx.trend(study, "nps"), cx.compare(study, "nps", by="customer", pairs="rest"))
    >>> [result.parts["family"] for result in page]
    [8, 8]
    """
    one_of("correction", correction, [name for name in multiple.NAMES if name != "romano-wolf"])
    for result in results:
        if not judged(result):
            raise DataProblem(
                f"'{result.title}' is a result of kind '{result.kind}' without comparisons; a page is judged from "
                "results of cx.compare, cx.against and cx.trend"
            )
    if not results:
        return []
    p = np.concatenate([result.table["p"].to_numpy(float) for result in results])
    adjusted = corrected(p, [name for result in results for name in result.parts["tests"]], correction)
    count = len(
        {name for r in results for name, known in zip(r.parts["tests"], r.table["p"].notna(), strict=True) if known}
    )
    ends = np.cumsum([len(result.table) for result in results])[:-1]
    parts = np.split(adjusted, ends)
    return [_judged(r, own, count, correction) for r, own in zip(results, parts, strict=True)]


def judged(result: Result) -> bool:
    """Whether a result holds comparisons with their tests."""
    return result.kind in KINDS and "tests" in result.parts


def _judged(result: Result, p: NDArray, count: int, correction: str) -> Result:
    alpha, table = 1 - result.level, result.table.copy()
    table["p_adjusted"] = p
    if "detectable" in table:
        before = multiple.first_step(result.parts["correction"], result.parts["family"], alpha)
        now = multiple.first_step(correction, count, alpha)
        table["detectable"] *= _reach(now) / _reach(before)
    equivalent = np.asarray(result.parts["equivalent"], float)
    found = np.array(differences.verdicts(p, equivalent, alpha), object)
    table["verdict"] = np.where(table["verdict"] == UNORDERED, UNORDERED, found)
    said = f"judged together with all {count} comparisons of this page: {multiple.NAMES[correction]}"
    notes = [note for note in result.notes if not note.startswith("judged together")]
    parts = {**result.parts, "family": count, "correction": correction, "together": True}
    return replace(result, table=table, notes=(*notes, said), parts=parts)


def _reach(alpha: float) -> float:
    """How many standard errors a difference is found from with 80 % power by a test at ``alpha``."""
    return z_value(1 - alpha) + float(ndtri(POWER))


def common(results: Sequence[Result]) -> str:
    """Return the correction that all results ask for, or Holm's where they differ."""
    asked = {result.parts["correction"] for result in results}
    return asked.pop() if len(asked) == 1 and "romano-wolf" not in asked else "holm"
