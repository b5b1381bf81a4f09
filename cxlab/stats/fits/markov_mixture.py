"""Mixtures of first-order Markov chains over distinct journeys with counts, by EM.

References
----------
Cadez, I., Heckerman, D., Meek, C., Smyth, P. & White, S. (2003). Model-based clustering and visualization of navigation
    patterns on a web site. Data Mining and Knowledge Discovery 7, 399-424. doi:10.1023/A:1024992613384
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

PRIOR = 0.05
STEPS, TOLERANCE = 500, 1e-8


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture of K chains over A events.

    Parameters
    ----------
    share : (K,) of each type. ``start`` : (K, A) first events. ``steps`` : (K, A, A + 1) next events, the last the end.
    belongs : (patterns, K) probability of each type. ``loglik`` : of all journeys. ``bic`` : lower is better.
    converged : whether the likelihood had stopped to rise.
    """

    share: NDArray
    start: NDArray
    steps: NDArray
    belongs: NDArray
    loglik: float
    bic: float
    converged: bool


def counted(patterns: list[tuple[int, ...]], events: int) -> tuple[csr_array, csr_array]:
    """Return transition counts (patterns, A * (A + 1)) and first events (patterns, A) of journeys.

    A journey takes few of the steps there are, so that only those it takes are kept.

    >>> steps, first = counted([(0, 1)], 2)
    >>> steps.toarray().tolist(), first.toarray().tolist()
    ([[0.0, 1.0, 0.0, 0.0, 0.0, 1.0]], [[1.0, 0.0]])
    """
    rows, length = np.arange(len(patterns)), np.array([len(p) for p in patterns])
    here = np.fromiter((e for p in patterns for e in p), dtype=np.int64, count=int(length.sum()))
    then, last = np.append(here[1:], events), np.cumsum(length) - 1
    then[last] = events
    ones, shape = np.ones(len(here)), (len(patterns), events * (events + 1))
    steps = csr_array((ones, (np.repeat(rows, length), here * (events + 1) + then)), shape=shape)
    first = csr_array((np.ones(len(rows)), (rows, here[last - length + 1])), shape=(len(rows), events))
    return steps, first


def mixture(
    steps: csr_array, first: csr_array, n: NDArray, k: int, rng: np.random.Generator, *, starts: int = 10
) -> Mixture:
    """Return the best of ``starts`` runs of EM for ``k`` types.

    BIC = -2 log L + p log N, p = (k - 1) + k (A - 1) + k A A free parameters, N journeys.

    Parameters
    ----------
    steps, first : of `counted`. ``n`` : (patterns,) journeys of each pattern.

    Examples
    --------
    >>> steps, first = counted([(0, 1), (1, 0)], 2)
    >>> found = mixture(steps, first, np.array([30.0, 10.0]), 1, np.random.default_rng(0))
    >>> found.start.round(2).tolist()
    [[0.75, 0.25]]
    """
    best = max(
        (_run(steps, first, n, rng.dirichlet(np.ones(k), len(n))) for _ in range(starts if k > 1 else 1)),
        key=lambda r: r[0],
    )
    loglik, share, start, chain, belongs, converged = best
    a = first.shape[1]
    free = (k - 1) + k * (a - 1) + k * a * a
    return Mixture(share, start, chain, belongs, loglik, -2 * loglik + free * float(np.log(n.sum())), converged)


def again(fit: Mixture, steps: csr_array, first: csr_array, n: NDArray) -> tuple[NDArray, NDArray]:
    """Return share (K,) and ``belongs`` (patterns, K) of the types fitted to other counts, from where ``fit`` ended."""
    _, share, _, _, belongs, _ = _run(steps, first, n, fit.belongs)
    return share, belongs


def _run(steps: csr_array, first: csr_array, n: NDArray, belongs: NDArray) -> tuple:
    a, k, old = first.shape[1], belongs.shape[1], -np.inf
    loglik, converged = -np.inf, False
    share, start, chain = np.ones(k), np.ones((k, a)), np.ones((k, a, a + 1))
    for _ in range(STEPS):
        w = belongs * n[:, None]
        share = w.sum(0) / n.sum()
        start = (first.T @ w).T + PRIOR
        start /= start.sum(1, keepdims=True)
        chain = (steps.T @ w).T.reshape(k, a, a + 1) + PRIOR
        chain /= chain.sum(2, keepdims=True)
        loglik, belongs = likelihood(steps, first, n, share, start, chain)
        if loglik - old < TOLERANCE * abs(loglik):
            converged = True
            break
        old = loglik
    return loglik, share, start, chain, belongs, converged


def likelihood(
    steps: csr_array, first: csr_array, n: NDArray, share: NDArray, start: NDArray, chain: NDArray
) -> tuple[float, NDArray]:
    """Return the log-likelihood of journeys under a mixture, and the probability (patterns, K) of each type."""
    with np.errstate(divide="ignore"):
        logs = np.log(share) + first @ np.log(start).T + steps @ np.log(chain).reshape(len(share), -1).T
    top = logs.max(1, keepdims=True)
    belongs = np.exp(logs - top)
    total = belongs.sum(1, keepdims=True)
    return float(n @ (top + np.log(total))[:, 0]), belongs / total
