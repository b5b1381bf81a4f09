"""The room `cx.leagues`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.data.benchmark_library import benchmarks as benchmarks
from cxlab.models.benchmarks.gap import gap as gap
from cxlab.models.benchmarks.league import league as league
from cxlab.models.benchmarks.league_funnel import funnel as funnel
from cxlab.models.benchmarks.matched_peers import matching as matching
from cxlab.models.benchmarks.peers import peers as peers
from cxlab.models.benchmarks.rank_change import league_change as league_change
