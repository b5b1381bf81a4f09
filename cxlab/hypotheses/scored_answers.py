"""`ScoredAnswers`: the answers one test needs, as distinct patterns with counts, scored so that 100 is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.codebook import Field
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.data.yes_no import yes_no
from cxlab.hypotheses.card import Card, Need
from cxlab.hypotheses.slots import TWO_ANSWERS, Slots
from cxlab.models.regression.counted_answers import Counted
from cxlab.problem import DataProblem

SCALES = ("linear", "top-box", "ranks")
EXCLUSIONS = ("none", "straight-liners", "incomplete")


class NotEstimable(Exception):
    """The data at hand lack the contrast; the message says which."""


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
class ScoredAnswers:
    """Arrays by slot: one row a distinct pattern, ``n`` answers each, weight ``w``, cluster ``c`` and stratum ``h``.

    ``c`` and ``h`` are codes, or None; cluster names that repeat from stratum to stratum are clusters of their own.
    ``raw`` holds the values as they came, ``fields`` what they are, ``needs`` what the test takes them for. `points`
    and `binary` score them. ``notes`` say what the reader left out.
    """

    raw: dict[str, NDArray]
    fields: dict[str, tuple[Field, ...]]
    n: NDArray
    w: NDArray
    c: NDArray | None
    h: NDArray | None
    needs: dict[str, Need]
    spec: Spec = field(default_factory=Spec)
    notes: tuple[str, ...] = ()
    controls: NDArray | None = None

    @property
    def answers(self) -> int:
        return int(self.n.sum())

    def units(self, rows: NDArray) -> tuple[NDArray | None, NDArray | None]:
        """Return clusters and strata of the rows: what least squares needs for its errors."""
        return (None if self.c is None else self.c[rows]), (None if self.h is None else self.h[rows])

    def counted(self, rows: NDArray | slice = slice(None)) -> Counted:
        """Return answers, weights, clusters, strata and controls of the rows: what a model takes beside the answers."""
        return Counted(self.n, self.w, self.c, self.h, self.controls).keep(rows)

    def effective(self, rows: NDArray, y: NDArray) -> float:
        """Return how many independent answers would know the mean of ``y`` over the rows as exactly."""
        return self.counted(rows).effective(y[rows])

    def __contains__(self, slot: str) -> bool:
        return slot in self.raw

    def keep(self, rows: NDArray, why: str = "") -> ScoredAnswers:
        """Return the sample with only these rows; what went is counted under ``why``."""
        gone = self.answers - int(self.n[rows].sum())
        notes = (*self.notes, f"{gone:,} answers left out: {why}") if why and gone else self.notes
        cut = lambda a: None if a is None else a[rows]  # noqa: E731
        kept = {k: cut(getattr(self, k)) for k in ("n", "w", "c", "h", "controls")}
        return replace(self, raw={k: v[rows] for k, v in self.raw.items()}, notes=notes, **kept)

    def points(self, slot: str, *, outcome: bool = False) -> NDArray:
        """Return the slot's answers from 0 (worst) to 100 (best); an outcome is scored as `Spec.scale` says."""
        values, fields, need = self.raw[slot], self.fields[slot], self.needs[slot]
        if values.ndim == 2:
            return np.column_stack([_points(values[:, j], f, need) for j, f in enumerate(fields)])
        scored = _points(values, fields[0], need)
        if not outcome or self.spec.scale == "linear":
            return scored
        if self.spec.scale == "top-box":
            return np.where(np.isnan(scored), np.nan, 100.0 * (scored >= top_box(fields[0]) - 1e-9))
        return _percentiles(scored, self.n * self.w)

    def number(self, slot: str) -> NDArray:
        """Return the slot's values as numbers, as they came."""
        return np.asarray(self.raw[slot], float)

    def codes(self, slot: str, *, sort: bool = True) -> NDArray:
        """Return the slot's values as whole numbers, in their order or as they come, -1 where there is none."""
        return pd.factorize(pd.Series(self.raw[slot]), sort=sort)[0]

    def names(self, slot: str) -> NDArray:
        """Return the slot's values as texts, '' where there is none; whole numbers are written out."""
        plain = lambda v: f"{v:.15g}" if isinstance(v, float) else str(v)  # noqa: E731
        return np.array(["" if v is None or v != v else plain(v) for v in self.raw[slot]])

    def binary(self, slot: str) -> NDArray:
        """Return 1 for yes and 0 for no; a score, where the test allows one, counts as yes in its worse half.

        Raises
        ------
        NotEstimable : the column's values do not say which of them is yes.
        """
        f, values, need = self.fields[slot][0], self.raw[slot], self.needs[slot]
        if need.worse_half and f.scale and f.scale.points > 2:
            scored = _points(values, f, need)
            return np.where(np.isnan(scored), np.nan, (scored < 50).astype(float))
        return _binary(values, f)


