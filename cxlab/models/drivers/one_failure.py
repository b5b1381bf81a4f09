"""Does one failure spoil all? The exponent of a generalised mean of touchpoints, and the weight of the worst."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.models.drivers import streamed_answers
from cxlab.models.drivers.design_blocks import answered_blocks, filled_in
from cxlab.models.drivers.driver_data import Answers
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.group_products import GONE, LEVELS
from cxlab.stats.counts.replicates import Groups
from cxlab.stats.fits import replicated_ols
from cxlab.stats.fits.power_means import GRID, exponents
from cxlab.stats.fits.power_sums import PowerSums

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
    answers = streamed_answers.read(study, outcome, drivers)
    if isinstance(answers, streamed_answers.Streamed) and not answers.source.small:
        answers = driver_answers.read(study, outcome, drivers)
    if any(len(c) > 1 for c in answers.of) or len(answers.drivers) < 2:
        raise DataProblem("a generalised mean needs at least two drivers, all on a scale from bad to good")
    bottom, top = driver_answers.limits(study, answers)
    enough = answers.answers_each() >= 2
    kept = answers if enough.all() else answers.rows(enough)
    if kept.n < 30:
        raise DataProblem(f"only {kept.n} people answered two drivers or more; at least 30 are needed")
    groups = kept.groups(seed=seed)
    profile, drawn = _exponents(kept, groups, bottom, top, seed)
    tail = (1 - level) / 2
    best = float(GRID[profile.argmax()])
    low, high = np.quantile(drawn, [tail, 1 - tail], method="nearest")
    p = min(1.0, 2 * max(min((drawn >= 1 - 1e-9).mean(), (drawn <= 1 + 1e-9).mean()), 1 / DRAWS))
    worst = _worst(kept, bottom, top, groups, level)
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


def _exponents(
    answers: Answers, groups: Groups, bottom: np.ndarray, top: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return R² at every exponent, and the best exponent of every replicate."""
    if not isinstance(answers, streamed_answers.Streamed):
        u = (answers.X - bottom + 1) / (top - bottom + 1)
        return exponents(u, answers.y, answers.w, groups, draws=DRAWS, seed=seed)
    u = [(LEVELS - low + 1) / (high - low + 1) for low, high in zip(bottom, top, strict=True)]
    given = [u[j][answers.values(j)[0].astype(int) - int(LEVELS[0])] for j in range(answers.width)]
    values = np.unique(np.round(np.concatenate(given), 12))
    tables = [np.where(LEVELS == GONE, -1, np.searchsorted(values, np.round(x, 12))) for x in u]
    total, at = PowerSums(groups.size, values, answers.width), 0
    for piece in answers.source.pieces():
        own = np.column_stack([t[x.astype(np.int16) + 128] for t, x in zip(tables, piece.z[:, :-1].T, strict=True)])
        y = piece.z[:, -1] - answers.means()[-1]
        total.add(own, y, np.ones(len(y)) if piece.w is None else piece.w, groups.code[at : at + len(y)])
        at += len(y)
    return total.exponents(groups, draws=DRAWS, seed=seed)


def _worst(
    answers: Answers, bottom: np.ndarray, top: np.ndarray, groups: Groups, level: float
) -> tuple[float, float, float, float, float]:
    """Return coefficient, limits, error and p of the worst answer beside all drivers and their not-answered levels."""
    driver_answers.enough(answers)
    points, means = top - bottom + 1, answers.means()
    blocks, _ = answered_blocks(answers.width)
    worst = lambda X: np.nanmin((X - bottom + 1) / points, axis=1) * np.median(points)  # noqa: E731
    sums = answers.products(groups, blocks, lambda y: np.nan_to_num(y - np.round(means[-1])), worst)
    change, _ = filled_in(means[:-1], answers.answered() < answers.n, extra=1)
    fit = replicated_ols.least_squares_of(change.T @ sums @ change, groups)
    b, se = float(fit.coef[-1]), float(np.sqrt(fit.covariance[-1, -1]))
    half = float(ndtri((1 + level) / 2)) * se
    return b, b - half, b + half, se, float(2 * ndtr(-abs(b) / se))
