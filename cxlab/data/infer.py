"""`draft`: a codebook guessed from a table, every guess listed with its reason; nothing is guessed silently."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import duckdb

from cxlab.data import (
    batteries,
    candidates,
    coding,
    conform,
    event_columns,
    identity,
    missing_codes,
    multiple_response,
    respondents,
    scales,
    tautologies,
    wording,
)
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.damaged_ids import damaged, told
from cxlab.data.doubt import Doubt, heaviest_first
from cxlab.data.guess import Guess, Log, asked
from cxlab.data.masking import masked, quotable
from cxlab.data.profile import Column, profile, sampled
from cxlab.data.readers.raw import Raw, quoted

EFFORT = {"low": "effort-v1", "high": "effort-v2"}
"""Which end of a scale is best → how customer effort was asked: whatever it is called, the end of the scale decides."""

FEW = 30
"""A segment has at most this many values."""

MODELLED = re.compile(r"\b(?:predict(?:ed|ion)s?|fitted|forecast|residuals?|propensity|imputed)\b", re.IGNORECASE)
"""Names of columns that hold what a model says."""

NAMES = 60
"""Names of hotels, shops, products are at most so long in the mean, and repeat."""

DATES = (r"record|submit|complet", r"end", r"interview|response|survey|visit|timestamp|created")
"""Names of dates, the one that tells best when an answer was given first."""


@dataclass(frozen=True)
class Draft:
    """A drafted codebook, the guesses behind it, and what is left to ask, the heaviest first."""

    codebook: Codebook
    guesses: tuple[Guess, ...]
    doubts: tuple[Doubt, ...] = ()


def draft(raw: Raw, name: str) -> Draft:
    """Return a codebook for ``raw``, guessed from the values of its columns, their names, wordings and labels.

    All rows of a table in memory are looked at, else the first. Every guess is in `Draft.guesses` and in the notes of
    the codebook; what matters and is not sure is in `Draft.doubts`. Overrule it by ``cxlab codebook set`` or ``ask``.
    """
    if raw.declared:
        return _beside_declared(raw, name)
    sample = sampled(raw)
    columns, asks = event_columns.marked(profile(raw, sample))
    by_name = {c.name: c for c in columns}
    log = Log(doubts=[*raw.doubts, *asks])
    fields = multiple_response.questions(raw, columns, {}, log)
    inside = {c for f in fields.values() for c in f.columns}
    alone = {c.name: _field(c, log) for c in columns if c.name not in inside and c.name not in fields}
    fields = _in_order(columns, {**alone, **fields})
    multiple_response.joined(raw, fields, columns, log)
    batteries.outcomes(fields, by_name, log)
    batteries.touchpoints(fields, by_name, log)
    batteries.ends(fields, by_name, log)
    batteries.two_scales(fields, by_name, log)
    tautologies.rankings(sample, fields, by_name, log)
    tautologies.none_left(sample, fields, by_name, log)
    missing_codes.settle(fields, by_name, log)
    _one_each(fields, log)
    candidates.ask(fields, columns, log)
    respondents.mark(fields, columns, sample, log)
    _damaged(fields, sample, log)
    ordered = sorted(log.guesses, key=lambda g: list(fields).index(g.column) if g.column in fields else len(fields))
    book = Codebook(name, tuple(fields.values()), title=raw.title or name, notes=_notes(raw, columns, ordered))
    return Draft(book, tuple(ordered), heaviest_first(tuple(log.doubts)))


def _beside_declared(raw: Raw, name: str) -> Draft:
    """Return the codebook of a table that a recipe made: what the recipe declares, and a guess of all other columns."""
    declared = [f for f in raw.declared if f.name in raw.table.columns]
    rest = [c for c in raw.table.columns if c not in {f.name for f in declared}]
    guessed = Draft(Codebook(name, (), title=raw.title or name, notes=raw.notes), (), raw.doubts)
    if rest:
        table = raw.table.project(", ".join(map(quoted, rest)))
        facts = {c: f for c, f in raw.facts.items() if c in rest}
        guessed = draft(replace(raw, table=table, declared=(), facts=facts, multiple={}), name)
    taken = {f.role for f in declared} & {"id", "date", "cluster", "weight", "case", "event", "time", "wave"}
    fields = (*declared, *(replace(f, role="") if f.role in taken else f for f in guessed.codebook))
    book = replace(guessed.codebook, fields=fields, recipe=raw.recipe, design=raw.design)
    return replace(guessed, codebook=book)


def _damaged(fields: dict[str, Field], sample: duckdb.DuckDBPyRelation, log: Log) -> None:
    """Take the role from ids that a spreadsheet has rounded, and say so."""
    for f in [f for f in fields.values() if f.name in sample.columns and not f.scale]:
        named = f.role in ("id", "cluster", "case") or wording.role(f.name) in ("id", "cluster")
        if named and (seen := damaged(sample, f.name)) is not None:
            fields[f.name] = replace(f, role="")
            log.say(f.name, "no role after all", "its ids are damaged by a spreadsheet")
            log.doubts.append(told(f.name, f.name, seen))


def _notes(raw: Raw, columns: list[Column], guesses: list[Guess]) -> tuple[str, ...]:
    said: dict[str, list[str]] = {}
    for g in guesses:
        said.setdefault(g.column, []).append(f"{g.what} ({g.why})")
    part = not raw.held and columns[0].rows == conform.SAMPLE
    told = (f"guessed from the first {conform.SAMPLE:,} rows; `cxlab codebook check` looks at all",) if part else ()
    return (*raw.notes, *told, *(f"inferred {column}: {'; '.join(what)}" for column, what in said.items()))


def _in_order(columns: list[Column], fields: dict[str, Field]) -> dict[str, Field]:
    """Return the fields in the order of the file; a question of several columns stands where its first one does."""
    place = {c.name: i for i, c in enumerate(columns)}
    at = lambda f: min((place[c] for c in (f.name, *f.columns) if c in place), default=len(place))  # noqa: E731
    return {f.name: f for f in sorted(fields.values(), key=at)}


def _field(c: Column, log: Log) -> Field:
    """Return the field of one column, looked at on its own."""
    facts = {k: v for k, v in c.facts.items() if k in ("title", "question", "unit", "note", "missing", "labels") and v}
    start = Field(c.name, type=c.type, **facts)
    if c.coding is not None and not c.coding.how.startswith("answer codes"):
        start = replace(start, labels={**start.labels, **_wordings(c)})
    if c.coding is not None:
        log.say(c.name, conform.described(c.coding), "its texts")
        start = _with_strays(c, start, log)
        if _graded(c):
            answers = {"school letters": "", "groups": "role=segment type=string scale= measure="}
            log.ask(c.name, "letters A, B, C ...: read as marks, A the best", answers, 0.5)
    if not c.filled:
        log.say(c.name, "no role", f"no answer in {c.rows:,} rows")
        return start
    if "role" in c.facts:
        one = c.facts["role"] == "segment" and c.distinct < 2
        role = "" if one else c.facts["role"]
        why = "an open question" if c.facts.get("question") else f"a column that {c.facts['why']} adds"
        log.say(c.name, f"role {role}" if role else "no role", "one value in all rows" if one else why)
        return replace(start, role=role)
    role = wording.role(c.name)
    rules = (
        identity.weight,
        identity.people,
        identity.identity,
        identity.place_in_time,
        identity.person,
        _worded,
        _rating,
        _flag,
        _text,
    )
    for rule in rules:
        if (made := rule(c, start, role)) is not None:
            done, said = made
            log.take(said)
            return done
    return start


def _wordings(c: Column) -> dict[str, str]:
    """Return code → text where texts were read as codes; '9/10' and '5 stars' are no wordings."""
    bare = c.coding.how.startswith(("the number of stars", "the number out of", "the number in its"))
    return {} if bare else {f"{v:g}": t for t, v in c.coding.codes.items()}


def _with_strays(c: Column, f: Field, log: Log) -> Field:
    """Declare texts between ratings that are none as missing codes, and ask."""
    if not c.coding.strays:
        return f
    listed = ", ".join(f"'{quotable(t)}'" for t in c.coding.strays)
    log.ask(c.name, f"{listed} among {len(c.values)} different ratings: read as no answer",
            {"no answer": "", "the column is text": "type=string"}, 0.5)  # fmt: skip
    return replace(f, missing={**f.missing, **dict.fromkeys(c.coding.strays, "no rating (guessed)")})


def _worded(c: Column, f: Field, role: str) -> identity.Made:
    """An outcome in two words: 'satisfied' against 'neutral or dissatisfied' is coded higher."""
    measure = wording.measure(*c.said)
    if c.type != "string" or measure not in ("satisfaction", "recommendation", "repurchase") or len(c.values) != 2:
        return None
    made = wording.two_sides(list(c.values))
    if made is None:
        return None
    good, bad = made
    scale = Scale(1, 2, "high", {"1": bad, "2": good})
    done = replace(f, type="integer", role="outcome", measure="satisfaction", scale=scale)
    said = Guess(
        c.name, f"role outcome, measure satisfaction, '{bad}' = 1, '{good}' = 2", "its name and its two answers"
    )
    which = asked(c.name, f"counts '{good}' as the better of two answers, '{bad}' as the other",
                  {"the outcome": "", "a segment": "role=segment type=string scale="}, 0.4)  # fmt: skip
    return done, [said, which]


def _rating(c: Column, f: Field, role: str) -> identity.Made:
    """Ratings, and other numbers with few values."""
    if c.type not in ("integer", "number"):
        return None
    measure = wording.measure(*c.said)
    demographic = wording.says("demographic", *c.said)
    if MODELLED.search(c.name) and not wording.measure(c.said[1]):
        return f, [Guess(c.name, "no role", "its name says that a model made it, not somebody's answer")]
    if (of := wording.operation(*c.said)) and c.distinct > scales.LARGEST:
        return replace(f, role="operation", measure=of), [Guess(c.name, f"role operation, measure {of}", "its wording")]
    if f.unit or c.type == "number" and not c.values:
        return f, [Guess(c.name, "no role", "a measured number")]
    if (
        set(c.values) <= {"0", "1"}
        or (demographic and not measure)
        or (f.labels and not scales.rated(f.labels, c.values) and not _graded(c))
        or measure == "churn"
        and c.distinct == 2
    ):
        return _segment(c, f, measure)
    top = c.coding.top if c.coding is not None else 0.0
    made = scales.infer(c.values, dict(f.labels), dict(f.missing), c.said, measure, top=top)
    if made is None:
        kind = "a measured number" if c.distinct > FEW else f"{c.distinct} values that are no rating scale"
        return f, [Guess(c.name, "no role", kind)]
    return _on_scale(c, f, made, measure)


def _graded(c: Column) -> bool:
    """Whether school letters were read as marks."""
    return c.coding is not None and c.coding.how.startswith(coding.GRADES)


def _on_scale(c: Column, f: Field, made: scales.Inferred, measure: str) -> identity.Made:
    labels = {} if made.scale.labels else f.labels
    if measure in EFFORT.values():
        measure = EFFORT[made.scale.best]
    type_ = "integer" if float(made.scale.step).is_integer() else "number"
    missing = {**f.missing, **made.missing}
    done = replace(f, type=type_, measure=measure, scale=made.scale, missing=missing, labels=labels)
    steps = f" in steps of {made.scale.step:g}" if made.scale.step != 1 else ""
    new: list[Guess | Doubt] = [
        Guess(c.name, f"scale {made.scale.minimum:g} to {made.scale.maximum:g}{steps}", made.why),
        *(Guess(c.name, what, why) for what, why in made.more),
    ]
    new += _doubts_of_scale(c, made, measure)
    if measure in ("churn", "complaint"):
        measure, done = "", replace(done, measure="")
    if wording.importance(*c.said):
        return replace(done, role="importance", measure=""), [*new, Guess(c.name, "role importance", "its wording")]
    if measure:
        new.append(Guess(c.name, f"measure {measure}", "its wording"))
    return done, new


def _doubts_of_scale(c: Column, made: scales.Inferred, measure: str) -> list[Doubt]:
    """Return what is to be asked about a scale: 1 to 10 for recommendation, -1 as an answer, 0 and 6 as none."""
    found, scale = [], made.scale
    if any(what == scales.NOBODY_GAVE_0 for what, _ in made.more):
        said = "nobody gave 0: read as 0 to 10; NPS is the same number on 1 to 10, but not defined there"
        found.append(asked(c.name, said, {"0 to 10": "", "1 to 10": "scale=1-10"}, 0.4))
    elif measure == "recommendation" and (scale.minimum, scale.maximum) in ((1, 10), (1, 11)):
        answers = {f"1 to {scale.maximum:g}": "", "0 to 10": "scale=0-10"} if scale.maximum == 10 else {"1 to 11": ""}
        found.append(
            asked(c.name, f"answers run from 1 to {scale.maximum:g}: was it asked from 0 to 10?", answers, 0.9)
        )
    near = [t for t, why in made.missing.items() if re.fullmatch(r"-[1-5]|0|[6-9]|11", t) and "guessed" in why]
    if near:
        listed = " and ".join(near)
        ends = [scale.minimum, scale.maximum, *map(float, near)]
        said = f"{listed} beside answers {scale.minimum:g} to {scale.maximum:g}: taken as no answer"
        wide = f"scale={min(ends):g}-{max(ends):g} missing="
        found.append(asked(c.name, said, {"no answer": "", "an answer": wide}, 0.6))
    if scale.minimum < 0:
        said = f"answers run from {scale.minimum:g} to {scale.maximum:g}: are the negative ones answers?"
        codes = ",".join(f"{v:g}" for v in range(int(scale.minimum), 0))
        answers = {"answers": "", "codes for no answer": f"missing={codes} scale=0-{scale.maximum:g}"}
        found.append(asked(c.name, said, answers, 0.4 if scale.minimum < -1 else 0.6))
    sure = any("the question says" in why for _, why in made.more)
    if made.turned:
        said = f"its wording says {made.turned}: {scale.maximum:g} is taken as best all the same"
        found.append(
            asked(c.name, said, {f"{scale.maximum:g} is best": "", f"{scale.minimum:g} is best": "best=low"}, 0.8)
        )
    elif wording.says("grade", c.name) and scale.maximum <= 6 and not scale.labels and not sure:
        said = f"a grade from {scale.minimum:g} to {scale.maximum:g}: {scale.maximum:g} is taken as best"
        answers = {f"{scale.maximum:g} is best": "", f"{scale.minimum:g} is best": "best=low"}
        found.append(asked(c.name, said, answers, 0.8))
    return found


def _segment(c: Column, f: Field, measure: str) -> identity.Made:
    yes_no, nothing = _yes_and_no(c) if measure in ("churn", "complaint") else (None, [])
    if yes_no and set(c.values) - {"0", "1"}:
        missing = {**f.missing, **dict.fromkeys(nothing, "no answer (guessed)")}
        f = replace(f, type="integer", labels={"1": yes_no[0], "0": yes_no[1]}, missing=missing)
        why = f"role outcome, measure {measure}, {yes_no[0]} = 1"
        gone = [Guess(c.name, f"no answer: {', '.join(map(repr, nothing))}", "its texts")] if nothing else []
        return replace(f, role="outcome", measure=measure), [Guess(c.name, why, "its wording"), *gone]
    if measure in ("churn", "complaint") and set(c.values) <= {"0", "1"}:
        return replace(f, role="outcome", measure=measure), [
            Guess(c.name, f"role outcome, measure {measure}", "0/1 and its wording")
        ]
    if 2 <= c.distinct <= FEW:
        return replace(f, role="segment"), [Guess(c.name, "role segment", f"{c.distinct} values")]
    return f, [Guess(c.name, "no role", f"{c.distinct:,} values")]


def _flag(c: Column, f: Field, role: str) -> identity.Made:
    """Yes or no."""
    measure = wording.measure(*c.said)
    told = wording.yes_and_no(list(c.values)) or measure in ("churn", "complaint") and _yes_and_no(c)[0]
    if c.type != "boolean" and not (c.type == "string" and told):
        return None
    return _segment(c, f, measure)


def _yes_and_no(c: Column) -> tuple[tuple[str, str] | None, list[str]]:
    """Return the text for yes and for no, and those for no answer, where a column holds nothing else."""
    nothing = [v for v in c.values if wording.no_answer(v)]
    return wording.yes_and_no([v for v in c.values if v not in nothing]), nothing


def _text(c: Column, f: Field, role: str) -> identity.Made:
    if c.type != "string":
        return None
    if any(re.search(r"\[(email|phone|iban)\]", masked(v)) for v in c.values):
        return replace(f, role="text"), [Guess(c.name, "role text", "it holds e-mail addresses or telephone numbers")]
    if _comments(c):
        return replace(f, role="text"), [Guess(c.name, "role text", "its name, and answers of several words")]
    if FEW < c.distinct <= c.filled / 2 and c.length <= NAMES and not wording.says("reason", c.name):
        answers = {"no": "", "a brand or unit to compare": "role=brand", "a segment": "role=segment"}
        what = asked(c.name, f"about {c.distinct:,} short texts that repeat: is it what is compared?", answers, 0.3)
        return f, [Guess(c.name, "no role", f"about {c.distinct:,} short texts in {c.filled:,} answers"), what]
    if (
        c.length > 25
        and c.distinct > FEW
        or c.distinct > 0.5 * c.filled
        and c.length > 12
        and any(" " in v for v in c.values)
    ):
        return replace(f, role="text"), [
            Guess(c.name, "role text", f"long and mostly different texts (mean length {c.length:.0f})")
        ]
    if 2 <= c.distinct <= FEW and c.filled >= 2 * c.distinct:
        return replace(f, role="segment"), [Guess(c.name, "role segment", f"{c.distinct} different texts")]
    kind = "one text in all rows" if c.distinct == 1 else f"about {c.distinct:,} different short texts"
    return f, [Guess(c.name, "no role", kind)]


def _comments(c: Column) -> bool:
    """Whether a column is called comments and holds sentences: however few and often repeated, none is a segment."""
    asked_for = wording.says("comment", c.name) or 5 * c.distinct > c.filled and wording.says("comment", *c.said)
    sentences = (v for v in c.values if not wording.no_answer(v))
    return asked_for and any(v.count(" ") >= 3 or len(v) >= 8 and re.search("[぀-ヿ一-鿿]", v) for v in sentences)


def _one_each(fields: dict[str, Field], log: Log) -> None:
    """Leave one weight, cluster, strata, wave and date: the first; for dates the one recorded last in a response."""
    for role in ("weight", "cluster", "strata", "wave", "date"):
        found = [f for f in fields.values() if f.role == role]
        if role == "wave":
            found.sort(key=lambda f: wording.role(f.name) != "wave")
        if role == "date":
            found.sort(key=lambda f: next((i for i, p in enumerate(DATES) if re.search(p, f.name.casefold())), 9))
        for extra in found[1:]:
            fields[extra.name] = replace(extra, role="")
            log.say(extra.name, "no role after all", f"{found[0].name} is the {role}; a study has one")
            if role in ("weight", "cluster", "wave"):
                log.ask(extra.name, f"{found[0].name} is taken as the {role}; is it this one?",
                        {"no": "", "yes": f"role={role}"}, 0.5 if role == "weight" else 0.35)  # fmt: skip
