"""Which scale a question was answered on: from its labels, its wording and the answers themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxlab.data import wording
from cxlab.data.codebook import Scale
from cxlab.data.readers.raw import number
from cxlab.data.stated_ends import Stated, stated

SENTINELS = {-999, -99, -98, -97, -96, -9, -8, -7, -6, -2, -1, 66, 77, 88, 96, 97, 98, 99, 997, 998, 999, 9999}
"""Codes that stand for no answer when they lie apart from the ratings."""

LARGEST = 11

NOBODY_GAVE_0 = "read as 0 to 10"
"""What is said of a recommendation question answered 1 to 10."""

ENOUGH = 100
"""So many answers must be there to tell codes apart from a scale by what nobody answered."""

COMPLETE = ((1, 5), (1, 7), (0, 5))
"""Usual scales; a rare value apart from one of them, all of whose answers occur, is out of scale."""


@dataclass(frozen=True)
class Inferred:
    """A scale, codes that look like no answer, the reason, and further remarks as (what, why).

    ``turned`` is what in the wording may mean that the other end is best.
    """

    scale: Scale
    missing: Mapping[str, str]
    why: str
    more: tuple[tuple[str, str], ...] = ()
    turned: str = ""


def infer(
    values: Mapping[str, int],
    labels: Mapping[str, str],
    missing: Mapping[str, str],
    said: tuple[str, str],
    measure: str,
    *,
    top: float = 0.0,
) -> Inferred | None:
    """Return the scale of a question, or None when its answers are no ratings.

    Parameters
    ----------
    values : answer → how often; labels : code → wording; missing : codes known as no answer; said : name and question;
    measure : what it measures, or ''.
    A recommendation question answered 1 to 10 is read as 0 to 10 of which nobody gave 0, unless its labels or wording
    say otherwise: its NPS is the same number. Answers 1 to 11 stay what they are. Each guess says so.
    """
    known = set(missing) | {c for c, t in labels.items() if wording.no_answer(t)}
    gone = {c: missing.get(c, labels.get(c, "")) for c in known}
    codes = sorted({v for c in values if c not in gone and (v := number(c)) is not None})
    labelled = sorted({v for c in labels if c not in gone and (v := number(c)) is not None})
    wordings = {c: t for c, t in labels.items() if c not in gone}
    best, because, turned = _best(wordings, said, measure, labelled or codes)
    ending = (f"{'highest' if best == 'high' else 'lowest'} = best", because)
    new = lambda gone: {c: t for c, t in gone.items() if c not in missing}  # noqa: E731
    more: list[tuple[str, str]] = []
    if not labelled and (stepped := _stepped(codes, measure)):
        low, high, step = stepped
        scale = Scale(low, high, best, wordings, step)
        return Inferred(scale, new(gone), f"answers are {_listed(codes)}, in steps of {step:g}", (ending,), turned)
    whole = [c for c in codes if c.is_integer()]
    if not whole or len(whole) < len(codes):
        return None
    if two_sided := _two_sided(codes, values):
        low, high = two_sided
        apart = [c for c in codes if not low <= c <= high]
        gone = {**gone, **{f"{c:g}": "no answer (guessed)" for c in apart}}
        notes = [(f"missing code {c:g}", "far from the ratings, a usual code for no answer") for c in apart]
        why = f"answers run from {low:g} to {high:g} on both sides of 0"
        return Inferred(Scale(low, high, best, wordings), new(gone), why, (*notes, ending), turned)
    codes, gone, more = _sentinels(codes, labelled, gone, values, more)
    codes, gone, more = _apart(codes, labelled, gone, values, more)
    codes, more = _strays(codes, labelled, values, measure, more)
    if not codes or codes[0] < 0 or codes[-1] > LARGEST:
        return None
    codes, gone, more = _unused(codes, labelled, gone, measure, more)
    low, high, why, notes = _range(codes, labelled, said, measure)
    if top and top >= high and low <= 1:
        high, why = top, f"its texts say out of {top:g}"
    if high <= low:
        return None
    return Inferred(Scale(low, high, best, wordings), new(gone), why, (*more, *notes, ending), turned)


def _listed(codes: Sequence[float]) -> str:
    return ", ".join(f"{c:g}" for c in codes[:4]) + (f", ... {codes[-1]:g}" if len(codes) > 4 else "")


def _stepped(codes: list[float], measure: str) -> tuple[float, float, float] | None:
    """Return minimum, maximum and step of codes such as 0, 20, ..., 100 or 1, 1.5, ..., 5, else None."""
    if len(codes) < 3 or codes[0] < 0 or measure == "recommendation":
        return None
    step = next((s for s in (25, 20, 10, 5, 50) if all(c % s == 0 for c in codes)), None)
    if step and 20 < codes[-1] <= 100:
        low, high = codes[0], codes[-1]
        if step * 4 >= 100 - high and high > 50:
            high = 100.0
        points = (high - low) / step + 1
        return (low, high, step) if 3 <= points <= 11 and len(codes) * 2 > points else None
    halves = [c for c in codes if (2 * c).is_integer() and not c.is_integer()]
    if halves and codes[-1] <= 10 and all((2 * c).is_integer() for c in codes) and len(codes) >= 4:
        high = 5.0 if codes[-1] <= 5 else 10.0
        return (min(codes[0], 1.0) if codes[0] >= 0.5 else 0.0), high, 0.5
    return None


def _two_sided(codes: list[float], values: Mapping[str, int]) -> tuple[float, float] | None:
    """Return the ends of a scale on both sides of 0: contiguous codes such as -2 ... 2, alike on both sides."""
    near = [c for c in codes if -5 <= c <= 5]
    rest = [c for c in codes if c not in near]
    if not near or near[0] >= 0 or near[-1] <= 0 or any(c not in SENTINELS for c in rest):
        return None
    wide = max(-near[0], near[-1])
    lacking = int(near[-1] - near[0]) + 1 - len(near)
    if abs(near[0] + near[-1]) > (1 if wide > 2 else 0) or lacking > (1 if wide > 3 else 0):
        return None
    below = sum(n for c, n in values.items() if (v := number(c)) is not None and v in near and v < 0)
    rows = sum(n for c, n in values.items() if (v := number(c)) is not None and v in near)
    return (-wide, wide) if below * 50 > rows or wide > 2 else None


def rated(labels: Mapping[str, str], values: Mapping[str, int]) -> bool:
    """Whether labels read like a rating (known words at both ends, or few on a wide scale), not like categories."""
    real = {c: t for c, t in labels.items() if not wording.no_answer(t)}
    if wording.direction(real)[0]:
        return True
    codes = [v for c in real if (v := number(c)) is not None]
    bare = all(re.fullmatch(r"\W*\d+\W*", t) for t in real.values())
    if len(codes) == 1:  # one end of a scale whose other end nobody gave
        answers = [v for c in values if c not in labels and (v := number(c)) is not None]
        return bare or len(answers) >= 3 and not min(answers) < codes[0] < max(answers) and _wide([*answers, *codes])
    return bool(codes) and (bare or len(real) <= 3 and _wide(codes))


def _wide(codes: Sequence[float]) -> bool:
    return max(codes) - min(codes) >= 4


def _sentinels(
    codes: list[float],
    labelled: list[float],
    gone: dict[str, str],
    values: Mapping[str, int],
    more: list[tuple[str, str]],
) -> tuple[list[float], dict[str, str], list[tuple[str, str]]]:
    """Take codes such as 98 or -99 away when they lie apart from the ratings."""
    ratings = [c for c in codes if c not in SENTINELS or c in labelled]
    apart = [c for c in codes if c not in ratings and (not ratings or c < min(ratings) - 0.5 or c > max(ratings) + 4)]
    if not apart or not ratings:
        return codes, gone, more
    for c in apart:
        gone = {**gone, f"{c:g}": "no answer (guessed)"}
        often = sum(values.get(k, 0) for k in (f"{c:g}", f"{c:.1f}"))
        more.append((f"missing code {c:g}", f"far from the ratings, a usual code for no answer; {often:,} times"))
    return [c for c in codes if c not in apart], gone, more


def _apart(
    codes: list[float],
    labelled: list[float],
    gone: dict[str, str],
    values: Mapping[str, int],
    more: list[tuple[str, str]],
) -> tuple[list[float], dict[str, str], list[tuple[str, str]]]:
    """Take 7, 8 and 9 away where they lie apart from a complete scale of 4 to 7 points that many answered.

    Of a scale that went on to 10 somebody would have given what lies between, and 10.
    """
    rows = sum(values.values())
    full = next(
        (h for h in (4, 5, 7) for low in (0, 1) if set(range(low, h + 1)) <= set(codes) and h + 1 not in codes), 0
    )
    apart = [c for c in codes if full and c > full]
    if labelled or not apart or not set(apart) <= {7, 8, 9} or apart[0] < full + 2 or rows < ENOUGH:
        return codes, gone, more
    count = lambda some: sum(n for t, n in values.items() if number(t) in some)  # noqa: E731
    if count(apart) * 100 <= rows or count(apart) * 2 > rows:
        return codes, gone, more
    for c in apart:
        gone = {**gone, f"{c:g}": "no answer (guessed)"}
        more.append((f"missing code {c:g}", f"apart from 1 to {full}, which is complete; {count([c]):,} times"))
    return [c for c in codes if c not in apart], gone, more


def _strays(
    codes: list[float], labelled: list[float], values: Mapping[str, int], measure: str, more: list[tuple[str, str]]
) -> tuple[list[float], list[tuple[str, str]]]:
    """Leave out rare values beyond a scale; `cxlab.data.check` and doctor report them.

    Values beyond any rating scale, up to 5 % of the answers, and values apart from a complete usual scale,
    up to 1 %.
    """
    beyond = [c for c in codes if not 0 <= c <= LARGEST]
    if not measure and set(beyond) & {LARGEST + 1, LARGEST + 2}:
        return codes, more  # a list of categories that goes on
    rows = sum(values.values())
    count = lambda some: sum(n for t, n in values.items() if number(t) in some)  # noqa: E731
    if count(beyond) * 20 > rows:
        return codes, more
    inside = [c for c in codes if c not in beyond]
    if measure != "recommendation" and not labelled:
        for low, high in COMPLETE:
            apart = [c for c in inside if c > high]
            full = {c for c in inside if c <= high} == set(range(low, high + 1))
            if full and apart and min(apart) > high + 1 and count(apart) * 100 <= rows:
                beyond, inside = [*apart, *beyond], [c for c in inside if c not in apart]
                break
    if not beyond:
        return codes, more
    said = (f"{count(beyond):,} of {rows:,} answers; out of scale: left out and counted",)
    return inside, [*more, (f"{_listed(beyond)} left outside the scale", *said)]


def _unused(
    codes: list[float], labelled: list[float], gone: dict[str, str], measure: str, more: list[tuple[str, str]]
) -> tuple[list[float], dict[str, str], list[tuple[str, str]]]:
    """Propose 0 and 6 around a 1 to 5 scale, 0 below it, and 11 above 0 to 10, as codes for no answer."""
    if labelled:
        return codes, gone, more
    whole = {int(c) for c in codes}
    if measure == "recommendation":
        if {0, 11} <= whole:
            gone = {**gone, "11": "no answer (guessed)"}
            more.append(("missing code 11", "0 to 10 is complete without it"))
        return [c for c in codes if f"{c:g}" not in gone], gone, more
    if whole <= set(range(7)) and {0, 6} <= whole and len(whole & {1, 2, 3, 4, 5}) >= 3:
        gone = {**gone, "0": "blank (guessed)", "6": "not used (guessed)"}
        more.append(("missing codes 0 and 6", "they surround 1 to 5; declare a scale 0 to 6 if they are answers"))
    elif whole <= set(range(6)) and {0, 5} <= whole and len(whole) >= 5:
        gone = {**gone, "0": "not rated (guessed)"}
        more.append(("missing code 0", "1 to 5 is the usual scale; declare 0 to 5 if 0 is an answer"))
    elif whole == set(range(1, 7)):
        more.append(("6 kept as an answer", "1 to 6 is a scale; declare 6 as missing if it means 'not used'"))
    return [c for c in codes if f"{c:g}" not in gone], gone, more


def _range(
    codes: list[float], labelled: list[float], said: tuple[str, str], measure: str
) -> tuple[float, float, str, list[tuple[str, str]]]:
    """Return minimum, maximum, why, and remarks."""
    low, high = min(codes), max(codes)
    named = told(said[1])
    if named and named[0] <= low and high <= named[1]:
        return *named, f"the question says {named[0]:g} to {named[1]:g}", []
    if len(labelled) > 1 and labelled[0] <= low and high <= labelled[-1]:
        notes = _coded(labelled[0], labelled[-1]) if measure == "recommendation" else []
        return labelled[0], labelled[-1], f"its labels run from {labelled[0]:g} to {labelled[-1]:g}", notes
    seen = f"answers run from {low:g} to {high:g}"
    if measure == "recommendation":
        if low == 0 and high > 5:
            return 0, 10, f"{seen}; recommendation with a 0 is 0 to 10", []
        if high > 10:
            return 1, high, seen, _coded(1, high)
        if high > 7:
            why = "recommendation is asked from 0 to 10; nobody gave 0; declare 1 to 10 if that was asked"
            return 0, 10, f"{seen}, no 0 among them", [(NOBODY_GAVE_0, why)]
    bottom = 0 if low == 0 else 1
    return bottom, max(high, bottom + 1), seen, []


def told(question: str) -> tuple[float, float] | None:
    """Return the range that a question names: '0-10', 'from 1 to 5', 'scale of 0 to 10'."""
    found = re.search(r"\b([01])\s*(?:[-–—]|to|bis|à|a|до|έως|至|到)\s*(3|4|5|6|7|9|10|11)\b", question)
    found = found or re.search(r"\b([01])\s*[=(][^()=]{2,40}\)?[^=(]{0,40}?\b(3|4|5|6|7|9|10|11)\s*[=(]", question)
    return (float(found[1]), float(found[2])) if found else None


def _coded(low: float, high: float) -> list[tuple[str, str]]:
    if (low, high) == (1, 11):
        why = "0 to 10 shifted by one, it seems; NPS is refused until you subtract 1 in the data and declare 0 to 10"
        return [("kept as 1 to 11", why)]
    if (low, high) == (1, 10):
        why = "its labels begin at 1; NPS is refused on 1 to 10; declare 0 to 10 if that was asked"
        return [("kept as 1 to 10", why)]
    return []


def _best(
    labels: Mapping[str, str], said: tuple[str, str], measure: str, codes: Sequence[float]
) -> tuple[str, str, str]:
    """Return which end is best, why, and what in the question may mean the other end."""
    best, because = wording.direction(labels, measure)
    if best:
        return best, because, ""
    usual = [c for c in codes if -5 <= c <= LARGEST]
    ends = told(said[1]) or (usual[0], usual[-1]) if usual else None
    found = stated(said[1], *ends, about=measure) if ends and ends[0] < ends[1] else Stated()
    if found.best:
        return found.best, found.why, ""
    if measure == "effort-v1":
        return "low", "much effort is bad; no label says so", found.doubt
    return "high", "no label says which end is best; assumed", found.doubt
