"""Event logs: steps with intervals beside plain SQL of their counts; an export through its recipe beside reading it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job

EVENTS = """copy (select (i * 2654435761 % {cases})::int as c,
'touch ' || lpad((abs(hash(i)) % 20)::varchar, 2, '0') as a,
timestamp '2026-01-01' + interval (i) second as t from range({n}) r(i)) to '{path}' (format parquet)"""

PLAIN = """with o as (select c, a, lead(a) over w as b, epoch(lead(t) over w) - epoch(t) as d
from rows window w as (partition by c order by t))
select a, b, count(*) as n, avg(d) / 86400 as wait from o where b is not null group by a, b order by a, b"""

TICKETS = """copy (select i as "Id", 'Person ' || (i % 90000) as "Requester",
370295712714 + i % 90000 as "Requester id",
'Group ' || (i % 7) as "Group", 'Subject ' || i as "Subject", (['Solved', 'Open', 'Closed'])[1 + i % 3] as "Status",
'Normal' as "Priority", 'Email' as "Via", timestamp '2025-01-01' + interval (i) second as "Created at",
(['Good', 'Bad', 'Offered', 'Not Offered'])[1 + i % 4] as "Satisfaction Score", i % 500 as
"First reply time in minutes" from range({n}) r(i)) to '{path}' (header)"""


def events(folder: Path, n: int) -> None:
    """Write events of 20 touchpoints, eight a case."""
    import duckdb

    duckdb.sql(EVENTS.format(cases=max(n // 8, 1), n=n, path=folder / "rows.parquet"))


def steps_own(folder: Path, n: int):
    import cxlab as cx
    from cxlab.data.codebook import Codebook, Field

    fields = (Field("c", "", "integer", "case"), Field("a", "", "string", "event"), Field("t", "", "datetime", "time"))
    study = cx.load(folder / "rows.parquet", codebook=Codebook("log", fields))
    cx.transitions(cx.simulate_events(500, seed=1))

    def run():
        table = cx.transitions(study, least_n=0).table
        table = table[table["to"] != "(end)"].sort_values(["from", "to"])
        return {"n": table["times"].to_numpy(float), "wait": table["wait"].to_numpy()}

    return run


def steps_sql(folder: Path, n: int):
    import duckdb

    rows = duckdb.connect().read_parquet(str(folder / "rows.parquet"))

    def run():
        table = rows.query("rows", PLAIN).fetchnumpy()
        return {"n": np.asarray(table["n"], float), "wait": np.asarray(table["wait"], float)}

    return run


def steps_pm4py(folder: Path, n: int):
    """Counts and mean waits of the steps, without intervals; the events are in memory already."""
    import pandas as pd
    import pm4py

    rows = pd.read_parquet(folder / "rows.parquet").astype({"c": str})
    names = {"case_id_key": "c", "activity_key": "a", "timestamp_key": "t"}

    def run():
        counts = pm4py.discover_dfg(rows, **names)[0]
        waits = pm4py.discover_performance_dfg(rows, **names)[0]
        keys = sorted(counts)
        return {
            "n": np.array([counts[k] for k in keys], float),
            "wait": np.array([waits[k]["mean"] for k in keys]) / 86400,
        }

    return run


def tickets(folder: Path, n: int) -> None:
    """Write the export of a view of a help desk."""
    import duckdb

    duckdb.sql(TICKETS.format(n=n, path=folder / "tickets.csv"))


def recipe_own(folder: Path, n: int):
    import cxlab as cx

    cx.load("brand-tracker")
    return lambda: {"rows": float(len(cx.load(folder / "tickets.csv")))}


def recipe_read(folder: Path, n: int):
    import duckdb

    con = duckdb.connect()
    path = folder / "tickets.csv"

    def run():
        con.execute(f"create or replace table z as from read_csv('{path}')")
        return {"rows": float(con.execute("select count(*) from z").fetchall()[0][0])}

    return run


JOBS = [
    Job(
        "steps", "steps of 10 M events with intervals, beside plain SQL without", n=10_000_000, data=events,
        own=steps_own, floor=steps_sql, peers={"pm4py": steps_pm4py}, targets={"floor": 1.5, "pm4py": 8},
        memory={"": 1000}, tolerance=1e-9, turns=1, cpu=True,
    ),
    Job(
        "recipe", "an export of 1 M tickets through its recipe, beside reading it", n=1_000_000, data=tickets,
        own=recipe_own, floor=recipe_read, targets={"floor": 1.2}, tolerance=1e-12, cpu=True,
    ),
]  # fmt: skip
