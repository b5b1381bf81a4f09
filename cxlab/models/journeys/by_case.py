"""`by_case`: an event log as a study with a row a journey, for what is asked of journeys and not of events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.data.codebook import Codebook, Field
from cxlab.data.study import Study
from cxlab.models.journeys.cases import cases

ROLES = ("case", "event", "time")
HOLDERS = ("channel", "owner")
"""What changes at a switch: the channel, else (no case has two) the owner."""
SWITCHES, LONG = "switches", "log_events"
"""Columns: number of switches; log2(1 + events), as `cxlab.handoffs` holds the length of a journey fixed."""


def is_log(study: Study) -> bool:
    """Return whether a study is an event log in which something can change hands."""
    book = study.codebook
    return all(book.role(r) for r in ROLES) and any(book.role(h) for h in HOLDERS)


def by_case(study: Study, outcome: str) -> Study:
    """Return an event log as a study with a row a journey.

    Parameters
    ----------
    study : with columns of the roles 'case', 'event', 'time' and 'channel' or 'owner'.
    outcome : a score on some of a journey's rows; its last one counts.

    Returns
    -------
    Study with ``outcome``, `SWITCHES` (as `HOLDERS` says), `LONG`, and the log's weight, cluster, strata.

    Examples
    --------
    >>> import cxlab as cx
    >>> found = by_case(cx.simulate_events(200, seed=1), "score")
    >>> found.columns[:3], len(found.table)
    (['score', 'switches', 'log_events'], 200)
    """
    book = study.codebook
    for holder in (book.role(h)[0] for h in HOLDERS if book.role(h)):
        found = cases(study, outcome, of=holder)
        if found.table["switches"].any():
            break
    t, d = found.table, study.design
    columns = {outcome: t["y"], SWITCHES: t["switches"].astype(float), LONG: np.log2(1 + t["events"].astype(float))}
    fields = [
        study.field(outcome),
        Field(SWITCHES, type="number", role="operation", title=f"changes of {study.field(holder).label}"),
        Field(LONG, type="number", role="operation", title="events of the journey (log2)"),
    ]
    for name, values in (("weight", t["w"]), ("cluster", found.cluster), ("strata", found.strata)):
        if getattr(d, name) and values is not None and getattr(d, name) not in columns:
            columns[getattr(d, name)] = values
            fields.append(Field(getattr(d, name), role=name))
    made = Codebook(study.name, tuple(fields), simulated=book.simulated, source=book.source, design=book.design)
    return Study(pd.DataFrame(columns), made)
