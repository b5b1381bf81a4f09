"""A path is one file, whatever is in its name: the decoys beside it are never read."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab import DataProblem
from cxlab.data import engine

STEMS = ("a[1]", "q*", "q?", "a{1,2}", "two words", "it's", 'say "x"', "größe-€", "[!a]", "[[]x", "~home", "#1", "%41",
         "a$b", "a\\b", "-rf", "a.b", "x=1", "a;b", "a&b")  # fmt: skip
MINE = [0] * 30 + [10] * 5
OTHER = [10] * 40


def as_csv(path: Path, values, sep=","):
    path.write_text(f"recommend{sep}n\n" + "".join(f"{v}{sep}{i}\n" for i, v in enumerate(values)))


def table(values):
    return pl.DataFrame({"recommend": values, "n": range(len(values))})


def as_xlsx(path, values):
    book = openpyxl.Workbook()
    for row in [("recommend", "n"), *((v, i) for i, v in enumerate(values))]:
        book.active.append(row)
    book.save(path)


def as_gz(path, values):
    as_csv(path.with_suffix(".tmp"), values)
    path.write_bytes(gzip.compress(path.with_suffix(".tmp").read_bytes()))


def as_zip(path, values):
    as_csv(path.with_suffix(".tmp"), values)
    with zipfile.ZipFile(path, "w") as pack:
        pack.write(path.with_suffix(".tmp"), "inside [1].csv")


def as_sav(path, values):
    import pyreadstat

    pyreadstat.write_sav(pd.DataFrame({"recommend": values, "n": range(len(values))}), path)


def as_sqlite(path, values):
    with sqlite3.connect(path) as con:
        table(values).to_pandas().to_sql("t", con, index=False)
    con.close()


WRITERS = {
    ".csv": as_csv,
    ".tsv": lambda p, v: as_csv(p, v, "\t"),
    ".parquet": lambda p, v: table(v).write_parquet(p),
    ".json": lambda p, v: p.write_text(json.dumps(table(v).to_dicts())),
    ".jsonl": lambda p, v: table(v).write_ndjson(p),
    ".arrow": lambda p, v: table(v).write_ipc(p),
    ".feather": lambda p, v: table(v).write_ipc(p),
    ".xlsx": as_xlsx,
    ".csv.gz": as_gz,
    ".zip": as_zip,
    ".sav": as_sav,
    ".dta": lambda p, v: table(v).to_pandas().to_stata(p, write_index=False),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_the_file_named_is_the_file_read(tmp_path, ending, monkeypatch):
    decoys = ("a1", "qq", "qX", "a", "x", "[x", "a1b", "home", "A")
    for decoy in decoys:
        WRITERS[ending](tmp_path / f"{decoy}{ending}", OTHER)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    for turn, stem in enumerate(STEMS):
        WRITERS[ending](tmp_path / f"{stem}{ending}", MINE)
        ways = (tmp_path / f"{stem}{ending}", f"{stem}{ending}", tmp_path / "x" / ".." / f"{stem}{ending}")
        for path in ways if ending == ".csv" else (ways[turn % 3],):  # each name and each way, together for one format
            study = cx.load(path)
            assert (len(study), study.columns) == (35, ["recommend", "n"]), path
            assert cx.nps(study).table["estimate"][0] == pytest.approx(100 * (5 - 30) / 35), path


@pytest.mark.parametrize("folder", ["data [old]", "brand=Alba", "q*", "{a,b}", "d'or", "ü ñ"])
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_folders_may_be_called_anything_and_add_no_column(tmp_path, folder, ending):
    (tmp_path / folder).mkdir()
    WRITERS[ending](tmp_path / folder / f"x{ending}", MINE)
    (tmp_path / "link").symlink_to(tmp_path / folder, target_is_directory=True)
    for there in (folder, "link"):
        study = cx.load(tmp_path / there / f"x{ending}")
        assert (len(study), study.columns) == (35, ["recommend", "n"])


def test_a_link_reads_what_it_points_to(tmp_path):
    as_csv(tmp_path / "real.csv", MINE)
    (tmp_path / "link[1].csv").symlink_to(tmp_path / "real.csv")
    as_csv(tmp_path / "link1.csv", OTHER)
    assert len(cx.load(tmp_path / "link[1].csv")) == 35


@pytest.mark.parametrize("stem", ["a[1]", "it's", "two words", "größe"])
def test_sqlite_files_too(tmp_path, stem):
    as_sqlite(tmp_path / f"{stem}.db", MINE)
    assert len(cx.load(f"sqlite:///{tmp_path}/{stem}.db")) == 35
    assert len(cx.load(f"sqlite:///{tmp_path}/{stem}.db", query="select * from t where n < 5")) == 5


def test_what_no_pattern_spells_is_refused(tmp_path):
    path = tmp_path / "a\\*b.csv"
    as_csv(path, MINE)
    message = (
        f"the path {path.as_posix()} holds a backslash and one of [ * ?, which DuckDB cannot be told apart from a "
        "pattern; rename the file or its folder"
    )
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        cx.load(path)


def test_a_simulation_lies_where_it_was_asked_for(tmp_path):
    assert len(cx.simulate.to_parquet(tmp_path / "s[1].parquet", 100, seed=1, progress=False)) == 100
    assert engine.one_file(tmp_path / "x.csv") == str(tmp_path / "x.csv")
