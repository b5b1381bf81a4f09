"""`churn_model`: who will leave, and whether the stated chances are true of people the model has not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.covariates import matrix, terms, told_apart
from cxlab.models.loyalty.spells import end_codes, joint, there
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.glm import glm
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.proportions import independent, none_or_all

FOLDS, TENTHS, SEED = 10, 10, 0


@public
def churn_model(
    study: Study,
    formula: str,
    *,
    left: str,
    ends: object = None,
    period: str = "",
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return how well a model tells who leaves, judged on customers (or periods) it has not seen.

    Parameters
    ----------
    formula : columns joined by +, ``"score + C(contract)"``, known before the leaving.
    left : 1 or True who left. ``ends`` : which answers of it mean that somebody left, where they are not 1.
    period : when the row was; each period is then forecast from those before it (rolling origin). Empty: ten folds of
        customers (clusters stay together).
    level : confidence of the intervals, between 0 and 1.
    least_n : leavers and stayers needed.

    Returns
    -------
    Result, one row a measure: ``measure, estimate, low, high, n``: Brier score, that of the plain rate, the share of it
    saved, calibration slope (1 is right, below 1 too extreme), chance that a leaver is ranked above a stayer.
    ``parts``: ``tenths`` (customers by stated chance: ``expected, estimate, low, high, n``), ``terms`` (log odds, all
    data), ``periods`` (Brier score by period).

    Raises
    ------
    DataProblem : a column is not there or does not vary, there are too few leavers or stayers, or a column
        predicts who leaves perfectly.

    References
    ----------
    Brier (1950); Cox (1958), doi:10.1093/biomet/45.3-4.562 (slope); Van Calster et al. (2019),
    doi:10.1186/s12916-019-1466-7.

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> rows = {"score": [0, 0, 1, 1], "left": [1, 0, 1, 0]}
    >>> table = pd.DataFrame(rows).loc[np.repeat([0, 1, 2, 3], [160, 40, 40, 160])]
    >>> found = cx.loyalty.churn_model(cx.load(table), "score", left="left")
    >>> found.table["estimate"].round(2).tolist()
    [0.16, 0.25, 0.36, 0.98, 0.8]
    """
    asked = terms(study, formula)
    for name in (left, *([period] if period else [])):
        there(study, name)
    extra = [left, *([period] if period else [])]
    found = sample(study, [], other=[*(t.name for t in asked), *extra], patterns=True)
    x, called, kept = matrix(study, asked, {t.name: found.other[t.name] for t in asked})
    kept &= ~pd.isna(found.other[left]) & (~pd.isna(found.other[period]) if period else True)
    lost, found, x = int(found.n[~kept].sum()), found.keep(kept), x[kept]
    y = (end_codes(study, left, found.other[left], ends)[0] > 0).astype(float)
    _enough(study, y, found, x, called, least_n)
    told_apart(x, called, f"the {int(found.n.sum()):,} rows used")
    design = np.column_stack([np.ones(len(x)), x])
    whole = _fit(design, y, found.n, found.w, formula)
    rows, counts, chance, plain, part = _unseen(study, found, design, y, period, formula)
    held = found.keep(rows)
    held = Sample(held.answers, counts, held.w, held.cluster, held.strata, held.strata_names, held.other)
    table = _measures(study, held, y[rows], chance, plain, part, level)
    parts = {"tenths": _tenths(study, held, y[rows], chance, level), "terms": pd.DataFrame(
        {"term": ["(constant)", *called], "estimate": whole})}  # fmt: skip
    if period:
        parts["periods"] = _by_period(held, y[rows], chance, period)
    n = int(counts.sum())
    notes = [
        *study.caveats,
        *found.notes,
        *([f"{lost:,} rows without an answer to all of these do not count"] * bool(lost)),
    ]
    slope = table.iloc[3]
    if slope["high"] < 1:
        notes.append("the stated chances are too extreme: calibration slope certainly below 1")
    notes.append("it tells who leaves, not what would keep them: a forecast is no cause")
    how = f"each {period} from those before" if period else f"{FOLDS} folds of customers"
    return Result(
        "churn_model", f"Who leaves: {formula}", table.assign(n=n), "", level,
        f"Logit, judged on what it has not seen ({how}); errors of the measures under the design", tuple(notes), parts,
        (Column("measure", "label", "", "Measure"),),
    )  # fmt: skip


