"""`Sample`: the answers a model needs as arrays, a row a respondent or a distinct pattern; and the rule for weights.

One rule everywhere: negative weights are refused; zero, missing and infinite ones leave their row out and are counted;
an answer outside the scale of its question is none and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.exceptions import NarwhalsError
from numpy.typing import NDArray

from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.languages.one_and_many import agreed
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.counts.tally import weight_problems

KINDS = ("zero", "missing", "infinite")
"""Weights that leave their row out."""


@dataclass(frozen=True)
class Sample:
    """Answers as arrays.

    Parameters
    ----------
    answers : question → (rows,) answers as they are coded, NaN where there is none or it is outside the scale.
    n : (rows,) how many respondents a row stands for: 1 each, or the count of a pattern.
    w : (rows,) weight of one of them, above 0; 1 without weights.
    cluster : (rows,) number of the cluster, counted within strata, or None without clusters.
    strata : (rows,) number of the stratum, or None without strata. ``strata_names`` : what the numbers stand for.
    other : further columns as they came.
    notes : what was left out, in words.
    """

    answers: Mapping[str, NDArray]
    n: NDArray
    w: NDArray
    cluster: NDArray | None
    strata: NDArray | None
    strata_names: tuple
    other: Mapping[str, NDArray]
    notes: tuple[str, ...] = ()

    def matrix(self, columns: Sequence[str]) -> NDArray:
        """Return the answers to several questions, (rows, questions)."""
        return np.column_stack([self.answers[c] for c in columns])

    def keep(self, rows: NDArray) -> Sample:
        """Return the sample with only these rows."""
        cut = lambda a: None if a is None else a[rows]  # noqa: E731
        return replace(
            self, answers={k: v[rows] for k, v in self.answers.items()}, n=self.n[rows], w=self.w[rows],
            cluster=cut(self.cluster), strata=cut(self.strata), other={k: v[rows] for k, v in self.other.items()},
        )  # fmt: skip


def sample(study: Study, columns: Iterable[str], *, other: Iterable[str] = (), patterns: bool = False,
           weights: bool = True) -> Sample:  # fmt: skip
    """Read the answers to ``columns`` with weights, clusters and strata.

    Parameters
    ----------
    columns : questions answered in numbers.
    other : columns that come along as they are.
    patterns : one row a distinct combination of all of these with its count, sorted, instead of one a respondent.
    weights : False where every row counts 1, whatever its weight (what is of the rows, not of all customers).

    Raises
    ------
    DataProblem : a weight is negative, a column holds words or is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxlab.data.codebook import Codebook, Scale
    >>> book = Codebook("s", (Field("q", "", "integer", "outcome", scale=Scale(1, 5)), Field("w", role="weight")))
    >>> found = sample(Study(pd.DataFrame({"q": [1, 9, 5, 5], "w": [1.0, 1.0, 0.0, 2.0]}), book), ["q"])
    >>> found.answers["q"].tolist(), found.w.tolist()
    ([1.0, nan, 5.0], [1.0, 1.0, 2.0])
    >>> found.notes
    ('1 row whose weight is zero does not count', "1 answer to 'q' outside its scale does not count")
    """
    names, others, d = list(dict.fromkeys(columns)), list(dict.fromkeys(other)), study.design
    for c in (*names, *others):
        if c not in study.columns:
            raise unknown("column", c, study.name, study.columns)
    weight_column = d.weight if weights else ""
    if weight_column:
        check_weights(study)
    kinds = study.lazy.collect_schema()  # whole numbers are grouped as they are: engines count those in an array
    held = {
        f"x{i}": nw.col(c) if patterns and kinds[c].is_integer() else nw.col(c).cast(nw.Float64)
        for i, c in enumerate(names) if _numeric(study, c)
    }  # fmt: skip
    held |= {"w": nw.col(weight_column).cast(nw.Float64)} if weight_column else {}
    held |= {"h": nw.col(d.strata)} if d.strata else {}
    held |= {"c": nw.col(d.cluster)} if d.cluster else {}
    held |= {f"o{i}": nw.col(c) for i, c in enumerate(others)}
    rows = study.frame.select(*(e.alias(k) for k, e in held.items()))
    if patterns:
        rows = rows.group_by(*held).agg(nw.len().alias("n"))
    table = fetched(rows, study.name, grouped=patterns).to_pandas()
    table = table.sort_values(list(held), ignore_index=True, key=_sortable) if patterns else table.assign(n=1.0)
    weight = table["w"].to_numpy(float, na_value=np.nan) if weight_column else np.ones(len(table))
    kept = np.isfinite(weight) & (weight > 0)
    table, weight, notes = table[kept], weight[kept], list(weight_notes(study) if weight_column else ())
    answers = {}
    for i, c in enumerate(names):
        values = table[f"x{i}"].to_numpy(float, na_value=np.nan)
        answers[c], outside = within_scale(values, study.field(c), table["n"].to_numpy(float))
        notes += [outside_note(c, outside)] if outside else []
    strata, labels = pd.factorize(table["h"], use_na_sentinel=False) if d.strata else (None, ())
    cluster = None
    if d.cluster:  # numbers that start anew in every stratum are different clusters
        keys = [k for k in ("h", "c") if k in table]
        cluster = table.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    further = {c: table[f"o{i}"].to_numpy() for i, c in enumerate(others)}
    return Sample(
        answers, table["n"].to_numpy(float), weight, cluster, strata, tuple(labels), further, tuple(notes)
    )  # fmt: skip


def within_scale(values: NDArray, field: Field, n: NDArray | None = None) -> tuple[NDArray, int]:
    """Return answers with those outside the scale of their question (and infinite ones) as NaN, and how many those are.

    Parameters
    ----------
    values : (rows,) answers, NaN where there is none. ``n`` : (rows,) respondents of each row; default 1.
    """
    low, high = (field.scale.minimum, field.scale.maximum) if field.scale else (-np.inf, np.inf)
    outside = ~np.isnan(values) & ((values < low) | (values > high) | np.isinf(values))
    count = int(outside.sum() if n is None else n[outside].sum())
    return (np.where(outside, np.nan, values), count) if count else (values, 0)


def in_scale(study: Study, columns: Iterable[str]) -> Study:
    """Return the study with answers to ``columns`` outside their scale as missing; its results say how many those are.

    For models that evaluate expressions where the data lie. One scan of the columns with a scale, kept with the study;
    where every answer lies within its scale the study is returned as it is.

    Parameters
    ----------
    columns : names of columns; those without a scale, or with answers in words, stay as they are.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxlab.data.codebook import Codebook, Scale
    >>> book = Codebook("s", (Field("q", "", "integer", "outcome", scale=Scale(1, 5)),))
    >>> found = in_scale(Study(pd.DataFrame({"q": [1, 9, 5]}), book), ["q"])
    >>> found.caveats
    ("1 answer to 'q' outside its scale does not count",)
    """
    known = study.__dict__.setdefault("_outside", {})
    there = set(study.columns)
    asked = [c for c in dict.fromkeys(columns) if c in there and c in study.codebook and study.codebook[c].scale]
    if new := [c for c in asked if c not in known]:
        schema = study.lazy.collect_schema()
        rows = {c: _outside(study.codebook[c]) for c in new if schema[c].is_numeric()}
        known |= dict.fromkeys(new, 0)
        if rows:
            sums = (e.cast(nw.Int64).sum().alias(f"x{i}") for i, e in enumerate(rows.values()))
            found = study.answers(rows).select(*sums).collect().to_pandas().fillna(0).iloc[0]
            known |= dict(zip(rows, map(int, found), strict=True))
    wrong = [c for c in asked if known[c]]
    if not wrong:
        return study
    kept = (nw.when(~_outside(study.codebook[c])).then(nw.col(c)).alias(c) for c in wrong)
    said = (*study.remarks, *(outside_note(c, known[c]) for c in wrong))
    return replace(study, table=study.frame.with_columns(*kept).to_native(), remarks=said)


def _outside(field: Field) -> nw.Expr:
    x = nw.col(field.name).cast(nw.Float64)
    return (x < field.scale.minimum) | (x > field.scale.maximum)


def outside_note(column: str, k: int) -> str:
    """Return the note on answers outside the scale."""
    return agreed(f"{k:,} answers to '{column}' outside its scale do not count")


def weight_counts(study: Study) -> Mapping[str, int]:
    """Return how many weights are 'negative', 'zero', 'missing' and 'infinite': one scan, kept with the study."""
    d = study.design
    if not d.weight:
        return {}
    known = study.__dict__.get("_weight_counts")
    if known is None:
        found = [e.cast(nw.Int64).sum().alias(k) for k, e in weight_problems(d.weight).items()]
        if study.lazy.collect_schema()[d.weight] in (nw.Date, nw.Datetime, nw.Duration, nw.Time):
            raise _no_weight(study)
        try:
            row = study.answers([d.weight]).select(*found).collect().to_pandas().fillna(0).iloc[0]
        except (duckdb.ConversionException, NarwhalsError, ValueError) as error:
            raise _no_weight(study) from error
        known = {k.removeprefix("weight:"): int(n) for k, n in row.items()}
        study.__dict__["_weight_counts"] = known
    return known


def _no_weight(study: Study) -> DataProblem:
    return DataProblem(
        f"the weight '{study.design.weight}' of {study.name} holds what is no number; turn it into numbers, or give it "
        f"another role: study.set('{study.design.weight}', role='')"
    )


def check_weights(study: Study) -> None:
    """Raise `DataProblem` if a weight of the study is negative."""
    if k := weight_counts(study).get("negative"):
        raise negative_weights(study, k)


def negative_weights(study: Study, k: int) -> DataProblem:
    """Return the error for ``k`` negative weights."""
    return DataProblem(
        f"{k:,} rows of {study.name} have a negative weight in '{study.design.weight}'; weights are positive. Correct "
        "them, or leave the rows out with study.filter"
    )


def weight_notes(study: Study) -> tuple[str, ...]:
    """Return in words how many rows do not count because of their weight."""
    found = weight_counts(study)
    return tuple(agreed(f"{found[k]:,} rows whose weight is {k} do not count") for k in KINDS if found.get(k))


def usable_weight(study: Study) -> nw.Expr | None:
    """Return the design weight as an expression, null where it leaves its row out; None without weights.

    Raises
    ------
    DataProblem : a weight is negative.
    """
    if not study.design.weight:
        return None
    check_weights(study)
    w = nw.col(study.design.weight).cast(nw.Float64)
    if not any(weight_counts(study)[k] for k in KINDS):
        return w
    return nw.when((w > 0) & (w < float("inf"))).then(w)


def _sortable(values: pd.Series) -> pd.Series:
    """Objects of several kinds have no order; their texts have."""
    return values.map(str) if values.dtype == object else values


def _numeric(study: Study, name: str) -> bool:
    kind = study.lazy.collect_schema()[name]
    if not (kind.is_numeric() or kind == nw.Boolean):
        raise DataProblem(f"column '{name}' of {study.name} holds text ({kind}); numbers are needed: recode it")
    return True
