"""Small cells: which groups are not shown, so that nothing about a few people can be read or worked out.

One function decides for every table (`hidden`). A group of few answers is hidden first; then, because the total less
what is shown would give it back, the next smallest of its line, until at least two groups are hidden and together they
are no few people either (primary and secondary suppression; Hundepool et al. 2012, doi:10.1002/9781118348239, ch. 4).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Hidden
from cxlab.data.answer_codes import key as code
from cxlab.data.naming import option_labels
from cxlab.data.study import Study
from cxlab.problem import DataProblem
from cxlab.stats.counts.names import key, keys

SMALL = 10
"""Groups with fewer answers are not shown unless asked (``least_n=0``): an interval would say little, a person much."""


def hidden(table: pd.DataFrame, small: int, by: Sequence[str] = (), within: Sequence[str] = ()) -> NDArray[np.bool_]:
    """Return which rows of a table with ``n`` are not shown.

    Parameters
    ----------
    small : rows with fewer answers are hidden; 0 hides nothing.
    by : columns whose groups add up to a total that can be asked for: along each of them no row may be the only one
        hidden, nor may the hidden ones together have fewer than ``small`` answers. A cell of several columns is hidden
        where the group of any of them is, since the cells add up to it.
    within : columns that tell tables apart, as the question.

    Examples
    --------
    >>> table = pd.DataFrame({"brand": list("abcd"), "n": [90, 3, 40, 60]})
    >>> hidden(table, 10, ["brand"]).tolist()
    [False, True, True, False]
    """
    n = table["n"].to_numpy(float)
    out = (n < small) & (n > 0)
    if not out.any():
        return out
    wider = []
    for k in range(len(by)):
        for some in itertools.combinations(by, k):
            group, gone = _wider(table, small, some, within)
            out |= gone[group] & (n > 0)
            wider.append((group, gone))
    lines = [_lines(table, [c for c in (*within, *by) if c != name]) for name in by]
    changed = True
    while changed:
        changed = False
        for line in _with_hidden(lines, out):
            changed |= second(n, out, line, small)
        if len(by) > 1 and not changed:
            told = _told(wider, n < small, out)
            changed = told.any() and _further(n, out, list(_with_hidden(lines, told)), told)
    return out


def _wider(
    table: pd.DataFrame, small: int, by: Sequence[str], within: Sequence[str]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the group of fewer columns that each row belongs to, and which of these groups are hidden."""
    if not (columns := [*within, *by]):
        return np.zeros(len(table), np.intp), np.zeros(1, bool)
    wider = table.groupby(columns, sort=False, dropna=False)
    gone = hidden(wider["n"].sum().reset_index(), small, by, within) if by else np.zeros(wider.ngroups, bool)
    return wider.ngroup().to_numpy(), gone


