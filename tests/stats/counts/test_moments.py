"""Counts, moments and patterns: the same numbers from every kind of table, and what they must refuse."""

from __future__ import annotations

import decimal
import subprocess
import sys

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import cxlab as cx
from cxlab.stats.counts.moments import cluster_products, moments
from cxlab.stats.counts.patterns import patterns
from cxlab.stats.counts.tally import tally

ratings = st.one_of(st.none(), st.integers(1, 5))
rows = st.lists(
    st.tuples(
        ratings, st.integers(0, 10), st.sampled_from(["a", "b", None]), st.floats(0.1, 5).map(lambda w: round(w, 2))
    ),
    min_size=1,
    max_size=60,
)
CSV_TYPES = {"x": "BIGINT", "y": "BIGINT", "g": "VARCHAR", "w": "DOUBLE"}


def tables(data: list[tuple], folder) -> dict:
    """Return the same rows as every kind of table that lives here."""
    frame = pl.DataFrame(data, schema={"x": pl.Int64, "y": pl.Int64, "g": pl.String, "w": pl.Float64}, orient="row")
    frame.write_parquet(folder / "t.parquet")
    frame.write_csv(folder / "t.csv")
    connection = duckdb.connect()
    return {
        "polars": frame,
        "polars-lazy": pl.scan_parquet(folder / "t.parquet"),
        "arrow": frame.to_arrow(),
        "pandas": frame.to_pandas(),
        "pandas-nullable": frame.to_pandas().convert_dtypes(),
        "duckdb": connection.from_arrow(frame.to_arrow()),
        "parquet": connection.read_parquet(str(folder / "t.parquet")),
        "csv": connection.read_csv(str(folder / "t.csv"), dtype=CSV_TYPES),
    }


def engine(table) -> dict:
    """Return everything the engine computes, as comparable objects."""
    frame = nw.from_native(table).lazy()
    x, y, w = nw.col("x").cast(nw.Float64), nw.col("y").cast(nw.Float64), nw.col("w")
    out = {
        "tally": tally(frame, "x", by=["g"], weight="w")
        .rename(columns={"by:g": "g"})
        .astype({"value": float, "n": int})
    }
    try:
        overall = moments(frame, {"x": x, "y": y}, weight=w)
        by = moments(frame, {"x": x, "y": y}, by={"g": nw.col("g")}, weight=w)
        out |= {"total": overall.total, "lost": overall.lost, "w2": overall.w2, "groups": by.keys["g"].tolist()}
        out |= {"by": by.matrix, "n": by.n}
        out["patterns"], out["lost_patterns"] = patterns(frame, {"x": nw.col("x"), "y": nw.col("y")}, weight=w)
        out["text"], _ = patterns(frame, {"g": nw.col("g"), "y": nw.col("y")})
        there = frame.filter(~nw.col("x").is_null(), ~nw.col("g").is_null())
        out["clusters"] = cluster_products(there, [w * x, w * y], cluster=nw.col("y"), strata=nw.col("g"))[:4]
    except cx.DataProblem as problem:
        out["problem"] = str(problem)
    return out


def same(a: dict, b: dict, name: str) -> None:
    """Check that two outcomes are equal to rounding in the last digits."""
    assert a.keys() == b.keys(), name
    for key in a:
        left, right = a[key], b[key]
        if isinstance(left, pd.DataFrame):
            assert left.columns.tolist() == right.columns.tolist()
            for c in left:
                if c == "g":
                    none = lambda v: [None if pd.isna(e) else str(e) for e in v]  # noqa: E731
                    assert none(left[c]) == none(right[c]), (name, key)
                else:
                    np.testing.assert_allclose(
                        left[c].to_numpy(float), right[c].to_numpy(float), rtol=1e-12, err_msg=name
                    )
        elif isinstance(left, (str, int, list)):
            assert left == right, (name, key)
        else:
            for one, other in zip(left, right, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, err_msg=f"{name} {key}")


@settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
    derandomize=True,
)  # fmt: skip
@given(rows)
def test_every_table_gives_the_same(tmp_path, data):
    found = {name: engine(table) for name, table in tables(data, tmp_path).items()}
    for name, numbers in found.items():
        same(found["polars"], numbers, name)


