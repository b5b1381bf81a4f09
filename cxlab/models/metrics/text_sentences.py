"""What results on comments and reviews say of themselves: shares of themes, what goes with the score, stars."""

from __future__ import annotations

from collections.abc import Callable

from cxlab.columns import show, span
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
    of = r.title.partition(": ")[2]
    if len(r.table) == 1:
        only = r.table.iloc[0]
        return [_of(only, f"{only[r.parts['unit']]} has a mean of {of} of {only['estimate']:.2f}", "mean")]
    order = r.table.sort_values("estimate", ascending=False, kind="stable")  # the table is ranked by a bound
    first, sure = order.iloc[0], extreme(order["low"], order["high"], 0)
    words = (
        f"{first[r.parts['unit']]} {'has' if sure else 'may have'} the highest mean of {of}: {first['estimate']:.2f}"
    )
    if sure and (first["selected_low"] <= order["selected_high"].iloc[1:]).any():
        words += "; who writes could turn that"
    if r.parts.get("mixed"):
        words += "; two scales may be mixed"
    return [_of(first, words, "mean", sure)]


def _labels_needed(r: Result) -> list[Said]:
    need = f"{int(r.table['labels'].min()):,} to {int(r.table['labels'].max()):,}"
    words = "How many customers each theme concerns is not known until people have coded some comments"
    return [Said(f"{words}: {need} drawn at random for {r.table['half'].iat[0] * 100:g} points either way")]


def certainty(r: Result) -> list[Said]:
    """Return what a page about texts says after its first finding: what comes next, and how sure it is."""
    if r.kind == "themes" and not r.parts["by"]:
        known = r.table.dropna(subset=["low"]).sort_values("estimate", ascending=False)
        if known.empty:
            return []
        after = [
            f"{x['theme']} {show(x['estimate'], 'share')} ({span(x['low'], x['high'], 'share')})"
            for _, x in known.head(4).iterrows()
        ]
        coded = f"People coded {int(known['labels'].iloc[0]):,} of {int(known['n'].iloc[0]):,} comments"
        apart = len(known) > 1 and known["low"].iat[0] > known["high"].iloc[1:].max()
        words = f"{coded}; after it come {', '.join(after[1:])}" if apart else f"{coded}: {', '.join(after)}"
        return [Said(words)]
    if r.kind == "reviews" and "readier" in r.parts:
        first, swaps = r.table.sort_values("estimate", ascending=False, kind="stable").iloc[0], r.parts["swaps"]
        band = f"{first['selected_low']:.2f} to {first['selected_high']:.2f}"
        words = f"If customers of no score write more than {r.parts['readier']:g} times as readily as others, all "
        words += f"customers of {first[r.parts['unit']]} have a mean of {band}"
        apart = int((swaps["overlap"] != 1).sum())
        pairs = f"; of {len(swaps)} {'pair' if len(swaps) == 1 else 'pairs'} of neighbours {apart or 'none'} "
        pairs += f"{'are' if apart > 1 else 'is'} told apart by the reviews"
        return [Said(words + (pairs if len(swaps) else ""))]
    return []


SAYS: dict[str, Callable[[Result], list[Said]]] = {
    "themes": _themes, "theme_impact": _theme_impact, "text_quality": _text_quality, "reviews": _reviews,
    "labels_needed": _labels_needed,
}  # fmt: skip
"""Each kind of result on texts, and the function that says its findings."""
