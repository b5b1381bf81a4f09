"""`Population`: a world of customers whose truth is known, for simulation. No randomness in here.

Model
-----
Row i of respondent c answers touchpoint j with the category in which the latent
x*_ij = shift + sqrt(halo) h_i + sqrt(1 - halo) e_ij falls (fixed cuts); h = sqrt(icc) u_c + sqrt(1 - icc) v_i is the
general impression that colours every answer. Outcomes are cut from y* = sum_j f_j(x_ij) + direct h_i + noise eps_i
with eps = sqrt(icc) a_c + sqrt(1 - icc) d_i, a fresh eps for each outcome. All of h, e, u, v, a, d are standard normal.

So with ``direct=0`` an ordinal probit of an outcome on the touchpoints has the coefficients f_j / noise exactly, and
distributions follow by integrating over h alone: given h the touchpoints are independent, and sum f_j(x_j) lives on a
lattice of width `STEP`, on which its distribution is a convolution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline, RectBivariateSpline
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from cxlab.problem import DataProblem

STEP = 0.005
"""Driver effects are rounded to this; the data are made with the rounded ones, so the truth stays exact."""
TOUCHPOINTS = ("website", "service", "delivery", "invoice", "app", "store", "helpline", "returns", "waiting", "parking")
DRIVERS = {"website": 0.15, "service": 0.5, "delivery": 0.3, "invoice": 0.0, "app": 0.1}
OUTCOMES = {"satisfaction": (1, 5), "recommend": (0, 10)}
"""Each outcome and its scale."""
NODES = 64
Below = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""P(y* <= cut) as a function of t and v, the shifts of the touchpoints and of the outcomes."""


