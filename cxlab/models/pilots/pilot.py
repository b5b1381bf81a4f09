"""`pilot`: did it change where it was tried, more than elsewhere?"""

from __future__ import annotations

from typing import Any

from cxlab.columns import Column, difference, show, span
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry, result_words
from cxlab.models.monitoring import time_series
from cxlab.models.pilots import pilot_designs, rivals
from cxlab.models.pilots.pilot_designs import Found
from cxlab.models.pilots.unit_panel import Panel, panel
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result

DESIGNS = {
    "difference": "difference of changes (one date)",
    "staggered": "starts at different dates",
    "synthetic": "synthetic difference in differences and control",
    "interrupted": "interrupted series of one unit",
}
"""Designs of a pilot."""


@public
def pilot(
    study: Study,
    metric: str,
    *,
    unit: str,
    start: Any,
    wave: str = "",
    every: str = "",
    design: str = "",
    level: float = 0.95,
    **question: Any,
) -> Result:
    """Return how a metric moved in units that began something, beyond how it moved in units that did not (yet).

    The units are what counts, however many answers they hold. With one treated unit its own noise cannot be told from
    an effect: p is then its place among all units, and no p can be smaller than 1 / units; with two to four p and
    interval come from all other choices of the treated. The words say cause only where the study's assignment was
    random.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces', 'mean' or 'share'; ``question`` takes what that metric takes.
    unit : column of the units (shops, regions).
    start : column with the first treated period of a row's unit (missing or 0: never), or a mapping unit -> period.
    wave, every : column and length of the periods, as in `cxlab.monitor`; a start within a period counts from the next.
    design : '' chooses: one unit 'interrupted', one date 'difference', several 'staggered'; 'synthetic' on request.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result: ``when`` (all after against before, then period by period; before the start each step against the period
    before), ``estimate, low, high``, ``simultaneous_low, simultaneous_high`` (bands that hold together), ``se, p,
    units, n``. ``parts``: ``placebo``, ``sensitivity`` (intervals where trends may differ by 0.5 to 2 times the
    largest step before), ``smoothness`` (intervals where the difference of trends may bend by m a period),
    ``placebo_dates``, ``rivals`` (what else moved with the start), ``pre_p``, ``least_p``, ``weights``.

    Raises
    ------
    DataProblem : no untreated unit, no period before, a unit with two starts, a duplicate row of unit and period.

    References
    ----------
    Callaway, B. & Sant'Anna, P. H. C. (2021). doi:10.1016/j.jeconom.2020.12.001
    Arkhangelsky, D. et al. (2021). doi:10.1257/aer.20190159
    MacKinnon, J. G. & Webb, M. D. (2020). doi:10.1016/j.jeconom.2020.04.024
    Rambachan, A. & Roth, J. (2023). doi:10.1093/restud/rdad018

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.pilot(cx.load("brand-tracker"), "nps", unit="brand", wave="wave", start={"Alba": "2025 Q1"})
    >>> round(found.parts["least_p"], 3)
    0.167
    """
    metrics.check_level(level)
    one_of("design", design or "difference", DESIGNS)
    score = registry.score(study, metric, question.pop("of", None), [unit], **question)
    p = panel(study, score, unit, start, wave, every)
    design = design or _chosen(p)
    found = _made(p, design, level, score.unit)
    cause = _said(study, found, score.unit, unit)
    column = time_series.time_column(study, wave, score)
    but = tuple(c for c in (*score.columns, start) if isinstance(c, str))
    other = rivals.moved(study, p, unit, column, but)
    rival = rivals.said(other, float(found.parts.get("least_p", 0.0)))
    return Result(
        kind="pilot",
        title=f"{result_words.titled(study, score, [])}: {DESIGNS[design]}, by {study.codebook.label(unit)}",
        table=found.table,
        unit=score.unit,
        level=level,
        method=f"{score.method}; {found.method}",
        notes=(*p.notes, *cause, *found.notes, rival),
        parts={"metric": score.metric, "design": design, "treated": int((p.start >= 0).sum()), "units": len(p.y),
               "starts": [str(p.periods[s]) for s in p.starts], "rivals": other, **found.parts},
        columns=tuple(
            Column(c, kind, difference(score.unit), heading) for c, kind, heading in (
                ("estimate", "estimate", "Difference"), ("low", "bound", "Low"), ("high", "bound", "High"),
                ("simultaneous_low", "bound", "Together, low"), ("simultaneous_high", "bound", "Together, high"),
                ("se", "error", "Standard error"),
            )
        ) + (Column("when", "label", "", "When"), Column("units", "count", "", "Units")),
        better=score.better,
    )  # fmt: skip


def _chosen(p: Panel) -> str:
    if len(p.y) == 1:
        return "interrupted"
    return "difference" if len(p.starts) == 1 and (p.start < 0).any() else "staggered"


def _made(p: Panel, design: str, level: float, unit: str) -> Found:
    """The effects under a design, or why it does not fit."""
    none = not (p.start < 0).any()
    if design == "interrupted":
        if len(p.y) > 1:
            raise DataProblem(
                f"an interrupted series is of one unit, and there are {len(p.y)}; choose one with study.where"
            )
        return pilot_designs.series(p, level, share=unit == "share")
    if len(p.y) < 2 or (none and len(p.starts) == 1):
        who = f"all {len(p.y)} units start" if len(p.y) > 1 else "the one unit starts"
        raise DataProblem(
            f"{who} in {p.periods[p.starts[0]]}: there is nothing to compare with; add units that do not start, or "
            "take one unit with 8 periods before and after as design='interrupted'"
        )
    if design == "staggered":
        return pilot_designs.several_dates(p, level, later=none)
    if len(p.starts) > 1 or none:
        raise DataProblem(
            f"design is '{design}', and the units start at {len(p.starts)} dates"
            f"{' and none never' if none else ''}; take design='staggered'"
        )
    return pilot_designs.one_date(p, level) if design == "difference" else pilot_designs.synthetic(p, level)


def _said(study: Study, found: Found, unit: str, column: str) -> list[str]:
    """The first row in words: an effect only where what was assigned was assigned at random."""
    row = found.table.iloc[0]
    random = study.codebook.design == "experiment"
    size = show(row["estimate"], difference(unit))
    between = span(float(row["low"]), float(row["high"]), difference(unit))
    alone = found.table["units"].iloc[0] == 1
    what = "The effect" if random else "The change" if alone else "The difference beyond that of the others"
    p = "" if row["p"] != row["p"] else "; p < 0.001" if row["p"] < 0.001 else f"; p = {row['p']:.3f}"
    out = [f"{what} ({row['when']}) is {size} ({between}{p})"]
    if not random:
        out.append(f"who starts was not drawn at random here ({column}): what else differs may have done it")
    return out
