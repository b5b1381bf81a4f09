"""p-values of several tests, adjusted for their number.

References
----------
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65-70.
Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57, 289-300.
Benjamini, Y. & Yekutieli, D. (2001). The control of the false discovery rate in multiple testing under dependency.
    Annals of Statistics 29, 1165-1188.
Romano, J. P. & Wolf, M. (2005). Exact and approximate stepdown methods for multiple hypothesis testing.
    Journal of the American Statistical Association 100, 94-108. doi:10.1198/016214504000000539
Bretz, F., Maurer, W., Brannath, W. & Posch, M. (2009). A graphical approach to sequentially rejective multiple test
    procedures. Statistics in Medicine 28, 586-604. doi:10.1002/sim.3495
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxlab.problem import one_of

NAMES = {
    "holm": "Holm (family-wise error)",
    "bh": "Benjamini-Hochberg (false discovery rate)",
    "by": "Benjamini-Yekutieli (false discovery rate under any dependence)",
    "romano-wolf": "Romano-Wolf stepdown (family-wise error; Gaussian multiplier bootstrap of the linearised scores)",
    "none": "not adjusted for the number of comparisons",
}
"""The adjustments and what each is called."""
DRAWS = 20_000


def alone(level: float) -> str:
    """Say that a table's statements about units hold together, and by themselves.

    >>> alone(0.95).split(";")[0]
    'judged alone: where no unit differs, one such table in 20 says so of some'
    """
    return (
        f"judged alone: where no unit differs, one such table in {round(1 / (1 - level))} says so of some; other "
        "results of a page add their own chance"
    )


def adjusted(p: ArrayLike, method: str = "holm", *, correlation: NDArray | None = None, z: ArrayLike = ()) -> NDArray:
    """Return the adjusted p-values; `nan` stays `nan` and does not count as a test.

    ``correlation`` of the test statistics and ``z``, their values, are needed for 'romano-wolf' alone.

    >>> adjusted([0.01, 0.04, 0.03], "holm").round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    one_of("correction", method, NAMES)
    p = np.asarray(p, float)
    out = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    if method == "none" or not known.any():
        return np.where(known, p, np.nan)
    if method == "romano-wolf":
        out[known] = romano_wolf(np.asarray(z, float)[known], correlation[np.ix_(known, known)])
        return out
    k = int(known.sum())
    order = np.argsort(p[known], kind="stable")
    ranked = p[known][order]
    if method == "holm":
        steps = np.maximum.accumulate(ranked * np.arange(k, 0, -1))
    else:
        price = np.sum(1 / np.arange(1, k + 1)) if method == "by" else 1.0
        steps = np.minimum.accumulate((ranked * k * price / np.arange(1, k + 1))[::-1])[::-1]
    values = np.empty(k)
    values[order] = np.fmin(steps, 1)
    out[known] = values
    return out


def shared_out(p: ArrayLike, section: ArrayLike, share: ArrayLike) -> NDArray:
    """Return adjusted p-values of tests in sections, each with its share of the level (family-wise error over all).

    Within a section Holm's steps; what a section has used up by rejecting all of its tests goes to the others, in
    proportion to their shares. It is the graph of Bretz et al. (2009) with edges of no weight between sections, so
    that a false rejection anywhere has at most the level's probability under any dependence. One section is Holm's.

    Parameters
    ----------
    p : (k,) p-values; `nan` stays `nan` and does not count as a test.
    section : (k,) number of each test's section, from 0. ``share`` : one a section, positive; their sum counts as 1.

    >>> shared_out([0.01, 0.04, 0.02], [0, 0, 1], [0.5, 0.5]).round(3).tolist()  # .01 / (.5 / 2), .04 / 1, .02 / .5
    [0.04, 0.04, 0.04]
    """
    p, section, share = np.asarray(p, float), np.asarray(section, int), np.asarray(share, float)
    out, open_ = np.full(p.shape, np.nan), ~np.isnan(p)
    left = np.bincount(section[open_], minlength=len(share)).astype(float)
    own = np.where(left > 0, share, 0.0)
    own = own / own.sum() if own.sum() else own
    largest = 0.0
    while open_.any():
        with np.errstate(invalid="ignore", divide="ignore"):
            price = np.where(open_, p * (left / own)[section], np.inf)
        j = int(np.argmin(price))
        largest = out[j] = min(max(largest, float(price[j])), 1.0)
        open_[j] = False
        left[section[j]] -= 1
        if not left[section[j]]:
            rest = np.where(left > 0, share, 0.0)
            own = np.where(left > 0, own, 0.0) + (own[section[j]] * rest / rest.sum() if rest.sum() else 0.0)
    return out


def first_step(method: str, tests: int, alpha: float = 0.05) -> float:
    """Return the level at which the smallest of ``tests`` p-values is judged: alpha / tests; alpha without correction.

    The later steps of Holm and of the false discovery rate are milder, so what is found at this level is found anyway;
    Romano-Wolf, which knows how the tests hang together, and Benjamini-Yekutieli differ from it a little.

    >>> first_step("holm", 45), first_step("none", 45)
    (0.0011111111111111111, 0.05)
    """
    one_of("correction", method, NAMES)
    price = float(np.sum(1 / np.arange(1, tests + 1))) if method == "by" else 1.0
    return alpha if method == "none" or tests < 2 else alpha / (tests * price)


def romano_wolf(z: ArrayLike, correlation: NDArray, *, draws: int = DRAWS, seed: int = 0) -> NDArray:
    """Return stepdown adjusted p-values from the joint distribution of the statistics.

    Draws from N(0, correlation) are what a Gaussian multiplier bootstrap of the linearised cluster scores gives. Each
    statistic is compared with the largest |draw| among those not larger than it (Romano & Wolf 2005, algorithm 4.1).
    """
    z, draws = np.abs(np.asarray(z, float)), int(draws)
    values, vectors = np.linalg.eigh(np.nan_to_num(correlation))
    root = vectors * np.sqrt(np.fmax(values, 0))
    x = np.abs(np.random.default_rng(seed).standard_normal((draws, len(z))) @ root.T)
    order = np.argsort(-z, kind="stable")
    largest = np.maximum.accumulate(x[:, order][:, ::-1], axis=1)[:, ::-1]
    p = (1 + (largest >= z[order]).sum(0)) / (draws + 1)
    out = np.empty(len(z))
    out[order] = np.maximum.accumulate(p)
    return out
