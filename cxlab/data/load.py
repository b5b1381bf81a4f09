"""`load`: a name of the catalogue, a file, a database or a table becomes a `Study`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw

from cxlab.data import codebook as codebooks
from cxlab.data import conform, in_words, infer, readers
from cxlab.data.codebook import Codebook
from cxlab.data.dictionary import described, worded
from cxlab.data.doubt import heaviest_first
from cxlab.data.foreign import foreign, parsed
from cxlab.data.locations import address, apart, placed, sought
from cxlab.data.masking import quotable, without_secrets
from cxlab.data.profile import CELLS
from cxlab.data.readers.raw import Raw, check_names, plain, quoted
from cxlab.data.recipes import NONE, landed
from cxlab.data.recipes.cooked import cooked
from cxlab.data.respondents import respondents
from cxlab.data.study import Study
from cxlab.problem import DataProblem, nearest
from cxlab.stats.counts.fetched import fetched

HALF = re.compile(r"[\ud800-\udfff]")
"""Half of a sign of two: no text that can be written holds one."""

Book = Codebook | Mapping[str, Any] | str | Path | None


def load(
    source: Any, *, codebook: Book = None, name: str = "", encoding: str = "", sheet: str = "", query: str = "",
    dictionary: str | Path = "", recipe: str = "",
) -> Study:  # fmt: skip
    """Return the study in ``source``.

    Parameters
    ----------
    source : the name of a study of the catalogue (``cxlab datasets``); the path of a file (CSV, TSV, Excel, SPSS,
        Stata, Parquet, Arrow, Feather, JSON lines; exports of Qualtrics, SurveyMonkey, LimeSurvey and Google Forms are
        recognised); the URL of a database (``sqlite:///survey.db``, ``postgresql://user@host/db``); or a table (pandas,
        polars, Arrow, DuckDB, PySpark, Ibis), which is used as it is.
    codebook : what each column is: a `Codebook`, a ``datapackage.json`` or its content. Without one, the file's own
        (``<stem>.datapackage.json`` or ``datapackage.json`` beside it), else one is inferred, and every guess is in
        ``study.codebook.notes``.
    name : what the study is called in results; the file's stem by default.
    encoding : of a text file; detected when left out.
    sheet : of an Excel workbook with several.
    query : SQL, for a database.
    dictionary : a file, or another sheet of the workbook, that says the wording of each question or the label of each
        code; several by ``;``.
    recipe : the layout of an export of a help desk, a review site or landed tables, as 'zendesk' (``cxlab recipes``
        lists them); recognised by columns and values when left out, 'none' for none. A folder of landed tables is read
        by a recipe, too.

    Raises
    ------
    DataProblem : what is wrong with the name, the file, the codebook or the data, and what to do.

    >>> import cxlab as cx
    >>> cx.load("airline-survey").name
    'airline-survey'
    """
    if not isinstance(source, (str, Path)):
        return respondents(_from_table(source, _book(codebook), name, recipe))
    if _is_url(source):
        url, said = apart(source)
        book = _book(codebook or said.get("codebook"))
        wanted = recipe or said.get("recipe", "") or (book.recipe or NONE if book else "")
        raw = readers.open_url(url, query=query) if query else landed.database(url, wanted)
        return replace(study(raw, book, name or stem(url)), source=address(str(source), recipe=recipe))
    reading = {"codebook": codebook, "encoding": encoding, "sheet": sheet, "dictionary": str(dictionary)}
    reading["recipe"] = recipe
    return _from_file(source, reading, name)


def unchecked(
    source: str, *, codebook: Book = None, encoding: str = "", sheet: str = "", dictionary: str | Path = "",
    recipe: str = "",
) -> Study:  # fmt: skip
    """Return the study in ``source`` even where data and codebook disagree; for `cxlab.data.check`."""
    reading = {"codebook": codebook, "encoding": encoding, "sheet": sheet, "dictionary": str(dictionary)}
    return _from_file(source, {**reading, "recipe": recipe}, strict=False)


def _from_file(source: str | Path, reading: dict[str, Any], name: str = "", *, strict: bool = True) -> Study:
    """Return the study in a file or of the catalogue; what is given goes before what the address says."""
    path = placed(source)
    there = os.path.exists(source)
    said = {**({} if there else apart(source)[1]), **{k: v for k, v in reading.items() if v}}
    bare = str(source) if there else apart(source)[0]
    if _is_name(bare if isinstance(source, str) else source, path):
        if said:
            raise DataProblem(
                f"'{bare}' is a study of the catalogue, which has its own codebook; leave out {', '.join(said)}"
            )
        return _named(bare, path)
    path, book = _beside(path, said.get("codebook"))
    raw = _read(path, book, said)
    made = study(raw, book, name or stem(path.name), strict=strict)
    return replace(
        made, source=address(str(placed(bare)), **{k: str(v) for k, v in said.items() if isinstance(v, (str, Path))})
    )


def _read(path: Path, book: Codebook | None, said: Mapping[str, Any]) -> Raw:
    options = {k: said[k] for k in ("encoding", "sheet") if k in said}
    wanted = str(said.get("recipe", "")) or (book.recipe or NONE if book else "")
    if path.is_dir() and wanted != NONE and (found := landed.folder(path, wanted)) is not None:
        return found
    return cooked(described(opened(path, book, **options), said.get("dictionary", ""), path), wanted)


def drafted(source: str) -> tuple[Raw, infer.Draft]:
    """Return the table in a file (or at an address) and the codebook that is guessed of it, whatever lies beside it."""
    path = placed(source)
    raw = _read(path, None, {} if os.path.exists(source) else apart(source)[1])
    return raw, infer.draft(raw, stem(path.name))


def opened(path: Path, book: Codebook | None, *, encoding: str = "", sheet: str = "") -> Raw:
    """Return the table in a file; columns that ``book`` declares as string keep leading zeros."""
    as_text = [f.name for f in book or () if f.type == "string"]
    written = {f.name: f.format for f in book or () if f.format}
    return readers.open_file(path, encoding=encoding, sheet=sheet, as_text=as_text, declared=written)


def study(raw: Raw, book: Codebook | None, name: str, *, strict: bool = True) -> Study:
    """Return ``raw`` as a study with ``book``, or with an inferred codebook.

    ``strict=False`` lets columns be absent that the codebook declares, and text stand among numbers (to report them).
    """
    doubts, guessed = raw.doubts, book is None
    if book is None:
        draft = infer.draft(raw, name)
        book, doubts = draft.codebook, draft.doubts
    else:
        book = worded(replace(book, notes=(*book.notes, *(n for n in raw.notes if n not in book.notes))), raw)
        doubts = heaviest_first(tuple(d for d in (*book.doubts, *raw.doubts) if d.column not in book.settled))
        book, _ = _in_words(raw.table, book)
    table, changed = conform.conform(
        _as_declared(raw.table, book), book, name=book.name, strict=strict, guessed=guessed
    )
    if strict:
        conform.check_columns(book, table.columns, book.name)
    said = tuple(c for c in changed if not any(c in n for n in book.notes))
    return respondents(with_plain_names(Study(table, replace(book, notes=(*book.notes, *said)), doubts=doubts)))


def _in_words(table: duckdb.DuckDBPyRelation, book: Codebook) -> tuple[Codebook, tuple[str, ...]]:
    """Return ``book`` with codes for declared outcomes that ``table`` holds as words, and their columns."""
    texts = {c for c, kind in zip(table.columns, map(str, table.types), strict=True) if kind == "VARCHAR"}
    return in_words.coded(book, texts, lambda column: conform.values(table, column))


def _as_declared(table: duckdb.DuckDBPyRelation, book: Codebook) -> duckdb.DuckDBPyRelation:
    """Return ``table`` with plain names for the columns that ``book`` declares so."""
    declared = {c for f in book for c in (f.columns or (f.name,))}
    new = {c: plain(c) for c in table.columns if c not in declared and plain(c) in declared}
    if not new:
        return table
    return table.project(", ".join(f"{quoted(c)} as {quoted(new.get(c, c))}" for c in table.columns))


def with_plain_names(study: Study) -> Study:
    """Return the study with column names that DuckDB does not take apart (`cxlab.data.readers.raw.plain`).

    A column without a title has its own name for one.
    """
    if not isinstance(study.table, duckdb.DuckDBPyRelation):
        return study
    new = {c: plain(c) for c in study.columns if plain(c) != c}
    if not new:
        return study
    names = [new.get(c, c) for c in study.columns]
    check_names(
        names, f"{study.name} with underscores for dots and apostrophes for quotation marks in its column names"
    )
    table = study.table.project(
        ", ".join(f"{quoted(a)} as {quoted(b)}" for a, b in zip(study.columns, names, strict=True))
    )
    fields = tuple(
        replace(
            f,
            name=plain(f.name),
            title=f.title or (f.name if f.name in new else ""),
            about=new.get(f.about, f.about),
            columns=tuple(new.get(c, c) for c in f.columns),
        )
        for f in study.codebook
    )
    listed = ", ".join(f"'{a}' is '{b}'" for a, b in list(new.items())[:5]) + (", ..." if len(new) > 5 else "")
    book = replace(study.codebook, fields=fields, notes=(*study.codebook.notes, f"columns are called here: {listed}"))
    return replace(study, table=table, codebook=book)


def beside(path: Path) -> Path | None:
    """Return the ``datapackage.json`` that describes ``path``: its own, or the folder's if that names it or no file."""
    if not path.name:
        return None
    own = path.with_name(f"{path.stem}.datapackage.json")
    if own.is_file():
        return own
    shared = path.with_name("datapackage.json")
    if not shared.is_file():
        return None
    try:
        named = json.loads(shared.read_text(encoding="utf-8"))["resources"][0].get("path", "")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return shared
    return shared if named in ("", path.name) else None


