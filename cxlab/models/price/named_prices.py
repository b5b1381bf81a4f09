"""`price_sensitivity`: the four named prices of van Westendorp, and reach and revenue of Newton, Miller & Smith."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.spells import there
from cxlab.models.price.resampled import ends, units
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.pricing import price_curves

NAMES = ("too_cheap", "cheap", "expensive", "too_expensive")
POINTS = {
    "lower": "lower end of the range (PMC)", "upper": "upper end of the range (PME)",
    "indifference": "as many find it cheap as expensive (IDP)",
    "optimal": "as many find it too cheap as too expensive (OPP)",
}  # fmt: skip
MUCH = 0.2
"""With a larger share of answers out of order the question was not understood."""


@public
def price_sensitivity(
    study: Study,
    *,
    too_cheap: str = "too_cheap",
    cheap: str = "cheap",
    expensive: str = "expensive",
    too_expensive: str = "too_expensive",
    intent: Sequence[str] = (),
    crossing: str = "interpolated",
    span: str = "original",
    draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return the acceptable range of prices and where its curves cross, each with a bootstrap interval.

    Answers whose prices do not rise (too cheap < cheap < expensive < too expensive) are left out and counted.

    Parameters
    ----------
    too_cheap, cheap, expensive, too_expensive : columns of the four prices.
    intent : two columns, how likely a person buys at the cheap and at the expensive price (five answers): gives reach
        and revenue (Newton, Miller & Smith: chances of 0, 10, 30, 50, 70 %).
    crossing : 'interpolated' (linear between prices) or 'price' (the first named price at which the curves have met).
    span : ends of the range: 'original' (not cheap x too cheap, too expensive x not expensive) or 'narrow' (expensive x
        too cheap, too expensive x cheap). Both are in use under the names PMC and PME.
    draws, seed : of the bootstrap of persons (clusters, within strata).
    level : confidence of the intervals, between 0 and 1.
    least_n : groups with fewer answers are counted but not estimated.

    Returns
    -------
    Result in the unit of the prices: ``point, estimate, low, high, se, n``. ``parts``: ``curves``, with ``intent``
    also ``reach`` (by price) and ``best`` (the prices at which revenue is largest, with the share of draws).

    Raises
    ------
    DataProblem : a column is not there, no row is complete, a price is below 0, the four columns do not rise on
        average, or too few answers do.

    References
    ----------
    van Westendorp (1976), ESOMAR; Newton, Miller & Smith (1993). Package pricesensitivitymeter for both rules.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> rows = [(10, 20, 30, 40), (12, 18, 28, 36), (8, 22, 32, 44), (14, 21, 26, 38)] * 5
    >>> table = pd.DataFrame(rows, columns=["too_cheap", "cheap", "expensive", "too_expensive"])
    >>> cx.prices.price_sensitivity(cx.load(table), draws=20).table["estimate"].round(1).tolist()
    [14.0, 32.0, 22.0, 14.0]
    """
    one_of("crossing", crossing, ("interpolated", "price"))
    one_of("span", span, ("original", "narrow"))
    columns = [too_cheap, cheap, expensive, too_expensive]
    if len(set(columns)) < 4:
        raise DataProblem(f"too_cheap, cheap, expensive and too_expensive are {', '.join(columns)}; name four columns")
    asked = _intent(intent)
    for name in (*columns, *asked):
        there(study, name)
    found, prices, notes = _prices(study, columns, asked, least_n)
    grid, rng = np.unique(prices), np.random.default_rng(seed)
    unit, strata, count = units(found, rng)
    weight = found.n * found.w
    held = np.zeros((len(count), 4, len(grid)))
    for j in range(4):
        np.add.at(held, (unit, j, np.searchsorted(grid, prices[:, j])), weight)
    times = price_curves.times_drawn(strata, count, draws, rng)
    options = {"interpolated": crossing == "interpolated", "narrow": span == "narrow"}
    estimate = price_curves.points(grid, held.sum(0), **options)
    drawn = price_curves.points(grid, np.tensordot(times, held, 1), **options)
    parts = {"curves": _curves(grid, held.sum(0)), "unit": study.field(expensive).unit}
    n = int(found.n.sum())
    rows = [_row(POINTS[k], estimate[k], drawn[k], n, level) for k in POINTS]
    if asked:
        more, said, made = _revenue(study, found, prices, asked, grid, (unit, times), level)
        rows, parts, notes = rows + more, parts | made, [*notes, *said]
    notes.append("where as many say too cheap as too expensive (OPP) is not the price that earns most")
    notes.append("prices named without paying; what people pay is usually less")
    rule = "linear between prices" if options["interpolated"] else "at the first named price"
    ends_of = "expensive x too cheap, too expensive x cheap" if options["narrow"] else (
        "not cheap x too cheap, too expensive x not expensive")  # fmt: skip
    method = (
        f"van Westendorp: curves cross {rule}; ends of the range: {ends_of}; shares named above p (cheap) and at or "
        f"below p (expensive); bootstrap of {draws} draws"
    )
    return Result("price_sensitivity", f"Acceptable prices: {study.name}", pd.DataFrame(rows), "", level, method,
                  tuple(notes), parts, (Column("point", "label", "", "Price at which"),))  # fmt: skip


