"""Do drivers differ between segments, and between levels: within respondents, accounts or brands, and between them?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL as LEAST
from cxlab.data.small_cells import few
from cxlab.data.study import Study
from cxlab.data.waves import levels
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.models.drivers import known_margins, segment_sums, streamed_answers
from cxlab.models.drivers.asked_together import read_together
from cxlab.models.drivers.driver_data import Answers
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.names import shown
from cxlab.stats.counts.replicates import numbered, resampling_weights
from cxlab.stats.fits import replicated_ols
from cxlab.stats.importance import shapley
from cxlab.stats.importance.sampled_shares import standardized
from cxlab.stats.inference import heterogeneity, multiple
from cxlab.stats.units import shrinkage
from cxlab.stats.units.posterior import posterior
from cxlab.stats.units.variance_components import components

SMALL = 30
"""Segments need this many answers, and ten more than coefficients."""
DRAWS = 500
FEW = 20
"""Groups below which the level between them is not estimated."""


@public
def driver_segments(
    study: Study,
    by: str,
    *,
    outcome: str | None = None,
    drivers: Sequence[str] | None = None,
    level: float = 0.95,
) -> Result:
    """Return each driver's slope in each segment, shrunken towards the common one, and whether the segments differ.

    A mixed model in two stages: the regression on all drivers within each segment, then for each driver slopes that
    vary around a common one with standard deviation tau. Few answers shrink a segment's slope to the common one; the
    intervals count that tau is known badly from few segments (posterior with a flat prior of tau, Gelman 2006).

    Parameters
    ----------
    by : segment column (new or repeat, cabin, country); segments with few answers are left out, with a note.
    outcome : what is explained; default: the study's first outcome.
    drivers : what may explain it; default: the touchpoints of the codebook.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result in units of the outcome per scale point: ``driver, segment, estimate, low, high`` (shrunken),
    ``raw, raw_se, n``. ``parts['test']``:
    ``driver, slope, low, high, tau, q, df, p`` (equal in all segments; Holm over drivers), ``differs``;
    ``parts['joint']``: all slopes equal (``q, df, p``), and ``tau, low, high``: the standard deviation between
    segments of the standardised slopes (driver and outcome in standard deviations of all answers), one for all drivers,
    with its Q-profile interval. ``parts['standardised']``:
    those slopes and covariances, a row a segment, and the degrees of freedom of each covariance.

    Raises
    ------
    DataProblem : a column is not there, or fewer than two segments have enough answers for the drivers.

    References
    ----------
    Cochran (1954), doi:10.2307/3001666; Johansen (1980), doi:10.1093/biomet/67.1.85; Gelman (2006),
    doi:10.1214/06-BA117A.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.importance.driver_segments(cx.load("brand-tracker"), "mode").table["mode"].unique().tolist()
    ['online', 'phone']
    """
    study.field(by)
    answers = streamed_answers.read(study, outcome, drivers, extra=[by])
    notes = list(answers.notes)
    code, labels = answers.coded_by(by)
    fits, sizes, df = {}, {}, {}
    asked = levels(study, by, np.asarray(labels[~pd.isna(labels)]))
    for value, n, fit in _by_segment(answers, code, [labels.get_loc(v) for v in asked], asked):
        if fit is None:
            size = few(LEAST) if n < LEAST else n
            notes.append(f"{by} = {value} has {size} answers, too few for {len(answers.drivers)} drivers: left out")
            continue
        fits[value], sizes[value], df[value] = fit[:2], n, fit[2]
    if len(fits) < 2:
        raise DataProblem(
            f"{len(fits)} segment of '{by}' has enough answers to fit {len(answers.drivers)} drivers; two are needed"
        )
    if answers.cluster is not None and _crossed(answers.cluster, code):
        notes.append("some clusters have answers in several segments; the test takes segments as independent")
    freedom = np.array(list(df.values()))
    table, test, joint = _compared(answers, fits, sizes, freedom, by, level)
    slopes, errors = _standardised(answers, fits)
    low, high = heterogeneity.profile(slopes, errors, level, freedom)
    joint |= {"tau": heterogeneity.centre(slopes, errors, freedom), "low": low, "high": high}
    p = "p < 0.001" if joint["p"] < 0.001 else f"p = {joint['p']:.3f}"
    notes.append(f"all drivers at once: {p} (Q {joint['q']:.1f} on {joint['df']} df)")
    notes.append(driver_answers.cause_note(study))
    return Result(
        kind="driver_segments", title=f"Drivers of {answers.outcome} by {study.field(by).label}", table=table,
        level=level,
        method="slopes by segment from weighted least squares on all drivers, jackknife errors over sampled units; "
        "shrunken with the uncertainty of how much segments differ (flat prior of tau); test: Q by driver, "
        "whose covariances are estimates too (Welch, James, Johansen), Holm over drivers",
        notes=tuple(notes),
        parts={
            "test": test, "joint": joint, "labels": dict(zip(answers.drivers, answers.labels, strict=True)),
            "standardised": {"segments": list(fits), "slopes": slopes, "errors": errors, "sizes": sizes, "df": df},
        },
    )  # fmt: skip


def _standardised(answers: Answers, fits: dict) -> tuple[np.ndarray, np.ndarray]:
    """Slopes (segments, drivers) and their covariances with drivers and outcome in standard deviations of all."""
    sd = answers.deviations()
    scale = sd[[c[0] for c in answers.of]] / sd[-1]
    slopes = np.array([b * scale for b, _ in fits.values()])
    return slopes, np.array([v * np.outer(scale, scale) for _, v in fits.values()])


def _by_segment(answers: Answers, code: np.ndarray, at: Sequence[int], names: Sequence) -> Iterator[tuple]:
    """Yield each segment, its answers, and its slopes with covariance and degrees of freedom, or None."""
    if isinstance(answers, streamed_answers.Streamed):
        yield from zip(names, *segment_sums.slopes(answers, code, at, SMALL), strict=True)
        return
    for name, own in zip(names, at, strict=True):
        part = answers.rows(code == own)
        yield name, part.n, _slopes(part)


def _slopes(part: Answers) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Return slopes, their covariance and its degrees of freedom in one segment, or None if its answers are too few."""
    keep = np.array([(~np.isnan(part.X[:, c[0]])).sum() >= SMALL and np.nanstd(part.X[:, c[0]]) > 0 for c in part.of])
    if not keep.all() or any(len(c) > 1 for c in part.of) or np.ptp(part.y) == 0:
        return None
    settled, _ = driver_answers.settle(part, "indicator") if part.n > part.X.shape[1] + 2 else (part, ())
    D = np.column_stack([np.ones(part.n), settled.X])
    if part.n < max(SMALL, D.shape[1] + 10):
        return None
    b, v, df = replicated_ols.deleted(D, part.y, part.w, part.groups())
    lead = [1 + own[0] for own in settled.of]
    return (b[lead], v[np.ix_(lead, lead)], df) if df else None


