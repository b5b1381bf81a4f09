"""Reviews over time and by kind: drift with order and month, unusual bursts, solicited beside organic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.sample import Sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.problem import DataProblem
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.differences import two_sided, welch_df
from cxlab.stats.inference.multiple import adjusted
from cxlab.stats.text import bursts

MOST_UNITS = 50
"""Units whose streams are scanned, those of most reviews first."""

DRAWS = 40


def parts(
    study: Study, found: Sample, score: NDArray, code: NDArray, wrote: NDArray, names: list, date: str, verified: str
) -> dict[str, Any]:
    """Return the parts of a result on reviews that need a date or a kind: ``drift``, ``bursts``, ``kinds``."""
    out: dict[str, Any] = {}
    if date:
        when = pd.to_datetime(pd.Series(found.other[study.field(date).name]), errors="coerce")
        dated = wrote & when.notna().to_numpy()
        if dated.sum() < SMALL:
            raise DataProblem(f"'{date}' of {study.name} dates {int(dated.sum())} reviews; at least {SMALL} are needed")
        day = ((when - when[dated].min()).dt.days.to_numpy(float, na_value=-1)).astype(int)
        out["drift"] = drift(score[dated], day[dated], code[dated])
        out["bursts"] = _bursts(day, score, code, dated, names, when[dated].min())
    if verified:
        kind = pd.Series(found.other[study.field(verified).name], dtype=object)
        out["kinds"] = _kinds(study, verified, kind, score, wrote, found)
    return out


def drift(score: NDArray, day: NDArray, unit: NDArray) -> pd.DataFrame:
    """Return the slope of the stars per year and per doubling of a unit's review number, within units.

    Order and time pull apart: early buyers differ from late ones, and later reviews answer earlier ones.

    References
    ----------
    Godes, D. & Silva, J. C. (2012). Sequential and temporal dynamics of online opinion. Marketing Science 31, 448-473.
        doi:10.1287/mksc.1110.0653

    Examples
    --------
    >>> found = drift(np.r_[np.linspace(5, 4, 366), 3.0, 3.0], np.r_[np.arange(366), 0, 1], np.r_[np.zeros(366), 1, 1])
    >>> found["term"].tolist()
    ['per year', 'per doubling of the number of reviews']
    """
    order = np.lexsort((day, unit))
    s, d, u = score[order], day[order] / 365.25, unit[order]
    first = np.r_[0, np.flatnonzero(np.diff(u)) + 1]
    position = np.arange(len(u)) - np.repeat(first, np.diff(np.r_[first, len(u)]))
    x = np.column_stack([d, np.log2(position + 1)])
    group = np.unique(u, return_inverse=True)[1]
    size = np.bincount(group)
    centred = lambda v: v - (np.bincount(group, v) / size)[group]  # noqa: E731
    xc, sc = np.column_stack([centred(c) for c in x.T]), centred(s)
    b, _, rank, _ = np.linalg.lstsq(xc, sc, rcond=1e-10)
    df = len(s) - len(size) - 2
    if rank < 2 or df < 1:
        return pd.DataFrame({"term": ["per year", "per doubling of the number of reviews"], "estimate": np.nan,
                             "low": np.nan, "high": np.nan, "p": np.nan})  # fmt: skip
    inverse = np.linalg.inv(xc.T @ xc)
    e = xc * (sc - xc @ b)[:, None]
    se = np.sqrt(np.diag(inverse @ (e.T @ e) @ inverse) * len(s) / df)
    half = float(t_value(0.95, df)) * se
    return pd.DataFrame({
        "term": ["per year", "per doubling of the number of reviews"], "estimate": b, "low": b - half, "high": b + half,
        "p": np.asarray(two_sided(b, se, df), float),
    })  # fmt: skip


def _bursts(day: NDArray, score: NDArray, code: NDArray, dated: NDArray, names: list, start: Any) -> pd.DataFrame:
    """Unusual windows of each unit, with the share of the best stars inside and the scan's false-alarm rate."""
    size = np.bincount(code[dated], minlength=len(names))
    last = int(day[dated].max()) + 1
    rows = []
    for k in np.argsort(-size, kind="stable")[:MOST_UNITS]:
        mine = dated & (code == k)
        if size[k] < SMALL or last < 14:
            continue
        series = np.bincount(day[mine], minlength=last)
        found = bursts.scan(series)
        rate = bursts.false_alarms(series, draws=DRAWS, seed=int(k)) if found else np.nan
        for first, length, number, expected, p in found:
            inside = mine & (day >= first) & (day < first + length)
            best = score[mine].max()
            rows.append({
                "unit": names[k], "from": (start + pd.Timedelta(days=first)).date().isoformat(), "days": length,
                "n": number, "expected": expected, "p": p, "best_inside": float((score[inside] == best).mean()),
                "best_outside": float((score[mine & ~inside] == best).mean()) if (mine & ~inside).any() else np.nan,
                "false_alarms": rate,
            })  # fmt: skip
    table = pd.DataFrame(rows, columns=["unit", "from", "days", "n", "expected", "p", "best_inside", "best_outside",
                                        "false_alarms"])  # fmt: skip
    if len(table):
        table["p_adjusted"] = adjusted(table["p"], "bh")
    return table


def _kinds(study: Study, verified: str, kind: pd.Series, score: NDArray, wrote: NDArray, found: Sample) -> pd.DataFrame:
    """Mean of each of the two kinds of reviews, and their difference."""
    levels = sorted(kind[wrote].dropna().unique(), key=str)
    if len(levels) != 2:
        raise DataProblem(f"'{verified}' of {study.name} has {len(levels)} kinds of reviews; two are compared")
    rows, sums = [], []
    for level in levels:
        of = wrote & (kind == level).to_numpy()
        m = float(np.average(score[of], weights=found.w[of]))
        n = float(found.w[of].sum() ** 2 / (found.w[of] ** 2).sum())
        var = float(np.average((score[of] - m) ** 2, weights=found.w[of])) / max(n - 1, 1)
        sums.append((m, var, n))
        rows.append({"kind": str(level), "estimate": m, "se": np.sqrt(var), "n": int(of.sum()), "p": np.nan})
    (a, va, na), (b, vb, nb) = sums
    df = float(welch_df(va, na - 1, vb, nb - 1))
    se = float(np.sqrt(va + vb))
    rows.append({"kind": f"{levels[1]} less {levels[0]}", "estimate": b - a, "se": se, "n": rows[0]["n"] + rows[1]["n"],
                 "p": float(two_sided(b - a, se, df))})  # fmt: skip
    table = pd.DataFrame(rows)
    half = t_value(0.95, np.array([na - 1, nb - 1, df])) * table["se"]
    return table.assign(low=table["estimate"] - half, high=table["estimate"] + half)


def notes(parts: dict[str, Any]) -> list[str]:
    """Return what the parts say in words.

    Examples
    --------
    >>> notes({})
    []
    """
    said = []
    if "bursts" in parts and len(parts["bursts"]):
        units = parts["bursts"]["unit"].nunique()
        rate = parts["bursts"]["false_alarms"].max()
        said.append(
            f"{len(parts['bursts'])} unusual bursts in {units} units, no verdict: of simulated clean streams up to "
            f"{rate:.0%} "
            "have one"
        )
    elif "bursts" in parts:
        said.append("no unusual burst")
    if "kinds" in parts and parts["kinds"]["p"].iat[-1] < 0.05:
        said.append(f"the two kinds of reviews differ: {parts['kinds']['kind'].iat[-1]}")
    return said
