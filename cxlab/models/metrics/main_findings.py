"""The message of a page: its main finding in words and at most five findings, ranked over all that was compared."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxlab.columns import Column, show, span
from cxlab.data.arguments import public
from cxlab.languages import speech
from cxlab.models.metrics import kind_sentences, placing, registry, text_sentences
from cxlab.models.metrics.best_answers import TOP_BOX
from cxlab.models.metrics.families import judged, together
from cxlab.models.metrics.result_words import NO_ANSWER
from cxlab.models.metrics.sentences import SIZES, differences, span_of
from cxlab.models.metrics.standing import in_words
from cxlab.problem import DataProblem
from cxlab.result import FIGURE, Result

MOST = 5
"""So many findings a reader takes in."""
DRAWN = ("comparison", "trend", "impact", "scorecard", "metric")
"""Kinds of results that have a picture to carry the message."""
ROUNDS = ((1, 3), (2, 4), (MOST, MOST))
"""How many findings of one comparison, and of one kind (over time, between groups), are told, round by round."""


class Message(Result):
    """A result that a page begins with: ``title`` is the main finding, the table has the others as sentences."""

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"- {line}" for line in self.table["finding"]), *self.notes])

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(speech.said(line))}</li>" for line in self.table["finding"])
        notes = "".join(f"<p><small>{html.escape(speech.noted(n))}</small></p>" for n in self.notes)
        head = f"<p><strong>{html.escape(speech.said(self.title))}</strong></p>"
        return f"<div class='text cx-message {FIGURE.partition(' ')[2]}'>{head}<ol>{lines}</ol>{notes}</div>"


@dataclass(frozen=True)
class Told:
    """A real difference: where it comes from, what it is in words, and how many times what matters it surely is."""

    source: int
    row: pd.Series
    weight: float
    key: tuple[str, float]
    time: bool
    headline: str
    sentence: str


LAST = 1e-6
"""What a finding of those who gave no answer weighs beside others."""


@public
def message(*results: Result, level: float = 0.95) -> Message:
    """Return the main finding of a page in words and at most five findings, ranked by size and certainty.

    A finding is a difference that is real; its rank is the end of its interval next to 0, in units of the smallest
    difference that matters: what it surely is. Where nothing is real the message says so, and where we stand.

    Parameters
    ----------
    results : everything the page computed: comparisons and trends (judged as one family, if they are not yet),
        estimates, as `cx.scorecard` and `cx.csat` give them, for where we stand and which touchpoints lead and lag, and
        other results, which say their main finding themselves (what is sure first, in the order given).
    level : of the verdicts that are made here.

    Returns
    -------
    Result whose ``title`` is the message; its table has ``finding, estimate, low, high, unit``; ``parts['source']`` is
    the place among ``results`` of the one that carries the first finding (its picture goes with it, drawn with
    ``parts['about']``).

    Raises
    ------
    DataProblem : no result is given.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.load("brand-tracker")
    >>> cx.pages.message(cx.compare(study, "nps", by="brand", pairs="rest")).title
    'Alba is 24.1 points above the others together in NPS'
    """
    if not results:
        raise DataProblem(
            "a message needs results; give those of cx.compare, cx.trend, cx.scorecard or cx.csat. On a page: no "
            "section of it applies to these data; the lines 'not shown' say what each needs, and one of them is enough"
        )
    places = [k for k, r in enumerate(results) if judged(r)]
    compared = [results[k] for k in places]
    if len(compared) > 1 and not all(r.parts.get("together") for r in compared):
        compared = together(*compared)
    told = chosen([t for k, r in zip(places, compared, strict=True) for t in _told(k, r, _waves(compared))])
    stand, spread = _standing(results), _touchpoints(results)
    own = spoken(results)
    heard = [(k, x) for k, x in own if results[k].kind == "themes"][:1]
    told = told[: MOST - bool(stand) - bool(heard)]  # where we stand, and what customers write of, have their own place
    lines = [(t.sentence, t.row["estimate"], t.row["low"], t.row["high"], results[t.source].unit) for t in told]
    own = heard + [one for one in own if one not in heard]
    if own and all(r.kind in text_sentences.SAYS for r in results):  # a page about texts: then how sure that is
        own[1:1] = [(own[0][0], x) for x in text_sentences.certainty(results[own[0][0]])]
    about: dict[str, str] = {}
    if told:
        title, source = told[0].headline, told[0].source
    elif own:
        title, source, about = own[0][1].headline, own[0][0], own[0][1].about
    else:
        title, source = _quiet(compared, stand, spread)
        source = places[0] if source is None and places else source or 0
    room = MOST - len(lines) - bool(stand)
    lines += [(x.sentence, x.estimate, x.low, x.high, x.unit) for _, x in own[:room]]
    others = [x for x in (stand, spread) if x and len(lines) < MOST and x[0] != title]
    lines += [x[:5] for x in others][: MOST - len(lines)]
    table = pd.DataFrame(lines, columns=["finding", "estimate", "low", "high", "unit"])
    return Message(
        kind="message", title=title, table=table, level=level,
        method="ranked by the end of the interval next to 0, in units of the smallest difference that matters",
        notes=tuple(_caveats(results)),
        parts={"source": source, "real": len(told), "drawn": results[source].kind in (*DRAWN, *kind_sentences.SAYS),
               "about": about, "of": {"kind": results[source].kind, "title": results[source].title}},
        columns=(Column("finding", "text", "", "Finding"),),
    )  # fmt: skip


def spoken(results: Sequence[Result]) -> list[tuple[int, kind_sentences.Said]]:
    """Return what the results say of themselves, with their place: what is sure first, of each result its first finding
    before any second one, and each sentence once."""
    found = [(k, i, x) for k, r in enumerate(results) for i, x in enumerate(kind_sentences.said(r))]
    found.sort(key=lambda one: (not one[2].sure, one[1] > 0, one[0], one[1]))
    once: dict[str, tuple[int, kind_sentences.Said]] = {}
    for k, _, x in found:
        once.setdefault(x.sentence, (k, x))
    return list(once.values())


def _waves(results: Sequence[Result]) -> set[str]:
    """The columns of time among what was compared."""
    return {r.parts["wave"] for r in results if r.parts.get("wave")}


def _caveats(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(n for r in results for n in r.notes if n.startswith("SIMULATED")))


def chosen(found: Sequence[Told], most: int = MOST) -> list[Told]:
    """Return the findings to tell, the heaviest first: each once, and not all of one comparison or of one kind while
    others have some."""
    ranked = sorted(found, key=lambda t: -t.weight)
    out: list[Told] = []
    for each, kind in ROUNDS:
        for t in ranked:
            known = any(t.key == o.key for o in out)
            alike = sum(o.source == t.source for o in out) >= each or sum(o.time == t.time for o in out) >= kind
            if len(out) < most and not known and not alike:
                out.append(t)
    return sorted(out, key=lambda t: -t.weight)


def _told(source: int, result: Result, waves: set[str]) -> list[Told]:
    """The real differences of a comparison or trend."""
    if result.kind not in ("comparison", "trend"):
        return []
    table, smallest = differences(result), float(result.parts.get("smallest") or 1)
    time = result.kind == "trend" or result.parts.get("compared") in waves
    out = []
    for _, row in table[table["verdict"] == "real"].iterrows():
        sure = min(abs(row["low"]), abs(row["high"])) if row["low"] * row["high"] > 0 else 0.0
        headline, sentence = said(row, result, time)
        if NO_ANSWER in (str(row["name"]), str(row["against"])):  # no group that anybody can go to: after all others
            sure *= LAST
        out.append(Told(source, row, sure / smallest, _key(row, result), time, headline, sentence))
    return out


def _key(row: pd.Series, result: Result) -> tuple[str, float]:
    """The same for what stands in two tables, as the only change of two waves and their ends."""
    return result.parts["metric"], round(abs(float(row["estimate"])), 9)


def said(row: pd.Series, result: Result, time: bool) -> tuple[str, str]:
    """Return a difference as a headline and as a sentence with its interval.

    A change over time rose or fell; a group is above or below another. Where less is better the words say so.
    """
    word, factor, digits = SIZES.get(result.unit, ("", 1, 2))
    word = "pp" if result.unit == "share" else word
    sign = 1 if row["estimate"] >= 0 else -1
    size = f"{abs(row['estimate']) * factor:.{digits}f} {word}".strip()
    low, high = sorted(sign * float(row[end]) * factor for end in ("low", "high"))
    good = {"up": sign > 0, "down": sign < 0}.get(result.better)
    tone = "" if result.better != "down" else ", which is better" if good else ", which is worse"
    name, measure = str(row["name"]), _measure(result)
    if time:
        first, _, last = name.rpartition(", ")
        last, first = _ends(last, first, row["against"])
        what = f"{first}: {measure}" if first else measure
        headline = f"{what} {'rose' if sign > 0 else 'fell'} by {size} from {row['against']} to {last}"
    else:
        side = "above" if sign > 0 else "below"
        column = str(result.parts.get("labels", {}).get(result.parts.get("compared"), result.parts.get("compared", "")))
        known = column.casefold() in ("", "brand", "item") or column.casefold() in name.casefold()
        of = "" if known else f"{column} " if column.endswith(("?", "？", "؟", ":")) else f"{column}: "
        headline = f"{of}{name} is {size} {side} {row['against']} in {measure}"
    return headline + tone, f"{headline}{tone} ({span_of(low, high, digits)})"


def _ends(last: str, first: str, against: Any) -> tuple[str, str]:
    """The wave of a change and what it is of, whichever of them the name has first."""
    known = str(against)
    similar = sum(a == b for a, b in zip(first, known, strict=False)) > sum(
        a == b for a, b in zip(last, known, strict=False)
    )
    return (first, last) if first and similar else (last, first)


def _measure(result: Result) -> str:
    """What a comparison is of, in a headline."""
    if TOP_BOX.match(result.title):
        return result.title.partition(" by ")[0].partition(":")[0]
    name = registry.label(result.parts["metric"])
    if name not in ("mean", "share"):
        asked = [v for k, v in result.parts.get("labels", {}).items() if k not in result.table or k == "item"]
        items = result.table["item"].unique() if "item" in result.table else ()
        asked = [str(result.parts["labels"].get(i, i)) for i in items] or asked
        return f"{name} of {asked[0]}" if len(asked) == 1 and result.parts["metric"] != "nps" else name
    words = re.sub(r" = (1|True|yes)$", "", result.title.partition(" by ")[0].partition(":")[0])
    return words[:1].lower() + words[1:]


def _quiet(compared: Sequence[Result], stand: tuple | None, spread: tuple | None) -> tuple[str, int | None]:
    """The message of a page on which nothing is real, and the place of what carries it."""
    for x in (spread, stand):
        if x and not compared:
            return x[0], x[5]
    named = [
        pd.Series(list(r.table["verdict"]), index=r.parts.get("tests") or r.table.index, dtype=object) for r in compared
    ]
    verdicts = pd.concat(named) if named else pd.Series([], dtype=object)
    verdicts = verdicts[~verdicts.index.duplicated()]  # of two groups each is compared with the other: once
    tested = verdicts[verdicts.isin(["noise", "cannot tell", "real, but smaller than matters"])]
    if not len(tested):
        return (stand[0], stand[5]) if stand else ("Nothing to compare: no two groups have enough answers", None)
    noise = int((tested != "cannot tell").sum())
    rest = len(tested) - noise
    if not noise and rest == 1:
        return "No difference is certain: the sample cannot tell the one that was compared", None
    if not noise:
        return f"No difference is certain: the sample cannot tell any of {rest} compared", None
    which = [f"{noise} too small to matter"]
    which += [f"{rest} the sample cannot tell"] if rest else []
    return f"No difference is certain: of {len(tested)} compared, {' and '.join(which)}", None


def _standing(results: Sequence[Result]) -> tuple | None:
    """Where we stand: the last wave, or the leader of the brands; else the first metric of a scorecard."""
    for k, result in enumerate(results):
        if result.kind == "standing" and len(result.table) and result.table["estimate"].notna().iloc[0]:
            row = result.table.iloc[0]
            return in_words(result), row["estimate"], row["low"], row["high"], result.unit, k
    for k, result in enumerate(results):
        if result.kind == "scorecard" and len(result.table):
            known = result.table[result.table["estimate"].notna()]
            if not len(known):
                continue
            row = known.iloc[0]
            number = f"{show(row['estimate'], row['unit'])} ({span(row['low'], row['high'], row['unit'])})"
            named = f"{row['metric']} of {row['question']}"
            if str(row["metric"]).casefold().endswith(str(row["question"]).casefold()):
                named = str(row["metric"])  # 'Share left', not 'Share left of Left'
            words = f"{named} is {number}"
            return words, row["estimate"], row["low"], row["high"], row["unit"], k
    return None


def _touchpoints(results: Sequence[Result]) -> tuple | None:
    """Which touchpoint comes first and which last, where these two are apart, and whether others may be."""
    for k, result in enumerate(results):
        table = result.table
        if result.kind not in ("metric", "journey") or "item" not in table or table["item"].nunique() < 3:
            continue
        known = table[table["estimate"].notna()]
        if len(known) < 3 or known["item"].duplicated().any() or result.better == "none":
            continue
        order = known.sort_values("estimate", ascending=result.better == "down")
        best, worst = order.iloc[0], order.iloc[-1]
        apart = best["low"] > worst["high"] or best["high"] < worst["low"]
        if apart and all(math.isfinite(x) for x in (best["low"], worst["high"])):
            low, high = (str(result.parts.get("labels", {}).get(r["item"], r["item"])) for r in (worst, best))
            number = [show(r["estimate"], result.unit) for r in (worst, best)]
            sure = [placing.extreme(order["low"], order["high"], at) for at in (len(order) - 1, 0)]
            words = placing.ends((low, high), number, len(known), sure)
            return words, worst["estimate"], worst["low"], worst["high"], result.unit, k
    return None
