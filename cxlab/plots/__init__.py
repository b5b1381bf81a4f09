"""One function per kind of result: ``(result, *, ax=None) -> Axes``. No statistics in here."""

from __future__ import annotations

import importlib

_WHERE: dict[str, str] = {
    "permutation": "cxlab.plots.effects",
    "bootstrap": "cxlab.plots.effects",
    "mediation": "cxlab.plots.effects",
    "regression": "cxlab.plots.effects",
    "metric": "cxlab.plots.metrics",
    "trend": "cxlab.plots.metrics",
    "answers": "cxlab.plots.metrics",
    "comparison": "cxlab.plots.comparisons",
    "impact": "cxlab.plots.comparisons",
    "plan": "cxlab.plots.comparisons",
    "scorecard": "cxlab.plots.scales",
    "quality": "cxlab.plots.data",
    "weighting": "cxlab.plots.data",
    "drivers": "cxlab.plots.importance",
    "driver_levels": "cxlab.plots.importance",
    "importance_performance": "cxlab.plots.importance",
    "asymmetry": "cxlab.plots.reactions",
    "one_failure": "cxlab.plots.reactions",
    "kano": "cxlab.plots.reactions",
    "what_if": "cxlab.plots.reactions",
    "driver_segments": "cxlab.plots.reactions",
    "league": "cxlab.plots.leagues",
    "funnel": "cxlab.plots.leagues",
    "league_change": "cxlab.plots.leagues",
    "index": "cxlab.plots.indices",
    "index_by": "cxlab.plots.indices",
    "peers": "cxlab.plots.benchmarks",
    "gap": "cxlab.plots.benchmarks",
    "matching": "cxlab.plots.benchmarks",
    "variation": "cxlab.plots.evidence",
    "regression_to_mean": "cxlab.plots.evidence",
    "dose_response": "cxlab.plots.evidence",
    "sequence": "cxlab.plots.evidence",
    "verdict": "cxlab.plots.verdicts",
    "specifications": "cxlab.plots.verdicts",
    "scoreboard": "cxlab.plots.claims",
    "calibration": "cxlab.plots.claims",
}
"""Each kind of result and the module whose function of that name draws it."""


def __getattr__(name: str):
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"no plot for results of kind '{name}'; there are: {', '.join(sorted(_WHERE))}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
