"""``python -m benchmarks.words [scale] [line]``: how often words and intervals are right, before and now (``make bench-words``).

Every line draws data of known truth with a seed of its own. ``before`` is what an outside referee measured on an
earlier version with generators of their own (cells as close as these come), so the two differ by more than chance alone.
The table is written to ``words.json`` beside this file and printed; the exit code is 1 if a line misses its goal by more
than chance explains and is not one of `SAID`.
"""

# ruff: noqa: E501 (a line of the table is a line)

from __future__ import annotations

import json
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from scipy.special import betaincinv

from benchmarks import coverages as c
from benchmarks import word_cases as w
from benchmarks.word_rows import MORE, Line

OUT = Path(__file__).with_suffix(".json")
SKEWED, MIDDLE, EVEN = (0.02, 0.08, 0.9), (0.05, 0.15, 0.8), (0.2, 0.3, 0.5)

SAID = {
    (
        "NPS holds",
        "(0.01, 0.01, 0.98), n 10",
    ): "ten answers of which nine in ten samples hold one value: no interval does better",
    (
        "nps under clusters holds",
        "(0.02, 0.08, 0.9), 20 clusters, ICC 0.5",
    ): "the line says that about 93 % hold the truth",
}
"""Lines that miss their goal, and what is said of them."""


COVERAGE = [
    Line("slopes by segment hold", "slopes .2 and .4, 150 answers each", "95", 80.0, 200, c.segment_slopes((0.2, 0.4), 150)),
    Line("slopes by segment hold", "slopes .2, .3, .4", "95", 79.6, 150, c.segment_slopes((0.2, 0.3, 0.4), 150)),
    Line("slopes by segment hold", "eight of sd .1, 100 answers each", "95", 80.2, 80, c.segment_slopes(8, 100)),
    Line("slopes by segment hold", "two equal slopes", "95", 90.0, 150, c.segment_slopes((0.3, 0.3), 150)),
    Line("a kink that is not there", "40 clusters of 10, ICC .3", "at most 5", 52.0, 200, c.no_kink()),
    Line("an index holds, where one is said", "Loyalty, two weak items, n 60", "95", 77.0, 120, c.weak_index("Loyalty", 60)),
    Line("an index holds, where one is said", "Quality, n 60", "95", 90.0, 120, c.weak_index("Quality", 60)),
    Line("R² holds", "nine null drivers, R² .1, n 200", "95", 46.0, 120, c.explained(10, 1, 0.1, 200)),
    Line("R² holds", "ten drivers, n 300", "95", 87.0, 80, c.explained(10, 5, 0.3, 300)),
    Line("R² holds", "five drivers, n 200", "95", 91.0, 120, c.explained(5, 5, 0.3, 200)),
    Line("rank sets hold at once", "5 equal drivers, 12 clusters of 20", "95", 83.0, 150, c.driver_ranks(12, 20, "sets", np.full(5, 0.3))),
    Line("shares hold", "12 clusters of 20", "95", None, 100, c.driver_ranks(12, 20, "shares")),
    Line("a wrongly decided pair", "5 equal drivers, 12 clusters of 20", "at most 5", 12.0, 150, c.driver_ranks(12, 20, "pairs", np.full(5, 0.3))),
    Line("shrunken units hold", "4 units, tau .3, n 60", "95", 87.3, 150, c.league_posterior(4, 0.3)),
    Line("shrunken units hold", "6 units, tau .2", "95", 90.9, 120, c.league_posterior(6, 0.2)),
    Line("shrunken units hold", "20 units, tau .2", "95", 93.0, 50, c.league_posterior(20, 0.2)),
    *(Line("NPS under lognormal weights holds", f"{s}, n {n}", "95", b, 3000, c.weighted_nps(s, n))
      for s, n, b in ((EVEN, 20, 91.0), (EVEN, 50, 93.0), (MIDDLE, 20, 89.0), (MIDDLE, 50, 91.0), (SKEWED, 50, 88.0),
                      (SKEWED, 200, 90.8), ((0.01, 0.01, 0.98), 200, 85.3))),
    *(Line("mean under lognormal weights holds", f"1 to 5, n {n}", "95", b, 3000, c.weighted_mean(n))
      for n, b in ((20, 86.1), (50, 90.2))),
    Line("quadrant: stated minus right", "stated .75 or more, n 237", "0", 15.0, 150, c.quadrants(237)),
]  # fmt: skip

