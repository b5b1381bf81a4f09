"""The room `cx.designs`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.data.weights import poststratify as poststratify
    from cxlab.data.weights import rake as rake
    from cxlab.data.weights import weighting as weighting

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "poststratify": "cxlab.data.weights",
        "rake": "cxlab.data.weights",
        "weighting": "cxlab.data.weights",
    },
)
