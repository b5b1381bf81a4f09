"""What to ask where nothing is sure: which column is the outcome, whether the table has a row an answer."""

from __future__ import annotations

from collections.abc import Mapping

from cxlab.data import layouts, wording
from cxlab.data.codebook import Field
from cxlab.data.guess import Log
from cxlab.data.profile import Column
from cxlab.data.readers.raw import number

MOST = 6
"""Candidates that are listed."""


def ask(fields: Mapping[str, Field], columns: list[Column], log: Log) -> None:
    """Add the doubts about the table as a whole."""
    _long(columns, log)
    if not any(f.role == "outcome" for f in fields.values()):
        _outcome(fields, columns, log)


def _long(columns: list[Column], log: Log) -> None:
    found = layouts.long_layout(columns)
    if found is None:
        return
    from cxlab.data.doubt import Doubt

    said = (
        f"each row seems to be one answer: '{found.who}' says who, '{found.question}' which question, '{found.answer}' "
        "what; read as a row a respondent"
    )
    log.doubts.append(Doubt("", said, ("a row a respondent", "a row an answer"), "cxlab pivot FILE", 1.0))


def _outcome(fields: Mapping[str, Field], columns: list[Column], log: Log) -> None:
    """List the columns that may be the outcome, the likeliest first, with the command that says so."""
    found = sorted(
        (r for c in columns if c.name in fields and (r := _candidate(c, fields[c.name]))), key=lambda r: -r[0]
    )
    for likely, name, said, settings in found[:MOST]:
        log.ask(name, f"{said}: is it the outcome?", {"no": "", "yes": settings}, 0.8 + likely / 10)


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
