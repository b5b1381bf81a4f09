"""The importance-performance map with its uncertainty, and stated against derived importance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.models.drivers import share_names, streamed_answers
from cxlab.models.drivers.asked_together import read_together
from cxlab.models.drivers.driver_data import Answers
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.importance import marginal as importance
from cxlab.stats.importance import sampled_shares, share_functions
from cxlab.stats.units import ranks

QUADRANTS = ("concentrate here", "keep up", "low priority", "possible overkill")
METHODS = ("lmg", "johnson", "car", "first")
DRAWS = 1000
SURE = (
    "probabilities of quadrants come from resampling these answers: "
    "close to a cross-hair they are up to 15 points too sure"
)


@public
def importance_performance(
    study: Study,
    outcome: str | None = None,
    *,
    drivers: Sequence[str] | None = None,
    at: tuple[float | None, float] = (None, 70.0),
    method: str = "lmg",
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return importance (derived) and performance of each driver, and how probable each quadrant of the map is.

    Parameters
    ----------
    at : where the cross-hairs stand: importance (share of R² in the outcome's variance; None: an equal share, R² /
    number
        of drivers) and performance (0 to 100). They are yours to fix: drawn through the means, they would force drivers
        into every quadrant.
    method : 'lmg' (up to 15 drivers), 'johnson', 'car' or 'first'.
    outcome : what is explained; default: the study's first outcome.
    drivers : what may explain it; default: the touchpoints of the codebook, as far as they were answered together.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result: ``driver, estimate, low, high`` (importance), ``performance`` (0 worst, 100 best), ``quadrant`` (the most
    probable) and its ``probability``, ``n``; with columns of role importance also ``stated`` (mean, 0 to 100).
    ``parts``: ``performance`` (with intervals), ``quadrants`` (probability of each), ``covariance`` (of importance and
    performance, in the order of the table), ``at``, ``stated`` (stated against derived: means and ranks), ``labels``.

    Raises
    ------
    DataProblem : a column or method is not there, a driver has answers in words, a cross-hair is off the scale,
        or 'lmg' has too many drivers.

    References
    ----------
    Martilla & James (1977), Journal of Marketing 41:77, doi:10.1177/002224297704100112.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.importance.importance_performance(cx.load("brand-tracker")).table["driver"].nunique()
    8
    """
    one_of("method", method, METHODS)
    answers = read_together(streamed_answers.read, study, outcome, drivers)
    if any(len(c) > 1 for c in answers.of):
        raise DataProblem("a performance needs a scale from bad to good; leave out drivers whose answers are words")
    if not 0 <= at[1] <= 100:
        raise DataProblem(f"performance cross-hair is {at[1]:g}; it lies between 0 (worst) and 100 (best)")
    if method == "lmg" and len(answers.drivers) > sampled_shares.BOOTSTRAP:
        raise DataProblem(
            f"{len(answers.drivers)} drivers: method 'lmg' maps up to {sampled_shares.BOOTSTRAP}; use 'johnson'"
        )
    value, performance, r2 = _replicated(study, answers, method, seed)
    line = (r2 / value.shape[1] if at[0] is None else np.full(len(r2), at[0]))[:, None]
    high = value > line
    good = performance > at[1]
    inside = np.stack([high & ~good, high & good, ~high & ~good, ~high & good])
    chance = inside[:, 1:].mean(axis=1)
    tail = (1 - level) / 2
    limits = lambda a: np.quantile(a[1:], [tail, 1 - tail], axis=0)  # noqa: E731
    table = pd.DataFrame({"driver": answers.drivers, "estimate": value[0]})
    table["low"], table["high"] = limits(value)
    table["performance"] = performance[0]
    table["quadrant"], table["probability"] = [QUADRANTS[k] for k in chance.argmax(axis=0)], chance.max(axis=0)
    table["n"] = answers.answered()
    level_of = pd.DataFrame({"driver": answers.drivers, "estimate": performance[0]})
    level_of["low"], level_of["high"] = limits(performance)
    covariance = np.array([np.cov(value[1:, j], performance[1:, j]) for j in range(value.shape[1])])
    parts = {
        "covariance": covariance, "at": (float(line[0, 0]), float(at[1])),
        "labels": dict(zip(answers.drivers, answers.labels, strict=True)), "performance": level_of,
        "quadrants": pd.DataFrame({"driver": answers.drivers, **dict(zip(QUADRANTS, chance, strict=True))}),
    }  # fmt: skip
    notes = [*answers.notes, _line_note(at, line), SURE, *driver_answers.undeclared(study, answers)]
    stated = _stated(study, outcome, answers, value, level, seed)
    if stated is not None:
        table = table.assign(stated=stated[0].set_index("driver").reindex(table.driver).stated.to_numpy())
        parts["stated"], said = stated
        notes.append(said)
    order = np.argsort(-table.estimate.to_numpy(), kind="stable")
    parts["covariance"] = covariance[order]
    return Result(
        kind="importance_performance", title=f"Importance and performance for {answers.outcome}",
        table=table.iloc[order].reset_index(drop=True), unit="share", level=level,
        method=f"importance: {share_names.METHODS[method]}, pairwise correlations; performance: mean on 0 to 100; "
        f"{DRAWS:,} joint bootstrap replicates of the sampled units",
        notes=(*notes, driver_answers.cause_note(study)), parts=parts,
    )  # fmt: skip


