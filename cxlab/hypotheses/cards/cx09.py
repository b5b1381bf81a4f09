"""90 % are influenced by reviews: the share among all buyers, and among those who were asked."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import numpy as np

from cxlab.data.codebook import code
from cxlab.data.study import Study
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, mean, row
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth(claimed=0.9)
FILTERS = ("not asked", "no reviews", "filter", "not applicable", "does not apply")
"""What a missing code says where people were not asked because they read no reviews: they count as not influenced."""


def test(case: Case) -> Evidence:
    """The share of all buyers: who was filtered out was not influenced, who is silent is left out."""
    study, said = _unfiltered(case.study, case.column("influenced"))
    whole = replace(case, study=study)
    y = whole.sample.binary("influenced")
    rows = answered(whole, y)
    found = finding(whole, rows, y, "influenced, of all buyers", *mean(whole, rows, y))
    asked = case.sample.binary("influenced")
    there = ~np.isnan(asked)
    shown = [row(case, "influenced, of those asked", *mean(case, there, asked), case.sample.n[there].sum())]
    silent = 1 - float(whole.sample.n[rows].sum() / whole.sample.n.sum())
    everybody, said_so = np.ones(len(y), bool), True
    for word, value in (("had not been", 0.0), ("had been", 1.0)) if silent else ():
        filled = np.where(rows, y, value)
        bound = finding(whole, everybody, filled, "", *mean(whole, everybody, filled))
        said_so &= bound.verdict == found.verdict
        shown.append(row(whole, f"if all who are silent {word} influenced", bound.value, bound.se, bound.df, bound.n))
    silence = f"{silent:.0%} are silent, and no code says why"
    check = ("the silent cannot change it", silence, silent < 0.02 or said_so, "silence")
    notes = (f"not asked, so not influenced: {said}",) if said else ()
    return Evidence((found,), found, tuple(shown), (check,), "Design-weighted share, robust errors", notes)


def _unfiltered(study: Study, column: str) -> tuple[Study, str]:
    """Return the study with the codes of a filter as answers of no, and what those codes say."""
    f = study.field(column)
    codes = {c: why for c, why in f.missing.items() if any(k in why.lower() for k in FILTERS)}
    if not codes:
        return study, ""
    no = "no" if f.type == "string" else False if f.type == "boolean" else 0
    x = nw.col(column)
    answer = nw.when(x.is_in([code(c, f.type) for c in codes])).then(nw.lit(no)).otherwise(x).alias(column)
    book = study.codebook.replace(column, missing={c: why for c, why in f.missing.items() if c not in codes})
    return replace(study, table=study.lazy.with_columns(answer).to_native(), codebook=book), ", ".join(codes.values())


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
