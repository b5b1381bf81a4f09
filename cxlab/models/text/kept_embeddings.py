"""Where embeddings of comments are kept, and how they are thrown away.

Embeddings are customer data: parts of a text can be guessed from them. They lie beside the study's file in the folder
``.cxlab-text``, which git ignores, readable by its owner alone. A file that is shared (of somebody else, in a folder of
somebody else, read-only, or shipped with cxlab) gets nothing beside it: its embeddings lie in the user's cache,
``cxlab/text`` in ``XDG_CACHE_HOME``, else ``~/.cache`` (Windows: ``LOCALAPPDATA``; macOS: ``~/Library/Caches``).
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.locations import PACKAGE, apart, shipped
from cxlab.data.study import Study
from cxlab.problem import DataProblem

FOLDER = ".cxlab-text"
ENDS = (".parquet", ".json")
"""Ends of the names of what is kept: embeddings, counts of `text_quality`."""
Known = dict[str, NDArray]


def user_cache() -> Path:
    """Return the folder of the user's cache that is ours; it need not be there.

    Examples
    --------
    >>> user_cache().parts[-2:]
    ('cxlab', 'text')
    """
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "cxlab" / "text"


def place(study: Study | None) -> Path | None:
    """Return the folder in which the embeddings of a study are kept, None where it has no file."""
    file = _file(study)
    if file is None:
        return None
    return file.parent / FOLDER if _own(file) else _cached(file)


def _file(study: Study | None) -> Path | None:
    path = Path(apart(study.source)[0]) if study is not None and study.source else None
    return path if path is not None and path.is_file() else None


def _cached(file: Path) -> Path:
    return user_cache() / hashlib.blake2b(str(file.resolve()).encode(), digest_size=8).hexdigest()


def _own(file: Path) -> bool:
    """Whether a file and its folder are the user's own and may be written."""
    whole = file.resolve()
    if any(home in whole.parents for home in (PACKAGE, shipped("datasets").resolve())):
        return False
    for p in (whole, whole.parent):
        told = p.stat()
        mine = not hasattr(os, "getuid") or told.st_uid == os.getuid()
        if not (mine and told.st_mode & stat.S_IWUSR and os.access(p, os.W_OK)):
            return False
    return True


def read(file: Path | None) -> tuple[Known, dict[str, str]]:
    """Return what a file keeps: numbers by fingerprint of the text, and the language it was told to be in."""
    import pyarrow.parquet as pq

    if file is None or not file.is_file():
        return {}, {}
    try:
        table = pq.read_table(file)
        keys = table["key"].to_pylist()
        values = table["v"].combine_chunks().values.to_numpy(zero_copy_only=False).reshape(len(keys), -1)
        told = zip(keys, table["language"].to_pylist(), strict=True)
        return dict(zip(keys, values, strict=True)), {k: v for k, v in told if isinstance(v, str)}
    except (OSError, ValueError, KeyError):
        return {}, {}  # a torn file is worked out again


def write(file: Path, known: Known, told: dict[str, str]) -> None:
    """Write what is kept; what cannot be written whole leaves nothing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    values = np.array(list(known.values()), np.float16)
    v = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
    language = pa.array([told.get(k) for k in known], pa.string())
    with whole(file) as part:
        pq.write_table(pa.table({"key": list(known), "v": v, "language": language}), part)


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Give the path at which a file of ours is made; it takes its place when it is whole, by its owner to be read."""
    new = not file.parent.exists()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        (file.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        yield part
        part.chmod(0o600)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
        if new and not file.is_file():
            _emptied(file.parent)


@public
def forget(of: Study | None = None) -> list[Path]:
    """Throw away what is kept of a study's comments: embeddings, counts; without a study all in the user's cache.

    Beside a study's file they lie in ``.cxlab-text``; of a file that is shared in the user's cache (``~/.cache/cxlab/
    text`` or what ``XDG_CACHE_HOME`` says). They are worked out again when comments are
    coded or counted again.

    Parameters
    ----------
    of : the study whose embeddings; None: all in the user's cache.

    Returns
    -------
    The files that were removed.

    Raises
    ------
    DataProblem : it is no study, or was not read from a file: nothing is kept of it.

    Examples
    --------
    >>> import pathlib, tempfile, cxlab as cx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "survey.csv")
    ...     size = file.write_text("comment\\nfriendly\\nslow\\n")
    ...     cx.text.forget(cx.load(file))
    []
    """
    if of is None:
        folders = sorted(p for p in user_cache().glob("*") if p.is_dir())
        names = "*"
    else:
        if not isinstance(of, Study):
            raise DataProblem(f"of is {of!r}, not a study; open it first: cx.load(path), or leave it out")
        file = _file(of)
        if file is None:
            raise DataProblem(f"{of.name} was not read from a file: no embeddings are kept of it")
        folders, names = [file.parent / FOLDER, _cached(file)], _glob(file.name)
    gone = []
    for folder in folders:
        for kept in sorted(p for end in ENDS for p in folder.glob(f"{names}{end}")):
            kept.unlink()
            gone.append(kept)
        _emptied(folder)
    return gone


def _glob(name: str) -> str:
    """A pattern of the files kept of one study."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name) + ".*"


def _emptied(folder: Path) -> None:
    """Remove a folder of ours in which nothing but our own note to git is left."""
    with suppress(OSError):
        if [p.name for p in folder.iterdir()] in ([], [".gitignore"]):
            (folder / ".gitignore").unlink(missing_ok=True)
            folder.rmdir()