def _line_note(at: tuple[float | None, float], line: np.ndarray) -> str:
    where = "an equal share of R² each" if at[0] is None else "fixed by you"
    return f"cross-hairs: importance {100 * line[0, 0]:.1f} % ({where}), performance {at[1]:g} of 100"


def _replicated(study: Study, answers: Answers, method: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return importance and performance (1 + B, p), the estimate first, and R²."""
    groups = answers.groups(seed=seed)
    weights = groups.resampled(DRAWS, seed)
    R, _ = sampled_shares.correlations(answers, "linear", groups, weights)
    shares = share_functions.share_function(method, answers.of, (), seed)
    weights = np.vstack([np.ones(groups.size), weights])
    place = answers.place_means(*driver_answers.limits(study, answers), groups, weights)
    return shares(R), place, importance.r_squared(R)


def _stated(
    study: Study, outcome: str | None, answers: Answers, value: np.ndarray, level: float, seed: int
) -> tuple[pd.DataFrame, str] | None:
    """Return stated beside derived importance with their rank sets, and a sentence on how they agree."""
    asked = {study.field(n).about: n for n in study.codebook.role("importance") if n in study.columns}
    both = [(j, asked[d]) for j, d in enumerate(answers.drivers) if d in asked]
    if len(both) < 3:
        return None
    index, names = [j for j, _ in both], [n for _, n in both]
    own = streamed_answers.read(study, outcome, names)
    if list(own.drivers) != names:
        return None
    groups = own.groups(seed=seed)
    weights = groups.resampled(DRAWS, seed)
    drawn = own.place_means(*driver_answers.limits(study, own), groups, np.vstack([np.ones(groups.size), weights]))
    table = pd.DataFrame({"driver": [answers.drivers[j] for j in index], "stated": drawn[0]})
    tail = (1 - level) / 2
    table["stated_low"], table["stated_high"] = np.quantile(drawn[1:], [tail, 1 - tail], axis=0)
    table["derived"] = value[0, index]
    for name, draws in (("stated", drawn), ("derived", value[:, index])):
        low, high = ranks.rank_sets(draws[0], np.cov(draws[1:].T), level=level, kind="simultaneous", seed=seed)
        table[f"{name}_rank_low"], table[f"{name}_rank_high"] = low, high
    agree = [_spearman(a, b) for a, b in zip(drawn, value[:, index], strict=True)]
    low, high = np.quantile(agree[1:], [tail, 1 - tail])
    said = f"rank correlation {agree[0]:.2f} ({low:.2f} to {high:.2f}) over {len(both)} drivers"
    return table, f"stated and derived importance: {said}"


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    rank = lambda v: np.argsort(np.argsort(v))  # noqa: E731
    return float(np.corrcoef(rank(a), rank(b))[0, 1])
