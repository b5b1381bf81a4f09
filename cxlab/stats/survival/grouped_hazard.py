"""The hazard of leaving in grouped time: complementary log-log on counts by period and pattern (grouped Cox).

With h(t | x) = 1 - exp(-exp(alpha_t + x'b)) the coefficients b are those of Cox's proportional hazards, whatever the
length of a period, and the likelihood needs only how many of each pattern were under way in a period and how many left.
As counts of a Poisson variable with mean exp(alpha_t + x'b) the same cells have the likelihood of Breslow (1974) for
ties, the default of many programs.

References
----------
Breslow, N. (1974). Biometrics 30, 89-99. doi:10.2307/2529620. Harrell, F. E. et al. (1982). JAMA 247, 2543-2546.
Prentice, R. L. & Gloeckler, L. A. (1978). Biometrics 34, 57-67. doi:10.2307/2529588
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS, STILL = 60, 1e-10
FAR = 12.0
"""A coefficient of a standardised column beyond this: its groups leave never, or all at once."""


@dataclass(frozen=True)
class Hazard:
    """A fit: coefficients ``b`` (p,), base log hazards ``base`` (T,), log-likelihood, inverse information of b
    (``bread``, p x p), influence of one spell of each row on b (``influence``, rows x p), whether it converged, and by
    period the score of b (T, p) and its information (T, p, p), the base hazards profiled out (``by_period``).
    ``pull`` (p, T) by how much a base falls as b rises, ``own`` (T,) the variance of a base where b is known, and
    ``base_influence(rows)`` (rows, T) of one spell of each row, or of those named, on the bases. ``concordance`` :
    Harrell's, how often, of one who leaves in a period and one who stays longer, the former has the higher hazard."""

    b: NDArray
    base: NDArray
    loglik: float
    bread: NDArray
    influence: NDArray
    converged: bool
    by_period: tuple[NDArray, NDArray]
    pull: NDArray
    own: NDArray
    base_influence: Callable[..., NDArray]
    concordance: float

    def covariance(self) -> NDArray:
        """Return the covariance of (b, base), (p + T, p + T), where spells are a simple sample."""
        cross = -self.bread @ self.pull
        bases = np.diag(self.own) + self.pull.T @ self.bread @ self.pull
        return np.block([[self.bread, cross], [cross.T, bases]])


def periods(time: NDArray, ended: NDArray, most: int) -> tuple[NDArray, NDArray]:
    """Return the upper ends of the periods (T,); and the period of each end, or for one still there how many it lasted.

    A period holds at least one end. Ends come before losses of the same time, as in `time_curves.curves`.

    Parameters
    ----------
    time : (rows,) times. ``ended`` : (rows,) whether it ended. ``most`` : periods at most; more distinct times are
        grouped at their quantiles.

    >>> periods(np.array([1.0, 2.0, 3.0, 9.0]), np.array([True, False, True, False]), 60)[0].tolist()
    [1.0, 3.0]
    """
    ends = np.unique(time[ended])
    if len(ends) > most:
        ends = np.unique(np.quantile(ends, np.arange(1, most + 1) / most, method="higher"))
    return ends, np.where(ended, np.searchsorted(ends, time, "left"), np.searchsorted(ends, time, "right"))


def entered(entry: NDArray, time: NDArray, ended: NDArray, ends: NDArray) -> NDArray:
    """Return the first period in which each spell is at risk, watched from ``entry`` on.

    Where times are grouped a spell counts from its first whole period, but always in the one in which it ended.
    """
    exact = len(np.unique(time[ended])) == len(ends)
    first = np.searchsorted(ends, entry, "right" if exact else "left") + (0 if exact else entry > 0)
    return np.where(ended, np.fmin(first, np.searchsorted(ends, time, "left")), first)


