"""`likeness`: whether next month's file has the shape of the last: what is new, gone or recoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cxlab.data.check import check, tallies
from cxlab.data.codebook import Codebook, Field
from cxlab.data.masking import quotable
from cxlab.data.study import Study
from cxlab.problem import nearest

LEVELS = 60
"""Columns with more levels than this are not compared level by level."""

FAMILIES = {"integer": "numbers", "number": "numbers", "date": "dates", "datetime": "dates"}
"""Types that carry over to each other."""


@dataclass(frozen=True)
class Change:
    """One difference: the column, what it is ('gone', 'new', 'type', 'scale', 'labels', 'levels', 'values'), in words.

    ``serious``: results of the two files cannot be compared, or made, before somebody has looked.
    """

    column: str
    what: str
    said: str
    serious: bool = True

    def __str__(self) -> str:
        return f"{self.column}: {self.said}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)


def likeness(new: Study, guessed: Codebook, like: Codebook, old: Study | None = None) -> tuple[Change, ...]:
    """Return how the file of ``new`` differs from what the codebook ``like`` says, serious changes first.

    Parameters
    ----------
    new : the new file, read with the codebook ``like`` as far as it goes.
    guessed : the codebook that would be guessed of the new file alone: its types, scales and labels.
    like : the codebook of the old file.
    old : the old file, if it is at hand; then the levels of its segments are compared too.
    """
    columns = set(new.columns)
    found = [*_gone(guessed, like, columns), *_new(guessed, like)]
    for field in like:
        if field.name in guessed and not field.columns:
            found += _recoded(field, guessed[field.name])
    told = {c.column for c in found if c.what == "scale"}
    known = ("not in the data", "not in the codebook", "unused label")
    found += [
        Change(f.column, "values", f"{f.problem} {f.value}, {f.n:,} rows")
        for f in check(new)
        if f.serious and f.problem not in known and not (f.problem == "outside the scale" and f.column in told)
    ]
    found += _levels(new, old) if old is not None else []
    return tuple(sorted(dict.fromkeys(found), key=lambda c: not c.serious))


def _gone(guessed: Codebook, like: Codebook, columns: set[str]) -> Iterator[Change]:
    """Columns that the codebook declares and the file lacks, with the new one that has their wording."""
    fresh = [f for f in guessed if f.name not in like]
    for f in like:
        lost = [c for c in (f.columns or (f.name,)) if c not in columns and f.name not in columns]
        if not lost:
            continue
        words = {f.title.casefold(), f.question.casefold()} - {"", f.name.casefold()}
        same = next((g.name for g in fresh if {g.title.casefold(), g.question.casefold()} & words), "")
        hint = f"; renamed to '{same}'? It has the same wording" if same else nearest(f.name, [g.name for g in fresh])
        which = "" if lost == [f.name] else f" ({', '.join(lost[:5])})"
        yield Change(f.name, "gone", f"gone{which}{hint}", bool(f.role) or bool(f.columns))


def _new(guessed: Codebook, like: Codebook) -> Iterator[Change]:
    known = {c for f in like for c in (f.name, *f.columns)}
    for f in guessed:
        if f.name not in known and not set(f.columns) & known:
            scale = f", {f.scale}" if f.scale else ""
            yield Change(f.name, "new", f"new{f', it looks like role {f.role}{scale}' if f.role else ''}", False)


def _recoded(old: Field, new: Field) -> Iterator[Change]:
    """Type, scale and labels of one column that both have."""
    families = [FAMILIES.get(f.type, f.type) for f in (old, new)]
    if families[0] != families[1] and not (old.labels or old.scale and old.scale.labels):
        yield Change(old.name, "type", f"was {old.type}, is {new.type}")
    a, b = old.scale, new.scale
    if a and b and (a.minimum, a.maximum) != (b.minimum, b.maximum):
        inside = a.minimum <= b.minimum and b.maximum <= a.maximum
        yield Change(old.name, "scale", f"was answered on {a}, answers now run on {b}", not inside)
    elif a and b and a.best != b.best and b.labels:
        yield Change(old.name, "scale", f"turned round: was {a}, its labels now say {b}")
    before, after = (_labels(f) for f in (old, new))
    moved = [c for c in before if c in after and before[c].casefold().strip() != after[c].casefold().strip()]
    if moved:
        pairs = "; ".join(f"{c} was '{quotable(before[c])}', is '{quotable(after[c])}'" for c in moved[:4])
        yield Change(old.name, "labels", f"recoded: {pairs}")
    more = [c for c in after if before and c not in before and c not in old.missing]
    if more:
        yield Change(old.name, "labels", f"new codes: {', '.join(f'{c} {quotable(after[c])!r}' for c in more[:6])}")


def _labels(f: Field) -> Mapping[str, str]:
    return {**f.missing, **f.labels, **(f.scale.labels if f.scale else {})}


def _levels(new: Study, old: Study) -> Iterator[Change]:
    """Levels of segments, brands and the like that came or went."""
    both = [
        f.name for f in old.codebook
        if f.role in ("segment", "brand", "strata") and f.name in new.columns and f.name in old.columns
    ]  # fmt: skip
    before, after = (tallies(s, both, both)[2] if both else {} for s in (old, new))
    for name in both:
        a, b = set(before[name]) - {""}, set(after[name]) - {""}
        if max(len(a), len(b)) > LEVELS:
            continue
        for what, levels in (("new", sorted(b - a)), ("gone", sorted(a - b))):
            if levels:
                hint = nearest(levels[0], a & b if what == "gone" else a) if len(levels) == 1 else ""
                listed = ", ".join(quotable(v) for v in levels[:8])
                yield Change(name, "levels", f"{what} levels: {listed}{hint}", False)