@pytest.mark.extra
def test_ibis_gives_the_same(tmp_path):
    ibis = pytest.importorskip("ibis", reason="needs pip install cxlab[ibis]")
    rng = np.random.default_rng(4)
    data = [(None if rng.random() < 0.1 else int(rng.integers(1, 6)), int(rng.integers(11)),
             ["a", "b", None][rng.integers(3)], round(float(rng.random()) + 0.1, 2)) for _ in range(200)]  # fmt: skip
    there = tables(data, tmp_path)
    same(engine(there["polars"]), engine(ibis.duckdb.connect().read_parquet(str(tmp_path / "t.parquet"))), "ibis")


@pytest.fixture(scope="module")
def spark():
    """A local Spark session that opens no port to the outside."""
    sql = pytest.importorskip("pyspark.sql", reason="needs pip install cxlab[spark]")
    builder = sql.SparkSession.builder.master("local[2]").appName("cxlab-test").config("spark.ui.enabled", "false")
    for key in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(key, "127.0.0.1")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.mark.spark
def test_spark_gives_the_same(tmp_path, spark):
    rng = np.random.default_rng(5)
    data = [(None if rng.random() < 0.1 else int(rng.integers(1, 6)), int(rng.integers(11)),
             ["a", "b", None][rng.integers(3)], round(float(rng.random()) + 0.1, 2)) for _ in range(200)]  # fmt: skip
    there = tables(data, tmp_path)
    same(engine(there["polars"]), engine(spark.read.parquet(str(tmp_path / "t.parquet"))), "spark")
    book = cx.Codebook("spark", tuple(cx.Field(c, role="weight" if c == "w" else "") for c in "xygw"))
    results = [
        [
            cx.ols(s, "y ~ x + g"),
            cx.regressions.logit(s, "I(y >= 6) ~ x"),
            cx.regressions.ordinal(s, "y ~ x"),
            cx.regressions.mixed(s, "y ~ g", by="x"),
        ]
        for s in (cx.Study(there["polars"], book), cx.Study(spark.read.parquet(str(tmp_path / "t.parquet")), book))
    ]
    for here, far in zip(*results, strict=True):
        for columns, rtol in ((["estimate", "se"], 1e-7), (["low", "high"], 1e-4)):  # degrees of freedom are numerical
            np.testing.assert_allclose(
                here.table[columns].to_numpy(float), far.table[columns].to_numpy(float), rtol=rtol
            )
        assert here.table["term"].tolist() == far.table["term"].tolist()
        assert here.notes == far.notes


@pytest.mark.parametrize(
    "make", [pl.DataFrame, pd.DataFrame, lambda d: duckdb.connect().from_arrow(pl.DataFrame(d).to_arrow())]
)
def test_nan_counts_as_missing_like_null(make):
    table = make({"x": [1.0, 2.0, float("nan"), 4.0], "y": [1.0, 0.0, 3.0, 5.0]})
    found = moments(nw.from_native(table).lazy(), {"x": nw.col("x"), "y": nw.col("y")})
    assert found.lost == 1
    assert found.total.tolist() == [[3, 7, 6], [7, 21, 21], [6, 21, 26]]
    assert tally(nw.from_native(table).lazy(), "x")["n"].sum() == 3


def test_decimals_are_summed_in_double_precision():
    big = [decimal.Decimal("99999.99")] * 1000
    table = duckdb.connect().from_arrow(pl.DataFrame({"x": big}, schema={"x": pl.Decimal(7, 2)}).to_arrow())
    found = moments(nw.from_native(table).lazy(), {"x": nw.col("x").cast(nw.Float64)}, shift=np.zeros(2))
    assert found.total[1, 1] == pytest.approx(1000 * 99999.99**2, rel=1e-12)