def _intent(intent: Sequence[str]) -> list[str]:
    asked = list(intent) if not isinstance(intent, str) else [intent]
    if len(asked) not in (0, 2):
        raise DataProblem(
            f"intent names {len(asked)} columns; give two: how likely at the cheap and at the expensive price"
        )
    return asked


def _prices(study: Study, columns: list[str], asked: list[str], least: int) -> tuple[Sample, NDArray, list[str]]:
    """The answers in order, their prices (rows, 4), and what was left out."""
    found = sample(study, [*columns, *asked], patterns=True)
    prices = found.matrix([*columns, *asked])
    whole = np.isfinite(prices).all(1)
    lost = int(found.n[~whole].sum())
    found, prices = found.keep(whole), prices[whole][:, :4]
    if not len(prices):
        raise DataProblem(f"{study.name} has no row with all of {', '.join([*columns, *asked])}")
    if (prices < 0).any():
        raise DataProblem(f"{int(found.n[(prices < 0).any(1)].sum())} rows of {study.name} name a price below 0; "
                          "correct them, or leave the rows out")  # fmt: skip
    if len(np.unique(prices)) < 4:
        raise DataProblem(f"the four prices of {study.name} take {len(np.unique(prices))} values in all; where nothing "
                          "differs no curves can cross")  # fmt: skip
    mean = np.average(prices, axis=0, weights=found.n * found.w)
    if (np.diff(mean) < 0).any():
        said = ", ".join(f"{c} {m:.4g}" for c, m in zip(columns, mean, strict=True))
        order = " < ".join(columns[k] for k in np.argsort(mean))
        raise DataProblem(f"the mean prices of {study.name} do not rise: {said}; the columns are probably swapped: "
                          f"their order is {order}")  # fmt: skip
    rising = (np.diff(prices, axis=1) > 0).all(1)
    wrong, n = int(found.n[~rising].sum()), int(found.n.sum())
    notes = [*study.caveats, *found.notes, *([f"{lost:,} rows without all prices do not count"] if lost else [])]
    if wrong:
        notes.append(f"{wrong:,} of {n:,} answers ({wrong / n:.1%}) have prices that do not rise and are left out")
    if wrong > MUCH * n:
        notes.append("so many answers out of order mean that the question was not understood: do not build on this")
    found, prices = found.keep(rising), prices[rising]
    if found.n.sum() < max(least, 2):
        raise DataProblem(
            f"{int(found.n.sum())} answers of {study.name} have prices that rise; {max(least, 2)} are needed"
        )
    return found, prices, notes


def _row(name: str, value: NDArray, drawn: NDArray, n: int, level: float) -> dict:
    low, high = ends(drawn[:, None], level)
    return {
        "point": name,
        "estimate": float(value),
        "low": low[0],
        "high": high[0],
        "se": float(np.nanstd(drawn)),
        "n": n,
    }


def _curves(grid: NDArray, counts: NDArray) -> pd.DataFrame:
    return pd.DataFrame(dict(zip(("price", *NAMES), (grid, *price_curves.cumulated(counts)), strict=True)))


def _revenue(study: Study, found: Sample, prices: NDArray, asked: list[str], grid: NDArray, drawing: tuple,
             level: float) -> tuple[list[dict], list[str], dict]:  # fmt: skip
    """Reach and revenue by price, the prices that are best for each, and the set of the prices that may be best."""
    unit, times = drawing
    chances = []
    for name in asked:
        scale = study.field(name).scale
        if scale is None:
            raise DataProblem(
                f"'{name}' of {study.name} has no declared scale, so the codebook does not say which of its answers is "
                "'certainly': declare it, e.g. scale=\"1-5\", best high or low"
            )
        low, high = scale.minimum, scale.maximum
        if high - low != 4:
            raise DataProblem(f"'{name}' runs from {low:g} to {high:g}; the chances to buy are known for five answers")
        place = found.answers[name] - low
        place = 4 - place if scale.best == "low" else place
        chances.append(np.interp(place, np.arange(5), price_curves.CHANCES))
    chance = price_curves.chance_to_buy(grid, prices, np.column_stack(chances))
    weight = found.n * found.w
    held = np.zeros((times.shape[1], len(grid)))
    np.add.at(held, unit, chance * weight[:, None])
    total = np.bincount(unit, weight, times.shape[1])
    reach, drawn = held.sum(0) / total.sum(), (times @ held) / (times @ total)[:, None]
    n, rows = int(found.n.sum()), []
    for name, value, each in (("reach is largest", reach, drawn), ("revenue is largest", grid * reach, grid * drawn)):
        rows.append(_row(name, grid[value.argmax()], grid[each.argmax(1)], n, level))
    best, how_often = np.unique(grid[(grid * drawn).argmax(1)], return_counts=True)
    order = np.argsort(-how_often, kind="stable")
    table = pd.DataFrame({"price": best[order], "probability": how_often[order] / len(times)})
    low, high = ends(drawn, level)
    curve = pd.DataFrame({"price": grid, "reach": reach, "low": low, "high": high, "revenue": grid * reach})
    shown = ", ".join(f"{p:g} ({q:.0%})" for p, q in table.head(6).itertuples(index=False))
    said = [f"the price of largest revenue is a set, not one price: {shown} of the draws",
            "chances to buy are assumed from stated intent"]  # fmt: skip
    return rows, said, {"reach": curve, "best": table}
