"""`Board`: the answers of all seats to one question as a picture (SVG, no library), and in words."""

from __future__ import annotations

import html
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cxlab.plots.style import BAD, GOOD, GRID, INK, MUTED
from cxlab.workshop.class_answers import Standing, opened
from cxlab.workshop.coding_pairs import alphas
from cxlab.workshop.phrases import say, shown
from cxlab.workshop.questions import Answer, Drawn

WIDTH, LEFT, RIGHT, ROW = 360, 14, 14, 14
FONT = "font-family='system-ui,sans-serif' font-size='14'"
PALE = "#5aa2cf"


class Board:
    """The board of one question; a notebook shows the picture, a terminal the words."""

    def __init__(
        self, standing: Standing, question: str, drawn: Drawn, *, mine: Answer | None = None, open_: bool | None = None
    ) -> None:
        self.standing, self.drawn = standing, drawn
        self.question = standing.about.questions[question]
        turn = Answer.upright if self.question.unsigned else lambda answer: answer
        self.answers = [turn(answer) for answer in standing.answers(question)]
        self.mine = turn(mine) if mine is not None else None
        self.language = standing.language
        told = standing.about.texts(self.language)["questions"][question]
        self.title, self.names = told["asks"], told.get("choices", {})
        self.open = opened(standing.place, standing.about.name) if open_ is None else open_

    @property
    def truth(self) -> float | None:
        """What the answers lie around, once it is open."""
        name = self.question.truth
        return float(self.drawn.truth[name]) if self.open and name in self.drawn.truth else None

    def words(self) -> list[str]:
        """Return what the picture shows, in sentences."""
        there, right = self.standing.count(self.question.name)
        seats = self.standing.place.seats
        if not there:
            return [say(self.language, "board_none")]
        if self.question.right is None:
            said = [say(self.language, "board_votes", there=there, seats=seats)]
        else:
            said = [say(self.language, "board_count", there=there, seats=seats, right=right)]
        values = [a.value for a in self.answers if not math.isnan(a.value)]
        if len(values) > 1:
            low, high = min(values), max(values)
            told = {"low": self._show(low), "high": self._show(high), "range": self._show(high - low).lstrip("+")}
            said.append(say(self.language, "board_range", many=len(values), **told))
        if self.question.kind == "interval" and self.truth is not None:
            held = sum(a.low <= self.truth <= a.high for a in self.answers)
            told = {"held": held, "many": len(self.answers), "truth": self._show(self.truth)}
            said.append(say(self.language, "board_held", **told))
        elif self.question.truth and self.truth is None:
            said.append(say(self.language, "board_truth"))
        return said

    def svg(self) -> str:
        """Return the picture; its words are its label."""
        if self.question.kind == "choice":
            inner, height = self._bars()
        elif self.question.kind == "labels":
            values = alphas(self.standing, self.question.name)
            inner, height = self._rows([Answer(v) for v in values], "mean")
        else:
            inner, height = self._rows(sorted(self.answers, key=lambda a: a.value), self.question.unit)
        label = html.escape(f"{self.title} {' '.join(self.words())}", quote=True)
        head = f"<svg viewBox='0 0 {WIDTH} {height}' role='img' aria-label=\"{label}\" {FONT} fill='{INK}'>"
        return f"{head}{inner}</svg>" if height else ""

    def html(self) -> str:
        """Return heading, picture and words."""
        said = " ".join(map(html.escape, self.words()))
        if self.mine is not None and self.mine in self.answers and len(self.answers) > 1:
            said += f" {html.escape(say(self.language, 'board_seat'))}"
        return f"<h3>{html.escape(self.title)}</h3>{self.svg()}<p>{said}</p>"

    def _show(self, value: float) -> str:
        return shown(value, self.question.unit, self.language)

    def _tick(self, at: float, unit: str) -> str:
        """A tick of the axis: no decimals where they are zeros."""
        mark = "," if self.language == "de" else "[.]"
        return re.sub(rf"{mark}0+(?= %|$)", "", shown(at, unit, self.language))

    def _rows(self, answers: Sequence[Answer], unit: str) -> tuple[str, int]:
        """Draw one row an answer: its interval, its value, the truth as a line through all."""
        answers = [a for a in answers if not math.isnan(a.value)]
        if not answers:
            return "", 0
        ends = [x for a in answers for x in (a.value, a.low, a.high) if not math.isnan(x)]
        if self.truth is not None:
            ends.append(self.truth)
        low, high = min(ends), max(ends)
        room = 1.0 if unit == "count" else abs(low) / 20 or 1.0
        low, high = (low - room, high + room) if high - low < 1e-9 else (low, high)
        place = lambda x: LEFT + (x - low) / (high - low) * (WIDTH - LEFT - RIGHT)  # noqa: E731
        bottom = 26 + ROW * len(answers)
        parts = [
            _axis(place(t), bottom, self._tick(t, unit)) for t in ticks(low, high) if unit != "count" or t == round(t)
        ]
        for i, a in enumerate(answers):
            y = 26 + ROW * i + ROW / 2
            own = self.mine is not None and a == self.mine
            colour = INK if own else self._colour(a)
            if not math.isnan(a.width):
                parts.append(
                    f"<line x1='{place(a.low):.1f}' x2='{place(a.high):.1f}' y1='{y}' y2='{y}' stroke='{colour}'"
                    f" stroke-width='{4 if own else 2.5}'/>"
                )
            parts.append(f"<circle cx='{place(a.value):.1f}' cy='{y}' r='{6 if own else 4.5}' fill='{colour}'/>")
        if self.truth is not None:
            x = place(self.truth)
            parts.append(
                f"<line x1='{x:.1f}' x2='{x:.1f}' y1='20' y2='{bottom}' stroke='{INK}' stroke-dasharray='5 3'/>"
            )
            side = "end" if x > WIDTH / 2 else "start"
            said = f"{say(self.language, 'truth')} {shown(self.truth, unit, self.language)}"
            parts.append(f"<text x='{x:.1f}' y='14' text-anchor='{side}'>{html.escape(said)}</text>")
        return "".join(parts), bottom + 24

    def _colour(self, answer: Answer) -> str:
        """An interval that misses the open truth stands out; before, all look alike."""
        misses = self.truth is not None and not math.isnan(answer.width) and not answer.low <= self.truth <= answer.high
        return BAD if misses else GOOD

    def _bars(self) -> tuple[str, int]:
        """Draw one bar a word: how many seats chose it; beside it, paler, how many did in the vote before."""
        chosen = Counter(a.word for a in self.answers)
        earlier = Counter(a.word for a in self.standing.answers(self.question.before)) if self.question.before else None
        words = list(self.question.allowed(self.drawn))
        most = max([1, *chosen.values(), *(earlier or {}).values()])
        names = [self.names.get(word, word) for word in words]
        beside = 90 if earlier is None and len(words) > 4 and max(map(len, names)) <= 10 else 0
        parts, y = [], 8
        for word, name in zip(words, names, strict=True):
            parts.append(f"<text x='{LEFT}' y='{y + 13}'>{html.escape(name)}</text>")
            y += 0 if beside else 18
            for count, colour, when in self._pair(word, chosen, earlier):
                wide, x = count / most * (WIDTH - LEFT - RIGHT - 110), LEFT + beside
                parts.append(f"<rect x='{x}' y='{y}' width='{max(wide, 1):.1f}' height='14' fill='{colour}'/>")
                parts.append(f"<text x='{x + wide + 6:.1f}' y='{y + 12}'>{count}{html.escape(when)}</text>")
                y += 18
            y += 6
        return "".join(parts), y + 4

    def _pair(self, word: str, chosen: Counter, earlier: Counter | None) -> list[tuple[int, str, str]]:
        if earlier is None:
            return [(chosen[word], GOOD, "")]
        first = (earlier[word], PALE, f" {say(self.language, 'before')}")
        return [first, (chosen[word], GOOD, f" {say(self.language, 'after')}")]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        body = f"<div class='cx-board' style='max-width:28em'>{self.html()}</div>"
        return {"text/plain": repr(self), "text/html": body}

    def __repr__(self) -> str:
        return " ".join([self.title, *self.words()])


def _axis(x: float, bottom: float, told: str) -> str:
    line = f"<line x1='{x:.1f}' x2='{x:.1f}' y1='22' y2='{bottom}' stroke='{GRID}'/>"
    side = "start" if x < 40 else "end" if x > WIDTH - 40 else "middle"
    return f"{line}<text x='{x:.1f}' y='{bottom + 17}' text-anchor='{side}' fill='{MUTED}'>{told}</text>"


def ticks(low: float, high: float) -> list[float]:
    """Return three to six round numbers between two.

    >>> ticks(-3, 41)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    span = high - low
    step = 10.0 ** math.floor(math.log10(span / 3))
    step *= next(k for k in (1, 2, 5, 10, 20) if span / (step * k) <= 5)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) + 0.0 for k in range(first, math.floor(high / step + 1e-9) + 1)]
