"""`posting`: who posts a review, by the score that all customers gave in private."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.data.yes_no import yes_no
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.robust import RobustFit, least_squares
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.differences import two_sided

METHOD = "Two lines split at the middle of the scale (Simonsohn 2018)"
GATING = "asking only the happy for reviews breaks the terms of platforms, and the law in places"


def halves(points: NDArray) -> tuple[NDArray, NDArray]:
    """Return how far each score of 0 to 100 lies above and below the middle, in tens.

    Examples
    --------
    >>> [v.tolist() for v in halves(np.array([30.0, 50.0, 90.0]))]
    [[0.0, 0.0, 4.0], [-2.0, 0.0, 0.0]]
    """
    return np.fmax(points - 50, 0) / 10, np.fmin(points - 50, 0) / 10


def two_lines(
    posted: NDArray,
    points: NDArray,
    *,
    n: NDArray,
    w: NDArray,
    cluster: NDArray | None = None,
    strata: NDArray | None = None,
    controls: NDArray | None = None,
) -> RobustFit:
    """Return the fit of posting on a constant, the upper half and the lower half of the score, and the controls.

    Parameters
    ----------
    posted : (rows,) 1 or 0. ``points`` : (rows,) score from 0 to 100. ``n, w`` : answers of a row, and their weight.
    cluster, strata : (rows,) codes or None. ``controls`` : (rows, columns) or None.

    Raises
    ------
    DataProblem : all scores lie in one half of the scale.
    """
    high, low = halves(points)
    if not (low < 0).any() or not (high > 0).any():
        raise DataProblem("all scores lie in one half of the scale; the curve cannot be seen")
    more = () if controls is None else (controls,)
    return least_squares(np.column_stack([np.ones(len(points)), high, low, *more]), posted, n, w, cluster, strata)


@public
def posting(study: Study, score: str, *, posted: str, level: float = 0.95) -> Result:
    """Return how the share of customers who post a review goes with their private score.

    Two straight lines that meet at the middle of the scale: where the lower one falls, the very dissatisfied post as
    well, and "the more satisfied, the likelier" fails. The claim CX-10 is tested by it.

    Parameters
    ----------
    score : of every customer, on a scale, whether she posted or not.
    posted : yes or no (1 or 0).
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result in shares per ten of a hundred points, a row each for ``term`` 'upper half' and 'lower half': ``estimate,
    low, high, se, p, n``. ``parts``: ``curve`` (share that posts at each score, from 0 worst to 100 best, where ten
    customers or more gave it), ``all`` and ``reviews`` (mean score of all customers, and of those who posted, 0 to
    100).

    Raises
    ------
    DataProblem : a score without a scale, or all in one half of it; nobody posted, or everybody.

    References
    ----------
    Simonsohn, U. (2018). Two lines. Advances in Methods and Practices in Psychological Science 1, 538-555.
        doi:10.1177/2515245918805755
    Schoenmueller, V., Netzer, O. & Stahl, F. (2020). The polarity of online reviews. Journal of Marketing Research 57,
        853-877. doi:10.1177/0022243720941832

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> rows = pd.DataFrame({"score": [0, 5, 10] * 100, "posted": [1, 0, 1] * 50 + [0, 0, 1] * 50})
    >>> study = cx.load(rows).set("score", role="outcome", scale=cx.Scale(0, 10))
    >>> cx.text.posting(study, "score", posted="posted").table["estimate"].round(3).tolist()
    [0.2, -0.1]
    """
    metrics.check_level(level)
    name, did = study.field(score).name, study.field(posted).name
    scale = study.field(name).scale
    if scale is None:
        raise DataProblem(f"'{name}' of {study.name} has no scale; declare from where to where it goes")
    words = not study.lazy.collect_schema()[did].is_numeric()
    found = sample(study, [name, *([] if words else [did])], other=[did] if words else [], patterns=True)
    y = yes_no(found.other[did] if words else found.answers[did], study.field(did))
    share = (found.answers[name] - scale.minimum) / (scale.maximum - scale.minimum)
    points = 100.0 * (share if scale.best == "high" else 1 - share)
    rows = np.isfinite(y) & np.isfinite(points)
    if not rows.any() or np.ptp(y[rows]) == 0:
        raise DataProblem(
            f"of {int(found.n[rows].sum()):,} customers of {study.name} with an answer to '{name}' "
            f"{'everybody' if rows.any() and y[rows].max() > 0 else 'nobody'} posted in '{did}'; the rows must be all "
            "customers, those who posted and those who did not"
        )
    cut = found.keep(rows)
    y, points = y[rows], points[rows]
    fit = two_lines(y, points, n=cut.n, w=cut.w, cluster=cut.cluster, strata=cut.strata)
    weight = cut.n * cut.w
    lost = int(found.n[~rows].sum())
    return Result(
        "posting", f"{study.field(did).label} by {study.field(name).label}", _table(fit, int(cut.n.sum()), level),
        "share", level, f"{METHOD}; per 10 of 100 points",
        (*study.caveats, *found.notes, *([f"{lost:,} rows without both do not count"] * bool(lost)), GATING,
         "an association: what else the satisfied have in common is not held constant"),
        {"curve": _curve(y, points, cut.n, weight), "all": float(np.average(points, weights=weight)),
         "reviews": float(np.average(points, weights=weight * y))},
        (Column("term", "label", "", "Half of the scale"),), better="none",
    )  # fmt: skip


def _table(fit: RobustFit, n: int, level: float) -> pd.DataFrame:
    rows = []
    for k, term in ((1, "upper half"), (2, "lower half")):
        value, se, df = fit.contrast(np.eye(len(fit.b))[k])
        half = float(t_value(level, df)) * se
        p = float(two_sided(value, se, df)) if se > 0 else np.nan
        ends = {"estimate": value, "low": value - half, "high": value + half, "se": se}
        rows.append({"term": term, **ends, "p": p, "n": n})
    return pd.DataFrame(rows)


def _curve(y: NDArray, points: NDArray, n: NDArray, weight: NDArray) -> pd.DataFrame:
    """The share that posts at each score that ten customers or more gave."""
    levels, code = np.unique(points, return_inverse=True)
    sums = [np.bincount(code, v, len(levels)) for v in (n, weight, weight * y)]
    table = pd.DataFrame({"score": levels, "customers": sums[0].astype(int), "share": sums[2] / sums[1]})
    return table[table["customers"] >= SMALL].reset_index(drop=True)
