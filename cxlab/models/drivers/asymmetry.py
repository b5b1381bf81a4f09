"""Do bad experiences weigh more than good ones? Penalty-reward contrasts, their monotone twin, and one failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.models.drivers import streamed_answers
from cxlab.models.drivers.driver_data import Answers
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.replicates import Groups
from cxlab.stats.fits import replicated_ols
from cxlab.stats.fits.replicated_ols import ReplicatedFit
from cxlab.stats.inference import multiple

CLASSES = ("basic", "performance", "excitement", "unclassified")
COUNTS = ["n_low", "n_high", "n"]
CELL = 30
"""Low or high answers a driver needs to be classified."""
DRAWS = 4000


@public
def asymmetry(
    study: Study,
    outcome: str | None = None,
    *,
    drivers: Sequence[str] | None = None,
    low: float = 0.3,
    high: float = 0.7,
    cut: float = 0.2,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return penalty and reward of each driver, their asymmetry, and the probabilities of being basic or exciting.

    The outcome is regressed on "low answer", "high answer" and "not answered" of every driver at once, in the units of
    the outcome: y = b0 + sum of p_j [x_j low] + r_j [x_j high] + u_j [not answered]. Asymmetry is
    (r - |p|) / (r + |p|), from -1 (only failures count) to 1 (only delight counts).

    Parameters
    ----------
    low, high : where on the scale (0 worst, 1 best) an answer counts as low or high: by default 1 and 2 against 4 and
        5 of five, 1 against 4 of four, 0 to 3 against 7 to 10 of eleven. ``parts['cells']`` lists the answers.
    cut : asymmetry below -cut is 'basic', above cut 'excitement', between 'performance'. A penalty above or a reward
        below zero is 'unclassified', and so is a driver with fewer than 30 low or high answers.
    outcome : what is explained; default: the study's first outcome.
    drivers : what may explain it; default: the touchpoints of the codebook.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result: ``driver, estimate, low, high`` (asymmetry), ``penalty, reward, p`` (of r + p = 0, Holm), ``class`` (the
    most probable) and its ``probability``, ``n_low, n_high, n``. ``parts``: ``contrasts`` (penalty and reward with
    intervals),
    ``classes`` (probability of each), ``spline`` (fall and rise of a monotone curve through all answers, its
    asymmetry), ``curves``, ``cells``, ``labels``.

    Raises
    ------
    DataProblem : a column is not there, a driver has answers in words, ``low`` and ``high`` are no places on the
        scale, or there are too few answers for the drivers.

    References
    ----------
    Brandt (1987), in Add Value to Your Service, AMA (penalty-reward contrasts); Mikulic & Prebezac (2008),
    doi:10.1108/09604520810920068 (asymmetry).

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.importance.asymmetry(cx.load("brand-tracker")).table["driver"].nunique()
    8
    """
    if not 0 <= low < high <= 1:
        raise DataProblem(f"low is {low:g} and high {high:g}; both are places on the scale, 0 <= low < high <= 1")
    answers = streamed_answers.read(study, outcome, drivers, distinct=True)
    cells = _cells(study, answers, low, high)
    groups, sums = _sums(answers, cells)
    fit = _contrasts(cells, sums, groups)
    full = _table(answers, cells, fit, cut, level, seed)
    table = full[["driver", "estimate", "low", "high", "penalty", "reward", "p", "class", "probability", *COUNTS]]
    sides = [f"{side}{end}" for side in ("penalty", "reward") for end in ("", "_low", "_high")]
    spline, curves = _spline(answers, cells, sums, groups, level, seed)
    few = [answers.labels[j] for j, c in enumerate(cells) if min(c.n_low, c.n_high) < CELL]
    notes = [*answers.notes, *driver_answers.undeclared(study, answers)]
    notes += ["not answered is a level of its own: it counts neither as low nor as high"]
    if few:
        notes.append(f"fewer than {CELL} low or high answers, so not classified: {', '.join(few)}")
    notes.append(driver_answers.cause_note(study))
    return Result(
        kind="asymmetry", title=f"Penalties and rewards for {answers.outcome}", table=table, level=level,
        method=f"penalty-reward contrasts by weighted least squares, errors over {groups.clusters:,} sampled units; "
        f"low: lowest {low:.0%} of the scale, high: from {high:.0%}; classes cut at asymmetry ±{cut:g}, "
        "probabilities from "
        f"{DRAWS:,} draws of the coefficients; p of penalty + reward = 0 by Holm",
        notes=tuple(notes),
        parts={"contrasts": full[["driver", *sides]], "classes": full[["driver", *CLASSES]], "spline": spline,
               "curves": curves, "cells": _said(answers, cells), "r2": fit.r2,
               "labels": dict(zip(answers.drivers, answers.labels, strict=True))},
    )  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One driver's answers: its scale, which places on it (0 to 1) are low and high, how often each answer was given.

    ``gone`` : how many did not answer.
    """

    minimum: float
    maximum: float
    cuts: tuple[float, float]
    answers: np.ndarray
    times: np.ndarray
    gone: int

    def place(self, x: np.ndarray) -> np.ndarray:
        """Return where answers lie on the scale, from 0 (worst) to 1 (best)."""
        return (x - self.minimum) / (self.maximum - self.minimum)

    def low(self, x: np.ndarray) -> np.ndarray:
        """Return which answers are low."""
        return self.place(x) <= self.cuts[0] + 1e-9

    def high(self, x: np.ndarray) -> np.ndarray:
        """Return which answers are high."""
        return self.place(x) >= self.cuts[1] - 1e-9

    @property
    def n_low(self) -> int:
        return int(self.times[self.low(self.answers)].sum())

    @property
    def n_high(self) -> int:
        return int(self.times[self.high(self.answers)].sum())

    @property
    def knots(self) -> np.ndarray:
        """Where the curve bends: at each answer up to 11 of them, else six places."""
        places = self.place(self.answers)
        return places if len(places) <= 11 else np.linspace(places[0], places[-1], 6)

    def columns(self, x: np.ndarray) -> np.ndarray:
        """Return low, high, not answered, and the part of each piece between knots that an answer has passed."""
        gone, k = np.isnan(x), self.knots
        steps = np.clip((np.where(gone, 0.5, self.place(x))[:, None] - k[:-1]) / np.diff(k), 0.0, 1.0)
        return np.column_stack([self.low(x), self.high(x), gone, steps])


def _cells(study: Study, answers: Answers, low: float, high: float) -> list[Cell]:
    out = []
    lows, highs = driver_answers.limits(study, answers)
    for j, (name, own) in enumerate(zip(answers.drivers, answers.of, strict=True)):
        if len(own) > 1 or answers.columns[own[0]] != driver_answers.field_of(study, name).label:
            raise DataProblem(
                f"driver '{name}' has answers in words; penalties and rewards need a scale from bad to good"
            )
        values, times = answers.values(own[0])
        out.append(Cell(lows[j], highs[j], (low, high), values, times, answers.n - int(times.sum())))
    return out


def _said(answers: Answers, cells: Sequence[Cell]) -> pd.DataFrame:
    """Return which answers count as low, middle and high, and how many there are of each."""
    rows = []
    for name, c in zip(answers.drivers, cells, strict=True):
        x = np.round(c.place(c.answers) * (c.maximum - c.minimum) + c.minimum, 6)
        low, high = c.low(c.answers), c.high(c.answers)
        parts = [(_range(x[part]), int(c.times[part].sum())) for part in (low, ~low & ~high, high)]
        rows.append((name, *(value for part in parts for value in part), c.gone))
    heads = ["driver", "low", "n_low", "middle", "n_middle", "high", "n_high", "not_answered"]
    return pd.DataFrame(rows, columns=heads)


def _range(x: np.ndarray) -> str:
    return f"{x.min():g} to {x.max():g}" if len(x) else "none"


def _sums(answers: Answers, cells: Sequence[Cell]) -> tuple[Groups, np.ndarray]:
    """Return the replicate groups, and the sums of products of [1, `Cell.columns` of each driver, outcome] in each."""
    k = 1 + 2 * len(cells) + sum(c.gone > 0 for c in cells)
    if k + 2 > answers.n:
        raise DataProblem(f"{len(cells)} drivers need {k} contrasts, more than {answers.n} answers carry; use fewer")
    groups = answers.groups()
    centre = np.round(answers.means()[-1])  # near zero, for the last digits
    return groups, answers.products(groups, [c.columns for c in cells], lambda y: np.nan_to_num(y - centre))


def _places(cells: Sequence[Cell]) -> tuple[np.ndarray, list[int]]:
    """Return where each driver's columns start in the sums, and where "not answered" stands of those who did not."""
    starts = 1 + np.cumsum([0, *(2 + len(c.knots) for c in cells)])
    return starts, [at + 2 for at, c in zip(starts, cells, strict=False) if c.gone]


