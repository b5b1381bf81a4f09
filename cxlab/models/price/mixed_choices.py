"""Mixed logit on the choice sets that `choice` reads: tastes that differ between persons, in worth or in money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.sample import Sample
from cxlab.models.loyalty.covariates import term_called
from cxlab.problem import DataProblem, one_of
from cxlab.stats.inference.influences import covariance
from cxlab.stats.pricing import conditional_logit, mixed_logit

KINDS = ("normal", "lognormal")
LEAST = 20
"""Persons needed for tastes that differ between them."""


def tastes(random: Sequence[str] | Mapping[str, str], called: list[str],
           columns: Mapping[str, str]) -> dict[str, str]:  # fmt: skip
    """Return which terms differ between persons and how: ``['wait']`` are normal, ``{'price': 'lognormal'}``.

    Parameters
    ----------
    random : as the user gave it. ``called`` : the terms there are. ``columns`` : their names by column.
    """
    listed = [random] if isinstance(random, str) else list(random)
    asked = dict(random) if isinstance(random, Mapping) else dict.fromkeys(listed, "normal")
    for name, kind in asked.items():
        term_called(name, columns, called, "the formula")
        one_of(f"random['{name}']", kind, KINDS)
    return {term_called(name, columns, called, "the formula"): kind for name, kind in asked.items()}


def fitted(
    x: NDArray, taken: NDArray, sets: NDArray, found: Sample, who: NDArray | None, called: list[str],
    asked: dict[str, str], price: str = "",
) -> tuple[NDArray, NDArray, float, dict]:  # fmt: skip
    """Return estimates (means, then standard deviations), their covariance by persons, df and figures of the fit.

    Parameters
    ----------
    x, taken, sets : rows of offers, sorted by set. ``found`` : weights and strata of the rows.
    who : (sets,) person of each set, or None: each set is one. ``called`` : names of terms; ``asked`` : of `tastes`.
    price : the term whose worth is the unit, for the space of money.
    """
    begin = np.flatnonzero(np.r_[True, np.diff(sets) > 0])
    of_set = np.arange(len(begin)) if who is None else pd.factorize(who)[0]
    persons = int(of_set.max()) + 1
    if asked and persons < LEAST:
        raise DataProblem(f"{persons} persons chose; tastes that differ between persons need {LEAST}")
    order = np.argsort(of_set[sets], kind="stable")
    x, taken, person = x[order], taken[order], of_set[sets][order]
    new = np.r_[0, np.cumsum(np.diff(sets[order]) != 0)]
    first = found.keep(begin)
    weight = np.zeros(persons)
    np.maximum.at(weight, of_set, first.w / first.w.mean())
    random = np.array([c in asked for c in called])
    log = np.array([asked.get(c) == "lognormal" and c != price for c in called])
    spread = np.where(log, 1.0, x.std(0))
    at = called.index(price) if price else None
    if at is not None:
        spread = np.full(len(called), spread[at])
    start = conditional_logit.fit(x / spread, taken, new, np.ones(len(begin)))
    finite(start, " + ".join(called))
    b, s = _start(start.b, random, log, at, price)
    draws = mixed_logit.halton(persons, int(random.sum()))
    problem = mixed_logit.Problem(x / spread, taken, new, person, weight, random, log, at, draws)
    fit = mixed_logit.fit(problem, np.r_[b, s])
    if not fit.converged:
        raise DataProblem("the choices do not determine how tastes differ: a standard deviation runs to 0 or without "
                          "bound; let fewer terms be random, or ask more choices of each person")  # fmt: skip
    scale = np.where(log, 1.0, spread) if at is None else np.where(np.arange(len(called)) == at, 1.0, 1.0)
    turn = np.r_[1 / scale, (1 / scale)[random]]
    theta, u = fit.theta * turn, (fit.scores * weight[:, None]) @ fit.inverse * turn
    if at is not None:
        theta[at] -= np.log(spread[at])
    flip = np.r_[np.ones(len(called)), np.where(theta[len(called) :] < 0, -1.0, 1.0)]
    owner = np.unique(of_set, return_index=True)[1]
    strata = None if first.strata is None else first.strata[owner]
    v, df = covariance(u * flip, np.ones(persons), None, strata, names=first.strata_names)
    figures = {"loglik": fit.loglik, "draws": draws.shape[1], "persons": persons}
    return theta * flip, v, df, figures


def finite(fit: conditional_logit.Choice, formula: str) -> None:
    """Raise where the plain logit has no maximum.

    Parameters
    ----------
    fit : of all terms, none random. ``formula`` : the terms in words.
    """
    if not fit.converged:
        raise DataProblem(f"'{formula}' predicts the choices perfectly somewhere; no finite worth fits: merge levels, "
                          "or leave an attribute out")  # fmt: skip


def _start(b: NDArray, random: NDArray, log: NDArray, at: int | None, price: str) -> tuple[NDArray, NDArray]:
    """Where the search starts: the conditional logit, and small differences between persons."""
    b = b.copy()
    if (b[log] >= 0).any():
        raise DataProblem("a log-normal term has a positive coefficient in the plain logit; it must lower the worth "
                          "of an offer, as a price does: let it be normal, or turn its sign")  # fmt: skip
    b[log] = np.log(-b[log])
    if at is not None:
        if b[at] >= 0:
            raise DataProblem(
                f"dearer offers are taken more often ('{price}' is positive): worth in money has no sense"
            )
        unit = -b[at]
        b = b / unit
        b[at] = np.log(unit)
    return b, np.full(int(random.sum()), 0.1)


def names(called: list[str], asked: dict[str, str], price: str = "") -> list[str]:
    """Return the terms as they stand in a table: means, and standard deviations of those that differ.

    >>> names(["price", "wait"], {"wait": "normal"})
    ['price', 'wait', 'sd of wait between persons']
    """
    own = lambda c: f"{c} (log)" if asked.get(c) == "lognormal" and c != price else c  # noqa: E731
    means = [f"log of the weight of {c}" if c == price else own(c) for c in called]
    return [*means, *(f"sd of {n} between persons" for c, n in zip(called, means, strict=True) if c in asked)]
