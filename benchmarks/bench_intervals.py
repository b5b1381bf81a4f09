"""NPS with intervals of 24,000 cells: the intervals after counting, and the whole from 100 million answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job

Z = 1.959963984540054


def cells(folder: Path, n: int) -> None:
    """Counts of detractors, passives and promoters in n cells of about 4,000 answers."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet((4, 6, 8), size=n)
    np.save(folder / "cells.npy", np.array([rng.multinomial(rng.poisson(4000), p) for p in shares], float))


def own(folder: Path, n: int):
    from cxlab.stats.inference import proportions, trinomial

    d, p, r = np.load(folder / "cells.npy").T

    def run():
        low, high = trinomial.score(d, p, r)
        proportions.wilson(r, d + p + r)
        return {"low": low, "high": high}

    return run


def statistic(d, p, r, at):
    """May & Johnson's statistic at a hypothetical net score, with their quadratic for the constrained share."""
    n = d + p + r
    b, c = -d - r + (2 * n - r + d) * at, -d * at * (1 - at)
    q = (np.sqrt(np.maximum(b * b - 8 * n * c, 0)) - b) / (4 * n)
    return (r - d - n * at) / np.sqrt(np.maximum(n * (2 * q + at * (1 - at)), 1e-300))


def brentq(folder: Path, n: int):
    """Root finding cell by cell, as R and Python users do."""
    from scipy.optimize import brentq

    counts = np.load(folder / "cells.npy")

    def run():
        low, high = np.empty(len(counts)), np.empty(len(counts))
        for i, (d, p, r) in enumerate(counts):
            t = (r - d) / (d + p + r)
            low[i] = brentq(lambda x, d=d, p=p, r=r: statistic(d, p, r, x) - Z, -1 + 1e-12, t, xtol=1e-12)
            high[i] = brentq(lambda x, d=d, p=p, r=r: statistic(d, p, r, x) + Z, t, 1 - 1e-12, xtol=1e-12)
        return {"low": low, "high": high}

    return run


def bisection(folder: Path, n: int):
    """The same for all cells at once: 50 halvings of NumPy arrays."""
    d, p, r = np.load(folder / "cells.npy").T
    t = (r - d) / (d + p + r)

    def solve(inside, outside, sign):
        for _ in range(50):
            middle = (inside + outside) / 2
            beyond = sign * statistic(d, p, r, middle) > Z
            outside, inside = np.where(beyond, middle, outside), np.where(beyond, inside, middle)
        return inside

    def run():
        return {"low": solve(t, np.full_like(t, -1), 1), "high": solve(t, np.full_like(t, 1), -1)}

    return run


def bootstrap(folder: Path, n: int):
    """What people do without a formula: 1,000 multinomial draws a cell (agrees only roughly, so it is not compared)."""
    counts = np.load(folder / "cells.npy")

    def run():
        rng = np.random.default_rng(1)
        for x in counts:
            size = int(x.sum())
            draws = rng.multinomial(size, x / size, size=1000)
            np.quantile((draws[:, 2] - draws[:, 0]) / size, [0.025, 0.975])
        return {}

    return run


KEYS = ["brand", "segment", "wave"]


def answers(folder: Path, n: int) -> None:
    """n answers from 0 to 10 of 40 brands, 20 segments and 30 waves, in Parquet."""
    import duckdb

    con = duckdb.connect()
    con.execute("set threads = 1; select setseed(0.5)")
    draw = "(random() * {0} - 0.5)::tinyint as {1}"
    columns = ", ".join(draw.format(k, c) for k, c in ((11, "ltr"), (40, "brand"), (20, "segment"), (30, "wave")))
    con.execute(f"copy (select {columns} from range({n})) to '{folder / 'answers.parquet'}' (format parquet)")


def whole_own(folder: Path, n: int):
    import duckdb

    import cxlab as cx

    fields = [cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10), type="integer")]
    fields += [cx.Field(k, role="segment", type="integer") for k in KEYS]
    table = duckdb.read_parquet(str(folder / "answers.parquet"))
    study = cx.Study(table, cx.Codebook("answers", tuple(fields)))
    cx.nps(study.where(brand=0), least_n=0)

    def run():
        found = cx.nps(study, by=KEYS, least_n=0).table.sort_values(KEYS)
        return {c: found[c].to_numpy() / 100 for c in ("estimate", "low", "high")}

    return run


def whole_sql(folder: Path, n: int):
    """The counts alone in DuckDB's own SQL, without intervals, labels or checks of the scale."""
    import duckdb

    score = "case when ltr >= 9 then 1.0::double when ltr <= 6 then -1.0::double else 0.0::double end"
    sql = f"select {', '.join(KEYS)}, count(ltr) n, avg({score}) t, avg(abs({score})) q"
    sql += f" from read_parquet('{folder / 'answers.parquet'}') group by all order by all"

    def run():
        return {"estimate": duckdb.sql(sql).df()["t"].to_numpy()}

    return run


def whole_polars(folder: Path, n: int):
    import polars as pl

    from cxlab.stats.inference import trinomial

    def run():
        ltr = pl.col("ltr")
        counts = (
            pl.scan_parquet(folder / "answers.parquet")
            .group_by(KEYS)
            .agg((ltr <= 6).sum().alias("d"), ltr.is_between(7, 8).sum().alias("p"), (ltr >= 9).sum().alias("r"))
            .sort(KEYS)
            .collect(engine="streaming")
        )
        d, p, r = (counts[c].to_numpy().astype(float) for c in "dpr")
        low, high = trinomial.score(d, p, r)
        return {"estimate": (r - d) / (d + p + r), "low": low, "high": high}

    return run


def whole_pandas(folder: Path, n: int):
    import pandas as pd

    from cxlab.stats.inference import trinomial

    def run():
        data = pd.read_parquet(folder / "answers.parquet")
        data["d"], data["p"], data["r"] = data["ltr"] <= 6, data["ltr"].between(7, 8), data["ltr"] >= 9
        counts = data.groupby(KEYS)[["d", "p", "r"]].sum().sort_index()
        d, p, r = (counts[c].to_numpy(float) for c in "dpr")
        low, high = trinomial.score(d, p, r)
        return {"estimate": (r - d) / (d + p + r), "low": low, "high": high}

    return run


JOBS = [
    Job(
        "nps-cells",
        "NPS with intervals of 24,000 cells from 100 M answers in Parquet; floor: the counts in raw DuckDB SQL",
        n=100_000_000,
        data=answers,
        own=whole_own,
        peers={"polars": whole_polars, "pandas": whole_pandas},
        floor=whole_sql,
        targets={"floor": 1.2, "pandas": 2},
        memory={"": 300},
        tolerance=1e-10,
        touch=4,
    ),
    Job(
        "intervals",
        "score and Wilson intervals of 24,000 cells after counting (to reach: 10 ms)",
        n=24_000,
        data=cells,
        own=own,
        peers={"brentq": brentq, "bisection": bisection, "bootstrap": bootstrap},
        targets={"brentq": 100, "bisection": 10},
        tolerance=1e-8,
    ),
]
