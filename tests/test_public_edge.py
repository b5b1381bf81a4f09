"""Wrong input at the public edge: every public function says what came, what is allowed and what to do.

One table of calls: a column (or a name) that does not exist, for every public function that takes one; then what every
function that takes a study refuses alike.
"""

from __future__ import annotations

import inspect
import re

import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.catalogue import open_study
from cxlab.data.study import Study

STUDY = open_study("brand-tracker")
BAD = "servise"
LABELS = cx.text.read_labels(
    STUDY.head(200)[["comment"]].dropna().assign(service=lambda t: t["comment"].str.contains("e").astype(int)),
    ["service"],
    at_random=True,
)
CODED = cx.code(STUDY, ["service"], engine="words", labels=LABELS)
UNKNOWN = {
    "against": lambda: cx.against(STUDY, "nps", benchmark=20.0, by=BAD),
    "answers": lambda: cx.answers(STUDY, BAD),
    "asymmetry": lambda: cx.importance.asymmetry(STUDY, BAD),
    "benchmarks": lambda: cx.leagues.benchmarks(industry=BAD),
    "bootstrap": lambda: cx.bootstrap(STUDY, BAD),
    "calibrate": lambda: cx.evidence.calibrate([BAD]),
    "ces": lambda: cx.ces(STUDY, BAD),
    "churn": lambda: cx.churn(STUDY, BAD),
    "comments": lambda: cx.comments(STUDY, by=BAD),
    "compare": lambda: cx.compare(STUDY, "nps", by=BAD),
    "concerned": lambda: cx.checks.concerned(STUDY, "speeding", duration=BAD),
    "crosstab": lambda: cx.crosstab(STUDY, "satisfaction", BAD),
    "csat": lambda: cx.csat(STUDY, BAD),
    "detectable": lambda: cx.metrics.detectable(BAD, 0.5, n=100),
    "dose_response": lambda: cx.journeys.dose_response(STUDY, dose=BAD),
    "driver_levels": lambda: cx.importance.driver_levels(STUDY, BAD),
    "driver_segments": lambda: cx.importance.driver_segments(STUDY, BAD),
    "drivers": lambda: cx.drivers(STUDY, BAD),
    "drop": lambda: cx.drop(STUDY, BAD),
    "family": lambda: cx.evidence.family(f"{BAD}.json", STUDY, ledger=None),
    "hazard": lambda: cx.hazard(STUDY, BAD, time="wait"),
    "survival": lambda: cx.survival(STUDY, time=BAD),
    "price_sensitivity": lambda: cx.prices.price_sensitivity(STUDY, too_cheap=BAD),
    "gabor_granger": lambda: cx.prices.gabor_granger(STUDY, price=BAD, buys="churned"),
    "choice": lambda: cx.prices.choice(STUDY, BAD, chosen="churned", among="respondent"),
    "repeat": lambda: cx.repeat(STUDY, customer=BAD, date="date", until="2024-06-30", horizon=4),
    "impact": lambda: cx.metrics.impact(STUDY, BAD),
    "value": lambda: cx.value(cx.hazard(STUDY, "satisfaction", time="wait", event="churned"), BAD, change=1, margin=1),
    "loyalty_curve": lambda: cx.loyalty.loyalty_curve(STUDY, "churned", score=BAD),
    "contact_clock": lambda: cx.loyalty.contact_clock(STUDY, customer=BAD, date="date", since="2024-06-30"),
    "patience": lambda: cx.loyalty.patience(STUDY, wait=BAD, abandoned="churned"),
    "lagged": lambda: cx.loyalty.lagged(STUDY, "satisfaction", y=BAD, unit="brand", period="wave"),
    "within_person": lambda: cx.loyalty.within_person(STUDY, "churned", score=BAD, person="respondent", period="wave"),
    "repeat_models": lambda: cx.loyalty.repeat_models(STUDY, customer=BAD, date="date", until="2024-06-30", horizon=4),
    "personas": lambda: cx.personas(STUDY, [BAD, "service"]),
    "worth_in_money": lambda: cx.prices.worth_in_money(STUDY, BAD, price="wait", chosen="churned", among="respondent"),
    "choice_design": lambda: cx.prices.choice_design(STUDY, BAD, among="respondent"),
    "beyond": lambda: cx.importance.beyond(STUDY, BAD, more=["satisfaction"], given=["wait"]),
    "best_metric": lambda: cx.loyalty.best_metric(STUDY, BAD, metrics=["satisfaction", "wait"]),
    "stated_premium": lambda: cx.prices.stated_premium(STUDY, ordinary=BAD, great="wait"),
    "churn_model": lambda: cx.loyalty.churn_model(STUDY, "satisfaction", left=BAD),
    "cost_to_serve": lambda: cx.loyalty.cost_to_serve(STUDY, "satisfaction", cost=BAD),
    "importance_performance": lambda: cx.importance.importance_performance(STUDY, BAD),
    "index": lambda: cx.index(STUDY, BAD),
    "index_by": lambda: cx.indices.index_by(STUDY, BAD),
    "journey": lambda: cx.journey(STUDY, BAD),
    "transitions": lambda: cx.transitions(STUDY, by=BAD),
    "drop_off": lambda: cx.drop_off(STUDY, ends="x", by=BAD),
    "handoffs": lambda: cx.handoffs(STUDY, of=BAD),
    "pain_points": lambda: cx.pain_points(STUDY, problems=BAD),
    "journey_types": lambda: cx.journey_types(STUDY, BAD),
    "simulate_comments": lambda: cx.simulations.simulate_comments(coded=BAD),
    "simulate_events": lambda: cx.simulate_events(9, problems={BAD: (0.1, 1.0)}),
    "alert_policy": lambda: cx.loops.alert_policy(STUDY, BAD, value=1, cost=1, saved=0.1),
    "closing": lambda: cx.closing(STUDY, opened="date", closed=BAD),
    "agreement": lambda: cx.loops.agreement(STUDY, ["brand", BAD]),
    "measurement_plan": lambda: cx.measurement_plan({BAD: [1]}, budget=1, expect=STUDY),
    "consistency": lambda: cx.journeys.consistency(STUDY, by=BAD),
    "loop_effect": lambda: cx.loop_effect(STUDY, "satisfaction", before="service", called=BAD),
    "label_sample": lambda: cx.text.label_sample(STUDY, ["a"], by=BAD),
    "code": lambda: cx.code(STUDY, ["a"], labels=f"{BAD}.xlsx"),
    "themes": lambda: cx.themes(CODED, BAD),
    "theme_impact": lambda: cx.text.theme_impact(CODED, BAD),
    "discover": lambda: cx.text.discover(STUDY, BAD),
    "tone": lambda: cx.text.tone(STUDY, BAD),
    "coded_beside": lambda: cx.text.coded_beside(STUDY, f"{BAD}.xlsx"),
    "beyond_ratings": lambda: cx.text.beyond_ratings(STUDY, BAD),
    "displayed_score": lambda: cx.text.displayed_score(STUDY, BAD, unit="brand"),
    "review_hints": lambda: cx.text.review_hints(STUDY, unit="brand", author=BAD),
    "star_jump": lambda: cx.text.star_jump(STUDY, "satisfaction", score=BAD),
    "influence": lambda: cx.text.influence(STUDY, BAD),
    "posting": lambda: cx.text.posting(STUDY, BAD, posted="churned"),
    "text_quality": lambda: cx.text.text_quality(STUDY, BAD),
    "clean": lambda: cx.text.clean(STUDY, BAD),
    "reviews": lambda: cx.reviews(STUDY, BAD, unit="brand"),
    "read_labels": lambda: cx.text.read_labels(f"{BAD}.xlsx", ["a"]),
    "kpi_tree": lambda: cx.targets.kpi_tree(STUDY, "satisfaction", targets={BAD: 4}),
    "gaming": lambda: cx.targets.gaming(STUDY, "satisfaction", owner=BAD),
    "heard": lambda: cx.loops.heard(f"{BAD}.csv"),
    "heard_sheet": lambda: cx.loops.heard_sheet(STUDY, BAD),
    "alerts": lambda: cx.alerts(STUDY.set("respondent", role="id").set("date", role="date"), {"a": {BAD: 1}}),
    "tickets": lambda: cx.loops.tickets(BAD, layout=BAD),
    "kano": lambda: cx.importance.kano(STUDY, by=BAD),
    "league": lambda: cx.league(STUDY, BAD),
    "league_change": lambda: cx.leagues.league_change(STUDY, BAD),
    "load": lambda: cx.load(BAD),
    "lesson": lambda: cx.lesson(BAD),
    "logit": lambda: cx.regressions.logit(STUDY, f"churned ~ {BAD}"),
    "jackknife": lambda: cx.regressions.jackknife(STUDY, BAD),
    "mean": lambda: cx.mean(STUDY, BAD),
    "mediation": lambda: cx.regressions.mediation(STUDY, outcome="satisfaction", treatment=BAD, mediator="service"),
    "mixed": lambda: cx.regressions.mixed(STUDY, f"satisfaction ~ {BAD}", by="brand"),
    "monitor": lambda: cx.monitor(STUDY, "nps", by=BAD),
    "changes": lambda: cx.changes(STUDY, "nps", wave=BAD),
    "experiment": lambda: cx.experiment(STUDY, [BAD], arm="mode"),
    "pilot": lambda: cx.pilot(STUDY, "nps", unit=BAD, start={"Alba": 5}),
    "rollout_plan": lambda: cx.pilots.rollout_plan(list("abcd"), sd=1, effect=1, kind=BAD),
    "scale_up": lambda: cx.pilots.scale_up(BAD),
    "running": lambda: cx.running(STUDY, "nps", by=BAD),
    "cry_wolf": lambda: cx.monitoring.cry_wolf(rho=BAD),
    "change_explained": lambda: cx.change_explained(STUDY, "nps", by=BAD),
    "nps": lambda: cx.nps(STUDY, BAD),
    "ols": lambda: cx.ols(STUDY, f"satisfaction ~ {BAD}"),
    "one_failure": lambda: cx.one_failure(STUDY, BAD),
    "ordinal": lambda: cx.regressions.ordinal(STUDY, f"satisfaction ~ {BAD}"),
    "path_model": lambda: cx.indices.path_model(BAD),
    "permutation": lambda: cx.regressions.permutation(STUDY, "satisfaction", by=BAD),
    "plan": lambda: cx.evidence.plan(BAD, STUDY),
    "poststratify": lambda: cx.designs.poststratify(STUDY, BAD, totals={"a": 1}),
    "power": lambda: cx.metrics.power(BAD, 0.5, n=100, difference=0.1),
    "quality": lambda: cx.quality(STUDY, duration=BAD),
    "rake": lambda: cx.rake(STUDY, {BAD: {"a": 1}}),
    "regression_to_mean": lambda: cx.journeys.regression_to_mean(STUDY, BAD),
    "replicate_weights": lambda: cx.regressions.replicate_weights(
        STUDY, "satisfaction", weights=[BAD, BAD], kind="brr"
    ),
    "retention": lambda: cx.metrics.retention(STUDY, BAD),
    "ridge": lambda: cx.regressions.ridge(STUDY, f"satisfaction ~ {BAD}"),
    "sample_size": lambda: cx.sample_size(BAD, 0.5, difference=0.1),
    "satisfaction_ratio": lambda: cx.metrics.satisfaction_ratio(STUDY, by=BAD),
    "scoreboard": lambda: cx.evidence.scoreboard([BAD], ledger=None),
    "scorecard": lambda: cx.scorecard(STUDY, by=BAD),
    "sequence": lambda: cx.journeys.sequence(STUDY, BAD),
    "share": lambda: cx.share(STUDY, BAD),
    "standing": lambda: cx.pages.standing(STUDY, "nps", of=BAD),
    "simulate": lambda: cx.simulate(10, **{BAD: 1}),
    "simulated": lambda: cx.simulated(BAD, 0.1),
    "specifications": lambda: cx.evidence.specifications(BAD, STUDY),
    "together": lambda: cx.metrics.together(correction=BAD),
    "trend": lambda: cx.trend(STUDY, "nps", wave=BAD),
    "variation": lambda: cx.variation(STUDY, by=BAD),
    "verdict": lambda: cx.verdict(BAD, STUDY, ledger=None),
    "weighting": lambda: cx.designs.weighting(STUDY, {BAD: {"a": 1}}),
    "what_if": lambda: cx.importance.what_if(STUDY, BAD),
}
NAMELESS = {
    "sign": "takes what was agreed",
    "speak": "takes a language, tested with the languages",
    "remarks": "takes sentences", "optional": "takes what was asked for",
    "ask": "takes a study alone",
    "check": "takes a study alone", "claims": "tested with the claims", "datasets": "takes nothing",
    "driver_findings": "takes results", "explore": "takes a study alone", "figure": "takes a result",
    "find": "takes words", "findings": "takes results",
    "message": "takes results", "funnel": "takes a result", "gap": "takes a result", "segments": "takes a study alone",
    "willingness_to_pay": "takes a result",
    "forget": "takes a study and nothing of it", "labels_needed": "takes numbers", "numbers_in": "takes a text",
    "matching": "takes a league", "peers": "takes a league",
}  # fmt: skip
PUBLIC = {n: f for place in (cx, *(getattr(cx, room) for room in cx._ROOMS)) for n, f in inspect.getmembers(place)}
FUNCTIONS = [n for n, f in PUBLIC.items() if inspect.isfunction(f) and not n.startswith("_")]
WITH_STUDY = [n for n in FUNCTIONS if "study" in inspect.signature(PUBLIC[n]).parameters]
WITH_LEVEL = [n for n in WITH_STUDY if "level" in inspect.signature(PUBLIC[n]).parameters]


