"""The answers of a driver analysis read in pieces: sums by replicate group are all that shares of variance need.

One scan counts and centres the columns, one more sums products for each grouping that is asked for. What looks at
single answers (imputation, likelihoods, contrasts) reads rows: `cxlab.models.drivers.driver_data.read`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from cxlab.data.codebook import Field
from cxlab.data.sample import check_weights, outside_note, weight_notes, within_scale
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data
from cxlab.models.drivers.driver_data import NAMED, Answers, Drivers
from cxlab.stats.counts import replicates
from cxlab.stats.counts.batches import batches, local, numbers
from cxlab.stats.counts.drawn import of_strata
from cxlab.stats.counts.group_products import GroupProducts

LARGE = 200_000
"""Tables of fewer rows are read as they are."""


@dataclass(frozen=True)
class Source:
    """Where the rows come from: lazy columns, and how outcome and drivers are turned into numbers."""

    frame: nw.LazyFrame
    outcome: Field
    condition: Callable[[np.ndarray], np.ndarray] | None
    drivers: tuple[Field, ...]
    weight: str
    others: tuple[str, ...]

    def pieces(self) -> Iterator[tuple[np.ndarray, np.ndarray, list[pa.Array], np.ndarray, int]]:
        """Yield outcome and drivers (m, 1 + K), weights (m,), other columns, answers outside their scales (1 + K,) and
        how many rows there are, of the rows that answered the outcome and have a weight."""
        named = {f"_x{i}": nw.col(f.name) for i, f in enumerate((self.outcome, *self.drivers))}
        named |= {f"_o{i}": nw.col(c) for i, c in enumerate(self.others)}
        named |= {"_w": nw.col(self.weight)} if self.weight else {}
        for piece in batches(self.frame, named, ordered=True):
            column = dict(zip(named, piece.columns, strict=True))
            w = np.asarray(numbers(column["_w"]), float) if self.weight else np.ones(piece.num_rows)
            y, beyond = within_scale(np.asarray(numbers(column["_x0"]), float), self.outcome)
            keep = ~np.isnan(y) & np.isfinite(w) & (w > 0)
            z = np.empty((int(keep.sum()), 1 + len(self.drivers)))
            z[:, 0] = driver_data.turned(y[keep], self.outcome) if self.condition is None else self.condition(y[keep])
            outside = np.zeros(z.shape[1], int)
            outside[0] = beyond
            for i, f in enumerate(self.drivers):
                x = np.asarray(numbers(column[f"_x{i + 1}"]), float)[keep]
                if f.note == NAMED:
                    z[:, i + 1] = np.nan_to_num(x)
                else:
                    x, outside[i + 1] = within_scale(x, f)
                    z[:, i + 1] = driver_data.turned(x, f)
            mine = pa.array(keep)
            yield z, w[keep], [column[f"_o{i}"].filter(mine) for i in range(len(self.others))], outside, len(keep)


@dataclass(frozen=True)
class Streamed(Answers):
    """Answers whose rows are not held: ``X`` and ``y`` are empty, what is known of them stands below.

    ``rows_used``: how many answered the outcome. ``weights``: sums of w and w**2. ``seen``: answers of each column.
    ``mean, sd``: (K + 1,) of the columns, the outcome last. ``least, most``: (K,).
    """

    source: Source | None = None
    rows_used: int = 0
    weights: tuple[float, float] = (0.0, 0.0)
    seen: np.ndarray = field(default_factory=lambda: np.zeros(0))
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    sd: np.ndarray = field(default_factory=lambda: np.ones(0))
    least: np.ndarray = field(default_factory=lambda: np.zeros(0))
    most: np.ndarray = field(default_factory=lambda: np.zeros(0))
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

    def groups(self, *, limit: int = 1000, seed: int = 0) -> replicates.Groups:
        key = ("groups", limit, seed)
        if key not in self.kept:
            drawn = (
                self.drawn[np.unique(self.strata)] if self.drawn is not None and self.strata is not None else self.drawn
            )
            self.kept[key] = replicates.replicate_groups(
                self.cluster, self.strata, self.n, limit=limit, seed=seed, drawn=drawn
            )
        return self.kept[key]

    def moments(self, groups: replicates.Groups, *, filled: bool = False) -> replicates.Moments:
        key = ("moments", id(groups), filled)
        if key not in self.kept:
            total, at = GroupProducts(groups.size, self.width + 1), 0
            for z, w, _, _, _ in self.source.pieces():
                z = np.roll(z, -1, axis=1)  # the outcome last
                if filled:
                    z[:, :-1] = np.nan_to_num(z[:, :-1])
                z -= self.mean
                z /= self.sd
                total.add(z, w if self.source.weight else None, groups.code[at : at + len(w)])
                at += len(w)
            self.kept[key] = total.moments()
            self.kept["together"] = total.together
        return self.kept[key]

    def together(self) -> np.ndarray:
        return self.kept["together"][:-1, :-1]

    def whole(self) -> int:
        if self.complete:
            return self.n
        return sum(int((~np.isnan(z)).all(axis=1).sum()) for z, *_ in self.source.pieces())

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


def read(study: Study, outcome: str | None, drivers: Drivers, *, missing: str = "pairwise") -> Answers:
    """Return the answers without their rows where the table is large and sums of it suffice, else with them."""
    source = _source(study, outcome, drivers) if missing in ("pairwise", "complete") else None
    if source is None:
        return driver_data.read(study, outcome, drivers)
    found = _Counted(source)
    if missing == "complete" and found.missing:
        return driver_data.read(study, outcome, drivers)
    return found.answers(study, outcome, drivers)


def _source(study: Study, outcome: str | None, drivers: Drivers) -> Source | None:
    """Return where to read from; None where rows must be held: few, elsewhere, in words, or of fitted weights."""
    name, condition = driver_data.outcome_of(study, outcome)
    chosen, _ = driver_data.chosen_of(study, drivers, name)
    d, frame = study.design, study.frame
    if study.calibration is not None and study.calibration.weight == d.weight:
        return None
    if not local(frame) or not _in_order(study):
        return None
    schema = frame.collect_schema()
    if not all(c in schema and (schema[c].is_numeric() or schema[c] == nw.Boolean) for c in (name, *chosen)):
        return None
    if int(frame.select(nw.len().alias("n")).collect().to_pandas()["n"].iloc[0]) < LARGE:
        return None
    others = tuple(c for c in (d.cluster, d.strata) if c)
    wanted = dict.fromkeys([name, *chosen, *others, *((d.weight,) if d.weight else ())])
    fields = tuple(driver_data.field_of(study, c) for c in chosen)
    return Source(frame.select(*wanted), study.field(name), condition, fields, d.weight or "", others)


def _in_order(study: Study) -> bool:
    """Whether each scan brings the rows in the same order: DuckDB can be told not to."""
    if not study.frame.implementation.is_duckdb():
        return True
    asked = nw.to_native(study.lazy).query("rows", "select current_setting('preserve_insertion_order')")
    return bool(asked.fetchall()[0][0])


class _Counted:
    """What one scan says of the columns, outcome first."""

    def __init__(self, source: Source) -> None:
        self.source, k = source, 1 + len(source.drivers)
        self.n, self.w, self.w2 = 0, 0.0, 0.0
        self.seen, self.outside = np.zeros(k, int), np.zeros(k, int)
        self.total, self.sums, self.squares = np.zeros(k), np.zeros(k), np.zeros(k)
        self.least, self.most = np.full(k, np.inf), np.full(k, -np.inf)
        self.shift: np.ndarray | None = None
        others: list[list[pa.Array]] = [[] for _ in source.others]
        for z, w, more, outside, _ in source.pieces():
            self._add(z, w)
            self.outside += outside
            for kept, column in zip(others, more, strict=True):
                kept.append(column)
        self.codes = [_factorized(kept) for kept in others]

    def _add(self, z: np.ndarray, w: np.ndarray) -> None:
        if not len(z):
            return
        there = ~np.isnan(z)
        if self.shift is None:
            self.shift = np.where(there.any(axis=0), np.where(there, z, 0).sum(0) / np.fmax(there.sum(0), 1), 0.0)
        self.n, self.w, self.w2 = self.n + len(z), self.w + w.sum(), self.w2 + (w * w).sum()
        self.seen += there.sum(axis=0)
        self.least = np.fmin(self.least, np.where(there, z, np.inf).min(axis=0))
        self.most = np.fmax(self.most, np.where(there, z, -np.inf).max(axis=0))
        x = np.where(there, z - self.shift, 0.0)
        self.total, self.sums, self.squares = self.total + w @ there, self.sums + w @ x, self.squares + w @ (x * x)

    @property
    def missing(self) -> bool:
        return bool((self.seen < self.n).any())

    def answers(self, study: Study, outcome: str | None, drivers: Drivers) -> Streamed:
        """Return the answers, without drivers that can explain nothing."""
        source, d = self.source, study.design
        name, y = source.outcome.name, 0
        notes = [outside_note(name, self.outside[0])] if self.outside[0] else []
        if d.weight:
            check_weights(study)
            notes += weight_notes(study)
        driver_data.check_spread(study, name, self.n, self.least[y], self.most[y])
        kept = [i for i, f in enumerate(source.drivers, 1) if self._usable(i, f, notes)]
        if not kept:
            raise driver_data.none_left(study, notes)
        names = [source.drivers[i - 1].name for i in kept]
        _, blocks = driver_data.chosen_of(study, drivers, name)
        of_blocks = {b: tuple(names.index(c) for c in members if c in names) for b, members in blocks.items()}
        at = [*kept, 0]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self.sums / self.total
            sd = np.sqrt(np.fmax(self.squares / self.total - mean**2, 0.0))
        codes = dict(zip([k for k, c in (("cluster", d.cluster), ("strata", d.strata)) if c], self.codes, strict=True))
        strata = codes["strata"][1] if d.strata else [""]
        return Streamed(
            outcome=driver_data.outcome_label(source.outcome, outcome if source.condition else None),
            y=np.zeros(0), X=np.zeros((0, len(kept))), columns=tuple(source.drivers[i - 1].label for i in kept),
            drivers=tuple(names), labels=driver_data.labels_of(study, names), of=tuple((k,) for k in range(len(kept))),
            blocks={b: m for b, m in of_blocks.items() if m}, w=np.zeros(0), extra=pd.DataFrame(), notes=tuple(notes),
            cluster=codes["cluster"][0] if d.cluster else None, strata=codes["strata"][0] if d.strata else None,
            drawn=None if study.drawn is None else of_strata(study.drawn, strata),
            source=replace(source, drivers=tuple(source.drivers[i - 1] for i in kept)), rows_used=self.n,
            weights=(self.w, self.w2), seen=self.seen[kept], mean=(mean + self.shift)[at],
            sd=np.where(sd > 0, sd, 1.0)[at], least=self.least[kept], most=self.most[kept],
        )  # fmt: skip

    def _usable(self, i: int, f: Field, notes: list[str]) -> bool:
        if self.outside[i]:
            notes.append(outside_note(f.name, self.outside[i]))
        same = self.least[i] == self.most[i]
        return driver_data.usable(f.label, int(self.seen[i]), self.n, same=bool(same), notes=notes)


def _factorized(parts: list[pa.Array]) -> tuple[np.ndarray, pd.Index]:
    whole = pa.chunked_array([c for p in parts for c in (p.chunks if isinstance(p, pa.ChunkedArray) else [p])])
    code, labels = pd.factorize(whole.to_pandas(), use_na_sentinel=False)
    return code.astype(np.int32), labels
