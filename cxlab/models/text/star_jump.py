"""`star_jump`: what a half star more on the page does to what follows, where a hair's breadth decides about it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.discrete_threshold import Jump, jump
from cxlab.stats.inference.influences import covariance

STEP = 0.5
HUNDREDTHS = 100
LEAST, FEW_POINTS = 100, 6
"""Rows with a score and an outcome, and hundredths of a star with a row on each side, that this needs."""

COLUMNS = (
    Column("what", "label", "", "At the edge"),
    Column("bias", "number", "", "Of this the curve may be"),
)


@public
def star_jump(study: Study, outcome: str, *, score: str, bend: float | None = None, level: float = 0.95) -> Result:
    """Return the jump of an outcome where the stars shown jump by a half: at scores of .25 and .75.

    A score of 3.74 shows as 3.5 and one of 3.75 as 4 stars, and the places behind them are alike. All edges are put
    together, each with its own level. It is an effect of the half star only if nobody can place himself above an edge;
    the second row looks for that: a jump of how many scores lie there.

    Parameters
    ----------
    study : a row a place, or a place and period.
    outcome : what follows (sales, tables booked), a number.
    score : the mean of the stars as the platform works it out before it rounds, with two decimals or more.
    bend : largest second derivative of the outcome in the score, per hundredth of a star squared; default: a rule of
        thumb from one cubic. Say it before looking.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result with two rows: ``what`` 'outcome, half a star more' and 'scores there, as a share of the mean number':
    ``estimate, low, high, se, bias`` (largest bias of the lines), ``n``. ``parts``: ``points`` (the mean outcome at
    each hundredth from the edge), ``width`` (hundredths of a star within which rows count), ``edges`` (rows at each).

    Raises
    ------
    DataProblem : fewer than 100 rows, scores without two decimals, or fewer than six hundredths on a side.

    References
    ----------
    Anderson, M. & Magruder, J. (2012). Learning from the crowd. Economic Journal 122, 957-989.
        doi:10.1111/j.1468-0297.2012.02512.x
    Kolesar, M. & Rothe, C. (2018). Inference in regression discontinuity designs with a discrete running variable.
        American Economic Review 108, 2277-2304. doi:10.1257/aer.20160945
    McCrary, J. (2008). Manipulation of the running variable. Journal of Econometrics 142, 698-714.
        doi:10.1016/j.jeconom.2007.05.005

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> s = np.tile(np.arange(1, 5, 0.01), 3)
    >>> rows = pd.DataFrame({"score": s, "sales": 10 * np.floor(s * 2 + 0.5 + 1e-9) / 2})
    >>> found = cx.text.star_jump(cx.load(rows), "sales", score="score").table
    >>> (found["estimate"].round(3) + 0.0).tolist()
    [5.0, 0.0]
    """
    metrics.check_level(level)
    y_name, x_name = study.field(outcome).name, study.field(score).name
    found = sample(study, [y_name, x_name])
    y, x = found.answers[y_name], found.answers[x_name]
    rows = np.isfinite(y) & np.isfinite(x)
    if rows.sum() < LEAST:
        raise DataProblem(
            f"{int(rows.sum())} rows of {study.name} have '{y_name}' and '{x_name}'; at least {LEAST} are needed"
        )
    kept = found.keep(rows)
    y, place, edge = y[rows], *_placed(x[rows])
    beside = _both_sides(place, edge)  # an edge with places on one side tells nothing of a jump
    for some in (place, place[beside]):
        _enough(some, f"'{x_name}' of {study.name}")
    kept, y, place, edge = kept.keep(beside), y[beside], place[beside], edge[beside]
    points = np.unique(place)
    mean, v, mass, df = _means(y, place, edge, kept.w * kept.n, kept.cluster, kept.strata)
    stretch = float(t_value(level, df) / t_value(level, np.inf))
    effect = jump(points, mean, v, mass, level=level, most=bend, stretch=stretch)
    many = np.bincount(np.searchsorted(points, place), minlength=len(points)).astype(float)
    share = many / many.mean()
    crowd = jump(points, share, np.diag(np.fmax(many, 1.0)) / many.mean() ** 2, np.ones(len(points)), level=level)
    n = len(y)
    table = pd.DataFrame([
        _row("outcome, half a star more", effect, n), _row("scores there, as a share of the mean number", crowd, n),
    ])  # fmt: skip
    notes = [*study.caveats, *found.notes]
    if alone := int((~beside).sum()):
        notes.append(f"{alone:,} rows at edges that have rows on one side only do not count")
    notes.append(f"scores within {effect.width:g} hundredths of an edge count")
    notes += ["the bend is a rule of thumb from these data: say it beforehand"] if bend is None else []
    if not table["low"][1] <= 0 <= table["high"][1]:
        notes.append("scores crowd on one side of the edges: places may put themselves there; the jump is no effect")
    edges = pd.DataFrame({"edge": 0.25 + STEP * np.arange(edge.max() + 1), "n": np.bincount(edge)})
    return Result(
        "star_jump", f"{study.field(y_name).label} where half a star more is shown", table, "", level,
        "local lines on both sides of scores of .25 and .75; the interval allows for the largest bias of a curve that "
        "bends no more than said", tuple(notes),
        {"points": pd.DataFrame({"hundredths": points, "estimate": mean, "n": many.astype(int)}),
         "width": effect.width, "edges": edges[edges["n"] > 0].reset_index(drop=True)}, COLUMNS, better="none",
    )  # fmt: skip


def _placed(x: NDArray) -> tuple[NDArray, NDArray]:
    """The middle of the hundredth of a star that each score lies in, from its nearest edge, and which edge that is."""
    hundredth = np.floor(x * HUNDREDTHS + 1e-6).astype(int)  # 3.75 is no 3.7499999
    half = int(STEP * HUNDREDTHS)
    edge = hundredth // half
    return hundredth - edge * half - half / 2 + 0.5, edge


def _enough(place: NDArray, name: str) -> None:
    points = np.unique(place)
    sides = int((points < 0).sum()), int((points > 0).sum())
    if min(sides) < FEW_POINTS:
        raise DataProblem(
            f"{name} has {sides[0]} hundredths of a star below the edges and {sides[1]} above; {FEW_POINTS} on each "
            "side are needed: give the score before it is rounded, with two decimals"
        )


def _both_sides(place: NDArray, edge: NDArray) -> NDArray[np.bool_]:
    """Rows of edges with a row on either side."""
    below, above = (np.bincount(edge, side, edge.max() + 1) > 0 for side in (place < 0, place > 0))
    return (below & above)[edge]


def _means(
    y: NDArray, place: NDArray, edge: NDArray, w: NDArray, cluster: NDArray | None, strata: NDArray | None
) -> tuple[NDArray, NDArray, NDArray, float]:
    """Mean outcome at each hundredth, its covariance under the design, the weight of the rows there, and the df.

    Edges have levels of their own: outcome = level of the edge + mean at the hundredth, by least squares, so that an
    edge with more rows on one side than another pulls nothing (levels taken off before would take a part of the jump
    with them). The levels have a mean of 0. Residuals are lifted by their leverage (HC2).
    """
    points, at = np.unique(place, return_inverse=True)
    at, e = np.ravel(at), np.ravel(np.unique(edge, return_inverse=True)[1])
    p, q = len(points), int(e.max()) + 1
    mass, of_edge = np.bincount(at, w, p), np.bincount(e, w, q)
    both = np.bincount(at * q + e, w, p * q).reshape(p, q)
    inverse = np.linalg.pinv(np.block([[np.diag(mass), both], [both.T, np.diag(of_edge)]]), 1e-10, hermitian=True)
    b = inverse @ np.concatenate([np.bincount(at, w * y, p), np.bincount(e, w * y, q)])
    lead = np.hstack([np.eye(p), np.tile(of_edge / of_edge.sum(), (p, 1))])
    leverage = w * (inverse[at, at] + 2 * inverse[at, p + e] + inverse[p + e, p + e])
    rest = (y - b[at] - b[p + e]) / np.sqrt(np.fmax(1 - leverage, 1e-9))
    of_rows = lead @ inverse
    u = (w * rest)[:, None] * (of_rows[:, at] + of_rows[:, p + e]).T
    v, df = (u.T @ u, np.inf) if cluster is None and strata is None else covariance(u, np.ones(len(y)), cluster, strata)
    alone = np.bincount(at, minlength=p) == 1  # a hundredth of one row has no spread of its own
    own = np.where(alone, np.nan, np.diag(v))
    pooled = np.nansum(mass**2 * own) / mass[~alone].sum() / mass if (~alone).any() else own
    v = v + np.diag(np.where(alone, np.nan_to_num(pooled), 0.0))
    return lead @ b, v, mass, df


def _row(what: str, found: Jump, n: int) -> dict[str, object]:
    """A jump as above minus below."""
    return {"what": what, "estimate": -found.value, "low": -found.high, "high": -found.low, "se": found.se,
            "bias": found.bias, "n": n}  # fmt: skip
