"""From runs to the table and the pictures in ``reports/benchmarks``."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import Job

KEYS = ["job", "n", "contender"]


def row(job: Job, n: int, runs: Mapping[str, list[dict]], numbers: Mapping[str, Mapping[str, Any]]) -> dict:
    """Return one job's outcome: a line for each contender, with ratios to our own code turn by turn."""
    own = [r for r in runs["cxlab"] if "seconds" in r]
    lines = []
    for who, past in runs.items():
        good = [r for r in past if "seconds" in r]
        line = {"job": job.name, "what": job.what, "n": n, "contender": who, "series": job.series, "turns": len(good)}
        if not good:
            lines.append(line | {"remark": past[-1].get("skipped", "did not run") if past else "did not run"})
            continue
        seconds = [r["seconds"] for r in good]
        noise = [r["noise"] for r in good]
        line |= {"seconds": float(np.median(seconds)), "first_call": good[0]["first"]}
        line |= {"cpu": float(np.median([r["cpu"] for r in good])), "compared": "cpu" if job.cpu else "seconds"}
        line |= {"mb": float(np.median([r["mb"] for r in good])), "spread": max(seconds) / min(seconds)}
        line |= {"noise": max(noise) / min(noise)}
        if who != "cxlab" and own:
            line |= compare(job, who, own, good, numbers)
        elif own:
            line["verdict"] = limit(job, line["mb"])
        lines.append(line)
    return {"lines": lines}


def limit(job: Job, mb: float) -> str:
    """Return whether our own peak memory is within the limit in MB, if the job has one."""
    return (
        ""
        if "" not in job.memory
        else f"{'reached' if mb <= job.memory[''] else 'MISSED'}: at most {job.memory['']:g} MB"
    )


def compare(job: Job, who: str, own: list[dict], peer: list[dict], numbers: Mapping[str, Mapping[str, Any]]) -> dict:
    """Return ratio, share of memory, agreement and verdict of our own code against one contender."""
    time = "cpu" if job.cpu else "seconds"
    ratios = [p[time] / o[time] for p, o in zip(peer, own, strict=False)]
    ratio = float(np.median(ratios))
    memory = float(np.median([o["mb"] for o in own]) / np.median([p["mb"] for p in peer]))
    said = []
    if who in job.targets:
        goal = job.targets[who]
        met = 1 / ratio <= goal if who == "floor" else ratio >= goal
        said.append(f"{'reached' if met else 'MISSED'}: {'at most' if who == 'floor' else 'at least'} {goal:g} ×")
    if who in job.memory:
        said.append(f"{'reached' if memory <= job.memory[who] else 'MISSED'}: memory at most {job.memory[who]:g} ×")
    off = agreement(job, numbers.get("cxlab", {}), numbers.get(who, {}))
    if not math.isnan(off) and off > job.tolerance:
        said.append(f"DIFFERS: {off:.1e} > {job.tolerance:g}")
    return {"ratio": ratio, "memory_share": memory, "difference": off, "verdict": "; ".join(said)}


def agreement(job: Job, own: Mapping[str, Any], peer: Mapping[str, Any]) -> float:
    """Return the largest difference over the keys both report, relative to the largest number under the key."""
    if not own or not peer:
        return math.nan
    both = [k for k in own if k in peer]
    if both and job.agree:
        return float(job.agree(own, peer))
    return max(
        (float(np.max(np.abs(own[k] - peer[k])) / max(np.max(np.abs(peer[k])), 1e-300)) for k in both), default=math.nan
    )


def machine() -> str:
    """Return one line about where this was measured."""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def write(rows: list[dict], out: Path) -> str:
    """Write CSV, Markdown and pictures (rows of earlier runs stay unless measured anew) and return the Markdown."""
    out.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame([line | {"scale": r["scale"]} for r in rows for line in r["lines"]])
    if (out / "benchmarks.csv").exists():
        old = pd.read_csv(out / "benchmarks.csv")
        table = pd.concat([old[~old["job"].isin(table["job"])], table], ignore_index=True)
    for name in (
        "seconds",
        "cpu",
        "compared",
        "mb",
        "ratio",
        "memory_share",
        "difference",
        "verdict",
        "remark",
        "spread",
        "noise",
    ):
        table[name] = table.get(name)
    table.to_csv(out / "benchmarks.csv", index=False)
    text = markdown(table)
    (out / "benchmarks.md").write_text(text, encoding="utf-8")
    pictures(table, out)
    return text


