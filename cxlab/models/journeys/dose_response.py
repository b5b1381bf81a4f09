"""`dose_response`: what a wait, a delay or a load time goes with, per doubling and along its curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.journeys.dose_rows import Doses, doses
from cxlab.models.metrics import scores
from cxlab.models.regression.counted_answers import Counted, Told
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.fits.kink import kink
from cxlab.stats.fits.robust import RobustFit, least_squares
from cxlab.stats.fits.robust_pieces import least_squares_in_pieces
from cxlab.stats.inference.design_variance import t_value

GROUPS = 6
FEW = 10
SOME = 1 << 16
"""So many doses are looked at for being different before all are."""
MANY = 200_000
"""More rows than this are summed a piece at a time."""


@public
def dose_response(
    study: Study, outcome: str | None = None, *, dose: str | None = None, level: float = 0.95, seed: int = 0
) -> Result:
    """Return how an outcome falls (or rises) with a dose: per doubling, along its curve, and where the line bends.

    Doses below an eighth of the median count as that eighth, so that the logarithm of a wait of zero exists. The curve
    needs the distinct pairs of dose and answer (with weight and cluster), not the rows; they are brought into memory,
    and of a large file whose doses hardly repeat its rows in 10 to 40 bytes each.

    Parameters
    ----------
    outcome : default: the first outcome of satisfaction. ``dose`` : default: the first operation that measures a wait.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result on the outcome's own scale: ``term, estimate, low, high, se, n``: the slope per doubling, then the mean
    outcome in up to six groups of the dose. ``parts``: ``kink`` (place, interval, slopes per doubling before and after,
    p of no kink), ``missing`` (rows with a dose and no answer).

    Raises
    ------
    DataProblem : no outcome or dose is declared or the column is not there, a weight is negative, or there are
        fewer than 50 complete answers or 5 doses.

    Examples
    --------
    >>> import cxlab as cx
    >>> round(float(cx.journeys.dose_response(cx.load("brand-tracker")).table["n"].iloc[0])) > 1000
    True
    """
    y_name = outcome or study.need("outcome", "a dose-response curve", measure="satisfaction")[0]
    x_name = dose or study.need("operation", "a dose-response curve", measure="wait")[0]
    f, x_field = study.field(y_name), study.field(x_name)
    scores.average(study, [y_name, x_name], [])
    log, floor, curve, missing, left_out = _read(study, x_name, y_name, level)
    rows = [_slope(log, level), *curve]
    bend = kink(log.x, log.y, log.n, log.w, np.random.default_rng(seed), cluster=log.cluster, level=level)
    at, low, high = (2**v for v in (bend.at, bend.low, bend.high))
    lost = f"{missing:,} rows have a dose and no answer; who gave up waiting cannot say how satisfied they were"
    notes = (
        *left_out,
        *([lost] if missing else []),
        f"doses below {floor:.3g} count as {floor:.3g}",
        "an association: what else goes with the dose is not held constant",
        f"a kink at {at:.3g} [{low:.3g}, {high:.3g}], p of none {bend.p:.3f}",
    )
    place = {"at": at, "low": low, "high": high, "before": bend.before, "after": bend.after, "p": bend.p}
    parts = {"kink": place, "missing": missing, "dose": x_field.label, "unit": x_field.unit}
    method = "Least squares on log2 of the dose, robust errors; kink by least squares over a grid, wild bootstrap" + (
        " of clusters" if log.cluster is not None else ""
    )
    return Result(
        "dose_response", f"{f.label} and {x_field.label}", pd.DataFrame(rows), "mean", level, method, notes, parts
    )


def doublings(x: NDArray, n: NDArray) -> tuple[NDArray, float]:
    """Return log2 of the doses, those below an eighth of the median of the positive ones counted as it; and that floor.

    Parameters
    ----------
    x : (rows,) doses of zero or more. ``n`` : (rows,) answers with this dose.

    Examples
    --------
    >>> log, floor = doublings(np.array([0.0, 8.0, 16.0]), np.array([1, 2, 1]))
    >>> log.tolist(), floor
    ([0.0, 3.0, 4.0], 1.0)
    """
    some = x > 0
    if some.all():
        floor = float(quantile(x, n, 0.5)) / 8
    else:
        floor = float(quantile(x[some], np.broadcast_to(n[:1], some.sum()) if n.strides == (0,) else n[some], 0.5)) / 8
    log = np.fmax(x, floor)
    return np.log2(log, out=log), floor


def given_up(gone: np.ndarray, wait: np.ndarray, rows: Counted) -> Told | None:
    """Return how many give up in a unit of the wait (the hazard), its error and degrees of freedom; None: none waited.

    Abandonments over all that was waited; the error is that of a ratio of means.

    Examples
    --------
    >>> one = np.ones(4)
    >>> given_up(np.array([1.0, 0, 0, 1]), np.array([1.0, 2, 3, 4]), Counted(one, one))[0]
    0.2
    """
    waited = float(np.average(wait, weights=rows.mass)) if len(wait) else 0.0
    if not waited > 0:
        return None
    rate = float(np.average(gone, weights=rows.mass)) / waited
    _, se, df = rows.average((gone - rate * wait) / waited)
    return rate, se, df


def _read(
    study: Study, x_name: str, y_name: str, level: float
) -> tuple[Doses, float, list[dict], int, tuple[str, ...]]:
    """The answers with the logarithm of their dose, its floor, the curve of the doses themselves, rows with a dose and
    no answer, and notes."""
    found = doses(study, x_name, y_name)
    x, n = found.x, found.n
    different = np.unique(x[:SOME])
    different = np.unique(x) if len(different) < 5 else different
    if n.sum() < 50 or len(different) < 5 or (x < 0).any():
        raise DataProblem(
            f"{x_name} and {y_name} of {study.name} have {int(n.sum())} complete answers and {len(np.unique(x))} "
            "different doses; at least 50 answers and 5 doses of zero or more are needed"
        )
    curve = _curve(found, level)
    log, floor = doublings(x, n)
    return replace(found, x=log), floor, curve, found.missing, found.notes


def _line(x: NDArray | None, d: Doses, mine: NDArray | slice = slice(None)) -> RobustFit:
    """Least squares on a constant, and on x if there is one, of some rows."""
    y, n, w, c = (None if v is None else v[mine] for v in (d.y, d.n, d.w, d.cluster))

    def design(part: slice) -> NDArray:
        one = np.ones(len(y[part]))
        return one[:, None] if x is None else np.column_stack([one, x[part]])

    if len(y) <= MANY:
        return least_squares(design(slice(None)), y, n, w, c)
    return least_squares_in_pieces(design, y, n, w, c)


def _slope(d: Doses, level: float) -> dict:
    value, se, df = _line(d.x, d).contrast(np.array([0.0, 1.0]))
    half = float(t_value(level, df)) * se
    return {
        "term": "per doubling",
        "at": np.nan,
        "estimate": value,
        "low": value - half,
        "high": value + half,
        "se": se,
        "n": int(d.n.sum()),
    }


def _curve(d: Doses, level: float) -> list[dict]:
    ends = quantile(d.x, d.n, (np.arange(1, GROUPS) + 1e-9) / GROUPS + 1e-12)
    group, out = np.empty(len(d.x), np.int8), []
    for low in range(0, len(group), MANY):
        group[low : low + MANY] = np.searchsorted(ends, d.x[low : low + MANY], side="right")
    for g in range(GROUPS):
        mine = group == g
        x, n = d.x[mine], d.n[mine]
        if n.sum() < FEW:
            continue
        value, se, df = _line(None, d, mine).contrast(np.ones(1))
        half = float(t_value(level, df)) * se
        middle = float(np.average(x, weights=n))
        out.append(
            {
                "term": f"{x.min():.3g} to {x.max():.3g}" if np.ptp(x) else f"{middle:.3g}",
                "at": middle,
                "estimate": value,
                "low": value - half,
                "high": value + half,
                "se": se,
                "n": int(n.sum()),
            }
        )
    return out
