"""Touchpoints that were never asked of the same people have no correlation: a default set leaves some out, and says so.

A survey that asks other questions in other years has them. Which are left out is decided by who was asked what, never
by what was answered, so the choice cannot favour a result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from cxlab.data import waves
from cxlab.data.study import Study
from cxlab.models.drivers.driver_data import Drivers
from cxlab.models.drivers.driver_rows import Answers
from cxlab.stats.importance.sampled_shares import TOGETHER

NAMED = 3
"""So many of the touchpoints that one was never asked with are named; the others are counted."""

NOTES = 5
"""So many of the touchpoints that are left out have a note of their own."""


def read_together(
    read: Callable[..., Answers], study: Study, outcome: str | None, drivers: Drivers, **how: Any
) -> Answers:
    """Return what ``read`` returns; of touchpoints that nobody named, the largest set of which all pairs were answered.

    Drivers that somebody named are read as they are: what cannot be estimated with them is refused further on.

    Parameters
    ----------
    read : reads the answers of a driver analysis, such as `cxlab.models.drivers.streamed_answers.read`.
    how : what else ``read`` takes.
    """
    answers = read(study, outcome, drivers, **how)
    if not (drivers is None or drivers in ("stage", "owner")) or answers.complete:
        return answers
    own = [columns[0] for columns in answers.of]
    both = answers.together()[np.ix_(own, own)]
    kept = largest_together(both >= TOGETHER, answers.answered())
    if len(kept) == len(own):
        return answers
    names = [answers.drivers[k] for k in kept]
    inside = {b: [answers.drivers[k] for k in members if k in kept] for b, members in answers.blocks.items()}
    again = read(study, outcome, {b: some for b, some in inside.items() if some} or names, **how)
    return replace(again, notes=(*again.notes, *left_out(study, answers, both, kept)))


def largest_together(together: np.ndarray, answered: Sequence[int]) -> list[int]:
    """Return the largest set of touchpoints of which every two were answered together; of several, the most answered.

    Parameters
    ----------
    together : (K, K) of booleans.
    answered : how many answered each.

    Examples
    --------
    >>> import numpy as np
    >>> together = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1]], bool)  # the second and third in different years
    >>> largest_together(together, [90, 30, 60])
    [0, 2]
    """
    apart = [set(np.flatnonzero(~row)) - {k} for k, row in enumerate(together)]
    best: list[int] = []

    def worth(some: Sequence[int]) -> tuple[int, int]:
        return len(some), sum(int(answered[k]) for k in some)

    def search(some: list[int]) -> None:
        nonlocal best
        if worth(some) <= worth(best):
            return
        conflicts = [len(apart[k].intersection(some)) for k in some]
        if not any(conflicts):
            best = some
            return
        most = some[int(np.argmax(conflicts))]
        search([k for k in some if k != most])
        search([k for k in some if k not in apart[most]])

    search(list(range(len(apart))))
    return best


def left_out(study: Study, answers: Answers, both: np.ndarray, kept: Sequence[int]) -> list[str]:
    """Return notes on the touchpoints left out: with which others each was hardly answered, and when it was asked."""
    labels, gone = answers.labels, [k for k in range(len(both)) if k not in kept]
    pairs = {k: [j for j in kept if both[k, j] < TOGETHER] for k in gone}
    shown = dict.fromkeys([*gone, *(j for others in pairs.values() for j in others[:NAMED])])
    asked = _asked(study, [answers.drivers[k] for k in shown])
    said = {k: f"'{labels[k]}'{asked.get(answers.drivers[k], '')}" for k in shown}
    notes = []
    for k, others in pairs.items():
        named = [said[j] for j in others[:NAMED]]
        more = [f"{len(others) - NAMED} more"] if len(others) > NAMED else []
        people = int(max(both[k, j] for j in others))
        by = "nobody" if not people else f"at most {people} people"
        notes.append(f"{said[k]} is left out: {by} answered it together with {' or '.join([*named, *more])}")
    if len(notes) > NOTES:
        notes[NOTES:] = [f"{len(notes) - NOTES} more touchpoints are left out for the same reason"]
    rule = "the largest set of which every two were answered together, whatever the answers are"
    return [*notes, f"{len(kept)} of {len(both)} touchpoints are kept, {rule}; name drivers to choose others"]


def _asked(study: Study, names: Sequence[str]) -> dict[str, str]:
    """Return in which waves each column was answered, in brackets; nothing of a study without waves."""
    wave = study.design.wave
    if not wave:
        return {}
    counts = study.frame.group_by(wave).agg(*(nw.col(n).count().alias(f"_{i}") for i, n in enumerate(names)))
    table = counts.collect().to_pandas().set_index(wave)
    order = [v for v in waves.order_of(study, wave, table.index.tolist()).values if v in table.index]
    called = study.field(wave).labels
    out = {}
    for i, name in enumerate(names):
        there = [k for k, v in enumerate(order) if table.loc[v, f"_{i}"] > 0]
        runs = np.split(there, np.flatnonzero(np.diff(there) > 1) + 1) if there else []
        ends = [[called.get(str(order[k]), str(order[k])) for k in (run[0], run[-1])] for run in runs]
        out[name] = f" ({', '.join(' to '.join(dict.fromkeys(pair)) for pair in ends)})" if ends else ""
    return out