def fit(
    x: NDArray, period: NDArray, ended: NDArray, weight: NDArray, since: NDArray | None = None, *, count: int,
    exact: bool = False,
) -> Hazard:  # fmt: skip
    """Fit the model by Fisher scoring; the base hazards are profiled out of every step.

    Parameters
    ----------
    x : (rows, p) covariates of a spell, constant over it. ``weight`` : (rows,) spells of the row times their weight.
    period, ended : (rows,) of `periods`, and whether it ended; ``count`` : how many periods there are.
    since : (rows,) first period in which it was watched (`entered`), default 0.
    exact : Cox's likelihood with ties as Breslow in place of the complementary log-log; ``loglik`` is partial then.

    Examples
    --------
    >>> given = (np.array([[0.0], [0], [1], [1]]), np.array([0, 1, 0, 1]), np.array([True, False] * 2))
    >>> f = fit(*given, np.array([20.0, 80, 40, 60]), count=1)
    >>> f.b.round(4).tolist(), f.converged  # log(log(0.6) / log(0.8))
    ([0.8282], True)
    >>> fit(*given, np.array([20.0, 80, 40, 60]), count=1, exact=True).b.round(4).tolist()  # log(0.4 / 0.2)
    [0.6931]
    """
    patterns, at = np.unique(x, axis=0, return_inverse=True)
    at = at.ravel()
    risk, ends = _counts(at, len(patterns), period, ended, weight, since, count)
    base = np.full(count, np.log(-np.log1p(-min(max(ends.sum() / max(risk.sum(), 1e-12), 1e-9), 0.9))))
    b, converged, loglik = np.zeros(x.shape[1]), False, -np.inf
    pieces = _poisson if exact else _pieces
    for _ in range(STEPS):
        slope, curve, now = pieces(patterns @ b, base, risk, ends)
        per, info = curve.sum(0), patterns.T @ (curve.sum(1)[:, None] * patterns)
        cross = patterns.T @ curve
        share = np.divide(1.0, per, out=np.zeros_like(per), where=per > 1e-12)
        left = info - (cross * share) @ cross.T
        score = patterns.T @ slope.sum(1) - (cross * share) @ slope.sum(0)
        step = np.linalg.pinv(left, rcond=1e-12, hermitian=True) @ score
        move = share * (slope.sum(0) - cross.T @ step)
        most = max(float(np.abs(patterns @ step).max(initial=0)), float(np.abs(move).max(initial=0)))
        scale = min(1.0, 2.0 / max(most, 1e-300))
        b, base, loglik = b + scale * step, base + scale * move, now
        if most < STILL:
            converged = True
            break
    converged = converged and bool((np.abs(b) * patterns.std(0) < FAR).all())
    bread = np.linalg.pinv(left, rcond=1e-12, hermitian=True)
    pull = share * cross
    rate = np.exp(np.clip(patterns @ b, -40, 5)[:, None] + base)
    gain = 1 - rate if exact else rate * np.exp(-rate) / np.clip(-np.expm1(-rate), 1e-300, 1)
    u = _scores(patterns, at, rate, gain, pull, period, ended, since)
    slope, curve, loglik = pieces(patterns @ b, base, risk, ends)
    apart = patterns[:, None, :] - (share * cross).T[None]
    by_period = np.einsum("gt,gtj->tj", slope, apart), np.einsum("gt,gtj,gtk->tjk", curve, apart, apart)

    def each(rows: NDArray | slice = slice(None)) -> NDArray:
        watched = None if since is None else since[rows]
        return share * _base_scores(rate, gain, at[rows], period[rows], ended[rows], watched) - (u[rows] @ bread) @ pull

    again = concordance(patterns @ b, risk, ends)
    return Hazard(b, base, float(loglik), bread, u @ bread, converged, by_period, pull, share, each, again)


def concordance(eta: NDArray, risk: NDArray, ends: NDArray) -> float:
    """Return Harrell's concordance: pairs of one who leaves in a period and one who stays longer, ties count half.

    Parameters
    ----------
    eta : (patterns,) linear predictor. ``risk, ends`` : (patterns, T) spells at risk and ended.

    Examples
    --------
    >>> round(concordance(np.array([0.0, 1.0]), np.array([[3.0], [2]]), np.array([[1.0], [1]])), 4)  # 3.5 of 6
    0.5833
    """
    values, at = np.unique(eta, return_inverse=True)
    stay, gone = (np.zeros((len(values), risk.shape[1])) for _ in range(2))
    np.add.at(stay, at, np.fmax(risk - ends, 0))
    np.add.at(gone, at, ends)
    below = np.cumsum(stay, axis=0) - stay
    pairs = float((gone.sum(0) * stay.sum(0)).sum())
    return float((gone * (below + stay / 2)).sum()) / pairs if pairs > 0 else float("nan")


