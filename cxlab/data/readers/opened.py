"""Where every table is opened: NaN and infinite numbers become no answer, times lose their zone, nothing is left mixed.

DuckDB orders NaN above every number and leaves it out of a Parquet file's statistics; pandas takes it for null; Arrow
and polars tell the two apart. After this place no engine meets one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa

from cxlab.data.readers.raw import plain, quoted

FLOATS = ("FLOAT", "DOUBLE")
LONG = ("HUGEINT", "UHUGEINT", "UBIGINT")
EDGE = 2**63 - 1
ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def relation(
    table: duckdb.DuckDBPyRelation, *, held: bool = False, look: duckdb.DuckDBPyRelation | None = None
) -> tuple[duckdb.DuckDBPyRelation, tuple[str, ...]]:
    """Return a DuckDB table with finite numbers, -0 as 0 and times in UTC without a zone, and notes on what changed.

    One scan of the columns that may hold infinite values counts them.

    Parameters
    ----------
    held : whether the rows are in memory: columns in which nothing is to change then stay as they are.
    look : the first rows, where counting infinite values in all costs a scan of a large file.
    """
    kinds = dict(zip(table.columns, map(str, table.types), strict=True))
    floats = [c for c, kind in kinds.items() if kind in FLOATS]
    zoned = [c for c, kind in kinds.items() if kind in ZONED]
    long = [c for c, kind in kinds.items() if kind in LONG]
    if not floats and not zoned and not long:
        return table, ()
    far, odd = _odd(table if look is None else look, floats)
    finite = [c for c in floats if not held or odd[c]]
    changed = {c: f"case when isfinite({quoted(c)}) then {quoted(c)} + 0 end as {quoted(c)}" for c in finite}
    changed |= {c: f"timezone('UTC', {quoted(c)}) as {quoted(c)}" for c in zoned}
    changed |= {c: f"{_short(table, c)} as {quoted(c)}" for c in long}
    notes = (*infinite(far), *in_utc(zoned))
    return (table.project(", ".join(changed.get(c, quoted(c)) for c in kinds)) if changed else table), notes


def _odd(table: duckdb.DuckDBPyRelation, floats: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Return by column how many values are infinite, and how many are that, NaN or -0."""
    if not floats:
        return {}, {}
    odd = "not isfinite({0}) or {0} = 0 and signbit({0})"
    asked = [f"count_if(isinf({quoted(c)}))" for c in floats]
    asked += [f"count_if({odd.format(quoted(c))})" for c in floats]
    told = table.aggregate(", ".join(asked)).fetchall()[0]
    half = len(floats)
    return dict(zip(floats, told[:half], strict=True)), dict(zip(floats, told[half:], strict=True))


def _short(table: duckdb.DuckDBPyRelation, column: str) -> str:
    """Return SQL for whole numbers of 128 bits: of 64 bits where they fit, else texts, so that no two become one."""
    x = quoted(column)
    fits = table.aggregate(f"coalesce(bool_and({x} between -{EDGE} and {EDGE}), true)").fetchall()[0][0]
    return f"cast({x} as {'bigint' if fits else 'varchar'})"


