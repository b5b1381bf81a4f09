"""A kink in a dose-response line: where it is, and whether there is one.

Hansen, B. E. (2017). Regression kink with an unknown threshold. Journal of Business & Economic Statistics 35, 228-240.
doi:10.1080/07350015.2015.1073595 (least squares over a grid; wild bootstrap of the largest F under no kink).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.fits.kink_sums import Bends

DRAWS = 499


MANY = 20_000
"""Of more rows than this, sums by interval are kept, and the noise of the bends is drawn from its covariance."""


@dataclass(frozen=True)
class Kink:
    """``at`` the kink, ``low, high`` its likelihood-ratio interval (to the next grid points).

    ``before, after`` are the slopes, ``p`` that of no kink.
    """

    at: float
    low: float
    high: float
    before: float
    after: float
    p: float


def kink(
    x: NDArray,
    y: NDArray,
    n: NDArray,
    w: NDArray,
    rng: np.random.Generator,
    *,
    cluster: NDArray | None = None,
    level: float = 0.95,
    grid: int = 30,
) -> Kink:
    """Fit y = a + b x + c max(x - t, 0) over a grid of t between the 10 % and the 90 % quantile of x.

    Parameters
    ----------
    x, y : one row a pattern of ``n`` answers of weight ``w``; x must take at least five values.
    cluster : (rows,) codes from 0: answers of a cluster share their noise in the bootstrap, and the interval of the
        place is as much wider as the noise of clusters exceeds that of answers.
    """
    places = np.unique(quantile(x, n, np.linspace(0.1, 0.9, grid)))
    if len(x) > MANY:
        bends = Bends(x, y, n, w, places)
        places, fall, left = bends.places, bends.fall, bends.left
        drawn = _drawn(bends.noise(cluster), cluster, rng)
    else:
        places, fall, left, drawn = _of_rows((x, y, n, w), places, cluster, rng)
    best = int(fall.argmax())
    variance = left[best] / max(n.sum() - 4, 1)
    if cluster is not None:
        variance = max(variance, float((drawn[best] ** 2).mean()))
    near = np.flatnonzero((left - left[best]) / variance <= _chi2(level))
    low, high = places[max(near.min() - 1, 0)], places[min(near.max() + 1, len(places) - 1)]
    slopes = bends.slopes(best) if len(x) > MANY else _slopes(x, y, n * w, places[best])
    largest = (drawn**2).max(axis=0)
    p = (1 + int((largest >= fall[best]).sum())) / (1 + DRAWS)
    return Kink(float(places[best]), float(low), float(high), *slopes, p)


def _of_rows(
    rows: tuple[NDArray, NDArray, NDArray, NDArray], places: NDArray, cluster: NDArray | None, rng: np.random.Generator
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Places at which the data bend, by how much each lowers the sum of squares, what it leaves, and drawn noise."""
    x, y, n, w = rows
    root = np.sqrt(n * w)
    base, _ = np.linalg.qr(np.column_stack([np.ones(len(x)), x]) * root[:, None])
    bends = np.fmax(x[:, None] - places, 0) * root[:, None]
    bends = bends - base @ (base.T @ bends)
    length = np.sqrt((bends**2).sum(axis=0))
    kept = length > 1e-8 * length.max()
    bends, places = bends[:, kept] / length[kept], places[kept]
    target = y * root - base @ (base.T @ (y * root))
    fall = (bends.T @ target) ** 2
    drawn = _noise(target, n, cluster, rng)
    return places, fall, target @ target - fall, bends.T @ (drawn - base @ (base.T @ drawn))


def _slopes(x: NDArray, y: NDArray, w: NDArray, place: float) -> tuple[float, float]:
    """Slopes before and after the bend."""
    root = np.sqrt(w)
    fit = np.column_stack([np.ones(len(x)), x, np.fmax(x - place, 0)])
    b = np.linalg.lstsq(fit * root[:, None], y * root, rcond=None)[0]
    return float(b[1]), float(b[1] + b[2])


def _noise(target: NDArray, n: NDArray, cluster: NDArray | None, rng: np.random.Generator) -> NDArray:
    """Residuals of the line times normal noise of each answer, or of each cluster."""
    if cluster is None:
        return (target / np.sqrt(n))[:, None] * rng.standard_normal((len(target), DRAWS))
    clusters = int(cluster.max()) + 1
    more = np.sqrt(clusters / max(clusters - 1, 1))
    return target[:, None] * (more * rng.standard_normal((clusters, DRAWS)))[cluster]


def _drawn(covariance: NDArray, cluster: NDArray | None, rng: np.random.Generator) -> NDArray:
    """What normal noise of answers, or of clusters, makes of each bend: normal, with a covariance that is a sum.

    The same distribution as with `_noise` for every row, (places, DRAWS).
    """
    more = 1.0
    if cluster is not None:
        clusters = int(cluster.max()) + 1
        more = clusters / max(clusters - 1, 1)
    values, vectors = np.linalg.eigh(more * covariance)
    return (vectors * np.sqrt(np.fmax(values, 0))) @ rng.standard_normal((len(values), DRAWS))


def _chi2(level: float) -> float:
    from scipy.special import chdtri

    return float(chdtri(1, 1 - level))
