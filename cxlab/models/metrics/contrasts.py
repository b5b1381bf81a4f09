"""Contrasts: differences of groups, or from a benchmark, with interval, tests and verdict from one procedure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from cxlab.models.metrics.groups import Groups, limits_at, own_df
from cxlab.models.metrics.scores import Score
from cxlab.stats.inference import differences, few_treated, inversion, multiple
from cxlab.stats.inference.trinomial import z_value

POWER = 0.8


@dataclass(frozen=True)
class Rule:
    """How contrasts are judged: the smallest difference that matters, the correction, the level, which way is good."""

    smallest: float
    correction: str
    level: float
    better: str


@dataclass(frozen=True)
class Contrast:
    """Differences with their standard errors and, as a function of z, their limits; ``df`` where these are Student's.

    ``df`` is `nan` in rows whose limits come from score intervals (or of agreeing answers) and are inverted by search.
    ``error`` is what Student's limits and tests count: ``se``, and under very unequal weights more (`heavy_weights`).
    """

    estimate: NDArray
    se: NDArray
    limits: inversion.At
    df: NDArray
    error: NDArray


def pairs_of(g: Groups, first: NDArray, second: NDArray, score: Score) -> Contrast:
    """Return the differences first - second of the groups at these places.

    Shares and net scores: MOVER from the single intervals, with the correlation of the two estimates. Means: Student's
    t, but MOVER where all answers of a group agree, so that its standard error of 0 says nothing.
    """
    one, two = (g.table[c].to_numpy(float)[k] for k in (first, second) for c in ("estimate",))
    d = one - two
    var_one, var_two, shared = g.cov[first, first], g.cov[second, second], g.cov[first, second]
    known = g.table["se"].to_numpy(float)
    se = np.where(
        np.isnan(d + known[first] + known[second]), np.nan, np.sqrt(np.fmax(var_one + var_two - 2 * shared, 0))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.clip(np.nan_to_num(shared / np.sqrt(var_one * var_two)), -1, 1)
    student, error = _student(g, first, second, score), se
    reach = g.table["reach"].fillna(1).to_numpy(float)
    if (reach > 1).any():
        one_var, two_var = var_one * reach[first] ** 2, var_two * reach[second] ** 2
        wider = np.sqrt(np.fmax(one_var + two_var - 2 * shared * reach[first] * reach[second], 0))
        error = np.where(np.isnan(se), np.nan, np.fmax(wider, se))

    def single(z: NDArray) -> tuple[NDArray, NDArray]:
        return differences.mover((one, *limits_at(g, score, first, z)), (two, *limits_at(g, score, second, z)), r)

    searched = _bounded(inversion.anchored(d, single), score)

    def limits(z: NDArray) -> tuple[NDArray, NDArray]:
        low, high = searched(z)
        half = _times(inversion.t_at(z, student), error)
        plain = np.isfinite(student) | np.isinf(student)
        known = np.isfinite(se)
        return np.where(known, np.where(plain, d - half, low), np.nan), np.where(
            known, np.where(plain, d + half, high), np.nan
        )

    return Contrast(d, se, limits, student, error)


def _bounded(limits: inversion.At, score: Score) -> inversion.At:
    """Limits no farther out than the scale lets two groups differ."""
    widest = score.limits[1] - score.limits[0]
    return lambda z: tuple(np.clip(end, -widest, widest) for end in limits(z))


def _times(t: NDArray, se: NDArray) -> NDArray:
    with np.errstate(invalid="ignore"):
        return t * se


def _student(g: Groups, first: NDArray, second: NDArray, score: Score) -> NDArray:
    """Degrees of freedom of the rows that are judged by Student's t; `nan` in the others."""
    if score.shape != "mean":
        return np.full(len(first), np.nan)
    flat = g.table["spread"].to_numpy(float) <= 1e-12 * np.fmax(1, g.table["estimate"].to_numpy(float) ** 2)
    searched = (flat[first] | flat[second]) & bool(np.isfinite(score.limits).all())
    df = degrees(g, first, second, score)
    return np.where(searched, np.nan, df)


def degrees(g: Groups, first: NDArray, second: NDArray, score: Score) -> NDArray:
    """Welch's degrees of freedom without shared clusters, else the smaller of the two; infinite for plain counts.

    With fewer than five clusters on a side too: where these few happen to agree Welch's formula hardly counts them.
    """
    own, var = own_df(g, score), np.diag(g.cov)
    welch = differences.welch_df(var[first], own[first], var[second], own[second])
    least = np.fmin(own[first], own[second])
    clusters = g.moments.m.sum(0) - (g.moments.m > 0).sum(0)
    fewest = np.fmin(clusters[first], clusters[second])
    few = (g.moments.shared[first, second] > 0) | ((g.apart is not None) & (fewest < few_treated.FEW - 1))
    return np.where(np.isinf(least), np.inf, np.where(few, least, welch))