def markdown(table: pd.DataFrame) -> str:
    """Return the table as Markdown, one line a contender, our own first."""
    head = (
        "| job | contender | time | CPU | ratio | peak memory | difference | noise | verdict |\n" + "|---" * 9 + "|\n"
    )
    lines = []
    for r in table.to_dict("records"):
        first = r["what"] if r["contender"] == "cxlab" else ""
        if pd.isna(r["seconds"]):
            lines.append(f"| {first} | {r['contender']} | not run: {r['remark']} | | | | | | |")
            continue
        ratio = "" if pd.isna(r["ratio"]) else f"{r['ratio']:,.3g} ×{' CPU' * (r['compared'] == 'cpu')}"
        off = "" if pd.isna(r["difference"]) else f"{r['difference']:.1e}"
        verdict = "" if pd.isna(r["verdict"]) else r["verdict"]
        cells = (
            first,
            r["contender"],
            clock(r["seconds"]),
            "" if pd.isna(r["cpu"]) else clock(r["cpu"]),
            ratio,
            f"{r['mb']:,.0f} MB",
            off,
            f"{r['noise']:.2f}",
            verdict,
        )
        lines.append(f"| {' | '.join(cells)} |")
    scaled = sorted({s for s in table["scale"] if s != 1})
    note = (
        f"\nRows run at a scale other than 1: {', '.join(f'{s:g}' for s in scaled)}; targets hold at 1.\n"
        if scaled
        else ""
    )
    said = (
        "Ratio: the contender's time over ours, median over turns (floor 0.8: we take 1.25 × the floor); of rows\n"
        "that say CPU it is of the CPU seconds of all threads, which other work on the machine changes least.\n"
        "Memory: peak of the whole process. Noise: slowest over fastest run of one fixed piece of work.\n"
    )
    return f"# Benchmarks\n\n{machine()}. {said}\n{head}" + "\n".join(lines) + "\n" + note


def clock(seconds: float) -> str:
    """Return seconds as people read them.

    >>> clock(0.0012), clock(0.25), clock(68.5)
    ('1.2 ms', '250 ms', '68.5 s')
    """
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def pictures(table: pd.DataFrame, out: Path) -> None:
    """Draw how many times faster, how much memory, and time over rows for every series."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    peers = table[table["ratio"].notna() & (table["contender"] != "floor")]
    for name, column, title in (
        ("speed", "ratio", "times faster than the peer"),
        ("memory", "memory_share", "share of the peer's peak memory"),
    ):
        if len(peers):
            _bars(plt, peers, column, title, out / f"{name}.png")
    for name, part in table[table["series"].notna() & (table["series"] != "") & table["seconds"].notna()].groupby(
        "series"
    ):
        _lines(plt, part, out / f"series-{name}.png")


def _bars(plt, peers: pd.DataFrame, column: str, title: str, path: Path) -> None:
    _, ax = plt.subplots(figsize=(8, 0.9 + 0.32 * len(peers)), layout="constrained")
    labels = [f"{j} / {c}" for j, c in zip(peers["job"], peers["contender"], strict=True)]
    y = np.arange(len(peers))[::-1]
    ax.barh(y, peers[column] - 1, left=1, color="#0072b2", height=0.6)
    for yi, v in zip(y, peers[column], strict=True):
        ax.annotate(f"{v:,.3g} ×", (v, yi), xytext=(4 if v >= 1 else -4, 0), textcoords="offset points", va="center",
                    ha="left" if v >= 1 else "right", fontsize=8)  # fmt: skip
    ax.set_yticks(y, labels, fontsize=8)
    ax.set_xscale("log")
    ax.axvline(1, color="#5b6875", linewidth=0.8)
    ax.margins(x=0.15)
    ax.set_xlabel(title)
    ax.spines[["top", "right", "left"]].set_visible(False)
    plt.gcf().savefig(path, dpi=110)
    plt.close()


def _lines(plt, part: pd.DataFrame, path: Path) -> None:
    _, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for ax, column, said in ((axes[0], "seconds", "seconds"), (axes[1], "mb", "peak memory, MB")):
        for colour, (who, line) in zip(
            ("#0072b2", "#d55e00", "#009e73", "#cc79a7"), part.groupby("contender"), strict=False
        ):
            line = line.sort_values("n")
            ax.plot(line["n"], line[column], marker="o", color=colour)
            ax.annotate(
                who,
                (line["n"].iloc[-1], line[column].iloc[-1]),
                xytext=(5, 0),
                textcoords="offset points",
                color=colour,
            )
        ax.set_xscale("log")
        ax.set_xlabel("rows")
        ax.set_title(said, loc="left", fontsize=10)
        ax.spines[["top", "right"]].set_visible(False)
        ax.margins(x=0.2)
    axes[0].set_yscale("log")
    axes[1].set_ylim(0)
    plt.gcf().savefig(path, dpi=110)
    plt.close()
