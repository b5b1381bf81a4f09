"""Weighted least squares on distinct rows with counts, with errors robust to unequal variance, clusters or time.

References
----------
Bell, R. M. & McCaffrey, D. F. (2002). Survey Methodology 28, 169-181. (CR2)
Long, J. S. & Ervin, L. H. (2000). Using heteroscedasticity consistent standard errors in the linear regression model.
    The American Statistician 54, 217-224. (HC3)
Newey, W. K. & West, K. D. (1987). Econometrica 55, 703-708. Newey, W. K. & West, K. D. (1994). Review of Economic
    Studies 61, 631-653. (lag 4 (n / 100)**(2 / 9))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.fits import linear
from cxlab.stats.inference import few_treated

MANY = 5000
"""CR2 is also taken where a coefficient rests on few of at most so many clusters, on either side of an arm."""
FEW = 50
"""Below this many clusters errors are bias-reduced (CR2) with Satterthwaite degrees of freedom, as in `cx.ols`."""


@dataclass(frozen=True)
class RobustFit:
    """Coefficients ``b``, their covariance ``v``, degrees of freedom ``df``, residuals ``e``.

    ``few`` holds what the degrees of freedom of a contrast follow from where there are few clusters; ``rests`` the
    clusters that each coefficient rests on (the treated ones of an arm): on a single one it has no error.
    """

    b: NDArray
    v: NDArray
    df: float
    e: NDArray
    few: tuple[NDArray, NDArray, NDArray] | None = None
    rests: NDArray | None = None

    def contrast(self, a: NDArray) -> tuple[float, float, float]:
        """Return a'b, its standard error and the degrees of freedom; nan for these where it rests on one cluster."""
        a = np.asarray(a, float)
        value = float(a @ self.b)
        rests = np.inf if self.rests is None else float(self.rests[a != 0].min(initial=np.inf))
        if rests < few_treated.LEAST:
            return value, np.nan, np.nan
        if self.few is None:
            se = float(np.sqrt(max(a @ self.v @ a, 0.0)))
            if rests >= few_treated.FEW:
                return value, se, self.df
            return value, se * float(np.sqrt(rests / (rests - 1))), min(self.df, rests - 1)
        v, df = _rotated(a, *self.few)
        return value, float(np.sqrt(max(v, 0.0))), df


def least_squares(
    x: NDArray,
    y: NDArray,
    n: NDArray,
    w: NDArray,
    cluster: NDArray | None = None,
    strata: NDArray | None = None,
) -> RobustFit:
    """RobustFit y on x (a constant included) for rows that stand for ``n`` answers of weight ``w`` each.

    Without clusters HC3: meat = sum n w² e² / (1 - h)² x x', df = answers - p. With `FEW` clusters or more CR1: meat
    from cluster sums, times G / (G - 1) (N - 1) / (N - p); df = G - 1; with fewer CR2 and Satterthwaite degrees of
    freedom. With strata the sums are centred in their stratum, times G_h / (G_h - 1); df = G - H; a stratum with a
    single cluster is centred at the mean of all. Collinear columns share their coefficient (pseudo-inverse).

    Parameters
    ----------
    x : (rows, p) design matrix. ``y`` : (rows,) outcome. ``n``, ``w`` : (rows,) answers and their weight.
    cluster, strata : (rows,) codes, or None; a cluster lies in one stratum.
    """
    nw = n * w
    bread = np.linalg.pinv(x.T @ (x * nw[:, None]), rcond=1e-12, hermitian=True)
    b = bread @ (x.T @ (nw * y))
    e = y - x @ b
    size, p = n.sum(), x.shape[1]
    rests = None if cluster is None else rests_on(x, cluster)
    if strata is not None:
        meat, df = stratified_meat(x * (w * e)[:, None], n, cluster, strata)
        return RobustFit(b, bread @ meat @ bread, df, e, rests=rests)
    if cluster is None:
        h = np.fmin(w * np.einsum("ij,jk,ik->i", x, bread, x), 0.999)
        meat = x.T @ (x * (n * (w * e / (1 - h)) ** 2)[:, None])
        return RobustFit(b, bread @ meat @ bread, float(size - p), e)
    codes, g = np.unique(cluster, return_inverse=True)
    m = len(codes)
    if 1 < m < FEW or few_treated.LEAST <= rests.min() < few_treated.FEW and m <= MANY:
        k, ze = cluster_products(x, w, n, e, g, m)
        return RobustFit(b, linear.cr2(bread, k, ze)[0], float(m - 1), e, (bread, k, ze), rests=rests)
    meat, df = cluster_meat(x * (w * e)[:, None], n, cluster)
    return RobustFit(b, bread @ meat @ bread * (size - 1) / (size - p), df, e, rests=rests)


def rests_on(x: NDArray, cluster: NDArray) -> NDArray:
    """Return how many clusters each column's coefficient rests on."""
    codes, g = np.unique(cluster, return_inverse=True)
    low, high = np.full((len(codes), x.shape[1]), np.inf), np.full((len(codes), x.shape[1]), -np.inf)
    np.minimum.at(low, g, x)
    np.maximum.at(high, g, x)

    def products() -> NDArray:
        each = np.zeros((len(codes), x.shape[1], x.shape[1]))
        np.add.at(each, g, x[:, :, None] * x[:, None, :])
        return each

    return rests_of(low, high, products)


def rests_of(low: NDArray, high: NDArray, products: Callable[[], NDArray]) -> NDArray:
    """Return how many clusters each column's coefficient rests on.

    Parameters
    ----------
    low, high : (G, p) smallest and largest value of each column in each cluster. ``products`` : X'X of every cluster.
    """
    rests = few_treated.touched(low, high).astype(float)
    return np.where(_alone(products()), 1.0, rests) if rests.min() < few_treated.FEW else rests


