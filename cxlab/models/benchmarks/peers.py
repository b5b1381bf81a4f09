"""Who is comparable: peers of one unit by industry, size, country and mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlab.problem import DataProblem, one_of, unknown
from cxlab.result import Result
from cxlab.stats.counts.names import free, key, shown
from cxlab.stats.units import nearest_units as alike
from cxlab.stats.units import shrinkage

METHODS = ("cem", "nearest")
LEAST = 3
"""With fewer peers than this the parent industry is tried."""
HALF_DECADES = 10.0 ** np.arange(-6, 13, 0.5)
SAME = ("metric", "question", "unit", "scale_minimum", "scale_maximum")
"""Columns that must have one value over all units that are compared."""


def peers(
    units: Result | pd.DataFrame,
    of: str,
    *,
    match: str | Sequence[str] = (),
    method: str = "cem",
    edges: Mapping[str, Sequence[float]] | None = None,
    k: int = 5,
    caliper: float = 0.2,
    parents: Mapping[str, str] | str = "",
) -> Result:
    """Return the units comparable with ``of``, how they are weighted, and how much alike they are.

    Parameters
    ----------
    units : one row a unit: its name in the first column, ``estimate``, and ``se`` and ``n`` where known; the result of
        `league`, rows of the benchmark library (`benchmarks`), or an own table.
    match : columns peers must share: categories (industry, country, mode) and sizes (customers, employees, beds).
    method : 'cem': same category and same size class (coarsened exact matching); 'nearest': the ``k`` nearest by
        Gower's distance (sizes on a log scale, every column counts the same) within ``caliper`` (0 to 1).
    edges : limits of the size classes by column; default half decades (1, 3.2, 10, 32, ...).
    parents : parent of each industry (or the column that holds it): used for the first category of ``match`` if fewer
        than 3 peers are found, and flagged.

    Returns
    -------
    Result of kind 'peers', nearest first: ``unit, estimate, se, n, weight, distance`` and the matched columns;
    ``parts``: ``own`` (the unit itself), ``balance`` before and after, ``effective`` number of peers,
    ``leave_one_out``.

    Raises
    ------
    DataProblem : the unit or a column is not in the table, the table has fewer than two units or one twice, the
        units are on different scales, or none is comparable.

    References
    ----------
    Iacus, King & Porro 2012, doi:10.1093/pan/mpr013; Gower 1971, doi:10.2307/2528823.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.leagues.peers(cx.league(cx.load("brand-tracker")), "Alba").kind
    'peers'
    """
    one_of("method", method, METHODS)
    table, name, measure, level = as_units(units)
    match = [match] if isinstance(match, str) else list(match)
    row = _row(table, name, of)
    table, parent_column = _with_parents(table, match, parents)
    for column in match:
        _present(table, name, column, row, of)
    _same_scale(table.drop(columns=name))
    sizes = [c for c in match if pd.api.types.is_numeric_dtype(table[c])]
    others = [c for c in match if c not in sizes]
    distance = _distance(table, sizes, others)
    if method == "nearest" and match:
        found, flag = alike.nearest(distance, k, caliper=caliper)[row], ""
    else:
        found, flag = _same_cell(table, row, match, edges, parent_column)
    if not found.any():
        raise DataProblem(
            f"no unit is comparable with {of} on {', '.join(match)}; match on less, give wider edges, a larger caliper "
            "or parents= for its industry"
        )
    weight = _weights(table, found)
    known = [c for c in ("se", "n") if c in table]
    nearest = f"{k} nearest by Gower's distance, caliper {caliper:g}"
    how = "coarsened exact matching" if method == "cem" else nearest
    return Result(
        kind="peers",
        title=f"Peers of {of}: {int(found.sum())} of {len(table) - 1} units",
        table=_chosen(table, found, weight, distance[row], [name, "estimate", *known], match),
        unit=measure,
        level=level,
        method=f"{how} on {', '.join(match)}" if match else "all other units",
        notes=tuple(_peer_notes(table, match, found, flag, weight)),
        parts={
            "own": _named(table.iloc[[row]][[name, "estimate", *known, *match]]),
            "balance": _balance(table, row, found, weight, sizes, others),
            "effective": alike.effective_number(weight[found]),
            "leave_one_out": _leave_one_out(table, name, row, found, weight),
            "everybody": _map(table, name, distance, row, found), "fallback": flag, "best": _best(units),
            "measure": units.parts.get("measure", "") if isinstance(units, Result) else "",
        },
    )  # fmt: skip


def _chosen(
    table: pd.DataFrame, found: np.ndarray, weight: np.ndarray, distance: np.ndarray, front: list[str], match: list[str]
) -> pd.DataFrame:
    """The peers, nearest first, with what they were matched on."""
    own = {"weight": weight[found], "distance": distance[found]}
    matched = table.loc[found, list(match)]
    for c in match:
        if matched[c].dtype.kind == "f" and (matched[c] % 1 == 0).all():
            matched[c] = matched[c].astype("Int64")
    matched.columns = shown(match, [*front, *own])
    chosen = _named(pd.concat([table.loc[found, front].assign(**own), matched], axis=1))
    return chosen.iloc[np.argsort(own["distance"], kind="stable")].reset_index(drop=True)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """A table of units whose first column bears the name it came with."""
    rest = list(table.columns[1:])
    first = shown([_plain(table.columns[0])], [*rest, "weight", "distance"])
    return table.set_axis([*first, *rest], axis=1)


def _plain(name: str) -> str:
    """The name that a column under a `key` came with."""
    return str(name).removeprefix(key(""))


def as_units(units: Result | pd.DataFrame) -> tuple[pd.DataFrame, str, str, float]:
    """Return the table of units, the `key` of the column of their names, the unit of their estimates and the level."""
    table = units.table if isinstance(units, Result) else units
    measure, level = (units.unit, units.level) if isinstance(units, Result) else ("", 0.95)
    name = table.columns[0]
    if "estimate" not in table:
        have = ", ".join(map(str, table.columns))
        raise DataProblem(f"a table of units needs a column 'estimate'; there are: {have}")
    table = table.set_axis([key(str(name)), *table.columns[1:]], axis=1)
    name = table.columns[0]
    if "unit" in table and table["unit"].nunique() == 1:
        measure = str(table["unit"].iloc[0])
    table = table[table["estimate"].notna()].reset_index(drop=True)
    double = sorted(set(table[name][table[name].duplicated()].astype(str)))
    if double:
        twice = ", ".join(double[:5])
        raise DataProblem(f"{twice} stands more than once in the units; one row a unit (choose a wave or metric first)")
    if len(table) < 2:
        raise DataProblem(f"peers need at least two units with an estimate; there is {len(table)}")
    return table, name, measure, level


def _best(units: Result | pd.DataFrame) -> str:
    """Which end is best, as the league table or the library says; else 'high'."""
    if isinstance(units, Result):
        return units.parts.get("best", "high")
    said = units["best"].dropna().unique() if "best" in units else []
    return str(said[0]) if len(said) == 1 else "high"


def _row(table: pd.DataFrame, name: str, of: str) -> int:
    at = np.flatnonzero(table[name].astype(str) == str(of))
    if not len(at):
        raise unknown("unit", of, f"column '{_plain(name)}'", table[name])
    return int(at[0])


def _present(table: pd.DataFrame, name: str, column: str, row: int, of: str) -> None:
    if column not in table:
        raise unknown("column", column, "the table of units", map(_plain, table.columns))
    if pd.isna(table[column].iloc[row]):
        raise DataProblem(f"{of} has no {column}, so its peers by {column} cannot be told; add it, or match without it")


def _same_scale(table: pd.DataFrame) -> None:
    for column in SAME:
        if column in table and table[column].dropna().nunique() > 1:
            found = ", ".join(map(str, sorted(table[column].dropna().unique())))
            raise DataProblem(
                f"the units have different {column}: {found}; figures on different scales cannot be compared. Keep one "
                "of them, or turn means into 0 to 100: cx.leagues.benchmarks(..., rescale=True)"
            )


def _with_parents(
    table: pd.DataFrame, match: Sequence[str], parents: Mapping[str, str] | str
) -> tuple[pd.DataFrame, str]:
    if not len(parents) or not match:
        return table, ""
    if isinstance(parents, str):
        if parents not in table:
            raise unknown("column", parents, "the table of units", map(_plain, table.columns))
        return table, parents
    industry = next(c for c in match if not pd.api.types.is_numeric_dtype(table[c]))
    parent = free("parent", table.columns)
    return table.assign(**{parent: table[industry].map(dict(parents))}), parent


def _distance(table: pd.DataFrame, sizes: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """Gower's distance over all matched columns; 0 where nothing is matched."""
    if not sizes and not others:
        return np.zeros((len(table), len(table)))
    numbers = np.column_stack([_log(table[c]) for c in sizes]) if sizes else np.empty((len(table), 0))
    words = table[list(others)].astype(object).where(table[list(others)].notna(), None).to_numpy()
    return alike.gower(numbers, words)


