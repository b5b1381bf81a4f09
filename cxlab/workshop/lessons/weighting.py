"""Lesson 2, weights: segments in other shares than among the customers, and answers that depend on the score."""

from __future__ import annotations

import numpy as np

from cxlab.data.codebook import Field
from cxlab.data.finding import collected
from cxlab.data.simulate import simulate
from cxlab.data.weights import rake, weighting
from cxlab.models.metrics.estimates import nps
from cxlab.workshop.made import RECOMMEND, made_study
from cxlab.workshop.questions import Answer, Drawn, Question, estimated, number, word

SEGMENTS = {"Private": 0.25, "Business": -0.35, "Public": -0.6}
POPULATION = {"Private": 0.7, "Business": 0.2, "Public": 0.1}
TAKEN = {"Private": 150, "Business": 130, "Public": 100}
ASKED = 780
LEVELS = (16, 18, 20, 22, 24)
CHOICES = ("higher", "lower", "the same")


def draw(room: np.random.Generator, own: np.random.Generator, seat: int) -> Drawn:
    """A sample with quotas by segment; the happier answer more often."""
    level = float(room.choice(LEVELS))
    shares = tuple(POPULATION.values())
    made = simulate(ASKED, seed=int(own.integers(2**31)), nps=level, segments=SEGMENTS, segment_shares=shares,
                    response=(0.6, 1.0))  # fmt: skip
    table = made.table.to_pandas()
    table = table[table.groupby("segment").cumcount() < table["segment"].map(TAKEN)]
    columns = {name: table[name].to_list() for name in ("segment", "recommend")}
    study = made_study("weighting", "A sample with quotas", columns,
                       Field("segment", "Segment", "string", role="segment"), RECOMMEND)  # fmt: skip
    cells = made.truth["cells"]
    answering = float(np.average(cells["nps_answering"], weights=cells["share"]))
    return Drawn(study, {"nps": level, "answering": answering}, {"population": {"segment": dict(POPULATION)}})


def unweighted(drawn: Drawn) -> Answer:
    """The NPS of the sample as it is."""
    return estimated(nps(drawn.study))


def weighted(drawn: Drawn) -> Answer:
    """The NPS with weights that give each segment its share of the customers."""
    return estimated(nps(rake(drawn.study, drawn.extras["population"])))


def by_segment(drawn: Drawn) -> dict[str, tuple[float, int]]:
    """Return NPS and number of answers of each segment."""
    table = collected(drawn.study.frame)
    score = 100.0 * ((table["recommend"] >= 9).astype(int) - (table["recommend"] <= 6).astype(int))
    return {k: (float(v.mean()), len(v)) for k, v in score.groupby(table["segment"])}


def average_of_averages(drawn: Drawn) -> Answer:
    """The mean of the segments' NPS, each counting alike."""
    return number(np.mean([value for value, _ in by_segment(drawn).values()]))


def turned_weights(drawn: Drawn) -> Answer:
    """Share in the sample divided by share among the customers: the wrong way round."""
    parts = by_segment(drawn)
    weight = {k: n**2 / POPULATION[k] for k, (_, n) in parts.items()}
    return number(sum(weight[k] * parts[k][0] for k in parts) / sum(weight.values()))


def effective(drawn: Drawn) -> Answer:
    """Kish's effective size: the square of the sum of the weights over the sum of their squares."""
    facts = weighting(rake(drawn.study, drawn.extras["population"])).table.set_index("fact")["estimate"]
    return number(facts["effective sample size (Kish)"])


def counted(drawn: Drawn) -> Answer:
    """The number of rows."""
    return number(len(drawn.study))


QUESTIONS = (
    Question("guess", "choice", choices=CHOICES),
    Question("unweighted", "interval", unweighted, {"average_of_averages": average_of_averages}, truth="nps"),
    Question(
        "weighted", "interval", weighted,
        {"unweighted": unweighted, "average_of_averages": average_of_averages, "turned_weights": turned_weights},
        truth="nps",
    ),
    Question("effective", "number", effective, {"counted": counted}, tolerance=0.02, relative=True, unit="count"),
    Question("mends", "choice", lambda _: word("no"), {"yes": lambda _: word("yes")}, choices=("yes", "no")),
)  # fmt: skip
