"""`closing`: how long it takes until somebody has acted, where what is still open is not left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.loop.ticket_times import Tickets, tickets_of
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics.result_words import labelled
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts import names
from cxlab.stats.counts.names import key
from cxlab.stats.inference.influences import covariance
from cxlab.stats.survival.time_curves import Curves, curves, loglog

OWN = ("estimate", "low", "high", "within", "within_low", "within_high", "open", "n")
COLUMNS = (
    Column("estimate", "estimate", "", "Median days until closed"),
    Column("within", "share", "", "Closed when due"),
    Column("within_low", "bound", "share", "Closed when due, low"),
    Column("within_high", "bound", "share", "Closed when due, high"),
    Column("open", "share", "", "Still open"),
)


@public
def closing(
    study: Study,
    *,
    opened: str = "",
    closed: str = "",
    ends: str | Sequence[str] = (),
    by: str | None = None,
    due: float = 2.0,
    least_n: int = metrics.SMALL,
    level: float = 0.95,
) -> Result:
    """Return how long tickets stay open (Kaplan-Meier), and which share is closed when due.

    A ticket that is still open has been open at least until the last moment in the data; the mean of closed ones alone
    leaves just the slow ones out.

    Parameters
    ----------
    study : a row a ticket, or an event log (columns of the roles 'case', 'event' and 'time').
    opened, closed : columns of times; ``closed`` is empty where the ticket is open. An export whose recipe names them
        needs no word.
    ends : events that close a ticket, in a log. It is opened with its first event and closed with the first of these;
        one that begins with its end began before the log, and does not count.
    by : column of owners, teams, ...; in a log its value when the ticket was closed, else the last one.
    due : days within which a ticket should be closed.
    least_n : groups with fewer tickets are not shown.
    level : of confidence.

    Returns
    -------
    Result in days: ``*by, estimate`` (median until closed) with ``low, high``, ``within`` (share closed when due) with
    ``within_low, within_high``, ``open`` (share still open), ``n``. A median that was never reached is nan.

    Raises
    ------
    DataProblem : no such column or event, nothing that says when tickets were closed, no time in a column, closed
        before opened, all begin with their end, or due not above 0.

    References
    ----------
    Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. Journal of the American
        Statistical Association 53, 457-481. doi:10.1080/01621459.1958.10501452

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> start = pd.Timestamp("2025-01-01")
    >>> stop = [start + pd.Timedelta(days=d) for d in range(1, 11)]
    >>> table = pd.DataFrame({"opened": [start] * 20, "closed": stop * 2})
    >>> found = cx.closing(cx.load(table), opened="opened", closed="closed", due=3).table
    >>> found[["estimate", "within"]].iloc[0].round(3).tolist()
    [5.5, 0.3]
    """
    metrics.check_level(level)
    if not (np.isfinite(due) and due > 0):
        raise DataProblem(f"due is {due!r}; it is a number of days above 0")
    found = tickets_of(study, opened, closed, ends, by)
    time, ended = found.days, found.ended
    code, called = pd.factorize(pd.Series(found.group, dtype=object), use_na_sentinel=True)
    hide, told = _small(study, found, by, called, np.bincount(code[code >= 0], minlength=len(called)), least_n)
    cut = lambda a, rows: None if a is None else a[rows]  # noqa: E731
    rows = []
    for k, name in enumerate(called):
        mine = code == k
        if hide[k]:
            continue
        design = (found.w[mine], cut(found.cluster, mine), cut(found.strata, mine))
        rows.append((name, *_row(time[mine], ended[mine], *design, due, level), int(mine.sum())))
    if not rows:
        lost = "".join(f" ({n})" for n in found.notes if "begin with an end" in n)
        more = "give a log that begins when they were opened, or " * bool(lost)
        raise DataProblem(
            f"no group of {study.name} has {least_n} tickets{lost}; {more}least_n=0 shows them all the same"
        )
    table = pd.DataFrame(rows, columns=["by", *OWN])
    if by:
        table["by"] = labelled(study, by, table["by"])
        table = table.rename(columns={"by": names.shown([by], OWN)[0]})
    else:
        table = table.drop(columns="by")
    notes = list(dict.fromkeys([*study.caveats, *found.notes]))
    notes += [
        f"{int((~ended).sum()):,} of {len(ended):,} tickets are open: they count until the last moment in the data"
    ]
    notes += told
    notes += (
        [f"{int((code < 0).sum()):,} tickets without {study.field(by).label} do not count"]
        if by and (code < 0).any()
        else []
    )
    method = "Kaplan-Meier, open tickets censored; intervals by log(-log)"
    title = f"Time until closed, due in {due:g} days" + (f" by {study.field(by).label}" if by else "")
    return Result(
        "closing", title, table, "", level, method, tuple(notes), {"due": due, "by": by}, COLUMNS, better="down"
    )


def _small(
    study: Study, found: Tickets, by: str | None, called: Sequence, n: NDArray, least_n: int
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which groups are not shown, and what is said of them."""
    if by:
        table = pd.DataFrame({key(by): list(called), "n": n})
        return small_cells.gone(study, found.counted, [by], table, least_n, unit=found.unit)
    small_cells.refuse_part(study, [found.counted], least_n, unit=found.unit)
    return n < least_n, []


def _row(
    time: NDArray, ended: NDArray, w: NDArray, cluster: NDArray | None, strata: NDArray | None, due: float, level: float
) -> tuple[float, ...]:
    n = np.ones(len(time))
    found = curves(time, ended.astype(int), n, w)
    simple = cluster is None and strata is None and bool((w == w[0]).all())
    size = np.full(1, w.sum() ** 2 / (w @ w))
    left, seen = found.share(due), due <= found.last or not (found.after.size and found.after[-1] > 0)
    low, high = loglog(
        np.array([left]), np.array([_error(found, due, time, ended, w, cluster, strata, simple)]), size, level
    )
    within = (1 - left, 1 - float(high[0]), 1 - float(low[0])) if seen else (np.nan, np.nan, np.nan)
    return (*_median(found, time, ended, w, cluster, strata, simple, level), *within, float(w @ ~ended / w.sum()))


def _error(
    found: Curves, at: float, time: NDArray, ended: NDArray, w: NDArray, cluster: NDArray | None,
    strata: NDArray | None, simple: bool,
) -> float:  # fmt: skip
    jump = found.jump(at)
    if simple:
        return float(np.sqrt(found.variance(jump)))
    u = found.influence(jump, time, ended.astype(int)) * w
    return float(np.sqrt(covariance(u[:, None], np.ones(len(time)), cluster, strata)[0][0, 0]))


def _median(
    found: Curves, time: NDArray, ended: NDArray, w: NDArray, cluster: NDArray | None, strata: NDArray | None,
    simple: bool, level: float,
) -> tuple[float, float, float]:  # fmt: skip
    """The median and the times at which the limits of the curve pass one half (Brookmeyer & Crowley 1982)."""
    middle, at = found.quantile(0.5), found.times
    if len(at) > 400:  # the limits are looked for at so many times at most
        at = at[np.unique(np.linspace(0, len(at) - 1, 400).astype(int))]
    share = np.array([found.share(t) for t in at])
    se = np.array([_error(found, t, time, ended, w, cluster, strata, simple) for t in at])
    low, high = loglog(share, se, np.full(len(at), w.sum() ** 2 / (w @ w)), level)
    first = lambda below: float(at[below.argmax()]) if below.any() else np.nan  # noqa: E731
    return middle, first(low <= 0.5), first(high <= 0.5)
