"""Few treated clusters: what a difference between clusters rests on, and what can be said of it.

An arm that whole clusters belong to is as well known as its clusters are many, however many answers they hold. With one
treated (or one control) cluster its own noise cannot be told from the effect, and no sandwich estimator has an error;
with two to four the usual ones are too small (MacKinnon & Webb 2018), and the reference is CR2 with Satterthwaite's
degrees of freedom, or the differences that other assignments of the clusters would have given.

References
----------
MacKinnon, J. G. & Webb, M. D. (2018). The wild bootstrap for few (treated) clusters. Econometrics Journal 21, 114-135.
    doi:10.1111/ectj.12107
Bell, R. M. & McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with multi-stage samples.
    Survey Methodology 28, 169-181.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST = 2
"""Fewer treated, or fewer control, clusters than this: no error can be estimated."""
FEW = 5
"""Fewer than this: the errors need the reference of few clusters, and say so."""
OWN = 10
"""Fewer clusters than this that no other group shares: their variance has their own k / (k - 1), see `own_factor`."""


def sides(arm: ArrayLike, cluster: ArrayLike) -> tuple[int, int]:
    """Return in how many clusters somebody is treated (``arm`` not 0), and in how many somebody is not.

    >>> sides([1, 1, 0, 0, 0], ["a", "a", "b", "b", "c"])
    (1, 2)
    """
    on, codes = np.asarray(arm) != 0, np.unique(np.asarray(cluster), return_inverse=True)[1]
    return len(np.unique(codes[on])), len(np.unique(codes[~on]))


def touched(low: NDArray, high: NDArray) -> NDArray:
    """Return for each column of a regression the clusters that its coefficient rests on.

    Parameters
    ----------
    low, high : (G, p) smallest and largest value of each column in each cluster.

    A column that most clusters hold at one constant value rests on the others: the treated clusters of an arm or of a
    difference in differences, the control clusters where most are treated. A column constant everywhere, or in no
    cluster, rests on all.

    >>> arm = np.array([[1.0], [0.0], [0.0], [0.0]])
    >>> touched(arm, arm).tolist()
    [1]
    """
    size = len(low)
    out = np.full(low.shape[1], size)
    for j in range(low.shape[1]):
        still = np.isclose(low[:, j], high[:, j], rtol=1e-9, atol=1e-12)
        if still.any():
            values, count = np.unique(np.round(low[still, j], 9), return_counts=True)
            out[j] = size - count.max() if len(values) > 1 or count.max() < size else size
    return out


def satterthwaite_df(treated: float, control: float) -> float:
    """Return Bell and McCaffrey's degrees of freedom of a difference of means of clusters of one size and variance.

    (1/T + 1/C)**2 / (1/(T**2 (T - 1)) + 1/(C**2 (C - 1))); nan below two clusters a side.

    >>> round(satterthwaite_df(2, 18), 2)
    1.23
    """
    if min(treated, control) < LEAST:
        return float("nan")
    part = lambda k: 1 / (k * k * (k - 1))  # noqa: E731
    return (1 / treated + 1 / control) ** 2 / (part(treated) + part(control))


def own_factor(own: ArrayLike, own_df: ArrayLike, all_clusters: float, all_df: float, apart: ArrayLike) -> NDArray:
    """Return by what the variance of a group that consists of few whole clusters is multiplied.

    A group's variance as a domain has n / (n - 1) of all clusters of the sample, although an arm of three clusters has
    lost one of its own three to its mean: with 3 of 20 it is 2/3 of what it should be. So the group's own k / (k - 1)
    takes the place of the sample's.

    Parameters
    ----------
    own, own_df : clusters of each group, and these less the strata they lie in.
    all_clusters, all_df : those of the sample.
    apart : whether the group shares none of its clusters with another group.

    >>> own_factor([2, 3, 17], [1, 2, 16], 20, 19, True).round(3).tolist()
    [1.9, 1.425, 1.0]
    """
    own, df = np.asarray(own, float), np.asarray(own_df, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = (own / df) / (all_clusters / all_df)
    return np.where(np.asarray(apart) & (own < OWN) & (df >= 1) & (all_df >= 1), np.fmax(factor, 1), 1.0)


def smallest_p(treated: int, control: int) -> float:
    """Return the smallest p that assigning the clusters anew can give: 1 of all ways to choose the treated.

    >>> smallest_p(1, 19)
    0.05
    """
    return 1 / comb(treated + control, treated)


def not_estimable(terms: Sequence[str], clusters: int, unit: str) -> str:
    """Return why terms that rest on one cluster have no error, and what to do."""
    return (
        f"not estimable: {_listed(terms)} rests on a single cluster of {clusters:,} ({unit}), whose own noise cannot "
        "be told from an effect; treat more clusters, or compare with other assignments: cx.regressions.permutation"
    )


def rests_on_few(terms: Sequence[str], least: int, clusters: int, unit: str) -> str:
    """Return the warning of terms that rest on two to four clusters."""
    return (
        f"{_listed(terms)} rests on {least} of {clusters:,} clusters ({unit}): errors with the degrees of freedom of "
        "so few, and rough; cx.regressions.permutation compares with other assignments of the clusters"
    )


def _listed(terms: Sequence[str]) -> str:
    more = f" and {len(terms) - 4} more" if len(terms) > 4 else ""
    return ", ".join(list(terms)[:4]) + more
