"""`choice`: what makes people take an offer, from choices between offers; `willingness_to_pay`: that in money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from cxlab.columns import Column
from cxlab.data.arguments import of_kind, public
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.covariates import Term, columns_of, matrix, term_called, terms, told_apart
from cxlab.models.loyalty.spells import there
from cxlab.models.price import mixed_choices
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.influences import covariance
from cxlab.stats.pricing import conditional_logit

LOG = " (log)"
"""Ends the name of a log-normal term."""
ROBB = 10_000
"""Draws of Krinsky & Robb's intervals."""


@public
def choice(
    study: Study,
    formula: str,
    *,
    chosen: str,
    among: str,
    person: str = "",
    random: Sequence[str] | Mapping[str, str] = (),
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return what each attribute of an offer adds to its worth (logit of choices between offers).

    Parameters
    ----------
    formula : attributes joined by +, ``"price + wait + C(brand)"``; one row an offer.
    chosen : 1 or True for the offer that was taken. ``among`` : the choice set that the offer was in.
    person : who chose; default: the study's cluster. Choices of one person are not independent: errors are those of
        persons. Weights belong to the set.
    random : terms whose worth differs between persons (mixed logit, 100 Halton draws a person): a list (normal), or
        ``{"price": "lognormal"}``. A price is fixed or log-normal, never normal: its ratios would have no mean.
    level : of confidence. ``least_n`` : choices needed.

    Returns
    -------
    Result in log odds, one row a term: ``term, estimate, low, high, se, p, n`` (choices). ``parts``: ``fit``
    (log-likelihood, that of chance, McFadden's R², persons), ``covariance``.

    Raises
    ------
    DataProblem : a column is not there or the same for all offers, a set has not one offer taken, there are too
        few sets, or a column predicts the choices perfectly.

    References
    ----------
    McFadden (1974), Conditional logit analysis of qualitative choice behavior.

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> rows = {"set": np.repeat(np.arange(20), 2), "fast": [1, 0] * 20, "taken": [1, 0] * 16 + [0, 1] * 4}
    >>> found = cx.prices.choice(cx.load(pd.DataFrame(rows)), "fast", chosen="taken", among="set")
    >>> found.table["estimate"].round(4).tolist()
    [1.3863]
    """
    found, x, called, sets, taken, notes = read_sets(study, formula, chosen, among, person, least_n)
    start = np.flatnonzero(np.r_[True, np.diff(sets) > 0])
    first = found.keep(start)
    spread = x.std(0)
    fit = conditional_logit.fit(x / spread, taken, sets, first.w / first.w.mean())
    mixed_choices.finite(fit, formula)
    who = pd.factorize(first.other[person])[0] if person else first.cluster
    u = fit.scores @ fit.bread * (first.w / first.w.mean())[:, None]
    drawn = None if person else study.drawn
    v, df = covariance(u, first.n, who, first.strata, names=first.strata_names, drawn=drawn)
    table = _table(called, fit.b / spread, np.sqrt(np.diag(v)) / spread, df, len(start), level)
    persons = len(np.unique(who)) if who is not None else 0
    differ = mixed_choices.tastes(random, called, columns_of(study, terms(study, formula)))
    more: dict = {}
    if differ:
        theta, v, df, more = mixed_choices.fitted(x, taken, sets, found, who, called, differ)
        names = mixed_choices.names(called, differ)
        table = _table(names, theta, np.sqrt(np.diag(v)), df, len(start), level)
        spread, notes = np.ones(len(theta)), [*notes, *_mixed_notes(fit.loglik, more["loglik"])]
    if who is None:
        notes.append("each choice counts as a person of its own; name person= where one chose several times")
    notes.append("worth is relative: what a bundle without this attribute would do is not asked")
    figures = {"loglik": fit.loglik, "chance": fit.null, "r2": 1 - fit.loglik / fit.null, "choices": len(start),
               "persons": persons, "df": df} | more  # fmt: skip
    errors = f"errors of {persons:,} persons" if who is not None else "robust errors of choices"
    return Result("choice", f"What makes people choose: {formula}", table, "", level,
                  f"{_model(differ)}; {errors}", tuple(notes),
                  {"fit": figures, "covariance": v / np.outer(spread, spread), "random": differ, "means": len(called),
                   "columns": columns_of(study, terms(study, formula))},
                  (Column("term", "label", "", "Term"),))  # fmt: skip


def _model(differ: dict[str, str]) -> str:
    if not differ:
        return "Conditional logit by maximum likelihood"
    return (
        f"Mixed logit ({', '.join(differ)} differ between persons) by simulated likelihood, 100 Halton draws a person"
    )


def _mixed_notes(plain: float, mixed: float) -> list[str]:
    return [f"letting tastes differ raises the log-likelihood from {plain:,.1f} to {mixed:,.1f}"]


def read_sets(
    study: Study, formula: str, chosen: str, among: str, person: str, least_n: int
) -> tuple[Sample, NDArray, list[str], NDArray, NDArray, list[str]]:
    """Return the rows of complete sets, sorted: sample, attributes, names of terms, set numbers, taken, notes.

    Parameters
    ----------
    formula, chosen, among, person, least_n : as for `choice`.
    """
    asked = terms(study, formula)
    for name in (chosen, among, *([person] if person else [])):
        there(study, name)
    found = sample(study, [chosen], other=[among, *([person] if person else []), *(t.name for t in asked)])
    found, x, called, sets, taken, notes = _sets(study, found, asked, chosen, among)
    start = np.flatnonzero(np.r_[True, np.diff(sets) > 0])
    if len(start) < max(least_n, 2):
        raise DataProblem(f"{len(start)} choices of {study.name} are complete; {max(least_n, 2)} are needed")
    size = np.diff(np.append(start, len(sets)))
    moves = np.ptp(x - np.repeat(x[start], size, axis=0), axis=0)
    if (moves == 0).any():
        still = ", ".join(n for n, m in zip(called, moves, strict=True) if m == 0)
        raise DataProblem(
            f"{still}: the same for all offers of every set, so choices say nothing about it; leave it out"
        )
    inside = x - np.repeat(np.add.reduceat(x, start, axis=0) / size[:, None], size, axis=0)
    told_apart(inside, called, f"the {len(start):,} choice sets")
    return found, x, called, sets, taken, notes


def _sets(
    study: Study, found: Sample, asked: list[Term], chosen: str, among: str
) -> tuple[Sample, NDArray, list[str], NDArray, NDArray, list[str]]:
    """The rows of complete sets, sorted: attributes, names of terms, set numbers, what was taken, notes."""
    codes = pd.factorize(found.other[among], sort=True)[0]
    order = np.argsort(codes, kind="stable")
    found, codes = found.keep(order), codes[order]
    taken = found.answers[chosen]
    x, called, kept = matrix(study, asked, {t.name: found.other[t.name] for t in asked})
    kept &= np.isfinite(taken) & (codes >= 0)
    broken = np.unique(codes[~kept])
    whole = ~np.isin(codes, broken)
    found, codes, taken, x = found.keep(whole), codes[whole], taken[whole], x[whole]
    if not len(codes):
        raise DataProblem(f"{study.name} has no choice set with every attribute of all its offers")
    if not np.isin(taken, (0, 1)).all():
        raise DataProblem(f"'{chosen}' of {study.name} holds {', '.join(f'{v:g}' for v in np.unique(taken)[:6])}; 1 is "
                          "the offer that was taken, 0 the others")  # fmt: skip
    sets = np.unique(codes, return_inverse=True)[1]
    count, size = np.bincount(sets, taken), np.bincount(sets)
    if (wrong := count != 1).any():
        none, many = int((count == 0).sum()), int((count > 1).sum())
        raise DataProblem(
            f"{none:,} choice sets of {study.name} have no offer taken and {many:,} more than one (first: "
            f"'{among}' = {found.other[among][sets == np.flatnonzero(wrong)[0]][0]}); each set needs one: where "
            "nothing was taken add 'none' as an offer, or leave the set out"
        )
    notes = [*study.caveats, *found.notes]
    notes += [f"{len(broken):,} choice sets with a missing value do not count"] if len(broken) else []
    if (single := size[sets] == 1).any():
        notes.append(f"{int((size == 1).sum()):,} choice sets of one offer say nothing and do not count")
        found, x, taken, sets = found.keep(~single), x[~single], taken[~single], sets[~single]
        sets = np.unique(sets, return_inverse=True)[1]
    return found, x, called, sets, taken == 1, notes


def _table(called: list[str], b: NDArray, se: NDArray, df: float, n: int, level: float) -> pd.DataFrame:
    half = float(t_value(level, df)) * se
    p = 2 * student.sf(np.abs(b / se), df)
    return pd.DataFrame({"term": called, "estimate": b, "low": b - half, "high": b + half, "se": se, "p": p, "n": n})


@public
def willingness_to_pay(result: Result, price: str, *, level: float | None = None) -> Result:
    """Return what each attribute is worth in money: minus its coefficient over that of the price, with its interval.

    Parameters
    ----------
    result : of `choice`. ``price`` : the term that is the price.
    level : default: that of the result.

    Returns
    -------
    Result in the unit of the price, one row an attribute: ``term, estimate, low, high, se, delta_low, delta_high,
    robb_low, robb_high``. ``low`` and ``high`` by Fieller (where the price's own interval holds 0 they are unbounded
    and not given), the others by the delta method and by Krinsky & Robb (10,000 draws). Of a mixed logit: of the mean
    person (of a log-normal term: of the median one), with ``positive``, the share of persons who are ready to pay
    anything for it. See `worth_in_money` for a fit
    in the space of money.

    Raises
    ------
    DataProblem : ``result`` is none of `choice`, the price is not in it or differs between persons.

    References
    ----------
    Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x; Krinsky & Robb (1986), doi:10.2307/1924536.

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> price = [4, 2, 3, 2, 5, 2] * 20
    >>> offers = pd.DataFrame({"set": np.repeat(np.arange(60), 2), "fast": [1, 0] * 60, "price": price})
    >>> taken = [1, 0] * 12 + [0, 1] * 8 + [1, 0, 1, 0, 0, 1, 0, 1] * 10
    >>> found = cx.prices.choice(cx.load(offers.assign(taken=taken)), "fast + price", chosen="taken", among="set")
    >>> cx.prices.willingness_to_pay(found, "price").table["term"].tolist()
    ['fast']
    """
    of_kind(result, "choice", "cx.prices.choice")
    names = result.table["term"].tolist()[: result.parts["means"]]
    price = result.parts["columns"].get(price, price)
    if price in result.parts["random"] or f"{price} (log)" in names:
        raise DataProblem(f"'{price}' differs between persons in this result; its ratios have no mean: let it be "
                          "fixed, or fit in the space of money with cx.prices.worth_in_money")  # fmt: skip
    price = term_called(price, result.parts["columns"], names, "the result")
    level = level or result.level
    z = float(t_value(level, result.parts["fit"]["df"]))
    b, v, k = result.table["estimate"].to_numpy(float)[: len(names)], result.parts["covariance"], names.index(price)
    logs = np.array([name.endswith(LOG) and name.removesuffix(LOG) in result.parts["random"] for name in names])
    rows, drawn = [], _robb(result, k, logs, level)
    b = np.where(logs, -np.exp(np.where(logs, b, 0.0)), b)  # of the median person; its logarithm moves by so much
    v = v[: len(b), : len(b)] * np.outer(np.where(logs, b, 1.0), np.where(logs, b, 1.0))
    for j, name in enumerate(names):
        if j == k:
            continue
        pair = v[np.ix_([j, k], [j, k])]
        worth = -b[j] / b[k]
        se = float(np.sqrt(max(pair[0, 0] + 2 * worth * pair[0, 1] + worth**2 * pair[1, 1], 0.0)) / abs(b[k]))
        low, high = conditional_logit.fieller(-b[j], b[k], pair * np.array([[1, -1], [-1, 1]]), z)
        rows.append({"term": name.removesuffix(LOG) if logs[j] else name, "estimate": worth, "low": low, "high": high,
                     "se": se, "delta_low": worth - z * se, "delta_high": worth + z * se, "robb_low": drawn[0][j],
                     "robb_high": drawn[1][j], **_ready(result, name, -b[j] / b[k], log=bool(logs[j]))})  # fmt: skip
    table = pd.DataFrame(rows)
    notes = list(result.notes)
    if table["low"].isna().any():
        notes.append(f"the interval of '{price}' holds 0: what an attribute is worth has no bounds, and none are given")
    notes += [f"worth of the median person: {name.removesuffix(LOG)} is log-normal"
              for name, one in zip(names, logs, strict=True) if one]  # fmt: skip
    if b[k] > 0:
        notes.append(
            f"dearer offers are taken more often ('{price}' is positive): the amounts have no sense as a worth"
        )
    notes.append("stated choices: people pay less than they say, by a factor of 1.0 to 1.4")
    return replace(
        result, kind="willingness_to_pay", title=f"What it is worth, in units of {price}", table=table, level=level,
        method=f"{result.method}; ratios by Fieller, beside them the delta method and Krinsky & Robb",
        notes=tuple(notes), parts={},
        columns=(Column("term", "label", "", "Term"), Column("delta_low", "bound", "", "Delta method, low"),
                 Column("delta_high", "bound", "", "Delta method, high"),
                 Column("robb_low", "bound", "", "Krinsky & Robb, low"),
                 Column("robb_high", "bound", "", "Krinsky & Robb, high"),
                 Column("positive", "share", "", "Would pay anything")),
    )  # fmt: skip


def _robb(result: Result, k: int, logs: NDArray, level: float) -> tuple[NDArray, NDArray]:
    """Ends of the ratios by draws of all coefficients (Krinsky & Robb); nan where the price's interval holds 0."""
    count = len(logs)
    b, v = result.table["estimate"].to_numpy(float)[:count], result.parts["covariance"][:count, :count]
    if abs(b[k]) <= float(t_value(level, result.parts["fit"]["df"])) * np.sqrt(v[k, k]):
        return np.full(count, np.nan), np.full(count, np.nan)
    drawn = np.random.default_rng(0).multivariate_normal(b, v, ROBB, method="eigh")
    drawn = np.where(logs, -np.exp(np.where(logs, drawn, 0.0)), drawn)
    low, high = np.quantile(-drawn / drawn[:, [k]], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _ready(result: Result, name: str, worth: float, *, log: bool) -> dict[str, float]:
    """The share of persons whose worth is above 0, where it differs between them; a log-normal one has one sign."""
    if not result.parts["random"]:
        return {}
    table = result.table.set_index("term")["estimate"]
    sd = float(table.get(f"sd of {name} between persons", 0.0))
    if log or sd <= 0:
        return {"positive": float(worth > 0)}
    return {"positive": float(norm.cdf(np.sign(worth) * abs(float(table[name])) / sd))}
