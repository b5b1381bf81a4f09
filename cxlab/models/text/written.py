"""The comments of a study as they are counted: who wrote, what, under which weight."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from cxlab.data.comments import most_written, taken
from cxlab.data.sample import Sample, sample
from cxlab.data.study import Study
from cxlab.problem import DataProblem
from cxlab.stats.text.plain_text import LONGEST, normal, silent

FEW = 10
"""Comments that must stand behind anything that is shown of them."""


@dataclass(frozen=True)
class Written:
    """Comments as arrays.

    Parameters
    ----------
    column : the column of text.
    texts : (rows,) what was written, '' where nothing was.
    keys : (rows,) normal forms.
    wrote : (rows,) whether something was said: not empty, no 'nothing to add'.
    silent : how many wrote that there is nothing to add.
    sample : weights, clusters, strata and further columns of the same rows.
    notes : what was left out, in words.
    """

    column: str
    texts: list[str]
    keys: list[str]
    wrote: NDArray
    silent: int
    sample: Sample
    notes: tuple[str, ...] = ()


def written(study: Study, column: str | None, what: str, other: Sequence[str] = ()) -> Written:
    """Return the comments of a study.

    Parameters
    ----------
    column : of text; if not given that with role 'text' in which most is written.
    what : what they are needed for, in an error.
    other : further columns that come along.

    Raises
    ------
    DataProblem : no column of text, or no comment in it.
    """
    name = text_column(study, column, what)
    several = "" if column else taken(study, name)
    found = sample(study, [], other=[name, *other])
    texts = ["" if not isinstance(t, str) else t for t in found.other[name]]
    keys = [normal(t) for t in texts]
    known = nothing()
    quiet = {k: silent(k, known) for k in set(keys)}
    wrote = np.array([not quiet[k] for k in keys], bool)
    said = sum(1 for t, w in zip(texts, wrote, strict=True) if not w and t.strip())
    if not wrote.any():
        filters = ", ".join(study.filters) or "none"
        raise DataProblem(f"column '{name}' of {study.name} holds no comment; its filters: {filters}")
    long = sum(len(t) > LONGEST for t in texts)
    notes = (*found.notes, *([f"{said:,} answers say that there is nothing to add: no comments"] if said else []))
    notes += (f"{long:,} comments are longer than {LONGEST:,} characters; what follows is not read",) if long else ()
    notes += (several,) if several else ()
    return Written(name, texts, keys, wrote, said, found, notes)


def text_column(study: Study, column: str | None, what: str) -> str:
    """Return the column of comments: the one that is named, else of several the one in which most is written.

    Raises
    ------
    DataProblem : it is not there, or holds no text.
    """
    from cxlab.data.naming import named

    name = named(study, column) if column else most_written(study, what)
    field = study.field(name)
    kind = study.lazy.collect_schema()[name]
    if kind not in (nw.String, nw.Categorical, nw.Enum):
        kinds = study.lazy.collect_schema()
        texts = [c for c in study.codebook.role("text") if kinds.get(c) in (nw.String, nw.Categorical, nw.Enum)]
        have = ", ".join(texts) or "none"
        raise DataProblem(f"column '{name}' holds {kind}, not text ({field.label}); columns of text: {have}")
    return name


@cache
def nothing() -> frozenset[str]:
    """Return the answers that say there is nothing to say, in normal form."""
    table = tomllib.loads((Path(__file__).parent / "nothing.toml").read_text(encoding="utf-8"))
    return frozenset(normal(p) for phrases in table.values() for p in phrases)
