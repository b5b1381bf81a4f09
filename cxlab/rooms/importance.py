"""The room `cx.importance`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
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

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "asymmetry": "cxlab.models.drivers.asymmetry",
        "beyond": "cxlab.models.drivers.beyond_others",
        "drivers": "cxlab.models.drivers.driver_importance",
        "driver_findings": "cxlab.models.drivers.driver_sentences",
        "kano": "cxlab.models.drivers.kano",
        "one_failure": "cxlab.models.drivers.one_failure",
        "importance_performance": "cxlab.models.drivers.performance_map",
        "driver_levels": "cxlab.models.drivers.segments",
        "driver_segments": "cxlab.models.drivers.segments",
        "what_if": "cxlab.models.drivers.what_if",
    },
)
