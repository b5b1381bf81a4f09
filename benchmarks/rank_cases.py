"""Ranks, trends, Kano, regression to the mean, drivers asked of some: lines of `benchmarks.words` with known truth.

Own generators, as in `benchmarks.coverages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

import cxlab as cx
from benchmarks.coverages import NPS_VALUES, SLOPES, Hits, Run, _lmg, inside, study
from benchmarks.model_cases import _batches
from cxlab.models.metrics.contrasts import corrected


def league_ranks(truth: Sequence[float], each: Sequence[int], what: str, clusters: int = 0) -> Run:
    """Rank sets of a league of means. ``what``: 'own' (of each unit), 'all' (1: at once); ties share a range of ranks.

    ``clusters`` : so many in each unit (ICC .1), 0 for none.
    """
    truth = np.asarray(truth, float)
    best = 1 + (truth[None] > truth[:, None] + 1e-12).sum(axis=1)
    worst = len(truth) - (truth[None] < truth[:, None] - 1e-12).sum(axis=1)

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        u = np.repeat(np.arange(len(truth)), each)
        for _ in range(sets):
            noise, roles = rng.standard_normal(len(u)), {"y": "outcome", "u": "brand"}
            t = pd.DataFrame({"u": u})
            if clusters:
                t["c"] = u * clusters + rng.integers(0, clusters, len(u))
                noise = np.sqrt(0.9) * noise + np.sqrt(0.1) * rng.standard_normal(len(truth) * clusters)[t["c"]]
                roles["c"] = "cluster"
            t["y"] = truth[u] + noise
            found = cx.league(study(t, roles), "u", metric="mean", of="y", best="high").table.astype({"u": int})
            found = found.sort_values("u")
            low, high = ("rank_low", "rank_high") if what == "own" else ("all_low", "all_high")
            held = (found[low].to_numpy() <= best) & (found[high].to_numpy() >= worst)
            met = (found[low].to_numpy() <= worst) & (found[high].to_numpy() >= best)
            held = np.where(best == worst, held, met)
            hits.append(held.astype(float) if what == "own" else [float(held.all())])
        return np.concatenate(hits)

    return run


def league_moved(units: int = 8, each: int = 120, what: str = "estimate") -> Run:
    """Two waves of a league in which some units move. ``what``: 'estimate' (the change), 'surprise', or 'gap': 1 where
    Holm calls any change of a gap real though none moved."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        u, w = np.tile(np.repeat(np.arange(units), each), 2), np.repeat([1, 2], units * each)
        for _ in range(sets):
            first = 0.3 * rng.standard_normal(units)
            moved = np.zeros(units) if what == "gap" else np.where(np.arange(units) % 2, 0.25, -0.25)
            t = pd.DataFrame({"u": u, "w": w})
            t["y"] = (first + moved * (w == 2)[:, None])[np.arange(len(u)), u] + rng.standard_normal(len(u))
            s = study(t, {"y": "outcome", "u": "brand", "w": "wave"})
            found = cx.leagues.league_change(s, "u", metric="mean", of="y", best="high").table.astype({"u": int})
            found = found.sort_values("u")
            if what == "gap":
                hits.append([float((found["p_adjusted"] < 0.05).any())])
            else:
                hits.append(inside(found, moved))
        return np.concatenate(hits)

    return run


def waves(shares: Sequence[float], n: int = 150, count: int = 8) -> Run:
    """Any false "real" among the changes of equal waves, Holm."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for k in _batches(sets):
            t = pd.DataFrame({"rep": np.repeat(np.arange(k), count * n)})
            t["w"] = np.tile(np.repeat(np.arange(count), n), k)
            t["ltr"] = rng.choice(NPS_VALUES, len(t), p=shares)
            s = study(t, {"ltr": "outcome", "rep": "segment", "w": "segment"})
            found = cx.compare(s, "nps", by=["rep", "w"], pairs="consecutive", correction="none")
            rows = found.table[["rep", "p"]].assign(test=found.parts["tests"])
            hits += [
                (corrected(p["p"].to_numpy(), list(p["test"]), "holm") < 0.05).any() for _, p in rows.groupby("rep")
            ]
        return np.array(hits, float)

    return run


def trend_calls(shares: Sequence[float], n: int = 150, count: int = 8) -> Run:
    """1 where `trend` itself says "real" of any of the changes of equal waves."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = np.empty(sets)
        for r in range(sets):
            t = pd.DataFrame({"w": np.repeat(np.arange(count), n), "ltr": rng.choice(NPS_VALUES, count * n, p=shares)})
            said = cx.trend(study(t, {"ltr": "outcome", "w": "wave"}), "nps").table["verdict"].astype(str)
            hits[r] = said.str.startswith("real").any()
        return hits

    return run


