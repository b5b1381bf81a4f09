"""Shares of the explained variance with their sampling distribution: one estimate, its replicates, its noise floor.

Moments (or a fitted likelihood) go in by replicate group, shares come out for every reweighting of the groups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from cxlab.models.drivers.driver_data import Answers, standardized
from cxlab.problem import DataProblem
from cxlab.stats.counts import replicates
from cxlab.stats.fits import subset_fits
from cxlab.stats.fits.impute import imputations, rubin
from cxlab.stats.importance import marginal as importance
from cxlab.stats.importance import shapley
from cxlab.stats.importance.relative_weights import relative_weights, relative_weights_change

METHODS = {
    "lmg": "LMG (Shapley) shares of R²",
    "owen": "Owen values of R²",
    "dominance": "general dominance (equal to LMG) shares of R²",
    "johnson": "Johnson's relative weights",
    "first": "R² of each driver alone",
    "last": "R² that each driver adds to all others",
    "pratt": "Pratt's measure",
    "car": "squared CAR scores",
    "beta": "standardized coefficients",
    "correlation": "correlations with the outcome",
}
SIGNED = ("beta", "correlation")
MODELS = {
    "linear": "R² of least squares",
    "logit": "latent R² (McKelvey-Zavoina) of a logit",
    "ordinal": "latent R² (McKelvey-Zavoina) of an ordered logit",
    "count": "link-scale R² (Nakagawa) of a Poisson regression",
    "logit-mcfadden": "McFadden's R² of a logit",
    "ordinal-mcfadden": "McFadden's R² of an ordered logit",
    "count-deviance": "deviance R² of a Poisson regression",
    "multinomial": "McFadden's R² of a multinomial logit",
}
DRAWS = 1000
"""Bootstrap replicates."""
BOOTSTRAP = 15
"""Drivers (or blocks) up to which every replicate is exact; beyond, a delete-a-group jackknife of 100 groups."""
ORDERS = 10_000
TOLERATED = 0.05
"""Pairwise correlation matrices with an eigenvalue below minus this are refused, not repaired."""
_SUBSETS = 10
"""Drivers (or blocks) up to which a likelihood is maximised on all subsets; beyond, on those of sampled orders."""

Shares = Callable[[np.ndarray], np.ndarray]


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


def share_function(method: str, players: Sequence[Sequence[int]], blocks: Sequence[Sequence[int]], seed: int) -> Shares:
    """Return the function (B, K + 1, K + 1) -> (B, players) of a method; ``blocks``: columns, for Owen values."""
    single = all(len(p) == 1 for p in players)
    if method in ("lmg", "dominance"):
        if len(players) <= shapley.EXACT:
            return lambda R: shapley.block_shares(R, players)
        order = shapley.orders(len(players), ORDERS, seed)
        several = None if single and _in_order(players) else players
        few = int(np.clip(100 * (40 / sum(map(len, players))) ** 2, 20, 100))  # replicates share these orders
        return lambda R: np.array(
            [shapley.lmg_sampled(S, order if len(R) == 1 else order[:few], several)[0] for S in R]
        )
    if method == "owen":
        return lambda R: _summed(shapley.owen(R, blocks), players)
    simple = {"johnson": relative_weights, "pratt": importance.pratt, "car": importance.car}
    if method in simple:
        return lambda R: _summed(simple[method](R), players)
    if method in SIGNED:
        signed = getattr(importance, method)
        return lambda R: np.column_stack(
            [signed(R)[:, p[0]] if len(p) == 1 else np.full(len(R), np.nan) for p in players]
        )
    return getattr(importance, method) if single and _in_order(players) else lambda R: _ends(R, players, method)


def _in_order(players: Sequence[Sequence[int]]) -> bool:
    return [p[0] for p in players] == list(range(len(players)))


def _summed(columns: np.ndarray, players: Sequence[Sequence[int]]) -> np.ndarray:
    return np.column_stack([columns[:, list(p)].sum(axis=1) for p in players])


def _ends(R: np.ndarray, players: Sequence[Sequence[int]], method: str) -> np.ndarray:
    y = R.shape[-1] - 1
    r2 = lambda some: importance.r_squared(R[:, [*some, y]][:, :, [*some, y]]) if len(some) else np.zeros(len(R))  # noqa: E731
    if method == "first":
        return np.column_stack([r2(list(p)) for p in players])
    everything = [k for p in players for k in p]
    return np.column_stack([r2(everything) - r2([k for k in everything if k not in p]) for p in players])


def sampled(answers: Answers, model: str, shares: Shares, q: int, *, missing: str, seed: int) -> Sampled:
    """Return the shares of ``q`` players with their replicates under the design, for one model."""
    if missing == "impute" and np.isnan(answers.X).any():
        return _imputed(answers, model, shares, q, seed)
    bootstrap = q + (answers.X.shape[1] - q) / 4 <= BOOTSTRAP  # a step of two columns costs more than one
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


def _units(groups: replicates.Groups, answers: Answers) -> str:
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


def correlations(
    answers: Answers, model: str, groups: replicates.Groups, weights: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return correlations of columns and outcome, first as they are, then reweighted; and the smallest eigenvalue."""
    weights = np.vstack([np.ones(groups.size), weights])
    if model == "linear":
        Z, _, _ = standardized(np.column_stack([answers.X, answers.y]), answers.w)
        moments = replicates.group_moments(Z, answers.w, groups)
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
    if np.isnan(answers.X).any():
        raise DataProblem(
            f"missing='pairwise' works on correlations, model '{model}' is fitted to rows; "
            "use missing='complete', 'indicator' or 'impute'"
        )
    return _latent(answers, model, groups, weights), 0.0


