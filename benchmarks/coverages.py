"""How often intervals hold the truth: own generators with known truth, every line of the table in `benchmarks.words`.

A line is drawn ``sets`` times and returns one 0 or 1 (or several, of one data set) each time; nominal is 95 %.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import cxlab as cx

Hits = NDArray[np.float64]
Run = Callable[[np.random.Generator, int], Hits]
NPS_VALUES = np.array([3, 8, 10])


def study(table: pd.DataFrame, roles: Mapping[str, str], scales: Mapping[str, tuple[int, int]] = {}) -> cx.Study:
    """A study of made columns; a column called ltr is the recommendation from 0 to 10."""
    fields = []
    for name, role in roles.items():
        numeric = pd.api.types.is_numeric_dtype(table[name])
        scale = (0, 10) if name == "ltr" else scales.get(name)
        measure = "recommendation" if name == "ltr" else "satisfaction" if role == "outcome" and scale else ""
        kind = ("integer" if pd.api.types.is_integer_dtype(table[name]) else "number") if numeric else "string"
        fields.append(cx.Field(name, type=kind, role=role, measure=measure, scale=cx.Scale(*scale) if scale else None))
    return cx.Study(table, cx.Codebook("made", tuple(fields)))


def inside(table: pd.DataFrame, truth: object) -> Hits:
    """Whether each interval of a table holds the truth."""
    return ((table["low"] <= truth) & (table["high"] >= truth)).to_numpy(float)


def segment_slopes(slopes: tuple[float, ...] | int, each: int) -> Run:
    """Intervals of `driver_segments` for one driver's slope in each segment; a number: segments of slopes N(.3, .1)."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for _ in range(sets):
            b = 0.3 + 0.1 * rng.standard_normal(slopes) if isinstance(slopes, int) else np.array(slopes)
            k = np.repeat(np.arange(len(b)), each)
            t = pd.DataFrame({"x": rng.standard_normal(len(k)), "x2": rng.standard_normal(len(k)), "g": k})
            t["y"] = b[k] * t["x"] + rng.standard_normal(len(k))
            s = study(t, {"y": "outcome", "x": "touchpoint", "x2": "touchpoint", "g": "segment"})
            found = cx.importance.driver_segments(s, "g", outcome="y").table
            hits.append(inside(found[found["driver"] == "x"].sort_values("g"), b))
        return np.concatenate(hits)

    return run


def no_kink(clusters: int = 40, each: int = 10, icc: float = 0.3) -> Run:
    """1 where `dose_response` calls a kink that is not there; doses by cluster."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        found = np.empty(sets)
        c = np.repeat(np.arange(clusters), each)
        for r in range(sets):
            z = np.sqrt(icc) * rng.standard_normal(clusters)[c] + np.sqrt(1 - icc) * rng.standard_normal(len(c))
            dose = np.exp(3 + rng.standard_normal(clusters))[c].round(1)
            t = pd.DataFrame({"y": np.clip(np.round(6 + 2 * z), 0, 10).astype(int), "x": dose, "c": c})
            s = study(t, {"y": "outcome", "x": "operation", "c": "cluster"}, {"y": (0, 10)})
            found[r] = cx.journeys.dose_response(s, "y", dose="x").parts["kink"]["p"] < 0.05
        return found

    return run


INDEX_BLOCKS = {"Quality": (0.8, 0.75, 0.7), "Satisfaction": (0.85, 0.8, 0.75), "Loyalty": (0.65, 0.45)}
"""Loadings of the items; Loyalty has two, and weak ones."""


def path_study(rng: np.random.Generator, n: int) -> cx.Study:
    quality = rng.standard_normal(n)
    satisfaction = 0.7 * quality + np.sqrt(1 - 0.49) * rng.standard_normal(n)
    loyalty = 0.6 * satisfaction + 0.8 * rng.standard_normal(n)
    columns = {}
    for (name, loadings), z in zip(INDEX_BLOCKS.items(), (quality, satisfaction, loyalty), strict=True):
        for j, a in enumerate(loadings):
            answer = 6.8 - 0.4 * j + 2.0 * (a * z + np.sqrt(1 - a * a) * rng.standard_normal(n))
            columns[f"{name[0].lower()}{j}"] = np.clip(np.round(answer), 1, 10).astype(int)
    return study(pd.DataFrame(columns), dict.fromkeys(columns, "outcome"), dict.fromkeys(columns, (1, 10)))


def path_model() -> cx.indices.PathModel:
    """Quality explains satisfaction, and that loyalty."""
    blocks = [f"{n} =~ " + " + ".join(f"{n[0].lower()}{j}" for j in range(len(a))) for n, a in INDEX_BLOCKS.items()]
    return cx.indices.path_model("\n".join([*blocks, "Satisfaction ~ Quality", "Loyalty ~ Satisfaction"]))


def _path_index(data: cx.Study, draws: int) -> pd.DataFrame:
    return cx.index(data, model=path_model(), draws=draws).table.set_index("construct")


@cache
def _index_truth() -> pd.Series:
    return _path_index(path_study(np.random.default_rng(99), 200_000), 2)["estimate"]


def weak_index(construct: str, n: int) -> Run:
    """The interval of a construct's index, the truth from 200,000 answers; nan where the result refuses to say one."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        truth, hits = _index_truth()[construct], []
        for _ in range(sets):
            row = _path_index(path_study(rng, n), 400).loc[construct]
            said = np.isfinite([row["estimate"], row["low"], row["high"]]).all()
            hits.append(float(row["low"] <= truth <= row["high"]) if said else np.nan)
        return np.array(hits)

    return run


