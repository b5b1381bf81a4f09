"""`beyond`: what some questions tell of an outcome that others do not, judged on answers the fit has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.data.yes_no import yes_no
from cxlab.models.regression.counted_answers import Counted, Told
from cxlab.problem import DataProblem, unknown
from cxlab.result import Result
from cxlab.stats.fits.marked_gaps import filled
from cxlab.stats.fits.validation import HOW, Validated, cross_validated
from cxlab.stats.inference.design_variance import t_value

NAMES = {"given": "what is given, alone", "more": "what is asked, alone", "both": "both"}
GAINS = {"given": "gained by what is asked", "more": "gained by what is given"}


def compared(
    y: NDArray, columns: NDArray, rows: Counted, models: Mapping[str, Sequence[int]], rng: np.random.Generator
) -> Validated:
    """Return linear models of y on subsets of the columns, cross-validated; controls are in every model.

    Parameters
    ----------
    y : (rows,). ``columns`` : (rows, columns). ``models`` : columns of each by name. ``rng`` : deals the blocks.

    Raises
    ------
    DataProblem : there are too few independent units or answers.
    """
    x = columns if rows.controls is None else np.column_stack([columns, rows.controls])
    extra = list(range(columns.shape[1], x.shape[1]))
    held = {name: [*chosen, *extra] for name, chosen in models.items()}
    return cross_validated(x, y, rows.n, rows.w, rows.cluster, held, rng)


@public
def beyond(
    study: Study,
    outcome: str,
    *,
    more: Sequence[str],
    given: Sequence[str],
    level: float = 0.95,
    least_n: int = SMALL,
    seed: int = 0,
) -> Result:
    """Return what some questions tell of an outcome beyond others, and these beyond them.

    Parameters
    ----------
    outcome : a question, an amount, or yes or no.
    more : columns in numbers whose share is asked for; who answered not all of them does not count.
    given : columns in numbers that are known anyway; a gap in them is marked, and nobody is dropped for it.
    level : confidence of the intervals, between 0 and 1.
    least_n : answers needed.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result in R² out of sample (share of the variance of the outcome), one row each: ``model`` (``given`` alone,
    ``more`` alone, both; what ``more`` gains over ``given``, and the other way round), ``estimate, low, high, se, n``.
    A gain can be below 0: what is not there only adds noise. ``parts``: ``n_eff``.

    Raises
    ------
    DataProblem : a column is not there, in words or named twice, the outcome does not vary, or there are too few
        answers.

    Notes
    -----
    R² = 1 - squared errors in the folds that the model has not seen over the outcome's variance. Close to 0 a gain is
    a square: its upper limit is no lower than the noncentral chi-square allows. CX-04 is tested by this gain.

    References
    ----------
    Nadeau & Bengio (2003), doi:10.1023/A:1024068626366 (errors of cross-validation).

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"staff": [1, 2, 3, 4, 5] * 40, "room": [2, 9, 4, 7, 8] * 40})
    >>> table["overall"] = table["staff"] + table["room"]
    >>> found = cx.importance.beyond(cx.load(table), "overall", more=["staff"], given=["room"])
    >>> found.table.set_index("model")["estimate"].round(2).to_dict()["both"]
    1.0
    """
    names = _named(study, outcome, more, given)
    found, y, lost = _answers(study, outcome, *names)
    n = int(found.n.sum())
    if n < max(least_n, 2):
        raise DataProblem(f"{n:,} of {study.name} answered '{outcome}' and what is asked; {max(least_n, 2)} are needed")
    if np.ptp(y) == 0:
        raise DataProblem(f"'{outcome}' of {study.name} is the same for all {n:,}; nothing can be explained")
    x, gaps = filled(found.matrix(names[1]))
    rows = Counted(found.n, found.w, found.cluster, found.strata)
    k, m = x.shape[1], len(names[0])
    models = {"given": range(k), "more": range(k, k + m), "both": range(k + m)}
    fits = compared(y, np.column_stack([x, found.matrix(names[0])]), rows, models, np.random.default_rng(seed))
    n_eff = float(rows.effective(y))
    table = pd.DataFrame(_rows(fits, n_eff, level)).assign(n=n)
    notes = (
        *study.caveats, *found.notes,
        *([f"{lost:,} rows without '{outcome}' or what is asked do not count"] * bool(lost)), *gaps,
        "what explains more of an answer need not have caused it",
    )  # fmt: skip
    said, others = " and ".join(study.field(c).label for c in names[0]), len(names[1])
    title = f"What {said} tells of {study.field(outcome).label} beyond {others} other question{'s' * (others > 1)}"
    return Result(
        "beyond", title, table, "share", level, HOW, notes, {"n_eff": n_eff},
        (Column("model", "label", "", "Share explained"),),
    )  # fmt: skip


def _rows(fits: Validated, n_eff: float, level: float) -> list[dict[str, object]]:
    def line(name: str, told: Told, most: float = -np.inf) -> dict[str, object]:
        value, se, df = told
        half = float(t_value(level, df)) * se
        return {"model": name, "estimate": value, "low": value - half, "high": max(value + half, most), "se": se}

    alone = [line(said, fits.level(k)) for k, said in NAMES.items()]
    gains = [
        line(said, fits.gain("both", k), fits.at_most("both", k, n=n_eff, p=(1 - level) / 2))
        for k, said in GAINS.items()
    ]
    return alone + gains


def _named(study: Study, outcome: str, more: Sequence[str], given: Sequence[str]) -> tuple[list[str], list[str]]:
    out = []
    for what, names in (("more", more), ("given", given)):
        names = [names] if isinstance(names, str) else list(names)
        if not names:
            raise DataProblem(f"{what} names no column; name one or more, e.g. {what}=['{study.columns[0]}']")
        out.append(names)
    every = [outcome, *out[0], *out[1]]
    for name in every:
        if name not in study.columns:
            raise unknown("column", name, study.name, study.columns)
    if twice := [c for c in every if every.count(c) > 1]:
        raise DataProblem(f"'{twice[0]}' stands twice among outcome, more and given; leave it in one place")
    return out[0], out[1]


def _answers(study: Study, outcome: str, more: list[str], given: list[str]) -> tuple[Sample, NDArray, int]:
    """The rows with an outcome and all that is asked, the outcome in numbers, and how many rows are left out."""
    kind = study.lazy.collect_schema()[outcome]
    numeric, names = kind.is_numeric() or str(kind) == "Boolean", [*more, *given]
    found = sample(study, [outcome, *names] if numeric else names, other=() if numeric else [outcome], patterns=True)
    y = found.answers[outcome] if numeric else yes_no(found.other[outcome], study.field(outcome))
    kept = np.isfinite(y) & np.isfinite(found.matrix(more)).all(axis=1)
    return found.keep(kept), y[kept], int(found.n[~kept].sum())
