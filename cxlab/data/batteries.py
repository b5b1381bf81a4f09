"""Which rating asks for the whole, which stand in a battery, and the scale that a battery agrees on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from cxlab.data import scales, wording
from cxlab.data.codebook import Field
from cxlab.data.doubt import COUNTED
from cxlab.data.guess import Log
from cxlab.data.profile import Column
from cxlab.data.readers.raw import number

USUAL = (5, 7, 10)
"""Tops of usual scales: a code above one of them needs most questions of its battery."""

FEW_ALONE, FEW_TOGETHER = 300, 100
"""A single question with fewer answers, or a battery with fewer, may lack its best answer by chance."""

WHOLE = re.compile(r"(?<=[a-z0-9])all$|(?<=\d)ALL$|[_ ](all|tot|ges|gesamt|total)$", re.I)
"""Names that end so belong to the question about the whole within a battery: Q7ALL."""


def outcomes(fields: dict[str, Field], columns: Mapping[str, Column], log: Log) -> None:
    """Give the role outcome: recommendation, repurchase, and the overall or only question of another measure."""
    rated = [f for f in fields.values() if f.scale and not f.role]
    wholes = [f for f in rated if not f.measure and wording.says("overall", f.name, f.question)]
    first = next((f for f in rated if _whole_of(f, fields)), None)
    measured = Counter(g.measure for g in fields.values() if g.scale and not _grouped(g))
    for f in rated:
        if _grouped(f) or f.scale.points < 3 and f.measure not in ("churn", "complaint"):
            continue
        overall = wording.says("overall", f.name, f.question) or f is first
        if overall and f.measure in ("", "quality", "value", "expectation") and len(wholes) <= 2:
            fields[f.name] = replace(f, role="outcome", measure="satisfaction")
            log.say(f.name, "role outcome, measure satisfaction", "it rates the whole")
        elif f.measure and (
            f.measure in ("recommendation", "repurchase") or overall or measured[f.measure] == 1 and _alone(f, fields)
        ):
            only = "its measure" if f.measure == "recommendation" else "the only question of its measure"
            fields[f.name] = replace(f, role="outcome")
            log.say(f.name, "role outcome", "it asks for the whole" if overall else only)
    _rated(fields, log)


def _grouped(f: Field) -> bool:
    """Whether a column only sorts the answers of another ('nps_group')."""
    said = wording.plain(f.name)
    return wording.says("group", said) and wording.measure(said) == "recommendation" or said.endswith(" group")


def _alone(f: Field, fields: Mapping[str, Field]) -> bool:
    """Whether a question is not one item of a matrix: 'Ease of reaching an agent' among other items is no outcome."""
    stem = f.question.rpartition(" - ")[0]
    beside = [
        g for g in fields.values() if stem and g.scale and g.name != f.name and g.question.startswith(f"{stem} - ")
    ]
    return not beside


def _whole_of(f: Field, fields: Mapping[str, Field]) -> bool:
    stem = WHOLE.sub("", f.name)
    if stem == f.name:
        return False
    return sum(1 for g in fields.values() if g.scale and g.name != f.name and g.name.startswith(stem)) >= 3


def _rated(fields: dict[str, Field], log: Log) -> None:
    """Take the only column called 'rating', 'stars' or 'review score' as the outcome where there is none, and ask."""
    if any(f.role == "outcome" for f in fields.values()):
        return
    called = [f for f in fields.values() if f.scale and not f.role and not f.measure and not _grouped(f)
              and wording.says("rating", f.name, f.title) and f.scale.points >= 3]  # fmt: skip
    if len(called) > 1:
        short = min(len(wording.plain(f.name).split()) for f in called)
        called = [f for f in called if len(wording.plain(f.name).split()) == short]
    if len(called) != 1:
        return
    f = called[0]
    fields[f.name] = replace(f, role="outcome", measure="satisfaction")
    log.say(f.name, "role outcome, measure satisfaction", "the only rating by its name")
    log.ask(f.name, f"{_shape(f)}: taken as the outcome, because of its name",
            {"the outcome": "", "no outcome": "role= measure="}, 0.6)  # fmt: skip


def _shape(f: Field) -> str:
    steps = "whole numbers" if f.scale.step == 1 else f"steps of {f.scale.step:g}"
    return f"{f.scale.minimum:g} to {f.scale.maximum:g}, {steps}"


def touchpoints(fields: dict[str, Field], columns: Mapping[str, Column], log: Log) -> None:
    """Give the role touchpoint to worded ratings and to three or more in a row on one kind of scale."""
    place = {n: i for i, n in enumerate(fields)}
    runs: list[list[Field]] = []
    for f in [f for f in fields.values() if f.scale and (not f.role or f.role == "outcome")]:
        last = runs[-1][-1] if runs else None
        near = last and place[f.name] - place[last.name] <= 2 and _alike(last, f)
        runs[-1].append(f) if near else runs.append([f])
    for run in runs:
        _agree(fields, run, columns, log)
        items = [fields[f.name] for f in run if not f.role]
        for f in items:
            _touchpoint(fields, f, items, log)


def _touchpoint(fields: dict[str, Field], f: Field, items: list[Field], log: Log) -> None:
    wide = f.scale.maximum - f.scale.minimum >= 3 * f.scale.step and (f.scale.minimum != 0 or f.scale.maximum >= 5)
    named = wording.says("rating", f.name, f.title) and not wording.says("group", f.name)
    worded = f.measure or wording.direction(f.scale.labels)[0] or named
    if _grouped(f) or not (worded or len(items) >= 3 and wide):
        _no_rating(fields, f, log)
        return
    why = f"one of {len(items)} ratings in a row" if len(items) > 1 else "a rating that is not the outcome"
    fields[f.name] = replace(f, role="touchpoint")
    log.say(f.name, "role touchpoint", why)
    if wording.says("negative", f.name, f.title) and not f.measure and not wording.direction(f.scale.labels)[0]:
        log.say(f.name, "highest may be worst", "its name speaks of something bad, and no label says which end is best")
        log.ask(f.name, f"is {f.scale.maximum:g} the best or the worst answer? Its name speaks of something bad",
                {f"{f.scale.maximum:g} is best": "", f"{f.scale.minimum:g} is best": "best=low"}, 0.6)  # fmt: skip


def _agree(fields: dict[str, Field], run: list[Field], columns: Mapping[str, Column], log: Log) -> None:
    """Give a battery the scale that most of its questions show; codes above it are no answers, or out of scale."""
    free = [fields[f.name] for f in run if not f.scale.labels and f.measure != "recommendation"]
    if len(free) < 2:
        return
    low = min(f.scale.minimum for f in free)
    tops = Counter(f.scale.maximum for f in free)
    top = max(tops, key=lambda t: (tops[t], t in USUAL, t))
    if top not in USUAL or low < 0 or free[0].scale.step != 1:
        top = (
            next((float(u) for u in USUAL if top < u <= max(tops)), max(tops))
            if top not in USUAL and low >= 0
            else max(tops)
        )
    if top not in USUAL and top - 1 in USUAL and _enough(free, top - 1, columns):
        top -= 1  # nobody gave the best answer to a question that many answered: a code for no answer, it seems
    low = -top if low < 0 else low
    for f in free:
        above = _codes_above(columns.get(f.name), top)
        if len(above) > 1 and sum(above.values()) * 100 > sum(columns[f.name].values.values()):
            continue  # several codes above that people do use: a longer scale of its own
        if f.scale.maximum in USUAL and f.scale.maximum < top and tops[f.scale.maximum] >= tops[top]:
            ends = f"its answers end at {f.scale.maximum:g}, those of the ratings beside it at {top:g}"
            answers = {f"to {f.scale.maximum:g}": "", f"to {top:g}": f"scale={low:g}-{top:g}"}
            log.ask(f.name, ends, answers, 0.5)
            continue  # as many questions end here as there: two scales side by side
        shared = replace(f.scale, minimum=low, maximum=top)
        fields[f.name] = replace(f, scale=shared)
        if shared != f.scale:
            log.say(f.name, f"scale {low:g} to {top:g}", "the scale of the ratings beside it")
        if above:
            _above(fields, fields[f.name], above, columns[f.name], log)


def _enough(free: list[Field], top: float, columns: Mapping[str, Column]) -> bool:
    """Whether a question that ends there has so many answers that somebody would have given a better one."""
    ending = [columns[f.name] for f in free if f.scale.maximum == top and f.name in columns]
    return any(sum(c.values.values()) >= FEW_TOGETHER for c in ending)


def _codes_above(c: Column | None, top: float) -> dict[str, int]:
    if c is None:
        return {}
    return {t: n for t, n in c.values.items() if (v := number(t)) is not None and top < v <= 11}


def _above(fields: dict[str, Field], f: Field, above: Mapping[str, int], c: Column, log: Log) -> None:
    """Settle codes that one question has above the scale of its battery: rare ones are out of scale, others N/A."""
    above = {t: n for t, n in above.items() if t not in f.missing}
    rows, listed = sum(c.values.values()), ", ".join(above)
    often = sum(above.values())
    if not above:
        return
    if often * 100 <= rows:
        log.say(f.name, f"{listed} out of scale", f"{often:,} of {rows:,} answers; left out and counted")
    else:
        gone = dict.fromkeys(above, "no answer (guessed)")
        fields[f.name] = replace(f, missing={**f.missing, **gone})
        log.say(
            f.name,
            f"missing code {listed}",
            f"{often:,} of {rows:,} answers; the ratings beside it end at {f.scale.maximum:g}",
        )
    most = max(float(t) for t in above)
    log.ask(f.name, f"{listed} ({often:,} of {rows:,} answers) lies above the ratings beside it: an answer?",
            {"no answer": "", f"a scale to {most:g}": f"scale={f.scale.minimum:g}-{most:g} missing="}, 0.7)  # fmt: skip


def _no_rating(fields: dict[str, Field], f: Field, log: Log) -> None:
    """Take back the scale of whole numbers that nothing marks as ratings."""
    kept = {k: why for k, why in f.missing.items() if number(k) is None or "guessed" not in why}
    fields[f.name] = replace(f, scale=None, measure="", missing=kept, labels=f.labels or f.scale.labels)
    of_scale = lambda d: d.column == f.name and re.search("scale=|best=", " ".join(d.settings))  # noqa: E731
    log.doubts[:] = [d for d in log.doubts if not of_scale(d)]
    log.guesses[:] = [g for g in log.guesses if g.column != f.name or g.what.startswith("text read")]
    beside = [k for k in f.missing if k not in kept and f.scale.maximum + 1 < float(k) < 10]  # others: missing_codes
    if beside:
        said = f"{' and '.join(beside)} beside {f.scale.minimum:g} to {f.scale.maximum:g}{COUNTED}codes for no answer?"
        log.ask(f.name, said, {"numbers": "", "no answer": f"missing={','.join(beside)}"}, 0.6)
    why = f"whole numbers {f.scale.minimum:g} to {f.scale.maximum:g}, neither worded as a rating nor three in a row"
    log.say(f.name, "no role, no scale", why)


def _alike(a: Field, b: Field) -> bool:
    if a.scale.step != b.scale.step or a.scale.best != b.scale.best:
        return False
    tops = sorted((a.scale.maximum, b.scale.maximum))
    if a.scale.minimum < 0 and b.scale.minimum < 0:
        return tops[1] - tops[0] <= 2
    near = tops[0] == tops[1] or tops[0] >= 4 and tops[1] - tops[0] <= 2
    lowest = a.scale.minimum == b.scale.minimum or {a.scale.minimum, b.scale.minimum} == {0, 1} and tops[0] >= 8
    return near and lowest


def ends(fields: dict[str, Field], columns: Mapping[str, Column], log: Log) -> None:
    """Ask where a scale ends in no usual number and few answered: perhaps nobody gave the best answer.

    Top-2 boxes count the best answers, so 1 to 4 and 1 to 5 are different numbers. 8 and 9 of few answers, or beside a
    0, are read as 10.
    """
    rated = [f for f in fields.values() if f.role in ("outcome", "touchpoint") and _open_end(f)]
    for f in rated:
        beside = [g for g in rated if g.scale == f.scale and (g.role == f.role or len(rated) < 3)]
        rows = sum(sum(columns[g.name].values.values()) for g in beside if g.name in columns)
        if f.name not in columns or rows >= (FEW_TOGETHER if len(beside) > 2 else FEW_ALONE) and f.scale.minimum:
            continue
        low, seen = f.scale.minimum, f.scale.maximum
        usual = float(next(u for u in USUAL if u > seen))
        assumed = usual if seen >= 8 and (low == 0 or rows < FEW_TOGETHER) else seen
        if assumed != seen:
            fields[f.name] = replace(f, scale=replace(f.scale, maximum=assumed))
            log.say(f.name, f"scale {low:g} to {assumed:g}", f"nobody of {rows:,} gave {assumed:g}, the usual end")
        other = usual if assumed == seen else seen
        ask = f"the best answer given is {seen:g}: read as a scale to {assumed:g}"
        answers = {f"to {assumed:g}": "", f"to {other:g}": f"scale={low:g}-{other:g}"}
        log.ask(f.name, ask, answers, 0.5 if f.role == "outcome" else 0.25)


def two_scales(fields: Mapping[str, Field], columns: Mapping[str, Column], log: Log) -> None:
    """Ask where nearly all answers on a scale to 7 or 10 are 1 to 5: two scales in one column, it may be."""
    for f in fields.values():
        if f.role not in ("outcome", "touchpoint") or not f.scale or f.scale.labels or f.name not in columns:
            continue
        if f.scale.minimum not in (0, 1) or f.scale.maximum < 7 or f.scale.step != 1 or told(f):
            continue
        counted = {v: n for t, n in columns[f.name].values.items() if (v := number(t)) is not None}
        rows, above = sum(counted.values()), sum(n for v, n in counted.items() if v > 5)
        if 0 < above * 10 <= rows and rows >= FEW_TOGETHER and {1, 2, 3, 4, 5} <= set(counted):
            top = f"{f.scale.maximum:g}"
            ask = f"{above:,} of {rows:,} answers are above 5: two scales in one column? Read as one to {top}"
            answers = {f"one scale to {top}": "", "a scale to 5": "scale=1-5"}
            log.ask(f.name, ask, answers, 0.7)


def _open_end(f: Field) -> bool:
    """Whether only the answers say where a scale ends, and they end at 3, 4, 6, 8 or 9."""
    if f.scale is None or f.scale.labels or f.scale.step != 1 or f.measure == "recommendation" or f.columns:
        return False
    return f.scale.minimum in (0, 1) and 3 <= f.scale.maximum < 10 and f.scale.maximum not in USUAL and not told(f)


def told(f: Field) -> bool:
    """Whether the wording of a question names its scale."""
    return scales.told(f.question or f.title or f.name) is not None
