"""Shares of the explained variance with their sampling distribution: one estimate, its replicates, its noise floor.

Moments (or a fitted likelihood) go in by replicate group, shares come out for every reweighting of the groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.special import gammaln, xlogy

from cxlab.problem import DataProblem
from cxlab.stats.counts import replicates
from cxlab.stats.fits import subset_fits
from cxlab.stats.fits.impute import imputations, rubin
from cxlab.stats.importance import marginal as importance
from cxlab.stats.importance.relative_weights import relative_weights_change
from cxlab.stats.importance.share_functions import ORDERS, SUBSETS, Shares, subset_coefficients, summed

DRAWS = 1000
"""Bootstrap replicates."""
BOOTSTRAP = 15
"""Drivers (or blocks) up to which every replicate is exact; beyond, a delete-a-group jackknife of 100 groups."""
TOLERATED = 0.05
"""Pairwise correlation matrices with an eigenvalue below minus this are refused, not repaired."""
TOGETHER = 10
"""Fewer people than this who answered two drivers say nothing of their correlation."""


class Rows(Protocol):
    """What goes in, as arrays of a dataclass: outcome ``y`` (n,), columns ``X`` (n, K; NaN: no answer), ``w`` (n,).

    Correlations ask only for ``moments``, ``width``, ``complete`` and ``together``, which need no rows in memory.

    ``w`` are weights, ``cluster`` and ``strata`` (n,) or None; ``columns``, ``drivers`` and ``outcome`` are names for
    messages. ``groups`` gives the replicate groups of the design.
    """

    y: np.ndarray
    X: np.ndarray
    w: np.ndarray
    cluster: np.ndarray | None
    strata: np.ndarray | None
    columns: tuple[str, ...]
    drivers: tuple[str, ...]
    outcome: str

    def groups(self, *, limit: int = 1000, seed: int = 0) -> replicates.Groups:
        """Return the replicate groups: clusters (or rows) within strata, at most ``limit``."""
        ...

    @property
    def width(self) -> int:
        """How many columns there are."""
        ...

    @property
    def complete(self) -> bool:
        """Whether every row answered every column."""
        ...

    def moments(self, groups: replicates.Groups, *, filled: bool = False) -> replicates.ReplicatedMoments:
        """Return the moments of the standardized columns and the outcome, last, by group; ``filled``: missing as 0."""
        ...

    def together(self) -> np.ndarray:
        """Return how many rows answered both of two columns, (K, K)."""
        ...


@dataclass(frozen=True)
class Sampled:
    """Shares (q,), their replicates (B, q) or none, covariance (q, q), and how they came about.

    ``R``: the correlation matrix (outcome last) behind them, or None for McFadden's. ``total``: R² with its interval
    limits' replicates. ``df``: degrees of freedom of the covariance. ``beta_se``: standard
    errors of the standardized coefficients (K,).
    """

    estimate: np.ndarray
    draws: np.ndarray | None
    covariance: np.ndarray
    df: np.ndarray
    R: np.ndarray | None
    how: str
    notes: tuple[str, ...] = ()
    beta_se: np.ndarray | None = None


def standardized(X: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the columns centred and scaled by weighted mean and deviation of their answers, with both.

    >>> Z, mean, sd = standardized(np.array([[1.0], [3.0], [np.nan]]), np.ones(3))
    >>> Z.ravel().tolist(), mean.tolist(), sd.tolist()
    ([-1.0, 1.0, nan], [2.0], [1.0])
    """
    there = (~np.isnan(X)) * w[:, None]
    total = there.sum(axis=0)
    mean = (np.nan_to_num(X) * there).sum(axis=0) / total
    sd = np.sqrt(((np.nan_to_num(X - mean)) ** 2 * there).sum(axis=0) / total)
    sd = np.where(sd > 0, sd, 1.0)
    return (X - mean) / sd, mean, sd


def sampled(answers: Rows, model: str, shares: Shares, q: int, *, missing: str, seed: int) -> Sampled:
    """Return the shares of ``q`` players with their replicates under the design, for one model.

    Replicates of pairwise correlations, or of one Newton step from the fit of a likelihood.
    """
    if missing == "impute" and not answers.complete:
        return _imputed(answers, model, shares, q, seed)
    bootstrap = q + (answers.width - q) / 4 <= BOOTSTRAP  # a step of two columns costs more than one
    groups = answers.groups(limit=replicates.GROUPS if bootstrap else 100, seed=seed)
    notes = _few(groups)
    if bootstrap:
        weights, factor = groups.resampled(DRAWS, seed), None
        how = f"{DRAWS:,} bootstrap replicates of {_units(groups, answers)}"
    else:
        weights, factor = groups.left_out()
        how = f"jackknife over {_units(groups, answers)}"
    R, least = correlations(answers, model, groups, weights)
    if least < -1e-9:
        notes += ("pairwise correlations were not consistent with each other; the nearest consistent ones are used",)
    whole, draws = shares(R[:1])[0], shares(_replicates(R))
    factor = np.full(DRAWS, 1 / (DRAWS - 1)) if bootstrap else factor
    beta_se = np.sqrt(np.diag(_scatter(importance.beta(R[1:]), factor)))
    covariance = _scatter(draws, factor)
    df = np.full(q, _df(groups, groups.clusters if bootstrap else len(draws)))
    return Sampled(whole, draws if bootstrap else None, covariance, df, R[0], how, notes, beta_se)


