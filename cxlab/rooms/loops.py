"""The room `cx.loops`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.loop.agreement import agreement as agreement
from cxlab.models.loop.alert_policy import alert_policy as alert_policy
from cxlab.models.loop.alerts import alerts as alerts
from cxlab.models.loop.closing import closing as closing
from cxlab.models.loop.heard import heard as heard
from cxlab.models.loop.heard import heard_sheet as heard_sheet
from cxlab.models.loop.loop_effect import loop_effect as loop_effect
from cxlab.models.loop.ticket_layouts import tickets as tickets
