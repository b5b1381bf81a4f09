"""What a stranger's study may hold, for every public function: any name of a column, any weight, any answer.

Results are those of the same data under names that nothing else has. The names tried are read from the code:
every text that names a column of ours, and every column of a result.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.present import markup

NIGHTLY = bool(os.environ.get("CXLAB_NIGHTLY"))
"""All names of the package in three roles each; else those of the counting room in one."""
ROOMS = ("stats", "models", "data") if NIGHTLY else ("stats/counts",)
PLAIN = ("nps", "answers", "compare", "trend", "league", "bootstrap", "mixed", "quality")
"""Results whose columns are tried as names in the plain run; the extended one takes those of all."""
ROLES = ("segment", "wave", "weight", "cluster", "strata", "ltr", "sat", "brand", "dose")
OTHERS = ("item0", "item1", "item2", "ease", "comment", "code")
NEUTRAL = {role: f"zz{i}zz" for i, role in enumerate(ROLES)} | {role: role for role in OTHERS}
SMALL = {"draws": 20, "seed": 1}


def code_names() -> set[str]:
    """Return the texts in the code that name a column: subscripts, keywords of assign, aliases, keys of tables."""
    found: set[str] = set()
    home = Path(cx.__file__).parent
    for path in (p for room in ROOMS for p in sorted((home / room).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            texts: list[ast.AST] = []
            if isinstance(node, ast.Subscript):
                texts = list(ast.walk(node.slice))
            elif isinstance(node, ast.Dict):
                texts = [k for k in (*node.keys, *node.values) if k is not None]
            elif isinstance(node, ast.Call):
                name = getattr(node.func, "attr", "")
                found |= {k.arg for k in node.keywords if k.arg and name == "assign"}
                texts = list(node.args) if name in ("alias", "col", "sort_values", "drop", "insert") else []
            found |= {t.value for t in texts if isinstance(t, ast.Constant) and isinstance(t.value, str)}
    return {n for n in found if n and n.replace("_", "").isalnum() and n.isidentifier() and len(n) <= 15}


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 280
    region, wave = rng.integers(0, 3, n), np.arange(n) % 4
    ltr = np.clip(rng.integers(0, 11, n) + region, 0, 10)
    sat = np.clip(1 + ltr // 2 + rng.integers(-1, 2, n), 1, 5)
    table = {f"item{j}": np.clip(sat + rng.integers(-1, 2, n), 1, 5) for j in range(3)}
    return pd.DataFrame({
        "segment": np.array(["North", "South", "West"])[region], "wave": 2021 + wave,
        "weight": rng.choice([0.5, 1.0, 1.5, 2.0], n), "cluster": np.arange(n) % 140, "strata": np.arange(n) % 140 % 5,
        "ltr": ltr, "sat": sat, "brand": np.array(["Alba", "Brio", "Cima", "Dora"])[(np.arange(n) // 7) % 4],
        "dose": rng.integers(1, 40, n), **table, "comment": [f"a comment of person {i}" for i in range(n)],
        "code": np.arange(n), "ease": rng.integers(1, 8, n), "with": rng.integers(1, 6, n),
        "without": rng.integers(1, 6, n),
    })  # fmt: skip


def named(called: dict[str, str], table: pd.DataFrame | None = None) -> Study:
    """Return the study with the roles' columns called as given, of other rows if ``table`` is given."""
    five, eleven = Scale(1, 5), Scale(0, 10)
    own = {
        "segment": Field("segment", "S", "string", "segment"), "wave": Field("wave", "W", "integer", "wave"),
        "weight": Field("weight", "G", "number", "weight"), "cluster": Field("cluster", "C", "integer", "cluster"),
        "strata": Field("strata", "H", "integer", "strata"), "brand": Field("brand", "B", "string", "brand"),
        "ltr": Field("ltr", "L", "integer", "outcome", "recommendation", eleven),
        "sat": Field("sat", "A", "integer", "outcome", "satisfaction", five),
        "dose": Field("dose", "D", "integer", "operation", "wait"),
    }  # fmt: skip
    fields = [Field(called[r], f.title, f.type, f.role, f.measure, f.scale) for r, f in own.items()]
    fields += [Field(called[f"item{j}"], f"I{j}", "integer", "touchpoint", scale=five) for j in range(3)]
    fields += [Field(called["ease"], "E", "integer", "outcome", "effort-v2", Scale(1, 7))]
    fields += [Field("with", "F", "integer", "", "kano-functional", five, about="zz")]
    fields += [Field("without", "U", "integer", "", "kano-dysfunctional", five, about="zz")]
    fields += [Field(called["comment"], "T", "string", "text"), Field(called["code"], "K", "integer", "id")]
    table = rows() if table is None else table
    return Study(table.rename(columns=called), Codebook("made", tuple(fields)))