def _log(size: pd.Series) -> np.ndarray:
    x = size.to_numpy(float)
    return np.log10(x) if np.nanmin(x) > 0 else x


def cells(table: pd.DataFrame, match: Sequence[str], edges: Mapping[str, Sequence[float]] | None = None) -> np.ndarray:
    """Return the class of each unit in each matched column; -1 where it is missing."""
    out = []
    for c in match:
        if pd.api.types.is_numeric_dtype(table[c]):
            out.append(alike.coarsened(table[c], (edges or {}).get(c, HALF_DECADES)))
        else:
            out.append(pd.factorize(table[c])[0])
    return np.column_stack(out) if out else np.zeros((len(table), 1), int)


def _same_cell(
    table: pd.DataFrame, row: int, match: list[str], edges: Mapping[str, Any] | None, parent: str
) -> tuple[np.ndarray, str]:
    """Truth values of the units in the same cell, and the parent industry if it had to be used."""
    found = alike.same_cell(cells(table, match, edges))[row]
    if found.sum() >= LEAST or not parent:
        return found, ""
    industry = next(c for c in match if not pd.api.types.is_numeric_dtype(table[c]))
    wider = alike.same_cell(cells(table, [parent if c == industry else c for c in match], edges))[row]
    return (wider, str(table[parent].iloc[row])) if wider.sum() > found.sum() else (found, "")


