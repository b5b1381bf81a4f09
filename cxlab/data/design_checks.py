"""Checks of designs: whether arms got the shares that chance would give, whether prices stand in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from operator import or_

import narwhals as nw
import numpy as np
from scipy import stats

from cxlab.data.codebook import Field
from cxlab.data.finding import Finding, collected, counts, filled
from cxlab.data.study import Study

ARMS = re.compile(
    r"\b(arm|variant|treatment|treated|version|bucket|(test|control|experiment(al)?|ab|exp) ?(group|cell))\b"
)
"""Names of columns that say who got what in an experiment."""

RATIOS = (1.0, 1.5, 2.0, 3.0, 4.0, 9.0, 19.0, 99.0)
"""Shares that two arms are planned with: 1:1, 3:2, 2:1, ..."""

SURE = 0.001
"""A gap between planned and found shares of arms that chance makes less often than this is told."""

PRICES = (
    ("too cheap", r"(too|so) ?(cheap|low|inexpensive)|zu (billig|günstig|niedrig)|trop bon march|demasiado barat|^tc$"),
    ("too expensive", r"(too|so) ?(expensive|high|dear)|zu (teuer|hoch)|trop cher|demasiado car|^te$"),
    ("cheap", r"cheap|bargain|good value|inexpensive|billig|günstig|bon march|barat|^ch?$"),
    ("expensive", r"expensive|high side|dear|teuer|\bcher\b|\bcar[oa]\b|^ex?$"),
)
"""The four questions of a price sensitivity meter, by what their names hold; the 'too' ones first."""


def arms(study: Study) -> list[Field]:
    """Return the columns that look like the arms of an experiment."""
    there = set(study.columns)
    return [f for f in study.codebook if f.name in there and not f.scale and f.role in ("", "segment")
            and f.type in ("string", "integer", "boolean") and ARMS.search(_words(f))]  # fmt: skip


def mismatch(study: Study) -> Iterator[Finding]:
    """Arms whose shares chance does not explain (chi-square against the nearest planned ratio): people got lost."""
    for f in arms(study):
        column = study.frame.select(nw.col(f.name).alias("v")).filter(~nw.col("v").is_null())
        table = collected(column.group_by("v").agg(nw.len().alias("n"))).sort_values("v")
        n = table["n"].to_numpy(float)
        if not 2 <= len(n) <= 6 or n.sum() < 100:
            continue
        ratio, p = planned(n)
        if p < SURE:
            shares = ", ".join(f"{v} {int(k):,}" for v, k in table.itertuples(index=False))
            yield Finding("serious", "sample ratio", f.name, int(n.sum()), int(n.sum()),
                          f"{shares}: planned {ratio}, chance makes such a gap in {p:.1e} of experiments",
                          "find out who was lost from which arm before comparing them; if another ratio was planned, "
                          "nothing is wrong")  # fmt: skip


def planned(n: np.ndarray) -> tuple[str, float]:
    """Return the simple ratio nearest to what was found, and the p-value of the chi-square test against it.

    >>> ratio, p = planned(np.array([44700.0, 45489.0]))
    >>> ratio, round(p, 4)
    ('1:1', 0.0086)
    """
    if len(n) > 2:
        return ":".join("1" * len(n)), float(stats.chisquare(n).pvalue)
    big, small = max(n), max(min(n), 1e-9)
    r = min(RATIOS, key=lambda r: abs(np.log(big / small / r)))
    expected = n.sum() * np.where(n == big, r, 1.0) / (r + 1) if r != 1 else np.full(2, n.sum() / 2)
    said = {1.5: "3:2"}.get(r, f"{r:g}:1")
    return said, float(stats.chisquare(n, expected).pvalue)


def prices(study: Study) -> dict[str, Field]:
    """Return the four price questions of a study, cheapest first, or {} unless each is there once."""
    there, found = set(study.columns), {}
    for f in study.codebook:
        if f.name not in there or f.type not in ("integer", "number") or f.scale:
            continue
        what = next((name for name, words in PRICES if re.search(words, _words(f))), "")
        if what:
            if what in found:
                return {}
            found[what] = f
    return {w: found[w] for w in ("too cheap", "cheap", "expensive", "too expensive")} if len(found) == 4 else {}


def price_order(study: Study) -> Iterator[Finding]:
    """People whose too cheap, cheap, expensive and too expensive prices do not rise."""
    asked = prices(study)
    if not asked:
        return
    names = [f.name for f in asked.values()]
    rows = reduce(or_, (nw.col(a) > nw.col(b) for a, b in zip(names, names[1:], strict=False)))
    rows = rows.fill_null(False)
    k, n = counts(study.frame, [rows, nw.all_horizontal(*map(filled, names), ignore_nulls=True)])
    if k:
        yield Finding("look", "price order", f"{names[0]} … {names[-1]}", k, n,
                      f"{' < '.join(asked)} does not hold", "leave them out of a price sensitivity meter, as is usual: "
                      "cx.drop(study, 'price order')", rows)  # fmt: skip


def _words(f: Field) -> str:
    return re.sub(r"[_.\W]+", " ", f"{f.name} {f.title if f.title != f.name else ''}").strip().casefold()