def _contrasts(cells: Sequence[Cell], sums: np.ndarray, groups: Groups) -> ReplicatedFit:
    """Fit the dummies: intercept, low and high of every driver, then "not answered" where somebody did not."""
    starts, gone = _places(cells)
    at = [0, *(a for start in starts[:-1] for a in (start, start + 1)), *gone, sums.shape[1] - 1]
    return replicated_ols.least_squares_of(sums[:, np.array(at)[:, None], at], groups)


def _table(
    answers: Answers, cells: Sequence[Cell], fit: replicated_ols.ReplicatedFit, cut: float, level: float, seed: int
) -> pd.DataFrame:
    q = len(cells)
    at = 1 + 2 * np.arange(q)
    p, r = fit.coef[at], fit.coef[at + 1]
    rng = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(fit.covariance)
    noise = rng.standard_normal((DRAWS, len(fit.coef))) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    dp, dr = p + noise[:, at], r + noise[:, at + 1]
    small = np.array([min(c.n_low, c.n_high) < CELL for c in cells])
    drawn = _class(dp, dr, cut)
    drawn[:, small] = len(CLASSES) - 1
    chance = np.column_stack([(drawn == k).mean(axis=0) for k in range(len(CLASSES))])
    tail = (1 - level) / 2
    low, high = np.array([_limits(v, tail) for v in np.where(small, np.nan, _balance(dp, dr)).T]).T
    se = np.sqrt(np.diag(fit.covariance))
    half = ndtri(1 - tail)
    both = np.sqrt(np.maximum(se[at] ** 2 + se[at + 1] ** 2 + 2 * fit.covariance[at, at + 1], 1e-300))
    table = pd.DataFrame(
        {"driver": answers.drivers, "estimate": np.where(small, np.nan, _balance(p, r)), "low": low, "high": high}
    )
    for name, value, error in (("penalty", p, se[at]), ("reward", r, se[at + 1])):
        table[name], table[f"{name}_low"], table[f"{name}_high"] = value, value - half * error, value + half * error
    table["p"] = multiple.adjusted(np.where(small, np.nan, 2 * ndtr(-np.abs(p + r) / both)))
    table["class"], table["probability"] = [CLASSES[k] for k in chance.argmax(axis=1)], chance.max(axis=1)
    for k, name in enumerate(CLASSES):
        table[name] = chance[:, k]
    table["n_low"], table["n_high"] = [c.n_low for c in cells], [c.n_high for c in cells]
    table["n"] = answers.answered()
    order = np.argsort(np.nan_to_num(-(r - p), nan=np.inf), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _balance(p: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Return (r - |p|) / (r + |p|) with a penalty above and a reward below zero counted as zero."""
    fall, rise = np.maximum(-p, 0), np.maximum(r, 0)
    with np.errstate(invalid="ignore"):
        return np.where(fall + rise > 0, (rise - fall) / (rise + fall), np.nan)


def _limits(values: np.ndarray, tail: float) -> tuple[float, float]:
    inside = values[np.isfinite(values)]
    return tuple(np.quantile(inside, [tail, 1 - tail])) if len(inside) else (np.nan, np.nan)


def _class(p: np.ndarray, r: np.ndarray, cut: float) -> np.ndarray:
    """Return the class of each draw by number: wrong signs are unclassified."""
    balance = _balance(p, r)
    kind = np.where(balance < -cut, 0, np.where(balance > cut, 2, 1))
    return np.where((p >= 0) | (r <= 0), 3, kind)


def _spline(
    answers: Answers, cells: Sequence[Cell], sums: np.ndarray, groups: Groups, level: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit rising curves through all answers at once; return fall and rise around the middle, and the curves.

    A driver with up to 11 answers gets a step at each of them, others a piecewise linear spline with five pieces.
    """
    knots = [c.knots for c in cells]
    starts, gone = _places(cells)
    steps = [start + 3 + i for start, k in zip(starts, knots, strict=False) for i in range(len(k) - 1)]
    at = [0, *steps, *gone, sums.shape[1] - 1]
    rises = np.zeros(len(at) - 1, bool)
    rises[1 : 1 + len(steps)] = True
    moments = sums[:, np.array(at)[:, None], at]
    weights = groups.resampled(200, seed)
    weights = np.vstack([np.ones(groups.size), weights])
    fits = np.array([replicated_ols.monotone(m, rises) for m in np.tensordot(weights, moments, 1)])
    tail, rows, curves, start = (1 - level) / 2, [], [], 1
    for name, c, k in zip(answers.drivers, cells, knots, strict=True):
        steps = fits[:, start : start + len(k) - 1]
        start += len(k) - 1
        curve = np.column_stack([np.zeros(len(steps)), np.cumsum(steps, axis=1)])
        middle = np.array([np.interp(0.5, k, f) for f in curve])
        fall, rise = middle - curve[:, 0], curve[:, -1] - middle
        balance = _balance(-fall, rise)
        rows.append((name, balance[0], *_limits(balance[1:], tail), fall[0], rise[0]))
        effect = curve - middle[:, None]
        low, high = np.quantile(effect[1:], [tail, 1 - tail], axis=0)
        answer = c.minimum + k * (c.maximum - c.minimum)
        curves.append(pd.DataFrame({"driver": name, "answer": answer, "estimate": effect[0], "low": low, "high": high}))
    spline = pd.DataFrame(rows, columns=["driver", "estimate", "low", "high", "fall", "rise"])
    return spline, pd.concat(curves, ignore_index=True)
