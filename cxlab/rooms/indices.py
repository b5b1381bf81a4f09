"""The room `cx.indices`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.index.by_group import index_by as index_by
    from cxlab.models.index.pathmodel import ACSI as ACSI
    from cxlab.models.index.pathmodel import ECSI as ECSI
    from cxlab.models.index.pathmodel import PathModel as PathModel
    from cxlab.models.index.pathmodel import path_model as path_model
    from cxlab.models.index.satisfaction import index as index

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "index_by": "cxlab.models.index.by_group",
        "ACSI": "cxlab.models.index.pathmodel",
        "ECSI": "cxlab.models.index.pathmodel",
        "PathModel": "cxlab.models.index.pathmodel",
        "path_model": "cxlab.models.index.pathmodel",
        "index": "cxlab.models.index.satisfaction",
    },
)