def _enough(study: Study, y: NDArray, found: Sample, x: NDArray, called: list[str], least: int) -> None:
    gone, all_ = int(found.n[y > 0].sum()), int(found.n.sum())
    if min(gone, all_ - gone) < max(least, 2):
        raise DataProblem(f"{gone} of {all_:,} in {study.name} have left; {max(least, 2)} leavers and as many "
                          "stayers are needed")  # fmt: skip
    still = [c for j, c in enumerate(called) if np.ptp(x[:, j]) == 0]
    if still:
        raise DataProblem(f"'{still[0]}' does not vary among the {all_:,} rows used; leave it out")


def _fit(design: NDArray, y: NDArray, n: NDArray, w: NDArray, formula: str) -> NDArray:
    fit = glm(design, y, n, w)
    if not fit.converged:
        raise DataProblem(f"'{formula}' predicts who leaves perfectly somewhere; no finite odds fit: merge levels, "
                          "or leave the column out")  # fmt: skip
    return np.asarray(fit.b)


def _unseen(study: Study, found: Sample, design: NDArray, y: NDArray, period: str, formula: str) -> tuple[NDArray, ...]:
    """Rows judged, answers of each, their stated chance, the plain rate of what the model had seen, the part judged."""
    rng = np.random.default_rng(SEED)
    if period:
        code, named = pd.factorize(pd.Series(found.other[period]), sort=True)
        if len(named) < 2:
            raise DataProblem(f"'{period}' of {study.name} has {len(named)} period; a forecast needs two or more")
        share = found.n[:, None] * (code[:, None] == np.arange(len(named)))
        seen = lambda k: found.n * (code < k)  # noqa: E731
        turns = range(1, len(named))
    else:
        if found.cluster is None:
            share = rng.multinomial(found.n.astype(int), np.full(FOLDS, 1 / FOLDS)).astype(float)
        else:
            side = rng.permutation(int(found.cluster.max()) + 1) % FOLDS
            share = found.n[:, None] * (side[found.cluster][:, None] == np.arange(FOLDS))
        seen = lambda k: found.n - share[:, k]  # noqa: E731
        turns = range(FOLDS)
    out = []
    for k in turns:
        n = seen(k)
        rows = np.flatnonzero(share[:, k] > 0)
        use = n > 0
        if not len(rows) or not use.any() or np.ptp(y[use]) == 0:
            continue
        b = _fit(design[use], y[use], n[use], found.w[use], formula)
        rate = float((n * found.w) @ y / (n @ found.w))
        out.append((rows, share[rows, k], expit(design[rows] @ b), np.full(len(rows), rate), np.full(len(rows), k)))
    if not out:
        raise DataProblem(f"no part of {study.name} has both leavers and stayers to learn from; take fewer periods")
    return tuple(np.concatenate(v) for v in zip(*out, strict=True))


