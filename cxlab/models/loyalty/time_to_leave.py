"""`survival`: how long customers stay, by group, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.spells import Spells, joint, spells
from cxlab.models.metrics.estimates import By, listed
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.survival import logrank
from cxlab.stats.survival.time_curves import Curves, curves, loglog, under_way

POINTS = 200
"""Points of a drawn curve at most."""
FIGURES = ("estimate", "low", "high", "se")


@public
def survival(
    study: Study,
    *,
    time: str,
    event: str | None = None,
    by: By = None,
    entry: str | None = None,
    ends: object = None,
    at: Sequence[float] = (),
    horizon: float | None = None,
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:  # fmt: skip
    """Return the share of customers still there over time (Kaplan-Meier), or with several ends how many ended by each.

    One scan counts spells by time, end and group; everything is computed from these counts, so rows cost nothing more.

    Parameters
    ----------
    time : how long a customer has been seen: until the end, or until the data stop. From 0.
    event : how it stands then: 1 or True for who left, 0 for who is still there; default: the outcome with measure
        'churn'. Other codes or words need ``ends``.
    by : segment column(s) that form groups.
    entry : since when a customer has been watched, on the same clock (delayed entry): who had left before is not seen.
    ends : the answer(s) of ``event`` that mean the end. Several are competing ends: the estimate is the share that has
        ended by each (cumulative incidence; treating the others as lost would overstate it).
    at : times to report; default four, up to ``horizon``.
    horizon : end of the restricted mean; default the last time at which every group still has ``least_n`` under way.
    least_n : smaller groups are counted but not estimated.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result in shares, one row a group (and end) and time: ``*by, end, at, estimate, low, high, se, at_risk, n``.
    ``parts``: ``curve`` (for drawing), ``medians``, ``means`` (restricted to the horizon), ``differences`` (of shares
    and of restricted means, unadjusted), ``test`` (log-rank: ``statistic, df, p`` by end).

    Raises
    ------
    DataProblem : a column is not there, no group has enough answers, or ``at`` or ``horizon`` lies beyond what
        was seen.

    Notes
    -----
    Intervals by log(-log); medians by inverting them. A simple sample has Greenwood's (Aalen's) variance; weights,
    clusters and strata that of the influence of every spell. Who is lost must be like who stays.

    References
    ----------
    Kaplan & Meier (1958), doi:10.1080/01621459.1958.10501452; Aalen & Johansen (1978); Royston & Parmar (2013),
    doi:10.1186/1471-2288-13-152; Lin & Wei (1989), doi:10.1080/01621459.1989.10478874.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"months": [1, 2, 2, 3] * 5, "left": [1, 1, 0, 0] * 5})
    >>> found = cx.survival(cx.load(table), time="months", event="left", at=[1, 2])
    >>> found.table["estimate"].tolist(), found.parts["medians"]["estimate"].tolist()
    ([0.75, 0.5], [2.0])
    """
    groups = listed(by)
    data = spells(study, time, event, by=groups, entry=entry, ends=ends)
    size = np.bincount(data.group, data.n, len(data.groups)).astype(int)
    hide = small_cells.hidden(data.groups.assign(n=size), least_n, list(data.groups))
    shown = [g for g in range(len(size)) if not hide[g]]
    own = {g: _curves(data, g) for g in shown}
    until = _horizon(data, shown, horizon, least_n)
    times = _times(at, until, whole=bool((data.time % 1 == 0).all()))
    numbers = _numbers(data, own, times, until)
    v, df = _covariance(study, data, numbers)
    table = _table(data, numbers, v, size, level)
    means = _means(data, numbers, v, df, size, level)
    tests = _tests(study, data, shown)
    drawn = _drawn(study, data, own, level)
    medians = _medians(data, own, drawn, level)
    differences = _differences(data, numbers, v, df, level)
    rest = data.groups.assign(n=small_cells.sizes(pd.Series(size), hide, least_n))[hide]
    table = pd.concat([table, rest], ignore_index=True) if len(rest) else table
    what = "How it ended" if len(data.ends) > 1 else "Share still there"
    title = f"{what} over time ({study.field(time).label})"
    said = small_cells.said(size, hide, least_n) if hide.any() else []
    return Result(
        "survival", title + (f" by {study.codebook.label(*groups)}" if groups else ""), table, "share", level,
        _method(data, entry), (*data.notes, *said, *_said(data, own, tests)),
        {"curve": drawn, "medians": medians, "means": means, "differences": differences, "test": tests,
         "horizon": until, "time": study.field(time).label, "unit": study.field(time).unit, "by": list(data.groups),
         "ends": list(data.ends)},
        columns=clock(table),
        better="up" if len(data.ends) == 1 else "none",
    )  # fmt: skip


def clock(table: pd.DataFrame, *counts: str) -> tuple[Column, ...]:
    """Return what the columns of a table over time are: ``at`` a time, ``at_risk`` and ``counts`` how many."""
    whole = "at" in table and (table["at"].dropna() % 1 == 0).all()
    return (Column("at", "count" if whole else "number", "", "At"), Column("at_risk", "count", "", "Under way"),
            *(Column(c, "count") for c in counts))  # fmt: skip


def _cut(a: NDArray | None, mine: NDArray) -> NDArray | None:
    return None if a is None else a[mine]


def _curves(data: Spells, g: int) -> Curves:
    mine = data.group == g
    s = data.sample
    return curves(
        data.time[mine], data.cause[mine], s.n[mine], s.w[mine], _cut(data.entry, mine), causes=len(data.ends)
    )


def _horizon(data: Spells, shown: list[int], horizon: float | None, least: int) -> float:
    """The end of the restricted mean: as given, or the last time at which all groups have enough under way."""
    if not shown:
        raise DataProblem(
            f"every group has fewer than {least} answers; least_n=0 shows them, coarser groups are better"
        )
    last = min(float(data.time[data.group == g].max()) for g in shown)
    if horizon is not None:
        if not 0 < horizon <= last:
            raise DataProblem(
                f"horizon is {horizon:g}; allowed: above 0 and at most {last:g}, the last time that every group is seen"
            )
        return float(horizon)
    out = np.inf
    for g in shown:
        mine = data.group == g
        moments = np.unique(data.time[mine])
        left = under_way(data.time[mine], data.n[mine], moments, _cut(data.entry, mine))
        enough = moments[left >= max(least, 1)]
        out = min(out, float(enough[-1]) if len(enough) else float(moments[-1]))
    return out if out > 0 else last


def _times(at: Sequence[float], until: float, *, whole: bool) -> list[float]:
    given = [at] if isinstance(at, (int, float)) else list(at)
    if any(not isinstance(t, (int, float, np.number)) or not t >= 0 for t in given):
        raise DataProblem(f"at is {given}; allowed: times from 0, e.g. at=[12, 24]")
    quarters = sorted({until * k / 4 for k in (1, 2, 3, 4)})
    quarters = sorted({float(round(t)) for t in quarters} - {0.0}) if whole and until >= 4 else quarters
    return [float(t) for t in given] or quarters


def _numbers(data: Spells, own: dict[int, Curves], times: list[float], until: float) -> list[dict]:
    """Every number of the result with its jumps: shares at times, then restricted means, group by group."""
    causes = [None] if len(data.ends) == 1 else [*range(len(data.ends)), None]
    out = []
    for g, c in own.items():
        for cause in causes:
            for t in times:
                out.append({"g": g, "cause": cause, "at": t, "value": c.share(t, cause), "jump": c.jump(t, cause)})
        out.append(
            {"g": g, "cause": "mean", "at": until, "value": c.restricted_mean(until), "jump": c.jump_of_mean(until)}
        )
    for row in out:
        row["curve"] = own[row["g"]]
        row["gone"] = row["at"] > row["curve"].last
    return out


def _influence(data: Spells, row: dict) -> NDArray:
    """The influence of one spell of every row of the data on one number (0 outside its group)."""
    mine = data.group == row["g"]
    out = np.zeros(len(data.time))
    out[mine] = row["curve"].influence(row["jump"], data.time[mine], data.cause[mine], _cut(data.entry, mine))
    return out


def _covariance(study: Study, data: Spells, numbers: list[dict]) -> tuple[NDArray, float]:
    """The joint covariance of all numbers; groups of a simple sample are independent."""
    if data.simple:
        v = np.zeros((len(numbers), len(numbers)))
        group = np.array([row["g"] for row in numbers])
        for g in np.unique(group):
            mine = np.flatnonzero(group == g)
            jumps = np.stack([numbers[k]["jump"] for k in mine])
            v[np.ix_(mine, mine)] = numbers[mine[0]]["curve"].covariance(jumps)
        return v, np.inf
    u = np.column_stack([_influence(data, row) for row in numbers])
    return joint(study, data.sample, u)


def _kish(data: Spells, mine: NDArray) -> float:
    s = data.sample
    w = s.w[mine]
    return float((s.n[mine] @ w) ** 2 / (s.n[mine] @ w**2) / s.n[mine].sum())


def _table(data: Spells, numbers: list[dict], v: NDArray, size: NDArray, level: float) -> pd.DataFrame:
    rows = []
    for k, row in enumerate(numbers):
        if row["cause"] == "mean":
            continue
        mine = data.group == row["g"]
        left = under_way(data.time[mine], data.n[mine], np.array([row["at"]]), _cut(data.entry, mine))[0]
        value = np.nan if row["gone"] else row["value"]
        se = float(np.sqrt(max(v[k, k], 0.0)))
        none = value in (0.0, 1.0) and row["cause"] is None and value == 0
        low, high = loglog(np.array([value]), np.array([se]), np.array([left * _kish(data, mine)]), level)
        se = np.nan if none or row["gone"] else se
        end = {} if len(data.ends) == 1 else {"end": "still there" if row["cause"] is None else data.ends[row["cause"]]}
        rows.append({
            **data.groups.iloc[row["g"]].to_dict(), **end, "at": row["at"], "estimate": value, "low": low[0],
            "high": high[0], "se": se, "at_risk": int(left), "n": int(size[row["g"]]),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _means(data: Spells, numbers: list[dict], v: NDArray, df: float, size: NDArray, level: float) -> pd.DataFrame:
    half = float(t_value(level, df))
    rows = []
    for k, row in enumerate(numbers):
        if row["cause"] == "mean":
            m, se = row["value"], float(np.sqrt(max(v[k, k], 0.0)))
            rows.append({**data.groups.iloc[row["g"]].to_dict(), "until": row["at"], "estimate": m,
                         "low": m - half * se, "high": m + half * se, "se": se, "n": int(size[row["g"]])})  # fmt: skip
    return pd.DataFrame(rows)


def _differences(data: Spells, numbers: list[dict], v: NDArray, df: float, level: float) -> pd.DataFrame:
    """Differences between groups of the share still there at each time and of the restricted mean."""
    half, rows = float(t_value(level, df)), []
    name = lambda g: ", ".join(map(str, data.groups.iloc[g]))  # noqa: E731
    for (i, a), (j, b) in combinations(enumerate(numbers), 2):
        if a["g"] == b["g"] or a["cause"] != b["cause"] or a["at"] != b["at"] or a["gone"] or b["gone"]:
            continue
        of = "mean" if a["cause"] == "mean" else "still there" if a["cause"] is None else data.ends[a["cause"]]
        value, se = a["value"] - b["value"], float(np.sqrt(max(v[i, i] + v[j, j] - 2 * v[i, j], 0.0)))
        rows.append({"group": name(a["g"]), "against": name(b["g"]), "of": of, "at": a["at"], "estimate": value,
                     "low": value - half * se, "high": value + half * se, "se": se})  # fmt: skip
    return pd.DataFrame(rows, columns=["group", "against", "of", "at", "estimate", "low", "high", "se"])


def _tests(study: Study, data: Spells, shown: list[int]) -> pd.DataFrame:
    """The log-rank test by end (cause-specific)."""
    rows = []
    keep = np.isin(data.group, shown)
    group = np.searchsorted(shown, data.group[keep])
    s, t, e = data.sample.keep(keep), data.time[keep], _cut(data.entry, keep)
    for c, end in enumerate(data.ends):
        ended = data.cause[keep] == c + 1
        if len(shown) < 2 or not ended.any():
            continue
        times, risk, ends = logrank.stacked(t, ended, group, s.n * s.w, e)
        u, v = logrank.scores(risk, ends)
        if not data.simple:
            v = joint(study, s, logrank.influence(times, risk, ends, t, ended, group, e))[0]
        value, df, p = logrank.test(u, v)
        rows.append({"end": end, "statistic": value, "df": df, "p": p})
    return pd.DataFrame(rows, columns=["end", "statistic", "df", "p"])


def _drawn(study: Study, data: Spells, own: dict[int, Curves], level: float) -> pd.DataFrame:
    """The curves with their bands, at most `POINTS` times each."""
    rows = []
    causes = [None] if len(data.ends) == 1 else list(range(len(data.ends)))
    for g, c in own.items():
        mine = data.group == g
        pick = (
            np.unique(np.linspace(0, len(c.times) - 1, min(POINTS, len(c.times))).astype(int)) if len(c.times) else []
        )
        for cause in causes:
            here = [{"g": g, "curve": c, "jump": c.jump(t, cause), "at": t} for t in c.times[pick]]
            if data.simple:
                var = np.array([c.variance(r["jump"]) for r in here])
            else:
                var = np.array([joint(study, data.sample, _influence(data, r)[:, None])[0][0, 0] for r in here])
            value = np.array([c.share(r["at"], cause) for r in here])
            left = under_way(data.time[mine], data.n[mine], c.times[pick], _cut(data.entry, mine))
            low, high = loglog(value, np.sqrt(np.fmax(var, 0)), left * _kish(data, mine), level)
            end = data.ends[0 if cause is None else cause]
            rows += [{**data.groups.iloc[g].to_dict(), "line": g, "end": end, "at": r["at"], "estimate": x, "low": lo,
                      "high": hi, "at_risk": int(k)}
                     for r, x, lo, hi, k in zip(here, value, low, high, left, strict=True)]  # fmt: skip
            rows.append({**data.groups.iloc[g].to_dict(), "line": g, "end": end, "at": c.last,
                         "estimate": c.share(c.last, cause), "low": low[-1] if len(low) else np.nan,
                         "high": high[-1] if len(high) else np.nan, "at_risk": 0})  # fmt: skip
    return pd.DataFrame(rows)


def _medians(data: Spells, own: dict[int, Curves], drawn: pd.DataFrame, level: float) -> pd.DataFrame:
    """Median times, their intervals where the band of the curve crosses one half."""
    rows = []
    for g, c in own.items():
        low = high = np.nan
        if len(data.ends) == 1:
            band = drawn[(drawn["line"] == g)].iloc[:-1]
            low, high = (_first(band["at"], band[end]) for end in ("low", "high"))
        rows.append({**data.groups.iloc[g].to_dict(), "estimate": c.quantile(0.5), "low": low, "high": high,
                     "n": int(data.n[data.group == g].sum())})  # fmt: skip
    return pd.DataFrame(rows)


def _first(at: pd.Series, band: pd.Series) -> float:
    under = np.flatnonzero(band.to_numpy() <= 0.5)
    return float(at.iloc[under[0]]) if len(under) else float("nan")


def _method(data: Spells, entry: str | None) -> str:
    base = "Kaplan-Meier" if len(data.ends) == 1 else "cumulative incidence (Aalen-Johansen), ends competing"
    errors = "Greenwood's errors" if data.simple else "errors from the influence of every spell under the design"
    return f"{base} from counts by time; {errors}; intervals by log(-log)" + ("; delayed entry" if entry else "")


def _said(data: Spells, own: dict[int, Curves], tests: pd.DataFrame) -> list[str]:
    out = []
    for r in tests.itertuples():
        what = "leave at the same pace" if len(data.ends) == 1 else f"have the same hazard of '{r.end}'"
        p = "p < 0.001" if r.p < 0.001 else f"p = {r.p:.3f}"
        out.append(f"that the groups {what}: log-rank {r.statistic:.1f} on {r.df} degrees of freedom, {p}")
    if len(own) > 1:
        out.append("groups differ in more than this column; nothing is adjusted for")
    if all(np.isnan(c.quantile(0.5)) for c in own.values()):
        out.append("fewer than half have left in every group: there is no median, the restricted mean says more")
    if all((c.after[-1] if len(c.after) else 1) == 0 for c in own.values()):
        out.append("everybody has left by the last time")
    out.append("assumes that those no longer seen would have stayed as long as those who are")
    return out