def without_design(study: Study, *roles: str) -> Study:
    """Return the study with the columns of these roles as plain ones."""
    book = study.codebook
    for role in roles:
        for name in book.role(role):
            book = book.replace(name, role="")
    return Study(study.table, book)


Names = dict[str, str]


def model(c: Names) -> cx.indices.PathModel:
    blocks = {"A": (c["item0"], c["item1"]), "B": (c["item2"], c["sat"])}
    return cx.indices.PathModel("m", blocks, (("A", "B"),), target="B")


BRANDS = ("Alba", "Brio", "Cima", "Dora")


def coded(study: Study, c: Names) -> Study:
    """Return the study with its comments coded by one theme."""
    sheet = pd.DataFrame({"comment": [f"a comment of person {i}" for i in range(0, 280, 4)]})
    sheet = sheet.assign(odd=np.arange(70) % 3 == 0).astype({"odd": int})
    labels = cx.text.read_labels(sheet, ["odd"], at_random=True)
    return cx.code(study, ["odd"], labels=labels, engine="words", column=c["comment"])


CALLS: dict[str, Callable[[Study, Names], object]] = {
    "nps": lambda s, c: cx.nps(s, by=[c["segment"], c["brand"]]),
    "csat": lambda s, c: cx.csat(s, by=c["wave"]),
    "mean": lambda s, c: cx.mean(s, [c["ltr"], c["sat"]], by=c["brand"]),
    "share": lambda s, c: cx.share(s, c["segment"], value="North", by=c["wave"]),
    "churn": lambda s, c: cx.churn(s, c["sat"], value=5, by=c["segment"]),
    "retention": lambda s, c: cx.metrics.retention(s, c["sat"], value=5, by=c["segment"]),
    "answers": lambda s, c: cx.answers(s, c["sat"], by=c["segment"]),
    "satisfaction_ratio": lambda s, c: cx.metrics.satisfaction_ratio(s, by=c["segment"], draws=50),
    "compare": lambda s, c: cx.compare(s, "nps", by=[c["brand"], c["segment"]]),
    "compare items": lambda s, c: cx.compare(s, "mean", by=[c["segment"], "item"], of=[c["item0"], c["item1"]]),
    "against": lambda s, c: cx.against(s, "nps", benchmark=10, by=c["segment"]),
    "trend": lambda s, c: cx.trend(s, "nps"),
    "changes": lambda s, c: cx.changes(s, "nps", by=c["brand"], wave=c["wave"]),
    "running": lambda s, c: cx.running(s, "nps", by=c["segment"], wave=c["wave"]),
    "pilot": lambda s, c: cx.pilot(s, "nps", unit=c["segment"], wave=c["wave"], start={"North": 2023}),
    "change_explained": lambda s, c: cx.change_explained(s, "nps", by=c["segment"]),
    "themes": lambda s, c: cx.themes(coded(s, c), by=c["segment"]),
    "theme_impact": lambda s, c: cx.text.theme_impact(coded(s, c), c["sat"], metric="mean"),
    "reviews": lambda s, c: cx.reviews(s, c["sat"], unit=c["brand"]),
    "displayed_score": lambda s, c: cx.text.displayed_score(s, c["sat"], unit=c["brand"]),
    "review_hints": lambda s, c: cx.text.review_hints(s, unit=c["brand"], author=c["segment"]),
    "impact": lambda s, c: cx.metrics.impact(s, c["segment"]),
    "scorecard": lambda s, c: cx.scorecard(s, by=c["segment"]),
    "sample_size": lambda s, c: cx.sample_size("nps", s, difference=20),
    "league": lambda s, c: cx.league(s, case_mix=c["segment"]),
    "league_change": lambda s, c: cx.leagues.league_change(s),
    "funnel": lambda s, c: cx.leagues.funnel(cx.league(s)),
    "peers": lambda s, c: cx.leagues.peers(cx.league(s), "Alba"),
    "gap": lambda s, c: cx.leagues.gap(cx.leagues.peers(cx.league(s), "Alba")),
    "ols": lambda s, c: cx.ols(s, f"{c['sat']} ~ {c['dose']} + C({c['segment']})"),
    "logit": lambda s, c: cx.regressions.logit(s, f"I({c['sat']} >= 4) ~ {c['dose']} + C({c['segment']})"),
    "mixed": lambda s, c: cx.regressions.mixed(s, f"{c['sat']} ~ {c['dose']}", by=c["brand"]),
    "ridge": lambda s, c: cx.regressions.ridge(s, f"{c['sat']} ~ {c['dose']} + {c['item0']}"),
    "ordinal": lambda s, c: cx.regressions.ordinal(s, f"{c['sat']} ~ {c['dose']}"),
    "mediation": lambda s, c: cx.regressions.mediation(
        s, outcome=c["sat"], treatment=c["dose"], mediator=c["ltr"], draws=20),
    "bootstrap": lambda s, c: cx.bootstrap(s, c["sat"], by=c["segment"], **SMALL),
    "jackknife": lambda s, c: cx.regressions.jackknife(s, c["sat"], by=c["segment"]),
    "permutation": lambda s, c: cx.regressions.permutation(
        s.where(**{c["segment"]: ["North", "South"]}), c["sat"], by=c["segment"], **SMALL),
    "replicate_weights": lambda s, c: cx.regressions.replicate_weights(
        s, c["sat"], weights=[c["weight"], c["dose"]], kind="brr", by=c["segment"]),
    "drivers": lambda s, c: cx.drivers(s, c["sat"]),
    "driver_segments": lambda s, c: cx.importance.driver_segments(s, c["segment"], outcome=c["sat"]),
    "driver_levels": lambda s, c: cx.importance.driver_levels(s, c["brand"], outcome=c["sat"]),
    "asymmetry": lambda s, c: cx.importance.asymmetry(s, c["sat"]),
    "one_failure": lambda s, c: cx.one_failure(s, c["sat"]),
    "importance_performance": lambda s, c: cx.importance.importance_performance(s, c["sat"]),
    "survival": lambda s, c: cx.survival(s, time=c["dose"], event=c["sat"], ends=[1, 2], by=c["segment"]),
    "hazard": lambda s, c: cx.hazard(s, f"{c['ltr']} + {c['segment']}", time=c["dose"], event=c["sat"], ends=1),
    "value": lambda s, c: cx.value(
        cx.hazard(s, c["ltr"], time=c["dose"], event=c["sat"], ends=1), "L", change=1, margin=1),
    "loyalty_curve": lambda s, c: cx.loyalty.loyalty_curve(s, c["sat"], score=c["ltr"]),
    "personas": lambda s, c: cx.personas(s, [c["item0"], c["item1"]], about=[c["sat"]], split=c["segment"], most=2),
    "beyond": lambda s, c: cx.importance.beyond(s, c["dose"], more=[c["sat"]], given=[c["ltr"]]),
    "best_metric": lambda s, c: cx.loyalty.best_metric(s, c["dose"], metrics=[c["sat"], c["ltr"]]),
    "stated_premium": lambda s, c: cx.prices.stated_premium(s, ordinary=c["dose"], great=c["sat"]),
    "churn_model": lambda s, c: cx.loyalty.churn_model(s, c["item0"], left=c["sat"], ends=[1, 2]),
    "cost_to_serve": lambda s, c: cx.loyalty.cost_to_serve(s, c["ltr"], cost=c["dose"]),
    "index_by": lambda s, c: cx.indices.index_by(
        s, c["segment"], model=model(c), draws=20),
    "variation": lambda s, c: cx.variation(s, by=c["brand"]),
    "dose_response": lambda s, c: cx.journeys.dose_response(s),
    "sequence": lambda s, c: cx.journeys.sequence(s),
    "regression_to_mean": lambda s, c: cx.journeys.regression_to_mean(s),
    "what_if": lambda s, c: cx.importance.what_if(s, c["sat"]),
    "ces": lambda s, c: cx.ces(s, by=c["segment"]),
    "kano": lambda s, c: cx.importance.kano(s, by=c["segment"]),
    "quality": lambda s, c: cx.quality(s, duration=c["dose"]),
    "comments": lambda s, c: cx.comments(s, by=c["segment"]),
    "rake": lambda s, c: cx.nps(cx.rake(s, {c["segment"]: {"North": 1, "South": 1, "West": 1}}, trim=(0.1, 9))),
    "poststratify": lambda s, c: cx.nps(cx.designs.poststratify(s, c["brand"], totals=dict.fromkeys(BRANDS, 1))),
    "weighting": lambda s, c: cx.designs.weighting(s, {c["segment"]: {"North": 1, "South": 1, "West": 1}}),
}  # fmt: skip
EVENTS = ("journey", "transitions", "drop_off", "handoffs", "pain_points", "journey_types")
LATER: dict[str, str] = {
    "choice": "needs choice sets: tests/models/price/test_choices.py",
    "lagged": "needs units over periods: tests/models/loyalty/test_clocks.py",
    "within_person": "needs people over periods: tests/models/loyalty/test_within_person.py",
    "patience": "needs waits that ended in two ways: tests/models/loyalty/test_clocks.py",
    "contact_clock": "needs contacts of customers: tests/models/loyalty/test_clocks.py",
    "repeat_models": "needs purchases: tests/models/loyalty/test_clocks.py",
    "worth_in_money": "needs choice sets: tests/models/price/test_mixed_choices.py",
    "choice_design": "needs choice sets: tests/models/price/test_mixed_choices.py",
    "repeat": "needs purchases: tests/models/loyalty/test_repeat_purchase.py",
    "monitor": "needs many periods: tests/models/monitoring/test_monitor.py",
    "experiment": "its units lie in one arm each: tests/models/pilots/test_experiment.py",
}
LATER |= dict.fromkeys(
    ("code", "label_sample", "text_quality", "clean", "discover", "tone", "beyond_ratings"),
    "take comments: tests/models/text",
)
LATER |= dict.fromkeys(
    ("alert_policy", "closing", "loop_effect", "heard_sheet"),
    "need another kind of study: tests/models/loop/test_loop.py",
)
LATER |= dict.fromkeys(("kpi_tree", "gaming"), "take names of questions: tests/models/planning/test_plan_page.py")
LATER["star_jump"] = "needs a score of two decimals: tests/models/text/test_reviews.py"
LATER["consistency"] = "needs a column of channels: tests/models/journeys/test_channels.py"
LATER |= dict.fromkeys(EVENTS, "need an event log: tests/models/journeys/test_events.py")
"""Functions that need no column by name, or another kind of study."""


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"rake"}))
def test_every_interval_says_what_weights_fitted_in_the_session_do_to_it(name: str) -> None:
    shares = {"North": 0.2, "South": 0.3, "West": 0.5}
    study = cx.rake(named(NEUTRAL), {NEUTRAL["segment"]: shares})
    result = CALLS[name](study, NEUTRAL | {"weight": "weight_raked"})
    uncertain = isinstance(result, cx.Result) and {"low", "high", "se", "p"} & set(result.table.columns)
    if uncertain and name not in ("funnel", "peers", "gap", "quality"):  # of a result, not of the study; of checks
        said = [t for t in (result.method, *result.notes) if "weights fitted to margins" in t]
        assert len(said) == 1, said


