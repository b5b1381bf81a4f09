"""Numbers that vary little beside their size: errors are those of the same numbers less a constant."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab import Codebook, Field

ENGINES = {
    "pandas": lambda f: f,
    "polars": pl.from_pandas,
    "arrow": lambda f: pl.from_pandas(f).to_arrow(),
    "duckdb": lambda f: duckdb.from_arrow(pl.from_pandas(f).to_arrow()),
}
DESIGNS = {
    "none": {},
    "weights": {"w": "weight"},
    "clusters": {"c": "cluster"},
    "all": {"w": "weight", "c": "cluster", "h": "strata"},
}


def rows(offset, n=1000):
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "x": offset + rng.normal(size=n), "g": rng.choice(["a", "b", "c"], n), "c": rng.integers(0, 80, n),
            "h": rng.choice(["n", "s"], n), "w": rng.choice([1.0, 2.0, 0.5], n),
        }
    )  # fmt: skip


def study(offset, engine, design):
    roles = DESIGNS[design]
    kinds = {"x": "number", "g": "string", "c": "integer", "h": "string", "w": "number"}
    extra = {"g": "segment", **roles}
    book = Codebook("far", tuple(Field(n, type=t, role=extra.get(n, "")) for n, t in kinds.items()))
    return cx.load(ENGINES[engine](rows(offset)), codebook=book)


@pytest.mark.parametrize("offset", [1e6, 1e9, -1e9, 1e10])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_standard_error_of_a_mean_is_s_over_root_n(engine, offset):
    x = rows(offset)["x"]
    told = cx.mean(study(offset, engine, "none"), "x").table.iloc[0]
    assert told["se"] == pytest.approx((x - offset).std() / len(x) ** 0.5, rel=1e-4)
    assert told["estimate"] == pytest.approx(x.mean(), rel=1e-12)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_an_offset_changes_no_error_and_no_difference(engine, design):
    near, far = study(0.0, engine, design), study(1e9, engine, design)
    for function in (lambda s: cx.mean(s, "x"), lambda s: cx.mean(s, "x", by="g")):
        one, two = function(near).table, function(far).table
        assert two["se"].to_numpy() == pytest.approx(one["se"].to_numpy(), rel=1e-4)
        assert two["estimate"].to_numpy() == pytest.approx(one["estimate"].to_numpy() + 1e9, rel=1e-12)
    one, two = (cx.compare(s, "mean", of="x", by="g", smallest=1).table for s in (near, far))
    assert two["se"].to_numpy() == pytest.approx(one["se"].to_numpy(), rel=1e-4)
    assert two["estimate"].to_numpy() == pytest.approx(one["estimate"].to_numpy(), abs=1e-5)


def test_equal_answers_far_from_zero_do_not_vary():
    table = pd.DataFrame({"x": [1e9] * 50})
    told = cx.mean(cx.load(table, codebook=Codebook("e", (Field("x", type="number"),))), "x").table.iloc[0]
    assert (told["estimate"], told["se"]) == (1e9, 0)
