"""A kink in a dose-response line: where it is, and whether there is one.

Hansen, B. E. (2017). Regression kink with an unknown threshold. Journal of Business & Economic Statistics 35, 228-240.
doi:10.1080/07350015.2015.1073595 (least squares over a grid; wild bootstrap of the largest F under no kink).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 499


@dataclass(frozen=True)
class Kink:
    """``at`` the kink with its likelihood-ratio interval ``low, high``; ``before, after`` slopes; ``p`` of no kink."""

    at: float
    low: float
    high: float
    before: float
    after: float
    p: float


def kink(x: NDArray, y: NDArray, w: NDArray, rng: np.random.Generator, *, level: float = 0.95, grid: int = 30) -> Kink:
    """Fit y = a + b x + c max(x - t, 0) over a grid of t between the 10 % and the 90 % quantile of x.

    Parameters
    ----------
    x, y, w : one row an answer, or a pattern of answers of weight w; x must take at least five values.
    """
    order = np.argsort(x, kind="stable")
    share = np.cumsum(w[order]) / w.sum()
    inner = x[order][(share >= 0.1) & (share <= 0.9)]
    places = np.unique(np.quantile(inner, np.linspace(0, 1, grid)))
    root = np.sqrt(w)
    base = np.column_stack([np.ones(len(x)), x]) * root[:, None]
    q0, _ = np.linalg.qr(base)
    bends = np.fmax(x[:, None] - places, 0) * root[:, None]
    bends = bends - q0 @ (q0.T @ bends)
    size = np.sqrt((bends**2).sum(axis=0))
    kept = size > 1e-8 * size.max()
    bends, places = bends[:, kept] / size[kept], places[kept]
    target = y * root - q0 @ (q0.T @ (y * root))
    fall = (bends.T @ target) ** 2
    best = int(fall.argmax())
    at = float(places[best])
    left = (target @ target) - fall
    variance = left[best] / max(w.sum() - 4, 1)
    near = places[(left - left[best]) / variance <= _chi2(level)]
    fit = np.column_stack([np.ones(len(x)), x, np.fmax(x - at, 0)])
    b = np.linalg.lstsq(fit * root[:, None], y * root, rcond=None)[0]
    f = fall.max() / variance
    extreme = 0
    for _ in range(DRAWS):
        fake = target * rng.standard_normal(len(x))
        fake = fake - q0 @ (q0.T @ fake)
        gain = ((bends.T @ fake) ** 2).max()
        extreme += gain / ((fake @ fake - gain) / max(w.sum() - 4, 1)) >= f
    return Kink(at, float(near.min()), float(near.max()), float(b[1]), float(b[1] + b[2]), (1 + extreme) / (1 + DRAWS))


def _chi2(level: float) -> float:
    from scipy.special import chdtri

    return float(chdtri(1, 1 - level))
