"""`Sample`: the answers one test needs, as distinct patterns with counts, scored so that 100 is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.hypotheses.card import Card
from cxlab.hypotheses.slots import Slots

SCALES = ("linear", "top-box", "ranks")
EXCLUSIONS = ("none", "straight-liners", "incomplete")
YES, NO = {"yes", "true", "y", "1"}, {"no", "false", "n", "0"}


@dataclass(frozen=True)
class Spec:
    """One way to analyse: design weights or not, how the outcome is scored, who is left out, what is held constant.

    ``scale``: 'linear' (0 to 100), 'top-box' (0 or 100: the two best answers, the best one on scales of four or fewer,
    9 and 10 of 0 to 10), 'ranks' (percentiles). ``exclude``: 'none', 'straight-liners' (the same answer everywhere),
    'incomplete' (any touchpoint without an answer). ``controls``: segment columns.
    """

    weights: bool = True
    scale: str = "linear"
    exclude: str = "none"
    controls: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = ["weighted" if self.weights else "unweighted", self.scale]
        said += [f"without {self.exclude}"] if self.exclude != "none" else []
        said += [f"controls: {', '.join(self.controls)}"] if self.controls else []
        return ", ".join(said)


@dataclass
class Sample:
    """Arrays by slot: one row a distinct pattern, ``n`` answers each, weight ``w``, cluster code ``c`` (or None).

    ``raw`` holds the values as they came, ``fields`` what they are. `points` and `binary` score them.
    """

    raw: dict[str, NDArray]
    fields: dict[str, tuple[Field, ...]]
    n: NDArray
    w: NDArray
    c: NDArray | None
    spec: Spec = field(default_factory=Spec)
    dropped: tuple[tuple[str, int], ...] = ()
    controls: NDArray | None = None
    design: str = ""

    @property
    def answers(self) -> int:
        return int(self.n.sum())

    @property
    def n_eff(self) -> float:
        """Kish's effective number of answers (of clusters' answers where there are clusters, no smaller unit)."""
        w = self.w * self.n
        return float(w.sum() ** 2 / (self.w**2 * self.n).sum()) if len(w) else 0.0

    def __contains__(self, slot: str) -> bool:
        return slot in self.raw

    def keep(self, rows: NDArray, why: str = "") -> Sample:
        """Return the sample with only these rows; what went is counted under ``why``."""
        gone = self.answers - int(self.n[rows].sum())
        dropped = (*self.dropped, (why, gone)) if why and gone else self.dropped
        cut = lambda a: None if a is None else a[rows]  # noqa: E731
        raw = {k: v[rows] for k, v in self.raw.items()}
        return replace(
            self, raw=raw, n=self.n[rows], w=self.w[rows], c=cut(self.c), controls=cut(self.controls), dropped=dropped
        )

    def points(self, slot: str, *, outcome: bool = False) -> NDArray:
        """Return the slot's answers from 0 (worst) to 100 (best); an outcome is scored as `Spec.scale` says."""
        values, fields = self.raw[slot], self.fields[slot]
        if values.ndim == 2:
            return np.column_stack([_points(values[:, j], f) for j, f in enumerate(fields)])
        scored = _points(values, fields[0])
        if not outcome or self.spec.scale == "linear":
            return scored
        if self.spec.scale == "top-box":
            return np.where(np.isnan(scored), np.nan, 100.0 * (scored >= top_box(fields[0]) - 1e-9))
        return _percentiles(scored, self.n * self.w)

    def number(self, slot: str) -> NDArray:
        """Return the slot's values as numbers, as they came."""
        return np.asarray(self.raw[slot], float)

    def binary(self, slot: str) -> NDArray:
        """Return 1 for yes and 0 for no; on a scale 1 is the worse half (a failure, an intention to leave)."""
        f, values = self.fields[slot][0], self.raw[slot]
        if f.scale and f.scale.points > 2:
            scored = _points(values, f)
            return np.where(np.isnan(scored), np.nan, (scored < 50).astype(float))
        return _binary(values)


def top_box(f: Field) -> float:
    """Return the lowest score (0 to 100) that counts as top box."""
    k = f.scale.points if f.scale else 2
    return 100.0 if k <= 4 else 100.0 * (k - 2) / (k - 1)


def _binary(values: NDArray) -> NDArray:
    if values.dtype.kind in "OUS":
        said = [str(v).strip().lower() if v is not None and v == v else "" for v in values]
        return np.array([1.0 if v in YES | {"1.0"} else 0.0 if v in NO | {"0.0"} else np.nan for v in said])
    return values.astype(float)


