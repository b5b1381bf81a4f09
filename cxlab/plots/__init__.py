"""One function per kind of result: ``(result, *, ax=None) -> Axes``. No statistics in here."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from cxlab.problem import unknown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlab.result import Result

_WHERE: dict[str, str] = {
    "permutation": "cxlab.models.regression.effect_plots",
    "bootstrap": "cxlab.models.regression.effect_plots",
    "mediation": "cxlab.models.regression.effect_plots",
    "regression": "cxlab.models.regression.effect_plots",
    "metric": "cxlab.models.metrics.metric_plots",
    "trend": "cxlab.models.metrics.metric_plots",
    "answers": "cxlab.models.metrics.metric_plots",
    "comparison": "cxlab.models.metrics.comparison_plots",
    "impact": "cxlab.models.metrics.comparison_plots",
    "measurement_plan": "cxlab.models.metrics.comparison_plots",
    "plan": "cxlab.models.metrics.comparison_plots",
    "crosstab": "cxlab.models.tables.table_plots",
    "scorecard": "cxlab.models.metrics.scorecard_plots",
    "quality": "cxlab.data.data_plots",
    "weighting": "cxlab.data.data_plots",
    "drivers": "cxlab.models.drivers.importance_plots",
    "driver_levels": "cxlab.models.drivers.importance_plots",
    "importance_performance": "cxlab.models.drivers.importance_plots",
    "asymmetry": "cxlab.models.drivers.reaction_plots",
    "one_failure": "cxlab.models.drivers.reaction_plots",
    "kano": "cxlab.models.drivers.reaction_plots",
    "what_if": "cxlab.models.drivers.reaction_plots",
    "driver_segments": "cxlab.models.drivers.reaction_plots",
    "survival": "cxlab.models.loyalty.loyalty_plots",
    "hazard": "cxlab.models.loyalty.loyalty_plots",
    "price_sensitivity": "cxlab.models.price.price_plots",
    "gabor_granger": "cxlab.models.price.price_plots",
    "choice": "cxlab.models.price.price_plots",
    "choice_design": "cxlab.models.price.price_plots",
    "stated_premium": "cxlab.models.price.price_plots",
    "willingness_to_pay": "cxlab.models.price.price_plots",
    "repeat": "cxlab.models.loyalty.loyalty_plots",
    "contact_clock": "cxlab.models.loyalty.clock_plots",
    "patience": "cxlab.models.loyalty.clock_plots",
    "lagged": "cxlab.models.loyalty.clock_plots",
    "repeat_models": "cxlab.models.loyalty.clock_plots",
    "within_person": "cxlab.models.loyalty.clock_plots",
    "personas": "cxlab.models.personas.persona_plots",
    "value": "cxlab.models.loyalty.value_plots",
    "loyalty_curve": "cxlab.models.loyalty.value_plots",
    "churn_model": "cxlab.models.loyalty.value_plots",
    "beyond": "cxlab.models.drivers.importance_plots",
    "best_metric": "cxlab.models.loyalty.value_plots",
    "cost_to_serve": "cxlab.models.loyalty.value_plots",
    "themes": "cxlab.models.text.text_plots",
    "labels_needed": "cxlab.models.text.text_plots",
    "theme_impact": "cxlab.models.text.text_plots",
    "text_quality": "cxlab.models.text.text_plots",
    "numbers_in": "cxlab.models.text.text_plots",
    "reviews": "cxlab.models.text.text_plots",
    "tone": "cxlab.models.text.text_plots",
    "beyond_ratings": "cxlab.models.text.text_plots",
    "influence": "cxlab.models.text.text_plots",
    "posting": "cxlab.models.text.text_plots",
    "displayed_score": "cxlab.models.text.text_plots",
    "review_hints": "cxlab.models.text.text_plots",
    "star_jump": "cxlab.models.text.text_plots",
    "league": "cxlab.models.benchmarks.league_plots",
    "funnel": "cxlab.models.benchmarks.league_plots",
    "league_change": "cxlab.models.benchmarks.league_plots",
    "index": "cxlab.models.index.index_plots",
    "index_by": "cxlab.models.index.index_plots",
    "peers": "cxlab.models.benchmarks.peer_plots",
    "gap": "cxlab.models.benchmarks.peer_plots",
    "matching": "cxlab.models.benchmarks.peer_plots",
    "variation": "cxlab.models.journeys.journey_plots",
    "regression_to_mean": "cxlab.models.journeys.journey_plots",
    "dose_response": "cxlab.models.journeys.journey_plots",
    "sequence": "cxlab.models.journeys.journey_plots",
    "monitor": "cxlab.models.monitoring.monitoring_plots",
    "changes": "cxlab.models.monitoring.monitoring_plots",
    "running": "cxlab.models.monitoring.monitoring_plots",
    "cry_wolf": "cxlab.models.monitoring.monitoring_plots",
    "change_explained": "cxlab.models.monitoring.monitoring_plots",
    "journey": "cxlab.models.journeys.event_plots",
    "transitions": "cxlab.models.journeys.event_plots",
    "drop_off": "cxlab.models.journeys.event_plots",
    "handoffs": "cxlab.models.journeys.event_plots",
    "consistency": "cxlab.models.journeys.journey_plots",
    "pain_points": "cxlab.models.journeys.event_plots",
    "journey_types": "cxlab.models.journeys.event_plots",
    "alerts": "cxlab.models.loop.loop_plots",
    "alert_policy": "cxlab.models.loop.loop_plots",
    "closing": "cxlab.models.loop.loop_plots",
    "agreement": "cxlab.models.loop.loop_plots",
    "loop_effect": "cxlab.models.loop.loop_plots",
    "kpi_tree": "cxlab.models.planning.plan_plots",
    "gaming": "cxlab.models.planning.plan_plots",
    "heard": "cxlab.models.loop.loop_plots",
    "pilot": "cxlab.models.pilots.pilot_plots",
    "experiment": "cxlab.models.pilots.pilot_plots",
    "rollout_plan": "cxlab.models.pilots.pilot_plots",
    "scale_up": "cxlab.models.pilots.pilot_plots",
    "verdict": "cxlab.hypotheses.verdict_plots",
    "specifications": "cxlab.hypotheses.verdict_plots",
    "scoreboard": "cxlab.hypotheses.scoreboard_plots",
    "calibration": "cxlab.hypotheses.scoreboard_plots",
}
"""Each kind of result and the module whose function of that name draws it."""


def drawn(result: Result, ax: Axes | None = None, **options: Any) -> Axes:
    """Draw a result with the function of its kind; its labels are text, and long ones take several lines.

    Raises
    ------
    DataProblem : an option is none of this kind's picture.
    """
    import matplotlib.pyplot as plt

    from cxlab.plots.lettering import PLAIN, lettered

    draw = getattr(importlib.import_module("cxlab.plots"), result.kind)
    takes = inspect.signature(draw).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in takes.values()):
        for option in (o for o in options if o not in takes):
            raise unknown(
                "option", option, f"the picture of '{result.kind}'", [n for n in takes if n not in ("ax", "result")]
            )
    with plt.rc_context(PLAIN):
        made = draw(result, ax=ax, **options)
        return lettered(made, own=ax is None) if hasattr(made, "figure") else made


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"no plot for results of kind '{name}'; there are: {', '.join(sorted(_WHERE))}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
