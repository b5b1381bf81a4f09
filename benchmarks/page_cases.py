"""Whole pages on which nothing differs, in worlds that are hard: made by the calls of the scorecard's notebook.

Like the lines of `benchmarks.coverages`: 1 for every page on which something is called real.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import ndtri

import cxlab as cx
from benchmarks.coverages import NPS_VALUES, Hits, Run

WAVES, TOUCHPOINTS, N = 6, 5, 1200
EVEN, SKEWED = (0.2, 0.3, 0.5), (0.02, 0.08, 0.9)
Made = tuple[pd.DataFrame, dict[str, str]]
"""Latent answers (columns ltr, sat, t0, t1, ...; standard normal) with what else there is, and the role of that."""


def plain(rng: np.random.Generator) -> Made:
    """People seen once."""
    t = pd.DataFrame({"w": np.arange(N) * WAVES // N})
    return _latent(rng, t, None), {}


def stores(rng: np.random.Generator) -> Made:
    """60 stores of unequal size, ICC .15; segments are kinds of stores."""
    size = rng.geometric(1 / 20, 60)
    c = np.repeat(np.arange(60), size)
    t = pd.DataFrame({"c": c, "w": rng.integers(0, WAVES, len(c))})
    for k, groups in enumerate((3, 6)):
        t[f"s{k}"] = rng.permutation(60)[c] % groups
    return _latent(rng, t, c, 0.15), {"c": "cluster"}


def panel(rng: np.random.Generator) -> Made:
    """The same 250 people in every wave, who answer alike (correlation .7)."""
    c = np.tile(np.arange(250), WAVES)
    t = pd.DataFrame({"c": c, "w": np.repeat(np.arange(WAVES), 250)})
    for k, groups in enumerate((2, 5)):
        t[f"s{k}"] = rng.integers(0, groups, 250)[c]
    return _latent(rng, t, c, 0.7), {"c": "cluster"}


def heavy(rng: np.random.Generator) -> Made:
    """Lognormal weights (Kish: half of the answers) and strata that differ."""
    t = pd.DataFrame({"w": np.arange(N) * WAVES // N, "h": rng.integers(0, 5, N)})
    t["g"] = rng.lognormal(0, 0.83, N)
    t = _latent(rng, t, None)
    t[_asked(t)] = np.sqrt(0.9) * t[_asked(t)].to_numpy() + np.sqrt(0.1) * rng.standard_normal(5)[t["h"], None]
    return t, {"g": "weight", "h": "strata"}


def sparse(rng: np.random.Generator) -> Made:
    """Each touchpoint asked of one in five; waves and segments from a few answers to many."""
    t = pd.DataFrame({"w": rng.choice(WAVES, N, p=np.array([1, 2, 4, 8, 16, 32]) / 63)})
    t = _latent(rng, t, None)
    for k in range(TOUCHPOINTS):
        t.loc[rng.random(N) > 0.2, f"t{k}"] = np.nan
    t["s0"] = rng.choice(8, N, p=np.geomspace(1, 40, 8) / np.geomspace(1, 40, 8).sum())
    return t, {}


WORLDS: dict[str, Callable[[np.random.Generator], Made]] = {
    "people seen once": plain, "60 stores of unequal size, ICC .15": stores, "a panel, the same people": panel,
    "lognormal weights, strata": heavy, "touchpoints asked of one in five, small groups": sparse,
}  # fmt: skip


def _asked(t: pd.DataFrame) -> list[str]:
    return [c for c in t if c in ("ltr", "sat") or c.startswith("t") and c[1:].isdigit()]


def _latent(rng: np.random.Generator, t: pd.DataFrame, unit: np.ndarray | None, icc: float = 0.0) -> pd.DataFrame:
    names = ["ltr", "sat", *(f"t{k}" for k in range(TOUCHPOINTS))]
    halo = rng.standard_normal((len(t), 1))
    z = np.sqrt(0.4) * halo + np.sqrt(0.6) * rng.standard_normal((len(t), len(names)))
    if unit is not None:
        common = rng.standard_normal((unit.max() + 1, len(names)))[unit]
        z = np.sqrt(icc) * common + np.sqrt(1 - icc) * z
    for k in range(2):
        if f"s{k}" not in t:
            t[f"s{k}"] = rng.integers(0, (3, 7)[k], len(t))
    return pd.concat([t, pd.DataFrame(z, columns=names)], axis=1)


def null_study(rng: np.random.Generator, world: str, shares: tuple[float, ...]) -> cx.Study:
    """A study in which neither wave nor segment has to do with an answer."""
    t, roles = WORLDS[world](rng)
    for name in _asked(t):
        z, there = t[name].to_numpy(), t[name].notna().to_numpy()
        if name == "ltr":
            t[name] = NPS_VALUES[np.searchsorted(ndtri(np.cumsum(shares)[:2]), z)]
        else:
            cuts = ndtri([0.03, 0.1, 0.1 + shares[0], 0.1 + shares[0] + (0.9 - shares[0]) / 2])
            t[name] = pd.array(np.where(there, 1 + np.searchsorted(cuts, np.nan_to_num(z)), 0), "Int64")
            t.loc[~there, name] = pd.NA
    five, whole = cx.Scale(1, 5), {"type": "integer"}
    fields = [cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10), **whole)]
    fields += [cx.Field("sat", role="outcome", measure="satisfaction", scale=five, **whole)]
    fields += [cx.Field(f"t{k}", role="touchpoint", scale=five, **whole) for k in range(TOUCHPOINTS)]
    fields += [cx.Field("w", role="wave", **whole), *(cx.Field(f"s{k}", role="segment", **whole) for k in range(2))]
    fields += [cx.Field(c, role=r, type="number" if r == "weight" else "integer") for c, r in roles.items()]
    return cx.Study(t, cx.Codebook("null", tuple(fields))).cache()


def page(data: cx.Study) -> dict[str, bool]:
    """What the scorecard's notebook would call real: on the page, in its message, and where the study stands."""
    card = cx.scorecard(data)
    stands = [cx.pages.standing(data, **card.parts["headline"])]
    touchpoints = [f"t{k}" for k in range(TOUCHPOINTS)]
    questions = dict(enumerate(card.parts["questions"])) | {"journey": {"metric": "csat", "of": touchpoints}}
    made, sections = {}, []
    for k, question in questions.items():
        section = "touchpoints" if k == "journey" else "first metric" if k == 0 else "other metrics"
        made["waves", k] = cx.trend(data, **question)
        made["ends", k] = cx.compare(data, by=["item", "w"] if k == "journey" else "w", pairs="ends", **question)
        sections += [section, section]
    for column in cx.metrics.segments(data):
        made["groups", column] = cx.compare(data, by=column, pairs="rest", **card.parts["headline"])
        sections.append("first metric")
    shares = {"first metric": 2, "touchpoints": 2, "other metrics": 1}
    sections = ["first metric", *sections]
    stand, *judged = cx.metrics.together(*stands, *made.values(), sections=sections, shares=shares, chance=0.1)
    words = pd.concat([r.table["verdict"] for r in judged if "verdict" in r.table])
    told = cx.pages.message(card, stand, *judged, cx.csat(data, touchpoints))
    stood = [c for c in stand.table if c.endswith("verdict")]
    said = {
        "tables": bool(words.astype(str).str.startswith("real").any()),
        "message": told.parts["real"] > 0,
        "standing": bool(stand.table[stood].astype(str).apply(lambda v: v.str.startswith("real")).any(axis=None)),
    }
    return {**said, "page": any(said.values())}


def null_page(world: str, shares: tuple[float, ...], what: str = "page") -> Run:
    """Any false "real" on a whole page, in its message, or where it says how the study stands."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        return np.array([float(page(null_study(rng, world, shares))[what]) for _ in range(sets)])

    return run
