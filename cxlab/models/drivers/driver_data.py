"""What a driver analysis reads of a study: outcome, drivers as numbers that rise with satisfaction, weights, clusters.

This is the one place of the driver models that takes rows into memory (only the columns it needs), because not-used
indicators, imputation and penalty-reward contrasts look at answers, not at sums.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.codebook import Field
from cxlab.data.sample import check_weights, outside_note, weight_notes, within_scale
from cxlab.data.study import Study
from cxlab.models.drivers import known_margins
from cxlab.models.drivers.driver_rows import Answers
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts.drawn import of_strata
from cxlab.stats.counts.fetched import fetched

MISSING = ("pairwise", "complete", "indicator", "impute")
MINIMUM = 30
"""A driver with fewer answers beside the outcome is left out, with a note."""
RARE = 0.10
"""A driver answered by a smaller share is pointed out."""
NOT_ANSWERED = ": not answered"
IN_PIECES = "a linear model with pairwise answers: in a file it reads pieces"
CATEGORIES = 12
"""A driver in words may have so many different answers."""

Drivers = str | Sequence[str] | Mapping[str, Sequence[str]] | None


def read(study: Study, outcome: str | None, drivers: Drivers, *, extra: Sequence[str] = ()) -> Answers:
    """Read the columns of a driver analysis; ``extra`` columns come along as they are.

    Raises
    ------
    DataProblem : a column is unknown, the outcome is one of the drivers or the same for everybody, no driver is left,
        the rows take more than `cxlab.stats.counts.fetched.LIMIT`.
    """
    name, condition = outcome_of(study, outcome)
    chosen, blocks = chosen_of(study, drivers, name)
    design, field = study.design, study.field(name)
    fitted = study.calibration is not None and study.calibration.weight == design.weight
    placed = known_margins.columns_of(study) if fitted else filter(None, (design.weight, design.cluster, design.strata))
    wanted = dict.fromkeys([name, *chosen, *extra, *placed])
    rows = study.frame.select(*wanted).filter(~nw.col(name).is_null())
    frame = fetched(rows, study.name, copied=IN_PIECES).to_pandas()
    y, outside = within_scale(_number(frame[name], field), field)
    keep = ~np.isnan(y)
    notes: list[str] = [outside_note(name, outside)] if outside else []
    weight = np.ones(len(y))
    if design.weight:
        check_weights(study)
        weight = pd.to_numeric(frame[design.weight]).to_numpy(float, na_value=np.nan)
        keep &= np.isfinite(weight) & (weight > 0)
        notes += weight_notes(study)
        notes += [known_margins.SAID] if fitted else []
    frame, y = frame[keep].reset_index(drop=True), y[keep]
    y = turned(y, field) if condition is None else condition(y).astype(float)
    check_spread(study, name, len(y), y.min(initial=np.inf), y.max(initial=-np.inf))
    kept, X, columns, of = _columns(study, frame, chosen, notes)
    blocks = {b: tuple(kept.index(d) for d in members if d in kept) for b, members in blocks.items()}
    return Answers(
        outcome=outcome_label(field, outcome if condition else None),
        y=y, X=X, columns=columns, drivers=tuple(kept), labels=labels_of(study, kept), of=of,
        blocks={b: m for b, m in blocks.items() if m}, w=weight[keep],
        extra=frame[list(extra)], notes=tuple(notes), **_design(study, frame, fitted=fitted),
    )  # fmt: skip


def outcome_label(field: Field, condition: str | None) -> str:
    """Return how an outcome is called, with the condition on it, if any."""
    return field.label if condition is None else f"{field.label} {condition.strip().removeprefix(field.name).strip()}"


_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq}


def outcome_of(study: Study, outcome: str | None) -> tuple[str, Callable[[np.ndarray], np.ndarray] | None]:
    """Split 'overall >= 4' into its column and the condition; a plain name has none."""
    if outcome is None:
        return study.need("outcome", "a driver analysis")[0], None
    match = re.fullmatch(r"\s*(.+?)\s*(>=|<=|==|>|<)\s*(-?\d+(?:\.\d+)?)\s*", outcome)
    if match is None or outcome in study.codebook:
        return study.field(outcome).name, None
    name, sign, value = match.groups()
    return study.field(name).name, lambda y: _COMPARE[sign](y, float(value))


def chosen_of(study: Study, drivers: Drivers, outcome: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the driver columns and their blocks (none, a mapping, or 'stage' or 'owner' of the codebook)."""
    blocks: dict[str, list[str]] = {}
    if drivers is None or (isinstance(drivers, str) and drivers in ("stage", "owner")):
        there = set(study.columns)
        names = [n for n in study.need("touchpoint", "a driver analysis") if n in there and n != outcome]
        for n in names if drivers else ():
            blocks.setdefault(getattr(study.field(n), drivers) or study.field(n).label, []).append(n)
    elif isinstance(drivers, Mapping):
        blocks = {str(b): [some] if isinstance(some, str) else list(some) for b, some in drivers.items()}
        names = [n for members in blocks.values() for n in members]
    else:
        names = [drivers] if isinstance(drivers, str) else list(drivers)
    names = [c for n in names for c in _spread_out(study, n)]
    blocks = {b: [c for n in members for c in _spread_out(study, n)] for b, members in blocks.items()}
    double = sorted({n for n in names if names.count(n) > 1})
    if double:
        raise DataProblem(f"driver {', '.join(double)} is named more than once; name each driver once")
    if outcome in names:
        raise DataProblem(f"'{outcome}' is the outcome and one of the drivers; take it out of the drivers")
    if not names:
        raise DataProblem("no driver was named; name at least one, or give columns the role 'touchpoint'")
    return names, blocks


