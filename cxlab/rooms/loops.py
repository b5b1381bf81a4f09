"""The room `cx.loops`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.loop.agreement import agreement as agreement
from cxlab.models.loop.alert_policy import alert_policy as alert_policy
from cxlab.models.loop.alerts import alerts as alerts
from cxlab.models.loop.alerts import tickets as tickets
from cxlab.models.loop.closing import closing as closing
