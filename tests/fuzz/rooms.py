"""Figures of tables, journeys, loyalty, monitoring, pilots and weights on random small studies, by hand beside them."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import cxlab as cx
from tests.fuzz.studies import ENGINES

FIELDS = (
    cx.Field("sat", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)),
    cx.Field("seg", type="string", role="segment"),
    cx.Field("wave", type="integer", role="wave"),
    cx.Field("days", type="integer"),
    cx.Field("left", type="integer", measure="churn", role="outcome"),
    cx.Field("arm", type="string"),
)


def rooms(seed: int, folder: Path) -> int:
    """Each function of `CHECKS` on one kind of table; returns the figures compared."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 250))
    rows = pd.DataFrame(
        {
            "sat": rng.integers(1, 6, n).astype(float),
            "seg": rng.choice(["a", "b", "c d"], n, p=[0.5, 0.3, 0.2]),
            "wave": np.sort(rng.integers(1, 4, n)),
            "days": rng.integers(1, 40, n),
            "left": rng.integers(0, 2, n).astype(float),
            "arm": rng.choice(["old", "new"], n),
        }
    )
    rows.loc[rng.random(n) < rng.choice([0.0, 0.15]), "sat"] = np.nan
    engine, count = ENGINES[int(rng.integers(len(ENGINES)))], 0
    study = _study(rows, engine, folder)
    for name, check in CHECKS.items():
        try:
            count += check(rows, study, rng)
        except cx.DataProblem as problem:
            assert len(str(problem)) > 20
            count += 1
        except AssertionError as error:
            raise AssertionError(f"{name} {engine}: {error}") from error
    return count


def _study(rows: pd.DataFrame, engine: str, folder: Path) -> cx.Study:
    book = cx.Codebook("rooms", FIELDS)
    arrow = pa.table({c: pa.array(rows[c].to_numpy(), from_pandas=engine == "duckdb") for c in rows})
    if engine in ("csv", "parquet"):
        path = folder / f"rooms.{engine}"
        rows.to_csv(path, index=False) if engine == "csv" else pq.write_table(arrow, path)
        return cx.load(path, codebook=book)
    table = {"pandas": rows, "polars": pl.DataFrame({c: rows[c].to_numpy() for c in rows}), "arrow": arrow}
    return cx.load(duckdb.from_arrow(arrow) if engine == "duckdb" else table[engine], codebook=book)


def same(got: object, right: float, what: str) -> int:
    """One figure is the same as by hand."""
    assert math.isclose(float(got), float(right), rel_tol=1e-7, abs_tol=1e-9), f"{what}: {got} for {right}"
    return 1


def _crosstab(rows: pd.DataFrame, study: cx.Study, rng: np.random.Generator) -> int:
    found = cx.crosstab(study, ["sat"], "seg", least_n=0).table
    known = rows.dropna(subset=["sat"])
    right, count = pd.crosstab(known["sat"], known["seg"], normalize="columns", margins=True, margins_name="Total"), 0
    cells = found[(found["kind"] == "category") & found["estimate"].notna()]
    for row in cells.itertuples():
        count += same(row.estimate, right.loc[float(row.row), row.column], f"{row.row} of {row.column}")
        assert row.low <= row.estimate <= row.high, f"{row.row} of {row.column} outside its interval"
    return count


def _survival(rows: pd.DataFrame, study: cx.Study, rng: np.random.Generator) -> int:
    at = [5, 10, 20, 30]
    found = cx.survival(study, time="days", event="left", at=at).table
    gone = rows[rows["left"] == 1].groupby("days").size()
    step = {day: 1 - k / (rows["days"] >= day).sum() for day, k in gone.items()}
    right = lambda day: math.prod(s for d, s in step.items() if d <= day)  # noqa: E731
    return sum(same(r.estimate, right(r.at), f"after {r.at}") for r in found.dropna(subset=["estimate"]).itertuples())


