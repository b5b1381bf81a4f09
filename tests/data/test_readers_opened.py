"""NaN, infinite numbers and -0: one fate in every engine, format and metric; in weights too."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

import cxlab as cx
from cxlab import Codebook, Field, Scale

NAN, INF = float("nan"), float("inf")
ODD = {"nan": NAN, "null": None, "inf": INF, "-inf": -INF}
NPS = [10.0, 10, 9, 8, 7, 6, 0, 0, 10, 9]
CSAT = [5.0, 4, 3, 2, 1, 5, 5, 4, 3, 2]
WEIGHT = [1.0, 2, 1, 1, 2, 1, 1, 1, 1, 1]
GROUP = ["a", "b"] * 5
BOOK = Codebook(
    "matrix",
    (
        Field("nps", type="number", role="outcome", measure="recommendation", scale=Scale(0, 10), missing={"99": "?"}),
        Field("csat", type="number", role="outcome", measure="satisfaction", scale=Scale(1, 5), missing={"99": "?"}),
        Field("g", type="string", role="segment"),
        Field("w", type="number", role="weight"),
    ),
)


def columns(odd, where):
    """Five rows more than the ten good ones, with ``odd`` where an answer or a weight should be."""
    nps, csat, weight = [*NPS, *[9.0] * 5], [*CSAT, *[5.0] * 5], [*WEIGHT, *[3.0] * 5]
    if where == "answers":
        nps[10:], csat[10:] = [odd] * 5, [odd] * 5
    else:
        weight[10:] = [odd] * 5
    return {"nps": nps, "csat": csat, "g": [*GROUP, *"ababa"], "w": weight}


def arrow(odd, where):
    types = {"g": pa.string()}
    return pa.table({k: pa.array(v, types.get(k, pa.float64())) for k, v in columns(odd, where).items()})


def in_pandas(odd, where, folder):
    return pd.DataFrame(columns(odd, where)).astype({"nps": float, "csat": float, "w": float})


def in_nullable_pandas(odd, where, folder):
    frame = pd.DataFrame({"g": columns(odd, where)["g"]})
    for name in ("nps", "csat", "w"):
        values = columns(odd, where)[name]
        gone = np.array([v is None for v in values])
        frame[name] = pd.arrays.FloatingArray(np.array([0.0 if v is None else v for v in values]), gone)
    return frame


def in_parquet(odd, where, folder):
    pyarrow.parquet.write_table(arrow(odd, where), folder / "x.parquet")
    return folder / "x.parquet"


def in_feather(odd, where, folder):
    pyarrow.feather.write_feather(arrow(odd, where), folder / "x.feather")
    return folder / "x.feather"


def in_csv(odd, where, folder):
    pd.DataFrame(columns(odd, where)).to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


ENGINES = {
    "pandas": in_pandas,
    "pandas nullable": in_nullable_pandas,
    "pandas arrow": lambda odd, where, _: arrow(odd, where).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda odd, where, _: pl.from_arrow(arrow(odd, where)),
    "polars lazy": lambda odd, where, _: pl.from_arrow(arrow(odd, where)).lazy(),
    "arrow": lambda odd, where, _: arrow(odd, where),
    "duckdb": lambda odd, where, _: duckdb.from_arrow(arrow(odd, where)),
    "parquet": in_parquet,
    "feather": in_feather,
    "csv": in_csv,
}


def numbers(study):
    """What ten public functions say, as one flat list."""
    one = lambda result, column="estimate": result.table[column].astype(float).tolist()  # noqa: E731
    return {
        "nps": one(cx.nps(study)),
        "nps by": one(cx.nps(study, by="g")),
        "csat": one(cx.csat(study, "csat")),
        "mean": one(cx.mean(study, "csat")),
        "share": one(cx.share(study, "csat", value=5)),
        "answers": one(cx.answers(study, "csat"), "total"),
        "scorecard": one(cx.scorecard(study)),
    }


@pytest.mark.parametrize("where", ["answers", "weights"])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_no_number_is_no_answer_in_every_engine(tmp_path, engine, odd, where):
    study = cx.load(ENGINES[engine](ODD[odd], where, tmp_path), codebook=BOOK)
    rows = {k: v[:10] for k, v in columns(None, where).items()}
    truth = numbers(cx.load(pd.DataFrame(rows), codebook=BOOK))
    for name, said in numbers(study).items():
        assert said == pytest.approx(truth[name], nan_ok=True), name


@pytest.mark.parametrize("engine", ENGINES)
def test_infinite_values_are_counted_in_a_note(tmp_path, engine):
    study = cx.load(ENGINES[engine](INF, "answers", tmp_path), codebook=BOOK)
    assert "infinite values are no answers: 5 of 'nps', 5 of 'csat'" in study.codebook.notes
    assert not any("infinite" in n for n in cx.load(in_pandas(NAN, "answers", tmp_path)).codebook.notes)


@pytest.mark.parametrize("engine", ENGINES)
def test_minus_zero_is_zero(tmp_path, engine):
    study = cx.load(ENGINES[engine](-0.0, "answers", tmp_path), codebook=BOOK)
    assert cx.nps(study).table["estimate"][0] == pytest.approx(
        cx.nps(cx.load(pd.DataFrame(columns(0.0, "answers")), codebook=BOOK)).table["estimate"][0]
    )
    assert [f.value for f in cx.check(study) if f.problem == "outside the scale"] == ["0"]
    assert study.lazy.collect("pyarrow").to_native()["nps"].to_pylist().count(0.0) == 7
    assert all(str(v) == "0.0" for v in study.lazy.collect("pyarrow").to_native()["nps"].to_pylist()[10:])


def test_a_parquet_file_with_nan_answers_as_it_should(tmp_path):
    """0, 10, 5, 9, 8 twenty times and fifty NaN: 40 promoters and 40 detractors of 100."""
    values = [0.0, 10, 5, 9, 8] * 20 + [NAN] * 50
    pyarrow.parquet.write_table(pa.table({"recommend": pa.array(values)}), tmp_path / "x.parquet")
    study = cx.load(tmp_path / "x.parquet")
    assert cx.nps(study).table[["estimate", "n"]].to_numpy().tolist() == [[0.0, 100]]
    missing = cx.quality(study).table.query("check == 'missing'").iloc[0]
    assert (missing["question"], missing["n"], missing["share"]) == ("recommend", 50, pytest.approx(1 / 3))


@pytest.mark.parametrize("codes", [{"6": "n/a"}, {"6": "n/a", "99": "?"}])
@pytest.mark.parametrize("dtype", [pl.Float64, pl.Float32, pl.Int64, pl.Int8])
def test_missing_codes_in_polars_of_any_type(codes, dtype):
    table = pl.DataFrame({"q": pl.Series([1, 5, 6, 5, 6] * 8, dtype=dtype)})
    book = Codebook("s", (Field("q", scale=Scale(1, 5), role="outcome", measure="satisfaction", missing=codes),))
    assert cx.mean(cx.load(table, codebook=book), "q").table["estimate"][0] == pytest.approx(11 / 3)
    assert cx.mean(cx.load(table.lazy(), codebook=book).where(q=[5, 6]), "q").table["n"][0] == 16


@pytest.mark.parametrize("make", [pa.table, pl.DataFrame, lambda c: duckdb.from_arrow(pa.table(c)), pd.DataFrame])
def test_a_column_of_nothing_has_no_answers(make):
    study = cx.load(make({"q": [1, 2, 3, 4, 5] * 4, "empty": [None] * 20}))
    assert "empty" in study.columns
    assert cx.mean(study, "q").table["n"][0] == 20


def test_pandas_columns_of_numbers_and_texts_are_texts():
    rating = [1, 5, "N/A", 4.0, None, 3, 2, 5, 4, 4] * 4
    study = cx.load(pd.DataFrame({"overall satisfaction": rating, "mixed": ["a", 1] * 20}))
    assert cx.mean(study, "overall satisfaction").table[["estimate", "n"]].to_numpy().tolist() == [[3.5, 32]]
    assert cx.share(study, "mixed", value="1").table["estimate"][0] == 0.5


def test_decimals_of_pandas_and_arrow_are_numbers():
    from decimal import Decimal

    values = [Decimal("1.50"), Decimal("4.25"), None] * 5
    for table in (pd.DataFrame({"x": values}), pa.table({"x": values}), pl.DataFrame({"x": values})):
        study = cx.load(table, codebook=Codebook("d", (Field("x", type="number"),)))
        assert cx.mean(study, "x").table["estimate"][0] == pytest.approx(2.875)
