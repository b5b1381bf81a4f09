"""Rows that are no finished answers, as survey platforms mark them: previews, tests, spam, screened out, broken off.

The rule. What a platform itself marks as nobody's answer or as not finished is left out when a table is loaded, by the
``leave_out`` of the column that marks it; every result counts it (`Study.dropped`), each page says how many, and the
doubt that is asked takes it back in one line: ``cxlab codebook set FILE Finished leave_out=none``. A column that is
only called like a platform's leaves nothing out: its rows count, and are asked.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

import duckdb
import narwhals as nw

from cxlab.data.codebook import Field
from cxlab.data.guess import Log
from cxlab.data.profile import Column
from cxlab.data.readers.platforms import KINDS
from cxlab.data.readers.raw import quoted
from cxlab.data.study import Study
from cxlab.problem import DataProblem

KIND = re.compile(
    r"^(status|(response|survey|respondent)[ _.]?(status|type)|kind of answer|antwortstatus|distribution[ _]?channel"
    r"|q_terminateflag)$",
    re.I,
)
"""Names of columns that say what kind of answer a row is."""

UNREAL = re.compile(
    r"preview|\btest|spam|vorschau|\bprobe\b|disqualif|screened|screen.?out|quota.?(met|full)|^deleted$", re.I
)
"""Kinds of answers that platforms mark and that are no customer's."""

FLAG = re.compile(r"^is[ _.]?(test|spam|preview)([ _.]?(response|answer|row))?$", re.I)
FINISHED = re.compile(
    r"^(finished|completed?|is.?complete|response.?complete|beendet|abgeschlossen|terminé|finalizado|completado)$", re.I
)
UNFINISHED = (
    "0", "0.0", "false", "no", "nein", "non", "partial", "incomplete", "in progress", "started", "unvollständig",
    "not finished", "not completed", "partially completed", "incompleto", "incomplet", "нет",
)  # fmt: skip

BOTH = {
    *UNFINISHED, "1", "1.0", "true", "yes", "ja", "oui", "si", "sí", "complete", "completed", "finished", "vollständig",
    "completo", "complet", "да",
}  # fmt: skip
"""What stands in a column that says whether an answer was finished."""

REAL = {
    "ip address", "imported", "offline", "survey preview", "survey test", "spam", "offline survey preview",
    "survey preview, spam", "imported, spam", "complete", "completed", "partial", "incomplete", "disqualified",
    "deleted", "started", "in progress", "screened out", "quota full", "quotamet", "screened",
    "anonymous", "email", "qr", "gl", "social", "sms", "preview", "test", "website", "offlineapp", "invite", "pl", "",
}  # fmt: skip
"""What platforms write into such a column; a column of nothing else is theirs."""

BESIDE = re.compile(
    r"^(startdate|enddate|progress|finished|recordeddate|responseid|duration\(?inseconds\)?|ipaddress|userlanguage"
    r"|recipientemail|timestarted|datesubmitted|sessionid|useragent|contactid|referer|networkid|submitdate\(?utc\)?"
    r"|startdate\(?utc\)?|collectorid|respondentid|startlanguage|lastpage)$"
)
"""Columns that platforms add beside it; three of them tell an export."""

PLATFORMS = ("Qualtrics", "Typeform", "LimeSurvey", "SurveyMonkey")

EMPTY = "empty"
"""How a codebook says 'the rows without a value'."""

MANY = 60
NEAR = 3
"""So many of a platform's other columns tell its export."""


@dataclass(frozen=True)
class Marks:
    """What a column says of its rows: value → what it means, of those nobody's and of those not finished."""

    unreal: Mapping[str, str]
    unfinished: Mapping[str, str]


def marks(f: Field, values: Iterable[str]) -> Marks:
    """Return what the values of a column say of the rows they stand in.

    >>> marks(Field("Status", labels={"1": "Survey Preview"}), ["0", "1"])
    Marks(unreal={'1': 'Survey Preview'}, unfinished={})
    >>> marks(Field("Finished"), ["True", "False"])
    Marks(unreal={}, unfinished={'False': 'not finished'})
    """
    said = {v: f.labels.get(v.removesuffix(".0"), v) for v in values}
    if not may_mark(f) or len(said) > MANY:
        return Marks({}, {})
    if KIND.match(f.name) or KIND.match(f.title):
        unreal = {v: t for v, t in said.items() if UNREAL.search(t)}
        words = {v: t for v, t in said.items() if t.casefold() in UNFINISHED and not t.replace(".", "").isdigit()}
        return Marks(unreal, words)
    if FLAG.match(f.name):
        return Marks({v: f.name for v in said if v.casefold() in ("1", "1.0", "true", "yes", "y")}, {})
    if FINISHED.match(f.name):
        return Marks({}, {v: "not finished" for v, t in said.items() if t.casefold() in UNFINISHED})
    return Marks({}, {})