def _jackknife(rows: pd.DataFrame, study: cx.Study, rng: np.random.Generator) -> int:
    row, v = cx.regressions.jackknife(study, "sat").table.iloc[0], rows["sat"].dropna()
    return same(row["estimate"], v.mean(), "mean") + same(row["se"], v.std() / math.sqrt(len(v)), "its error")


def _experiment(rows: pd.DataFrame, study: cx.Study, rng: np.random.Generator) -> int:
    row = cx.experiment(study, "sat", arm="arm", control="old").table.iloc[0]
    means = rows.groupby("arm")["sat"].mean()
    return same(row["estimate"], means["new"] - means["old"], "difference") + same(row["value"], means["new"], "new")


def _running(rows: pd.DataFrame, study: cx.Study, rng: np.random.Generator) -> int:
    found = cx.running(study, "mean", of="sat", wave="wave").table.dropna(subset=["estimate"])
    upto = lambda w: rows.loc[rows["wave"] <= int(w), "sat"].mean()  # noqa: E731
    return sum(same(r.estimate, upto(r.period), f"up to {r.period}") for r in found.itertuples())


def _explained(rows: pd.DataFrame, study: cx.Study, rng: np.random.Generator) -> int:
    found = cx.change_explained(study, "mean", by="seg", of="sat", waves=[1, 3], wave="wave").table
    means = rows.groupby("wave")["sat"].mean()
    whole = found[found["part"] == "change"]["estimate"].iloc[0]
    parts = found[found["part"].isin(["within", "mix"])]
    groups = parts[parts["group"].fillna("").astype(str) != ""]["estimate"]
    count = same(whole, means[3] - means[1], "change")
    return count + (same(groups.sum(), whole, "its parts") if len(groups) and groups.notna().all() else 0)


def _raked(rows: pd.DataFrame, study: cx.Study, rng: np.random.Generator) -> int:
    shares = {"a": 0.2, "b": 0.5, "c d": 0.3}
    made = cx.rake(study, {"seg": shares})
    table = made.frame.collect().to_pandas() if hasattr(made.frame, "collect") else made.frame.to_pandas()
    weight = table["weight_raked"].astype(float)
    got = weight.groupby(table["seg"]).sum() / weight.sum()
    count = sum(same(got[k], v, f"margin {k}") for k, v in shares.items())
    known = rows["sat"].notna().to_numpy()
    right = np.average(rows["sat"][known], weights=weight.to_numpy()[known])
    return count + same(cx.mean(made, "sat", least_n=0).table["estimate"].iloc[0], right, "weighted mean")


def _transitions(rows: pd.DataFrame, study: cx.Study, rng: np.random.Generator) -> int:
    n = int(rng.integers(60, 200))
    events = pd.DataFrame({"case": [f"c{k}" for k in np.sort(rng.integers(0, n // 4, n))]})
    events["event"] = rng.choice(["call", "visit", "buy"], n)
    events["time"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n), "h")
    roles = (("case", "string"), ("event", "string"), ("time", "datetime"))
    book = cx.Codebook("log", tuple(cx.Field(c, role=c, type=kind) for c, kind in roles))
    found = cx.transitions(cx.load(events, codebook=book), least_n=0).table.dropna(subset=["estimate"])
    after = events.groupby("case")["event"].shift(-1).fillna("(end)")
    times = pd.crosstab(events["event"], after)
    right, count = times.div(times.sum(axis=1), axis=0), 0
    for row in found.itertuples():
        a, b = row[1], row[2]
        count += same(row.estimate, right.loc[a, b], f"{a} to {b}") + same(row.times, times.loc[a, b], f"{a} to {b}")
    return count


CHECKS = {
    "crosstab": _crosstab,
    "survival": _survival,
    "jackknife": _jackknife,
    "experiment": _experiment,
    "running": _running,
    "change_explained": _explained,
    "rake": _raked,
    "transitions": _transitions,
}