def _df(groups: replicates.Groups, units: int) -> float:
    """Degrees of freedom of a covariance from so many units within the strata."""
    return float(max(units - np.unique(groups.stratum).size, 1))


def _replicates(R: np.ndarray) -> np.ndarray:
    """Return the replicates, in single precision where the drivers are far from dependent: six digits of a draw do."""
    independent = np.linalg.eigvalsh(R[0, :-1, :-1])[0] > 0.02
    return R[1:].astype(np.float32) if independent else R[1:]


def _scatter(draws: np.ndarray, factor: np.ndarray) -> np.ndarray:
    e = draws - draws.mean(axis=0)
    return (e * factor[:, None]).T @ e


def _units(groups: replicates.Groups, answers: Rows) -> str:
    unit = "clusters" if answers.cluster is not None else "answers"
    merged = f"{len(groups.stratum):,} random groups of " if groups.merged else ""
    strata = f" within {np.unique(groups.stratum).size} strata" if answers.strata is not None else ""
    return f"{merged}{groups.clusters:,} {unit}{strata}"


def _few(groups: replicates.Groups) -> tuple[str, ...]:
    if groups.clusters >= 30:
        return ()
    return (
        f"only {groups.clusters} clusters: intervals, ranks and p-values are Student's with few degrees of freedom",
    )


