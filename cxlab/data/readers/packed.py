"""The one table that a .zip or .gz file holds, unpacked within a limit: a few MB may hold many GB of nothing."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from cxlab.problem import DataProblem

TIMES = 200
"""A packed file may unpack to so many times its size; exports of answers come to 5 to 50 times."""

LEAST = 64 * 2**20
"""Whatever unpacks to no more than this is unpacked."""

CHUNK = 2**22


def unpacked(path: Path, folder: Path, endings: Collection[str]) -> Path:
    """Return the file in ``folder`` to which the one table in ``path`` is unpacked.

    Raises
    ------
    DataProblem : several tables or none, encrypted, cut short, or unpacked it is larger than the limit or the disk.
    """
    try:
        if path.suffix.lower() == ".gz":
            inside = folder / path.stem
            with gzip.open(path) as source:
                _copy(source, inside, path)
            return inside
        with zipfile.ZipFile(path) as pack:
            tables = [n for n in pack.namelist() if Path(n).suffix.lower() in endings and not n.startswith("__MACOSX")]
            if len(tables) != 1:
                listed = ", ".join(tables[:10]) or "none"
                raise DataProblem(f"{path.name} holds {len(tables)} tables ({listed}); unpack it and give one")
            inside = folder / Path(tables[0]).name
            with pack.open(tables[0]) as source:
                _copy(source, inside, path)
            return inside
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise DataProblem(f"{path.name} cannot be unpacked ({error}); it may be cut short") from error
    except RuntimeError as error:  # zipfile's word for a password
        raise DataProblem(f"{path.name} is locked by a password; unpack it and give the file inside") from error


def _copy(source: BinaryIO, target: Path, path: Path) -> None:
    """Copy what is unpacked, up to the limit; what the file says about its size is not believed."""
    most, done = max(LEAST, TIMES * path.stat().st_size), 0
    free = shutil.disk_usage(target.parent).free
    with target.open("wb") as file:
        while chunk := source.read(CHUNK):
            done += len(chunk)
            if done > most:
                raise DataProblem(
                    f"{path.name} unpacks to more than {most / 2**20:,.0f} MB, {TIMES} times its size (the limit); "
                    "if it is your own export, unpack it and give the file inside"
                )
            if done > free:
                raise DataProblem(
                    f"{path.name} unpacks to more than the {free / 2**20:,.0f} MB free in {target.parent}; make room, "
                    "or unpack it elsewhere and give the file inside"
                )
            file.write(chunk)
