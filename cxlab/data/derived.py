"""`derive`: a new column from others: bands, NETs, conditions, sums and means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import and_
from typing import Any

import narwhals as nw

from cxlab.data.answer_codes import answer
from cxlab.data.codebook import Field
from cxlab.data.conditions import conditions
from cxlab.data.finding import counts
from cxlab.data.naming import named
from cxlab.data.study import Study
from cxlab.problem import DataProblem, one_of

TOTALS = ("sum", "mean")


def derive(
    study: Study,
    name: str,
    by: Any,
    *,
    of: str | Sequence[str] = "",
    rest: str = "",
    settings: Mapping[str, Any] | None = None,
) -> Study:
    """Return the study with a new column ``name``.

    Parameters
    ----------
    study : the study; it is not changed.
    name : of the new column.
    by : what it holds:

        - a mapping of category to what column ``of`` is: a range (bands), a list of levels (a NET) or one level;
        - a mapping of category to conditions on several columns, as `Study.where` takes them (all must hold):
          ``{"young fans": {"age": (18, 34), "nps": (9, 10)}}``;
        - 'sum' or 'mean' of the columns ``of``, for rows that answered all of them;
        - a Narwhals expression: ``nw.col("spend") / nw.col("visits")``.
    of : the column of the bands, or the columns of the sum or mean.
    rest : category of the rows that are in none of the others and answered all the columns used; '' leaves them out.
    settings : what else the codebook says of it, as `Study.set` takes it; categories are a segment unless it says
        otherwise.

    Raises
    ------
    DataProblem : the name is taken, categories overlap, a level or column does not exist, scales differ.

    Examples
    --------
    >>> from cxlab.data.catalogue import open_study
    >>> study = derive(open_study("brand-tracker"), "fan", {"fan": {"recommendation": (9, 10)}}, rest="no fan")
    >>> import cxlab as cx
    >>> [int(n) for n in cx.nps(study, by="fan").table["n"]]
    [2887, 3113]
    """
    if name in study.codebook or name in study.columns:
        raise DataProblem(f"{study.name} has a column '{name}' already; choose another name")
    if isinstance(by, Mapping):
        field, made = _categories(study, name, by, of, rest)
    elif isinstance(by, nw.Expr):
        field, made = Field(name, type="number", note="calculated"), by
    elif isinstance(by, str):
        one_of("how columns are put together", by, TOTALS)
        field, made = _total(study, name, by, of)
    else:
        raise DataProblem(
            f"a column is derived by a mapping of categories, 'sum', 'mean' or a Narwhals expression, not {by!r}"
        )
    frame = _calculated(study, name, made) if isinstance(by, nw.Expr) else study.lazy.with_columns(made.alias(name))
    book = replace(study.codebook, fields=(*study.codebook.fields, field))
    done = replace(study, table=frame.to_native(), codebook=book)
    return done.set(name, **settings) if settings else done


def _categories(study: Study, name: str, by: Mapping[Any, Any], of: Any, rest: str) -> tuple[Field, nw.Expr]:
    """Return the field and the codes 1, 2, ... of the categories, in the order they are given."""
    if not by:
        raise DataProblem(f"'{name}' has no category; give a mapping such as {{'18-34': (18, 34), '35+': (35, None)}}")
    wanted = {str(label): _wanted(name, what, of) for label, what in by.items()}
    found = {label: conditions(study, what) for label, what in wanted.items()}
    rows = {label: reduce(and_, (rows for rows, _ in each)) for label, each in found.items()}
    _apart(study, name, rows)
    used = dict.fromkeys(named(study, c) for what in wanted.values() for c in what)
    columns = [c for u in used for c in (study.field(u).columns or (u,))]
    labels = {str(k): label for k, label in enumerate([*rows, *([rest] if rest else [])], 1)}
    answered = reduce(and_, (~_answered(study, c).is_null() for c in columns))
    made = nw.when(answered).then(nw.lit(len(rows) + 1)).otherwise(nw.lit(None)) if rest else nw.lit(None)
    for k, condition_ in reversed(list(enumerate(rows.values(), 1))):
        made = nw.when(condition_).then(nw.lit(k)).otherwise(made)
    said = "; ".join(f"{label}: {' and '.join(said for _, said in each)}" for label, each in found.items())
    return Field(name, type="integer", role="segment", labels=labels, note=said), made.cast(_whole(study))


def _whole(study: Study) -> Any:
    """Return the type of codes: whole numbers, but where they cannot be null (pandas) numbers."""
    return nw.Float64 if nw.from_native(study.table).implementation.is_pandas_like() else nw.Int64


def _answered(study: Study, column: str) -> nw.Expr:
    """Return a column with its missing codes as null."""
    return answer(study.codebook[column]) if column in study.codebook else nw.col(column)


def _calculated(study: Study, name: str, made: nw.Expr) -> nw.LazyFrame:
    """Return the table with an expression of the answers, missing codes being null to it and kept in the table."""
    there = set(study.columns)
    coded = [f for f in study.codebook if f.missing and f.name in there]
    kept = {f.name: f"{f.name} as it came" for f in coded}
    frame = study.lazy.with_columns(nw.col(c).alias(k) for c, k in kept.items()) if kept else study.lazy
    frame = frame.with_columns(answer(f) for f in coded) if kept else frame
    frame = frame.with_columns(made.alias(name))
    if not kept:
        return frame
    return frame.with_columns(nw.col(k).alias(c) for c, k in kept.items()).drop(*kept.values())


def _wanted(name: str, what: Any, of: Any) -> dict[str, Any]:
    """Return the conditions of one category."""
    if isinstance(what, Mapping):
        return dict(what)
    if not of or not isinstance(of, str):
        raise DataProblem(f"'{name}' is derived of one column: name it with of='age', or give conditions as mappings")
    return {of: what}


def _apart(study: Study, name: str, rows: Mapping[str, nw.Expr]) -> None:
    """Raise where a row lies in two categories; one scan."""
    labels = list(rows)
    pairs = [(a, b) for k, a in enumerate(labels) for b in labels[k + 1 :]]
    if not pairs:
        return
    both = counts(study.lazy, [rows[a] & rows[b] for a, b in pairs])
    for (a, b), n in zip(pairs, both, strict=True):
        if n:
            raise DataProblem(
                f"categories of '{name}' overlap: {n:,} rows are '{a}' and '{b}'; a range includes both of its ends"
            )


def _total(study: Study, name: str, how: str, of: Any) -> tuple[Field, nw.Expr]:
    """Return the field and the sum or mean of several columns; null where one of them has no answer."""
    columns = [named(study, c) for c in ([of] if isinstance(of, str) else of)]
    fields = [study.field(c) for c in columns]
    if len(fields) < 2:
        raise DataProblem(f"the {how} of '{name}' needs two columns or more; name them with of=[...]")
    words = [f.name for f in fields if f.type not in ("integer", "number", "boolean") or f.columns]
    if words:
        raise DataProblem(f"'{words[0]}' holds no numbers; the {how} of '{name}' needs columns of numbers")
    scales = {(f.scale.minimum, f.scale.maximum, f.scale.best) for f in fields if f.scale}
    if len(scales) > 1 or how == "mean" and scales and not all(f.scale for f in fields):
        told = ", ".join(f"{f.name} {f.scale or 'without a scale'}" for f in fields)
        raise DataProblem(f"the columns of '{name}' have different scales, and their {how} means nothing: {told}")
    total = reduce(lambda a, b: a + b, (_answered(study, c).cast(nw.Float64) for c in columns))
    said = f"{how} of {', '.join(columns)}, where all are answered"
    return Field(name, type="number", note=said), total / len(columns) if how == "mean" else total
