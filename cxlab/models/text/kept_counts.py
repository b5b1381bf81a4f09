"""What was counted of the texts of a study, kept beside its embeddings: counts alone, never a text or a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cxlab.data.locations import PACKAGE, apart
from cxlab.data.study import Study
from cxlab.models.text import kept_embeddings

MANY = 2_000
"""Texts from which counts are kept; of fewer they are made in a moment."""

KEPT = 8
"""Sets of texts (filters, waves) of which counts are kept, the last ones asked for."""

RULES = ("models/text", "stats/text", "data/masking.py", "data/greetings.py")
"""Modules that decide what is counted: where one has changed, nothing that was kept is used."""

LIBRARIES = ("py3langid", "simplemma")


def counted(study: Study, texts: Sequence[str], make: Callable[[], Any]) -> Any:
    """Return what ``make`` returns of these texts (what JSON can hold), from where it is kept if it was made before.

    Parameters
    ----------
    study : whose texts they are; of one without a file nothing is kept. ``texts`` : all that the counts depend on.
    """
    folder = kept_embeddings.place(study) if len(texts) >= MANY else None
    if folder is None or not study.source:
        return make()
    file = folder / f"{Path(apart(study.source)[0]).name}.counts.json"
    known, key = _read(file), _key(texts)
    if key in known:
        return known[key]
    made = json.loads(json.dumps(make()))
    known = {key: made, **known}
    with suppress(OSError):  # where nothing can be written, nothing is kept
        _write(file, dict(list(known.items())[:KEPT]))
    return made


def _key(texts: Sequence[str]) -> str:
    seen = hashlib.blake2b(_rules().encode(), digest_size=16)
    for t in texts:
        seen.update(t.encode("utf-8", "surrogatepass") + b"\0")
    return seen.hexdigest()


@cache
def _rules() -> str:
    """A fingerprint of the rules: of our modules and word lists, and of the libraries."""
    seen = hashlib.blake2b(digest_size=16)
    for place in RULES:
        at = PACKAGE / place
        for file in sorted(p for p in at.iterdir() if p.suffix in (".py", ".toml")) if at.is_dir() else [at]:
            seen.update(file.read_bytes())
    for library in LIBRARIES:
        try:
            seen.update(f"{library} {version(library)}".encode())
        except PackageNotFoundError:
            seen.update(f"no {library}".encode())
    return seen.hexdigest()


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # a torn file is counted again
    return found if isinstance(found, dict) else {}


def _write(file: Path, known: dict[str, Any]) -> None:
    with kept_embeddings.whole(file) as part:
        part.write_text(json.dumps(known), encoding="utf-8")
