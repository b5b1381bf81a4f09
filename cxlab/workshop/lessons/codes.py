"""Lesson 8, coding comments: read twenty, compare with a neighbour, and correct a machine by what people coded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cxlab.data.finding import collected
from cxlab.data.simulate_comments import CommentSimulation, simulate_comments
from cxlab.models.loop.agreement import agreement
from cxlab.models.metrics.estimates import share
from cxlab.workshop.questions import Answer, Drawn, Question, estimated, number

N, CODED, READ = 400, 120, 20
SHARES = (0.2, 0.22, 0.24, 0.26, 0.28)
MACHINE, PEOPLE = (0.1, 0.05), (0.02, 0.02)
"""Chance of a false yes and of a false no: the machine is right about nine comments of ten, and says too many."""
PAIRS = 40


def draw(room: np.random.Generator, own: np.random.Generator, seat: int, language: str = "en") -> Drawn:
    """Four hundred comments a seat, of which people coded 120; the twenty to read are the same for two neighbours."""
    level = float(room.choice(SHARES))
    world = {"themes": {"waiting": level, "staff": 0.3, "price": 0.2, "delivery": 0.5 - level}, "coder_error": PEOPLE,
             "languages": {language: 1.0}}  # fmt: skip
    seeds = room.integers(2**31, size=PAIRS)
    read = to_read(int(seeds[(seat - 1) // 2 % PAIRS]), world)
    study = simulate_comments(N, seed=int(own.integers(2**31)), machine_error=MACHINE, coded_n=CODED, **world)
    texts = collected(read.frame)["comment"].to_list()
    extras = {
        "read": pd.DataFrame({"comment": texts}),
        "right": tuple(int(x) for x in read.truth["coded"]),
        "table": collected(study.frame),
        "corrected": corrected_share,
    }
    machine = level * (1 - MACHINE[1]) + (1 - level) * MACHINE[0]
    return Drawn(study, {"share": level, "machine": machine}, extras)


def to_read(seed: int, world: dict[str, Any]) -> CommentSimulation:
    """Return the twenty comments to read: four to sixteen about waiting, so that one label for all is not enough."""
    return next(
        found
        for k in range(100)
        if (found := simulate_comments(READ, seed=seed + k, **world)).truth["coded"].sum() in range(4, 17)
    )


def corrected_share(table: pd.DataFrame) -> tuple[float, float, float]:
    """Return the share and its 95 % interval: the machine's share of all, corrected by what people say of a part.

    The difference estimator of double sampling: mean(machine over all) + mean(person - machine over the part); its
    variance is var(person) / N + (1 / n - 1 / N) var(person - machine).

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., ch. 12. Wiley.
    Angelopoulos, A. N. et al. (2023). Prediction-powered inference. Science 382, 669-674. doi:10.1126/science.adi6000
    """
    part = table.dropna(subset=["coder_a"])
    off = part["coder_a"] - part["machine"]
    value = float(table["machine"].mean() + off.mean())
    n, whole = len(part), len(table)
    error = float(np.sqrt(part["coder_a"].var() / whole + (1 / n - 1 / whole) * off.var()))
    return value, value - 1.96 * error, value + 1.96 * error


def codes(drawn: Drawn) -> Answer:
    """What each of the twenty comments is about."""
    return Answer(items=drawn.extras["right"])


def alpha(drawn: Drawn) -> Answer:
    """Krippendorff's alpha of the two coders."""
    return number(agreement(drawn.study, ["coder_a", "coder_b"]).table["estimate"].iloc[2])


def per_cent(drawn: Drawn) -> Answer:
    """The share of comments on which they agree."""
    return number(agreement(drawn.study, ["coder_a", "coder_b"]).table["estimate"].iloc[0])


def machine(drawn: Drawn) -> Answer:
    """The share that the machine says: classify and count."""
    return estimated(share(drawn.study, "machine", value=1))


def corrected(drawn: Drawn) -> Answer:
    """The machine's share, corrected by what people coded."""
    return Answer(*corrected_share(drawn.extras["table"]))


def people_only(drawn: Drawn) -> Answer:
    """The share among the comments that people coded: not wrong, but the other 280 are wasted."""
    return estimated(share(drawn.study, "coder_a", value=1))


QUESTIONS = (
    Question("guess", unit="count"),
    Question("codes", "labels", codes, length=READ, agree=0.85),
    Question("alpha", "number", alpha, {"per_cent": per_cent}, tolerance=0.01, unit="mean"),
    Question("machine", "interval", machine, {"people_only": people_only}, tolerance=0.006, truth="share",
             unit="share"),
    Question("corrected", "interval", corrected, {"machine": machine, "people_only": people_only}, tolerance=0.006,
             truth="share", unit="share"),
)  # fmt: skip
