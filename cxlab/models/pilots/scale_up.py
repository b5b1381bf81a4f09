"""`scale_up`: what is left of a pilot's effect at scale, and what the best of several pilots was worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.columns import Column, difference, show
from cxlab.data.arguments import public
from cxlab.problem import DataProblem
from cxlab.result import Estimate, Result
from cxlab.stats.inference.trinomial import z_value
from cxlab.stats.pilots.ratio_of_effects import fieller
from cxlab.stats.units.posterior import posterior

Effect = Result | Estimate | Sequence[float]
NUMBERS = (int, float, np.number)


@public
def scale_up(
    pilots: Effect | Sequence[Effect], rollout: Effect | None = None, *, tried: int = 1, level: float = 0.95
) -> Result:
    """Return the ratio of a roll-out's effect to its pilot's with Fieller's interval; the best of several shrunken.

    Parameters
    ----------
    pilots : the pilot that was scaled up: a result of `cxlab.pilot` or `cxlab.experiment` (its first row), an estimate,
        or (effect, standard error). A list of several such: the first was scaled up, all were tried.
    rollout : the roll-out's, likewise; None: only the pilot's own.
    tried : how many pilots were tried, where only the best is at hand: then nothing can be shrunken, and that is said.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result: ``what`` ('pilot', 'pilot, shrunken', 'roll-out', 'ratio'), ``estimate, low, high, se``.

    Raises
    ------
    DataProblem : a pilot is no result, estimate or (effect, standard error), its error is not above 0, or ``tried``
        is no number from 1.

    References
    ----------
    Fieller, E. C. (1954). Journal of the Royal Statistical Society B 16, 175-185.

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.pilots.scale_up((6, 2), (3, 1))
    >>> [round(float(x), 3) for x in found.table.iloc[-1, 1:4]]
    [0.5, 0.158, 1.587]
    """
    if not isinstance(tried, (int, np.integer)) or tried < 1:
        raise DataProblem(f"tried is {tried!r}; give how many pilots were tried: a whole number from 1")
    several = isinstance(pilots, (list, tuple)) and len(pilots) > 0 and not isinstance(pilots[0], NUMBERS)
    all_ = list(pilots) if several else [pilots]
    given = [_effect(p, "pilots") for p in all_]
    z, unit = z_value(level), _unit(all_[0])
    a, se = given[0]
    rows, notes = [("pilot", a, a - z * se, a + z * se, se)], []
    if len(given) > 1:
        a, se = _shrunken(given)
        rows.append(("pilot, shrunken", a, a - z * se, a + z * se, se))
        notes.append(f"{len(given)} pilots were tried: the best looks better than it is, so it is drawn to their mean "
                     f"({show(a, difference(unit))} instead of {show(given[0][0], difference(unit))})")  # fmt: skip
    elif tried > 1:
        notes.append(f"the best of {tried} pilots looks better than it is; give all of them to have it shrunken")
    if rollout is not None:
        b, error = _effect(rollout, "rollout")
        rows.append(("roll-out", b, b - z * error, b + z * error, error))
        ratio, low, high = fieller(a, b, se**2, error**2, z)
        if np.isfinite(low):
            rows.append(("ratio", ratio, low, high, np.nan))
            notes.append(f"{ratio:.2f} of the pilot's effect is left at scale ({low:.2f} to {high:.2f})")
        else:
            notes.append("pilot effect not different from zero: no ratio")
    table = pd.DataFrame(rows, columns=["what", "estimate", "low", "high", "se"])
    table["unit"] = ["" if w == "ratio" else difference(unit) for w in table["what"]]
    return Result(
        kind="scale_up",
        title="From pilot to roll-out",
        table=table,
        unit=difference(unit),
        level=level,
        method="normal intervals; ratio: Fieller, errors of both independent; shrunken: posterior mean of all pilots",
        notes=tuple(notes),
        columns=(Column("what", "label", "", "What"), *(Column(c, k, "row", h) for c, k, h in (
            ("estimate", "estimate", "Estimate"), ("low", "bound", "Low"), ("high", "bound", "High"),
            ("se", "error", "Standard error")))),
    )  # fmt: skip


def _effect(given: Effect, name: str) -> tuple[float, float]:
    """Effect and standard error."""
    if isinstance(given, Result):
        row = given.table.iloc[0]
        pair = (row["estimate"], row["se"]) if {"estimate", "se"} <= set(given.table) else (np.nan, np.nan)
    elif isinstance(given, Estimate):
        pair = (given.value, given.se)
    elif isinstance(given, (list, tuple)) and len(given) == 2:
        pair = tuple(given)
    else:
        raise DataProblem(f"{name} is {given!r}; give a result of cx.pilot, an estimate, or (effect, standard error)")
    try:
        effect, se = (float(x) for x in pair)
    except (TypeError, ValueError):
        raise DataProblem(f"{name} has {pair!r}; give numbers: (effect, standard error)") from None
    if not (np.isfinite(effect) and se > 0):
        raise DataProblem(
            f"{name} has the effect {effect:g} with the standard error {se:g}; a ratio needs an error above 0. A "
            "pilot of "
            "fewer than five units has none: these data cannot tell what is left at scale"
        )
    return effect, se


def _unit(given: Effect) -> str:
    return given.unit if isinstance(given, (Result, Estimate)) else ""


def _shrunken(given: list[tuple[float, float]]) -> tuple[float, float]:
    """Posterior mean and standard deviation of the first."""
    y, v = np.array([g[0] for g in given]), np.array([g[1] for g in given]) ** 2
    drawn = posterior(y, v).draws(4000, 0)[:, 0]
    return float(drawn.mean()), float(drawn.std(ddof=1))
