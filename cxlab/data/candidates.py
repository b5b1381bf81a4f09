"""What to ask where nothing is sure: which column is the outcome, whether the table has a row an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cxlab.data import layouts, wording
from cxlab.data.codebook import Field
from cxlab.data.doubt import Doubt
from cxlab.data.guess import Log
from cxlab.data.profile import Column
from cxlab.data.readers.raw import number

COUNT = re.compile(
    r"freq|freqs|frequency|counts?|n|anzahl|häufigkeit|effectifs?|frecuencia|frequenza|aantal|liczba|число"
)
"""Names of columns that count cases."""

NUMBERED = re.compile(r"(?:num|nr|no|code|number|psu|unit)$", re.IGNORECASE)
"""Names of numbered groups end so."""

MOST = 6
"""Candidates that are listed."""


def ask(fields: Mapping[str, Field], columns: list[Column], log: Log) -> None:
    """Add the doubts about the table as a whole."""
    _long(columns, log)
    _counts(fields, columns, log)
    _clusters(fields, columns, log)
    if not any(f.role == "outcome" for f in fields.values()):
        _outcome(fields, columns, log)
    else:
        _another(fields, columns, log)


def _long(columns: list[Column], log: Log) -> None:
    found = layouts.long_layout(columns)
    if found is None:
        return
    said = (
        f"each row seems to be one answer: '{found.who}' says who, '{found.question}' which question, '{found.answer}' "
        "what; read as a row a respondent"
    )
    log.doubts.append(Doubt("", said, ("a row a respondent", "a row an answer"), "cxlab pivot FILE", 1.0))


def _counts(fields: Mapping[str, Field], columns: list[Column], log: Log) -> None:
    """Ask whether a table counts cases: categories, and one column of whole numbers called 'Freq' or 'count'."""
    if any(f.role == "weight" for f in fields.values()):
        return
    for c in columns:
        others = [o for o in columns if o is not c and o.distinct < o.rows]
        counts = c.type == "integer" and (c.low or 0) >= 0 and bool(COUNT.fullmatch(wording.plain(c.name)))
        if counts and len(others) > 1 and all(o.type in ("string", "boolean") or o.distinct <= 11 for o in others):
            ask = "does each row count as many cases as it says, or is it one answer?"
            log.ask(c.name, ask, {"one answer": "", "as many cases": "role=weight"}, 0.9)


def _clusters(fields: Mapping[str, Field], columns: list[Column], log: Log) -> None:
    """Ask for what was drawn or measured again: numbered groups beside a weight, units that are there in each wave."""
    roles = {f.role: f.name for f in fields.values()}
    if "cluster" in roles:
        return
    waves = next((c.distinct for c in columns if c.name == roles.get("wave")), 0)
    found = 0
    for c in columns:
        f = fields.get(c.name)
        if f is None or f.role not in ("", "segment") or f.scale or f.columns or c.distinct < 5 or found == MOST:
            continue
        repeated = 2 * c.distinct <= c.filled
        each = waves > 1 and len(c.values) == c.distinct and set(c.values.values()) == {waves}
        if not each and not ("weight" in roles and c.type == "integer" and repeated and NUMBERED.search(c.name)):
            continue
        said = "each is there once a wave" if each else f"about {c.distinct:,} numbered groups beside a weight"
        log.ask(c.name, f"{said}: are answers of one {c.name} alike?", {"no": "", "yes": "role=cluster"}, 0.45)
        found += 1


def _outcome(fields: Mapping[str, Field], columns: list[Column], log: Log) -> None:
    """List the columns that may be the outcome, the likeliest first, with the command that says so."""
    found = sorted(
        (r for c in columns if c.name in fields and (r := _candidate(c, fields[c.name]))), key=lambda r: -r[0]
    )
    for likely, name, said, settings in found[:MOST]:
        log.ask(name, f"{said}: is it the outcome?", {"no": "", "yes": settings}, 0.8 + likely / 10)


def _another(fields: Mapping[str, Field], columns: list[Column], log: Log) -> None:
    """Ask where a number is called like the answer about the whole, and an outcome was found in another column."""
    for c in columns:
        f = fields.get(c.name)
        whole = f is not None and not f.role and bool(wording.measure(*c.said)) and wording.says("overall", *c.said)
        if whole and c.type in ("integer", "number") and (found := _candidate(c, f)):
            log.ask(c.name, f"{found[2]}: is it an outcome too?", {"no": "", "yes": found[3]}, 0.6)


def _candidate(c: Column, f: Field) -> tuple[float, str, str, str] | None:
    if f.role not in ("", "touchpoint", "segment") or f.columns or not c.filled or "why" in c.facts and not f.question:
        return None
    called = (
        wording.says("rating", c.name, f.title) or bool(wording.measure(*c.said)) or wording.says("overall", c.name)
    )
    measure = wording.measure(*c.said) or "satisfaction"
    numbers = sorted(v for t in c.values if (v := number(t)) is not None)
    if c.type == "integer" and len(numbers) >= 3 and numbers[0] >= -5 and numbers[-1] <= 11 and f.role != "segment":
        low, high = (f.scale.minimum, f.scale.maximum) if f.scale else (numbers[0], numbers[-1])
        words = f"{low:g} to {high:g}, whole numbers"
        return (
            (1.0 if called else 0.3 if f.role == "" else 0.1),
            c.name,
            words,
            f"role=outcome measure={measure} scale={low:g}-{high:g}",
        )
    if called and c.type in ("integer", "number") and c.low is not None and c.low >= 0 and (c.high or 0) <= 100:
        whole = "whole numbers" if c.type == "integer" else "numbers with decimals"
        end = next(t for t in (1, 5, 10, 100) if (c.high or 0) <= t)
        settings = f"role=outcome measure={measure}" + (f" scale=0-{end:g}" if c.type == "integer" else "")
        return 0.8, c.name, f"{c.low:g} to {c.high:g}, {whole}", settings
    if called and wording.yes_and_no(list(c.values)):
        return 0.6, c.name, "yes and no", f"role=outcome measure={measure}"
    return None
