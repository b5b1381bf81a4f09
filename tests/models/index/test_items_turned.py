"""Items of an index whose lowest code is best: turned round, by value."""

from __future__ import annotations

import numpy as np
import pandas as pd

import cxlab as cx
from cxlab.models.index.index_data import answers
from cxlab.models.index.pathmodel import PathModel


def test_items_whose_lowest_code_is_best_are_turned_round() -> None:
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.integers(2, 8, size=(60, 4)), columns=list("abcd"))
    scale = lambda c, best: cx.Scale(2, 7, best=best if c in "ad" else "high")  # noqa: E731
    made = lambda best: cx.Study(  # noqa: E731
        table, cx.Codebook("t", tuple(cx.Field(c, type="integer", scale=scale(c, best)) for c in "abcd"))
    )
    model = PathModel("two", {"x": ("a", "b"), "y": ("c", "d")}, (("x", "y"),), target="y")
    as_is, turned = answers(made("high"), model), answers(made("low"), model)
    assert (as_is.x == table.to_numpy()).all()
    assert (turned.x[:, 1:3] == table[["b", "c"]].to_numpy()).all()
    assert (turned.x[:, [0, 3]] == 9 - table[["a", "d"]].to_numpy()).all()
    assert "Turned round, because their lowest code is best: a, d." in turned.notes