def explained(p: int, real: int, r2: float, n: int) -> Run:
    """The interval of R² with ``real`` of ``p`` independent drivers, the others null."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for _ in range(sets):
            x = rng.standard_normal((n, p))
            y = np.sqrt(r2 / real) * x[:, :real].sum(axis=1) + np.sqrt(1 - r2) * rng.standard_normal(n)
            t = pd.DataFrame(x, columns=[f"x{k}" for k in range(p)]).assign(y=y)
            found = cx.drivers(study(t, {"y": "outcome", **{f"x{k}": "touchpoint" for k in range(p)}})).parts["r2"]
            hits.append(float(found["low"] <= r2 <= found["high"]))
        return np.array(hits)

    return run


def _lmg(R: NDArray) -> NDArray:
    """Own LMG shares: the average over all orders of what each driver adds to R²."""
    from itertools import permutations

    p = len(R) - 1
    r2 = {(): 0.0}

    def value(s: tuple[int, ...]) -> float:
        if s not in r2:
            a = R[np.ix_(s, s)]
            b = R[list(s), p]
            r2[s] = float(b @ np.linalg.solve(a, b))
        return r2[s]

    out, orders = np.zeros(p), list(permutations(range(p)))
    for order in orders:
        for k, j in enumerate(order):
            out[j] += value(tuple(sorted(order[: k + 1]))) - value(tuple(sorted(order[:k])))
    return out / len(orders)


def clustered_drivers(
    rng: np.random.Generator, clusters: int, each: int, slopes: NDArray, icc: float
) -> tuple[cx.Study, NDArray]:
    """Drivers with a common part, cluster effects in drivers and noise; the true LMG shares beside."""
    p, n = len(slopes), clusters * each
    c = np.repeat(np.arange(clusters), each)
    part = lambda size: (np.sqrt(icc) * rng.standard_normal((clusters, size))[c]  # noqa: E731
                         + np.sqrt(1 - icc) * rng.standard_normal((n, size)))  # fmt: skip
    x = np.sqrt(0.7) * part(p) + np.sqrt(0.3) * part(1)
    t = pd.DataFrame(x, columns=[f"x{k}" for k in range(p)]).assign(y=x @ slopes + part(1)[:, 0], c=c)
    rxx = 0.7 * np.eye(p) + 0.3
    total = slopes @ rxx @ slopes + 1
    R = np.ones((p + 1, p + 1))
    R[:p, :p], R[:p, p] = rxx, rxx @ slopes / np.sqrt(total)
    R[p, :p] = R[:p, p]
    roles = {"y": "outcome", **{f"x{k}": "touchpoint" for k in range(p)}}
    return study(t, roles | ({"c": "cluster"} if each > 1 else {})), _lmg(R)


SLOPES = np.array([0.5, 0.4, 0.3, 0.2, 0.2])


def driver_ranks(clusters: int, each: int, what: str, slopes: NDArray = SLOPES, icc: float = 0.2) -> Run:
    """Driver analysis under clusters. ``what``: 'sets' (all rank sets at once), 'shares', 'pairs' (1: one wrong)."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for _ in range(sets):
            s, truth = clustered_drivers(rng, clusters, each, slopes, icc)
            result = cx.drivers(s)
            found = result.table.set_index("driver").loc[[f"x{k}" for k in range(len(slopes))]]
            if what == "sets":  # tied drivers share a range of ranks; a set must meet it
                best = 1 + (truth[None] > truth[:, None] + 1e-12).sum(axis=1)
                worst = len(truth) - (truth[None] < truth[:, None] - 1e-12).sum(axis=1)
                hits.append([float(((found["rank_low"] <= best) & (found["rank_high"] >= worst)).all())])
            elif what == "shares":
                hits.append(inside(found, truth))
            else:
                of = dict(zip(found.index, truth, strict=True))
                pairs = result.parts["pairs"]
                wrong = pairs["decided"] & (pairs["above"].map(of) <= pairs["below"].map(of) + 1e-12)
                hits.append([float(wrong.any())])
        return np.concatenate(hits)

    return run


