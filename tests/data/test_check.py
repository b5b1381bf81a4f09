"""Data against their codebook: every kind of disagreement, counted, on every backend."""

from __future__ import annotations

import json

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import cxlab as cx
from cxlab import Codebook, Field, Scale
from cxlab.cli import cxlab as cli
from cxlab.data import codebook as codebooks
from cxlab.data.check import check

BOOK = Codebook(
    "s",
    (
        Field("q", type="integer", role="outcome", scale=Scale(1, 5), missing={"9": "refused"}),
        Field("sex", type="integer", role="segment", labels={"1": "f", "2": "m", "3": "other"}),
        Field("grade", type="integer", scale=Scale(1, 3, "high", {"1": "bad", "2": "fair", "3": "good"})),
        Field("empty", type="integer", role="touchpoint", scale=Scale(1, 5), missing={"9": "refused"}),
    ),
)
TABLE = pd.DataFrame(
    {
        "q": [1, 5, 6, 6, 9, None],
        "sex": [1, 2, 4, 1, 2, 1],
        "grade": [1, 3, 3, 1, 3, 1],
        "empty": [9, 9, None, None, 9, 9],
        "extra": list("abcdef"),
    }
)
EXPECTED = {
    ("q", "outside the scale", "6", 2, True),
    ("sex", "undeclared code", "4", 1, True),
    ("sex", "unused label", "3", 0, False),
    ("grade", "unused label", "2", 0, False),
    ("empty", "no answers", "", 6, True),
    ("extra", "not in the codebook", "", 0, False),
}


def told(findings) -> set:
    return {(f.column, f.problem, f.value, f.n, f.serious) for f in findings}


@pytest.mark.parametrize("kind", ["pandas", "polars", "polars-lazy", "arrow", "duckdb", "ibis"])
def test_every_disagreement_is_found_on_every_backend(kind):
    if kind == "ibis":
        ibis = pytest.importorskip("ibis", reason="needs the extra 'ibis'")
        table = ibis.memtable(TABLE)
    else:
        table = {
            "pandas": lambda: TABLE,
            "polars": lambda: pl.from_pandas(TABLE),
            "polars-lazy": lambda: pl.from_pandas(TABLE).lazy(),
            "arrow": lambda: pa.Table.from_pandas(TABLE),
            "duckdb": lambda: duckdb.from_df(TABLE),
        }[kind]()
    assert told(check(cx.load(table, codebook=BOOK))) == EXPECTED


def test_data_that_fit_their_codebook_have_no_findings():
    book = Codebook("s", (Field("q", type="integer", scale=Scale(1, 5), missing={"9": "refused"}),))
    assert check(cx.load(pd.DataFrame({"q": [1, 2, 3, 9]}), codebook=book)) == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-3, 14)), min_size=1, max_size=60))
def test_the_rows_outside_the_scale_are_counted_exactly(values):
    book = Codebook("s", (Field("q", type="integer", scale=Scale(0, 10), missing={"11": "blank"}),))
    found = check(cx.load(pl.DataFrame({"q": pl.Series(values, dtype=pl.Int64)}), codebook=book))
    wrong = {v for v in values if v is not None and v != 11 and not 0 <= v <= 10}
    if any(v is not None and v != 11 for v in values):
        assert {f.value: f.n for f in found} == {str(v): values.count(v) for v in wrong}
    else:
        assert [f.problem for f in found] == ["no answers"]


def test_fractions_are_outside_a_rating_scale():
    book = Codebook("s", (Field("q", scale=Scale(1, 5)),))
    assert told(check(cx.load(pd.DataFrame({"q": [1.0, 2.5, 5.0]}), codebook=book))) == {
        ("q", "outside the scale", "2.5", 1, True)
    }


def test_many_different_values_are_summed_up():
    book = Codebook("s", (Field("q", type="integer", scale=Scale(1, 5)),))
    found = check(cx.load(pd.DataFrame({"q": [1, *range(100, 150)]}), codebook=book))
    assert len(found) == 21 and found[-1].value == "and 30 more values" and found[-1].n == 30


@pytest.fixture
def files(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("q,sex,grade,extra\n1,1,2,a\n6,2,3,b\n,3,1,c\nmany,1,1,d\n")
    (tmp_path / "s.datapackage.json").write_text(json.dumps(codebooks.write(BOOK, "s.csv")))
    return path


def run(*args: str):
    return CliRunner().invoke(cli, ["codebook", "check", *args])


def test_the_command_reports_and_fails(files):
    done = run(str(files))
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "problem  empty: not in the data; the codebook declares it: correct its name or take it out",
        "remark   extra: not in the codebook; declare it if an analysis needs it",
        "problem  q: outside the scale 6, 1 rows; 1 to 5 is declared: declare 6 as a missing code, "
        "correct it, or widen the scale",
        "problem  q: text in numbers many, 1 rows; correct it, declare it as a missing code or "
        "label, or declare the column as string",
        "s: 3 problems, 1 remarks",
    ]
    told = json.loads(run(str(files), "--json").stdout)
    assert told["study"] == "s" and len(told["findings"]) == 4
    assert told["findings"][2] | {"do": ""} == {
        "column": "q",
        "problem": "outside the scale",
        "value": "6",
        "n": 1,
        "do": "",
        "serious": True,
    }


def test_the_command_passes_what_fits(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("nps,c\n" + "".join(f"{i % 11},{'ab'[i % 2]}\n" for i in range(44)))
    done = run(str(path))
    assert done.exit_code == 0
    assert done.output.startswith("s: 0 problems, 0 remarks\nThere is no codebook; one was inferred.")
    assert run("airline-survey").exit_code == 0


def test_a_file_that_is_not_there_is_a_wrong_command():
    done = run("nope.csv")
    assert isinstance(done.exception, cx.DataProblem) and str(done.exception).startswith(
        "there is no file nope.csv in /"
    )