@lru_cache(maxsize=1)
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the quadrature over a standard normal."""
    h, w = np.polynomial.hermite_e.hermegauss(NODES)
    return h, w / w.sum()


def names(kind: str, count: int) -> list[str]:
    """Return ``count`` names that sort in order.

    >>> names("Brand", 3)
    ['Brand 1', 'Brand 2', 'Brand 3']
    """
    return [f"{kind} {i:0{len(str(count))}d}" for i in range(1, count + 1)]


@dataclass(frozen=True)
class Population:
    """What is true of the simulated customers.

    Parameters
    ----------
    brands, segments, waves : how many, or a mapping of name to its shift of every touchpoint (in latent standard
        deviations). Numbers of brands are spread by ``spread``, of waves by ``trend``; segments are alike.
    drivers : how many touchpoints, or a mapping of touchpoint to its effect: one number is the slope per scale point
        (centred on the middle of the scale), a sequence is the contribution of each answer from lowest to highest.
        Effects are rounded to 0.005.
    points : answers of a touchpoint's scale, 1 to ``points``.
    halo : correlation between any two latent touchpoints, 0 to below 1.
    direct : effect of the general impression on the outcomes themselves: association that no touchpoint causes.
    noise : standard deviation of the outcomes' own error.
    nps : net promoter score of the whole population that the cuts of `recommend` are placed for, -99 to 99.
    cluster_size : answers of each respondent. ``icc`` : share of halo and error that respondents keep between answers.
    missing : share of touchpoints not used, at random; a touchpoint not used contributes nothing.
    response : probability of answering the survey; a pair gives it for `recommend` = 0 and = 10, linear between.
    brand_shares, segment_shares : relative sizes in the population, in order; the sample takes brands in proportion
        and segments equally, so that with ``segment_shares`` design weights are needed (column `weight`).
    spread : standard deviation of the brands' shifts (normal quantiles, first brand lowest).
    trend : shift from one wave to the next.
    """

    brands: int | Mapping[str, float] = 1
    segments: int | Mapping[str, float] = 1
    waves: int | Mapping[Any, float] = 1
    drivers: int | Mapping[str, float | Sequence[float]] = field(default_factory=lambda: dict(DRIVERS))
    points: int = 5
    halo: float = 0.3
    direct: float = 0.0
    noise: float = 1.0
    nps: float = 20.0
    cluster_size: int = 1
    icc: float = 0.3
    missing: float = 0.0
    response: float | tuple[float, float] = 1.0
    brand_shares: Sequence[float] = ()
    segment_shares: Sequence[float] = ()
    spread: float = 0.0
    trend: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (("halo", 0, 0.99), ("icc", 0, 0.99), ("missing", 0, 0.95), ("nps", -99, 99)):
            if not low <= getattr(self, name) <= high:
                raise DataProblem(f"{name} is {getattr(self, name)}; it must lie between {low} and {high}")
        for name, least in (("noise", 1e-3), ("cluster_size", 1), ("points", 2)):
            if getattr(self, name) < least:
                raise DataProblem(f"{name} is {getattr(self, name)}; it must be at least {least:g}")
        if not all(0 < r <= 1 for r in self.chance):
            raise DataProblem(f"response is {self.response}; probabilities of answering lie above 0 and up to 1")
        for name, shares, of in (
            ("brand_shares", self.brand_shares, self.brand), ("segment_shares", self.segment_shares, self.segment),
        ):  # fmt: skip
            if len(shares) not in (0, len(of)) or any(s <= 0 for s in shares):
                raise DataProblem(f"{name} has {len(shares)} values; give {len(of)} positive ones, or none for equal")
        for touchpoint, f in self.effects.items():
            if len(f) != self.points:
                raise DataProblem(
                    f"driver '{touchpoint}' has {len(f)} contributions; its scale has {self.points} points"
                )

    @cached_property
    def brand(self) -> dict[str, float]:
        """Shift of each brand."""
        if isinstance(self.brands, Mapping):
            return dict(self.brands)
        at = self.spread * ndtri((np.arange(self.brands) + 0.5) / self.brands)
        return dict(zip(names("Brand", self.brands), at.tolist(), strict=True))

    @cached_property
    def segment(self) -> dict[str, float]:
        """Shift of each segment."""
        return (
            dict(self.segments)
            if isinstance(self.segments, Mapping)
            else dict.fromkeys(names("Segment", self.segments), 0.0)
        )

    @cached_property
    def wave(self) -> dict[Any, float]:
        """Shift of each wave."""
        return (
            dict(self.waves) if isinstance(self.waves, Mapping) else {i + 1: self.trend * i for i in range(self.waves)}
        )

    @cached_property
    def chance(self) -> np.ndarray:
        """Probability of answering the survey by `recommend`, shape (11,)."""
        low, high = self.response if isinstance(self.response, (tuple, list)) else (self.response, self.response)
        return np.linspace(low, high, 11)

    @cached_property
    def effects(self) -> dict[str, np.ndarray]:
        """Contribution of every answer of every touchpoint to the outcomes' latent scale, each of shape (points,)."""
        middle = np.arange(self.points) - (self.points - 1) / 2
        given = self.drivers
        if not isinstance(given, Mapping):
            called = TOUCHPOINTS if given <= len(TOUCHPOINTS) else [f"touchpoint{i:03d}" for i in range(1, given + 1)]
            given = dict(zip(called, [0.1 * (1 + i % 5) for i in range(given)], strict=False))
        slope = {
            k: np.round(v / STEP) * STEP * middle if np.ndim(v) == 0 else np.asarray(v, float) for k, v in given.items()
        }
        return {k: np.round(v / STEP * 2) * STEP / 2 for k, v in slope.items()}

    @cached_property
    def cuts(self) -> np.ndarray:
        """Cuts of the latent touchpoints, shape (points - 1,): people use the upper part of a scale."""
        return ndtri(np.linspace(0, 1, self.points + 1)[1:-1] ** 1.3 * 0.94)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Every brand, segment and wave with its shift, its share of the population and its share of the sample."""
        rows = [
            (b, s, w, db + ds + dw)
            for b, db in self.brand.items()
            for s, ds in self.segment.items()
            for w, dw in self.wave.items()
        ]
        table = pd.DataFrame(rows, columns=["brand", "segment", "wave", "shift"])
        brand = _shares(self.brand_shares, self.brand)
        segment = _shares(self.segment_shares, self.segment)
        table["share"] = table["brand"].map(brand) * table["segment"].map(segment) / len(self.wave)
        table["sampled"] = table["brand"].map(brand) / len(self.segment) / len(self.wave)
        return table

    # What follows integrates the model; t is the shift of all touchpoints, v the shift of the outcomes.

    def _answers(self, t: np.ndarray) -> np.ndarray:
        """Return P(x = answer | t), shape (len(t), points)."""
        below = ndtr((self.cuts - t[:, None]) / np.sqrt(1 - self.halo))
        return np.diff(below, axis=1, prepend=0.0, append=1.0)

    def _sums(self, p: np.ndarray, leave_out: str = "") -> tuple[np.ndarray, np.ndarray]:
        """Return the lattice of the sum of contributions and its probabilities given t, shape (len(t), lattice)."""
        at, lowest = np.ones((len(p), 1)), 0.0
        for name, f in self.effects.items():
            if name == leave_out:
                continue
            values = np.append(f, 0.0) if self.missing else f
            chance = np.hstack([p * (1 - self.missing), np.full((len(p), 1), self.missing)]) if self.missing else p
            steps = np.round((values - values.min()) / (STEP / 2)).astype(int)
            wider = np.zeros((len(p), at.shape[1] + steps.max()))
            for k, step in enumerate(steps):
                wider[:, step : step + at.shape[1]] += chance[:, [k]] * at
            at, lowest = wider, lowest + values.min()
        return lowest + STEP / 2 * np.arange(at.shape[1]), at

    @cached_property
    def _grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Grid over t and over v that holds all that the quadrature asks for."""
        reach = np.sqrt(self.halo) * 11.0
        shift = self.cells["shift"]
        v = max(abs(self.direct) * 11.0, 0.5)
        return np.linspace(shift.min() - reach - 0.1, shift.max() + reach + 0.1, 241), np.linspace(
            -v, v, 81 if self.direct else 5
        )

    @cached_property
    def _lattice(self) -> tuple[np.ndarray, np.ndarray]:
        """The sum of all contributions given each t of the grid: what every cut is solved on."""
        return self._sums(self._answers(self._grid[0]))

    def _below(self, cuts: np.ndarray, leave_out: str = "", plus: float = 0.0) -> list[Below]:
        """Return P(y* <= cut | t, v) for every cut, interpolated on the grid."""
        t, v = self._grid
        s, p = self._sums(self._answers(t), leave_out) if leave_out else self._lattice
        if not self.direct:  # v is 0 everywhere
            return [_of_one(CubicSpline(t, p @ ndtr((c - s - plus) / self.noise))) for c in cuts]
        return [
            RectBivariateSpline(t, v, p @ ndtr((c - s[:, None] - plus - v) / self.noise), kx=3, ky=3).ev for c in cuts
        ]

    def _points(self, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Quadrature over h at every shift: t and v of shape (shifts, nodes), weights of shape (nodes,)."""
        h, w = _nodes()
        t = shifts[:, None] + np.sqrt(self.halo) * h
        return t, np.broadcast_to(self.direct * h, t.shape), w

    def _distribution(self, cuts: np.ndarray) -> np.ndarray:
        """Return P(outcome = category) of every cell, shape (cells, len(cuts) + 1)."""
        shift = self.cells["shift"].to_numpy()
        at = np.unique(shift)
        if len(at) > 81:
            at = np.linspace(at[0], at[-1], 81)
        t, v, w = self._points(at)
        below = np.stack([f(t, v) @ w for f in self._below(cuts)], axis=1)
        below = CubicSpline(at, below)(shift) if len(at) == 81 else below[np.searchsorted(at, shift)]
        return np.diff(below, axis=1, prepend=0.0, append=1.0)

    @cached_property
    def outcome_cuts(self) -> dict[str, np.ndarray]:
        """Cuts of the latent outcomes; those of `recommend` are shifted until the population has the NPS asked for."""
        s, p = self._lattice
        sd = np.sqrt(np.var(s @ p.T) + self.noise**2 + self.direct**2 + 0.5)
        middle = float(np.average(s @ p.T, weights=np.exp(-((self._grid[0] / 1.5) ** 2))))
        wide = sd * np.linspace(-2.6, 1.2, 10)
        share = self.cells["share"].to_numpy()

        def off(move: float) -> float:
            d = self._distribution(middle + move + wide[[6, 8]])
            return 100 * float(share @ (d[:, 2] - d[:, 0])) - self.nps

        move = brentq(off, -8 * sd, 8 * sd, xtol=1e-12)
        return {"satisfaction": middle + sd * np.array([-1.9, -1.2, -0.5, 0.6]), "recommend": middle + move + wide}

    @cached_property
    def table(self) -> pd.DataFrame:
        """The truth by cell: the distribution of each outcome, NPS, mean satisfaction, top-two-box share, response."""
        out = self.cells.drop(columns="shift")
        nps = self._distribution(self.outcome_cuts["recommend"])
        sat = self._distribution(self.outcome_cuts["satisfaction"])
        out["promoters"], out["detractors"] = nps[:, 9:].sum(1), nps[:, :7].sum(1)
        out["nps"] = 100 * (out["promoters"] - out["detractors"])
        out["satisfaction"], out["csat"] = sat @ np.arange(1, 6), sat[:, 3:].sum(1)
        answering = nps * self.chance
        out["response"] = answering.sum(1)
        out["nps_answering"] = 100 * (answering[:, 9:].sum(1) - answering[:, :7].sum(1)) / out["response"]
        return out

    def nps_by(self, *names: str) -> pd.DataFrame:
        """Return the true NPS of the population by brand, segment and/or wave, or of all.

        >>> round(float(Population(nps=30).nps_by()["nps"].iloc[0]), 6)
        30.0
        """
        table = self.table.assign(all="all")
        keys = list(names) or ["all"]
        parts = table.assign(up=table["nps"] * table["share"]).groupby(keys, as_index=False)[["up", "share"]].sum()
        return parts.assign(nps=parts["up"] / parts["share"])[[*keys, "nps"]]

    @cached_property
    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of touchpoints and outcomes: the truth of linear drivers.

        Order: the touchpoints, then `satisfaction`, `recommend`. Only for populations with ``missing=0``.
        """
        if self.missing:
            raise DataProblem("moments are known for missing=0 only; ask the same population without missing answers")
        by_shift = self.cells.groupby("shift")["share"].sum()
        t, v, w = self._points(by_shift.index.to_numpy())
        weight = (by_shift.to_numpy()[:, None] * w).ravel()
        t, v = t.ravel(), v.ravel()
        a = np.arange(1, self.points + 1)
        p = self._answers(t)
        k = len(self.effects)
        mean, second = np.empty(k + 2), np.empty((k + 2, k + 2))
        mean[:k] = weight @ (p @ a)
        second[:k, :k] = weight @ (p @ a) ** 2
        second[range(k), range(k)] = weight @ (p @ a**2)
        for i, (name, (low, _)) in enumerate(OUTCOMES.items()):
            cuts = self.outcome_cuts[name]
            top = low + len(cuts)
            below = np.stack([f(t, v) for f in self._below(cuts)])
            mean[k + i] = top - weight @ below.sum(0)
            second[k + i, k + i] = top**2 - weight @ ((2 * np.arange(low, top) + 1) @ below)
            for j, (touchpoint, f) in enumerate(self.effects.items()):
                level = [top - sum(g(t, v) for g in self._below(cuts, touchpoint, fa)) for fa in f]
                second[j, k + i] = second[k + i, j] = weight @ sum(
                    a[q] * p[:, q] * level[q] for q in range(self.points)
                )
        second[k, k + 1] = second[k + 1, k] = self._both(t, v, weight)
        return mean, second - np.outer(mean, mean)

    def _both(self, t: np.ndarray, v: np.ndarray, weight: np.ndarray) -> float:
        """Return E[satisfaction x recommend]: independent given the sum of contributions, t and v."""
        grid, vs = self._grid
        s, p = self._lattice
        low = [len(self.outcome_cuts[n]) + OUTCOMES[n][0] for n in OUTCOMES]
        means = [
            top - ndtr((self.outcome_cuts[n][:, None, None] - s[:, None] - vs) / self.noise).sum(0)
            for n, top in zip(OUTCOMES, low, strict=True)
        ]
        return float(weight @ RectBivariateSpline(grid, vs, p @ (means[0] * means[1])).ev(t, v))


def _of_one(spline: CubicSpline) -> Below:
    """Return a function of t as one of t and v."""
    return lambda t, v: spline(t)


def _shares(given: Sequence[float], of: Mapping[Any, float]) -> dict[Any, float]:
    sizes = np.asarray(given or [1.0] * len(of), float)
    return dict(zip(of, (sizes / sizes.sum()).tolist(), strict=True))
