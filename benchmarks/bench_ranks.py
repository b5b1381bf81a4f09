"""Rank confidence sets of 1,000 units with 1,000 draws, marginal and simultaneous, with stepdown (to reach: 5 s).

R's csranks (GPL) is not in the Debian archive; the peer is the formula written down plainly in NumPy, a draw at a time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job


def units(folder: Path, n: int) -> None:
    rng = np.random.default_rng(1)
    v = rng.uniform(0.03, 0.3, n)
    np.save(folder / "units.npy", np.stack([rng.standard_normal(n) + np.sqrt(v) * rng.standard_normal(n), v]))


def ours(kind: str):
    def setup(folder: Path, n: int):
        from cxlab.stats.units.ranks import rank_sets

        x, v = np.load(folder / "units.npy")

        def run():
            low, high = rank_sets(x, v, kind=kind)
            return {"width": (high - low).mean()}

        return run

    return setup


def plain(folder: Path, n: int):
    """Simultaneous sets with stepdown: the maximum over all open pairs, a draw at a time."""
    x, v = np.load(folder / "units.npy")

    def run():
        scale = np.sqrt(v[:, None] + v[None, :])
        t = (x[:, None] - x[None, :]) / scale
        above, found = np.zeros((n, n), bool), True
        while found:
            rng, largest = np.random.default_rng(2), np.empty(1000)
            for k in range(1000):
                z = np.sqrt(v) * rng.standard_normal(n)
                largest[k] = np.where(above, 0, (z[:, None] - z[None, :]) / scale).max()
            new = (t > np.quantile(largest, 0.95)) & ~above
            above, found = above | new, bool(new.any())
        return {"width": (n - above.sum(1) - 1 - above.sum(0)).mean()}

    return run


JOBS = [
    Job("ranks-simultaneous", "simultaneous rank sets of 1,000 units, stepdown", n=1000, data=units,
        own=ours("simultaneous"), peers={"plain NumPy": plain}, targets={"plain NumPy": 2}, tolerance=0.02),
    Job("ranks-marginal", "marginal rank sets of 1,000 units, stepdown", n=1000, data=units, own=ours("marginal")),
]  # fmt: skip