WORDS = [
    *(Line("false 'real', two groups", f"{s}, {a} and {b} answers", "at most 5", was, 1000, w.one_comparison(s, a, b))
      for s, a, b, was in ((EVEN, 10, 200, 9.7), (MIDDLE, 10, 200, 13.0), (SKEWED, 10, 200, 34.7), (SKEWED, 300, 60, 8.0),
                           ((0.01, 0.01, 0.98), 10, 200, 36.3))),
    *(Line("false 'real' against a benchmark", f"{s}, {n} answers", "at most 5", was, 2000, w.a_benchmark(s, n))
      for s, n, was in ((EVEN, 10, 11.0), (EVEN, 30, 7.5), (SKEWED, 30, 12.3))),
    *(Line("any false 'real', 12 groups, Holm", f"{s}, {least} to 400 answers", "at most 5", was, 300, w.segments(s, least))
      for s, least, was in ((EVEN, 10, 15.3), (MIDDLE, 10, 38.0), (SKEWED, 10, 76.7), (SKEWED, 30, 32.7))),
    *(Line("any false 'real', 6 groups of clusters, Holm", f"{s}, {k} clusters each", "at most 5", None, 150,
           w.clustered_segments(s, k)) for s, k in ((EVEN, 5), (SKEWED, 10))),
    *(Line("any false 'real' on a scorecard page", f"{s}", "at most 10", was, 150, w.scorecard_page(s))
      for s, was in ((EVEN, 35.0), ((0.1, 0.25, 0.65), 48.0), (MIDDLE, 50.0))),
    Line("a touchpoint's change of 15 points is real", "Holm over the page, 5 %", "power", None, 150,
         w.scorecard_page(EVEN, "touchpoint", False, 0.15)),
    Line("a touchpoint's change of 15 points is real", "divided, 10 %", "power", None, 150,
         w.scorecard_page(EVEN, "touchpoint", True, 0.15)),
    Line("the first metric's change is real", "Holm over the page, 5 %", "power", None, 150,
         w.scorecard_page(EVEN, "metric", False, 0.36)),
    Line("the first metric's change is real", "divided, 10 %", "power", None, 150,
         w.scorecard_page(EVEN, "metric", True, 0.36)),
    Line("a pair of units 'differs for real', none does", f"{EVEN}, 12 to 400 answers", "at most 5", 11.0, 150,
         w.pairs_for_sure(EVEN, [12, 20, 40, 60, 100, 150, 250, 400])),
    Line("a pair of units 'differs for real', none does", f"{SKEWED}, 12 to 400 answers", "at most 5", 19.0, 150,
         w.pairs_for_sure(SKEWED, [12, 20, 40, 60, 100, 150, 250, 400])),
    Line("a pair of units 'differs for real', none does", "4 clusters a unit", "at most 5", 30.0, 150,
         w.pairs_for_sure(EVEN, [60] * 8, 4)),
    Line("linear drivers said to be lopsided", "mean 4.1 of 5, n 3,000", "few", 63.0, 40, w.linear_drivers(4.1, 3000)),
    Line("planned power", "NPS 75 falling by 20", "80", 66.0, 600, w.planned((0.05, 0.15, 0.8), 20)),
    Line("planned power", "NPS 75 falling by 10", "80", 71.0, 300, w.planned((0.05, 0.15, 0.8), 10)),
]  # fmt: skip


