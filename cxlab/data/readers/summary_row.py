"""A last row of totals or averages below the answers: found by its word and its numbers, and left out with a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from cxlab.data.readers.raw import quoted, text

WORDS = (
    "total", "totals", "grand total", "sum", "average", "avg", "mean", "count", "n", "n=", "summe", "gesamt",
    "insgesamt", "durchschnitt", "mittelwert", "anzahl", "schnitt", "somme", "moyenne", "ensemble", "totaux", "nombre",
    "suma", "promedio", "media", "recuento", "totale", "somma", "conteggio", "soma", "média", "contagem", "totaal",
    "gemiddelde", "aantal", "som", "razem", "suma całkowita", "średnia", "ogółem", "итого", "всего", "сумма",
    "среднее", "min", "minimum", "max", "maximum", "median", "sd", "std", "std dev", "std. dev.", "standard deviation",
    "stdev", "standardabweichung", "écart-type", "desviación estándar", "mediana", "médiane", "deviazione standard",
    "σύνολο", "μέσος όρος", "άθροισμα", "πλήθος", "toplam", "ortalama", "genel toplam", "总计", "合计", "平均",
    "平均值",
    "總計", "合計", "総計", "합계", "총계", "평균", "المجموع", "الإجمالي", "المتوسط",
)  # fmt: skip
"""What such a row is called, in small letters."""

HOW = ("sum", "avg", "count", "min", "max", "median", "stddev_samp", "stddev_pop")
"""What it may hold of the numbers above."""

MOST = 6
"""So many such rows may stand below one another."""

ROUNDED = 0.51
"""How far a written number may lie from the right one, in units of its last digit."""


def without(table: duckdb.DuckDBPyRelation) -> tuple[duckdb.DuckDBPyRelation, tuple[str, ...]]:
    """Return a table in memory without its last rows where they sum up those above (totals, means ...), and a note.

    Such a row must be called so in one of `WORDS`, as no other row is, and its numbers must be all one of `HOW` of the
    numbers above them (as rounded as they are written).
    """
    rows = table.aggregate("count(*)").fetchall()[0][0]
    kinds = dict(zip(table.columns, map(str, table.types), strict=True))
    words = [c for c, kind in kinds.items() if kind == "VARCHAR"]
    numbers = [c for c, kind in kinds.items() if kind in ("BIGINT", "INTEGER", "DOUBLE")]
    if rows < 3 or not words or not numbers:
        return table, ()
    k = min(MOST, rows - 2)
    last = [dict(zip(table.columns, r, strict=True)) for r in table.limit(k, offset=rows - k).fetchall()]
    called = [_called(r, words) for r in last]
    block = next((n for n in range(k) if called[-1 - n] is None), k)
    while block and not _sums_up(table.limit(rows - block), last[k - block :], called[k - block :], numbers):
        block -= 1
    if not block:
        return table, ()
    named = [text(name) for _, name in filter(None, called[k - block :])]
    said = f"the last row, {named[0]}, sums up the rows above and is left out"
    if block > 1:
        said = f"the last {block} rows, {', '.join(named)}, sum up the rows above and are left out"
    return table.limit(rows - block), (said,)


def _called(row: Mapping[str, Any], words: Sequence[str]) -> tuple[str, str] | None:
    """Return the column and the word by which a row is called a sum of others, None where it is not."""
    filled = [(c, str(row[c]).strip()) for c in words if str(row[c] or "").strip()]
    if not filled or filled[0][1].strip(" :=").casefold() not in WORDS or any(t != filled[0][1] for _, t in filled):
        return None
    return filled[0]


def _sums_up(
    above: duckdb.DuckDBPyRelation,
    rows: Sequence[Mapping[str, Any]],
    called: Sequence[tuple[str, str] | None],
    numbers: Sequence[str],
) -> bool:
    """Whether each of the rows below ``above`` is one statistic of its numbers, and is called as no row above is."""
    for column, name in filter(None, called):
        if above.aggregate(f"count_if(trim({quoted(column)}) = {text(name)})").fetchall()[0][0]:
            return False
    asked = ", ".join(f"{how}({q})" for q in map(quoted, numbers) for how in HOW)
    told = above.aggregate(asked).fetchone()
    each = len(HOW)
    for row in rows:
        filled = [i for i, c in enumerate(numbers) if row[c] is not None]
        right = any(all(_is(float(row[numbers[i]]), told[each * i + k]) for i in filled) for k in range(each))
        if not filled or not right:
            return False
    return True


def _is(value: float, right: float | None) -> bool:
    """Whether a number is the right one, as far as its digits tell."""
    digits = len(f"{value:.10f}".rstrip("0").partition(".")[2])
    return right is not None and abs(value - float(right)) <= ROUNDED * 10.0**-digits
