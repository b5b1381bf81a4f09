"""`gabor_granger`: who would buy at each price of a ladder, and the prices at which that earns most."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.spells import there
from cxlab.models.price.resampled import ends, units
from cxlab.models.price.shown_in_part import fill, said_of_parts
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.proportions import none_or_all
from cxlab.stats.pricing.price_curves import falling, times_drawn

BIAS = (1.0, 1.2, 1.4)
"""By how much stated prices exceed paid ones: the range tried (Murphy et al. 2005, doi:10.1007/s10640-004-3332-z)."""

CERTAIN = 3.3
"""Standard errors by which the dearest price must have more buyers than the cheapest to be called the wrong way."""


@public
def gabor_granger(
    study: Study,
    *,
    price: str,
    buys: str,
    person: str = "",
    draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return the share that would buy at each price (it may only fall), the revenue, and which prices may be best.

    Parameters
    ----------
    price : the price shown, one row a person and price. ``buys`` : 1 or True who would buy, 0 who would not.
    person : who answered, where one person saw several prices; default: the study's cluster. Where each ladder stopped
        when the answer was known (a price refused, or taken), the answers to the others follow and are counted.
    draws, seed : of the bootstrap of persons (or clusters, within strata).
    level : confidence of the intervals, between 0 and 1.
    least_n : groups with fewer answers are counted but not estimated.

    Returns
    -------
    Result in shares, one row a price: ``price, raw, estimate, low, high, revenue, revenue_low, revenue_high, best, n``:
    revenue a person asked, ``best`` the share of draws in which the price earns most. ``parts``: ``hypothetical``, the
    best price divided by 1.0 to 1.4, because stated prices exceed paid ones.

    Raises
    ------
    DataProblem : a column is not there, ``buys`` is not 0 and 1, a price is below 0, or there are fewer than two
        prices or too few answers at one.

    References
    ----------
    Gabor & Granger (1966), doi:10.2307/2552272; Barlow et al. (1972), pool adjacent violators.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> yes, prices = [46, 44, 47, 30, 22, 10], [10, 12, 14, 16, 18, 20]
    >>> rows = [(p, int(k < y)) for p, y in zip(prices, yes) for k in range(60)]
    >>> data = cx.load(pd.DataFrame(rows, columns=["price", "buys"]))
    >>> found = cx.prices.gabor_granger(data, price="price", buys="buys")
    >>> found.table["revenue"].round(4).tolist()
    [7.6667, 9.1, 10.6167, 8.0, 6.6, 3.3333]
    """
    for name in (price, buys, *([person] if person else [])):
        there(study, name)
    found = sample(study, [price, buys], other=[person] if person else [], patterns=True)
    whole = np.isfinite(found.answers[price]) & np.isfinite(found.answers[buys])
    lost, found = int(found.n[~whole].sum()), found.keep(whole)
    p, y = found.answers[price], found.answers[buys]
    if not np.isin(y, (0, 1)).all():
        raise DataProblem(f"'{buys}' of {study.name} holds {', '.join(f'{v:g}' for v in np.unique(y)[:6])}; 1 is who "
                          "would buy, 0 who would not: make it so with study.derive")  # fmt: skip
    if not y.any():
        raise DataProblem(f"nobody of {study.name} would buy at any of the prices ('{buys}' is 0 throughout); no price "
                          "earns anything: show lower ones")  # fmt: skip
    if (p < 0).any():
        raise DataProblem(f"{int(found.n[p < 0].sum())} rows of {study.name} have a '{price}' below 0; correct them")
    grid, at = np.unique(p, return_inverse=True)
    if len(grid) < 2:
        raise DataProblem(f"'{price}' of {study.name} has {len(grid)} value; a curve needs two prices or more")
    size = np.bincount(at, found.n).astype(int)
    if size.min() < least_n:
        raise DataProblem(
            f"the price {grid[size.argmin()]:g} has {size.min()} answers; {least_n} are needed, or least_n=0"
        )
    rng = np.random.default_rng(seed)
    codes = pd.factorize(found.other[person])[0] if person else None
    unit, strata, count = units(found, rng, codes)
    held = np.zeros((len(count), 2, len(grid)))
    np.add.at(held, (unit, 0, at), found.n * found.w)
    np.add.at(held, (unit, 1, at), found.n * found.w * y)
    more = fill(held, found.cluster if codes is None else codes, at, y, found.w, unit)
    whole_n, whole_y = held.sum(0)
    share = falling(whole_y / whole_n, whole_n)
    drawn = np.tensordot(times_drawn(strata, count, draws, rng), held, 1)
    shares = np.stack([
        falling(np.divide(k, n, out=np.zeros(len(grid)), where=n > 0), n) for n, k in drawn
    ])  # fmt: skip
    table = _table(grid, whole_y / whole_n, share, shares, size + more, (held[:, 0] > 0).T @ count, level)
    notes = [*study.caveats, *found.notes, *([f"{lost:,} rows without price or answer do not count"] if lost else [])]
    notes += said_of_parts(grid, size, int(more.sum()))
    notes += _said(table, codes is not None or found.cluster is not None)
    top = float(grid[(grid * share).argmax()])
    bias = pd.DataFrame({"factor": BIAS, "price": [top / k for k in BIAS]})
    columns = [Column("price", "number", "", "Price"), Column("raw", "share", "", "As answered"),
               Column("revenue", "number", "", "Revenue a person"), Column("revenue_low", "bound", "", "Revenue, low"),
               Column("revenue_high", "bound", "", "Revenue, high"),
               Column("best", "probability", "", "Earns most")]  # fmt: skip
    method = f"share who would buy, not rising with the price (pool adjacent violators); bootstrap of {draws} draws"
    parts = {"hypothetical": bias, "unit": study.field(price).unit}
    return Result("gabor_granger", f"Who would buy at which price: {study.field(buys).label}", table, "share", level,
                  method, tuple(notes), parts, tuple(columns))  # fmt: skip


