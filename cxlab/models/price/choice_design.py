"""`choice_design`: what a set of choices can find out before anybody is asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.loyalty.covariates import columns_of, matrix, term_called, terms
from cxlab.models.loyalty.spells import there
from cxlab.problem import DataProblem
from cxlab.result import Result

TOLD = 0.5
"""A term whose variation is told by the others by more than half is hard to separate."""


@public
def choice_design(study: Study, formula: str, *, among: str, price: str = "", detect: float = 0.3) -> Result:
    """Return whether the offers of a choice study can tell its attributes apart, and how many choices each needs.

    Parameters
    ----------
    formula : attributes joined by +, as for `choice`; one row an offer. ``among`` : the choice set.
    price : the term that is the price: offers that are no better in anything and no cheaper are found.
    detect : the smallest worth to be found, in log odds a standard deviation of the attribute.

    Returns
    -------
    Result, one row a term: ``term, varies`` (share of its variation within sets), ``alone`` (share that the other terms
    do not tell), ``choices`` (needed to find ``detect`` with 80 % power at 5 %), ``n`` (sets). ``parts``: ``problems``
    (sets of one offer, of equal offers, repeated sets, dominated offers), ``error`` (D-error at no preference).

    Raises
    ------
    DataProblem : a column is not there, no offer is complete, or ``detect`` is not above 0.

    References
    ----------
    Huber & Zwerina (1996), doi:10.2307/3152127 (utility neutral efficiency); de Bekker-Grob et al. (2015),
    doi:10.1007/s40271-015-0118-z (sample size).

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> offers = pd.DataFrame({"set": [1, 1, 2, 2], "fast": [1, 0, 1, 0], "price": [5, 3, 3, 4]})
    >>> found = cx.prices.choice_design(cx.load(offers), "fast + price", among="set", price="price")
    >>> found.parts["problems"].query("problem == 'dominated offers'")["n"].tolist()
    [1]
    """
    asked = terms(study, formula)
    there(study, among)
    if detect <= 0:
        raise DataProblem(f"detect is {detect:g}; it is the smallest worth to be found, above 0")
    found = sample(study, [], other=[among, *(t.name for t in asked)], weights=False)
    x, called, kept = matrix(study, asked, {t.name: found.other[t.name] for t in asked})
    price = term_called(price, columns_of(study, asked), called, "the formula") if price else ""
    codes = pd.factorize(found.other[among], sort=True)[0]
    kept &= codes >= 0
    order = np.argsort(codes[kept], kind="stable")
    x, codes = x[kept][order], np.unique(codes[kept][order], return_inverse=True)[1]
    if not len(x):
        raise DataProblem(f"{study.name} has no offer with every attribute")
    size = np.bincount(codes)
    mean = np.stack([np.bincount(codes, c) / size for c in x.T], axis=1)
    apart = x - mean[codes]
    whole = x - x.mean(0)
    info = (apart / size[codes][:, None]).T @ apart
    inside = (apart**2).sum(0) / np.fmax((whole**2).sum(0), 1e-300)
    alone = _alone(info)
    sd = x.std(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.linalg.pinv(info / len(size), rcond=1e-12, hermitian=True)
        needed = np.where(alone > 1e-9, (1.959964 + 0.841621) ** 2 * np.diag(one) * sd**2 / detect**2, np.inf)
    needed = np.where(np.isfinite(needed), np.ceil(needed), np.nan)
    table = pd.DataFrame({"term": called, "varies": inside, "alone": alone, "choices": needed, "n": len(size)})
    problems = _problems(x, codes, size, called.index(price) if price else None)
    rank = int(np.linalg.matrix_rank(info))
    error = float(np.linalg.det(one) ** (1 / len(called))) if rank == len(called) else float("nan")
    return Result(
        "choice_design", f"What the choices of {study.name} can tell", table, "", 0.95,
        f"information of a conditional logit at no preference, {len(size):,} sets; {detect:g} log odds a standard "
        "deviation to be found with 80 % power at 5 %", tuple(_said(study, table, problems, rank, len(called))),
        {"problems": problems, "error": error},
        (Column("term", "label", "", "Term"), Column("varies", "share", "", "Varies within sets"),
         Column("alone", "share", "", "Not told by the others"), Column("choices", "count", "", "Choices needed"),
         Column("n", "count", "", "Sets")),
    )  # fmt: skip


def _alone(info: NDArray) -> NDArray:
    """Share of the information on each term that the others do not tell: 1 / VIF."""
    out = np.zeros(len(info))
    for j in range(len(info)):
        rest = np.delete(np.arange(len(info)), j)
        cross = info[rest, j]
        inner = np.linalg.pinv(info[np.ix_(rest, rest)], rcond=1e-12, hermitian=True)
        told = float(cross @ inner @ cross) if len(rest) else 0.0
        out[j] = max(0.0, 1 - told / info[j, j]) if info[j, j] > 1e-12 else 0.0
    return np.where(out < 1e-9, 0.0, out)


def _problems(x: NDArray, codes: NDArray, size: NDArray, price: int | None) -> pd.DataFrame:
    start = np.concatenate([[0], np.cumsum(size)])
    seen: dict[bytes, int] = {}
    equal = dominated = again = 0
    for k in range(len(size)):
        offers = x[start[k] : start[k + 1]]
        distinct = np.unique(offers, axis=0)
        equal += len(distinct) < len(offers)
        same = distinct.tobytes() + bytes([len(offers) % 256])
        again += same in seen
        seen[same] = k
        if price is not None:
            rest = np.delete(offers, price, axis=1)
            alike = (rest[:, None] == rest[None]).all(2)
            dearer = bool((alike & (offers[:, None, price] > offers[None, :, price])).any())
            dominated += dearer or _worse(rest, offers, price)
    rows = [("sets of one offer", int((size == 1).sum())), ("sets with equal offers", int(equal)),
            ("sets that repeat an earlier one", int(again))]  # fmt: skip
    rows += [("dominated offers", int(dominated))] if price is not None else []
    return pd.DataFrame(rows, columns=["problem", "n"])


def _worse(rest: NDArray, offers: NDArray, price: int) -> bool:
    """Whether an offer has less of everything than another, and costs no less: where more is better."""
    less = (rest[:, None] <= rest[None]).all(2) & (rest[:, None] < rest[None]).any(2)
    return bool((less & (offers[:, None, price] >= offers[None, :, price])).any())


def _said(study: Study, table: pd.DataFrame, problems: pd.DataFrame, rank: int, terms_: int) -> list[str]:
    out = list(study.caveats)
    lost = table[table["alone"] == 0]["term"].tolist()
    if rank < terms_:
        out.append(f"the offers cannot tell {', '.join(lost)} apart from the others: no number of choices helps; "
                   "change the design")  # fmt: skip
    hard = table[(table["alone"] > 0) & (table["alone"] < TOLD)]["term"].tolist()
    out += [f"{', '.join(hard)}: mostly told by the other attributes; vary it on its own"] if hard else []
    for r in problems.itertuples():
        if r.n:
            out.append(f"{r.n:,} {r.problem}")
    if (problems["problem"] == "dominated offers").any():
        out.append("dominated: another offer of the set has no less of anything and costs no more (if more is better)")
    return out