def _crossed(cluster: np.ndarray, code: np.ndarray) -> bool:
    """Whether some cluster has rows of several segments."""
    own = numbered(cluster)[1].astype(np.int64)
    pairs = numbered(own * (int(code.max(initial=0)) + 1) + code)[0]
    return len(pairs) > len(numbered(own)[0])


def _compared(
    answers: Answers, fits: dict, sizes: dict, freedom: np.ndarray, by: str, level: float
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, float]]:
    names, rows, tests = list(fits), [], []
    raw = np.array([f[0] for f in fits.values()])
    variance = np.array([np.diag(f[1]) for f in fits.values()])
    for j, driver in enumerate(answers.drivers):
        y, v = raw[:, j], variance[:, j]
        tau2 = shrinkage.reml(y, v)
        found = posterior(y, v)
        low, high = found.interval(level)
        mean, least, most = heterogeneity.common(y, v, tau2, level=level)
        for s, value in enumerate(names):
            rows.append((driver, value, found.estimate[s], low[s], high[s], y[s], np.sqrt(v[s]), sizes[value]))
        q = heterogeneity.quadratic(y[:, None], v[:, None, None], 0.0)
        p = heterogeneity.exceeds(y[:, None], v[:, None, None], 0.0, freedom)
        tests.append((driver, mean, least, most, np.sqrt(tau2), q, len(y) - 1, p))
    own = ["driver", "estimate", "low", "high", "raw", "raw_se", "n"]
    table = pd.DataFrame(rows, columns=["driver", *shown([by], own), *own[1:]])
    test = pd.DataFrame(tests, columns=["driver", "slope", "low", "high", "tau", "q", "df", "p"])
    test["p"] = multiple.adjusted(test["p"].to_numpy())
    test["differs"] = test["p"] < 1 - level
    joint = _joint(raw, np.array([v for _, v in fits.values()]), freedom)
    return table, test.sort_values("p", ignore_index=True), joint


def _joint(b: np.ndarray, v: np.ndarray, freedom: np.ndarray) -> dict[str, float]:
    """Return the test that all slopes are equal in all segments."""
    p = heterogeneity.exceeds(b, v, 0.0, freedom)
    return {"q": heterogeneity.quadratic(b, v, 0.0), "df": (len(b) - 1) * b.shape[1], "p": p}


