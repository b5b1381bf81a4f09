"""Memory that is spent, a full disk, files that differ, 10^5 groups, Ctrl-C in a scan: a clear end, nothing left."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

import cxlab as cx
from cxlab.data.engine_ends import engine_problem
from cxlab.problem import DataProblem

BOOK = cx.Codebook("calls", (
    cx.Field("line", "Line", "string"),
    cx.Field("recommend", "R", "integer", "outcome", "recommendation", cx.Scale(0, 10)),
))  # fmt: skip
MANY = "select 'line ' || (hash(range) % 400000) as line, (hash(range * 3) % 11)::int as recommend from range(800000)"


def calls(con: duckdb.DuckDBPyConnection, **settings: str) -> cx.Study:
    for name, value in settings.items():
        con.execute(f"set {name} = '{value}'")
    return cx.Study(con.sql(MANY), BOOK)


def test_memory_that_is_spent_is_said() -> None:
    study = calls(duckdb.connect(), threads="1", memory_limit="20MB", temp_directory="")
    with pytest.raises(DataProblem) as found:
        cx.nps(study, by="line", least_n=0)
    assert re.fullmatch(
        r"calls needs more memory for this than there is: (could not|failed to) allocate [^()]* \([^()]* used\)\. "
        r"Ask for fewer groups or columns, raise it with duckdb\.execute\(\"set memory_limit = '8GB'\"\), or use a "
        r"machine with more",
        str(found.value),
    ), str(found.value)


def test_a_full_disk_for_what_does_not_fit_is_said_and_nothing_stays(tmp_path: Path) -> None:
    place, con = tmp_path / "spilled", duckdb.connect()
    study = calls(con, threads="1", memory_limit="20MB", temp_directory=str(place), max_temp_directory_size="1MB")
    with pytest.raises(DataProblem) as found:
        cx.nps(study, by="line", least_n=0)
    assert re.fullmatch(
        r"calls needs more room than there is for what does not fit into memory: failed to offload .*\. Free some, set "
        r"another folder with duckdb\.execute\(\"set temp_directory = '\.\.\.'\"\), or ask for fewer groups or columns",
        str(found.value),
        re.DOTALL,
    ), str(found.value)
    assert not [p for p in place.rglob("*") if p.is_file() and p.stat().st_size]  # an empty one may stay until the end
    con.close()
    assert not [p for p in place.rglob("*") if p.is_file()]


def test_no_space_left_by_any_engine() -> None:
    said = str(engine_problem(OSError(errno.ENOSPC, "No space left on device"), "calls"))
    assert said.startswith("calls needs more room than there is for what does not fit into memory: ")


def test_files_whose_columns_differ_are_named(tmp_path: Path) -> None:
    one = pl.DataFrame({"line": ["a"] * 60, "recommend": [9] * 60})
    one.write_parquet(tmp_path / "2025.parquet")
    one.with_columns(pl.lit("seven").alias("recommend")).write_parquet(tmp_path / "2026.parquet")
    every = str(tmp_path / "*.parquet")
    end = (
        "The files of one table must agree on the type of a column; write the odd one again, or read the column as "
        "text in all"
    )
    with pytest.raises(DataProblem) as found:
        cx.nps(cx.Study(duckdb.connect().read_parquet(every), BOOK))
    assert (
        str(found.value)
        == f"calls: column 'recommend' is VARCHAR in 2026.parquet and BIGINT in the files before it. {end}"
    )
    with pytest.raises(DataProblem) as found:
        cx.nps(cx.Study(pl.scan_parquet(every), BOOK))
    assert (
        str(found.value) == f"calls: column 'recommend' is String in one file and Int64 in the files before it. {end}"
    )


@pytest.mark.parametrize(("ask", "said"), [
    (lambda s: cx.crosstab(s, "recommend", "line"),
     "'Line' makes 100,000 columns, more than 200; band it with study.derive"),
    (lambda s: cx.ols(s, "recommend ~ C(line)"),
     "formula 'recommend ~ C(line)': line has 100,000 categories, more than the 3,000 that stand in one model; use "
     "cx.regressions.mixed with by, or group them first"),
    (lambda s: cx.compare(s, "nps", by="line"),
     "by line forms more than 3,000 groups, too many to compare; choose fewer"),
    (lambda s: cx.league(s, by="line"),
     "by line forms more than 3,000 groups, too many to compare; choose fewer"),
])  # fmt: skip
def test_a_hundred_thousand_groups_are_refused_where_they_do_not_fit(ask, said: str) -> None:
    many = "select 'line ' || (range % 100000) as line, (hash(range) % 11)::int as recommend from range(300000)"
    with pytest.raises(DataProblem) as found:
        ask(cx.Study(duckdb.connect().sql(many), BOOK))
    assert str(found.value) == said


def test_a_hundred_thousand_groups_have_their_numbers() -> None:
    many = "select 'line ' || (range % 100000) as line, (range % 11)::int as recommend from range(300000)"
    found = cx.nps(cx.Study(duckdb.connect().sql(many), BOOK), by="line", least_n=0).table
    assert len(found) == 100_000
    assert found["n"].eq(3).all()
    one = np.array([i % 11 for i in (7, 100_007, 200_007)])  # rows of line 7, by hand
    expected = 100 * ((one >= 9).mean() - (one <= 6).mean())
    assert found.set_index("Line" if "Line" in found else "line")["estimate"]["line 7"] == pytest.approx(expected)


SCAN = """
import sys, duckdb, cxlab as cx
from tests.data.test_engine_ends import BOOK
book = cx.Codebook("calls", (*BOOK.fields, cx.Field("account", "A", "integer", sys.argv[2])))
long = ("select 'line ' || (hash(range) % 1000) as line, (hash(range * 3) % 11)::int as recommend, "
        "(hash(range * 7) % 100000)::int as account from range(30000000)")
con = duckdb.connect()
con.execute(f"set temp_directory = '{sys.argv[1]}'")
cx.nps(cx.Study(con.sql(long).limit(100), book), by="line")  # all that is needed is imported
print("ready", flush=True)
cx.nps(cx.Study(con.sql(long), book), by="line")
"""


@pytest.mark.parametrize("role", ["", "cluster"])
def test_an_interrupt_in_a_scan_ends_it_and_leaves_nothing(role: str, tmp_path: Path) -> None:
    room, place = tmp_path / "tmp", tmp_path / "spilled"
    room.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", SCAN, str(place), role],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(room), "PYTHONPATH": os.pathsep.join(["."])},
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.5)  # in the scan
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=600)
    assert child.returncode != 0
    assert said.rstrip().endswith("KeyboardInterrupt"), said
    assert not [p for folder in (room, place) for p in folder.rglob("*") if p.is_file()]