def _spread_out(study: Study, name: str) -> tuple[str, ...]:
    """Return the columns of a multiple-response question, or the name itself."""
    return study.codebook[name].columns or (name,) if name in study.codebook else (field_of(study, name).name,)


def field_of(study: Study, name: str) -> Field:
    """Return the field of a column; a column of a multiple-response question has a field of its own, 1 if named."""
    if name not in study.codebook and any(name in f.columns for f in study.codebook):
        return Field(name, name, "integer", note=NAMED)
    return study.field(name)


NAMED = "multiple response"
"""Not named is an answer in a multiple-response question: it counts as 0."""


def _number(column: pd.Series, field: Field) -> np.ndarray:
    """Return answers as floats, NaN where there is none; answers in words are refused."""
    try:
        return pd.to_numeric(column).to_numpy(float, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise DataProblem(f"outcome '{field.name}' holds words, not numbers; recode it, or choose another") from error


def turned(values: np.ndarray, field: Field) -> np.ndarray:
    """Return answers so that they rise with satisfaction."""
    if field.scale is not None and field.scale.best == "low":
        return field.scale.minimum + field.scale.maximum - values
    return values


def check_spread(study: Study, name: str, n: int, least: float, most: float) -> None:
    """Refuse an outcome with few answers, or with the same from everybody."""
    if n < 3:
        raise DataProblem(f"'{name}' has {n} answers in {study.name}; a driver analysis needs many more")
    if least == most:
        raise DataProblem(f"'{name}' is {least:g} in all {n:,} answers of {study.name}: there is nothing to explain")


def usable(label: str, answers: int, n: int, *, same: bool, notes: list[str]) -> bool:
    """Whether a driver can explain anything; what there is to say about it goes to ``notes``."""
    if answers < min(MINIMUM, n):
        notes.append(f"'{label}' has {answers} answers beside the outcome, fewer than {MINIMUM}: left out")
        return False
    if same:
        notes.append(f"'{label}' has the same answer from all {answers:,}: it can explain nothing and is left out")
        return False
    if answers < RARE * n:
        notes.append(f"'{label}' was answered by {answers / n:.1%} only (n = {answers:,})")
    return True


def none_left(study: Study, notes: Sequence[str]) -> DataProblem:
    """Return the error of an analysis without a driver."""
    return DataProblem(f"no driver is left in {study.name}: {'; '.join(notes)}")


def _columns(
    study: Study, frame: pd.DataFrame, names: Sequence[str], notes: list[str]
) -> tuple[list[str], np.ndarray, tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Return the drivers kept, their matrix, its column names, and which columns belong to which driver."""
    kept, parts, columns, of = [], [], [], []
    for n in names:
        field = field_of(study, n)
        values, heads, outside = _driver(frame[n], field)
        notes += [outside_note(n, outside)] if outside else []
        answers = int((~np.isnan(values[:, 0])).sum())
        same = answers > 0 and bool((np.nanmax(values, axis=0) == np.nanmin(values, axis=0)).all())
        if not usable(field.label, answers, len(frame), same=same, notes=notes):
            continue
        of.append(tuple(range(len(columns), len(columns) + len(heads))))
        kept.append(n)
        parts.append(values)
        columns += heads
    if not kept:
        raise none_left(study, notes)
    return kept, np.column_stack(parts), tuple(columns), tuple(of)


def _driver(column: pd.Series, field: Field) -> tuple[np.ndarray, list[str], int]:
    """Return a driver as one column of numbers, or as dummies of all answers but the most frequent; its column names,
    and how many answers lie outside the scale."""
    if field.note == NAMED:
        named = np.nan_to_num(pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=0.0))
        return named[:, None], [field.label], 0
    try:
        values, outside = within_scale(pd.to_numeric(column).to_numpy(float, na_value=np.nan), field)
        return turned(values, field)[:, None], [field.label], outside
    except (ValueError, TypeError):
        words = column.astype("object").where(column.notna(), None)
    found = words.value_counts()
    if len(found) > CATEGORIES:
        raise DataProblem(
            f"driver '{field.name}' has {len(found)} different answers in words; at most {CATEGORIES} can be compared: "
            "merge some, or use it as a segment"
        )
    others = list(found.index[1:]) or list(found.index)
    dummies = np.column_stack([(words == v).to_numpy(float) for v in others])
    dummies[words.isna().to_numpy()] = np.nan
    return dummies, [f"{field.label}: {v}" for v in others], 0


def labels_of(study: Study, names: Sequence[str]) -> tuple[str, ...]:
    """Return the wording of columns, each once."""
    labels = [field_of(study, n).label for n in names]
    return tuple(f"{x} ({n})" if labels.count(x) > 1 else x for x, n in zip(labels, names, strict=True))


def _design(study: Study, frame: pd.DataFrame, *, fitted: bool) -> dict[str, Any]:
    """Return cluster, strata, the clusters drawn in each stratum of the whole sample, and the margins if known."""
    d, n, margins = study.design, len(frame), None
    if fitted:
        margins, frame = known_margins.known_margins(study, frame)
    codes = {"cluster": None, "strata": None}
    labels = [""]
    for part, name in (("cluster", d.cluster), ("strata", d.strata)):
        if name:
            code, labels = pd.factorize(frame[name], use_na_sentinel=False)
            codes[part] = code[:n]
            if margins is not None:
                margins.others[part] = code[n:]
    drawn = None if study.drawn is None else of_strata(study.drawn, labels if d.strata else [""])
    return {**codes, "drawn": drawn, "margins": margins}


def settle(answers: Answers, missing: str) -> tuple[Answers, tuple[str, ...]]:
    """Return the answers made ready by a stated choice about missing ones, and what there is to say about it.

    'pairwise' and 'impute' leave them as they are; 'complete' keeps rows that answered every driver; 'indicator' puts
    the mean of those who answered and adds a column "not answered" to the driver's columns, so that not having used a
    touchpoint has its own level instead of counting as bad.
    """
    one_of("missing", missing, MISSING)
    n = answers.n
    if answers.complete:
        enough(answers, n)
        return answers, ()
    few, whole = answers.answered(), answers.whole()
    if missing == "complete":
        kept = answers.rows(answers.whole_rows())
        enough(kept, n)
        return kept, (f"complete cases: {whole:,} of {n:,} rows answered every driver",)
    enough(answers, n)
    if missing == "indicator":
        said = (
            f"not answered is a level of its own (indicator): all {n:,} rows are used, {whole:,} answered every driver"
        )
        return _indicated(answers, np.isnan(answers.X)), (said,)
    how = {"pairwise": "pairwise: each correlation uses the rows that answered both", "impute": "multiple imputation"}
    span = f"drivers have {few.min():,} to {few.max():,} answers, {whole:,} of {n:,} rows have all"
    return answers, (f"{how[missing]}; {span}",)


def enough(answers: Answers, before: int | None = None) -> None:
    """Refuse more columns than rows, and complete cases (of ``before`` rows) that are too few."""
    k, before = answers.width, answers.n if before is None else before
    if answers.n > k + 2:
        return
    if answers.n < before:
        raise DataProblem(
            f"only {answers.n} of {before:,} rows answered all {len(answers.drivers)} drivers, too few to fit them; "
            "use missing='pairwise', 'indicator' or 'impute', or fewer drivers"
        )
    raise DataProblem(f"{k} drivers but only {answers.n} answers: their shares are not determined; use fewer drivers")


def _indicated(answers: Answers, gone: np.ndarray) -> Answers:
    X, columns, of = [], [], []
    for label, own in zip(answers.labels, answers.of, strict=True):
        part = answers.X[:, list(own)]
        miss = gone[:, own[0]]
        mean = np.average(part[~miss], axis=0, weights=answers.w[~miss])
        part = np.where(miss[:, None], mean, part)
        heads = [answers.columns[k] for k in own]
        if miss.any():
            part, heads = np.column_stack([part, miss]), [*heads, label + NOT_ANSWERED]
        of.append(tuple(range(len(columns), len(columns) + len(heads))))
        X.append(part)
        columns += heads
    return replace(answers, X=np.column_stack(X), columns=tuple(columns), of=tuple(of))


def limits(study: Study, answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest answer of each driver's scale, (drivers,); as they were given where none is
    declared: `undeclared` says so, and every result that uses these must."""
    ends = []
    for own, name in zip(answers.of, answers.drivers, strict=True):
        scale = field_of(study, name).scale
        ends.append((scale.minimum, scale.maximum) if scale else answers.ends(own[0]))
    low, high = np.array(ends, float).T
    return low, high


def undeclared(study: Study, answers: Answers) -> list[str]:
    """Return what is to be said of drivers without a declared scale, if any."""
    names = [
        label for name, label in zip(answers.drivers, answers.labels, strict=True)
        if field_of(study, name).scale is None and field_of(study, name).note != NAMED
    ]  # fmt: skip
    if not names:
        return []
    said = "the least answer that was given counts as the worst, the largest as the best"
    return [f"no scale declared for {', '.join(names)}: {said}"]


def cause_note(study: Study) -> str:
    """Return what a result must say about causes: association, unless the study is an experiment."""
    if study.codebook.design == "experiment":
        return "the study is an experiment: what its arms differ in has an effect; what people rated is an association"
    return "association, not cause: the study is no experiment"
