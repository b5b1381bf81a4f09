"""`rollout_plan`: who starts when, drawn at random, with the power that buys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.pilots import wedge_power

KINDS = {
    "parallel": "half of the units start after the first period, the others never",
    "stepped": "every unit starts, in steps of equal size, one step a period",
    "staggered": "in steps of equal size, and one share of the units never starts",
}
LEAST = 2


@public
def rollout_plan(
    units: Sequence,
    *,
    sd: float,
    effect: float,
    n: int = 50,
    icc: float = 0.05,
    steps: int = 4,
    kind: str = "stepped",
    seed: int = 0,
) -> Result:
    """Return a random order in which units start, and the chance that it shows an effect.

    Parameters
    ----------
    units : names of the units. ``n`` : answers of a unit in a period.
    sd : standard deviation of one answer. ``icc`` : share of its variance that lies between units.
    effect : what is to be seen, in the same unit as ``sd``.
    steps : groups that start one after another; there is one period more than steps.
    kind : 'stepped' (stepped wedge), 'parallel' or 'staggered'.
    seed : of the draw; the plan is the same for the same units and seed.

    Returns
    -------
    Result: ``unit, start`` (first treated period, nan for never). ``parts``: ``power`` of all kinds, ``treated`` (units
    by periods), ``ledger`` (the plan as JSON with its hash: write it to a file before the first start).

    Raises
    ------
    DataProblem : a unit is named twice, there are too few units for the steps, the kind is unknown, or a number
        is out of its range.

    References
    ----------
    Hussey, M. A. & Hughes, J. P. (2007). doi:10.1016/j.cct.2006.05.007

    Examples
    --------
    >>> import cxlab as cx
    >>> plan = cx.pilots.rollout_plan([f"shop {i}" for i in range(24)], sd=1, icc=1 / 26, effect=0.2, n=52)
    >>> plan.table["start"].value_counts().tolist()
    [6, 6, 6, 6]
    """
    one_of("kind", kind, KINDS)
    names = [str(u) for u in units]
    _check(names, sd, effect, n, icc, steps)
    order = np.random.default_rng(seed).permutation(len(names))
    start = np.full(len(names), np.nan)
    start[order] = _starts(len(names), steps, kind)
    table = pd.DataFrame({"unit": names, "start": start})
    cell, tau2 = sd**2 * (1 - icc) / n, sd**2 * icc
    rows = []
    for each in KINDS:
        var = wedge_power.variance(_treated(_starts(len(names), steps, each), steps), cell, tau2)
        rows.append((each, float(np.sqrt(var)), wedge_power.power(abs(effect), var, 0.95)))
    power = pd.DataFrame(rows, columns=["kind", "se", "power"])
    own = power.set_index("kind").loc[kind]
    plan = {"kind": kind, "seed": seed, "units": {u: None if np.isnan(s) else int(s) for u, s in
            zip(names, start, strict=True)}, "sd": sd, "icc": icc, "n": n, "effect": effect}  # fmt: skip
    text = json.dumps(plan, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    best = power.loc[power["power"].idxmax()]
    notes = [f"an effect of {effect:g} is found with a chance of {own['power']:.0%} (standard error {own['se']:.3g})"]
    if best["kind"] != kind and best["power"] > own["power"] + 0.02:
        notes.append(f"a roll-out of the kind {best['kind']} would find it with {best['power']:.0%}")
    notes += [
        "the formula takes an effect that is there at once and stays; where it grows, plan more periods",
        f"the plan is to be put on file before the first start; its hash is {digest[:12]}",
    ]
    return Result(
        kind="rollout_plan",
        title=f"Roll-out of {len(names)} units in {steps} steps ({kind})",
        table=table,
        method=f"order drawn at random (seed {seed}): {KINDS[kind]}; power by Hussey & Hughes with known variances",
        notes=tuple(notes),
        parts={"power": power, "treated": _treated(start, steps).tolist(), "ledger": {"plan": plan, "sha256": digest}},
        columns=(Column("unit", "label", "", "Unit"), Column("start", "count", "", "Starts in period")),
    )


def _check(names: list[str], sd: float, effect: float, n: int, icc: float, steps: int) -> None:
    if len(set(names)) < len(names):
        raise DataProblem("units has a name twice; each unit is drawn once")
    if steps < 1:
        raise DataProblem(f"steps is {steps}; give 1 or more")
    if len(names) < max(2 * LEAST, steps):
        raise DataProblem(
            f"{len(names)} units in {steps} steps; at least {max(2 * LEAST, steps)} are needed: with one treated or "
            "one "
            "untreated unit its own noise cannot be told from an effect"
        )
    for name, value in (("sd", sd), ("effect", effect), ("n", n)):
        if not value > 0:
            raise DataProblem(f"{name} is {value}; it must be above 0")
    if not 0 <= icc < 1:
        raise DataProblem(f"icc is {icc}; the share of the variance between units lies between 0 and 1")


def _starts(size: int, steps: int, kind: str) -> NDArray:
    """The first treated period (2, 3, ...) of the units in the order of the draw."""
    if kind == "parallel":
        return np.where(np.arange(size) < size // 2, 2.0, np.nan)
    groups = steps if kind == "stepped" else steps + 1
    step = np.arange(size) * groups // size
    return np.where(step < steps, step + 2.0, np.nan)


def _treated(start: NDArray, steps: int) -> NDArray:
    return (np.arange(1, steps + 2)[None] >= np.where(np.isnan(start), np.inf, start)[:, None]).astype(float)
