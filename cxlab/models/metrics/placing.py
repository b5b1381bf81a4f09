"""Places that the data do not exclude, and how a place is said: somebody always comes first, so none stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from cxlab.data.study import Study
from cxlab.models.metrics.comparisons import compare
from cxlab.problem import DataProblem


def places(
    study: Study, metric: str, by: str, label: str, *, named: bool, better: str, level: float = 0.95, **question: Any
) -> tuple[int, int]:
    """Return the best and the worst place of a group among all groups that the data do not exclude.

    Groups whose difference from it is real by `compare`, Holm over all of them, are surely before or behind it; what is
    left are its places (the marginal set of Mogstad et al. 2024, with Holm for their quantile). A group ``named``
    before looking is compared with each other one; one that is looked at because it is first counts all pairs.

    Parameters
    ----------
    by : column of the groups. ``label`` : of the group, as the result of the metric shows it.
    better : 'up' or 'down', which way is good.

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm (2024), doi:10.1093/restud/rdad006.

    >>> import cxlab as cx
    >>> study = cx.load("brand-tracker").where(wave=["2025 Q4"])
    >>> places(study, "nps", "brand", "Alba", named=True, better="up")
    (1, 3)
    """
    try:
        found = compare(study, metric, by=by, pairs=label if named else "all", level=level, **question).table
    except DataProblem:  # nobody else was asked
        return 1, 1
    one, other = found.columns[list(found.columns).index("against") - 1], "against"
    sign = -1.0 if better == "down" else 1.0
    ahead = sign * found["estimate"].where(found["p_adjusted"] < 1 - level, 0.0)
    above, below = found[ahead > 0], found[ahead < 0]  # the first of the pair is surely better, surely worse
    before = (above[other].astype(str) == label).sum() + (below[one].astype(str) == label).sum()
    behind = (above[one].astype(str) == label).sum() + (below[other].astype(str) == label).sum()
    names = set(found[one].astype(str)) | set(found[other].astype(str)) | {label}
    return 1 + int(before), len(names) - int(behind)


def nth(place: int) -> str:
    """Return a place as a word.

    >>> [nth(k) for k in (1, 2, 3, 4, 11, 12, 21, 102)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '21st', '102nd']
    """
    last = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{last}"


def placed(place: int, low: int, high: int, of: str) -> str:
    """Return a place among ``of`` (such as '6 brands') in words, with the places that the data do not exclude.

    >>> placed(2, 1, 4, "6 brands")
    'is number 2 of 6 brands (between 1st and 4th)'
    >>> placed(1, 1, 2, "6 brands"), placed(1, 1, 1, "6 brands")
    ('comes first of 6 brands, not for certain (between 1st and 2nd)', 'leads 6 brands')
    >>> placed(3, 3, 3, "6 brands")
    'is number 3 of 6 brands (surely)'
    """
    if place == low == high == 1:
        return f"leads {of}"
    between = f"between {nth(low)} and {nth(high)}"
    if place == 1:
        return f"comes first of {of}, not for certain ({between})"
    return f"is number {place} of {of} ({'surely' if low == high else between})"


def extreme(low: ArrayLike, high: ArrayLike, at: int) -> bool:
    """Whether the interval of one row lies apart from those of all others: it is surely the first or the last.

    >>> extreme([1, 3, 4], [2, 5, 6], 0), extreme([1, 3, 4], [2, 5, 6], 2)
    (True, False)
    """
    table = pd.DataFrame({"low": low, "high": high}).reset_index(drop=True)
    own, rest = table.iloc[at], table.drop(index=at)
    return bool(((rest["low"] > own["high"]) | (rest["high"] < own["low"])).all())


def ends(names: Sequence[str], numbers: Sequence[str], of: int, sure: Sequence[bool]) -> str:
    """Return who is lowest and who highest in words, and whether others may be: ``sure`` of the lowest, of the highest.

    >>> ends(("Meal", "Crew"), ("57 %", "84 %"), 6, (True, False))
    'Meal is rated lowest of 6 (57 %), Crew highest (84 %); another may be the highest'
    """
    words = f"{names[0]} is rated lowest of {of} ({numbers[0]}), {names[1]} highest ({numbers[1]})"
    if all(sure):
        return words
    if not any(sure):
        return f"{words}; others may be the lowest and the highest"
    return f"{words}; another may be the {'highest' if sure[0] else 'lowest'}"
