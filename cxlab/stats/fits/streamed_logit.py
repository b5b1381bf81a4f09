"""Binary logit of rows that are too different to be counted as patterns: Newton's steps as scans of pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cxlab.stats.fits import linear
from cxlab.stats.fits.logit import LogitFit, likelihood_of, logit, newton

FIRST = 200_000
"""The fit of so many rows is where the scans start: two or three are left."""

MANY = 7
"""Different outcomes that are kept to be named."""

Pieces = Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]


@dataclass(frozen=True)
class RowFit:
    """A logit of rows: which columns carry information, their spread, how many rows, the share of yes, the fit.

    ``values`` : what the outcome can be, at most `MANY` of them; there is no fit where these are not 0 and 1.
    """

    kept: np.ndarray
    sd: np.ndarray
    n: int
    share: float
    values: np.ndarray
    fit: LogitFit | None


def logit_of_rows(pieces: Pieces) -> RowFit:
    """Fit P(y = 1) = 1 / (1 + exp(-x'beta)) in scans of the rows; memory does not grow with them.

    Parameters
    ----------
    pieces : yields design rows (m, p) and answers (m,), complete, the same in every scan.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = np.column_stack([np.ones(4000), rng.normal(size=4000)])
    >>> y = (rng.random(4000) < 1 / (1 + np.exp(-x[:, 1]))).astype(float)
    >>> found = logit_of_rows(lambda: iter([(x[:2500], y[:2500]), (x[2500:], y[2500:])])).fit
    >>> whole = logit(x, y, np.ones(4000))
    >>> bool(np.allclose(found.theta, whole.theta, rtol=1e-9)), bool(np.allclose(found.inverse, whole.inverse))
    (True, True)
    """
    n, yes, first, waiting = 0, 0.0, [], 0
    total = product = np.zeros(0)
    values = np.zeros(0)
    for x, y in pieces():
        if not n:
            total, product = np.zeros(x.shape[1]), np.zeros((x.shape[1], x.shape[1]))
        n, yes = n + len(y), yes + float(y.sum())
        total, product = total + x.sum(axis=0), product + x.T @ x
        values = np.unique(np.concatenate([values, np.unique(y)[:MANY]]))[:MANY]
        if waiting < FIRST:
            first.append((x, y))
            waiting += len(y)
    kept = linear.solve(product, np.zeros(len(product))).kept if np.isfinite(product).all() else np.isfinite(total)
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(np.maximum(np.diag(product) / n - (total / n) ** 2, 0.0))
    share, fit = yes / max(n, 1), None
    if np.isfinite(product).all() and values.tolist() == [0, 1]:
        fit = _fit(pieces, kept, first)
    return RowFit(kept, sd, n, share, values, fit)


def _fit(pieces: Pieces, kept: np.ndarray, first: list[tuple[np.ndarray, np.ndarray]]) -> LogitFit:
    x, y = np.concatenate([x for x, _ in first])[:, kept], np.concatenate([y for _, y in first])
    first.clear()
    start = np.zeros(int(kept.sum()))
    if np.linalg.matrix_rank(x.T @ x) == len(start) and 0 < y.mean() < 1:
        rough = logit(x, y, np.ones(len(y)))
        start = rough.theta if rough.converged else start
    del x, y

    def at(beta: np.ndarray) -> tuple:
        value, gradient, information = 0.0, np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
        for x, y in pieces():
            xt = np.ascontiguousarray(x[:, kept].T)
            found = likelihood_of(xt, np.ones(len(y)), y)(beta)
            value, gradient, information = value + found[0], gradient + found[1], information + found[2]
        return value, gradient, information, None

    return newton(at, start)
