"""`described`: what a dictionary (a second sheet or file) says of the questions and codes of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cxlab.data import readers
from cxlab.data.codebook import Codebook
from cxlab.data.locations import placed
from cxlab.data.readers.raw import Raw
from cxlab.problem import DataProblem

COLUMN = (
    r"^(variable|var|column|field|name|question.?(id|code|name|no|number)?|item|code.?name|frage|spalte|feld|champ"
    r"|colonne)"
)
CODE = r"^(code|value|wert|key|valeur|codes|answer.?code|option.?code|numeric)"
WORDS = (
    r"label|text|wording|description|meaning|question|title|bedeutung|beschreibung|libell|frage|answer|option|etikett"
)
"""How the headings of dictionaries begin (or, for words, what they hold)."""


def described(raw: Raw, dictionary: str, path: Path) -> Raw:
    """Return ``raw`` with the wordings and labels of its dictionaries in its facts.

    Parameters
    ----------
    raw : the table.
    dictionary : files, or sheets of the workbook at ``path``, separated by ``;``. One that has a row a question holds
        its name and its wording; one that has a row a code holds the question's name, the code and its label.

    Raises
    ------
    DataProblem : there is no such file or sheet, or it speaks of no column of the table.
    """
    for one in filter(None, (part.strip() for part in dictionary.split(";"))):
        facts = _facts(one, path, set(raw.table.columns))
        merged = {name: {**raw.facts.get(name, {}), **facts.get(name, {})} for name in {**raw.facts, **facts}}
        words = sum("question" in f for f in facts.values())
        labels = sum(len(f.get("labels", ())) for f in facts.values())
        said = f"dictionary '{Path(one).name}': {words} wordings, {labels} labels of codes"
        raw = replace(raw, facts=merged, notes=(*raw.notes, said))
    return raw


def worded(book: Codebook, raw: Raw) -> Codebook:
    """Return ``book`` with the wordings and labels of the table's dictionaries where it has none."""
    if not any(n.startswith("dictionary ") for n in raw.notes):
        return book
    fields = []
    for f in book:
        told = raw.facts.get(f.name, {})
        title = f.title if f.title not in ("", f.name) else told.get("title", f.title)
        f = replace(f, title=title, question=f.question or told.get("question", ""))
        if f.scale is not None and not f.scale.labels and "labels" in told:
            labels = {c: t for c, t in told["labels"].items() if c not in f.missing}
            f = replace(f, scale=replace(f.scale, labels=labels))
        elif f.scale is None and not f.labels and not f.columns and "labels" in told:
            f = replace(f, labels=dict(told["labels"]))
        fields.append(f)
    return replace(book, fields=tuple(fields))


def _facts(one: str, path: Path, columns: set[str]) -> dict[str, dict[str, Any]]:
    """Return column → facts of one dictionary."""
    rows, head = _rows(one, path)
    by_name = {c.casefold(): c for c in columns}
    known = {h: sum(_text(r[h]).casefold() in by_name for r in rows) for h in head}
    named = max(head, key=lambda h: (known[h], bool(re.search(COLUMN, h, re.I))))
    if not known[named]:
        raise DataProblem(
            f"dictionary '{one}' names no column of {path.name}; it needs a column with their names, "
            f"and has: {', '.join(h[:40] for h in head[:20])}. The data have: {', '.join(sorted(columns)[:10])}"
        )
    rest = [h for h in head if h != named]
    code = next((h for h in rest if re.search(CODE, h.strip(), re.I)), None)
    words = next(
        (h for h in rest if h != code and re.search(WORDS, h, re.I)), next((h for h in rest if h != code), None)
    )
    if words is None:
        raise DataProblem(f"dictionary '{one}' has only the column '{named}'; it needs wordings or labels beside it")
    facts: dict[str, dict[str, Any]] = {}
    last = ""
    for row in rows:  # a name may stand only in the first row of its codes
        last = by_name.get(_text(row[named]).casefold(), "") if _text(row[named]) else last
        value, text = _text(row[code]) if code else "", _text(row[words])
        if not last or not text:
            continue
        fact = facts.setdefault(last, {"why": f"dictionary '{Path(one).name}'"})
        if value and "=" not in value:
            fact.setdefault("labels", {})[value] = text
            continue
        fact |= {"question": text, "title": text[:80]}
        pairs = (part.partition("=") for part in re.split(r"[;\n|]", value))
        if labels := {c.strip(): t.strip() for c, sign, t in pairs if sign and c.strip()}:  # all codes in one cell
            fact["labels"] = labels
    return facts


def _rows(one: str, path: Path) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return the rows and the headings of a dictionary: a file, else a sheet of the workbook itself."""
    file = placed(one)
    beside = path.parent / one
    if file.is_file() or beside.is_file():
        raw = readers.open_file(file if file.is_file() else beside)
    elif path.suffix.lower() in readers.EXCEL:
        raw = readers.open_file(path, sheet=one)
    else:
        raise DataProblem(f"there is no dictionary '{one}': no such file, and {path.name} has no sheets")
    return raw.table.to_arrow_table().to_pylist(), list(raw.table.columns)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.12g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value).strip()
