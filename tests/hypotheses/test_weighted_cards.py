"""A weight of k is k people: the numbers of a card under weights are those of the data with each person as often."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field
from cxlab.hypotheses.calibrate import truth
from cxlab.hypotheses.card import cards
from cxlab.hypotheses.cards.cx04 import RATIO
from cxlab.hypotheses.case import Case, run
from cxlab.hypotheses.slots import require

FOLDS = "its folds are of rows"
LOOSE = {"CX-04": FOLDS, "CX-05": FOLDS, "CX-13": FOLDS, "CX-14": FOLDS, "CX-32": FOLDS,
         "CX-24": "waits below an eighth of the median count as that",
         "CX-17": "its paths over waves count each person once"}  # fmt: skip
"""Equal but for 8 %: more than drawing folds anew moves them, less than most weights do."""
BANDS = ("mean outcome at", "per doubling beyond")
"""Means in bands of equally many rows, and what bends at their median: other rows cut elsewhere."""
EXACT = {RATIO}
"""Numbers of those cards that no fold or band touches."""
EXCEPT = {"CX-12": "the spread between days knows their errors", "CX-26": "the spread of slopes knows their errors",
          "CX-29": "its units are few and each is one",
          "CX-21": "its paths within units count each unit once"}  # fmt: skip


def people(book: Codebook, table: pd.DataFrame) -> list[str]:
    """Columns that say who or where a row is from."""
    named = [*book.role("id"), *book.role("cluster"), book.unit]
    return [c for c in dict.fromkeys(named) if c in table]


def studies(card: str) -> tuple[cx.Study, cx.Study]:
    """Return a simulated study under weights of 1 to 3 a person, and the one with each person as often."""
    known = cards()[card]
    made = cx.simulated(card, truth(known, "claimed"), n=min(known.module.TRUTH.n, 600), seed=3)
    table = made.frame.collect().to_pandas()
    who = people(made.codebook, table)
    repeated = [c for c in who if table[c].nunique() < len(table)]
    unit = pd.factorize(table[repeated[0]])[0] if repeated else np.arange(len(table))
    answers = table[
        next(c for c in (*made.codebook.role("outcome"), *table) if pd.api.types.is_numeric_dtype(table[c]))
    ]
    high = pd.Series(answers.to_numpy(float)).groupby(unit).mean().rank(pct=True).to_numpy()  # weights that matter
    weight = pd.Series(np.clip(1 + (3 * high).astype(int), 1, 3).astype(float)[unit])
    anew = lambda x, k: x + 10**7 * k if pd.api.types.is_numeric_dtype(x) else x.astype(str) + "x" * k  # noqa: E731
    copies = [table[weight > k].assign(**{c: anew(table[c], k) for c in who}) for k in range(3)]
    book = replace(made.codebook, fields=(*made.codebook.fields, Field("weight", "", "number", "weight")))
    again = pd.concat(copies, ignore_index=True).assign(weight=1.0)
    return cx.Study(table.assign(weight=weight), book), cx.Study(again, book)


def numbers(card: str, study: cx.Study) -> dict[str, float]:
    """Return every number that a card's test finds: its findings, the number of the claim, and what is shown beside."""
    chosen = cards()[card]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = run(Case(chosen, study, require(chosen, study)))
    assert not found.reason, found.reason
    told = {f.name: f.value for f in (*found.findings, *([found.number] if found.number else []))}
    return told | {r["label"]: r["estimate"] for r in found.shown if not r["label"].startswith(BANDS)}


@pytest.mark.parametrize("card", sorted(set(cards()) - set(EXCEPT)))
def test_a_weight_of_k_is_k_people(card: str) -> None:
    weighted, repeated = (numbers(card, s) for s in studies(card))
    assert weighted.keys() == repeated.keys()
    for name, value in weighted.items():
        near = {"rel": 0.08, "abs": 0.01} if card in LOOSE and name not in EXACT else {"rel": 1e-6, "abs": 1e-9}
        assert value == pytest.approx(repeated[name], nan_ok=True, **near), name
