"""The room `cx.pages`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.doubt_panel import ask as ask
from cxlab.models.figures import figure as figure
from cxlab.models.metrics.main_findings import message as message
from cxlab.models.metrics.standing import standing as standing
from cxlab.models.optional_part import optional as optional
from cxlab.models.page_language import speak as speak
from cxlab.models.paragraphs import remarks as remarks
