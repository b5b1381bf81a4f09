"""Shares of themes from a few labels and predictions for all comments, whatever the predictions' errors are.

With f the prediction for every comment and Y the label of a random part,

    share = lambda mean_all(f) + mean_labelled(Y - lambda f),

all means weighted (labels by weight over probability of being drawn). Any lambda is unbiased; the one taken makes the
variance least, 0 is labels only. The variance is that of each comment's influence under weights, clusters and strata.

References
----------
Angelopoulos, A. N., Duchi, J. C. & Zrnic, T. (2023). PPI++: efficient prediction-powered inference. arXiv:2311.01453.
Zrnic, T. & Candes, E. J. (2024). Cross-prediction-powered inference. Proceedings of the National Academy of Sciences
    121, e2322083121. doi:10.1073/pnas.2322083121
Sarndal, C.-E., Swensson, B. & Wretman, J. (1992). Model assisted survey sampling, ch. 6 and 9. Springer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.influences import covariance
from cxlab.stats.inference.proportions import wilson

LEAST_OF_EACH = 10
"""Labels of yes and of no below which predictions are not used: their use could not be judged."""


@dataclass(frozen=True)
class Labelled:
    """Predictions of all comments and the labels of some.

    Parameters
    ----------
    f : (rows, themes) predicted probability, 0 to 1, of every comment; of the labelled by a model that did not see
        them.
    y : (rows, themes) label 0 to 1, nan where there is none.
    pool : (rows,) weight of each comment in mean_all.
    label : (rows,) weight of each label in mean_labelled: weight over probability of being drawn; 0 without a label.
    cluster, strata : (rows,) codes from 0, or None.
    """

    f: NDArray
    y: NDArray
    pool: NDArray
    label: NDArray
    cluster: NDArray | None = None
    strata: NDArray | None = None

    @property
    def there(self) -> NDArray:
        """(rows,) whether a comment is labelled."""
        return self.label > 0

    def part(self, rows: NDArray) -> Labelled:
        """Return the same comments with only ``rows`` counting: where there is a design the others keep their place."""
        if self.cluster is None and self.strata is None:
            return Labelled(self.f[rows], self.y[rows], self.pool[rows], self.label[rows])
        return Labelled(self.f, self.y, self.pool * rows, self.label * rows, self.cluster, self.strata)

    def parts(self, group: NDArray) -> list[Labelled]:
        """Return `part` of every group, codes from 0: the rows are sorted once."""
        size = int(group.max()) + 1
        if self.cluster is not None or self.strata is not None:
            return [self.part(group == g) for g in range(size)]
        order = np.argsort(group, kind="stable")
        f, y, pool, label = self.f[order], self.y[order], self.pool[order], self.label[order]
        ends = np.searchsorted(group[order], np.arange(size + 1))
        return [Labelled(f[a:b], y[a:b], pool[a:b], label[a:b]) for a, b in zip(ends, ends[1:], strict=False)]


@dataclass(frozen=True)
class Shares:
    """Shares of the themes, all (themes,): estimate, se, degrees of freedom, lambda, and the se of labels only."""

    estimate: NDArray
    se: NDArray
    df: NDArray
    tuning: NDArray
    labels_only: NDArray
    labels_se: NDArray
    rectifier: NDArray
    rectifier_se: NDArray


def tuned(data: Labelled) -> NDArray:
    """Return the lambda of each theme with the least variance, between 0 and 1.

    The influence of a comment is s + lambda t, s that of the labels alone; lambda = -cov(s, t) / var(t). Below ten
    labels of yes or of no it is 0.

    Examples
    --------
    >>> f = np.r_[np.tile([1.0, 0.0], 20), np.tile([1.0, 0.0], 200)][:, None]
    >>> y = np.r_[np.tile([1.0, 0.0], 20), np.full(400, np.nan)][:, None]
    >>> tuned(Labelled(f, y, np.ones(440), np.r_[np.ones(40), np.zeros(400)])).round(2).tolist()
    [1.0]
    """
    s, t = _parts(data)
    q = s.shape[1]
    v, _ = _covariance(np.column_stack([s, t]), data)
    st, tt = v[np.arange(q), q + np.arange(q)], v[q + np.arange(q), q + np.arange(q)]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.clip(np.where(tt > 0, -st / tt, 0.0), 0, 1)
    yes = np.nansum(data.y[data.there], axis=0)
    few = np.fmin(yes, data.there.sum() - yes) < LEAST_OF_EACH
    return np.where(few | ~np.isfinite(found), 0.0, found)


def shares(data: Labelled, tuning: NDArray | None = None) -> Shares:
    """Return the shares of the themes among the comments that count.

    Parameters
    ----------
    tuning : (themes,) lambda of each; None: `tuned`.

    Examples
    --------
    >>> f = np.r_[0.9, 0.2, 0.7, 0.6, 0.8, 0.1][:, None]
    >>> y = np.r_[1, 0, 1, 0, np.nan, np.nan][:, None]
    >>> found = shares(Labelled(f, y, np.r_[0, 0, 0, 0, 1, 1.0], np.r_[1, 1, 1, 1, 0, 0.0]), np.ones(1))
    >>> found.estimate.round(4).tolist()
    [0.35]
    """
    lam = tuned(data) if tuning is None else np.asarray(tuning, float)
    s, t = _parts(data)
    there = data.there
    only = _mean(data.y[there], data.label[there])
    predicted = _mean(data.f[there], data.label[there])
    e = np.where(there[:, None], np.nan_to_num(data.y) - lam * data.f, 0.0)
    rectifier = only - lam * predicted
    u_r = data.label[:, None] / data.label.sum() * (e - rectifier) * there[:, None]
    q = len(lam)
    v, df = _covariance(np.column_stack([s + lam * t, s, u_r]), data)
    se = np.sqrt(np.fmax(np.diag(v), 0))
    return Shares(
        lam * _mean(data.f, data.pool) + rectifier, se[:q], np.full(q, df), lam, only, se[q : 2 * q], rectifier,
        se[2 * q :],
    )  # fmt: skip


def _parts(data: Labelled) -> tuple[NDArray, NDArray]:
    """The influence of each comment on the labels' mean, and on mean_all(f) - mean_labelled(f)."""
    there = data.there
    a, b = data.pool / data.pool.sum(), data.label / data.label.sum()
    y = np.where(there[:, None], np.nan_to_num(data.y), 0.0)
    s = b[:, None] * (y - _mean(y[there], data.label[there])) * there[:, None]
    t = a[:, None] * (data.f - _mean(data.f, data.pool))
    t -= b[:, None] * (data.f - _mean(data.f[there], data.label[there]))
    return s, t