def from_benchmark(g: Groups, value: NDArray, error: NDArray, score: Score) -> Contrast:
    """Return the differences of all groups from benchmarks of standard error ``error``."""
    at = np.arange(len(g.table))
    own, own_se = g.table["estimate"].to_numpy(float), g.table["se"].to_numpy(float)

    def single(z: NDArray) -> tuple[NDArray, NDArray]:
        half = z * error
        return differences.mover((own, *limits_at(g, score, at, z)), (value, value - half, value + half))

    limits = _bounded(inversion.anchored(own - value, single), score)
    exact = (error == 0) & (score.shape == "mean") & (own_se > 0)
    df = np.where(exact, g.table["df"].to_numpy(float), np.nan)
    reach = g.table["reach"].fillna(1).to_numpy(float)
    return Contrast(own - value, np.hypot(own_se, error), limits, df, np.hypot(own_se * reach, error))


def tested(c: Contrast, rule: Rule, names: Sequence[str], correlation: NDArray | None = None) -> pd.DataFrame:
    """Return ``estimate, low, high, se, p, p_adjusted, p_equivalent, p_not_worse, detectable, verdict``.

    p is such that the interval of level 1 - p just touches 0; the equivalence tests likewise touch the bounds.
    ``detectable`` is found with 80 % power under the first step of the correction: half the interval at the corrected
    level, and what the power adds. ``names`` say which hypothesis each row tests: what is tested twice counts once.
    """
    z = np.full(len(c.estimate), z_value(rule.level))
    low, high = c.limits(z)
    p = two_sided(c)
    with np.errstate(invalid="ignore"):
        score = np.sign(c.estimate) * -ndtri(np.fmax(p, 1e-300) / 2)
    p_adjusted = corrected(p, names, rule.correction, correlation, score)
    tests = len({name for name, known in zip(names, np.isfinite(p), strict=True) if known})
    above, below = _above(c, -rule.smallest), 1 - _above(c, rule.smallest)
    not_worse = {"up": above, "down": below}.get(rule.better, np.full(len(p), np.nan))
    equivalent = np.fmax(above, below)
    return pd.DataFrame({
        "estimate": c.estimate, "low": low, "high": high, "se": c.se, "p": p, "p_adjusted": p_adjusted,
        "p_equivalent": equivalent, "p_not_worse": not_worse,
        "detectable": found(c, multiple.first_step(rule.correction, tests, 1 - rule.level), rule.level),
        "verdict": differences.verdicts(p_adjusted, equivalent, 1 - rule.level),
    })  # fmt: skip


def corrected(
    p: NDArray, names: Sequence[str], correction: str, correlation: NDArray | None = None, z: ArrayLike = ()
) -> NDArray:
    """Return the adjusted p-values, rows that test the same hypothesis counted once."""
    if not len(p):
        return p
    code = pd.factorize(np.asarray(names, object))[0]
    first = np.unique(code, return_index=True)[1]
    if correlation is not None:
        correlation, z = correlation[np.ix_(first, first)], np.asarray(z, float)[first]
    return multiple.adjusted(p[first], correction, correlation=correlation, z=z)[code]


def found(c: Contrast, alpha: float, level: float) -> NDArray:
    """Return the difference that a two-sided test at ``alpha`` finds with 80 % power."""
    half = lambda z: np.subtract(*c.limits(np.full(len(c.estimate), z))[::-1]) / 2  # noqa: E731
    return half(z_value(1 - alpha)) + float(ndtri(POWER)) * half(z_value(level)) / z_value(level)


def two_sided(c: Contrast) -> NDArray:
    """Return the p-values of "no difference"."""
    plain = ~np.isnan(c.df)
    searched = inversion.two_sided(c.estimate, c.limits)
    return np.where(plain, differences.two_sided(c.estimate, c.error, c.df), searched)


def _above(c: Contrast, bound: float) -> NDArray:
    """The one-sided p-value of "the truth is not above ``bound``"."""
    plain = ~np.isnan(c.df)
    with np.errstate(invalid="ignore", divide="ignore"):
        student = differences.upper_tail((c.estimate - bound) / c.error, np.where(plain, c.df, 1))
    return np.where(plain, student, inversion.above(c.estimate, c.limits, bound))


def pairwise_correlation(g: Groups, first: Sequence[int] | NDArray, second: Sequence[int] | NDArray) -> NDArray:
    """Return the correlations of the differences first - second."""
    contrast = np.zeros((len(first), len(g.table)))
    contrast[np.arange(len(first)), first] += 1
    contrast[np.arange(len(first)), second] -= 1
    return correlation(contrast @ np.nan_to_num(g.cov) @ contrast.T)


def correlation(cov: NDArray) -> NDArray:
    """Return the correlations of a covariance matrix; 0 where a variance is 0."""
    s = np.sqrt(np.fmax(np.diag(cov), 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(cov / np.outer(s, s))
