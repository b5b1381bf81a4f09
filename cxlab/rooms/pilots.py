"""The room `cx.pilots`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.pilots.experiment import experiment as experiment
    from cxlab.models.pilots.pilot import pilot as pilot
    from cxlab.models.pilots.rollout_plan import rollout_plan as rollout_plan
    from cxlab.models.pilots.scale_up import scale_up as scale_up

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "experiment": "cxlab.models.pilots.experiment",
        "pilot": "cxlab.models.pilots.pilot",
        "rollout_plan": "cxlab.models.pilots.rollout_plan",
        "scale_up": "cxlab.models.pilots.scale_up",
    },
)
