"""The room `cx.checks`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.data.quality import concerned as concerned
    from cxlab.data.quality import drop as drop
    from cxlab.data.quality import quality as quality

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "concerned": "cxlab.data.quality",
        "drop": "cxlab.data.quality",
        "quality": "cxlab.data.quality",
    },
)
