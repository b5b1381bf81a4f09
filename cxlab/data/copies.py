"""Checks of repeated ids and texts, and of rows that are no customer's answers: previews, tests, unfinished ones.

Each returns findings and changes nothing. Everything is counted where the data lie.
"""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from cxlab.data.finding import Finding, collected, count, filled, length
from cxlab.data.respondents import listed, marks, may_mark
from cxlab.data.study import Study

COPY = 40
"""Fewest characters of a text that two people do not write alike by chance."""


def duplicates(study: Study, n: int) -> Iterator[Finding]:
    """Ids that occur more than once (within a wave), and long texts that do.

    Where most rows share their id, it is not one of a row: a cluster, or what is compared.
    """
    wave = [study.design.wave] if study.design.wave else []
    for name in (i for i in study.codebook.role("id") if i in study.columns):
        known = study.frame.filter(filled(name)).select(name, *wave)
        rows = length(known)
        k = rows - length(known.unique())
        if k * 2 > rows:
            said = f"rows share their {name} with others: no id of a row"
            do = "make it a cluster (answers of one are alike), a brand, or nothing; do not drop"
            yield Finding("look", "repeated id", name, k, n, said, do)
        elif k:
            yield Finding("serious" if k >= 0.01 * n else "look", "duplicate", name, k, n,
                          f"rows whose id occurs before{' in the wave' if wave else ''}",
                          "find out why; leave them out with cx.drop(study, 'duplicate')",
                          filled(name) & (nw.len().over(name, *wave) > 1))  # fmt: skip
    for name in (t for t in study.codebook.role("text") if t in study.columns):
        long = nw.col(name).cast(nw.String).str.len_chars() >= COPY
        texts = study.frame.filter(long).select(name)
        k = length(texts) - length(texts.unique())
        if k:
            yield Finding("look", "duplicate text", name, k, n, f"texts of {COPY} characters or more that occur before",
                          "copies or forwarded texts: count each once where texts are counted")  # fmt: skip


def not_real(study: Study, n: int) -> Iterator[Finding]:
    """Answers that the platform marks as previews, tests or spam, and those that were not finished."""
    for f in (f for f in study.codebook if f.name in study.columns and may_mark(f)):
        column = study.frame.select(nw.col(f.name).cast(nw.String).alias("value"))
        values = collected(column.group_by("value").agg(nw.len().alias("n")))["value"].dropna()
        told = marks(f, map(str, values))
        if told.unreal:
            rows = nw.col(f.name).cast(nw.String).is_in(list(told.unreal))
            yield Finding("serious", "preview", f.name, count(study, rows), n,
                          f"no customer's answers: {listed(told.unreal)}",
                          "leave them out: cx.drop(study, 'preview')", rows)  # fmt: skip
        if told.unfinished:
            rows = nw.col(f.name).cast(nw.String).is_in(list(told.unfinished))
            if (k := count(study, rows)) < n:
                yield Finding("look", "unfinished", f.name, k, n, "answers that were not finished",
                              "decide whether they count; leave them out with cx.drop(study, 'unfinished')",
                              rows)  # fmt: skip
