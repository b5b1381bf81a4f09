"""The claim cards: what decks say, what was really published, and what would have to be seen. Data, not code."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from cxlab.problem import unknown

ARTICLES = {
    "000": "Business.com, interview with CloudCherry (Greek translation)",
    "001": "G2, How to build a culture of customer experience management, 7 April 2020 (Chinese translation)",
    "002": "Capterra, CX fundamentals part 2 (Russian translation)",
    "003": "Forum post, Three golden rules, 5 December 2024 (Russian translation)",
    "004": "LiveAgent Academy, guest article by Feedier (Greek translation)",
}
"""The articles the claims come from; a claim id is the article and the sentence, e.g. 001-8."""

TAGS = {
    "V": "seen in its source",
    "K": "standard reference, from general knowledge",
    "U": "looked for and not confirmable",
    "C": "computed for this project",
}
"""How sure it is that something was published as told."""

THREATS = {
    "CMV": "common method: both answers from one questionnaire",
    "SS": "self-selection and non-response",
    "RTM": "regression to the mean",
    "CL": "clustering",
    "ORD": "ordinal scales",
    "SURV": "survivors only",
    "MT": "multiple testing",
    "SEA": "season and calendar",
    "REACT": "asking changes behaviour",
    "MIX": "change of case mix",
    "LAB": "look-ahead",
}
"""Threats that many cards share, by code."""

GRADES = {
    "A": "randomised",
    "B": "quasi-experiment with tested assumptions",
    "C": "longitudinal, cross-source",
    "D": "cross-section, cross-source",
    "E": "cross-section, same source",
    "F": "declared by respondents or managers",
}
"""Design grades."""


@dataclass(frozen=True)
class Need:
    """One thing a test needs: columns with one of ``role`` and one of ``measure``, or one of the ``names``.

    ``least`` columns; ``scale`` = limits the answers must have; ``stages`` = each column names its journey stage.
    """

    slot: str
    role: tuple[str, ...]
    measure: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    least: int = 1
    scale: tuple[float, float] | None = None
    stages: bool = False
    optional: bool = False
    says: str = ""

    @property
    def many(self) -> bool:
        """Whether the slot takes several columns."""
        return self.slot in ("touchpoints", "items", "metrics", "experience", "ratings") or self.least > 1

    def __str__(self) -> str:
        roles = " or ".join(self.role)
        measures = " or ".join(m for m in self.measure if m)
        kind = f"role '{roles}'" + (f" and measure '{measures}'" if measures else "")
        many = f"at least {self.least} columns" if self.least > 1 else "a column"
        named = f", or named {' or '.join(self.names)}" if self.names else ""
        return f"{self.says} ({many} with {kind}{named})"


@dataclass(frozen=True)
class Card:
    """A published sentence, its estimand, the data it needs, its decision rule, and what is really known of it.

    ``sesoi``, ``null`` and ``trivial`` are in the unit of the estimand; ``number`` is the claim's own number with the
    margin within which it counts as met. ``test`` names the estimator in `cxlab.hypotheses.evidence`.
    """

    id: str
    title: str
    claim: str
    claim_ids: tuple[str, ...]
    causal: bool
    test: str
    unit: str
    side: str
    sesoi: float
    estimand: str
    shape: str
    rule: str
    grade_reachable: str
    threats: tuple[str, ...]
    sensitivity: tuple[str, ...]
    published: tuple[tuple[str, str], ...]
    references: tuple[str, ...]
    needs: tuple[Need, ...]
    notes: tuple[str, ...] = ()
    identified_by: tuple[str, ...] = ()
    number: Mapping[str, Any] = field(default_factory=dict)
    null: float = 0.0
    trivial: float = math.nan
    least_n: int = 50

    @property
    def claimed(self) -> str:
        """The claim's number in words, or that it has none."""
        return self.number.get("text", "no number")

    @property
    def certainty(self) -> str:
        """The tags of what was published, e.g. 'V V U'."""
        return " ".join(tag for _, tag in self.published)

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON types."""
        from dataclasses import asdict

        from cxlab.result import plain

        return plain(asdict(self) | {"sources": {i: ARTICLES[i[:3]] for i in self.claim_ids}})


@cache
def cards() -> dict[str, Card]:
    """Return all cards by id.

    >>> len(cards())
    32
    """
    found: dict[str, Card] = {}
    for path in sorted(files("cxlab.hypotheses").joinpath("cards").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".toml"):
            for raw in tomllib.loads(path.read_text(encoding="utf-8"))["card"]:
                found[raw["id"]] = _card(raw)
    return found


def card(id: str) -> Card:
    """Return the card ``id`` ('CX-04', 'cx-4', '4' are the same); an unknown one is an error that suggests the nearest.

    >>> card("cx-4").title
    'Journeys beat touchpoints'
    """
    digits = str(id).upper().removeprefix("CX").lstrip("-_ ")
    wanted = f"CX-{int(digits):02d}" if digits.isdigit() else str(id).upper()
    if wanted not in cards():
        raise unknown("claim", str(id), "the cards", cards())
    return cards()[wanted]


def _card(raw: Mapping[str, Any]) -> Card:
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items() if k != "needs"}
    values["published"] = tuple((text, tag) for text, tag in raw["published"])
    values["needs"] = tuple(_need(slot, about) for slot, about in raw["needs"].items())
    return Card(**values)


def _need(slot: str, about: Mapping[str, Any]) -> Need:
    return Need(slot, **{k: tuple(v) if isinstance(v, list) else v for k, v in about.items()})
