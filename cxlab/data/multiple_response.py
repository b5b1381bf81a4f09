"""Questions with several answers become one field: columns of options, or options joined in one cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cxlab.data import layouts, wording
from cxlab.data.codebook import Field
from cxlab.data.guess import Log
from cxlab.data.profile import Column
from cxlab.data.readers.raw import Raw

MARKS = {",": "comma", ";": "semicolon", "|": "bar", "\n": "line break", "\t": "tab", " / ": "slash", " ": "blank"}
"""What joins options, in words."""


def questions(raw: Raw, columns: list[Column], fields: dict[str, Field], log: Log) -> dict[str, Field]:
    """Return a field for each question whose options stand in columns of their own."""
    by_name = {c.name: c for c in columns}
    found = _of_platform(raw, by_name)
    taken = {n for names in found.values() for n in names}
    free = [(c.name, c.values) for c in columns if c.filled and c.name not in taken and c.facts.get("role") is None]
    for names in layouts.one_text_each(free):
        found[_called(names, by_name)] = names
        taken |= set(names)
    for stem, names in layouts.flags([(n, v) for n, v in free if n not in taken]).items():
        found[stem if stem not in by_name else f"{stem}_options"] = names
    return {**fields, **{q: _field(q, names, by_name, raw, log) for q, names in found.items()}}


def _of_platform(raw: Raw, by_name: Mapping[str, Column]) -> dict[str, list[str]]:
    """Return the questions that the platform groups and whose columns hold at most one answer, or yes and no."""
    many = {}
    for question, names in raw.multiple.items():
        filled = [by_name[n] for n in names if by_name[n].filled]
        values = [{v.casefold() for v in c.values} - {"-99"} for c in filled]
        ticks = [v <= layouts.YES | layouts.NO for v in values]
        told = raw.kind.startswith(("SurveyMonkey", "Qualtrics", "Typeform"))
        single = all(len(v) <= 1 or tick for v, tick in zip(values, ticks, strict=True))
        if filled and single and (told or any(ticks)):
            many[question] = list(names)
    return many


def _called(names: list[str], by_name: Mapping[str, Column]) -> str:
    stem = _common([wording.plain(n) for n in names])
    name = stem.replace(" ", "_").strip("_") if len(stem) > 2 else "ticked"
    return next(n for n in (name, *(f"{name}_{i}" for i in range(2, 99))) if n not in by_name)


def _field(question: str, names: list[str], by_name: Mapping[str, Column], raw: Raw, log: Log) -> Field:
    facts = {n: by_name[n].facts for n in names}
    wordings = [str(facts[o].get("question", "")) for o in names]
    stem = _common(wordings)
    labels = {o: _label(o, by_name[o]) for o in names}
    title = stem or ("" if question.startswith("ticked") else question)
    log.say(question, f"multiple response in {len(names)} columns", "each holds its option or nothing")
    rows = max(by_name[n].rows for n in names)
    finished = raw.kind.startswith("Typeform")
    if finished:
        log.say(question, "a row without a tick chose none", "the platform exports finished forms only")
    elif sum(by_name[n].filled for n in names) < rows and not raw.multiple:
        log.ask(question, "rows without any tick are taken as not answered",
                {"not answered": "", "none of the options": "unticked=none"}, 0.55)  # fmt: skip
    return Field(question, title=title[:80], question=stem, type="integer", columns=tuple(names), labels=labels,
                 unticked="none" if finished else "")  # fmt: skip


def _label(name: str, c: Column) -> str:
    """Return what an option is called: its title in the file, the text it holds, or what its name ends in."""
    if c.facts.get("title"):
        return str(c.facts["title"])
    texts = [v for v in c.values if v.casefold() not in layouts.YES | layouts.NO]
    if len(texts) == 1 and len(c.values) == 1:
        return texts[0]
    return name.rpartition("/")[2] or name


def _common(wordings: list[str]) -> str:
    """Return what all wordings begin with, up to the last word."""
    first, last = min(wordings), max(wordings)
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:n].removesuffix(first[:n].split(" ")[-1]).strip(" -–[(:").removesuffix(" - Selected Choice")


def joined(raw: Raw, fields: dict[str, Field], columns: list[Column], log: Log) -> None:
    """Turn texts such as 'Email, Phone' into a multiple-response question when a few options recur in all cells."""
    for c in columns:
        if c.type != "string" or c.name not in fields or not c.values or fields[c.name].role in ("id", "brand"):
            continue
        if c.facts.get("role") in ("id", "text"):
            continue
        separator, options = layouts.options(c.values, c.filled, lists=raw.kind.startswith("Qualtrics"))
        if not options:
            continue
        names = tuple(f"{c.name}_{i}" for i in range(1, len(options) + 1))
        labels = dict(zip(names, options, strict=True))
        stored = "" if separator in (",", ";") and not any(x in o for o in options for x in ",;") else separator
        log.guesses[:] = [g for g in log.guesses if g.column != c.name]
        log.doubts[:] = [d for d in log.doubts if d.column != c.name]
        fields[c.name] = replace(
            fields[c.name], type="integer", role="", columns=names, labels=labels, separator=stored, missing={}
        )
        said = ", ".join(f"{n} = '{o}'" for n, o in labels.items())
        mark = MARKS.get(separator, separator.strip())
        log.say(c.name, f"multiple response: {said}", f"cells join a few recurring options by {mark}")