def told(result: object) -> list:
    """Return the numbers and labels of a result's tables by position, column by column, without names of columns."""
    if isinstance(result, Study):
        return []
    frames = [result.table, *(t for t in result.parts.values() if isinstance(t, pd.DataFrame))]
    columns = [[frame.iloc[:, j].tolist() for j in range(frame.shape[1])] for frame in frames]
    assert repr(result)
    body = markup(result).partition("<tbody>")[2]
    return [*columns, re.findall(r"<t[dh][^>]*>(.*?)</t", body)]


def same(a: object, b: object, names: set[str]) -> bool:
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(same(x, y, names) for x, y in zip(a, b, strict=True))
    if isinstance(a, str):
        return a == b or (isinstance(b, str) and any(n in b for n in names))
    if isinstance(a, (int, float, np.number)) and not isinstance(a, bool):
        return bool(a == b or (a != a and b != b) or abs(a - b) <= 1e-9 * max(1, abs(a)))
    return bool(a == b or (a != a and b != b))


@pytest.fixture(scope="module")
def right() -> dict[str, list]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: told(call(named(NEUTRAL), NEUTRAL)) for name, call in CALLS.items()}


def names_to_try() -> list[str]:
    study = named(NEUTRAL)
    found = code_names()
    for name in CALLS if NIGHTLY else PLAIN:
        result = CALLS[name](study, NEUTRAL)
        parts = [t for t in result.parts.values() if NIGHTLY and isinstance(t, pd.DataFrame)]
        for frame in (result.table, *parts):
            found |= {str(c) for c in frame.columns}
    taken = {"with", "without"} | set(NEUTRAL.values())
    kept = [n for n in sorted(found) if n not in taken and n.isidentifier() and n not in ("class", "from", "None")]
    return list({n.lower(): n for n in kept}.values())


