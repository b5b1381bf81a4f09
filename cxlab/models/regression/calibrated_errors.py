"""Errors of regressions under weights that were fitted in this session: what the margins explain does not vary."""

from __future__ import annotations

from collections.abc import Mapping
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
    from cxlab.models.regression.least_squares import Fit


def applies(study: Study) -> bool:
    """Whether the weights of the study were fitted to margins in this session."""
    made = study.calibration
    return made is not None and made.weight == study.design.weight


def clusters(study: Study) -> int:
    """Return how many clusters the whole sample has; 0 without clusters."""
    return int(study.drawn["clusters"].sum()) if study.design.cluster and study.drawn is not None else 0


def meat(fit: Fit, rows: nw.LazyFrame, population: Population) -> tuple[np.ndarray, float]:
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


def _of_totals(
    sheets: list[calibrated.Rows], own: pd.DataFrame, scores: np.ndarray, drawn: np.ndarray, taken: np.ndarray
) -> np.ndarray:
    """The covariance of the weighted totals of scores (rows, k), which sum to zero at the fit."""
    total, every = float(own["_n"] @ own["_w"]), np.arange(len(own))
    return calibrated.covariance(*sheets, [every] * scores.shape[1], list(total * scores.T), drawn, taken)
