"""What questions tell beyond others: against least squares, with gaps, words and noise, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import cxlab as cx

GAINED, BACK = "gained by what is asked", "gained by what is given"


def made(n: int = 4000, seed: int = 0) -> pd.DataFrame:
    """y = a + b + e with a, b correlated .5; c is noise."""
    rng = np.random.default_rng(seed)
    a, e, c = rng.standard_normal((3, n))
    b = 0.5 * a + np.sqrt(0.75) * rng.standard_normal(n)
    return pd.DataFrame({"y": np.round(a + b + e, 1), "a": np.round(a, 1), "b": np.round(b, 1), "c": np.round(c, 1)})


def r2(table: pd.DataFrame, *names: str) -> float:
    d = np.column_stack([np.ones(len(table)), table[list(names)]])
    rest = table["y"] - d @ np.linalg.lstsq(d, table["y"], rcond=None)[0]
    return 1 - rest.var() / table["y"].var()


def test_it_is_the_gain_of_least_squares() -> None:
    """With 4,000 answers R² out of sample and in sample differ by about 0.001."""
    t = made()
    found = cx.importance.beyond(cx.load(t), "y", more=["a"], given=["b", "c"]).table.set_index("model")["estimate"]
    both, given, more = r2(t, "a", "b", "c"), r2(t, "b", "c"), r2(t, "a")
    assert found.tolist() == pytest.approx([given, more, both, both - given, both - more], abs=0.002)


def test_noise_gains_nothing() -> None:
    gains = []
    for seed in range(40):
        table = made(400, seed)
        found = cx.importance.beyond(cx.load(table), "y", more=["c"], given=["a", "b"]).table.set_index("model")
        gains.append(found.loc[GAINED])
    rows = pd.DataFrame(gains)
    assert -0.01 < rows["estimate"].mean() < 0 and (rows["low"] > 0).sum() <= 3


def test_a_gap_in_what_is_given_is_marked_and_in_what_is_asked_it_is_no_answer() -> None:
    t = made(1000)
    t.loc[:99, "b"], t.loc[900:, "a"] = np.nan, np.nan
    found = cx.importance.beyond(cx.load(t), "y", more=["a"], given=["b"])
    assert found.table["n"].unique().tolist() == [900]
    assert any(n == "100 rows without 'y' or what is asked do not count" for n in found.notes)
    kept = t[t["a"].notna()].assign(gap=lambda d: d["b"].isna() * 1.0, b=lambda d: d["b"].fillna(0))
    both = found.table.set_index("model")["estimate"]["both"]
    assert both == pytest.approx(r2(kept, "a", "b", "gap"), abs=0.01)


def test_words_that_say_yes_are_the_same_as_numbers() -> None:
    t = made(600)
    t["y"] = (t["y"] > 0).astype(int)
    words = t.assign(y=np.where(t["y"] == 1, "yes", "no"))
    a, b = (cx.importance.beyond(cx.load(x), "y", more=["a"], given=["b"]).table["estimate"] for x in (t, words))
    assert a.to_numpy() == pytest.approx(b.to_numpy(), abs=0.01)  # folds are dealt in the order of answers


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"more": [], "given": ["b"]}, "more names no column; name one or more, e.g. more=['y']"),
        ({"more": ["a"], "given": ["a"]}, "'a' stands twice among outcome, more and given; leave it in one place"),
        (
            {"more": ["a"], "given": ["b"], "least_n": 500},
            "100 of table answered 'y' and what is asked; 500 are needed",
        ),
        ({"more": ["a"], "given": ["b", "c"]}, "'y' of table is the same for all 100; nothing can be explained"),
    ],
)
def test_what_cannot_be_told_is_refused(asked: dict, said: str) -> None:
    t = made(100)
    if "c" in asked["given"]:
        t["y"] = 1.0
    with pytest.raises(cx.DataProblem, match=f"^{re.escape(said)}$"):
        cx.importance.beyond(cx.load(t), "y", **asked)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(cx.DataProblem, match="'nowhere'"):
        cx.importance.beyond(cx.load(made(100)), "y", more=["nowhere"], given=["a"])