def may_mark(f: Field) -> bool:
    """Whether a column is called as one that marks rows."""
    named = any(p.match(n) for p in (KIND, FLAG, FINISHED) for n in (f.name, f.title))
    return named and not f.scale and not f.columns


def mark(fields: dict[str, Field], columns: Iterable[Column], sample: duckdb.DuckDBPyRelation, log: Log) -> None:
    """Declare what is left out where a platform marks it, and ask for all other rows that may not count."""
    rows = int(sample.aggregate("count(*)").fetchall()[0][0])
    why = {c.name: str(c.facts.get("why", "")) for c in columns}
    before, found = dict(fields), []
    for f in [f for f in fields.values() if f.name in sample.columns and (may_mark(f) or f.name == "submitdate")]:
        counted = sample.aggregate(f"histogram({_value(f)})").fetchall()[0][0] or {}
        near = sum(bool(BESIDE.match(re.sub(r"[ _]", "", n).casefold())) for n in why if n != f.name)
        f = _with_labels(f, counted, near)
        told = marks(f, counted)
        if f.name == "submitdate":
            told = Marks({}, {EMPTY: "not submitted"} if why[f.name] == "LimeSurvey" and EMPTY in counted else {})
        if near >= NEAR and FINISHED.match(f.name) and f.role == "segment":
            f = replace(f, role="")
        some = sum(counted[v] for v in {**told.unreal, **told.unfinished}) < rows
        fields[f.name] = _declared(f, told, some and _sure(f, counted, why[f.name], near))
        found.append((f.name, told, counted))
    gone = [(_value(f), map(_text, f.leave_out)) for f in fields.values() if f.leave_out]
    left = " or ".join(f"coalesce({value} in ({', '.join(codes)}), false)" for value, codes in gone)
    if left and not sample.filter(f"not ({left})").aggregate("count(*)").fetchall()[0][0]:
        fields.update({name: replace(before[name], role=fields[name].role) for name, *_ in found})
    for name, told, counted in found:
        _ask_unreal(fields[name], told, sum(counted[v] for v in told.unreal), rows, log)
        _ask_unfinished(fields[name], told, sum(counted[v] for v in told.unfinished), rows, log)


def _value(f: Field) -> str:
    """A value as text in SQL; where there is none, `EMPTY` for a date and nothing for the others."""
    text = f"cast({quoted(f.name)} as varchar)"
    return f"coalesce({text}, '{EMPTY}')" if f.name == "submitdate" else text


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _with_labels(f: Field, values: Iterable[str], near: int) -> Field:
    """Return Qualtrics' codes with what they mean, where an export without its header rows holds only the codes."""
    codes = {v.removesuffix(".0") for v in values}
    known = f.name.casefold() == "status" and near >= NEAR and not f.labels and codes and codes <= set(KINDS)
    return replace(f, labels=dict(KINDS), title=f.title or "Kind of answer") if known else f


def _sure(f: Field, values: Iterable[str], why: str, near: int) -> bool:
    """Whether a platform made the column: its header says so, or its words and the columns beside it."""
    values = list(values)
    if len(values) > MANY:
        return False
    if FINISHED.match(f.name):
        return (why in PLATFORMS or near >= NEAR) and {_meant(f, v).casefold() for v in values} <= BOTH
    if not KIND.match(f.name):
        return f.name == "submitdate" and why == "LimeSurvey"
    words = {_meant(f, v).strip().casefold() for v in values}
    return why in PLATFORMS or words <= REAL and (near >= NEAR or "ip address" in words)


def _meant(f: Field, value: str) -> str:
    return f.labels.get(value.removesuffix(".0"), value)


def _declared(f: Field, told: Marks, sure: bool) -> Field:
    """Return a platform's column with what it leaves out: what stands there, and its codes that may come later.

    Such a column is nobody's segment.
    """
    if not sure:
        return f
    f = replace(f, role="" if f.role == "segment" else f.role)
    later = {c: t for c, t in f.labels.items() if UNREAL.search(t)}
    return replace(f, leave_out={**later, **{t: t for t in later.values()}, **told.unreal, **told.unfinished})


