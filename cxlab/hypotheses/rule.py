"""The verdict rule: one pure function of an interval, a smallest effect of interest and the side a claim is on.

A finding is SUPPORTED when the interval lies wholly beyond the smallest effect on the claimed side (so the chance of a
false SUPPORTED is at most half of 1 - level), TRIVIAL when the interval of the equivalence test (level 1 - 2 alpha)
lies wholly inside it (Schuirmann 1987), DIRECTION-ONLY when it excludes the null but not the smallest effect,
CONTRADICTED when it lies wholly on the other side, else INCONCLUSIVE. NOT-IDENTIFIED is decided before, by the design.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scipy.special import stdtr, stdtrit

from cxlab.problem import one_of

DIRECTIONS = ("NOT-IDENTIFIED", "CONTRADICTED", "TRIVIAL", "INCONCLUSIVE", "DIRECTION-ONLY", "SUPPORTED")
"""From weakest to strongest: of several conditions that must all hold, the weakest decides."""
NUMBERS = ("SUPPORTED", "NUMBER-OUT", "INCONCLUSIVE", "NOT-IDENTIFIED", "")
SIDES = ("greater", "less", "inside")


@dataclass(frozen=True)
class Finding:
    """One number against its bar.

    ``low, high`` is the interval at ``level``; ``inner_low, inner_high`` that of the equivalence test, at
    1 - 2 (1 - level). ``null`` is no effect, ``sesoi`` the smallest effect of interest as a distance from it,
    ``trivial`` the distance within which an effect is trivial (``sesoi`` unless the card says otherwise). ``side`` is
    where the claim puts the value: 'greater', 'less', or 'inside' (an equivalence claim). ``p`` tests that the value
    does not lie beyond the smallest effect on the claimed side. ``rests`` : on how many clusters it rests (the treated
    ones of an arm), and how many there are.
    """

    name: str
    value: float
    low: float
    high: float
    inner_low: float
    inner_high: float
    side: str = "greater"
    null: float = 0.0
    sesoi: float = 0.0
    trivial: float = math.nan
    se: float = math.nan
    df: float = math.inf
    p: float = math.nan
    n: int = 0
    n_eff: float = math.nan
    unit: str = ""
    rests: tuple[float, int] = (math.inf, 0)

    @property
    def verdict(self) -> str:
        """The direction verdict of this finding alone."""
        margin = self.sesoi if math.isnan(self.trivial) else self.trivial
        return direction(
            (self.low, self.high),
            (self.inner_low, self.inner_high),
            null=self.null,
            sesoi=self.sesoi,
            trivial=margin,
            side=self.side,
        )


def direction(
    interval: tuple[float, float],
    inner: tuple[float, float],
    *,
    null: float = 0.0,
    sesoi: float,
    trivial: float | None = None,
    side: str = "greater",
) -> str:
    """Return the direction verdict.

    >>> direction((3.1, 5.0), (3.2, 4.9), sesoi=3.0)
    'SUPPORTED'
    >>> direction((1.0, 5.0), (1.3, 4.7), sesoi=3.0), direction((-1.0, 1.2), (-0.9, 1.1), sesoi=3.0)
    ('DIRECTION-ONLY', 'TRIVIAL')
    >>> direction((-5.0, -1.0), (-4.7, -1.3), sesoi=3.0), direction((-1.0, 9.0), (-0.5, 8.5), sesoi=3.0)
    ('CONTRADICTED', 'INCONCLUSIVE')
    """
    one_of("side", side, SIDES)
    low, high = interval[0] - null, interval[1] - null
    inside = (inner[0] - null, inner[1] - null)
    if any(math.isnan(v) for v in (low, high, *inside)):
        return "NOT-IDENTIFIED"
    margin = sesoi if trivial is None else trivial
    if side == "inside":
        if -margin < inside[0] and inside[1] < margin:
            return "SUPPORTED"
        return "CONTRADICTED" if low > margin or high < -margin else "INCONCLUSIVE"
    if side == "less":
        low, high, inside = -high, -low, (-inside[1], -inside[0])
    if low > sesoi:
        return "SUPPORTED"
    if -margin < inside[0] and inside[1] < margin:
        return "TRIVIAL"
    if low > 0:
        return "DIRECTION-ONLY"
    return "CONTRADICTED" if high < 0 else "INCONCLUSIVE"


def number(
    interval: tuple[float, float], inner: tuple[float, float], *, claimed: float, margin: float, above: bool = False
) -> str:
    """Return the verdict on a claim's number: equivalent within ``margin``, outside the interval, or neither.

    ``above``: the claim says "more than" the number, so it holds where the whole interval lies above it.

    >>> number((0.28, 0.36), (0.29, 0.35), claimed=0.32, margin=0.05)
    'SUPPORTED'
    >>> number((0.10, 0.20), (0.11, 0.19), claimed=0.32, margin=0.05)
    'NUMBER-OUT'
    >>> number((0.2, 0.5), (0.22, 0.48), claimed=0.32, margin=0.05)
    'INCONCLUSIVE'
    >>> number((0.62, 0.68), (0.625, 0.675), claimed=0.5, margin=0.0, above=True)
    'SUPPORTED'
    """
    if any(math.isnan(v) for v in (*interval, *inner)):
        return "NOT-IDENTIFIED"
    if above:
        return "SUPPORTED" if interval[0] > claimed else "NUMBER-OUT" if interval[1] < claimed else "INCONCLUSIVE"
    if claimed - margin < inner[0] and inner[1] < claimed + margin:
        return "SUPPORTED"
    return "INCONCLUSIVE" if interval[0] <= claimed <= interval[1] else "NUMBER-OUT"


def weakest(verdicts: Sequence[str]) -> str:
    """Return the verdict on a claim whose conditions must all hold (intersection-union: no correction is needed).

    >>> weakest(["SUPPORTED", "INCONCLUSIVE"])
    'INCONCLUSIVE'
    """
    return min(verdicts, key=DIRECTIONS.index) if verdicts else "NOT-IDENTIFIED"


def from_t(
    name: str,
    value: float,
    se: float,
    df: float = math.inf,
    *,
    level: float = 0.95,
    transform: Callable[[float], float] | None = None,
    **about: Any,
) -> Finding:
    """Return the finding of an estimate with a t-distributed error; ``transform`` maps value and limits (monotone)."""
    to = transform or (lambda v: v)
    if not (se > 0 and df >= 1):
        nan = math.nan
        return Finding(name, to(value), nan, nan, nan, nan, se=se, df=df, **about)
    half, inner = (se * float(_t(df, q)) for q in ((1 + level) / 2, level))
    found = Finding(
        name, to(value), to(value - half), to(value + half), to(value - inner), to(value + inner), se=se, df=df, **about
    )
    return replace(found, p=_p(found, value, to))


def _t(df: float, q: float) -> float:
    return stdtrit(df if math.isfinite(df) else 1e9, q)


def _p(f: Finding, value: float, to: Callable[[float], float]) -> float:
    """One-sided p of the null that the value lies not beyond the smallest effect (for 'inside': not within it)."""
    df = f.df if math.isfinite(f.df) else 1e9
    if f.side == "inside":
        return float(stdtr(df, (abs(value - f.null) - f.sesoi) / f.se))
    sign = 1 if f.side == "greater" else -1
    bar = _inverse(to, f.null + sign * f.sesoi, value, f.se)
    return float(stdtr(df, -sign * (value - bar) / f.se))


def _inverse(to: Callable[[float], float], bar: float, value: float, se: float) -> float:
    """Return the working-scale value that ``to`` maps to the bar (bisection); infinite where it cannot be reached."""
    low, high = value - 60 * se, value + 60 * se
    if not to(low) < bar < to(high):
        return -math.inf if to(low) >= bar else math.inf
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if to(middle) < bar else (low, middle)
    return (low + high) / 2


def from_draws(name: str, value: float, draws: Any, *, level: float = 0.95, **about: Any) -> Finding:
    """Return the finding of an estimate with bootstrap ``draws``: percentile intervals."""
    import numpy as np

    draws = np.asarray(draws, float)
    draws = draws[np.isfinite(draws)]
    if len(draws) < 50:
        nan = math.nan
        return Finding(name, value, nan, nan, nan, nan, **about)
    tail = (1 - level) / 2
    low, high, inner_low, inner_high = np.quantile(draws, [tail, 1 - tail, 2 * tail, 1 - 2 * tail])
    found = Finding(name, value, low, high, inner_low, inner_high, se=float(draws.std(ddof=1)), **about)
    beyond = (1 if found.side == "greater" else -1) * (draws - found.null) > found.sesoi
    return replace(found, p=float((1 + (~beyond).sum()) / (1 + len(draws))))
