"""Checks of repeated ids and texts, and of rows that are no customer's answers: previews, tests, unfinished ones.

Each returns findings and changes nothing. Everything is counted where the data lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import narwhals as nw

from cxlab.data.codebook import Field
from cxlab.data.finding import Finding, collected, count, filled, length
from cxlab.data.study import Study

COPY = 40
"""Fewest characters of a text that two people do not write alike by chance."""

KIND = re.compile(r"^(status|response.?(type|status)|kind of answer|antwortstatus)$", re.I)
UNREAL = re.compile(r"preview|\btest|spam|vorschau|probe", re.I)
"""Kinds of answers that platforms mark and that are no customer's."""

FINISHED = re.compile(r"^(finished|completed?|is.?complete|beendet|abgeschlossen|terminé|finalizado)$", re.I)
UNFINISHED = ("0", "0.0", "false", "no", "nein", "non", "partial", "incomplete", "in progress")


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
    for f in (f for f in study.codebook if f.name in study.columns and not f.scale):
        said = KIND.match(f.name) or KIND.match(f.title)
        if said and (found := _marked(study, f)):
            rows = nw.col(f.name).cast(nw.String).is_in(list(found))
            if k := count(study, rows):
                named = ", ".join(dict.fromkeys(found.values()))
                yield Finding("serious", "preview", f.name, k, n, f"no customer's answers: {named}",
                              "leave them out: cx.drop(study, 'preview')", rows)  # fmt: skip
        elif FINISHED.match(f.name):
            rows = nw.col(f.name).cast(nw.String).str.to_lowercase().is_in(list(UNFINISHED))
            k = count(study, rows)
            if 0 < k < n:
                yield Finding("look", "unfinished", f.name, k, n, "answers that were not finished",
                              "decide whether they count; leave them out with cx.drop(study, 'unfinished')",
                              rows)  # fmt: skip


def _marked(study: Study, f: Field) -> dict[str, str]:
    """Return the values of a column that mark unreal answers, as text → what it means."""
    column = study.frame.select(nw.col(f.name).cast(nw.String).alias("value"))
    values = collected(column.group_by("value").agg(nw.len().alias("n")))["value"].dropna()
    if len(values) > 60:
        return {}
    meant = {v: f.labels.get(v.removesuffix(".0"), v) for v in map(str, values)}
    return {v: what for v, what in meant.items() if UNREAL.search(what)}
