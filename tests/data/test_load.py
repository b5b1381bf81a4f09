"""`load`: names, files, codebooks beside them, tables of every backend; what cannot be loaded says why."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cxlab as cx
from cxlab import Codebook, DataProblem, Field, Scale
from cxlab.data import codebook as codebooks

BOOK = Codebook(
    "shop",
    (
        Field(
            "nps",
            type="integer",
            role="outcome",
            measure="recommendation",
            scale=Scale(0, 10),
            missing={"99": "refused"},
        ),
        Field("country", type="string", role="segment"),
    ),
    title="A shop",
)
ROWS = "nps,country\n" + "".join(f"{s},{c}\n" for s, c in zip([0, 9, 10, 99, 7, 8], ["GR", "DE"] * 3, strict=True))


def written(folder: Path, name: str = "shop.csv", content: str = ROWS) -> Path:
    path = folder / name
    path.write_text(content)
    return path


def same(study: cx.Study) -> None:
    assert sorted(
        v for v in study.frame.select("nps").collect("pyarrow").to_native()["nps"].to_pylist() if v is not None
    ) == [0, 7, 8, 9, 10]
    assert study.codebook.role("segment") == ("country",)


def test_a_codebook_beside_the_file_is_used(tmp_path):
    path = written(tmp_path)
    (tmp_path / "shop.datapackage.json").write_text(json.dumps(codebooks.write(BOOK, "shop.csv")))
    study = cx.load(path)
    same(study)
    assert study.codebook.title == "A shop"
    assert not any(n.startswith("inferred") for n in study.codebook.notes)
    assert "encoding ASCII (a subset of UTF-8)" in study.codebook.notes
    assert cx.load(str(path), name="other").name == "shop"


def test_the_codebook_of_the_folder_is_used_for_the_file_it_names(tmp_path):
    (tmp_path / "datapackage.json").write_text(json.dumps(codebooks.write(BOOK, "shop.csv")))
    assert cx.load(written(tmp_path)).codebook.title == "A shop"
    assert cx.load(written(tmp_path, "else.csv")).codebook.title == "else"
    assert cx.load(tmp_path / "datapackage.json").codebook.title == "A shop"


def test_without_a_codebook_every_guess_is_in_the_notes(tmp_path):
    study = cx.load(written(tmp_path))
    same(study)
    assert "inferred nps: missing code 99" not in study.codebook.notes
    told = next(n for n in study.codebook.notes if n.startswith("inferred nps:"))
    for part in ("scale 0 to 10", "missing code 99", "measure recommendation", "role outcome"):
        assert part in told


@pytest.mark.parametrize("kind", ["pandas", "polars", "polars-lazy", "arrow", "duckdb", "ibis"])
@pytest.mark.parametrize("book", [BOOK, None], ids=["codebook", "inferred"])
def test_tables_are_taken_as_they_are(kind, book):
    table = pd.DataFrame({"nps": [0, 9, 10, 99, 7, 8], "country": ["GR", "DE"] * 3})
    if kind == "ibis":
        ibis = pytest.importorskip("ibis", reason="needs the extra 'ibis'")
        made = ibis.memtable(table)
    else:
        made = {
            "pandas": lambda: table,
            "polars": lambda: pl.from_pandas(table),
            "polars-lazy": lambda: pl.from_pandas(table).lazy(),
            "arrow": lambda: pa.Table.from_pandas(table),
            "duckdb": lambda: duckdb.from_df(table),
        }[kind]()
    study = cx.load(made, codebook=book)
    assert study.table is made
    same(study)


@pytest.mark.spark
def test_a_spark_table_is_taken_as_it_is_and_checked():
    from pyspark.sql import SparkSession

    options = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false"}
    builder = SparkSession.builder.master("local[1]")
    for key, value in options.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    try:
        table = spark.createDataFrame(
            [(0, "GR"), (9, "DE"), (10, "GR"), (99, "DE"), (7, "GR"), (8, "DE"), (12, "GR")], ["nps", "country"]
        )
        study = cx.load(table, codebook=BOOK)
        assert study.table is table
        assert [(f.column, f.value, f.n) for f in cx.check(study)] == [("nps", "12", 1)]
        assert cx.load(table.filter("nps <> 12")).codebook["nps"].measure == "recommendation"
    finally:
        spark.stop()


def test_names_of_the_catalogue_open_and_unknown_ones_suggest(tmp_path, monkeypatch):
    assert cx.load("airline-survey").name == "airline-survey"
    monkeypatch.chdir(tmp_path)
    message = (
        f"'airline-surve' is no study of the catalogue; did you mean 'airline-survey'? and there is no file "
        f"{tmp_path}/airline-surve. The catalogue has: "
    )
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}.*airline-survey"):
        cx.load("airline-surve")


BAD = {
    "shop lacks a column that the codebook declares: country; did you mean 'countri'? There are: nps, countri": (
        "nps,countri\n1,GR\n"
    ),
    "shop lacks 2 columns that the codebook declares: nps, country. There are: a": "a\n1\n",
    "column 'nps' of shop is declared integer, but holds text: 'lots' (2×), 'few' (1×). Correct the "
    "data, declare these texts as missing codes or labels, or declare the column as string": (
        "nps,country\n1,GR\nlots,GR\nfew,DE\nlots,DE\n"
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_data_that_contradict_their_codebook_say_how(tmp_path, message):
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        cx.load(written(tmp_path, content=BAD[message]), codebook=BOOK)


def test_text_in_a_table_declared_as_numbers_is_named():
    message = (
        "column 'nps' of shop is declared integer, but the table holds text: '1', 'lots'. "
        "Turn it into numbers, or declare the column as string"
    )
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        cx.load(pd.DataFrame({"nps": ["1", "lots"], "country": ["GR", "DE"]}), codebook=BOOK)


def test_what_is_neither_name_nor_path_nor_table_says_so(tmp_path):
    message = "load takes a name, a path or a table (pandas, polars, Arrow, DuckDB, PySpark, Ibis), not int"
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        cx.load(5)
    with pytest.raises(DataProblem, match=f"^there is no codebook nope.json in {Path.cwd()}; draft one with"):
        cx.load(written(tmp_path), codebook="nope.json")
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    message = (
        "the table has duplicated column names: 'a' is the name of columns 1, 2; rename them so that each is unique"
    )
    with pytest.raises(DataProblem, match=f"^{message}$"):
        cx.load(twice)


def test_text_codes_and_labels_of_a_codebook_are_read(tmp_path):
    labels = {"1": "Very bad", "5": "Very good"}
    book = Codebook(
        "s",
        (Field("q", type="integer", scale=Scale(1, 5, "high", labels), missing={"Blank": "blank", "6": "not used"}),),
    )
    study = cx.load(written(tmp_path, content="q\n1\nVery good\nBlank\n6\n3\nn/a\n"), codebook=book)
    assert study.table.fetchall() == [(1,), (5,), (None,), (6,), (3,), (None,)]
    assert study.frame.collect("pyarrow").to_native()["q"].to_pylist() == [1, 5, None, None, 3, None]


def test_declared_strings_keep_leading_zeros(tmp_path):
    book = Codebook("s", (Field("zip", type="string"), Field("q", type="integer", scale=Scale(1, 5))))
    assert cx.load(written(tmp_path, content="zip,q\n01234,5\n"), codebook=book).table.fetchall() == [("01234", 5)]


def test_multiple_response_survives_where_and_select(tmp_path):
    book = Codebook(
        "s",
        (
            Field("q", type="integer", columns=("q_1", "q_2"), labels={"q_1": "App", "q_2": "Web"}),
            Field("c", type="string"),
        ),
    )
    study = cx.load(written(tmp_path, content='q,c\n"App, Web",a\nWeb,b\n,c\n'), codebook=book)
    assert study.select("q").frame.collect("pyarrow").to_native().to_pylist() == [
        {"q_1": 1, "q_2": 1},
        {"q_1": 0, "q_2": 1},
        {"q_1": None, "q_2": None},
    ]
    assert len(study.where(c="b")) == 1


@pytest.mark.slow
def test_a_large_csv_opens_and_counts_in_little_memory(tmp_path):
    """A file of about 300 MB: opening, inferring and checking take less memory than the file is large.

    The peak is that of the program itself: `ru_maxrss` would also count what its parent held when it was started.
    """
    code = """
        import pathlib, re, sys
        import cxlab as cx
        study = cx.load(sys.argv[1])
        found = cx.check(study)
        peak = int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
        print(len(study), len(found), peak // 1024)
    """
    line = ",".join(str(1 + i % 5) for i in range(60)) + "\n"
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write(",".join(f"q{i}" for i in range(60)) + "\n")
        for _ in range(250):
            file.write(line * 10_000)
    megabytes = path.stat().st_size / 2**20
    out = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path)], capture_output=True, text=True, check=True
    )
    rows, _, peak = map(int, out.stdout.split())
    path.unlink()
    assert rows == 2_500_000
    assert megabytes > 280 and peak < 0.8 * megabytes + 250, f"{peak} MB for a file of {megabytes:.0f} MB"


def test_dots_in_column_names_become_underscores(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("shop.size,overall\nsmall,3\nlarge,4\nsmall,5\n")
    study = cx.load(path)
    assert study.columns == ["shop_size", "overall"] and "shop_size" in study.codebook
    assert "columns are called here: 'shop.size' is 'shop_size'" in study.codebook.notes
    assert len(study.where(shop_size="small")) == 2
    again = cx.load(path, codebook=study.codebook)
    assert again.columns == study.columns and again.codebook.fields == study.codebook.fields


def test_a_broken_file_leaves_later_loads_alone(tmp_path):
    """An unfinished result would keep a transaction open on DuckDB's connection, and an error would then abort it."""
    pd.DataFrame({"nps": [0, 9, 10]}).to_parquet(tmp_path / "good.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"no table at all")
    first = cx.load(tmp_path / "good.parquet")
    cx.check(first)
    with pytest.raises(DataProblem, match="^bad.parquet cannot be read as Parquet"):
        cx.load(tmp_path / "bad.parquet")
    assert len(cx.load(tmp_path / "good.parquet")) == len(first) == 3


def test_files_open_with_the_threads_that_reports_ask_for(tmp_path, monkeypatch):
    before = duckdb.sql("select current_setting('threads')").fetchall()[0][0]
    monkeypatch.setenv("CXLAB_THREADS", "1")
    try:
        cx.load(written(tmp_path))
        assert duckdb.sql("select current_setting('threads')").fetchall() == [(1,)]
    finally:
        duckdb.execute(f"set threads = {before}").fetchall()


@pytest.mark.parametrize("ending", [".numbers", ".rds", ".RData", ".sss"])
def test_a_format_without_a_reader_says_how_to_save_it_anew(tmp_path: Path, ending: str):
    path = written(tmp_path, f"answers{ending}", "anything")
    with pytest.raises(DataProblem) as problem:
        cx.load(path)
    message = str(problem.value)
    assert message.startswith(f"answers{ending} ends in '{ending.lower()}', which no reader knows; known: ")
    assert ".sav" in message.split("known: ")[1] and (".xlsx" in message or "write.csv" in message)
    assert message.count(";") >= 2


def test_an_option_that_does_not_apply_to_a_file_is_refused(tmp_path: Path):
    path = written(tmp_path)
    with pytest.raises(DataProblem) as problem:
        cx.load(path, sheet="Answers")
    assert str(problem.value) == "sheet is 'Answers', and shop.csv is no workbook with sheets; leave sheet out"
    pd.DataFrame({"nps": [1, 9]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(DataProblem) as problem:
        cx.load(tmp_path / "x.parquet", encoding="utf-8")
    assert str(problem.value) == "encoding is 'utf-8', and x.parquet is no text file; leave encoding out"


def test_the_first_rows_are_a_whole_number_of_rows(tmp_path: Path):
    study = cx.load(written(tmp_path))
    assert len(study.head(2)) == 2
    with pytest.raises(DataProblem, match=r"^n is 'x'; allowed: whole numbers from 1$"):
        study.head("x")


def test_a_remark_is_text():
    with pytest.raises(DataProblem, match=r"^a remark is 3; give sentences as text$"):
        cx.pages.remarks("fine", 3)
