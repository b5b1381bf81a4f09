"""Free text tells why: the words gain what least squares finds in them, and nothing where they repeat the ratings."""

from __future__ import annotations

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
