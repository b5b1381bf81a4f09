"""Errors of least squares under weights that were fitted in this session: what the margins explain does not vary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from cxlab.models.metrics import fitted_weights
from cxlab.models.regression.formula import design_columns
from cxlab.stats.counts.names import free as free_name
from cxlab.stats.inference import calibrated

if TYPE_CHECKING:
    from cxlab.models.regression.errors import Population
    from cxlab.models.regression.least_squares import Fit


def applies(fit: Fit) -> bool:
    """Whether the weights of the fit were fitted to margins in this session."""
    made = fit.study.calibration
    return made is not None and made.weight == fit.study.design.weight


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
    total = float(own["_n"] @ own["_w"])
    every = np.arange(len(own))
    found = calibrated.covariance(
        *sheets, [every] * len(used), [own[f"_u{j}"].to_numpy(float) * total for j in used], drawn, taken
    )
    out = np.zeros((len(x), len(x)))
    out[np.ix_(used, used)] = found
    return out, float(drawn.sum() - len(drawn))
