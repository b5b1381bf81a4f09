"""`pivot`: a table with a row an answer becomes one with a row a respondent."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from cxlab.data.layouts import Long, long_layout
from cxlab.data.profile import profile
from cxlab.data.readers.raw import Raw, quoted, text
from cxlab.problem import DataProblem, unknown

MOST = 1000
"""More questions than this are no questions but answers or ids."""


@dataclass(frozen=True)
class Wide:
    """The table with a row a respondent, how it was read, and the columns that were left out because they vary."""

    table: duckdb.DuckDBPyRelation
    layout: Long
    questions: tuple[str, ...]
    left_out: tuple[str, ...]


def pivot(raw: Raw, *, who: str = "", question: str = "", answer: str = "") -> Wide:
    """Return a table with a row an answer as one with a row a respondent.

    Parameters
    ----------
    who, question, answer : the columns that say who answered which question with what; found by names and values when
        left out. Other columns stay where they have one value a respondent.

    Raises
    ------
    DataProblem : the columns are not found, or somebody answered a question twice.
    """
    names = raw.table.columns
    for given in (n for n in (who, question, answer) if n and n not in names):
        raise unknown("column", given, "the table", names)
    found = long_layout(profile(raw)) if not (who and question and answer) else None
    layout = Long(who or (found.who if found else ""), question or (found.question if found else ""),
                  answer or (found.answer if found else ""))  # fmt: skip
    if not (layout.who and layout.question and layout.answer):
        raise DataProblem(
            "no columns are called like who answered, which question and what; name them: --who, --question, --answer. "
            f"There are: {', '.join(names[:20])}"
        )
    w, q, a = (quoted(n) for n in (layout.who, layout.question, layout.answer))
    questions = _questions(raw.table, q)
    if len(questions) > MOST:
        said = f"'{layout.question}' has more than {MOST:,} values"
        raise DataProblem(f"{said}; give the column of questions: --question")
    _check_once(raw.table, layout)
    others = [n for n in names if n not in (layout.who, layout.question, layout.answer)]
    kept, left_out = _constant(raw.table, w, others)
    clash = sorted({*questions} & {layout.who, *kept})
    if clash:
        raise DataProblem(f"questions and columns share the names {', '.join(clash)}; rename the columns first")
    cells = [f"max({a}) filter (where {q}::varchar = {text(x)}) as {quoted(x)}" for x in questions]
    more = [f"any_value({quoted(n)}) as {quoted(n)}" for n in kept]
    sql = f"select {', '.join([w, *more, *cells])} from _rows where {w} is not null group by {w} order by {w}"
    return Wide(raw.table.query("_rows", sql), layout, tuple(questions), tuple(left_out))


def _questions(table: duckdb.DuckDBPyRelation, question: str) -> list[str]:
    """Return the questions in the order in which they first occur."""
    numbered = "select *, row_number() over () as _cxlab_row from _rows"
    sql = f"select {question}::varchar, min(_cxlab_row) from ({numbered}) where {question} is not null group by 1"
    return [str(r[0]) for r in table.query("_rows", f"{sql} order by 2 limit {MOST + 1}").fetchall()]


def _check_once(table: duckdb.DuckDBPyRelation, layout: Long) -> None:
    w, q = quoted(layout.who), quoted(layout.question)
    sql = f"select {w}, {q}, count(*) from _rows group by 1, 2 having count(*) > 1 limit 1"
    if twice := table.query("_rows", sql).fetchone():
        raise DataProblem(
            f"'{twice[1]}' is answered {twice[2]} times by one {layout.who}; a row a respondent holds one answer a "
            "question: take the repeats out, or give another column of who answered: --who"
        )


def _constant(table: duckdb.DuckDBPyRelation, who: str, names: list[str]) -> tuple[list[str], list[str]]:
    """Return the columns that have at most one value a respondent, and the others."""
    if not names:
        return [], []
    each = ", ".join(f"count(distinct {quoted(n)}) as c{i}" for i, n in enumerate(names))
    most = ", ".join(f"max(c{i})" for i in range(len(names)))
    told = table.query("_rows", f"select {most} from (select {each} from _rows group by {who})").fetchone()
    kept = [n for n, k in zip(names, told, strict=True) if (k or 0) <= 1]
    return kept, [n for n in names if n not in kept]
