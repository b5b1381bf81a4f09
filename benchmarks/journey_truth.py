"""``python -m benchmarks.journey_truth [scale [case]]``: how often what is said of journeys and alerts holds the truth.

Every line draws logs or customers of known truth with a seed of its own, and counts in how many data sets the interval
(95 %) of one number holds it, or a wrong thing is said. ``make bench-journeys`` writes the table to ``journeys.md``
beside this file, of one case only its lines; the exit code is 1 if a line misses its goal by more than chance explains.
"""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.linalg import expm
from scipy.stats import binomtest, norm

import cxlab as cx
from cxlab.data.simulate_events import DAYS

OUT = Path(__file__).with_name("journeys.md")
HOLDS, RARE = "95", "at most 5"
Hits = dict[tuple[str, str], bool]


@dataclass(frozen=True)
class Case:
    """One way to draw data: ``run`` gives, for a seed, what was right (or wrongly said) by (what, where)."""

    name: str
    goal: str
    sets: int
    run: Callable[[int], Hits]


def inside(row: pd.Series, truth: float, low: str = "low", high: str = "high") -> bool:
    """Whether an interval holds the truth."""
    return bool(row[low] <= truth <= row[high])


def steps(seed: int) -> Hits:
    """Shares of steps and reach of 300 journeys."""
    log = cx.simulate_events(300, seed=seed)
    out: Hits = {}
    found = cx.transitions(log, least_n=0).table.set_index(["from", "to"])
    truth = log.truth["steps"].set_index(["from", "to"])["share"]
    for a, b in (("order", "pay"), ("deliver", "support"), ("support", "ship"), ("pay", "cancelled")):
        out["share of a step", f"{a} to {b}, {truth[a, b]:.2f}"] = inside(found.loc[(a, b)], truth[a, b])
    reach = cx.journey(log, least_n=0).table.set_index("touchpoint")
    for e in ("pay", "support"):
        out["reach", f"{e}, {log.truth['reach'][e]:.2f}"] = inside(
            reach.loc[e], log.truth["reach"][e], "reach_low", "reach_high"
        )
    return out


def impacts(seed: int) -> Hits:
    """Severity of problems and what they make of the mean score, of 300 journeys; the rarest meets 22 of them."""
    log = cx.simulate_events(300, seed=seed)
    points = cx.pain_points(log, problems="problem", least_n=0).table.set_index("touchpoint")
    out: Hits = {}
    for row in log.truth["problems"].itertuples():
        found = points.loc[row.touchpoint]
        out["impact of a problem", f"{row.touchpoint}, {row.impact:.2f} points"] = inside(found, row.impact)
        out["severity of a problem", f"{row.touchpoint}, {row.severity:g} points"] = inside(
            found, row.severity, "severity_low", "severity_high"
        )
    return out


def ends(seed: int, *, censoring: float) -> Hits:
    """Shares that ended, of 300 journeys of which some are still under way."""
    names, at = ["completed", "cancelled"], [4.0, 8.0]
    log = cx.simulate_events(300, seed=seed, censoring=censoring)
    found = cx.drop_off(log, ends=names, at=at).table.set_index(["state", "at"])
    where = f"{censoring:.0%} under way"
    return {
        ("share ended", f"{e}, day {t:g}, {where}"): inside(found.loc[(e, t)], ended(e, t)) for e in names for t in at
    }


def ended(state: str, t: float) -> float:
    """The share in an end at ``t``: waits are exponential, so the journey is a Markov process."""
    first = cx.simulate_events(2, seed=0).truth["steps"]
    names = [*dict.fromkeys(first["from"]), "completed", "cancelled"]
    p = np.zeros((len(names), len(names)))
    for a, b, share in first.itertuples(index=False):
        p[names.index(a), names.index(b)] = share
    q = (p - np.diag(p.sum(1))) / DAYS
    return float(expm(q * t)[names.index("order"), names.index(state)])


EQUAL = {"pay": (0.2, 6.0), "ship": (0.2, 6.0), "deliver": (0.2, 6.0)}
ROUND = {"pay": {"ship": 1.0}, "ship": {"deliver": 1.0}, "deliver": {"done": 1.0}, "done": {}}
KIND = {"a": {"b": 0.8, "z": 0.2}, "b": {"b": 0.1, "c": 0.8, "z": 0.1}, "c": {"a": 0.2, "z": 0.8}, "z": {}}
OTHER = {"a": {"a": 0.7, "c": 0.1, "z": 0.2}, "b": {"a": 0.5, "z": 0.5}, "c": {"c": 0.6, "a": 0.2, "z": 0.2}, "z": {}}


