"""The room `cx.pages`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.doubt_panel import ask as ask
    from cxlab.models.figures import figure as figure
    from cxlab.models.metrics.main_findings import message as message
    from cxlab.models.metrics.standing import standing as standing
    from cxlab.models.optional_part import optional as optional
    from cxlab.models.page_language import speak as speak
    from cxlab.models.paragraphs import remarks as remarks

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "ask": "cxlab.models.doubt_panel",
        "figure": "cxlab.models.figures",
        "message": "cxlab.models.metrics.main_findings",
        "standing": "cxlab.models.metrics.standing",
        "optional": "cxlab.models.optional_part",
        "speak": "cxlab.models.page_language",
        "remarks": "cxlab.models.paragraphs",
    },
)
