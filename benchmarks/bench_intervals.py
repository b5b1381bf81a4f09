"""Closed-form score intervals of 24,000 cells against solving the same equation numerically."""

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
    from cxlab.stats import nps, proportions

    d, p, r = np.load(folder / "cells.npy").T

    def run():
        low, high = nps.score(d, p, r)
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


JOBS = [
    Job(
        "intervals",
        "score and Wilson intervals of 24,000 cells after counting (to reach: 10 ms)",
        n=24_000,
        data=cells,
        own=own,
        peers={"brentq": brentq, "bisection": bisection, "bootstrap": bootstrap},
        targets={"brentq": 100, "bisection": 10},
        tolerance=1e-8,
    )
]