def _told(
    wider: Sequence[tuple[NDArray[np.intp], NDArray[np.bool_]]], tiny: NDArray[np.bool_], out: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the hidden rows that are, or make up a hidden group that is, a sum of what groups of ``wider`` show.

    By linear algebra; a table with more than `MOST` hidden rows is held line by line only.
    """
    told, at = np.zeros(len(out), bool), np.flatnonzero(out)
    if not 0 < len(at) <= MOST:
        return told
    of = [(group[at] == g, gone[g]) for group, gone in wider for g in np.unique(group[at])]
    known = np.array([row for row, gone in of if not gone], float).reshape(-1, len(at))
    asked = np.vstack([np.eye(len(at))[tiny[at]], *(row.astype(float) for row, gone in of if gone)])
    follows = (np.abs(asked - asked @ _spanned(known)) < 1e-7).all(axis=1)
    told[at] = asked[follows].any(axis=0)
    return told


def _spanned(known: NDArray) -> NDArray:
    """Return the projection on what the rows of 0 and 1 span, block by block of columns that share no row."""
    from scipy.linalg import qr  # seldom needed, and a fifth of the time of a session's first answer
    from scipy.sparse.csgraph import connected_components

    out = np.zeros((known.shape[1], known.shape[1]))
    _, block = connected_components(known.T @ known > 0, directed=False)
    for k in range(block.max(initial=-1) + 1):
        own = np.flatnonzero(block == k)
        part = known[known[:, own].any(axis=1)][:, own]
        if len(part):
            basis, left, _ = qr(part.T, mode="economic", pivoting=True)
            size = np.abs(np.diag(left))
            basis = basis[:, size > 1e-9 * size.max(initial=1.0)]
            out[np.ix_(own, own)] = basis @ basis.T
    return out


MOST = 400
"""So many hidden rows of a table are held against all sums at once."""


def _further(n: NDArray, out: NDArray[np.bool_], lines: Sequence[NDArray[np.intp]], told: NDArray[np.bool_]) -> bool:
    """Hide the smallest further row of the lines of rows that are told; returns whether there was one."""
    beside = [row for line in lines if told[line].any() for row in line if n[row] > 0 and not out[row]]
    if not beside:
        return False
    out[min(beside, key=lambda row: n[row])] = True
    return True


def parts(table: pd.DataFrame, small: int, by: Sequence[str], cut: Sequence[str] = ()) -> NDArray[np.bool_]:
    """Return which rows of a table are not shown where each level of the columns ``cut`` has a report of its own.

    That is `hidden`, but a level of ``cut`` that nobody named (null) costs no other its report: it has none itself, and
    that few people left a question out is no name for them.

    >>> table = pd.DataFrame({"brand": ["a", "b", None], "n": [90, 40, 3]})
    >>> parts(table, 10, ["brand"], ["brand"]).tolist()
    [False, False, True]
    """
    n = table["n"].to_numpy(float)
    tiny = (n < small) & (n > 0)
    named = table[list(cut)].notna().all(axis=1).to_numpy()
    return hidden(table, small, by) if (tiny & named).any() else tiny


def withheld(
    study: Study, counted: Mapping[str, Sequence[nw.Expr]], by: Sequence[str], units: pd.DataFrame, small: int,
    *, unit: str = "",
) -> NDArray[np.bool_]:  # fmt: skip
    """Return which rows of a part of a study are not shown because its other parts would tell a small one.

    The part is what `Study.where` took: one level of a column, or of several. Its rows are hidden where they are hidden
    in the table of all parts: whoever has the report on the whole and those on the other parts cannot compute the rest.
    Where it took several levels, or a range, of a column of ``by``, they are hidden as in the table of all levels.

    Parameters
    ----------
    counted : what counts as an answer to each ``item``; null does not.
    by : columns whose groups the rows are.
    units : the rows: ``item``, and the `cxlab.stats.counts.names.key` of each column of ``by``.
    small : least number of answers of a group.
    unit : column whose distinct values count, as the cases of events; '' counts rows.
    """
    several = next((c for c in by if c in study.codebook and study.field(c).columns), "")
    whole = study.before or (study if several else None)
    if not small or whole is None or not len(units):
        return np.zeros(len(units), bool)
    by = [c for c in by if c in whole.columns or c == several]
    chosen = [(c, v) for c, v in study.chosen if c in whole.columns]
    level = {key(c): code(v) for c, v in chosen if not isinstance(v, nw.Expr)}
    for c, rows in chosen:
        if isinstance(rows, nw.Expr) and c not in by:
            whole = replace(whole, table=whole.lazy.filter(rows).to_native())
    if not (level or {c for c, v in chosen} & set(by) or several):
        return np.zeros(len(units), bool)
    also = [c for c, v in chosen if not isinstance(v, nw.Expr)]
    options = (
        dict(zip(study.field(several).columns, option_labels(study, several), strict=True)) if several else {"": ""}
    )
    told = set()
    for option, label in options.items():
        columns = [option if c == several else c for c in by]
        found = _hidden_cells(whole, counted, list(dict.fromkeys([*columns, *also])), list(level), small, unit)
        for item, table in found.items():
            for c, value in level.items():
                table = table[table[c].map(code) == value]
            if several:  # one option against those who did not tick it: options overlap
                ticked = pd.to_numeric(table[key(option)], errors="coerce") == 1
                table = table[ticked].assign(**{key(option): label})
            rows = table[keys(columns)].itertuples(index=False, name=None)
            told |= {(item, *(code(v) for v in row)) for row in rows}
    rows = units[["item", *keys(by)]].itertuples(index=False, name=None)
    return np.array([(item, *(code(v) for v in row)) in told for item, *row in rows])


def _hidden_cells(
    whole: Study, counted: Mapping[str, Sequence[nw.Expr]], columns: list[str], cut: list[str], small: int, unit: str
) -> dict[str, pd.DataFrame]:
    """The cells of some columns that are hidden in the table of the whole, of each item."""
    called = {f"_n{k}": item for k, item in enumerate(counted)}
    sums = [
        reduce(add, ((~x.is_null()).cast(nw.Int64) for x in counted[item])).alias(name) for name, item in called.items()
    ]
    frame = whole.frame.select(*columns, unit).unique() if unit else whole.frame
    sizes = frame.select(*columns, *sums).group_by(*columns).agg(nw.col(*called).sum()).collect("pandas").to_native()
    sizes = sizes.rename(columns=dict(zip(columns, keys(columns), strict=True)))
    tables = {item: sizes.assign(n=sizes[name]) for name, item in called.items()}
    return {item: table[parts(table, small, keys(columns), cut)] for item, table in tables.items()}


def gone(
    study: Study, of: str, by: Sequence[str], table: pd.DataFrame, small: int, *, unit: str = ""
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which groups of a table of ``n`` leave it, and what is said of them: `hidden`, and `withheld` of a part.

    Parameters
    ----------
    of : column whose values count. ``unit`` : column whose distinct values count instead, as the cases of events.
    by : columns of the study; the table has them under their `cxlab.stats.counts.names.key`.
    """
    out = hidden(table, small, keys(by))
    also = [nw.col(unit or of)]
    out |= withheld(study, {of: also}, by, table.assign(item=of), small, unit=unit)
    return out, said(table["n"].to_numpy(float), out, small) if out.any() else []


def refuse_part(study: Study, of: Sequence[str], small: int = SMALL, *, unit: str = "", hint: bool = True) -> None:
    """Raise where a part of a study, with the other parts and the whole, would tell a part of fewer answers.

    For models that rest on all rows of a part at once and cannot leave a group out. What counts as an answer may be
    each of ``of``, all of them together, or any row: none of them may tell.

    Parameters
    ----------
    of : columns that the model reads. ``unit`` : column whose distinct values count, too, as the cases of events.
    hint : whether the function has ``least_n``.
    """
    if study.before is None or not small:
        return
    there = [(~nw.col(c).is_null()).cast(nw.Int64) for c in dict.fromkeys(of) if c in study.before.columns]
    all_ = reduce(lambda a, b: a * b, there) if there else nw.lit(1)
    sizes = [nw.lit(1), *(nw.when(x == 1).then(nw.lit(1)) for x in (*there, all_))]
    counted = {str(k): [x] for k, x in enumerate(sizes)}
    told = withheld(study, counted, [], pd.DataFrame({"item": list(counted)}), small).any()
    if not told and unit in study.before.columns:
        told = withheld(study, {"": [nw.col(unit)]}, [], pd.DataFrame({"item": [""]}), small, unit=unit).any()
    if told:
        part = " and ".join(f"{c} = {v}" for c, v in study.chosen if not isinstance(v, nw.Expr))
        least = study.frame.select(*(all_.alias("all"), nw.lit(1).alias("any"))).filter(nw.col("all") == 1)
        why = TELLS if len(least.head(small).collect()) >= small else f"{few(small)} answers (least_n=0 shows them)"
        raise DataProblem(f"{part} of {study.name} is not shown: " + (why if hint else why.partition(" (least_n=0")[0]))


def _lines(table: pd.DataFrame, fixed: list[str]) -> tuple[NDArray[np.intp], list[NDArray[np.intp]]]:
    """Return which line of a table each row is in, those alike in the columns ``fixed``, and the rows of every line."""
    if not fixed:
        return np.zeros(len(table), np.intp), [np.arange(len(table))]
    code = table.groupby(fixed, sort=False, dropna=False).ngroup().to_numpy()
    order = np.argsort(code, kind="stable")
    return code, np.split(order, np.flatnonzero(np.diff(code[order])) + 1)


def _with_hidden(
    lines: Sequence[tuple[NDArray[np.intp], list[NDArray[np.intp]]]], out: NDArray[np.bool_]
) -> Iterator[NDArray[np.intp]]:
    """Walk over the lines with a row of ``out``, as it stands when a column's lines are reached."""
    for number, rows in lines:
        yield from (rows[k] for k in np.unique(number[out]))


def second(n: NDArray, out: NDArray[np.bool_], line: NDArray[np.intp], small: int) -> bool:
    """Hide further rows of a line, the smallest first, until the total tells nothing; returns whether it did.

    Parameters
    ----------
    n : answers of the rows. ``out`` : which are hidden, changed in place. ``line`` : the rows that add up to a total.
    small : least number of answers that hidden rows have together.
    """
    changed = False
    while out[line].any() and (out[line].sum() < 2 or n[line][out[line]].sum() < small):
        shown = line[~out[line] & (n[line] > 0)]
        if not len(shown):
            break
        out[shown[np.argmin(n[shown])]] = changed = True
    return changed


def blanked(
    table: pd.DataFrame, small: int, figures: Sequence[str], by: Sequence[str] = (), within: Sequence[str] = (),
    also: NDArray[np.bool_] | None = None,
) -> tuple[pd.DataFrame, list[str]]:  # fmt: skip
    """Return the table without figures and sizes in rows that are `hidden`, and what is to be said of them.

    Parameters
    ----------
    table, small, by, within : as for `hidden`.
    figures : columns that tell something of a group, beside ``n``.
    also : further rows that are not shown (`withheld`).
    """
    hide = hidden(table, small, by, within)
    if also is not None:
        hide = hide | also
    if not hide.any():
        return table, []
    table = table.copy()
    notes = said(table["n"].to_numpy(float), hide, small)
    for name in (c for c in table.columns if c in figures):
        kind = table[name].dtype
        table[name] = table[name].astype(object).mask(hide) if kind.kind not in "fiu" else table[name].mask(hide)
    table["n"] = sizes(table["n"], hide, small)
    return table, notes


def blanked_of(
    study: Study, of: str, by: Sequence[str], table: pd.DataFrame, small: int, figures: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return `blanked` of a table on one question, whose groups stand under the keys of ``by``."""
    also = withheld(study, {of: [nw.col(of)]}, by, table.assign(item=of), small)
    return blanked(table, small, figures, keys(by), also=also)


def said(n: NDArray, hide: NDArray[np.bool_], small: int) -> list[str]:
    """Return the notes on hidden rows."""
    tiny = int((hide & (n < small)).sum())
    more = int(hide.sum()) - tiny
    if len(n) == 1:
        return [f"{few(small)} answers: not shown (least_n=0 shows them)" if tiny else f"not shown: {TELLS}"]
    out = [f"{tiny} of {len(n)} groups have {few(small)} answers and are not shown (least_n=0 shows them)"]
    groups = "1 more group is" if more == 1 else f"{more} more groups are"
    told = [f"{groups} not shown: with the total they would tell the small ones"]
    return [*(out if tiny else []), *(told if more else [])]


TELLS = "with the other parts and the whole it would tell a part of fewer answers (least_n=0 shows it)"
"""Why a part of a study is not shown though it has answers enough."""

NOT_SHOWN = "not shown"
"""What stands for the number of answers of a group that would tell a small one."""


def few(small: int) -> str:
    """Return what stands for the number of answers of a group that is too small.

    >>> few(10)
    'fewer than 10'
    """
    return f"fewer than {small}"


def sizes(n: pd.Series, hide: NDArray[np.bool_], small: int) -> pd.Series:
    """Return numbers of answers as they are shown: of hidden groups in words (`cxlab.columns.Hidden`)."""
    if not hide.any():
        return n
    out = n.astype(object).to_numpy(copy=True)
    out[hide] = [Hidden(few(small)) if k < small else Hidden(NOT_SHOWN) for k in out[hide]]
    return pd.Series(out, n.index, object)


def is_hidden(n: pd.Series) -> NDArray[np.bool_]:
    """Return which numbers of answers are not shown."""
    return np.array([isinstance(k, Hidden) for k in n], bool)


def enough(levels: pd.DataFrame, n: NDArray, small: int, what: Sequence[Sequence[str]] = ()) -> None:
    """Raise unless all answers, and those of every level of the columns ``what``, are at least ``small``.

    A model gives the mean of each level of a category back, and of all that are left if one is left out; so one that
    rests on a level of few answers is refused, not thinned.

    Raises
    ------
    DataProblem : names the levels and what to do.
    """
    if small and 0 < n.sum() < small:
        raise DataProblem(f"{int(n.sum())} answers are too few to be shown; {small} are needed, or least_n=0")
    for names in what:
        size = pd.Series(n, levels.index).groupby([levels[c] for c in names]).sum()
        few = size[(size > 0) & (size < small)]
        if len(few):
            shown = [", ".join(map(str, k)) if isinstance(k, tuple) else str(k) for k in few.index[:5]]
            more = f" and {len(few) - 5} more" if len(few) > 5 else ""
            raise DataProblem(
                f"{' and '.join(names)}: fewer than {small} answers have {'; '.join(shown)}{more}, and the model would "
                "tell them; merge levels, leave them out with study.where(), or least_n=0"
            )
