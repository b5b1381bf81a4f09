"""What results on comments and reviews say of themselves: shares of themes, what goes with the score, stars."""

from __future__ import annotations

from collections.abc import Callable

from cxlab.columns import show
from cxlab.languages.one_and_many import agreed
from cxlab.models.metrics.placing import extreme
from cxlab.models.metrics.said import Said
from cxlab.models.metrics.said import of_row as _of
from cxlab.result import Result


def _text_quality(r: Result) -> list[Said]:
    rows = r.table.set_index("check")
    if not rows.loc["answered", "n"]:
        return []
    empty = rows.loc["nothing to add"]
    words = f"{int(rows.loc['answered', 'n']):,} comments, {rows.loc['answered', 'what'].removesuffix(' rows')}"
    nothing = f"; {int(empty['n']):,} of them {'says' if empty['n'] == 1 else 'say'} nothing" if empty["n"] else ""
    return [Said(agreed(f"{words} rows") + nothing, sure=False)]


def _themes(r: Result) -> list[Said]:
    if r.parts["by"]:
        return _themes_of_groups(r)
    known = r.table.dropna(subset=["low"]).sort_values("estimate", ascending=False)
    if known.empty:
        return []
    first, others, of = known.iloc[0], known.iloc[1:], r.parts["of"]
    share = f"{show(first['estimate'], 'share')} of {of}"
    if (others["high"] < first["low"]).all():
        return [_of(first, f"{first['theme']} concerns most: {share}", "share")]
    second = others.iloc[0]
    also = f"{second['theme']} {show(second['estimate'], 'share')}"
    return [Said(f"{first['theme']} concerns {share}, {also}: which is more cannot be told")]


def _themes_of_groups(r: Result) -> list[Said]:
    """For each theme the group that it concerns more than any other, where the intervals say so; the clearest first."""
    groups = list(r.table.columns[: list(r.table.columns).index("theme")])
    known = r.table.dropna(subset=["low"])
    out = []
    for theme, of in known.groupby("theme", sort=False):
        order = of.sort_values("estimate", ascending=False)
        if len(order) < 2 or order["low"].iloc[0] <= order["high"].iloc[1:].max():
            continue
        first, name = order.iloc[0], " · ".join(str(order.iloc[0][g]) for g in groups)
        share = f"{show(first['estimate'], 'share')} of {r.parts['of']}"
        clear = (first["low"] - order["high"].iloc[1:].max()) / max(first["high"] - first["low"], 1e-9)
        out.append((clear, _of(first, f"{theme} concerns {name} more than any other: {share}", "share")))
    if not out and len(known):
        return [Said("No theme is told apart as one group's more than all others'", sure=False)]
    return [x for _, x in sorted(out, key=lambda pair: -pair[0])]


def _theme_impact(r: Result) -> list[Said]:
    score = r.title.partition(":")[0]
    themes = r.table[r.table["theme"] != "(constant)"].sort_values("p_adjusted")
    out = [
        _of(x, f"{x['theme']} goes with {show(abs(x['estimate']), r.unit)} {'more' if x['estimate'] > 0 else 'less'} "
               f"in {score}", r.unit)
        for _, x in themes[themes["p_adjusted"] < 0.05].iterrows()
    ]  # fmt: skip
    return out or [Said(f"Whether any theme goes with {score} cannot be told", sure=False)]


def _reviews(r: Result) -> list[Said]:
    if len(r.table) < 2:
        return []
    order = r.table.sort_values("estimate", ascending=False, kind="stable")  # the table is ranked by a bound
    first, sure = order.iloc[0], extreme(order["low"], order["high"], 0)
    of = r.title.partition(": ")[2]
    words = (
        f"{first[r.parts['unit']]} {'has' if sure else 'may have'} the highest mean of {of}: {first['estimate']:.2f}"
    )
    if sure and (first["selected_low"] <= order["selected_high"].iloc[1:]).any():
        words += "; who writes could turn that"
    return [_of(first, words, "mean", sure)]


SAYS: dict[str, Callable[[Result], list[Said]]] = {
    "themes": _themes, "theme_impact": _theme_impact, "text_quality": _text_quality, "reviews": _reviews,
}  # fmt: skip
"""Each kind of result on texts, and the function that says its findings."""