def renamings(names: list[str], turns: int) -> Iterator[dict[str, str]]:
    """Yield names for all roles, so that each name serves in ``turns`` of them."""
    for turn in range(turns):
        for start in range(0, len(names), len(NEUTRAL)):
            few = names[start : start + len(NEUTRAL)]
            roles = [*NEUTRAL][turn:] + [*NEUTRAL][:turn]
            yield NEUTRAL | dict(zip(roles, few, strict=False))


def test_every_function_gives_the_same_whatever_the_columns_are_called(right: dict[str, list]) -> None:
    names = names_to_try()
    assert {"q", "w", "a", "m", "n", "estimate", "clusters", "stratum", "df", "rank", "group", "label"} <= set(names)
    turns = 3 if NIGHTLY else 1
    wrong: list[str] = []
    for called in renamings(names, turns):
        study = named(called)
        for name, call in CALLS.items():
            if name == "compare items" and "item" in called.values():
                continue  # one word for a column and for the questions: the column is meant
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    found = told(call(study, called))
                except Exception as error:
                    wrong.append(f"{name} with {called}: {type(error).__name__}: {str(error)[:150]}")
                    continue
            if not same(right[name], found, set(called.values())):
                wrong.append(f"{name} with {called}: other numbers")
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:40])


def test_every_function_that_takes_a_column_is_tried() -> None:
    import inspect

    takes = ("by", "unit", "group", "wave", "column", "topics", "outcome", "of", "margins", "formula", "dose")
    rooms = (cx, *(getattr(cx, room) for room in cx._ROOMS))
    functions = {n: f for room in rooms for n, f in inspect.getmembers(room, inspect.isfunction)}
    given = {n: set(inspect.signature(f).parameters) for n, f in functions.items()}
    wanted = {n for n, parameters in given.items() if set(takes) & parameters and "study" in parameters}
    tried = {name.split()[0] for name in CALLS}
    assert wanted - tried - set(LATER) == set()


