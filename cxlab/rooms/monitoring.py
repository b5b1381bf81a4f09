"""The room `cx.monitoring`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.monitoring.change_explained import change_explained as change_explained
    from cxlab.models.monitoring.changes import changes as changes
    from cxlab.models.monitoring.chart import Chart as Chart
    from cxlab.models.monitoring.cry_wolf import cry_wolf as cry_wolf
    from cxlab.models.monitoring.monitor import monitor as monitor
    from cxlab.models.monitoring.running import running as running

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "change_explained": "cxlab.models.monitoring.change_explained",
        "changes": "cxlab.models.monitoring.changes",
        "Chart": "cxlab.models.monitoring.chart",
        "cry_wolf": "cxlab.models.monitoring.cry_wolf",
        "monitor": "cxlab.models.monitoring.monitor",
        "running": "cxlab.models.monitoring.running",
    },
)
