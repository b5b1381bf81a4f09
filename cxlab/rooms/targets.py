"""The room `cx.targets`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.planning.gaming import gaming as gaming
from cxlab.models.planning.kpi_tree import kpi_tree as kpi_tree
