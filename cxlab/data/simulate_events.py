"""`simulate_events`: journeys with known truth: what follows what, what goes wrong where, what it costs in score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.problem import DataProblem

STEPS: dict[str, dict[str, float]] = {
    "order": {"pay": 0.93, "support": 0.04, "cancelled": 0.03},
    "pay": {"ship": 0.9, "support": 0.06, "cancelled": 0.04},
    "ship": {"deliver": 0.88, "support": 0.12},
    "deliver": {"completed": 0.8, "support": 0.2},
    "support": {"ship": 0.25, "support": 0.15, "completed": 0.5, "cancelled": 0.1},
    "completed": {},
    "cancelled": {},
}
"""What follows each event, with which probability; nothing follows the last."""

PROBLEMS = {"pay": (0.08, 6.0), "deliver": (0.2, 14.0), "support": (0.35, 9.0)}
"""Where something goes wrong at the first visit: how often, and how many points of 100 it costs."""

OWNERS = {"order": "web", "pay": "finance", "ship": "warehouse", "deliver": "carrier", "support": "service"}
CHANNELS = ("app", "web", "shop")
DAYS = 2.0
BASE, NOISE = 75.0, 9.0


@dataclass(frozen=True, repr=False)
class EventSimulation(Study):
    """A simulated event log; ``truth`` holds what an analysis should find."""

    truth: Mapping[str, Any] = field(default_factory=dict, compare=False)


@public
def simulate_events(
    n: int = 1_000,
    *,
    seed: int = 0,
    touchpoints: Mapping[str, Mapping[str, float]] | None = None,
    problems: Mapping[str, tuple[float, float]] | None = None,
    days: float = DAYS,
    censoring: float = 0.0,
) -> EventSimulation:
    """Return simulated journeys of ``n`` cases, a row an event.

    A case starts at the first touchpoint and walks the chain of ``touchpoints``; waits are exponential. At the first
    visit of a touchpoint in ``problems`` something goes wrong with its probability. The score of a case, on its last
    event, is 75 less the points of its problems, with normal noise of 9 points.

    Parameters
    ----------
    n : cases. ``seed`` : the same seed gives the same data.
    touchpoints : event → {event that follows: probability}; they add up to 1, or are empty where a journey ends.
    problems : event → (how often, points of 100 that it costs).
    days : mean wait between two events.
    censoring : share of cases still under way when the log ends (their later events are missing, and their score).

    Returns
    -------
    A study with columns ``case_id, event, time, channel, owner, problem, score``. Its ``truth``: ``steps`` (from, to,
    share), ``problems`` (touchpoint, frequency, severity, impact) and ``ends`` (share of all journeys that end at each
    last event, were none cut off).

    Raises
    ------
    DataProblem : probabilities that do not add up, or an event that nothing says what follows.

    Examples
    --------
    >>> import cxlab as cx
    >>> log = cx.simulate_events(100, seed=1)
    >>> log.columns
    ['case_id', 'event', 'time', 'channel', 'owner', 'problem', 'score']
    >>> round(float(log.truth["problems"].set_index("touchpoint")["impact"]["deliver"]), 2)
    2.21
    """
    chain = {k: dict(v) for k, v in (touchpoints or STEPS).items()}
    wrong = dict(PROBLEMS if problems is None and touchpoints is None else problems or {})
    _check(chain, wrong, censoring)
    names, rng = list(chain), np.random.default_rng(seed)
    p = np.array([[chain[a].get(b, 0.0) for b in names] for a in names])
    case, place, event = _walks(p, n, rng)
    wait = np.where(place == 0, 0.0, rng.exponential(days, len(case)))
    began = np.sort(rng.uniform(0, 90, n))
    passed = np.cumsum(wait)
    time = began[case] + passed - passed[np.searchsorted(case, np.arange(n))][case]
    first = ~pd.DataFrame({"c": case, "e": event}).duplicated().to_numpy()
    often = np.array([wrong.get(a, (0.0, 0.0))[0] for a in names])
    points = np.array([wrong.get(a, (0.0, 0.0))[1] for a in names])
    problem = first & (rng.random(len(case)) < often[event])
    score = BASE - np.bincount(case, problem * points[event], n) + rng.normal(0, NOISE, n)
    last = np.append(case[1:] != case[:-1], True)
    table = pd.DataFrame({
        "case_id": case + 1,
        "event": np.array(names, object)[event],
        "time": pd.Timestamp("2025-01-01") + pd.to_timedelta((time * 86_400).round(), unit="s"),
        "channel": np.array(CHANNELS, object)[rng.integers(0, len(CHANNELS), n)][case],
        "owner": np.array([OWNERS.get(a, "") for a in names], object)[event],
        "problem": problem.astype(int),
        "score": np.where(last, np.clip(np.round(score), 0, 100)[case], np.nan),
    })  # fmt: skip
    if censoring:
        end = np.quantile(time[last], 1 - censoring)
        table = table[time <= end]
    truth = _truth(names, p, often, points)
    return EventSimulation(table.sort_values("time", kind="stable", ignore_index=True), BOOK, truth=truth)


BOOK = Codebook(
    "journeys",
    (
        Field("case_id", "Case", "integer", "case"),
        Field("event", "Event", "string", "event"),
        Field("time", "Time", "datetime", "time"),
        Field("channel", "Channel", "string", "channel"),
        Field("owner", "Owner", "string", "owner", missing={"": "nobody"}),
        Field("problem", "Something went wrong", "integer", ""),
        Field("score", "Score", "integer", "outcome", measure="satisfaction", scale=Scale(0, 100)),
    ),
    title="Simulated journeys",
    simulated=True,
    design="logs",
)


def _check(
    chain: Mapping[str, Mapping[str, float]], wrong: Mapping[str, tuple[float, float]], censoring: float
) -> None:
    for a, after in chain.items():
        unknown = [b for b in after if b not in chain]
        if unknown:
            raise DataProblem(f"'{a}' is followed by {', '.join(unknown)}, of which touchpoints= says nothing")
        if after and abs(sum(after.values()) - 1) > 1e-9:
            raise DataProblem(f"what follows '{a}' has probabilities that add up to {sum(after.values()):.4g}, not 1")
    if not any(not after for after in chain.values()):
        raise DataProblem("no journey ever ends: one event must be followed by nothing, as 'completed': {}")
    strange = [a for a in wrong if a not in chain]
    if strange:
        raise DataProblem(f"problems at {', '.join(strange)}, which are no touchpoints; allowed: {', '.join(chain)}")
    if not 0 <= censoring < 1:
        raise DataProblem(f"censoring is {censoring}; it is a share of cases from 0 to below 1")


def _walks(p: NDArray, n: int, rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """Return case, place and event of every step, sorted by case and place."""
    over, ends = np.cumsum(p, axis=1), p.sum(1) == 0
    case, event, place = np.arange(n), np.zeros(n, int), 0
    steps = []
    while len(case) and place < 1_000:
        steps.append((case, np.full(len(case), place), event))
        case, event = case[~ends[event]], event[~ends[event]]
        u = rng.random(len(case))
        event = np.minimum((u[:, None] >= over[event] / over[event][:, -1:]).sum(1), len(p) - 1)
        place += 1
    out = [np.concatenate(x) for x in zip(*steps, strict=True)]
    order = np.lexsort((out[1], out[0]))
    return out[0][order], out[1][order], out[2][order]


def _truth(names: list[str], p: NDArray, often: NDArray, points: NDArray) -> dict[str, Any]:
    """Shares of steps, where journeys end, and how often each touchpoint is met at all (first passage)."""
    ends = p.sum(1) == 0
    absorbed = np.linalg.solve(np.eye((~ends).sum()) - p[~ends][:, ~ends], p[~ends][:, ends])
    finish = dict(zip(np.array(names)[ends], absorbed[0], strict=True)) if not ends[0] else {names[0]: 1.0}
    met = np.array([_met(p, j) for j in range(len(names))])
    steps = [(a, b, p[i, j]) for i, a in enumerate(names) for j, b in enumerate(names) if p[i, j]]
    at = np.flatnonzero(often > 0)
    return {
        "steps": pd.DataFrame(steps, columns=["from", "to", "share"]),
        "problems": pd.DataFrame({
            "touchpoint": np.array(names, object)[at], "frequency": often[at] * met[at], "severity": points[at],
            "impact": often[at] * met[at] * points[at],
        }),
        "ends": pd.Series(finish),
        "reach": pd.Series(met, names),
    }  # fmt: skip


def _met(p: NDArray, j: int) -> float:
    """The probability that a walk from the first event ever comes to event ``j``."""
    if j == 0:
        return 1.0
    others = np.arange(len(p)) != j
    return float(np.linalg.solve(np.eye(others.sum()) - p[others][:, others], p[others, j])[0])
