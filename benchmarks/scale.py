"""What every function costs as data grow: ``python -m benchmarks.scale [--sizes 1,5] [names]``; table in README.md.

Each call runs in a process of its own that is stopped at `SECONDS` or `MEGABYTES`; times are CPU seconds of all its
threads (other work on the machine does not count), memory is the peak of the process. The floor is reading the columns
that a call reads (sums of them). With a design, the study declares weights, clusters of ten answers and strata.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from benchmarks.worker import peak

SECONDS, MEGABYTES = 180, 8000
README = Path(__file__).with_name("README.md")
KNOWN = Path(__file__).with_name("scale.json")
"""What was measured, the last time of each row; the table is made of it."""
START, END = "<!-- scale: written by benchmarks.scale -->", "<!-- /scale -->"
DRIVERS = ("service", "wifi", "price", "crew", "food", "seat", "app", "signs", "queue", "staff")
Call = Callable[..., object]


def calls() -> dict[str, tuple[tuple[str, ...], Call]]:
    """Return for each name the columns that it reads and what is called on the study."""
    import cxlab as cx

    three, y = ("brand", "segment", "wave"), "satisfaction"
    tens, few = DRIVERS, " + ".join(DRIVERS[:3])
    imp, reg, jour = cx.importance, cx.regressions, cx.journeys
    targets = {"segment": {f"Segment {i:02d}": 1 + i % 3 for i in range(1, 11)}}
    return {
        "nps": (("recommend",), cx.nps),
        "nps by 3 columns": (("recommend", *three), lambda s: cx.nps(s, by=list(three))),
        "csat of 10": (tens, lambda s: cx.csat(s, of=list(tens))),
        "mean of 10 by brand": ((*tens, "brand"), lambda s: cx.mean(s, list(tens), by="brand")),
        "share": ((y, "brand"), lambda s: cx.share(s, "churned", value=True, by="brand")),
        "answers": (("recommend", "segment"), lambda s: cx.answers(s, "recommend", by="segment")),
        "compare by brand": (("recommend", "brand"), lambda s: cx.compare(s, "nps", by="brand", pairs="first")),
        "compare by segment": (("recommend", "segment"), lambda s: cx.compare(s, "nps", by="segment")),
        "trend": (("recommend", "wave"), lambda s: cx.trend(s, "nps")),
        "changes": (("recommend", "wave", "segment"), lambda s: cx.changes(s, "nps", by="segment")),
        "crosstab": (("segment", y), lambda s: cx.crosstab(s, y, "segment")),
        "scorecard": ((*tens, y, "recommend"), cx.scorecard),
        "impact": (("segment", y), lambda s: cx.metrics.impact(s, "segment")),
        "league": (("brand", "recommend"), cx.league),
        "league, case mix": (("brand", "segment", "recommend"), lambda s: cx.league(s, case_mix="segment")),
        "league_change": (("brand", "wave", "recommend"), cx.leagues.league_change),
        "variation": (("brand", "recommend"), lambda s: cx.variation(s, by="brand")),
        "ols": ((*tens, y), lambda s: cx.ols(s, f"{y} ~ {' + '.join(tens)}")),
        "ols C(brand)": (("brand", tens[0], y), lambda s: cx.ols(s, f"{y} ~ {tens[0]} + C(brand)")),
        "logit of 3": ((*tens[:3], "churned"), lambda s: reg.logit(s, f"churned ~ {few}")),
        "logit of 10": ((*tens, "churned"), lambda s: reg.logit(s, f"churned ~ {' + '.join(tens)}")),
        "logit of minutes": (("minutes", tens[0], "churned"), lambda s: reg.logit(s, f"churned ~ minutes + {tens[0]}")),
        "ordinal of 4": ((*tens[:4], y), lambda s: reg.ordinal(s, f"{y} ~ {' + '.join(tens[:4])}")),
        "mixed by brand": (("brand", tens[0], y), lambda s: reg.mixed(s, f"{y} ~ {tens[0]}", by="brand")),
        "ridge": ((*tens, y), lambda s: reg.ridge(s, f"{y} ~ {' + '.join(tens)}")),
        "mediation": ((*tens[:2], y), lambda s: reg.mediation(
            s, outcome=y, treatment=tens[0], mediator=tens[1], draws=1000)),
        "bootstrap": (("recommend",), lambda s: cx.bootstrap(s, "recommend")),
        "bootstrap minutes": (("minutes",), lambda s: cx.bootstrap(s, "minutes")),
        "jackknife": (("recommend",), lambda s: reg.jackknife(s, "recommend")),
        "jackknife minutes": (("minutes",), lambda s: reg.jackknife(s, "minutes")),
        "permutation": (("recommend", "churned"), lambda s: reg.permutation(s, "recommend", by="churned")),
        "permutation minutes": (("minutes", "churned"), lambda s: reg.permutation(s, "minutes", by="churned")),
        "drivers": ((*tens, y), lambda s: cx.drivers(s, y)),
        "drivers johnson": ((*tens, y), lambda s: cx.drivers(s, y, method="johnson")),
        "drivers dominance": ((*tens, y), lambda s: cx.drivers(s, y, method="dominance")),
        "what_if": ((*tens, y), lambda s: imp.what_if(s, y)),
        "asymmetry": ((*tens, y), lambda s: imp.asymmetry(s, y)),
        "importance_performance": ((*tens, y), lambda s: imp.importance_performance(s, y)),
        "driver_segments": ((*tens, y, "segment"), lambda s: imp.driver_segments(s, "segment", outcome=y)),
        "driver_levels": ((*tens, y, "brand"), lambda s: imp.driver_levels(s, "brand", outcome=y)),
        "one_failure": ((*tens, y), lambda s: cx.one_failure(s, y)),
        "index": ((y, "recommend", *tens), lambda s: cx.index(s, model=model(cx))),
        "index_by": ((y, "recommend", *tens, "segment"), lambda s: cx.indices.index_by(s, "segment", model=model(cx))),
        "quality": ((*tens, y, "recommend"), cx.quality),
        "check": ((*tens, y, "recommend"), cx.check),
        "dose_response of a rating": (("queue", y), lambda s: jour.dose_response(s, dose="queue", outcome=y)),
        "dose_response of minutes": (("minutes", y), lambda s: jour.dose_response(s, dose="minutes", outcome=y)),
        "regression_to_mean": (("brand", "wave", y), jour.regression_to_mean),
        "rake and nps": (("segment", "recommend"), lambda s: cx.nps(cx.rake(s, targets))),
        "survival": (("months", "churned"), lambda s: cx.survival(s, time="months", event="churned")),
        "hazard": (("months", "churned", tens[0]), lambda s: cx.hazard(s, tens[0], time="months", event="churned")),
        "personas": (tens[:5], lambda s: cx.personas(s, list(tens[:5]), most=3)),
    }  # fmt: skip


def model(cx):
    """Return a small path model on the touchpoints."""
    says = {"Quality": DRIVERS[:5], "Care": DRIVERS[5:], "Satisfaction": ("satisfaction", "recommend")}
    paths = (("Quality", "Satisfaction"), ("Care", "Satisfaction"))
    return cx.indices.PathModel("m", says, paths, target="Satisfaction")


def write_data(path: Path, n: int) -> None:
    """Write the answers with weights, accounts of ten answers, strata, minutes, months and who left."""
    from cxlab.data.simulate import to_parquet

    world = {"brands": 200, "segments": 10, "waves": 12, "spread": 0.3, "halo": 0.5}
    raw = path.with_suffix(".raw")
    made = to_parquet(raw, n, seed=1, progress=False, drivers=dict.fromkeys(DRIVERS, 0.2), **world)
    made.table.query("rows", f"""
        copy (select *, .5 + (hash(respondent) % 1000) / 500.0 as weight, (respondent * 7919) % {n // 10} as account,
              ((respondent * 7919) % {n // 10}) % 20 as stratum, (hash(respondent + 7) % 1000000007) / 1e8 as minutes,
              (hash(respondent * 3) % 60)::tinyint as months,
              (hash(respondent * 5) % 100) < 40 - 6 * satisfaction as churned from rows)
        to '{path}' (format parquet)""")  # fmt: skip
    raw.unlink()


def study_of(path: Path, design: bool):
    """Return the study over the file, with or without weights, clusters and strata in its codebook."""
    import duckdb

    import cxlab as cx

    five, rating = cx.Scale(1, 5), cx.Scale(0, 10)
    role = (lambda r: r) if design else (lambda r: "")
    book = [
        cx.Field("brand", "Brand", "string", "brand"), cx.Field("segment", "Segment", "string", "segment"),
        cx.Field("wave", "Wave", "integer", "wave"), cx.Field("weight", "Weight", "number", role("weight")),
        cx.Field("account", "Account", "integer", role("cluster")),
        cx.Field("stratum", "Stratum", "integer", role("strata")),
        cx.Field("minutes", "Minutes", "number", "operation", "wait"), cx.Field("months", "Months", "integer"),
        cx.Field("churned", "Left", "boolean"),
        *(cx.Field(d, d.capitalize(), "integer", "touchpoint", scale=five) for d in DRIVERS),
        cx.Field("satisfaction", "Satisfaction", "integer", "outcome", "satisfaction", five),
        cx.Field("recommend", "Recommendation", "integer", "outcome", "recommendation", rating),
    ]  # fmt: skip
    duckdb.execute("set enable_progress_bar = false")
    return cx.Study(duckdb.read_parquet(str(path)), cx.Codebook("scale", tuple(book)))


def run(path: Path, name: str, design: bool) -> dict:
    """Return CPU seconds and peak memory of one call, and CPU seconds of reading its columns."""
    columns, call = calls()[name]
    study = study_of(path, design)
    own = (*columns, *(("weight", "account", "stratum") if design else ()))
    out = {"floor": floor_of(study, own)}
    start, wall = time.process_time(), time.perf_counter()
    try:
        call(study)
    except Exception as error:  # what a user would see is the outcome
        out["error"] = f"{type(error).__name__}: {error}"[:160]
    return out | {"cpu": time.process_time() - start, "wall": time.perf_counter() - wall, "mb": peak()}


def floor_of(study, columns: tuple[str, ...]) -> float:
    """Return the CPU seconds of reading columns: sums of numbers and lengths, which no file keeps beside them."""
    words = ("brand", "segment")
    sums = [f"sum({f'length({c})' if c in words else f'{c}::double'})" for c in dict.fromkeys(columns)]
    began = time.process_time()
    study.table.aggregate(", ".join(sums)).fetchall()
    return time.process_time() - began


def watched(path: Path, name: str, design: bool) -> dict:
    """Run one call in a process of its own and stop it at the limits."""
    clean = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    command = [sys.executable, "-m", "benchmarks.scale", "--worker", name, str(path), str(int(design))]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=clean)
    status, spent = Path(f"/proc/{child.pid}/status"), 0.0
    while child.poll() is None:
        time.sleep(0.1)
        try:
            mb = int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) / 1024
            ticks = status.with_name("stat").read_text().rpartition(")")[2].split()[11:13]
            spent = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        except (OSError, TypeError):
            continue
        if mb > MEGABYTES or spent > SECONDS:
            child.kill()
            child.wait()
            return {"error": f"over {MEGABYTES / 1000:g} GB" if mb > MEGABYTES else f"over {SECONDS} s"}
    lines = [line for line in child.stdout.read().splitlines() if line.startswith("RESULT ")]
    return json.loads(lines[-1][7:]) if lines else {"error": f"ended with {child.returncode}"}


def cell(found: dict | None) -> str:
    """Return one result as the table shows it.

    >>> cell({"cpu": 1.234, "mb": 180.4, "floor": 0.1}), cell({"error": "over 180 s"}), cell(None)
    ('1.2 s, 180 MB', 'over 180 s', '')
    """
    if found is None:
        return ""
    if "error" in found:
        return found["error"].replace("|", "/")[:70]
    return (
        f"{found['cpu']:.2g} s, {found['mb']:.0f} MB"
        if found["cpu"] < 10
        else f"{found['cpu']:.0f} s, {found['mb']:.0f} MB"
    )


def growth(found: dict[int, dict]) -> str:
    """Return the exponent b of time = a n**b between the smallest and the largest size."""
    good = sorted(n for n, f in found.items() if "cpu" in f and "error" not in f)
    if len(good) < 2:
        return ""
    a, b = found[good[0]]["cpu"], found[good[-1]]["cpu"]
    return f"{math.log(b / a) / math.log(good[-1] / good[0]):.2f}"


def table(known: dict) -> str:
    """Return the Markdown table of all that was measured."""
    sizes = sorted({int(n) for rows in known.values() for n in rows})
    head = ["function", *(f"{n / 1e6:g} M" for n in sizes), "growth", "times the floor"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, rows in known.items():
        found = {int(n): f for n, f in rows.items()}
        last = max((n for n, f in found.items() if "error" not in f), default=None)
        over = f"{found[last]['cpu'] / max(found[last]['floor'], 1e-3):.1f}" if last else ""
        lines.append(f"| {name} | {' | '.join(cell(found.get(n)) for n in sizes)} | {growth(found)} | {over} |")
    return "\n".join(lines)


def in_order(known: dict) -> dict:
    """Return the results in the order in which the functions are called, numbers rounded to what they can say."""
    names = [f"{name}{design}" for name in calls() for design in ("", ", design")]
    short = lambda f: {k: float(f"{v:.3g}") if isinstance(v, float) else v for k, v in f.items()}  # noqa: E731
    return {n: {size: short(f) for size, f in known[n].items()} for n in names if n in known}


def write(known: dict) -> None:
    """Put the table between its marks in the README of the benchmarks."""
    text = README.read_text(encoding="utf-8") if README.exists() else f"# Benchmarks\n\n{START}\n{END}\n"
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    limits = f"limits {SECONDS} CPU seconds and {MEGABYTES} MB"
    said = f"\n\nCPU seconds of all threads and peak memory of the process; {os.cpu_count()} cores, {limits}.\n\n"
    README.write_text(f"{before}{START}{said}{table(known)}\n\n{END}{after}", encoding="utf-8")


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--sizes", default="1,5", show_default=True, help="Millions of rows.")
@click.option("--design", type=click.Choice(["no", "yes", "both"]), default="both", show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where the data are kept between runs.")
@click.option(
    "--results", type=click.Path(path_type=Path), default=KNOWN, show_default=True, help="Earlier results to add to."
)
@click.option("--worker", nargs=3, hidden=True)
def main(names, sizes, design, folder, results, worker) -> None:
    if worker:
        name, path, designed = worker
        print("RESULT " + json.dumps(run(Path(path), name, designed == "1")), flush=True)
        return
    place = folder or Path(tempfile.mkdtemp(prefix="cxlab-scale-"))
    known = json.loads(results.read_text()) if results.exists() else {}
    try:
        for size in sizes.split(","):
            n = int(float(size) * 1e6)
            path = place / f"rows-{n}.parquet"
            if not path.exists():
                write_data(path, n)
            for name in names or calls():
                for designed in {"no": [0], "yes": [1], "both": [0, 1]}[design]:
                    found = watched(path, name, bool(designed))
                    known.setdefault(f"{name}{', design' if designed else ''}", {})[str(n)] = found
                    click.echo(f"{n:>12,} {name}{', design' if designed else ''}: {cell(found)}")
                    results.write_text(json.dumps(in_order(known), indent=1) + "\n")
        write(in_order(known))
    finally:
        if not folder:
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
