"""Which data, which code: what makes a report repeatable."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cxlab import __version__
from cxlab.data.locations import apart, placed, shipped, sought
from cxlab.data.masking import cleaned
from cxlab.problem import DataProblem, unknown

PACKAGE = Path(__file__).parents[1]
CATALOGUE = shipped("datasets")
"""Where `cxlab.data.catalogue` keeps its descriptors; importing it would cost more than the hash."""


def data_hash(study: str) -> str:
    """Return the sha256 of a study's data and codebook; '' where there is no file to hash (a database, say).

    For a study of the catalogue it is the hash of its descriptor, which holds the hash of every file.
    """
    return digest(files_of(study))


def files_of(study: str) -> list[Path]:
    """Return the files that decide what a study is: data, codebooks beside them or named, what a codebook leads to.

    Some may not be there; that one appears or goes is a change as well.
    """
    file, reading = apart(study)
    kind, sign, where = file.partition(":///")
    path = placed(where.partition("?")[0] if sign and kind.startswith(("sqlite", "duckdb")) else file)
    if "://" not in file and not path.exists():
        path = CATALOGUE / f"{study}.json"
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    books = [path.with_name(f"{path.stem}.datapackage.json"), path.with_name("datapackage.json")]
    books += [placed(f) for k in ("codebook", "dictionary") for f in reading.get(k, "").split(";") if f]
    led = [path.parent / str(name) for name in resources(path)] if path.name.endswith("datapackage.json") else []
    return [path, *books, *led]


def resources(package: Path) -> list[str]:
    """Return the data files that a ``datapackage.json`` names; none where it cannot be read (loading it says why)."""
    try:
        said = json.loads(package.read_text(encoding="utf-8"))["resources"]
        return [r["path"] for r in said if isinstance(r.get("path"), str)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def named_files(parameters: Mapping[str, Any]) -> list[Path]:
    """Return the files that parameters name: a plan, a table of published figures, a second study."""
    texts = [v for k, v in parameters.items() if k != "study" for v in leaves(v) if len(v) < 1000 and "\0" not in v]
    texts = [v for v in texts if Path(v).suffix or "/" in v or (CATALOGUE / f"{v}.json").is_file()]  # no bare words
    texts = [v for v in texts if not placed(v).is_dir() and ("://" not in v or ":///" in v)]  # no output
    found = (path for text in texts for path in files_of(text))
    return sorted({path for path in found if path.is_file()})


def leaves(value: Any) -> Iterator[str]:
    """Yield the texts in a parameter's value."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves(part)
    elif isinstance(value, str) and value.strip():
        yield value


def digest(files: Iterable[Path]) -> str:
    """Return one sha256 over the content of those files that are there; '' where none is."""
    found, there = hashlib.sha256(), [f for f in files if f.is_file()]
    for file in there:
        found.update(hashed(str(file), stamp(file)))
    return found.hexdigest() if there else ""


def stamp(file: Path) -> tuple[int, ...]:
    """Return what changes with a file: times of content and of inode, size, and which file it is; () if not there."""
    try:
        about = file.stat()
    except OSError:
        return ()
    return about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino, about.st_dev


def state(study: str, parameters: Mapping[str, Any], notebook: Path) -> dict[str, tuple[int, ...]]:
    """Return the stamp of every input of a report, by path: the same before and after a run, or it read a mixture."""
    return {str(f): stamp(f) for f in (*files_of(study), *named_files(parameters), notebook)}


def there(study: str) -> None:
    """Raise `DataProblem` if ``study`` can neither be a name of the catalogue nor a path nor an address."""
    if placed(study).exists() or "://" in study or (CATALOGUE / f"{study}.json").is_file():
        return
    if Path(study).suffix or "/" in study:
        raise DataProblem(
            f"there is no file {sought(study)}; give the path of an export, or a name of `cxlab datasets`"
        )
    raise unknown("study", study, "the catalogue", sorted(p.stem for p in CATALOGUE.glob("*.json")))


def key(study: str, parameters: Mapping[str, Any], notebook: Path, form: str) -> str:
    """Return one hash of all that decides what a report says; '' where the data have none (a database, say)."""
    data = data_hash(study)
    parts = [data, digest(named_files(parameters)), file_hash(notebook), cleaned(parameters), form, code()]
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
def hashed(path: str, stamped: tuple[int, ...]) -> bytes:
    """Return the sha256 of a file that has not changed since (see `stamp`); a batch reads large data once."""
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
