"""`stated_premium`: what people say they would pay more for a great experience, and what is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.data.yes_no import yes_no
from cxlab.models.loyalty.spells import joint, there
from cxlab.models.price.price_ladder import BIAS
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.robust import least_squares
from cxlab.stats.inference.design_variance import t_value

FAR = np.log(5)
"""A ratio beyond this is rather another unit than a premium."""


class Premium(NamedTuple):
    """The log of the ratio of geometric means with its error and degrees of freedom, amounts, and what to say of it."""

    log: float
    se: float
    df: float
    n: int
    title: str
    method: str
    notes: tuple[str, ...]
    parts: dict[str, float]


def after_bias(premium: float, factor: float) -> float:
    """Return what is left of a stated premium (share of the price) if it is stated too high by ``factor``.

    >>> after_bias(0.14, 1.4)
    0.1
    """
    return round(premium / factor, 15)


def log_premium(
    price: NDArray, great: NDArray, n: NDArray, w: NDArray, units: tuple[NDArray | None, NDArray | None],
    more: Sequence[NDArray] = (),
) -> tuple[float, float, float]:  # fmt: skip
    """Return the log of the ratio of geometric means of two arms, its standard error and degrees of freedom.

    Parameters
    ----------
    price : (rows,) amounts above 0. ``great`` : (rows,) 1 who was shown the great experience, else 0.
    n, w : (rows,) answers and their weight. ``units`` : clusters and strata, or None. ``more`` : columns held fixed.

    Examples
    --------
    >>> one = np.ones(4)
    >>> round(log_premium(np.array([8.0, 12.5, 10.0, 14.4]), np.array([0, 0, 1, 1]), one, one, (None, None))[0], 6)
    0.182322
    """
    fit = least_squares(np.column_stack([np.ones(len(price)), great, *more]), np.log(price), n, w, *units)
    return fit.contrast(np.eye(len(fit.b))[1])


@public
def stated_premium(
    study: Study,
    *,
    ordinary: str = "",
    great: str = "",
    price: str = "",
    arm: str = "",
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return by what share people would pay more for the great than for the ordinary experience, as stated and as paid.

    Parameters
    ----------
    ordinary, great : amounts that the same person would pay for either; both above 0. Or, where each person was shown
        one of the two by chance:
    price, arm : the amount, and which was shown (0 ordinary, 1 great, or two labels that say it).
    level : confidence of the intervals, between 0 and 1.
    least_n : persons needed (of either arm).

    Returns
    -------
    Result in shares of the ordinary price, one row a factor by which premiums are stated too high (1.0, 1.2, 1.4):
    ``factor, estimate, low, high, se, n``. ``parts``: ``none`` (share who would pay no more; with two amounts).

    Raises
    ------
    DataProblem : neither two amounts nor price and arm are named, the columns are not of the study, the arm does not
        say who was shown what, an amount is not above 0 (of one of two amounts: below 0), or there are too few.

    Notes
    -----
    Ratio of geometric means minus one: within persons, or between arms. An amount of 0 has no logarithm: between arms
    it is left out and counted. A factor common to both amounts cancels; the rows say what is left where only the
    premium is stated too high: the worst case for each factor. The claim CX-01 is tested by the ratio between arms.

    References
    ----------
    Murphy et al. (2005), doi:10.1007/s10640-004-3332-z; Penn & Hu (2018), doi:10.1093/ajae/aay021 (hypothetical bias).

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> bids = pd.DataFrame({"plain": [10, 20, 30, 40] * 5, "great": [12, 24, 33, 44] * 5})
    >>> cx.prices.stated_premium(cx.load(bids), ordinary="plain", great="great").table["estimate"].round(4).tolist()
    [0.1489, 0.1241, 0.1064]
    >>> shown = pd.DataFrame({"paid": [8, 12.5, 10, 14.4] * 10, "arm": [0, 0, 1, 1] * 10})
    >>> cx.prices.stated_premium(cx.load(shown), price="paid", arm="arm").table["estimate"].round(4).tolist()
    [0.2, 0.1667, 0.1429]
    """
    pairs = {"ordinary": ordinary, "great": great}, {"price": price, "arm": arm}
    named = [all(pair.values()) for pair in pairs]
    if named.count(True) != 1 or any(any(p.values()) and not all(p.values()) for p in pairs):
        raise DataProblem("name ordinary and great (two amounts of one person), or price and arm (which of the two was "
                          "shown)")  # fmt: skip
    for name in (ordinary, great) if named[0] else (price, arm):
        there(study, name)
    found = _within(study, ordinary, great, least_n) if named[0] else _between(study, price, arm, least_n)
    if not np.isfinite(found.se):
        raise DataProblem(f"the answers of {study.name} rest on too few clusters of one arm; a premium has no error")
    half = float(t_value(level, found.df)) * found.se
    ends = (("estimate", found.log), ("low", found.log - half), ("high", found.log + half))
    rows = [
        {"factor": f, **{k: after_bias(float(np.expm1(m)), f) for k, m in ends}, "se": np.exp(found.log) * found.se / f}
        for f in BIAS
    ]
    said = "stated, not paid: plan with the range of the rows, not with the first"
    if abs(found.log) > FAR:
        said = f"amounts differ {np.exp(abs(found.log)):,.0f} times: are both in the same currency and unit? {said}"
    return Result(
        "stated_premium", found.title, pd.DataFrame(rows).assign(n=found.n), "share", level,
        f"{found.method}, less one, by how much premiums are stated too high", (*study.caveats, *found.notes, said),
        found.parts, (Column("factor", "label", "", "Stated too high by"),), better="none",
    )  # fmt: skip