@public
def driver_levels(
    study: Study,
    by: str,
    *,
    outcome: str | None = None,
    drivers: Sequence[str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the drivers within groups (respondents, accounts, brands) and between them: two questions, two answers.

    Within: what goes with a better answer of the same customer (or inside the same brand). Between: what customers
    (brands) with better answers have in common. Covariances by analysis of variance, sigma_B = (MS_between - MS_within)
    / n0, so that the noise of group means does not pass for a difference between groups; LMG on each.

    Parameters
    ----------
    by : column that says who belongs together; at least 20 groups, or the level between them is not estimated.
    outcome : what is explained; default: the study's first outcome.
    drivers : what may explain it; default: the touchpoints of the codebook, as far as they were answered together.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result (unit share, of the outcome's variance at that level): ``level, driver, estimate, low, high, se, n`` (answers
    within, groups between). ``parts['icc']``: the share of the outcome's variance that lies between groups.

    Raises
    ------
    DataProblem : a column is not there, more than 15 drivers or one in words, or nearly every answer is a group
        of its own.

    References
    ----------
    Searle, Casella & McCulloch (1992), Variance Components, doi:10.1002/9780470316856; Snijders & Bosker (2012),
    Multilevel Analysis, chapter 3.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.importance.driver_levels(cx.load("brand-tracker"), "brand").table["level"].unique().tolist()
    ['within']
    """
    study.field(by)
    answers = read_together(streamed_answers.read, _without_clusters(study), outcome, drivers, extra=[by])
    code, labels = answers.coded_by(by)
    there = ~pd.isna(labels)[code]
    answers = answers if there.all() else answers.rows(there)
    settled, said = driver_answers.settle(answers, "complete")
    if any(len(c) > 1 for c in settled.of) or len(settled.drivers) > 15:
        raise DataProblem("the split by level takes up to 15 drivers, each on a scale from bad to good")
    code, labels = settled.coded_by(by)
    code = np.unique(labels.astype(str), return_inverse=True)[1].astype(np.int32)[code]
    values, code = numbered(code)
    many = len(values)
    if many < 2 or many > settled.n - len(settled.drivers) - 2:
        raise DataProblem(f"'{by}' has {many} groups in {settled.n} answers; within groups there is nothing to compare")
    within, between = _components(settled, code, many, seed)
    icc = between[0, -1, -1] / (between[0, -1, -1] + within[0, -1, -1])
    notes = [
        *(note for note in answers.notes if note != known_margins.SAID),
        *said,
        f"{100 * max(icc, 0):.1f} % of the outcome's variance lies between the {many:,} groups",
    ]
    rows = [_level("within", settled, within, settled.n, level)]
    if many >= FEW and icc > 0.001:
        rows.append(_level("between", settled, between, many, level))
    else:
        why = f"only {many} groups" if many < FEW else "the outcome does not vary between them"
        notes.append(f"between groups nothing is estimated: {why}")
    notes.append(driver_answers.cause_note(study))
    return Result(
        kind="driver_levels", title=f"Drivers of {answers.outcome} within and between {study.field(by).label}",
        table=pd.concat(rows, ignore_index=True), unit="share", level=level,
        method="LMG shares of R² at each level; covariances by analysis of variance; "
        f"{DRAWS} bootstrap replicates of groups",
        notes=tuple(notes),
        parts={"icc": float(icc), "labels": dict(zip(answers.drivers, answers.labels, strict=True))},
    )  # fmt: skip


def _without_clusters(study: Study) -> Study:
    """The study without clusters and strata: groups are resampled whole, so these are not read."""
    book = study.codebook
    for role in ("cluster", "strata"):
        for name in book.role(role):
            book = book.replace(name, role="")
    return replace(study, codebook=book)


def _components(answers: Answers, code: np.ndarray, many: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariances within and between groups, as they are and under each resampling of the groups."""
    if isinstance(answers, streamed_answers.Streamed):
        return segment_sums.components(answers, code, many, DRAWS, seed)
    Z, _, _ = standardized(np.column_stack([answers.X, answers.y]), answers.w)
    weights = np.vstack([np.ones(many), resampling_weights(np.zeros(many, int), DRAWS, seed)])
    return components(Z, answers.w, code, weights)


def _level(name: str, answers: Answers, covariance: np.ndarray, n: int, level: float) -> pd.DataFrame:
    """Return LMG shares at one level; covariance matrices that are not proper are repaired first."""
    values, vectors = np.linalg.eigh(covariance)
    covariance = (vectors * np.maximum(values, 1e-9)[:, None, :]) @ vectors.swapaxes(1, 2)
    sd = np.sqrt(np.einsum("bii->bi", covariance))
    shares = shapley.lmg(covariance / sd[:, :, None] / sd[:, None, :])
    tail = (1 - level) / 2
    low, high = np.quantile(shares[1:], [tail, 1 - tail], axis=0)
    table = pd.DataFrame({
        "level": name, "driver": answers.drivers, "estimate": shares[0], "low": low, "high": high,
        "se": shares[1:].std(axis=0, ddof=1), "n": n,
    })  # fmt: skip
    return table.sort_values("estimate", ascending=False, ignore_index=True)