def _weights(table: pd.DataFrame, found: np.ndarray) -> np.ndarray:
    """1 / (se^2 + tau^2) over the peers, summing to 1; equal where an error is unknown."""
    out = np.zeros(len(table))
    se = table["se"].to_numpy(float)[found] if "se" in table else np.full(found.sum(), np.nan)
    if np.isfinite(se).all() and (se > 0).all():
        w = 1 / (se**2 + shrinkage.paule_mandel(table["estimate"].to_numpy(float)[found], se**2))
    else:
        w = np.ones(int(found.sum()))
    out[found] = w / w.sum()
    return out


def _balance(
    table: pd.DataFrame, row: int, found: np.ndarray, weight: np.ndarray, sizes: list[str], others: list[str]
) -> pd.DataFrame:
    """Standardised difference of the unit from all others and from its peers; for categories the share that differs."""
    rest = np.arange(len(table)) != row
    lines = []
    for c in sizes:
        x = _log(table[c])
        spread = float(np.nanstd(x, ddof=1))
        before = alike.standardised_difference(x[row], x[rest], spread=spread)
        after = alike.standardised_difference(x[row], x[found], spread=spread, weights=weight[found])
        lines.append({"variable": f"{c} (log, standardised difference)", "before": before, "after": after})
    for c in others:
        differs = (table[c] != table[c].iloc[row]).to_numpy(float)
        after = float(weight[found] @ differs[found])
        lines.append({"variable": f"{c} (share in another)", "before": float(differs[rest].mean()), "after": after})
    return pd.DataFrame(lines, columns=["variable", "before", "after"])


def _leave_one_out(table: pd.DataFrame, name: str, row: int, found: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    """Benchmark and gap without each peer in turn, the one that moves them most first."""
    y, own = table["estimate"].to_numpy(float), float(table["estimate"].iloc[row])
    lines = []
    for j in np.flatnonzero(found):
        keep = found.copy()
        keep[j] = False
        if keep.any():
            mean = float(np.average(y[keep], weights=weight[keep]))
            lines.append({"without": table[name].iloc[j], "benchmark": mean, "gap": own - mean})
    table = pd.DataFrame(lines, columns=["without", "benchmark", "gap"])
    moved = (table["gap"] - (own - float(weight @ y))).abs()
    return table.loc[moved.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def _map(table: pd.DataFrame, name: str, distance: np.ndarray, row: int, found: np.ndarray) -> pd.DataFrame:
    """Where all units stand: distance from the unit, estimate, and whether it is a peer."""
    role = np.where(found, "peer", "other")
    role[row] = "own"
    columns = {"name": table[name].astype(str), "distance": distance[row], "estimate": table["estimate"]}
    return pd.DataFrame({**columns, "se": table.get("se", np.nan), "role": role})


def _peer_notes(table: pd.DataFrame, match: list[str], found: np.ndarray, flag: str, weight: np.ndarray) -> list[str]:
    notes = []
    effective = alike.effective_number(weight[found])
    if found.sum() > 1:
        notes.append(f"{int(found.sum())} peers count as {effective:.1f} equally weighted ones.")
    if flag:
        notes.append(f"Too few peers in the industry itself: its parent industry, {flag}, is used.")
    missing = int(table[list(match)].isna().any(axis=1).sum()) if match else 0
    if missing:
        notes.append(f"{missing} units lack a matched column and cannot be peers.")
    if int(found.sum()) < LEAST:
        notes.append("Fewer than three peers: the benchmark is a comparison with single units.")
    if "mode" in table and table["mode"].nunique(dropna=False) > 1 and "mode" not in match:
        notes.append("The units were surveyed in different modes: a gap may be one of mode; match on mode if you can.")
    if "se" not in table or not np.isfinite(table["se"].to_numpy(float)[found]).all():
        notes.append("The errors of some peers are unknown: all peers weigh the same.")
    return notes