def test_badly_scaled_columns_keep_their_digits():
    """A time stamp of 1.7e9 with a spread of 100 seconds: sums of squares alone would lose all digits."""
    rng = np.random.default_rng(0)
    t = 1.7e9 + rng.normal(0, 100, 500)
    y = 3 + 0.01 * (t - 1.7e9) + rng.normal(0, 1, 500)
    frame = pl.DataFrame({"t": t, "y": y})
    cov = moments(frame.lazy().pipe(nw.from_native), {"t": nw.col("t"), "y": nw.col("y")}).covariance()
    np.testing.assert_allclose(cov, np.cov(t, y, ddof=0), rtol=1e-9)
    study = cx.Study(frame, cx.Codebook("t", (cx.Field("t"), cx.Field("y"))))
    slope, *_ = np.linalg.lstsq(np.column_stack([t - t.mean(), np.ones(500)]), y, rcond=None)[0]
    found = cx.ols(study, "y ~ t")
    assert found["t"].value == pytest.approx(slope, rel=1e-10)
    e = y - y.mean() - slope * (t - t.mean())
    classic = cx.ols(study, "y ~ t", errors="classical")["t"].se
    assert classic == pytest.approx(np.sqrt(e @ e / 498 / np.sum((t - t.mean()) ** 2)), rel=1e-9)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"x": [None, 1.0], "w": [1.0, None]}, "none of 2 rows has all of x; leave out what was hardly answered"),
        ({"x": [1.0, 2.0], "w": [1.0, -1.0]}, "a weight is negative; weights are positive"),
        ({"x": [1.0, float("inf")], "w": [1.0, 1.0]}, "x has infinite values; recode them or leave those rows out"),
    ],
)
def test_what_moments_refuse(data, said):
    for table in (pl.DataFrame(data), duckdb.connect().from_arrow(pl.DataFrame(data).to_arrow())):
        with pytest.raises(cx.DataProblem) as error:
            moments(nw.from_native(table).lazy(), {"x": nw.col("x")}, weight=nw.col("w"))
        assert str(error.value) == said


def test_too_many_patterns_are_refused():
    frame = nw.from_native(pl.DataFrame({"x": np.linspace(0, 1, 50)})).lazy()
    with pytest.raises(cx.DataProblem) as error:
        patterns(frame, {"x": nw.col("x")}, limit=20)
    assert str(error.value) == (
        "x have more than 20 distinct combinations; round or group the columns with many values, or use fewer of them"
    )


def test_partitions_of_mixed_types_are_refused_or_equal(tmp_path):
    """Whole numbers in one file and decimals in the next give one answer; text among numbers is refused."""
    pl.DataFrame({"x": [1, 2, 3]}).write_parquet(tmp_path / "a1.parquet")
    pl.DataFrame({"x": [0.5, 2.5]}).write_parquet(tmp_path / "a2.parquet")
    both = duckdb.connect().read_parquet(str(tmp_path / "a*.parquet"), union_by_name=True)
    assert moments(nw.from_native(both).lazy(), {"x": nw.col("x")}).total[0].tolist() == [5, 9]
    text = duckdb.connect().sql("select '1' as x, 2 as y union all select 'two', 3")
    study = cx.Study(text, cx.Codebook("mixed", (cx.Field("x"), cx.Field("y"))))
    with pytest.raises(cx.DataProblem) as error:
        cx.ols(study, "y ~ I(x * 2)")
    assert str(error.value) == "column 'x' of mixed is String; numbers are needed: recode it, or write C(x)"
    odd = cx.Study(pd.DataFrame({"x": [1, "two", 3], "y": [1, 2, 3]}), study.codebook)
    with pytest.raises(
        cx.DataProblem, match="^column 'x' of mixed is .*; numbers are needed: recode it, or write C\\(x\\)$"
    ):
        cx.ols(odd, "x ~ y")


MEMORY = """
import pathlib, re, sys, narwhals as nw, duckdb
from cxlab.stats.counts.moments import moments
from cxlab.stats.counts.patterns import patterns
from cxlab.stats.counts.tally import tally
connection = duckdb.connect()
connection.execute("set enable_progress_bar = false").fetchall()
frame = nw.from_native(connection.read_parquet(sys.argv[1])).lazy()
x = {c: nw.col(c) for c in ("website", "service", "delivery", "recommend")}
moments(frame, x), patterns(frame, x), tally(frame, "recommend", by=["website"])
print(int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1024)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_rows(tmp_path):
    from cxlab.data.simulate import to_parquet

    peak = []
    for n in (1_000_000, 8_000_000):
        to_parquet(tmp_path / f"{n}.parquet", n, progress=False)
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(tmp_path / f"{n}.parquet")], capture_output=True, text=True, check=True
        )
        peak.append(float(done.stdout))
    assert peak[1] < peak[0] + 60  # MB; the larger file has 700 MB more of these columns as doubles