ADVICE = re.compile(r"did you mean|there are|catalogue has|allowed|give|write|name|takes|use|see ", re.I)


def test_the_table_has_every_public_function() -> None:
    assert set(UNKNOWN) | set(NAMELESS) == set(FUNCTIONS)


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_said_and_what_to_do(name: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        UNKNOWN[name]()
    message = str(said.value)
    assert BAD in message
    assert ADVICE.search(message), message


def call(name: str, study: object, **options):
    """Call a public function with a study and harmless values for what else it needs."""
    needed = {"formula": "satisfaction ~ service", "metric": "nps", "by": "brand", "outcome": "satisfaction",
              "benchmark": 20.0, "topics": "mode", "of": "satisfaction", "group": "brand", "check": "speeding",
              "rows": "satisfaction", "columns": "brand",
              "margins": {"mode": {"phone": 0.5, "online": 0.5}}, "totals": {"phone": 0.5, "online": 0.5},
              "claim": "CX-01", "claims": "CX-01", "treatment": "wait", "mediator": "service",
              "plan": "p.json", "arm": "mode", "unit": "brand", "start": {"Alba": 5},
              "weights": ["weight", "wait"], "kind": "brr", "ends": "x", "value": 1, "cost": 1,
              "saved": 0.1, "rules": {"low": {"ltr": (0, 6)}}, "opened": "date", "closed": "date",
              "coders": ["brand", "mode"], "before": "service", "called": "churned", "text": "comment"}  # fmt: skip
    needed |= {"frame": ["service"], "labels": LABELS, "rating": "satisfaction"}
    needed |= {"left": "churned", "ordinary": "wait", "great": "weight"}
    needed |= {"influenced": "churned", "posted": "churned"}
    needed |= {"x": "satisfaction", "y": "service", "period": "wave", "person": "respondent"}
    needed |= {"goal": "satisfaction", "targets": {"service": 4}, "owner": "brand"}
    needed |= {"time": "wait", "score": "satisfaction", "wait": "wait", "abandoned": "churned", "since": "2024-06-30"}
    needed |= {"price": "wait", "buys": "churned", "more": ["satisfaction"], "given": ["service"]}
    needed |= {"chosen": "churned", "among": "respondent"}
    needed |= {"customer": "respondent", "date": "date", "until": "2024-06-30", "horizon": 4}
    parameters = inspect.signature(PUBLIC[name]).parameters.values()
    given = {p.name: needed[p.name] for p in parameters
             if p.default is p.empty and p.kind is not p.VAR_KEYWORD and p.name != "study"}  # fmt: skip
    return PUBLIC[name](**{"study": study, **given, **options})


@pytest.mark.parametrize("name", WITH_STUDY)
def test_a_name_a_table_or_nothing_is_no_study(name: str) -> None:
    with pytest.raises(
        cx.DataProblem, match=r"^study is 'brand-tracker', not a study; open it first: cx\.load\('brand-t"
    ):
        call(name, "brand-tracker")
    with pytest.raises(cx.DataProblem, match=r"^study is None, not a study; open one with cx\.load\(path or name in"):
        call(name, None)
    with pytest.raises(
        cx.DataProblem, match=r"^study is a DataFrame, not a study; make a study of a table with cx\.load"
    ):
        call(name, pd.DataFrame({"a": [1]}))


@pytest.mark.parametrize("level", [95, 0, "high"])
@pytest.mark.parametrize("name", WITH_LEVEL)
def test_a_level_lies_between_0_and_1(name: str, level: object) -> None:
    with pytest.raises(cx.DataProblem) as said:
        call(name, STUDY, level=level)
    assert str(said.value) == f"level is {level!r}; a confidence level lies between 0 and 1, usually 0.95"


@pytest.mark.parametrize("name", [n for n in WITH_STUDY if n not in ("poststratify",)])
def test_an_option_that_does_not_exist_is_said(name: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        call(name, STUDY, levell=0.9)
    assert "option 'levell'" in str(said.value) and "takes:" in str(said.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": 3}, "by is 3; give the name of a column as text, or a list of names"),
        ({"least_n": -1}, "least_n is -1; allowed: whole numbers from 0"),
        ({"least_n": "few"}, "least_n is 'few'; give a number"),
        ({"population": -5}, "population is -5; it is how many there are in all, above 0"),
        ({"interval": "walds"}, "interval is 'walds'; did you mean 'wald'? allowed: "),
    ],
)
def test_wrong_values_of_options(options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.nps(STUDY, **options)
    assert str(said.value).startswith(message)


def test_results_are_wanted_where_results_are_taken() -> None:
    for name in ("figure", "funnel", "gap", "findings", "driver_findings"):
        with pytest.raises(cx.DataProblem, match=r" is a Study; give the result of a function of cxlab"):
            PUBLIC[name](STUDY)


def test_benchmarks_and_seeds_are_checked() -> None:
    with pytest.raises(cx.DataProblem, match=r"^benchmark is 80; this metric runs from 0 to 1, give it in that unit$"):
        cx.against(STUDY, "csat", benchmark=80)
    with pytest.raises(cx.DataProblem, match=r"^n of the benchmark is -5; it is a positive number$"):
        cx.against(STUDY, "nps", benchmark=20, n=-5)
    with pytest.raises(cx.DataProblem, match=r"^seed is -1; allowed: whole numbers from 0$"):
        cx.drivers(STUDY, seed=-1)
    with pytest.raises(
        cx.DataProblem, match=r"^top is 99; allowed: a whole number from 1 to the number of ranked units"
    ):
        cx.leagues.league_change(STUDY, top=99)


@pytest.mark.parametrize(
    "name", ["compare", "trend", "against", "impact", "league", "satisfaction_ratio", "quality", "drop"]
)
def test_a_study_without_rows_is_said(name: str) -> None:
    empty = Study(STUDY.frame.head(0).to_native(), STUDY.codebook)
    with pytest.raises(cx.DataProblem, match=r"^brand-tracker has no (rows|answer)"):
        call(name, empty)


def test_a_regression_without_a_complete_row_says_so() -> None:
    empty = Study(STUDY.frame.head(0).to_native(), STUDY.codebook)
    for call_it in (
        lambda: cx.regressions.logit(empty, "churned ~ service"),
        lambda: cx.regressions.ordinal(empty, "satisfaction ~ service"),
        lambda: cx.bootstrap(empty, "satisfaction", draws=10),
    ):
        with pytest.raises(cx.DataProblem, match=r"none of 0 rows|no row|no answer|there are 0|has 0"):
            call_it()


def test_too_many_arguments_are_not_taken_for_an_unknown_option() -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.compare(STUDY, "nps", "brand", of="recommendation")
    assert str(said.value) == (
        "compare: too many positional arguments; It takes: study, metric, by, pairs, smallest, correction, level"
    )
