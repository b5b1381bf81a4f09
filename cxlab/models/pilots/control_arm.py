"""Which arm of an experiment the others are held against."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxlab.data.study import Study
from cxlab.data.yes_no import untreated
from cxlab.problem import DataProblem, unknown

FIRST = "the arms do not say which is the control; '{}' is taken, the first by name: control= names another"
"""What is said where the words of the arms leave it open."""


def arms_of(study: Study, values: pd.Series, arm: str, control: Any) -> tuple[list[Any], Any, bool]:
    """Return the arms, the control among them, and whether it is only the first of words that do not say it.

    Parameters
    ----------
    values : of the column ``arm``, without gaps. ``control`` : as the user gave it; None: what is called so.

    Raises
    ------
    DataProblem : fewer than two arms, more than 12, numbers that do not say which is the control, an unknown control.
    """
    names = sorted(values.unique().tolist(), key=lambda v: (isinstance(v, str), v))
    if len(names) < 2:
        raise DataProblem(f"an experiment needs two arms; '{arm}' of {study.name} has {len(names)}: {names}")
    if len(names) > 12:
        raise DataProblem(f"'{arm}' of {study.name} has {len(names)} values; arms are few: name the column of the arms")
    if control is None:
        said = untreated(names, study.field(arm))
        if said is None and not isinstance(names[0], str):  # 1 and 2: either may be the treated one
            few = ", ".join(f"{n:g}" for n in names)
            raise DataProblem(
                f"'{arm}' of {study.name} holds {few}; which of them is the control cannot be known: give control=, "
                f"e.g. control={names[0]:g}"
            )
        return (names, names[0], True) if said is None else (names, said, False)
    at = {str(n): n for n in names}
    if str(control) not in at:
        raise unknown("control", str(control), f"the arms of '{arm}'", names)
    return names, at[str(control)], False