KANO = {"A": 0.35, "O": 0.25, "M": 0.2, "I": 0.2}
"""True shares of Kano's categories, by answers: (1, 3), (1, 5), (3, 5), (3, 3)."""


def kano(n: int, what: str = "better") -> Run:
    """The interval of Kano's better or worse; 'mode': stated minus right of the probability of the category."""
    answers = np.array([[1, 3], [1, 5], [3, 5], [3, 3]])
    shares = np.array(list(KANO.values()))
    truth = {"better": shares[0] + shares[1], "worse": -(shares[1] + shares[2])}

    def run(rng: np.random.Generator, sets: int) -> Hits:
        scale, pair = cx.Scale(1, 5, "low"), {"f": "kano-functional", "d": "kano-dysfunctional"}
        book = cx.Codebook("k", tuple(cx.Field(c, measure=m, about="wifi", scale=scale) for c, m in pair.items()))
        hits = np.empty(sets)
        for r in range(sets):
            p = rng.dirichlet(4 * shares) if what == "mode" else shares
            t = pd.DataFrame(answers[rng.choice(4, n, p=p)], columns=["f", "d"])
            row = cx.importance.kano(cx.Study(t, book), seed=r).table.iloc[0]
            if what == "mode":
                right = ("attractive", "one-dimensional", "must-be", "indifferent")[int(p.argmax())]
                hits[r] = row["probability"] - float(row["category"] == right)
            elif what == "better":
                hits[r] = row["low"] <= truth["better"] <= row["high"]
            else:
                hits[r] = row["worse_low"] <= truth["worse"] <= row["worse_high"]
        return hits

    return run


def second_answers(retest: float = 0.7, n: int = 100_000) -> Run:
    """Regression to the mean: said minus simulated NPS of detractors at their second answer, in points."""
    cuts = np.array([-2.2, -2.0, -1.8, -1.6, -1.4, -1.2, -0.9, -0.5, 0.1, 0.7])

    def run(rng: np.random.Generator, sets: int) -> Hits:
        off = np.empty(sets)
        for r in range(sets):
            z = rng.standard_normal((2, n))
            z[1] = retest * z[0] + np.sqrt(1 - retest**2) * z[1]
            first, second = np.searchsorted(cuts, z)
            s = study(pd.DataFrame({"ltr": first}), {"ltr": "outcome"})
            said = cx.journeys.regression_to_mean(s, retest=[retest]).table.set_index("group")
            mine = second[first <= 6]
            off[r] = said.loc["detractors", "estimate"] - 100 * ((mine >= 9).mean() - (mine <= 6).mean())
        return off

    return run


@cache
def _truth() -> np.ndarray:
    rxx = 0.7 * np.eye(len(SLOPES)) + 0.3
    R = np.ones((len(SLOPES) + 1, len(SLOPES) + 1))
    R[:-1, :-1], R[:-1, -1] = rxx, rxx @ SLOPES / np.sqrt(SLOPES @ rxx @ SLOPES + 1)
    R[-1, :-1] = R[:-1, -1]
    return _lmg(R)


def asked_of_some(missing: str, n: int = 800, used: float = 0.4) -> Run:
    """Shares of drivers of which each was used by ``used`` of the people, by chance; intervals against their truth."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits, p = [], len(SLOPES)
        for _ in range(sets):
            x = np.sqrt(0.7) * rng.standard_normal((n, p)) + np.sqrt(0.3) * rng.standard_normal((n, 1))
            t = pd.DataFrame(x, columns=[f"x{k}" for k in range(p)]).assign(y=x @ SLOPES + rng.standard_normal(n))
            t = t.mask(np.column_stack([rng.random((n, p)) > used, np.zeros(n, bool)]))
            s = study(t, {"y": "outcome", **{f"x{k}": "touchpoint" for k in range(p)}})
            found = cx.drivers(s, missing=missing).table.set_index("driver").loc[[f"x{k}" for k in range(p)]]
            hits.append(inside(found, _truth()))
        return np.concatenate(hits)

    return run


def planned_share(before: float, after: float) -> Run:
    """Whether the planned sample finds a CSAT that moves from ``before`` to ``after`` (promised: 80 %)."""
    size = int(cx.sample_size("csat", before, difference=abs(after - before)).table["n"].iloc[0])

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for start in range(0, sets, 100):
            k = min(100, sets - start)
            t = pd.DataFrame({"rep": np.repeat(np.arange(k), 2 * size), "g": np.tile(np.repeat([0, 1], size), k)})
            t["sat"] = np.where(rng.random(len(t)) < np.where(t["g"] == 0, before, after), 5, 2)
            s = study(t, {"sat": "outcome", "rep": "segment", "g": "segment"}, {"sat": (1, 5)})
            found = cx.compare(s, "csat", by=["rep", "g"], of="sat", pairs="first", correction="none").table
            hits.append((found["p"] < 0.05).to_numpy(float))
        return np.concatenate(hits)

    return run
