"""`draft`: a codebook guessed from a table, every guess listed with its reason; nothing is guessed silently."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cxlab.data import conform, scales, wording
from cxlab.data.codebook import Codebook, Field
from cxlab.data.doubt import Doubt, heaviest_first
from cxlab.data.masking import masked
from cxlab.data.profile import Column, profile
from cxlab.data.readers.raw import Raw

FEW = 30
"""A segment has at most this many values."""

DATES = (r"record|submit|complet", r"end", r"interview|response|survey|visit|timestamp|created")
"""Names of dates, the one that tells best when an answer was given first."""


@dataclass(frozen=True)
class Guess:
    """One decision about one column: what was decided, and why."""

    column: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.column}: {self.what} ({self.why})"


@dataclass(frozen=True)
class Draft:
    """A drafted codebook, the guesses behind it, and what is left to ask, the heaviest first."""

    codebook: Codebook
    guesses: tuple[Guess, ...]
    doubts: tuple[Doubt, ...] = ()


def draft(raw: Raw, name: str) -> Draft:
    """Return a codebook for ``raw``, guessed from its first rows, names, wordings and labels.

    Every guess is in `Draft.guesses` and in the notes of the codebook. Overrule it by editing the ``datapackage.json``
    that ``cxlab codebook infer`` writes.
    """
    columns = profile(raw)
    guesses: list[Guess] = []
    many = _multiple(raw, columns)
    inside = {c for cols in many.values() for c in cols}
    fields = {c.name: _field(c, guesses) for c in columns if c.name not in inside}
    for question, options in many.items():
        fields = _with_question(fields, question, options, columns, guesses)
    _outcome(fields, guesses)
    _batteries(fields, guesses)
    _one_each(fields, guesses)
    _one_cell(fields, columns, guesses)
    ordered = sorted(guesses, key=lambda g: list(fields).index(g.column) if g.column in fields else len(fields))
    said: dict[str, list[str]] = {}
    for g in ordered:
        said.setdefault(g.column, []).append(f"{g.what} ({g.why})")
    part = columns[0].rows == conform.SAMPLE
    told = (f"guessed from the first {conform.SAMPLE:,} rows; `cxlab codebook check` looks at all",) if part else ()
    notes = (*raw.notes, *told, *(f"inferred {column}: {'; '.join(what)}" for column, what in said.items()))
    book = Codebook(name, tuple(fields.values()), title=raw.title or name, notes=notes)
    return Draft(book, tuple(ordered), heaviest_first(raw.doubts))


def _field(c: Column, guesses: list[Guess]) -> Field:
    """Return the field of one column, looked at on its own."""
    facts = {k: v for k, v in c.facts.items() if k in ("title", "question", "unit", "note", "missing", "labels") and v}
    start = Field(c.name, type=c.type, **facts)
    if c.coding is not None and not c.coding.how.startswith("answer codes"):
        start = replace(start, labels={**start.labels, **{f"{v:g}": t for t, v in c.coding.codes.items()}})
    if c.coding is not None:
        guesses.append(Guess(c.name, conform.described(c.coding), "its texts"))
    if not c.filled:
        guesses.append(Guess(c.name, "no role", f"no answer in {c.rows:,} rows"))
        return start
    if "role" in c.facts:
        one = c.facts["role"] == "segment" and c.distinct < 2
        role = "" if one else c.facts["role"]
        why = "an open question" if c.facts.get("question") else f"a column that {c.facts['why']} adds"
        guesses.append(Guess(c.name, f"role {role}" if role else "no role", "one value in all rows" if one else why))
        return replace(start, role=role)
    role = wording.role(c.name)
    for rule in (_weight, _identity, _named, _rating, _flag, _text):
        if (made := rule(c, start, role)) is not None:
            done, new = made
            guesses.extend(new)
            return done
    return start


def _weight(c: Column, f: Field, role: str):
    if role != "weight" or c.type not in ("integer", "number"):
        return None
    return replace(f, role="weight"), [Guess(c.name, "role weight", "its name")]


def _identity(c: Column, f: Field, role: str):
    named = role == "id" or role == "cluster"
    if not named or c.type in ("date", "datetime"):
        return None
    repeated = c.distinct < 0.9 * c.filled
    if repeated and (role == "cluster" or re.search(wording.RESPONDENT, c.name.casefold())) and c.distinct > 1:
        why = f"its name; about {c.distinct:,} values in {c.filled:,} rows, so answers come from the same one"
        return replace(f, role="cluster"), [Guess(c.name, "role cluster", why)]
    return replace(f, role="id"), [Guess(c.name, "role id", "its name")]


def _named(c: Column, f: Field, role: str):
    if c.type in ("date", "datetime"):
        if re.search(r"birth|geburt", c.name.casefold()):
            return f, [Guess(c.name, "no role", "a date of birth")]
        return replace(f, role="date"), [Guess(c.name, "role date", "holds dates")]
    if role in ("wave", "brand", "strata") and 2 <= c.distinct <= (500 if role == "brand" else 200):
        return replace(f, role=role), [Guess(c.name, f"role {role}", f"its name; {c.distinct} values")]
    return None


def _rating(c: Column, f: Field, role: str):
    """Ratings, and other numbers with few values."""
    if c.type not in ("integer", "number"):
        return None
    measure = wording.measure(*c.said)
    demographic = re.search(wording.DEMOGRAPHIC, " ".join(c.said).casefold().replace("_", " "))
    if (of := wording.operation(*c.said)) and c.distinct > scales.LARGEST:
        return replace(f, role="operation", measure=of), [Guess(c.name, f"role operation, measure {of}", "its wording")]
    if f.unit or c.type == "number" and not c.values:
        return f, [Guess(c.name, "no role", "a measured number")]
    if (
        set(c.values) <= {"0", "1"}
        or (demographic and not measure)
        or (f.labels and not scales.rated(f.labels, c.values))
    ):
        return _segment(c, f, measure)
    made = scales.infer(c.values, dict(f.labels), dict(f.missing), c.said, measure)
    if made is None:
        kind = "a measured number" if c.distinct > FEW else f"{c.distinct} values that are no rating scale"
        return f, [Guess(c.name, "no role", kind)]
    labels = {} if made.scale.labels else f.labels
    done = replace(
        f, type="integer", measure=measure, scale=made.scale, missing={**f.missing, **made.missing}, labels=labels
    )
    new = [
        Guess(c.name, f"scale {made.scale.minimum:g} to {made.scale.maximum:g}", made.why),
        *(Guess(c.name, what, why) for what, why in made.more),
    ]
    if measure in ("churn", "complaint"):
        measure, done = "", replace(done, measure="")
    if wording.importance(*c.said):
        return replace(done, role="importance", measure=""), [*new, Guess(c.name, "role importance", "its wording")]
    if measure:
        new.append(Guess(c.name, f"measure {measure}", "its wording"))
    return done, new


def _segment(c: Column, f: Field, measure: str):
    yes_no = {v.casefold(): v for v in c.values}
    if measure in ("churn", "complaint") and set(yes_no) == {"yes", "no"}:
        f = replace(f, type="integer", labels={"1": yes_no["yes"], "0": yes_no["no"]})
        return replace(f, role="outcome", measure=measure), [
            Guess(c.name, f"role outcome, measure {measure}, {yes_no['yes']} = 1", "its wording")
        ]
    if measure in ("churn", "complaint") and set(c.values) <= {"0", "1"}:
        return replace(f, role="outcome", measure=measure), [
            Guess(c.name, f"role outcome, measure {measure}", "0/1 and its wording")
        ]
    if 2 <= c.distinct <= FEW:
        return replace(f, role="segment"), [Guess(c.name, "role segment", f"{c.distinct} values")]
    return f, [Guess(c.name, "no role", f"{c.distinct:,} values")]


def _flag(c: Column, f: Field, role: str):
    """Yes or no."""
    yes_no = {v.casefold() for v in c.values} <= {"yes", "no"}
    if c.type != "boolean" and not yes_no:
        return None
    return _segment(c, f, wording.measure(*c.said))


def _text(c: Column, f: Field, role: str):
    if c.type != "string":
        return None
    if any(re.search(r"\[(email|phone|iban)\]", masked(v)) for v in c.values):
        return replace(f, role="text"), [Guess(c.name, "role text", "it holds e-mail addresses or telephone numbers")]
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
    return f, [
        Guess(
            c.name,
            "no role",
            "one text in all rows" if c.distinct == 1 else f"about {c.distinct:,} different short texts",
        )
    ]


def _multiple(raw: Raw, columns: list[Column]) -> dict[str, list[str]]:
    """Return multiple-response questions: columns the platform groups that hold at most one answer, or yes and no."""
    by_name = {c.name: c for c in columns}
    yes_no = {"y", "n", "yes", "no", "0", "1", "true", "false", "ja", "nein", "oui", "non", ""}
    many = {}
    for question, names in raw.multiple.items():
        filled = [by_name[n] for n in names if by_name[n].filled]
        single = [c for c in filled if len(c.values) <= 1 or {v.casefold() for v in c.values} <= yes_no]
        told = raw.kind.startswith(("SurveyMonkey", "Qualtrics"))
        if (
            filled
            and len(single) == len(filled)
            and (told or any({v.casefold() for v in c.values} <= yes_no for c in filled))
        ):
            many[question] = list(names)
    return many


def _with_question(fields, question: str, options: list[str], columns: list[Column], guesses: list[Guess]):
    """Return ``fields`` with one field for the options, where the first of them stood."""
    facts = {c.name: c.facts for c in columns}
    wordings = [str(facts[o].get("question", "")) for o in options]
    stem = _common(wordings)
    labels = {o: str(facts[o].get("title") or o) for o in options}
    made = Field(question, title=stem[:80], question=stem, type="integer", columns=tuple(options), labels=labels)
    guesses.append(Guess(question, f"multiple response in {len(options)} columns", "each holds its option or nothing"))
    order = [c.name for c in columns]
    before = {n for n in fields if n in order and order.index(n) < order.index(options[0])}
    head = {n: f for n, f in fields.items() if n in before or n not in order and f.columns}
    return {**head, question: made, **{n: f for n, f in fields.items() if n not in head}}


def _common(wordings: list[str]) -> str:
    """Return what all wordings begin with, up to the last word."""
    first, last = min(wordings), max(wordings)
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:n].removesuffix(first[:n].split(" ")[-1]).strip(" -–[(:").removesuffix(" - Selected Choice")


def _outcome(fields: dict[str, Field], guesses: list[Guess]) -> None:
    """Give the role outcome: recommendation, repurchase, and the overall or only question of another measure."""
    for f in [f for f in fields.values() if f.scale and not f.role]:
        alike = [g for g in fields.values() if g.scale and g.measure == f.measure]
        overall = re.search(wording.OVERALL, f"{f.name} {f.question}".casefold().replace("_", " "))
        if overall and not f.measure:
            fields[f.name] = replace(f, role="outcome", measure="satisfaction")
            guesses.append(Guess(f.name, "role outcome, measure satisfaction", "it rates the whole"))
        elif f.measure and (f.measure in ("recommendation", "repurchase") or overall or len(alike) == 1):
            only = "its measure" if f.measure == "recommendation" else "the only question of its measure"
            fields[f.name] = replace(f, role="outcome")
            guesses.append(Guess(f.name, "role outcome", "it asks for the whole" if overall else only))


def _batteries(fields: dict[str, Field], guesses: list[Guess]) -> None:
    """Give the role touchpoint to worded ratings and to three or more in a row on one kind of scale."""
    place = {n: i for i, n in enumerate(fields)}
    runs: list[list[Field]] = []
    for f in [f for f in fields.values() if f.scale and not f.role]:
        last = runs[-1][-1] if runs else None
        near = last and place[f.name] - place[last.name] <= 2 and _alike(last, f)
        runs[-1].append(f) if near else runs.append([f])
    for run in runs:
        low, high = min(f.scale.minimum for f in run), max(f.scale.maximum for f in run)
        wide = high - low >= 3 and (low > 0 or high >= 5)
        for f in run:
            if not (f.measure or wording.direction(f.scale.labels)[0] or len(run) >= 3 and wide):
                _no_rating(fields, f, guesses)
                continue
            shared = replace(f.scale, minimum=low, maximum=high)
            fields[f.name] = replace(f, role="touchpoint", scale=shared)
            if shared != f.scale:
                guesses.append(Guess(f.name, f"scale {low:g} to {high:g}", "the widest of the ratings beside it"))
            why = f"one of {len(run)} ratings in a row" if len(run) > 1 else "a rating that is not the outcome"
            guesses.append(Guess(f.name, "role touchpoint", why))


def _no_rating(fields: dict[str, Field], f: Field, guesses: list[Guess]) -> None:
    """Take back the scale of whole numbers that nothing marks as ratings."""
    fields[f.name] = replace(f, scale=None, missing={}, labels=f.labels or f.scale.labels)
    guesses[:] = [g for g in guesses if g.column != f.name or g.what.startswith("text read")]
    why = f"whole numbers {f.scale.minimum:g} to {f.scale.maximum:g}, neither worded as a rating nor three in a row"
    guesses.append(Guess(f.name, "no role, no scale", why))


def _alike(a: Field, b: Field) -> bool:
    tops = sorted((a.scale.maximum, b.scale.maximum))
    near = tops[0] == tops[1] or tops[0] >= 4 and tops[1] - tops[0] <= 2
    return near and a.scale.minimum == b.scale.minimum and a.scale.best == b.scale.best


def _one_each(fields: dict[str, Field], guesses: list[Guess]) -> None:
    """Leave one weight, cluster, strata, wave and date: the first; for dates the one recorded last in a response."""
    for role in ("weight", "cluster", "strata", "wave", "date"):
        found = [f for f in fields.values() if f.role == role]
        if role == "date":
            found.sort(key=lambda f: next((i for i, p in enumerate(DATES) if re.search(p, f.name.casefold())), 9))
        for extra in found[1:]:
            fields[extra.name] = replace(extra, role="")
            guesses.append(Guess(extra.name, "no role after all", f"{found[0].name} is the {role}; a study has one"))


def _one_cell(fields: dict[str, Field], columns: list[Column], guesses: list[Guess]) -> None:
    """Turn texts such as 'Email, Phone' into a multiple-response question when a few options recur in all cells."""
    for c in columns:
        options = scales.options(c.values, c.filled) if c.type == "string" and c.name in fields and c.values else []
        if not options or fields[c.name].role in ("id", "brand"):
            continue
        names = tuple(f"{c.name}_{i}" for i in range(1, len(options) + 1))
        fields[c.name] = replace(
            fields[c.name], type="integer", role="", columns=names, labels=dict(zip(names, options, strict=True))
        )
        said = ", ".join(f"{n} = '{o}'" for n, o in zip(names, options, strict=True))
        guesses.append(
            Guess(c.name, f"multiple response: {said}", "cells join a few recurring options by comma or semicolon")
        )
