"""The room `cx.leagues`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.data.benchmark_library import benchmarks as benchmarks
    from cxlab.models.benchmarks.gap import gap as gap
    from cxlab.models.benchmarks.league import league as league
    from cxlab.models.benchmarks.league_funnel import funnel as funnel
    from cxlab.models.benchmarks.matched_peers import matching as matching
    from cxlab.models.benchmarks.peers import peers as peers
    from cxlab.models.benchmarks.rank_change import league_change as league_change

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "benchmarks": "cxlab.data.benchmark_library",
        "gap": "cxlab.models.benchmarks.gap",
        "league": "cxlab.models.benchmarks.league",
        "funnel": "cxlab.models.benchmarks.league_funnel",
        "matching": "cxlab.models.benchmarks.matched_peers",
        "peers": "cxlab.models.benchmarks.peers",
        "league_change": "cxlab.models.benchmarks.rank_change",
    },
)
