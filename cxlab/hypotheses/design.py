"""What a study's design can carry: its grade, and whether it identifies a cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cxlab.data.study import Study
from cxlab.hypotheses.card import Card

BEHAVIOUR = ("churn", "spend", "wait")
"""Measures that are recorded, not answered."""
DECLARED = ("declared", "leaders")
ASSIGNED = ("arm", "a", "treated")
"""Slots that a design must have assigned."""
NOT_ASSIGNED = ("failure", "late")
"""Columns that stand in for an assigned one, without having been assigned."""


def kind(study: Study) -> str:
    """Return 'experiment', 'quasi-experiment', 'panel', or 'cross-section' (reviews, aggregates, undeclared)."""
    said = study.codebook.design.lower()
    for word in ("quasi-experiment", "experiment", "panel"):
        if word in said:
            return word
    return "cross-section"


def recorded(study: Study, columns: Mapping[str, Sequence[str]]) -> bool:
    """Whether some column of the test was recorded rather than answered (a second source)."""
    fields = [study.field(c) for cols in columns.values() for c in cols]
    return any(f.role == "operation" or f.measure in BEHAVIOUR for f in fields)


def design_grade(card: Card, study: Study, columns: Mapping[str, Sequence[str]]) -> str:
    """Return the design grade of the card's test on the study, A to F."""
    design, second = kind(study), recorded(study, columns)
    if card.test in DECLARED and not second:
        return "F"
    if design == "experiment" and identified(card, study, columns)[0] and card.causal:
        return "A"
    if design in ("experiment", "quasi-experiment") and card.causal and identified(card, study, columns)[0]:
        return "B"
    if second:
        return "C" if design != "cross-section" else "D"
    return "E"


def identified(card: Card, study: Study, columns: Mapping[str, Sequence[str]]) -> tuple[bool, str]:
    """Return whether the design can carry what the claim says, and why in words.

    A claim about what goes with what needs no more than the data; a claim about an effect needs one of the designs of
    its card, the part that was assigned, and behaviour where a panel is to do.
    """
    if not card.causal:
        return True, "the claim is about what goes with what, or how much there is; it needs no assignment"
    design = kind(study)
    if design not in card.identified_by:
        return (
            False,
            f"a {design} does not identify an effect; this claim needs one of: {', '.join(card.identified_by)}",
        )
    assigned = [n.slot for n in card.needs if n.slot in ASSIGNED]
    missing = [s for s in assigned if not columns.get(s)]
    if missing:
        return False, f"nothing was assigned: there is no column for {', '.join(missing)}"
    stand_in = [c for s in assigned for c in columns[s] if c.lower() in NOT_ASSIGNED]
    if stand_in:
        return False, f"'{stand_in[0]}' happened to people, it was not assigned to them"
    if design == "panel" and not recorded(study, columns):
        return False, "a panel of answers alone: nothing was recorded, all comes from the same people's answers"
    return True, f"{design}: the contrast was assigned" if design == "experiment" else f"{design}, as the card asks"
