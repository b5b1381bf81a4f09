"""The register of touchpoints: a small table with stage, order, owner and target of each."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from cxlab.data import person_names
from cxlab.data.study import Study
from cxlab.problem import DataProblem, nearest

NAME = "touchpoints.csv"
"""The file that is looked for beside a study's own."""

COLUMNS = ("touchpoint", "stage", "order", "channel", "owner", "deputy", "metric", "target", "due_hours", "reviewed")
NUMBERS = ("order", "target", "due_hours")
SEVERAL = re.compile(r"[;|\n]|\s/\s")
MAYBE = re.compile(r"\s*[,/&+]\s*|\s(?:and|und|et|y|e|en|i|и|και|ve)\s", re.IGNORECASE)
"""Between owners in one cell; and what stands within names of teams as well as between people."""
Register = pd.DataFrame


def register(study: Study, given: str | Path | pd.DataFrame | None = None) -> Register | None:
    """Return the register of a study: the one given, else `touchpoints.csv` beside its file, else None.

    Parameters
    ----------
    given : a CSV file or a table with the column 'touchpoint' and any of `COLUMNS`.

    Raises
    ------
    DataProblem : no such file, an unknown column, a touchpoint twice or without a name, text for a number.

    Examples
    --------
    >>> import cxlab as cx
    >>> table = pd.DataFrame({"touchpoint": ["pay", "ship"], "order": [1, 2], "owner": ["Ann", "Bo"]})
    >>> register(cx.simulate_events(20, seed=0), table)["owner"].tolist()
    ['Ann', 'Bo']
    """
    if given is None:
        beside = Path(study.source).parent / NAME if study.source and "://" not in study.source else None
        return _checked(_read(beside), beside.as_posix()) if beside and beside.is_file() else None
    if isinstance(given, pd.DataFrame):
        return _checked(given.copy(), "the register")
    path = Path(given)
    if not path.is_file():
        raise DataProblem(f"there is no register {path}; it is a CSV file with the columns {', '.join(COLUMNS)}")
    return _checked(_read(path), path.name)


def problems(table: Register, events: Iterable[str]) -> list[str]:
    """Return what a register lacks for a log with these events: touchpoints unknown, never met, without an owner.

    >>> problems(pd.DataFrame({"touchpoint": ["pay"], "owner": [""]}), ["pay", "ship"])
    ["'ship' happens and is not in the register", "'pay' has no owner"]
    >>> problems(pd.DataFrame({"touchpoint": ["pay"], "owner": ["Ann / Bo"]}), ["pay"])
    ["'pay' has the owner 'Ann / Bo': if these are several, one answers for it and another is the deputy"]
    """
    met, known = list(dict.fromkeys(events)), table["touchpoint"].tolist()
    out = [f"'{e}' happens and is not in the register{nearest(e, known)}" for e in met if e not in known]
    out += [f"'{t}' is in the register and never happens{nearest(t, met)}" for t in known if t not in met]
    if "owner" in table:
        owners = dict(zip(known, table["owner"].fillna("").astype(str), strict=True))
        out += [
            f"'{t}' has the owner '{o}': if these are several, one answers for it and another is the deputy"
            for t, o in owners.items() if _several(o)
        ]  # fmt: skip
        both = zip(known, owners.values(), table["deputy"].fillna("") if "deputy" in table else [], strict=False)
        out += [f"'{t}' has its owner as deputy" for t, o, d in both if o and o == d]
    for column in ("owner", "stage"):
        if column in table:
            out += [f"'{t}' has no {column}" for t in table.loc[table[column].fillna("").eq(""), "touchpoint"]]
    return out


def _several(owner: str) -> bool:
    """Whether a cell names several owners: sure signs between them, or people on both sides of 'and'.

    >>> [_several(o) for o in ("Ann; Bo", "Anna and Tom", "Anna Roe & Tom Poe", "Sales & Marketing", "Roe, Anna")]
    [True, True, True, False, False]
    """
    parts = [p for p in MAYBE.split(owner.strip()) if p]
    people = [person_names.known(p) or p.casefold() in person_names.listed() for p in parts]
    return bool(SEVERAL.search(owner.strip())) or len(parts) > 1 and all(people)


def ordered(table: Register | None, events: Iterable[str]) -> dict[str, tuple]:
    """Return a sort key for each event: by the register's order, then those it does not know as they come."""
    place = {} if table is None else {t: i for i, t in enumerate(table["touchpoint"])}
    return {e: (place.get(e, len(place)), k) for k, e in enumerate(events)}


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, sep=None, engine="python", encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError, csv.Error) as error:
        raise DataProblem(f"the register {path.name} is no CSV file in UTF-8: {error}") from None


def _checked(table: pd.DataFrame, name: str) -> Register:
    unknown = [c for c in table.columns if c not in COLUMNS]
    if "touchpoint" not in table or unknown:
        there = ", ".join(str(c)[:40] for c in table.columns[:20])
        raise DataProblem(f"{name} has the columns {there}; it needs 'touchpoint' and knows " + ", ".join(COLUMNS))
    names = table["touchpoint"].fillna("").astype(str).str.strip()
    if (names == "").any():
        raise DataProblem(f"{name}: row {int((names == '').to_numpy().argmax()) + 2} has no touchpoint")
    if names.duplicated().any():
        raise DataProblem(f"{name} names '{names[names.duplicated()].iloc[0]}' twice; one row a touchpoint")
    table = table.assign(touchpoint=names)
    for column in (c for c in NUMBERS if c in table):
        text = table[column].replace("", None)
        table[column] = pd.to_numeric(text, errors="coerce")
        bad = table[column].isna() & text.notna()
        if bad.any():
            raise DataProblem(f"{name}: {column} of '{names[bad].iloc[0]}' is '{text[bad].iloc[0]}', not a number")
    return table.sort_values("order", kind="stable", ignore_index=True) if "order" in table else table
