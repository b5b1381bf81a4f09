"""Shares of R²: LMG exact and sampled, with bootstrap, beside pingouin and brute force.

pingouin (GPL) is no dependency; it is compared where it can be imported, e.g. with
``pip install --no-deps --target /tmp/peers pingouin pandas-flavor xarray tabulate`` and ``PYTHONPATH=/tmp/peers``.
R's relaimpo is not in the Debian archive, so it is not run here. Differences are absolute, at most 1e-12.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job

REPLICATES = 1000


def made(p: int, load: float = 1.0, noise: float = 3.0):
    """Return the function that writes n answers to p drivers with a common impression, and an outcome."""

    def data(folder: Path, n: int) -> None:
        rng = np.random.default_rng(1)
        X = rng.standard_normal((n, p)) + load * rng.standard_normal((n, 1))
        y = X @ rng.uniform(0, 0.3, p) + noise * rng.standard_normal(n)
        np.save(folder / "answers.npy", np.column_stack([X, y]))

    return data


def difference(own, peer) -> float:
    """Return the largest absolute difference of the shares."""
    return float(np.abs(own["shares"] - peer["shares"]).max())


def correlation(Z: np.ndarray) -> np.ndarray:
    """Return the correlations from one matrix product."""
    mean = Z.mean(axis=0)
    S = Z.T @ Z / len(Z) - np.outer(mean, mean)
    sd = np.sqrt(np.diag(S))
    return S / sd / sd[:, None]


def exact(folder: Path, n: int):
    from cxlab.stats.importance.shapley import lmg

    Z = np.load(folder / "answers.npy")
    return lambda: {"shares": lmg(correlation(Z))}


def after_the_scan(folder: Path, n: int):
    from cxlab.stats.importance.shapley import lmg

    R = correlation(np.load(folder / "answers.npy"))
    return lambda: {"shares": lmg(R)}


def scan(folder: Path, n: int):
    Z = np.load(folder / "answers.npy")
    return lambda: {"sum": correlation(Z).sum()}


def pingouin(folder: Path, n: int):
    import pingouin

    Z = np.load(folder / "answers.npy")
    fit = lambda: pingouin.linear_regression(Z[:, :-1], Z[:, -1], relimp=True)  # noqa: E731
    return lambda: {"shares": fit()["relimp"].to_numpy()[1:]}


def brute(folder: Path, n: int):
    """The definition: every subset by its own solve."""
    from cxlab.stats.importance.shapley import shapley_weights

    Z = np.load(folder / "answers.npy")

    def shares():
        R = correlation(Z)
        p = len(R) - 1
        r2 = np.zeros(2**p)
        for s in range(1, 2**p):
            S = [j for j in range(p) if s >> j & 1]
            r2[s] = R[S, p] @ np.linalg.solve(R[np.ix_(S, S)], R[S, p])
        w, size = shapley_weights(p), np.array([s.bit_count() for s in range(2**p)])
        without = [np.flatnonzero(np.arange(2**p) >> j & 1 == 0) for j in range(p)]
        return {"shares": np.array([w[size[s]] @ (r2[s + (1 << j)] - r2[s]) for j, s in enumerate(without)])}

    return shares


def bootstrap(folder: Path, n: int):
    """As `cx.drivers` does: moments by replicate group, then every replicate exactly."""
    from cxlab.stats.counts import replicates
    from cxlab.stats.importance.shapley import lmg

    Z = np.load(folder / "answers.npy")

    def shares():
        groups = replicates.replicate_groups(None, None, n)
        moments = replicates.group_moments(Z, np.ones(n), groups)
        weights = replicates.resampling_weights(groups.stratum, REPLICATES, 1)
        draws = lmg(moments.combined(weights).correlation().astype(np.float32))
        return {"se": draws.std(axis=0, ddof=1)}

    return shares


def pingouin_bootstrap(folder: Path, n: int):
    import pingouin

    Z = np.load(folder / "answers.npy")

    def shares():
        rng, draws = np.random.default_rng(1), []
        for _ in range(REPLICATES):
            some = Z[rng.integers(0, n, n)]
            draws.append(pingouin.linear_regression(some[:, :-1], some[:, -1], relimp=True)["relimp"].to_numpy()[1:])
        return {"se": np.std(draws, axis=0, ddof=1)}

    return shares


def sampled(folder: Path, n: int):
    from cxlab.stats.importance.shapley import lmg_sampled, orders

    Z = np.load(folder / "answers.npy")

    def shares():
        found, se = lmg_sampled(correlation(Z), orders(Z.shape[1] - 1, 10_000, 1))
        return {"shares": found, "largest_standard_error": se.max()}

    return shares


def johnson(folder: Path, n: int):
    from cxlab.stats.counts import replicates
    from cxlab.stats.importance.relative_weights import relative_weights

    Z = np.load(folder / "answers.npy")
    groups = replicates.replicate_groups(None, None, n)
    moments = replicates.group_moments(Z, np.ones(n), groups)

    def weights():
        drawn = replicates.resampling_weights(groups.stratum, REPLICATES, 1)
        return {"se": relative_weights(moments.combined(drawn).correlation()).std(axis=0, ddof=1)}

    return weights


def whole(folder: Path, n: int):
    """The public call: data frame in; shares, intervals, ranks, pairs, noise floor out."""
    import pandas as pd

    import cxlab as cx

    Z = np.load(folder / "answers.npy")
    names = [f"x{j}" for j in range(Z.shape[1] - 1)]
    fields = (*(cx.Field(k, role="touchpoint") for k in names), cx.Field("y", role="outcome"))
    study = cx.Study(pd.DataFrame(Z, columns=[*names, "y"]), cx.Codebook("bench", fields))
    return lambda: {"shares": cx.drivers(study).table.set_index("driver").estimate[names].to_numpy()}


def lmg_job(p: int, ratio: float, peers: dict, turns: int = 3) -> Job:
    return Job(
        f"lmg-{p}", f"LMG of {p} drivers, n = 10,000", n=10_000, data=made(p), own=exact, peers=peers,
        targets={"pingouin": ratio}, tolerance=1e-12, agree=difference, turns=turns,
    )  # fmt: skip


MILLION = 1_000_000
JOBS = [
    lmg_job(12, 100, {"pingouin": pingouin, "brute force": brute}),
    lmg_job(15, 300, {"pingouin": pingouin, "brute force": brute}),
    lmg_job(20, 1000, {"pingouin": pingouin}, turns=3),
    Job("lmg-20-million", "LMG of 20 drivers, n = 1 M, after the scan (to reach: .1 s); floor: the scan",
        n=MILLION, data=made(20), own=after_the_scan, floor=scan),
    Job("lmg-bootstrap-8", "LMG of 8 drivers with 1,000 bootstraps, n = 10,000", n=10_000, data=made(8), own=bootstrap,
        peers={"pingouin": pingouin_bootstrap}, targets={"pingouin": 100}, tolerance=0.2, turns=1),
    Job("lmg-bootstrap-15-million", "LMG of 15 drivers with 1,000 bootstraps, n = 1 M (to reach: 1 s); floor: the scan",
        n=MILLION, data=made(15), own=bootstrap, floor=scan),
    Job("lmg-40-sampled", "LMG of 40 drivers, 10,000 sampled orders (to reach: .5 s, standard error 3e-4)",
        n=10_000, data=made(40, 0.7, 6.0), own=sampled),
    Job("johnson-20", "Johnson's weights of 20 drivers, 1,000 bootstraps after the scan", n=10_000, data=made(20),
        own=johnson),
    Job("drivers-8", "cx.drivers on 8 touchpoints, n = 10,000: everything", n=10_000, data=made(8), own=whole),
]  # fmt: skip
