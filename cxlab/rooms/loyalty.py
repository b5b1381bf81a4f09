"""The room `cx.loyalty`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.loyalty.best_metric import best_metric as best_metric
    from cxlab.models.loyalty.churn_model import churn_model as churn_model
    from cxlab.models.loyalty.contact_clock import contact_clock as contact_clock
    from cxlab.models.loyalty.cost_to_serve import cost_to_serve as cost_to_serve
    from cxlab.models.loyalty.lagged import lagged as lagged
    from cxlab.models.loyalty.loyalty_curve import loyalty_curve as loyalty_curve
    from cxlab.models.loyalty.pace_of_leaving import hazard as hazard
    from cxlab.models.loyalty.patience import patience as patience
    from cxlab.models.loyalty.repeat_models import repeat_models as repeat_models
    from cxlab.models.loyalty.repeat_purchase import repeat as repeat
    from cxlab.models.loyalty.time_to_leave import survival as survival
    from cxlab.models.loyalty.within_person import within_person as within_person
    from cxlab.models.loyalty.worth_of_a_point import value as value

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "best_metric": "cxlab.models.loyalty.best_metric",
        "churn_model": "cxlab.models.loyalty.churn_model",
        "contact_clock": "cxlab.models.loyalty.contact_clock",
        "cost_to_serve": "cxlab.models.loyalty.cost_to_serve",
        "lagged": "cxlab.models.loyalty.lagged",
        "loyalty_curve": "cxlab.models.loyalty.loyalty_curve",
        "hazard": "cxlab.models.loyalty.pace_of_leaving",
        "patience": "cxlab.models.loyalty.patience",
        "repeat_models": "cxlab.models.loyalty.repeat_models",
        "repeat": "cxlab.models.loyalty.repeat_purchase",
        "survival": "cxlab.models.loyalty.time_to_leave",
        "within_person": "cxlab.models.loyalty.within_person",
        "value": "cxlab.models.loyalty.worth_of_a_point",
    },
)
