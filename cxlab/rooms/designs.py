"""The room `cx.designs`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.data.weights import poststratify as poststratify
from cxlab.data.weights import rake as rake
from cxlab.data.weights import weighting as weighting
