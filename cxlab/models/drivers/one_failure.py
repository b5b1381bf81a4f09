"""Does one failure spoil all? The exponent of a generalised mean of touchpoints, and the weight of the worst."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.models.drivers.driver_data import Answers
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.replicates import Groups
from cxlab.stats.fits import replicated_ols
from cxlab.stats.fits.power_means import GRID, exponents

DRAWS = 1000


@public
def one_failure(
    study: Study,
    outcome: str | None = None,
    *,
    drivers: Sequence[str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return whether the outcome follows the average of the touchpoints or rather the worst of them.

    M_rho = (mean of u**rho)**(1/rho) over the touchpoints somebody answered, with u = (answer - worst + 1) / (number of
    answers of the scale): rho = 1 is the average, rho towards minus infinity the worst touchpoint. rho is where M_rho
    explains most of the outcome. The second row adds the worst answer to the regression on all touchpoints: what it
    costs beyond its own touchpoint, in units of the outcome per scale point.

    Parameters
    ----------
    outcome : what is explained; default: the study's first outcome.
    drivers : what may explain it; default: the touchpoints of the codebook.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result: ``term, estimate, low, high, p`` (of rho = 1; of no extra weight), ``n``; ``parts['profile']``: R² by rho.

    Raises
    ------
    DataProblem : a column is not there, fewer than two drivers have a scale, or fewer than 30 people answered two
        of them.

    References
    ----------
    Hardy, Littlewood & Polya (1934), Inequalities, chapter 2 (generalised means).

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.one_failure(cx.load("brand-tracker")).table["term"].tolist()
    ['exponent of the mean', 'worst touchpoint, beyond its own']
    """
    answers = driver_answers.read(study, outcome, drivers)
    if any(len(c) > 1 for c in answers.of) or len(answers.drivers) < 2:
        raise DataProblem("a generalised mean needs at least two drivers, all on a scale from bad to good")
    bottom, top = driver_answers.limits(study, answers)
    u = (answers.X - bottom + 1) / (top - bottom + 1)
    kept = answers.rows((~np.isnan(u)).sum(axis=1) >= 2)
    u = u[(~np.isnan(u)).sum(axis=1) >= 2]
    if kept.n < 30:
        raise DataProblem(f"only {kept.n} people answered two drivers or more; at least 30 are needed")
    groups = kept.groups(seed=seed)
    profile, drawn = exponents(u, kept.y, kept.w, groups, draws=DRAWS, seed=seed)
    tail = (1 - level) / 2
    best = float(GRID[profile.argmax()])
    low, high = np.quantile(drawn, [tail, 1 - tail], method="nearest")
    p = min(1.0, 2 * max(min((drawn >= 1 - 1e-9).mean(), (drawn <= 1 + 1e-9).mean()), 1 / DRAWS))
    worst = _worst(kept, u, top - bottom + 1, groups, level)
    table = pd.DataFrame(
        [
            ("exponent of the mean", best, low, high, np.nan, p, kept.n),
            ("worst touchpoint, beyond its own", *worst, kept.n),
        ],
        columns=["term", "estimate", "low", "high", "se", "p", "n"],
    )
    at_one = float(profile[np.argmin(np.abs(GRID - 1))])
    notes = [
        *answers.notes,
        *driver_answers.undeclared(study, answers),
        f"R² is {profile.max():.3f} with the best exponent, {at_one:.3f} with the average, {profile[0]:.3f} "
        "with (nearly) the worst",
        "the exponent depends on where the scale starts: u runs from 1 / (number of answers) to 1",
    ]
    if best in (GRID[0], GRID[-1]):
        notes.append(
            "the best exponent lies at the end of what was tried: practically the worst (or best) touchpoint alone"
        )
    notes.append(driver_answers.cause_note(study))
    return Result(
        kind="one_failure", title=f"One failure spoils all? {answers.outcome}", table=table, level=level,
        method=f"generalised mean, exponent by least squares, percentile interval of {DRAWS:,} bootstrap replicates; "
        "worst answer by weighted least squares beside all drivers, errors over sampled units",
        notes=tuple(notes), parts={"profile": pd.DataFrame({"exponent": GRID, "r2": profile})},
    )  # fmt: skip


def _worst(
    answers: Answers, u: np.ndarray, points: np.ndarray, groups: Groups, level: float
) -> tuple[float, float, float, float, float]:
    """Return coefficient, limits, error and p of the worst answer beside all drivers and their not-answered levels."""
    settled, _ = driver_answers.settle(answers, "indicator")
    worst = np.nanmin(u, axis=1) * np.median(points)
    D = np.column_stack([np.ones(answers.n), settled.X, worst])
    fit = replicated_ols.least_squares(D, answers.y, answers.w, groups)
    b, se = float(fit.coef[-1]), float(np.sqrt(fit.covariance[-1, -1]))
    half = float(ndtri((1 + level) / 2)) * se
    return b, b - half, b + half, se, float(2 * ndtr(-abs(b) / se))
