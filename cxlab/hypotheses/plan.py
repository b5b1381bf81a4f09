"""A plan: which claims will be tested on which data, and how, written before looking."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from cxlab.data.arguments import public
from cxlab.data.codebook import write as write_codebook
from cxlab.data.locations import placed, sought
from cxlab.data.study import Study
from cxlab.hypotheses import ledger as book
from cxlab.hypotheses.card import Card, card
from cxlab.hypotheses.journey_rows import as_journeys
from cxlab.hypotheses.scored_answers import EXCLUSIONS, SCALES, Spec
from cxlab.hypotheses.slots import require
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts.tally import tally

CORRECTIONS = ("holm", "bh", "none")
HEAD = "# Written by `cxlab plan` before looking. A change after a run shows in the ledger; changed data are refused.\n"


BOUND = {"schema": "columns or types", "codebook": "codebook", "rows": "number of rows", "data": "answers"}
"""What a plan binds to, and what it is called."""


@dataclass(frozen=True)
class PlannedCard:
    """A card with its columns and its smallest effect of interest."""

    id: str
    columns: Mapping[str, Sequence[str]]
    sesoi: float

    def applied(self, card: Card) -> Card:
        """Return the card with the plan's smallest effect."""
        return replace(card, sesoi=self.sesoi)


BOUND = {"schema": "columns or types", "codebook": "codebook", "rows": "number of rows", "data": "answers"}
"""What a plan binds to, and what it is called."""


