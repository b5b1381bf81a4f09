"""Weights of any kind for the functions that need a study of their own: event logs, prices, tickets, claims, pilots.

The table of `tests/test_any_study.py` has the functions that one questionnaire serves; this one has all others. One
rule: a negative weight is refused in one wording; zero, missing and infinite ones leave the numbers of the other rows;
equal ones of any size give an answer. What takes no weights is listed with its reason, and no weight changes a number.
"""

from __future__ import annotations

import functools
import inspect
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from tests.models.loyalty.test_repeat_purchase import purchases as bought
from tests.test_any_study import CALLS as QUESTIONNAIRE
from tests.test_any_study import NIGHTLY, NO_WEIGHTS, same, told

UNITS = np.arange(120)
"""Every unit (person, case, choice set) has rows of one weight; every ninth unit's weight is changed."""
Table = pd.DataFrame
SATISFIED, TOLD = Scale(1, 5), Scale(0, 10)


def answers() -> Table:
    """Return four answers a person: two coders, an arm, a shop, a channel, a price of a ladder, the day, a wave."""
    rng = np.random.default_rng(8)
    unit = np.repeat(UNITS, 4)
    n = len(unit)
    mood = rng.normal(0, 1, len(UNITS))[unit]
    sat = np.clip(np.round(3 + mood + rng.normal(0, 0.7, n)), 1, 5).astype(int)
    price = np.tile([10, 12, 15, 19], len(UNITS))
    table = {
        "unit": unit, "sat": sat, "ltr": np.clip(2 * sat + rng.integers(-1, 2, n), 0, 10),
        "food": np.clip(sat + rng.integers(-1, 2, n), 1, 5), "room": np.clip(sat + rng.integers(-1, 2, n), 1, 5),
        "arm": np.array(["new", "old"])[unit % 2], "shop": np.array(list("abcdef"))[unit % 6],
        "channel": np.array(["app", "shop", "web"])[unit % 3], "price": price,
        "buys": (rng.normal(16, 3, n) > price).astype(int), "left": (rng.random(n) < 1 / (1 + np.exp(mood + 1))) * 1,
        "before": np.clip(np.round(3 + mood), 1, 5), "called": (sat < 3) & (rng.random(n) < 0.8),
        "one": np.array(list("pqr"))[rng.integers(0, 3, n)], "two": np.array(list("pqr"))[rng.integers(0, 3, n)],
        "day": pd.Timestamp("2025-01-06") + pd.to_timedelta(np.arange(n) % 4 * 21 + unit % 20, unit="D"),
        "wave": 1 + np.arange(n) % 4, "wait": rng.exponential(4, n).round(2), "gone": rng.integers(0, 2, n),
        "comment": [f"what person {i} said at length" for i in range(n)], "id": np.arange(n),
        "time": rng.exponential(200, n).round(),
    }  # fmt: skip
    table["two"] = np.where(rng.random(n) < 0.7, table["one"], table["two"])
    made = pd.DataFrame(table)
    made["closed"] = made["day"] + pd.to_timedelta(rng.exponential(3, n), unit="D")
    return made


ROLES = {
    "sat": Field("sat", "Satisfaction", "integer", "outcome", "satisfaction", SATISFIED),
    "ltr": Field("ltr", "Recommend", "integer", "outcome", "recommendation", TOLD),
    "food": Field("food", "Food", "integer", "touchpoint", scale=SATISFIED),
    "room": Field("room", "Room", "integer", "touchpoint", scale=SATISFIED),
    "arm": Field("arm", "Arm", "string", "segment"), "shop": Field("shop", "Shop", "string", "segment"),
    "channel": Field("channel", "Channel", "string", "channel"), "wave": Field("wave", "Wave", "integer", "wave"),
    "comment": Field("comment", "Comment", "string", "text"), "weight": Field("weight", "Weight", "number", "weight"),
    "case": Field("case", "Case", "integer", "case"), "event": Field("event", "Event", "string", "event"),
    "at": Field("at", "At", "datetime", "time"),
}  # fmt: skip


def asked(table: Table, **more: str) -> Study:
    """Return the study of a table; ``more`` names the roles of further columns."""
    plain = cx.load(table.drop(columns="weight", errors="ignore")).codebook
    fields = [ROLES.get(f.name) or replace(f, role="") for f in plain.fields]
    fields += [ROLES["weight"]] if "weight" in table else []
    fields = [replace(f, role=more[f.name]) if f.name in more else f for f in fields]
    return Study(table, Codebook("made", tuple(fields)))


