"""`lesson`: one lesson for one seat: data whose truth is locked, checks, hints, the board, and the truth at last."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.problem import DataProblem, unknown
from cxlab.workshop import answers
from cxlab.workshop.class_answers import Standing, by_seat, opened
from cxlab.workshop.hand_ins import Book, standing
from cxlab.workshop.outlines import Outline, outline
from cxlab.workshop.phrases import say, shown, spoken
from cxlab.workshop.questions import Drawn, Question
from cxlab.workshop.seat import Place, here

LOOK = {True: ("#00694d", "✓"), False: ("#a13d00", "✗"), None: ("#1b4f8a", "•")}
"""Colour and sign of what is right, not right, noted; the words say it, too."""


@dataclass(frozen=True, repr=False)
class LessonData(Study):
    """The study of a lesson: a `Study` whose ``truth`` opens with `Lesson.reveal`."""

    unlock: Callable[[], dict[str, Any]] = field(default=dict, compare=False)

    @property
    def truth(self) -> dict[str, Any]:
        """What is true of the customers.

        Raises
        ------
        DataProblem : it is not open yet.
        """
        return self.unlock()


@dataclass(frozen=True)
class Feedback:
    """What is said of an answer; ``right`` is None where there is nothing right or wrong in it."""

    right: bool | None
    said: tuple[str, ...]
    mistake: str = ""

    def __bool__(self) -> bool:
        return self.right is not False

    def __repr__(self) -> str:
        return " ".join(self.said)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        colour, sign = LOOK[self.right]
        first, *rest = (html.escape(text) for text in self.said)
        style = f"border-left:4px solid {colour};padding:.3em .8em;margin:.2em 0;max-width:48em"
        body = f"<strong style='color:{colour}'>{sign} {first}</strong> {' '.join(rest)}"
        return {"text/plain": repr(self), "text/html": f"<div class='cx-feedback' style='{style}'>{body}</div>"}


class Lesson:
    """One lesson at one seat; made by `lesson`."""

    def __init__(self, about: Outline, place: Place, language: str) -> None:
        self.about, self.place, self.language = about, place, language
        self.texts = about.texts(language)
        self.book = Book(place, about.name)
        self._drawn = drawn(about, place, language)

    @property
    def data(self) -> LessonData:
        """The study of this seat; ``lesson.data.truth`` is locked until `reveal`."""
        study = self._drawn.study
        parts = {k: getattr(study, k) for k in Study.__dataclass_fields__}
        return LessonData(**parts, unlock=self._unlocked)

    def extra(self, name: str) -> Any:
        """Return a further thing of the lesson by name, such as the comments to code.

        Raises
        ------
        DataProblem : the lesson has no such thing.
        """
        if name not in self._drawn.extras:
            raise unknown("thing", name, f"lesson '{self.about.name}'", self._drawn.extras)
        return self._drawn.extras[name]

    def check(self, question: str, answer: Any = ...) -> Feedback:
        """Return whether an answer is right for this seat's data; a known mistake is answered by its name.

        Parameters
        ----------
        question : name of the question.
        answer : a number; a number with its interval, as a result of cxlab or (value, low, high); a word; labels.

        Raises
        ------
        DataProblem : the lesson has no such question.
        """
        asked = self._question(question)
        told = self.texts["questions"][question]
        try:
            came = answers.given(asked, answer, self._drawn, self.language, told.get("choices", {}))
        except answers.Unread as why:
            return Feedback(False, (say(self.language, "ask"), str(why)))
        others = (a for a in self._others(question)) if asked.kind in ("interval", "number") else ()
        judged = answers.judge(asked, self._drawn, came, self.language, others)
        said = [say(self.language, {True: "right", False: "wrong", None: "noted"}[judged.right])]
        if judged.right is False:
            said.append(judged.said or told.get("mistakes", {}).get(judged.mistake, ""))
            said.append(say(self.language, "again", question=question))
        else:
            said.append(told.get("explains", ""))
        kept, written = self.book.add(
            "check", question=question, **vars(came), right=judged.right, mistake=judged.mistake
        )
        if kept:
            said.append(say(self.language, "kept", why=kept))
        elif written:
            said.append(say(self.language, "written", many=written))
        return Feedback(judged.right, tuple(filter(None, said)), judged.mistake)

    def hint(self, question: str) -> Feedback:
        """Return the next hint to a question; after the last one the solution.

        Parameters
        ----------
        question : name of the question.
        """
        self._question(question)
        told = self.texts["questions"][question]
        hints = list(told.get("hints", ()))
        if not hints and "solution" not in told:
            return Feedback(None, (say(self.language, "no_hint"),))
        seen = standing(self.book.events()).get(question, {}).get("hints", 0)
        self.book.add("hint", question=question)
        if seen < len(hints):
            return Feedback(None, (say(self.language, "hint", k=seen + 1, of=len(hints), text=hints[seen]),))
        return Feedback(None, (say(self.language, "solution", code=told["solution"]),))

    def board(self, question: str) -> Any:
        """Return the board of a question: the answers of all seats side by side, without saying whose they are.

        Parameters
        ----------
        question : name of the question.
        """
        from cxlab.workshop.board_drawings import Board

        asked = self._question(question)
        mine = standing(self.book.events()).get(question, {}).get("answer")
        own = (
            self._open() if self.place.alone else None
        )  # in a class the truth stands on the board when the teacher says
        return Board(self.standing(), asked.name, self._drawn, mine=mine, open_=own)

    def reveal(self) -> Feedback:
        """Open the truth: at once for a learner alone; in a room once every question is answered, or by the teacher."""
        left = self._left()
        if not (self.place.alone or opened(self.place, self.about.name) or not left):
            return Feedback(False, (say(self.language, "not_yet", left=len(left), names=", ".join(left)),))
        self.book.add("reveal")
        told = self.texts.get("truth", {})
        said = "; ".join(
            f"{told.get(k, k)} {written(v, self._unit(k), self.language)}" for k, v in self._drawn.truth.items()
        )
        return Feedback(None, (say(self.language, "revealed", truth=said),))

    def standing(self) -> Standing:
        """Return where all seats of the room are in this lesson."""
        if self.place.folder is None:
            return Standing(self.about, self.language, self.place, {self.place.seat: standing(self.book.events())})
        return by_seat(self.about, self.place, self.language)

    def _others(self, question: str) -> list[Any]:
        if self.place.folder is None or self.place.seats == 1:
            return []
        rest = {seat: at for seat, at in self.standing().seats.items() if seat != self.place.seat}
        return [at[question]["answer"] for at in rest.values() if question in at and at[question]["right"]]

    def _left(self) -> list[str]:
        """The questions that wait for an answer, or for a right one."""
        at = standing(self.book.events())
        return [name for name in self.about.questions if at.get(name, {}).get("right", False) is False]

    def _unlocked(self) -> dict[str, Any]:
        if self._open():
            return dict(self._drawn.truth)
        raise DataProblem(say(self.language, "locked", lesson=self.about.name, left=len(self._left())))

    def _open(self) -> bool:
        return opened(self.place, self.about.name) or any(e["do"] == "reveal" for e in self.book.events())

    def _question(self, name: str) -> Question:
        if name not in self.about.questions:
            raise unknown("question", str(name), f"lesson '{self.about.name}'", self.about.questions)
        return self.about.questions[name]

    def _unit(self, truth: str) -> str:
        return next((q.unit for q in self.about.questions.values() if q.truth == truth), "")

    def __repr__(self) -> str:
        where = {"seat": self.place.seat, "room": self.place.room, "questions": ", ".join(self.about.questions)}
        about = {"number": self.about.number, "title": self.texts["title"], "minutes": self.texts["minutes"]}
        return say(self.language, "lesson_line", **about, **where)


def drawn(about: Outline, place: Place, language: str = "") -> Drawn:
    """Return the data of a seat: the same whenever they are drawn, other ones at every seat.

    Parameters
    ----------
    about : the lesson; one whose ``draw`` has a parameter ``language`` draws its words in it.
    place : the seat.
    language : that of the room if not given.
    """
    said = {"language": spoken(language or place.language)}
    more = said if "language" in inspect.signature(about.draw).parameters else {}
    return about.draw(
        place.random(about.name, "room"), place.random(about.name, "seat", place.seat), place.seat, **more
    )


def written(value: Any, unit: str, language: str) -> str:
    """Return a truth as it is printed."""
    return (
        shown(float(value), unit, language)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else str(value)
    )


@public
def lesson(name: str | int, *, seat: int | None = None, language: str = "") -> Lesson:
    """Return a lesson of the workshop for this seat: ``.data``, ``.check``, ``.hint``, ``.board``, ``.reveal``.

    Every seat of a room draws its own sample of one world whose truth is known, so the class sees how answers scatter.
    The seat follows from the folder in which the notebook lies (`cxlab workshop serve`); elsewhere a learner is alone,
    on seat 1 of the room 'practice', and nothing is written.

    Parameters
    ----------
    name : 'noise', 'weighting', 'halo', 'rebound', 'ranking', 'claimed', 'peeking', 'codes', or their numbers 1 to 8;
        a teacher's own lesson by its name or folder.
    seat : for a learner alone: which seat's data to draw.
    language : 'en' or 'de'; that of the room if not given.

    Returns
    -------
    Lesson : its data, and the checks of what is computed from them.

    Raises
    ------
    DataProblem : no such lesson or language; another seat in a room.

    Examples
    --------
    >>> import cxlab as cx
    >>> noise = cx.lesson("noise")
    >>> noise.check("nps", ...)
    Not understood. Put your answer in place of the three dots: lesson.check("nps", ...).
    >>> bool(noise.check("nps", cx.nps(noise.data)))
    True
    """
    place = here()
    if seat is not None and not place.alone and seat != place.seat:
        raise DataProblem(f"seat is {seat}; this is seat {place.seat} of room '{place.room}': leave seat out")
    if seat is not None and (isinstance(seat, bool) or seat < 1):
        raise DataProblem(f"seat is {seat}; seats are 1, 2, 3, ...")
    return Lesson(outline(name, place.own), place.at(seat or place.seat), spoken(language or place.language))