@dataclass(frozen=True)
class Plan:
    """Cards, columns, smallest effects, level, family and correction, seed, exclusions, and what the data were.

    ``correction`` is for the family of all cards: 'holm' (or 'bh', screening). ``schema`` and ``codebook`` are hashes,
    ``data`` is the hash of the counts of every column in use; ``hash`` is that of the plan itself.
    """

    name: str
    study: str
    cards: tuple[PlannedCard, ...]
    written: str
    level: float = 0.95
    seed: int = 0
    correction: str = "holm"
    weights: bool = True
    scale: str = "linear"
    exclude: str = "none"
    rows: int = 0
    codebook: str = ""
    schema: str = ""
    data: str = ""
    stored: str = ""

    def __post_init__(self) -> None:
        one_of("correction", self.correction, CORRECTIONS)
        one_of("exclude", self.exclude, EXCLUSIONS)
        one_of("scale", self.scale, SCALES)

    @property
    def hash(self) -> str:
        """The hash of what the plan says (not of what the file claims its hash to be)."""
        return book.digest({k: v for k, v in asdict(self).items() if k != "stored"})

    @property
    def edited(self) -> tuple[str, ...]:
        """That the file was edited since it was written, if so."""
        same = self.stored in ("", self.hash)
        return () if same else (f"the file of the plan '{self.name}' was edited since it was written",)

    @property
    def spec(self) -> Spec:
        return Spec(self.weights, self.scale, self.exclude)

    @property
    def share(self) -> float:
        """The level of one card alone: Bonferroni's share, valid whatever the other cards give."""
        return self.level if self.correction == "none" else 1 - (1 - self.level) / len(self.cards)

    def check(self, id: str, study: Study) -> PlannedCard:
        """Return the planned card, or refuse: not in the plan, another study, changed codebook, changed data."""
        if self.study != study.name:
            raise DataProblem(
                f"the plan '{self.name}' is for {self.study}, not for {study.name}; write one: cxlab plan {id} DATA"
            )
        found = [c for c in self.cards if c.id == id]
        if not found:
            there = ", ".join(c.id for c in self.cards)
            raise DataProblem(
                f"{id} is not in the plan '{self.name}' ({there}); test it without a plan, or write a new one"
            )
        now = fingerprint(study, _used(self.cards))
        for key, what in BOUND.items():
            if getattr(self, key) != now[key]:
                was = f" ({self.rows:,} then, {now['rows']:,} now)" if key == "rows" else ""
                raise DataProblem(
                    f"the {what} of {study.name} changed since the plan '{self.name}' was written on "
                    f"{self.written}{was}. A plan binds to its data: write a new one with "
                    f"cxlab plan {','.join(c.id for c in self.cards)} {study.name}"
                )
        return found[0]

    def notes(self, planned: PlannedCard | None) -> list[str]:
        """Return what a verdict under the plan must say."""
        m = len(self.cards)
        said = [f"plan '{self.name}', written {self.written}, {self.hash[:12]}"]
        if m > 1 and self.correction != "none":
            said.append(f"family of {m} cards: intervals at Bonferroni's share of the level, {self.share:.2%}")
        return said + [f"deviation: {e}" for e in self.edited]

    def write(self, path: str | Path) -> Path:
        """Write the plan as YAML; an existing file is not overwritten."""
        path = Path(path)
        if path.exists():
            raise DataProblem(
                f"{path} exists; a plan is written once. Choose another name, or delete it before any run"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {k: v for k, v in asdict(self).items() if k != "stored"}
        content["cards"] = [
            {"id": c.id, "sesoi": c.sesoi, "columns": {k: list(v) for k, v in c.columns.items()}} for c in self.cards
        ]
        path.write_text(
            HEAD + yaml.safe_dump({**content, "hash": self.hash}, sort_keys=False, allow_unicode=True), "utf-8"
        )
        return path

    @classmethod
    def read(cls, path: str | Path) -> Plan:
        """Read a plan; a file that is none is refused."""
        try:
            raw = yaml.safe_load(placed(path).read_text("utf-8"))
            cards = tuple(
                PlannedCard(c["id"], {k: tuple(v) for k, v in c["columns"].items()}, float(c["sesoi"]))
                for c in raw.pop("cards")
            )
            return cls(**raw_without_hash(raw), cards=cards, stored=raw["hash"])
        except FileNotFoundError as error:
            raise DataProblem(f"there is no plan {sought(path)}; write one with cxlab plan CARDS DATA") from error
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            cause = " ".join(str(error).split())[:200]
            raise DataProblem(
                f"{path} is not a plan of cxlab ({cause}); write one with cxlab plan CARDS DATA"
            ) from error


def raw_without_hash(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan's fields as they stand in the file."""
    return {k: v for k, v in raw.items() if k != "hash"}


@public
def plan(
    claims: str | Sequence[str],
    study: Study,
    *,
    name: str = "",
    columns: Mapping[str, Mapping[str, Any]] | None = None,
    sesoi: Mapping[str, float] | None = None,
    level: float = 0.95,
    seed: int = 0,
    correction: str = "holm",
) -> Plan:
    """Return the plan of testing claims on a study; nothing of the answers is shown.

    Parameters
    ----------
    claims : ids of cards. ``columns``, ``sesoi`` : by card id, where the card or the codebook are to be overruled.
    correction : for the family of all cards: 'holm', 'bh' (screening only) or 'none'.
    name : name of the plan; default: the study and the claims.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Raises
    ------
    DataProblem : an unknown card, or the study lacks what a card needs.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.evidence.plan("CX-05", cx.load("airline-survey")).correction
    'holm'
    """
    ids = [c.strip() for c in (claims.split(",") if isinstance(claims, str) else claims)]
    planned = []
    for chosen in [card(i) for i in ids]:
        given = (columns or {}).get(chosen.id)
        slots = require(chosen, as_journeys(chosen, study, given), given)
        planned.append(PlannedCard(chosen.id, dict(slots.columns), (sesoi or {}).get(chosen.id, chosen.sesoi)))
    ready = tuple(planned)
    label = name or f"{study.name}-{'-'.join(c.id.lower() for c in ready)}"[:60]
    today = date.today().isoformat()
    return Plan(label, study.name, ready, today, level, seed, correction, **fingerprint(study, _used(ready)))


def _used(cards: Sequence[PlannedCard]) -> list[str]:
    return sorted({c for p in cards for names in p.columns.values() for c in names})


def fingerprint(study: Study, used: Sequence[str]) -> dict[str, Any]:
    """Return hashes of the codebook, of the table's schema, and of the counts of the columns in use; and the rows.

    The hashes show that something changed, not what; they give nothing of the answers away.
    """
    import narwhals as nw

    schema = {k: str(v) for k, v in study.lazy.collect_schema().items()}
    parts, frame = [], study.frame
    for c in used:
        if study.field(c).type in ("integer", "number"):
            counts = tally(frame, c)[["value", "n"]]
            parts.append([c, counts.to_csv(index=False)])
        else:
            seen = frame.select(nw.col(c).cast(nw.String)).group_by(c).agg(nw.len().alias("n")).collect().to_pandas()
            parts.append([c, "\n".join(sorted(f"{a}\t{b}" for a, b in seen.itertuples(index=False)))])
    data = hashlib.sha256(repr(parts).encode()).hexdigest()
    known = book.digest(write_codebook(study.codebook))
    return {"rows": len(study), "codebook": known, "schema": book.digest(schema), "data": data}
