"""Whether a table is an event log, a row an event: told by the names of its columns and by cases that come again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from cxlab.data import vocabulary
from cxlab.data.doubt import Doubt
from cxlab.data.guess import asked
from cxlab.data.profile import Column

XES = {"case:concept:name": "case", "concept:name": "event", "time:timestamp": "time"}
"""What a log is called in XES (IEEE 1849) and in tables made of it."""

ROLES = ("case", "event", "time", "owner", "channel")

FEWEST = 1.2
"""Events a case, on average, below which a table is no log by its names alone."""


def marked(columns: Sequence[Column]) -> tuple[list[Column], list[Doubt]]:
    """Return the columns with the roles of an event log, where the table is one, and what is to be asked.

    The names of XES tell for certain. Others must name case, event and time, the time hold dates, and the same case
    come again; that is asked.

    >>> day = {"2025-01-01": 2}
    >>> table = [Column("Case ID", "integer", 4, 4, 2, 1, {}), Column("Activity", "string", 4, 4, 3, 4, {}),
    ...          Column("Timestamp", "datetime", 4, 4, 4, 19, day)]
    >>> [c.facts["role"] for c in marked(table)[0]]
    ['case', 'event', 'time']
    """
    sure = set(XES) <= {c.name for c in columns}
    if not sure and any("role" in c.facts for c in columns):  # the file says itself what its columns are
        return list(columns), []
    found = {role: name for name, role in XES.items()} if sure else _named(columns)
    if not {"case", "event", "time"} <= set(found):
        return list(columns), []
    for role in ("owner", "channel"):
        if role not in found and (name := _first(columns, role, set(found.values()))):
            found[role] = name
    role_of = {name: role for role, name in found.items()}
    out = [
        replace(c, facts={**c.facts, "role": role_of[c.name], "why": "an event log"}) if c.name in role_of else c
        for c in columns
    ]
    if sure:
        return out, []
    what = f"'{found['case']}', '{found['event']}' and '{found['time']}' are taken as an event log, a row an event"
    return out, [asked(found["case"], what, {"yes": "", "no": "role="}, 0.5)]


def _named(columns: Sequence[Column]) -> dict[str, str]:
    """Case, event and time by their names, where the values may be such."""
    by_name = {c.name: c for c in columns}
    found: dict[str, str] = {}
    for role in ("case", "event", "time"):
        if name := _first(columns, role, set(found.values())):
            found[role] = name
    if len(found) < 3:
        return {}
    case, event, time = (by_name[found[role]] for role in ("case", "event", "time"))
    again = case.filled >= FEWEST * max(case.distinct, 1)
    kinds = event.type in ("string", "integer") and event.distinct > 1
    return found if again and kinds and time.type in ("date", "datetime") else {}


def _first(columns: Sequence[Column], role: str, taken: set[str]) -> str:
    """The column whose name stands first among those of a role, '' without one."""
    names = called_so(role)
    called = {bare(c.name): c.name for c in reversed(columns) if c.name not in taken}
    return next((called[n] for n in names if n in called), "")


@cache
def called_so(role: str) -> tuple[str, ...]:
    """Return the names of columns of a role in all languages, bare; the earlier, the more likely.

    >>> called_so("owner")[:2]
    ('orgresource', 'resource')
    """
    return tuple(dict.fromkeys(bare(w) for w in vocabulary.words("event_log", role)))


def bare(name: str) -> str:
    """Return a name without case, accents and all that is no letter or digit.

    >>> bare("Case ID"), bare("Aktivität"), bare("org:resource")
    ('caseid', 'aktivitat', 'orgresource')
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[\W_]", "", "".join(c for c in plain if not unicodedata.combining(c)))
