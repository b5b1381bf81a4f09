"""Rows of contacts or purchases as customers and days."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from cxlab.data.study import Study
from cxlab.models.loyalty.spells import there
from cxlab.problem import DataProblem
from cxlab.stats.counts.fetched import fetched


def day(name: str, text: str) -> dt.date:
    """Return a day written as text.

    >>> day("until", "2025-06-30").month
    6
    """
    try:
        return dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        raise DataProblem(f"{name} is {text!r}; write a day as '2025-06-30'") from None


def purchase_days(study: Study, customer: str, date: str, amount: str = "") -> tuple[pd.DataFrame, int]:
    """Return ``who, day`` (and ``amount``, summed), one row a customer and day, and how many rows lack either.

    Parameters
    ----------
    customer, date : columns. ``amount`` : column of what was spent.
    """
    for name in (customer, date, *([amount] if amount else [])):
        there(study, name)
    columns = [customer, date, *([amount] if amount else [])]
    rows, sums = study.answers(columns), [nw.len().alias("_rows")]
    if amount:
        spent = nw.col(amount).cast(nw.Float64)
        rows = rows.with_columns(
            _amount=spent, _none=nw.col(amount).is_null().cast(nw.Int64), _back=(spent < 0).cast(nw.Int64)
        )
        sums += [nw.col("_amount").sum(), nw.col("_none").sum(), nw.col("_back").sum()]
    table = fetched(rows.group_by(customer, date).agg(*sums), study.name, grouped=True).to_pandas()
    when = pd.to_datetime(table[date], errors="coerce", format=None if table[date].dtype.kind == "M" else "ISO8601")
    known = when.notna() & table[customer].notna()
    lost = int(table["_rows"][~known].sum())
    if not known.any():
        raise DataProblem(f"'{date}' of {study.name} holds no days; they read like 2025-06-30")
    out = pd.DataFrame({"who": table[customer][known], "day": when[known].dt.normalize()})
    if not amount:
        return out.drop_duplicates(ignore_index=True), lost
    none = int(table["_none"][known].sum())
    if none:
        raise DataProblem(f"{none:,} rows of {study.name} have no '{amount}'; fill them, or leave the rows out")
    if back := int(table["_back"][known].fillna(0).sum()):
        raise DataProblem(f"{back:,} rows of {study.name} have a '{amount}' below 0; a return is no purchase: leave "
                          "the rows out with study.where")  # fmt: skip
    out = out.assign(amount=table["_amount"][known].astype(float))
    return out.groupby(["who", "day"], as_index=False, sort=False)["amount"].sum(), lost