def top_box(f: Field) -> float:
    """Return the lowest score (0 to 100) that counts as top box."""
    k = f.scale.points if f.scale else 2
    return 100.0 if k <= 4 else 100.0 * (k - 2) / (k - 1)


def _binary(values: NDArray, f: Field) -> NDArray:
    try:
        return yes_no(values, f)
    except DataProblem as why:
        raise NotEstimable(str(why)) from why


def _points(values: NDArray, f: Field, need: Need) -> NDArray:
    numbers = np.asarray(values, float) if values.dtype.kind in "iufb" else None
    if f.scale and numbers is not None:
        share = (numbers - f.scale.minimum) / (f.scale.maximum - f.scale.minimum)
        return 100.0 * (share if f.scale.best == "high" else 1 - share)
    if numbers is not None and need.kind in ("outcome", "number", "amount") and not _two(numbers):
        return numbers
    yes = _binary(values, f)
    return 100.0 * (1 - yes if f.measure in TWO_ANSWERS else yes)


def _two(numbers: NDArray) -> bool:
    return set(np.unique(numbers[~np.isnan(numbers)])) <= {0.0, 1.0}


def _percentiles(scored: NDArray, w: NDArray) -> NDArray:
    there = ~np.isnan(scored)
    values, inverse = np.unique(scored[there], return_inverse=True)
    mass = np.bincount(inverse, w[there], len(values))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum() if len(values) else mass
    out = np.full(len(scored), np.nan)
    out[there] = 100 * middle[inverse]
    return out


def draw(study: Study, card: Card, slots: Slots, spec: Spec | None = None) -> ScoredAnswers:
    """Return the sample of a card's test, read as every model reads (`cxlab.data.sample`), as patterns with counts.

    Rows (text, dates, weights of their own) are patterns of one answer each; that is all the memory this takes. A row
    whose cluster or stratum is unknown does not count.
    """
    spec = spec or Spec()
    study = study if spec.weights else unweighted(study)
    design = study.design
    schema = study.lazy.collect_schema()
    counted = [c for c in slots.used if schema[c].is_numeric() or schema[c] == nw.Boolean]
    others = [c for c in (*slots.used, design.cluster, design.strata, *spec.controls) if c and c not in counted]
    found = sample(study, counted, other=others, patterns=True)
    values = {**found.other, **found.answers}
    raw = {slot: _array(study, values, cols, slot in _several(card)) for slot, cols in slots.columns.items()}
    fields = {slot: tuple(study.field(c) for c in cols) for slot, cols in slots.columns.items()}
    controls = _dummies(pd.DataFrame({c: values[c] for c in spec.controls}))
    needs = {n.slot: n for n in card.needs}
    drawn = ScoredAnswers(
        raw, fields, found.n, found.w, found.cluster, found.strata, needs, spec, found.notes, controls
    )
    for what, column in (("cluster", design.cluster), ("stratum", design.strata)):
        if column:
            drawn = drawn.keep(known := pd.notna(values[column]), f"no {what} given")
            values = {k: v[known] for k, v in values.items()}
    return _excluded(drawn, _several(card))


def unweighted(study: Study) -> Study:
    """Return the study as if it had no weights."""
    weight = study.design.weight
    return replace(study, codebook=study.codebook.replace(weight, role="")) if weight else study


def _several(card: Card) -> set[str]:
    return {n.slot for n in card.needs if n.many}


def _array(study: Study, values: dict[str, NDArray], cols: Sequence[str], many: bool) -> NDArray:
    """The slot's values: numbers, or times, or texts with None where there is none."""
    if many:
        return np.column_stack([values[c] for c in cols]).astype(float)
    one = values[cols[0]]
    if study.field(cols[0]).type in ("date", "datetime"):
        return pd.to_datetime(pd.Series(one)).to_numpy()
    if one.dtype.kind in "iufbM":
        return one
    return np.where(pd.isna(one), None, one.astype(object))


def _dummies(table: pd.DataFrame) -> NDArray | None:
    if not len(table.columns):
        return None
    text = table.astype(object).where(table.notna(), "?").astype(str)
    return pd.get_dummies(text, drop_first=True).to_numpy(float)


def _excluded(sample: ScoredAnswers, many: set[str]) -> ScoredAnswers:
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
