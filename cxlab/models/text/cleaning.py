"""`text_quality` and `clean`: what stands in comments beside what customers wrote, and the comments without it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.comments import CLEANED
from cxlab.data.greetings import without_names
from cxlab.data.masking import LIMITS, masked
from cxlab.data.study import Study
from cxlab.models.text.kept_counts import counted
from cxlab.models.text.languages import detector, languages
from cxlab.models.text.text_repairs import NO_FORMS, known_words, mistranslated, repaired, torn
from cxlab.models.text.written import FEW, written
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.counts.names import free
from cxlab.stats.text.foreign_parts import repeated_blocks, without_tags
from cxlab.stats.text.near_copies import near_copies
from cxlab.stats.text.plain_text import LONGEST, normal, repeats

MOST_COPIES = 50_000
"""Different comments among which near copies are looked for."""

COMMON = 0.02
"""Share of comments that a line of twenty characters stands in from which it is boilerplate."""

COLUMNS = (
    Column("check", "label", "", "What"),
    Column("share", "share", "", "Of the comments"),
    Column("n", "count", "", "Comments"),
    Column("what", "text", "", ""),
)


@public
def text_quality(study: Study, column: str | None = None) -> Result:
    """Return what stands in the comments of a study beside what customers wrote.

    Parameters
    ----------
    column : of comments; that with role 'text' in which most is written if not given.

    Returns
    -------
    Result of kind 'text_quality', a row a check: ``check, share, n, what``: answered, nothing to add, repeats (alike
    but for case and punctuation), near copies, lines that many comments share, blocks that stand twice, words torn by
    other text, mistranslated words, HTML, signs alone (emoji), very long, personal data (masked by `clean`), and a
    row a language. Shares are of the rows with a comment; no comment is quoted. ``parts``: ``languages``.

    Raises
    ------
    DataProblem : no column of text, or no comment in it.

    Examples
    --------
    >>> import cxlab as cx, pandas as pd
    >>> rows = pd.DataFrame({"comment": ["Good staff", "good staff!", "n/a", "", "<b>slow</b>"] * 4})
    >>> found = cx.text.text_quality(cx.load(rows).set("comment", role="text"))
    >>> found.table.set_index("check").loc[["answered", "nothing to add", "HTML"], "n"].tolist()
    [16, 4, 4]
    """
    said = written(study, column, "text_quality")
    there = [i for i, t in enumerate(said.texts) if t.strip()]
    texts = [said.texts[i] for i in there]
    told = [said.texts[i] for i in np.flatnonzero(said.wrote)]
    counts, notes, spoken = counted(study, told, lambda: _counts(told))
    rows = [
        ("answered", len(texts), f"{len(texts) / len(said.texts):.0%} of all rows"),
        ("nothing to add", said.silent, "no comments: they do not count in shares of themes"), *counts,
    ]  # fmt: skip
    by_language = Counter(dict(spoken))
    rows += [(f"language {k}", n, "") for k, n in by_language.most_common(12)]
    table = pd.DataFrame(rows, columns=["check", "n", "what"])
    table.insert(1, "share", table["n"] / max(len(texts), 1))
    return Result(
        "text_quality", f"Comments in '{study.field(said.column).label}'", table, "share",
        method=f"languages: {detector()}; near copies: pieces of five letters, Jaccard .8",
        notes=(*study.caveats, *said.notes, *notes, LIMITS), parts={"languages": dict(by_language)},
        columns=COLUMNS,
    )  # fmt: skip


def _counts(told: list[str]) -> tuple[list[tuple[str, int, str]], list[str], list[tuple[str, int]]]:
    """The checks of comments, notes, and comments by language."""
    tongue = languages(told)
    keys = [normal(t) for t in told]
    same = repeats(told)
    distinct = list(dict.fromkeys(keys))
    notes, near = [], 0
    if len(distinct) <= MOST_COPIES:
        group = near_copies(distinct)
        near = len(distinct) - len(set(group.tolist()))
    else:
        notes.append(f"more than {MOST_COPIES:,} different comments: near copies are not looked for")
    spoken = frequent(tongue)
    spliced = sum(la in spoken and bool(torn(t[:LONGEST], la)) for t, la in zip(told, tongue, strict=True))
    if not any(known_words(la) for la in spoken):
        notes.append(NO_FORMS)
    wrong = Counter(w["wrong"] for t in told for w in mistranslated(t))
    personal = sum(masked(without_names(t[:LONGEST])) != t[:LONGEST] for t in told)
    common = common_lines(told)
    rows = [
        ("repeats", sum(len(p) - 1 for p in same.values()), "alike but for case, spaces and punctuation"),
        ("near copies", near, "different comments that are nearly another one"),
        ("shared lines", sum(any(normal(x) in common for x in t.splitlines()) for t in told),
         f"lines in {COMMON:.0%} of the comments or more: boilerplate"),
        ("blocks twice", sum(bool(repeated_blocks(t)) for t in told), "a paragraph stands twice in one comment"),
        ("torn words", spliced, "other text stands inside a word"),
        ("mistranslated", sum(bool(mistranslated(t)) for t in told), ", ".join(f"{w} ({n})" for w, n in wrong.items())),
        ("HTML", sum(without_tags(t) != t for t in told), "tags or entities"),
        ("signs alone", sum(not any(c.isalnum() for c in t) for t in told), "emoji and the like: they stay"),
        ("very long", sum(len(t) > LONGEST for t in told), f"more than {LONGEST:,} characters"),
        ("personal data", personal, "addresses, numbers, names in greetings and signatures"),
    ]  # fmt: skip
    return rows, notes, list(Counter(tongue).items())


def frequent(tongue: list[str]) -> frozenset[str]:
    """Return the languages, three at most, of which there are ten comments and 2 %: their words are looked up.

    Examples
    --------
    >>> sorted(frequent(["de"] * 50 + ["fr"] * 12 + ["es"]))
    ['de', 'fr']
    """
    most = Counter(tongue).most_common(3)
    return frozenset(la for la, n in most if n >= max(FEW, COMMON * len(tongue)))


def common_lines(texts: list[str]) -> frozenset[str]:
    """Return the lines (normal forms of twenty characters or more) that many comments of several lines share.

    Examples
    --------
    >>> sorted(common_lines([f"text {k}\\nSent from my telephone, sorry" for k in range(20)]))
    ['sent from my telephone sorry']
    """
    counts = Counter(k for t in texts if "\n" in t for k in {normal(x) for x in t.splitlines()} if len(k) >= 20)
    return frozenset(k for k, n in counts.items() if n >= max(FEW, COMMON * len(texts)))


@public
def clean(study: Study, column: str | None = None) -> Study:
    """Return the study with two columns more: ``<column>_clean`` and ``<column>_language``.

    Clean is: HTML as text, blocks that stand twice once, without calls to the reader and lines that many comments
    share, words that other text had torn joined again, personal data masked, and empty where nothing is said. Emoji
    stay. The codebook says what was done; the comments as they came stay beside.

    Parameters
    ----------
    column : of comments; that with role 'text' in which most is written if not given.

    Raises
    ------
    DataProblem : no column of text, no comment in it, or columns of these names are there already.

    Examples
    --------
    >>> import cxlab as cx, pandas as pd
    >>> rows = pd.DataFrame({"comment": ["Kind <b>staff</b> 👍 Regards, Eva", "n/a"] * 6})
    >>> made = cx.text.clean(cx.load(rows).set("comment", role="text")).to_pandas()
    >>> made["comment_clean"].head(2).fillna("").tolist()
    ['Kind staff 👍 Regards, [name]', '']
    """
    held = replace(study, table=fetched(study.lazy, study.name, to="polars").to_native())
    bare = replace(held, codebook=held.codebook.replace(w, role="")) if (w := held.design.weight) else held
    said = written(bare, column, "clean")
    names = [f"{said.column}{CLEANED}", f"{said.column}_language"]
    for name in names:
        if free(name, held.columns) != name:
            raise DataProblem(f"{held.name} has a column '{name}' already; rename it, or use it: it may be clean")
    told = np.flatnonzero(said.wrote)
    texts = [said.texts[i][:LONGEST] for i in told]
    tongue = languages(texts)
    common = common_lines(texts)
    spoken = frequent(tongue)
    done = [_cleaned(t, la if la in spoken else "und", common) for t, la in zip(texts, tongue, strict=True)]
    out: list[list[str | None]] = [[None] * len(said.texts), [None] * len(said.texts)]
    for i, text, language in zip(told, done, tongue, strict=True):
        out[0][i], out[1][i] = text or None, language
    changed = sum(a != b for a, b in zip(texts, done, strict=True))
    note = (
        f"{changed:,} of {len(texts):,} comments changed: HTML, repeated blocks, calls, shared lines, torn words, masks"
    )
    table = held.table.with_columns(pl.Series(n, c, pl.String) for n, c in zip(names, out, strict=True))
    label = held.field(said.column).label
    fields = (
        Field(names[0], f"{label}, cleaned", "string", "text", note=note),
        Field(names[1], f"{label}, language", "string", "segment", note=detector()),
    )
    return replace(held, table=table, codebook=replace(held.codebook, fields=(*held.codebook.fields, *fields)))


def _cleaned(text: str, language: str, common: frozenset[str]) -> str:
    if common and "\n" in text:
        text = "\n".join(line for line in text.splitlines() if normal(line) not in common)
    return masked(without_names(repaired(text, language)))