def _alone(each: NDArray) -> NDArray[np.bool_]:
    """Return which coefficients cannot be told without some cluster: all of an arm and its interactions, where the
    control is a single one."""
    size = np.sqrt(np.diag(each.sum(0)))
    size = np.where(size > 0, size, 1)
    each = each / np.multiply.outer(size, size)

    def told(products: NDArray) -> NDArray[np.bool_]:
        known = np.linalg.pinv(products, rcond=1e-10, hermitian=True) @ products
        return np.abs(np.eye(len(products)) - known).max(axis=0) < 1e-6

    whole = each.sum(0)
    lost = np.zeros(each.shape[1], bool)
    for one in each:
        lost |= ~told(whole - one)
    return lost & told(whole)


def cluster_products(x: NDArray, w: NDArray, n: NDArray, e: NDArray, g: NDArray, m: int) -> tuple[NDArray, NDArray]:
    """Return Z'Z and Z'e of every cluster, Z = (X, WX), as `cxlab.stats.fits.linear.cr2` wants them."""
    z = np.hstack([x, x * w[:, None]])
    k, ze = np.zeros((m, z.shape[1], z.shape[1])), np.zeros((m, z.shape[1]))
    np.add.at(k, g, n[:, None, None] * z[:, :, None] * z[:, None, :])
    np.add.at(ze, g, z * (n * e)[:, None])
    return k, ze


def _rotated(a: NDArray, bread: NDArray, k: NDArray, ze: NDArray) -> tuple[float, float]:
    """Variance and Satterthwaite degrees of freedom of a'b: b is turned so that it is one of its coefficients."""
    j = int(np.abs(a).argmax())
    turn = np.eye(len(a))
    turn[j] = a
    back = np.kron(np.eye(2), np.linalg.inv(turn))
    v, df = linear.cr2(turn @ bread @ turn.T, back.T @ k @ back, ze @ back)
    return float(v[j, j]), float(df[j])


def cluster_meat(u: NDArray, n: NDArray, cluster: NDArray) -> tuple[NDArray, float]:
    """Return the variance of the sum of scores of clusters, times G / (G - 1), and G - 1.

    Parameters
    ----------
    u : (rows, p) scores of an answer. ``n`` : (rows,) answers. ``cluster`` : (rows,) codes.
    """
    codes, g = np.unique(cluster, return_inverse=True)
    sums = np.zeros((len(codes), u.shape[1]))
    np.add.at(sums, g, u * n[:, None])
    m = len(codes)
    return sums.T @ sums * (m / (m - 1) if m > 1 else np.nan), float(m - 1)


def stratified_meat(u: NDArray, n: NDArray, cluster: NDArray | None, strata: NDArray) -> tuple[NDArray, float]:
    """Return the variance of the sum of scores of clusters (or answers) drawn within strata, and G - H.

    Parameters
    ----------
    u : (rows, p) scores of an answer. ``n`` : (rows,) answers. ``cluster``, ``strata`` : (rows,) codes.
    """
    if cluster is not None:
        codes, first, g = np.unique(cluster, return_index=True, return_inverse=True)
        sums = np.zeros((len(codes), u.shape[1]))
        np.add.at(sums, g, u * n[:, None])
        u, n, strata = sums, np.ones(len(codes)), strata[first]
    stratum = np.unique(strata, return_inverse=True)[1]
    m = np.bincount(stratum, n)
    centre = np.zeros((len(m), u.shape[1]))
    np.add.at(centre, stratum, u * n[:, None])
    centre = np.where(m[:, None] > 1, centre / m[:, None], u.T @ n / n.sum())
    factor = np.where(m > 1, m / np.maximum(m - 1, 1), 1.0)[stratum]
    apart = u - centre[stratum]
    return apart.T @ (apart * (n * factor)[:, None]), float(n.sum() - len(m))


def effective(y: NDArray, n: NDArray, w: NDArray, cluster: NDArray | None, strata: NDArray | None) -> float:
    """Return how many independent answers would know the mean of ``y`` as exactly: its variance over its error².

    Without clusters and strata Kish's number, which does not depend on ``y``.

    >>> one = np.ones(4)
    >>> effective(np.array([0.0, 0.0, 1.0, 1.0]), one, np.array([1.0, 1.0, 1.0, 3.0]), None, None)
    3.0
    """
    kish = float((n * w).sum() ** 2 / (n * w * w).sum()) if len(n) else 0.0
    if (cluster is None and strata is None) or not np.ptp(y) > 0:
        return kish
    mean = least_squares(np.ones((len(n), 1)), y, n, w, cluster, strata)
    spread = float(np.average(mean.e**2, weights=n * w)) * n.sum() / (n.sum() - 1)
    return spread / float(mean.v[0, 0]) if mean.v[0, 0] > 0 else float("nan")


def newey_west(x: NDArray, y: NDArray) -> RobustFit:
    """RobustFit y on x in order of time; covariance with Bartlett weights up to lag 4 (n / 100)**(2 / 9)."""
    size, p = x.shape
    bread = np.linalg.pinv(x.T @ x, hermitian=True)
    b = bread @ (x.T @ y)
    e = y - x @ b
    u = x * e[:, None]
    meat = u.T @ u
    lags = int(4 * (size / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        cross = u[lag:].T @ u[:-lag]
        meat += (1 - lag / (lags + 1)) * (cross + cross.T)
    return RobustFit(b, bread @ meat @ bread * size / (size - p), float(size - p), e)
