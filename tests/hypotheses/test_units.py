"""The unit an amount was written in changes no verdict: euros, cents, thousands; minutes, seconds; days, years."""

from __future__ import annotations

import pytest

import cxlab as cx
from cxlab.hypotheses.card import cards

COUNTS = {("CX-25", "switches"), ("CX-25", "rough"), ("CX-25", "events")}
"""A count has no other unit."""
RETURNS = {("CX-08", "excess"), ("CX-08", "market")}
"""Two amounts of one unit: `test_cx08.test_returns_in_percent_are_the_same_returns`."""
AMOUNTS = [
    (c.id, need.slot)
    for c in cards().values()
    for need in c.needs
    if need.kind in ("amount", "number") and (c.id, need.slot) not in COUNTS | RETURNS
]
SIMULATED = [(id, slot) for id, slot in AMOUNTS if slot in cx.simulated(id, 0.1, n=300).table.columns]


def test_few_amounts_are_not_simulated() -> None:
    assert set(AMOUNTS) - set(SIMULATED) == {("CX-06", "duration")}


@pytest.mark.parametrize(("id", "slot"), SIMULATED)
def test_an_amount_in_another_unit_is_the_same_amount(id: str, slot: str) -> None:
    known = cards()[id].module.TRUTH
    effect = cards()[id].null + 2.5 * cards()[id].sesoi if known.claimed is None else known.claimed
    study = cx.simulated(id, effect, n=600, seed=3)
    one = cx.verdict(id, study, robust=False, ledger=None)
    for unit in (100.0, 0.001):
        table = study.table.assign(**{slot: unit * study.table[slot]})
        other = cx.verdict(id, cx.Study(table, study.codebook), robust=False, ledger=None)
        assert (other.direction, other.association, other.number) == (one.direction, one.association, one.number)
        assert other.sentence == one.sentence
        assert [other.estimate.value, other.estimate.low] == pytest.approx(
            [one.estimate.value, one.estimate.low], rel=1e-6, abs=1e-9
        )
