"""What is odd about the times of a log: journeys under way when it begins, dates before everything, clocks changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import bdtrc

from cxlab.data.small_cells import SMALL
from cxlab.models.journeys.event_log import EventLog

EARLY = 0.05
"""Share of the time of a log that is its beginning."""
USUAL, SEEN = 0.8, 1e-4
"""Share of the later journeys that begin alike; p below which more at the beginning do not is no chance."""
FAR = 10
"""So many times the length of a log (1 to 99 %) before it a time stands for a missing one."""


LATE = 84_006
"""Days from 1970 to 2200: a time after it stands for a missing one."""

NIGHT = 4 / 24
"""Of a day: the hours from midnight in which clocks are changed."""
SHORT = 0.5
"""Days below which an hour of a wait matters."""


def day(days: float) -> str:
    """Return the day that lies so many days after 1970, of any year of the calendar.

    >>> day(20_000.5), day(2_932_896)
    ('2024-10-04', '9999-12-31')
    """
    return str(np.datetime64(int(days // 1), "D"))


def changed(first: float, last: float) -> list[int]:
    """Return the days since 1970, of those from ``first`` to ``last``, on which clocks change in Europe or America.

    >>> [str(pd.Timestamp(d, unit="D").date()) for d in changed(20_088, 20_452)]
    ['2025-03-09', '2025-03-30', '2025-10-26', '2025-11-02']
    """
    if min(first, last) >= LATE:
        return []
    first, last = max(first, -LATE), min(last, LATE)
    sundays = pd.date_range(pd.Timestamp(int(first), unit="D"), pd.Timestamp(int(last), unit="D"), freq="W-SUN")
    month, day = sundays.month, sundays.day
    europe = ((month == 3) | (month == 10)) & (day > 24)
    america = (month == 3) & (day > 7) & (day < 15) | (month == 11) & (day < 8)
    return [int(d) for d in (sundays[europe | america] - pd.Timestamp(0)).days]


def clocks(log: EventLog, first: float, last: float) -> list[str]:
    """Return what is to be said of short waits over a night in which clocks change, where times have no zone."""
    time = log.study.codebook.role("time")[0]
    zoned = any("in UTC" in n and f"'{time}'" in n for n in log.study.codebook.notes)
    days = [] if zoned else changed(first, last)
    if not days:
        return []
    over = [f"(t < {d + NIGHT:.6f}e0 AND t + wait > {d}e0)" for d in days]
    sums = ", ".join(f"count(*) FILTER {x} AS d{d}" for x, d in zip((f"(WHERE {x})" for x in over), days, strict=True))
    met = log.ask(f"SELECT {sums} FROM o WHERE wait < {SHORT}e0").iloc[0]
    if not (many := int(met.sum())):
        return []
    nights = ", ".join(f"{pd.Timestamp(d, unit='D'):%Y-%m-%d}" for d in days if met[f"d{d}"])
    waits = f"{many:,} waits of less than half a day lie" if many > 1 else "1 wait of less than half a day lies"
    what = "these waits are" if many > 1 else "this wait is"
    return [
        f"{waits} over a night in which clocks change ({nights}), and the times have no zone: if they are local times, "
        f"{what} an hour off, and in autumn events of the hour that comes twice may stand in the wrong order; give "
        "times with their zone"
    ]


def begun_before(log: EventLog) -> list[str]:
    """Return what is to be said of the beginning of a log.

    Journeys that begin in its first twentieth with another event than nearly all later ones were under way already:
    their waits and their first steps are those of the middle. Times ten lengths of the log before it are no times.
    """
    dated = "epoch" in log.days
    ends = log.ask(
        "SELECT min(t) AS first, quantile_cont(t, .01) AS a, quantile_cont(t, .99) AS b, max(t) AS last FROM o"
    ).iloc[0]
    length, notes = float(ends["b"] - ends["a"]), []
    if length > 0 and ends["a"] - ends["first"] > FAR * length:
        edge = float(ends["a"]) - FAR * length
        many = int(log.ask(f"SELECT count(*) AS n FROM o WHERE t < {edge}").iloc[0, 0])
        what = day(float(ends["first"])) if dated else f"{ends['first']:g}"
        notes.append(
            f"{many:,} events lie at {what} or so, {FAR} times the length of the log before it: a time that stands for "
            "a missing one? declare it as missing"
        )
    if dated and ends["last"] > LATE:
        many = int(log.ask(f"SELECT count(*) AS n FROM o WHERE t > {LATE}").iloc[0, 0])
        lie, last = "s lie" if many > 1 else " lies", day(float(ends["last"]))
        notes.append(
            f"{many:,} event{lie} after the year 2200 (the last at {last}): a time that stands for a missing one? "
            "declare it as missing"
        )
    if dated and length > 0:
        notes += clocks(log, float(ends["first"] if not notes else ends["a"]), float(ends["last"]))
    firsts = log.ask("SELECT e, t AS s FROM o WHERE place = 1")
    span = float(ends["b"] - ends["a"])
    early = firsts["s"] <= float(ends["a"]) + EARLY * span
    later = firsts.loc[~early, "e"]
    if early.sum() < 10 or len(later) < 100:
        return notes
    usual, share = later.value_counts().index[0], float(later.value_counts(normalize=True).iloc[0])
    odd = int((firsts.loc[early, "e"] != usual).sum())
    if share >= USUAL and odd >= SMALL and bdtrc(odd - 1, int(early.sum()), 1 - share) < SEEN:
        notes.append(
            f"{odd:,} of the {int(early.sum()):,} cases of the first {EARLY:.0%} of the log do not begin with "
            f"'{usual}', as {share:.0%} of the later ones do: they were under way when the log began, and what they "
            "did before is missing; leave them out with study.where, or begin later"
        )
    return notes
