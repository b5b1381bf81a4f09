"""Small studies with known content."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.hypotheses.card import card
from cxlab.hypotheses.case import Case, run
from cxlab.hypotheses.ruling import ruled
from cxlab.hypotheses.simulators import simulated
from cxlab.hypotheses.slots import require


@pytest.fixture
def survey():
    """A function that makes a cross-section: overall from the touchpoints, a segment, a recommendation and a day."""

    def make(
        n: int = 400,
        *,
        overall=None,
        days: int = 20,
        seed: int = 0,
        name: str = "survey",
        design: str = "cross-section",
    ):
        rng = np.random.default_rng(seed)
        touch = rng.integers(1, 6, (n, 3)).astype(float)
        made = (
            np.clip(np.round(touch.mean(axis=1) + rng.normal(0, 0.7, n)), 1, 5)
            if overall is None
            else np.full(n, overall)
        )
        table = pd.DataFrame({
            "overall": made, "price": touch[:, 0], "staff": touch[:, 1], "speed": touch[:, 2],
            "recommend": np.clip(np.round(2 * made + rng.normal(0, 1.5, n)), 0, 10),
            "group": np.where(rng.random(n) < 0.5, "new", "repeat"),
            "day": np.datetime64("2026-03-01") + rng.integers(0, days, n).astype("timedelta64[D]"),
        })  # fmt: skip
        five = Scale(1, 5)
        fields = (
            Field("overall", role="outcome", measure="satisfaction", scale=five),
            *(Field(t, role="touchpoint", measure="satisfaction", scale=five) for t in ("price", "staff", "speed")),
            Field("recommend", role="outcome", measure="recommendation", scale=Scale(0, 10)),
            Field("group", type="string", role="segment"),
            Field("day", type="date", role="date"),
        )
        return Study(table, Codebook(name, fields, design=design))

    return make


@pytest.fixture(scope="session")
def replicates():
    """A function that tries a card on simulated studies: one row a study, with the headline and the verdict."""

    def tried(id: str, effect: float, *, n: int, reps: int, threat: str | None = None, seed: int = 0) -> pd.DataFrame:
        rows = []
        for i in range(reps):
            study = simulated(id, effect, n=n, seed=1000 * seed + i, threat=threat)
            case = Case(card(id), study, require(card(id), study), seed=i)
            found = run(case)
            verdict = ruled(case, found)
            f = found.findings[0] if found.findings else None
            value, low, high = (f.value, f.low, f.high) if f else (np.nan, np.nan, np.nan)
            rows.append((value, low, high, verdict.direction, verdict.association, found.reason))
        return pd.DataFrame(rows, columns=["value", "low", "high", "direction", "association", "reason"])

    return tried
