"""`faults`: what is wrong with a lesson, found by a perfect learner and by one who makes every mistake.

A teacher's own lesson is held to what ours are: ``cxlab workshop try FOLDER``.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

import cxlab
from cxlab.workshop import answers
from cxlab.workshop.lesson import Feedback, Lesson, drawn
from cxlab.workshop.outlines import NAMES, Outline
from cxlab.workshop.phrases import languages
from cxlab.workshop.questions import Answer, Question
from cxlab.workshop.seat import Place
from cxlab.workshop.untranslated import wrong_language

CELLS, LINES, MINUTES = 12, 6, 20
"""At most: cells of a notebook, lines of a cell of code, minutes of a lesson."""

NOTES = {"aim": str, "misconceptions": 2, "timing": str, "board": str, "chance": str, "questions": 3, "fails": str}
"""What the instructor's notes must say: a text, or a list of so many."""

CHECK = re.compile(r"lesson\.check\(\"([\w-]+)\", \.\.\.\)")
"""What a notebook asks: the learner puts an answer in place of the three dots."""


def faults(about: Outline, seats: Iterable[int] = range(1, 9)) -> list[str]:
    """Return all that is wrong with a lesson, a sentence each; an empty list if nothing is.

    Parameters
    ----------
    about : the lesson.
    seats : at which it is tried.
    """
    found = [*wrong_texts(about), *wrong_notebook(about)]
    if found:
        return found
    seats = list(seats)
    learners = [Lesson(about, Place("trial", seat, len(seats), b"trial"), "en") for seat in seats]
    return [*wrong_draws(about, seats), *wrong_right_answers(about, learners), *wrong_mistakes(about, learners)]


def wrong_texts(about: Outline) -> list[str]:
    """Return what the texts of a lesson lack, in any of its languages."""
    found = []
    spoken = [la for la in languages() if la == "en" or about.file.with_name(f"{about.name}.{la}.toml").is_file()]
    if about.name in NAMES and spoken != languages():
        found.append(f"{about.name} is not there in {', '.join(set(languages()) - set(spoken))}")
    for language in spoken:
        said = about.texts(language)
        where = f"{about.name} ({language})"
        found += [f"{where}: no {key}" for key in ("title", "minutes", "questions", "notes") if not said.get(key)]
        if found:
            return found
        if not 0 < said["minutes"] <= MINUTES:
            found.append(f"{where}: {said['minutes']} minutes; at most {MINUTES}")
        for question in about.questions.values():
            found += [f"{where}: {fault}" for fault in _untold(question, said["questions"].get(question.name, {}))]
        found += [f"{where}: notes.{fault}" for fault in _unnoted(said["notes"])]
        found += wrong_language(about, language) if language != "en" else []
    return found


def _untold(question: Question, told: Mapping[str, Any]) -> Iterable[str]:
    keys = ["asks"] if question.right is None else ["asks", "explains", "hints", "solution"]
    yield from (f"question '{question.name}' has no {key}" for key in keys if not told.get(key))
    mistakes = told.get("mistakes", {})
    yield from (f"mistake '{question.name}.{m}' has no sentence" for m in question.mistakes if not mistakes.get(m))
    yield from (f"'{question.name}.{m}' is no mistake of the module" for m in mistakes if m not in question.mistakes)


def _unnoted(notes: Mapping[str, Any]) -> Iterable[str]:
    for key, kind in NOTES.items():
        value = notes.get(key)
        if kind is str and not (isinstance(value, str) and value.strip()):
            yield f"{key} is missing"
        elif kind is not str and not (isinstance(value, list) and len(value) >= kind):
            yield f"{key} needs {kind}"


