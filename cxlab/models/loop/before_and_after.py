"""What the same people say before and after, against what they would have said anyway.

Who answered badly answers better the next time also where nobody calls (regression to the mean), and who answers again
may be who was appeased. `cx.loop_effect` is the public model; these are its pieces for people without an arm.

References
----------
Barnett, A. G., van der Pols, J. C. & Dobson, A. J. (2005). International Journal of Epidemiology 34, 215-220.
    doi:10.1093/ije/dyh299
Ding, P. & Li, F. (2019). Political Analysis 27, 605-615. doi:10.1017/pan.2019.25 (the two ways bracket the effect)
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxlab.models.regression.counted_answers import Counted, Told, correlated
from cxlab.problem import DataProblem
from cxlab.stats.counts.quantiles import quantile


class Beyond(NamedTuple):
    """A mean change beyond what was expected: value, error, degrees of freedom; ``gap`` and ``expected`` by row."""

    told: Told
    gap: NDArray
    expected: NDArray


def beyond_line(before: NDArray, after: NDArray, mine: NDArray, others: NDArray, rows: Counted) -> Beyond:
    """Return the mean of what my people say after, less what the line of the others expects of them.

    Parameters
    ----------
    before, after : (rows,) the two answers. ``mine, others`` : (rows,) whom it is of; whose line it is.

    Examples
    --------
    >>> before = np.array([10.0, 20, 60, 70, 80, 90])
    >>> after = np.where(before < 50, 45 + before / 2, 30 + before / 2)
    >>> one = np.ones(6)
    >>> round(beyond_line(before, after, before < 50, before > 50, Counted(one, one)).told[0], 6)
    15.0
    """
    line = replace(rows, controls=None).keep(others).regressed(after[others], [before[others]])
    expected = line.b[0] + line.b[1] * before
    own = rows.keep(mine)
    value, se, df = own.average((after - expected)[mine])
    lever = np.array([1.0, np.average(before[mine], weights=own.mass)])
    return Beyond((value, float(np.hypot(se, np.sqrt(lever @ line.v @ lever))), df), after - expected, expected)


def beyond_mean(before: NDArray, after: NDArray, mine: NDArray, others: NDArray, rows: Counted) -> Beyond:
    """Return the mean of what my people say after, less mu + r (before - mu), mu the mean of everybody's before.

    ``r``, what people keep of their answer, is the slope of the others; with it known it is the third way of
    `cx.loop_effect`.

    Parameters
    ----------
    before, after : (rows,) the two answers. ``mine, others`` : (rows,) whom it is of; whose slope is taken.

    Examples
    --------
    >>> before = np.array([10.0, 30, 10, 30, 50])
    >>> after = np.array([25.0, 35, 28, 38, 45])
    >>> one, mine = np.ones(5), np.array([0, 0, 1, 1, 0], bool)
    >>> round(beyond_mean(before, after, mine, ~mine, Counted(one, one)).told[0], 6)  # mu 26, r 1/2, expected 18, 28
    10.0
    """
    everybody = ~np.isnan(before)
    mu = np.average(before[everybody], weights=rows.mass[everybody])
    line = replace(rows, controls=None).keep(others).regressed(after[others], [before[others]])
    expected = mu + line.b[1] * (before - mu)
    value, se, df = rows.keep(mine).average((after - expected)[mine])
    distance = np.average(before[mine], weights=rows.mass[mine]) - mu
    spread = rows.keep(everybody).average(before[everybody])[1] * abs(1 - line.b[1])
    error = float(np.sqrt(se**2 + line.v[1, 1] * distance**2 + spread**2))
    return Beyond((value, error, df), after - expected, expected)


def by_change(before: NDArray, after: NDArray, mine: NDArray, rows: Counted) -> tuple[Told, float]:
    """Return the change of my people minus that of the others, and how the others' two answers correlate.

    The answer before is taken in units of the spread after; spreads and correlation are the others'.

    Parameters
    ----------
    before, after : (rows,) the two answers. ``mine`` : (rows,) 1 of whom it is, 0 the others.

    Raises
    ------
    DataProblem : all the others have the same answer before.
    """
    x, y, w, others = before[mine == 0], after[mine == 0], rows.mass[mine == 0], rows.keep(mine == 0)
    sd = [float(np.sqrt(np.average((v - np.average(v, weights=w)) ** 2, weights=w))) for v in (x, y)]
    if not sd[0] > 0:
        raise DataProblem("all customers without a failure have the same score before")
    ratio, r = sd[1] / sd[0], correlated(x, y, w)
    line = rows.regressed(after - ratio * before, [mine])
    value, se, df = line.contrast(np.eye(len(line.b))[1])
    apart = ratio * (np.average(before[mine == 1], weights=rows.mass[mine == 1]) - np.average(x, weights=w))
    error = float(np.hypot(se, apart * np.sqrt((1 - r * r) / others.n.sum())))  # the ratio is estimated
    return (value, error, df), r


def silent_at_worst(before: NDArray, after: NDArray, arm: NDArray, rows: Counted, *, worst: float) -> NDArray:
    """Return the answers after, gaps filled against the arm: by the worst residuals if in it, the best if not.

    Parameters
    ----------
    before : (rows,) known of all. ``after`` : (rows,) NaN of who did not answer again. ``arm`` : (rows,) 1 or 0.
    worst : the share of residuals, of the line of those without the arm, that are as bad (or as good).
    """
    none = np.isfinite(after) & (arm == 0)
    own = replace(rows, cluster=None, strata=None, controls=None).keep(none)
    line = own.regressed(after[none], [before[none]])
    low, high = quantile(line.e, own.n, np.array([worst, 1 - worst]))
    expected = line.b[0] + line.b[1] * before
    return np.where(np.isfinite(after), after, expected + np.where(arm == 1, low, high))
