"""What banner tables, claims, gaps to peers and checks against a known truth say of themselves: no chance is news."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from cxlab.columns import difference, show
from cxlab.models.metrics.said import Said
from cxlab.models.metrics.sentences import SIZES
from cxlab.result import Result
from cxlab.stats.inference.inversion import t_at
from cxlab.stats.inference.multiple import adjusted
from cxlab.stats.inference.trinomial import z_value

THIN = 0.2
"""A table of which more cells than this expect fewer than 5 answers is tested by its shares of the best and means
(Cochran 1954)."""
EACH = 2
"""So many tables of one grouping are told while other groupings have some."""
TOLD = 4
"""So many tables are told; how many differ stands below them."""
MATTERS = {"share": 0.03, "points": 5.0, "index": 5.0}
"""The smallest difference that matters, in which findings of several units are ranked."""
MOST = {"share": 1.0, "points": 200.0, "index": 100.0}
"""The largest difference that there can be."""
LINES = ("metric", "mean", "net", "category")
"""Rows of a table that a finding may be of, what says most first."""


def _crosstab(r: Result) -> list[Said]:
    """Tables whose answers surely depend on the groups (Holm over all tables), each with its clearest pair."""
    tables = pd.DataFrame(r.parts["association"])
    tables = tables[tables["p"].notna()] if len(tables) else tables
    if not len(tables):
        return [Said("Nothing was tested: no table has two groups with enough answers", sure=False)]
    p = [t["p"] if t["small"] <= THIN else _of_pairs(r, t) for t in tables.to_dict("records")]
    surely = adjusted(p, "holm") < max(r.parts["levels"])
    if not surely.any():
        return [Said(f"No difference is certain in any of the tables tested: {len(tables)}")]
    found = sorted(
        filter(None, (_clearest(r, t, len(tables)) for t in tables[surely].to_dict("records"))), key=lambda f: f[0]
    )
    of: dict[str, int] = {}
    places = []
    for order, said in found:
        of[said.about["banner"]] = of.get(said.about["banner"], 0) + 1
        places.append((of[said.about["banner"]] > EACH, order, said))
    told = [said for _, _, said in sorted(places, key=lambda p: p[:2])]
    first = tables[surely].iloc[0]
    whole = f"Tables of which the answers surely differ between groups: {int(surely.sum())} of {len(tables)} tested"
    about = {"question": first["question"], "banner": first["banner"]}
    return [*told[:TOLD], Said(whole, about=told[0].about if told else about)]


def _of_pairs(r: Result, table: Mapping[str, Any]) -> float:
    """The p-value of a table by its metrics: the least of all pairs of its groups, Bonferroni over pairs and rows."""
    own = r.table[(r.table["question"] == table["question"]) & (r.table["banner"] == table["banner"])]
    own = own[own["kind"].isin(LINES[:2])]
    tests = r.parts["tests"]
    here = tests["first"].isin(own["letter"]) & tests["second"].isin(own["letter"]) & tests["row"].isin(own["row"])
    found = tests["p"][here & (tests["question"] == table["question"])]
    return min(1.0, float(found.min() * _pairs(own))) if len(found) else 1.0


def _pairs(rows: pd.DataFrame) -> float:
    """How many pairs of groups there are in these rows of a table."""
    groups = rows.groupby(["row", "outer"])["letter"].nunique()
    return float((groups * (groups - 1) / 2).sum())


def _clearest(r: Result, table: Mapping[str, Any], many: int) -> tuple[tuple, Said] | None:
    """The pair of groups that is surely furthest apart in a table, and its place among those of other tables.

    Its interval holds for all pairs of which it was chosen, in all ``many`` tables (Bonferroni); None where it holds 0.
    """
    own = r.table[(r.table["question"] == table["question"]) & (r.table["banner"] == table["banner"])]
    named = {c.letter: ", ".join(x for x in (str(c.outer), str(c.column)) if x) for c in own.itertuples()}
    lines = {c.row: (c.kind, c.unit) for c in own.itertuples()}
    tests = r.parts["tests"]
    tests = tests[(tests["question"] == table["question"]) & tests["first"].isin(named) & tests["second"].isin(named)]
    tests = tests[tests["row"].map(lambda row: lines.get(row, ("",))[0] in LINES)].dropna(subset=["se"])
    if not len(tests):
        return None
    chosen_of = many * _pairs(own[own["kind"].isin(LINES)])
    half = t_at(z_value(1 - (1 - r.level) / chosen_of), tests["df"].to_numpy(float)) * tests["se"].to_numpy(float)
    kinds, units = (tests["row"].map(lambda row, k=k: lines[row][k]) for k in (0, 1))
    sure = (tests["difference"].abs() - half) / units.map(MATTERS).fillna(1.0)
    best = pd.DataFrame({"kind": kinds.map(LINES.index), "sure": -sure}).sort_values(["kind", "sure"]).index[0]
    test, kind, unit = tests.loc[best], kinds[best], units[best]
    size, width = abs(float(test["difference"])), float(half[tests.index.get_loc(best)])
    if size <= width:
        return None
    more, less = (named[test[k]] for k in (("first", "second") if test["difference"] > 0 else ("second", "first")))
    word, factor, digits = SIZES.get(unit, ("", 1, 2))
    amount = f"{size * factor:.{digits}f} {'pp' if unit == 'share' else word}".strip()
    how = "more frequent" if kind in ("net", "category") else "higher"
    row = re.sub(r"^(Top-(\d+-)?box): .*", r"\1 share", test["row"])
    words = f"{table['question']} by {table['banner']}: {row} is {amount} {how} in {more} than in {less}"
    about = {"question": table["question"], "banner": table["banner"]}
    high = min(size + width, MOST.get(unit, size + width))
    said = Said(words, size, size - width, high, difference(unit), about=about)
    return (LINES.index(kind) > 1, kind == "mean", -float(sure[best])), said


HELD = {
    "SUPPORTED": "holds",
    "DIRECTION-ONLY": "has the right direction, but the effect may be too small to matter",
    "TRIVIAL": "is of an effect too small to matter",
    "CONTRADICTED": "is contradicted",
    "INCONCLUSIVE": "is open: the data cannot tell",
    "NOT-IDENTIFIED": "cannot be judged: the design of the study cannot carry it",
}
"""What each verdict means, in words."""
SETTLED = {"SUPPORTED": "holds in", "CONTRADICTED": "is contradicted in", "TRIVIAL": "is too small to matter in"}
"""Verdicts that settle a claim, the first told first."""


def _verdict(r: Result) -> list[Said]:
    name, sure = r.title.rpartition(": ")[0], r.parts["direction"] in SETTLED
    found = [Said(f"{name}: the claim {HELD[r.parts['direction']]}", sure=sure), Said(r.parts["sentence"], sure=sure)]
    ways = r.parts.get("specifications")
    if ways is not None and len(ways.table):
        part = f"{ways.parts['share']:.0%} of {len(ways.table)} ways to analyse it"
        found.append(Said(f"The same is found by {part}", sure=False))
    return found


def _claim_without_data(r: Result) -> list[Said]:
    return [Said(f"{r.title}: the claim cannot be tested", sure=False),
            Said(f"The study has no {r.table.iloc[0]['lacks']}", sure=False)]  # fmt: skip


def _scoreboard(r: Result) -> list[Said]:
    """Which claims real customers settle; simulated ones count only where there are no others."""
    simulated = r.table["study"].isin(r.parts["simulated"])
    real = bool((~simulated).any())
    rows, whose = (r.table[~simulated], "real customers") if real else (r.table, "SIMULATED customers")
    cards = list(dict.fromkeys(r.table["card"]))
    by = {k: rows["card"][rows["direction"] == k].nunique() for k in SETTLED}
    first, *more = [words.format(by[k]) for k, words in COUNTED.items() if by[k]] or [""]
    all_ = f"{', '.join([first, *more[:-1]])} and {more[-1]}" if more else first
    words = f"Answers of {whose} {all_} of {len(cards)} claims"
    found = [Said(words if first else f"Answers of {whose} settle none of {len(cards)} claims")]
    found += [Said(words) for words in _settled(rows)]
    none = sum((r.table["direction"][r.table["card"] == c] == "LACKS DATA").all() for c in cards)
    if none:
        found.append(Said(f"Claims that no study at hand can test: {none} of {len(cards)}", sure=False))
    return found


COUNTED = {"SUPPORTED": "support {}", "CONTRADICTED": "contradict {}", "TRIVIAL": "show too small an effect for {}"}
"""How many claims came to what."""


def _settled(rows: pd.DataFrame) -> Iterator[str]:
    """Each settled claim once, with the studies that settle it; those that studies disagree on say so."""
    for kind, words in SETTLED.items():
        for card, own in rows[rows["direction"] == kind].groupby("card", sort=False):
            other = rows[(rows["card"] == card) & rows["direction"].isin(set(SETTLED) - {kind})]
            but = f", and {SETTLED[other['direction'].iloc[0]]} {other['study'].iloc[0]}" if len(other) else ""
            yield f"{card}, \u201c{own['title'].iloc[0]}\u201d, {words} {', '.join(own['study'])}{but}"


def _peers(r: Result) -> list[Said]:
    words = f"{r.title}: how far apart they are cannot be told without the error of the own figure"
    return [Said(words, sure=False)]


def _gap(r: Result) -> list[Said]:
    """How far from its peers, and whether such a unit stands out among others of its kind."""
    gap, field, own = r.table.iloc[2], r.table.iloc[3], r.parts["unit"]
    peers, where = len(r.parts["peers"]), f" in {r.parts['measure']}" if r.parts.get("measure") else ""
    side = "above" if gap["estimate"] > 0 else "below"
    good = {"high": gap["estimate"] > 0, "low": gap["estimate"] < 0}[r.parts["best"]]
    tone = "" if r.parts["best"] == "high" else ", which is better" if good else ", which is worse"
    word, factor, digits = SIZES.get(r.unit, ("", 1, 2))
    size = f"{abs(gap['estimate']) * factor:.{digits}f} {'pp' if r.unit == 'share' else word}".strip()
    sure = bool(gap["p"] < 1 - r.level)
    sign = -1 if sure and gap["estimate"] < 0 else 1  # a size has no sign; what is open keeps it
    low, high = sorted(sign * float(gap[k]) for k in ("low", "high"))
    of = f"the mean of its {peers} peers" if peers > 1 else "its only peer"
    words = f"{own} is {size} {side} {of}{where}{tone}" if sure else f"Whether {own} differs from {of}{where} is open"
    unit = difference(r.unit)
    found = [Said(words, sign * float(gap["estimate"]), low, high, unit, sure)]
    if peers > 1:
        first, last = r.parts["rank_low"], r.parts["rank_high"]
        place = f"{first}" if first == last else f"{first} to {last}"
        among = f"Place of {own} among all {r.parts['places']} that the data allow: {place}"
        found.append(Said(among, sure=first == last))
        apart = bool(field["p"] < 1 - r.level)
        stands = "would stand out" if apart else "may not stand out"
        found.append(Said(f"{own} {stands} among such units in general", sure=apart))
    return found


def _league_change(r: Result) -> list[Said]:
    """Units that moved against the field for certain, beyond what their first wave lets expect."""
    between, t = r.title.rpartition(": ")[2], r.table
    beyond = (t["surprise_low"] > 0) | (t["surprise_high"] < 0)
    news = t[(t["p_adjusted"] < 1 - r.level) & beyond].sort_values("surprise", key=lambda s: -s.abs())
    unit = difference(r.unit)
    if not len(news):
        return [Said(f"No unit moved against the others for certain from {between}", sure=False)]
    return [
        Said(f"{row[r.parts['unit']]} {'rose' if row['gap_change'] > 0 else 'fell'} against the others from {between}: "
             f"{show(row['gap_change'], unit)}", row["gap_change"], row["gap_low"], row["gap_high"], unit)
        for _, row in news.iterrows()
    ]  # fmt: skip


def _regression_truth(r: Result) -> list[Said]:
    """Whether a model finds what was put in."""
    inside = int((r.table["inside"] == "yes").sum())
    right = f"Known effects that lie within their {r.level:.0%} intervals: {inside} of {len(r.table)}"
    return [Said(right, sure=inside == len(r.table))]


SAYS: dict[str, Callable[[Result], list[Said]]] = {
    "crosstab": _crosstab, "verdict": _verdict, "claim_without_data": _claim_without_data, "scoreboard": _scoreboard,
    "peers": _peers, "gap": _gap, "league_change": _league_change, "regression_truth": _regression_truth,
}  # fmt: skip
"""Each of these kinds and the function that says its main findings."""
