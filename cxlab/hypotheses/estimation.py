"""What tests of several cards share: answered rows, designs, coefficients, means, differences of two groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from cxlab.columns import show
from cxlab.hypotheses.case import Case
from cxlab.hypotheses.design import BEHAVIOUR
from cxlab.hypotheses.rule import DIRECTIONS, Finding, from_t
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.models.regression.counted_answers import RobustFit, Told, correlated
from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.inference import few_treated

FEW = 10
"""Answers a group needs before it is compared."""
ALIKE = 0.25
"""Standard deviations that groups may lie apart before what sets them apart (Rubin 2001)."""
SURELY = 0.99
"""Level at which the arms of an experiment must not differ before it."""


def answered(case: Case, *values: NDArray, least: int | None = None, what: str = "answers") -> NDArray:
    """Return the rows where all values are there; too few, or a constant outcome (the first), cannot be tested."""
    n = case.sample.n
    there = np.ones(len(n), bool)
    for v in values:
        there &= ~np.isnan(v if v.ndim == 1 else v.sum(axis=1))
    least = least or case.card.least_n
    count = int(n[there].sum())
    if count < least:
        raise NotEstimable(f"only {count} complete {what}; this test needs at least {least}")
    y = values[0][there]
    if np.ptp(y) == 0:
        raise NotEstimable(f"all {count} {what} have the same value of the outcome: there is nothing to explain")
    return there


def varies(what: str, values: NDArray) -> None:
    """Refuse a predictor that does not vary."""
    if len(values) == 0 or np.ptp(values) == 0:
        raise NotEstimable(f"{what} is the same for everybody: there is no contrast to learn from")


def two_groups(case: Case, rows: NDArray, group: NDArray, what: str) -> None:
    """Refuse a comparison in which a side, with or without ``what``, has fewer than `FEW` answers."""
    for value in (0.0, 1.0):
        count = int(case.sample.n[rows & (group == value)].sum())
        if count < FEW:
            side = "with" if value else "without"
            raise NotEstimable(f"only {count} answers {side} {what}; each side needs at least {FEW}")


def alike(
    case: Case, rows: NDArray, group: NDArray, slot: str, threat: str, y: NDArray | None = None
) -> tuple[str, str, bool | None, str]:
    """Return the check that two groups (or doses) were alike before, in the column of ``slot``.

    Without an experiment they must surely lie at most `ALIKE` deviations apart, and without the column that cannot be
    seen. A column that tells little of the outcome ``y`` can hide much: the distance is over its correlation with y
    within groups, the least reliability it can have if both measure one thing; of a yes or no, the correlation with
    what lies behind it (biserial). What an experiment assigned is alike by design; where there is a column it must not
    surely (`SURELY`) differ.
    """
    what = "the groups were alike before"
    drawn = case.study.codebook.design == "experiment"
    if slot not in case.sample:
        return (
            (what, "assigned at random", True, threat)
            if drawn
            else (what, f"no column for {slot} shows it", None, threat)
        )
    x = case.sample.number(slot)
    there = rows & ~np.isnan(x)
    if np.ptp(x[there]) == 0:
        return what, f"{slot} is the same for everybody", True if drawn else None, threat
    model = fit(case, there, standardised(np.where(there, x, np.nan), case.sample.n * case.sample.w), group)
    level = SURELY if drawn else case.level
    apart = from_t("", *model.contrast(np.eye(len(model.b))[1]), level=level)
    said = f"{slot} differs by {apart.value:.2f} standard deviations [{apart.low:.2f}, {apart.high:.2f}]"
    if drawn:
        return what, f"assigned at random; {said}", bool(apart.low <= 0 <= apart.high), threat
    tells = (
        1.0
        if y is None
        else abs(correlated(model.e, fit(case, there, y, group).e, (case.sample.n * case.sample.w)[there]))
        * _behind(y[there], (case.sample.n * case.sample.w)[there])
    )
    if y is not None:
        said += f", and goes with the outcome at r = {tells:.2f}"
    return what, said, bool(apart.inner_low > -ALIKE * tells and apart.inner_high < ALIKE * tells), threat


def unfeigned(found: Finding, again: Callable[[], Finding], what: str, threat: str) -> tuple[str, str, bool, str]:
    """Return the check that a verdict stays where the rival is let in; one that claims nothing is not asked."""
    if found.verdict not in ("SUPPORTED", "DIRECTION-ONLY"):
        return what, f"{found.verdict} without it: it has nothing to take away", True, threat
    rival = again()
    said = f"with it {show(rival.value)} [{show(rival.low)}, {show(rival.high)}]"
    return what, said, DIRECTIONS.index(rival.verdict) >= DIRECTIONS.index(found.verdict), threat


def was_recorded(case: Case, slot: str, what: str, threat: str, otherwise: str) -> tuple[str, str, bool, str]:
    """Return the check that a part was recorded; ``otherwise`` says what else it is."""
    f = case.sample.fields[slot][0]
    holds = f.role == "operation" or f.measure in BEHAVIOUR
    return what, f"{f.label}: {'recorded' if holds else otherwise}", holds, threat


def _behind(y: NDArray, w: NDArray) -> float:
    """Return by what the correlation with a yes or no is multiplied for that with the normal variable behind it."""
    low, high = y.min(), y.max()
    if not np.isin(y, (low, high)).all() or low == high:
        return 1.0
    p = float(w[y == high].sum() / w.sum())
    return float(np.sqrt(p * (1 - p)) / (np.exp(-(ndtri(p) ** 2) / 2) / np.sqrt(2 * np.pi)))


def fit(case: Case, rows: NDArray, y: NDArray, *columns: NDArray) -> RobustFit:
    """Regress y on the columns (and controls) over the rows with the sample's counts, weights, clusters and strata."""
    return case.sample.counted(rows).regressed(y[rows], [c[rows] for c in columns])


