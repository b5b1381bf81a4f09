"""Planning: how many answers, with what power, or what difference a sample can find, for every metric."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry, scan
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.inference import power_analysis

Numbers = float | Sequence[float]
STEPS = 40


@public
def sample_size(
    metric: str,
    expect: Study | Numbers,
    *,
    difference: Numbers,
    power: float = 0.8,
    kind: str = "two",
    level: float = 0.95,
    deff: float | None = None,
    population: float = np.inf,
) -> Result:
    """Return the answers needed in each group to find ``difference`` with ``power``.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces' (share easy), 'share' or 'mean'.
    expect : how the answers will vary: a study like the planned one; or for NPS the shares of detractors, passives and
        promoters; for shares the share; for a mean the standard deviation.
    difference : in the unit of the metric: NPS points, a share from 0 to 1, points of the scale.
    kind : 'two' groups or waves (default), 'one' against an exact value, 'equivalent' (show that two groups differ by
        less) or 'not-worse' (show that one is not worse by as much). Each of two groups has the variance of its own
        level: the other lies up or down by ``difference``, whichever varies more.
    deff : design effect; default that of ``expect`` if it is a study, else 1. Clusters of m answers with intraclass
        correlation rho: 1 + (m - 1) rho. Waves that share the fraction s of respondents correlating by r: 1 - s r.
    population : how many people a group can be drawn from; nobody is asked twice.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result with ``n`` (answers in each group), ``difference``, ``power``, ``half_width`` of one group's interval.

    Raises
    ------
    DataProblem : the metric is unknown, ``expect`` does not fit it, or a number is out of its range.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.sample_size("nps", (0.2, 0.3, 0.5), difference=20).table["n"].tolist()
    [256]
    """
    v, t, deff, unit, said = variance(metric, expect, deff)
    factor = 100 if unit == "points" else 1
    _check(kind, level, power, population)
    d = _numbers("difference", difference) / factor
    tested = _tested(metric, kind, v, t, d)
    n = np.ceil(
        power_analysis.sample_size(d, tested, power=power, kind=kind, level=level, deff=deff, population=population)
        - 1e-9
    )
    got = power_analysis.power(n, d, tested, kind=kind, level=level, deff=deff, population=population)
    return _plan("Answers needed", n, d, got, v, unit, (kind, level, deff, population, said))


@public
def detectable(
    metric: str,
    expect: Study | Numbers,
    *,
    n: Numbers,
    power: float = 0.8,
    kind: str = "two",
    level: float = 0.95,
    deff: float | None = None,
    population: float = np.inf,
) -> Result:
    """Return the smallest difference that ``n`` answers in each group find with ``power``.

    Parameters and columns as for `sample_size`.

    Parameters
    ----------
    metric : as for `sample_size`.
    expect : a study like the one planned, or the shares (or the mean's standard deviation) that are expected.
    kind : 'two' groups compared, or 'one' against a fixed value.
    level : confidence of the intervals, between 0 and 1.
    deff : design effect; default: that of the study, 1 where numbers are given.
    population : how many there are in all (by stratum, if there are strata), where the sample is a large part of it.

    Raises
    ------
    DataProblem : the metric is unknown, ``expect`` does not fit it, or a number is out of its range.

    >>> import cxlab as cx
    >>> cx.metrics.detectable("nps", (0.2, 0.3, 0.5), n=[100, 400]).table["difference"].round(1).tolist()
    [32.1, 15.9]
    """
    v, t, deff, unit, said = variance(metric, expect, deff)
    _check(kind, level, power, population)
    n = _numbers("n", n)
    options = {"power": power, "kind": kind, "level": level, "deff": deff, "population": population}
    d = power_analysis.detectable(n, v, **options)
    for _ in range(STEPS):  # the variance of the second group depends on the difference
        d = power_analysis.detectable(n, _tested(metric, kind, v, t, d), **options)
    got = np.full(len(n), power)
    return _plan("Smallest detectable difference", n, d, got, v, unit, (kind, level, deff, population, said))


@public
def power(
    metric: str,
    expect: Study | Numbers,
    *,
    n: Numbers,
    difference: Numbers,
    kind: str = "two",
    level: float = 0.95,
    deff: float | None = None,
    population: float = np.inf,
) -> Result:
    """Return the probability that ``n`` answers in each group find ``difference``.

    Parameters and columns as for `sample_size`.

    Parameters
    ----------
    metric : as for `sample_size`.
    expect : a study like the one planned, or the shares (or the mean's standard deviation) that are expected.
    kind : 'two' groups compared, or 'one' against a fixed value.
    level : confidence of the intervals, between 0 and 1.
    deff : design effect; default: that of the study, 1 where numbers are given.
    population : how many there are in all (by stratum, if there are strata), where the sample is a large part of it.

    Raises
    ------
    DataProblem : the metric is unknown, ``expect`` does not fit it, or a number is out of its range.

    >>> import cxlab as cx
    >>> cx.metrics.power("nps", (0.2, 0.3, 0.5), n=256, difference=20).table["power"].round(2).tolist()
    [0.8]
    """
    v, t, deff, unit, said = variance(metric, expect, deff)
    factor = 100 if unit == "points" else 1
    _check(kind, level, 0.5, population)
    n, d = np.broadcast_arrays(_numbers("n", n), _numbers("difference", difference) / factor)
    got = power_analysis.power(
        n, d, _tested(metric, kind, v, t, d), kind=kind, level=level, deff=deff, population=population
    )
    return _plan("Power", n, d, got, v, unit, (kind, level, deff, population, said))


def _plan(
    title: str, n: np.ndarray, d: np.ndarray, got: np.ndarray, variance: float, unit: str, setting: tuple
) -> Result:
    kind, level, deff, population, said = setting
    factor = 100 if unit == "points" else 1
    half = power_analysis.half_width(n, variance, level=level, deff=deff, population=population)
    table = pd.DataFrame(
        {"n": np.asarray(n, float).astype(int), "difference": d * factor, "power": got, "half_width": half * factor}
    )
    people = "" if np.isinf(population) else f", drawn from {population:,.0f}"
    notes = [f"variance of one answer {variance * factor**2:.4g} ({said}); design effect {deff:.3g}{people}"]
    if (table["n"] > population).any():
        notes.append("more answers needed than there are people: not possible")
    if (table["n"] < 30).any():
        notes.append("fewer than 30 answers: the normal approximation is rough")
    method = f"{power_analysis.KINDS[kind]}; normal approximation"
    return Result("plan", f"{title}: {power_analysis.KINDS[kind]}", table, unit, level, method, tuple(notes))


def _tested(metric: str, kind: str, v: float, t: float, d: np.ndarray) -> np.ndarray:
    """The variance that the difference is tested with: of 'two' groups the mean of both, of 'one' that of the group.

    The group that differs by ``d`` has a variance of its own: a share p (1 - p) at p -/+ d, a net score promoters plus
    detractors less its square, answers going from one side to the other. Of up and down the larger one is taken. Where
    no true difference is planned for, and for means, both groups vary alike.
    """
    shape = registry.metric(metric).shape
    if kind not in ("two", "one") or shape == "mean":
        return np.full(np.shape(d), v)
    moved = [np.clip(t + sign * np.asarray(d, float), -1 if shape == "net" else 0, 1) for sign in (-1, 1)]
    if shape == "net":
        other = [np.fmax(np.fmax(v + t * t, np.abs(m)) - m * m, 0) for m in moved]
    else:
        other = [m * (1 - m) for m in moved]
    largest = np.fmax(np.fmax(*other), 1e-9)
    return largest if kind == "one" else (v + largest) / 2


def variance(metric: str, expect: Study | Numbers, deff: float | None) -> tuple[float, float, float, str, str]:
    """Variance of one score, its mean, design effect, unit, and where they come from."""
    known = registry.metric(metric)
    unit, shape = known.unit, known.shape
    if deff is not None and not 0 < deff < np.inf:
        raise DataProblem(f"deff is {deff}; a design effect is a number above 0, 1 of a simple random sample")
    if isinstance(expect, Study):
        score = registry.score(expect, metric, None, [])
        columns, sums, _ = scan.scored(expect, score, [])
        if not len(sums):
            raise DataProblem(f"{expect.name} has no rows; give expect= as numbers")
        cell = metrics.design_variance.linearised(sums, ["item"]).iloc[0]
        v = float(cell["spread"])
        own = float(cell["n"] / metrics.design_variance.effective_n(v, cell["var"], cell["base"]))
        if not v > 0:
            raise DataProblem(f"the answers of {expect.name} do not vary; give expect= as numbers")
        return v, float(cell["estimate"]), own if deff is None else deff, unit, f"as in {expect.name}"
    if isinstance(expect, str) or expect is None:
        raise DataProblem(f"expect is {expect!r}; give a study, as cx.load(name), or what you expect as numbers")
    x = np.atleast_1d(np.asarray(expect, float))
    deff = 1.0 if deff is None else deff
    if shape == "net":
        if x.shape != (3,) or not (x >= 0).all() or not abs(x.sum() - 1) <= 1e-6:
            worst, middle, best = known.parts
            raise DataProblem(
                f"expect is {expect!r}; for {known.label} give the shares of {worst}, {middle} and {best}"
            )
        if x.max() >= 1:
            raise DataProblem(f"expect is {expect!r}: all answer alike, so nothing varies and any number would do")
        return float(x[0] + x[2] - (x[2] - x[0]) ** 2), float(x[2] - x[0]), deff, unit, "shares as given"
    if x.shape != (1,) or not 0 < x[0] < (np.inf if shape == "mean" else 1):
        wanted = "the standard deviation, positive" if shape == "mean" else "the share, between 0 and 1"
        raise DataProblem(f"expect is {expect!r}; for {metric} give {wanted}")
    v = float(x[0] ** 2 if shape == "mean" else x[0] * (1 - x[0]))
    return v, float(x[0]), deff, unit, "standard deviation as given" if shape == "mean" else "share as given"


def _check(kind: str, level: float, power: float, population: float) -> None:
    one_of("kind", kind, power_analysis.KINDS)
    metrics.check_level(level)
    if not 0 < power < 1:
        raise DataProblem(f"power is {power}; it lies between 0 and 1, usually 0.8")
    if not population > 1:
        raise DataProblem(f"population is {population}; it is a number of customers above 1")


def _numbers(name: str, value: Numbers) -> np.ndarray:
    x = np.atleast_1d(np.asarray(value, float))
    if not ((x > 0) & np.isfinite(x)).all():
        raise DataProblem(f"{name} is {value!r}; it is positive, one number or several")
    return x