def _covariance(u: NDArray, data: Labelled) -> tuple[NDArray, float]:
    counts = (data.pool > 0) | (data.label > 0)
    n = carriers(data)  # the labels carry the error: theirs is the size the correction needs
    few = n / (n - 1) if n > 1 else np.nan
    if data.cluster is None and data.strata is None:
        u = u[counts]
        return u.T @ u * few, n - 1.0
    v, df = covariance(u, np.ones(len(u)), data.cluster, data.strata)
    size = len(u) if data.cluster is None else len(np.unique(data.cluster))
    return v * max(few * (size - 1) / size, 1.0) if size > 1 else v, min(df, n - 1.0)


def carriers(data: Labelled) -> int:
    """Return how many labels, or clusters with a label, there are: their number bounds the degrees of freedom."""
    return int(data.there.sum()) if data.cluster is None else len(np.unique(data.cluster[data.there]))


def _mean(x: NDArray, w: NDArray) -> NDArray:
    return (w[:, None] * x).sum(0) / w.sum()


def interval(
    estimate: NDArray, se: NDArray, df: NDArray, *, labels: NDArray, level: float = 0.95
) -> tuple[NDArray, NDArray]:
    """Return the limits of shares: Wilson's at the size of a simple random sample of the same error.

    The size is share (1 - share) / se², made smaller by the ratio of Student's to the normal quantile; where the
    estimate lies at an end, the number of labels. So an interval is never empty and stays within 0 and 1.

    Parameters
    ----------
    estimate, se, df : of the shares. ``labels`` : labels behind each. ``level`` : of confidence.

    Examples
    --------
    >>> low, high = interval(np.array([0.25, 0.0]), np.array([0.025, 0.0]), np.full(2, 199.0), labels=np.full(2, 200))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.204, 0.0], [0.302, 0.019])
    """
    p = np.clip(np.asarray(estimate, float), 0, 1)
    labels = np.asarray(labels, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = p * (1 - p) / np.square(se)
    end = (p <= 0) | (p >= 1) | ~(np.asarray(se) > 0)
    size = np.where(end, labels, size)
    size = size * (t_value(level, np.inf) / t_value(level, np.fmax(df, 1))) ** 2
    low, high = wilson(p * size, size, level)
    lost = ~np.isfinite(np.asarray(estimate, float))
    return np.where(lost, np.nan, low), np.where(lost, np.nan, high)


def grouped(data: Labelled, group: NDArray, least: int = 20) -> tuple[list[Shares], NDArray, NDArray, NDArray]:
    """Return the shares in each group, which groups have a rectifier of their own, and the test that all are alike.

    A group of ``least`` labels or more is estimated from its own labels, with the lambda of all. Fewer: the rectifier
    of all labels, which is right only where the classifier errs alike in the groups; the test (Welch's of the
    groups' mean Y - lambda f) says whether it does, and what it differs between groups goes into its error.

    Parameters
    ----------
    group : (rows,) codes from 0. ``least`` : labels for a rectifier of its own.

    Returns
    -------
    Shares of each group, (groups,) whether its own rectifier, (groups,) labels, (themes,) p-value of the test (nan
    where fewer than two groups have ten labels).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> y = (rng.random(4000) < 0.3).astype(float); f = np.clip(0.2 + 0.6 * y, 0, 1)
    >>> there = rng.random(4000) < 0.1
    >>> data = Labelled(f[:, None], np.where(there, y, np.nan)[:, None], np.ones(4000), there / 0.1)
    >>> found, own, labels, p = grouped(data, np.arange(4000) % 2)
    >>> own.tolist(), bool(abs(found[0].estimate[0] - 0.3) < 0.05)
    ([True, True], True)
    """
    lam = tuned(data)
    whole = shares(data, lam)
    parts = data.parts(group)
    k = len(parts)
    labels = np.bincount(group, data.there, k).astype(int)
    own = labels >= least
    nothing = Shares(*[np.full(len(lam), np.nan)] * 8)
    made = {g: shares(parts[g], lam) for g in np.flatnonzero(labels >= min(least, LEAST_OF_EACH))}
    found = [
        made[g] if own[g] else _borrowed(data, group == g, lam, whole) if parts[g].pool.sum() > 0 else nothing
        for g in range(k)
    ]
    kept = np.flatnonzero(labels >= LEAST_OF_EACH)
    spread = _between([made[g] for g in kept], len(lam))
    spread = spread * (1 + np.square(labels / max(labels.sum(), 1)).sum())  # that of the group, and of the mean of all
    found = [s if own[g] else _widened(s, spread, len(kept)) for g, s in enumerate(found)]
    return found, own, labels, _alike([made[g] for g in kept], labels[kept], len(lam))


def _borrowed(data: Labelled, rows: NDArray, lam: NDArray, whole: Shares) -> Shares:
    """A group's mean prediction with the rectifier of all labels."""
    if data.cluster is None and data.strata is None:  # the others have no influence
        used = rows | data.there
        data, rows = data.part(used), rows[used]
    pool, own = data.pool * rows, data.label * rows
    mean = _mean(data.f, pool)
    e = np.where(data.there[:, None], np.nan_to_num(data.y) - lam * data.f, 0.0)
    u = data.label[:, None] / data.label.sum() * (e - whole.rectifier) * data.there[:, None]
    u = u + lam * (pool / pool.sum())[:, None] * (data.f - mean)
    v, df = _covariance(u, data)
    gone = np.full(len(lam), np.nan)
    only = _mean(np.nan_to_num(data.y), own) if own.any() else gone
    return Shares(
        lam * mean + whole.rectifier, np.sqrt(np.fmax(np.diag(v), 0)),
        np.full(len(lam), df), lam, only, gone, whole.rectifier, whole.rectifier_se,
    )  # fmt: skip


def _widened(s: Shares, spread: NDArray, k: int) -> Shares:
    """A share with a further variance that k groups tell; degrees of freedom after Satterthwaite."""
    v = np.square(s.se)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = np.square(v + spread) / (np.square(v) / s.df + np.square(spread) / max(k - 1, 1))
    return replace(s, se=np.sqrt(v + spread), df=np.where(spread > 0, df, s.df))


def _between(parts: list[Shares], themes: int) -> NDArray:
    """The variance of the rectifier between groups (DerSimonian and Laird): what borrowing may miss."""
    if len(parts) < 2:
        return np.zeros(themes)
    r, v = np.array([p.rectifier for p in parts]), np.square([p.rectifier_se for p in parts])
    w = 1 / np.fmax(v, 1e-12)
    mean = (r * w).sum(0) / w.sum(0)
    more = (w * np.square(r - mean)).sum(0) - (len(parts) - 1)
    return np.fmax(more / (w.sum(0) - np.square(w).sum(0) / w.sum(0)), 0.0)


def _alike(parts: list[Shares], labels: NDArray, themes: int) -> NDArray:
    """The p-value that the groups' mean Y - lambda f are one, of groups with ten labels or more: Welch's (1951)."""
    from scipy.special import fdtrc

    k = len(parts)
    if k < 2:
        return np.full(themes, np.nan)
    r, v = np.array([p.rectifier for p in parts]), np.array([np.square(p.rectifier_se) for p in parts])
    df = np.fmax([p.df for p in parts], 1.0)
    pooled = np.average((np.array([p.estimate for p in parts]).clip(0.02, 0.98)), axis=0, weights=labels)
    v = np.fmax(v, (pooled * (1 - pooled) / labels[:, None]) * 0.1)  # a group of equal labels is not certain
    v = np.fmax(v, 0.5 * (v * labels[:, None]).mean(0) / labels[:, None])  # nor one of few clusters that are alike
    w = 1 / v
    mean = (r * w).sum(0) / w.sum(0)
    few = (np.square(1 - w / w.sum(0)) / df).sum(0) / (k * k - 1)
    value = (w * np.square(r - mean)).sum(0) / (k - 1) / (1 + 2 * (k - 2) * few)
    return fdtrc(k - 1, 1 / (3 * few), value)


def labels_worth(found: Shares, n: int) -> NDArray:
    """Return how many random labels alone would be as good: n Var(labels only) / Var(share).

    Examples
    --------
    >>> made = Shares(*(np.array([x]) for x in (0.3, 0.02, 99, 1, 0.3, 0.03, 0, 0)))
    >>> labels_worth(made, 100).round(1).tolist()
    [225.0]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return n * np.square(found.labels_se / found.se)


def counted(f: NDArray, pool: NDArray, cut: float = 0.5) -> NDArray:
    """Return the share that others print: of comments whose prediction is above ``cut``.

    Examples
    --------
    >>> counted(np.array([[0.9], [0.4]]), np.ones(2)).tolist()
    [0.5]
    """
    return _mean((f > cut).astype(float), pool)


def table(found: Shares, themes: list[str]) -> pd.DataFrame:
    """Return the shares as a table, a row a theme.

    Examples
    --------
    >>> made = Shares(*(np.array([x]) for x in (0.3, 0.02, 99, 1, 0.3, 0.03, 0, 0)))
    >>> table(made, ["staff"])[["theme", "estimate", "se"]].to_numpy().tolist()
    [['staff', 0.3, 0.02]]
    """
    return pd.DataFrame({
        "theme": themes, "estimate": found.estimate, "se": found.se, "labels_only": found.labels_only,
        "labels_se": found.labels_se, "lambda": found.tuning,
    })  # fmt: skip
