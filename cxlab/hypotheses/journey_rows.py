"""A card that speaks of journeys takes an event log as well: it is read as a row a journey."""

from __future__ import annotations

from cxlab.data.study import Study
from cxlab.hypotheses.card import Card
from cxlab.hypotheses.slots import Given, given_parts, resolve
from cxlab.models.journeys import by_case

SLOT = "switches"
"""The part that an event log has without a column for it."""


def as_journeys(card: Card, study: Study, columns: Given = None) -> Study:
    """Return the study a card is tried on: an event log without a column of switches as a row a journey.

    Parameters
    ----------
    columns : as for `verdict`; who names a column for the switches means the rows as they are.
    """
    if SLOT not in [n.slot for n in card.needs] or SLOT in given_parts(columns) or not by_case.is_log(study):
        return study
    found = resolve(card, study, columns)
    if found[SLOT] or not found["score"]:
        return study
    return by_case.by_case(study, found["score"][0])
