"""The claim cards: what decks say, what was really published, and what would have to be seen. Data, not code."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import Any

from cxlab.problem import DataProblem, one_of, unknown
from cxlab.result import plain

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

CAUTIONS = {
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
"""What many cards must be read with, by code."""

KINDS = ("score", "outcome", "yes-no", "amount", "number", "label", "text")
"""What a part holds: a score on a declared scale; an outcome (a score, yes or no, or an amount); yes or no; an amount
of at least 0; any number; names or days; free text."""

CAPS = ("association", "INCONCLUSIVE")
"""What a check that fails, or cannot be made, leaves of a verdict: what goes with what, or nothing."""

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

    ``kind`` = one of `KINDS`; ``many`` = it takes several columns, at ``least`` so many; ``scale`` = limits the answers
    must have; ``stages`` = each column names its journey stage; ``assigned`` = an experiment must have assigned it,
    ``happened`` = names of columns that stand in for it without having been assigned; ``worse_half`` = a score counts
    as yes in the worse half of its scale.
    """

    slot: str
    role: tuple[str, ...]
    kind: str
    measure: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    least: int = 1
    scale: tuple[float, float] | None = None
    many: bool = False
    stages: bool = False
    assigned: bool = False
    happened: tuple[str, ...] = ()
    worse_half: bool = False
    optional: bool = False
    says: str = ""

    def __str__(self) -> str:
        roles = " or ".join(self.role)
        measures = " or ".join(m for m in self.measure if m)
        kind = f"role '{roles}'" + (f" and measure '{measures}'" if measures else "")
        many = f"at least {self.least} columns" if self.least > 1 else "a column"
        either = " or" if self.measure else ""
        named = f",{either} named {' or '.join(self.names)}" if self.names else ""
        return f"{self.says} ({many} with {kind}{named})"


@dataclass(frozen=True)
class Threat:
    """What could make the claim look true where it is not; the card's ``simulate`` can put it to work.

    ``caps`` = what a check about it that fails (or cannot be made) leaves of the ``verdicts`` it touches.
    """

    name: str
    says: str
    caps: str = ""
    verdicts: tuple[str, ...] = ("SUPPORTED", "DIRECTION-ONLY")


@dataclass(frozen=True)
class Card:
    """A published sentence, its estimand, the data it needs, its decision rule, and what is really known of it.

    Everything here is data, read from ``cards/cxNN.toml``; the test, the simulator, its truth and the naive twin are in
    ``cards/cxNN.py`` beside it (`module`). ``sesoi``, ``null`` and ``trivial`` are in the unit of the estimand;
    ``number`` is the claim's own number with the margin within which it counts as met. ``choices`` are the ways of
    analysing that make sense besides weights and exclusions: 'scale', 'controls'. ``declared`` = people say so
    themselves.
    """

    id: str
    title: str
    claim: str
    claim_ids: tuple[str, ...]
    causal: bool
    unit: str
    side: str
    sesoi: float
    estimand: str
    shape: str
    rule: str
    grade_reachable: str
    cautions: tuple[str, ...]
    sensitivity: tuple[str, ...]
    published: tuple[tuple[str, str], ...]
    references: tuple[str, ...]
    needs: tuple[Need, ...]
    threats: Mapping[str, Threat]
    choices: tuple[str, ...] = ()
    declared: bool = False
    notes: tuple[str, ...] = ()
    identified_by: tuple[str, ...] = ()
    number: Mapping[str, Any] = field(default_factory=dict)
    null: float = 0.0
    trivial: float = math.nan
    least_n: int = 50

    @cached_property
    def module(self) -> ModuleType:
        """The card's ``test``, ``simulate``, ``naive`` and ``TRUTH``."""
        return import_module(f"cxlab.hypotheses.cards.{_stem(self.id)}")

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
        return plain(asdict(self) | {"sources": {i: ARTICLES[i[:3]] for i in self.claim_ids}})


@cache
def cards() -> dict[str, Card]:
    """Return all cards by id: what is found in the folder ``cards``.

    >>> cards()["CX-04"].title
    'Journeys beat touchpoints'
    """
    folder = files("cxlab.hypotheses").joinpath("cards")
    found = [_card(p.name, p.read_text(encoding="utf-8")) for p in folder.iterdir() if p.name.endswith(".toml")]
    return {c.id: c for c in sorted(found, key=lambda c: c.id)}


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


def _stem(id: str) -> str:
    return id.lower().replace("-", "")


def _card(file: str, text: str) -> Card:
    raw = tomllib.loads(text)
    values = _tuples(raw)
    values["published"] = tuple((said, tag) for said, tag in raw["published"])
    values["needs"] = tuple(Need(slot, **_tuples(about)) for slot, about in raw["needs"].items())
    values["threats"] = {name: Threat(name, **_tuples(about)) for name, about in raw["threats"].items()}
    made = Card(**values)
    for need in made.needs:
        one_of(f"kind of '{need.slot}' in {file}", need.kind, KINDS)
    for threat in made.threats.values():
        one_of(f"caps of '{threat.name}' in {file}", threat.caps, (*CAPS, ""))
    if file != f"{_stem(made.id)}.toml":
        raise DataProblem(f"{file} holds the card {made.id}; its file is called {_stem(made.id)}.toml")
    return made


def _tuples(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
