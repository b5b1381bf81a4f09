"""Significance in words of a table: letters of the columns that a cell exceeds, arrows against the rest or before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.models.tables.banner_columns import Banner
from cxlab.problem import DataProblem, one_of
from cxlab.stats.inference import multiple
from cxlab.stats.inference.column_tests import Ratios, pair_tests

AGAINST = ("columns", "rest", "previous")
CORRECTIONS = {
    "bonferroni": "Bonferroni over the pairs of columns of a row (as SPSS Custom Tables)",
    "holm": "Holm over the pairs of columns of a row (family-wise error)",
    "bh": "Benjamini-Hochberg over all tests of a table (false discovery rate)",
    "none": "not adjusted for the number of comparisons",
}
"""Corrections of letters and what each is called; the tests of letters and of arrows are families of their own."""
UP, DOWN = "▲", "▼"


@dataclass(frozen=True)
class Rules:
    """How columns are tested: against what, at which levels (the strict one last), with which correction."""

    against: tuple[str, ...]
    levels: tuple[float, ...]
    correction: str


def rules(against: str | Sequence[str], levels: float | Sequence[float], correction: str) -> Rules:
    """Return the rules of the tests, checked.

    >>> rules("columns", (0.01, 0.05), "holm").levels
    (0.05, 0.01)
    """
    given = (against,) if isinstance(against, str) else tuple(against)
    for one in given if given != ("none",) else ():
        one_of("against", one, (*AGAINST, "none"))
    if {"rest", "previous"} <= set(given):
        raise DataProblem("against has 'rest' and 'previous', and a cell has one arrow; choose one of them")
    one_of("correction", correction, CORRECTIONS)
    found = (levels,) if isinstance(levels, (int, float)) else tuple(levels)
    if not 1 <= len(found) <= 2 or not all(isinstance(a, (int, float)) and 0 < a < 1 for a in found):
        raise DataProblem(f"levels is {levels!r}; give one or two error rates between 0 and 1, as (0.05, 0.01)")
    return Rules(tuple(a for a in given if a != "none"), tuple(sorted(found, reverse=True)), correction)


def contrasts(banner: Banner, against: Sequence[str]) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """Return the pairs of columns for letters, with the group of each, and those for arrows.

    A second number of K + k is the rest of column k.
    """
    groups, width = banner.groups(), len(banner.labels)
    pairs = [(g, k, j) for g, group in enumerate(groups) for i, k in enumerate(group) for j in group[i + 1 :]]
    if "rest" in against:
        arrows = [(k, width + k) for group in groups if len(group) > 1 for k in group]
    elif "previous" in against and banner.timed:
        arrows = [(k, j) for group in groups for j, k in zip(group[:-1], group[1:], strict=True)]
    else:
        arrows = []
    return (pairs if "columns" in against else []), arrows


def with_rest(banner: Banner) -> NDArray:
    """Return the members of the columns, and beside them those of the rest of each: others in its group."""
    rest = np.zeros_like(banner.members)
    for group in banner.groups():
        some = banner.members[:, group].any(axis=1)
        rest[:, group] = some[:, None] & (banner.members[:, group] == 0)
    return np.hstack([banner.members, rest])


@dataclass(frozen=True)
class Marks:
    """Letters and arrows of R rows in K columns, and the tests that they rest on."""

    letters: NDArray
    arrows: NDArray
    tests: pd.DataFrame


def tested(
    banner: Banner, found: Ratios, hidden: NDArray, shares: NDArray, rule: Rules, simple: bool
) -> dict[str, NDArray]:
    """Return every test of a block: ``line, group, arrow, first, second, difference, se, df, p``.

    Parameters
    ----------
    found : the ratios of the columns, and of the rests beside them if there are arrows against the rest.
    hidden : (R, K) which cells are not shown, and so not tested. ``shares`` : (R,) which rows are shares.
    """
    pairs, arrows = contrasts(banner, rule.against)
    group = [g for g, _, _ in pairs] + [0] * len(arrows)
    first = [k for _, k, _ in pairs] + [k for k, _ in arrows]
    second = [j for _, _, j in pairs] + [j for _, j in arrows]
    if not first:
        return {}
    tests = pair_tests(found, first, second, shares, simple)
    width = len(banner.labels)
    out = np.array(
        [hidden[:, k] | (hidden[:, j] if j < width else False) for k, j in zip(first, second, strict=True)]
    ).T
    rows = len(found.estimate)
    put = lambda x: np.broadcast_to(x, (rows, len(first))).ravel()  # noqa: E731
    return {
        "line": put(np.arange(rows)[:, None]), "group": put(group),
        "arrow": put([False] * len(pairs) + [True] * len(arrows)), "first": put(first), "second": put(second),
        "difference": tests.difference.ravel(), "se": tests.se.ravel(), "df": tests.df.ravel(),
        "p": np.where(out, np.nan, tests.p).ravel(),
    }  # fmt: skip


def adjusted(tests: Mapping[str, NDArray], correction: str) -> NDArray:
    """Return the p-values of the tests of some tables, corrected in their families.

    Parameters
    ----------
    tests : of `tested`, of all blocks of the tables, and which ``block`` and ``table`` each is of.
    """
    p = tests["p"]
    if correction == "none" or not len(p):
        return p
    arrow, block, line, group, table = (tests[c].astype(int) for c in ("arrow", "block", "line", "group", "table"))
    family = table * 2 + arrow if correction == "bh" else (arrow * (block.max() + 1) + block) * (line.max() + 1) + line
    family = family if correction == "bh" else family * (group.max() + 1) + group
    number = np.unique(family, return_inverse=True)[1].reshape(-1)
    if correction == "bonferroni":
        return np.fmin(p * np.bincount(number, np.isfinite(p))[number], 1)
    out, order = p.copy(), np.argsort(number, kind="stable")
    for at in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        out[at] = multiple.adjusted(p[at], correction)
    return out


def marks(banner: Banner, tests: pd.DataFrame, rows: int, levels: Sequence[float]) -> tuple[NDArray, NDArray]:
    """Return the letters and arrows of the cells, (R, K) each: a column has the letters of those it exceeds.

    ``tests`` are those that are significant. A capital says the strict level, a small letter the other; with one level
    all are capitals.
    """
    width = len(banner.labels)
    letters, arrows = np.full((rows, width), "", object), np.full((rows, width), "", object)
    if not len(tests):
        return letters, arrows
    arrow, line, first, second = (tests[c].to_numpy(int) for c in ("arrow", "line", "first", "second"))
    rises, strict, arrow = tests["difference"].to_numpy() > 0, tests["p_adjusted"].to_numpy() < levels[-1], arrow > 0
    arrows[line[arrow], first[arrow]] = np.where(rises[arrow], UP, DOWN)
    more, less = np.where(rises, first, second)[~arrow], np.where(rises, second, first)[~arrow]
    line, strict = line[~arrow], strict[~arrow]
    order = np.lexsort((less, more, line))
    line, more, less, strict = line[order], more[order], less[order], strict[order]
    small = np.array([x.lower() for x in banner.letters], object)
    words = np.where(strict, np.array(banner.letters, object)[less % width], small[less % width]).tolist()
    ends = [*(np.flatnonzero((np.diff(line) != 0) | (np.diff(more) != 0)) + 1).tolist(), len(line)] if len(line) else []
    for a, b in zip([0, *ends], ends, strict=False):
        letters[line[a], more[a]] = " ".join(words[a:b])
    return letters, arrows
