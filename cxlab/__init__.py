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
    "nps": "cxlab.models.metrics",
    "csat": "cxlab.models.metrics",
    "ces": "cxlab.models.metrics",
    "mean": "cxlab.models.metrics",
    "share": "cxlab.models.metrics",
    "compare": "cxlab.models.comparisons",
    "against": "cxlab.models.comparisons",
    "trend": "cxlab.models.trends",
    "satisfaction_ratio": "cxlab.models.ratio",
    "churn": "cxlab.models.churn",
    "retention": "cxlab.models.churn",
    "answers": "cxlab.models.distributions",
    "impact": "cxlab.models.impacts",
    "sample_size": "cxlab.models.planning",
    "detectable": "cxlab.models.planning",
    "power": "cxlab.models.planning",
    "figure": "cxlab.plots.figure",
    "explore": "cxlab.panel",
    "scorecard": "cxlab.models.scorecard",
    "segments": "cxlab.models.scorecard",
    "findings": "cxlab.models.findings",
    "ols": "cxlab.models.regression",
    "ridge": "cxlab.models.regression",
    "logit": "cxlab.models.categorical",
    "ordinal": "cxlab.models.categorical",
    "mixed": "cxlab.models.mixed",
    "mediation": "cxlab.models.mediation",
    "bootstrap": "cxlab.models.resampling",
    "permutation": "cxlab.models.resampling",
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
    "index": "cxlab.models.index",
    "index_by": "cxlab.models.index_by",
    "path_model": "cxlab.models.pathmodel",
    "PathModel": "cxlab.models.pathmodel",
    "ECSI": "cxlab.models.pathmodel",
    "ACSI": "cxlab.models.pathmodel",
    "drivers": "cxlab.models.drivers",
    "driver_findings": "cxlab.models.driver_findings",
    "asymmetry": "cxlab.models.asymmetry",
    "one_failure": "cxlab.models.one_failure",
    "kano": "cxlab.models.kano",
    "importance_performance": "cxlab.models.importance_performance",
    "what_if": "cxlab.models.what_if",
    "driver_segments": "cxlab.models.driver_segments",
    "driver_levels": "cxlab.models.driver_segments",
    "league": "cxlab.models.league",
    "league_change": "cxlab.models.league_change",
    "peers": "cxlab.models.peers",
    "gap": "cxlab.models.gap",
    "matching": "cxlab.models.matching",
    "funnel": "cxlab.models.league",
    "variation": "cxlab.models.variation",
    "regression_to_mean": "cxlab.models.recovery",
    "dose_response": "cxlab.models.dose_response",
    "sequence": "cxlab.models.sequence",
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
