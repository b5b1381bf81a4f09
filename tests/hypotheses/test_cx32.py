"""Free text tells why: the words gain what least squares finds in them, and nothing where they repeat the ratings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cxlab as cx


def r2(y: np.ndarray, *x: np.ndarray) -> float:
    d = np.column_stack([np.ones(len(y)), *x])
    return 1 - (y - d @ np.linalg.lstsq(d, y, rcond=None)[0]).var() / y.var()


@pytest.mark.parametrize("effect", [0.2, 0.1])
def test_the_gain_is_that_of_least_squares_on_the_words(replicates, effect: float) -> None:
    """Every word a column of its own, on 6,000 answers: what the words can tell of the outcome besides the rating."""
    t = cx.simulated("CX-32", effect, n=6000, seed=9).table
    words = sorted({w for c in t["comment"] for w in c.split()})
    held = np.array([[w in c for w in words] for c in t["comment"].str.split().map(set)], float)
    y, rating = t["outcome"].to_numpy(), t["ratings1"].to_numpy()
    found = replicates("CX-32", effect, n=1200, reps=3, seed=1)
    assert found["value"].mean() == pytest.approx(r2(y, rating, held) - r2(y, rating), abs=0.035)
    assert found["direction"].eq("SUPPORTED").all()


@pytest.mark.parametrize("threat", [None, "repetition"])
def test_words_without_anything_of_their_own_gain_nothing(replicates, threat) -> None:
    found = replicates("CX-32", 0.0, n=1200, reps=3, threat=threat, seed=2)
    assert found["value"].abs().max() < 0.01 and found["direction"].isin(["TRIVIAL", "INCONCLUSIVE"]).all()


def test_it_is_the_models_number() -> None:
    """Of `cx.text.beyond_ratings`, with its gaps in the ratings, comments too short and words that tell most."""
    table = cx.simulated("CX-32", 0.2, n=700, seed=4).to_pandas()
    table.loc[::9, "ratings1"] = np.nan
    table.loc[::11, "comment"] = "balana"
    study = replace(cx.simulated("CX-32", 0.2, n=700, seed=4), table=table)
    told = cx.text.beyond_ratings(study, "outcome", ratings=["ratings1"], column="comment")
    found = cx.verdict("CX-32", study, robust=False, ledger=None)
    three = ["estimate", "low", "high"]
    assert found.table[three].to_numpy() == pytest.approx(told.table.iloc[:1][three].to_numpy(), rel=1e-9)
    assert found.parts["shown"][three].to_numpy() == pytest.approx(told.table.iloc[1:][three].to_numpy(), rel=1e-9)
    words = f"words that say less than the ratings: {', '.join(told.parts['less'])}; more: "
    assert any(n.startswith(words) for n in found.notes)
    assert told.parts["wrote"] == pytest.approx(1 - len(range(0, 700, 11)) / 700)
