"""What repeat customers will spend: gamma-gamma beside the forecast of their purchases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.problem import DataProblem
from cxlab.stats.purchases import bgnbd, gamma_gamma

LEAST = 10
"""Repeat customers needed."""
DRAWS, TRIES = 100, 50
CORRELATED = 0.2
"""From this correlation of frequency and spend on, the model's assumption of none is said to fail."""


@dataclass(frozen=True)
class Buyers:
    """Customers as ``x, last, watched`` (rows, 3), the ``group`` they are shown in, and mean ``spend`` a repeat
    purchase (0 without one)."""

    patterns: NDArray
    group: NDArray
    spend: NDArray


def spent(
    fit: bgnbd.PurchaseFit, buyers: Buyers, ahead: float, groups: int, *, seed: int, level: float
) -> tuple[pd.DataFrame, dict, list[str]]:
    """Return expected spending by group and of all with its predictive interval, the fit, and what is to be said.

    Parameters
    ----------
    fit : of BG/NBD. ``buyers`` : the customers. ``ahead`` : how long. ``groups`` : how many, from 0.
    seed, level : of the draws, and of the interval.
    """
    x = buyers.patterns[:, 0]
    again = x > 0
    if int(again.sum()) < LEAST:
        raise DataProblem(f"{int(again.sum())} customers bought again; their spending needs {LEAST}")
    if (buyers.spend[again] <= 0).any():
        raise DataProblem(f"{int((buyers.spend[again] <= 0).sum()):,} customers spent nothing or less on their repeat "
                          "purchases; amounts must be above 0: leave returns out")  # fmt: skip
    pairs, n = np.unique(np.column_stack([x, buyers.spend])[again], axis=0, return_counts=True)
    money = gamma_gamma.fit(*pairs.T, n.astype(float))
    if not money.converged or np.exp(money.log[1]) <= 1:
        raise DataProblem("the amounts do not determine how spending differs between customers: all spend alike, or "
                          "some spend without bound; leave amount= out")  # fmt: skip
    whole = lambda each: np.append(np.bincount(buyers.group, each, groups), each.sum())  # noqa: E731
    rng = np.random.default_rng(seed)
    distinct, at = np.unique(buyers.patterns, axis=0, return_inverse=True)
    at = at.ravel()
    mean = whole(bgnbd.expected(fit.log, *distinct.T, ahead)[at] * gamma_gamma.expected(money.log, x, buyers.spend))
    logs = (
        rng.multivariate_normal(fit.log, fit.covariance, DRAWS),
        rng.multivariate_normal(money.log, money.covariance, DRAWS),
    )
    means = np.array([
        whole(bgnbd.expected(a, *distinct.T, ahead)[at] * gamma_gamma.expected(b, x, buyers.spend))
        for a, b in zip(*logs, strict=True)
    ])  # fmt: skip
    made = [bgnbd.simulated(fit.log, *buyers.patterns.T, ahead, rng) for _ in range(TRIES)]
    tries = np.array([whole(gamma_gamma.simulated(money.log, x, buyers.spend, m, rng)) for m in made])
    drawn = np.repeat(means, TRIES, axis=0) + np.tile(tries - tries.mean(0), (DRAWS, 1))
    low, high = np.nanquantile(np.fmax(drawn, 0), [(1 - level) / 2, (1 + level) / 2], axis=0)
    r = float(np.corrcoef(x[again], buyers.spend[again])[0, 1])
    p, q, v = np.exp(money.log)
    errors = np.sqrt(np.diag(money.covariance))
    each = pd.DataFrame({"parameter": ["p", "q", "v"], "estimate": np.exp(money.log), "se_log": errors})
    figures = {"parameters": each, "loglik": money.loglik, "customers": int(again.sum()),
               "mean": float(p * v / (q - 1)), "correlation": r}  # fmt: skip
    fails = ": the forecast of spending leans on an assumption that fails" if abs(r) > CORRELATED else ""
    said = [
        f"spending (gamma-gamma) assumes that how often and how much do not go together; they correlate {r:.2f}{fails}"
    ]
    return pd.DataFrame({"spend": mean, "spend_low": low, "spend_high": high}), figures, said
