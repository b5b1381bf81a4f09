"""Weights that make the sample's margins those of the population: raking and post-stratification, on counts.

Both need only how many answers (and how much weight) each combination of the margins has, so the data stay where they
are: the new weight is the old one times one factor a category, an expression of the lazy table. (The library svy, MIT,
gives the same weights; it wants every row in memory as a polars frame and brings an engine of its own, which is more
than the twenty lines of `ipf` weigh.)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.drawing import Calibration
from cxlab.data.sample import usable_weight, weight_notes
from cxlab.data.study import Study
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts import raking
from cxlab.stats.counts.names import keys as keys_of

FEW = 10
"""Categories with fewer answers than this are named in the report: their weights rest on very few people."""


@public
def rake(
    study: Study,
    margins: Mapping[str | tuple[str, ...], Mapping[Any, float]],
    *,
    trim: tuple[float, float] | None = None,
    blank: str = "refuse",
    name: str = "weight_raked",
    tolerance: float = 1e-9,
    rounds: int = 1000,
) -> Study:
    """Return the study with weights whose margins equal those of the population.

    The weight is w_i = b_i f_1(i) f_2(i) ..., b_i the weight so far (1 without one), f_m(i) the factor of i's category
    in margin m; the factors are multiplied by target / sum in turn until all margins hold (iterative proportional
    fitting; Deming & Stephan 1940, doi:10.1214/aoms/1177731829). `weighting` reports what came of it. The study
    remembers the margins: errors of metrics are those of weights that were fitted to them (R's ``calibrate``). Weights
    that arrive in a file count as known.

    Parameters
    ----------
    margins : column: {category: share or number}, e.g. ``{"age": {"18-34": 0.3, "35+": 0.7}}``. A tuple of columns is
        one joint margin with tuples as categories, e.g. ``("wave", "age")`` to rake age within each wave. Shares sum
        to 1; numbers sum to the same total in every margin.
    trim : smallest and largest weight as multiples of the mean weight, e.g. ``(0.3, 3)``; the margins are fitted with
        the weights held inside. None does not trim.
    blank : rows without an answer in a margin: 'refuse' them, or keep them 'neutral' (factor 1 in that margin, whose
        targets are shares of the answered).
    tolerance : largest difference allowed between a margin and its target, as a share of the target.
    name : name of the new column of weights.
    rounds : the most rounds of fitting.

    Raises
    ------
    DataProblem : a category without answers or without a target; margins that do not sum to one another; weights of
        below zero; no convergence. Rows whose weight is zero, missing or infinite get none and are counted.

    Examples
    --------
    >>> import cxlab as cx
    >>> from cxlab.data.catalogue import open_study
    >>> raked = cx.rake(open_study("abc"), {"country": {"Benelux": .1, "France": .1, "Germany": .4,
    ...                                              "Israel": .1, "Italy": .15, "UK": .15}})
    >>> raked.design.weight
    'weight_raked'
    """
    one_of("blank", blank, ("refuse", "neutral"))
    parts = _parts(study, margins)
    if name in study.columns:
        raise DataProblem(f"{study.name} already has a column '{name}'; choose another name=")
    if trim and not 0 <= trim[0] < 1 < trim[1]:
        raise DataProblem(f"trim is {trim}; give multiples of the mean weight below and above 1, e.g. (0.3, 3)")
    total, cells = _total(parts), _cells(study, parts, each=trim is not None)
    if not len(cells):
        raise DataProblem(f"no row of {study.name} can be weighted; {'; '.join(weight_notes(study)) or 'it has none'}")
    for part in parts:
        part.check(cells, blank)
    codes, shares = [p.codes(cells) for p in parts], [p.shares for p in parts]
    base, each = cells["w"].to_numpy(float), cells["b"].to_numpy(float)
    factors, done, off = raking.ipf(base, each, codes, shares, trim=trim, tolerance=tolerance, rounds=rounds)
    if not off <= tolerance:
        raise DataProblem(_not_fitted(parts, codes, shares, trim, done, off))
    mean, scale = base.sum() / cells["n"].sum(), (total or base.sum()) / base.sum()
    weight = _expression(study, parts, factors, trim, mean=mean, scale=scale).alias(name)
    said = f"raked to {', '.join(p.label for p in parts)} in {done} rounds, margins within {off:.1e}"
    said += f", held between {trim[0]:g} and {trim[1]:g} times the mean" if trim else ""
    said += "".join(f"; {note}" for note in weight_notes(study))
    made = Calibration(name, study.design.weight, tuple(p.columns for p in parts))
    return replace(_with_weight(study, weight, name, said), calibration=made)


def _not_fitted(
    parts: Sequence[Margin],
    codes: Sequence[np.ndarray],
    shares: Sequence[np.ndarray],
    trim: tuple[float, float] | None,
    done: int,
    off: float,
) -> str:
    """Why no weights were found, and what to do: margins that contradict each other in these data, or no convergence"""
    for a, b in itertools.permutations(range(len(parts)), 2):
        found = raking.conflict(codes[a], codes[b], shares[a], shares[b])
        if found is not None:
            here, there = found
            return (
                f"no weights can meet the margins {parts[a].label} and {parts[b].label}: everybody with "
                f"{parts[a].named(here)} has {parts[b].named(there)}, but the targets are "
                f"{shares[a][here].sum():.1%} and {shares[b][there].sum():.1%}. Correct the targets, or leave one of "
                "the margins out"
            )
    if not raking.possible(codes, shares):
        said = ", ".join(p.label for p in parts)
        return (
            f"no weights can meet all of {said} together: some combinations of categories that the targets need have "
            "no answer. Leave one of the margins out, or merge categories"
        )
    tip = "widen trim=, or merge small categories" if trim else "merge small categories, or raise rounds="
    much = f"still {off:.2%} off its target" if math.isfinite(off) else "off its target without limit"
    return f"after {done} rounds a margin is {much}; {tip}"


def _parts(study: Study, margins: Mapping) -> list[Margin]:
    if not margins:
        raise DataProblem("no margins were given; give at least one, e.g. {'age': {'18-34': 0.3, '35+': 0.7}}")
    return [Margin.of(study, column, targets) for column, targets in margins.items()]


@public
def poststratify(
    study: Study, by: str | Sequence[str], *, totals: Mapping[Any, float], name: str = "weight_post", **options: Any
) -> Study:
    """Return the study with weights whose cells of ``by`` equal ``totals``: raking to one joint margin.

    ``totals`` maps each category (or tuple of categories, in the order of ``by``) to its share or number in the
    population; the options are those of `rake`.

    Parameters
    ----------
    name : name of the new column of weights.
    options : those of `rake`.

    Raises
    ------
    DataProblem : a category without answers or without a target, a column that is not there, a negative weight, a
        name that is taken, or blanks that are to be refused.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.designs.poststratify(cx.load("brand-tracker"), "mode", totals={"online": 0.7, "phone": 0.3}).design.weight
    'weight_post'
    """
    columns = (by,) if isinstance(by, str) else tuple(by)
    return rake(study, {columns if len(columns) > 1 else columns[0]: totals}, name=name, **options)


@dataclass(frozen=True)
class Margin:
    """One margin of the population: columns, categories and their shares."""

    columns: tuple[str, ...]
    categories: tuple[tuple[Any, ...], ...]
    targets: np.ndarray

    @classmethod
    def of(cls, study: Study, column: str | tuple[str, ...], targets: Mapping[Any, float]) -> Margin:
        columns = column if isinstance(column, tuple) else (column,)
        for c in columns:
            study.field(c)
        keys = tuple(k if isinstance(k, tuple) else (k,) for k in targets)
        values = np.array([float(v) for v in targets.values()])
        if not keys or not (values > 0).all():
            bad = [k for k, v in targets.items() if not float(v) > 0]
            raise DataProblem(
                f"margin {column!r}: targets must be above 0; {bad or 'none'} came. Leave empty categories out"
            )
        return cls(columns, keys, values)

    @property
    def label(self) -> str:
        return " × ".join(self.columns)

    def named(self, codes: np.ndarray) -> str:
        """Return the margin with some of its categories in words: 'age 18-34 or 35-54'."""
        return f"{self.label} " + " or ".join(" × ".join(map(str, self.categories[k])) for k in codes)

    @property
    def shares(self) -> np.ndarray:
        return self.targets / self.targets.sum()

    def keys(self, cells: pd.DataFrame) -> list[tuple[str, ...] | None]:
        rows = cells[keys_of(self.columns)].itertuples(index=False, name=None)
        return [None if any(pd.isna(v) for v in row) else tuple(map(_text, row)) for row in rows]

    def codes(self, cells: pd.DataFrame) -> np.ndarray:
        at = {tuple(map(_text, k)): i for i, k in enumerate(self.categories)}
        return np.array([-1 if key is None else at[key] for key in self.keys(cells)])

    def check(self, cells: pd.DataFrame, blank: str) -> None:
        """Raise `DataProblem` unless every answer has a target, every target an answer, and blanks are allowed for."""
        keys = self.keys(cells)
        there, wanted = {k for k in keys if k is not None}, {tuple(map(_text, k)) for k in self.categories}
        said = lambda some: ", ".join(sorted(" × ".join(k) for k in some))  # noqa: E731
        if there - wanted:
            raise DataProblem(
                f"margin {self.label}: the data have {said(there - wanted)}, the targets have not; "
                f"targets are for {said(wanted)}. Add them, or leave those rows out"
            )
        if wanted - there:
            raise DataProblem(
                f"margin {self.label}: nobody in the data is {said(wanted - there)}, so no weight can stand for them; "
                "merge the category with a neighbour in data and targets"
            )
        missing = int(cells["n"].to_numpy()[[k is None for k in keys]].sum())
        if missing and blank == "refuse":
            raise DataProblem(
                f"margin {self.label}: {missing:,} rows have no answer; leave them out, or keep them with "
                "blank='neutral' (factor 1 in this margin)"
            )


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)


def _total(parts: Sequence[Margin]) -> float:
    """Return the total that numbers as targets stand for, or 0 where the targets are shares."""
    sums = {p.label: float(p.targets.sum()) for p in parts}
    if all(abs(s - 1) < 1e-6 for s in sums.values()):
        return 0.0
    if max(sums.values()) - min(sums.values()) > 1e-6 * max(sums.values()):
        said = ", ".join(f"{k} to {v:,.6g}" for k, v in sums.items())
        raise DataProblem(f"the margins do not sum to one another: {said}; give shares that sum to 1, or equal totals")
    return next(iter(sums.values()))


def _cells(study: Study, parts: Sequence[Margin], *, each: bool) -> pd.DataFrame:
    """Return rows and weight of each combination of the margins; with ``each``, of each old weight as well.

    The columns of the margins stand under their `cxlab.stats.counts.names.key`.
    """
    margins = list(dict.fromkeys(c for p in parts for c in p.columns))
    columns = keys_of(margins)
    old = usable_weight(study)
    one = nw.lit(1.0) if old is None else old
    named = [nw.col(c).alias(k) for c, k in zip(margins, columns, strict=True)]
    frame = study.frame.select(*named, one.alias("w")).filter(~nw.col("w").is_null())
    if each:
        frame = frame.with_columns(nw.col("w").alias("b"))
    cells = frame.group_by(*columns, *(["b"] if each else [])).agg(nw.len().alias("n"), nw.col("w").sum())
    cells = cells.collect().to_pandas()
    if not each:
        cells["b"] = cells["w"] / cells["n"]
    return cells.sort_values([*columns, "b"], ignore_index=True, key=lambda s: s.astype(str), kind="stable")


def _expression(
    study: Study,
    parts: Sequence[Margin],
    factors: Sequence[np.ndarray],
    trim: float | None,
    *,
    mean: float,
    scale: float,
) -> nw.Expr:
    old = usable_weight(study)
    weight = nw.lit("1").cast(nw.Float64) if old is None else old  # Ibis writes 1.0 as a decimal of few digits
    raw = {c: study.field(c) for p in parts for c in p.columns}
    for part, f in zip(parts, factors, strict=True):
        factor = nw.lit(1.0)
        for key, value in zip(part.categories, f, strict=True):
            here = nw.all_horizontal(
                *[nw.col(c) == _value(k, raw[c].type) for c, k in zip(part.columns, key, strict=True)],
                ignore_nulls=True,
            )
            factor = nw.when(here).then(nw.lit(float(value))).otherwise(factor)
        weight = weight * factor
    if trim:
        low, high = trim[0] * mean, trim[1] * mean
        weight = nw.when(weight < low).then(nw.lit(low)).otherwise(weight)
        weight = nw.when(weight > high).then(nw.lit(high)).otherwise(weight)
    return weight * scale


def _value(key: Any, type_: str) -> Any:
    if type_ in ("integer", "number") and not isinstance(key, (int, float)):
        number = float(key)
        return int(number) if number.is_integer() else number
    return str(key) if type_ == "string" else key


def _with_weight(study: Study, weight: nw.Expr, name: str, said: str) -> Study:
    old = study.design.weight
    book = study.codebook.replace(old, role="") if old else study.codebook
    field = Field(name, "Raked weight" if "raked" in name else "Weight", "number", "weight", note=said)
    book = replace(book, fields=(*book.fields, field), notes=(*book.notes, f"Weight {name}: {said}."))
    return replace(study, table=study.lazy.with_columns(weight).to_native(), codebook=book)


@public
def weighting(study: Study, margins: Mapping[str | tuple[str, ...], Mapping[Any, float]] | None = None) -> Result:
    """Return what the weights of a study cost and do: spread, Kish's design effect, margins before and after.

    Kish: n_eff = (sum w)**2 / sum w**2, deff = n / n_eff, the loss of precision if weights had nothing to do with
    the answers (Kish 1965); the design effect of a question itself is in every estimate's n_eff.

    Parameters
    ----------
    margins : as in `rake`; compares the weighted sample with the population, and lists combinations nobody is in.

    Returns
    -------
    Result of kind 'weighting', one row a fact; ``parts['margins']``: margin, category, n, sample, weighted and target
    shares; ``parts['empty']``: combinations of the margins' categories without a row.

    Raises
    ------
    DataProblem : the study has no rows, a weight is negative, or a margin names a column that is not there.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.designs.weighting(cx.load("brand-tracker")).table.iloc[:2, 0].tolist()
    ['rows', 'sum of weights']
    """
    old, usable = study.design.weight, usable_weight(study)
    w = nw.lit(1.0) if usable is None else usable
    f = (
        study.frame.select(w.alias("w"))
        .filter(~nw.col("w").is_null())
        .with_columns((nw.col("w") * nw.col("w")).alias("w2"))
    )
    facts = f.select(
        nw.len().alias("n"), nw.col("w").sum(), nw.col("w2").sum(), nw.col("w").min().alias("low"),
        nw.col("w").max().alias("high"),
    ).collect().to_pandas().iloc[0]  # fmt: skip
    if not facts["n"]:
        raise DataProblem(f"{study.name} has no rows to weight; its filters: {', '.join(study.filters) or 'none'}")
    n, mean, kish = facts["n"], facts["w"] / facts["n"], facts["w"] ** 2 / facts["w2"]
    table = pd.DataFrame({
        "fact": ["rows", "sum of weights", "smallest / mean", "largest / mean", "effective sample size (Kish)",
                 "design effect of weighting (Kish)"],
        "estimate": [n, facts["w"], facts["low"] / mean, facts["high"] / mean, kish, n / kish],
    })  # fmt: skip
    notes = [*study.caveats, *weight_notes(study), *([study.field(old).note] if old and study.field(old).note else [])]
    notes += [] if old else [f"{study.name} declares no weight: every row counts 1."]
    parts: dict[str, Any] = {}
    if margins:
        parts["margins"], parts["empty"] = _compared(study, margins)
        few = parts["margins"].query(f"n < {FEW}")
        if len(few):
            said = ", ".join(f"{a} {b} ({k})" for a, b, k in few[["margin", "category", "n"]].itertuples(index=False))
            notes.append(f"Few answers carry the weight of: {said}.")
        if len(parts["empty"]):
            notes.append(f"{len(parts['empty'])} combinations of the margins have no row: nobody stands for them.")
    title = f"Weights of {study.codebook.title or study.name}"
    return Result("weighting", title, table, method="Kish's approximation", notes=tuple(notes), parts=parts)


def _compared(study: Study, margins: Mapping) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = _parts(study, margins)
    cells = _cells(study, parts, each=False)
    rows = []
    for part in parts:
        part.check(cells, "neutral")
        code = part.codes(cells)
        for i, key in enumerate(part.categories):
            here, known = code == i, code >= 0
            rows.append({
                "margin": part.label, "category": " × ".join(map(str, key)), "n": int(cells["n"][here].sum()),
                "sample": cells["n"][here].sum() / cells["n"][known].sum(),
                "weighted": cells["w"][here].sum() / cells["w"][known].sum(), "target": part.shares[i],
            })  # fmt: skip
    seen = set(zip(*[p.codes(cells) for p in parts], strict=True))
    grid = pd.MultiIndex.from_product([range(len(p.categories)) for p in parts])
    empty = [
        {p.label: " × ".join(map(str, p.categories[k])) for p, k in zip(parts, combo, strict=True)}
        for combo in grid
        if combo not in seen
    ]
    return pd.DataFrame(rows), pd.DataFrame(empty)
