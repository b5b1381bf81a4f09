"""Lesson 5, league tables: twelve brands, a hundred customers each."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from cxlab.data.simulate import simulate
from cxlab.models.benchmarks.league import league
from cxlab.models.metrics.comparisons import compare
from cxlab.models.metrics.estimates import nps
from cxlab.result import Result
from cxlab.workshop.questions import Answer, Drawn, Question, estimated, number, word

BRANDS = ("Alba", "Brio", "Cento", "Duna", "Esto", "Faro", "Gala", "Hora", "Iris", "Jura", "Kino", "Luna")
SPREAD = 0.15
N = 1200


def deviations() -> list[float]:
    """Return how far each of the twelve lies from the middle, in standard deviations of a person, from low to high."""
    return (SPREAD * ndtri((np.arange(len(BRANDS)) + 0.5) / len(BRANDS))).tolist()


def draw(room: np.random.Generator, own: np.random.Generator, seat: int) -> Drawn:
    """Twelve brands that differ a little; which is which is the room's secret."""
    brands = dict(zip(BRANDS, room.permutation(deviations()).tolist(), strict=True))
    made = simulate(N, seed=int(own.integers(2**31)), brands=brands)
    study = made.select("brand", "recommend")
    order = made.population.nps_by("brand").sort_values("nps", ascending=False)["brand"].tolist()
    watched = order[int(room.integers(2, 5))]
    truth = {"best": order[0], "worst": order[-1], "place": float(order.index(watched) + 1)}
    return Drawn(study, truth, {"watched": watched})


def table(drawn: Drawn) -> Result:
    """Return the league of the brands."""
    return drawn.once("league", lambda: league(drawn.study, "brand"))


def first(drawn: Drawn) -> Answer:
    """The brand with the highest NPS in this sample."""
    return word(str(table(drawn).table["brand"].iloc[0]))


def candidates(drawn: Drawn) -> Answer:
    """How many brands may be the best one."""
    return number(int(table(drawn).table["may_be_top"].sum()))


def only_one(drawn: Drawn) -> Answer:
    """As if the first in the sample were the best."""
    return number(1)


def overlapping(drawn: Drawn) -> Answer:
    """How many intervals overlap that of the first."""
    t = table(drawn).table
    return number(int((t["high"] >= t["low"].iloc[0]).sum()))


def place(drawn: Drawn) -> Answer:
    """The rank of the brand that the whole class watches."""
    t = table(drawn).table.reset_index(drop=True)
    return number(int(t.index[t["brand"] == drawn.extras["watched"]][0]) + 1)


def from_the_bottom(drawn: Drawn) -> Answer:
    """The rank counted from the lowest."""
    return number(len(BRANDS) + 1 - place(drawn).value)


def gap(drawn: Drawn) -> Answer:
    """The difference between the first and the last brand of this sample, either way round."""
    return estimated(compare(drawn.study.where(brand=pair(drawn)), "nps", by="brand"))


def pair(drawn: Drawn) -> list[str]:
    """Return the first and the last brand of this sample."""
    t = table(drawn).table
    return [str(t["brand"].iloc[0]), str(t["brand"].iloc[-1])]


def from_the_ends(drawn: Drawn) -> Answer:
    """From the ends of the two intervals: too wide."""
    right = gap(drawn)
    each = nps(drawn.study.where(brand=pair(drawn)), by="brand").table
    sign = 1 if right.value > 0 else -1
    top, low = each.loc[each["estimate"].idxmax()], each.loc[each["estimate"].idxmin()]
    ends = sorted((sign * (top["low"] - low["high"]), sign * (top["high"] - low["low"])))
    return Answer(right.value, float(ends[0]), float(ends[1]))


QUESTIONS = (
    Question("guess", unit="count"),
    Question("first", "choice", first, choices=BRANDS),
    Question("candidates", "number", candidates, {"only_one": only_one, "overlapping": overlapping}, tolerance=0.4,
             unit="count"),
    Question("gap", "interval", gap, {"from_the_ends": from_the_ends}, unsigned=True),
    Question("place", "number", place, {"from_the_bottom": from_the_bottom}, tolerance=0.4, truth="place",
             unit="count"),
)  # fmt: skip
