"""What a design costs: NPS of 24,000 cells under weights, clusters and strata, beside the same sums by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import Job, scale

CELLS = ["brand", "segment", "wave"]
SCORE = "case when recommend >= 9 then 1 when recommend <= 6 then -1 else 0 end"
SQL = f"""
with totals as (
    select brand, segment, wave, stratum, account, sum(weight) as b, sum(weight * ({SCORE})) as a
    from rows where recommend is not null group by all)
select brand, segment, wave, stratum, sum(a) as a, sum(b) as b, sum(a * a) as aa, sum(a * b) as ab, sum(b * b) as bb
from totals group by all
"""
DRAWN = "select stratum, count(distinct account) as k from rows group by all"


def answers(folder: Path, n: int) -> None:
    """Write answers of 200 brands × 10 segments × 12 waves, ten of each account, accounts in 20 strata."""
    scale.write_data(folder / "rows.parquet", n)


def own(folder: Path, n: int):
    import cxlab as cx

    study = scale.study_of(folder / "rows.parquet", True)

    def run():
        table = cx.nps(study, by=CELLS, least_n=0).table.sort_values(CELLS)
        return {"nps": table["estimate"].to_numpy(), "se": table["se"].to_numpy()}

    return run


def linearised(sums: pd.DataFrame, drawn: pd.Series) -> dict[str, np.ndarray]:
    """Return NPS and standard error by cell from sums of cluster totals by cell and stratum."""
    group = [sums[c] for c in CELLS]
    total = lambda x: x.groupby(group).transform("sum")  # noqa: E731
    every = total(sums["b"])
    t, k = total(sums["a"]) / every, sums["stratum"].map(drawn)
    square = (sums["aa"] - 2 * t * sums["ab"] + t**2 * sums["bb"]) / every**2
    part = (square - ((sums["a"] - t * sums["b"]) / every) ** 2 / k) * k / (k - 1)
    return {"nps": 100 * t.groupby(group).first().to_numpy(), "se": 100 * np.sqrt(part.groupby(group).sum()).to_numpy()}


def sql(folder: Path, n: int):
    import duckdb

    rows = duckdb.connect().read_parquet(str(folder / "rows.parquet"))

    def run():
        drawn = rows.query("rows", DRAWN).df().set_index("stratum")["k"]
        return linearised(rows.query("rows", SQL).df(), drawn)

    return run


def streaming(folder: Path, n: int):
    import polars as pl

    r, w = pl.col("recommend"), pl.col("weight")
    rows = pl.scan_parquet(folder / "rows.parquet")
    score = pl.when(r >= 9).then(1).when(r <= 6).then(-1).otherwise(0)
    a, b = pl.col("a"), pl.col("b")
    totals = rows.filter(r.is_not_null()).group_by(*CELLS, "stratum", "account")
    totals = totals.agg((w * score).sum().alias("a"), w.sum().alias("b"))
    products = {"aa": a * a, "ab": a * b, "bb": b * b}
    sums = totals.group_by(*CELLS, "stratum").agg(a.sum(), b.sum(), *(e.sum().alias(k) for k, e in products.items()))
    drawn = rows.group_by("stratum").agg(pl.col("account").n_unique().alias("k"))

    def run():
        k = drawn.collect(engine="streaming").to_pandas().set_index("stratum")["k"]
        return linearised(sums.collect(engine="streaming").to_pandas(), k)

    return run


JOBS = [
    Job(
        "nps-design", "NPS of 24,000 cells with weights, clusters of ten and 20 strata, 20 M rows", n=20_000_000,
        data=answers, own=own, peers={"DuckDB SQL": sql, "polars streaming": streaming},
        targets={"DuckDB SQL": 1.0, "polars streaming": 1.0}, tolerance=1e-6, cpu=True, turns=1,
    ),
]  # fmt: skip
