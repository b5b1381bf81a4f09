"""`best_metric`: which question foretells behaviour best out of sample, and whether several see more than the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.data.yes_no import yes_no
from cxlab.models.loyalty.spells import there
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.folds import corrected
from cxlab.stats.fits.robust import effective
from cxlab.stats.fits.validation import HOW, Validated, cross_validated
from cxlab.stats.inference.design_variance import t_value

ALL = "all together"
TOGETHER = ""
"""Key of the model of all metrics: no column is called so."""
METRICS = ("recommendation", "satisfaction", "effort-v1", "effort-v2", "quality")
"""Measures of the questions that are compared where none are named."""


class Foretold(NamedTuple):
    """What each metric, and all of them, explain of an outcome out of sample.

    ``single`` : (splits,) R² of the metric that was best inside the training part; ``best`` : which that was most
    often. ``said`` : what is to be said of gaps.
    """

    fits: Validated
    names: tuple[str, ...]
    best: str
    single: NDArray
    said: tuple[str, ...]

    def gain(self, name: str = TOGETHER) -> tuple[float, float, float]:
        """Return how much more R² a model has than the best single metric, its standard error, degrees of freedom."""
        return corrected(self.fits.r2[name] - self.single, self.fits.tests)


def foretold(
    y: NDArray, metrics: NDArray, n: NDArray, w: NDArray, cluster: NDArray | None, held: Sequence[NDArray],
    names: Sequence[str], rng: np.random.Generator,
) -> Foretold:  # fmt: skip
    """Return what metrics explain of an outcome out of sample; the best single one is chosen inside each training part.

    Parameters
    ----------
    y : (rows,). ``metrics`` : (rows, metrics), NaN where not answered: a mark of its gaps goes with each metric, so
        that what stands in them does not matter. ``n, w, cluster`` : (rows,) answers, weights, clusters.
    held : further columns in every model. ``names`` : of the metrics.

    Examples
    --------
    >>> a, b = np.tile([0.0, 1.0, 0.0, 1.0], 100), np.tile([0.0, 0.0, 1.0, 1.0], 100)
    >>> one = np.ones(400)
    >>> told = foretold(2 * a + b, np.column_stack([a, b]), one, one, None, (), ["a", "b"], np.random.default_rng(0))
    >>> told.best, round(told.gain()[0], 2)  # a explains 4 / 5
    ('a', 0.2)
    """
    gaps = np.isnan(metrics)
    marks, of = np.unique(gaps, axis=1, return_inverse=True)
    of, some = np.ravel(of), marks.any(axis=0)
    k = metrics.shape[1]
    place = {m: k + i for i, m in enumerate(np.flatnonzero(some))}
    mass, filled = (n * w)[:, None] * ~gaps, np.where(gaps, 0.0, metrics)
    middle = (mass * filled).sum(axis=0) / np.fmax(mass.sum(axis=0), 1e-300)
    x = np.column_stack([np.where(gaps, 0.0, filled - middle), marks[:, some].astype(float), *held])
    more = list(range(k + len(place), x.shape[1]))
    models = {name: [j, *([place[of[j]]] if of[j] in place else []), *more] for j, name in enumerate(names)}
    fits = cross_validated(x, y, n, w, cluster, models | {TOGETHER: range(x.shape[1])}, rng)
    best = np.argmax(np.column_stack([fits.inside(m) for m in names]), axis=1)
    single = np.array([fits.r2[names[b]][i] for i, b in enumerate(best)])
    said = (f"metrics without an answer are marked, not dropped ({int(gaps.any(axis=0).sum())} columns)",)
    whole = names[int(np.bincount(best, minlength=k).argmax())]
    return Foretold(fits, tuple(names), whole, single, said if gaps.any() else ())


@public
def best_metric(
    study: Study,
    outcome: str,
    *,
    metrics: Sequence[str] | None = None,
    level: float = 0.95,
    least_n: int = SMALL,
    seed: int = 0,
) -> Result:
    """Return which metric foretells behaviour best out of sample, and what all of them see that the best does not.

    Parameters
    ----------
    outcome : what people did later (yes or no, an amount), or an intention that is none of the metrics.
    metrics : questions answered in numbers, two or more. Default: the outcomes of recommendation, satisfaction, effort
        and quality that the codebook declares.
    level : confidence of the intervals, between 0 and 1.
    least_n : answers needed.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result, one row a metric, best first, then all together: ``metric, estimate`` (R² out of sample: share of the
    variance of the outcome), ``low, high, gain`` (over the single metric that was best where the model was fitted),
    ``gain_low, gain_high, n``. ``parts``: ``best`` (the metric most often best), ``n_eff``.

    Raises
    ------
    DataProblem : there are fewer than two metrics, the outcome is one of them, does not vary or does not say which of
        its words is yes, a metric is in words, or there are too few answers.

    Notes
    -----
    R² = 1 - squared errors in the folds that the model has not seen over the outcome's variance. Choosing the best of
    several on the same answers flatters it: it is chosen inside each training part. Close to 0 a gain is a square; the
    upper end of that of all together is no lower than the noncentral chi-square allows. CX-14 is tested by this gain.

    References
    ----------
    Keiningham et al. (2007), doi:10.1509/jmkg.71.3.039; de Haan, Verhoef & Wiesel (2015),
    doi:10.1016/j.ijresmar.2015.02.004; Nadeau & Bengio (2003), doi:10.1023/A:1024068626366 (errors).

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"csat": [1, 2, 3, 4, 5] * 40, "nps": [2, 9, 4, 7, 8] * 40})
    >>> table["spent"] = [10, 24, 28, 42, 51] * 40
    >>> found = cx.loyalty.best_metric(cx.load(table), "spent", metrics=["nps", "csat"])
    >>> found.table[["metric", "estimate"]].round(2).values.tolist()
    [['csat', 0.98], ['nps', 0.4], ['all together', 1.0]]
    """
    names = _named(study, outcome, metrics)
    found, y, lost = _answers(study, outcome, names)
    n = int(found.n.sum())
    if n < max(least_n, 2):
        raise DataProblem(f"{n:,} of {study.name} answered '{outcome}' and a metric; {max(least_n, 2)} are needed")
    if np.ptp(y) == 0:
        raise DataProblem(f"'{outcome}' of {study.name} is the same for all {n:,}; nothing can be foretold")
    x = found.matrix(names)
    if silent := [name for name, c in zip(names, x.T, strict=True) if not np.isfinite(c).any()]:
        raise DataProblem(f"nobody of {study.name} who answered '{outcome}' answered '{silent[0]}'; leave it out")
    told = foretold(y, x, found.n, found.w, found.cluster, (), names, np.random.default_rng(seed))
    n_eff = float(effective(y, found.n, found.w, found.cluster, found.strata))
    order = [*sorted(names, key=lambda m: -told.fits.r2[m].mean()), TOGETHER]
    rows = [{"metric": study.field(m).label if m else ALL, **_row(told, m, level, n_eff)} for m in order]
    notes = (
        *study.caveats, *found.notes,
        *([f"{lost:,} rows without '{outcome}' or any metric do not count"] * bool(lost)), *told.said,
        "R² is of the answers of people: of the averages of firms or regions it is another",
        "who scores high may behave differently for other reasons: foretelling is not causing",
    )  # fmt: skip
    return Result(
        "best_metric", f"What foretells {study.field(outcome).label}",
        pd.DataFrame(rows).assign(n=n),
        "share", level, f"{HOW}; best metric chosen in training", notes,
        {"best": study.field(told.best).label, "n_eff": n_eff},
        (Column("metric", "label", "", "Metric"), Column("gain", "estimate", "share", "Gain over the best one"),
         Column("gain_low", "bound", "share", "Gain, low"), Column("gain_high", "bound", "share", "Gain, high")),
    )  # fmt: skip


def _row(told: Foretold, name: str, level: float, n_eff: float) -> dict[str, float]:
    value, se, df = told.fits.level(name)
    gain, error, _ = told.gain(name)
    t = float(t_value(level, df))
    high = gain + t * error
    if name == TOGETHER:
        high = max(high, told.fits.at_most(TOGETHER, told.best, n=n_eff, p=(1 - level) / 2))
    return {"estimate": value, "low": value - t * se, "high": value + t * se,
            "gain": gain, "gain_low": gain - t * error, "gain_high": high}  # fmt: skip


def _named(study: Study, outcome: str, metrics: Sequence[str] | None) -> list[str]:
    there(study, outcome)
    if metrics is None:
        declared = [c for m in METRICS for c in study.codebook.role("outcome", measure=m) if c != outcome]
        metrics = [c for c in declared if c in study.columns]
    names = [metrics] if isinstance(metrics, str) else list(dict.fromkeys(metrics))
    for name in names:
        there(study, name)
    if outcome in names:
        raise DataProblem(f"'{outcome}' is the outcome and one of the metrics; it foretells itself: leave it out")
    if len(names) < 2:
        said = f"'{names[0]}' is one" if names else "none is declared"
        raise DataProblem(f"two or more metrics are compared; {said}: name them with metrics=[...]")
    return names


def _answers(study: Study, outcome: str, names: list[str]) -> tuple[Sample, NDArray, int]:
    """The rows with an outcome and at least one metric, the outcome in numbers, and how many rows are left out."""
    kind = study.lazy.collect_schema()[outcome]
    numeric = kind.is_numeric() or str(kind) == "Boolean"
    found = sample(study, [outcome, *names] if numeric else names, other=() if numeric else [outcome], patterns=True)
    y = found.answers[outcome] if numeric else yes_no(found.other[outcome], study.field(outcome))
    kept = np.isfinite(y) & np.isfinite(found.matrix(names)).any(axis=1)
    return found.keep(kept), y[kept], int(found.n[~kept].sum())
