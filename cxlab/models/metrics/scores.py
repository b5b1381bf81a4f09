"""What one answer counts in each metric: the score of NPS, CSAT, CES, a mean or a share, with its rules in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw

from cxlab.data.answer_codes import among, option
from cxlab.data.codebook import Field, code
from cxlab.data.study import Study
from cxlab.models.metrics.allowed_scales import alike, recommendation
from cxlab.models.metrics.best_answers import box_share, usual_boxes
from cxlab.models.metrics.directions import agreed, direction, half, of_answers
from cxlab.problem import DataProblem, one_of, unknown

GROUPINGS = ("stage", "owner")
"""Properties of a touchpoint in the codebook that ``by`` accepts beside columns: they pool the touchpoints."""
"""What the CSAT of a question is called that does not ask for satisfaction."""


@dataclass(frozen=True)
class Score:
    """How the answers of each item are scored.

    ``shape`` is 'net' (-1, 0, 1), 'share' (0, 1) or 'mean'; ``items`` gives each item the expressions of the columns it
    pools; ``columns`` are all of these (none: it cannot be said); ``over`` names what an item is ('item', 'stage' or
    'owner'); ``limits`` are the least and the largest value the metric can take, in the units of the result;
    ``better`` says whether a higher value is good: 'up', 'down', or 'none' where it is neither or not known;
    ``kinds`` says on what each question is measured: those on different ones are not pooled and not compared;
    ``counts`` are problems to count in the same scan.
    """

    metric: str
    title: str
    shape: str
    unit: str
    items: Mapping[str, Sequence[nw.Expr]]
    method: str
    over: str = "item"
    limits: tuple[float, float] = (0.0, 1.0)
    labels: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, nw.Expr] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    better: str = "up"
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def factor(self) -> float:
        """What turns a score into the unit: 100 for points."""
        return 100.0 if self.unit == "points" else 1.0


def net_promoter(study: Study, of: str | Sequence[str] | None, by: Sequence[str]) -> Score:
    """Promoters (9, 10) minus detractors (0 to 6) of a recommendation question from 0 to 10; others are refused.

    An answer between the points, as 8.5, is neither and does not count; `mean` takes it.
    """
    columns = _columns(study, of, by, "recommendation", "NPS")
    for name in columns:
        recommendation(study, study.field(name))
    schema = study.lazy.collect_schema()
    floats = {name for name in columns if schema[name].is_float()}
    whole = lambda f: _answer(f).round() == _answer(f)  # noqa: E731
    net = lambda f: _net(f, worst=6, best=9)  # noqa: E731
    make = lambda f: nw.when(whole(f)).then(net(f)) if f.name in floats else net(f)  # noqa: E731
    rule = "promoters (9-10) minus detractors (0-6) of a 0 to 10 recommendation question"
    found = _score(
        study, columns, by, make,
        metric="nps", title="Net Promoter Score", shape="net", unit="points", method=rule, limits=(-100, 100),
    )  # fmt: skip
    between = {f"between:{n}": ~whole(study.field(n)) & _valid(study.field(n)) for n in columns if n in floats}
    return replace(found, counts={**found.counts, **between})


def top_box(study: Study, of: str | Sequence[str] | None, by: Sequence[str], *, top: int | None = None) -> Score:
    """Share of the best ``top`` answers: 2 on scales of four and more points, else 1."""
    columns = _columns(study, of, by, "satisfaction", "CSAT")
    boxes = {name: _boxes(study, name, top) for name in columns}
    make = lambda f: _inside(f, *boxes[f.name])  # noqa: E731
    said = sorted({f"answers {_span(*b)} of {study.field(n).scale}" for n, b in boxes.items()})
    many = {usual_boxes(study.field(n).scale) if top is None else top for n in columns}
    named = box_share(many.pop() if len(many) == 1 else 1)
    rule = f"{named[0].lower()}{named[1:]}: " + "; ".join(said)
    first = study.field(columns[0])
    satisfaction = len(columns) > 1 or first.measure in ("satisfaction", "")
    title = "Customer satisfaction (CSAT)" if satisfaction else f"{named} of {first.label}"
    kinds = [f"the best {b[1] - b[0] + 1:g} of {study.field(n).scale.points:g} answers" for n, b in boxes.items()]
    facts = {"metric": "csat", "title": title, "shape": "share", "unit": "share", "method": rule}
    return _score(study, columns, by, make, kinds=kinds, **facts)


def average(study: Study, of: str | Sequence[str] | None, by: Sequence[str]) -> Score:
    """Mean answer, on the scale as it is coded; the direction is stated."""
    columns = _columns(study, of, by, "satisfaction", "mean")
    scales = [study.field(n).scale for n in columns]
    known = sorted({str(s) for s in scales if s})
    rule = "mean answer" + (f" on a scale of {'; '.join(known)}" if known else "")
    ends = [(s.minimum, s.maximum) for s in scales if s]
    limits = (min(a for a, _ in ends), max(b for _, b in ends)) if ends else (float("-inf"), float("inf"))
    facts = {"metric": "mean", "title": "Mean", "shape": "mean", "unit": "mean", "method": rule, "limits": limits}
    facts["kinds"] = [str(scale) if scale else "a scale nobody declared" for scale in scales]
    return _score(study, columns, by, number, better=agreed(direction(study.field(n)) for n in columns), **facts)


def effort(study: Study, of: str | Sequence[str] | None, by: Sequence[str], *, show: str = "easy") -> Score:
    """Customer effort, version 1 (effort, low is good) or 2 (made it easy, high is good), as % easy, mean or net."""
    one_of("show", show, ("easy", "mean", "net"))
    measures = ("effort-v1", "effort-v2")
    columns = _listed(study, of) or [n for m in measures for n in study.codebook.measure(m)]
    if not columns:
        raise DataProblem(
            f"CES needs an outcome with measure 'effort-v1' or 'effort-v2'; {study.name} declares none. "
            "Declare it in its datapackage.json"
        )
    said = sorted({_effort_rule(study, study.field(n)) for n in columns})
    limits = (0.0, 1.0)
    if show == "easy":
        make, shape, unit, what = (lambda f: _inside(f, *half(f.scale, f.scale.best))), "share", "share", "share easy"
    elif show == "net":
        make, shape, unit, what = _easy_minus_difficult, "net", "points", "share easy minus share difficult"
        limits = (-100.0, 100.0)
    else:
        make, shape, unit, what = number, "mean", "mean", "mean"
        limits = (
            min(study.field(n).scale.minimum for n in columns),
            max(study.field(n).scale.maximum for n in columns),
        )
    rule = f"{what}: " + "; ".join(said)
    facts = {"title": f"Customer effort: {what}", "shape": shape, "unit": unit, "method": rule, "limits": limits}
    facts["better"] = agreed(direction(study.field(n)) for n in columns) if show == "mean" else "up"
    return _score(study, columns, by, make, metric="ces", **facts)


def fraction(study: Study, of: str | Sequence[str], by: Sequence[str], *, value: object = None) -> Score:
    """Share of the answers equal to ``value`` (or one of several); codes and their labels both work.

    Of a multiple-response question the share that ticked each option, or the one that ``value`` names, among those who
    ticked any or could have.
    """
    questions = [study.field(n) for n in ([of] if isinstance(of, str) else of)]
    if chosen := _options(questions, value):
        of, value = chosen, 1
    options = {c for f in questions for c in f.columns}
    study, columns = unfolded(study, of)
    codes = {n: _codes(study, n, 1 if n in options and value is None else value) for n in columns}
    make = lambda f: _equal(f, codes[f.name])  # noqa: E731
    said = " or ".join(dict.fromkeys(str(v) for vs in codes.values() for v in vs))
    title = f"Share of {', '.join(f.label for f in questions[:3])} = {said}"
    rule = f"share of answers equal to {said}"
    if value is None and options >= set(columns):
        title, rule = f"Share that ticked: {', '.join(f.label for f in questions[:3])}", "share that ticked the option"
    facts = {"metric": "share", "title": title, "shape": "share", "unit": "share", "method": rule}
    better = agreed(of_answers(study.field(n), codes[n]) for n in columns)
    made = _score(study, columns, by, make, text=True, better=better, **facts)
    rated = {f"outside:{n}": _outside(study.field(n)) for n in columns if _of_scale(study.field(n), codes[n])}
    return replace(made, counts={**made.counts, **rated})


def _options(questions: Sequence[Field], value: object) -> list[str]:
    """Return the columns of the options that ``value`` names, where all questions have several answers."""
    if value is None or not all(f.columns for f in questions):
        return []
    wanted = {str(v) for v in (value if isinstance(value, (list, tuple, set)) else [value])}
    named = {c: {c, f.labels.get(c, c)} for f in questions for c in f.columns}
    return [c for c, names in named.items() if wanted & names] if wanted <= set().union(*named.values()) else []


def unfolded(study: Study, names: str | Sequence[str]) -> tuple[Study, list[str]]:
    """Return the study and the columns with every multiple-response question replaced by its options.

    Options without a field of their own get one, called as the question labels them.
    """
    names = [names] if isinstance(names, str) else list(names)
    columns, options = [], []
    for name in names:
        f = study.field(name)
        columns += f.columns or (name,)
        options += [option(f, c) for c in f.columns if c not in study.codebook]
    book = replace(study.codebook, fields=(*study.codebook.fields, *options))
    study = replace(study, codebook=book) if options else study
    return study, _listed(study, columns)


# Which columns ---------------------------------------------------------------------------------------------------


def _listed(study: Study, of: str | Sequence[str] | None) -> list[str]:
    names = [of] if isinstance(of, str) else list(of or ())
    for name in names:
        study.field(name)
        if name not in study.columns:
            raise unknown("column", name, study.name, study.columns)
    return names


def _columns(study: Study, of: str | Sequence[str] | None, by: Sequence[str], measure: str, what: str) -> list[str]:
    """``of``, or the touchpoints where ``by`` groups them, or the outcomes with ``measure``, or the touchpoints."""
    for name in by:
        if name not in ("item", *GROUPINGS):
            study.field(name)
    if of is not None:
        return _listed(study, of)
    touchpoints = [
        n for n in study.codebook.role("touchpoint") if study.codebook[n].scale is not None or what == "mean"
    ]
    pools = any(b in GROUPINGS and b not in study.codebook for b in by)
    found = [] if pools else list(study.codebook.measure(measure))
    if not found and measure == "satisfaction":
        found = touchpoints
    if not found:
        raise DataProblem(
            f"{what} needs a column with role 'outcome' and measure '{measure}'; {study.name} declares none. "
            "Name the column with of=, and declare it in its datapackage.json"
        )
    return _listed(study, found)


def _score(
    study: Study,
    columns: list[str],
    by: Sequence[str],
    make: Callable[[Field], Any],
    *,
    text: bool = False,
    kinds: Sequence[str] = (),
    **facts: Any,
) -> Score:
    """Gather the expressions of ``columns`` into items, one each or pooled by stage or owner."""
    fields = [study.field(n) for n in columns]
    if not text:
        _numeric(study, columns)
    over, items = "item", {f.name: [make(f)] for f in fields}
    labels = {f.name: f.label for f in fields}
    pools = [b for b in by if b in GROUPINGS and b not in study.codebook]
    if pools:
        alike(study, dict(zip(columns, kinds, strict=False)), f"pooled by {pools[0]}")
        over, items, labels = pools[0], {}, {}
        for f in fields:
            items.setdefault(getattr(f, over) or f"(no {over})", []).append(make(f))
    kinds = {} if pools else dict(zip(columns, kinds, strict=False))
    outside = {f"outside:{f.name}": _outside(f) for f in fields if f.scale and not text}
    return Score(items=items, over=over, labels=labels, counts=outside, columns=tuple(labels), kinds=kinds, **facts)


def _numeric(study: Study, columns: Sequence[str]) -> None:
    schema = study.lazy.collect_schema()
    for name in columns:
        if study.field(name).role == "text" or not (schema[name].is_numeric() or schema[name] == nw.Boolean):
            raise DataProblem(
                f"column '{name}' of {study.name} holds text ({schema[name]}), a metric needs numbers; "
                f"use cx.share(study, '{name}', value=...) for the share of one answer, or recode it as numbers"
            )


# Rules of each metric --------------------------------------------------------------------------------------------


def _boxes(study: Study, name: str, top: int | None) -> tuple[float, float]:
    scale = study.field(name).scale
    if scale is None:
        raise DataProblem(
            f"CSAT needs to know the scale of '{name}' of {study.name}, and the codebook declares none; "
            "declare its minimum, maximum and which end is best in its datapackage.json"
        )
    k = usual_boxes(scale) if top is None else top
    if not 1 <= k < scale.points:
        raise DataProblem(
            f"boxes is {k}; '{name}' has {scale.points} answers ({scale}), so boxes is 1 to {scale.points - 1}"
        )
    return scale.top(k)


def _effort_rule(study: Study, f: Field) -> str:
    if f.measure not in ("effort-v1", "effort-v2") or f.scale is None:
        raise DataProblem(
            f"CES needs '{f.name}' of {study.name} to have a scale and measure 'effort-v1' (how much effort, low is "
            "good) or 'effort-v2' (made it easy, high is good); declare both in its datapackage.json"
        )
    wanted = "low" if f.measure == "effort-v1" else "high"
    if f.scale.best != wanted:
        raise DataProblem(
            f"'{f.name}' of {study.name} has measure '{f.measure}', where {wanted} is best, but its scale says "
            f"{f.scale.best} is best; correct one of the two in its datapackage.json"
        )
    easy, hard = half(f.scale, wanted), half(f.scale, "high" if wanted == "low" else "low")
    version = "CES 1 (effort, low is good)" if wanted == "low" else "CES 2 (made it easy, high is good)"
    return f"{version}, {f.scale.minimum:g} to {f.scale.maximum:g}: easy {_span(*easy)}, difficult {_span(*hard)}"


def _codes(study: Study, name: str, value: object) -> list:
    """The codes that ``value`` names: itself, or the codes with that label."""
    f = study.field(name)
    labels = {**f.labels, **(f.scale.labels if f.scale else {})}
    if value is None:
        known = ", ".join(f"{k} ({v})" if k != v else k for k, v in labels.items()) or "see its codebook"
        raise DataProblem(
            f"the share of '{name}' of {study.name} needs value=, one answer or a list of them; answers: {known}"
        )
    wanted = list(value) if isinstance(value, (list, tuple, set)) else [value]
    numeric = study.lazy.collect_schema()[name].is_numeric()
    codes = []
    for v in wanted:
        named = [code(k, "number" if numeric else "string") for k, label in labels.items() if label == v]
        codes += named or [v]
    if numeric and any(isinstance(c, str) for c in codes):
        bad = next(c for c in codes if isinstance(c, str))
        raise unknown("answer", bad, f"'{name}' of {study.name}", [*labels.values()] or ["numbers"])
    return codes


# Expressions -----------------------------------------------------------------------------------------------------


def _answer(f: Field) -> nw.Expr:
    return nw.col(f.name).cast(nw.Float64)


def _raw(f: Field) -> nw.Expr:
    """The answer as it is stored: comparing small integers is cheaper than comparing doubles."""
    return _answer(f) if f.type == "boolean" else nw.col(f.name)


def _valid(f: Field) -> nw.Expr:
    """Whether there is an answer on the declared scale; NaN lies on none."""
    return _raw(f).is_between(f.scale.minimum, f.scale.maximum) if f.scale else ~_answer(f).is_nan()


def number(f: Field) -> nw.Expr:
    """The answer as a number; null where there is none or where it is outside the declared scale."""
    return nw.when(_valid(f)).then(_answer(f))


def _outside(f: Field) -> nw.Expr:
    x = _answer(f)
    return ~x.is_nan() & ~x.is_between(f.scale.minimum, f.scale.maximum)


def _between(f: Field, low: float, high: float) -> nw.Expr:
    return _raw(f).is_between(low, high).cast(nw.Float64)


def _inside(f: Field, low: float, high: float) -> nw.Expr:
    """1 where the answer is from ``low`` to ``high``, 0 where it is another, null where there is none."""
    return nw.when(_valid(f)).then(_between(f, low, high))


def chosen(f: Field, answer: float) -> nw.Expr:
    """1 where the answer is ``answer``, 0 where it is another, null where there is none."""
    return _inside(f, answer, answer)


def _net(f: Field, worst: float, best: float) -> nw.Expr:
    """1 from ``best`` up, -1 down to ``worst``, both counted on 0 to 10 from the worst answer of the scale."""
    s = f.scale
    if s.best == "high":
        high, low = (s.minimum + best, s.maximum), (s.minimum, s.minimum + worst)
    else:
        high, low = (s.minimum, s.maximum - best), (s.maximum - worst, s.maximum)
    return _sides(f, high, low)


def _easy_minus_difficult(f: Field) -> nw.Expr:
    other = "low" if f.scale.best == "high" else "high"
    return _sides(f, half(f.scale, f.scale.best), half(f.scale, other))


def _sides(f: Field, good: tuple[float, float], bad: tuple[float, float]) -> nw.Expr:
    """1 where the answer lies from the first to the second of ``good``, -1 in ``bad``, 0 elsewhere on the scale."""
    neither = nw.when(_valid(f)).then(nw.lit(0.0))
    not_good = nw.when(_raw(f).is_between(*bad)).then(nw.lit(-1.0)).otherwise(neither)
    return nw.when(_raw(f).is_between(*good)).then(nw.lit(1.0)).otherwise(not_good)


def _equal(f: Field, codes: Sequence) -> nw.Expr:
    x = nw.col(f.name)
    hit = nw.when(among(x, codes)).then(nw.lit(1.0)).otherwise(nw.lit(0.0))
    return nw.when(_valid(f) if _of_scale(f, codes) else ~x.is_null()).then(hit)


def _of_scale(f: Field, codes: Sequence) -> bool:
    """Whether answers on the scale of a question are asked for; those outside are then no answers."""
    rated = [c for c in codes if isinstance(c, (int, float)) and not isinstance(c, bool)]
    return f.scale is not None and any(f.scale.minimum <= c <= f.scale.maximum for c in rated)


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"
