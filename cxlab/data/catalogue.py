"""The catalogue: data that are shipped or public, each with its codebook in ``datasets/<name>.json``.

A descriptor is a Frictionless data package. Beyond the codebook (`cxlab.data.codebook`) it says how the study's table
comes out of the raw files: each resource has ``path``, ``hash`` and may have ``url``, ``renames`` (field: raw column),
``recode`` (field or ``*``: {raw value: code}), ``constants`` (field: value where the raw file has no such column) and
``derive`` (field: SQL expression over the raw columns). Several resources are the waves of one study, stacked; or,
where the package has a ``query``, tables that it links.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from cxlab.data import codebook, engine, locations
from cxlab.data.study import Study
from cxlab.problem import DataProblem, unknown

FOLDER = locations.shipped("datasets")
"""Descriptors and shipped data."""

SQL = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}
"""What each type of a codebook is in DuckDB."""


def names() -> list[str]:
    """Return the names of all studies of the catalogue, shipped ones first."""
    found = [p.stem for p in sorted(FOLDER.glob("*.json"))]
    if not found:
        raise DataProblem(
            f"there is no catalogue in {FOLDER}: this installation of cxlab is not whole; install it again"
        )
    return sorted(found, key=lambda n: (not shipped(descriptor(n)), n))


def descriptor(name: str) -> dict[str, Any]:
    """Return the descriptor of study ``name``; an unknown name is an error that suggests the nearest."""
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise unknown("study", name, "the catalogue", [p.stem for p in sorted(FOLDER.glob("*.json"))])
    return json.loads(path.read_text(encoding="utf-8"))


def shipped(package: Mapping[str, Any]) -> bool:
    """Whether all files of the package are part of the repository."""
    return all((FOLDER / r["path"]).is_file() for r in package["resources"])


def datasets() -> pd.DataFrame:
    """Return one row a study: name, title, rows, licence, where it is, what it can answer.

    ``at_hand`` is 'shipped', 'mirror' (in the folder CXLAB_MIRROR), 'cache', 'url' (fetched when loaded) or 'no'
    (no public URL is known and there is no mirror).

    Raises
    ------
    DataProblem : the folder of the catalogue is not there: the installation is not whole.

    >>> import cxlab as cx
    >>> cx.datasets().set_index("name").loc["airline-survey", "at_hand"]
    'shipped'
    """
    rows = []
    for name in names():
        package = descriptor(name)
        rows.append({
            "name": name, "title": package["title"], "rows": package["rows"],
            "licence": ", ".join(x["title"] for x in package.get("licenses", [])) or "not stated",
            "at_hand": at_hand(package), "simulated": bool(package.get("simulated")),
            "answers": "; ".join(package.get("answers", [])),
        })  # fmt: skip
    return pd.DataFrame(rows)


def at_hand(package: Mapping[str, Any]) -> str:
    """Return where the files of the package are: 'shipped', 'mirror', 'cache', 'url' or 'no'."""
    if shipped(package):
        return "shipped"
    resources = package["resources"]
    if (mirror := _mirror()) and all((mirror / r["path"]).is_file() for r in resources):
        return "mirror"
    if all(_cached(r).is_file() for r in resources):
        return "cache"
    return "url" if all(r.get("url") for r in resources) else "no"


def fetch(resource: Mapping[str, Any], study: str = "the study") -> Path:
    """Return the path of a resource's file, checked against its sha256: shipped, in the mirror, or fetched by pooch.

    Raises
    ------
    DataProblem : the file differs from the catalogue's hash, or there is neither a mirror nor a public URL.
    """
    mirror = _mirror()
    for folder in (FOLDER, *([mirror] if mirror else [])):
        if (folder / resource["path"]).is_file():
            return _checked(folder / resource["path"], resource)
    if _cached(resource).is_file():
        return _checked(_cached(resource), resource)
    if not resource.get("url"):
        where = f"{mirror} has no {resource['path']}" if mirror else "CXLAB_MIRROR is not set"
        raise DataProblem(
            f"{study} needs the file {resource['path']}; no public URL of it is known, and {where}. "
            "Set CXLAB_MIRROR to a folder that holds it"
        )
    import pooch

    target = _cached(resource)
    try:
        pooch.retrieve(resource["url"], resource["hash"], fname=target.name, path=target.parent, progressbar=False)
    except OSError as error:
        cause = error
        while cause.__context__ is not None:
            cause = cause.__context__
        raise DataProblem(
            f"{study} could not be fetched from {resource['url']}: {cause}. "
            f"Check the connection, or set CXLAB_MIRROR to a folder that holds {resource['path']}"
        ) from None
    except ValueError as error:
        raise DataProblem(
            f"{study}: {resource['url']} no longer gives the file the catalogue describes: {error} "
            f"Nothing was kept. Set CXLAB_MIRROR to a folder that holds the right {resource['path']}"
        ) from None
    return target


def _mirror() -> Path | None:
    there = os.environ.get("CXLAB_MIRROR", "")
    return Path(there) if there else None


def cache() -> Path:
    """Return the folder that fetched data are kept in."""
    import pooch

    return Path(pooch.os_cache("cxlab"))


def _cached(resource: Mapping[str, Any]) -> Path:
    return cache() / resource["path"]


def _checked(path: Path, resource: Mapping[str, Any]) -> Path:
    expected = resource["hash"].removeprefix("sha256:")
    came = hashlib.sha256(path.read_bytes()).hexdigest()
    if came != expected:
        raise DataProblem(
            f"{path} is not the file the catalogue describes: sha256 {came[:16]}… came, {expected[:16]}… was expected. "
            "It was changed or cut short: delete it and load again, or load it by its path to use it as it is"
        )
    return path


def open_study(name: str) -> Study:
    """Return a study of the catalogue as a table in DuckDB's memory, with its codebook.

    Examples
    --------
    >>> len(open_study("airline-survey"))
    9720
    """
    package = descriptor(name)
    book, con = codebook.read(package), engine.connect()
    files = {r["name"]: fetch(r, name) for r in sorted(package["resources"], key=lambda r: bool(r.get("url")))}
    made = _made(package)
    if made and made.is_file():
        con.execute(f"CREATE TABLE study AS FROM read_parquet({_quoted(engine.one_file(made))})")
        return Study(con.table("study"), book)
    _make(con, package, files, book)
    if made:
        own = made.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError, duckdb.IOException):  # no room: the next kernel parses again
            con.execute(f"COPY study TO {_quoted(own)} (FORMAT parquet)")
            own.replace(made)
    return Study(con.table("study"), book)


def _made(package: Mapping[str, Any]) -> Path | None:
    """Where the table of a package is kept, if the environment variable CXLAB_MADE names a folder.

    The kernels of one batch set it: the same files are parsed once, not by every report.
    """
    folder = os.environ.get("CXLAB_MADE", "")
    key = hashlib.sha256(json.dumps(package, sort_keys=True).encode()).hexdigest()
    return Path(folder) / f"{key[:32]}.parquet" if folder else None


def _make(
    con: duckdb.DuckDBPyConnection, package: Mapping[str, Any], files: Mapping[str, Path], book: codebook.Codebook
) -> None:
    """Make table ``study`` of the raw files."""
    resources = package["resources"]
    if "query" in package:
        for r in resources:
            con.execute(f'CREATE TABLE "{r["name"]}" AS {_raw(con, files[r["name"]], r)}')
        con.execute("CREATE TABLE raw AS " + "\n".join(package["query"]))
        parts = [_select(con, "raw", resources[0], book)]
    else:
        parts = []
        for i, r in enumerate(resources):
            con.execute(f"CREATE TABLE raw{i} AS {_raw(con, files[r['name']], r)}")
            parts.append(_select(con, f"raw{i}", r, book))
    con.execute("CREATE TABLE study AS " + " UNION ALL ".join(parts))


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _raw(con: duckdb.DuckDBPyConnection, path: Path, resource: Mapping[str, Any]) -> str:
    """SQL for the raw file: every column as text, with the derived ones."""
    if path.suffix == ".xlsx":
        con.register("sheet", pd.read_excel(path, dtype=str, engine="openpyxl"))
        source = "sheet"
    else:
        options = {
            "encoding": resource.get("encoding", "utf-8"),
            "delim": resource.get("delimiter", ","),
            "quote": '"',
            "escape": '"',
        }
        said = ", ".join(f"{k}={_quoted(v)}" for k, v in options.items())
        said += ", hive_partitioning=false, all_varchar=true, header=true, strict_mode=false, parallel=false"
        source = f"read_csv({_quoted(engine.one_file(path))}, {said})"
    derived = "".join(f', ({sql}) AS "= {name}"' for name, sql in resource.get("derive", {}).items())
    return f"SELECT *{derived} FROM {source}"


def _select(con: duckdb.DuckDBPyConnection, table: str, resource: Mapping[str, Any], book: codebook.Codebook) -> str:
    """SQL that makes the study's fields of one raw table: renamed, recoded, in their type."""
    there = set(con.table(table).columns)
    renames, recodes, constants = (resource.get(k, {}) for k in ("renames", "recode", "constants"))
    lost = sorted({raw for raw in renames.values() if raw not in there})
    if lost:
        raise unknown("column", lost[0], resource["path"], sorted(there))
    out = []
    for f in book:
        raw, type_ = renames.get(f.name, f.name), SQL[f.type]
        raw = f"= {f.name}" if f"= {f.name}" in there else raw
        if f.columns:
            out += [f'COALESCE(TRY_CAST("{c}" AS BIGINT), 0) AS "{c}"' for c in f.columns]
            continue
        if f.name in constants:
            value = f"CAST({_quoted(constants[f.name])} AS {type_})"
        elif raw not in there:
            value = f"CAST(NULL AS {type_})"
        else:
            codes = {**recodes.get("*", {}), **recodes.get(f.name, {})}
            cases = "".join(f" WHEN {_quoted(k)} THEN {'NULL' if v is None else _quoted(v)}" for k, v in codes.items())
            text = f'CASE CAST("{raw}" AS VARCHAR){cases} ELSE "{raw}" END' if cases else f'"{raw}"'
            value = f"CAST({text} AS {type_})"
        out.append(f'{value} AS "{f.name}"')
    return f"SELECT {', '.join(out)} FROM {table}"