def _ask_unreal(f: Field, told: Marks, k: int, rows: int, log: Log) -> None:
    if not k:
        return
    words = listed(told.unreal)
    said = f"{k:,} of {rows:,} rows are no customer's answers ({words})"
    if f.leave_out:
        log.say(f.name, f"rows are left out: {words}", "a column that the survey platform adds")
        log.ask(f.name, f"{said}: left out", {"left out": "", "they count": _setting(told.unfinished)}, 0.45)
    else:
        log.ask(f.name, f"{said}: they count", {"they count": "", "leave them out": _setting(told.unreal)}, 0.7)


def _ask_unfinished(f: Field, told: Marks, k: int, rows: int, log: Log) -> None:
    if not 0 < k < rows:
        return
    said = f"{k:,} of {rows:,} rows are not finished"
    if told.unfinished.keys() <= f.leave_out.keys():
        log.say(f.name, f"rows are left out: {listed(told.unfinished)}", "a column that the survey platform adds")
        rest = {c: t for c, t in f.leave_out.items() if c not in told.unfinished}
        log.ask(f.name, f"{said}: left out", {"left out": "", "they count": _setting(rest)}, 0.45 + 0.4 * k / rows)
    else:
        answers = {"they count": "", "leave them out": _setting({**f.leave_out, **told.unfinished})}
        log.ask(f.name, f"{said}: they count", answers, 0.4)


def _setting(codes: Mapping[str, str]) -> str:
    """Return what leaves rows out, as it stands after ``cxlab codebook set FILE COLUMN``."""
    if not codes:
        return "leave_out=none"
    return shlex.quote(f"leave_out={';'.join(f'{c}={t}' if ',' in c else c for c, t in codes.items())}")


def listed(words: Mapping[str, str]) -> str:
    """Return the meanings of codes, each once."""
    return ", ".join(dict.fromkeys(words.values()))


def respondents(study: Study) -> Study:
    """Return a study that was just loaded without the rows that its codebook leaves out; `Study.dropped` counts them.

    Raises
    ------
    DataProblem : no row is left.
    """
    for f in study.codebook:
        if f.leave_out and f.name in study.columns:
            study = _without(study, f)
    return study


def _without(study: Study, f: Field) -> Study:
    rows = left_out(f)
    told = study.lazy.select(rows.cast(nw.Int64).sum().alias("k"), nw.len().alias("n")).collect("pyarrow").to_native()
    k, n = int(told["k"][0].as_py() or 0), int(told["n"][0].as_py())
    if not k:
        return study
    if k == n:
        raise DataProblem(
            f"all {n:,} rows of {study.name} are left out by '{f.name}' ({listed(f.leave_out)}); "
            f"take leave_out of '{f.name}' out of the codebook to keep them"
        )
    there = study.lazy.filter(rows).select(nw.col(f.name).cast(nw.String).alias("v")).unique().collect("pyarrow")
    words = {v: f.leave_out.get(v, f.leave_out.get(v.removesuffix(".0"), v)) for v in _texts(there.to_native()["v"])}
    why = f"'{f.name}' says {listed(words)}"
    return replace(study, table=study.lazy.filter(~rows).to_native(), dropped=(*study.dropped, (why, k)))


def still(study: Study, column: str, before: Study) -> Study:
    """Return a study in which ``column`` leaves out what it now says.

    Raises
    ------
    DataProblem : it is to keep rows that were left out when the study was loaded.
    """
    was, now = before.field(column).leave_out, study.field(column).leave_out
    gone = [w for w, _ in before.dropped if w.startswith(f"'{column}' says ")]
    if set(was) - set(now) and gone:
        raise DataProblem(
            f"{gone[0]}: those rows were left out when {study.name} was loaded and are not here any more. Load it "
            f"anew: cx.load(..., codebook=study.codebook.replace({column!r}, leave_out={{}}))"
        )
    return respondents(study) if now != was else study


def _texts(values: Any) -> list[str]:
    """Return the values of an Arrow column as texts in order; no value is `EMPTY`."""
    return sorted(EMPTY if v is None else str(v).strip() for v in values.to_pylist())


def left_out(f: Field) -> nw.Expr:
    """Return which rows a column leaves out, never null; values are compared as texts, 1 and 1.0 are one."""
    text = nw.col(f.name).cast(nw.String)
    codes = {v.strip().casefold() for v in f.leave_out if v != EMPTY}
    listed = sorted(codes | {f"{v}.0" for v in codes if v.isdigit()})
    asked = [text.str.strip_chars().str.to_lowercase().is_in(listed).fill_null(False)] if listed else []
    if EMPTY in f.leave_out:
        asked.append(nw.col(f.name).is_null())
    return reduce(or_, asked)
