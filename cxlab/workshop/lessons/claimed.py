"""Lesson 6, reading a claim: nine in ten of whom? Only those who read reviews were asked."""

from __future__ import annotations

import numpy as np

from cxlab.data.codebook import Field
from cxlab.data.finding import collected
from cxlab.models.metrics.estimates import share
from cxlab.workshop.made import made_study
from cxlab.workshop.questions import Answer, Drawn, Question, estimated, number, word

N = 300
READ, YES = 0.66, 0.9
VOTES = ("true", "false", "cannot tell")
OF_WHOM = ("all customers", "those who read reviews", "those who answered the survey")


def draw(room: np.random.Generator, own: np.random.Generator, seat: int) -> Drawn:
    """Three hundred buyers; who read no reviews was not asked whether they influenced the decision."""
    read, yes = own.random(N) < READ, own.random(N) < YES
    answers = np.where(read, yes.astype(int), 9)
    field = Field("influenced", "Reviews influenced my decision", "integer", role="outcome",
                  missing={"9": "reads no reviews"}, labels={"0": "no", "1": "yes"})  # fmt: skip
    study = made_study("claimed", "Do reviews influence decisions?", {"influenced": answers}, field)
    return Drawn(study, {"readers": YES, "all": READ * YES})


def readers(drawn: Drawn) -> Answer:
    """The share among those who were asked."""
    return estimated(share(drawn.study, "influenced", value=1))


def everybody(drawn: Drawn) -> Answer:
    """The share among all buyers: who reads no reviews was not influenced by them."""
    return estimated(share(drawn.study.set("influenced", missing=[]), "influenced", value=1))


def as_readers(drawn: Drawn) -> Answer:
    """The share among readers, taken for that among all."""
    return readers(drawn)


def of_all(drawn: Drawn) -> Answer:
    """The share among all, taken for that among readers."""
    return everybody(drawn)


def silent_yes(drawn: Drawn) -> Answer:
    """As if all who were not asked had said yes."""
    x = collected(drawn.study.lazy)["influenced"].to_numpy()
    return number(float(np.mean(x != 0)))


QUESTIONS = (
    Question("before", "choice", choices=VOTES),
    Question("whom", "choice", lambda _: word("all customers"),
             {"readers": lambda _: word(OF_WHOM[1]), "answered": lambda _: word(OF_WHOM[2])}, choices=OF_WHOM),
    Question("readers", "interval", readers, {"of_all": of_all}, tolerance=0.006, truth="readers", unit="share"),
    Question("all", "interval", everybody, {"as_readers": as_readers, "silent_yes": silent_yes}, tolerance=0.006,
             truth="all", unit="share"),
    Question("after", "choice", choices=VOTES, before="before"),
)  # fmt: skip
