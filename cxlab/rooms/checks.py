"""The room `cx.checks`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.data.quality import concerned as concerned
from cxlab.data.quality import drop as drop
from cxlab.data.quality import quality as quality
