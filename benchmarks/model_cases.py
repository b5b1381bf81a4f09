"""How often intervals of models hold and words of models are wrong: the rest of the lines of `benchmarks.words`.

Own generators with known truth, as in `benchmarks.coverages`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

import cxlab as cx
from benchmarks.coverages import NPS_VALUES, Hits, Run, inside, study

BATCH = 250
"""So many data sets stand in one study, told apart by a column."""


def _batches(sets: int) -> list[int]:
    return [min(BATCH, sets - start) for start in range(0, sets, BATCH)]


def simple_nps(shares: Sequence[float], n: int) -> Run:
    """The NPS of a simple sample."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        t = pd.DataFrame({"rep": np.repeat(np.arange(sets), n), "ltr": rng.choice(NPS_VALUES, sets * n, p=shares)})
        found = cx.nps(study(t, {"ltr": "outcome", "rep": "segment"}), by="rep").table
        return inside(found, 100 * (shares[2] - shares[0]))

    return run


def clustered(shares: Sequence[float], clusters: int, icc: float, metric: str) -> Run:
    """NPS, CSAT or mean of clusters of unequal size (mean 15, coefficient of variation .6); each data set a stratum."""
    from scipy.special import ndtri

    cuts, values = ndtri(np.cumsum(shares)[:2]), {"nps": NPS_VALUES, "csat": np.array([2, 3, 5])}
    truth = {"nps": 100 * (shares[2] - shares[0]), "csat": shares[2], "mean": np.dot(shares, [2, 3, 5])}[metric]

    def run(rng: np.random.Generator, sets: int) -> Hits:
        size = np.maximum(rng.gamma(2.8, 15 / 2.8, sets * clusters).round().astype(int), 1)
        c = np.repeat(np.arange(sets * clusters), size)
        z = np.sqrt(icc) * rng.standard_normal(sets * clusters)[c] + np.sqrt(1 - icc) * rng.standard_normal(len(c))
        name = "ltr" if metric == "nps" else "sat"
        t = pd.DataFrame(
            {"c": c, "rep": c // clusters, name: values.get(metric, values["csat"])[np.searchsorted(cuts, z)]}
        )
        t["h"] = t["rep"]
        roles = {name: "outcome", "c": "cluster", "rep": "segment", "h": "strata"}
        s = study(t, roles, {"sat": (1, 5)})
        call = {
            "nps": cx.nps,
            "csat": lambda s, by: cx.csat(s, "sat", boxes=1, by=by),
            "mean": lambda s, by: cx.mean(s, "sat", by=by),
        }
        return inside(call[metric](s, by="rep").table, truth)

    return run


def two_groups(first: Sequence[float], other: Sequence[float], n: int, m: int) -> Run:
    """The difference of two NPS."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for k in _batches(sets):
            t = pd.DataFrame({"rep": np.repeat(np.arange(k), n + m), "g": np.tile(np.repeat([0, 1], [n, m]), k)})
            draws = [rng.choice(NPS_VALUES, len(t), p=p) for p in (first, other)]
            t["ltr"] = np.where(t["g"] == 0, *draws)
            s = study(t, {"ltr": "outcome", "rep": "segment", "g": "segment"})
            found = cx.compare(s, "nps", by=["rep", "g"], pairs="first", correction="none").table
            hits.append(inside(found, 100 * (other[2] - other[0] - first[2] + first[0])))
        return np.concatenate(hits)

    return run


def same_people(n: int, overlap: float, change: float = 0.0) -> Run:
    """The change between two waves that share people (correlation .6)."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        both = round(n * overlap)
        hits = []
        for k in _batches(sets):
            z = rng.standard_normal((2, k, n))
            z[1, :, :both] = 0.6 * z[0, :, :both] + 0.8 * z[1, :, :both]
            t = pd.DataFrame({"rep": np.tile(np.repeat(np.arange(k), n), 2), "w": np.repeat([1, 2], k * n)})
            who = np.tile(np.arange(n), (2, k, 1))
            who[1, :, both:] += n
            t["c"] = (who + 2 * n * np.arange(k)[None, :, None]).ravel()
            t["ltr"] = NPS_VALUES[np.searchsorted([-0.84, 0.0], (z + np.array([0, change])[:, None, None]).ravel())]
            s = study(t, {"ltr": "outcome", "rep": "segment", "w": "segment", "c": "cluster"})
            found = cx.compare(s, "nps", by=["rep", "w"], pairs="first", correction="none").table
            hits.append(inside(found, _net(change) - _net(0.0)))
        return np.concatenate(hits)

    return run


def _net(shift: float) -> float:
    from scipy.special import ndtr

    return float(100 * (1 - ndtr(-shift) - ndtr(-0.84 - shift)))


def equivalence(p: float, q: float, n: int) -> Run:
    """TOST at its bound: 1 where two shares that differ by just what matters are called equal."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for k in _batches(sets):
            t = pd.DataFrame({"rep": np.repeat(np.arange(k), 2 * n), "g": np.tile(np.repeat([0, 1], n), k)})
            t["sat"] = np.where(rng.random(len(t)) < np.where(t["g"] == 0, p, q), 5, 1)
            s = study(t, {"sat": "outcome", "rep": "segment", "g": "segment"}, {"sat": (1, 5)})
            found = cx.compare(
                s, "csat", by=["rep", "g"], of="sat", pairs="first", correction="none", smallest=abs(p - q)
            )
            hits.append((found.table["p_equivalent"] < 0.05).to_numpy(float))
        return np.concatenate(hits)

    return run


def detectable(groups: int = 10, n: int = 200) -> Run:
    """Whether a true difference of the size that the sentence names is called real (promised: 80 %)."""
    shares = (0.2, 0.3, 0.5)

    def run(rng: np.random.Generator, sets: int) -> Hits:
        t = pd.DataFrame({"g": np.repeat(np.arange(groups), n), "ltr": rng.choice(NPS_VALUES, groups * n, p=shares)})
        roles = {"ltr": "outcome", "g": "segment"}
        size = float(cx.compare(study(t, roles), "nps", by="g", pairs="all").table["detectable"].median()) / 200
        hits = []
        for r in range(sets):
            t["ltr"] = rng.choice(NPS_VALUES, len(t), p=shares)
            first, way = t["g"] == 0, size * (-1) ** r  # above and below: their spreads differ
            t.loc[first, "ltr"] = rng.choice(NPS_VALUES, first.sum(), p=(0.2 + way, 0.3, 0.5 - way))
            found = cx.compare(study(t, roles), "nps", by="g", pairs="all").table
            mine = found[(found["g"].astype(str) == "0") | (found["against"].astype(str) == "0")]
            hits.append(mine["verdict"].str.startswith("real").mean())
        return np.array(hits)

    return run


def best_of(peers: int, tau: float, se: float, least: float = 0.8) -> Run:
    """Stated minus right: "among the best 1 with a chance of", where at least ``least`` is said."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        off = []
        for _ in range(sets):
            truth = tau * rng.standard_normal(peers + 1)
            t = pd.DataFrame({"unit": [f"u{k}" for k in range(peers + 1)], "se": se, "segment": "hotels"})
            t["estimate"] = truth + se * rng.standard_normal(peers + 1)
            field = cx.leagues.peers(t, "u0", match=[])
            chance = cx.leagues.gap(field, top=1 / (peers + 1)).parts["chance"]
            off.append(chance - float(truth.argmax() == 0) if chance >= least else np.nan)
        return np.array(off)

    return run


def line_under_clusters(clusters: int, treated: int, each: int = 15, model: str = "ols") -> Run:
    """The effect of an arm given to whole clusters (ICC .2); the errors are those by default."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        c = np.repeat(np.arange(clusters), each)
        for _ in range(sets):
            t = pd.DataFrame({"c": c, "arm": (c < treated).astype(int), "x": rng.standard_normal(len(c))})
            t["y"] = (
                0.5 * rng.standard_normal(clusters)[c] + rng.standard_normal(len(c)) + 0.3 * t["arm"] + 0.2 * t["x"]
            )
            s = study(t, {"y": "outcome", "arm": "operation", "x": "touchpoint", "c": "cluster"})
            found = (cx.ols if model == "ols" else cx.regressions.mixed)(s, "y ~ arm + x").table.set_index("term")
            hits.append(inside(found.loc[["arm"]], 0.3))
        return np.concatenate(hits)

    return run


def lonely_domain(strata: int = 40) -> Run:
    """A slope in a domain that leaves most strata of two clusters with one (45 % of the clusters)."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        h, c = np.repeat(np.arange(strata), 16), np.repeat(np.arange(2 * strata), 8)
        for _ in range(sets):
            u = rng.standard_normal(2 * strata)[c]
            t = pd.DataFrame({"h": h, "c": c, "x": rng.standard_normal(len(c)) + 0.5 * u})
            t["dom"] = (rng.random(2 * strata) < 0.45)[c].astype(int)
            t["y"] = 0.6 * u + rng.standard_normal(len(c))
            roles = {"y": "outcome", "x": "touchpoint", "h": "strata", "c": "cluster", "dom": "segment"}
            found = cx.ols(study(t, roles).where(dom=1), "y ~ x").table.set_index("term")
            hits.append(inside(found.loc[["x"]], 0.24))  # cov(.6 u, x) / var(x) = .3 / 1.25
        return np.concatenate(hits)

    return run


def indirect(n: int) -> Run:
    """The indirect effect .2 = .4 x .5 of a mediation."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for seed in range(sets):
            x = rng.standard_normal(n)
            m = 0.4 * x + rng.standard_normal(n)
            t = pd.DataFrame({"x": x, "m": m, "y": 0.5 * m + 0.2 * x + rng.standard_normal(n)})
            s = study(t, dict.fromkeys(t, "outcome"))
            found = cx.regressions.mediation(s, outcome="y", treatment="x", mediator="m", draws=400, seed=seed).table
            hits.append(inside(found[found["term"].str.startswith("indirect")], 0.2))
        return np.concatenate(hits)

    return run


def null_driver(n: int = 300, real: int = 4, null: int = 3) -> Run:
    """1 for each driver without an effect that the table puts above its noise."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        p = real + null
        for _ in range(sets):
            x = rng.standard_normal((n, p))
            t = pd.DataFrame(x, columns=[f"x{k}" for k in range(p)]).assign(
                y=0.4 * x[:, :real].sum(1) + rng.standard_normal(n)
            )
            s = study(t, {"y": "outcome", **{f"x{k}": "touchpoint" for k in range(p)}})
            found = cx.drivers(s).table.set_index("driver")
            hits.append(found.loc[[f"x{k}" for k in range(real, p)], "above_noise"].to_numpy(float))
        return np.concatenate(hits)

    return run
