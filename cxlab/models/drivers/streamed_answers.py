"""The answers of a driver analysis read in pieces: sums by replicate group are all that shares of variance need.

One scan counts and centres the columns, one more sums products for each grouping that is asked for. What looks at
single answers (imputation, likelihoods) reads rows, and so do contrasts of columns with thousands of different numbers:
`cxlab.models.drivers.driver_data.read`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from cxlab.data.codebook import Field
from cxlab.data.sample import check_weights, outside_note, weight_notes
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data
from cxlab.models.drivers.column_counts import Floats, Levels, factorized, short
from cxlab.models.drivers.design_blocks import Block, Designed
from cxlab.models.drivers.driver_data import Answers, Drivers
from cxlab.models.drivers.row_source import Source, fits_a_byte
from cxlab.stats.counts import replicates
from cxlab.stats.counts.batches import keeps_order, local
from cxlab.stats.counts.drawn import of_strata
from cxlab.stats.counts.group_products import GONE, GroupProducts

LARGE = 200_000
"""Tables of fewer rows are read as they are."""


@dataclass(frozen=True)
class Streamed(Answers):
    """Answers whose rows are not held: ``X`` and ``y`` are empty, what is known of them stands below.

    ``rows_used``: how many answered the outcome. ``weights``: sums of w and w**2. ``seen``: answers of each column.
    ``mean, sd``: (K + 1,) of the columns, the outcome last. ``least, most``: (K,). ``counted``: the answers of each
    column and how often they were given, or None, the outcome last. ``coded``: other columns as codes with labels.
    """

    source: Source | None = None
    rows_used: int = 0
    weights: tuple[float, float] = (0.0, 0.0)
    seen: np.ndarray = field(default_factory=lambda: np.zeros(0))
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    sd: np.ndarray = field(default_factory=lambda: np.ones(0))
    least: np.ndarray = field(default_factory=lambda: np.zeros(0))
    most: np.ndarray = field(default_factory=lambda: np.zeros(0))
    counted: tuple[tuple[np.ndarray, np.ndarray] | None, ...] = ()
    coded: dict[str, tuple[np.ndarray, pd.Index]] = field(default_factory=dict)
    kept: dict = field(default_factory=dict)

    @property
    def n(self) -> int:
        return self.rows_used

    @property
    def n_eff(self) -> float:
        return float(self.weights[0] ** 2 / self.weights[1])

    @property
    def width(self) -> int:
        return len(self.columns)

    @property
    def complete(self) -> bool:
        return bool((self.seen == self.n).all())

    def answered(self) -> np.ndarray:
        return self.seen.astype(int)

    def ends(self, column: int) -> tuple[float, float]:
        return float(self.least[column]), float(self.most[column])

    def values(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        return self.counted[column]

    def coded_by(self, column: str) -> tuple[np.ndarray, pd.Index]:
        return self.coded[column]

    def means(self) -> np.ndarray:
        return self.mean

    def products(
        self, groups: replicates.Groups, blocks: Sequence[Block], outcome: Block, across: Block | None = None,
        *, weighted: bool = True,
    ) -> np.ndarray:  # fmt: skip
        made = Designed(blocks, outcome, across, small=self.source.small)
        total, at = GroupProducts(groups.size, made.width), 0
        for piece in self.source.pieces():
            z = made.columns(piece.z)
            total.add(z, piece.w if weighted else None, groups.code[at : at + len(z)])
            at += len(z)
        return total.moments().products

    def rows(self, keep: np.ndarray) -> Answers:
        cut = lambda a: None if a is None else a[keep]  # noqa: E731
        mine = self.source.keep
        whole = keep if mine is None else np.where(mine, np.cumsum(mine) - 1, -1)
        whole = keep if mine is None else (whole >= 0) & keep[whole]
        found = _Counted(replace(self.source, others=(), keep=whole), distinct=True)
        return replace(
            self, **found.of_columns(), cluster=cut(self.cluster), strata=cut(self.strata),
            coded={k: (c[keep], labels) for k, (c, labels) in self.coded.items()},
            source=replace(self.source, keep=whole), kept={},
        )  # fmt: skip

    def groups(self, *, limit: int = 1000, seed: int = 0) -> replicates.Groups:
        key = ("groups", limit, seed)
        if key not in self.kept:
            drawn = self.drawn
            if drawn is not None and self.strata is not None:
                drawn = drawn[replicates.numbered(self.strata)[0]]
            self.kept[key] = replicates.replicate_groups(
                self.cluster, self.strata, self.n, limit=limit, seed=seed, drawn=drawn
            )
        return self.kept[key]

    def moments(self, groups: replicates.Groups, *, filled: bool = False) -> replicates.ReplicatedMoments:
        key = ("moments", id(groups), filled)
        if key not in self.kept:
            total, at, small = GroupProducts(groups.size, self.width + 1), 0, self.source.small
            for piece in self.source.pieces():
                z = piece.z
                if filled and small:
                    z = np.where(z == GONE, np.int8(0), z)
                elif filled:
                    z[:, :-1] = np.nan_to_num(z[:, :-1])
                if not small:
                    z -= self.mean
                    z /= self.sd
                total.add(z, piece.w, groups.code[at : at + len(z)])
                at += len(z)
            moments = total.moments()
            self.kept[key] = moments.standardized(self.mean, self.sd) if small else moments
            self.kept["together"] = total.together
        return self.kept[key]

    def together(self) -> np.ndarray:
        if "together" not in self.kept:
            self.moments(self.groups())
        return self.kept["together"][:-1, :-1]

    def whole(self) -> int:
        if self.complete:
            return self.n
        return int(self.whole_rows().sum())

    def whole_rows(self) -> np.ndarray:
        return self.answers_each() == self.width

    def answers_each(self) -> np.ndarray:
        return np.concatenate([_answered(p.z[:, :-1]).sum(axis=1, dtype=np.int16) for p in self.source.pieces()])

    def deviations(self) -> np.ndarray:
        return self.sd

    def place_means(
        self, low: np.ndarray, high: np.ndarray, groups: replicates.Groups, weights: np.ndarray
    ) -> np.ndarray:
        m = self.moments(groups)
        k = np.arange(self.width)
        one = m.count.shape[1] == 1
        sums, counts = (m.sums[:, k, 0], m.count[:, 0, [0] * len(k)]) if one else (m.sums[:, k, k], m.count[:, k, k])
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (weights @ sums) / (weights @ counts)
        return 100 * (z * self.sd[:-1] + self.mean[:-1] - low) / (high - low)


def read(
    study: Study, outcome: str | None, drivers: Drivers, *, missing: str = "pairwise", extra: Sequence[str] = (),
    distinct: bool = False,
) -> Answers:  # fmt: skip
    """Return the answers without their rows where the table is large and sums of it suffice, else with them.

    ``distinct`` : only where the answers of each column can be counted one by one.
    """
    source = _source(study, outcome, drivers, extra) if missing in ("pairwise", "complete") else None
    if source is not None:
        found = _Counted(source, distinct=distinct)
        if not (missing == "complete" and found.missing) and not (distinct and None in found.counted):
            return found.answers(study, outcome, drivers, extra)
    return driver_data.read(study, outcome, drivers, extra=extra)


def _source(study: Study, outcome: str | None, drivers: Drivers, extra: Sequence[str]) -> Source | None:
    """Return where to read from; None where rows must be held: few, elsewhere, in words, or of fitted weights."""
    name, condition = driver_data.outcome_of(study, outcome)
    chosen, _ = driver_data.chosen_of(study, drivers, name)
    d, frame = study.design, study.frame
    if study.calibration is not None and study.calibration.weight == d.weight:
        return None
    if not local(frame) or not keeps_order(study.lazy):
        return None
    schema = frame.collect_schema()
    if not all(c in schema and (schema[c].is_numeric() or schema[c] == nw.Boolean) for c in (name, *chosen)):
        return None
    if int(frame.select(nw.len().alias("n")).collect().to_pandas()["n"].iloc[0]) < LARGE:
        return None
    others = tuple(c for c in (d.cluster, d.strata, *extra) if c)
    wanted = dict.fromkeys([name, *chosen, *others, *((d.weight,) if d.weight else ())])
    fields = tuple(driver_data.field_of(study, c) for c in chosen)
    small = all(fits_a_byte(schema[f.name], f) for f in (study.field(name), *fields))
    return Source(frame.select(*wanted), study.field(name), condition, fields, d.weight or "", others, small)


class _Counted:
    """What one scan says of the columns, outcome last."""

    def __init__(self, source: Source, *, distinct: bool = False) -> None:
        self.source, k = source, 1 + len(source.drivers)
        self.n, self.w, self.w2 = 0, 0.0, 0.0
        self.outside = np.zeros(k, int)
        others: list[list[pa.Array]] = [[] for _ in source.others]
        columns = Levels(k) if source.small else Floats(k, distinct=distinct)
        for piece in source.pieces():
            w = piece.w
            self.n += len(piece.z)
            self.w += len(piece.z) if w is None else w.sum()
            self.w2 += len(piece.z) if w is None else (w * w).sum()
            if len(piece.z):
                columns.add(piece)
            self.outside += piece.outside
            for kept, column in zip(others, piece.more, strict=True):
                kept.append(short(column))
        self.codes = [factorized(kept) for kept in others]
        self.seen, self.least, self.most, self.mean, self.sd = columns.found()
        self.sd = np.where(self.sd > 0, self.sd, 1.0)
        self.counted = columns.counted

    @property
    def missing(self) -> bool:
        return bool((self.seen < self.n).any())

    def of_columns(self, at: Sequence[int] | None = None) -> dict[str, Any]:
        """What `Streamed` keeps of the columns, all or those ``at`` a place, the outcome last."""
        at = np.arange(len(self.seen)) if at is None else np.array(at)
        cut = at[:-1]
        return {
            "rows_used": self.n, "weights": (self.w, self.w2), "seen": self.seen[cut], "mean": self.mean[at],
            "sd": self.sd[at], "least": self.least[cut], "most": self.most[cut],
            "counted": tuple(self.counted[i] for i in at),
        }  # fmt: skip

    def answers(self, study: Study, outcome: str | None, drivers: Drivers, extra: Sequence[str] = ()) -> Streamed:
        """Return the answers, without drivers that can explain nothing."""
        source, d = self.source, study.design
        name, y = source.outcome.name, -1
        notes = [outside_note(name, self.outside[y])] if self.outside[y] else []
        if d.weight:
            check_weights(study)
            notes += weight_notes(study)
        driver_data.check_spread(study, name, self.n, self.least[y], self.most[y])
        kept = [i for i, f in enumerate(source.drivers) if self._usable(i, f, notes)]
        if not kept:
            raise driver_data.none_left(study, notes)
        names = [source.drivers[i].name for i in kept]
        _, blocks = driver_data.chosen_of(study, drivers, name)
        of_blocks = {b: tuple(names.index(c) for c in members if c in names) for b, members in blocks.items()}
        parts = [k for k, c in (("cluster", d.cluster), ("strata", d.strata)) if c]
        codes = dict(zip([*parts, *extra], self.codes, strict=True))
        strata = codes["strata"][1] if d.strata else [""]
        return Streamed(
            outcome=driver_data.outcome_label(source.outcome, outcome if source.condition else None),
            y=np.zeros(0), X=np.zeros((0, len(kept))), columns=tuple(source.drivers[i].label for i in kept),
            drivers=tuple(names), labels=driver_data.labels_of(study, names), of=tuple((k,) for k in range(len(kept))),
            blocks={b: m for b, m in of_blocks.items() if m}, w=np.zeros(0), extra=pd.DataFrame(), notes=tuple(notes),
            cluster=codes["cluster"][0] if d.cluster else None, strata=codes["strata"][0] if d.strata else None,
            drawn=None if study.drawn is None else of_strata(study.drawn, strata),
            source=replace(source, drivers=tuple(source.drivers[i] for i in kept), others=()),
            coded={c: codes[c] for c in extra}, **self.of_columns([*kept, len(source.drivers)]),
        )  # fmt: skip

    def _usable(self, i: int, f: Field, notes: list[str]) -> bool:
        if self.outside[i]:
            notes.append(outside_note(f.name, self.outside[i]))
        same = self.least[i] == self.most[i]
        return driver_data.usable(f.label, int(self.seen[i]), self.n, same=bool(same), notes=notes)


def _answered(z: np.ndarray) -> np.ndarray:
    return z != GONE if z.dtype == np.int8 else ~np.isnan(z)