def _beside(path: Path, codebook: Book) -> tuple[Path, Codebook | None]:
    """Return the data file and its codebook; a ``datapackage.json`` given as the source leads to its data."""
    if path.name.endswith("datapackage.json") and path.is_file():
        package = parsed(path, codebooks.ADVICE)
        with foreign(str(path), codebooks.ADVICE):
            named = (package.get("resources") or [{}])[0].get("path", "")
        if not named or not isinstance(named, str):
            raise DataProblem(f"{path} names no data file (resources[0].path); give the data file itself")
        return path.parent / named, _book(codebook) or codebooks.read(path)
    return path, _book(codebook) or ((found := beside(path)) and codebooks.read(found)) or None


def _book(codebook: Book) -> Codebook | None:
    if codebook is None or isinstance(codebook, Codebook):
        return codebook
    if not isinstance(codebook, (str, Path)):
        return codebooks.read(codebook)
    path = placed(codebook)
    if not path.is_file():
        raise DataProblem(f"there is no codebook {sought(path)}; draft one with `cxlab codebook infer`")
    return codebooks.read(path)


def _is_url(source: str | Path) -> bool:
    return "://" in str(source)


def stem(name: str) -> str:
    """Return what a study is called that comes from the file or database ``name``."""
    return Path(without_secrets(name).partition("?")[0]).stem or "study"