def _overlap(answers: Answers, moments: replicates.Moments) -> None:
    """Refuse pairs of drivers that hardly anybody answered together: their correlation is not known."""
    if moments.count.shape[1] == 1:
        return
    there = (~np.isnan(answers.X)).astype(float)
    both = there.T @ there
    i, j = np.unravel_index(np.argmin(both), both.shape)
    if both[i, j] < 10:
        raise DataProblem(
            f"'{answers.columns[i]}' and '{answers.columns[j]}' were answered together by {int(both[i, j])} people, so "
            "their correlation is unknown; leave one out, or use missing='indicator'"
        )


def _latent(answers: Answers, model: str, groups: replicates.Groups, weights: np.ndarray) -> np.ndarray:
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


def outcome_codes(answers: Answers, model: str) -> np.ndarray:
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


def analytic_errors(answers: Answers, players: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the standard errors of Johnson's weights by the delta method, from the influence of every group."""
    groups = answers.groups()
    Z, _, _ = standardized(np.column_stack([answers.X, answers.y]), answers.w)
    moments = replicates.group_moments(Z, answers.w, groups)
    R = moments.combined(np.ones((1, groups.size))).correlation()[0]
    change = _summed(relative_weights_change(R, replicates.influence(R, moments)), players)
    return np.sqrt(np.diag(groups.spread(change)))


def _imputed(answers: Answers, model: str, shares: Shares, q: int, seed: int) -> Sampled:
    """Combine imputations by Rubin's rules; each has bootstrap replicates within."""
    from dataclasses import replace

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
    if made > 0.3 or answers.X.shape[1] > answers.n / 10:
        notes += (
            f"{made:.0%} of the answers are imputed from {answers.n:,} rows: the imputation model decides much of this",
        )
    return Sampled(mean, None, total, df, np.mean(matrices, axis=0), how, notes, np.mean(beta_se, axis=0))


def likelihood_shares(
    answers: Answers, model: str, players: Sequence[Sequence[int]], method: str, seed: int
) -> Sampled:
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
    subsets, C = _subset_coefficients(q, method, seed)
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
    notes = () if q <= _SUBSETS or method != "lmg" else (f"{len(subsets):,} subsets of {ORDERS // 100} sampled orders",)
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
    from scipy.special import gammaln, xlogy

    return xlogy(y, y) - y - gammaln(y + 1)


def _subset_coefficients(q: int, method: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return subsets (U, q), the empty one first, and the coefficients (q, U) that turn their values into shares."""
    if method in ("first", "last"):
        one, full = np.eye(q, dtype=bool), np.ones((1, q), bool)
        subsets = np.vstack([np.zeros((1, q), bool), one if method == "first" else ~one, full])
        C = np.zeros((q, q + 2))
        C[:, 1:-1] = np.eye(q) * (1 if method == "first" else -1)
        C[:, 0 if method == "first" else -1] = -1 if method == "first" else 1
        return subsets, C
    if q <= _SUBSETS:
        number = np.arange(2**q)
        subsets = ((number[:, None] >> np.arange(q)) & 1).astype(bool)
        return subsets, shapley.shapley(np.eye(2**q)).T
    order = shapley.orders(q, ORDERS // 100, seed).reshape(-1, q)
    position = np.argsort(order, axis=1)
    prefix = position[:, None, :] < np.arange(q + 1)[None, :, None]
    subsets, at = np.unique(prefix.reshape(-1, q), axis=0, return_inverse=True)
    at = at.reshape(len(order), q + 1)
    C = np.zeros((q, len(subsets)))
    np.add.at(C, (order, at[:, 1:]), 1 / len(order))
    np.add.at(C, (order, at[:, :-1]), -1 / len(order))
    return subsets, C


def noise_floor(R: np.ndarray, shares: Callable[[np.ndarray], np.ndarray], n_eff: float, seed: int) -> float:
    """Return the 95th percentile of the share that a shadow driver gets: a driver whose answers were shuffled.

    A shuffled driver correlates with every column by chance only, with covariance R / n, so its correlations are drawn
    from that and the shares computed with it added. Few draws are enough: a gamma distribution is fitted to them.

    Parameters
    ----------
    R : (K + 1, K + 1), outcome last.
    shares : function of (B, K + 2, K + 2) -> (B,), the shadow's share; the shadow is column K.
    n_eff : effective number of answers.
    """
    rng = np.random.default_rng(seed)
    k = len(R) - 1
    many = int(np.clip(2**21 >> k, 20, 200)) if k <= shapley.EXACT else 20
    values, vectors = np.linalg.eigh(R)
    chance = rng.standard_normal((many, k + 1)) @ (vectors * np.sqrt(np.maximum(values, 0))).T / np.sqrt(n_eff)
    shadowed = np.zeros((many, k + 2, k + 2))
    old = [*range(k), k + 1]
    shadowed[np.ix_(range(many), old, old)] = R
    shadowed[:, k, old] = shadowed[:, old, k] = np.clip(chance, -0.9, 0.9)
    shadowed[:, k, k] = 1.0
    value = np.abs(shares(shadowed))
    mean, variance = value.mean(), value.var()
    return float(gammaincinv(mean**2 / variance, 0.95) * variance / mean) if variance > 0 else float(mean)
