"""How often words are wrong where nothing differs ("real", "differ for real", "excitement"), and true ones found.

Like the lines of `benchmarks.coverages`: 1 for every data set (or page) on which the word stands.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

import cxlab as cx
from benchmarks.coverages import NPS_VALUES, Hits, Run, study
from cxlab.models.metrics.contrasts import corrected
from cxlab.stats.inference import multiple

AT_ONCE = 25
"""So many made pages stand in one study, told apart by a column."""


def one_comparison(shares: Sequence[float], first: int, second: int) -> Run:
    """A false "real" between two groups of the same NPS."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        t = pd.DataFrame({"rep": np.repeat(np.arange(sets), first + second)})
        t["g"] = np.tile(np.repeat([0, 1], [first, second]), sets)
        t["ltr"] = rng.choice(NPS_VALUES, len(t), p=shares)
        s = study(t, {"ltr": "outcome", "rep": "segment", "g": "segment"})
        found = []
        for start in range(0, sets, 200):
            part = s.where(rep=list(range(start, min(start + 200, sets))))
            found.append(cx.compare(part, "nps", by=["rep", "g"], pairs="first", correction="none").table["p"])
        return (pd.concat(found) < 0.05).to_numpy(float)

    return run


def a_benchmark(shares: Sequence[float], n: int) -> Run:
    """A false "real" against an exact benchmark that is the truth."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        t = pd.DataFrame({"rep": np.repeat(np.arange(sets), n), "ltr": rng.choice(NPS_VALUES, sets * n, p=shares)})
        s = study(t, {"ltr": "outcome", "rep": "segment"})
        found = cx.against(s, "nps", benchmark=100 * (shares[2] - shares[0]), by="rep", correction="none").table
        return (found["p"] < 0.05).to_numpy(float)

    return run


def segments(shares: Sequence[float], least: int = 10, groups: int = 12, pairs: str = "rest") -> Run:
    """Any false "real" among groups of ``least`` to 400 answers, Holm."""
    sizes = np.geomspace(least, 400, groups).round().astype(int)

    def run(rng: np.random.Generator, sets: int) -> Hits:
        return _families(rng, sets, np.repeat(np.arange(groups), sizes), shares, pairs)

    return run


def clustered_segments(shares: Sequence[float], clusters: int, groups: int = 6) -> Run:
    """Any false "real" among groups of whole clusters (3 to 24 answers each, ICC .2), Holm."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        from scipy.special import ndtri

        hits = []
        for _ in range(0, sets, AT_ONCE):
            drawn = AT_ONCE * groups * clusters
            c = np.repeat(np.arange(drawn), rng.integers(3, 25, drawn))
            z = np.sqrt(0.2) * rng.standard_normal(drawn)[c] + np.sqrt(0.8) * rng.standard_normal(len(c))
            t = pd.DataFrame({"c": c, "rep": c // (clusters * groups), "g": c // clusters % groups})
            t["ltr"] = NPS_VALUES[np.searchsorted(ndtri(np.cumsum(shares)[:2]), z)]
            s = study(t, {"ltr": "outcome", "c": "cluster", "rep": "segment", "g": "segment"})
            hits.append(_any(cx.compare(s, "nps", by=["rep", "g"], pairs="rest", correction="none")))
        return np.concatenate(hits)[:sets]

    return run


def _families(rng: np.random.Generator, sets: int, group: np.ndarray, shares: Sequence[float], pairs: str) -> Hits:
    hits = []
    for _ in range(0, sets, AT_ONCE):
        t = pd.DataFrame({"rep": np.repeat(np.arange(AT_ONCE), len(group)), "g": np.tile(group, AT_ONCE)})
        t["ltr"] = rng.choice(NPS_VALUES, len(t), p=shares)
        s = study(t, {"ltr": "outcome", "rep": "segment", "g": "segment"})
        hits.append(_any(cx.compare(s, "nps", by=["rep", "g"], pairs=pairs, correction="none")))
    return np.concatenate(hits)[:sets]


def _any(result: cx.Result) -> Hits:
    """Whether Holm calls any row of a page real; a column ``rep`` tells pages apart."""
    rows = result.table[["rep", "p"]].assign(test=result.parts["tests"])
    return np.array([float((corrected(p["p"].to_numpy(), list(p["test"]), "holm") < 0.05).any())
                     for _, p in rows.groupby("rep")])  # fmt: skip


SECTIONS = {"first metric": 2.0, "touchpoints": 2.0, "other metrics": 1.0}
"""The division of a page's chance that the scorecard's notebook states; one page in ten."""


def scorecard_page(shares: Sequence[float], moved: str = "", sections: bool = True, size: float = 0.0) -> Run:
    """A page as the scorecard makes it: 8 waves of the NPS, of an overall CSAT and of six touchpoints, five segments.

    ``moved``: '' (any false "real" on a page), 'touchpoint' or 'metric' (1 where the planted change of the fifth wave
    is called real): ``size`` more of the best answers. ``sections``: as the notebook divides the chance, else
    Holm's 5 %.
    """
    touchpoints, n = [f"t{k}" for k in range(6)], 1500

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for _ in range(0, sets, AT_ONCE):
            t = pd.DataFrame({"rep": np.repeat(np.arange(AT_ONCE), n), "wave": np.tile(np.arange(n) * 8 // n, AT_ONCE)})
            up = (t["wave"] >= 4).to_numpy() * size
            ltr = NPS_VALUES[(rng.random(len(t))[:, None] > np.cumsum(shares)[:2]).sum(axis=1)]
            t["ltr"] = np.where((moved == "metric") & (rng.random(len(t)) < up), 10, ltr)
            for name in ("sat", *touchpoints):
                best = 0.6 + (up if name == "t0" and moved == "touchpoint" else 0)
                t[name] = np.where(rng.random(len(t)) < best, 5, 2)
            for k, groups in enumerate((2, 3, 5, 8, 12)):
                t[f"s{k}"] = rng.integers(0, groups, len(t))
            hits.append(_page(t, touchpoints, moved, sections))
        return np.concatenate(hits)[:sets]

    return run


def _page(t: pd.DataFrame, touchpoints: list[str], moved: str, sections: bool) -> Hits:
    roles = {"ltr": "outcome", "sat": "outcome", **dict.fromkeys(touchpoints, "touchpoint"), "rep": "segment"}
    roles |= {"wave": "segment", **{f"s{k}": "segment" for k in range(5)}}
    s = study(t, roles, dict.fromkeys(("sat", *touchpoints), (1, 5)))
    waves = {"by": ["rep", "wave"], "pairs": "consecutive", "correction": "none"}
    made = {"headline": ("first metric", cx.compare(s, "nps", **waves))}
    for k in range(5):
        options = {"by": ["rep", f"s{k}"], "pairs": "rest", "correction": "none"}
        made[f"s{k}"] = ("first metric", cx.compare(s, "nps", **options))
    made["overall"] = ("other metrics", cx.compare(s, "csat", of="sat", **waves))
    for name in touchpoints:
        made[name] = ("touchpoints", cx.compare(s, "csat", of=name, **waves))
    rows = pd.concat([
        r.table[["rep", "p"]].assign(test=[f"{what} {name}" for name in r.parts["tests"]], section=section, what=what,
                                     wave=r.table.get("wave", -1))
        for what, (section, r) in made.items()
    ])  # fmt: skip
    aim = {"touchpoint": "t0", "metric": "headline"}.get(moved)
    hits = []
    for _, own in rows.groupby("rep"):
        own = own.drop_duplicates("test")
        p = own["p"].to_numpy()
        if sections:
            at = own["section"].map({name: i for i, name in enumerate(SECTIONS)}).to_numpy()
            real = (multiple.shared_out(p, at, list(SECTIONS.values())) < 0.1) & (p < 0.05)
        else:
            real = multiple.adjusted(p, "holm") < 0.05
        mine = ((own["what"] == aim) & (own["wave"].astype(str) == "4")).to_numpy() if aim else np.ones(len(own), bool)
        hits.append(float((real & mine).any()))
    return np.array(hits)


def pairs_for_sure(shares: Sequence[float], sizes: Sequence[int], clusters: int = 0) -> Run:
    """Any pair of a league that "differs for real" where no unit differs."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = np.empty(sets)
        u = np.repeat(np.arange(len(sizes)), sizes)
        for r in range(sets):
            t = pd.DataFrame({"u": u, "ltr": rng.choice(NPS_VALUES, len(u), p=shares)})
            roles = {"ltr": "outcome", "u": "brand"}
            if clusters:
                t["c"] = [f"{a}-{b}" for a, b in zip(u, rng.integers(0, clusters, len(u)), strict=True)]
                roles["c"] = "cluster"
            hits[r] = cx.league(study(t, roles), "u").parts["separated_pairs"] > 0
        return hits

    return run


def linear_drivers(mean: float, n: int) -> Run:
    """'excitement' or 'basic' said of drivers that act in a straight line on a skewed scale."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for _ in range(sets):
            e = np.sqrt(0.7) * rng.standard_normal((n, 4)) + np.sqrt(0.3) * rng.standard_normal((n, 1))
            t = pd.DataFrame(np.clip(np.round(mean + e), 1, 5).astype(int), columns=[f"x{k}" for k in range(4)])
            t["y"] = t.sum(axis=1) + 1.5 * rng.standard_normal(n)
            names = [f"x{k}" for k in range(4)]
            s = study(t, {"y": "outcome", **dict.fromkeys(names, "touchpoint")}, dict.fromkeys(names, (1, 5)))
            said = cx.importance.driver_findings(cx.importance.asymmetry(s, "y")).lines
            hits.append(float(any(line.startswith(("**Excitement", "**Basic")) for line in said)))
        return np.array(hits)

    return run


def planned(shares: Sequence[float], fall: float) -> Run:
    """Whether the planned sample finds an NPS that falls from ``shares`` by ``fall`` points (promised: 80 %)."""
    size = int(cx.sample_size("nps", tuple(shares), difference=fall).table["n"].iloc[0])
    lost = fall / 200
    after = (shares[0] + lost, shares[1], shares[2] - lost)

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for start in range(0, sets, 100):
            k = min(100, sets - start)
            t = pd.DataFrame({"rep": np.repeat(np.arange(k), 2 * size), "g": np.tile(np.repeat([0, 1], size), k)})
            one, other = (rng.choice(NPS_VALUES, len(t), p=p) for p in (shares, after))
            t["ltr"] = np.where(t["g"] == 0, one, other)
            s = study(t, {"ltr": "outcome", "rep": "segment", "g": "segment"})
            found = cx.compare(s, "nps", by=["rep", "g"], pairs="first", correction="none").table
            hits.append((found["p"] < 0.05).to_numpy(float))
        return np.concatenate(hits)

    return run
