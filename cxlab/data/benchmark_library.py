"""The benchmark library: published figures as facts, each with its source; and rows of your own in the same columns.

A figure is only as good as what is known about it: n, error, mode and population stay empty where the source is silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cxlab.data.locations import placed, shipped, sought
from cxlab.problem import DataProblem, unknown

FOLDER = shipped("datasets") / "benchmarks"
COLUMNS = {
    "name": "whose figure it is: brand, state, industry",
    "industry": "its industry",
    "parent": "the industry above that one",
    "country": "where",
    "region": "part of the country",
    "metric": "nps, top-box, top-2-box, share, mean, index",
    "question": "what was asked, and which answers count",
    "unit": "share (0 to 1), points (-100 to 100), mean or index (0 to 100)",
    "scale_minimum": "least value of the figure's scale",
    "scale_maximum": "largest value of the figure's scale",
    "best": "high or low",
    "estimate": "the figure",
    "se": "its standard error",
    "n": "answers behind it",
    "period": "when: 2015, 2015-02, 2014-10-01/2015-09-30",
    "mode": "how it was asked: online, phone, mail, reviews",
    "population": "who was asked",
    "size": "how large the unit is",
    "size_of": "in what: customers, employees, hospitals",
    "source": "who published it, and where",
    "url": "address of the source",
    "origin": "published, computed (from public answers) or own",
    "check": "file of the public data it is verified with",
}
"""Each column and what it says."""
NEEDED = ("name", "metric", "unit", "estimate", "period", "source")
LIMITS = {"share": (0.0, 1.0), "points": (-100.0, 100.0), "index": (0.0, 100.0), "mean": (-np.inf, np.inf)}
NUMBERS = ("scale_minimum", "scale_maximum", "estimate", "se", "n", "size")
KEY = ["name", "metric", "question", "period", "population", "source"]
SHOWN = 5


def benchmarks(*own: str | Path, rescale: bool = False, **equal: str | Sequence[str]) -> pd.DataFrame:
    """Return the figures of the library, and of your own CSV files, one row a figure.

    Parameters
    ----------
    own : CSV files with the same columns; checked like the library's.
    rescale : turn means into 0 to 100, so that scales of different length can stand together (as numbers; they still
        do not measure the same thing).
    equal : conditions, e.g. ``industry="Hospitals", metric=["top-box", "share"]``; a period also matches by its year.

    Raises
    ------
    DataProblem : an unknown column or value, or a file that does not hold.

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.leagues.benchmarks(industry="Urban rail")
    >>> round(float(found.set_index("period").loc["2018", "estimate"]), 3)
    0.56
    """
    files = [*sorted(FOLDER.glob("*.csv")), *map(Path, own)]
    if not files:
        raise DataProblem(
            f"there are no benchmarks in {FOLDER}: this installation of cxlab is not whole; install it again"
        )
    table = pd.concat([read(f) for f in files], ignore_index=True)
    for column, wanted in equal.items():
        if column not in COLUMNS:
            raise unknown("column", column, "the benchmark library", COLUMNS)
        values = [wanted] if isinstance(wanted, (str, int, float)) else list(wanted)
        keep = _matching(table[column], column, values)
        if not keep.any():
            raise unknown(column, ", ".join(map(str, values)), "the benchmark library", table[column].dropna().unique())
        table = table[keep]
    return (rescaled(table) if rescale else table).reset_index(drop=True)


def _matching(column: pd.Series, name: str, values: Sequence[object]) -> pd.Series:
    text = column.astype(str)
    keep = text.isin([str(v) for v in values])
    if name == "period":
        for v in map(str, values):
            keep |= text.str.endswith(v) | text.str.split("/").str[-1].str.startswith(v)
    return keep


def read(path: str | Path) -> pd.DataFrame:
    """Return the rows of one CSV file, all columns there and every number a number; say what does not hold, by line."""
    path = placed(path)
    if not path.is_file():
        raise DataProblem(f"there is no file {sought(path)}; give the path of a CSV file with benchmarks")
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:  # empty, torn rows, another encoding
        raise DataProblem(f"{path.name} is no CSV file in UTF-8: {' '.join(str(error).split())[:200]}") from None
    raw.columns = raw.columns.str.strip()
    strange = [c for c in raw.columns if c not in COLUMNS]
    if strange:
        raise unknown("column", strange[0], path.name, COLUMNS)
    missing = [c for c in NEEDED if c not in raw.columns]
    if missing:
        raise DataProblem(
            f"{path.name} has no column {', '.join(missing)}; benchmarks need {', '.join(NEEDED)}. "
            "cxlab benchmarks --columns explains them all"
        )
    table = raw.reindex(columns=list(COLUMNS), fill_value="").apply(lambda c: c.str.strip())
    problems = _problems(table)
    if problems:
        shown = "; ".join(problems[:SHOWN])
        more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise DataProblem(f"{path.name}: {shown}{more}")
    for c in NUMBERS:
        table[c] = pd.to_numeric(table[c])
    table["origin"] = table["origin"].replace("", "own")
    words = [c for c in COLUMNS if c not in NUMBERS]
    table[words] = table[words].astype(object).where(table[words] != "", None)
    return table


def _problems(table: pd.DataFrame) -> list[str]:
    """What does not hold, one sentence each, with the line of the file."""
    out = []
    numbers = pd.DataFrame({c: pd.to_numeric(table[c], errors="coerce") for c in NUMBERS})
    for i, row in table[_suspect(table, numbers)].iterrows():
        line = f"line {i + 2}"
        out += [f"{line} has no {c}" for c in NEEDED if not row[c]]
        out += [f"{line}: {c} is '{row[c]}', not a number" for c in NUMBERS if row[c] and np.isnan(numbers[c][i])]
        if row["unit"] and row["unit"] not in LIMITS:
            out.append(f"{line}: unit is '{row['unit']}'; allowed: {', '.join(LIMITS)}")
        if row["best"] not in ("", "high", "low"):
            out.append(f"{line}: best is '{row['best']}'; allowed: high, low")
        out += [f"{line}: {said}" for said in _impossible(row, numbers.loc[i].to_dict())]
    double = table.duplicated(KEY, keep="first") & table["name"].ne("")
    again = "line {} repeats an earlier line ({}, {})"
    return out + [again.format(i + 2, table["name"][i], table["period"][i]) for i in table.index[double]]


def _suspect(table: pd.DataFrame, numbers: pd.DataFrame) -> pd.Series:
    """Rows worth a closer look: not plainly complete, numeric and within the limits of their unit and scale."""
    y = numbers["estimate"]
    low, high = (table["unit"].map({u: v[k] for u, v in LIMITS.items()}) for k in (0, 1))
    fine = (table[list(NEEDED)] != "").all(axis=1) & ((table[list(NUMBERS)] == "") | numbers.notna()).all(axis=1)
    fine &= table["best"].isin(["", "high", "low"]) & (y >= low) & (y <= high)
    fine &= (numbers["scale_minimum"] <= y) & (y <= numbers["scale_maximum"])
    fine &= ~(numbers["se"] <= 0) & ~(numbers["n"] < 1) & ~(numbers["n"] % 1 > 0)
    return ~fine


def _impossible(row: pd.Series, number: dict[str, float]) -> list[str]:
    """Figures outside their unit or scale, and impossible errors and counts."""
    out = []
    y = number["estimate"]
    low, high = LIMITS.get(row["unit"], (-np.inf, np.inf))
    if y < low or y > high:
        hint = "; give 0.56 for 56 %" if row["unit"] == "share" else ""
        out.append(f"estimate {y:g} is outside {row['unit']} ({low:g} to {high:g}){hint}")
    elif y < number["scale_minimum"] or y > number["scale_maximum"]:
        out.append(f"estimate {y:g} is outside its scale, {number['scale_minimum']:g} to {number['scale_maximum']:g}")
    if row["unit"] == "mean" and not (number["scale_minimum"] < number["scale_maximum"]):
        out.append("a mean needs scale_minimum and scale_maximum: 8 means something else on 0 to 10 than on 1 to 100")
    if number["se"] < 0 or (number["se"] == 0):
        out.append(f"se is {number['se']:g}; leave it empty if it is unknown")
    if number["n"] < 1 or number["n"] % 1 > 0:
        out.append(f"n is {number['n']:g}; it is a whole number of answers, or empty if it is unknown")
    return out


def rescaled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the figures with means turned into 0 to 100."""
    out = table.copy()
    means = out["unit"] == "mean"
    width = (out["scale_maximum"] - out["scale_minimum"])[means]
    out.loc[means, "estimate"] = 100 * (out["estimate"] - out["scale_minimum"])[means] / width
    out.loc[means, "se"] = 100 * out["se"][means] / width
    out.loc[means, ["unit", "scale_minimum", "scale_maximum"]] = ["index", 0.0, 100.0]
    return out
