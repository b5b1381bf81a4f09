"""Columns that are no answers: weights, ids, clusters, dates, people's names. Names propose, values dispose."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from cxlab.data import person_names, waves, wording
from cxlab.data.codebook import Field
from cxlab.data.conform import SAMPLE
from cxlab.data.doubt import Doubt
from cxlab.data.guess import Guess, asked
from cxlab.data.masking import quotable
from cxlab.data.profile import Column
from cxlab.data.readers.raw import number

Made = tuple[Field, list[Guess | Doubt]] | None

NAME = re.compile(r"(?:(?:dr|mr|mrs|ms|prof)\.? )?[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*){1,3}", re.I)
"""A person's name: two to four words that begin with a letter."""

MOST = 100
"""Values that are looked at, the most frequent first."""

WHO = re.compile(
    r"(?:respondent|panell?ist|participant|subject|proband|teilnehmer|person|customer|client|user|member|patient|guest"
    r"|household|kunde|befragter?)(?: (?:no|nr|num|number|key|code))?"
)
"""Names of numbered people, without the word id."""

MOST_WAVES = 200

BEGAN = re.compile(
    r"birth|born|geb|join|sign|regist|since|seit|depuis|desde|first|start|begin|expir|opened|cohort|model"
)
"""Names of when something else began: a customer, a contract."""

BODY = (30.0, 140.0)
"""Mean weights of grown-ups and children in kilogrammes lie between; survey weights have a mean of 1 or far above."""


MASS = re.compile(r"\b(?:kgs?|kilos?|kilogram\w*|g|gr|gram\w*|lbs?|pounds?|oz|ounces?|tons?|tonnes?|stone|кг|公斤)\b")
"""Units of what weighs something."""

NUMBERED = 100
"""In so many rows no question has another whole number in each, and hardly a gap between them."""

USUAL = (0.8, 1.25)
"""The mean of survey weights that are no expansion factors lies near 1; others are asked."""


def weight(c: Column, f: Field, role: str) -> Made:
    """A survey weight: called so, positive, not constant, and no body weight."""
    if role != "weight" or c.type not in ("integer", "number") or not c.filled:
        return None
    if MASS.search(wording.plain(c.name)):
        return f, [Guess(c.name, "no role", "its name says how much something weighs")]
    sure = wording.named("surely_weight", c.name)
    low, high, mean = c.low or 0.0, c.high or 0.0, c.mean or 0.0
    if low < 0 or c.distinct < 2 and not sure:
        why = "it holds negative numbers" if low < 0 else "one value in all rows"
        return f, [Guess(c.name, "no role", f"called a weight, but {why}")]
    seems = f"called a weight; {low:g} to {high:g}, mean {mean:.3g}"
    if not sure and low >= 2 and BODY[0] <= mean <= BODY[1] and high <= 300:
        said = f"{seems}: is it how much something weighs, or the weight of an answer in a sample?"
        no = asked(c.name, said, {"how much something weighs": "", "a survey weight": "role=weight"}, 0.7)
        return f, [Guess(c.name, "no role", f"{seems}: more like kilogrammes than a survey weight"), no]
    if not sure and c.type == "integer" and c.distinct <= 11 and low >= 0 and high <= 11:
        said = f"{seems}, {c.distinct} whole numbers: a rating, or the weight of an answer in a sample?"
        return None if c.distinct > 2 else (f, [Guess(c.name, "no role", said)])
    if not sure and not USUAL[0] <= mean <= USUAL[1]:
        said = f"{seems}: taken as the weight of an answer in the sample"
        yes = asked(c.name, said, {"a survey weight": "", "a measured number": "role="}, 0.6)
        return replace(f, role="weight"), [Guess(c.name, "role weight", "its name"), yes]
    return replace(f, role="weight"), [Guess(c.name, "role weight", "its name")]


def identity(c: Column, f: Field, role: str) -> Made:
    """An id of each row, or of somebody with several rows (a cluster); ratings called 'email' are none."""
    if not role and c.type == "integer" and WHO.fullmatch(wording.plain(c.name)):
        role = "id"
    if not role and _numbered(c):
        return replace(f, role="id"), [Guess(c.name, "role id", "another whole number in every row, one after another")]
    if role not in ("id", "cluster") or c.type in ("date", "datetime", "boolean") or not c.filled:
        return None
    if c.distinct < 2:
        return f, [Guess(c.name, "no role", "called an id, but one value in all rows")]
    if _answers(c):
        return None
    repeated = c.distinct < 0.9 * c.filled
    plain = c.name.casefold()
    if not repeated or re.search(wording.ONE_EACH, plain) and c.distinct > 0.5 * c.filled:
        return replace(f, role="id"), [Guess(c.name, "role id", "its name")]
    seen = f"about {c.distinct:,} values in {c.filled:,} rows"
    if role == "cluster" or re.search(wording.RESPONDENT, plain):
        why = f"its name; {seen}, so answers come from the same one"
        return replace(f, role="cluster"), [Guess(c.name, "role cluster", why)]
    what = asked(
        c.name, f"an id with {seen}: answers of one {c.name} are alike, or it is what is compared?",
        {"neither": "", "a cluster": "role=cluster", "a brand or unit to compare": "role=brand"}, 0.5,
    )  # fmt: skip
    return f, [Guess(c.name, "no role", f"called an id, but {seen}: a cluster or a unit, no id of a row"), what]