def about(case: Case, rows: NDArray, y: NDArray, **more: Any) -> dict[str, Any]:
    """Return what every finding of the card carries: side, bars, unit, answers, effective answers for outcome ``y``."""
    card = case.card
    return {
        "side": card.side, "null": card.null, "sesoi": card.sesoi, "trivial": card.trivial, "unit": card.unit,
        "n": int(case.sample.n[rows].sum()), "n_eff": case.sample.effective(rows, y),
    } | more  # fmt: skip


def finding(
    case: Case,
    rows: NDArray,
    y: NDArray,
    name: str,
    value: float,
    se: float,
    df: float = np.inf,
    *,
    transform: Callable[[float], float] | None = None,
    **more: Any,
) -> Finding:
    """Return the finding of an estimate with a t-distributed error, with all that `about` says of it."""
    return from_t(name, value, se, df, level=case.level, transform=transform, **about(case, rows, y, **more))


def coefficient(
    case: Case,
    rows: NDArray,
    y: NDArray,
    *columns: NDArray,
    name: str,
    model: RobustFit | None = None,
    at: int = 1,
    **more: Any,
) -> Finding:
    """Return the finding of a column's coefficient, the first one's in `fit`; or in a public ``model``."""
    model, clusters = model or fit(case, rows, y, *columns), case.sample.units(rows)[0]
    if model.rests is not None and clusters is not None:
        more = {"rests": (_rests(model, rows, columns, at), len(np.unique(clusters)))} | more
    return finding(case, rows, y, name, *model.contrast(np.eye(len(model.b))[at]), **more)


def _rests(model: RobustFit, rows: NDArray, columns: Sequence[NDArray], at: int) -> float:
    """On how many clusters a column's coefficient rests: of an arm times another column also the arm's."""
    own = np.inf if model.rests is None else float(model.rests[at])
    if own < few_treated.LEAST or model.rests is None:
        return own
    on = rows & (columns[at - 1] != 0)
    arms = [float(model.rests[j]) for j, c in enumerate(columns, 1) if (c[on] != 0).all()]
    return max(min(arms), few_treated.LEAST)


def mean(case: Case, rows: NDArray, y: NDArray) -> Told:
    """Return the weighted mean of the rows, its standard error and degrees of freedom."""
    return case.sample.counted(rows).average(y[rows])


def row(
    case: Case, label: str, value: float, se: float = np.nan, df: float = np.inf, n: float = 0,
    *, transform: Callable[[float], float] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return one row of further facts, with its interval; ``transform`` maps value and limits."""
    f = from_t(label, value, se, df, level=case.level, transform=transform)
    return {"label": label, "estimate": f.value, "low": f.low, "high": f.high, "n": int(n)}


def told(case: Case, f: Finding) -> dict[str, Any]:
    """Return a finding as a row of further facts."""
    return {"label": f.name, "estimate": f.value, "low": f.low, "high": f.high, "n": f.n}


def side_means(
    case: Case, rows: NDArray, y: NDArray, group: NDArray, names: Mapping[float, str]
) -> tuple[dict[str, Any], ...]:
    """Return the mean of y in each group that has a name, in their order."""
    sides = [(rows & (group == k), name) for k, name in names.items()]
    return tuple(row(case, name, *mean(case, side, y), case.sample.n[side].sum()) for side, name in sides)


def group_means(case: Case, rows: NDArray, y: NDArray, x: NDArray) -> tuple[dict[str, Any], ...]:
    """Return the mean outcome in up to five groups of x: what the curve looks like."""
    n = case.sample.n
    values = np.unique(x[rows])
    if len(values) > 6:
        edges = np.unique(quantile(x[rows], n[rows], np.linspace(0, 1, 6)))[1:-1]
        group = np.searchsorted(edges, x, side="right")
        names = {
            g: f"{np.nanmin(x[rows & (group == g)]):.3g} to {np.nanmax(x[rows & (group == g)]):.3g}"
            for g in np.unique(group[rows])
        }
    else:
        group, names = np.searchsorted(values, x), {g: f"{v:.3g}" for g, v in enumerate(values)}
    out = []
    for g in np.unique(group[rows]):
        mine = rows & (group == g)
        if (k := n[mine].sum()) >= FEW:
            out.append(row(case, f"mean outcome at {names[g]}", *mean(case, mine, y), k))
    return tuple(out)


def standardised(values: NDArray, weights: NDArray) -> NDArray:
    """Return values minus their weighted mean over their weighted standard deviation; nan stays nan."""
    there = ~np.isnan(values)
    w = weights[there]
    centre = np.average(values[there], weights=w)
    spread = np.sqrt(np.average((values[there] - centre) ** 2, weights=w))
    if not spread > 0:
        raise NotEstimable("a score is the same for everybody: there is no contrast to learn from")
    return (values - centre) / spread
