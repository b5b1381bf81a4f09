"""Bring a table to its codebook: text to numbers, ticked options to 0 and 1; what cannot be read is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping

import duckdb

from cxlab.data import coding, layouts, wording
from cxlab.data.codebook import Codebook, Field
from cxlab.data.masking import quotable
from cxlab.data.readers.raw import quoted, text
from cxlab.data.wording import NOTHING
from cxlab.problem import DataProblem, nearest

SAMPLE = 20_480
"""Rows looked at to learn how a column is written."""

NUMERIC = ("integer", "number")
NOT_TICKED = ("", "n", "no", "0", "false", "nein", "non", "unchecked", "not selected", "нет", "όχι",
              *layouts.NO)  # fmt: skip
UNANSWERED = ("-99", "-99.0")
"""What platforms write where an option was seen and not ticked; alone it is no answer."""


def conform(
    table: duckdb.DuckDBPyRelation, book: Codebook, *, name: str, strict: bool = True, guessed: bool = False
) -> tuple[duckdb.DuckDBPyRelation, tuple[str, ...]]:
    """Return ``table`` with the columns as ``book`` declares them, and what was changed, in words.

    ``strict=False`` leaves text that cannot be read as it is. ``guessed`` says that the codebook was inferred from the
    first rows: texts beyond them that do not fit are no answers, and are said.

    Raises
    ------
    DataProblem : a column is declared a number and holds text that no rule reads and no missing code covers.
    """
    kinds = dict(zip(table.columns, map(str, table.types), strict=True))
    changes: dict[str, str] = {}
    said: list[str] = []
    read: dict[str, coding.Coding] = {}
    for field in book:
        if field.columns:
            changes |= _ticks(table, field, kinds)
        elif kinds.get(field.name) == "VARCHAR" and field.type in NUMERIC:
            found = _numbers(table, field, name, strict)
            if found is not None:
                changes[field.name], read[field.name] = found.expression(field.name), found
                said.append(f"{field.name}: {described(found)}")
        elif field.type == "string" and kinds.get(field.name) in ("BIGINT", "DOUBLE", "INTEGER"):
            changes[field.name] = f"cast({quoted(field.name)} as varchar)"
    if not changes:
        return table, ()
    for column, texts in _late(table, read).items():
        if strict and not guessed:
            raise _text_among(column, name, "a number", texts)
        changes[column] = f"try({changes[column]})"
        rows = sum(texts.values())
        said.append(f"{column}: {rows:,} texts beyond the first {SAMPLE:,} rows are no answers: {_quoted(texts)}")
    kept = [f"{changes.get(c, quoted(c))} as {quoted(c)}" for c in table.columns]
    added = [f"{sql} as {quoted(c)}" for c, sql in changes.items() if c not in kinds]
    return table.project(", ".join((*kept, *added))), tuple(said)


def described(found: coding.Coding) -> str:
    """Return in words how a text column is read."""
    nothing = f"; no answer: {', '.join(repr(quotable(t)) for t in found.nothing)}" if found.nothing else ""
    codes = ", ".join(f"'{quotable(t)}' = {c:g}" for t, c in sorted(found.codes.items(), key=lambda x: x[1]))
    return f"text read as {found.how}{f' ({codes})' if codes else ''}{nothing}"


def values(table: duckdb.DuckDBPyRelation, column: str, most: int = SAMPLE) -> dict[str, int]:
    """Return text → how often in the first `SAMPLE` rows of a column, the most frequent first."""
    asked = (
        f"select trim(cast({quoted(column)} as varchar)), count(*) from _rows where {quoted(column)} is not null "
        f"group by 1 order by 2 desc, 1 limit {most}"
    )
    return dict(table.limit(SAMPLE).query("_rows", asked).fetchall())


def _numbers(table: duckdb.DuckDBPyRelation, field: Field, name: str, strict: bool) -> coding.Coding | None:
    seen = values(table, field.name)
    labels = {**field.labels, **(field.scale.labels if field.scale else {})}
    found = coding.read(seen, labels, field.missing)
    if any(re.match(r"\d{19}", t) for t in seen):
        return None  # identifiers longer than a whole number of 64 bits stay text: as numbers several become one
    if (labels or found is None) and (told := _yes_no(seen, labels, field)) is not None:
        return told
    if found is not None or not seen:
        return found or coding.Coding("numbers")
    odd = [t for t in coding.odd(seen) if t.casefold() not in {k.casefold() for k in field.missing}]
    if not odd:
        return coding.Coding("numbers", nothing=tuple(sorted(field.missing)))
    if not strict:
        return None
    raise _text_among(field.name, name, field.type, {t: seen[t] for t in odd})


def _yes_no(seen: Mapping[str, int], labels: Mapping[str, str], field: Field) -> coding.Coding | None:
    """Return the reading of yes as 1 and no as 0, in any language, where the codebook has no other codes for them."""
    gone = {k.casefold() for k in (*field.missing, *field.missing.values())}
    nothing = tuple(t for t in seen if t.casefold() in (*gone, *NOTHING) or wording.no_answer(t))
    answers = [t for t in seen if t not in nothing]
    coded = {c: wording.yes(t) for c, t in labels.items() if c not in field.missing}
    if field.scale or None in map(wording.yes, answers) or coded and coded != {"1": True, "0": False} or not answers:
        return None
    yes, no = (", ".join(text(w) for w in sorted({x for w in words for x in (w, w.replace("ı", "i"))}))
               for words in (wording.YES, wording.NO))  # fmt: skip
    sql = f"case when lower({{0}}) in ({yes}) then 1 when lower({{0}}) in ({no}) then 0 else cast({{0}} as double) end"
    return coding.Coding("yes = 1 and no = 0", sql, nothing=nothing)


def _text_among(column: str, name: str, kind: str, texts: Mapping[str, int]) -> DataProblem:
    return DataProblem(
        f"column '{column}' of {name} is declared {kind}, but holds text: {_quoted(texts)}. Correct the data, "
        "declare these texts as missing codes or labels, or declare the column as string"
    )


def _quoted(texts: Mapping[str, int]) -> str:
    shown = ", ".join(f"'{quotable(t)}' ({n:,}×)" for t, n in list(texts.items())[:5])
    return shown + (", ..." if len(texts) > 5 else "")


def _late(table: duckdb.DuckDBPyRelation, read: Mapping[str, coding.Coding]) -> dict[str, dict[str, int]]:
    """Return column → text → rows for texts beyond the first rows that its coding does not read, in one scan."""
    if not read or table.limit(1, offset=SAMPLE).fetchone() is None:
        return {}
    nothing = ", ".join(text(t) for t in NOTHING)
    asked = ", ".join(
        f"histogram(trim({quoted(c)})) filter (try({found.expression(c)}) is null "
        f"and lower(trim({quoted(c)})) not in ({', '.join([nothing, *(text(t.lower()) for t in found.nothing)])}))"
        for c, found in read.items()
    )
    told = table.aggregate(asked).fetchone()
    return {c: dict(sorted(t.items(), key=lambda x: -x[1])) for c, t in zip(read, told, strict=True) if t}


def _ticks(table: duckdb.DuckDBPyRelation, field: Field, kinds: Mapping[str, str]) -> dict[str, str]:
    """Return SQL for each option of a multiple-response question: 1 ticked, 0 not, null when nothing was answered."""
    there = [c for c in field.columns if c in kinds]
    if len(there) == len(field.columns):
        if all(kinds[c] in ("BIGINT", "INTEGER", "BOOLEAN", "TINYINT") and _both(table, c) for c in there):
            return {}
        cells = {c: f"lower(coalesce(trim(cast({quoted(c)} as varchar)), ''))" for c in there}
        seen, no = (", ".join(map(text, known)) for known in (("", *UNANSWERED), NOT_TICKED))
        asked = "true" if field.unticked else " or ".join(f"{cell} not in ({seen})" for cell in cells.values())
        own = {c: text(field.labels.get(c, c).strip().lower()) for c in there}
        ticks = {c: f"case when {cell} in ({no}) and {cell} <> {own[c]} then 0 else 1 end" for c, cell in cells.items()}
        return {c: f"case when {asked} then {tick} end" for c, tick in ticks.items()}
    if field.name not in kinds:
        return {}
    whole = quoted(field.name)
    nobody = "0" if field.unticked else "null"
    return {c: _within(whole, field.labels.get(c, c), field.separator, nobody) for c in field.columns}


def _both(table: duckdb.DuckDBPyRelation, column: str) -> bool:
    return set(values(table, column, 3)) in ({"0", "1"}, {"true", "false"})


def _within(cell: str, option: str, separator: str, nobody: str) -> str:
    """Return SQL: whether one cell of several options has this one; ``nobody`` where the cell is empty.

    Options are compared with what stands between separators, so that commas within an option do no harm.
    """
    joint = {"": "[;,]", " ": r"\s", "\n": r"[\r\n]", "\t": r"\t"}.get(separator) or re.escape(separator.strip())
    between = text(rf"\s*(?:{joint})+\s*")
    padded = f"concat(chr(31), regexp_replace(trim(cast({cell} as varchar)), {between}, chr(31), 'g'), chr(31))"
    parts = re.split(rf"\s*(?:{joint})+\s*", option.strip())
    wanted = f"concat(chr(31), {', chr(31), '.join(map(text, parts))}, chr(31))"
    holds = f"cast(contains({padded}, {wanted}) as integer)"
    return f"case when trim(coalesce(cast({cell} as varchar), '')) <> '' then {holds} else {nobody} end"


def check_columns(book: Codebook, columns: list[str], name: str) -> None:
    """Raise `DataProblem` for columns that the codebook declares and the table lacks."""
    lost = absent(book, columns)
    if lost:
        hints = "".join(f"{nearest(n, columns)}" for n in lost[:1])
        raise DataProblem(
            f"{name} lacks {'a column' if len(lost) == 1 else f'{len(lost)} columns'} that the codebook declares: "
            f"{', '.join(lost[:10])}{hints or '.'} There are: {', '.join(columns[:20])}"
            + (f", ... ({len(columns)} in all)" if len(columns) > 20 else "")
        )


def absent(book: Codebook, columns: list[str]) -> list[str]:
    """Return the columns that ``book`` declares and the table has not; an option may stand in its question's cell."""
    there = set(columns)
    return [c for f in book for c in (f.columns or (f.name,)) if c not in there and not (f.columns and f.name in there)]