def log() -> Table:
    """Return an event log of 120 cases whose ends are 'bought' or 'left', with a score and an owner."""
    rng = np.random.default_rng(5)
    rows = []
    for case in UNITS:
        steps = ["visit", *rng.choice(["search", "chat", "problem"], 1 + case % 4), "bought" if case % 3 else "left"]
        clock = np.cumsum(rng.exponential(1.0, len(steps)))
        score = int(np.clip(5 - 2 * ("problem" in steps) + rng.integers(-1, 2), 1, 5))
        rows += [(case, s, c, score, "xyz"[i % 3], i) for i, (s, c) in enumerate(zip(steps, clock, strict=True))]
    table = pd.DataFrame(rows, columns=["unit", "event", "hours", "sat", "owner", "id"])
    table["trouble"] = (table["event"] == "problem").astype(int)
    return table.assign(case=table["unit"], at=pd.Timestamp("2025-01-06") + pd.to_timedelta(table["hours"], unit="D"))


def offers() -> Table:
    """Return a choice between three offers a person; truth: price -0.5, fast 1."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"unit": np.repeat(UNITS, 3)})
    table = table.assign(price=rng.integers(1, 6, len(table)), fast=rng.integers(0, 2, len(table)))
    v = -0.5 * table["price"] + table["fast"] + rng.gumbel(size=len(table))
    return table.assign(taken=(v == v.groupby(table["unit"]).transform("max")).astype(int))


def prices() -> Table:
    """Return the four prices that each person named, in order."""
    rng = np.random.default_rng(3)
    steps = np.cumsum(rng.uniform(1, 6, (len(UNITS), 4)), axis=1).round(1)
    names = ("too_cheap", "cheap", "expensive", "too_expensive")
    return pd.DataFrame(steps, columns=names).assign(unit=UNITS)


def purchases() -> Table:
    """Return purchases of customers who come at their own pace and may stop."""
    return bought(80, 3).rename(columns={"who": "unit"})


def items() -> Table:
    """Return answers to six items of three constructs."""
    rng = np.random.default_rng(4)
    a = rng.normal(0, 1, 4 * len(UNITS))
    b = 0.6 * a + rng.normal(0, 0.8, len(a))
    made = {f"{name}{j}": np.clip(np.round(3 + x + rng.normal(0, 0.6, len(a))), 1, 5).astype(int)
            for name, x in (("a", a), ("b", b)) for j in range(3)}  # fmt: skip
    return pd.DataFrame(made).assign(unit=np.repeat(UNITS, 4))


PATHS = cx.indices.PathModel("m", {"A": ("a0", "a1", "a2"), "B": ("b0", "b1", "b2")}, (("A", "B"),), target="B")
Call = Callable[[Study], object]
TRIAL = {"columns": {"arm": ["arm"]}}


def trial(table: Table) -> Study:
    """Return a study whose arms were assigned."""
    study = asked(table)
    return Study(study.table, replace(study.codebook, design="experiment", assignment=("arm",)))


CALLS: dict[str, tuple[Callable[[], Table], Callable[..., Study], Call]] = {
    "index": (items, asked, lambda s: cx.index(s, PATHS, draws=20)),
    "crosstab": (answers, asked, lambda s: cx.crosstab(s, "sat", "arm", "shop")),
    "standing": (answers, asked, lambda s: cx.pages.standing(s, "nps")),
    "verdict": (answers, trial, lambda s: cx.verdict("CX-23", s, **TRIAL, robust=False, ledger=None)),
    "specifications": (answers, trial, lambda s: cx.evidence.specifications("CX-23", s, **TRIAL)),
    "price_sensitivity": (prices, asked, lambda s: cx.prices.price_sensitivity(s, draws=20)),
    "gabor_granger": (answers, lambda t: asked(t, unit="cluster"), lambda s: cx.prices.gabor_granger(
        s, price="price", buys="buys", draws=20)),
    "alert_policy": (answers, asked, lambda s: cx.loops.alert_policy(s, "left", of="ltr", value=9, cost=1, saved=0.2)),
    "closing": (answers, asked, lambda s: cx.closing(s, opened="day", closed="closed", by="arm")),
    "loop_effect": (answers, asked, lambda s: cx.loop_effect(s, "sat", before="before", called="called")),
    "kpi_tree": (answers, asked, lambda s: cx.targets.kpi_tree(s, "sat", targets={"food": 4, "room": 4, "sat": 4})),
    "consistency": (answers, asked, lambda s: cx.journeys.consistency(s, by="channel", of="sat")),
    "monitor": (answers, lambda t: asked(t, day="date"), lambda s: cx.monitor(s, "nps", every="week", baseline=8)),
    "experiment": (answers, trial, lambda s: cx.experiment(s, ["sat"], arm="arm", control="old", before="food")),
    "patience": (answers, asked, lambda s: cx.loyalty.patience(s, wait="wait", abandoned="gone", score="sat")),
    "lagged": (answers, asked, lambda s: cx.loyalty.lagged(s, "sat", y="ltr", unit="unit", period="wave")),
    "within_person": (answers, asked, lambda s: cx.loyalty.within_person(
        s, "sat", score="ltr", person="unit", period="wave")),
    "choice": (offers, asked, lambda s: cx.prices.choice(s, "price + fast", chosen="taken", among="unit")),
    "worth_in_money": (offers, asked, lambda s: cx.prices.worth_in_money(
        s, "fast + price", price="price", chosen="taken", among="unit")),
    "journey": (log, asked, lambda s: cx.journey(s, "sat")),
    "transitions": (log, asked, lambda s: cx.transitions(s)),
    "drop_off": (log, asked, lambda s: cx.drop_off(s, ends="bought", lost="left")),
    "posting": (answers, asked, lambda s: cx.text.posting(s, "sat", posted="left")),
    "influence": (answers, asked, lambda s: cx.text.influence(s, "left")),
    "handoffs": (log, asked, lambda s: cx.handoffs(s, "sat")),
    "pain_points": (log, asked, lambda s: cx.pain_points(s, "sat", problems="trouble")),
    "journey_types": (log, asked, lambda s: cx.journey_types(s, "sat", k=2, draws=5)),
}  # fmt: skip

NONE: dict[str, tuple[str, Callable[[], Table], Callable[..., Study], Call]] = {
    "agreement": ("it is of the coders", answers, asked, lambda s: cx.loops.agreement(s, ["one", "two"])),
    "alerts": ("an alert is one customer", answers, lambda t: asked(t, id="id", day="date"),
               lambda s: cx.alerts(s, {"low": {"ltr": (0, 6)}})),
    "gaming": ("it is of those who were asked", answers, asked, lambda s: cx.targets.gaming(s, "sat", owner="shop")),
    "contact_clock": ("each customer is one", purchases, asked, lambda s: cx.loyalty.contact_clock(
        s, customer="unit", date="day", since="2024-09-30")),
    "repeat": ("each customer is one", purchases, asked, lambda s: cx.repeat(
        s, customer="unit", date="day", until="2024-09-30", horizon=9, draws=20)),
    "repeat_models": ("each customer is one", purchases, asked, lambda s: cx.loyalty.repeat_models(
        s, customer="unit", date="day", until="2024-09-30", horizon=9)),
    "choice_design": ("it is of the offers, not of who chose", offers, asked, lambda s: cx.prices.choice_design(
        s, "price + fast", among="unit")),
    "heard_sheet": ("it draws comments to be read", answers, asked, lambda s: cx.loops.heard_sheet(s, "comment")),
    "segments": ("it names columns", answers, asked, lambda s: cx.metrics.segments(s)),
    "concerned": ("it returns rows", answers, asked, lambda s: cx.checks.concerned(s, "speeding", duration="time")),
    "drop": ("it returns rows", answers, asked, lambda s: cx.drop(s, "speeding", duration="time")),
}  # fmt: skip
FACES = {"ask": "a panel of doubts", "explore": "a panel: it calls what is in these tables",
         "check": "it reports what is wrong with the data, weights too: tests/data/test_column_checks.py",
         "label_sample": "it writes sheets of comments; rows without a weight are not drawn", "code": "as `themes`",
         "text_quality": "it counts what stands in the comments", "clean": "it returns rows", "discover": "a draft",
         "tone": "it needs the extra 'text': tests/models/text", "coded_beside": "as `code`",
         "plan": "it names columns and thresholds; the verdicts of the plan read the weights",
         "family": "the verdicts of a plan: as `verdict`"}  # fmt: skip


LATER = dict.fromkeys(("discover", "tone"), "take many comments: tests/models/text; their weights are not tried here")
LATER |= {"beyond_ratings": "takes many comments: tests/models/text; its weights are not tried here",
          "star_jump": "needs a score of two decimals: tests/models/text; its weights are not tried here"}  # fmt: skip


def weighted(table: Table, *values: float) -> Table:
    """Return the table with a weight of 0.5 to 2 a unit, and one of ``values`` after the other for every ninth unit."""
    w = pd.Series(0.5 + (table["unit"] % 4) / 2)
    if not values:
        return table.assign(weight=w)
    each = table["unit"] // 9 % len(values)
    return table.assign(weight=w.mask(table["unit"] % 9 == 0, each.map(dict(enumerate(values)))))


def numbers(result: object) -> object:
    if isinstance(result, Study):
        return result.to_pandas().drop(columns="weight", errors="ignore").astype(str).to_numpy().tolist()
    if isinstance(result, pd.DataFrame):
        return result.astype(str).to_numpy().tolist()
    if isinstance(result, list):
        return result
    if not isinstance(result, cx.Result):  # tables: the letters and numbers of every one
        return [sorted(map(str, frame.to_numpy().ravel())) for frame in result.frames()]
    return told(result)


def outcome(call: Call, study: Study) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return numbers(call(study))
        except cx.DataProblem as problem:
            return str(problem)


@pytest.mark.parametrize("name", CALLS)
def test_negative_weights_are_refused_in_one_wording(name: str) -> None:
    make, study, call = CALLS[name]
    said = outcome(call, study(weighted(make(), -1.0)))
    assert isinstance(said, str), "no refusal"
    assert re.sub(r"^\d+ rows", "k rows", said) == (
        "k rows of made have a negative weight in 'weight'; weights are positive. Correct them, or leave the rows out "
        "with study.filter"
    )


@functools.cache
def of_the_others(name: str) -> object:
    """What a call gives where the rows to be left out are not there."""
    make, study, call = CALLS[name]
    table = weighted(make())
    return outcome(call, study(table[table["unit"] % 9 > 0].reset_index(drop=True)))


@pytest.mark.parametrize("weights", [NO_WEIGHTS, *([w] for w in NO_WEIGHTS if NIGHTLY)], ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_rows_whose_weight_is_none_leave_the_numbers_of_the_others(name: str, weights: Sequence[float]) -> None:
    make, study, call = CALLS[name]
    right = of_the_others(name)
    assert not isinstance(right, str), right
    found = outcome(call, study(weighted(make(), *weights)))
    assert same(right, found, set()), found if isinstance(found, str) else "other numbers"


@pytest.mark.parametrize("weight", [3.0, 1e12] if NIGHTLY else [1e12], ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_equal_weights_of_any_size_give_an_answer(name: str, weight: float) -> None:
    make, study, call = CALLS[name]
    found = outcome(call, study(make().assign(weight=weight)))
    assert not isinstance(found, str), found


@pytest.mark.parametrize("name", NONE)
def test_no_weight_changes_a_number_of_what_takes_none(name: str) -> None:
    _, make, study, call = NONE[name]
    right = outcome(call, study(make()))
    assert not isinstance(right, str), right
    for value in (np.nan, -1.0):
        found = outcome(call, study(weighted(make(), value)))
        assert same(right, found, set()), found if isinstance(found, str) else f"other numbers with {value}"


def test_every_public_function_that_takes_a_study_has_a_row() -> None:
    rooms = (cx, *(getattr(cx, room) for room in cx._ROOMS))
    functions = {n: f for room in rooms for n, f in inspect.getmembers(room, inspect.isfunction)}
    wanted = {n for n, f in functions.items() if "study" in inspect.signature(f).parameters}
    rows = {name.split()[0] for name in QUESTIONNAIRE} | set(CALLS) | set(NONE) | set(FACES) | set(LATER)
    assert wanted - rows == set()
    assert set(CALLS) & set(NONE) == set() and (set(CALLS) | set(NONE) | set(FACES)) <= set(functions)
