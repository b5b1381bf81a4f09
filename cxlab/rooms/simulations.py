"""The room `cx.simulations`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.data.population import Population as Population
    from cxlab.data.simulate import Simulation as Simulation
    from cxlab.data.simulate import simulate as simulate
    from cxlab.data.simulate_comments import simulate_comments as simulate_comments

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "Population": "cxlab.data.population",
        "Simulation": "cxlab.data.simulate",
        "simulate": "cxlab.data.simulate",
        "simulate_comments": "cxlab.data.simulate_comments",
    },
)