def test_quarters_in_a_column_called_q_are_told_apart() -> None:
    score = [0] * 20 + [10] * 32 + [8] * 28 + [0] * 26 + [10] * 39 + [8] * 15 + [0] * 20 + [10] * 35 + [8] * 25
    table = pd.DataFrame({"q": np.repeat(["2025Q1", "2025Q2", "2025Q3"], 80), "nps": score})
    found = cx.nps(cx.load(table), by="q").table
    assert found["q"].tolist() == ["2025Q1", "2025Q2", "2025Q3"]
    assert found["estimate"].tolist() == [15.0, 16.25, 18.75]
    assert found["n"].tolist() == [80, 80, 80]


def test_a_table_of_units_may_call_its_first_column_as_it_likes() -> None:
    table = pd.DataFrame({"name": list("abcd"), "estimate": [1.0, 2, 3, 4], "se": 0.5})
    right = cx.leagues.peers(table, "a")
    for name in ("unit", "metric", "weight", "distance", "n", "parent", "scale_minimum"):
        found = cx.leagues.peers(table.rename(columns={"name": name}), "a")
        assert same(told(right), told(found), {name}), name


# Weights and answers ---------------------------------------------------------------------------------------------

SOME = np.arange(0, 280, 31)
UNWEIGHTED = {"permutation", "comments", "quality", "review_hints"}
"""They use no weights; quality reports what is wrong with them."""
REGRESSIONS = ("ols", "logit", "mixed", "ridge", "ordinal", "mediation", "bootstrap", "jackknife", "permutation",
               "replicate_weights")  # fmt: skip


def changed(**columns: object) -> Study:
    """Return the study with some rows of its columns changed."""
    table = rows().astype(dict.fromkeys((*columns, "weight"), float))
    for column, value in columns.items():
        table.loc[SOME, column] = value
    return named(NEUTRAL, table)


