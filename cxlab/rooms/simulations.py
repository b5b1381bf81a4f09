"""The room `cx.simulations`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.data.population import Population as Population
from cxlab.data.simulate import Simulation as Simulation
from cxlab.data.simulate import simulate as simulate
from cxlab.data.simulate_comments import simulate_comments as simulate_comments