def _is_name(source: str | Path, path: Path) -> bool:
    """Whether ``source`` is meant as a name of the catalogue: a bare word, and no such file."""
    bare = isinstance(source, str) and Path(source).name == source and path.suffix.lower() not in readers.ENDINGS
    return bare and not path.exists()


def _named(name: str, path: Path) -> Study:
    from cxlab.data import catalogue

    known = catalogue.names()
    if name not in known:
        raise DataProblem(
            f"'{name}' is no study of the catalogue{nearest(name, known) or ','} and there is no file "
            f"{path.absolute()}. "
            f"The catalogue has: {', '.join(known)}"
        )
    return catalogue.open_study(name)


def _from_table(table: Any, book: Codebook | None, name: str, recipe: str = "") -> Study:
    table = readers.opened.flat(table)
    try:
        frame = nw.from_native(table)
    except TypeError as error:
        raise DataProblem(
            "load takes a name, a path or a table (pandas, polars, Arrow, DuckDB, PySpark, Ibis), "
            f"not {type(table).__name__}"
        ) from error
    except nw.exceptions.DuplicateError:
        check_names([str(c) for c in table.columns], "the table")
        raise
    columns = frame.collect_schema().names()
    check_names(columns, "the table")
    _check_letters(table)
    wanted = recipe or (book.recipe or NONE if book else "")
    if (raw := landed.table(frame, wanted)) is not None:
        return study(raw, book, name or "table")
    table, notes = readers.opened.frame(table)
    frame = nw.from_native(table)
    if book is None:
        return _inferred(table, frame, name or "table", notes)
    book = replace(book, notes=(*book.notes, *notes))
    conform.check_columns(book, columns, name or book.name)
    book = _named_as(book, dict(zip(columns, frame.collect_schema().names(), strict=True)))
    if (made := _worded(table, frame, book, name)) is not None:
        return made
    _check_text(frame, book)
    return with_plain_names(Study(table, replace(book, name=name) if name else book))


def _named_as(book: Codebook, names: Mapping[str, str]) -> Codebook:
    """Return ``book`` for a table whose columns ``names`` maps from how they came to how they are called here."""
    new = {a: b for a, b in names.items() if a != b}
    if not new:
        return book
    named = (replace(f, name=new[f.name], title=f.title or f.name) if f.name in new else f for f in book)
    fields = (
        replace(f, about=new.get(f.about, f.about), columns=tuple(new.get(c, c) for c in f.columns)) for f in named
    )
    return replace(book, fields=tuple(fields))


