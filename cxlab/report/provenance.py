"""Which data, which code: what makes a report repeatable."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cxlab import __version__
from cxlab.data.locations import apart, placed, shipped, sought
from cxlab.problem import DataProblem, unknown

PACKAGE = Path(__file__).parents[1]
CATALOGUE = shipped("datasets")
"""Where `cxlab.data.catalogue` keeps its descriptors; importing it would cost more than the hash."""


def data_hash(study: str) -> str:
    """Return the sha256 of a study's data and codebook; '' where there is no file to hash (a database, say).

    For a study of the catalogue it is the hash of its descriptor, which holds the hash of every file.
    """
    path = placed(study)
    if not path.exists():
        path = CATALOGUE / f"{study}.json"
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
    else:
        files = [path, path.with_name(f"{path.stem}.datapackage.json"), path.with_name("datapackage.json")]
        said = apart(study)[1]
        files += [placed(f) for k in ("codebook", "dictionary") for f in said.get(k, "").split(";") if f]
    digest = hashlib.sha256()
    there = [f for f in files if f.is_file()]
    for file in there:
        about = file.stat()
        digest.update(hashed(str(file), about.st_mtime_ns, about.st_size))
    return digest.hexdigest() if there else ""


def there(study: str) -> None:
    """Raise `DataProblem` if ``study`` can neither be a name of the catalogue nor a path nor an address."""
    if placed(study).exists() or "://" in study or (CATALOGUE / f"{study}.json").is_file():
        return
    if Path(study).suffix or "/" in study:
        raise DataProblem(
            f"there is no file {sought(study)}; give the path of an export, or a name of `cxlab datasets`"
        )
    raise unknown("study", study, "the catalogue", sorted(p.stem for p in CATALOGUE.glob("*.json")))


def key(data: str, notebook: str, parameters: Mapping[str, Any], form: str) -> str:
    """Return one hash of all that decides what a report says; '' where the data have none (a database, say)."""
    parts = [data, notebook, dict(parameters), form, code()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest() if data else ""


@functools.cache
def code() -> str:
    """Return the hash of cxlab's own files and of the versions of the libraries under them."""
    digest = hashlib.sha256()
    for path in sorted(p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".toml", ".j2", ".css", ".yml")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    for name in ("numpy", "scipy", "pandas", "narwhals", "duckdb", "statsmodels", "matplotlib", "nbconvert"):
        digest.update(f"{name} {importlib.metadata.version(name)}".encode())
    return digest.hexdigest()


@functools.lru_cache(maxsize=64)
def hashed(path: str, changed: int, size: int) -> bytes:
    """Return the sha256 of a file that has not changed since (time and size); a batch reads large data once."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def file_hash(path: Path) -> str:
    """Return the sha256 of one file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@functools.cache
def version() -> str:
    """Return cxlab's version, with the commit where it runs from a clone (``+`` marks uncommitted changes)."""
    here = Path(__file__).parents[2]
    if not (here / ".git").exists():
        return __version__
    command = ["git", "-C", str(here), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return __version__
    return f"{__version__} ({done.stdout.strip()})" if done.returncode == 0 else __version__