def outcome(name: str, study: Study) -> object:
    """What a call gives: its numbers, or the refusal in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return told(CALLS[name](study, NEUTRAL))
        except cx.DataProblem as problem:
            return str(problem)


@pytest.mark.parametrize("name", sorted(set(CALLS) - UNWEIGHTED))
def test_negative_weights_are_refused_in_one_wording(name: str) -> None:
    said = outcome(name, changed(weight=-1.0))
    assert isinstance(said, str), "no refusal"
    assert re.sub(r"^(10|5) rows", "k rows", said) == (  # a change between two waves reads those two
        "k rows of made have a negative weight in 'zz2zz'; weights are positive. Correct them, or leave the rows out "
        "with study.filter"
    )


@functools.cache
def of_the_others(name: str) -> object:
    """What a call gives where the rows to be left out are not there."""
    return outcome(name, named(NEUTRAL, rows().drop(SOME).astype({"weight": float})))


NO_WEIGHTS = (0.0, np.nan, np.inf)
"""Weights that leave their row out; the plain run has all of them in one table, the extended one each alone too."""


@pytest.mark.parametrize("weights", [NO_WEIGHTS, *([w] for w in NO_WEIGHTS if NIGHTLY)], ids=str)
@pytest.mark.parametrize("name", sorted(set(CALLS) - UNWEIGHTED - {"replicate_weights"}))
def test_rows_whose_weight_is_none_leave_the_numbers_of_the_others(name: str, weights: Sequence[float]) -> None:
    right, found = of_the_others(name), outcome(name, changed(weight=np.resize(weights, len(SOME))))
    assert not isinstance(right, str), right
    assert same(right, found, set()), found if isinstance(found, str) else "other numbers"


@pytest.mark.parametrize("weight", [3.0, 1e12] if NIGHTLY else [1e12], ids=str)
@pytest.mark.parametrize("name", sorted(set(CALLS)))
def test_equal_weights_of_any_size_give_an_answer(name: str, weight: float) -> None:
    study = named(NEUTRAL, rows().assign(weight=weight))
    assert not isinstance(outcome(name, study), str)


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"quality"}))
def test_answers_outside_the_scale_are_none(name: str) -> None:  # quality reports them
    questions = ("ltr", "sat", "item0", "item1", "item2", "ease")
    right = outcome(name, changed(**dict.fromkeys(questions, np.nan)))
    assert not isinstance(right, str), right
    found = outcome(name, changed(**dict.fromkeys(questions, 99.0)))
    assert same(right, found, set()), found if isinstance(found, str) else "other numbers"


@pytest.mark.parametrize("name", REGRESSIONS)
def test_answers_outside_the_scale_are_counted_in_the_notes(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = CALLS[name](changed(sat=99.0, item0=-1.0), NEUTRAL)
    said = "{} answers to '{}' outside its scale do not count"
    assert said.format(6 if name == "permutation" else 10, NEUTRAL["sat"]) in found.notes  # that one is of two segments
    assert (said.format(10, "item0") in found.notes) == (name == "ridge")


def test_answers_to_drivers_outside_the_scale_are_counted_in_the_notes() -> None:
    found = cx.drivers(changed(item0=-1.0), NEUTRAL["sat"])
    assert "10 answers to 'item0' outside its scale do not count" in found.notes


@pytest.mark.parametrize("backend", ["pandas", "polars", "duckdb"])
def test_an_answer_that_is_missing_is_neither_at_least_4_nor_below(backend: str) -> None:
    import duckdb
    import polars as pl

    table = rows().astype({"sat": float})
    table.loc[SOME, "sat"] = np.nan
    made = {"pandas": lambda t: t, "polars": pl.from_pandas, "duckdb": duckdb.from_df}[backend]
    whole, without = (named(NEUTRAL, t) for t in (table, table.drop(SOME)))
    found, right = (
        cx.ols(Study(made(s.table), s.codebook), f"I({NEUTRAL['sat']} >= 4) ~ {NEUTRAL['dose']}")
        for s in (whole, without)
    )
    assert same(right.table["estimate"].tolist(), found.table["estimate"].tolist(), set())
    assert f"{len(SOME)} of 280 rows left out" in " ".join(found.notes)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_questions_that_nobody_answered_are_said_or_left_out(name: str) -> None:
    empty = rows().astype(dict.fromkeys(("ltr", "sat", "item0"), float)).assign(ltr=np.nan, sat=np.nan, item0=np.nan)
    assert outcome(name, named(NEUTRAL, empty)) is not None


def test_rows_of_a_pandas_table_that_was_filtered_keep_their_weights() -> None:
    kept = rows().drop(SOME).astype({"weight": float})  # its index has gaps
    for name in CALLS:
        right, found = (outcome(name, named(NEUTRAL, t)) for t in (kept.reset_index(drop=True), kept))
        assert same(right, found, set()), name  # type: ignore[arg-type]
