"""Codes for no answer in numbers that are no ratings: -99 among numbers of visits, 9999 among amounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cxlab.data import wording
from cxlab.data.codebook import Field
from cxlab.data.doubt import COUNTED
from cxlab.data.guess import Log
from cxlab.data.profile import Column
from cxlab.data.readers.raw import number

READ = {"", "operation", "segment", "touchpoint", "importance", "outcome"}
"""Roles whose numbers are looked at; those of ids, weights, designs and times are not."""

OFTEN = 2
"""So many times a code must occur to be one; whoever measures does not hit the same number by chance that far out."""

FAR = 3.0
"""A code lies so many times the width of all other numbers above them."""

PRICE = re.compile(r"price|preis|prix|preci|prezz|prijs|cost|kost|fee\b|цен|τιμ|价|価格", re.I)
"""Names of what ends in 9 by itself."""

SMALL = 5.0
"""-1 to -9 are codes where all other numbers are 0 and above, up to so many times the code at least ..."""

MOST = 3
"""... and where no more than so many of them occur, and they are no tail that goes on from 0."""

RARE = 0.01
"""-1 to -9 that fewer than this share of the rows hold may be the end of a tail."""

DEAR = 30.0
"""A price lies so many times the width of all other prices above them to be a code."""


@dataclass(frozen=True)
class Seen:
    """Codes that are none of the other numbers, which run from ``low`` to ``high``, and those that may be."""

    low: float
    high: float
    sure: Mapping[float, int]
    perhaps: Mapping[float, int]


def settle(fields: dict[str, Field], columns: Mapping[str, Column], log: Log) -> None:
    """Take usual codes for no answer that lie far from all other numbers of a column as such, and ask.

    Those that may be numbers count, and are asked. Ratings have rules of their own (`cxlab.data.scales`).
    """
    for f in list(fields.values()):
        c = columns.get(f.name)
        if c is None or f.scale or f.unit or f.role not in READ or f.type not in ("integer", "number"):
            continue
        known = {v for k in (*f.missing, *f.labels) if (v := number(k)) is not None}
        found = seen(c, known, money=wording.says("spend", *c.said) or bool(PRICE.search(" ".join(c.said))))
        if found is None:
            continue
        ends = f"{found.low:.12g} to {found.high:.12g}"
        if found.sure:
            gone = {f"{v:.12g}": "no answer (guessed)" for v in found.sure}
            fields[f.name] = replace(f, missing={**f.missing, **gone})
            for v, n in found.sure.items():
                why = f"far from all other numbers ({ends}), a usual code for no answer; {n:,} times"
                log.say(f.name, f"missing code {v:.12g}", why)
            said = f"{_counted(found.sure, c)} beside {ends}: taken as no answer"
            log.ask(f.name, said, {"no answer": "", "a number": f"missing={','.join(f.missing)}"}, 0.6)
        if found.perhaps:
            codes = ",".join((*f.missing, *(f"{v:.12g}" for v in (*found.sure, *found.perhaps))))
            said = f"{_counted(found.perhaps, c)} beside {ends}{COUNTED}is it a code for no answer?"
            log.ask(f.name, said, {"a number": "", "no answer": f"missing={codes}"}, 0.5)


def _counted(codes: Mapping[float, int], c: Column) -> str:
    return " and ".join(f"{v:.12g} ({n:,} of {c.filled:,})" for v, n in codes.items())


def seen(c: Column, known: set[float], *, money: bool) -> Seen | None:
    """Return which usual codes for no answer a column of numbers holds beside its other numbers; None if none.

    Parameters
    ----------
    c : the column. ``known`` : numbers that the codebook explains. ``money`` : whether it holds prices, which end in 9.
    """
    codes = {v: n for v, n in sorted(c.codes.items()) if v not in known}
    if not codes or c.beside is None or c.filled - sum(c.codes.values()) < OFTEN:
        return None
    low, high = c.beside
    tail, small = _tail(c, codes), [v for v in codes if -10 < v < 0]
    below = small if len(small) > MOST else tail if len(tail) > 1 else []  # numbers: changes, differences
    codes = {v: n for v, n in codes.items() if v not in below}
    low = min((low, *below))
    money = money or _priced(c)
    doubtful = [v for v, n in codes.items() if v in tail or -10 < v < 0 and n < RARE * c.filled]
    kinds = {v: "perhaps" if v in doubtful else _kind(v, n, low, high, money=money) for v, n in codes.items()}
    chosen = [{v: codes[v] for v, kind in kinds.items() if kind == which} for which in ("sure", "perhaps")]
    return Seen(low, high, *chosen) if any(chosen) else None


def _tail(c: Column, codes: Mapping[float, int]) -> list[float]:
    """The numbers from -1 down that go on from 0, none more frequent than the one above it: a tail, as it seems."""
    out: list[float] = []
    above = c.values.get("0", c.filled) if c.beside is not None and c.beside[0] == 0 else 0
    while (v := -1.0 - len(out)) in codes and codes[v] <= above:
        out.append(v)
        above = codes[v]
    return out


def _priced(c: Column) -> bool:
    """Whether half or more of the numbers end in 9, as prices do."""
    rest = [t for t in c.values if t.lstrip("-").replace(".", "", 1).isdigit() and float(t) not in c.codes]
    return 2 * sum(t.endswith("9") for t in rest) >= len(rest) > 1


def _kind(code: float, often: int, low: float, high: float, *, money: bool) -> str:
    """Return 'sure', 'perhaps' or '' for one code beside numbers from ``low`` to ``high``."""
    width = max(high - low, 1.0)
    if code < 0:
        below = low >= 0 or code < low - FAR * width
        if not below:
            return ""
        apart = high >= SMALL * -code or code <= low - FAR * width
        return "sure" if code <= -90 or apart and often >= OFTEN else "perhaps"
    if code <= high + (FAR if money else 0.5 if code < 90 else 0.1) * width:
        return ""
    far = code > high + (DEAR if money else FAR) * width
    return "sure" if far and often >= OFTEN else "perhaps"
