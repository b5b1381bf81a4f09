"""What a study's design can carry: its grade, and whether it identifies a cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cxlab.data.study import Study
from cxlab.hypotheses.assigned import Assigned
from cxlab.hypotheses.card import Card

BEHAVIOUR = ("churn", "spend", "wait")
"""Measures that are recorded, not answered."""
OVER_TIME = ("panel", "repeated cross-section", "backtest")
"""Designs in which something is seen more than once."""


IN_WORDS = {"logs": "logs of events do", "experiment": "an experiment does"}
"""How a sentence begins that speaks of a design; of any other 'a ... does'."""


def kind(study: Study) -> str:
    """Return the study's design, one of `cxlab.data.codebook.DESIGNS`; what is not declared is a cross-section."""
    return study.codebook.design or "cross-section"


def recorded(study: Study, columns: Mapping[str, Sequence[str]]) -> bool:
    """Whether some column of the test was recorded rather than answered (a second source)."""
    fields = [study.field(c) for cols in columns.values() for c in cols]
    return any(f.role == "operation" or f.measure in BEHAVIOUR for f in fields)


def design_grade(card: Card, study: Study, columns: Mapping[str, Sequence[str]], given: Assigned | None = None) -> str:
    """Return the design grade of the card's test on the study, A to F.

    An arm that too few clusters have evens nothing out: it is graded as if it had not been assigned.
    """
    design, second = kind(study), recorded(study, columns)
    if card.declared and not second:
        return "F"
    assigned = card.causal and design in ("experiment", "quasi-experiment") and identified(card, study, columns)[0]
    if assigned and not (given and given.few):
        declared = bool(set(study.codebook.assignment) & _used(columns))
        return "A" if design == "experiment" and declared else "B"
    if second:
        return "C" if design in OVER_TIME and not _undated(study, design) else "D"
    return "E"


def identified(card: Card, study: Study, columns: Mapping[str, Sequence[str]]) -> tuple[bool, str]:
    """Return whether the design can carry what the claim says, and why in words.

    A claim about what goes with what needs no more than the data; a claim about an effect needs one of the designs of
    its card, the columns that such a design has (`_undated`, the part that was assigned), and behaviour where a panel
    is to do.
    """
    if not card.causal:
        return True, "the claim is about what goes with what, or how much there is; it needs no assignment"
    design = kind(study)
    if design not in card.identified_by:
        needed = f"this claim needs one of: {', '.join(card.identified_by)}"
        return False, f"{IN_WORDS.get(design, f'a {design} does')} not identify an effect; {needed}"
    if design in ("experiment", "quasi-experiment"):
        why = _not_assigned(card, study, columns, design)
    else:
        why = _undated(study, design)
    if why:
        return False, why
    if design == "panel" and not recorded(study, columns):
        return False, "a panel of answers alone: nothing was recorded, all comes from the same people's answers"
    return True, "the contrast was assigned" if design == "experiment" else "as the card asks"


def _assigned(card: Card, columns: Mapping[str, Sequence[str]]) -> list[str]:
    return [c for n in card.needs if n.assigned for c in columns.get(n.slot, ())]


def _used(columns: Mapping[str, Sequence[str]]) -> set[str]:
    return {c for names in columns.values() for c in names}


def _not_assigned(card: Card, study: Study, columns: Mapping[str, Sequence[str]], design: str) -> str:
    """Why the part that an experiment assigns was not assigned here, or ''.

    An experiment whose codebook does not say what was assigned is taken at its word for the part that the card calls
    assigned; a quasi-experiment is not, and neither is a test none of whose parts can be assigned.
    """
    missing = [n.slot for n in card.needs if n.assigned and not columns.get(n.slot)]
    if missing:
        return f"nothing was assigned: there is no column for {', '.join(missing)}"
    happened = {name for n in card.needs for name in n.happened}
    said = study.codebook.assignment
    for column in _assigned(card, columns):
        if said and column not in said:
            return f"'{column}' was not assigned; the codebook says that {', '.join(said)} was"
        if column.lower() in happened and not said:
            return f"'{column}' happened to people, it was not assigned to them"
    if not said and (design == "quasi-experiment" or not _assigned(card, columns)):
        return f"the codebook says {design}, but not which column was assigned (assignment)"
    if said and not set(said) & _used(columns):
        return f"none of the test's columns was assigned; the codebook says that {', '.join(said)} was"
    return ""


def _undated(study: Study, design: str) -> str:
    """Which columns a design over time needs and the codebook does not declare, or ''."""
    book = study.codebook
    who = book.unit or next(iter((*book.role("id"), *book.role("cluster"))), "")
    when = book.dates or next(iter((*book.role("date"), *book.role("wave"))), "")
    if design == "panel" and not who:
        return "a panel, but no column says who (role 'id' or 'cluster', or 'unit' in the codebook)"
    if design in ("panel", "repeated cross-section", "backtest", "logs") and not when:
        return f"a {design}, but no column says when (role 'date' or 'wave', or 'dates' in the codebook)"
    return ""
