"""Data of the shape each card needs, with a truth that is known: what the tests are calibrated on.

Every maker takes the true ``effect`` in the card's unit, the number of answers ``n``, a generator and whether the
card's main ``threat`` is at work; it returns columns, the study's design, and the cluster column. Scores run 0 to 100.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.hypotheses import made_groups, made_scores
from cxlab.hypotheses.card import Card, card

THREATS = {
    "CX-01": "clustering", "CX-02": "self-selection", "CX-03": "self-selection", "CX-04": "halo", "CX-05": "ceiling",
    "CX-06": "halo", "CX-07": "self-classification", "CX-08": "autocorrelation", "CX-09": "filtered question",
    "CX-10": "polarity", "CX-11": "clustering", "CX-12": "skewed scale", "CX-13": "length of the composite",
    "CX-14": "many useless metrics", "CX-15": "self-selection", "CX-16": "halo", "CX-17": "common method",
    "CX-18": "unequal noise", "CX-19": "regression to the mean", "CX-20": "regression to the mean",
    "CX-21": "stable differences of units", "CX-22": "self-selection", "CX-23": "self-selection",
    "CX-24": "self-selection", "CX-25": "hard cases switch", "CX-26": "noise differs by segment",
    "CX-27": "few peers", "CX-28": "clustering", "CX-29": "clustering", "CX-30": "clustering",
    "CX-31": "self-selection", "CX-32": "comments repeat the ratings",
}  # fmt: skip
"""The main threat of each card, as it is simulated."""

ROLES: dict[str, tuple[str, str]] = {
    "outcome": ("outcome", "recommendation"), "journey": ("outcome", "satisfaction"),
    "overall": ("outcome", "satisfaction"), "satisfaction": ("outcome", "satisfaction"),
    "score": ("outcome", "satisfaction"), "loyalty": ("outcome", "loyalty"), "spend": ("operation", "spend"),
    "wait": ("operation", "wait"), "leave": ("outcome", "churn"),
    "recommendation": ("outcome", "recommendation"), "likely": ("outcome", "recommendation"),
    "value": ("touchpoint", "value"), "comment": ("text", ""), "day": ("date", ""),
    "cluster": ("cluster", ""), "unit": ("cluster", ""), "firm": ("brand", ""), "industry": ("segment", ""),
    "size": ("segment", ""), "segment": ("segment", ""), "mode": ("segment", ""), "period": ("wave", ""),
    "before": ("outcome", ""), "after": ("outcome", ""), "customer": ("outcome", ""),
    "employee": ("operation", ""), "influenced": ("outcome", ""), "exceeded": ("outcome", ""),
    "t90": ("outcome", ""),
}  # fmt: skip
"""Role and measure of a simulated column; any other is an operation."""
SCORED = (
    "outcome",
    "journey",
    "overall",
    "satisfaction",
    "score",
    "loyalty",
    "value",
    "likely",
    "before",
    "after",
    "handling",
)


@public
def simulated(claim: str | Card, effect: float, *, n: int = 1000, seed: int = 0, threat: bool = False) -> Study:
    """Return a simulated study of the shape the card needs, with the true effect in the card's unit.

    >>> simulated("CX-23", 2.0, n=100).codebook.simulated
    True
    """
    chosen = claim if isinstance(claim, Card) else card(claim)
    maker = getattr(made_groups, chosen.test, None) or getattr(made_scores, chosen.test)
    columns, design, cluster = maker(effect, n, np.random.default_rng(seed), threat)
    fields = tuple(_field(name, values, cluster) for name, values in columns.items())
    said = f"; threat: {THREATS[chosen.id]}" if threat else ""
    book = Codebook(
        f"simulated-{chosen.id.lower()}",
        fields,
        f"Simulated for {chosen.id}: true effect {effect:g}{said}",
        True,
        design=design,
    )
    return Study(pd.DataFrame(columns), book)


def _field(name: str, values: np.ndarray, cluster: str) -> Field:
    if name == cluster:
        return Field(name, type="integer", role="cluster")
    stem = name.rstrip("0123456789")
    if stem in ("touch", "experience", "item"):
        stage = {"touch": ("search", "purchase", "delivery", "use", "help", "return")}.get(stem, ("",) * 9)[
            int(name[-1]) - 1
        ]
        return Field(name, role="touchpoint", measure="satisfaction", scale=Scale(0, 100), stage=stage)
    if stem in ("satisfactory", "quality"):
        measure = "satisfaction" if stem == "satisfactory" else "quality"
        return Field(name, role="outcome", measure=measure, scale=Scale(0, 100))
    role, measure = ROLES.get(name, ("operation", ""))
    scale = Scale(0, 10) if name == "recommendation" else Scale(0, 100) if name in SCORED else None
    type_ = "date" if role == "date" else "string" if values.dtype.kind in "OU" else "number"
    return Field(name, type=type_, role=role, measure=measure, scale=scale)
