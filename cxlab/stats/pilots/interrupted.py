"""One unit, many periods: an interrupted time series with season, dispersion and autocorrelation.

References
----------
Lopez Bernal, J., Cummins, S. & Gasparrini, A. (2017). Interrupted time series regression for the evaluation of public
    health interventions. International Journal of Epidemiology 46, 348-355. doi:10.1093/ije/dyw098 (and its correction)
Newey, W. K. & West, K. D. (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent
    covariance matrix. Econometrica 55, 703-708.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 50


@dataclass(frozen=True)
class InterruptedFit:
    """``b``: coefficients; ``cov``: with the dispersion; ``robust``: Newey-West; ``dispersion``: Pearson's; ``df``."""

    b: NDArray
    cov: NDArray
    robust: NDArray
    dispersion: float
    df: int


def columns(periods: int, start: int, *, slope: bool = False, season: float = 0, harmonics: int = 2) -> NDArray:
    """Return constant, step, trend, change of slope and season, (periods, columns).

    The change of slope is 0 in the last period before the start, so that the step is the one at the date: not centred
    it would be that at the first period of all, which the published tutorial had to correct.

    Parameters
    ----------
    start : number of the first period after. ``season`` : periods of a cycle, 0 for none.
    """
    t = np.arange(periods, dtype=float)
    after = (t >= start).astype(float)
    out = [np.ones(periods), after, t - start + 1]
    out += [after * (t - start + 1)] if slope else []
    for k in range(1, harmonics + 1) if season else ():
        out += [np.sin(2 * np.pi * k * (t + 1) / season), np.cos(2 * np.pi * k * (t + 1) / season)]
    return np.column_stack(out)


def quasi_poisson(count: NDArray, x: NDArray, offset: NDArray, lags: int = 3) -> InterruptedFit:
    """Return a log-linear fit of counts with Pearson's dispersion.

    Parameters
    ----------
    count : (periods,). ``offset`` : logarithm of the exposure. ``lags`` : of the Newey-West errors.
    """
    b = np.zeros(x.shape[1])
    b[0] = np.log(max(count.sum(), 0.5) / np.exp(offset).sum())
    for _ in range(ROUNDS):
        mu = np.exp(np.clip(x @ b + offset, -50, 50))
        step = np.linalg.lstsq((x * mu[:, None]).T @ x, x.T @ (count - mu), rcond=None)[0]
        b = b + step
        if np.abs(step).max() < 1e-12:
            break
    mu = np.exp(x @ b + offset)
    return _errors(x, b, mu, count - mu, ((count - mu) ** 2 / mu).sum(), lags)


def weighted(y: NDArray, x: NDArray, w: NDArray, lags: int = 3) -> InterruptedFit:
    """Return a least-squares fit with weights 1 / variance; the dispersion is how much larger the residuals are."""
    b = np.linalg.lstsq(x * np.sqrt(w)[:, None], y * np.sqrt(w), rcond=None)[0]
    e = y - x @ b
    return _errors(x, b, w, w * e, (w * e * e).sum(), lags)


def _errors(x: NDArray, b: NDArray, w: NDArray, score: NDArray, pearson: float, lags: int) -> InterruptedFit:
    df = len(x) - x.shape[1]
    known = np.linalg.pinv((x * w[:, None]).T @ x)
    u = x * score[:, None]
    meat = u.T @ u
    for lag in range(1, lags + 1):
        part = u[lag:].T @ u[:-lag]
        meat = meat + (1 - lag / (lags + 1)) * (part + part.T)
    dispersion = pearson / df if df > 0 else np.nan
    return InterruptedFit(b, known * dispersion, known @ meat @ known, float(dispersion), df)
