"""cxlab: customer-experience research in Jupyter.

Every number carries its uncertainty, and every claim gets a verdict by a rule fixed before looking.
Names are loaded when first used, so ``import cxlab`` is quick and silent.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "DataProblem": "cxlab.problem",
    "Estimate": "cxlab.result",
    "Result": "cxlab.result",
    "Study": "cxlab.data.study",
    "Codebook": "cxlab.data.codebook",
    "Field": "cxlab.data.codebook",
    "Scale": "cxlab.data.codebook",
    "nps": "cxlab.models.metrics.estimates",
    "csat": "cxlab.models.metrics.estimates",
    "ces": "cxlab.models.metrics.estimates",
    "mean": "cxlab.models.metrics.estimates",
    "share": "cxlab.models.metrics.estimates",
    "compare": "cxlab.models.metrics.comparisons",
    "crosstab": "cxlab.models.tables.crosstab",
    "against": "cxlab.models.metrics.comparisons",
    "trend": "cxlab.models.metrics.trends",
    "churn": "cxlab.models.metrics.churn",
    "answers": "cxlab.models.metrics.distributions",
    "sample_size": "cxlab.models.metrics.planning",
    "figure": "cxlab.models.figures",
    "explore": "cxlab.panel.explore",
    "find": "cxlab.panel.find",
    "scorecard": "cxlab.models.metrics.scorecard",
    "findings": "cxlab.models.metrics.sentences",
    "ols": "cxlab.models.regression.least_squares",
    "bootstrap": "cxlab.models.regression.resampling",
    "handoffs": "cxlab.models.journeys.handoffs",
    "pain_points": "cxlab.models.journeys.pain_points",
    "journey_types": "cxlab.models.journeys.journey_types",
    "drop_off": "cxlab.models.journeys.drop_off",
    "alerts": "cxlab.models.loop.alerts",
    "closing": "cxlab.models.loop.closing",
    "loop_effect": "cxlab.models.loop.loop_effect",
    "measurement_plan": "cxlab.models.metrics.measurement_plan",
    "transitions": "cxlab.models.journeys.transitions",
    "simulate_events": "cxlab.data.simulate_events",
    "journey": "cxlab.models.journeys.touchpoint_map",
    "simulate": "cxlab.data.simulate",
    "load": "cxlab.data.load",
    "check": "cxlab.data.check",
    "datasets": "cxlab.data.catalogue",
    "rake": "cxlab.data.weights",
    "quality": "cxlab.data.quality",
    "drop": "cxlab.data.quality",
    "comments": "cxlab.data.comments",
    "index": "cxlab.models.index.satisfaction",
    "drivers": "cxlab.models.drivers.driver_importance",
    "one_failure": "cxlab.models.drivers.one_failure",
    "survival": "cxlab.models.loyalty.time_to_leave",
    "hazard": "cxlab.models.loyalty.pace_of_leaving",
    "value": "cxlab.models.loyalty.worth_of_a_point",
    "personas": "cxlab.models.personas.kinds",
    "repeat": "cxlab.models.loyalty.repeat_purchase",
    "league": "cxlab.models.benchmarks.league",
    "variation": "cxlab.models.journeys.variation",
    "monitor": "cxlab.models.monitoring.monitor",
    "pilot": "cxlab.models.pilots.pilot",
    "experiment": "cxlab.models.pilots.experiment",
    "changes": "cxlab.models.monitoring.changes",
    "running": "cxlab.models.monitoring.running",
    "change_explained": "cxlab.models.monitoring.change_explained",
    "code": "cxlab.models.text.coded",
    "themes": "cxlab.models.text.theme_shares",
    "reviews": "cxlab.models.text.review_scores",
    "claims": "cxlab.hypotheses.claims",
    "verdict": "cxlab.hypotheses.verdict",
    "simulated": "cxlab.hypotheses.simulators",
    "lesson": "cxlab.workshop.lesson",
}
"""Each name of the daily questions and the module it lives in: `cx.nps`."""

_ROOMS = {
    "metrics": {
        "satisfaction_ratio": "cxlab.models.metrics.ratio",
        "retention": "cxlab.models.metrics.churn",
        "detectable": "cxlab.models.metrics.planning",
        "power": "cxlab.models.metrics.planning",
        "together": "cxlab.models.metrics.families",
        "impact": "cxlab.models.metrics.impacts",
        "segments": "cxlab.models.metrics.scorecard",
    },
    "importance": {
        "driver_findings": "cxlab.models.drivers.driver_sentences",
        "asymmetry": "cxlab.models.drivers.asymmetry",
        "kano": "cxlab.models.drivers.kano",
        "importance_performance": "cxlab.models.drivers.performance_map",
        "what_if": "cxlab.models.drivers.what_if",
        "driver_segments": "cxlab.models.drivers.segments",
        "driver_levels": "cxlab.models.drivers.segments",
        "beyond": "cxlab.models.drivers.beyond_others",
    },
    "leagues": {
        "league_change": "cxlab.models.benchmarks.rank_change",
        "peers": "cxlab.models.benchmarks.peers",
        "gap": "cxlab.models.benchmarks.gap",
        "matching": "cxlab.models.benchmarks.matched_peers",
        "funnel": "cxlab.models.benchmarks.league_funnel",
        "benchmarks": "cxlab.data.benchmark_library",
    },
    "indices": {
        "index_by": "cxlab.models.index.by_group",
        "path_model": "cxlab.models.index.pathmodel",
        "PathModel": "cxlab.models.index.pathmodel",
        "ECSI": "cxlab.models.index.pathmodel",
        "ACSI": "cxlab.models.index.pathmodel",
    },
    "regressions": {
        "ridge": "cxlab.models.regression.least_squares",
        "logit": "cxlab.models.regression.categorical",
        "ordinal": "cxlab.models.regression.categorical",
        "mixed": "cxlab.models.regression.random_effects",
        "mediation": "cxlab.models.regression.mediation",
        "permutation": "cxlab.models.regression.resampling",
        "jackknife": "cxlab.models.regression.replication",
        "replicate_weights": "cxlab.models.regression.replication",
    },
    "loyalty": {
        "contact_clock": "cxlab.models.loyalty.contact_clock",
        "patience": "cxlab.models.loyalty.patience",
        "lagged": "cxlab.models.loyalty.lagged",
        "loyalty_curve": "cxlab.models.loyalty.loyalty_curve",
        "churn_model": "cxlab.models.loyalty.churn_model",
        "cost_to_serve": "cxlab.models.loyalty.cost_to_serve",
        "repeat_models": "cxlab.models.loyalty.repeat_models",
        "within_person": "cxlab.models.loyalty.within_person",
        "best_metric": "cxlab.models.loyalty.best_metric",
    },
    "journeys": {
        "regression_to_mean": "cxlab.models.journeys.mean_reversion",
        "dose_response": "cxlab.models.journeys.dose_response",
        "sequence": "cxlab.models.journeys.sequence",
        "consistency": "cxlab.models.journeys.channel_consistency",
    },
    "pages": {
        "optional": "cxlab.models.optional_part",
        "ask": "cxlab.models.doubt_panel",
        "remarks": "cxlab.models.paragraphs",
        "speak": "cxlab.models.page_language",
        "standing": "cxlab.models.metrics.standing",
        "message": "cxlab.models.metrics.main_findings",
    },
    "designs": {
        "poststratify": "cxlab.data.weights",
        "weighting": "cxlab.data.weights",
    },
    "checks": {
        "concerned": "cxlab.data.quality",
    },
    "simulations": {
        "Simulation": "cxlab.data.simulate",
        "Population": "cxlab.data.population",
        "simulate_comments": "cxlab.data.simulate_comments",
    },
    "prices": {
        "price_sensitivity": "cxlab.models.price.named_prices",
        "gabor_granger": "cxlab.models.price.price_ladder",
        "choice": "cxlab.models.price.choices",
        "willingness_to_pay": "cxlab.models.price.choices",
        "worth_in_money": "cxlab.models.price.worth_in_money",
        "choice_design": "cxlab.models.price.choice_design",
        "stated_premium": "cxlab.models.price.stated_premium",
    },
    "loops": {
        "alert_policy": "cxlab.models.loop.alert_policy",
        "agreement": "cxlab.models.loop.agreement",
        "heard": "cxlab.models.loop.heard",
        "tickets": "cxlab.models.loop.ticket_layouts",
        "heard_sheet": "cxlab.models.loop.heard",
    },
    "targets": {
        "kpi_tree": "cxlab.models.planning.kpi_tree",
        "gaming": "cxlab.models.planning.gaming",
    },
    "pilots": {
        "rollout_plan": "cxlab.models.pilots.rollout_plan",
        "scale_up": "cxlab.models.pilots.scale_up",
    },
    "evidence": {
        "family": "cxlab.hypotheses.scoreboard",
        "specifications": "cxlab.hypotheses.specification",
        "calibrate": "cxlab.hypotheses.calibrate",
        "plan": "cxlab.hypotheses.plan",
        "sign": "cxlab.hypotheses.signature",
        "scoreboard": "cxlab.hypotheses.scoreboard",
    },
    "text": {
        "labels_needed": "cxlab.models.text.labels_planned",
        "clean": "cxlab.models.text.cleaning",
        "numbers_in": "cxlab.models.text.claimed_numbers",
        "text_quality": "cxlab.models.text.cleaning",
        "discover": "cxlab.models.text.discovered",
        "label_sample": "cxlab.models.text.label_sheets",
        "theme_impact": "cxlab.models.text.theme_impact",
        "CodeFrame": "cxlab.models.text.code_frame",
        "beyond_ratings": "cxlab.models.text.beyond_ratings",
        "coded_beside": "cxlab.models.text.labels_beside",
        "displayed_score": "cxlab.models.text.displayed_scores",
        "forget": "cxlab.models.text.kept_embeddings",
        "influence": "cxlab.models.text.influence",
        "posting": "cxlab.models.text.posting",
        "review_hints": "cxlab.models.text.review_hints",
        "star_jump": "cxlab.models.text.star_jump",
        "read_labels": "cxlab.models.text.label_reading",
        "tone": "cxlab.models.text.tone",
    },
    "monitoring": {
        "Chart": "cxlab.models.monitoring.chart",
        "cry_wolf": "cxlab.models.monitoring.cry_wolf",
    },
}
"""Each room and the special names in it: `cx.importance.kano`. A room shows the daily names of its folder, too."""

__all__ = sorted([*_WHERE, *_ROOMS])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"cxlab.rooms.{name}")
    from cxlab.problem import nearest

    room = next((r for r, names in _ROOMS.items() if name in names), None)
    do = f"; it is cx.{room}.{name}" if room else nearest(name, __all__)
    raise AttributeError(f"cxlab has no '{name}'{do}")


def __dir__() -> list[str]:
    return sorted({*_WHERE, *_ROOMS, "__version__"})
