"""The table of rates in `benchmarks`: every line was measured, meets its goal or is said to miss it, and still runs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import words
from benchmarks.word_rows import MORE

ROWS = json.loads(words.OUT.read_text(encoding="utf-8"))
LINES = [*words.COVERAGE, *words.WORDS, *MORE]


def test_every_line_was_measured_and_is_written() -> None:
    measured = {(r["what"], r["cell"].partition(" (said")[0]) for r in ROWS}
    assert measured == {(line.what, line.cell) for line in LINES}
    assert words.OUT.with_suffix(".md").read_text(encoding="utf-8") == words.written(ROWS)


def test_no_line_misses_its_goal_but_those_that_say_so() -> None:
    """`make calibrate` draws all lines anew and ends with an error if one misses its goal."""
    assert words.misses(ROWS) == []
    keys = {(r["what"], r["cell"].partition(" (said")[0]) for r in ROWS}
    assert set(words.SAID) <= keys


@pytest.mark.parametrize(("goal", "hits", "n", "missed"), [
    ("at most 5", 5, 100, False), ("at most 5", 15, 100, True), ("95", 95, 100, False), ("95", 83, 100, True),
    ("95", 100, 100, False), ("at most 5", 0, 20, False),
])  # fmt: skip
def test_a_goal_is_missed_beyond_chance(goal: str, hits: int, n: int, missed: bool) -> None:
    row = {"goal": goal, "hits": hits, "of": n, "data sets": n, "now": 100 * hits / n, "error": 1.0}
    assert words.missed(row) == missed


QUICK = {line.what: line for line in reversed(LINES) if line.sets >= 300}


@pytest.mark.parametrize("what", QUICK)
def test_the_quick_lines_hold_in_a_few_data_sets(what: str) -> None:
    line = QUICK[what]
    hits = line.run(np.random.default_rng(1), 30)
    hits = hits[np.isfinite(hits)]
    row = {"goal": line.goal, "hits": int(hits.sum()), "of": len(hits), "data sets": len(hits),
           "now": 100 * hits.mean(), "error": 100 * hits.std() / max(len(hits), 1) ** 0.5}  # fmt: skip
    assert len(hits) and not words.missed(row)
