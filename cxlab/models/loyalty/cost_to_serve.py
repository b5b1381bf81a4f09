"""`cost_to_serve`: what serving customers costs with a score: who costs anything, and how much (two-part model)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import t as student

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.covariates import causal, matrix, terms, told_apart
from cxlab.models.loyalty.spells import joint, there
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.glm import glm
from cxlab.stats.inference.design_variance import t_value


@public
def cost_to_serve(
    study: Study, formula: str, *, cost: str, change: float = 1.0, level: float = 0.95, least_n: int = SMALL
) -> Result:
    """Return by how much the cost of serving a customer differs with a score: a two-part model, in money a customer.

    Parameters
    ----------
    formula : columns joined by +, ``"score + C(contract)"``; text is a category by itself.
    cost : what serving the customer cost (or how often the customer called): 0 for those who cost nothing.
    change : by how much a number changes; a category changes from its base to the level.
    level : confidence of the intervals, between 0 and 1.
    least_n : customers with a cost above 0 needed.

    Returns
    -------
    Result in the unit of the cost, one row a term: ``term, estimate`` (change of the mean cost of all customers),
    ``low, high, se, p, any`` (change of the share that costs anything), ``ratio`` (of the cost where there is one),
    ``n``. ``parts``: ``average`` (cost a customer, share with a cost, cost where there is one).

    Raises
    ------
    DataProblem : a column is not there or does not vary, a cost is negative, ``change`` is 0, or too few have a
        cost.

    Notes
    -----
    Share with a cost: logit. Cost where there is one: log link, Poisson pseudo-likelihood, so no distribution of costs
    is assumed. The change of the mean is averaged over the customers there are; errors of both parts are joint.

    References
    ----------
    Duan et al. (1983), doi:10.2307/1391852; Santos Silva & Tenreyro (2006), doi:10.1162/rest.88.4.641.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> rows = {"score": [0, 0, 0, 1, 1, 1] * 20, "cost": [0, 10, 20, 0, 0, 15] * 20}
    >>> found = cx.loyalty.cost_to_serve(cx.load(pd.DataFrame(rows)), "score", cost="cost")
    >>> found.table["estimate"].round(6).tolist()  # 5 against 10
    [-5.0]
    """
    asked = terms(study, formula)
    there(study, cost)
    found = sample(study, [cost], other=[t.name for t in asked], patterns=True)
    x, called, kept = matrix(study, asked, {t.name: found.other[t.name] for t in asked})
    kept &= np.isfinite(found.answers[cost])
    lost, found, x = int(found.n[~kept].sum()), found.keep(kept), x[kept]
    y = found.answers[cost]
    _checked(study, cost, y, found, least_n)
    if not change:
        raise DataProblem("change is 0: nothing changes; say by how many points the score is to move")
    constant = [n for j, n in enumerate(called) if np.ptp(x[:, j]) == 0]
    if constant:
        raise DataProblem(f"'{constant[0]}' does not vary among the {int(found.n.sum()):,} rows used; leave it out")
    told_apart(x, called, f"the {int(found.n.sum()):,} rows used")
    design = np.column_stack([np.ones(len(x)), x])
    table, average, df = _effects(study, found, design, y, called, change, formula)
    half, z = float(t_value(level, df)), np.abs(table["estimate"] / table["se"])
    table = table.assign(low=table["estimate"] - half * table["se"], high=table["estimate"] + half * table["se"],
                         p=2 * student.sf(z, df), n=int(found.n.sum()))  # fmt: skip
    table = table[["term", "estimate", "low", "high", "se", "p", "any", "ratio", "n"]]
    notes = [
        *study.caveats,
        *found.notes,
        *([f"{lost:,} rows without an answer to all of these do not count"] * bool(lost)),
    ]
    notes.append(
        f"a customer costs {average['estimate'][0]:,.4g} on average; {average['estimate'][1]:.0%} cost anything"
    )
    if not causal(study, [t.name for t in asked]):
        notes.append("an association: customers who cost more may differ in more than what is held constant here")
    return Result(
        "cost_to_serve", f"Cost of serving a customer with {formula.split('~')[-1].strip()}", table, "", level,
        "Two-part model: logit of any cost, log link of the cost where there is one; change of the mean over all "
        "customers, joint errors under the design", tuple(notes), {"average": average, "cost": study.field(cost).label},
        (Column("term", "label", "", "Term"), Column("any", "estimate", "pp", "Share with a cost"),
         Column("ratio", "number", "", "Cost where any, ratio")), better="down",
    )  # fmt: skip


def _checked(study: Study, cost: str, y: NDArray, found: Sample, least: int) -> None:
    if (y < 0).any():
        raise DataProblem(f"{int(found.n[y < 0].sum()):,} rows of {study.name} have a negative '{cost}'; a cost is 0 "
                          "or more: correct them, or leave the rows out with study.where")  # fmt: skip
    some = int(found.n[y > 0].sum())
    if some < max(least, 2):
        raise DataProblem(f"{some} of {int(found.n.sum()):,} in {study.name} have a '{cost}' above 0; {max(least, 2)} "
                          "are needed")  # fmt: skip


def _effects(
    study: Study, s: Sample, design: NDArray, y: NDArray, called: list[str], change: float, formula: str
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """The change of the mean cost with each term and its joint error; what a customer costs on average."""
    some = y > 0
    any_ = bool(some.all())
    p = None if any_ else glm(design, some.astype(float), s.n, s.w)
    m = glm(design[some], y[some], s.n[some], s.w[some], model="poisson")
    if not m.converged or (p is not None and not p.converged):
        raise DataProblem(f"'{formula}' says of somebody with certainty whether there is a cost; no finite ratio fits: "
                          "merge levels, or leave the column out")  # fmt: skip
    weight = s.n * s.w
    a = np.zeros(design.shape[1]) if p is None else p.b
    chance, amount = np.ones(len(y)) if p is None else expit(design @ a), np.exp(design @ m.b)
    ua = np.zeros_like(design) if p is None else _influence(design, some - chance, weight * chance * (1 - chance))
    um = _influence(design, np.where(some, y - amount, 0.0), np.where(some, weight * amount, 0.0))
    influences, rows = [], []
    for j, name in enumerate(called, start=1):
        low, high = design.copy(), design.copy()
        two = set(np.unique(design[:, j])) <= {0.0, 1.0}
        low[:, j], high[:, j] = (0.0, 1.0) if two else (design[:, j], design[:, j] + change)
        value, grow_a, grow_m, more = np.zeros(len(y)), 0.0, 0.0, np.zeros(len(y))
        for sign, at in ((1, high), (-1, low)):
            q = np.ones(len(y)) if p is None else expit(at @ a)
            c = np.exp(at @ m.b)
            value, more = value + sign * q * c, more + sign * q
            grow_a = grow_a + sign * at.T @ (weight * q * (1 - q) * c) / weight.sum()
            grow_m = grow_m + sign * at.T @ (weight * q * c) / weight.sum()
        mean = float(weight @ value / weight.sum())
        influences.append((value - mean) / weight.sum() + ua @ grow_a + um @ grow_m)
        step = 1.0 if two else change
        rows.append({"term": name if two else f"{name}, {change:+g}", "estimate": mean,
                     "any": float(weight @ more / weight.sum()), "ratio": float(np.exp(m.b[j] * step))})  # fmt: skip
    v, df = joint(study, s, np.column_stack(influences))
    mean = float(weight @ y / weight.sum())
    share = float(weight @ some / weight.sum())
    average = pd.DataFrame({"what": ["cost a customer", "share with a cost", "cost where there is one"],
                            "estimate": [mean, share, mean / share]})  # fmt: skip
    return pd.DataFrame(rows).assign(se=np.sqrt(np.fmax(np.diag(v), 0))), average, df


def _influence(design: NDArray, left: NDArray, curve: NDArray) -> NDArray:
    return design * left[:, None] @ np.linalg.pinv(design.T @ (design * curve[:, None]), rcond=1e-12, hermitian=True)
