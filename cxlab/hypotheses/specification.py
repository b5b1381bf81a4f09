"""The specification curve: the same claim under other defensible analyses, and how many agree.

Simonsohn, U., Simmons, J. P. & Nelson, L. D. (2020). Specification curve analysis. Nature Human Behaviour 4, 1208-1214.
doi:10.1038/s41562-020-0912-z
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product

import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.hypotheses import rule
from cxlab.hypotheses.card import Card, card
from cxlab.hypotheses.case import Case, run
from cxlab.hypotheses.scored_answers import Spec
from cxlab.hypotheses.slots import Given, require, why_no_group
from cxlab.result import Result

COLUMNS = ["specification", "weights", "scale", "exclude", "controls", "estimate", "low", "high", "n", "finding",
           "reason"]  # fmt: skip
CONTROLLED = 12
"""Segments with more values than this are no controls."""


def grid(card: Card, study: Study, columns: Mapping[str, Sequence[str]]) -> list[Spec]:
    """Return the specifications of a card on a study: weights × scoring × exclusions × controls, where they differ."""
    weights = (True, False) if study.design.weight else (True,)
    scales = ("linear", "top-box", "ranks") if "scale" in card.choices else ("linear",)
    many = max((len(columns.get(n.slot, ())) for n in card.needs if n.many), default=0)
    exclusions = ("none", "straight-liners", "incomplete") if many >= 3 else ("none",)
    used = {c for names in columns.values() for c in names}
    small = _controls(study, used) if "controls" in card.choices else ()
    controls: tuple[tuple[str, ...], ...] = ((), small[:2]) if small else ((),)
    return [Spec(w, s, e, c) for w, s, e, c in product(weights, scales, exclusions, controls)]


def _controls(study: Study, used: set[str]) -> tuple[str, ...]:
    """The first segments that are free and tell groups of people: an answer that is held takes the effect away."""
    free = [s for s in study.codebook.role("segment") if s not in used and s in study.columns]
    return _small(study, list(islice((s for s in free if not why_no_group(study.field(s), study)), 4)))


def _small(study: Study, names: Sequence[str]) -> tuple[str, ...]:
    import narwhals as nw

    if not names:
        return ()
    counts = study.frame.select(*[nw.col(n).n_unique() for n in names]).collect().to_pandas().iloc[0]
    return tuple(n for n in names if 2 <= counts[n] <= CONTROLLED)


@public
def specifications(
    claim: str | Card,
    study: Study,
    *,
    columns: Given = None,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the claim's estimate and finding under every specification, sorted by the estimate.

    ``share`` in ``parts`` is the share of specifications whose finding equals that of the first (the card's own), of
    those that could be estimated.

    Parameters
    ----------
    claim : id of a card, e.g. 'CX-04'.
    columns : which column plays which part, overruling the codebook.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Raises
    ------
    DataProblem : there is no such claim, the study lacks a column it needs, or a weight is negative.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.evidence.specifications("CX-05", cx.load("airline-survey")).table["finding"].nunique()
    1
    """
    chosen = claim if isinstance(claim, Card) else card(claim)
    slots = require(chosen, study, columns)
    rows = []
    for spec in grid(chosen, study, slots.columns):
        found = run(Case(chosen, study, slots, spec, level, seed))
        f = None if found.reason else found.findings[0]
        numbers = (f.value, f.low, f.high, f.n) if f else (float("nan"), float("nan"), float("nan"), 0)
        said = rule.weakest([f.verdict for f in found.findings]) if f else "NOT-IDENTIFIED"
        choices = ("weighted" if spec.weights else "unweighted", spec.scale, spec.exclude)
        rows.append((str(spec), *choices, ", ".join(spec.controls) or "none", *numbers, said, found.reason))
    table = pd.DataFrame(rows, columns=COLUMNS)
    own = table["finding"].iloc[0]
    told = table[table["estimate"].notna()]
    share = float((told["finding"] == own).mean()) if len(told) else float("nan")
    same = int((told["finding"] == own).sum())
    title = f"{same} of {len(told)} specifications find the same ({own}) as the card's own"
    lost = len(table) - len(told)
    parts = {
        "share": share, "own": own, "card": chosen.id, "null": chosen.null, "primary": str(Spec()),
        "bar": chosen.null + (-1 if chosen.side == "less" else 1) * chosen.sesoi,
    }  # fmt: skip
    method = "Specification curve: weights, scoring, exclusions, controls; not a test of its own"
    notes = (f"{lost} specifications could not be estimated",) if lost else ()
    table = table.sort_values("estimate", kind="stable", ignore_index=True)
    return Result("specifications", title, table, chosen.unit, level, method, notes, parts)
