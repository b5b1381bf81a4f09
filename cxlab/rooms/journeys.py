"""The room `cx.journeys`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.journeys.channel_consistency import consistency as consistency
    from cxlab.models.journeys.dose_response import dose_response as dose_response
    from cxlab.models.journeys.drop_off import drop_off as drop_off
    from cxlab.models.journeys.handoffs import handoffs as handoffs
    from cxlab.models.journeys.journey_types import journey_types as journey_types
    from cxlab.models.journeys.mean_reversion import regression_to_mean as regression_to_mean
    from cxlab.models.journeys.pain_points import pain_points as pain_points
    from cxlab.models.journeys.sequence import sequence as sequence
    from cxlab.models.journeys.touchpoint_map import journey as journey
    from cxlab.models.journeys.transitions import transitions as transitions
    from cxlab.models.journeys.variation import variation as variation

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "consistency": "cxlab.models.journeys.channel_consistency",
        "dose_response": "cxlab.models.journeys.dose_response",
        "drop_off": "cxlab.models.journeys.drop_off",
        "handoffs": "cxlab.models.journeys.handoffs",
        "journey_types": "cxlab.models.journeys.journey_types",
        "regression_to_mean": "cxlab.models.journeys.mean_reversion",
        "pain_points": "cxlab.models.journeys.pain_points",
        "sequence": "cxlab.models.journeys.sequence",
        "journey": "cxlab.models.journeys.touchpoint_map",
        "transitions": "cxlab.models.journeys.transitions",
        "variation": "cxlab.models.journeys.variation",
    },
)