def equal_problems(seed: int) -> Hits:
    """Three problems of the same impact: that one is surely first is wrong."""
    log = cx.simulate_events(400, seed=seed, touchpoints=ROUND, problems=EQUAL)
    first = cx.pain_points(log, problems="problem").table.iloc[0]
    return {("a first place said to be certain", "three problems of equal impact"): bool(first["rank_high"] == 1)}


def two_kinds(seed: int) -> Hits:
    """Two kinds of journeys, 65 and 35 percent."""
    first = cx.simulate_events(390, seed=seed, touchpoints=KIND)
    second = cx.simulate_events(210, seed=100_000 + seed, touchpoints=OTHER).to_pandas()
    both = pd.concat([first.to_pandas(), second.assign(case_id=second["case_id"] + 10_000)])
    row = cx.journey_types(cx.Study(both, first.codebook), k=2, draws=40).table.iloc[0]
    return {("share of a type", "two kinds, 65 of 100, n 600"): inside(row, 0.65)}


def one_kind(seed: int) -> Hits:
    """One kind: that there are more is wrong."""
    found = cx.journey_types(cx.simulate_events(300, seed=seed, touchpoints=KIND), most=3, draws=2)
    return {("more than one type is said", "one kind, n 300"): len(found.table) > 1}


VALUE, COST, SAVED = 300.0, 12.0, 0.15
POINTS = np.cumsum([0.02, 0.02, 0.03, 0.03, 0.04, 0.08, 0.08, 0.12, 0.18, 0.18])


def world(n: int, rng: np.random.Generator, *, spread: float = 1.1) -> pd.DataFrame:
    """Customers with a score of 0 to 10 and whether they left; with ``spread`` 0 the score tells nothing of it."""
    s = rng.standard_normal(n)
    seen = np.sqrt(0.7) * s + np.sqrt(0.3) * rng.standard_normal(n)
    left = rng.random(n) < 1 / (1 + np.exp(2.2 + spread * s))
    return pd.DataFrame({"ltr": np.searchsorted(norm.ppf(POINTS), seen), "left": left.astype(int)})


def net(cut: int, spread: float = 1.1) -> float:
    """The true net per 1,000 of a cut: the risk of each latent satisfaction, over its distribution."""
    s = np.linspace(-8, 8, 20_001)
    risk, f = 1 / (1 + np.exp(2.2 + spread * s)), norm.pdf(s)
    called = norm.cdf((norm.ppf(POINTS)[cut] - np.sqrt(0.7) * s) / np.sqrt(0.3))
    return float(1000 * np.trapezoid(called * (risk * SAVED * VALUE - COST) * f, s))


def nets(seed: int, *, n: int) -> Hits:
    """What each cut of alerts earns."""
    rows = policy(world(n, np.random.default_rng(seed))).set_index("cut")
    return {
        ("net of a cut", f"≤ {k}, {net(k):.0f} per 1,000, n {n:,}"): inside(rows.loc[f"≤ {k}"], net(k))
        for k in (1, 3, 6)
        if f"≤ {k}" in rows.index
    }


def no_gain(seed: int) -> Hits:
    """The score tells nothing, and a call costs as much as it saves: that any cut pays is wrong."""
    flat = float(1 / (1 + np.exp(2.2)))
    table = policy(world(2_000, np.random.default_rng(seed), spread=0.0), cost=flat * SAVED * VALUE)
    return {("a cut is said to pay", "none does"): bool((table["verdict"] == "pays").any())}