def _table(grid: np.ndarray, raw: np.ndarray, share: np.ndarray, shares: np.ndarray, size: np.ndarray,
           persons: np.ndarray, level: float) -> pd.DataFrame:  # fmt: skip
    low, high = ends(shares, level)
    low, high = none_or_all(share, low, high, persons, level)
    best = np.bincount((grid * shares).argmax(1), minlength=len(grid)) / len(shares)
    return pd.DataFrame({
        "price": grid, "raw": raw, "estimate": share, "low": low, "high": high, "revenue": grid * share,
        "revenue_low": grid * low, "revenue_high": grid * high, "best": best, "n": size,
    })  # fmt: skip


def _turned(table: pd.DataFrame) -> list[str]:
    """What is said where more would buy at the dearest price than at the cheapest, beyond chance."""
    first, last = table.iloc[0], table.iloc[-1]
    both = (first["raw"] * first["n"] + last["raw"] * last["n"]) / (first["n"] + last["n"])
    error = np.sqrt(max(both * (1 - both), 1e-12) * (1 / first["n"] + 1 / last["n"]))
    if last["raw"] - first["raw"] < CERTAIN * error:
        return []
    return [f"WRONG WAY: {last['raw']:.0%} would buy at {last['price']:g} and {first['raw']:.0%} at {first['price']:g}:"
            " is 1 who would NOT buy? Nothing below holds if it is"]  # fmt: skip


def _said(table: pd.DataFrame, persons: bool) -> list[str]:
    top = table.sort_values("best", ascending=False)
    top = top[top["best"].cumsum().shift(fill_value=0) < 0.95]
    shown = ", ".join(f"{r.price:g} ({r.best:.0%})" for r in top.itertuples())
    out = [*_turned(table), f"the prices that may earn most (95 % of the draws): {shown}"]
    if (end := table.iloc[-1])["best"] >= 0.05:
        out.append(f"{end['price']:g} is the highest price shown: what a higher one earns these data cannot say")
    if (table["raw"] - table["estimate"]).abs().max() > 1e-12:
        out.append("shares that rise with the price are averaged with their neighbours")
    if not persons:
        out.append("each row counts as a person of its own; name person= where one saw several prices")
    return [*out, "stated, not paid: divide the price by 1.0 to 1.4 (parts['hypothetical']) before building on it"]
