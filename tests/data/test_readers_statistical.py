"""SPSS and Stata: values, labels and user-missing codes equal pyreadstat's, which is the reference here."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cxlab as cx
from cxlab import DataProblem
from cxlab.data.readers import open_file, statistical

LABELS = {1: "Very satisfied", 2: "Satisfied", 3: "Neither", 4: "Dissatisfied", 5: "Very dissatisfied"}


def spss(path: Path, **kw) -> Path:
    frame = pd.DataFrame(
        {
            "sat": [1, 2, 3, 4, 5, 98, 99, np.nan] * 5,
            "nps": [0, 3, 7, 10, 9, 8, 97, 99] * 5,
            "price": [0.5, 1.25, -99, 2, 3, 4, 5, 6] * 5,
            "why": ["", "ναι", "x" * 300, "NA", "b", "c", "d", "e"] * 5,
            "plan": ["A", "B", "Z", "A", "B", "A", "B", "A"] * 5,
            "day": [dt.date(2025, 1, 1 + i) for i in range(8)] * 5,
            "at": [dt.datetime(2025, 1, 1, i, 5, 6) for i in range(8)] * 5,
        }
    )
    pyreadstat.write_sav(
        frame,
        path,
        file_label="Customers 2025",
        column_labels={"sat": "How satisfied are you overall?"},
        variable_value_labels={"sat": {**LABELS, 98: "Don't know", 99: "Refused"}, "plan": {"A": "Basic", "B": "Plus"}},
        missing_ranges={"sat": [98, 99], "nps": [{"lo": 97, "hi": 99}], "price": [-99], "plan": ["Z"]},
        **kw,
    )
    return path


@pytest.mark.parametrize("options", [{}, {"row_compress": True}, {"compress": True}])
def test_values_and_user_missing_equal_pyreadstat(tmp_path, options):
    path = spss(tmp_path / ("x.zsav" if options.get("compress") else "x.sav"), **options)
    ours = open_file(path).table.df()
    theirs, _ = pyreadstat.read_sav(path, user_missing=False)
    assert list(ours.columns) == list(theirs.columns)
    for name in ("sat", "nps", "price"):
        np.testing.assert_array_equal(ours[name].to_numpy(float), theirs[name].to_numpy(float))
    for name in ("why", "plan"):
        assert [v if isinstance(v, str) else "" for v in ours[name]] == [
            v if isinstance(v, str) else "" for v in theirs[name]
        ]
    assert [d.date() for d in ours["day"]] == list(theirs["day"])
    assert [str(t) for t in ours["at"]] == [str(t) for t in theirs["at"]]


def test_labels_and_missing_codes_equal_pyreadstat(tmp_path):
    path = spss(tmp_path / "x.sav")
    facts = open_file(path).facts
    _, meta = pyreadstat.read_sav(path, user_missing=True)
    theirs = {f"{k:g}" if isinstance(k, float) else k: v for k, v in meta.variable_value_labels["sat"].items()}
    assert {**facts["sat"]["labels"], **facts["sat"]["missing"]} == theirs
    assert facts["sat"]["missing"] == {"98": "Don't know", "99": "Refused"}
    assert meta.missing_ranges["sat"] == [{"lo": 98.0, "hi": 98.0}, {"lo": 99.0, "hi": 99.0}]
    assert facts["plan"]["missing"] == {"Z": "user-missing"}
    assert facts["nps"]["note"] == "user-missing from 97 to 99"
    assert facts["sat"]["question"] == meta.column_names_to_labels["sat"]
    assert open_file(path).title == meta.file_label


def test_the_text_of_value_labels_decides_the_direction(tmp_path):
    study = cx.load(spss(tmp_path / "x.sav"))
    field = study.codebook["sat"]
    assert (field.role, field.measure, field.scale.best) == ("outcome", "satisfaction", "low")
    assert field.scale.labels == {str(k): v for k, v in LABELS.items()}
    assert dict(field.missing) == {"98": "Don't know", "99": "Refused"}
    assert study.codebook.title == "Customers 2025"
    assert any("lowest = best (1 = 'Very satisfied', 5 = 'Very dissatisfied')" in n for n in study.codebook.notes)


def test_stata_labels_and_extended_missing_values(tmp_path):
    path = tmp_path / "x.dta"
    frame = pd.DataFrame(
        {"sat": [1.0, 2, 3, 4, 5, np.nan] * 4, "m": ["a", "b", 1.0, 2.0, 3.0, 4.0] * 4, "s": list("uvwxyz") * 4}
    )
    pyreadstat.write_dta(
        frame,
        path,
        column_labels={"sat": "How satisfied are you?"},
        missing_user_values={"m": ["a", "b"]},
        variable_value_labels={"sat": {1: "Very dissatisfied", 5: "Very satisfied"}, "m": {1: "low", "a": "Refused"}},
        version=15,
    )
    raw = open_file(path)
    theirs, _ = pyreadstat.read_dta(path)
    ours = raw.table.df()
    np.testing.assert_array_equal(ours["sat"].to_numpy(float), theirs["sat"].to_numpy(float))
    np.testing.assert_array_equal(
        ours["m"].to_numpy(float), pd.to_numeric(theirs["m"], errors="coerce").to_numpy(float)
    )
    assert raw.facts["m"]["missing"] == {".a": "Refused"} and raw.facts["m"]["labels"] == {"1": "low"}
    study = cx.load(path)
    assert study.codebook["sat"].scale.best == "high"
    assert study.frame.collect().to_native() is not None


@settings(max_examples=15, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.integers(-2000, 2000), st.floats(-1e9, 1e9)), min_size=1, max_size=40),
    low=st.integers(-50, 50),
    width=st.integers(0, 30),
)
def test_any_numbers_and_missing_range_equal_pyreadstat(tmp_path_factory, values, low, width):
    path = tmp_path_factory.mktemp("sav") / "x.sav"
    frame = pd.DataFrame({"v": pd.array([math.nan if v is None else float(v) for v in values], dtype="float64")})
    pyreadstat.write_sav(frame, path, missing_ranges={"v": [{"lo": low, "hi": low + width}]})
    theirs, _ = pyreadstat.read_sav(path)
    np.testing.assert_array_equal(open_file(path).table.df()["v"].to_numpy(float), theirs["v"].to_numpy(float))


@pytest.mark.parametrize("keep", [10, 100, 1500, -50])
def test_a_truncated_sav_is_an_error(tmp_path, keep):
    whole = spss(tmp_path / "x.sav").read_bytes()
    (tmp_path / "cut.sav").write_bytes(whole[:keep])
    cause = r"\(it ends before its last row: it was cut short\)"
    message = rf"^cut.sav cannot be read as SPSS {cause}; copy or export it again and compare the sizes$"
    with pytest.raises(DataProblem, match=message):
        cx.load(tmp_path / "cut.sav")


def test_what_is_no_sav_says_so(tmp_path):
    (tmp_path / "x.sav").write_text("a,b\n1,2\n" * 200)
    with pytest.raises(DataProblem, match=r"^x.sav cannot be read as SPSS \(.+\); copy or export it again and compare"):
        open_file(tmp_path / "x.sav")
    pyreadstat.write_sav(pd.DataFrame({"a": pd.array([], dtype="float64")}), tmp_path / "none.sav")
    with pytest.raises(
        DataProblem, match="^none.sav holds only a header .1 columns., no answers; export it again with its rows$"
    ):
        open_file(tmp_path / "none.sav")


def test_rows_keep_their_order_in_a_file_of_many_blocks(tmp_path):
    n = 300_000
    pyreadstat.write_sav(pd.DataFrame({"i": np.arange(n, dtype=float)}), tmp_path / "x.sav", row_compress=True)
    table = pl.from_arrow(open_file(tmp_path / "x.sav").table.to_arrow_table())
    assert (table["i"].to_numpy() == np.arange(n)).all()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("ending", [".sav", ".zsav", ".dta"])
def test_a_damaged_header_ends_no_process(tmp_path, seed, ending):
    rows = pd.DataFrame({"a": np.arange(50.0), "s": ["x" * 20] * 50})
    path = tmp_path / f"x{ending}"
    if ending == ".dta":
        pyreadstat.write_dta(rows, path)
    else:
        pyreadstat.write_sav(rows, path, compress=ending == ".zsav")
    rng, damaged = np.random.default_rng(seed), bytearray(path.read_bytes())
    for at in rng.integers(0, min(700, len(damaged)) - 4, 4):
        damaged[at : at + 4] = int(rng.choice([0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])).to_bytes(4, "little")
    path.write_bytes(damaged)
    try:
        assert open_file(path).table.shape[0] >= 0
    except DataProblem as problem:
        assert str(problem).startswith(f"x{ending} ") and len(str(problem)) < 400


def test_a_reader_that_wants_more_memory_than_there_is_says_the_limit(tmp_path, monkeypatch):
    path = spss(tmp_path / "x.sav")
    monkeypatch.setattr(statistical, "SPARE", -statistical.psutil.virtual_memory().total + 2**27)
    message = (
        r"^x.sav cannot be read as SPSS \(by its header it needs more memory than this machine has, 0 GB: "
        r"it is damaged\)"
        "; copy or export it again and compare the sizes$"
    )
    with pytest.raises(DataProblem, match=message):
        open_file(path)


@pytest.mark.parametrize("version", [5, 8])
def test_a_sas_transport_file_equals_what_was_written(tmp_path, version):
    rows = pd.DataFrame({"a": [1.0, 2.5, None, -3.0] * 20, "s": ["x", "é", "", "long text"] * 20})
    pyreadstat.write_xport(rows, tmp_path / "x.xpt", file_format_version=version, column_labels=["How?", "Why?"])
    raw = open_file(tmp_path / "x.xpt")
    got = raw.table.df()
    np.testing.assert_array_equal(got["a"].to_numpy(float), rows["a"].to_numpy())
    assert [s or "" for s in got["s"].fillna("")] == rows["s"].tolist() and raw.facts["a"]["question"] == "How?"


def test_compressed_and_portable_files_equal_the_plain_one(tmp_path):
    rows = pd.DataFrame({"A": [1.0, 2.0, None] * 30, "S": ["x", "yy", "z"] * 30})
    pyreadstat.write_sav(rows, tmp_path / "x.zsav", compress=True)
    pyreadstat.write_por(rows, tmp_path / "x.por")
    for name in ("x.zsav", "x.por"):
        got = open_file(tmp_path / name).table.df()
        np.testing.assert_array_equal(got["A"].to_numpy(float), rows["A"].to_numpy())
        assert got["S"].tolist() == rows["S"].tolist()
