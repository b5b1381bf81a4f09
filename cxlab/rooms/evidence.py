"""The room `cx.evidence`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.hypotheses.calibrate import calibrate as calibrate
    from cxlab.hypotheses.claims import claims as claims
    from cxlab.hypotheses.plan import plan as plan
    from cxlab.hypotheses.scoreboard import family as family
    from cxlab.hypotheses.scoreboard import scoreboard as scoreboard
    from cxlab.hypotheses.signature import sign as sign
    from cxlab.hypotheses.simulators import simulated as simulated
    from cxlab.hypotheses.specification import specifications as specifications
    from cxlab.hypotheses.verdict import verdict as verdict

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "calibrate": "cxlab.hypotheses.calibrate",
        "claims": "cxlab.hypotheses.claims",
        "plan": "cxlab.hypotheses.plan",
        "family": "cxlab.hypotheses.scoreboard",
        "scoreboard": "cxlab.hypotheses.scoreboard",
        "sign": "cxlab.hypotheses.signature",
        "simulated": "cxlab.hypotheses.simulators",
        "specifications": "cxlab.hypotheses.specification",
        "verdict": "cxlab.hypotheses.verdict",
    },
)
