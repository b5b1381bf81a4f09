"""Steadied variances of units: few answers and few clusters borrow from the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cxlab.problem import DataProblem

PRIOR_ANSWERS, PRIOR_CLUSTERS = 6.0, 10.0
"""Answers of average spread and clusters of average design effect that are added to each unit's own before its variance
is trusted: five equal answers are not certain, and two clusters do not tell how alike clusters are."""
ROUNDING = 1e-9
"""Correlations smaller than this are rounding: units without shared respondents are independent."""


class Steadied(NamedTuple):
    """What `steadied` returns: the pooled spread, the covariance (p, p), and the effective sizes (p,) of the units."""

    spread: float
    covariance: np.ndarray
    n_eff: np.ndarray


def steadied(n: np.ndarray, spread: np.ndarray, cov: np.ndarray, *, df: np.ndarray | None = None) -> Steadied:
    """Return pooled spread, covariance with steadied variances, and effective sizes of units with enough answers.

    Variance = spread * deff / n, where the spread is that of the unit and 6 answers of average spread, and the design
    effect that of its clusters and 10 clusters of average effect (weights, clusters and strata; 1 without a design).
    Covariances keep their correlation.

    Parameters
    ----------
    n : (p,), answers of each unit. ``spread`` : (p,), variance of one answer in each, in the unit of ``cov``.
    cov : (p, p), covariance of the estimates under the design; NaN where a unit alone does not tell it.
    df : (p,), degrees of freedom of each unit's own variance (clusters less one); None: a simple sample.

    >>> steadied(np.array([4.0, 12.0]), np.array([0.0, 4.0]), np.zeros((2, 2))).covariance.diagonal().tolist()
    [0.45, 0.3055555555555555]
    """
    own_spread, own = np.asarray(spread, float), np.diag(cov)
    pooled = float(np.average(own_spread, weights=n))
    if pooled <= 0:
        raise DataProblem("everybody gave the same answer; there is nothing to rank")
    steady = (own_spread * n + PRIOR_ANSWERS * pooled) / (n + PRIOR_ANSWERS)
    deff = np.ones(len(n))
    if df is not None:
        known = np.isfinite(own) & (own_spread > 0) & (df >= 1)
        ratio = np.where(known, own * n / np.where(own_spread > 0, own_spread, 1), 0)
        trust = np.where(known, df, 0)
        average = (ratio * trust).sum() / trust.sum() if trust.sum() else 1.0
        deff = (ratio * trust + PRIOR_CLUSTERS * average) / (trust + PRIOR_CLUSTERS)
    variance = steady * deff / n
    there = np.isfinite(own) & (own > 0)
    scale = np.where(there, np.sqrt(variance / np.where(there, own, 1)), 0)
    out = np.nan_to_num(cov) * scale[:, None] * scale[None, :]
    out[np.abs(out) < ROUNDING * np.sqrt(np.outer(variance, variance))] = 0
    np.fill_diagonal(out, variance)
    return Steadied(pooled, out, n / deff)
