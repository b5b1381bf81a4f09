"""One row a case: how long it took, how many events, owners and handoffs, its score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.study import Study
from cxlab.models.journeys.event_log import EventLog, event_log


@dataclass(frozen=True)
class Cases:
    """The cases of a log.

    Parameters
    ----------
    table : one row a case: ``c, w, h, u, events, days`` (first to last event), and what was asked for.
    log : where they come from.
    """

    table: pd.DataFrame
    log: EventLog

    @property
    def weight(self) -> NDArray:
        return self.table["w"].to_numpy(float)

    @property
    def cluster(self) -> NDArray | None:
        """(cases,) number of the cluster, or None where each case is one."""
        if not self.log.study.codebook.role("cluster"):
            return None
        return self.table.groupby(["h", "u"], dropna=False, sort=False).ngroup().to_numpy()

    @property
    def strata(self) -> NDArray | None:
        """(cases,) number of the stratum, or None without strata."""
        return pd.factorize(self.table["h"])[0] if self.log.study.design.strata else None


def cases(study: Study, outcome: str | None = None, *, of: str | None = None) -> Cases:
    """Return one row a case, with the last ``outcome`` (``y``) on its rows, and handoffs between values of ``of``.

    Parameters
    ----------
    of : column whose changes from event to event are handoffs; adds ``switches``, ``holders`` (distinct ones) and
        ``returns`` (switches to one that the case had before: switches - (holders - 1)).
    """
    more = ({"y": outcome} if outcome else {}) | ({"held": of} if of else {})
    log = event_log(study, more=more)
    asked = [
        "any_value(w) AS w",
        "any_value(h) AS h",
        "any_value(u) AS u",
        "count(*) AS events",
        "max(t) - min(t) AS days",
    ]
    asked += ["arg_max(CAST(y AS DOUBLE), place) FILTER (y IS NOT NULL) AS y"] if outcome else []
    source = "o"
    if of:
        asked += ["count(*) FILTER (moved) AS switches", "count(DISTINCT held) AS holders"]
        source = (
            "(SELECT *, held IS NOT NULL AND held <> last_value(held IGNORE NULLS) OVER (PARTITION BY c ORDER BY place "
            "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS moved FROM o)"
        )
    table = log.ask(f"SELECT c, {', '.join(asked)} FROM {source} GROUP BY c ORDER BY c")
    if of:
        table["returns"] = np.fmax(table["switches"] - np.fmax(table["holders"] - 1, 0), 0)
    return Cases(table, log)
