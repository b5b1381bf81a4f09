"""A last row of totals or averages below the answers: found by its word and its numbers, and left out with a note."""

from __future__ import annotations

import duckdb

from cxlab.data.readers.raw import quoted, text

WORDS = (
    "total", "totals", "grand total", "sum", "average", "avg", "mean", "count", "n", "n=", "summe", "gesamt",
    "insgesamt", "durchschnitt", "mittelwert", "anzahl", "schnitt", "somme", "moyenne", "ensemble", "totaux", "nombre",
    "suma", "promedio", "media", "recuento", "totale", "somma", "conteggio", "soma", "média", "contagem", "totaal",
    "gemiddelde", "aantal", "som", "razem", "suma całkowita", "średnia", "ogółem", "итого", "всего", "сумма",
    "среднее",
    "σύνολο", "μέσος όρος", "άθροισμα", "πλήθος", "toplam", "ortalama", "genel toplam", "总计", "合计", "平均",
    "平均值",
    "總計", "合計", "総計", "합계", "총계", "평균", "المجموع", "الإجمالي", "المتوسط",
)  # fmt: skip
"""What such a row is called, in small letters."""

ROUNDED = 0.51
"""How far a written number may lie from the right one, in units of its last digit."""


def without(table: duckdb.DuckDBPyRelation) -> tuple[duckdb.DuckDBPyRelation, tuple[str, ...]]:
    """Return a table in memory without its last row where that is the total, mean or count of those above, and a note.

    The row must be called so in one of `WORDS`, as no other row is, and its numbers must be all totals, all means or
    all counts of the numbers above them (as rounded as they are written).
    """
    rows = table.aggregate("count(*)").fetchall()[0][0]
    kinds = dict(zip(table.columns, map(str, table.types), strict=True))
    words = [c for c, kind in kinds.items() if kind == "VARCHAR"]
    numbers = [c for c, kind in kinds.items() if kind in ("BIGINT", "INTEGER", "DOUBLE")]
    if rows < 3 or not words or not numbers:
        return table, ()
    last = dict(zip(table.columns, table.limit(1, offset=rows - 1).fetchone(), strict=True))
    called = [str(last[c]).strip() for c in words if str(last[c] or "").strip()]
    if not called or called[0].strip(" :=").casefold() not in WORDS or any(c != called[0] for c in called):
        return table, ()
    named = next(c for c in words if str(last[c] or "").strip())
    above = table.limit(rows - 1)
    if above.aggregate(f"count_if(trim({quoted(named)}) = {text(called[0])})").fetchall()[0][0]:
        return table, ()
    told = above.aggregate(", ".join(f"sum({q}), avg({q}), count({q})" for q in map(quoted, numbers))).fetchone()
    filled = [i for i, c in enumerate(numbers) if last[c] is not None]
    if not filled or not any(all(_is(float(last[numbers[i]]), told[3 * i + k]) for i in filled) for k in range(3)):
        return table, ()
    return above, (f"the last row, {text(called[0])}, sums up the rows above and is left out",)


def _is(value: float, right: float | None) -> bool:
    """Whether a number is the right one, as far as its digits tell."""
    digits = len(f"{value:.10f}".rstrip("0").partition(".")[2])
    return right is not None and abs(value - float(right)) <= ROUNDED * 10.0**-digits
