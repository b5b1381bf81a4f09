"""cxlab: customer-experience research in Jupyter.

Every number carries its uncertainty, and every claim gets a verdict by a rule fixed before looking.
Names are loaded when first used, so ``import cxlab`` is quick and silent.
"""

from __future__ import annotations

import importlib

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
    "against": "cxlab.models.metrics.comparisons",
    "trend": "cxlab.models.metrics.trends",
    "together": "cxlab.models.metrics.families",
    "satisfaction_ratio": "cxlab.models.metrics.ratio",
    "churn": "cxlab.models.metrics.churn",
    "retention": "cxlab.models.metrics.churn",
    "answers": "cxlab.models.metrics.distributions",
    "impact": "cxlab.models.metrics.impacts",
    "sample_size": "cxlab.models.metrics.planning",
    "detectable": "cxlab.models.metrics.planning",
    "power": "cxlab.models.metrics.planning",
    "figure": "cxlab.models.figures",
    "optional": "cxlab.models.optional_part",
    "ask": "cxlab.models.doubt_panel",
    "explore": "cxlab.panel",
    "scorecard": "cxlab.models.metrics.scorecard",
    "segments": "cxlab.models.metrics.scorecard",
    "findings": "cxlab.models.metrics.sentences",
    "remarks": "cxlab.models.paragraphs",
    "ols": "cxlab.models.regression.least_squares",
    "ridge": "cxlab.models.regression.least_squares",
    "logit": "cxlab.models.regression.categorical",
    "ordinal": "cxlab.models.regression.categorical",
    "mixed": "cxlab.models.regression.random_effects",
    "mediation": "cxlab.models.regression.mediation",
    "bootstrap": "cxlab.models.regression.resampling",
    "permutation": "cxlab.models.regression.resampling",
    "jackknife": "cxlab.models.regression.replication",
    "replicate_weights": "cxlab.models.regression.replication",
    "simulate": "cxlab.data.simulate",
    "Simulation": "cxlab.data.simulate",
    "Population": "cxlab.data.population",
    "load": "cxlab.data.load",
    "check": "cxlab.data.check",
    "datasets": "cxlab.data.catalogue",
    "rake": "cxlab.data.weights",
    "poststratify": "cxlab.data.weights",
    "weighting": "cxlab.data.weights",
    "quality": "cxlab.data.quality",
    "concerned": "cxlab.data.quality",
    "drop": "cxlab.data.quality",
    "comments": "cxlab.data.comments",
    "index": "cxlab.models.index.satisfaction",
    "index_by": "cxlab.models.index.by_group",
    "path_model": "cxlab.models.index.pathmodel",
    "PathModel": "cxlab.models.index.pathmodel",
    "ECSI": "cxlab.models.index.pathmodel",
    "ACSI": "cxlab.models.index.pathmodel",
    "drivers": "cxlab.models.drivers.driver_importance",
    "driver_findings": "cxlab.models.drivers.driver_sentences",
    "asymmetry": "cxlab.models.drivers.asymmetry",
    "one_failure": "cxlab.models.drivers.one_failure",
    "kano": "cxlab.models.drivers.kano",
    "importance_performance": "cxlab.models.drivers.performance_map",
    "what_if": "cxlab.models.drivers.what_if",
    "driver_segments": "cxlab.models.drivers.segments",
    "driver_levels": "cxlab.models.drivers.segments",
    "league": "cxlab.models.benchmarks.league",
    "league_change": "cxlab.models.benchmarks.rank_change",
    "peers": "cxlab.models.benchmarks.peers",
    "gap": "cxlab.models.benchmarks.gap",
    "matching": "cxlab.models.benchmarks.matched_peers",
    "funnel": "cxlab.models.benchmarks.league",
    "variation": "cxlab.models.journeys.variation",
    "regression_to_mean": "cxlab.models.journeys.mean_reversion",
    "dose_response": "cxlab.models.journeys.dose_response",
    "sequence": "cxlab.models.journeys.sequence",
    "claims": "cxlab.hypotheses.claims",
    "verdict": "cxlab.hypotheses.verdict",
    "scoreboard": "cxlab.hypotheses.scoreboard",
    "plan": "cxlab.hypotheses.plan",
    "family": "cxlab.hypotheses.scoreboard",
    "specifications": "cxlab.hypotheses.specification",
    "calibrate": "cxlab.hypotheses.calibrate",
    "simulated": "cxlab.hypotheses.simulators",
    "benchmarks": "cxlab.data.benchmark_library",
}
"""Each public name and the module it lives in."""

__all__ = sorted(_WHERE)  # noqa: PLE0605


def __getattr__(name: str):
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    from cxlab.problem import nearest

    raise AttributeError(f"cxlab has no '{name}'{nearest(name, _WHERE)}")


def __dir__() -> list[str]:
    return sorted({*_WHERE, "__version__"})
