"""`funnel`: the units of a league by size and distance from the mean, to be drawn."""

from __future__ import annotations

import numpy as np

from cxlab.data.arguments import of_kind, public
from cxlab.result import Result
from cxlab.stats.counts.names import shown as shown_names


@public
def funnel(table: Result) -> Result:
    """Return the funnel of a league table: each unit's size, estimate and z with over-dispersion, to be drawn.

    Parameters
    ----------
    table : result of `league`.

    Raises
    ------
    DataProblem : ``table`` is no result of `league`.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.leagues.funnel(cx.league(cx.load("brand-tracker"))).kind
    'funnel'
    """
    parts = of_kind(table, "league", "cx.league").parts
    points = parts["funnel"].sort_values("z", key=np.abs, ascending=False, ignore_index=True)
    points = points.rename(columns={"name": shown_names([parts["unit"]], points.columns)[0]})
    out = int((points["outside"] == "99.8 %").sum())
    return Result(
        kind="funnel",
        title=f"Funnel: {table.title}",
        table=points,
        unit=table.unit,
        level=table.level,
        method="z-scores around the weighted mean, additive over-dispersion "
        "(Spiegelhalter 2005, Paule and Mandel 1982), pooled spread",
        notes=(
            f"{out} of {len(points)} units lie outside the 99.8 % limits; over-dispersion phi = {parts['phi']:.1f}.",
            "Inside the limits a unit differs no more than ordinary units of its size do.",
        ),
        parts={"limits": parts["limits"], "target": parts["target"], "phi": parts["phi"], "measure": parts["measure"]},
    )
