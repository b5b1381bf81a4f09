"""Whether groups end at the same pace: the log-rank test, from counts or from the influence of every spell.

References
----------
Mantel, N. (1966). Cancer Chemotherapy Reports 50, 163-170. Lin, D. Y. & Wei, L. J. (1989). JASA 84, 1074-1078. (robust)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from cxlab.stats.survival.time_curves import under_way


def stacked(
    time: NDArray, ended: NDArray, group: NDArray, weight: NDArray, entry: NDArray | None = None
) -> tuple[NDArray, NDArray, NDArray]:
    """Return the times (K,) at which any spell ended, and (K, G) spells under way and ends by group, weighted.

    Parameters
    ----------
    time, group, weight, entry : (rows,), groups numbered from 0. ``ended`` : (rows,) whether it ended.
    """
    times = np.unique(time[ended])
    size = int(group.max(initial=0)) + 1
    risk, ends = np.zeros((len(times), size)), np.zeros((len(times), size))
    for j in range(size):
        mine = group == j
        risk[:, j] = under_way(time[mine], weight[mine], times, None if entry is None else entry[mine])
    np.add.at(ends, (np.searchsorted(times, time[ended]), group[ended]), weight[ended])
    return times, risk, ends


def scores(risk: NDArray, ends: NDArray) -> tuple[NDArray, NDArray]:
    """Return observed minus expected ends of each group, and their covariance where spells are a simple sample.

    Parameters
    ----------
    risk, ends : (K, G) spells under way and ends by time and group.

    Examples
    --------
    >>> u, v = scores(np.array([[2.0, 2.0], [1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> u.round(4).tolist(), v.round(4).tolist()
    ([0.1667, -0.1667], [[0.4722, -0.4722], [-0.4722, 0.4722]])
    """
    n, d = risk.sum(1), ends.sum(1)
    part = risk / n[:, None]
    u = (ends - d[:, None] * part).sum(0)
    factor = np.where(n > 1, d * (n - d) / np.fmax(n - 1, 1), 0.0)
    v = np.diag((factor[:, None] * part).sum(0)) - (part * factor[:, None]).T @ part
    return u, v


def influence(times: NDArray, risk: NDArray, ends: NDArray, time: NDArray, ended: NDArray, group: NDArray,
              entry: NDArray | None = None) -> NDArray:  # fmt: skip
    """Return the influence (rows, G) of one spell of each row on `scores`.

    Parameters
    ----------
    times, risk, ends : of `stacked`, weighted. ``time``, ``entry`` : (rows,). ``ended`` : (rows,) whether it did.
    group : (rows,) number of the group.
    """
    n, d = risk.sum(1), ends.sum(1)
    part, h = risk / n[:, None], d / n
    mine = np.eye(risk.shape[1])[group]
    past_h = np.concatenate([[0.0], np.cumsum(h)])
    past_p = np.vstack([np.zeros(risk.shape[1]), np.cumsum(h[:, None] * part, axis=0)])
    to = np.searchsorted(times, time, "right")
    since = np.zeros_like(to) if entry is None else np.searchsorted(times, entry, "right")
    out = -(mine * (past_h[to] - past_h[since])[:, None] - (past_p[to] - past_p[since]))
    out[ended] += mine[ended] - part[np.searchsorted(times, time[ended])]
    return out


def test(u: NDArray, v: NDArray) -> tuple[float, int, float]:
    """Return chi-square, degrees of freedom and p of scores ``u`` with covariance ``v`` (they sum to zero)."""
    rank = int(np.linalg.matrix_rank(v, tol=1e-10 * max(np.trace(v), 1e-300))) if np.isfinite(v).all() else 0
    if not rank:
        return float("nan"), 0, float("nan")
    value = float(u @ np.linalg.pinv(v, rcond=1e-10, hermitian=True) @ u)
    return value, rank, float(chi2.sf(value, rank))