def league_posterior(units: int, tau: float, each: int = 60) -> Run:
    """Shrunken intervals of a league of means, units N(0, tau²)."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for _ in range(sets):
            truth = tau * rng.standard_normal(units)
            k = np.repeat(np.arange(units), each)
            t = pd.DataFrame({"u": k, "y": truth[k] + rng.standard_normal(len(k))})
            s = study(t, {"y": "outcome", "u": "brand"})
            found = cx.league(s, "u", metric="mean", of="y", best="high").table.astype({"u": int}).sort_values("u")
            hits.append(((found["shrunken_low"] <= truth) & (found["shrunken_high"] >= truth)).to_numpy(float))
        return np.concatenate(hits)

    return run


def weighted_nps(shares: tuple[float, float, float], n: int, sd: float = 1.0) -> Run:
    """The NPS of ``n`` answers under lognormal weights; all sets in one scan."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        t = pd.DataFrame({"rep": np.repeat(np.arange(sets), n), "ltr": rng.choice(NPS_VALUES, sets * n, p=shares)})
        t["w"] = rng.lognormal(0, sd, len(t))
        s = study(t, {"ltr": "outcome", "rep": "segment", "w": "weight"})
        return inside(cx.nps(s, by="rep").table, 100 * (shares[2] - shares[0]))

    return run


def weighted_mean(n: int, sd: float = 1.0) -> Run:
    """The mean of ``n`` answers from 1 to 5 under lognormal weights."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        p = np.array([0.05, 0.1, 0.2, 0.4, 0.25])
        t = pd.DataFrame({"rep": np.repeat(np.arange(sets), n), "y": rng.choice([1, 2, 3, 4, 5], sets * n, p=p)})
        t["w"] = rng.lognormal(0, sd, len(t))
        s = study(t, {"y": "outcome", "rep": "segment", "w": "weight"}, {"y": (1, 5)})
        return inside(cx.mean(s, "y", by="rep").table, float(p @ np.arange(1, 6)))

    return run


def quadrants(n: int, least: float = 0.75) -> Run:
    """Stated minus right: of quadrants stated with ``least`` or more, p minus whether it is the true one."""
    slopes, means = np.array([0.5, 0.4, 0.3, 0.25, 0.15]), np.array([3.6, 3.85, 3.8, 3.7, 3.9])

    def run(rng: np.random.Generator, sets: int) -> Hits:
        truth = _quadrant_truth(tuple(slopes), tuple(means))
        off = []
        for _ in range(sets):
            s = _map_study(rng, n, slopes, means)
            found = cx.importance.importance_performance(s, "y").table.set_index("driver")
            sure = found[found["probability"] >= least]
            off += [p - float(truth[d] == q) for d, q, p in zip(sure.index, sure["quadrant"], sure["probability"],
                                                               strict=True)]  # fmt: skip
        return np.array(off)

    return run


def _map_study(rng: np.random.Generator, n: int, slopes: NDArray, means: NDArray) -> cx.Study:
    e = np.sqrt(0.7) * rng.standard_normal((n, len(slopes))) + np.sqrt(0.3) * rng.standard_normal((n, 1))
    t = pd.DataFrame(np.clip(np.round(means + e), 1, 5).astype(int), columns=[f"x{k}" for k in range(len(slopes))])
    t["y"] = np.clip(np.round(6.5 + 1.6 * (e @ slopes + 0.8 * rng.standard_normal(n))), 0, 10).astype(int)
    names = [f"x{k}" for k in range(len(slopes))]
    roles = {"y": "outcome", **dict.fromkeys(names, "touchpoint")}
    return study(t, roles, {"y": (0, 10), **dict.fromkeys(names, (1, 5))})


@cache
def _quadrant_truth(slopes: tuple[float, ...], means: tuple[float, ...]) -> dict[str, str]:
    s = _map_study(np.random.default_rng(98), 300_000, np.array(slopes), np.array(means))
    found = cx.importance.importance_performance(s, "y").table
    return dict(zip(found["driver"], found["quadrant"], strict=True))
