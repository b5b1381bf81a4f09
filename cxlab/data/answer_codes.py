"""Answers as the codebook codes them: values as labels name them, missing codes as null, options of a question."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw

from cxlab.data.codebook import Field, code


def key(value: Any) -> str:
    """Return a value as it stands in the labels of a codebook."""
    return f"{value:.12g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def among(x: nw.Expr, values: Iterable[Any]) -> nw.Expr:
    """Return whether ``x`` is one of ``values``, compared one by one: engines differ in whether 5 is in [5.0]."""
    return reduce(or_, (x == v for v in values)) if values else nw.lit(False)


def answer(field: Field) -> nw.Expr:
    """The column of a field with its missing codes as null."""
    x, codes = nw.col(field.name), _codes(field)
    return nw.when(~among(x, codes)).then(x).alias(field.name) if codes else x


def _codes(field: Field) -> list[Any]:
    """Return the missing codes as they stand in the column; a text cannot stand in a column of numbers."""
    codes = [code(c, field.type) for c in field.missing]
    return [c for c in codes if field.type not in ("integer", "number") or not isinstance(c, str)]


def option(question: Field, column: str) -> Field:
    """Return the field of one option of a multiple-response question: 1 ticked, 0 not."""
    title = question.labels.get(column, column)
    return Field(column, title=title, type="integer", role="segment", labels={"1": "ticked", "0": "not"})
