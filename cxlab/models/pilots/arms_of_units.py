"""The difference of arms that whole units have: each unit counts once, by its mean (Welch), as in `cx.pilot`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxlab.models.regression.counted_answers import Told
from cxlab.problem import DataProblem
from cxlab.stats.pilots import unit_changes

UNITS = 3
"""Units an arm needs."""


class Arms(NamedTuple):
    """The mean of the units in the arm minus that of the others, its error and degrees of freedom; units of each."""

    told: Told
    treated: int
    others: int


def difference(y: NDArray, arm: NDArray, unit: NDArray, weight: NDArray) -> Arms:
    """Return the difference of the arms of unit means.

    Parameters
    ----------
    y, arm, unit, weight : (rows,) answers, 1 or 0, names of units, answers of the row times weight.

    Raises
    ------
    DataProblem : a unit has both arms, or an arm fewer than three units.

    Examples
    --------
    >>> unit = np.array(list("aabbccddeeff"))
    >>> arm = np.isin(unit, ["a", "b", "c"]).astype(float)
    >>> y = np.array([2.0, 4, 4, 4, 5, 5, 0, 0, 1, 1, 2, 2])
    >>> [round(v, 4) for v in difference(y, arm, unit, np.ones(12)).told]  # 3, 4, 5 against 0, 1, 2
    [3.0, 0.8165, 4.0]
    """
    names, code = np.unique(unit, return_inverse=True)
    mass = np.bincount(code, weight)
    means, share = np.bincount(code, weight * y) / mass, np.bincount(code, arm) / np.bincount(code)
    if mixed := [str(n) for n, s in zip(names, share, strict=True) if 0 < s < 1]:
        raise DataProblem(f"unit {mixed[0]} has both arms; this test needs the unit to be what was assigned")
    treated = share == 1
    one, none = int(treated.sum()), int((~treated).sum())
    if min(one, none) < UNITS:
        raise DataProblem(f"{one} and {none} units in the arms; this test needs at least {UNITS} in each")
    gap, se, df = unit_changes.difference(means, treated)
    return Arms((gap, se, df if se > 0 else np.nan), one, none)
