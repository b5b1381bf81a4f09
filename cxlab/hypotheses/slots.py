"""Which columns of a study play which part in a card's test, and what is missing for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from cxlab.data.codebook import Field
from cxlab.data.labels_of_answers import follows_from
from cxlab.data.sample import check_weights
from cxlab.data.study import Study
from cxlab.hypotheses.card import Card, Need
from cxlab.problem import DataProblem, unknown

JOURNEY = (
    "awareness", "search", "booking", "purchase", "checkin", "departure", "boarding", "delivery", "use", "cabin",
    "meal", "crew", "arrival", "help", "complaint", "return",
)  # fmt: skip
"""Journey stages whose order in time is taken as known; any other order must be given by ``columns=``."""


TWO_ANSWERS = ("churn", "complaint")
"""Measures whose answers are yes and no without a scale."""


@dataclass(frozen=True)
class Slots:
    """Columns by slot, what was taken by its name rather than its role, and what is missing (in words)."""

    columns: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __getitem__(self, slot: str) -> tuple[str, ...]:
        return self.columns.get(slot, ())

    @property
    def used(self) -> tuple[str, ...]:
        """All columns, each once."""
        return tuple(dict.fromkeys(c for cols in self.columns.values() for c in cols))


Given = Mapping[str, str | Sequence[str]] | Sequence[str] | None
"""Which column plays which part: ``{"arm": "routed"}``, or in the form of the command line ``["arm=routed"]``."""


def given_parts(columns: Given) -> dict[str, tuple[str, ...]]:
    """Return parts and their columns.

    >>> given_parts(["arm=routed", "touchpoints=a,b"])
    {'arm': ('routed',), 'touchpoints': ('a', 'b')}
    """
    if isinstance(columns, Mapping):
        return {k: (v,) if isinstance(v, str) else tuple(v) for k, v in columns.items()}
    out = {}
    for text in columns or ():
        part, _, names = text.partition("=")
        if not (part and names):
            raise DataProblem(f"columns has '{text}'; write it as part=column, e.g. arm=routed")
        out[part.strip()] = tuple(n.strip() for n in names.split(","))
    return out


def resolve(card: Card, study: Study, columns: Given = None) -> Slots:
    """Return which columns play which part; ``columns`` overrules what role, measure and name say.

    A column plays one part only, in the order of the card's needs; a field that the study's codebook declares but its
    table lacks counts as missing.

    Raises
    ------
    DataProblem : ``columns`` names a slot the card does not have, or a column the study does not have.
    """
    given = given_parts(columns)
    for slot, names in given.items():
        if slot not in [n.slot for n in card.needs]:
            raise unknown("part", slot, f"the test of {card.id}", [n.slot for n in card.needs])
        for name in names:
            study.field(name)
    there = set(study.columns)
    fields = [f for f in study.codebook if f.name in there]
    return assign(card, fields, given, study)


def assign(
    card: Card, fields: Sequence[Field], given: Mapping[str, tuple[str, ...]], study: Study | None = None
) -> Slots:
    """Return which fields play which part, those with several columns last; ``given`` parts are taken as they are.

    ``study`` : whose answers say which labels follow from them; None: that is not looked at.
    """
    taken = {c for names in given.values() for c in names}
    found: dict[str, tuple[str, ...]] = {}
    notes, missing = [], []
    for need in sorted(card.needs, key=lambda n: n.many):
        names, by_name = (given[need.slot], False) if need.slot in given else _find(need, fields, taken, study)
        if by_name:
            notes.append(f"column {', '.join(names)} taken as {need.says} by its name")
        if len(names) >= need.least:
            found[need.slot] = names
            taken |= set(names)
            missing += [_no_scale(need, f) for f in fields if f.name in names and not _scored(need, f)]
        elif not need.optional:
            missing.append(_lacks(need, names))
    return Slots(found, tuple(notes), tuple(missing))


def answerable(card: Card) -> list[str]:
    """Return the studies of the catalogue whose codebook has all that the card needs."""
    from cxlab.data import catalogue, codebook

    books = [codebook.read(catalogue.descriptor(n)) for n in catalogue.names()]
    return [b.name for b in books if not assign(card, list(b), {}).missing]


def of_people(need: Need) -> bool:
    """Whether a part takes groups of people (or of firms): what was so before they answered."""
    return need.kind == "label" and "segment" in need.role


def why_no_group(f: Field, study: Study | None = None) -> str:
    """Return why a column tells no groups of people, or '': an answer, what happened, or what follows from an answer.

    Parameters
    ----------
    study : None: what its answers say is not looked at.
    """
    if f.role in ("outcome", "touchpoint"):
        return f"is an answer (role '{f.role}')"
    if f.measure:
        return f"says what people experienced (measure '{f.measure}')"
    told = follows_from(study, f.name) if study is not None else ""
    return f"follows from the answers to '{told}'" if told else ""


def why_barred(need: Need, f: Field, study: Study | None) -> str:
    """Return why a part cannot take a column as groups of people, or ''.

    What a column's name says (the mode of asking) it is, even where its values happen to tell the scores.
    """
    return why_no_group(f, None if need.names else study) if of_people(need) else ""


def _find(need: Need, fields: Sequence[Field], taken: set[str], study: Study | None) -> tuple[tuple[str, ...], bool]:
    """Return the columns that play a part, and whether it was their name that said so."""
    free = [f for f in fields if f.name not in taken and f.role in need.role and _fits(need, f)]
    ranked: list[Field] = []
    if need.measure or not need.names:
        wanted = need.measure or (None,)
        ranked = [f for m in wanted for f in free if m is None or f.measure == m]
        if need.stages:
            ranked.sort(key=lambda f: JOURNEY.index(f.stage.lower()))
    named = [] if ranked else [f for n in need.names for f in free if f.name.lower() == n.lower()]
    fit = (f for f in ranked or named if not why_barred(need, f, study))
    return tuple(f.name for f in (fit if need.many else islice(fit, 1))), bool(named)


def _fits(need: Need, f: Field) -> bool:
    if need.scale and not (f.scale and (f.scale.minimum, f.scale.maximum) == need.scale):
        return False
    if need.kind == "amount" and f.scale:  # a rating of the price is no price
        return False
    return f.stage.lower() in JOURNEY or not need.stages


def _scored(need: Need, f: Field) -> bool:
    """Whether it is known what the best and the worst answer is, where the test needs to know it."""
    amount = need.kind == "outcome" and (f.measure == "spend" or f.role == "operation")
    if need.kind not in ("score", "outcome") or amount:
        return True
    return bool(f.scale) or f.type == "boolean" or len(f.labels) == 2 or f.measure in TWO_ANSWERS


def _no_scale(need: Need, f: Field) -> str:
    return (
        f"the scale of '{f.name}' ({need.says}): its points are counted from the worst answer to the best; declare it "
        'in the codebook, e.g. "scale": {"minimum": 1, "maximum": 5}'
    )


def _lacks(need: Need, names: tuple[str, ...]) -> str:
    got = f"; only {', '.join(names)}" if names else ""
    scale = f" on {need.scale[0]:g} to {need.scale[1]:g}" if need.scale else ""
    return f"{need}{scale}{got}"


def require(card: Card, study: Study, columns: Given = None) -> Slots:
    """Return the slots, or say exactly what the study lacks for the card; negative weights are refused."""
    slots = resolve(card, study, columns)
    given = given_parts(columns)
    for need in filter(of_people, card.needs):
        for name in given.get(need.slot, ()):
            if why := why_barred(need, study.field(name), study):
                raise DataProblem(
                    f"{card.id} cannot take '{name}' as {need.says}: it {why}; name a column that was known before "
                    f"the answers: columns={{'{need.slot}': 'name'}}"
                )
    if slots.missing:
        raise DataProblem(
            f"{card.id} cannot be tested on {study.name}: it lacks {'; and '.join(slots.missing)}"
            + _advice(card, slots)
        )
    check_weights(study)
    return slots


def other_groups(card: Card, study: Study, slots: Slots, columns: Given = None) -> Iterator[tuple[str, Slots]]:
    """Yield each part that takes groups of people and the slots with another column in it, where nobody named one."""
    fields = [f for f in study.codebook if f.name in set(study.columns)]
    for need in card.needs:
        taken = set(slots.used)
        while of_people(need) and need.slot not in given_parts(columns):
            names, _ = _find(need, fields, taken, study)
            if not names:
                break
            taken |= set(names)
            yield need.slot, replace(slots, columns={**slots.columns, need.slot: names})


def _advice(card: Card, slots: Slots) -> str:
    gone = [n.slot for n in card.needs if n.slot not in slots.columns and not n.optional]
    if not gone:
        return ""
    return (
        ". Declare the column's role in the codebook, or say which column plays the part: "
        f"columns={{'{gone[0]}': 'name'}}"
    )
