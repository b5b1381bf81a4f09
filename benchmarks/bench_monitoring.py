"""A thousand control charts from 10 M answers; a staggered pilot of 10,000 units, beside diff-diff and pyfixest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job

SERIES, DAYS = 1000, 365
UNITS, PERIODS = 10_000, 24
STARTS = (0, 7, 10, 13, 16)
"""First treated periods; 0 never."""


def stream(folder: Path, n: int) -> None:
    """Write recommendations by day and shop."""
    import pandas as pd

    rng = np.random.default_rng(1)
    day = np.datetime64("2024-01-01") + rng.integers(0, DAYS, n).astype("timedelta64[D]")
    columns = {
        "date": day,
        "shop": rng.integers(0, SERIES, n, dtype=np.int16),
        "ltr": rng.integers(0, 11, n, dtype=np.int8),
    }
    pd.DataFrame(columns).to_parquet(folder / "stream.parquet")


def _relation(folder: Path, name: str, columns: str):
    import duckdb

    return duckdb.connect().sql(f"select {columns} from read_parquet('{folder / name}')")


def charts(folder: Path, n: int):
    import cxlab as cx

    fields = (
        cx.Field("date", type="date", role="date"), cx.Field("shop", type="integer", role="segment"),
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
    )  # fmt: skip
    study = cx.Study(_relation(folder, "stream.parquet", "date::date as date, shop, ltr"), cx.Codebook("s", fields))
    cx.monitor(cx.load("brand-tracker"), "nps", every="week")  # imports

    def run():
        found = cx.monitor(study, "nps", by="shop", every="day")
        return {"rows": np.array([len(found.table)], float)}

    return run


def scan(folder: Path, n: int):
    """The sums of every shop and day in plain SQL."""
    rows = _relation(folder, "stream.parquet", "date::date as date, shop, ltr")

    def run():
        query = "select shop, date, sum((ltr > 8)::int) a, sum((ltr < 7)::int) b, count(*) n from rows group by all"
        table = rows.query("rows", query).df()
        return {"cells": np.array([len(table)], float)}

    return run


def answers(folder: Path, n: int) -> None:
    """Write scores of units by period with starts at four dates and never, and their means."""
    import pandas as pd

    rng = np.random.default_rng(2)
    unit, period = rng.integers(0, UNITS, n, dtype=np.int16), rng.integers(1, PERIODS + 1, n, dtype=np.int8)
    start = rng.choice(STARTS, UNITS).astype(np.int8)[unit]
    score = rng.normal(0.05 * period + 0.3 * ((start > 0) & (period >= start)), 1)
    table = pd.DataFrame({"unit": unit, "period": period, "start": start, "score": score})
    table.to_parquet(folder / "answers.parquet")


def pilot(folder: Path, n: int):
    import cxlab as cx

    fields = (
        cx.Field("unit", type="integer"), cx.Field("period", type="integer", role="wave"),
        cx.Field("start", type="integer"), cx.Field("score", type="number", role="outcome"),
    )  # fmt: skip
    study = cx.Study(_relation(folder, "answers.parquet", "*"), cx.Codebook("p", fields))
    ask = {"of": "score", "unit": "unit", "start": "start"}
    cx.pilot(cx.Study(_relation(folder, "answers.parquet", "*").filter("unit < 200"), study.codebook), "mean", **ask)

    def run():
        found = cx.pilot(study, "mean", **ask)
        each = found.parts["by_start"]
        after = each["period"].astype(int) >= each["start"].astype(int)
        return {"effect": found.table["estimate"].to_numpy()[:1], "cells": np.sort(each["estimate"][after].to_numpy())}

    return run


def cells(folder: Path, n: int):
    """The means of every unit and period in plain SQL."""
    rows = _relation(folder, "answers.parquet", "*")

    def run():
        query = "select unit, period, any_value(start) s, avg(score) y, var_samp(score) v from rows group by all"
        return {"means": np.array([len(rows.query("rows", query).df())], float)}

    return run


def _means(folder: Path):
    import duckdb

    query = f"select unit, period, any_value(start) as start, avg(score) as y from '{folder / 'answers.parquet'}'"
    return duckdb.sql(query + " group by all order by unit, period").df()


def diff_diff(folder: Path, n: int):
    from diff_diff import CallawaySantAnna

    def run():
        table = _means(folder)
        model = CallawaySantAnna(control_group="never_treated")
        found = model.fit(table, outcome="y", unit="unit", time="period", first_treat="start", aggregate="all")
        return {"effect": np.array([found.overall_att])}

    return run


def pyfixest(folder: Path, n: int):
    import pyfixest as pf

    def run():
        table = _means(folder)
        fit = pf.event_study(table, yname="y", idname="unit", tname="period", gname="start", estimator="saturated")
        found = fit.coef()
        after = [float(name.split("::")[1].split(":")[0]) >= 0 for name in found.index]
        return {"cells": np.sort(found[after].to_numpy())}

    return run


JOBS = [
    Job(
        "charts", "1,000 charts of 365 days from 10 M answers; floor: the same sums in SQL", n=10_000_000, data=stream,
        own=charts, floor=scan, cpu=True,
    ),
    Job(
        "staggered", "staggered pilot with bands, 10,000 units by 24 periods, 10 M answers; floor: their means in SQL",
        n=10_000_000, data=answers, own=pilot, floor=cells,
        peers={"diff-diff": diff_diff, "pyfixest": pyfixest}, tolerance=1e-6,
        cpu=True,
    ),
]  # fmt: skip
