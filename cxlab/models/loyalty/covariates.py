"""What a model of leaving is told about a customer: ``"score + C(contract)"`` as columns of numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.sample import within_scale
from cxlab.data.study import Study
from cxlab.models.loyalty.spells import there
from cxlab.models.metrics.result_words import labelled
from cxlab.problem import DataProblem, unknown
from cxlab.stats.survival.grouped_hazard import Hazard

ALIKE = 40
"""Groups of customers of like pace in which a population is standardised."""
SAME = 1e-10
"""Of its spread a column has no more left that does not follow from the others: it is made of them."""
ASSIGNING = ("experiment", "quasi-experiment")
"""Designs after which a difference may be called an effect, of the columns they assigned."""


@dataclass(frozen=True)
class Term:
    """One column of a formula: its name, and whether its values are categories."""

    name: str
    category: bool


def terms(study: Study, formula: str) -> list[Term]:
    """Return the columns that a sum like ``"score + C(contract)"`` names; text is a category by itself.

    >>> import pandas as pd, cxlab as cx
    >>> terms(cx.load(pd.DataFrame({"score": [1, 2, 3], "plan": ["a", "b", "b"]})), "score + plan")
    [Term(name='score', category=False), Term(name='plan', category=True)]
    """
    out = []
    schema = study.lazy.collect_schema()
    for part in formula.split("~")[-1].split("+"):
        found = re.fullmatch(r"\s*(?:C\((?P<a>.+)\)|(?P<b>.+?))\s*", part)
        if not found:
            raise DataProblem(f"formula '{formula}' cannot be read; write e.g. 'score + C(contract)'")
        name = (found["a"] or found["b"]).strip()
        if name not in study.columns and re.search(r"[*:^()-]", name):
            raise DataProblem(
                f"'{name}' in formula '{formula}' is more than a column; here it is a sum of columns, C(x) for "
                "categories: make a column of it first with study.derive"
            )
        there(study, name)
        text = not (schema[name].is_numeric() or str(schema[name]) == "Boolean")
        out.append(Term(name, bool(found["a"]) or text))
    return out


def matrix(study: Study, asked: Sequence[Term], values: dict[str, NDArray]) -> tuple[NDArray, list[str], NDArray]:
    """Return (rows, p) numbers, the names of the columns, and which rows have every answer.

    A category has a column a level but the first, which is the base.
    """
    columns, called = [], []
    kept = np.ones(len(next(iter(values.values()))), bool)
    for term in asked:
        came = values[term.name]
        if not term.category:
            number = within_scale(
                pd.to_numeric(pd.Series(came), errors="coerce").to_numpy(float), study.field(term.name)
            )[0]
            kept &= np.isfinite(number)
            columns.append(number)
            called.append(study.field(term.name).label)
            continue
        gone = pd.isna(came)
        kept &= ~gone
        levels = sorted(set(came[~gone].tolist()), key=lambda v: (str(type(v)), v))
        words = labelled(study, term.name, pd.Series(levels, dtype=object))
        for level, word in zip(levels[1:], words[1:], strict=True):
            columns.append((came == level).astype(float))
            called.append(f"{study.field(term.name).label}: {word} (against {words[0]})")
    if not columns:
        raise DataProblem(f"{', '.join(t.name for t in asked)} of {study.name} does not vary; nothing can be compared")
    return np.column_stack(columns), called, kept


def told_apart(x: NDArray, called: Sequence[str], where: str) -> None:
    """Raise where a column follows from those before it: what is due to which cannot be told.

    Parameters
    ----------
    x : (rows, p) numbers. ``called`` : names of the columns. ``where`` : the rows, in words.

    Examples
    --------
    >>> told_apart(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]), ["price", "cents"], "the 3 rows used")
    Traceback (most recent call last):
    ...
    cxlab.problem.DataProblem: 'cents' follows from 'price' in the 3 rows used: what is due to which cannot be told; leave one out
    """  # noqa: E501
    z = x - x.mean(axis=0)
    size = np.sqrt((z**2).sum(axis=0))
    z = z / np.where(size > 0, size, 1.0)
    gram = z.T @ z
    for j in range(1, len(called)):
        b = np.linalg.pinv(gram[:j, :j], rcond=1e-12, hermitian=True) @ gram[:j, j]
        if gram[j, j] > 0 and gram[j, j] - b @ gram[:j, j] < SAME:
            of = ", ".join(f"'{name}'" for name, part in zip(called[:j], b, strict=True) if abs(part) > 1e-6)
            raise DataProblem(f"'{called[j]}' follows from {of} in {where}: what is due to which cannot be told; leave "
                              "one out")  # fmt: skip


def causal(study: Study, columns: Sequence[str]) -> list[str]:
    """Return the columns that the study's design assigned: only of these may causal words be used.

    >>> import pandas as pd, cxlab as cx
    >>> causal(cx.load(pd.DataFrame({"score": [1, 2, 3]})), ["score"])
    []
    """
    book = study.codebook
    return [c for c in columns if book.design in ASSIGNING and c in book.assignment]


def alike(x: NDArray, fit: Hazard, weight: NDArray) -> dict[str, NDArray]:
    """Return ``b``, ``base`` and ``share`` (groups,), ``x`` (groups, p): customers in groups of like pace of leaving.

    Parameters
    ----------
    x : (rows, p) covariates as they were fitted. ``weight`` : (rows,) spells of the row times their weight.
    """
    eta = x @ fit.b
    order = np.argsort(eta, kind="stable")
    place = np.cumsum(weight[order]) - weight[order] / 2
    group = np.empty(len(x), int)
    group[order] = np.fmin((place / weight.sum() * ALIKE).astype(int), ALIKE - 1)
    group = np.unique(group, return_inverse=True)[1]
    share = np.bincount(group, weight)
    mean = np.stack([np.bincount(group, weight * x[:, j]) / share for j in range(x.shape[1])], axis=1)
    return {"b": fit.b, "base": fit.base, "share": share / share.sum(), "x": mean}


def columns_of(study: Study, asked: Sequence[Term]) -> dict[str, str]:
    """Return the terms that are numbers, by column: the name that a result gives each."""
    return {t.name: study.field(t.name).label for t in asked if not t.category}


def term_called(name: str, columns: Mapping[str, str], called: Sequence[str], where: str) -> str:
    """Return the term of a result that a column, or the term itself, names.

    Parameters
    ----------
    name : as the user gave it. ``columns`` : of `columns_of`. ``called`` : the terms. ``where`` : what holds them.

    >>> term_called("score", {"score": "Would recommend"}, ["Would recommend"], "the result")
    'Would recommend'
    """
    found = name if name in called else columns.get(name, name)
    if found not in called:
        raise unknown("term", name, where, called)
    return found
