"""What simulated studies are made of: scores, arms, choices, touchpoints; and what is true of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

SPREAD = 12.0
"""Standard deviation of scores."""
PERSONS = 5
"""Answers of a cluster under the threat of clustering."""
CONFOUNDED = 0.8
"""Standard deviations that self-selection puts between groups under that threat."""


@dataclass(frozen=True)
class Made:
    """The answers of a simulated study and its design.

    ``columns`` : values by the name of the part they play (see the card's ``needs``, which give role, measure and
    scale); a matrix for a part of several columns. Columns that play no part: ``cluster``, ``person``, ``date``,
    ``wave``. ``measures`` and ``roles`` : those of a part where they are not the first that the card allows;
    ``missing`` : codes of a part that say why there is no answer.
    """

    columns: Mapping[str, NDArray]
    design: str = "cross-section"
    measures: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """The true effects that a card is tried on, as its ``simulate`` takes them.

    ``claimed`` : an effect as large as claimed (None: 2.5 times the smallest effect). ``boundary`` : exactly the
    smallest effect (None: the card's). ``n`` : answers (months, units). ``value`` : what the headline estimates when
    the effect is so large; None where that has no closed form. ``loss`` : out of sample it falls short by loss / n.
    """

    claimed: float | None = None
    boundary: float | None = None
    n: int = 1000
    value: Callable[[float], float] | None = float
    loss: float = 0.0

    def estimand(self, effect: float, n: int) -> float:
        """Return what the headline estimates; nan where that has no closed form."""
        return float("nan") if self.value is None else self.value(effect) - self.loss / n


def scores(z: NDArray, middle: float = 50.0) -> NDArray:
    """Scores of standard deviations z: whole numbers from 0 to 100."""
    return np.clip(np.round(middle + SPREAD * z), 0, 100)


def once_each(n: int) -> dict[str, NDArray]:
    """The columns that a panel needs, for people of whom each has one row: who, and when they were asked."""
    return {"person": np.arange(n), "date": np.datetime64("2026-01-01", "ns") + np.zeros(n, "timedelta64[ns]")}


def in_periods(people: int, periods: int, unit: str = "person", period: str = "period") -> dict[str, NDArray]:
    """Who each row of a panel is of, and when: all periods of the first, then of the second, ..."""
    return {unit: np.repeat(np.arange(people), periods), period: np.tile(np.arange(periods), people)}


def lasting_mood(people: int, periods: int, rng: Generator) -> NDArray:
    """A standard normal that keeps .7 of itself from one period to the next, for each person."""
    mood = rng.standard_normal((people, periods))
    for t in range(1, periods):
        mood[:, t] = 0.7 * mood[:, t - 1] + np.sqrt(1 - 0.7**2) * mood[:, t]
    return mood


def arms(n: int, rng: Generator, clustered: object) -> tuple[NDArray, NDArray, NDArray]:
    """Cluster, arm and cluster effect; one answer a cluster, or `PERSONS` with a strong effect and one arm."""
    size = PERSONS if clustered else 1
    cluster = np.arange(n) // size
    arm = rng.permutation(np.arange(cluster.max() + 1) % 2)[cluster]
    shared = rng.standard_normal(cluster.max() + 1)[cluster]
    return cluster, arm.astype(float), shared if clustered else rng.standard_normal(n)


def touchpoints(n: int, rng: Generator, k: int, halo: float) -> tuple[NDArray, NDArray]:
    """Latent touchpoints (n, k) with variance 1 and correlation ``halo``, and the common impression."""
    h = rng.standard_normal(n)
    return np.sqrt(halo) * h[:, None] + np.sqrt(1 - halo) * rng.standard_normal((n, k)), h
