"""The first row is the first row: on every engine, at every call, after every filter."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field
from cxlab.data.quality import concerned, drop
from cxlab.data.row_order import numbered
from cxlab.data.study import Study

BOOK = Codebook("twice", (
    Field("who", "", "integer", "id", missing={"-99": "no answer"}), Field("wave", "", "integer", "wave"),
    Field("at", "", "integer"),
))  # fmt: skip


def rows(n: int = 200_000) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    who = rng.integers(0, n // 2, n)
    who[rng.random(n) < 0.01] = -99
    return pd.DataFrame({"who": who, "wave": rng.integers(0, 2, n), "at": np.arange(n)})


def tables(table: pd.DataFrame, folder: Path) -> dict[str, object]:
    file = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pandas(table), file, row_group_size=5_000)
    table.to_csv(folder / "rows.csv", index=False)
    connection = duckdb.connect()
    connection.execute("set threads = 4")
    return {
        "pandas": table, "arrow": pa.Table.from_pandas(table), "polars": pl.from_pandas(table),
        "polars lazy": pl.scan_parquet(file), "parquet": connection.read_parquet(str(file)),
        "csv": connection.read_csv(str(folder / "rows.csv")),
    }  # fmt: skip


def test_of_repeated_ids_the_first_row_is_kept_on_every_engine(tmp_path: Path) -> None:
    table = rows()
    known = table[table["who"] != -99]
    first = known.drop_duplicates(["who", "wave"], keep="first")
    right = sorted([*first["at"], *table.loc[table["who"] == -99, "at"]])
    for engine, data in tables(table, tmp_path).items():
        study = Study(data, BOOK)
        for _ in range(3 if engine in ("parquet", "csv") else 1):
            kept = drop(study, "duplicate")
            assert kept.dropped == (("duplicate, the first row of each is kept", len(table) - len(right)),), engine
            found = kept.lazy.select("at").collect().to_pandas()["at"].tolist()
            assert found == right, engine  # and in the order they came
        assert drop(kept, "duplicate").dropped[1][1] == 0
        twice = concerned(study, "duplicate").lazy.select("at").collect().to_pandas()["at"].tolist()
        assert twice == known.loc[known.duplicated(["who", "wave"], keep=False), "at"].tolist(), engine


def test_two_ids_one_after_the_other_leave_the_rows_whose_both_ids_are_new(tmp_path: Path) -> None:
    book = Codebook(
        "two", (Field("a", "", "integer", "id"), Field("b", "", "integer", "id"), Field("at", "", "integer"))
    )
    table = pd.DataFrame({"a": [1, 1, 2, 3, None], "b": [7, 8, 8, 7, 9], "at": range(5)})
    for engine, data in tables(table.astype({"a": "Int64"}), tmp_path).items():
        kept = drop(Study(data, book), "duplicate").lazy.select("at").collect().to_pandas()["at"].tolist()
        assert kept == [0, 2, 4], engine


@pytest.mark.parametrize("name", ["row", "_row", "a b", 'q"'])
def test_the_number_of_a_row_is_its_place(tmp_path: Path, name: str) -> None:
    for engine, data in tables(rows(20_000), tmp_path).items():
        found = numbered(data, name).collect().to_pandas()
        assert (found[name] == found["at"]).all(), engine


def test_the_first_of_repeated_responses_gives_one_score_from_a_file_and_a_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"response_id": [f"R{i // 2}" for i in range(200)], "nps": [0, 10] * 60 + [10, 0] * 40})
    table.to_csv(tmp_path / "r.csv", index=False)
    studies = [cx.load(t).set("response_id", role="id") for t in (tmp_path / "r.csv", table)]
    scores = {cx.nps(drop(study, "duplicate")).table["estimate"][0] for study in studies}
    assert scores == {-20.0}  # 60 first answers of 0, 40 of 10
