"""What a class of twenty sees, simulated: the figures of the instructor's notes, written to ``cxlab/workshop``.

``python -m benchmarks.class_figures [LESSON ...]`` (a quarter of an hour for all eight). Each figure is a statistic of
one class of twenty seats; ``value`` is its mean over the classes simulated, ``spread`` its standard deviation among
them.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import cxlab as cx
from cxlab.data.finding import collected
from cxlab.data.simulate import simulate
from cxlab.stats.inference import trinomial
from cxlab.workshop import coding_pairs, phrases
from cxlab.workshop.lesson import drawn
from cxlab.workshop.lessons import claimed, codes, halo, noise, peeking, ranking, rebound, weighting
from cxlab.workshop.outlines import NAMES, outline
from cxlab.workshop.questions import Answer, Drawn
from cxlab.workshop.seat import Place

SEATS = 20
CLASSES = dict.fromkeys(NAMES, 100) | {"noise": 4000, "weighting": 200, "peeking": 200}
FILE = Path(phrases.__file__).with_name("figures.toml")

Row = Mapping[str, Any]


def ends(name: str, answer: Answer) -> dict[str, float]:
    """Return an answer as columns ``name``, ``name_low``, ``name_high``."""
    return {name: answer.value, f"{name}_low": answer.low, f"{name}_high": answer.high}


def held(c: pd.DataFrame, name: str, truth: float | pd.Series) -> pd.Series:
    """Whether the interval of each seat holds the truth."""
    return (c[f"{name}_low"] <= truth) & (truth <= c[f"{name}_high"])


def quick_nps(x: np.ndarray) -> Answer:
    """Return the NPS of answers with the interval of `cxlab.nps`, without a table (a test compares both)."""
    down, up = int((x <= 6).sum()), int((x >= 9).sum())
    low, high = trinomial.score(down, len(x) - down - up, up)
    return Answer(100 * (up - down) / len(x), 100 * float(low), 100 * float(high))


def noise_seat(d: Drawn, seat: int) -> Row:
    """The NPS of a hundred customers."""
    up, down = noise.shares(d)
    error = 100 * np.sqrt((up + down - (up - down) ** 2) / noise.N)
    return ends("nps", quick_nps(noise.scores(d))) | {"se": error, "truth": d.truth["nps"]}


def noise_class(c: pd.DataFrame) -> Row:
    """Twenty intervals."""
    many = held(c, "nps", c["truth"]).sum()
    pairs = c["nps"].to_numpy().reshape(-1, 2)
    return {
        "se": c["se"].mean(),
        "gap_se": np.sqrt((c["se"].to_numpy().reshape(-1, 2) ** 2).sum(axis=1)).mean(),
        "width": (c["nps_high"] - c["nps_low"]).mean(),
        "span": np.ptp(c["nps"]),
        "held": many,
        "held_18": many <= 18,
        "held_17": many <= 17,
        "apart": (np.abs(pairs[:, 0] - pairs[:, 1]) >= 12).mean(),
    }


def weighting_seat(d: Drawn, seat: int) -> Row:
    """The NPS without weights and with them."""
    each = ends("plain", weighting.unweighted(d)) | ends("weighted", weighting.weighted(d))
    return each | {"truth": d.truth["nps"], "n": len(d.study), "effective": weighting.effective(d).value}


def weighting_class(c: pd.DataFrame) -> Row:
    """Two clouds beside the truth."""
    off = c["weighted"] - c["truth"]
    return {
        "plain_off": (c["truth"] - c["plain"]).mean(),
        "weighted_off": off.mean(),
        "between": (c["weighted"] - c["plain"]).mean(),
        "plain_held": held(c, "plain", c["truth"]).sum(),
        "weighted_held": held(c, "weighted", c["truth"]).sum(),
        "class_below": off.mean() <= 0,
        "seat_below": (off < 0).mean(),
        "n": c["n"].mean(),
        "effective": c["effective"].mean(),
        "lost": (c["n"] - c["effective"]).mean(),
        "lost_share": (1 - c["effective"] / c["n"]).mean(),
    }


def halo_seat(d: Drawn, seat: int) -> Row:
    """Which driver is first, whether that is settled, how the one without effect correlates."""
    effects = {k: float(v) for k, v in (part.rsplit(" ", 1) for part in d.truth["effects"].split(", "))}
    order = sorted(effects, key=effects.get, reverse=True)
    table = collected(d.study.frame)
    none = np.corrcoef(table[d.truth["nothing"]], table["recommend"])[0, 1]
    first = halo.first(d).word
    return {"first": first, "place": order.index(first), "settled": halo.settled(d).word == "yes", "none": none}


def halo_class(c: pd.DataFrame) -> Row:
    """Who is named first, by how many."""
    places = {f"place_{k + 1}": (c["place"] == k).mean() for k in range(4)}
    most = Counter(c["first"]).most_common(1)[0][1]
    return places | {
        "settled": c["settled"].mean(),
        "agreed": most == len(c),
        "most": most,
        "none_named": (c["place"] == 3).any(),
        "none_r": c["none"].mean(),
    }


def rebound_seat(d: Drawn, seat: int) -> Row:
    """Where detractors are in the second round, and the change of all."""
    table = collected(d.study.frame)
    picked = ((table["first"] == "detractor") & (table["round"] == 1)).sum()
    return ends("again", rebound.again(d)) | ends("change", rebound.change(d)) | {"picked": picked}


def rebound_class(c: pd.DataFrame) -> Row:
    """Twenty returns, twenty changes."""
    missed = (~held(c, "change", 0.0)).sum()
    return {
        "again": c["again"].mean(),
        "gain": c["again"].mean() + 100,
        "gain_least": c["again"].min() + 100,
        "stayed": (c["again_low"] <= -99.9).mean(),
        "picked": c["picked"].mean(),
        "reach": ((c["again_high"] - c["again_low"]) / 2).mean(),
        "change_reach": ((c["change_high"] - c["change_low"]) / 2).mean(),
        "missed": missed / len(c),
        "missed_1": missed >= 1,
        "missed_3": missed >= 3,
    }


def ranking_seat(d: Drawn, seat: int) -> Row:
    """The league of twelve brands."""
    table = ranking.table(d).table
    return {
        "first": ranking.first(d).word,
        "best": d.truth["best"],
        "candidates": ranking.candidates(d).value,
        "place": ranking.place(d).value,
        "true_place": d.truth["place"],
        "gap": table["estimate"].max() - table["estimate"].min(),
    }


def true_gap() -> float:
    """Return the difference between the best and the last brand of the world of lesson 5: the same in every room."""
    shifts = dict(zip(ranking.BRANDS, ranking.deviations(), strict=True))
    return float(np.ptp(simulate(10, seed=1, brands=shifts).population.nps_by("brand")["nps"]))


def ranking_class(c: pd.DataFrame) -> Row:
    """Who is paid, and the ranks of one brand."""
    paid = (c["first"] == c["best"]).sum()
    gap = true_gap()
    return {
        "best_first": paid / len(c),
        "none_best": paid == 0,
        "half_best": paid > len(c) / 2,
        "brands": c["first"].nunique(),
        "candidates": c["candidates"].mean(),
        "eight": (c["candidates"] >= 8).mean(),
        "alone": (c["candidates"] == 1).mean(),
        "place_low": c["place"].min(),
        "place_high": c["place"].max(),
        "place_right": (c["place"] == c["true_place"]).mean(),
        "gap": c["gap"].mean(),
        "gap_true": gap,
        "gap_smaller": (c["gap"] < gap).mean(),
    }


def claimed_seat(d: Drawn, seat: int) -> Row:
    """The share of yes among readers and among all; the rule of the house at one seat a class."""
    each = ends("readers", claimed.readers(d)) | ends("all", claimed.everybody(d))
    verdict = cx.verdict("CX-09", d.study, ledger=None) if seat == 1 else None
    return each | {"says": (verdict.direction, verdict.number) if verdict else ()}


def claimed_class(c: pd.DataFrame) -> Row:
    """Two clouds."""
    return {
        "readers": c["readers"].mean(),
        "all": c["all"].mean(),
        "readers_sd": 100 * c["readers"].std(),
        "all_sd": 100 * c["all"].std(),
        "between": 100 * (c["readers"] - c["all"]).mean(),
        "overlap": c["all"].max() >= c["readers"].min(),
        "touching": (c["all_high"] >= c["readers_low"]).mean(),
        "supported": c["says"].iloc[0] == ("SUPPORTED", "NUMBER-OUT"),
    }


def peeking_seat(d: Drawn, seat: int) -> Row:
    """Whether one who looks every week finds a change."""
    table, target = collected(d.study.frame), d.extras["target"]
    weekly = [quick_nps(x.to_numpy()) for _, x in table["recommend"].groupby(table["week"])]
    last = quick_nps(table["recommend"].to_numpy())
    return {
        "found": len(peeking.alarms(d)) > 0,
        "band": peeking.band(d).word == "yes",
        "weekly": any(a.low > target or a.high < target for a in weekly),
        "once": last.low > target or last.high < target,
    }


def peeking_class(c: pd.DataFrame) -> Row:
    """How many seats found a change."""
    many = c["found"].sum()
    return {
        "found": many / len(c),
        "found_0": many == 0,
        "found_2": many <= 2,
        "found_9": many >= 9,
        "band": c["band"].mean(),
        "band_any": c["band"].any(),
        "weekly": c["weekly"].mean(),
        "once": c["once"].mean(),
    }


def codes_seat(d: Drawn, seat: int) -> Row:
    """Machine, people, and the machine corrected; two readers of the twenty who err at one comment in twenty."""
    each = {}
    for name in ("machine", "corrected", "people_only"):
        each |= ends(name, getattr(codes, name)(d))
    rng, right = np.random.default_rng([seat, len(d.study)]), np.asarray(d.extras["right"])
    read = [right ^ (rng.random(len(right)) < 0.05) for _ in range(2)]
    pair = coding_pairs.alpha(*(r.astype(int).tolist() for r in read))
    table = d.extras["table"]
    yes = table["coder_a"].mean()
    return each | {
        "truth": d.truth["share"],
        "alpha": codes.alpha(d).value,
        "agreed": codes.per_cent(d).value,
        "chance": yes**2 + (1 - yes) ** 2,
        "right": (table["machine"].to_numpy() == d.study.truth["coded"]).mean(),
        "pair": pair,
    }


def codes_class(c: pd.DataFrame) -> Row:
    """Two clouds, and the agreement of pairs."""
    width = lambda name: 100 * (c[f"{name}_high"] - c[f"{name}_low"]).mean()  # noqa: E731
    missed = (~held(c, "corrected", c["truth"])).sum()
    return {
        "machine_off": 100 * (c["machine"] - c["truth"]).mean(),
        "corrected_off": 100 * (c["corrected"] - c["truth"]).mean(),
        "machine_held": held(c, "machine", c["truth"]).sum(),
        "corrected_held": len(c) - missed,
        "missed_3": missed >= 3,
        "machine_width": width("machine"),
        "corrected_width": width("corrected"),
        "people_width": width("people_only"),
        "right": c["right"].mean(),
        "alpha": c["alpha"].mean(),
        "agreed": c["agreed"].mean(),
        "chance": c["chance"].mean(),
        "pair": c["pair"].mean(),
        "pair_8": (c["pair"] > 0.8).mean(),
    }


SEAT: dict[str, Callable[[Drawn, int], Row]] = {name: globals()[f"{name}_seat"] for name in NAMES}
CLASS: dict[str, Callable[[pd.DataFrame], Row]] = {name: globals()[f"{name}_class"] for name in NAMES}


def simulated(name: str, classes: int, seed: int = 1) -> pd.DataFrame:
    """Return the figures of so many classes of twenty, a row a class.

    Parameters
    ----------
    name : of the lesson.
    classes : how many rooms are opened.
    seed : of the rooms' secrets.
    """
    about, rows = outline(name), []
    for k in range(classes):
        at = Place(f"room-{k}", 1, SEATS, f"{seed}/{k}".encode())
        seats = [SEAT[name](drawn(about, at.at(s)), s) for s in range(1, SEATS + 1)]
        rows.append(CLASS[name](pd.DataFrame(seats)))
    return pd.DataFrame(rows).astype(float)


def lines(name: str, found: pd.DataFrame) -> list[str]:
    """Return the figures of a lesson as TOML."""
    told = [f"{k} = {{ value = {v.mean():.5g}, spread = {v.std():.5g} }}" for k, v in found.items()]
    return [f"[{name}]", f"classes = {len(found)}", *told, ""]


def main(names: list[str]) -> None:
    """Simulate the lessons named and write their figures; those of the others stay."""
    duckdb.execute("SET threads = 1")
    for name in names:
        made = "\n".join(lines(name, simulated(name, CLASSES[name])))
        before = FILE.read_text(encoding="utf-8") if FILE.is_file() else ""
        kept = {part.partition("]")[0]: f"[{part}" for part in f"\n{before}".split("\n[")[1:]}
        kept[name] = made
        FILE.write_text(HEAD + "\n".join(kept[k].strip() + "\n" for k in NAMES if k in kept), encoding="utf-8")
        print(made)
    assert set(tomllib.loads(FILE.read_text(encoding="utf-8"))) >= set(names)


HEAD = """\
# What a class of twenty sees, simulated: `python -m benchmarks.class_figures` writes this file, the notes quote it.
# Each figure is a statistic of one class; value: its mean over the classes, spread: its standard deviation among them.
"""

if __name__ == "__main__":
    main(sys.argv[1:] or list(NAMES))
