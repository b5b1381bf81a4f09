"""Lesson 1, the noise of an NPS: one world, a hundred customers a seat."""

from __future__ import annotations

import numpy as np

from cxlab.data.finding import collected
from cxlab.models.metrics.estimates import nps
from cxlab.workshop.made import RECOMMEND, chances, made_study
from cxlab.workshop.questions import Answer, Drawn, Question, estimated, number, word

N = 100
LEVELS = (16, 18, 20, 22, 24)
"""The NPS of the world is one of these: nobody finds it in the notes."""


def draw(room: np.random.Generator, own: np.random.Generator, seat: int) -> Drawn:
    """A hundred customers of a world with an NPS near 20."""
    level = float(room.choice(LEVELS))
    scores = own.choice(11, size=N, p=chances(level))
    return Drawn(
        made_study("noise", "A hundred customers of one company", {"recommend": scores}, RECOMMEND), {"nps": level}
    )


def scores(drawn: Drawn) -> np.ndarray:
    """Return the answers."""
    return collected(drawn.study.frame)["recommend"].to_numpy()


def shares(drawn: Drawn) -> tuple[float, float]:
    """Return the shares of promoters and detractors."""
    x = scores(drawn)
    return float((x >= 9).mean()), float((x <= 6).mean())


def right(drawn: Drawn) -> Answer:
    """The NPS of the seat's sample with its 95 % interval."""
    return estimated(nps(drawn.study))


def mean_times_ten(drawn: Drawn) -> Answer:
    """The mean answer, times ten."""
    return number(10 * float(scores(drawn).mean()))


def passives_dropped(drawn: Drawn) -> Answer:
    """Promoters less detractors, divided by promoters and detractors only."""
    up, down = shares(drawn)
    return number(100 * (up - down) / (up + down))


def promoters_only(drawn: Drawn) -> Answer:
    """The share of promoters."""
    return number(100 * shares(drawn)[0])


def turned_round(drawn: Drawn) -> Answer:
    """Detractors less promoters."""
    up, down = shares(drawn)
    return number(100 * (down - up))


def needed(drawn: Drawn) -> Answer:
    """Answers for a half-width of five points: the width goes with the root of the number."""
    return number(N * (right(drawn).width / 2 / 5) ** 2)


def in_proportion(drawn: Drawn) -> Answer:
    """As if half the width took twice the answers."""
    return number(N * right(drawn).width / 2 / 5)


QUESTIONS = (
    Question("guess", unit="count"),
    Question(
        "nps",
        "interval",
        right,
        {
            "mean_times_ten": mean_times_ten,
            "passives_dropped": passives_dropped,
            "promoters_only": promoters_only,
            "turned_round": turned_round,
        },
        truth="nps",
    ),
    Question("needed", "number", needed, {"in_proportion": in_proportion}, tolerance=0.12, relative=True, unit="count"),
    Question(
        "neighbour", "choice", lambda _: word("cannot tell"),
        {"overlap": lambda _: word("no"), "any": lambda _: word("yes")},
        choices=("yes", "no", "cannot tell"),
    ),
)  # fmt: skip