def in_utc(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the note on times that had a zone, none where there are none."""
    listed = ", ".join(f"'{c}'" for c in columns[:10]) + (", ..." if len(columns) > 10 else "")
    return (f"times are in UTC: {listed}",) if columns else ()


def _infinities(table: duckdb.DuckDBPyRelation, floats: list[str]) -> tuple[int, ...]:
    return table.aggregate(", ".join(f"count_if(isinf({quoted(c)}))" for c in floats)).fetchall()[0]


def frame(table: Any) -> tuple[Any, tuple[str, ...]]:
    """Return a table of any engine that Narwhals reads as `relation` makes one of DuckDB, and notes.

    Columns of one engine's making are brought to what all have: columns of nothing but null are numbers, exact decimals
    are floats, and where pandas holds numbers and texts in one column all of them are texts.
    """
    if isinstance(table, duckdb.DuckDBPyRelation):
        return relation(table)
    found = nw.from_native(_unmixed(table))
    schema = found.collect_schema()
    floats = [c for c, kind in schema.items() if kind.is_float()]
    odd = floats if isinstance(found, nw.LazyFrame) else [c for c in floats if _not_finite(found[c])]
    counts = _counted(found, odd)
    changes = [_finite(c) for c in odd]
    changes += [nw.col(c).cast(nw.Float64) for c, kind in schema.items() if isinstance(kind, nw.Decimal)]
    zoned = [c for c, kind in schema.items() if getattr(kind, "time_zone", None)]
    changes += [nw.col(c).dt.convert_time_zone("UTC").dt.replace_time_zone(None) for c in zoned]
    nothing = [c for c, kind in schema.items() if isinstance(kind, nw.Unknown) and _all_null(found, c)]
    changes += [nw.lit(None).cast(nw.Float64).alias(c) for c in nothing]
    if changes:
        found = found.with_columns(*changes)
    stars = {c: plain(c) for c in schema if c.strip() == "*"}  # to polars and DuckDB a star is every column
    if stars:
        found = found.rename(stars)
    return nw.to_native(found), (*infinite(counts), *in_utc(zoned))


def infinite(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the note on infinite values by column, none where there are none."""
    some = {c: n for c, n in counts.items() if n}
    if not some:
        return ()
    each = ", ".join(f"{n:,} of '{c}'" for c, n in list(some.items())[:10]) + (", ..." if len(some) > 10 else "")
    return (f"infinite values are no answers: {each}",)


def _not_finite(column: nw.Series) -> bool:
    """Whether a column in memory holds NaN that is not null, an infinite number, or -0."""
    values = column.drop_nulls()
    if not values.is_finite().all():
        return True
    zero = values.filter(values == 0)
    return bool(len(zero)) and bool((1.0 / zero < 0).any())


def _counted(found: nw.DataFrame | nw.LazyFrame, columns: list[str]) -> dict[str, int]:
    if not columns:
        return {}
    far = {c: (nw.col(c).abs() == float("inf")).cast(nw.Int64).sum().alias(f"n{i}") for i, c in enumerate(columns)}
    told = found.lazy().select(*far.values()).collect("pyarrow").to_native().to_pylist()[0]
    return {c: int(told[f"n{i}"] or 0) for i, c in enumerate(columns)}


def _finite(column: str) -> nw.Expr:
    """The finite numbers of a column, -0 as 0."""
    x = nw.col(column)
    return nw.when(x.is_finite()).then(nw.when(x == 0).then(nw.lit(0.0)).otherwise(x)).alias(column)


def _all_null(found: nw.DataFrame | nw.LazyFrame, column: str) -> bool:
    return not found.lazy().filter(~nw.col(column).is_null()).head(1).collect("pyarrow").shape[0]


def _unmixed(table: Any) -> Any:
    """Return a pandas table in which no column holds several types; other tables as they are."""
    if not type(table).__module__.startswith("pandas") or not hasattr(table, "columns"):
        return table
    mixed = {c: v for c in table.columns if table[c].dtype == object and (v := _of_one_type(table[c])) is not None}
    return table.assign(**mixed) if mixed else table


def flat(table: Any) -> Any:
    """Return a pandas table with the numbers of its rows as index: a named index becomes columns, another is dropped.

    >>> import pandas as pd
    >>> t = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})
    >>> flat(t[t["a"] > 1]).index.tolist(), flat(t.set_index("a")).columns.tolist(), flat(t) is t
    ([0, 1], ['a', 'b'], True)
    """
    if not type(table).__module__.startswith("pandas") or not hasattr(table, "columns"):
        return table
    index = table.index
    named = [n for n in index.names if n is not None and n not in table.columns]
    if type(index).__name__ == "RangeIndex" and not named and (index.start, index.step) == (0, 1):
        return table
    gone = [i for i, n in enumerate(index.names) if n not in named]
    table = table.reset_index(level=gone, drop=True) if gone else table
    return table.reset_index() if named else table


def _of_one_type(column: Any) -> Any:
    """Return an object column of pandas as numbers or times, or as texts where it holds several kinds; None where it
    stays as it is."""
    kinds = {type(v) for v in column.dropna()}
    if kinds and all(issubclass(k, date) for k in kinds):  # days, and times of several zones
        import pandas as pd

        return pd.to_datetime(column, utc=True, errors="coerce") if kinds != {date} else pd.to_datetime(column)
    if kinds == {int} and column.dropna().abs().max() > EDGE:
        return column.map(str, na_action="ignore").astype("string[pyarrow]")
    if kinds <= {bool, np.bool_} and kinds:
        return column.astype("boolean")
    if len(kinds) == 1 and kinds != {Decimal} or not kinds:
        return None
    if all(issubclass(k, (int, float, Decimal)) and k is not bool for k in kinds):
        return column.map(float, na_action="ignore").astype(float)
    return column.map(written, na_action="ignore").astype("string[pyarrow]")


def written(value: Any) -> str:
    """Return a cell as text, whole numbers without a decimal point.

    >>> written(5.0), written(2.5), written("n/a")
    ('5', '2.5', 'n/a')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def arrow(table: pa.Table) -> pa.Table:
    """Return an Arrow table that DuckDB takes: columns of nothing but null are numbers without answers."""
    for i, column in enumerate(table.schema):
        if pa.types.is_null(column.type):
            table = table.set_column(i, column.name, table.column(i).cast(pa.float64()))
    return table
