"""What else moved when a pilot began: the mix of who answered and how, and how many, held against the other units."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr

from cxlab.data.study import Study
from cxlab.models.monitoring import time_series
from cxlab.models.monitoring.time_series import PERIOD
from cxlab.models.pilots.unit_panel import Panel
from cxlab.stats.counts.names import key
from cxlab.stats.inference import multiple
from cxlab.stats.inference.few_treated import FEW
from cxlab.stats.pilots import interrupted, staggered, unit_changes

COLUMNS = ("column", "value", "treated", "others", "estimate", "p", "p_adjusted")
MOST = 12
"""Columns of at most so many values are looked at, and at most so many columns."""
ALPHA = 0.05
ANSWERS = "answers"
"""Row of the number of answers, in logarithms."""
MARK = "marks who began"
"""What stands as value of a column of 0 and 1 that goes exactly with the start: it is no rival but its mark."""


def moved(study: Study, p: Panel, unit: str, wave: str, but: tuple[str, ...]) -> pd.DataFrame:
    """Return how the mix of the study's segments moved with the start, one row a column and value.

    Parameters
    ----------
    wave : column of the periods. ``but`` : columns that are no rival: the outcome, the start.

    Returns
    -------
    ``column, value`` (or 'answers': the logarithm of their number), ``treated`` and ``others`` (change of the share
    after the start), ``estimate`` (their difference), ``p`` as for the outcome itself, ``p_adjusted`` (Holm).
    """
    names = [c for c in study.codebook.role("segment") if c in study.columns and c not in (unit, wave, *but)][:MOST]
    shares: list[tuple[str, str, NDArray]] = []
    marks: list[tuple] = []
    if (p.n > 1).any():
        shares.append((ANSWERS, "", np.log(p.n)))
    cut, _ = time_series.cut(study, wave, p.every)
    for name in names:
        found = _shares(cut, p, unit, name)
        if any(_is_mark(p, v, y) for v, y in found):
            marks.append((study.field(name).label, MARK, *[float("nan")] * 4))
        else:
            shares += [(study.field(name).label, v, y) for v, y in found]
    rows = [(c, v, *_difference(p, y)) for c, v, y in shares] + marks
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    return table.assign(p_adjusted=multiple.adjusted(table["p"], "holm") if len(table) else [])


def _shares(study: Study, p: Panel, unit: str, name: str) -> list[tuple[str, NDArray]]:
    """The share of each value of a column by unit and period."""
    cells = study.answers([unit, PERIOD, name]).drop_nulls([PERIOD, name]).group_by(unit, PERIOD, name)
    table = cells.agg(nw.len().alias("n")).collect().to_pandas()
    values = sorted(table[name].unique().tolist(), key=str)
    if not 2 <= len(values) <= MOST:
        return []
    table = table.rename(columns={unit: key(unit), PERIOD: key(PERIOD)})
    series, place = time_series.placed(study, [unit], table, p.read)
    inside = (series >= 0) & (place >= 0)
    number = table[name].map({v: k for k, v in enumerate(values)}).to_numpy()
    counts = np.zeros((len(values), *p.read.y.shape))
    np.add.at(counts, (number[inside], series[inside], place[inside]), table["n"].to_numpy(float)[inside])
    counts = counts[:, p.rows][:, :, p.seen]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = counts / counts.sum(0)
    labels = {**study.field(name).labels}
    kept = values[:1] if len(values) == 2 else values
    return [(str(labels.get(str(v), v)), share[k]) for k, v in enumerate(kept)]


def _is_mark(p: Panel, value: str, share: NDArray) -> bool:
    """Whether a value of 0 or 1 is there exactly where a unit has begun (or has not)."""
    began = (p.start >= 0)[:, None] & (np.arange(len(p.periods)) >= p.start[:, None])
    return value in ("0", "1", "False", "True") and (
        np.array_equal(share, began.astype(float)) or np.array_equal(share, (~began).astype(float))
    )


def _difference(p: Panel, y: NDArray) -> tuple[float, float, float, float]:
    """Change among the treated, among the others, their difference, and its p."""
    nan = float("nan")
    treated = p.start >= 0
    if not np.isfinite(y).all() or np.ptp(y) == 0:
        return nan, nan, nan, nan
    if len(y) == 1:
        return _one(y[0], p.starts[0])
    if len(p.starts) > 1:
        later = not (~treated).any()
        c = staggered.aggregates(staggered.effects(y, p.start, later=later)).table.iloc[0]
        p_value = unit_changes.two_sided(c["estimate"], c["se"], 1e9) if treated.sum() >= FEW else nan
        return nan, nan, float(c["estimate"]), p_value
    s = p.starts[0]
    d = y[:, s:].mean(1) - y[:, :s].mean(1)
    own, rest = float(d[treated].mean()), float(d[~treated].mean())
    if min(treated.sum(), (~treated).sum()) < FEW:
        return own, rest, own - rest, unit_changes.randomised(d, treated).p
    if np.ptp(d[treated]) == 0 and np.ptp(d[~treated]) == 0:  # a version that came with the start, everywhere at once
        return own, rest, own - rest, 0.0 if own != rest else 1.0
    est, se, df = unit_changes.difference(d, treated)
    return own, rest, est, unit_changes.two_sided(est, se, df)


def _one(y: NDArray, start: int) -> tuple[float, float, float, float]:
    """The step of one unit at the start, beside a trend."""
    x = interrupted.columns(len(y), start)
    fit = interrupted.weighted(y, x, np.ones(len(y)))
    step, se = float(fit.b[1]), float(np.sqrt(max(fit.robust[1, 1], fit.cov[1, 1])))
    if se < 1e-9:
        return step, float("nan"), step, 0.0 if abs(step) > 1e-9 else 1.0
    return step, float("nan"), step, float(2 * stdtr(fit.df, -abs(step / se)))


def said(table: pd.DataFrame, least: float) -> str:
    """Return what moved, or that nothing seen did and what cannot be seen.

    ``least`` : the smallest p that so few units can give.
    """
    marks = table["column"][table["value"] == MARK].tolist()
    mark = f"; {', '.join(marks)}: 0 and 1 exactly as units began, so taken for their mark and not for a rival"
    return _moves(table, least) + (mark if marks else "")


def _moves(table: pd.DataFrame, least: float) -> str:
    unseen = "a question whose wording changed with the start leaves no trace here unless a column holds the version"
    tested = list(dict.fromkeys(table["column"][table["p"].notna()]))
    if not tested:
        return f"no column tells whether questionnaire, mode or sample changed with the start; {unseen}"
    found = table[(table["p_adjusted"] < ALPHA) | (few_whole(table) & (least > ALPHA / 20))]
    if len(found):
        moves = [_words(r) for _, r in found.head(4).iterrows()]
        return f"RIVAL: with the start moved, more than elsewhere: {', '.join(moves)}; the outcome may follow from it"
    known = f"nothing else seen moved with the start (tested: {', '.join(tested)})"
    if least > ALPHA:
        known = f"with so few units no other cause can be ruled out either (looked at: {', '.join(tested)})"
    return f"{known}; {unseen}"


def _words(row: pd.Series) -> str:
    value = f" {row['value']!r}" if row["value"] else ""
    unit = "in logarithms" if row["column"] == ANSWERS else "of 1"
    return f"{row['column']}{value} ({row['estimate']:+.2f} {unit})"


def few_whole(table: pd.DataFrame) -> pd.Series:
    """Return rows in which a share went over by half or more: with few units no p is small enough to say so."""
    return (table["column"] != ANSWERS) & (table["estimate"].abs() >= 0.5)
