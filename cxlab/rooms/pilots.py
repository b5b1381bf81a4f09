"""The room `cx.pilots`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.pilots.experiment import experiment as experiment
from cxlab.models.pilots.pilot import pilot as pilot
from cxlab.models.pilots.rollout_plan import rollout_plan as rollout_plan
from cxlab.models.pilots.scale_up import scale_up as scale_up
