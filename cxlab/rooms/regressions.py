"""The room `cx.regressions`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.regression.categorical import logit as logit
from cxlab.models.regression.categorical import ordinal as ordinal
from cxlab.models.regression.least_squares import ols as ols
from cxlab.models.regression.least_squares import ridge as ridge
from cxlab.models.regression.mediation import mediation as mediation
from cxlab.models.regression.random_effects import mixed as mixed
from cxlab.models.regression.replication import jackknife as jackknife
from cxlab.models.regression.replication import replicate_weights as replicate_weights
from cxlab.models.regression.resampling import bootstrap as bootstrap
from cxlab.models.regression.resampling import permutation as permutation
