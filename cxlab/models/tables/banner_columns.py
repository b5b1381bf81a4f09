"""The columns of a banner: levels of questions, options of those with several answers, nested ones, and the total."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.data import waves
from cxlab.data.answer_codes import key
from cxlab.data.codebook import Field, code
from cxlab.data.naming import named
from cxlab.data.study import Study
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts.cross_counts import CrossCounts, Space

WIDEST = 200
"""Columns that one grouping may have."""
TOTAL = "Total"


@dataclass(frozen=True)
class Banner:
    """One group of columns.

    Parameters
    ----------
    heading : what stands above them. ``names`` : the grouping columns of the study, outer first.
    labels : of the columns. ``outer`` : what nested ones lie in, else ''. ``letters`` : their names in tests.
    members : (P, K) 1 where pattern p of ``keys`` belongs to column k. ``keys`` : (P, raw columns) codes.
    timed : whether the columns come in the order of time.
    apart : whether a respondent is in one column only.
    """

    heading: str
    names: tuple[str, ...]
    labels: tuple[str, ...]
    outer: tuple[str, ...]
    letters: tuple[str, ...]
    members: NDArray
    timed: bool = False
    apart: bool = True

    def groups(self) -> list[list[int]]:
        """Return the columns that are tested against each other: those in one outer column."""
        return [[k for k, o in enumerate(self.outer) if o == one] for one in dict.fromkeys(self.outer)]


def parsed(study: Study, columns: str | Sequence) -> list[tuple[str, ...]]:
    """Return the groupings: a column each, or several nested (as a tuple or joined by '>'), outer first.

    >>> from cxlab.data.catalogue import open_study
    >>> parsed(open_study("brand-tracker"), ["brand", "country>age"])
    [('brand',), ('country', 'age')]
    """
    given = [columns] if isinstance(columns, str) else columns
    if isinstance(given, (list, tuple)):
        given = [inner for one in given for inner in (one if isinstance(one, list) else [one])]
    if not isinstance(given, list) or not given:
        raise DataProblem(f"columns is {columns!r}; give a column, a list of columns, or nested ones as 'region>age'")
    out = []
    for one in given:
        nested = one.split(">") if isinstance(one, str) and one not in study.codebook else one
        nested = (nested,) if isinstance(nested, str) else tuple(nested)
        if not nested or not all(isinstance(n, str) for n in nested):
            raise DataProblem(f"columns has {one!r}; give the name of a column as text, nested ones as 'region>age'")
        out.append(tuple(checked(study, n.strip()) for n in nested))
    return list(dict.fromkeys(out))


def checked(study: Study, name: str) -> str:
    """Return the column that a name, title or wording means, or say that there is none."""
    name = named(study, name)
    field = study.field(name)
    for c in field.columns or (name,):
        if c not in study.columns:
            raise unknown("column", c, study.name, study.columns)
    return name


def raw(study: Study, names: Sequence[str]) -> list[str]:
    """Return the columns of the table behind grouping columns."""
    return [c for n in names for c in (study.field(n).columns or (n,))]


def letters(start: int, count: int) -> tuple[str, ...]:
    """Return names of columns: A to Z, then AA, AB, ...

    >>> letters(25, 3)
    ('Z', 'AA', 'AB')
    """
    one = lambda k: (one(k // 26 - 1) if k >= 26 else "") + chr(65 + k % 26)  # noqa: E731
    return tuple(one(k) for k in range(start, start + count))


def patterns(space: Space, columns: Sequence[str]) -> tuple[NDArray, NDArray]:
    """Return the distinct combinations of some columns of a space, and which one each of its patterns has."""
    at = [space.columns.index(c) for c in columns]
    if not at:
        return np.zeros((1, 0), np.int64), np.zeros(len(space.found), np.int64)
    keys, place = np.unique(space.keys[:, at], axis=0, return_inverse=True)
    return keys, place.reshape(-1)


def total(names: tuple[str, ...], patterns: int) -> Banner:
    """Return the total column, everybody, of so many patterns of a grouping.

    >>> total(("brand",), 2).members.tolist()
    [[1.0], [1.0]]
    """
    return Banner("", names, (TOTAL,), ("",), ("",), np.ones((patterns, 1)))


def banner(study: Study, names: tuple[str, ...], found: CrossCounts, keys: NDArray, start: int) -> Banner:
    """Return the columns of a grouping.

    Parameters
    ----------
    names : grouping columns, outer first. ``keys`` : (P, raw columns) codes of each pattern.
    start : how many columns have a letter already.
    """
    members, labels, first, timed, apart = np.ones((len(keys), 1)), [()], 0, False, True
    for name in names:
        field, options = study.field(name), study.field(name).columns
        width = len(options) or 1
        codes = keys[:, first : first + width]
        if options:
            own, words = _options(field, codes, found)
            timed, apart = False, False
        else:
            own, words, timed = _levels(study, name, codes[:, 0], found.groupings[name])
        if len(words) * len(labels) > WIDEST:
            wide = len(words) * len(labels)
            raise DataProblem(f"'{field.label}' makes {wide:,} columns, more than {WIDEST}; band it with study.derive")
        members = (members[:, :, None] * own[:, None, :]).reshape(len(keys), -1)
        labels = [(*outer, word) for outer in labels for word in words]
        first += width
    there = members.any(axis=0)
    members, labels = members[:, there], [x for x, t in zip(labels, there, strict=True) if t]
    if not labels:
        raise DataProblem(
            f"no row of {study.name} has a value of '{study.codebook.label(*names)}'; choose other columns"
        )
    return Banner(
        " > ".join(study.field(n).label for n in names), names, tuple(x[-1] for x in labels),
        tuple(" > ".join(x[:-1]) for x in labels), letters(start, len(labels)), members, timed, apart,
    )  # fmt: skip


def _options(field: Field, codes: NDArray, found: CrossCounts) -> tuple[NDArray, list[str]]:
    """Members and labels of a question with several answers."""
    ticked = []
    for i, option in enumerate(field.columns):
        yes = [k for k, v in enumerate(found.groupings[option]) if v in (1, True, "1")]
        ticked.append(np.isin(codes[:, i], yes))
    return np.column_stack(ticked).astype(float), [str(field.labels.get(c, c)) for c in field.columns]


def _levels(study: Study, name: str, codes: NDArray, values: list) -> tuple[NDArray, list[str], bool]:
    """Members and labels of the levels of a column, in order; whether that is the order of time."""
    order, labels = ordered(study, name, values)
    found = waves.order_of(study, name, [values[k] for k in order])
    timed = found.known and (study.field(name).role == "wave" or found.source in ("calendar", "dates"))
    if timed:
        order = [values.index(v) for v in found.values]
    return (codes[:, None] == np.array(order)[None, :]).astype(float), [labels[k] for k in order], timed


def ordered(study: Study, name: str, values: Sequence) -> tuple[list[int], dict[int, str]]:
    """Return the codes of the levels that are no missing ones, and what each is called.

    They stand as the codebook has them, else numbers by size, bands by their first number ('18-34', '55+'), other texts
    by the alphabet, so that the order of the rows changes no letter.
    """
    field = study.field(name)
    lost = {str(code(c, field.type)) for c in field.missing} | set(field.missing)
    words: Mapping[str, str] = {**(field.scale.labels if field.scale else {}), **field.labels}
    there = [k for k, v in enumerate(values) if v is not None and key(v) not in lost]
    place = {c: i for i, c in enumerate(words)}
    numeric = all(isinstance(values[k], (int, float)) for k in there)
    first = {k: re.search(r"\d+", str(values[k])) for k in there}
    bands = not numeric and all(first.values())
    size = lambda k: values[k] if numeric else (int(first[k].group()) if bands else 0, str(values[k]))  # noqa: E731
    rank = lambda k: (place.get(key(values[k]), len(place)), size(k))  # noqa: E731
    if numeric and field.scale:
        rank = lambda k: values[k]  # noqa: E731
    return sorted(there, key=rank), {k: str(words.get(key(values[k]), values[k])) for k in there}
