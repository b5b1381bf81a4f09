"""`dose_response`: what a wait, a delay or a load time goes with, per doubling and along its curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.metrics import scores
from cxlab.models.regression.counted_answers import Counted, Told
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.fits.kink import kink
from cxlab.stats.fits.robust import least_squares
from cxlab.stats.inference.design_variance import t_value

GROUPS = 6
FEW = 10


@public
def dose_response(
    study: Study, outcome: str | None = None, *, dose: str | None = None, level: float = 0.95, seed: int = 0
) -> Result:
    """Return how an outcome falls (or rises) with a dose: per doubling, along its curve, and where the line bends.

    Doses below an eighth of the median count as that eighth, so that the logarithm of a wait of zero exists. The curve
    needs the distinct pairs of dose and answer (with weight and cluster), not the rows; they are brought into memory.

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
    x, y, n, w, c, missing, left_out = _pairs(study, x_name, y_name)
    log, floor = doublings(x, n)
    rows = [_slope(log, y, n, w, c, level), *_curve(x, y, n, w, c, level)]
    bend = kink(log, y, n, w, np.random.default_rng(seed), cluster=c, level=level)
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
        " of clusters" if c is not None else ""
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
    floor = float(quantile(x[x > 0], n[x > 0], 0.5)) / 8
    return np.log2(np.fmax(x, floor)), floor


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


def _pairs(
    study: Study, x_name: str, y_name: str
) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray | None, int, tuple[str, ...]] | None:
    """Distinct pairs of dose and answer with counts, weights and clusters; and the rows with a dose and no answer."""
    found = sample(study, [x_name, y_name], patterns=True)
    found = found.keep(np.isfinite(found.answers[x_name]))
    there = np.isfinite(found.answers[y_name])
    missing, found = int(found.n[~there].sum()), found.keep(there)
    x, y, n = found.answers[x_name], found.answers[y_name], found.n
    if n.sum() < 50 or len(np.unique(x)) < 5 or (x < 0).any():
        raise DataProblem(
            f"{x_name} and {y_name} of {study.name} have {int(n.sum())} complete answers and {len(np.unique(x))} "
            "different doses; at least 50 answers and 5 doses of zero or more are needed"
        )
    return x, y, n, found.w, found.cluster, missing, found.notes


def _slope(x: NDArray, y: NDArray, n: NDArray, w: NDArray, c: NDArray | None, level: float) -> dict:
    value, se, df = least_squares(np.column_stack([np.ones(len(x)), x]), y, n, w, c).contrast(np.array([0.0, 1.0]))
    half = float(t_value(level, df)) * se
    return {
        "term": "per doubling",
        "at": np.nan,
        "estimate": value,
        "low": value - half,
        "high": value + half,
        "se": se,
        "n": int(n.sum()),
    }


def _curve(x: NDArray, y: NDArray, n: NDArray, w: NDArray, c: NDArray | None, level: float) -> list[dict]:
    share = np.cumsum(n) / n.sum()
    group = np.unique(
        np.minimum((share * GROUPS - 1e-9).astype(int), GROUPS - 1)[np.searchsorted(x, x, side="right") - 1],
        return_inverse=True,
    )[1]
    out = []
    for g in np.unique(group):
        mine = group == g
        if n[mine].sum() < FEW:
            continue
        fit = least_squares(np.ones((mine.sum(), 1)), y[mine], n[mine], w[mine], None if c is None else c[mine])
        value, se, df = fit.contrast(np.ones(1))
        half = float(t_value(level, df)) * se
        middle = float(np.average(x[mine], weights=n[mine]))
        term = f"{x[mine].min():.3g} to {x[mine].max():.3g}" if np.ptp(x[mine]) else f"{middle:.3g}"
        out.append(
            {
                "term": term,
                "at": middle,
                "estimate": value,
                "low": value - half,
                "high": value + half,
                "se": se,
                "n": int(n[mine].sum()),
            }
        )
    return out