def correlations(answers: Rows, model: str, groups: replicates.Groups, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Return correlations of columns and outcome, first as they are, then reweighted; and the smallest eigenvalue."""
    weights = np.vstack([np.ones(groups.size), weights])
    if model == "linear":
        moments = answers.moments(groups)
        _overlap(answers, moments)
        R = moments.combined(weights).correlation()
        if moments.count.shape[1] == 1:  # all answered everything: nothing to repair
            return R, 0.0
        R, least = replicates.proper(R)
        if least < -TOLERATED:
            raise DataProblem(
                f"the pairwise correlations of {len(answers.drivers)} drivers contradict each other (smallest "
                "eigenvalue "
                f"{least:.2f}): too many answers are missing; use missing='impute' or 'indicator', or fewer drivers"
            )
        return R, least
    if not answers.complete:
        raise DataProblem(
            f"missing='pairwise' works on correlations, model '{model}' is fitted to rows; "
            "use missing='complete', 'indicator' or 'impute'"
        )
    return _latent(answers, model, groups, weights), 0.0


def _overlap(answers: Rows, moments: replicates.ReplicatedMoments) -> None:
    """Refuse pairs of drivers that hardly anybody answered together: their correlation is not known."""
    if moments.count.shape[1] == 1:
        return
    both = answers.together()
    i, j = np.unravel_index(np.argmin(both), both.shape)
    if both[i, j] < TOGETHER:
        raise DataProblem(
            f"'{answers.columns[i]}' and '{answers.columns[j]}' were answered together by {int(both[i, j])} people, so "
            "their correlation is unknown; leave one out, or use missing='indicator'"
        )


def _latent(answers: Rows, model: str, groups: replicates.Groups, weights: np.ndarray) -> np.ndarray:
    """Return latent correlations; replicates take one Newton step from the fit (estimating-function bootstrap)."""
    Z, _, _ = standardized(answers.X, answers.w)
    y = outcome_codes(answers, model)
    fit = subset_fits.fit_subsets(model, Z, y, answers.w, np.ones((1, Z.shape[1]), bool))
    check_fit(fit, model)
    by_group = replicates.group_sums(fit.score * answers.w[:, None], groups)
    theta = fit.theta + np.linalg.solve(fit.information, ((weights - 1) @ by_group).T).T
    slopes = theta[:, fit.slopes[0]] * (-1 if model == "ordinal" else 1)
    covariance, _ = replicates.group_moments(Z, answers.w, groups).combined(weights).covariance()
    mean = np.average(answers.y, weights=answers.w)
    residual = subset_fits.LATENT_VARIANCE.get(model, np.log1p(1 / mean) if mean > 0 else np.nan)
    return subset_fits.latent_correlation(covariance, slopes, residual)


def check_fit(fit: subset_fits.Fits, model: str) -> None:
    """Refuse a fit without a maximum: some driver tells the outcomes apart perfectly, or drivers are dependent."""
    if not fit.converged.all():
        raise DataProblem(
            f"the {model} has no maximum: a driver (or a combination) separates the outcomes perfectly, or drivers "
            "determine each other; leave one out, merge rare answers, or use model='linear'"
        )


def outcome_codes(answers: Rows, model: str) -> np.ndarray:
    """Return the outcome as the model needs it: 0/1, categories from 0, or counts."""
    values = np.unique(answers.y)
    if model.startswith("count"):
        if values[0] < 0 or (values != np.round(values)).any():
            raise DataProblem(
                f"model 'count' needs counts 0, 1, 2, ...; {answers.outcome} runs from {values[0]:g} to {values[-1]:g}"
            )
        return answers.y
    if model.startswith("logit") and len(values) != 2:
        raise DataProblem(
            f"model 'logit' needs an outcome with two values; {answers.outcome} has {len(values)}. "
            f"Name a condition as outcome, like 'column >= {values[-1]:g}', or use model='ordinal'"
        )
    if len(values) > 12:
        raise DataProblem(f"model '{model}' needs at most 12 outcome categories; {answers.outcome} has {len(values)}")
    return np.searchsorted(values, answers.y)


def analytic_errors(answers: Rows, players: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the standard errors of Johnson's weights by the delta method, from the influence of every group."""
    groups = answers.groups()
    moments = answers.moments(groups)
    R = moments.combined(np.ones((1, groups.size))).correlation()[0]
    change = summed(relative_weights_change(R, replicates.influence(R, moments)), players)
    return np.sqrt(np.diag(groups.spread(change)))


def _imputed(answers: Rows, model: str, shares: Shares, q: int, seed: int) -> Sampled:
    """Combine imputations by Rubin's rules; each has bootstrap replicates within."""
    Z = np.column_stack([answers.X, answers.y])
    many, draws = (20, 100) if q <= BOOTSTRAP else (10, 40)
    groups = answers.groups(limit=500, seed=seed)
    weights = groups.resampled(draws, seed)
    estimates, within, matrices, beta_se = [], [], [], []
    copies = imputations(Z, m=many, seed=seed)
    for full in copies:
        R, _ = correlations(replace(answers, X=full[:, :-1]), model, groups, weights)
        values = shares(R)
        estimates.append(values[0])
        within.append(np.cov(values[1:].T, ddof=1).reshape(q, q))
        matrices.append(R[0])
        beta_se.append(importance.beta(R[1:]).std(axis=0))
    mean, total, df = rubin(np.array(estimates), np.array(within))
    df = np.fmin(df, _df(groups, groups.clusters))
    how = f"{many} imputations (chained normal regressions), each with {draws} bootstrap replicates, Rubin's rules"
    made = np.isnan(answers.X).mean()
    notes = _few(groups)
    if made > 0.3 or answers.X.shape[1] > len(answers.y) / 10:
        notes += (
            f"{made:.0%} of the answers are imputed from {len(answers.y):,} rows: "
            "the imputation model decides much of this",
        )
    return Sampled(mean, None, total, df, np.mean(matrices, axis=0), how, notes, np.mean(beta_se, axis=0))


def likelihood_shares(answers: Rows, model: str, players: Sequence[Sequence[int]], method: str, seed: int) -> Sampled:
    """Return Shapley (or first, last) shares of McFadden's or the deviance R², from maximised likelihoods of subsets.

    By the envelope theorem the log-likelihood moves with the weight of a row by the row's own contribution, so the
    replicates are ratios of group sums.
    """
    if np.isnan(answers.X).any():
        raise DataProblem(f"model '{model}' is fitted to rows; use missing='complete' or 'indicator'")
    if method not in ("lmg", "first", "last"):
        raise DataProblem(f"R² of likelihoods has no '{method}' measure; allowed: 'lmg', 'first', 'last'")
    family, q = model.removesuffix("-mcfadden").removesuffix("-deviance"), len(players)
    Z, _, _ = standardized(answers.X, answers.w)
    subsets, C = subset_coefficients(q, method, seed)
    keep = np.zeros((len(subsets), Z.shape[1]), bool)
    for j, p in enumerate(players):
        keep[:, list(p)] |= subsets[:, j : j + 1]
    fit = subset_fits.fit_subsets(family, Z, outcome_codes(answers, model), answers.w, keep)
    check_fit(fit, family)
    gain, null = C @ fit.loglik, fit.loglik[0]
    groups = answers.groups(seed=seed)
    if family == "count":
        null = null - _saturated(answers.y)
    sums = replicates.group_sums(np.vstack([gain, null]).T * answers.w[:, None], groups)
    weights = groups.resampled(DRAWS, seed)
    ratio = lambda s: s[..., :q] / -s[..., q:]  # noqa: E731
    draws = ratio(weights @ sums)
    how = f"{DRAWS:,} linearised bootstrap replicates of {_units(groups, answers)}"
    notes = () if q <= SUBSETS or method != "lmg" else (f"{len(subsets):,} subsets of {ORDERS // 100} sampled orders",)
    return Sampled(
        ratio(sums.sum(axis=0)),
        draws,
        np.cov(draws.T).reshape(q, q),
        np.full(q, _df(groups, groups.clusters)),
        None,
        how,
        _few(groups) + notes,
    )


def _saturated(y: np.ndarray) -> np.ndarray:
    return xlogy(y, y) - y - gammaln(y + 1)
