"""`stated_premium`: what people say they would pay more for a great experience, and what is left of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.spells import joint, there
from cxlab.models.price.price_ladder import BIAS
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.design_variance import t_value


def after_bias(premium: float, factor: float) -> float:
    """Return what is left of a stated premium (share of the price) if it is stated too high by ``factor``.

    >>> after_bias(0.14, 1.4)
    0.1
    """
    return round(premium / factor, 15)


@public
def stated_premium(study: Study, *, ordinary: str, great: str, level: float = 0.95, least_n: int = SMALL) -> Result:
    """Return by what share people would pay more for the great than for the ordinary experience, as stated and as paid.

    Parameters
    ----------
    ordinary, great : amounts that the same person would pay for either; both above 0.
    level : confidence of the intervals, between 0 and 1.
    least_n : persons needed.

    Returns
    -------
    Result in shares of the ordinary price, one row a factor by which premiums are stated too high (1.0, 1.2, 1.4):
    ``factor, estimate, low, high, se, n``. ``parts``: ``none`` (share who would pay no more).

    Raises
    ------
    DataProblem : the columns are not two of the study, an amount is not above 0, or too few named both.

    Notes
    -----
    Ratio of geometric means within persons, minus one. A factor common to both amounts cancels; the rows say what is
    left where only the premium is stated too high: the worst case for each factor.

    References
    ----------
    Murphy et al. (2005), doi:10.1007/s10640-004-3332-z; Penn & Hu (2018), doi:10.1093/ajae/aay021 (hypothetical bias).

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> bids = pd.DataFrame({"plain": [10, 20, 30, 40] * 5, "great": [12, 24, 33, 44] * 5})
    >>> cx.prices.stated_premium(cx.load(bids), ordinary="plain", great="great").table["estimate"].round(4).tolist()
    [0.1489, 0.1241, 0.1064]
    """
    for name in (ordinary, great):
        there(study, name)
    if ordinary == great:
        raise DataProblem(f"ordinary and great are both '{great}'; name two columns")
    found = sample(study, [ordinary, great], patterns=True)
    a, b = found.answers[ordinary], found.answers[great]
    whole = np.isfinite(a) & np.isfinite(b)
    lost, found, a, b = int(found.n[~whole].sum()), found.keep(whole), a[whole], b[whole]
    if (wrong := (a <= 0) | (b <= 0)).any():
        raise DataProblem(f"{int(found.n[wrong].sum()):,} rows of {study.name} have an amount of 0 or below; a ratio "
                          "needs amounts above 0: leave the rows out with study.where")  # fmt: skip
    if int(found.n.sum()) < max(least_n, 2):
        raise DataProblem(f"{int(found.n.sum())} of {study.name} named both amounts; {max(least_n, 2)} are needed")
    y, weight = np.log(b / a), found.n * found.w
    mean = float(weight @ y / weight.sum())
    v, df = joint(study, found, ((y - mean) / weight.sum())[:, None])
    se = float(np.sqrt(max(v[0, 0], 0.0)))
    half = float(t_value(level, df)) * se
    ends = (("estimate", mean), ("low", mean - half), ("high", mean + half))
    rows = [
        {"factor": f, **{k: after_bias(float(np.expm1(m)), f) for k, m in ends}, "se": float(np.exp(mean)) * se / f}
        for f in BIAS
    ]
    none = float(weight[b <= a].sum() / weight.sum())
    notes = [*study.caveats, *found.notes, *([f"{lost:,} rows without both amounts do not count"] * bool(lost))]
    notes += [f"{none:.0%} would pay no more", "stated, not paid: plan with the range of the rows, not with the first"]
    return Result(
        "stated_premium", f"Premium of {study.field(great).label} over {study.field(ordinary).label}",
        pd.DataFrame(rows).assign(n=int(found.n.sum())), "share", level,
        "ratio of geometric means within persons, less one, by how much premiums are stated too high", tuple(notes),
        {"none": none}, (Column("factor", "label", "", "Stated too high by"),), better="none",
    )  # fmt: skip
