"""Curves of time until an end, and the influence of every answer on each number taken from them.

Everything follows from counts by time and end. A number taken from the curves (a share still there, a cumulative
incidence, a restricted mean) moves by e_c(v) when one more end c happens at time v, so the influence of one spell is

    IF = e_c(t) [it ended at t] - sum over v in (entry, t] of gamma(v),   gamma(v) = sum_c h_c(v) e_c(v),

and without weights and clusters sum IF**2 = sum_v (sum_c d_c e_c**2 - n gamma**2): Greenwood's formula for the share
still there, that of Aalen and Johansen for cumulative incidences.

References
----------
Kaplan, E. L. & Meier, P. (1958). JASA 53, 457-481. Aalen, O. O. & Johansen, S. (1978). Scandinavian Journal of
    Statistics 5, 141-150. Royston, P. & Parmar, M. K. B. (2013). BMC Medical Research Methodology 13, 152. (RMST)
Andersen, P. K., Borgan, O., Gill, R. D. & Keiding, N. (1993). Statistical Models Based on Counting Processes. Springer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


@dataclass(frozen=True)
class Curves:
    """Share still there and cumulative incidence of each end, at the times at which something ended.

    Parameters
    ----------
    times : (K,) distinct times of ends, sorted.
    at_risk : (K,) weighted spells under way just before.
    events : (K, C) weighted ends of each cause.
    last : the largest time seen, ended or not.
    """

    times: NDArray
    at_risk: NDArray
    events: NDArray
    last: float

    @property
    def hazard(self) -> NDArray:
        """(K, C) share of those under way that end now, by cause."""
        return self.events / self.at_risk[:, None]

    @property
    def stays(self) -> NDArray:
        """(K,) 1 - hazard of any end, clean of rounding at 0."""
        left = 1 - self.hazard.sum(1)
        return np.where(left < 1e-12, 0.0, left)

    @property
    def after(self) -> NDArray:
        """(K,) share still there after each time."""
        return np.cumprod(self.stays)

    @property
    def before(self) -> NDArray:
        """(K,) share still there just before each time."""
        return np.concatenate([[1.0], self.after[:-1]])

    @property
    def incidence(self) -> NDArray:
        """(K, C) share that has ended by each cause up to each time."""
        return np.cumsum(self.before[:, None] * self.hazard, axis=0)

    def share(self, at: float, cause: int | None = None) -> float:
        """Return the share still there at ``at``, or the cumulative incidence of ``cause`` (from 0)."""
        k = int(np.searchsorted(self.times, at, "right"))
        if k == 0:
            return 1.0 if cause is None else 0.0
        return float(self.after[k - 1] if cause is None else self.incidence[k - 1, cause])

    def restricted_mean(self, horizon: float) -> float:
        """Return the mean time up to ``horizon``: the area under the curve."""
        inside = self.times < horizon
        grid = np.concatenate([[0.0], self.times[inside], [horizon]])
        return float(np.diff(grid) @ np.concatenate([[1.0], self.after[inside]]))

    def quantile(self, share: float = 0.5) -> float:
        """Return when the share still there has fallen to ``share``; nan if it never does.

        Where the curve is exactly flat at ``share`` it is the middle of the flat piece, as R's ``survfit`` has it.
        """
        return _crossing(self.times, self.after, share)

    def jump(self, at: float, cause: int | None = None) -> NDArray:
        """Return e_c(v), (K, C), of the share still there at ``at`` or of the cumulative incidence of ``cause``."""
        k, c = self.events.shape
        until = (self.times <= at)[:, None]
        stays = self.stays
        free = np.divide(1.0, self.at_risk * stays, out=np.zeros(k), where=stays > 0)
        if cause is None:
            return np.repeat((-self.share(at) * free)[:, None], c, axis=1) * until
        own = self.incidence[:, cause]
        e = np.repeat((-(self.share(at, cause) - own) * free)[:, None], c, axis=1)
        e[:, cause] += self.before / self.at_risk
        return e * until

    def jump_of_mean(self, horizon: float) -> NDArray:
        """Return e_c(v), (K, C), of the restricted mean up to ``horizon``."""
        inside = self.times <= horizon
        grid = np.concatenate([np.fmin(self.times, horizon), [horizon]])
        area = np.cumsum((np.diff(grid) * self.after)[::-1])[::-1]  # right of each time, up to the horizon
        stays = self.stays
        free = np.divide(1.0, self.at_risk * stays, out=np.zeros(len(area)), where=stays > 0)
        return np.repeat((-area * free * inside)[:, None], self.events.shape[1], axis=1)

    def covariance(self, jumps: NDArray) -> NDArray:
        """Return the covariance (q, q), without weights and clusters, of numbers with these jumps (q, K, C)."""
        gamma = (self.hazard * jumps).sum(2)
        ends = np.einsum("kc,akc,bkc->ab", self.events, jumps, jumps, optimize=True)
        return ends - (gamma * self.at_risk) @ gamma.T

    def variance(self, jump: NDArray) -> float:
        """Return the variance, as `covariance`, of one number with these jumps (K, C)."""
        return float(max(self.covariance(jump[None])[0, 0], 0.0))

    def influence(self, jump: NDArray, time: NDArray, cause: NDArray, entry: NDArray | None = None) -> NDArray:
        """Return the influence of one spell of each row on the number with these jumps.

        Parameters
        ----------
        time, cause, entry : (rows,) as for `curves`.
        """
        gamma = np.concatenate([[0.0], np.cumsum((self.hazard * jump).sum(1))])
        passed = gamma[np.searchsorted(self.times, time, "right")]
        if entry is not None:
            passed = passed - gamma[np.searchsorted(self.times, entry, "right")]
        ended = cause > 0
        own = np.zeros(len(time))
        own[ended] = jump[np.searchsorted(self.times, time[ended]), cause[ended] - 1]
        return own - passed


def curves(
    time: NDArray,
    cause: NDArray,
    n: NDArray,
    w: NDArray | None = None,
    entry: NDArray | None = None,
    *,
    causes: int = 1,
) -> Curves:
    """Return the curves of spells.

    Parameters
    ----------
    time : (rows,) when it ended or was last seen. ``cause`` : (rows,) 0 still there, else which end, from 1.
    n : (rows,) spells of this row. ``w`` : (rows,) weight of one of them; default 1.
    entry : (rows,) since when it was watched: at risk from just after. Ends come before losses of the same time.
    causes : how many ends there are.

    Examples
    --------
    >>> found = curves(np.array([1.0, 2, 2, 3]), np.array([1, 1, 0, 0]), np.ones(4))
    >>> found.after.tolist(), found.at_risk.tolist(), found.restricted_mean(3)
    ([0.75, 0.5], [4.0, 3.0], 2.25)
    """
    weight = n if w is None else n * w
    ended = cause > 0
    times, at = np.unique(time[ended], return_inverse=True)
    events = np.zeros((len(times), causes))
    np.add.at(events, (at, cause[ended] - 1), weight[ended])
    risk = under_way(time, weight, times, entry)
    return Curves(times, risk, events, float(time.max(initial=0.0)))


def under_way(time: NDArray, amount: NDArray, at: NDArray, entry: NDArray | None = None) -> NDArray:
    """Return how much of ``amount`` (rows,) is under way just before each time of ``at``.

    >>> under_way(np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([2.0]), np.array([0.0, 0.0, 2.0])).tolist()
    [1.0]
    """
    left = _later(time, amount, at)
    return left if entry is None else left - _later(entry, amount, at)


def _later(moment: NDArray, amount: NDArray, times: NDArray) -> NDArray:
    """The amount whose moment is at or after each time."""
    order = np.argsort(moment, kind="stable")
    total = np.concatenate([np.cumsum(amount[order][::-1])[::-1], [0.0]])
    return total[np.searchsorted(moment[order], times, "left")]


def _crossing(times: NDArray, after: NDArray, share: float) -> float:
    reached = np.flatnonzero(after <= share + 1e-12)
    if not len(reached):
        return float("nan")
    k = int(reached[0])
    flat = abs(after[k] - share) <= 1e-12 and k + 1 < len(times)
    return float((times[k] + times[k + 1]) / 2 if flat else times[k])


def loglog(share: NDArray, se: NDArray, n: NDArray, level: float) -> tuple[NDArray, NDArray]:
    """Return the interval of shares by log(-log): it stays within 0 and 1.

    Where nothing has happened (a share of 1, or of 0) the other end is that of no event among ``n``:
    ((1 - level) / 2)**(1 / n).

    Parameters
    ----------
    share, se : (k,) shares and standard errors. ``n`` : (k,) effective number under way.

    Examples
    --------
    >>> low, high = loglog(np.array([0.5, 1.0]), np.array([0.1, 0.0]), np.array([25, 25]), 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.295, 0.863], [0.675, 1.0])
    """
    share, se, n = (np.asarray(a, float) for a in (share, se, n))
    z = ndtri((1 + level) / 2)
    inside = (share > 0) & (share < 1)
    s = np.where(inside, share, 0.5)
    half = z * se / np.abs(s * np.log(s))
    low, high = s ** np.exp(half), s ** np.exp(-half)
    none = np.where(n > 0, ((1 - level) / 2) ** (1 / np.fmax(n, 1)), np.nan)
    low = np.where(inside, low, np.where(share == 1, none, np.where(share == 0, 0.0, np.nan)))
    high = np.where(inside, high, np.where(share == 0, 1 - none, np.where(share == 1, 1.0, np.nan)))
    return low, high
