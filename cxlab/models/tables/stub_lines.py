"""The lines of a table: categories, NETs and the metrics of a question, each a score of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.answer_codes import key
from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.models.metrics import registry
from cxlab.models.tables.banner_columns import ordered
from cxlab.models.tables.table_layout import Layout
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts.cross_counts import LEVELS

CATEGORIES = 60
"""A question with more answers has no line for each: numbers have their mean, texts are left out."""
DISTINCT = 25
"""A number without labels or a scale that has more values has no line for each."""


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Parameters
    ----------
    label, kind : what it is called; 'category', 'net', 'mean', 'metric' or 'asked' (who could answer).
    source : the counted column it is a score of. ``y, base`` : (S,) score and whether the answer counts, by code.
    depth : of NETs in NETs. ``unit, shape`` : as in `cxlab.models.metrics.scores.Score`. ``off`` : taken off y.
    """

    label: str
    kind: str
    source: str
    y: NDArray
    base: NDArray
    depth: int = 0
    metric: str = "share"
    unit: str = "share"
    shape: str = "share"
    off: float = 0.0


@dataclass(frozen=True)
class Question:
    """A question of the stub: the columns to count by name (``asked``: the one that says who could answer), its NETs
    as options or answers, and whether it has several answers."""

    field: Field
    columns: Mapping[str, nw.Expr]
    nets: Mapping[str, Any]

    @property
    def several(self) -> bool:
        return bool(self.field.columns)


def question(study: Study, name: str, nets: Mapping[str, Any]) -> Question:
    """Return what is to be counted of a question."""
    field = study.field(name)
    if not field.columns:
        return Question(field, {name: nw.col(name)}, nets)
    ticked = {c: nw.col(c).cast(nw.Float64) == 1 for c in field.columns}
    options = {c: _where(~nw.col(c).is_null(), x) for c, x in ticked.items()}
    could = reduce(or_, (~nw.col(c).is_null() for c in field.columns))
    asked = {f"asked:{name}": _where(could, could)}
    for label, what in _flat(nets):
        some = reduce(or_, (ticked[c].fill_null(False) for c in _chosen(field, what)))
        asked[f"net:{name}:{label}"] = _where(could, some)
    return Question(field, {**options, **asked}, nets)


def _where(there: nw.Expr, is_so: nw.Expr) -> nw.Expr:
    """1 and 0 where something is there, else null."""
    return nw.when(there).then(is_so.cast(nw.Float64))


def _flat(nets: Mapping[str, Any]) -> Iterator[tuple[str, list]]:
    """Yield every NET and subnet with all its answers."""
    for label, what in nets.items():
        yield label, members(what)
        if isinstance(what, Mapping):
            yield from _flat(what)


def members(what: Any) -> list:
    """Return the answers of a NET, those of its subnets too."""
    if isinstance(what, Mapping):
        return [m for inner in what.values() for m in members(inner)]
    return list(what) if isinstance(what, (list, tuple, set)) else [what]


def _chosen(field: Field, wanted: Sequence) -> list[str]:
    """Return the options that a NET names by column or label."""
    options = {**{str(field.labels.get(c, c)): c for c in field.columns}, **{c: c for c in field.columns}}
    for w in wanted:
        if str(w) not in options:
            raise unknown("option", str(w), f"'{field.name}'", [str(field.labels.get(c, c)) for c in field.columns])
    return [options[str(w)] for w in wanted]


def lines(study: Study, asked: Question, found: Mapping[str, list | None], layout: Layout) -> list[Line]:
    """Return the lines of a question, the first saying who could answer.

    Parameters
    ----------
    found : the values of every counted column by code.

    Raises
    ------
    DataProblem : more values than can be told apart, or a NET of an answer that nobody gave and no codebook lists.
    """
    if asked.several:
        return _of_options(asked, found)
    field = asked.field
    values = found[field.name]
    if values is None:
        raise DataProblem(
            f"'{field.label}' has more than {LEVELS:,} different values; band it with study.derive, or leave it out"
        )
    order, words = ordered(study, field.name, values)
    inside = np.zeros(len(values))
    inside[[k for k in order if _on_scale(field, values[k])]] = 1
    for k in range(len(values)):
        if values[k] is not None and {key(values[k]), words.get(k, "")} & set(map(str, layout.out)):
            inside[k] = 0
    base, extra = inside.copy(), []
    if layout.base != "answered":
        extra = [(k, field.missing[key(v)]) for k, v in enumerate(values) if v is not None and key(v) in field.missing]
        extra += [(0, "(no answer)")] if layout.base == "all" else []
        base[[k for k, _ in extra]] = 1
    out = [Line("", "asked", field.name, base, base)]
    shown = [(k, words[k]) for k in order if inside[k]]
    if len(shown) <= (CATEGORIES if field.labels or field.scale or field.type in ("string", "boolean") else DISTINCT):
        out += _tree(field, [*shown, *extra], asked.nets, base, len(values))
        out += _unseen(field, values, base) if layout.empty else []
    return [*out, *_metrics(study, field, values, inside)]


def _on_scale(field: Field, value: Any) -> bool:
    if not field.scale or not isinstance(value, (int, float)):
        return True
    return field.scale.minimum <= value <= field.scale.maximum


