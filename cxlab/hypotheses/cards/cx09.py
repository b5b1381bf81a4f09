"""90 % are influenced by reviews: the share among all buyers, and among those who were asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.text.influence import influence, unfiltered

TRUTH = Truth(claimed=0.9)
ALL, ASKED = "influenced, of all buyers", "influenced, of those asked"


def test(case: Case) -> Evidence:
    """The share of all buyers of `cx.text.influence`: who was filtered out was not influenced, who is silent is left
    out.
    """
    column = case.column("influenced")
    whole = replace(case, study=unfiltered(case.study, column)[0])
    y = whole.sample.binary("influenced")
    rows = answered(whole, y)
    told = influence(case.specified, column, level=case.level)
    lines = told.table.assign(df=told.parts["df"])
    found = [finding(whole, rows, y, ALL, e["estimate"], e["se"], e["df"]) for _, e in lines.iterrows()]
    shown = tuple(
        {"label": ASKED if k == 1 else e["whose"], "n": int(e["n"]), **e[["estimate", "low", "high"]].to_dict()}
        for k, e in lines.iloc[1:].iterrows()
    )
    silent = told.parts["silent"]
    said_so = all(f.verdict == found[0].verdict for f in found[2:])
    silence = f"{silent:.0%} are silent, and no code says why"
    check = ("the silent cannot change it", silence, silent < 0.02 or said_so, "silence")
    filters = told.parts["filter"]
    notes = (f"not asked, so not influenced: {filters}",) if filters else ()
    return Evidence((found[0],), found[0], shown, (check,), told.method, notes)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: share of all buyers; under 'filter' only the two thirds who read were asked, under 'silence' 20 %
    of those who were not influenced leave the question out.
    """
    if threat == "filter":
        read, yes = rng.random(n) < 0.66, rng.random(n) < min(effect / 0.66, 1.0)
        return Made({"influenced": np.where(read, yes, 9.0)}, missing={"influenced": {"9": "reads no reviews"}})
    y = (rng.random(n) < effect).astype(float)
    gone = (y == 0) & (rng.random(n) < 0.4) if threat == "silence" else np.zeros(n, bool)
    return Made({"influenced": np.where(gone, np.nan, y)})


naive = unguarded
