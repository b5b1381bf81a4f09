"""The room `cx.journeys`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.journeys.dose_response import dose_response as dose_response
from cxlab.models.journeys.mean_reversion import regression_to_mean as regression_to_mean
from cxlab.models.journeys.sequence import sequence as sequence
from cxlab.models.journeys.variation import variation as variation
