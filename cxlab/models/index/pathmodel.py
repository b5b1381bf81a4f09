"""The declaration of a path model in a few lines; ECSI and ACSI come ready.

Satisfaction =~ sat1 + sat2 + sat3      a construct seen through its items (Mode A)
Value        <~ price + quality         a construct made of its items (Mode B)
Satisfaction ~ Value + Image            what explains it
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cxlab.data.codebook import Codebook, Field
from cxlab.problem import DataProblem, unknown
from cxlab.stats.paths.pls import Structure


@dataclass(frozen=True)
class PathModel:
    """Constructs, their items, and which construct explains which.

    Parameters
    ----------
    name : how the model is called in titles.
    blocks : items of each construct, in order.
    paths : pairs (cause, effect).
    modes : 'A' (default) or 'B' by construct.
    target : the construct whose index is reported first.
    measures : for each construct the codebook's measures its items are found by, where ``blocks`` has none.
    """

    name: str
    blocks: Mapping[str, tuple[str, ...]]
    paths: tuple[tuple[str, str], ...]
    modes: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    measures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for pair in self.paths:
            for construct in pair:
                if construct not in self.blocks:
                    raise unknown("construct", construct, f"the blocks of {self.name}", self.blocks)
        items = [i for block in self.blocks.values() for i in block]
        double = sorted({i for i in items if items.count(i) > 1})
        if double:
            raise DataProblem(f"{self.name}: {', '.join(double)} belongs to more than one construct; each item to one")
        if self.target and self.target not in self.blocks:
            raise unknown("target", self.target, f"the blocks of {self.name}", self.blocks)
        self._order()

    def _order(self) -> None:
        left = {c: {a for a, b in self.paths if b == c} for c in self.blocks}
        while left:
            free = [c for c, causes in left.items() if not causes & set(left)]
            if not free:
                circle = " and ".join(left)
                raise DataProblem(f"{self.name}: {circle} explain each other in a circle; paths run one way")
            for c in free:
                del left[c]

    @property
    def constructs(self) -> tuple[str, ...]:
        """The constructs, in the order they were declared."""
        return tuple(self.blocks)

    @property
    def items(self) -> tuple[str, ...]:
        """All items, block by block."""
        return tuple(i for block in self.blocks.values() for i in block)

    def where(self, **items: str | Sequence[str]) -> PathModel:
        """Return the model with items of some constructs set: ``cx.indices.ECSI.where(Image=["imag1", "imag2"])``."""
        for construct in items:
            if construct not in self.blocks:
                raise unknown("construct", construct, self.name, self.blocks)
        listed = {c: (v,) if isinstance(v, str) else tuple(v) for c, v in items.items()}
        return replace(self, blocks={**self.blocks, **listed})

    def found_in(self, book: Codebook) -> tuple[PathModel, tuple[str, ...]]:
        """Return the model with the items the codebook knows by their measure, and notes on constructs left out."""
        usable = {f.name: f.measure for f in book if f.scale is not None and _is_item(f)}
        known = {c: tuple(n for m in ms for n in usable if usable[n] == m) for c, ms in self.measures.items()}
        blocks = {c: tuple(block) or known.get(c, ()) for c, block in self.blocks.items()}
        empty = [c for c, block in blocks.items() if not block]
        kept = {c: block for c, block in blocks.items() if block}
        if self.target in empty or len(kept) < 2:
            need = ", ".join(f"{c}: {' or '.join(self.measures.get(c, ())) or 'name its items'}" for c in empty)
            raise DataProblem(
                f"{self.name} needs items for {' and '.join(empty)}; {book.name} declares none. Declare their measure "
                f"in its datapackage.json ({need}), or name them: model.where({empty[0]}=[...])"
            )
        paths = tuple((a, b) for a, b in self.paths if a in kept and b in kept)
        kept = {c: block for c, block in kept.items() if any(c in pair for pair in paths)}
        notes = (f"Left out of the model, as {book.name} has no items for it: {', '.join(empty)}.",) if empty else ()
        return replace(self, blocks=kept, paths=paths), notes

    def structure(self) -> Structure:
        """Return the model as arrays, with the items in the order of `items`."""
        names, at = list(self.constructs), {item: k for k, item in enumerate(self.items)}
        paths = np.zeros((len(names), len(names)), bool)
        for cause, effect in self.paths:
            paths[names.index(cause), names.index(effect)] = True
        blocks = tuple(tuple(at[i] for i in block) for block in self.blocks.values())
        return Structure(blocks, paths, tuple(self.modes.get(c, "A") for c in names))


def _is_item(f: Field) -> bool:
    """Outcomes and touchpoints; expectations and complaints, which have no role of their own."""
    return f.role in ("outcome", "touchpoint") or (f.role == "" and f.measure in ("expectation", "complaint"))


def path_model(text: str, *, target: str = "", name: str = "path model") -> PathModel:
    """Return the model that ``text`` declares, one statement a line; ``#`` starts a comment.

    ``=~`` names the items a construct is seen through (Mode A), ``<~`` those it is made of (Mode B), ``~`` what
    explains it. ``target`` is by default the construct 'Satisfaction', else the last one explained.

    Parameters
    ----------
    name : what the model is called.

    Raises
    ------
    DataProblem : a line is no statement of a path model, or there is none that says what explains what.

    >>> import cxlab as cx
    >>> m = cx.indices.path_model("Quality =~ q1 + q2\\nSatisfaction =~ s1 + s2\\nSatisfaction ~ Quality")
    >>> m.target, m.paths
    ('Satisfaction', (('Quality', 'Satisfaction'),))
    """
    blocks: dict[str, tuple[str, ...]] = {}
    modes: dict[str, str] = {}
    paths: list[tuple[str, str]] = []
    for line in text.splitlines():
        statement = line.split("#")[0].strip()
        if not statement:
            continue
        found = re.fullmatch(r"(\w+)\s*(=~|<~|~)\s*(.+)", statement)
        parts = [p.strip() for p in found[3].split("+")] if found else []
        if not found or not all(parts):
            forms = "'A =~ x1 + x2', 'A <~ x1 + x2' or 'A ~ B + C'"
            raise DataProblem(f"'{statement}' is no statement of a path model; write {forms}")
        if found[2] == "~":
            paths += [(p, found[1]) for p in parts]
        else:
            blocks[found[1]] = tuple(parts)
            modes |= {found[1]: "B"} if found[2] == "<~" else {}
    if not paths:
        hint = "add a line like 'Satisfaction ~ Quality'"
        raise DataProblem(f"the path model has no statement of what explains what; {hint}")
    goal = target or ("Satisfaction" if "Satisfaction" in blocks else paths[-1][1])
    return PathModel(name, blocks, tuple(paths), modes, goal)


ECSI = PathModel(
    "ECSI",
    dict.fromkeys(("Image", "Expectation", "Quality", "Value", "Satisfaction", "Complaints", "Loyalty"), ()),
    (
        ("Image", "Expectation"), ("Expectation", "Quality"), ("Expectation", "Value"), ("Quality", "Value"),
        ("Image", "Satisfaction"), ("Expectation", "Satisfaction"), ("Quality", "Satisfaction"),
        ("Value", "Satisfaction"), ("Satisfaction", "Complaints"), ("Image", "Loyalty"),
        ("Satisfaction", "Loyalty"), ("Complaints", "Loyalty"),
    ),
    target="Satisfaction",
    measures={
        "Image": ("image",), "Expectation": ("expectation",), "Quality": ("quality",), "Value": ("value",),
        "Satisfaction": ("satisfaction",), "Complaints": ("complaint",),
        "Loyalty": ("loyalty", "repurchase", "recommendation"),
    },
)  # fmt: skip
"""European index: Tenenhaus, Esposito Vinzi, Chatelin & Lauro 2005, doi:10.1016/j.csda.2004.03.005."""

ACSI = PathModel(
    "ACSI",
    dict.fromkeys(("Expectation", "Quality", "Value", "Satisfaction", "Complaints", "Loyalty"), ()),
    (
        ("Expectation", "Quality"), ("Expectation", "Value"), ("Quality", "Value"), ("Expectation", "Satisfaction"),
        ("Quality", "Satisfaction"), ("Value", "Satisfaction"), ("Satisfaction", "Complaints"),
        ("Satisfaction", "Loyalty"), ("Complaints", "Loyalty"),
    ),
    target="Satisfaction",
    measures={c: m for c, m in ECSI.measures.items() if c != "Image"},
)  # fmt: skip
"""American index: Fornell, Johnson, Anderson, Cha & Bryant 1996, doi:10.1177/002224299606000403."""

READY = {"ecsi": ECSI, "acsi": ACSI}
