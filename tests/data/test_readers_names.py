"""Columns of any name: whatever a file calls them, every function answers as for a plain name."""

from __future__ import annotations

import functools

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cxlab as cx
from cxlab import Scale

HOSTILE = ('How "easy" was it?', "*", "a.b", "class", "from", "x y", "it's", "ü", "n" * 300, "line\nbreak", "select",
           "%", "{x}", "$1", ";--", "-1", '"', "\\", "a,b", "__", "1", "NULL", "<b>")  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("engine", ["file", "parquet", "duckdb", "pandas", "polars"])
def test_a_column_of_any_name_is_asked_as_any_other(tmp_path, name, engine):
    """Quality, drivers, means, groups, weights by the column agree with those of the same column called ``plain``."""
    frame = answers().rename(columns={"plain": name})
    if engine == "file":
        frame.to_csv(tmp_path / "x.csv", index=False)
    elif engine == "parquet":
        pl.from_pandas(frame).write_parquet(tmp_path / "x.parquet")
    given = {
        "file": tmp_path / "x.csv", "parquet": tmp_path / "x.parquet", "pandas": frame,
        "polars": pl.from_pandas(frame), "duckdb": duckdb.from_arrow(pl.from_pandas(frame).to_arrow()),
    }[engine]  # fmt: skip
    study = cx.load(given)
    column = next(c for c in study.columns if c not in ("q2", "overall", "g"))
    study = declared(study, column)
    for ask, one in zip(ASKED, truths(), strict=True):
        assert ask(study, column) == pytest.approx(one), column


def answers():
    rng = np.random.default_rng(3)
    columns = {name: rng.integers(1, 6, 120) for name in ("plain", "q2", "overall")}
    return pd.DataFrame({**columns, "g": rng.choice(["a", "b"], 120)})


@functools.cache
def truths():
    """What is asked of the column called ``plain``."""
    study = declared(cx.load(answers()), "plain")
    return [ask(study, "plain") for ask in ASKED]


def declared(study, column):
    """The study with ratings of 1 to 5 declared, whatever was guessed."""
    book = study.codebook
    for name in (column, "q2"):
        book = book.replace(name, role="touchpoint", measure="", type="integer", scale=Scale(1, 5), missing={})
    book = book.replace(
        "overall", role="outcome", measure="satisfaction", type="integer", scale=Scale(1, 5), missing={}
    )
    return cx.Study(study.table, book.replace("g", role="segment", type="string"))


ASKED = (
    lambda s, c: cx.mean(s, c).table["estimate"].tolist(),
    lambda s, c: cx.mean(s, "q2", by=c).table["estimate"].tolist(),
    lambda s, c: cx.csat(s, c).table["estimate"].tolist(),
    lambda s, c: cx.share(s, c, value=5, by="g").table["estimate"].tolist(),
    lambda s, c: cx.drivers(s).table["estimate"].sort_values().tolist(),
    lambda s, c: [len(cx.quality(s).table), len(cx.check(s))],
    lambda s, c: cx.mean(cx.rake(s, {c: {str(i): 0.2 for i in range(1, 6)}}), "q2").table["estimate"].tolist(),
)


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow", "duckdb"])
def test_a_codebook_follows_a_column_whose_name_cannot_stay(engine: str) -> None:
    rows = {"*": [0, 10, 9, 7] * 10, "g": ["x", "y"] * 20}
    scale = cx.Scale(0, 10)
    book = cx.Codebook("star", (cx.Field("*", type="integer", role="outcome", measure="recommendation", scale=scale),
                                cx.Field("g", type="string", role="segment")))  # fmt: skip
    made = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table,
            "duckdb": lambda r: duckdb.from_arrow(pa.table(r))}[engine]  # fmt: skip
    study = cx.load(made(rows), codebook=book)
    assert cx.nps(study).table["estimate"].tolist() == [25.0]
    assert study.field("star").title == "*"