def _points(values: NDArray, f: Field) -> NDArray:
    if f.scale:
        numbers = np.asarray(values, float)
        share = (numbers - f.scale.minimum) / (f.scale.maximum - f.scale.minimum)
        return 100.0 * (share if f.scale.best == "high" else 1 - share)
    numbers = _binary(values)
    seen = np.unique(numbers[~np.isnan(numbers)])
    if len(seen) and set(seen) <= {0.0, 1.0}:
        return 100.0 * (1 - numbers if f.measure in ("churn", "complaint") else numbers)
    return numbers


def _percentiles(scored: NDArray, w: NDArray) -> NDArray:
    there = ~np.isnan(scored)
    values, inverse = np.unique(scored[there], return_inverse=True)
    mass = np.bincount(inverse, w[there], len(values))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum() if len(values) else mass
    out = np.full(len(scored), np.nan)
    out[there] = 100 * middle[inverse]
    return out


def draw(study: Study, card: Card, slots: Slots, spec: Spec | None = None) -> Sample:
    """Return the sample of a card's test: one scan that groups the study by the columns in use.

    Rows (text, dates, weights of their own) are patterns of one answer each; that is all the memory this takes.
    """
    spec = spec or Spec()
    extra = [c for c in (study.design.weight if spec.weights else "", study.design.cluster, *spec.controls) if c]
    return scored(_patterns(study, list(dict.fromkeys([*slots.used, *extra]))), study, card, slots, spec)


def scored(table: pd.DataFrame, study: Study, card: Card, slots: Slots, spec: Spec) -> Sample:
    """Return the sample of a table of patterns with their counts ``_n``."""
    weight = study.design.weight if spec.weights else ""
    cluster = study.design.cluster
    fields = {slot: tuple(study.field(c) for c in cols) for slot, cols in slots.columns.items()}
    many = {n.slot for n in card.needs if n.many}
    raw = {slot: _array(table, cols, slot in many) for slot, cols in slots.columns.items()}
    w = table[weight].to_numpy(float) if weight else np.ones(len(table))
    c = pd.factorize(table[cluster])[0] if cluster else None
    n = table["_n"].to_numpy(float)
    sample = Sample(raw, fields, n, w, c, spec, study.dropped, _dummies(table, spec.controls), study.codebook.design)
    if weight:
        sample = sample.keep(np.isfinite(w) & (w > 0), "no positive weight")
    if cluster:
        sample = sample.keep(sample.c >= 0, "no cluster given")
    return _excluded(sample, many)


def _patterns(study: Study, names: Sequence[str]) -> pd.DataFrame:
    types = {f.name: f.type for f in study.codebook}
    cast = [nw.col(n).cast(nw.Float64) if types[n] in ("integer", "number") else nw.col(n) for n in names]
    table = study.frame.select(*cast).group_by(*names).agg(nw.len().alias("_n")).collect().to_pandas()
    for n in names:
        if types[n] in ("date", "datetime"):
            table[n] = pd.to_datetime(table[n])
    order = table[names].astype(object).where(table[names].notna(), None)
    key = pd.DataFrame(
        {
            n: order[n].map(lambda v: "" if v is None else v if isinstance(v, (int, float)) else str(v))
            if types[n] not in ("integer", "number")
            else table[n]
            for n in names
        }
    )
    for n in names:
        if types[n] not in ("integer", "number"):
            key[n] = key[n].astype(str)
    return table.loc[key.sort_values(names, kind="stable", na_position="first").index].reset_index(drop=True)


def _array(table: pd.DataFrame, cols: Sequence[str], many: bool) -> NDArray:
    if many:
        return np.column_stack([table[c].to_numpy(float, na_value=np.nan) for c in cols])
    column = table[cols[0]]
    if column.dtype.kind in "iufb":
        return column.to_numpy(float, na_value=np.nan)
    if column.dtype.kind == "M":
        return column.to_numpy()
    return column.astype(object).where(column.notna(), None).to_numpy(object)


def _dummies(table: pd.DataFrame, controls: Sequence[str]) -> NDArray | None:
    if not controls:
        return None
    text = table[list(controls)].astype(object).where(table[list(controls)].notna(), "?").astype(str)
    return pd.get_dummies(text, drop_first=True).to_numpy(float)


def _excluded(sample: Sample, many: set[str]) -> Sample:
    exclude = sample.spec.exclude
    for slot in sorted(many & sample.raw.keys()):
        answers = sample.raw[slot]
        answered = ~np.isnan(answers)
        if exclude == "incomplete":
            sample = sample.keep(answered.all(axis=1), f"incomplete {slot}")
        elif exclude == "straight-liners" and answers.shape[1] >= 3:
            spread = np.nanmax(np.where(answered, answers, -np.inf), axis=1) - np.nanmin(
                np.where(answered, answers, np.inf), axis=1
            )
            sample = sample.keep(~((spread == 0) & (answered.sum(axis=1) >= 3)), "straight-liners")
    return sample
