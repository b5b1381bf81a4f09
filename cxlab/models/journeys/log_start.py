"""What was under way when a log begins: journeys whose beginning is missing, and dates that lie before everything."""

from __future__ import annotations

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


def begun_before(log: EventLog) -> list[str]:
    """Return what is to be said of the beginning of a log.

    Journeys that begin in its first twentieth with another event than nearly all later ones were under way already:
    their waits and their first steps are those of the middle. Times ten lengths of the log before it are no times.
    """
    dated = "epoch" in log.days
    ends = log.ask("SELECT min(t) AS first, quantile_cont(t, .01) AS a, quantile_cont(t, .99) AS b FROM o").iloc[0]
    length, notes = float(ends["b"] - ends["a"]), []
    if length > 0 and ends["a"] - ends["first"] > FAR * length:
        edge = float(ends["a"]) - FAR * length
        many = int(log.ask(f"SELECT count(*) AS n FROM o WHERE t < {edge}").iloc[0, 0])
        what = f"{pd.Timestamp(ends['first'], unit='D'):%Y-%m-%d}" if dated else f"{ends['first']:g}"
        notes.append(
            f"{many:,} events lie at {what} or so, {FAR} times the length of the log before it: a time that stands for "
            "a missing one? declare it as missing"
        )
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
