"""The room `cx.regressions`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
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

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "logit": "cxlab.models.regression.categorical",
        "ordinal": "cxlab.models.regression.categorical",
        "ols": "cxlab.models.regression.least_squares",
        "ridge": "cxlab.models.regression.least_squares",
        "mediation": "cxlab.models.regression.mediation",
        "mixed": "cxlab.models.regression.random_effects",
        "jackknife": "cxlab.models.regression.replication",
        "replicate_weights": "cxlab.models.regression.replication",
        "bootstrap": "cxlab.models.regression.resampling",
        "permutation": "cxlab.models.regression.resampling",
    },
)
