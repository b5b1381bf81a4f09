"""How many units (clusters, groups) each coefficient of a fit rests on: those in which its column is not at rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from cxlab.models.regression.cluster_scores import at_rest_by_category
from cxlab.models.regression.fitted import weight_of
from cxlab.models.regression.formula import design_columns
from cxlab.stats.counts.batches import local
from cxlab.stats.counts.moments import usable

if TYPE_CHECKING:
    from cxlab.models.regression.least_squares import PatternFit

MOST = 0.5
"""A column with this share of its rows at one value may be held there by most units."""


def rows_used(fit: PatternFit) -> nw.LazyFrame:
    """Return the rows the fit used; where none was lost, there is nothing to filter."""
    if fit.moments.lost == 0:
        return fit.frame
    return usable(fit.frame, fit.columns, fit.model.by, weight_of(fit.study))


def rests_on(fit: PatternFit, unit: Sequence[str]) -> tuple[int, np.ndarray]:
    """Return how many units there are (0: not counted), and on how many each coefficient rests (infinite: all).

    A column that most units hold at one value rests on the others, as `few_treated.touched` says: an arm however it is
    coded, the interaction of an arm with anything. Two scans find the columns that may be held so, a third looks at
    the units.

    Parameters
    ----------
    unit : the columns that tell units apart (stratum and cluster; the groups of a random intercept).
    """
    kept = np.flatnonzero(fit.solution.kept)
    rests, held = np.full(len(fit.xy), np.inf), _held(fit, kept)
    if not held:
        return 0, rests
    units = 0
    if local(fit.frame) and (coded := {j: vs for j, vs in held.items() if fit.coding.atom[j] == 0 and fit.model.by}):
        units, most = at_rest_by_category(fit, rows_used(fit), unit, coded)
        for j, k in most.items():
            rests[j] = units - k if k < units else np.inf
        held = {j: vs for j, vs in held.items() if j not in coded}
        if not held:
            return units, rests
    x = design_columns(fit.model, fit.coding, fit.moments.keys)
    there = ~nw.any_horizontal(*(nw.col(c).is_null() for c in unit), ignore_nulls=False)
    names = {c: f"_u{i}" for i, c in enumerate(unit)}
    rows = rows_used(fit).filter(there)
    rows = rows.select(*(nw.col(c).alias(k) for c, k in names.items()), *(x[j].alias(f"_x{j}") for j in held))
    ends = [getattr(nw.col(f"_x{j}"), f)().alias(f"_{f}{j}") for j in held for f in ("min", "max")]
    each = rows.group_by(*names.values()).agg(*ends)
    at_rest = [
        ((nw.col(f"_min{j}") == v) & (nw.col(f"_max{j}") == v)).cast(nw.Int64).sum().alias(f"_r{j}_{i}")
        for j, values in held.items()
        for i, v in enumerate(values)
    ]
    found = each.select(nw.len().alias("_all"), *at_rest).collect().to_pandas().iloc[0]
    units = int(found["_all"])
    for j, values in held.items():
        most = max(int(found[f"_r{j}_{i}"]) for i in range(len(values)))
        rests[j] = units - most if most < units else np.inf
    return units, rests


def _held(fit: PatternFit, kept: np.ndarray) -> dict[int, list[float]]:
    """Return the columns that most units may hold at one value, and which values these may be."""
    coded = [j for j in kept if fit.coding.atom[j] == 0 and fit.model.by]
    out = _held_by_category(fit, coded)
    kept = np.setdiff1d(kept, coded)
    if not len(kept):
        return out
    x, rows = design_columns(fit.model, fit.coding, fit.moments.keys), rows_used(fit)
    rows = rows.select(*(x[j].cast(nw.Float64).alias(f"_x{j}") for j in kept))
    ends = [getattr(nw.col(f"_x{j}"), f)().alias(f"_{f}{j}") for j in kept for f in ("min", "max")]
    found = rows.select(*ends).collect().to_pandas().iloc[0]
    values = {}
    for j in kept:
        low, high = float(found[f"_min{j}"]), float(found[f"_max{j}"])
        if low < high:
            nothing = -float(fit.moments.shift[fit.coding.atom[j]])
            values[j] = [low, high, *(v for v in {0.0, nothing} if low < v < high)]
    if not values:
        return out
    counts = [
        (nw.col(f"_x{j}") == v).cast(nw.Int64).sum().alias(f"_n{j}_{i}")
        for j, vs in values.items()
        for i, v in enumerate(vs)
    ]
    seen = rows.select(nw.len().alias("_all"), *counts).collect().to_pandas().iloc[0]
    for j, vs in values.items():
        n = np.array([int(seen[f"_n{j}_{i}"]) for i in range(len(vs))])
        if n[:2].sum() == seen["_all"] or n.max() >= MOST * seen["_all"]:
            out[int(j)] = [v for v, k in zip(vs, n, strict=True) if k]
    return out


def _held_by_category(fit: PatternFit, columns: Sequence[int]) -> dict[int, list[float]]:
    """Do what `_held` does of columns that categories alone determine, from how many rows each has."""
    rows, out = fit.moments.n, {}
    for j in columns:
        code = fit.coding.codes[:, j]
        used = code[rows > 0]
        low, high = float(used.min()), float(used.max())
        if low == high:
            continue
        values = [low, high, *([0.0] if low < 0 < high else [])]
        n = np.array([rows[code == v].sum() for v in values])
        if n[:2].sum() == rows.sum() or n.max() >= MOST * rows.sum():
            out[int(j)] = [v for v, k in zip(values, n, strict=True) if k]
    return out
