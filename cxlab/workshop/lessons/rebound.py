"""Lesson 4, regression to the mean: two answers a person, and nothing happens in between."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from cxlab.data.codebook import Field
from cxlab.data.finding import collected
from cxlab.models.metrics.comparisons import compare
from cxlab.models.metrics.estimates import nps
from cxlab.workshop.made import RECOMMEND, chances, made_study
from cxlab.workshop.questions import Answer, Drawn, Question, estimated, number, word

N = 300
R = 0.7
"""Correlation of a person's two answers, before they are cut to 0 to 10."""
LEVELS = (13, 15, 17)
GROUPS = ("detractor", "passive", "promoter")


def draw(room: np.random.Generator, own: np.random.Generator, seat: int) -> Drawn:
    """Three hundred people asked twice; both answers are drawn from one distribution."""
    level = float(room.choice(LEVELS))
    cuts = ndtri(np.cumsum(chances(level))[:-1])
    first = own.standard_normal(N)
    second = R * first + np.sqrt(1 - R**2) * own.standard_normal(N)
    scores = np.stack([np.searchsorted(cuts, first), np.searchsorted(cuts, second)], axis=1)
    group = np.asarray(GROUPS)[np.digitize(scores[:, 0], [7, 9])]
    columns = {
        "respondent": np.repeat(np.arange(1, N + 1), 2),
        "round": np.tile([1, 2], N),
        "first": np.repeat(group, 2).tolist(),
        "recommend": scores.ravel(),
    }
    study = made_study("rebound", "Asked twice", columns, Field("respondent", "Respondent", "integer", role="cluster"),
                       Field("round", "Round", "integer", role="wave"),
                       Field("first", "First answer", "string", role="segment"), RECOMMEND)  # fmt: skip
    return Drawn(study, {"change": 0.0, "again": among_detractors(cuts)})


def among_detractors(cuts: np.ndarray) -> float:
    """Return the NPS that detractors of the first round have in the second, if nothing happens."""
    both = multivariate_normal([0, 0], [[1, R], [R, 1]])
    low, high = float(cuts[6]), float(cuts[8])
    down = both.cdf([low, low])
    first = float(multivariate_normal(0, 1).cdf(low))
    up = first - both.cdf([low, high])
    return 100 * (up - down) / first


def again(drawn: Drawn) -> Answer:
    """The NPS in the second round of those who were detractors in the first."""
    return estimated(nps(drawn.study.where(first="detractor", round=2)))


def stayed(drawn: Drawn) -> Answer:
    """As if they had not moved."""
    return number(-100)


def gain(drawn: Drawn) -> Answer:
    """Their gain over the first round's -100."""
    return number(again(drawn).value + 100)


def change(drawn: Drawn) -> Answer:
    """The change in the NPS of all, of the same people."""
    return estimated(drawn.once("change", lambda: compare(drawn.study, "nps", by="round")))


def unpaired(drawn: Drawn) -> Answer:
    """The same change as if other people had been asked: an interval too wide."""
    table = collected(drawn.study.frame)
    score = 100.0 * ((table["recommend"] >= 9).astype(int) - (table["recommend"] <= 6).astype(int))
    mean, half = score.groupby(table["round"]).mean(), 1.96 * np.sqrt((score.groupby(table["round"]).var() / N).sum())
    value = float(mean[2] - mean[1])
    return Answer(value, value - half, value + half)


def turned(drawn: Drawn) -> Answer:
    """The first round less the second."""
    right = change(drawn)
    return Answer(-right.value, -right.high, -right.low)


QUESTIONS = (
    Question("guess", unit="count"),
    Question("again", "interval", again, {"stayed": stayed, "gain": gain}, truth="again"),
    Question("change", "interval", change, {"gain": gain, "unpaired": unpaired, "turned": turned}, truth="change"),
    Question(
        "worked", "choice", lambda _: word("no"), {"yes": lambda _: word("yes")}, choices=("yes", "no"),
    ),
    Question(
        "design", "choice", lambda _: word("control group"),
        {"before_after": lambda _: word("before and after"), "more": lambda _: word("more answers")},
        choices=("before and after", "more answers", "control group"),
    ),
)  # fmt: skip