def _within(study: Study, ordinary: str, great: str, least: int) -> Premium:
    """The mean log ratio of two amounts of the same person."""
    if ordinary == great:
        raise DataProblem(f"ordinary and great are both '{great}'; name two columns")
    found = sample(study, [ordinary, great], patterns=True)
    a, b = found.answers[ordinary], found.answers[great]
    whole = np.isfinite(a) & np.isfinite(b)
    lost, found, a, b = int(found.n[~whole].sum()), found.keep(whole), a[whole], b[whole]
    if (wrong := (a <= 0) | (b <= 0)).any():
        raise DataProblem(f"{int(found.n[wrong].sum()):,} rows of {study.name} have an amount of 0 or below; a ratio "
                          "needs amounts above 0: leave the rows out with study.where")  # fmt: skip
    if int(found.n.sum()) < max(least, 2):
        raise DataProblem(f"{int(found.n.sum())} of {study.name} named both amounts; {max(least, 2)} are needed")
    y, weight = np.log(b / a), found.n * found.w
    mean = float(weight @ y / weight.sum())
    v, df = joint(study, found, ((y - mean) / weight.sum())[:, None])
    none = float(weight[b <= a].sum() / weight.sum())
    notes = (*found.notes, *([f"{lost:,} rows without both amounts do not count"] * bool(lost)),
             f"{none:.0%} would pay no more")  # fmt: skip
    return Premium(
        mean, float(np.sqrt(max(v[0, 0], 0.0))), df, int(found.n.sum()),
        f"Premium of {study.field(great).label} over {study.field(ordinary).label}",
        "ratio of geometric means within persons", notes, {"none": none},
    )  # fmt: skip


def _between(study: Study, price: str, arm: str, least: int) -> Premium:
    """The difference of the mean log amounts of two arms."""
    if price == arm:
        raise DataProblem(f"price and arm are both '{arm}'; name two columns")
    found = sample(study, [price], other=[arm], patterns=True)
    paid, shown = found.answers[price], yes_no(found.other[arm], study.field(arm))
    whole = np.isfinite(paid) & np.isfinite(shown)
    if (wrong := whole & (paid < 0)).any():
        raise DataProblem(f"{int(found.n[wrong].sum()):,} rows of {study.name} have a '{price}' below 0; a price is 0 "
                          "or more: correct them, or leave the rows out with study.where")  # fmt: skip
    zeros, lost = int(found.n[whole & (paid == 0)].sum()), int(found.n[~whole].sum())
    kept = whole & (paid > 0)
    found, paid, shown = found.keep(kept), paid[kept], shown[kept]
    size = [int(found.n[shown == k].sum()) for k in (0, 1)]
    if min(size) < max(least, 2):
        raise DataProblem(f"{size[0]} of {study.name} were shown the ordinary and {size[1]} the great experience and "
                          f"named a price above 0; {max(least, 2)} of either are needed")  # fmt: skip
    log, se, df = log_premium(paid, shown, found.n, found.w, (found.cluster, found.strata))
    notes = (*found.notes, *([f"{lost:,} rows without price or arm do not count"] * bool(lost)),
             *([f"{zeros:,} prices of zero have no logarithm and are left out"] * bool(zeros)))  # fmt: skip
    return Premium(log, se, df, sum(size), f"Premium of the great experience: {study.field(price).label}",
                   "ratio of geometric means of the arms", notes, {})  # fmt: skip
