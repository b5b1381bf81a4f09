"""Innovations of a metric over time: what a period brings that neither sampling nor the days before explain.

y_t = x_t'b + u_t + e_t, e_t ~ (0, v_t) with v_t known from the sample's design, u_t an autoregressive day effect of
variance tau2 and correlation rho. tau2 and rho are REML on the baseline; afterwards the coefficients go on learning, so
that each period is held against its own prediction with the error of b in it (recursive residuals, Brown, Durbin &
Evans 1975). Without a change these are independent and standard normal, whatever tau2 and rho are, and charts for
independent values apply to an autocorrelated metric. Periods without answers have an infinite v_t.

References
----------
Harvey, A. C. (1989). Forecasting, structural time series models and the Kalman filter. Cambridge, section 3.4.
Brown, R. L., Durbin, J. & Evans, J. M. (1975). Techniques for testing the constancy of regression relationships over
    time. Journal of the Royal Statistical Society B 37, 149-192.
Quesenberry, C. P. (1991). SPC Q charts for start-up processes. Journal of Quality Technology 23, 213-224.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr

SHARES = (0.02, 0.1, 0.25, 0.5, 0.8, 1.2, 2.0)
"""tau2 that are tried first, as shares of the variance seen."""
CORRELATIONS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9)
FINER = ((1.6, 0.1), (1.25, 0.05), (1.1, 0.03), (1.04, 0.01))
"""Steps of the search around the best: factor of tau2, difference of rho."""
MOST = 0.9
"""Largest rho: above, nobody can tell a level from its wandering."""
CAUTION = 1.0
"""A day effect counts as not excluded by the baseline where its deviance is at most so much above the best."""


@dataclass(frozen=True)
class Stream:
    """Several series over the same periods.

    Parameters
    ----------
    y : (series, periods) the metric; anything where v is infinite.
    v : (series, periods) its sampling variance, infinite where there is no answer.
    x : (series, periods, coefficients) columns of the expected value, the first a constant.
    """

    y: NDArray
    v: NDArray
    x: NDArray

    def part(self, periods: slice) -> Stream:
        """Return some of the periods."""
        return Stream(self.y[:, periods], self.v[:, periods], self.x[:, periods])


def kalman(values: NDArray, v: NDArray, tau2: NDArray, rho: NDArray) -> tuple[NDArray, NDArray]:
    """Return the innovations of several columns under one gain, and their variance.

    Parameters
    ----------
    values : (series, periods, columns).
    v : (series, periods) sampling variances.
    tau2, rho : (series,).

    Returns
    -------
    innovations (series, periods, columns), variances (series, periods), infinite where v is.
    """
    out, f = _filtered(values.transpose(1, 2, 0), v.T, tau2, rho)
    return out.transpose(2, 0, 1), f.T


def _filtered(values: NDArray, v: NDArray, tau2: NDArray, rho: NDArray) -> tuple[NDArray, NDArray]:
    """The same with the series last, over which arrays are contiguous."""
    values, v = np.ascontiguousarray(values), np.ascontiguousarray(v)
    state, p, square = np.zeros(values.shape[1:]), tau2 + 0.0, rho * rho
    fresh = tau2 * (1 - square)
    out, f = np.empty_like(values), np.empty_like(v)
    for t in range(len(v)):
        np.subtract(values[t], state, out=out[t])
        np.add(p, v[t], out=f[t])
        gain = p / np.where(f[t] > 0, f[t], 1.0)
        state += gain * out[t]
        state *= rho
        p = square * p * (1 - gain) + fresh
    return out, f


def fit(stream: Stream, *, cautious: bool = False) -> tuple[NDArray, NDArray]:
    """Return tau2 and rho of every series by REML on all its periods.

    Parameters
    ----------
    cautious : of the values that the periods do not exclude (deviance at most `CAUTION` above the best) those with the
        largest long-run variance tau2 (1 + rho) / (1 - rho): a chart that sums innovations cries wolf where rho was
        estimated too low, and 120 days tell it to within .1 only.

    >>> rng = np.random.default_rng(1)
    >>> u = np.zeros(400)
    >>> for t in range(1, 400):
    ...     u[t] = 0.5 * u[t - 1] + rng.normal(0, 2)
    >>> y, v = (u + rng.normal(0, 1, 400))[None], np.ones((1, 400))
    >>> [round(float(a[0]), 1) for a in fit(Stream(y, v, np.ones((1, 400, 1))))]
    [4.0, 0.3]
    """
    y, v, x = _filled(stream)
    rest, left = _rest(y, v, x)
    n = np.isfinite(v).sum(1)
    rest = rest * np.sqrt(np.fmax(n - 1, 1) / np.fmax(n - left, 1))[:, None]  # as much as other columns took away
    columns = _last(np.stack([rest, np.isfinite(v).astype(float)], axis=-1))
    seen, v = (rest**2).sum(1) / np.fmax(n - 1, 1), np.ascontiguousarray(v.T)
    pairs = np.array([(0.0, 0.0), *((t, r) for t in SHARES for r in CORRELATIONS)])
    tau2, rho = pairs[:, :1] * seen, np.broadcast_to(pairs[:, 1:], (len(pairs), len(y)))
    best = _best(columns, v, tau2, rho)
    for factor, step in FINER:
        best = _best(columns, v, *_around(best, (1 / factor, 1, factor), (-step, 0, step)))
    if not cautious:
        return best
    floor = np.fmax(best[0], 0.02 * seen), best[1]
    return _best(columns, v, *_around(floor, (0.6, 0.8, 1, 1.25, 1.6), (0, 0.05, 0.1, 0.15, 0.2, 0.3)), base=best)


def _last(columns: NDArray) -> NDArray:
    """(series, periods, columns) as (periods, columns, series), contiguous."""
    return np.ascontiguousarray(columns.transpose(1, 2, 0))


def _rest(y: NDArray, v: NDArray, x: NDArray) -> tuple[NDArray, NDArray]:
    """What weighted least squares leave of y, 0 where there is no answer, and the rank of x in each series."""
    w = np.where(np.isfinite(v), 1 / v, 0)
    xx, xy = np.einsum("stp,st,stq->spq", x, w, x), np.einsum("stp,st->sp", x, w * y)
    b = np.einsum("spq,sq->sp", np.linalg.pinv(xx, hermitian=True), xy)
    return np.where(np.isfinite(v), y - np.einsum("stp,sp->st", x, b), 0), np.linalg.matrix_rank(xx, hermitian=True)


def _around(best: tuple[NDArray, NDArray], factors: Sequence[float], steps: Sequence[float]) -> tuple[NDArray, NDArray]:
    """All pairs of tau2 and rho about those of each series."""
    tau2 = np.concatenate([best[0][None] * f for f in factors for _ in steps])
    return tau2, np.concatenate([np.clip(best[1] + s, 0, MOST)[None] for _ in factors for s in steps])


def _filled(stream: Stream) -> tuple[NDArray, NDArray, NDArray]:
    there = np.isfinite(stream.v) & np.isfinite(stream.y)
    return np.where(there, stream.y, 0), np.where(there, stream.v, np.inf), np.where(there[..., None], stream.x, 0)


def _best(
    columns: NDArray, v: NDArray, tau2: NDArray, rho: NDArray, *, base: tuple[NDArray, NDArray] | None = None
) -> tuple[NDArray, NDArray]:
    """For every series the pair with the smallest restricted deviance; about ``base`` the most persistent allowed."""
    deviance = np.stack([_deviance(columns, v, t, r) for t, r in zip(tau2, rho, strict=True)])
    s = np.arange(columns.shape[-1])
    if base is None:
        k = deviance.argmin(0)
        return tau2[k, s], rho[k, s]
    allowed = deviance <= np.fmin(_deviance(columns, v, *base), deviance.min(0)) + CAUTION
    k = np.where(allowed, tau2 * (1 + rho) / (1 - rho), -1.0).argmax(0)
    return np.where(allowed.any(0), tau2[k, s], base[0]), np.where(allowed.any(0), rho[k, s], base[1])


def _deviance(columns: NDArray, v: NDArray, tau2: NDArray, rho: NDArray) -> NDArray:
    """-2 log restricted likelihood of each series, without its constant; the first column is the metric."""
    out, f = _filtered(columns, v, tau2, rho)
    there = np.isfinite(f)
    f = np.where(there, np.fmax(f, 1e-300), 1.0)
    out *= np.where(there, 1 / np.sqrt(f), 0.0)[:, None]
    logs = np.log(f).sum(0)
    if out.shape[1] == 2:  # the metric and a constant
        yy, y1, one = (np.einsum("ts,ts->s", out[:, a], out[:, b]) for a, b in ((0, 0), (0, 1), (1, 1)))
        one = np.fmax(one, 1e-300)
        return logs + np.log(one) + np.fmax(yy - y1 * y1 / one, 0)
    cross = np.einsum("tas,tbs->sab", out, out, optimize=True)
    inner, c = cross[:, 1:, 1:], cross[:, 1:, 0]
    known = np.linalg.pinv(inner, hermitian=True)
    rss = cross[:, 0, 0] - np.einsum("sp,spq,sq->s", c, known, c)
    eigen = np.linalg.eigvalsh(inner)
    kept = eigen > 1e-10 * eigen[:, -1:]
    return logs + np.where(kept, np.log(np.where(kept, eigen, 1)), 0).sum(1) + np.fmax(rss, 0)


@dataclass(frozen=True)
class Judged:
    """Each period against its own prediction.

    ``expected`` and ``sd`` of the prediction, ``z`` standard normal without a change (nan without answers), all
    (series, periods); ``tau2``, ``rho`` (series,).
    """

    expected: NDArray
    sd: NDArray
    z: NDArray
    tau2: NDArray
    rho: NDArray


def judge(
    stream: Stream, baseline: int, *, tau2: NDArray | None = None, rho: NDArray | None = None, cautious: bool = True
) -> Judged:
    """Hold every period against what the periods before it let expect.

    Parameters
    ----------
    baseline : so many first periods are the phase that is known to be in order; tau2 and rho come from it (unless
        given), and its own z are the residuals of its fit.
    cautious : as in `fit`.

    The later z are recursive residuals, turned from Student's t (as many degrees of freedom as the baseline leaves) to
    normal, because tau2 and rho are estimated.
    """
    y, v, x = _filled(stream)
    if tau2 is None or rho is None:
        tau2, rho = fit(Stream(y, v, x).part(slice(0, baseline)), cautious=cautious)
    out, f = kalman(np.concatenate([y[..., None], x], axis=-1), v, tau2, rho)
    there = np.isfinite(f) & (f > 0)
    e, o, f = out[..., 0], out[..., 1:], np.where(there, f, np.inf)
    weighed = np.where(there[..., None], o, 0) / f[..., None]
    first = slice(0, baseline)
    known = weighed[:, first].transpose(0, 2, 1) @ o[:, first]
    cross = np.einsum("stp,st->sp", weighed[:, first], e[:, first])
    df = np.fmax(there[:, first].sum(1) - np.linalg.matrix_rank(known, hermitian=True) - 1, 1)
    inverse = np.linalg.pinv(known, hermitian=True)
    gap, var = np.empty_like(e), np.empty_like(e)
    b = np.einsum("spq,sq->sp", inverse, cross)
    gap[:, first] = e[:, first] - np.einsum("stp,sp->st", o[:, first], b)
    var[:, first] = f[:, first]
    for t in range(baseline, e.shape[1]):  # what is learned after the baseline: one rank more a period
        b = np.einsum("spq,sq->sp", inverse, cross)
        gap[:, t] = e[:, t] - (o[:, t] * b).sum(1)
        seen = np.einsum("spq,sq->sp", inverse, o[:, t])
        var[:, t] = f[:, t] + (o[:, t] * seen).sum(1)
        share = np.where(there[:, t], 1 / np.where(there[:, t], var[:, t], 1), 0)
        inverse = inverse - seen[:, :, None] * seen[:, None, :] * share[:, None, None]
        cross = cross + weighed[:, t] * e[:, t, None]
    sd = np.sqrt(var)
    z = np.where(there, gap / sd, np.nan)
    z[:, baseline:] = normal_of_t(z[:, baseline:], df[:, None])
    return Judged(np.where(there, y - gap, np.nan), np.where(there, sd, np.nan), z, tau2, rho)


def normal_of_t(t: NDArray, df: NDArray) -> NDArray:
    """Return the normal value that is as far out as ``t`` with ``df`` degrees of freedom.

    >>> round(float(normal_of_t(np.array([-3.0]), np.array([30.0]))[0]), 3)
    -2.783
    """
    with np.errstate(invalid="ignore"):
        tail = np.fmax(stdtr(df, -np.abs(t)), 1e-300)
        return -np.sign(t) * ndtri(tail)


def response(v: NDArray, tau2: NDArray, rho: NDArray, steps: int = 40) -> NDArray:
    """Return what a step of 1 in the level adds to the standardised innovations after it, (series, steps).

    With autocorrelation the filter, once settled, takes part of a step for a day effect, so that what is left is less.

    >>> response(np.array([3.0]), np.array([1.0]), np.array([0.0]), 2).tolist()
    [[0.5, 0.5]]
    """
    p = tau2 + 0.0
    for _ in range(500):
        gain = p / (p + v)
        new = rho**2 * p * (1 - gain) + tau2 * (1 - rho**2)
        if np.abs(new - p).max() <= 1e-15 * np.abs(p).max():
            break
        p = new
    gain, state, out = p / (p + v), np.zeros(len(p)), np.empty((len(p), steps))
    for t in range(steps):
        out[:, t] = 1 - state
        state = rho * (state + gain * out[:, t])
    return out / np.sqrt(p + v)[:, None]