def wrong_notebook(about: Outline) -> list[str]:
    """Return what is wrong with a lesson's notebook."""
    if not about.notebook.is_file():
        return [f"{about.name}: no notebook {about.notebook.name}"]
    cells = json.loads(about.notebook.read_text(encoding="utf-8"))["cells"]
    code = {c["id"]: "".join(c["source"]) for c in cells if c["cell_type"] == "code"}
    found = [f"{len(cells)} cells; at most {CELLS}"] if len(cells) > CELLS else []
    for at, source in code.items():
        if len(source.splitlines()) > LINES:
            found.append(f"cell '{at}' has {len(source.splitlines())} lines; at most {LINES}")
        kinds = {type(node) for node in ast.walk(ast.parse(source))}
        if kinds & {ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef}:
            found.append(f"cell '{at}' defines a function or a class")
    asked = CHECK.findall("\n".join(code.values()))
    missing, unknown = [q for q in about.questions if q not in asked], [q for q in asked if q not in about.questions]
    found += [f'nothing asks lesson.check("{q}", ...)' for q in missing]
    found += [f"'{q}' is no question of the module" for q in unknown]
    for language in languages()[1:] if about.name in NAMES else ():
        told = about.texts(language).get("cells", {})
        text = [c["id"] for c in cells if c["cell_type"] == "markdown"]
        found += [f"cell '{at}' is not there in {language}" for at in text if not told.get(at)]
        found += [f"{language}: no cell '{at}' of text in the notebook" for at in told if at not in text]
    return [f"{about.notebook.name}: {fault}" for fault in found]


def wrong_draws(about: Outline, seats: list[int]) -> list[str]:
    """Return whether the data of a seat change when drawn again, or are those of another seat."""
    place = Place("trial", 1, len(seats), b"trial")
    first, again = ([a for seat in seats for a in _told(about, place, seat)] for _ in range(2))
    same = len(first) == len(again) and all(map(_alike, first, again))
    found = [] if same else ["drawn again, a seat has other data"]
    for question in about.questions.values():
        if question.kind == "interval" and question.right is not None:
            right = {question.right(drawn(about, place.at(seat))) for seat in seats}
            if len(right) <= len(seats) / 2:
                found.append(f"'{question.name}': most seats have the same right answer; draw with the seat's stream")
    return [f"{about.name}: {fault}" for fault in found]


def _alike(one: Answer, other: Answer) -> bool:
    """Whether two answers are one but for the order in which an engine adds up."""
    numbers = [[a.value, a.low, a.high] for a in (one, other)]
    said = (one.word, one.items) == (other.word, other.items)
    return said and np.allclose(*numbers, rtol=1e-9, atol=1e-9, equal_nan=True)


def _told(about: Outline, place: Place, seat: int) -> list[Answer]:
    got = drawn(about, place.at(seat))
    return [q.right(got) for q in about.questions.values() if q.right is not None]


def perfect(learner: Lesson, question: str) -> Any:
    """Return what the solution of a question gives when it is run."""
    code = learner.about.texts(learner.language)["questions"][question]["solution"]
    return eval(code, {"cx": cxlab, "lesson": learner})


def wrong_right_answers(about: Outline, learners: list[Lesson]) -> list[str]:
    """Return where the written solution, run as a learner would, is not what the check takes for right."""
    found = []
    for question in (q for q in about.questions.values() if q.right is not None):
        for learner in learners:
            try:
                said = learner.check(question.name, perfect(learner, question.name))
            except Exception as problem:  # the author's code: whatever it raises is the fault
                said = Feedback(False, (f"{type(problem).__name__}: {problem}",))
            if said.right is not True:
                found.append(f"{about.name}: the solution of '{question.name}' is not right at seat "
                             f"{learner.place.seat}: {said}")  # fmt: skip
                break
    return found


def wrong_mistakes(about: Outline, learners: list[Lesson]) -> list[str]:
    """Return the named mistakes recognised at less than half of the seats where they are wrong."""
    found = []
    for question in about.questions.values():
        for name, rule in question.mistakes.items():
            named, tried = 0, 0
            for learner in learners:
                wrong, right = rule(learner._drawn), question.right(learner._drawn)
                if answers.judge(question, learner._drawn, wrong, "en").right:
                    continue  # by chance the mistake gives the right answer here
                tried += 1
                named += learner.check(question.name, offered(wrong)).mistake == name
                assert right is not None
            if not tried or named < tried / 2:
                found.append(f"{about.name}: mistake '{question.name}.{name}' is wrong at {tried} of {len(learners)} "
                             f"seats and recognised at {named}")  # fmt: skip
    return found


def offered(answer: Answer) -> Any:
    """Return an answer as a learner would type it."""
    if answer.word:
        return answer.word
    if answer.items:
        return list(answer.items)
    return answer.value if math.isnan(answer.width) else (answer.value, answer.low, answer.high)