def _of_options(asked: Question, found: Mapping[str, list | None]) -> list[Line]:
    """The lines of a question with several answers: every option among those who could tick."""
    field, out = asked.field, []

    def line(label: str, kind: str, source: str, depth: int = 0) -> Line:
        values = found[source] or [None]
        base = np.array([float(v is not None) for v in values])
        return Line(label, kind, source, np.array([float(v == 1) for v in values]), base, depth)

    def nested(nets: Mapping[str, Any], depth: int) -> Iterator[Line]:
        for label, what in nets.items():
            yield line(label, "net", f"net:{field.name}:{label}", depth)
            if isinstance(what, Mapping):
                yield from nested(what, depth + 1)
            else:
                for c in _chosen(field, members(what)):
                    if c not in used:
                        used.add(c)
                        yield line(str(field.labels.get(c, c)), "category", c, depth + 1)

    used: set[str] = set()
    source = f"asked:{field.name}"
    could = np.array([float(v == 1) for v in found[source] or [None]])
    out = [Line("", "asked", source, could, could), *nested(asked.nets, 0)]
    return [*out, *(line(str(field.labels.get(c, c)), "category", c) for c in field.columns if c not in used)]


def _tree(field: Field, shown: list[tuple[int, str]], nets: Mapping[str, Any], base: NDArray, size: int) -> list[Line]:
    """Categories in their NETs, then the others."""
    out, used = [], set()

    def line(label: str, kind: str, codes: Sequence[int], depth: int) -> Line:
        y = np.zeros(size)
        y[list(codes)] = 1
        return Line(label, kind, field.name, y, base, depth)

    def codes(what: Any) -> list[int]:
        return [k for w in members(what) for k in _answer(field, shown, w)]

    def nested(nets: Mapping[str, Any], depth: int) -> Iterator[Line]:
        for label, what in nets.items():
            yield line(label, "net", codes(what), depth)
            if isinstance(what, Mapping):
                yield from nested(what, depth + 1)
            else:
                for k, word in shown:
                    if k in codes(what) and k not in used:
                        used.add(k)
                        yield line(word, "category", [k], depth + 1)

    out = list(nested(nets, 0))
    return [*out, *(line(word, "category", [k], 0) for k, word in shown if k not in used)]


def _answer(field: Field, shown: list[tuple[int, str]], wanted: Any) -> list[int]:
    """The codes of an answer that a NET names; one that the codebook lists may be missing in the data."""
    labels = {**(field.scale.labels if field.scale else {}), **field.labels}
    word = labels.get(key(wanted), str(wanted))
    hit = [k for k, said in shown if said in (word, key(wanted))]
    known = {*labels, *labels.values(), *(said for _, said in shown)}
    on_scale = field.scale is not None and isinstance(wanted, (int, float)) and field.scale.allows(wanted)
    if not hit and str(wanted) not in known and key(wanted) not in known and not on_scale:
        raise unknown("answer", str(wanted), f"'{field.name}'", [said for _, said in shown])
    return hit


def _unseen(field: Field, values: Sequence, base: NDArray) -> list[Line]:
    """Answers of the codebook that nobody gave."""
    words = {**(field.scale.labels if field.scale else {}), **field.labels}
    seen = {key(v) for v in values if v is not None} | set(field.missing)
    none = np.zeros(len(values))
    return [Line(word, "category", field.name, none, base) for c, word in words.items() if c not in seen]


def _metrics(study: Study, field: Field, values: Sequence, inside: NDArray) -> list[Line]:
    """The metrics that apply to a question, each answer scored by the rule of the metric itself."""
    numeric = field.type in ("integer", "number") and all(isinstance(v, (int, float)) for v in values[1:])
    coded = field.labels and not field.scale
    if not numeric or coded or len(values) < 2 or field.role in ("wave", "id"):
        return []
    names = registry.metrics_of(field) or ("mean",)
    dtype = float if any(isinstance(v, float) for v in values[1:]) else "int64"
    small = replace(study, table=pd.DataFrame({field.name: pd.Series(values[1:], dtype=dtype)}), whole=None)
    out = []
    for name in names:
        score = registry.score(small, name, field.name, [])
        (expression,) = score.items[field.name]
        scored = small.frame.select(expression.cast(nw.Float64).alias("y")).collect().to_pandas()["y"].to_numpy(float)
        y = np.append(np.nan, scored)
        base = inside * ~np.isnan(y)
        y = np.nan_to_num(y)
        label = {"nps": "NPS", "ces": "CES, share easy", "mean": "Mean"}.get(name, _boxes(values, y, base))
        off = float((y * base).sum() / max(base.sum(), 1)) if score.shape == "mean" else 0.0
        kind = "mean" if score.shape == "mean" else "metric"
        out.append(Line(label, kind, field.name, y - off, base, 0, name, score.unit, score.shape, off))
    return out


def _boxes(values: Sequence, y: NDArray, base: NDArray) -> str:
    """What a top-box share is called: the answers in it."""
    best = [v for v, one, b in zip(values, y, base, strict=True) if one and b]
    ends = f"{key(min(best))} to {key(max(best))}" if len(best) > 1 else key(best[0]) if best else "none given"
    many = f"-{len(best)}" if len(best) > 1 else ""
    return f"Top{many}-box: {'answers' if many else 'answer'} {ends}"
