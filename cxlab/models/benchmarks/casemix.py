"""Case-mix adjustment: what a unit's score would be if all units served the same customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.study import Study
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem
from cxlab.stats.counts import tally
from cxlab.stats.counts.names import key as key_of
from cxlab.stats.counts.names import keys as keys_of

CAUSED = ("outcome", "touchpoint", "operation", "importance")
"""Roles a unit causes itself: adjusting for them would take away what is to be measured."""
CATEGORIES = 30


@dataclass(frozen=True)
class CaseMix:
    """An adjusted score with the error of its coefficients.

    ``score`` : the score minus what the customers' mix explains, so that its mean is the adjusted estimate.
    ``shift`` : array (units, k), mean of the k mix variables of each unit minus the overall mean; ``keys`` name the
    units; ``covariance``: (k, k) of the coefficients, in the score's own units; ``table``: the coefficients.
    """

    score: Score
    keys: list
    shift: np.ndarray
    covariance: np.ndarray
    table: pd.DataFrame


def case_mix(study: Study, score: Score, unit: str, adjust: Sequence[str]) -> CaseMix:
    """Return the score adjusted for ``adjust`` with coefficients estimated *within* units.

    y_adj = y - b'(x - mean of x over all customers), b from the regression of y on x and a constant for every unit. So
    differences between units never enter b (the practice of CAHPS: O'Malley et al. 2005, Health Services Research
    40:2162). Categories become one indicator each but the most frequent; no answer is a category of its own. All comes
    from the sums of the cells unit x adjust.
    """
    _allowed(study, unit, adjust)
    (item, expressions), d = next(iter(score.items.items())), study.design
    # the sums of a cell hold all that least squares on indicators needs
    sums, _ = tally.score_sums(study.frame, {item: expressions}, by=[unit, *adjust], weight=d.weight)
    cells = (
        sums.groupby(keys_of([unit, *adjust]), dropna=False, sort=False)[["n", "w", "w2", "a", "q"]].sum().reset_index()
    )
    cells = cells[cells["n"] > 0].reset_index(drop=True)
    columns = _indicators(cells, adjust)
    x = np.column_stack([_matches(cells[key_of(c)], level).astype(float) for c, level in columns])
    b, covariance, shift, keys = _within(cells, cells[key_of(unit)], x)
    means = np.average(x, axis=0, weights=cells["w"])
    parts = [
        nw.when(_condition(c, level)).then(nw.lit(float(k * (1 - m)))).otherwise(nw.lit(float(-k * m)))
        for (c, level), k, m in zip(columns, b, means, strict=True)
    ]
    correction = nw.sum_horizontal(*parts) * nw.lit("1").cast(nw.Float64)  # Ibis writes the parts as decimals
    changed = replace(
        score,
        shape="mean",
        items={item: [e - correction for e in expressions]},
        columns=(*score.columns, *adjust) if score.columns else (),
        method=f"{score.method}; adjusted for {', '.join(adjust)} with coefficients within {unit}",
        limits=(-np.inf, np.inf),
    )
    coefficients = pd.DataFrame({
        "variable": [c for c, _ in columns], "category": [str(v) for _, v in columns],
        "estimate": b * score.factor, "se": np.sqrt(np.diag(covariance)) * score.factor,
    })  # fmt: skip
    return CaseMix(changed, keys, shift, covariance, coefficients)


def _allowed(study: Study, unit: str, adjust: Sequence[str]) -> None:
    for name in adjust:
        f = study.field(name)
        if name == unit:
            raise DataProblem(f"adjust names '{name}', the column of the units; name what their customers differ in")
        if f.role in CAUSED:
            raise DataProblem(
                f"adjust names '{name}', which has role '{f.role}' in {study.name}: the units cause it, and adjusting "
                "for it would take away what is compared. Adjust for what customers bring with them (age, route, mode)"
            )


def _indicators(cells: pd.DataFrame, adjust: Sequence[str]) -> list[tuple[str, object]]:
    """Every (column, category) but the most frequent category of each column."""
    out: list[tuple[str, object]] = []
    for c in adjust:
        sizes = cells.groupby(key_of(c), dropna=False)["n"].sum().sort_values(ascending=False)
        if len(sizes) > CATEGORIES:
            raise DataProblem(
                f"adjust names '{c}', which has {len(sizes)} different values; at most {CATEGORIES} categories can be "
                "adjusted for. Group them first (age in years into age groups)"
            )
        out += [(c, level) for level in sizes.index[1:]]
    if not out:
        named = ", ".join(adjust)
        raise DataProblem(f"adjust names {named}, and every answer has the same value; there is nothing to adjust for")
    return out


def _matches(column: pd.Series, level: object) -> np.ndarray:
    return (column.isna() if pd.isna(level) else column == level).to_numpy()


def _condition(column: str, level: object) -> nw.Expr:
    if pd.isna(level):
        return nw.col(column).is_null()
    value = level.item() if hasattr(level, "item") else level
    return (nw.col(column) == value) & ~nw.col(column).is_null()


def _within(
    cells: pd.DataFrame, unit: pd.Series, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Coefficients of least squares with a constant a unit, their covariance, and the units' shift in the mix.

    Variance: sigma^2 of the residuals within units, times the sum of squared weights over the sum of weights (Kish).
    """
    w, a, q = (cells[c].to_numpy(float) for c in ("w", "a", "q"))
    codes, keys = pd.factorize(unit, use_na_sentinel=False)
    total = np.bincount(codes, w)
    of_unit = np.stack([np.bincount(codes, w * column) / total for column in x.T], axis=1)
    centred = x - of_unit[codes]
    cross = (centred.T * w) @ centred
    mean = np.bincount(codes, a) / total
    right = centred.T @ (a - w * mean[codes])
    inverse = np.linalg.pinv(cross)
    b = inverse @ right
    rest = (q.sum() - (total * mean**2).sum() - b @ right) / max(w.sum(), 1e-300)
    kish = cells["w2"].sum() / w.sum()
    n, k = cells["n"].sum(), len(b) + len(keys)
    sigma2 = max(rest, 0.0) * n / max(n - k, 1)
    return b, inverse * sigma2 * kish, of_unit - np.average(x, axis=0, weights=w), list(keys)