def measured(line: Line, sets: int) -> dict[str, object]:
    """Draw a line and return its row, in percent."""
    seed = zlib.crc32(f"{line.what} {'' if line.goal == 'power' else line.cell}".encode())  # the same pages for both
    start = time.perf_counter()
    hits = line.run(np.random.default_rng(seed), sets)
    cell, silent = line.cell, int(np.isnan(hits).sum())
    if silent:
        cell += f" (said in {1 - silent / len(hits):.0%})"
    hits = hits[np.isfinite(hits)]
    print(f"{line.what}, {line.cell}: {100 * hits.mean():.1f} ({time.perf_counter() - start:.0f} s)", file=sys.stderr)
    return {"what": line.what, "cell": cell, "goal": line.goal, "before": line.before,
            "now": round(100 * float(hits.mean()), 1), "error": round(100 * float(hits.std() / len(hits) ** 0.5), 1),
            "data sets": sets, "hits": int(hits.sum()) if np.isin(hits, (0, 1)).all() else None, "of": len(hits)}  # fmt: skip


def main(scale: str = "1", only: str = "") -> None:
    """Measure the lines that are not there yet or start with one of ``only`` ('a;b'); write `words.json`, print all."""
    old = json.loads(OUT.read_text(encoding="utf-8")) if only else []
    named = {(r["what"], r["cell"].partition(" (said")[0]): r for r in old}
    lines = {(line.what, line.cell): line for line in (*COVERAGE, *WORDS, *MORE)}
    for key, line in lines.items():
        if key not in named or any(line.what.startswith(start) for start in only.split(";")):
            named[key] = measured(line, max(int(line.sets * float(scale)), 20))
            rows = [named[k] for k in lines if k in named]  # what is measured stays, whatever comes after
            OUT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            OUT.with_suffix(".md").write_text(written(rows), encoding="utf-8")
    print(written([named[k] for k in lines]))
    if bad := misses([named[k] for k in lines]):
        sys.exit("\n".join(f"misses its goal: {what}, {cell}" for what, cell in bad))


def missed(row: dict) -> bool:
    """Whether a line misses its goal by more than chance explains (99.9 %, one side)."""
    goal, hits, n, now = row["goal"], row.get("hits"), row.get("of"), float(row["now"])
    low, high = now - 3 * row["error"], now + 3 * row["error"]
    if hits is not None and n == row["data sets"]:
        low = 100 * betaincinv(hits, n - hits + 1, 0.001) if hits else 0.0
        high = 100 * betaincinv(hits + 1, n - hits, 0.999) if hits < n else 100.0
    if goal.startswith("at most "):
        return bool(low > float(goal.removeprefix("at most ")))
    if goal == "0":
        return bool(low > 0)
    return goal in ("95", "80") and bool(high < float(goal))


def misses(rows: list[dict]) -> list[tuple[str, str]]:
    """The lines that miss their goal, and are not said to on the page itself."""
    keys = [(r["what"], r["cell"].partition(" (said")[0]) for r in rows if missed(r)]
    return [key for key in keys if key not in SAID]


def written(rows: list[dict]) -> str:
    """The table in Markdown."""
    said = f"# Words and intervals against known truth\n\n{__doc__.splitlines()[0].partition(': ')[2].capitalize()}\n"
    said += "In brackets: the binomial interval (95 %) of a rate of data sets; after ±: one standard error.\n"
    head = "| what | where | goal, % | before, % | now, % | data sets |\n|---|---|---|---|---|---|\n"
    lines = (
        f"| {r['what']} | {r['cell']} | {r['goal']} | {'' if r['before'] is None else r['before']} | "
        f"{r['now']} {_chance(r)} | {r['data sets']} |\n"
        for r in rows
    )
    return said + "\n" + head + "".join(lines)


def _chance(row: dict) -> str:
    """How far chance alone may have moved a rate: Clopper and Pearson's interval where each data set says yes or no."""
    n, k = row.get("of"), row.get("hits")
    if k is None or n != row["data sets"]:
        return f"± {row['error']}"
    low = betaincinv(k, n - k + 1, 0.025) if k else 0.0
    high = betaincinv(k + 1, n - k, 0.975) if k < n else 1.0
    return f"[{100 * low:.1f}, {100 * high:.1f}]"


if __name__ == "__main__":
    main(*sys.argv[1:3])
