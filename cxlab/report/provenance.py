"""Which data, which code: what makes a report repeatable."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from cxlab import __version__
from cxlab.problem import DataProblem, unknown

CATALOGUE = Path(__file__).parents[2] / "datasets"
"""Where `cxlab.data.catalogue` keeps its descriptors; importing it would cost more than the hash."""


def data_hash(study: str) -> str:
    """Return the sha256 of a study's data and codebook; '' where there is no file to hash (a database, say).

    For a study of the catalogue it is the hash of its descriptor, which holds the hash of every file.
    """
    path = Path(study)
    if not path.exists():
        path = CATALOGUE / f"{study}.json"
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
    else:
        files = [path, path.with_name(f"{path.stem}.datapackage.json"), path.with_name("datapackage.json")]
    digest = hashlib.sha256()
    there = [f for f in files if f.is_file()]
    for file in there:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest() if there else ""


def there(study: str) -> None:
    """Raise `DataProblem` if ``study`` can neither be a name of the catalogue nor a path nor an address."""
    if Path(study).exists() or "://" in study or (CATALOGUE / f"{study}.json").is_file():
        return
    if Path(study).suffix or "/" in study:
        raise DataProblem(
            f"there is no file {study} in {Path.cwd()}; give the path of an export, or a name of `cxlab datasets`"
        )
    raise unknown("study", study, "the catalogue", sorted(p.stem for p in CATALOGUE.glob("*.json")))


def file_hash(path: Path) -> str:
    """Return the sha256 of one file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
