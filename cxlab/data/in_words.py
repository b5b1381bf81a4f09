"""Outcomes and yes/no columns that a codebook declares and a table holds as words: they are coded, and it is said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from cxlab.data import coding, wording
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.masking import quotable
from cxlab.data.readers.raw import number

Values = Callable[[str], Mapping[str, int]]
"""Returns text → how often for a column."""

ENDS = ("churn", "complaint", "")
"""What an answer yes or no counts as 1 or 0; satisfaction and its like have a better and a worse answer."""


def coded(book: Codebook, texts: Collection[str], values: Values) -> tuple[Codebook, tuple[str, ...]]:
    """Return the codebook with codes for answers in words, and the columns that are now to be read as numbers.

    Yes and no are 1 and 0 (in any language of `cxlab.data.vocabulary`); of two answers the better one is 2 of 1 to 2;
    more are numbered from worst to best where wording tells all of them. Of an outcome that stays text it is said that
    no score counts it.

    Parameters
    ----------
    texts : the columns of the table that hold text.
    values : the texts of one column.
    """
    fields, notes, changed = [], [], []
    for f in book:
        made, note = _one(f, values) if f.name in texts and not f.columns else (f, "")
        fields.append(made)
        notes += [note] * bool(note)
        changed += [f.name] * (made is not f)
    if not notes:
        return book, ()
    kept = tuple(n for n in notes if n not in book.notes)
    return replace(book, fields=tuple(fields), notes=(*book.notes, *kept)), tuple(changed)


def _one(f: Field, values: Values) -> tuple[Field, str]:
    outcome = f.role == "outcome"
    if not outcome and f.type != "boolean" or f.labels or (f.scale and f.scale.labels):
        return f, ""
    gone = {k.casefold() for k in (*f.missing, *f.missing.values())}
    seen = [t for t in values(f.name) if t.casefold() not in gone and t.casefold() not in wording.NOTHING]
    if not seen or len(seen) > coding.WORDED and f.type in ("integer", "number"):
        return f, ""
    if f.type in ("integer", "number") and (coding.read(dict.fromkeys(seen, 1), {}, f.missing) is not None):
        return f, ""
    if made := _answers(f, seen):
        return made, f"{f.name}: declared {f.type}, holds words; {_said(made)}"
    if outcome and f.type == "string" and not all(number(t) is not None for t in seen):
        shown = ", ".join(f"'{quotable(t)}'" for t in seen[:5]) + (", ..." if len(seen) > 5 else "")
        return f, f"{f.name}: a declared outcome of texts ({shown}), whose order wording does not tell: no score " \
            "counts it; give its codes with labels"  # fmt: skip
    if outcome and f.type == "string":
        return f, f"{f.name}: a declared outcome of type string holds numbers: no score counts it; declare type=integer"
    return f, ""


def _answers(f: Field, seen: list[str]) -> Field | None:
    """Return the field with its answers coded, None where wording does not tell them apart."""
    sides = {t: wording.yes(t) for t in seen}
    if f.scale is None and (f.type == "boolean" or f.measure in ENDS) and None not in sides.values():
        labels = {str(int(side)): t for t, side in reversed(sides.items())}
        return replace(f, type="integer", labels=labels)
    if f.role != "outcome" or f.scale is not None and (f.scale.minimum, f.scale.maximum) != (1, len(seen)):
        return None
    two = wording.two_sides(seen) if len(seen) == 2 else None
    order = {two[1]: 1, two[0]: 2} if two else wording.order(seen) if len(seen) <= 11 else {}
    if not order:
        return None
    best = f.scale.best if f.scale else "high"
    codes = order if best == "high" else {t: len(order) + 1 - c for t, c in order.items()}
    labels = {str(c): t for t, c in sorted(codes.items(), key=lambda x: x[1])}
    return replace(f, type="integer", scale=Scale(1, len(order), best, labels))


def _said(f: Field) -> str:
    labels = f.scale.labels if f.scale else f.labels
    how = "worst to best by its wording" if f.scale else "yes is 1 and no is 0"
    told = ", ".join(f"'{quotable(t)}' = {c}" for c, t in sorted(labels.items()))
    return f"read as codes, {how} (guessed): {told}"
