"""True values of a few units when how much they differ is itself uncertain: the posterior over a grid of tau.

The model of `cxlab.stats.units.shrinkage`: y_j ~ N(theta_j, v_j), theta_j ~ N(mu, tau^2). With few units tau is known
badly, and intervals that take its estimate for the truth are too short, of width 0 where it is 0. Here tau has a flat
prior, mu too, and all is averaged over tau:

    p(tau | y) ~ prod_j (v_j + tau^2)^(-1/2) (sum_j w_j)^(-1/2) exp(-Q(tau) / 2),   w_j = 1 / (v_j + tau^2).

References
----------
Gelman, A. (2006). Prior distributions for variance parameters in hierarchical models. Bayesian Analysis 1, 515-534.
    doi:10.1214/06-BA117A (a flat prior of tau, proper from three units on; of two the grid ends it)
Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78, 47-55.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

GRID = 240
WIDEST = 4.0
"""The grid of tau ends at so many times the range of the estimates or the largest standard error."""


@dataclass(frozen=True)
class Posterior:
    """``weight`` (G,) of each ``tau``; ``mu, mu_sd`` (G,); ``mean, sd`` (G, p) of the units there, mu averaged out."""

    tau: NDArray
    weight: NDArray
    mu: NDArray
    mu_sd: NDArray
    mean: NDArray
    sd: NDArray
    y: NDArray
    v: NDArray

    @property
    def estimate(self) -> NDArray:
        """The posterior mean of each unit."""
        return self.weight @ self.mean

    def interval(self, level: float = 0.95) -> tuple[NDArray, NDArray]:
        """Return the central interval of each unit, from the mixture over tau, by halving."""
        tails = ((1 - level) / 2, (1 + level) / 2)
        return tuple(self._quantile(tail) for tail in tails)

    def _quantile(self, tail: float) -> NDArray:
        low, high = (self.mean - 9 * self.sd).min(axis=0), (self.mean + 9 * self.sd).max(axis=0)
        for _ in range(60):
            middle = (low + high) / 2
            below = self.weight @ ndtr((middle - self.mean) / self.sd) < tail
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    def draws(self, count: int, seed: int) -> NDArray:
        """Return joint draws (count, p) of the units' true values."""
        rng = np.random.default_rng(seed)
        at = rng.choice(len(self.tau), size=count, p=self.weight)
        mu = self.mu[at] + self.mu_sd[at] * rng.standard_normal(count)
        keep = (self.tau[at, None] ** 2) / (self.tau[at, None] ** 2 + self.v)
        noise = np.sqrt(keep * self.v) * rng.standard_normal((count, len(self.y)))
        return keep * self.y + (1 - keep) * mu[:, None] + noise


def posterior(y: ArrayLike, v: ArrayLike) -> Posterior:
    """Return the posterior of the units from estimates ``y`` and their sampling variances ``v``, all positive.

    >>> found = posterior([0.0, 1.0, 5.0], [1.0, 1.0, 1.0])
    >>> bool(0 < found.estimate[0] < 1), [bool(a < b) for a, b in zip(*found.interval())]
    (True, [True, True, True])
    """
    y, v = np.asarray(y, float), np.asarray(v, float)
    tau = np.linspace(0, WIDEST * max(float(np.ptp(y)), float(np.sqrt(v.max()))), GRID)
    w = 1 / (v + tau[:, None] ** 2)
    total = w.sum(axis=1)
    mu = w @ y / total
    q = (w * (y - mu[:, None]) ** 2).sum(axis=1)
    log = 0.5 * np.log(w).sum(axis=1) - 0.5 * np.log(total) - q / 2
    weight = np.exp(log - log.max())
    keep = tau[:, None] ** 2 * w
    mean = keep * y + (1 - keep) * mu[:, None]
    sd = np.sqrt(keep * v + (1 - keep) ** 2 / total[:, None])
    return Posterior(tau, weight / weight.sum(), mu, 1 / np.sqrt(total), mean, sd, y, v)
