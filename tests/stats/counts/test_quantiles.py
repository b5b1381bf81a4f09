"""Quantiles of columns of any length: counted in ever smaller intervals, they are those of all sorted values."""

from __future__ import annotations

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab.data import column_checks
from cxlab.stats.counts import quantiles

SHARES = (0.0, 0.25, 0.333, 0.5, 0.75, 1.0)
RNG = np.random.default_rng(2)
COLUMNS = {
    "many values": RNG.normal(size=1001),
    "few values": RNG.integers(0, 60, 5000).astype(float),
    "one far out": np.append(RNG.normal(size=100), 1e12),
    "beyond half of all numbers": np.append([1e308, -1e308], RNG.normal(size=5)),
    "one value": np.full(10, 3.0),
    "one row": np.array([7.0]),
    "each twice the last": 2.0 ** np.arange(-300, 300),
    "some missing": np.array([np.nan, 1, 2, 3]),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("engine", [duckdb.from_df, lambda t: pl.from_pandas(t).lazy(), lambda t: t])
def test_values_counted_in_intervals_give_the_quantiles_of_all_sorted(name, engine, monkeypatch):
    monkeypatch.setattr(quantiles, "SORTED", 0)
    x = COLUMNS[name]
    frame = nw.from_native(engine(pd.DataFrame({"x": x}))).lazy()
    found = quantiles.of_columns(frame, ["x"], SHARES, rows=len(x))
    np.testing.assert_allclose(found[0], np.quantile(x[~np.isnan(x)], SHARES), rtol=1e-14)


def test_no_values_have_no_quantile(monkeypatch):
    monkeypatch.setattr(quantiles, "SORTED", 0)
    frame = nw.from_native(duckdb.sql("select null::double as x from range(3)"))
    assert np.isnan(quantiles.of_columns(frame, ["x"], [0.5], rows=3)).all()


@pytest.mark.parametrize("name", ["brand-tracker", "airline-survey", "abc"])
def test_quality_of_a_long_table_is_that_of_a_short_one(name, monkeypatch):
    """Long tables are narrowed down by counts; nothing that is found depends on it."""
    short = cx.quality(cx.load(name)).table
    monkeypatch.setattr(quantiles, "SORTED", 0)
    monkeypatch.setattr(column_checks, "HEAD", 2)
    pd.testing.assert_frame_equal(cx.quality(cx.load(name)).table, short)
    assert len(short)


def test_a_constant_is_found_where_the_first_rows_do_not_tell(monkeypatch):
    monkeypatch.setattr(column_checks, "HEAD", 2)
    table = duckdb.sql("select 5 as a, case when range < 90 then 1 else 2 end as b from range(100)")
    study = cx.Study(table, cx.Codebook("s", (cx.Field("a"), cx.Field("b"))))
    found = cx.quality(study).table
    assert found.loc[found["check"] == "constant", "question"].tolist() == ["a"]