def _check_letters(table: Any) -> None:
    """Refuse halves of signs (lone surrogates), which pandas holds and nothing can write, in words."""
    if type(table).__module__.partition(".")[0] != "pandas" or getattr(table, "ndim", 0) != 2:
        return
    for name in [c for c, kind in table.dtypes.items() if kind.kind == "O" and kind.name == "object"]:
        bad = [k for k, v in enumerate(table[name]) if isinstance(v, str) and not v.isascii() and HALF.search(v)]
        if bad:
            raise DataProblem(
                f"column '{name}' of the table holds half a sign (a lone surrogate) in {len(bad):,} cells, the first "
                f"in row {bad[0] + 1}: text that was cut or decoded wrongly. Read it anew in its encoding, or replace "
                f'it: table["{name}"].str.encode("utf-8", "replace").str.decode("utf-8")'
            )


def _inferred(table: Any, frame: nw.DataFrame | nw.LazyFrame, name: str, notes: tuple[str, ...]) -> Study:
    """Return a study of ``table`` as it is, with a codebook inferred from its first rows."""
    lazy = isinstance(frame, nw.LazyFrame)
    most = conform.SAMPLE if lazy else max(conform.SAMPLE, CELLS // max(1, len(frame.columns)))
    head = frame.lazy().head(most).collect("pyarrow").to_native()
    if not head.num_rows:
        raise DataProblem(f"the table holds only a header ({head.num_columns} columns), no answers")
    said = (f"a {type(table).__module__.partition('.')[0]} table, used as it is", *notes)
    raw = Raw(duckdb.from_arrow(head), "table", said, held=True)
    draft = infer.draft(raw, name)
    text = _texts(frame)
    texts = {f.name for f in draft.codebook if f.columns or f.name in text and f.type in conform.NUMERIC}
    if not texts:
        return with_plain_names(Study(table, draft.codebook, doubts=draft.doubts))
    native = nw.to_native(frame)
    if not isinstance(native, duckdb.DuckDBPyRelation):
        native = duckdb.from_arrow(fetched(frame.lazy(), name or "the table", to="pyarrow").to_native())
    made = study(Raw(native, "table", raw.notes), draft.codebook, name)
    return replace(made, doubts=draft.doubts)


def _worded(table: Any, frame: nw.DataFrame | nw.LazyFrame, book: Codebook, name: str) -> Study | None:
    """Return the study of a table in which declared outcomes are words, now codes; None where none are."""
    asked = [f.name for f in book if (f.role == "outcome" or f.type == "boolean") and not f.columns]
    text = _texts(frame) if asked else set()
    asked = [c for c in asked if c in text]
    if not asked:
        return None
    rows = frame.lazy().select(*(nw.col(c).cast(nw.String) for c in asked))
    book, changed = _in_words(duckdb.from_arrow(rows.head(conform.SAMPLE).collect("pyarrow").to_native()), book)
    if not changed:
        _check_text(frame, book)
        return with_plain_names(Study(table, replace(book, name=name) if name else book))
    native = table
    if not isinstance(table, duckdb.DuckDBPyRelation):
        native = duckdb.from_arrow(fetched(frame.lazy(), name or "the table", to="pyarrow").to_native())
    return study(Raw(native, "table"), replace(book, name=name) if name else book, name)


def _texts(frame: nw.DataFrame | nw.LazyFrame) -> set[str]:
    """Return the columns that hold text; the schema of a lazy table is read once for all of them."""
    kinds = (nw.String, nw.Object, nw.Categorical, nw.Enum)
    return {name for name, kind in frame.collect_schema().items() if kind in kinds}


def _check_text(frame: nw.DataFrame | nw.LazyFrame, book: Codebook) -> None:
    """Raise `DataProblem` when a column of ``frame`` is declared a number and holds text."""
    text = _texts(frame)
    for f in book:
        if f.type in conform.NUMERIC and not f.columns and f.name in text:
            seen = frame.lazy().select(nw.col(f.name)).head(conform.SAMPLE).collect("pyarrow").to_native()[f.name]
            texts = sorted({v for v in seen.to_pylist() if isinstance(v, str)})
            if texts:
                listed = ", ".join(f"'{quotable(t)}'" for t in texts[:5]) + (", ..." if len(texts) > 5 else "")
                raise DataProblem(
                    f"column '{f.name}' of {book.name} is declared {f.type}, but the table holds text: {listed}. "
                    "Turn it into numbers, or declare the column as string"
                )
