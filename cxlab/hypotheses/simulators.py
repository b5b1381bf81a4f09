"""`simulated`: a study of the shape a card needs, with a truth that is known: what the tests are calibrated on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.hypotheses.card import Card, Need, card
from cxlab.hypotheses.simulated_answers import Made
from cxlab.hypotheses.slots import JOURNEY
from cxlab.problem import unknown

EXTRA = {"cluster": "cluster", "person": "id", "date": "date", "wave": "wave", "unit": "cluster"}
"""Roles of simulated columns that play no part in the test."""


@public
def simulated(claim: str | Card, effect: float, *, n: int = 1000, seed: int = 0, threat: str | None = None) -> Study:
    """Return a simulated study of the shape the card needs, with the true effect in the card's unit.

    Parameters
    ----------
    claim : a card's id, e.g. 'CX-23'.
    effect : the true effect; scores run from 0 to 100.
    n : number of answers (months, units).
    seed : seed of everything drawn.
    threat : one of the card's named threats, at work in these data; None: none.

    Raises
    ------
    DataProblem : the card does not exist, or has no such threat.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.simulated("CX-23", 2.0, n=100).codebook.simulated
    True
    """
    chosen = claim if isinstance(claim, Card) else card(claim)
    if threat is not None and threat not in chosen.threats:
        raise unknown("threat", threat, f"those of {chosen.id}", list(chosen.threats))
    made = chosen.module.simulate(effect, n, np.random.default_rng(seed), threat)
    said = f"; threat: {chosen.threats[threat].says}" if threat else ""
    columns, fields = _columns(chosen, made)
    book = Codebook(
        f"simulated-{chosen.id.lower()}",
        fields,
        f"Simulated for {chosen.id}: true effect {effect:g}{said}",
        True,
        design=made.design,
        assignment=_assigned(chosen, made),
    )
    return Study(pd.DataFrame(columns), book)


def _assigned(chosen: Card, made: Made) -> tuple[str, ...]:
    """The parts that an experiment assigns; where none was, nobody says so."""
    if "experiment" not in made.design:
        return ()
    return tuple(n.slot for n in chosen.needs if n.assigned and n.slot in made.columns)


def _columns(chosen: Card, made: Made) -> tuple[dict[str, NDArray], tuple[Field, ...]]:
    """Return columns and fields: a part of several columns becomes part1, part2, ..."""
    needs = {n.slot: n for n in chosen.needs}
    columns: dict[str, NDArray] = {}
    fields: list[Field] = []
    for name, values in made.columns.items():
        if name not in needs:
            columns[name] = values
            fields.append(Field(name, type=_type(values), role=EXTRA[name]))
            continue
        for j, one in enumerate(values.T if values.ndim == 2 else [values]):
            own = f"{name}{j + 1}" if values.ndim == 2 else name
            columns[own] = one
            field = _field(own, one, needs[name], j)
            role, measure = made.roles.get(name, field.role), made.measures.get(name, field.measure)
            fields.append(replace(field, role=role, measure=measure, missing=made.missing.get(name, {})))
    return columns, tuple(fields)


def _field(name: str, values: NDArray, need: Need, at: int) -> Field:
    answers = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    scored = need.kind in ("score", "outcome") and len(set(answers.tolist()) - {0.0, 1.0}) > 0
    return Field(
        name,
        type=_type(values),
        role=need.role[0],
        measure=need.measure[0] if need.measure else "",
        scale=Scale(*(need.scale or (0, 100))) if scored else None,
        stage=JOURNEY[at] if need.stages else "",
    )


def _type(values: NDArray) -> str:
    return {"M": "date", "O": "string", "U": "string", "i": "integer"}.get(values.dtype.kind, "number")
