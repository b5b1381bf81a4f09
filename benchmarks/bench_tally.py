"""What the size of the data costs, patterns beside raw SQL, and the simulator (bench_intervals has the peers)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job

CELLS = ("brand", "segment", "wave")


def answers(folder: Path, n: int) -> None:
    """Write answers of 200 brands × 10 segments × 12 waves."""
    from cxlab.data.simulate import to_parquet

    world = {"brands": 200, "segments": 10, "waves": 12, "spread": 0.3, "drivers": {"service": 0.5}}
    to_parquet(folder / "rows.parquet", n, seed=1, progress=False, **world)


def _relation(folder: Path):
    import duckdb

    return duckdb.connect().read_parquet(str(folder / "rows.parquet"))


def own(folder: Path, n: int):
    import cxlab as cx
    from cxlab.data.simulate import Population, codebook

    study = cx.Study(_relation(folder), codebook(Population(segments=2, waves=2, drivers={"service": 0.5})))
    cx.nps(cx.simulate(500), by=list(CELLS))

    def run():
        table = cx.nps(study, by=list(CELLS), least_n=0).table.sort_values(list(CELLS))
        return {"nps": table["estimate"].to_numpy()}

    return run


SQL = """
select brand, segment, wave, count(*) as n,
       100 * avg((recommend >= 9)::double - (recommend <= 6)::double) as nps,
       avg((recommend >= 9)::double + (recommend <= 6)::double) as both
from rows where recommend is not null group by all order by all
"""


def sql(folder: Path, n: int):
    rows = _relation(folder)

    def run():
        table = rows.query("rows", SQL).fetchnumpy()
        mean = table["nps"] / 100
        half = 1.96 * np.sqrt(np.maximum(table["both"] - mean**2, 0) / table["n"])
        return {"nps": np.asarray(table["nps"], float), "half": half}

    return run


def patterns_own(folder: Path, n: int):
    import narwhals as nw

    from cxlab.stats.counts.patterns import patterns

    frame = nw.from_native(_relation(folder)).lazy()
    columns = {c: nw.col(c) for c in ("service", "satisfaction", "recommend")}
    return lambda: {"n": patterns(frame, columns)[0]["n"].to_numpy(float)}


def patterns_sql(folder: Path, n: int):
    rows = _relation(folder)
    text = "select service, satisfaction, recommend, count(*) as n from rows group by all order by all"
    return lambda: {"n": np.asarray(rows.query("rows", text).fetchnumpy()["n"], float)}


def simulate_own(folder: Path, n: int):
    from cxlab.data.simulate import to_parquet

    return lambda: {"rows": float(len(to_parquet(folder / "made.parquet", n, progress=False)))}


JOBS = [
    *(
        Job(
            f"nps-cells-{size}m", f"NPS of 24,000 cells, {size} M rows", n=size * 1_000_000, data=answers, own=own,
            peers={"DuckDB SQL": sql}, tolerance=1e-9, series="nps-cells", turns=3 if size < 100 else 1,
        )
        for size in (1, 10, 100)
    ),
    Job(
        "patterns", "distinct patterns of three answers", n=10_000_000, data=answers, own=patterns_own,
        peers={"DuckDB SQL": patterns_sql}, tolerance=1e-12,
    ),
    Job("simulate", "simulated answers streamed to Parquet (seconds for all rows)", n=10_000_000, own=simulate_own),
]  # fmt: skip
