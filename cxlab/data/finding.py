"""`Finding`: one thing that a check of a study found, and the counting that checks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pandas as pd

from cxlab.data.codebook import Field
from cxlab.data.study import Study


@dataclass(frozen=True)
class Finding:
    """How serious, what it is about, how many rows of how many, what to do, and the condition of the rows.

    ``level``: 'serious' (results are wrong until it is dealt with), 'look' (may be right; decide) or 'fine'.
    ``rows``: the Narwhals condition of the rows concerned, on `Study.frame`; None where no single rows are. Of repeated
    ids it is that there is one: `cxlab.data.row_order` tells which are repeated.
    """

    level: str
    check: str
    question: str
    n: int
    of: int
    finding: str
    action: str
    rows: nw.Expr | None = None


def asked(study: Study) -> list[Field]:
    """Return the outcomes and touchpoints with a scale that are in the table, in order."""
    there = set(study.columns)
    return [f for f in study.codebook if f.role in ("outcome", "touchpoint") and f.scale and f.name in there]


def collected(frame: nw.LazyFrame) -> pd.DataFrame:
    return frame.collect().to_pandas()


def total(rows: nw.Expr, name: str) -> nw.Expr:
    """Return the aggregate that counts the rows where a condition holds."""
    return rows.cast(nw.Int64).sum().alias(name)


def counts(frame: nw.LazyFrame, conditions: Sequence[nw.Expr]) -> list[int]:
    """Return how many rows each condition concerns, in one scan."""
    if not conditions:
        return []
    found = collected(frame.select(*[total(c, f"c{i}") for i, c in enumerate(conditions)])).fillna(0)
    return [int(v) for v in found.iloc[0]]


def count(study: Study, rows: nw.Expr) -> int:
    """Return how many rows of a study a condition concerns."""
    return counts(study.frame, [rows])[0]


def filled(name: str) -> nw.Expr:
    return ~nw.col(name).is_null()


def together(how: Callable[..., nw.Expr], parts: Sequence[nw.Expr], **options: Any) -> nw.Expr:
    """Return ``how`` (all, any, max, min or sum of columns) of many parts as a shallow tree, as engines need it."""
    parts = list(parts)
    while len(parts) > 40:
        parts = [how(*parts[i : i + 40], **options) for i in range(0, len(parts), 40)]
    return how(*parts, **options)


def length(frame: nw.LazyFrame) -> int:
    return int(collected(frame.select(nw.len().alias("n")))["n"].iloc[0])
