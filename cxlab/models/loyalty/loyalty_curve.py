"""`loyalty_curve`: what shape behaviour has over a score: a spline, two lines, a threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.covariates import causal
from cxlab.models.loyalty.spells import joint, there
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits import two_lines
from cxlab.stats.fits.kink import kink
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.proportions import independent, none_or_all

EXACT = 1e-9
"""Of the range of the outcome: a line that rises by less over the whole score is flat."""
FEW = 3
"""Fewer values of a score have no curve."""
POINTS = 40
"""Rows of the result at most; more values of the score are grouped at their quantiles for the shown means."""


@public
def loyalty_curve(
    study: Study,
    outcome: str,
    *,
    score: str,
    level: float = 0.95,
    least_n: int = SMALL,
    seed: int = 0,
) -> Result:
    """Return how behaviour goes with a score: mean by score, a smooth curve, two lines, and where it may bend.

    Parameters
    ----------
    outcome : what people did or will do: 0 and 1, an amount, or a score of its own.
    score : satisfaction or another score.
    level : confidence of the intervals, between 0 and 1.
    least_n : values of the score with fewer answers show no mean of their own.
    seed : of the wild bootstrap that tests the bend.

    Returns
    -------
    Result, one row a value of the score: ``score, estimate`` (spline), ``low, high, se, mean, mean_low, mean_high, n``.
    ``parts``: ``lines`` (slope up to and beyond the break, with intervals: does the curve turn?), ``threshold`` (where
    the slope changes most, its interval, the test that it changes at all, slopes before and after), ``shape`` in words.

    Raises
    ------
    DataProblem : the columns are not two of the study, the outcome does not vary, or the score has too few
        values.

    References
    ----------
    Simonsohn (2018), doi:10.1177/2515245918805755; Hansen (2017), doi:10.1080/07350015.2015.1073595.

    Examples
    --------
    >>> import pandas as pd, numpy as np, cxlab as cx
    >>> rng = np.random.default_rng(0)
    >>> x = rng.integers(0, 11, 900)
    >>> stays = (rng.random(900) < 0.3 + 0.1 * np.minimum(x, 6)).astype(int)
    >>> found = cx.loyalty.loyalty_curve(cx.load(pd.DataFrame({"x": x, "stays": stays})), "stays", score="x")
    >>> found.parts["shape"]
    'rises, and less beyond 6'
    """
    for name in (outcome, score):
        there(study, name)
    if outcome == score:
        raise DataProblem(f"outcome and score are both '{score}'; name two columns")
    found = sample(study, [outcome, score], patterns=True)
    x, y = found.answers[score], found.answers[outcome]
    whole = np.isfinite(x) & np.isfinite(y)
    lost, found = int(found.n[~whole].sum()), found.keep(whole)
    x, y = x[whole], y[whole]
    values, size = _values(study, score, x, found)
    unit = "share" if set(np.unique(y)) <= {0.0, 1.0} else ""
    if np.ptp(y) == 0:
        raise DataProblem(f"'{outcome}' of {study.name} is {y[0]:g} for all {int(found.n.sum()):,}; nothing can vary "
                          "with a score")  # fmt: skip
    at = two_lines.knots(x, found.n)
    v, df, b = _fitted(study, found, np.column_stack([np.ones(len(x)), two_lines.spline(x, at)]), y)
    grid = np.column_stack([np.ones(len(values)), two_lines.spline(values, at)])
    curve, se = grid @ b, np.sqrt(np.fmax(np.einsum("ij,jk,ik->i", grid, v, grid), 0))
    half = float(t_value(level, df))
    means = _means(study, found, x, y, values, size, level, least_n)
    table = pd.DataFrame({"score": values, "estimate": curve, "low": curve - half * se, "high": curve + half * se,
                          "se": se, **means, "n": size})  # fmt: skip
    if unit == "share":
        ends = ["estimate", "low", "high", "mean_low", "mean_high"]
        table[ends] = table[ends].clip(0, 1)
    lines = _lines(study, found, x, y, (values, size, curve, se), level)
    threshold = _threshold(found, x, y, values, level, seed)
    shape = _shape(lines, threshold, level)
    notes = [
        *study.caveats,
        *found.notes,
        *([f"{lost:,} rows without '{outcome}' or '{score}' do not count"] * bool(lost)),
    ]
    notes += [f"shape: {shape}", *_said(study, score, lines, threshold)]
    return Result(
        "loyalty_curve", f"{study.field(outcome).label} over {study.field(score).label}", table, unit, level,
        f"Restricted cubic spline, {len(at)} knots; two lines broken where the spline is flattest; threshold by least "
        "squares with a wild bootstrap; errors from the influence of every answer under the design",
        tuple(notes), {"lines": lines, "threshold": threshold, "shape": shape, "score": study.field(score).label,
                       "causal": causal(study, [score])},
        (Column("score", "label", "", "Score"), Column("mean", "estimate", unit, "Mean"),
         Column("mean_low", "bound", unit, "Mean, low"), Column("mean_high", "bound", unit, "Mean, high")),
    )  # fmt: skip


def _values(study: Study, score: str, x: NDArray, found: Sample) -> tuple[NDArray, NDArray]:
    values = np.unique(x)
    if len(values) < FEW:
        raise DataProblem(f"'{score}' of {study.name} has {len(values)} values; a curve needs {FEW} or more")
    if len(values) > POINTS:
        values = np.unique(np.quantile(np.repeat(x, found.n.astype(int)), np.linspace(0, 1, POINTS)))
    near = np.abs(x[:, None] - values).argmin(1)
    return values, np.bincount(near, found.n, len(values)).astype(int)


def _fitted(study: Study, s: Sample, design: NDArray, y: NDArray) -> tuple[NDArray, float, NDArray]:
    """Least squares: covariance under the design, its degrees of freedom, coefficients."""
    weight = s.n * s.w
    bread = np.linalg.pinv(design.T @ (design * weight[:, None]), rcond=1e-12, hermitian=True)
    b = bread @ (design.T @ (weight * y))
    v, df = joint(study, s, design * (y - design @ b)[:, None] @ bread)
    return v, df, b


def _means(study: Study, s: Sample, x: NDArray, y: NDArray, values: NDArray, size: NDArray, level: float,
           least: int) -> dict[str, NDArray]:  # fmt: skip
    near = np.abs(x[:, None] - values).argmin(1)
    v, df, b = _fitted(study, s, np.eye(len(values))[near], y)
    half = float(t_value(level, df)) * np.sqrt(np.fmax(np.diag(v), 0))
    few = size < max(least, 1)
    show = lambda a: np.where(few, np.nan, a)  # noqa: E731
    low, high = b - half, b + half
    if set(np.unique(y)) <= {0.0, 1.0}:
        low, high = none_or_all(b.round(12), low, high, independent(near, s.n, s.w, s.cluster), level)
    return {"mean": show(b), "mean_low": show(low), "mean_high": show(high)}


def _lines(
    study: Study, s: Sample, x: NDArray, y: NDArray, curve: tuple[NDArray, NDArray, NDArray, NDArray], level: float
) -> pd.DataFrame:
    """Two lines, broken in the flat part of the curve, nearer to the side whose slope is the surer one."""
    values, size, fitted, se = curve
    flat = values[two_lines.flat(values, size, fitted, se)]
    at = float(np.median(flat))
    rows, z = [], np.zeros(2)
    for turn in range(2):
        v, df, b = _fitted(study, s, two_lines.broken(x, at), y)
        errors = np.sqrt(np.fmax(np.diag(v), 0))
        exact = np.maximum(np.abs(b), errors) * np.ptp(x) < EXACT * np.ptp(y)  # what rounding leaves of a flat line
        b, errors = np.where(exact, 0.0, b), np.where(exact, 0.0, errors)
        z = np.abs(np.divide(b, errors, out=np.zeros(4), where=errors > 0))[1:3]
        if turn == 0 and z.sum() > 0:
            at = float(np.quantile(flat, z[1] / z.sum(), method="nearest"))
    half = float(t_value(level, df))
    for k, name in ((1, "up to the break"), (2, "beyond the break")):
        there_ = len(values[values <= at] if k == 1 else values[values > at]) > 1 and errors[k] > 0
        ends = (b[k], b[k] - half * errors[k], b[k] + half * errors[k], 2 * student.sf(z[k - 1], df))
        held = dict(zip(("estimate", "low", "high", "p"), ends if there_ else (np.nan,) * 4, strict=True))
        rows.append({"part": name, "break": at, **held})
    return pd.DataFrame(rows)


def _threshold(s: Sample, x: NDArray, y: NDArray, values: NDArray, level: float, seed: int) -> dict[str, float] | None:
    if len(values) < 5:
        return None
    cluster = None if s.cluster is None else np.unique(s.cluster, return_inverse=True)[1]
    k = kink(x, y, s.n, s.w / s.w.mean(), np.random.default_rng(seed), cluster=cluster, level=level)
    return vars(k)


def _shape(lines: pd.DataFrame, threshold: dict[str, float] | None, level: float) -> str:
    """The shape in words: a turn only where both slopes are certain and of opposite sign."""
    low, high = lines["low"].to_numpy(), lines["high"].to_numpy()
    sure = np.where(low > 0, 1, np.where(high < 0, -1, 0))
    if sure[0] * sure[1] < 0:
        way = "rises, then falls" if sure[0] > 0 else "falls, then rises"
        return f"{way} (two lines, break at {lines['break'][0]:g})"
    if threshold is not None and threshold["p"] < 1 - level:
        before, after, at = threshold["before"], threshold["after"], threshold["at"]
        if abs(after) < abs(before):
            return f"{'rises' if before > 0 else 'falls'}, and less beyond {at:g}"
        return f"{'rises' if after > 0 else 'falls'} beyond {at:g}, less before"
    way = {1: "rises", -1: "falls"}.get(int(np.sign(sure.sum())), "")
    return f"{way}; no bend is certain" if way else "no slope is certain"


def _said(study: Study, score: str, lines: pd.DataFrame, threshold: dict[str, float] | None) -> list[str]:
    out = []
    if threshold is not None:
        p = "p < 0.01" if threshold["p"] < 0.01 else f"p = {threshold['p']:.2f}"
        out.append(f"the slope changes most at {threshold['at']:g} (interval {threshold['low']:g} to "
                   f"{threshold['high']:g}); that it does not change at all: {p}")  # fmt: skip
    else:
        out.append("fewer than five values of the score: no threshold is looked for")
    if not causal(study, [score]):
        out.append("an association: who scores high may differ in more than the score")
    return out
