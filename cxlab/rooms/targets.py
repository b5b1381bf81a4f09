"""The room `cx.targets`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.planning.gaming import gaming as gaming
    from cxlab.models.planning.kpi_tree import kpi_tree as kpi_tree

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "gaming": "cxlab.models.planning.gaming",
        "kpi_tree": "cxlab.models.planning.kpi_tree",
    },
)
