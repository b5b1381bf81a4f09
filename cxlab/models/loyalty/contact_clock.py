"""`contact_clock`: how long until customers have come back since a change, and so can have noticed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.purchase_days import day, purchase_days
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.survival.time_curves import Curves, curves, loglog, under_way

STEPS = {"days": 1, "weeks": 7}
ACTIVE = 91
"""Days before the change in which a customer must have had a contact to be waited for: a quarter."""
SHARES = (0.5, 0.9)


@public
def contact_clock(
    study: Study,
    *,
    customer: str,
    date: str,
    since: str,
    unit: str = "weeks",
    at: Sequence[float] = (),
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return the share of customers who have come back since a change, over time: nobody else can have noticed it.

    Parameters
    ----------
    customer, date : who had a contact (visit, purchase, call), and the day; one row a contact.
    since : the day of the change, "2025-06-30"; contacts after it count as the return.
    unit : 'days' or 'weeks'.
    at : times to report, in ``unit``; default 4, 8, 13, 26 and 39 weeks as far as the data reach.
    level : confidence of the intervals, between 0 and 1.
    least_n : customers needed.

    Returns
    -------
    Result in shares, one row a time: ``at, estimate`` (have come back), ``low, high, se, at_risk`` (not back yet),
    ``n``. ``parts``: ``clock`` (``t50, t90``: when half and 90 % are back, with intervals; nan where that is not
    reached), ``gap`` (median time between contacts that did follow each other: too short, for those who never came back
    are not in it), ``curve``.

    Raises
    ------
    DataProblem : a column is not there, nothing is seen after ``since``, too few customers were active, none came
        back, or ``at`` is beyond the data.

    Notes
    -----
    Customers with a contact in the 13 weeks up to the change. Kaplan-Meier of the time to their next contact. A score
    that moves only when people come back moves by no more than this share of its full change.

    References
    ----------
    Kaplan & Meier (1958), doi:10.1080/01621459.1958.10501452.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> first = pd.DataFrame({"who": range(20), "day": "2025-01-06"})
    >>> back = pd.DataFrame({"who": range(12), "day": ["2025-01-20"] * 8 + ["2025-02-17"] * 4})
    >>> last = pd.DataFrame({"who": [99], "day": ["2025-03-31"]})
    >>> study = cx.load(pd.concat([first, back, last], ignore_index=True))
    >>> found = cx.loyalty.contact_clock(study, customer="who", date="day", since="2025-01-13", at=[1, 5])
    >>> found.table["estimate"].round(2).tolist()
    [0.4, 0.6]
    """
    if unit not in STEPS:
        raise DataProblem(f"unit is {unit!r}; allowed: 'days', 'weeks'")
    start = day("since", since)
    bought, lost = purchase_days(study, customer, date)
    time, back, watched, gap = _waits(study, bought, start, STEPS[unit], least_n)
    c = curves(time, back.astype(int), np.ones(len(time)))
    marks = _marks(at, watched, unit)
    table = _shares(c, time, marks, level)
    grid = _shares(c, time, c.times, level)
    clock = pd.DataFrame([_reached(grid, q) for q in SHARES])
    notes = [*study.caveats, *([f"{lost:,} rows without customer or day do not count"] if lost else [])]
    notes += ["weights do not count: each customer is one"] if study.design.weight else []
    notes += _said(clock, gap, unit, watched)
    return Result(
        "contact_clock", f"Share of customers who have come back since {since}", table.assign(n=len(time)), "share",
        level, f"Kaplan-Meier of the time to the next contact, customers active in the 13 weeks up to {since}; "
        "Greenwood's errors, intervals by log(-log)", tuple(notes),
        {"clock": clock, "gap": gap, "curve": grid, "unit": unit, "watched": watched},
        (Column("at", "number", "", unit.capitalize()), Column("at_risk", "count", "", "Not back yet")), better="none",
    )  # fmt: skip


def _waits(
    study: Study, bought: pd.DataFrame, start: dt.date, step: int, least: int
) -> tuple[NDArray, NDArray, float, float]:
    """Time to the next contact, whether it came, how long all are watched, and the median gap between contacts."""
    from_, until = pd.Timestamp(start), bought["day"].max()
    if until <= from_:
        raise DataProblem(f"the last contact in {study.name} is {until:%Y-%m-%d}; nothing is seen after {start}")
    window = (bought["day"] <= from_) & (bought["day"] > from_ - pd.Timedelta(days=ACTIVE))
    active = pd.Index(bought.loc[window, "who"].unique())
    if len(active) < max(least, 2):
        raise DataProblem(f"{len(active)} customers of {study.name} had a contact in the 13 weeks up to {start}; "
                          f"{max(least, 2)} are needed")  # fmt: skip
    next_ = bought[bought["day"] > from_].groupby("who")["day"].min().reindex(active)
    back = next_.notna().to_numpy()
    if not back.any():
        raise DataProblem(f"none of {len(active):,} customers has come back after {start}: there is no clock yet")
    watched = (until - from_).days
    time = np.where(back, (next_ - from_).dt.days, watched).astype(float) / step
    ordered = bought.sort_values(["who", "day"])
    gaps = ordered.groupby("who")["day"].diff().dt.days.dropna()
    return time, back, watched / step, float(gaps.median()) / step if len(gaps) else float("nan")


def _marks(at: Sequence[float], watched: float, unit: str) -> list[float]:
    given = [at] if isinstance(at, (int, float)) else list(at)
    if any(not isinstance(t, (int, float, np.number)) or not 0 < t <= watched for t in given):
        raise DataProblem(f"at is {given}; allowed: times above 0 and at most {watched:g} {unit}, the end of the data")
    usual = [t * 7 / STEPS[unit] for t in (4, 8, 13, 26, 39)]
    return [float(t) for t in given] or [t for t in usual if t <= watched] or [watched]


def _shares(c: Curves, time: NDArray, at: Sequence[float] | NDArray, level: float) -> pd.DataFrame:
    at = np.asarray(at, float)
    stays = np.array([c.share(t) for t in at])
    se = np.sqrt([c.variance(c.jump(t)) for t in at])
    left = under_way(time, np.ones(len(time)), at)
    low, high = loglog(stays, se, left, level)
    return pd.DataFrame({"at": at, "estimate": 1 - stays, "low": 1 - high, "high": 1 - low, "se": se,
                         "at_risk": left.astype(int)})  # fmt: skip


def _reached(grid: pd.DataFrame, share: float) -> dict:
    """When ``share`` is back; the interval is where the band crosses it."""
    first = lambda c: float(grid["at"][grid[c] >= share].iloc[0]) if (grid[c] >= share).any() else np.nan  # noqa: E731
    return {"point": f"t{share * 100:.0f}", "share": share, "estimate": first("estimate"), "low": first("high"),
            "high": first("low")}  # fmt: skip


def _said(clock: pd.DataFrame, gap: float, unit: str, watched: float) -> list[str]:
    out = []
    for r in clock.itertuples():
        if np.isnan(r.estimate):
            out.append(f"{r.share:.0%} have not come back within the {watched:.3g} {unit} seen")
            continue
        end = f"to {r.high:.3g}" if np.isfinite(r.high) else "upward"
        out.append(f"{r.share:.0%} have come back after {r.estimate:.3g} {unit} ({r.low:.3g} {end})")
    out.append("a score that moves only when people come back has moved by at most this share of its full change")
    if np.isfinite(gap):
        out.append(f"the median gap between contacts that did follow each other is {gap:.3g} {unit}; whoever never "
                   "came back is not in it, so it promises too much")  # fmt: skip
    return out
