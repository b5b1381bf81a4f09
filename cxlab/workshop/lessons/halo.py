"""Lesson 3, drivers and halo: a general impression colours every answer, and one driver does nothing."""

from __future__ import annotations

import numpy as np

from cxlab.data.finding import collected
from cxlab.data.simulate import simulate
from cxlab.models.drivers.driver_importance import drivers
from cxlab.result import Result
from cxlab.workshop.questions import Answer, Drawn, Question, number, word

N = 400
NAMES = ("website", "service", "delivery", "invoice")
EFFECTS = (0.4, 0.35, 0.2, 0.0)


def draw(room: np.random.Generator, own: np.random.Generator, seat: int) -> Drawn:
    """Four touchpoints that hang together by a halo of one half; which of them does nothing is the room's secret."""
    effects = dict(zip(NAMES, room.permutation(EFFECTS).tolist(), strict=True))
    study = simulate(N, seed=int(own.integers(2**31)), halo=0.5, drivers=effects)
    study = study.select("recommend", *NAMES)
    first, none = max(effects, key=effects.get), min(effects, key=effects.get)
    truth = {"first": first, "nothing": none, "effects": ", ".join(f"{k} {v:.2f}" for k, v in effects.items())}
    return Drawn(study, truth)


def found(drawn: Drawn) -> Result:
    """Return the drivers of recommendation."""
    return drawn.once("drivers", lambda: drivers(drawn.study, "recommend"))


def first(drawn: Drawn) -> Answer:
    """The driver with the largest share in this sample."""
    return word(str(found(drawn).table["driver"].iloc[0]).lower())


def settled(drawn: Drawn) -> Answer:
    """Whether only one driver can be first."""
    return word("yes" if int((found(drawn).table["rank_low"] == 1).sum()) == 1 else "no")


def other(drawn: Drawn) -> Answer:
    """The wrong one of yes and no."""
    return word("no" if settled(drawn).word == "yes" else "yes")


def share(drawn: Drawn) -> Answer:
    """The share of service in R², with its interval."""
    table = found(drawn).table
    row = table[table["driver"].astype(str).str.lower() == "service"].iloc[0]
    return Answer(float(row["estimate"]), float(row["low"]), float(row["high"]))


def alone(drawn: Drawn) -> Answer:
    """The squared correlation of service with the outcome: what it explains when nothing else is looked at."""
    table = collected(drawn.study.frame)
    return number(float(np.corrcoef(table["service"], table["recommend"])[0, 1] ** 2))


def of_explained(drawn: Drawn) -> Answer:
    """Its share of what is explained, not of all variance."""
    table = found(drawn).table
    row = table[table["driver"].astype(str).str.lower() == "service"].iloc[0]
    return number(float(row["of_explained"]))


QUESTIONS = (
    Question("guess", "choice", choices=NAMES),
    Question("first", "choice", first, choices=NAMES),
    Question("settled", "choice", settled, {"wrong": other}, choices=("yes", "no")),
    Question("share", "interval", share, {"alone": alone, "of_explained": of_explained}, tolerance=0.006, unit="share"),
    Question("drop", "choice", choices=NAMES),
)