def _measures(
    study: Study, s: Sample, y: NDArray, chance: NDArray, plain: NDArray, part: NDArray, level: float
) -> pd.DataFrame:
    w = s.n * s.w
    total = float(w.sum())
    own, base = (y - chance) ** 2, (y - plain) ** 2
    brier, rate = float(w @ own) / total, float(w @ base) / total
    lean = np.column_stack([np.ones(len(y)), logit(np.clip(chance, 1e-9, 1 - 1e-9))])
    curve = expit(lean @ (b := glm(lean, y, s.n, s.w).b))
    bread = np.linalg.pinv(lean.T @ (lean * (w * curve * (1 - curve))[:, None]), hermitian=True)
    area, area_u = _ranked(y, chance, w, part)
    u = np.column_stack([
        (own - brier) / total, (base - rate) / total, (-(own - brier) / rate + (base - rate) * brier / rate**2) / total,
        (lean * (y - curve)[:, None] @ bread)[:, 1], area_u,
    ])  # fmt: skip
    v, df = joint(study, s, u)
    half = float(t_value(level, df)) * np.sqrt(np.fmax(np.diag(v), 0))
    value = np.array([brier, rate, 1 - brier / rate, float(b[1]), area])
    names = ["Brier score (0 is best)", "Brier score of the plain rate", "share of it saved",
             "calibration slope (1 is right)", "leaver ranked above stayer"]  # fmt: skip
    return pd.DataFrame({"measure": names, "estimate": value, "low": value - half, "high": value + half})


def _ranked(y: NDArray, chance: NDArray, w: NDArray, part: NDArray) -> tuple[float, NDArray]:
    """The chance that a leaver is ranked above a stayer of the same part, ties half; influence of one answer (DeLong).

    Chances of different parts come from different fits; ranks are compared within a part only.
    """
    area, pairs, u = 0.0, 0.0, np.zeros(len(y))
    for k in np.unique(part):
        mine = np.flatnonzero(part == k)
        values, at = np.unique(chance[mine].round(12), return_inverse=True)  # alike but for the last digits: a tie
        gone = np.bincount(at, w[mine] * y[mine], len(values))
        stay = np.bincount(at, w[mine] * (1 - y[mine]), len(values))
        both = gone.sum() * stay.sum()
        if both <= 0:
            continue
        below = (np.cumsum(stay) - stay / 2) / stay.sum()
        above = (gone.sum() - np.cumsum(gone) + gone / 2) / gone.sum()
        own = float(gone @ below / gone.sum())
        u[mine] = both * np.where(y[mine] > 0, (below[at] - own) / gone.sum(), (above[at] - own) / stay.sum())
        area, pairs = area + both * own, pairs + both
    return area / pairs, u / pairs


def _tenths(study: Study, s: Sample, y: NDArray, chance: NDArray, level: float) -> pd.DataFrame:
    """Customers by stated chance in tenths: expected against what happened."""
    w = s.n * s.w
    order = np.argsort(chance, kind="stable")
    place = np.empty(len(chance))
    place[order] = (np.cumsum(w[order]) - w[order] / 2) / w.sum()
    group = np.unique(np.fmin((place * TENTHS).astype(int), TENTHS - 1), return_inverse=True)[1]
    size = np.bincount(group, w)
    said, came = np.bincount(group, w * chance) / size, np.bincount(group, w * y) / size
    u = (group[:, None] == np.arange(len(size))) * (y[:, None] - came) / size
    v, df = joint(study, s, u)
    half = float(t_value(level, df)) * np.sqrt(np.fmax(np.diag(v), 0))
    units = independent(group, s.n, s.w, s.cluster)
    low, high = none_or_all(came, np.fmax(came - half, 0), np.fmin(came + half, 1), units, level)
    return pd.DataFrame({"tenth": np.arange(1, len(size) + 1), "expected": said, "estimate": came,
                         "low": low, "high": high,
                         "n": np.bincount(group, s.n).astype(int)})  # fmt: skip


def _by_period(s: Sample, y: NDArray, chance: NDArray, period: str) -> pd.DataFrame:
    code, named = pd.factorize(pd.Series(s.other[period]), sort=True)
    w = s.n * s.w
    size = np.bincount(code, w)
    mean = lambda v: np.bincount(code, w * v) / size  # noqa: E731
    return pd.DataFrame({"period": [str(v) for v in named], "estimate": mean((y - chance) ** 2),
                         "expected": mean(chance), "left": mean(y)})  # fmt: skip
