"""Errors of regressions under weights that were fitted in this session: what the margins explain does not vary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.sample import usable_weight
from cxlab.data.study import Study
from cxlab.models.metrics import fitted_weights
from cxlab.models.regression.formula import design_columns
from cxlab.problem import DataProblem
from cxlab.stats.counts.moments import usable
from cxlab.stats.counts.names import free as free_name
from cxlab.stats.inference import calibrated

if TYPE_CHECKING:
    from cxlab.models.regression.errors import Population
    from cxlab.models.regression.least_squares import PatternFit


def applies(study: Study) -> bool:
    """Whether the weights of the study were fitted to margins in this session."""
    made = study.calibration
    return made is not None and made.weight == study.design.weight


def clusters(study: Study) -> int:
    """Return how many clusters the whole sample has; 0 without clusters."""
    return int(study.drawn["clusters"].sum()) if study.design.cluster and study.drawn is not None else 0


def meat(fit: PatternFit, rows: nw.LazyFrame, population: Population) -> tuple[np.ndarray, float]:
    """Return the covariance of the totals of w e x with the margins known, and its degrees of freedom.

    The residual totals are those of `cxlab.stats.inference.calibrated`: e x less what the margins' categories explain
    of it in the whole sample, over the drawn units within strata (R's ``svyglm`` on a calibrated design).

    Parameters
    ----------
    rows : the rows that the fit used.
    """
    x = design_columns(fit.model, fit.coding, fit.moments.keys)
    rest = free_name("_e", rows.collect_schema().names())
    held = rows.with_columns(fit.residual(x).alias(rest))
    used = np.flatnonzero(fit.solution.kept)
    scores = {f"_u{j}": nw.col(rest) * x[j] for j in used}
    sheets, own, drawn, taken = fitted_weights.sheets(fit.study, held, scores, population)
    found = _of_totals(sheets, own, own[list(scores)].to_numpy(float), drawn, taken)
    out = np.zeros((len(x), len(x)))
    out[np.ix_(used, used)] = found
    return out, float(drawn.sum() - len(drawn))


def pattern_meat(
    study: Study, columns: Mapping[str, nw.Expr], table: pd.DataFrame, scores: np.ndarray, population: Population
) -> tuple[np.ndarray, float]:
    """Return the same of a likelihood on answer patterns: the covariance of the totals of the weighted scores.

    Parameters
    ----------
    columns : the expressions that make the patterns, by name; rows with a missing one were left out.
    table : one row a pattern, with ``columns``. ``scores`` : (P, k) the derivatives of its log-likelihood.
    """
    rows = usable(study.frame, {}, columns, usable_weight(study))
    sheets, own, drawn, taken = fitted_weights.sheets(study, rows, dict(columns), population)
    keys = list(columns)
    both = pd.concat([table[keys].astype(object), own[keys].astype(object)], ignore_index=True)
    number = both.groupby(keys, sort=False).ngroup().to_numpy()
    first = np.full(number.max() + 1, -1)
    first[number[: len(table)][::-1]] = np.arange(len(table))[::-1]
    at = first[number[len(table) :]]
    if (at < 0).any():
        raise DataProblem(f"{int((at < 0).sum())} weighted rows of {study.name} are not among the patterns of the fit")
    return _of_totals(sheets, own, scores[at], drawn, taken), float(drawn.sum() - len(drawn))


def mixed_meat(
    fit: PatternFit, rows: nw.LazyFrame, by: Sequence[str], ratio: float, population: Population
) -> tuple[np.ndarray, float]:
    """Return the same of the generalised least squares of a random intercept, of the columns that are kept.

    With e the residuals, w_g, S_g and X_g a group's sums of w, w e and w x, and theta the ratio of variances, the
    total is that of w x (e - u_g), u_g = theta S_g / (1 + theta w_g) the predicted intercept; a row's weight moves it
    by (x - theta X_g / (1 + theta w_g)) (e - u_g): in a large group hardly any, where x is the group's.

    Parameters
    ----------
    rows : the rows that the fit used. ``by`` : the columns of the groups. ``ratio`` : theta, for weights of mean 1.
    """
    x = design_columns(fit.model, fit.coding, fit.moments.keys)
    used = np.flatnonzero(fit.solution.kept)
    more = {"_e": fit.residual(x), **{f"_x{j}": x[j] for j in used}} | {f"_b{i}": nw.col(c) for i, c in enumerate(by)}
    sheets, own, drawn, taken = fitted_weights.sheets(fit.study, rows, more, population)
    n, w, e = (own[c].to_numpy(float) for c in ("_n", "_w", "_e"))
    one = n.sum() / (n @ w)
    z, group = own[[f"_x{j}" for j in used]].to_numpy(float), own.groupby([f"_b{i}" for i in range(len(by))]).ngroup()
    v, group = n * w * one, group.to_numpy()
    size = np.bincount(group, weights=v)
    share = ratio / (1 + ratio * size)
    left = e - (share * np.bincount(group, weights=v * e))[group]
    sums = np.stack([np.bincount(group, weights=v * column) for column in z.T], axis=1)
    moved = (z - (share[:, None] * sums)[group]) * left[:, None]
    found = _of_totals(sheets, own, z * left[:, None] * one, drawn, taken, moved=moved * one)
    return found, float(drawn.sum() - len(drawn))


def _of_totals(
    sheets: list[calibrated.Rows], own: pd.DataFrame, scores: np.ndarray, drawn: np.ndarray, taken: np.ndarray,
    *, moved: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """The covariance of the weighted totals of scores (rows, k), which sum to zero at the fit."""
    total, every = float(own["_n"] @ own["_w"]), np.arange(len(own))
    by = None if moved is None else list(total * moved.T)
    return calibrated.covariance(*sheets, [every] * scores.shape[1], list(total * scores.T), drawn, taken, moved=by)