def proportional(found: Hazard, clock: NDArray) -> tuple[NDArray, float]:
    """Return chi-square (1 df) of each coefficient changing with ``clock`` (T,), and that of all together (p df).

    The score test of Grambsch & Therneau (1994), in the exact form of R's ``cox.zph``.
    """
    score, info = found.by_period
    g = clock - np.average(clock, weights=np.fmax(np.einsum("tjj->t", info), 1e-300))
    u = g @ score
    cross = np.einsum("t,tjk->jk", g, info)
    v = np.einsum("t,tjk->jk", g**2, info) - cross @ found.bread @ cross
    each = np.divide(u**2, np.diag(v), out=np.full(len(u), np.nan), where=np.diag(v) > 0)
    return each, float(u @ np.linalg.pinv(v, rcond=1e-12, hermitian=True) @ u)


def _counts(
    at: NDArray, size: int, period: NDArray, ended: NDArray, weight: NDArray, since: NDArray | None, count: int
) -> tuple[NDArray, NDArray]:
    """(patterns, T) spells at risk and ended; an ended one is at risk in its period, a lost one in those it lasted."""
    last = np.where(ended, period + 1, period)
    change = np.zeros((size, count + 1))
    np.add.at(change, (at, np.zeros_like(at) if since is None else np.fmin(since, last)), weight)
    np.add.at(change, (at, np.fmin(last, count)), -weight)
    ends = np.zeros((size, count))
    np.add.at(ends, (at[ended], period[ended]), weight[ended])
    return np.fmax(np.cumsum(change, axis=1)[:, :count], 0), ends


def _pieces(eta: NDArray, base: NDArray, risk: NDArray, ends: NDArray) -> tuple[NDArray, NDArray, float]:
    """Score and Fisher information of the linear predictor in each cell, and the log-likelihood."""
    rate = np.exp(np.clip(eta[:, None] + base, -40, 5))
    p = np.clip(-np.expm1(-rate), 1e-300, 1.0)
    ratio = rate * np.exp(-rate) / p
    slope = ends * ratio - (risk - ends) * rate
    curve = risk * rate * ratio
    value = float((ends * np.log(p)).sum() - ((risk - ends) * rate).sum())
    return slope, curve, value


def _poisson(eta: NDArray, base: NDArray, risk: NDArray, ends: NDArray) -> tuple[NDArray, NDArray, float]:
    """The same of Breslow's likelihood; the last is the partial one where the bases are at their maximum."""
    rate = np.exp(np.clip(eta[:, None] + base, -40, 5))
    at_risk, gone = (risk * rate).sum(0), ends.sum(0)
    value = (ends * np.log(rate)).sum() - gone @ np.log(np.fmax(at_risk, 1e-300))
    return ends - risk * rate, risk * rate, float(value)


def _scores(
    patterns: NDArray, at: NDArray, rate: NDArray, gain: NDArray, pull: NDArray, period: NDArray, ended: NDArray,
    since: NDArray | None,
) -> NDArray:  # fmt: skip
    """Score of one spell of each row for b, the base hazards profiled out: sum over its periods of s_t (x - pull_t).

    ``rate, gain`` : (patterns, T) the hazard of a cell, and what an end there adds.
    """
    none = np.zeros((len(rate), 1))
    past = np.concatenate([none, np.cumsum(-rate, axis=1)], axis=1)
    moved = np.stack(
        [np.concatenate([none, np.cumsum(-rate * pull[j], axis=1)], axis=1) for j in range(len(pull))]
    )  # fmt: skip
    start = np.zeros_like(period) if since is None else np.fmin(since, period)
    plain = past[at, period] - past[at, start]
    drawn = (moved[:, at, period] - moved[:, at, start]).T
    last = np.fmin(period, rate.shape[1] - 1)
    own = np.where(ended, gain[at, last], 0.0)
    return patterns[at] * (plain + own)[:, None] - drawn - own[:, None] * pull[:, last].T


def _base_scores(
    rate: NDArray, gain: NDArray, at: NDArray, period: NDArray, ended: NDArray, since: NDArray | None
) -> NDArray:
    """(rows, T) score of one spell of each row for the base of each period."""
    when = np.arange(rate.shape[1])
    start = np.zeros_like(period) if since is None else np.fmin(since, period)
    out = np.where((when >= start[:, None]) & (when < period[:, None]), -rate[at], 0.0)
    rows = np.flatnonzero(ended)
    out[rows, period[rows]] += gain[at[rows], period[rows]]
    return out
