"""The room `cx.importance`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.drivers.asymmetry import asymmetry as asymmetry
from cxlab.models.drivers.beyond_others import beyond as beyond
from cxlab.models.drivers.driver_importance import drivers as drivers
from cxlab.models.drivers.driver_sentences import driver_findings as driver_findings
from cxlab.models.drivers.kano import kano as kano
from cxlab.models.drivers.one_failure import one_failure as one_failure
from cxlab.models.drivers.performance_map import importance_performance as importance_performance
from cxlab.models.drivers.segments import driver_levels as driver_levels
from cxlab.models.drivers.segments import driver_segments as driver_segments
from cxlab.models.drivers.what_if import what_if as what_if
