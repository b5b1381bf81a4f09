"""Coverage of what is said of journeys and alerts: the shipped table, and a few data sets of every case of it."""

from __future__ import annotations

import re

import pytest

from benchmarks import journey_truth as truth

LINE = re.compile(r"\| (.+) \| (.+) \| (95|at most 5) \| ([\d.]+) \[([\d.]+), ([\d.]+)\] \| (\d+) \|")
FEW = {"steps": 3, "one kind": 3, "two kinds": 3}


@pytest.mark.parametrize("case", truth.CASES, ids=lambda c: c.name.replace(" ", "-"))
def test_a_few_data_sets_of_each_case_hold(case: truth.Case) -> None:
    rows = truth.measured(case, FEW.get(case.name, 4))
    assert rows and not [r for r in rows if r["missed"]]


def test_the_shipped_table_has_every_line_and_none_misses_its_goal() -> None:
    """`make bench-journeys` writes it; here are its lines, read back."""
    rows = LINE.findall(truth.OUT.read_text(encoding="utf-8"))
    asked = {key for case in truth.CASES for key in case.run(1)}
    assert {(what, where) for what, where, *_ in rows} == asked
    for what, where, goal, rate, low, high, n in rows:
        hits = round(float(rate) / 100 * int(n))
        assert float(low) <= float(rate) <= float(high) and int(n) >= 40, (what, where)
        assert not truth.missed(hits, int(n), goal), (what, where)


@pytest.mark.parametrize(("hits", "n", "goal", "missed"), [
    (95, 100, truth.HOLDS, False), (80, 100, truth.HOLDS, True), (100, 100, truth.HOLDS, False),
    (5, 100, truth.RARE, False), (16, 100, truth.RARE, True), (0, 100, truth.RARE, False),
])  # fmt: skip
def test_a_goal_is_missed_beyond_chance(hits: int, n: int, goal: str, missed: bool) -> None:
    assert truth.missed(hits, n, goal) == missed


def test_the_true_nets_are_those_of_many_customers() -> None:
    """By its author with 200,000 customers: 331, 469 and 3 per 1,000."""
    assert [truth.net(k) for k in (1, 3, 6)] == pytest.approx([331.2, 469.4, 2.8], abs=9)
