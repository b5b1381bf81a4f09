"""The room `cx.metrics`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.metrics.churn import churn as churn
    from cxlab.models.metrics.churn import retention as retention
    from cxlab.models.metrics.comparisons import against as against
    from cxlab.models.metrics.comparisons import compare as compare
    from cxlab.models.metrics.distributions import answers as answers
    from cxlab.models.metrics.estimates import ces as ces
    from cxlab.models.metrics.estimates import csat as csat
    from cxlab.models.metrics.estimates import mean as mean
    from cxlab.models.metrics.estimates import nps as nps
    from cxlab.models.metrics.estimates import share as share
    from cxlab.models.metrics.families import together as together
    from cxlab.models.metrics.impacts import impact as impact
    from cxlab.models.metrics.measurement_plan import measurement_plan as measurement_plan
    from cxlab.models.metrics.planning import detectable as detectable
    from cxlab.models.metrics.planning import power as power
    from cxlab.models.metrics.planning import sample_size as sample_size
    from cxlab.models.metrics.ratio import satisfaction_ratio as satisfaction_ratio
    from cxlab.models.metrics.scorecard import scorecard as scorecard
    from cxlab.models.metrics.scorecard import segments as segments
    from cxlab.models.metrics.sentences import findings as findings
    from cxlab.models.metrics.trends import trend as trend

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "churn": "cxlab.models.metrics.churn",
        "retention": "cxlab.models.metrics.churn",
        "against": "cxlab.models.metrics.comparisons",
        "compare": "cxlab.models.metrics.comparisons",
        "answers": "cxlab.models.metrics.distributions",
        "ces": "cxlab.models.metrics.estimates",
        "csat": "cxlab.models.metrics.estimates",
        "mean": "cxlab.models.metrics.estimates",
        "nps": "cxlab.models.metrics.estimates",
        "share": "cxlab.models.metrics.estimates",
        "together": "cxlab.models.metrics.families",
        "impact": "cxlab.models.metrics.impacts",
        "measurement_plan": "cxlab.models.metrics.measurement_plan",
        "detectable": "cxlab.models.metrics.planning",
        "power": "cxlab.models.metrics.planning",
        "sample_size": "cxlab.models.metrics.planning",
        "satisfaction_ratio": "cxlab.models.metrics.ratio",
        "scorecard": "cxlab.models.metrics.scorecard",
        "segments": "cxlab.models.metrics.scorecard",
        "findings": "cxlab.models.metrics.sentences",
        "trend": "cxlab.models.metrics.trends",
    },
)