def _numbered(c: Column) -> bool:
    """Whether a column numbers the rows, with gaps where some were taken out; `NUMBERED` rows at least."""
    if c.type != "integer" or c.filled < max(NUMBERED, c.rows) or c.low is None or c.high is None or c.low < 0:
        return False
    counted = 1 if c.rows <= SAMPLE else 0.97  # above, different values are estimated
    return c.distinct >= counted * c.filled and c.high - c.low < 2 * c.filled


def _answers(c: Column) -> bool:
    """Whether a column called like an id holds ratings, yes and no, or one ticked option."""
    if c.distinct > 11 or c.filled < 3 * c.distinct:
        return False
    numbers = [number(v) for v in c.values]
    if c.type in ("integer", "number"):
        return bool(numbers) and all(v is not None and -5 <= v <= 11 for v in numbers)
    return not any("@" in v for v in c.values)


def place_in_time(c: Column, f: Field, role: str) -> Made:
    """Dates, waves, brands, strata: by name, and by the number of different values."""
    if c.type in ("date", "datetime"):
        if re.search(
            r"birth|geburt|naissance|nacimiento|nascita|nascimento|рожд|γέννησ|doğum|出生|生年|생년|ميلاد",
            c.name.casefold(),
        ):
            return f, [Guess(c.name, "no role", "a date of birth")]
        return replace(f, role="date"), [Guess(c.name, "role date", "holds dates")]
    if role == "brand" and _answers(c) and c.type in ("integer", "number") and set(c.values) <= {"0", "1"}:
        return None
    if (made := _in_time(c, f, role)) is not None:
        return made
    if role in ("brand", "strata") and 2 <= c.distinct <= (500 if role == "brand" else 200):
        return replace(f, role=role), [Guess(c.name, f"role {role}", f"its name; {c.distinct} values")]
    return None


def _in_time(c: Column, f: Field, role: str) -> Made:
    """Waves: called so, or quarters, months, weeks ... of a year; an order that nothing tells is asked."""
    if not 2 <= c.distinct <= MOST_WAVES:
        return None
    texts = list(c.values) if c.type == "string" else []
    if role == "wave":
        said: list[Guess | Doubt] = [Guess(c.name, "role wave", f"its name; {c.distinct} values")]
        if texts and not waves.ordered(texts, f).known:
            few = ", ".join(f"'{quotable(t)}'" for t in texts[:4])
            what = f"which of the waves {few} comes first? No change is called real until that is known"
            line = f"cxlab codebook set FILE {shlex.quote(c.name)} labels='EARLIEST=EARLIEST;NEXT=NEXT'"
            said.append(Doubt(c.name, what, ("not known",), line, 0.5))
        return replace(f, role="wave"), said
    dated = all(re.search(r"[^\W\d_]|(19|20)\d\d", t) and re.search(r"\d\d", t) for t in texts)
    if role or not texts or not dated or BEGAN.search(c.name.casefold()) or waves.calendar(texts) is None:
        return None
    which = asked(c.name, f"{c.distinct} parts of years: when the answers were given?",
                  {"yes": "", "a segment": "role=segment", "no": "role="}, 0.4)  # fmt: skip
    return replace(f, role="wave"), [Guess(c.name, "role wave", f"its {c.distinct} values are parts of years"), which]


PEOPLE = "names of people"
"""An answer to what a column may hold that is called like people."""


UNITS = ("brand", "wave", "weight", "strata", "cluster")
"""Roles that a header gives and names of people do not take away: brands and units are called after people."""

FEW_PEOPLE = 2_000
"""Different values above which a column is no segment anyway."""


def person(c: Column, f: Field, role: str) -> Made:
    """Names of people: never a segment, so that nobody is shown by name."""
    if c.type != "string" or not c.filled or not _about_people(c):
        return None
    why = "its name says it holds people's names; it is not shown"
    ask = asked(
        c.name, f"{c.distinct} texts in a column called like people: names of people, or groups?",
        {PEOPLE: "", "groups": "role=segment"}, 0.3,
    )  # fmt: skip
    return f, [Guess(c.name, "no role", why), *([ask] if 2 <= c.distinct <= 30 else [])]


def people(c: Column, f: Field, role: str) -> Made:
    """Full names of people under a header that does not say so: told by the values, and asked."""
    texts = list(f.labels.values()) if f.labels and f.scale is None else list(c.values)
    if role in UNITS or c.type != "string" and not f.labels or any("@" in t for t in texts):
        return None
    if c.distinct > FEW_PEOPLE or not (why := person_names.people(c.name, texts, c.facts.get("question") or "")):
        return None
    what = f"{why}: names of people, who are not shown, or groups?"
    answers = {PEOPLE: "", "groups": "role=segment"} if c.distinct > 1 else {PEOPLE: ""}
    return f, [Guess(c.name, "no role", f"{why}; it is not shown"), asked(c.name, what, answers, 0.5)]


def _about_people(c: Column) -> bool:
    said = wording.plain(c.name)
    if any(wording.says(key, c.name) for key in ("reason", "group", "demographic")):
        return False
    first, last = (said.split()[0], said.split()[-1]) if said else ("", "")
    called = wording.named("person", c.name) or wording.named("person", said.removesuffix(" name"))
    if not (called or wording.named("person", first) or wording.named("person", last) and last != "name"):
        return False
    values = list(c.values)[:MOST]
    ordinary = sum(1 for v in values if wording.named("channel", v) or wording.polarity(v) is not None)
    if values and ordinary * 2 >= len(values):
        return False
    names = sum(1 for v in values if NAME.fullmatch(v) and v[:1] == v[:1].upper())
    return called or bool(values) and names * 10 >= 7 * len(values)
