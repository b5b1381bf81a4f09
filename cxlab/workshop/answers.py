"""`given` reads what a learner hands over, `judge` says whether it is right, and if not, which known mistake it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from scipy.special import ndtri

from cxlab.data.study import Study
from cxlab.result import Estimate, Result
from cxlab.workshop.phrases import say, shown
from cxlab.workshop.questions import Answer, Drawn, Question

CLOSE = 0.06
"""How far an end of an interval may lie from the right one, as a share of the right width: another sound method may
have been used, another level (90 % for 95 %) may not."""

LEVELS = (0.8, 0.9, 0.95, 0.99)


class Unread(Exception):
    """What came is no answer; the text says why and what to give."""


@dataclass(frozen=True)
class Judged:
    """Whether an answer is right (None: noted), the known mistake that it is, and what is said of it."""

    right: bool | None
    mistake: str = ""
    said: str = ""


def given(question: Question, came: Any, drawn: Drawn, language: str, names: Mapping[str, str]) -> Answer:
    """Return what a learner gave as an answer.

    Parameters
    ----------
    question : what was asked.
    came : what was given.
    drawn : the seat's data, for the words that may be chosen.
    language : in which it is said what is wrong.
    names : the words of a choice in that language, by their name.

    Raises
    ------
    Unread : three dots, text for a number, a function, the data themselves, several rows, ...
    """
    if came is ...:
        raise Unread(say(language, "dots", question=question.name))
    if came is None:
        raise Unread(say(language, "nothing"))
    if isinstance(came, Study):
        raise Unread(say(language, "study"))
    if callable(came) and not isinstance(came, (Result, Estimate)):
        raise Unread(say(language, "function"))
    if question.kind == "choice":
        return _chosen(question, came, drawn, language, names)
    if question.kind == "labels":
        return _labels(question, came, language)
    return _numbers(question, came, language)


def _chosen(question: Question, came: Any, drawn: Drawn, language: str, names: Mapping[str, str]) -> Answer:
    allowed = question.allowed(drawn)
    listed = ", ".join(f'"{names.get(a, a)}"' for a in allowed)
    if not isinstance(came, str):
        raise Unread(say(language, "kind_word", came=brief(came), allowed=listed))
    word = " ".join(came.split()).casefold()
    for a in allowed:
        if word in (a.casefold(), names.get(a, a).casefold()):
            return Answer(word=a)
    raise Unread(say(language, "word", given=came, allowed=listed))


def _labels(question: Question, came: Any, language: str) -> Answer:
    came = came.tolist() if hasattr(came, "tolist") else came
    if isinstance(came, (str, Mapping)) or not isinstance(came, Iterable):
        raise Unread(say(language, "labels", came=type(came).__name__, length=question.length))
    items = list(came)
    if any(x is ... for x in items):
        raise Unread(say(language, "dots", question=question.name))
    if len(items) != question.length:
        raise Unread(say(language, "length", came=len(items), length=question.length))
    for at, x in enumerate(items, 1):
        if not isinstance(x, (Real, bool)) or x not in (0, 1):
            raise Unread(say(language, "label", at=at, given=brief(x)))
    return Answer(items=tuple(int(x) for x in items))


def _numbers(question: Question, came: Any, language: str) -> Answer:
    if isinstance(came, Result):
        if len(came.table) != 1:
            first = str(came.table.iloc[0, 0]) if len(came.table) else ""
            raise Unread(say(language, "rows", rows=len(came.table), first=first))
        row = came.table.iloc[0]
        came = tuple(row.get(k, math.nan) for k in ("estimate", "low", "high"))
    elif isinstance(came, Estimate):
        came = (came.value, came.low, came.high)
    elif hasattr(came, "tolist"):
        came = came.tolist()
    wants = "interval" if question.kind == "interval" else "number"
    if isinstance(came, str):
        raise Unread(say(language, f"text_{wants}", given=brief(came)))
    if isinstance(came, bool):
        raise Unread(say(language, "bool_number", given=came))
    if isinstance(came, Real):
        came = (came,)
    if not isinstance(came, (tuple, list)) or len(came) not in (1, 2, 3):
        raise Unread(say(language, f"kind_{wants}", came=type(came).__name__))
    if any(x is ... for x in came):
        raise Unread(say(language, "dots", question=question.name))
    for x in came:
        if not isinstance(x, Real) or isinstance(x, bool):
            raise Unread(say(language, "text_number", given=brief(x)))
    return _in_order(tuple(map(float, came)), question, language)


def _in_order(numbers: tuple[float, ...], question: Question, language: str) -> Answer:
    if len(numbers) == 2:
        raise Unread(say(language, "two"))
    if not math.isfinite(numbers[0]) or (len(numbers) == 3 and any(map(math.isinf, numbers))):
        raise Unread(say(language, "nan"))
    answer = Answer(*numbers)
    told = {k: shown(getattr(answer, k), question.unit, language) for k in ("value", "low", "high")}
    if answer.low > answer.high:
        raise Unread(say(language, "turned", **told))
    if question.kind == "interval" and not math.isnan(answer.width) and not answer.low <= answer.value <= answer.high:
        raise Unread(say(language, "outside", **told))
    return answer


def judge(question: Question, drawn: Drawn, answer: Answer, language: str, others: Iterable[Answer] = ()) -> Judged:
    """Return whether an answer is right for this seat, and what it is if it is not.

    Parameters
    ----------
    question : what was asked.
    drawn : the seat's own data: the right answer and the known mistakes are computed from them.
    answer : as `given` returns it.
    language : of what is said.
    others : right answers of other seats to the same question.
    """
    if question.right is None:
        return Judged(None)
    turn = Answer.upright if question.unsigned else lambda given: given
    answer, right = turn(answer), turn(question.right(drawn))
    if question.kind == "choice":
        ok = answer.word == right.word
        wrong = {m: rule(drawn).word for m, rule in question.mistakes.items()} if not ok else {}
        return Judged(ok, next((m for m, w in wrong.items() if w == answer.word), ""))
    if question.kind == "labels":
        return _judge_labels(question, drawn, right, answer, language)
    near = abs(answer.value - right.value) <= _tolerance(question, right)
    if near and (question.kind == "number" or _ends(question, right, answer)):
        return Judged(True)
    for name, rule in question.mistakes.items():
        wrong = turn(rule(drawn))
        if near and math.isnan(wrong.width):
            continue  # the value is right: what is wrong is the interval
        if _same(question, wrong, answer):
            return Judged(False, name)
    if any(_copied(question, turn(other), answer) for other in others):
        return Judged(False, "other_seat", say(language, "other_seat"))
    if not near:
        as_share = question.unit == "points" and abs(answer.value * 100 - right.value) <= _tolerance(question, right)
        return Judged(False, "share", say(language, "share")) if as_share else Judged(False)
    return _judge_ends(question, right, answer, language)


def _tolerance(question: Question, right: Answer) -> float:
    return question.tolerance * abs(right.value) if question.relative else question.tolerance


def _ends(question: Question, right: Answer, answer: Answer) -> bool:
    """Whether an interval is the right one: each end near, or as near as rounding of a narrow one allows."""
    if math.isnan(answer.width):
        return False
    room = max(CLOSE * right.width, min(_tolerance(question, right), 0.07 * right.width))
    return abs(answer.low - right.low) <= room and abs(answer.high - right.high) <= room


def _same(question: Question, mistake: Answer, answer: Answer) -> bool:
    """Whether an answer is this mistake; a mistake that has an interval is one of the interval as well."""
    if abs(answer.value - mistake.value) > _tolerance(question, mistake):
        return False
    return math.isnan(mistake.width) or math.isnan(answer.width) or _ends(question, mistake, answer)


def _copied(question: Question, other: Answer, answer: Answer) -> bool:
    if math.isnan(answer.width) and question.kind == "interval":
        return abs(answer.value - other.value) <= 1e-6
    same = [(answer.value, other.value), (answer.low, other.low), (answer.high, other.high)]
    return all((math.isnan(a) and math.isnan(b)) or abs(a - b) <= 1e-6 for a, b in same)


def _judge_ends(question: Question, right: Answer, answer: Answer, language: str) -> Judged:
    """Say what is wrong with the interval around a right value."""
    if math.isnan(answer.width):
        return Judged(False, "value_only", say(language, "value_only"))
    ratio = answer.width / right.width if right.width else math.inf
    z = float(ndtri((1 + question.level) / 2))
    if abs(ratio - 1 / z) < 0.03:
        return Judged(False, "one_se", say(language, "one_se", asked=question.level))
    for level in LEVELS:
        if level != question.level and abs(ratio - float(ndtri((1 + level) / 2)) / z) < 0.03:
            return Judged(False, "level", say(language, "level", level=level, asked=question.level))
    told = {k: shown(getattr(answer, k), question.unit, language) for k in ("low", "high")}
    return Judged(False, "interval_off", say(language, "interval_off", **told))


def _judge_labels(question: Question, drawn: Drawn, right: Answer, answer: Answer, language: str) -> Judged:
    hits = sum(a == b for a, b in zip(answer.items, right.items, strict=True))
    needed = math.ceil(question.agree * question.length)
    if hits >= needed:
        return Judged(True)
    if len(set(answer.items)) == 1:
        return Judged(False, "same_labels", say(language, "same_labels"))
    if question.length - hits >= needed:
        return Judged(False, "turned_labels", say(language, "turned_labels"))
    for name, rule in question.mistakes.items():
        if rule(drawn).items == answer.items:
            return Judged(False, name)
    return Judged(False, "", say(language, "agreed", hits=hits, length=question.length, needed=needed))


def brief(value: Any) -> str:
    """Return a value as it was typed, shortened; a thing that is no plain value by its kind."""
    text = repr(value) if value is None or isinstance(value, (str, int, float)) else type(value).__name__
    return text if len(text) <= 40 else f"{text[:39]}…"
