"""Queries on databases: SQLite for real; PostgreSQL where a server can be started (mark `extra`)."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
from pathlib import Path

import duckdb
import pytest

import cxlab as cx
from cxlab import DataProblem
from cxlab.data.readers import database

ANSWERS = [(1, 9, "GR", 10.5), (2, 3, "DE", None), (3, 10, None, 7.25)]


@pytest.fixture
def survey(tmp_path) -> Path:
    path = tmp_path / "survey.db"
    with sqlite3.connect(path) as db:
        db.execute("create table answers (id integer, nps integer, country text, spend real)")
        db.executemany("insert into answers values (?, ?, ?, ?)", ANSWERS)
    return path


def test_a_query_on_sqlite_becomes_a_study(survey):
    study = cx.load(f"sqlite:///{survey}", query="select nps, country from answers order by id")
    assert study.name == "survey"
    assert study.table.fetchall() == [(9, "GR"), (3, "DE"), (10, None)]
    assert study.codebook["nps"].measure == "recommendation"
    assert study.codebook.notes[0].startswith("sqlite through ")


def test_the_only_table_needs_no_query(survey):
    assert cx.load(f"sqlite:///{survey}").table.fetchall() == ANSWERS


def test_problems_of_a_database_are_named(survey, tmp_path):
    url = f"sqlite:///{survey}"
    with sqlite3.connect(survey) as db:
        db.execute("create table invites (id integer)")
    cases = {
        (url, ""): f"{url} has 2 tables (answers, invites); say query='select ... from ...'",
        (url, "select nope from answers"): f"{url} refused the query (no such column: nope): select nope from answers",
        (url, "select * from answers where id = 9"): "the query gives no rows: select * from answers where id = 9",
        (f"sqlite:///{tmp_path}/no.db", ""): f"there is no file {tmp_path}/no.db; sqlite:/// with three slashes is "
        "relative, with four absolute",
        (
            url,
            "select nps, id as nps from answers",
        ): "the query has duplicated column names: 'nps' is the name of columns "
        "1, 2; rename them so that each is unique",
    }
    for (where, query), message in cases.items():
        with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
            cx.load(where, query=query)


def test_a_driver_that_is_missing_is_named_without_the_password():
    with pytest.raises(
        DataProblem, match=r"^nosuchdb://me:\*\*\*@host/db cannot be opened \(.+\); write sqlite:///file.db, "
    ):
        cx.load("nosuchdb://me:secret@host/db", query="select 1")


WRITES = {
    "drop table answers": "begins with DROP",
    "DELETE from answers": "begins with DELETE",
    "insert into answers values (4, 1, 'x', 1)": "begins with INSERT",
    "attach '{new}' as b": "begins with ATTACH",
    "-- select\nvacuum": "begins with VACUUM",
    "pragma user_version = 3": "begins with PRAGMA",
    "select 1; drop table answers": "holds 2 statements",
    "select ';' ; update answers set nps = 0": "holds 2 statements",
    "with a as (select 1) delete from answers": "holds DELETE",
    "select * into other from answers": "holds INTO",
    "copy (select 1) to '{new}'": "begins with COPY",
    "/* nothing */ ;": "is empty",
}


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
@pytest.mark.parametrize("query", WRITES)
def test_only_a_select_is_sent_to_a_database(query, kind, survey, tmp_path):
    new = tmp_path / "new.db"
    if kind == "duckdb":
        survey = tmp_path / "survey.duckdb"
        with duckdb.connect(str(survey)) as db:
            db.execute("create table answers (id integer, nps integer)")
    before = survey.read_bytes()
    asked = query.format(new=new)
    message = f"the query {WRITES[query]}; a study is read by one SELECT, nothing else is sent to a database: {asked}"
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        cx.load(f"{kind}:///{survey}", query=asked)
    assert survey.read_bytes() == before and not new.exists()


@pytest.mark.parametrize("query", [q for q in WRITES if "select" not in q and ";" not in q])
def test_the_connection_itself_cannot_write(query, survey, tmp_path, monkeypatch):
    """The second lock holds without the first."""
    new, before = tmp_path / "new.db", survey.read_bytes()
    monkeypatch.setattr(database, "only_reads", lambda query: None)
    with pytest.raises(DataProblem, match="refused the query"):
        cx.load(f"sqlite:///{survey}", query=query.format(new=new))
    file = tmp_path / "survey.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute("create table answers (id integer, nps integer)")
    kept = file.read_bytes()
    with pytest.raises(DataProblem, match="refused the query|gives no rows"):
        cx.load(f"duckdb:///{file}", query=query.format(new=new))
    assert (survey.read_bytes(), file.read_bytes(), new.exists()) == (before, kept, False)


def test_what_reads_is_read(survey, tmp_path):
    for query in ("with a as (select nps from answers) select * from a where nps > 1",
                  "select nps, ';drop' as \"into\" from answers -- ; delete\n;"):  # fmt: skip
        assert len(cx.load(f"sqlite:///{survey}", query=query)) == 3
    with duckdb.connect(str(tmp_path / "d.duckdb")) as db:
        db.execute("create table answers as select range as id, range % 11 as nps from range(50)")
    assert len(cx.load(f"duckdb:///{tmp_path / 'd.duckdb'}")) == 50
    with pytest.raises(DataProblem, match="refused the query .*disabled by configuration"):
        cx.load(f"duckdb:///{tmp_path / 'd.duckdb'}", query=f"select * from read_blob('{survey}')")


@pytest.mark.extra
@pytest.mark.slow
def test_a_query_on_postgresql(tmp_path, monkeypatch):
    pytest.importorskip("pg8000", reason="needs pg8000, which is not installed")
    bins = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not bins or os.geteuid() == 0 and not shutil.which("runuser"):
        pytest.skip("needs a PostgreSQL server (apt install postgresql)")
    with _server(bins[-1], tmp_path) as url:
        import sqlalchemy as sa

        engine = sa.create_engine(url.replace("://", "+pg8000://"))
        with engine.begin() as db:
            db.execute(sa.text("create table answers (id int, nps int, country text, spend numeric)"))
            for row in ANSWERS:
                db.execute(sa.text("insert into answers values (:a, :b, :c, :d)"), dict(zip("abcd", row, strict=True)))
        engine.dispose()
        study = cx.load(url, query="select id, nps, country, spend from answers order by id")
        assert study.table.fetchall() == ANSWERS
        monkeypatch.setattr(database, "only_reads", lambda query: None)
        for query in ("drop table answers", "with a as (delete from answers returning id) select * from a"):
            with pytest.raises(DataProblem, match="refused the query"):
                cx.load(url, query=query)
        assert len(cx.load(url, query="select * from answers")) == 3


class _server:
    """A PostgreSQL server on a socket in a folder of its own."""

    def __init__(self, bins: Path, folder: Path) -> None:
        self.bins, self.folder = bins, folder / "pg"

    def _run(self, *command: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run([*as_user, *command], check=True, capture_output=True, timeout=60)

    def __enter__(self) -> str:
        self.folder.mkdir()
        for parent in (self.folder, *list(self.folder.parents)[:-2]):
            parent.chmod(0o777)
        self._run(str(self.bins / "initdb"), "-D", str(self.folder / "data"), "-A", "trust", "-U", "me")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -k {self.folder}"
        self._run(
            str(self.bins / "pg_ctl"),
            "-D",
            str(self.folder / "data"),
            "-o",
            options,
            "-w",
            "-l",
            str(self.folder / "log"),
            "start",
        )
        return f"postgresql://me@127.0.0.1:{port}/postgres"

    def __exit__(self, *_: object) -> None:
        self._run(str(self.bins / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "fast", "stop")
