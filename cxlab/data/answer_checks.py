"""Checks of the rated answers: gaps, codes outside the scale, two scales in one column, one answer to everything.

Each returns findings and changes nothing. Everything is counted where the data lie.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.check import tallies
from cxlab.data.codebook import Field, code
from cxlab.data.finding import Finding, asked, collected, count, counts, filled, length, together
from cxlab.data.readers.raw import number
from cxlab.data.study import Study
from cxlab.data.waves import places
from cxlab.stats.counts.names import key, keys

BLANK = re.compile(r"blank|missing|no answer|not answer|skipped|refused", re.I)
"""Reasons of a missing code that mean nobody answered, unlike 'never used', which is an answer."""

BATTERY = 5
"""Fewest questions of one scale in which one answer to all of them is telling."""

AT_ONCE = 200
"""Questions counted in one scan."""

WIDE = 60
"""More questions are no battery that people answer in a run; only one answer to all of them is looked for."""

LONG = 8
"""Fewest equal answers in a row that are called a long run."""


def profile(study: Study) -> pd.DataFrame:
    """Return one row a rated question: ``answered``, chose the ``best`` answer, ``outside`` its scale, ``most``."""
    rows, fields = [], asked(study)
    counted = answers_of(study, [f.name for f in fields])
    for f in fields:
        found = pd.DataFrame(counted[f.name].items(), columns=["value", "n"], dtype=float)
        x, n = found["value"], found["n"]
        best = f.scale.maximum if f.scale.best == "high" else f.scale.minimum
        between = (x - f.scale.minimum) / f.scale.step
        out = (x < f.scale.minimum) | (x > f.scale.maximum) | ((f.type == "integer") & (between != between.round()))
        rows.append((f, int(n.sum()), int(n[x == best].sum()), int(n[out].sum()), x.max()))
    return pd.DataFrame(rows, columns=["field", "answered", "best", "outside", "most"])


def answers_of(study: Study, names: list[str]) -> dict[str, dict[float, int]]:
    """Return answer → rows of each rated question, in few scans."""
    out: dict[str, dict[float, int]] = {}
    for at in range(0, len(names), AT_ONCE):
        part = names[at : at + AT_ONCE]
        counted = tallies(replace(study, table=study.frame.select(*part).to_native()), part, part)[2]
        out |= {c: {v: n for t, n in counted.get(c, {}).items() if (v := number(t)) is not None} for c in part}
    return out


def _outside(f: Field) -> nw.Expr:
    x = nw.col(f.name).cast(nw.Float64)
    rows = (x < f.scale.minimum) | (x > f.scale.maximum)
    between = (x - f.scale.minimum) / f.scale.step
    return filled(f.name) & (rows | (between != between.round(0)) if f.type == "integer" else rows)


def missing(study: Study, n: int) -> pd.DataFrame:
    """Return one row a question and reason: how many answers are missing, and the share of the rows."""
    keys, conditions = [], []
    for f in asked(study):
        keys += [(f, "no entry"), *((f, why) for why in f.missing.values())]
        conditions += [nw.col(f.name).is_null(), *(nw.col(f.name) == code(c, f.type) for c in f.missing)]
    rows = [
        {"question": f.name, "title": f.label, "reason": why, "n": k, "share": k / n}
        for (f, why), k in zip(keys, counts(study.lazy, conditions), strict=True)
        if k or why == "no entry"
    ]
    return pd.DataFrame(rows, columns=["question", "title", "reason", "n", "share"])


def unanswered(gaps: pd.DataFrame) -> pd.Series:
    """Return how many rows leave each question without an answer ('never used' is an answer)."""
    blank = gaps[gaps["reason"].map(lambda why: why == "no entry" or bool(BLANK.search(why))).astype(bool)]
    return blank.groupby("question")["n"].sum()


def waves(study: Study) -> pd.DataFrame:
    """Return one row a wave: ``wave, rows`` and, under its `names.key`, the number of answers to each question."""
    wave, questions = study.design.wave, [f.name for f in asked(study)]
    if not wave or not questions:
        return pd.DataFrame()
    by = keys(questions)
    asked_in = [filled(q).cast(nw.Int64).alias(k) for q, k in zip(questions, by, strict=True)]
    answered = study.frame.select(nw.col(wave).alias("wave"), *asked_in)
    table = collected(answered.group_by("wave").agg(nw.len().alias("rows"), *[nw.col(k).sum() for k in by]))
    return table.iloc[np.argsort(places(study, wave, table["wave"]), kind="stable")].reset_index(drop=True)


def skipped(by_wave: pd.DataFrame, question: str) -> int:
    """Return the rows of the waves in which nobody answered ``question``: it was not asked there."""
    return 0 if by_wave.empty else int(by_wave.loc[by_wave[key(question)] == 0, "rows"].sum())


def empty(study: Study, n: int) -> Iterator[Finding]:
    """Rows without an answer to any rated question, and columns without a value in any row."""
    questions = [f.name for f in asked(study)]
    if len(questions) > 2:
        rows = together(nw.all_horizontal, [nw.col(q).is_null() for q in questions], ignore_nulls=True)
        k = count(study, rows)
        if k:
            yield Finding("serious" if k > 0.05 * n else "look", "empty", "all questions", k, n,
                          "rows without an answer to any rated question", "leave them out: cx.drop(study, 'empty')",
                          rows)  # fmt: skip
    fields = [f for f in study.codebook if f.name in study.columns]
    for f, k in zip(fields, counts(study.frame, [filled(f.name) for f in fields]), strict=True):
        if not k:
            level = "serious" if f.role and f.role != "text" else "look"
            yield Finding(level, "empty", f.name, n, n, "no row has a value", "check the export, or delete the column")


def not_asked(study: Study, by_wave: pd.DataFrame) -> Iterator[Finding]:
    """Questions that no one answered in some wave, and waves that answered nothing."""
    if by_wave.empty:
        return
    wave, questions = study.design.wave, [f.name for f in asked(study)]
    nothing = by_wave[keys(questions)].sum(axis=1) == 0
    for name, k in by_wave.loc[nothing, ["wave", "rows"]].itertuples(index=False):
        yield Finding("serious", "wave", f"{wave} {name}", int(k), int(k), "a wave without an answer to any question",
                      "leave it out with study.where", nw.col(wave) == name)  # fmt: skip
    for q in questions:
        without = by_wave.loc[(by_wave[key(q)] == 0) & ~nothing, "wave"].astype(str).tolist()
        if without and by_wave[key(q)].any():
            yield Finding("look", "wave", q, skipped(by_wave, q), int(by_wave["rows"].sum()),
                          f"no answers in {', '.join(without)}", "compare only the waves that asked it")  # fmt: skip


def gaps_of(study: Study, gaps: pd.DataFrame, by_wave: pd.DataFrame, n: int) -> Iterator[Finding]:
    """Questions without an answer from more than 30 % of those in the waves that asked them."""
    blank = unanswered(gaps)
    for f in asked(study):
        out = skipped(by_wave, f.name)
        k, of = max(int(blank.get(f.name, 0)) - out, 0), n - out
        if of and k > 0.3 * of:
            yield Finding("look", "missing", f.name, k, of, "no answer" + (f" ({f.note})" if f.note else ""),
                          "if only some were asked, say whom; do not fill it in unseen")  # fmt: skip


def completion(study: Study, n: int, gaps: pd.DataFrame, by_wave: pd.DataFrame) -> Iterator[Finding]:
    """Answers given of those asked for; a question counts as asked in the waves where somebody answered it."""
    fields, blank = asked(study), unanswered(gaps)
    if fields:
        outs = [skipped(by_wave, f.name) for f in fields]
        wanted = sum(n - out for out in outs)
        given = wanted - sum(max(int(blank.get(f.name, 0)) - out, 0) for f, out in zip(fields, outs, strict=True))
        yield Finding("fine", "completion", f"{len(fields)} questions", given, wanted,
                      "answers given of those asked for ('never used' is an answer)",
                      "see parts['missing'] by question and reason")  # fmt: skip


def outside(study: Study, known: pd.DataFrame) -> Iterator[Finding]:
    """Answers that the scale of their question does not have."""
    for f, answered, k in known.loc[known["outside"] > 0, ["field", "answered", "outside"]].itertuples(index=False):
        seen = collected(study.frame.filter(_outside(f)).select(f.name).unique())[f.name].astype(float).sort_values()
        values = ", ".join(f"{v:g}" for v in seen[:6]) + (", ..." if len(seen) > 6 else "")
        yield Finding("serious", "out-of-scale", f.name, k, answered, f"{values} on a scale of {f.scale}",
                      "declare the code as missing, or correct the scale, in the codebook", _outside(f))  # fmt: skip


def half_used(known: pd.DataFrame) -> Iterator[Finding]:
    """Scales whose upper half nobody uses: probably another scale than the codebook says."""
    for f, n, most in known[["field", "answered", "most"]].itertuples(index=False):
        if f.scale.points >= 7 and n >= 100 and most <= (f.scale.minimum + f.scale.maximum) / 2:
            said = f"declared {f.scale}, but no answer is above {most:g}"
            yield Finding("serious", "mixed-scale", f.name, n, n, said,
                          "correct the scale in the codebook")  # fmt: skip


def ceiling(known: pd.DataFrame) -> Iterator[Finding]:
    """Questions where most choose the best answer: little room to see change."""
    for f, n, k in known[["field", "answered", "best"]].itertuples(index=False):
        if f.scale.points > 2 and n >= 30 and k >= 0.6 * n:
            yield Finding("look", "ceiling", f.name, k, n, "chose the best answer",
                          "differences at the top are compressed; use a longer scale or shares")  # fmt: skip


def mixed_scales(study: Study, known: pd.DataFrame) -> Iterator[Finding]:
    """Outcomes answered on two scales: content people in the lower half of a long scale, others in its upper half.

    The mean of the components (touchpoints on a shorter scale that starts alike) tells how content a respondent is.
    On one long scale few of the content (mean at 3/4 of the components' scale or above) answer in the part that the
    short scale covers; if more than 20 % do, and others answer above it, two scales are mixed.
    """
    for f, n in known[["field", "answered"]].itertuples(index=False):
        parts = [t for t in known["field"] if _component(t, f)]
        if f.role != "outcome" or f.scale.best != "high" or len(parts) < 2:
            continue
        low, top, x = f.scale.minimum, max(t.scale.maximum for t in parts), nw.col(f.name)
        mean = nw.mean_horizontal(*[nw.col(t.name).cast(nw.Float64) for t in parts[:WIDE]])
        content = mean >= low + 0.75 * (top - low)
        above, short, long = counts(study.frame, [x > top, content & (x <= top), content & (x > top)])
        if above and short > 0.2 * (short + long):
            said = f"{n - above:,} answers of {low:g} to {top:g} and {above:,} above {top:g}; of those content "
            said += f"with the components {short:,} of {short + long:,} answer {top:g} or less"
            said += _told_apart(study, f, top)
            yield Finding("serious", "mixed-scale", f.name, above, n, said,
                          "split the two forms of the question before any mean; do not rescale unseen",
                          x > top)  # fmt: skip


def _component(t: Field, f: Field) -> bool:
    same = t.role == "touchpoint" and t.scale.best == "high" and t.scale.minimum == f.scale.minimum
    return same and 1.5 * t.scale.points <= f.scale.points


def _told_apart(study: Study, f: Field, top: float) -> str:
    """Return in words which column separates the rows above ``top`` from the others, and since when they occur."""
    others = [g.name for g in study.codebook if g.name in study.columns and g.name != f.name and g.role != "id"]
    above = nw.col(f.name) > top
    both = [study.frame.filter(rows) for rows in (above, nw.col(f.name) <= top)]
    (n1, *k1), (n0, *k0) = (counts(half, [filled(f.name), *map(filled, others)]) for half in both)
    gap = {g: a / n1 - b / n0 for g, a, b in zip(others, k1, k0, strict=True)}
    best, said = max(gap, key=lambda g: abs(gap[g])), ""
    if abs(gap[best]) > 0.5:
        k = dict(zip(others, k1, strict=True))[best]
        said = f"; {k if gap[best] > 0 else n1 - k} of the {n1} are where '{best}' is "
        said += "filled in" if gap[best] > 0 else "blank"
    date = next(iter(study.codebook.role("date")), "")
    if date:
        said += f", from {str(collected(both[0].select(nw.col(date).min()))[date].iloc[0])[:10]} on"
    return said


def batteries(study: Study) -> list[list[Field]]:
    """Return the touchpoints in groups with one scale and measure, at least five in each."""
    groups: dict[Any, list[Field]] = {}
    for f in asked(study):
        if f.role == "touchpoint":
            groups.setdefault((f.measure, f.scale.minimum, f.scale.maximum, f.scale.best), []).append(f)
    return [g for g in groups.values() if len(g) >= BATTERY]


def same_answer(study: Study, n: int) -> Iterator[Finding]:
    """Straight-lining (one answer to a whole battery) and long runs of one answer.

    A respondent counts who answered at least half of the battery and at least five questions of it.
    """
    for battery in batteries(study):
        names = [f.name for f in battery]
        columns = [nw.col(q).cast(nw.Float64) for q in names]
        given = together(nw.sum_horizontal, [filled(q).cast(nw.Int64) for q in names])
        enough = given >= max(BATTERY, math.ceil(len(names) / 2))
        straight = enough & (together(nw.max_horizontal, columns) == together(nw.min_horizontal, columns))
        size = max(LONG, math.ceil(2 * len(names) / 3))
        who, k = counts(study.frame, [enough, straight])
        about = f"{names[0]} … {names[-1]}"
        if k:
            yield Finding("look", "straight-lining", about, k, who, f"one answer to all of {len(names)} questions",
                          "may be honest where all is well; compare results with and without", straight)  # fmt: skip
        runs = _runs(names, size) & ~straight if size < len(names) <= WIDE else None
        if runs is not None and (long := length(study.frame.filter(runs))):
            yield Finding("look", "longstring", about, long, n, f"{size} or more equal answers in a row",
                          "look at speed and comments of these rows before leaving them out", runs)  # fmt: skip


def _runs(names: Sequence[str], size: int) -> nw.Expr:
    equal = [nw.col(a) == nw.col(b) for a, b in zip(names, names[1:], strict=False)]
    windows = [nw.all_horizontal(*equal[i : i + size - 1], ignore_nulls=False) for i in range(len(equal) - size + 2)]
    return nw.any_horizontal(*windows, ignore_nulls=False)
