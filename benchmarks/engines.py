"""Which engine counts fastest, and what travels from one elsewhere: ``python -m benchmarks.engines [--rows 5]``.

Two tables in README.md. *Counting*: NPS of 24,000 cells, from Parquet, CSV and Arrow, by DuckDB and by polars
streaming, each as `cx.nps` and as a bare query; CPU seconds of all threads (the best of two) and peak memory of a
process of its own; numbers must agree. *Elsewhere*: every function of `benchmarks.scale` on a table that is not in this
process (Ibis), at two sizes: what a query brings to Python is counted in bytes, so a function whose bytes grow with the
rows collects them, and one whose bytes stay pushes down completely. Spark takes the same way through cxlab.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from benchmarks import scale
from benchmarks.worker import peak

README = Path(__file__).with_name("README.md")
CELLS = ["brand", "segment", "wave"]
FORMATS, WAYS = ("Parquet", "CSV", "Arrow"), ("cx.nps, DuckDB", "cx.nps, polars", "DuckDB SQL", "polars streaming")
SMALL, BIG = 50_000, 200_000
NODES, CORES, ROWS = 10, 8, 10**9
"""The cluster of the estimate: so many machines of so many cores, for so many rows."""
SQL = """
select brand, segment, wave, 100 * avg((recommend >= 9)::int - (recommend <= 6)::int) as nps
from rows where recommend is not null group by all
"""


def tables(path: Path, form: str) -> dict[str, Callable]:
    """Return how DuckDB and polars open the rows: functions, so that each process opens its own."""
    import duckdb
    import polars as pl
    import pyarrow.parquet as pq

    duckdb.execute("set enable_progress_bar = false")
    names = [*CELLS, "recommend"]
    if form == "Arrow":
        held = pq.read_table(path, columns=names)
        return {"DuckDB": lambda: duckdb.from_arrow(held), "polars": lambda: pl.from_arrow(held).lazy()}
    if form == "CSV":
        text = path.with_suffix(".csv")
        return {"DuckDB": lambda: duckdb.read_csv(str(text)), "polars": lambda: pl.scan_csv(text)}
    return {"DuckDB": lambda: duckdb.read_parquet(str(path)), "polars": lambda: pl.scan_parquet(path)}


def counted(path: Path, form: str, way: str) -> dict:
    """Return CPU seconds (best of two), peak memory and the sum and number of cells of one contender."""
    import polars as pl

    import cxlab as cx

    engine = "polars" if "polars" in way else "DuckDB"
    rows = tables(path, form)[engine]()
    if way.startswith("cx"):
        book = [*(cx.Field(c, c, "string" if c != "wave" else "integer", c) for c in CELLS)]
        book.append(cx.Field("recommend", "R", "integer", "outcome", "recommendation", cx.Scale(0, 10)))
        study = cx.Study(rows, cx.Codebook("engines", tuple(book)))
        ask = lambda: cx.nps(study, by=CELLS, least_n=0).table["estimate"].to_numpy()  # noqa: E731
    elif engine == "DuckDB":
        ask = lambda: rows.query("rows", SQL).fetchnumpy()["nps"]  # noqa: E731
    else:
        score = (pl.col("recommend") >= 9).cast(pl.Int32) - (pl.col("recommend") <= 6).cast(pl.Int32)
        query = rows.filter(pl.col("recommend").is_not_null()).group_by(CELLS).agg((100 * score.mean()).alias("nps"))
        ask = lambda: query.collect(engine="streaming")["nps"].to_numpy()  # noqa: E731
    spent = []
    for _ in range(2):
        began = time.process_time()
        values = np.asarray(ask(), float)
        spent.append(time.process_time() - began)
    return {"cpu": min(spent), "mb": peak(), "sum": float(values.sum()), "cells": len(values)}


def travelled(path: Path) -> dict[str, dict]:
    """Return for each function the bytes that its queries bring to Python from a table elsewhere, or its error."""
    import ibis
    import narwhals as nw
    import pyarrow as pa

    import cxlab as cx

    brought, collect = [], nw.LazyFrame.collect

    def watched(self, *args, **kwargs):
        found = collect(self, *args, **kwargs)
        native = found.to_native()
        brought.append(native.nbytes if isinstance(native, pa.Table) else int(native.memory_usage(deep=True).sum()))
        return found

    nw.LazyFrame.collect = watched
    here, there, out = scale.study_of(path, False), ibis.duckdb.connect().read_parquet(str(path)), {}
    for name, (_, call) in scale.calls().items():
        brought.clear()
        try:
            call(cx.Study(there, here.codebook))
            out[name] = {"bytes": sum(brought), "queries": len(brought)}
        except Exception as error:  # what a user would see is the outcome
            out[name] = {"error": f"{type(error).__name__}: {error}"[:110].replace("|", "/")}
    return out


def apart(*asked: str) -> dict:
    """Run one measurement in a process of its own; what went wrong comes back as its last line."""
    command = [sys.executable, "-m", "benchmarks.engines", "--worker", json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    said = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    return json.loads(lines[-1][7:]) if lines else {"error": said[:110].replace("|", "/")}


def counting(path: Path, n: int) -> str:
    """Return the table of engines and formats; a contender whose cells differ ends the bench."""
    found = {(f, w): apart("count", str(path), f, w) for f in FORMATS for w in WAYS}
    failed = [f"{f}, {w}: {x['error']}" for (f, w), x in found.items() if "error" in x]
    if failed:
        raise click.ClickException("; ".join(failed))
    for f in FORMATS:
        said = {w: (found[f, w]["cells"], round(found[f, w]["sum"], 3)) for w in WAYS}
        if len(set(said.values())) > 1:
            raise click.ClickException(f"{f}: the cells differ: {said}")
    lines = [f"| {n / 1e6:g} M rows | {' | '.join(WAYS)} | fastest way of cxlab against polars streaming |"]
    lines += ["|---" * (len(WAYS) + 2) + "|"]
    for f in FORMATS:
        own = min(found[f, w]["cpu"] for w in WAYS if w.startswith("cx"))
        ratio = own / found[f, "polars streaming"]["cpu"]
        cells = [f"{found[f, w]['cpu']:.2f} s, {found[f, w]['mb']:.0f} MB" for w in WAYS]
        lines.append(f"| {f} | {' | '.join(cells)} | {ratio:.2f} |")
    return "\n".join(lines)


def elsewhere(folder: Path) -> str:
    """Return the table of what travels, and the estimate for a cluster."""
    paths = {n: folder / f"rows-{n}.parquet" for n in (SMALL, BIG)}
    for n, path in paths.items():
        if not path.exists():
            scale.write_data(path, n)
    few, many = (apart("travel", str(path)) for path in paths.values())
    if "error" in {**few, **many}:
        raise click.ClickException(few.get("error") or many["error"])
    known = json.loads(scale.KNOWN.read_text())
    lines = [
        f"| function | {SMALL:,} rows bring | {BIG:,} rows bring | pushed down | at {ROWS:.0e} rows travel | CPU s a "
        f"core of {NODES} x {CORES} |",
        "|---" * 6 + "|",
    ]
    for name in scale.calls():
        small, big = few[name], many[name]
        if "error" in small or "error" in big:
            lines.append(f"| {name} | {small.get('error', big.get('error'))} |  |  |  |  |")
            continue
        growth = math.log(max(big["bytes"], 1) / max(small["bytes"], 1)) / math.log(BIG / SMALL)
        whole = growth < 0.2
        far = big["bytes"] * (1 if whole else (ROWS / BIG) ** max(growth, 0.0))
        rows = {int(n): f["cpu"] for n, f in known.get(name, {}).items() if "cpu" in f and "error" not in f}
        last = max(rows, default=0)
        each = f"{rows[last] * ROWS / last / (NODES * CORES):.1f}" if last else ""
        said = "completely" if whole else "patterns or groups" if growth < 0.8 else "rows travel"
        lines.append(f"| {name} | {size(small['bytes'])} | {size(big['bytes'])} | {said} | {size(far)} | {each} |")
    return "\n".join(lines)


def size(b: float) -> str:
    """Return bytes as one reads them.

    >>> size(900), size(2_500_000), size(8e9)
    ('0.9 kB', '2.5 MB', '8 GB')
    """
    for unit, one in (("GB", 1e9), ("MB", 1e6)):
        if b >= one:
            return f"{b / one:.2g} {unit}"
    return f"{b / 1e3:.2g} kB"


def write(mark: str, text: str) -> None:
    """Put a table between its marks in the README, in place of what stood there."""
    start, end = f"<!-- {mark}: written by benchmarks.engines -->", f"<!-- /{mark} -->"
    before, _, rest = README.read_text(encoding="utf-8").partition(start)
    after = rest.partition(end)[2]
    README.write_text(f"{before}{start}\n\n{text}\n\n{end}{after}", encoding="utf-8")


@click.command(help=__doc__)
@click.option("--rows", default=5.0, show_default=True, help="Millions of rows for counting.")
@click.option("--only", type=click.Choice(["counting", "elsewhere"]), help="One of the tables.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the data are kept between runs.")
@click.option("--worker", hidden=True)
def main(rows: float, only: str | None, folder: Path | None, worker: str | None) -> None:
    if worker:
        what, path, *asked = json.loads(worker)
        found = (counted if what == "count" else travelled)(Path(path), *asked)
        print("RESULT " + json.dumps(found), flush=True)
        return
    place = folder or Path(tempfile.mkdtemp(prefix="cxlab-engines-"))
    try:
        if only != "elsewhere":
            n = int(rows * 1e6)
            path = place / f"rows-{n}.parquet"
            if not path.exists():
                scale.write_data(path, n)
            if not path.with_suffix(".csv").exists():
                import duckdb

                names = ", ".join([*CELLS, "recommend"])
                duckdb.execute(f"copy (select {names} from '{path}') to '{path.with_suffix('.csv')}' (header)")
            write("counting", counting(path, n))
        if only != "counting":
            write("elsewhere", elsewhere(place))
    finally:
        if not folder:
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
