"""Speed and memory, side by side with peers. Never timed inside tests; ``python -m benchmarks`` or ``make bench``.

A bench module is ``benchmarks/bench_<topic>.py`` with a list ``JOBS`` of `Job`. Each contender (own code, each peer,
the floor) is a plain function ``setup(folder, n)`` that imports what it needs, opens or loads its data from ``folder``
and returns a function without arguments. Only that inner function is timed; it returns a dict of numbers or arrays,
which are compared between contenders by key.

.. code-block:: python

    from benchmarks import Job

    def data(folder, n):                      # once per job, in a process of its own; files go into folder
        np.save(folder / "scores.npy", np.random.default_rng(1).integers(0, 11, n))

    def ours(folder, n):
        from cxlab.stats import resample
        scores = np.load(folder / "scores.npy")
        return lambda: {"se": resample.bootstrap(...).se}

    def scipy_bootstrap(folder, n):           # a peer that is not installed: let its ImportError through, it is skipped
        import scipy.stats
        ...

    JOBS = [Job("nps-bootstrap", "bootstrap of one NPS, n = 100,000", n=100_000, data=data, own=ours,
                peers={"scipy": scipy_bootstrap}, targets={"scipy": 1000}, tolerance=0.02)]

Every run of every contender is a process of its own; memory is touched first (freed pages of a virtual machine are slow
at their next first touch); contenders take turns, three times or more; the ratio is the median of the ratios of a turn.
A contender slower than ten seconds runs fewer turns with ``turns=``. Times exclude imports and set-up; a call shorter
than half a second is repeated and its median taken, by the same rule for all. Peak memory is that of the whole process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Setup = Callable[[Path, int], Callable[[], Mapping[str, Any]]]


@dataclass(frozen=True)
class Job:
    """One row of the table.

    Parameters
    ----------
    name : short and unique, for the command line.
    what : what the row says.
    n : size at full scale; ``--scale`` multiplies it and hands it to every function.
    own : set-up of our code.
    peers : set-up of each peer by name; may be empty.
    floor : set-up of the least work anybody must do (decoding the columns, raw SQL), or None.
    data : writes the input files, or None.
    targets : peer (or 'floor') to the ratio to reach: peer time / own time; for 'floor' own time / floor time at most.
    memory : peer to the largest allowed share of its peak memory; ``{"": 300}`` means at most 300 MB.
    tolerance : largest allowed relative difference between own numbers and a peer's.
    agree : own comparison ``(own, peer) -> number``, else the largest relative difference over the keys both have.
    turns : how often contenders take turns.
    touch : gigabytes to write before each run.
    series : rows of one series are drawn as a line over n.
    cpu : contenders are compared by the CPU seconds of all their threads, not by the clock.
    """

    name: str
    what: str
    n: int
    own: Setup
    peers: Mapping[str, Setup] = field(default_factory=dict)
    floor: Setup | None = None
    data: Callable[[Path, int], None] | None = None
    targets: Mapping[str, float] = field(default_factory=dict)
    memory: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = 1e-6
    agree: Callable[[Mapping[str, Any], Mapping[str, Any]], float] | None = None
    turns: int = 3
    touch: float = 1.0
    series: str = ""
    cpu: bool = False

    def contenders(self) -> dict[str, Setup]:
        """Return all set-ups by name: 'cxlab', the peers, 'floor'."""
        return {"cxlab": self.own, **self.peers, **({"floor": self.floor} if self.floor else {})}
