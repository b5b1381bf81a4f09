"""`Uncertain`: an amount that a calculation starts from, and how sure it is: a number, an interval or an estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from cxlab.problem import DataProblem
from cxlab.result import Estimate


@dataclass(frozen=True)
class Uncertain:
    """An amount with its standard error; 0 where it is certain."""

    name: str
    value: float
    se: float = 0.0

    def drawn(self, rng: np.random.Generator, draws: int) -> NDArray:
        """Return ``draws`` normal values around the amount."""
        return self.value + self.se * rng.standard_normal(draws) if self.se else np.full(draws, self.value)


def uncertain(name: str, given: object, level: float) -> Uncertain:
    """Read a number (certain), a pair (the ends of its interval at ``level``) or an `Estimate`.

    Parameters
    ----------
    name : what it is called in messages. ``given`` : what came. ``level`` : of the interval that a pair is.

    >>> round(uncertain("margin", (8, 12), 0.95).se, 4)
    1.0204
    """
    if isinstance(given, Estimate):
        if not np.isfinite([given.value, given.se]).all():
            raise DataProblem(f"{name} is an estimate without value or standard error; give a pair (low, high)")
        return Uncertain(name, given.value, given.se)
    if isinstance(given, (list, tuple)) and len(given) == 2 and all(_number(v) for v in given):
        low, high = map(float, given)
        if not low <= high:
            raise DataProblem(f"{name} is ({low:g}, {high:g}); the first of a pair is the low end")
        return Uncertain(name, (low + high) / 2, float((high - low) / 2 / ndtri((1 + level) / 2)))
    if _number(given):
        return Uncertain(name, float(given))  # type: ignore[arg-type]
    raise DataProblem(
        f"{name} is {given!r}; give a number, a pair (low, high) of its {level:.0%} interval, or an estimate"
    )


def _number(v: object) -> bool:
    return isinstance(v, (int, float, np.number)) and not isinstance(v, bool) and bool(np.isfinite(v))