def policy(table: pd.DataFrame, cost: float = COST) -> pd.DataFrame:
    """The table of `cx.loops.alert_policy` in the world above."""
    study = cx.load(table).set("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    return cx.loops.alert_policy(study, "left", value=VALUE, cost=cost, saved=SAVED).table


def tickets(seed: int) -> Hits:
    """Times to close are exponential, mean 4 days, and the log ends while some are open."""
    rng = np.random.default_rng(seed)
    n, begin = 200, pd.Timestamp("2025-01-01")
    opened = rng.uniform(0, 14, n)
    closed = opened + rng.exponential(4, n)
    rows = [(k, "open", opened[k]) for k in range(n)] + [(k, "closed", closed[k]) for k in range(n) if closed[k] < 14]
    rows.append((n, "open", 14.0))
    log = pd.DataFrame(rows, columns=["ticket", "what", "at"])
    log["at"] = begin + pd.to_timedelta(log["at"], unit="D")
    study = cx.load(log)
    for column, role in {"ticket": "case", "what": "event", "at": "time"}.items():
        study = study.set(column, role=role)
    row = cx.closing(study, ends="closed", due=3).table.iloc[0]
    return {
        ("time to close", "median, 200 tickets of a log"): inside(row, 4 * np.log(2)),
        ("time to close", "share closed in 3 days"): inside(row, 1 - np.exp(-3 / 4), "within_low", "within_high"),
    }


CASES = (
    Case("steps", HOLDS, 120, steps),
    Case("impacts", HOLDS, 800, impacts),
    Case("ends, none under way", HOLDS, 100, lambda s: ends(s, censoring=0.0)),
    Case("ends", HOLDS, 120, lambda s: ends(s, censoring=0.3)),
    Case("equal problems", RARE, 120, equal_problems),
    Case("two kinds", HOLDS, 60, two_kinds),
    Case("one kind", RARE, 40, one_kind),
    Case("nets", HOLDS, 160, lambda s: nets(s, n=1_500)),
    Case("no gain", RARE, 120, no_gain),
    Case("tickets", HOLDS, 120, tickets),
)


def measured(case: Case, sets: int) -> list[dict[str, object]]:
    """The rows of a case, each with its rate in percent and the binomial interval of it."""
    begin = zlib.crc32(case.name.encode()) % 1_000_000
    start = time.process_time()
    found = [case.run(begin + k) for k in range(sets)]
    print(f"{case.name}: {time.process_time() - start:.0f} CPU-s", file=sys.stderr)
    out = []
    for what, where in dict.fromkeys(k for hits in found for k in hits):
        hits = [h[what, where] for h in found if (what, where) in h]
        rate = binomtest(sum(hits), len(hits)).proportion_ci(0.95, "exact")
        out.append({"what": what, "where": where, "goal": case.goal, "rate": sum(hits) / len(hits), "low": rate.low,
                    "high": rate.high, "of": len(hits), "missed": missed(sum(hits), len(hits), case.goal)})  # fmt: skip
    return out


def missed(k: int, n: int, goal: str) -> bool:
    """Whether a rate is off its goal by more than chance explains (one in a thousand)."""
    side = "less" if goal == HOLDS else "greater"
    return bool(binomtest(k, n, 0.95 if goal == HOLDS else 0.05, alternative=side).pvalue < 1e-3)


def table(rows: list[dict[str, object]]) -> str:
    """The rows as a page."""
    lines = [
        "# Journeys and the closed loop against known truth\n",
        "How often intervals (95 %) hold the truth and how often a wrong thing is said (`make bench-journeys`).",
        "In brackets: the binomial interval (95 %) of the rate over the data sets.\n",
        "| what | where | goal, % | measured, % | data sets |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for r in rows:
        shown = f"{100 * r['rate']:.1f} [{100 * r['low']:.1f}, {100 * r['high']:.1f}]"
        lines.append(f"| {r['what']} | {r['where']} | {r['goal']} | {shown} | {r['of']} |")
    return "\n".join(lines) + "\n"


def put(text: str, rows: list[dict[str, object]]) -> str:
    """Return the page with the lines of ``rows`` in place of the old ones, and new ones below."""
    lines = text.splitlines()
    for new in table(rows).splitlines()[7:]:
        begin = new.split(" | ")[:2]
        old = [i for i, line in enumerate(lines) if line.split(" | ")[:2] == begin]
        lines[old[0] if old else len(lines) : old[0] + 1 if old else len(lines)] = [new]
    return "\n".join(lines) + "\n"


def main(scale: str = "1", only: str = "") -> None:
    """Measure every case, or one; write `journeys.md` and print it."""
    chosen = [case for case in CASES if only in ("", case.name)]
    rows = [row for case in chosen for row in measured(case, max(int(case.sets * float(scale)), 8))]
    text = put(OUT.read_text(encoding="utf-8"), rows) if only else table(rows)
    if float(scale) >= 1:
        OUT.write_text(text, encoding="utf-8")
    print(text)
    bad = [r for r in rows if r["missed"]]
    for r in bad:
        print(f"missed: {r['what']}, {r['where']}", file=sys.stderr)
    raise SystemExit(bool(bad))


if __name__ == "__main__":
    main(*sys.argv[1:])
