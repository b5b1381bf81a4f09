"""The room `cx.monitoring`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.monitoring.change_explained import change_explained as change_explained
from cxlab.models.monitoring.changes import changes as changes
from cxlab.models.monitoring.chart import Chart as Chart
from cxlab.models.monitoring.cry_wolf import cry_wolf as cry_wolf
from cxlab.models.monitoring.monitor import monitor as monitor
from cxlab.models.monitoring.running import running as running
