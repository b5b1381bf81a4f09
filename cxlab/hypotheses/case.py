"""What a claim's test is given (`Case`) and what it gives back (`Evidence`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from cxlab.data.study import Study
from cxlab.hypotheses.assigned import UNIT, Assigned, given_to_clusters
from cxlab.hypotheses.card import Card
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.scored_answers import NotEstimable, ScoredAnswers, Spec, draw, unweighted
from cxlab.hypotheses.slots import Slots
from cxlab.problem import DataProblem
from cxlab.stats.inference import few_treated

UNITS = "whose answers move together"
"""What clusters are called where a test may have other ones than the study."""


class Check(NamedTuple):
    """An assumption, what was found, whether it holds (None: cannot be checked), and the card's threat it guards."""

    what: str
    found: str
    holds: bool | None
    threat: str = ""


@dataclass(frozen=True)
class Evidence:
    """What a test found.

    ``findings`` must all hold, the first is the headline; ``number`` is compared with the claim's number. ``shown`` are
    further facts: rows of label, estimate, low, high, n. ``reason`` says why nothing could be estimated. ``assigned`` :
    the arm that whole clusters have, if one has; `run` finds it.
    """

    findings: tuple[Finding, ...] = ()
    number: Finding | None = None
    shown: tuple[dict[str, Any], ...] = ()
    checks: tuple[Check, ...] = ()
    method: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""
    assigned: Assigned | None = None


@dataclass(frozen=True)
class Case:
    """A card, a study, which columns play which part, and how to analyse: all that a card's ``test`` is given.

    Tests that have a model call it on ``study`` with the columns of ``slots``; the others take the answers as arrays
    from ``sample``, which is read once, when first asked for.
    """

    card: Card
    study: Study
    slots: Slots
    spec: Spec = field(default_factory=Spec)
    level: float = 0.95
    seed: int = 0

    @cached_property
    def sample(self) -> ScoredAnswers:
        """The answers that the test needs, as distinct patterns with counts."""
        return draw(self.study, self.card, self.slots, self.spec)

    @cached_property
    def rng(self) -> np.random.Generator:
        """The one generator of the test: same seed, same verdict."""
        return np.random.default_rng(self.seed)

    @cached_property
    def specified(self) -> Study:
        """The study as the specification leaves it, for models: without weights, or without some people.

        Other scorings and controls are for tests that take their answers from ``sample``.
        """
        spec = self.spec
        study = self.study if spec.weights else unweighted(self.study)
        many = [n.slot for n in self.card.needs if n.many and n.slot in self.slots.columns]
        if spec.exclude == "none" or not many:
            return study
        return _without(study, spec.exclude, [c for slot in many for c in self.slots[slot]])

    def column(self, slot: str) -> str:
        """Return the column that plays a part."""
        return self.slots[slot][0]


def _without(study: Study, exclude: str, columns: Sequence[str]) -> Study:
    """Leave out people with an answer missing, or with the same answer everywhere (three or more)."""
    x = [nw.col(c).cast(nw.Float64) for c in columns]
    count = nw.sum_horizontal(*((~e.is_null()).cast(nw.Int64) for e in x))
    if exclude == "incomplete":
        kept = count == len(columns)
    else:
        kept = (count < 3) | (nw.max_horizontal(*x) > nw.min_horizontal(*x))
    return replace(study, table=study.frame.to_native()).filter(kept, f"without {exclude}")


def _few(findings: Sequence[Finding]) -> list[str]:
    """What is said of findings that rest on two to four clusters."""
    few = [f for f in findings if few_treated.LEAST <= f.rests[0] < few_treated.FEW]
    return [few_treated.rests_on_few([f.name], int(f.rests[0]), f.rests[1], UNITS) for f in few]


def _assigned(case: Case) -> Assigned | None:
    """The arm of the test that whole clusters have, if one has: read only where there is an arm, and a cluster."""
    said, cluster = case.study.codebook.assignment, case.study.design.cluster
    arm = any(n.assigned and n.slot in case.slots.columns for n in case.card.needs) or set(said) & set(case.slots.used)
    if not arm or not (cluster or UNIT in case.slots.columns):
        return None
    return given_to_clusters(case.card.needs, case.slots, case.sample, cluster, said)


def _counted(f: Finding, assigned: Assigned) -> Finding:
    """The finding with no more effective answers than clusters had the arm."""
    return replace(f, n_eff=float(np.fmin(f.n_eff, assigned.clusters)))


def _by_clusters(case: Case, found: Evidence) -> Evidence:
    """The evidence with clusters counted, where whole clusters have the arm: one place for all cards."""
    assigned = _assigned(case)
    if assigned is None:
        return found
    findings = tuple(_counted(f, assigned) for f in found.findings)
    number = None if found.number is None else _counted(found.number, assigned)
    notes = (*found.notes, assigned.said)
    return replace(found, findings=findings, number=number, assigned=assigned, notes=notes)


def run(case: Case) -> Evidence:
    """Run the card's test; what cannot be estimated comes back with its reason, never as a number."""
    try:
        found: Evidence = case.card.module.test(case)
    except (NotEstimable, DataProblem) as why:
        return _by_clusters(case, Evidence(reason=str(why)))
    found = replace(found, checks=tuple(Check(*c) for c in found.checks), notes=(*found.notes, *_few(found.findings)))
    found = _by_clusters(case, found)
    if alone := [f for f in found.findings if f.rests[0] < few_treated.LEAST]:
        why = few_treated.not_estimable([f.name for f in alone], alone[0].rests[1], UNITS)
        return replace(found, reason=why)
    if any(np.isnan([f.low, f.high]).any() for f in found.findings):
        return replace(found, reason="the standard error is not estimable: too few clusters or no variation")
    return found
