"""`handoffs`: how often a case changes hands or channel, how often it comes back, and what goes with each change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.journeys.cases import Cases, cases
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import scores
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.robust import least_squares
from cxlab.stats.inference import proportions
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.influences import covariance

GROUPS = ((0, 0, "0"), (1, 1, "1"), (2, 2, "2"), (3, 4, "3 to 4"), (5, np.inf, "5 or more"))
GIVEN = ("events", "days")
COLUMNS = (
    Column("switches", "label", "", "Handoffs"),
    Column("share", "share", "", "Cases"),
    Column("share_low", "bound", "share", "Cases, low"),
    Column("share_high", "bound", "share", "Cases, high"),
)


@public
def handoffs(
    study: Study,
    outcome: str | None = None,
    *,
    of: str = "owner",
    given: Sequence[str] = ("events",),
    least_n: int = metrics.SMALL,
    level: float = 0.95,
) -> Result:
    """Return the cases by how often they changed hands, and what goes with one handoff more.

    A handoff is an event whose owner (or channel) is another one than at the last event that had one. Long cases have
    more handoffs and are worse for other reasons: the slope of one handoff is given raw and with ``given`` held fixed,
    and only the second speaks of handoffs at all. Neither is an effect: difficult cases are handed on.

    Parameters
    ----------
    study : a row an event, with columns of the roles 'case', 'event' and 'time'.
    outcome : a score of the case; default: the first outcome of satisfaction, else the days from first to last event.
    of : 'owner', 'channel' or a column: what changes.
    given : what is held fixed: 'events' (their number), 'days'; () for nothing.
    least_n : groups with fewer cases, and those that would tell them, are not shown.
    level : of confidence.

    Returns
    -------
    Result: ``switches`` (0, 1, 2, 3 to 4, 5 or more), ``share`` of the cases with its interval, ``estimate`` (mean
    outcome, or median days), ``low, high, n``. ``parts``: ``slopes`` (what goes with one handoff more, raw and held
    fixed: estimate, low, high), ``with_handoff``, ``returning`` (share of the cases that came back to one they had
    before), ``total`` (handoffs in all).

    Raises
    ------
    DataProblem : a role is missing, no column of that role, fewer than 30 cases with an outcome.

    References
    ----------
    Woodruff, R. S. (1952). Confidence intervals for medians and other position measures. Journal of the American
        Statistical Association 47, 635-646. doi:10.1080/01621459.1952.10483443

    Examples
    --------
    >>> import cxlab as cx
    >>> result = cx.handoffs(cx.simulate_events(400, seed=2))
    >>> result.table["switches"].tolist()[0], int(result.table["n"].sum())
    ('0', 400)
    """
    metrics.check_level(level)
    wrong = [g for g in given if g not in GIVEN]
    if wrong:
        raise DataProblem(f"given is {', '.join(wrong)}; allowed: {', '.join(GIVEN)}")
    holder = _holder(study, of)
    y = outcome or next(iter(study.codebook.role("outcome", measure="satisfaction")), None)
    if y:
        scores.average(study, [y], [])
    found = cases(study, y, of=holder)
    case = study.codebook.role("case")[0]
    small_cells.refuse_part(study, [case], least_n, unit=case)
    table = _groups(found, y, level)
    figures = ["share", "share_low", "share_high", "estimate", "low", "high"]
    table, told = small_cells.blanked(table, least_n, figures, ["switches"])
    slopes = _slopes(found, y, tuple(given), level)
    t, w = found.table, found.weight
    some, back = float(w @ (t["switches"] > 0) / w.sum()), float(w @ (t["returns"] > 0) / w.sum())
    what = study.field(holder).label
    notes = (
        *found.log.notes,
        f"{some:.1%} of the cases change {what} at least once, {back:.1%} come back to one they had before",
        *told,
        *_said(slopes, given, study.field(y).label if y else "days"),
        *_exposed(found, slopes, what, least_n),
        "difficult cases are handed on: what goes with a handoff need not come from it",
    )
    return Result(
        "handoffs",
        f"Changes of {what} and " + (study.field(y).label if y else "how long a case takes"),
        table,
        "mean" if y else "",
        level,
        "shares: Wilson; "
        + ("means: Student's t" if y else "median days: Woodruff")
        + "; slopes: least squares, errors robust to unequal variance and clusters",
        notes,
        {
            "slopes": slopes, "with_handoff": some, "returning": back, "total": int(t["switches"].sum()),
            "cases_with": int((t["switches"] > 0).sum()), "cases_returning": int((t["returns"] > 0).sum()),
            "of": holder, "outcome": y,
        },
        better="up" if y else "down",
        columns=(*COLUMNS, Column("estimate", "estimate", "mean" if y else "", "Mean" if y else "Median days")),
    )  # fmt: skip


def _holder(study: Study, of: str) -> str:
    if of in study.columns:
        return of
    found = study.codebook.role(of) if of in ("owner", "channel") else ()
    if not found:
        raise DataProblem(
            f"handoffs of '{of}': {study.name} has no column of that name or role; give of= a column, or say "
            "study.set('COLUMN', role='owner')"
        )
    if len(found) > 1:
        raise DataProblem(
            f"handoffs of '{of}': {study.name} has {len(found)} columns of that role ({', '.join(found)}); name the "
            "one that is meant: of='COLUMN'"
        )
    return found[0]


def _groups(found: Cases, y: str | None, level: float) -> pd.DataFrame:
    t, w = found.table, found.weight
    k, rows = t["switches"].to_numpy(float), []
    value = t["y" if y else "days"].to_numpy(float)
    for low, high, name in GROUPS:
        mine = (k >= low) & (k <= high)
        if not mine.any():
            continue
        share, s_low, s_high = _share(found, mine, w, level)
        there = mine & np.isfinite(value)
        middle = _mean(found, value, there, level) if y else _median(value[there], w[there], level)
        rows.append((name, share, s_low, s_high, *middle, int(mine.sum())))
    columns = ["switches", "share", "share_low", "share_high", "estimate", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns)


def _share(found: Cases, mine: NDArray, w: NDArray, level: float) -> tuple[float, float, float]:
    p = float(w @ mine / w.sum())
    v, _ = covariance((w * (mine - p) / w.sum())[:, None], np.ones(len(w)), found.cluster, found.strata)
    n_eff = p * (1 - p) / v[0, 0] if v[0, 0] > 0 else float(len(w))
    low, high = proportions.wilson(p * n_eff, n_eff, level)
    return p, float(low), float(high)


def _mean(found: Cases, value: NDArray, there: NDArray, level: float) -> tuple[float, float, float]:
    if there.sum() < 2:
        return np.nan, np.nan, np.nan
    w = found.weight * there
    m = float(w @ np.where(there, value, 0.0) / w.sum())
    u = np.where(there, w * (value - m) / w.sum(), 0.0)
    v, df = covariance(u[:, None], np.ones(len(w)), found.cluster, found.strata)
    half = float(t_value(level, min(df, there.sum() - 1))) * float(np.sqrt(v[0, 0]))
    return m, m - half, m + half


def _median(x: NDArray, w: NDArray, level: float) -> tuple[float, float, float]:
    if not len(x):
        return np.nan, np.nan, np.nan
    order = np.argsort(x)
    at = (np.cumsum(w[order]) - w[order] / 2) / w.sum()
    half = float(t_value(level, max(len(x) - 1, 1))) * 0.5 * float(np.sqrt((w**2).sum()) / w.sum())
    read = lambda p: float(np.interp(p, at, x[order])) if 0 < p < 1 else np.nan  # noqa: E731
    return read(0.5), read(0.5 - half), read(0.5 + half)


def _slopes(found: Cases, y: str | None, given: tuple[str, ...], level: float) -> pd.DataFrame:
    t, rows = found.table, []
    value = t["y"].to_numpy(float) if y else np.log2(np.fmax(t["days"].to_numpy(float), 1 / 1440))
    kept = np.isfinite(value)
    if kept.sum() < 30:
        raise DataProblem(f"{int(kept.sum())} cases have an outcome; at least 30 are needed")
    part = lambda a: None if a is None else a[kept]  # noqa: E731
    for name, held in (("raw", ()), *((("held fixed", given),) if given else ())):
        columns = [np.ones(kept.sum()), t["switches"].to_numpy(float)[kept]]
        columns += [np.log2(1 + t[g].to_numpy(float)[kept]) for g in held]
        x = np.column_stack(columns)
        if np.linalg.matrix_rank(x) < x.shape[1]:
            rows.append((name, np.nan, np.nan, np.nan))
            continue
        fit = least_squares(x, value[kept], np.ones(kept.sum()), found.weight[kept], part(found.cluster))
        b, se, df = fit.contrast(np.eye(x.shape[1])[1])
        half = float(t_value(level, df)) * se
        rows.append((name, b, b - half, b + half))
    return pd.DataFrame(rows, columns=["slope", "estimate", "low", "high"])


def _exposed(found: Cases, slopes: pd.DataFrame, what: str, least_n: int) -> list[str]:
    """Say where what goes with changes goes with the number of events alone: who is met more often changes more."""
    if "held fixed" not in set(slopes["slope"]):
        return []
    raw, held = (slopes.set_index("slope").loc[k] for k in ("raw", "held fixed"))
    shown = raw["low"] > 0 or raw["high"] < 0
    kept = held["low"] > 0 and raw["low"] > 0 or held["high"] < 0 and raw["high"] < 0
    some = found.table["switches"].to_numpy(float) > 0
    if not shown or kept or not np.isfinite(held["estimate"]) or min(some.sum(), (~some).sum()) < max(least_n, 1):
        return []
    n, w = found.table["events"].to_numpy(float), found.weight
    more, less = (float(w[k] @ n[k] / w[k].sum()) for k in (some, ~some))
    other = held["high"] < 0 if raw["low"] > 0 else held["low"] > 0
    left = "it goes the other way" if other else "nothing is left that chance would not make"
    return [
        f"why they look different: cases that change {what} have {more:.1f} events on average, the others {less:.1f}. "
        f"Among cases with as many events {left}: it is more contact, not more {what}"
    ]


def _said(slopes: pd.DataFrame, given: Sequence[str], what: str) -> list[str]:
    unit = "doublings of the days" if what == "days" else f"in {what}"
    out = []
    for name, b, low, high in slopes.itertuples(index=False):
        held = f", {' and '.join(given)} held fixed" if name == "held fixed" else ", nothing held fixed"
        if not np.isfinite(b):
            out.append(f"what goes with one handoff more cannot be told from these cases{held}")
            continue
        out.append(f"one handoff more goes with {b:+.2f} [{low:+.2f}, {high:+.2f}] {unit}{held}")
    return out
