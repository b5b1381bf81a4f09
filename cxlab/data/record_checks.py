"""Checks of whole records: speed, unknown or edited categories, weights.

Each returns findings and changes nothing. Everything is counted where the data lie.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.answer_codes import among
from cxlab.data.codebook import Field
from cxlab.data.damaged_ids import DAMAGED
from cxlab.data.finding import Finding, collected, count, counts, filled
from cxlab.data.masking import quotable
from cxlab.data.study import Study
from cxlab.stats.counts import quantiles

MANY = 60
"""A column with more categories than this is no column of categories."""

LENGTH = re.compile(r"duration|interview.*(length|time)|(length|time).*interview", re.I)


def speeding(study: Study, duration: str, n: int) -> Iterator[Finding]:
    """Interviews shorter than a third of the median length."""
    name = duration or next((f.name for f in study.codebook if is_length(f) and f.name in study.columns), "")
    if not name:
        return
    field, x = study.field(name), nw.col(name).cast(nw.Float64)
    median = float(quantiles.of_columns(study.frame, [name], (0.5,), rows=n)[0, 0])
    rows = x < median / 3
    k, of = counts(study.frame, [rows, filled(name)])
    if k:
        said = f"below {median / 3:,.0f} {field.unit}, a third of the median of {median:,.0f}"
        yield Finding("look", "speeding", name, k, of, said,
                      "compare results with and without: cx.drop(study, 'speeding')", rows)  # fmt: skip


def rounded_ids(study: Study, n: int) -> Iterator[Finding]:
    """Ids that a spreadsheet has rounded, as the readers found them."""
    for d in (d for d in study.doubts if d.question.startswith(DAMAGED)):
        said, _, advice = d.question.partition(". ")
        yield Finding("serious", "damaged ids", d.column, n, n, said, advice or said)


def is_length(f: Field) -> bool:
    """Whether a field is the length of the interview, by its name."""
    return f.type in ("integer", "number") and f.role == "" and bool(LENGTH.search(f"{f.name} {f.title}"))


def categorical(study: Study) -> dict[str, pd.Series]:
    """Return the counts of each column of categories: text with labels, or segments and brands."""
    out = {}
    for f in study.codebook:
        if f.type == "string" and f.name in study.columns and (f.labels or f.role in ("segment", "brand")):
            column = study.frame.select(nw.col(f.name).alias("value"))
            table = collected(column.group_by("value").agg(nw.len().alias("n")))
            found = table.dropna().sort_values(["n", "value"], ascending=[False, True]).set_index("value")["n"]
            if 0 < len(found) <= MANY:
                out[f.name] = found
    return out


def categories(study: Study, n: int, known: dict[str, pd.Series]) -> Iterator[Finding]:
    """Categories that the codebook does not know, and rare ones that look like a misspelt other."""
    for name, found in known.items():
        labels = study.codebook[name].labels
        new = [c for c in found.index if labels and c not in labels and c not in labels.values()]
        if new:
            more = f" and {len(new) - 6} more" if len(new) > 6 else ""
            said = ", ".join(f"'{quotable(c)}' ({found[c]})" for c in new[:6]) + more
            yield Finding("serious", "unknown category", name, int(found[new].sum()), int(found.sum()),
                          f"not in the codebook: {said}", "edited by hand? Compare with the source; correct the data, "
                          "or declare the label", among(nw.col(name), new))  # fmt: skip
        for c in (c for c in found.index if not labels and found[c] < 0.01 * n):
            big = {str(b).casefold().strip(): b for b in found.index if found[b] >= 10 * found[c]}
            like = difflib.get_close_matches(str(c).casefold().strip(), big, 1, 0.9)
            if like:
                said = f"'{quotable(c)}' looks like '{quotable(big[like[0]])}'"
                yield Finding("look", "misspelt category", name, int(found[c]), n, said,
                              "recode it if it is the same", nw.col(name) == c)  # fmt: skip


def exceptions(study: Study, known: dict[str, pd.Series]) -> Iterator[Finding]:
    """Cells that are filled although their kind of row leaves them blank: a reason of complaint beside praise."""
    for a in known:
        others = [b for b in known if b != a]
        if not others or not 1 < len(known[a]) <= 20:
            continue
        names = [f"f{i}" for i in range(len(others))]
        given = [filled(b).cast(nw.Int64).alias(f) for f, b in zip(names, others, strict=True)]
        frame = study.frame.filter(filled(a)).select(nw.col(a).alias("value"), *given)
        by = collected(frame.group_by("value").agg(nw.len().alias("rows"), *[nw.col(f).sum() for f in names]))
        by = by.sort_values("value")
        rows, cells = by["rows"].to_numpy(float), by[names].fillna(0).to_numpy(float)
        share = cells / rows[:, None]
        odd = (share > 0) & (share < 0.02) & (rows[:, None] >= 100) & (share.max(axis=0) > 0.5)
        for r, i in zip(*np.nonzero(odd), strict=True):
            b, value = others[i], by["value"].iloc[r]
            yield Finding("serious", "tampered", b, int(cells[r, i]), int(rows[r]),
                          f"filled in although {a} = '{quotable(value)}' leaves it blank in {1 - share[r, i]:.2%}",
                          "edited by hand? Compare with the source; leave out with cx.drop(study, 'tampered')",
                          (nw.col(a) == value) & filled(b))  # fmt: skip


def weights(study: Study, n: int) -> Iterator[Finding]:
    """Weights that are none, and very large ones."""
    name = study.design.weight
    if not name or name not in study.columns:
        return
    w = nw.col(name).cast(nw.Float64)
    bad = w.is_null() | ~(w > 0)
    k = count(study, bad)
    if k:
        yield Finding("serious", "weight", name, k, n, "missing, zero or negative",
                      "such rows count for nothing or turn results round: cx.drop(study, 'weight')", bad)  # fmt: skip
    mean = float(collected(study.frame.filter(w > 0).select(w.mean().alias("m")))["m"].fillna(0).iloc[0])
    k = count(study, w > 5 * mean)
    if k:
        yield Finding("look", "large weight", name, k, n, "more than five times the mean weight",
                      "few people decide: trim with cx.rake(..., trim=(0.2, 5))", w > 5 * mean)  # fmt: skip
