"""The room `cx.loops`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.loop.agreement import agreement as agreement
    from cxlab.models.loop.alert_policy import alert_policy as alert_policy
    from cxlab.models.loop.alerts import alerts as alerts
    from cxlab.models.loop.closing import closing as closing
    from cxlab.models.loop.heard import heard as heard
    from cxlab.models.loop.heard import heard_sheet as heard_sheet
    from cxlab.models.loop.loop_effect import loop_effect as loop_effect
    from cxlab.models.loop.ticket_layouts import tickets as tickets

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "agreement": "cxlab.models.loop.agreement",
        "alert_policy": "cxlab.models.loop.alert_policy",
        "alerts": "cxlab.models.loop.alerts",
        "closing": "cxlab.models.loop.closing",
        "heard": "cxlab.models.loop.heard",
        "heard_sheet": "cxlab.models.loop.heard",
        "loop_effect": "cxlab.models.loop.loop_effect",
        "tickets": "cxlab.models.loop.ticket_layouts",
    },
)
