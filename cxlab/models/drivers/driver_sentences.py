"""What a driver analysis says, in sentences that a manager can quote and a statistician can check."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cxlab.columns import show, span
from cxlab.data.arguments import public
from cxlab.languages.one_and_many import agreed
from cxlab.models.paragraphs import Findings
from cxlab.problem import DataProblem
from cxlab.result import Result

SURE = 0.9
"""A class or quadrant is called sure from this probability on."""
SHOWN = 6


@public
def driver_findings(*results: Result) -> Findings:
    """Return in words what `drivers`, `asymmetry`, `one_failure`, `importance_performance`, `what_if` and
    `driver_segments` found; what the data leave open is said as well.

    Parameters
    ----------
    results : results to be told, one or several.

    Raises
    ------
    DataProblem : a result is of a kind that has no sentences.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.importance.driver_findings(cx.drivers(cx.load("abc")))  # doctest: +ELLIPSIS
    - Technical support goes with the most: 15.1 % of the outcome's variance (...); its rank is ...
    """
    lines = []
    for result in results:
        if result.kind not in TELL:
            raise DataProblem(f"there are no sentences for results of kind '{result.kind}'; allowed: {', '.join(TELL)}")
        lines += list(TELL[result.kind](result))
    return Findings(tuple(lines))


def _label(result: Result, name: str) -> str:
    return str(result.parts.get("labels", {}).get(name, name))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _drivers(result: Result) -> Iterator[str]:
    table, pairs = result.table, result.parts["pairs"]
    first = table.iloc[0]
    low, high = int(first.rank_low), int(first.rank_high)
    rank = "it is the first" if high == 1 else f"its rank is {low} to {high}"
    yield (
        f"**{_label(result, first.driver)}** goes with the most: {show(first.estimate, result.unit)} of the outcome's "
        f"variance ({span(first.low, first.high, result.unit)}); {rank}."
    )
    leaders = [_label(result, d) for d in table.driver[table.rank_low == 1]]
    if len(leaders) > 1:
        yield f"**First may be**: {_listed(leaders)}; these answers do not settle it."
    decided = pairs[pairs.decided]
    said = [f"{_label(result, r.above)} above {_label(result, r.below)}" for r in decided.itertuples()]
    told = agreed(f"**Order**: {len(decided)} of {len(pairs)} pairs are decided")
    yield told + (f": {_listed(said)}." if said else ".")
    company = [_label(result, d) for d in table.driver[table.above_noise & (table.sign == "±")]]
    if company:
        yield (f"**Perhaps by company only**: {_listed(company)}; an effect of their own cannot be told from none.")
    noise = [_label(result, d) for d in table.driver[~table.above_noise]]
    if noise:
        yield f"**No more than noise**: {_listed(noise)}."


def _asymmetry(result: Result) -> Iterator[str]:
    """What the lumps of low and high answers say, where the curve through all answers bears it out.

    Lumps of a skewed scale lie at unequal distances from its middle, so that a straight line looks asymmetric in them;
    the curve does not.
    """
    table, curve = result.table, result.parts["spline"].set_index("driver")
    sides = {"basic": curve["high"] < 0, "excitement": curve["low"] > 0}
    sure = table["probability"] >= SURE
    kinds = zip(table["class"], table["driver"], strict=True)
    borne = np.array([bool(sides[k][d]) if k in sides else True for k, d in kinds], bool)
    for kind, meaning in (
        ("basic", "low answers go with a greater loss than high answers with a gain"),
        ("performance", "low answers go with about as much loss as high answers with a gain"),
        ("excitement", "high answers go with a greater gain than low answers with a loss"),
    ):
        rows = table[(table["class"] == kind) & sure & borne]
        if len(rows):
            yield f"**{kind.capitalize()}** ({meaning}): {_listed([_label(result, d) for d in rows.driver])}."
    bent = table[sure & ~borne]
    if len(bent):
        names = _listed([_label(result, d) for d in bent.driver])
        yield f"**Not borne out** by a curve through all answers, only by lumps of low and high ones: {names}."
    open_ = table[(table["class"] == "unclassified") | ~sure]
    if len(open_):
        yield f"**Not settled** at {SURE:.0%}: {_listed([_label(result, d) for d in open_.driver])}."


def _one_failure(result: Result) -> Iterator[str]:
    mean, worst = result.table.iloc[0], result.table.iloc[1]
    where = f"exponent {mean.estimate:.1f} ({mean.low:.1f} to {mean.high:.1f})".replace("-", "−")
    if mean.high < 1:
        how = "bad touchpoints weigh more than good ones" if mean.high > -2 else "the worst touchpoint nearly decides"
        yield f"**One failure**: {how}; {where}, 1 would be the plain average."
    elif mean.low > 1:
        yield f"**One failure** does not spoil all: good touchpoints weigh more than bad ones; {where}."
    else:
        yield f"**One failure**: the plain average of the touchpoints is not refuted; {where}."
    if worst.p < 0.05:
        more = "costs" if worst.estimate > 0 else "gives back"
        yield f"The worst touchpoint {more} {abs(worst.estimate):.2f} outcome points a scale point beyond its weight."


def _map(result: Result) -> Iterator[str]:
    table = result.table
    for quadrant, meaning in (("concentrate here", "important and weak"), ("keep up", "important and strong")):
        sure = table[(table["quadrant"] == quadrant) & (table["probability"] >= SURE)]
        names = [_label(result, d) for d in sure.driver]
        yield f"**{quadrant.capitalize()}** ({meaning}, at least {SURE:.0%} sure): {_listed(names) or 'none'}."


def _what_if(result: Result) -> Iterator[str]:
    for scenario, words in (("one point", "one point better"), ("fix worst", "without its worst answers")):
        part = result.table[(result.table.scenario == scenario) & (result.table.low > 0)].head(3)
        said = [
            f"{_label(result, r.driver)} {words}: {_points(r.estimate, r.low, r.high, result.unit)}"
            for r in part.itertuples()
        ]
        if said:
            yield f"**Goes with** {'; '.join(said)}."
        else:
            yield f"**No driver** {words} goes with a change that these answers can tell from zero."


def _points(value: float, low: float, high: float, unit: str) -> str:
    """A change of a share is in percentage points."""
    if unit in ("share", "pp"):
        return f"{_points(100 * value, 100 * low, 100 * high, 'points')} percentage points"
    return f"{show(value, unit)} ({span(low, high, unit)})"


def _segments(result: Result) -> Iterator[str]:
    test = result.parts["test"]
    different = [_label(result, d) for d in test.driver[test.differs]]
    if different:
        yield f"**{result.title}**: the weight differs for {_listed(different)} (Holm)."
    else:
        yield f"**{result.title}**: no driver's weight differs more than chance explains (Holm)."


TELL = {
    "drivers": _drivers,
    "asymmetry": _asymmetry,
    "one_failure": _one_failure,
    "importance_performance": _map,
    "what_if": _what_if,
    "driver_segments": _segments,
}
