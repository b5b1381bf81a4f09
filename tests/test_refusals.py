"""What the Raises sections promise beside names that are not there (`tests/test_public_edge.py`): a case of each."""

from __future__ import annotations

from collections.abc import Callable

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.study import Study
from cxlab.languages.message_book import languages

DATA = cx.load("brand-tracker")
NPS = cx.nps(DATA)
PAIRS = pd.DataFrame({"x": [1.0, 2, 3, 4] * 20, "y": [0, 1] * 40, "t": ["a", "b"] * 40, "one": 1.0, "neg": -1.0})
PLAIN = cx.load(PAIRS)


def weights(value: float) -> Study:
    return Study(DATA.to_pandas().assign(weight=value), DATA.codebook)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "measure": (lambda: DATA.codebook.measure("joy"), "measure is 'joy'; allowed"),
    "role": (lambda: DATA.codebook.role("joy"), "role is 'joy'; allowed"),
    "replace": (lambda: DATA.codebook.replace("brand", rolle="id"), "setting 'rolle' is not in a field of brand-tr"),
    "derive": (lambda: DATA.derive("brand", "sum", of=["wait"]), "brand-tracker has a column 'brand' already"),
    "field": (lambda: DATA.field("brnd"), "column 'brnd' is not in brand-tracker; did you mean 'brand'"),
    "need": (lambda: PLAIN.need("brand", "a league"), "a league needs a column with role 'brand'; table declares none"),
    "filter": (lambda: DATA.filter("wave", "w"), "condition is 'wave'; give a Narwhals expression"),  # type: ignore
    "filter, a column": (lambda: DATA.filter(nw.col("wav") > 1, "w"), "the condition names a column that is not in"),
    "select": (lambda: DATA.select("brnd"), "column 'brnd' is not in brand-tracker; did you mean 'brand'"),
    "set": (lambda: DATA.set("brand", role="joy"), "role of 'brand' is 'joy'; allowed"),
    "set, format": (lambda: DATA.set("brand", format="x"), "format says how the file of brand-tracker is read"),
    "where": (lambda: DATA.where(brand="Zeta"), "level of 'brand' 'Zeta' is not in brand-tracker"),
    "plot": (lambda: NPS.plot(colour="red"), "option 'colour' is not in the picture of 'metric'"),
    "calibrate": (lambda: cx.evidence.calibrate(["CX-01"], scenarios=["nul"]), "scenarios is 'nul'; did you mean"),
    "claims": (lambda: cx.claims("CX-77"), "claim 'CX-77' is not in the cards"),
    "concerned": (lambda: cx.checks.concerned(DATA, "joy"), "check is 'joy'"),
    "simulate": (lambda: cx.simulate(0), "n is 0; ask at least one customer"),
    "specifications": (lambda: cx.evidence.specifications("CX-12", PLAIN), "CX-12"),
    "scoreboard": (lambda: cx.evidence.scoreboard([DATA], correction="joy", ledger=None), "correction is 'joy'"),
    "gap": (lambda: cx.leagues.gap(NPS), "result is of kind 'metric'; give that of cx.leagues.peers"),
    "funnel": (lambda: cx.leagues.funnel(NPS), "result is of kind 'metric'; give that of cx.league"),
    "peers": (lambda: cx.leagues.peers(NPS, "Alba"), "peers need at least two units with an estimate; there is 1"),
    "value": (lambda: cx.value(NPS, "x", change=1, margin=1), "result is of kind 'metric'; give that of cx.hazard"),
    "willingness_to_pay": (lambda: cx.prices.willingness_to_pay(NPS, price="x"), "give that of cx.prices.choice"),
    "findings": (lambda: cx.findings(NPS), "there are no findings for results of kind 'metric'"),
    "driver_findings": (lambda: cx.importance.driver_findings(NPS), "there are no sentences for results of kind"),
    "remarks": (lambda: cx.pages.remarks([3]), "a remark is [3]; give sentences as text"),
    "speak": (lambda: cx.pages.speak("xx"), f"language is 'xx'; a report can be in: {', '.join(languages())}"),
    "scale_up": (lambda: cx.pilots.scale_up((1.0, 0.0)), "a ratio needs an error above 0"),
    "league": (lambda: cx.league(DATA.where(brand="Alba")), "a league table needs at least two units"),
    "league_change": (lambda: cx.leagues.league_change(DATA, waves=(1, 99)), "waves is (1, 99); give two of"),
    "asymmetry": (lambda: cx.importance.asymmetry(DATA, low=0.9, high=0.1), "low is 0.9 and high 0.1"),
    "drivers": (lambda: cx.drivers(DATA, method="owen"), "method 'owen' needs blocks"),
    "what_if": (lambda: cx.importance.what_if(DATA, measure="joy"), "measure is 'joy'"),
    "importance_performance": (lambda: cx.importance.importance_performance(DATA, at=(0.1, 200.0)), "lies between 0"),
    "path_model": (lambda: cx.indices.path_model("A =~ a1 + a2"), "the path model has no statement of what explains"),
    "index": (lambda: cx.index(DATA, scheme="joy"), "scheme is 'joy'"),
    "kano": (lambda: cx.importance.kano(DATA), "Kano analysis needs pairs of fields"),
    "regression_to_mean": (lambda: cx.journeys.regression_to_mean(DATA, retest=[2.0]), "retest is [2.0]"),
    "sequence": (lambda: cx.journeys.sequence(DATA, stages=["service"]), "a sequence needs at least three stages"),
    "variation": (lambda: cx.variation(DATA, by="mode"), "only 2 groups of mode in brand-tracker have"),
    "against": (lambda: cx.against(DATA, "nps", benchmark=200), "this metric runs from -100 to 100"),
    "answers": (lambda: cx.answers(DATA, "wait"), "the answers to 'wait' of brand-tracker cannot be laid out"),
    "ces": (lambda: cx.ces(DATA, interval="joy"), "interval is 'joy'"),
    "csat": (lambda: cx.csat(DATA, population=-1), "population is -1; it is how many there are in all"),
    "mean": (lambda: cx.mean(weights(-1.0), "satisfaction"), "6,000 rows of brand-tracker have a negative weight"),
    "share": (lambda: cx.share(DATA, "recommendation", value="pigeon"), "answer 'pigeon' is not in"),
    "churn": (lambda: cx.churn(PLAIN), "churn needs an outcome with measure 'churn'"),
    "retention": (lambda: cx.metrics.retention(PLAIN, "t"), "say with value= which answer means that one left"),
    "trend": (lambda: cx.trend(PLAIN, "mean", of="x"), "a trend needs a column with role 'wave'"),
    "impact": (lambda: cx.metrics.impact(DATA, ["mode", "country"], value="zz"), "has 'zz' in mode"),
    "change_explained": (lambda: cx.change_explained(DATA, "nps", by="mode", waves=(1, 1)), "give two different waves"),
    "changes": (lambda: cx.changes(DATA.where(wave=[1, 2]), "nps", wave="wave"), "changes of level need"),
    "running": (lambda: cx.running(DATA, "nps", best_at=1), "best_at is 1; the band needs"),
    "cry_wolf": (lambda: cx.monitoring.cry_wolf(rho=2.0), "give at least 10 answers a day"),
    "sample_size": (lambda: cx.sample_size("nps", DATA, difference=5, power=2.0), "power is 2.0; it lies between"),
    "power": (lambda: cx.metrics.power("csat", 0.5, n=-1, difference=0.1), "n is -1"),
    "detectable": (lambda: cx.metrics.detectable("csat", 0.5, n=9, kind="joy"), "kind is 'joy'"),
    "rollout_plan": (lambda: cx.pilots.rollout_plan(list("aab"), sd=1, effect=1), "units has a name twice"),
    "experiment": (lambda: cx.experiment(PLAIN, ["x"], arm="one"), "an experiment needs two arms"),
    "personas": (lambda: cx.personas(PLAIN, ["x", "one"]), "'one' of table has 1 answer; it tells no kinds apart"),
    "within_person": (lambda: cx.loyalty.within_person(PLAIN, "x", score="y", person="t", period="x"), "name four"),
    "lagged": (lambda: cx.loyalty.lagged(PLAIN, "x", y="x", unit="t", period="y"), "name four different columns"),
    "loyalty_curve": (lambda: cx.loyalty.loyalty_curve(PLAIN, "x", score="x"), "outcome and score are both 'x'"),
    "cost_to_serve": (lambda: cx.loyalty.cost_to_serve(PLAIN, "x", cost="neg"), "80 rows of table have a negative"),
    "hazard": (lambda: cx.hazard(PLAIN, "one", time="x", event="y"), "'one' does not vary among the 80 rows used"),
    "survival": (lambda: cx.survival(PLAIN, time="x", event="y", at=[-1.0]), "allowed: times from 0"),
    "churn_model": (lambda: cx.loyalty.churn_model(PLAIN, "one", left="y"), "'one' does not vary among the 80 rows"),
    "beyond": (lambda: cx.importance.beyond(PLAIN, "x", more=["x"], given=["y"]), "'x' stands twice among outcome"),
    "best_metric": (lambda: cx.loyalty.best_metric(PLAIN, "x", metrics=["y"]), "two or more metrics are compared"),
    "stated_premium": (lambda: cx.prices.stated_premium(PLAIN, ordinary="x", great="neg"), "an amount of 0 or below"),
    "gabor_granger": (lambda: cx.prices.gabor_granger(PLAIN, price="x", buys="x"), "1 is who would buy, 0 who would"),
    "logit": (lambda: cx.regressions.logit(PLAIN, "x ~ y"), "logit needs 0 and 1"),
    "ordinal": (lambda: cx.regressions.ordinal(PLAIN, "y ~ x"), "ordinal needs three or more: use logit"),
    "ridge": (lambda: cx.regressions.ridge(PLAIN, "x ~ one"), "is constant; leave it out"),
    "mixed": (lambda: cx.regressions.mixed(PLAIN, "x ~ y"), "mixed needs groups; table declares no cluster"),
    "mediation": (lambda: cx.regressions.mediation(PLAIN, outcome="x", treatment="x", mediator="y"), "has two roles"),
    "replicate_weights": (lambda: cx.regressions.replicate_weights(PLAIN, "x", weights=["x"], kind="brr"), "two or"),
    "bootstrap": (lambda: cx.bootstrap(DATA, "wait", statistic="joy"), "statistic is 'joy'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_promised_to_be_refused_is_refused(name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises(cx.DataProblem) as said:
        call()
    assert message in str(said.value)


def test_a_negative_weight_among_missing_ones_is_still_refused() -> None:
    with pytest.raises(cx.DataProblem, match=r"^1 rows of brand-tracker have a negative weight in 'weight'"):
        cx.nps(Study(DATA.to_pandas().assign(weight=[-1.0] + [np.nan] * 5_999), DATA.codebook))
