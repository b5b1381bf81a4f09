"""From evidence to a verdict: the rule, the design, and the threats whose checks fail."""

from __future__ import annotations

from dataclasses import dataclass

from cxlab.columns import show
from cxlab.data.study import Study
from cxlab.hypotheses import rule
from cxlab.hypotheses.card import Card, Threat
from cxlab.hypotheses.case import Case, Check, Evidence
from cxlab.hypotheses.design import design_grade, identified

UNKNOWN = "NOT-IDENTIFIED"


@dataclass(frozen=True)
class Ruling:
    """What the rule says: ``direction`` of the claim, ``number``, ``association``, ``grade``; and why.

    ``why`` is the design's word, ``threat`` the one that capped the verdict (with its check), if any.
    """

    direction: str
    number: str
    association: str
    grade: str
    causes: bool
    why: str
    checks: tuple[Check, ...]
    threat: Threat | None = None
    check: Check | None = None

    @property
    def reason(self) -> str:
        """Why the verdict is no stronger: the design, or the threat; '' where nothing stands against it."""
        if not self.causes:
            return self.why
        return f"{self.threat.says}; {self.check.what}: {self.check.found}" if self.threat and self.check else ""


def ruled(case: Case, evidence: Evidence) -> Ruling:
    """Return what the rule, the design and the threats make of the evidence."""
    card, study, columns = case.card, case.study, case.slots.columns
    association = UNKNOWN if evidence.reason else rule.weakest([f.verdict for f in evidence.findings])
    causes, why = identified(card, study, columns)
    direction = association if causes else UNKNOWN
    failed = () if evidence.reason else _failed(card, evidence.checks)
    threat, check = next((f for f in failed if association in f[0].verdicts), (None, None))
    if threat is not None:
        association = "INCONCLUSIVE" if threat.caps == "INCONCLUSIVE" else association
        direction = association if threat.caps == "INCONCLUSIVE" and causes else UNKNOWN
    number = _number(card, evidence, causes and not any("SUPPORTED" in t.verdicts for t, _ in failed))
    design = Check("design", f"{study.codebook.design or 'not declared'}: {why}", causes)
    grade = design_grade(card, study, columns, evidence.assigned)
    return Ruling(direction, number, association, grade, causes, why, (design, *evidence.checks), threat, check)


def _failed(card: Card, checks: tuple[Check, ...]) -> list[tuple[Threat, Check]]:
    """Return the threats that cap verdicts and whose check fails or cannot be made; the stricter cap goes first."""
    out = []
    for threat in sorted((t for t in card.threats.values() if t.caps), key=lambda t: t.caps != "INCONCLUSIVE"):
        mine = [c for c in checks if c.threat == threat.name] or [_unseen(threat)]
        out += [(threat, c) for c in mine if c.holds is not True][:1]
    return out


def _unseen(threat: Threat) -> Check:
    return Check(f"no sign of {threat.name.replace('-', ' ')}", "these data cannot show it", None, threat.name)


def _number(card: Card, evidence: Evidence, stands: bool) -> str:
    """Return the verdict on the claim's number; a share that no cause is claimed for stands on its own."""
    if not card.number:
        return ""
    f, apart = evidence.number, not card.number.get("causal", True)
    if f is None or evidence.reason or not (stands or apart):
        return UNKNOWN
    limits, inner = (f.low, f.high), (f.inner_low, f.inner_high)
    above = bool(card.number.get("above", False))
    return rule.number(limits, inner, claimed=card.number["value"], margin=card.number["margin"], above=above)


SAYS = {
    "SUPPORTED": "supports the claim",
    "DIRECTION-ONLY": "points in the direction of the claim, but an effect too small to matter is not excluded",
    "TRIVIAL": "shows that any effect is too small to matter",
    "CONTRADICTED": "points against the claim",
    "INCONCLUSIVE": "leaves the claim open: the interval is too wide",
}
ASSOCIATION_SAYS = {
    "SUPPORTED": "is what the claim would lead one to expect",
    "TRIVIAL": "is too small to matter",
    "CONTRADICTED": "goes against the claim",
    "DIRECTION-ONLY": "is in its direction but may be too small to matter",
    "INCONCLUSIVE": "is too uncertain to read",
}
NUMBER_SAYS = {
    "SUPPORTED": "The number {} holds.",
    "NUMBER-OUT": "The number {} lies outside the interval.",
    "INCONCLUSIVE": "The number {} cannot be told from others.",
    "NOT-IDENTIFIED": "The number {} cannot be judged.",
}


def sentence(card: Card, study: Study, evidence: Evidence, found: Ruling) -> str:
    """Return what a manager may quote; nothing causal unless the design is, and no verdict without its threat."""
    about = f"{'In simulated data' if study.codebook.simulated else 'In'} {study.name}"
    if evidence.reason:
        return f"{about} nothing can be said about '{card.claim}' ({evidence.reason})."
    f = next((f for f in evidence.findings if f.verdict == found.association), evidence.findings[0])
    value = f"{f.name}: {show(f.value, f.unit)} [{show(f.low, f.unit)}, {show(f.high, f.unit)}], {_size(f, evidence)}"
    tail = f" {NUMBER_SAYS[found.number].format(card.claimed)}" if found.number else ""
    return f"{about}, {value}. {_said(card, found)}.{tail}"


def _size(f: rule.Finding, evidence: Evidence) -> str:
    return f"n = {f.n:,}" + (f" in {evidence.assigned.clusters:,} clusters" if evidence.assigned else "")


def _said(card: Card, found: Ruling) -> str:
    if found.direction == UNKNOWN:
        said = ASSOCIATION_SAYS.get(found.association, "cannot be read")
        more = "an effect" if card.causal else "more than that"
        return f"The association {said}; whether it is {more} these data cannot say ({found.reason})"
    if found.threat is not None:
        return f"This leaves the claim open, whatever the interval ({found.reason})"
    return f"This {SAYS[found.direction]}"
