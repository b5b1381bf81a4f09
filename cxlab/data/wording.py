"""What names, questions and answer texts say: which question it is, which end of a scale is best, what means no answer.

The words stand in `cxlab.data.vocabulary`, one table a language. They only feed guesses, and every guess is listed with
its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cxlab.data.vocabulary import anywhere, plain, table, whole, words

QUESTIONS = tuple(table("en")["questions"])
"""What a question measures, in the order of the tables: the first whose words fit counts."""

ID = (
    r"(^|_|\b)(id|uuid|guid|respnum|resp_?id|case_?id|token|email|e_?mail|phone|telephone|ip_?address)$|^(id|ids)_"
    r"|responseid|kundennummer|kundennr|(^|_)(nummer|lfd_?nr|num[eé]ro|matricula)$|编号|番号|번호|رقم"
)
"""Names of ids; what else they may be is for the values to say."""

ONE_EACH = (
    r"response|submission|interview|record|answer|respnum|antwort|r[ée]ponse|respuesta|resposta"
    r"|ответ|απάντηση|回答|응답"
)
"""Ids of one answer each: a repeat is a duplicate, not somebody who answered twice."""

RESPONDENT = (
    r"(resp|customer|client|user|person|panel|member|passenger|guest|patient|account"
    r"|case|visitor|caller|household|employee)"
)
"""Ids of somebody who may answer, or call, several times."""

NOTHING = ("", "-", "--", "—", "–", "−", ".", "..", "...", "?", "*", "/", "#", "-oth-", *words("answers", "nothing"))
"""Texts between numbers that are no answer."""

SIDES = (("bad", -1.0), ("worst", -4.0), ("best", 4.0), ("good", 1.0))
"""Lists of words with a side, above 0 is good; a negative word is looked for before the positive one in it."""

YES, NO = frozenset(("1", *words("answers", "yes"))), frozenset(("0", *words("answers", "no")))
"""Texts that mean yes and no."""

AMOUNTS = ((re.compile(r"\bhigh|\bmuch\b"), 1.0), (re.compile(r"\blow\b|\blittle\b"), -1.0))


def says(key: str, *texts: str) -> bool:
    """Whether a name or a question holds a word of this kind: 'overall', 'rating', 'demographic', 'negative', ...

    >>> says("rating", "User rating", ""), says("overall", "Gesamtzufriedenheit"), says("rating", "q7")
    (True, True, False)
    """
    return bool(anywhere("words", key).search(plain(" ".join(texts))))


def named(key: str, name: str) -> bool:
    """Whether a column is called by a word of this kind and nothing else: 'person', 'weight', 'brand', ...

    >>> named("person", "Reviewer"), named("person", "reviewer_score")
    (True, False)
    """
    return bool(whole("words", key).match(plain(name)))


def rates(*texts: str) -> bool:
    """Whether a name or a question is that of a rating: it says satisfaction, quality, rating, grade, overall.

    >>> rates("Overall grade"), rates("Group")
    (True, False)
    """
    return any(says(key, *texts) for key in ("rating", "grade", "overall")) or bool(measure(*texts))


def no_answer(label: str) -> bool:
    """Whether the label of a code, or a text between ratings, means that nobody answered.

    >>> no_answer("Don't know"), no_answer("nicht beantwortet"), no_answer("Satisfied")
    (True, True, False)
    """
    return label.strip().casefold() in NOTHING or bool(anywhere("answers", "no_answer").search(label.casefold()))


def measure(*texts: str) -> str:
    """Return what a question with these texts measures, or ''.

    >>> measure("How likely are you to recommend us to a friend?"), measure("q7", "")
    ('recommendation', '')
    """
    said = plain(" ".join(texts))
    return next((m for m in QUESTIONS if anywhere("questions", m).search(said)), "")


def role(name: str) -> str:
    """Return the role that the name of a column proposes, or ''.

    >>> role("WEIGHT"), role("respondent_id"), role("q1")
    ('weight', 'id', '')
    """
    for role in ("weight", "wave", "brand", "strata", "cluster"):
        if named(role, name):
            return role
    return "id" if re.search(ID, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).casefold().replace(" ", "_")) else ""


def operation(*texts: str) -> str:
    """Return what a measured number is about, 'wait' or 'spend', or ''.

    >>> operation("wait_minutes"), operation("age")
    ('wait', '')
    """
    return next((m for m in ("wait", "spend") if says(m, *texts)), "")


def importance(*texts: str) -> bool:
    """Whether a question asks how important something is."""
    return says("importance", *texts)


def verdict(label: str, about: str = "") -> float | None:
    """Return how good an answer is to a question that measures ``about``, as `polarity`.

    Of effort ('effort-v1') much is bad: an amount, or that one agrees, counts the other way round; 'easy', 'good' do
    not.

    >>> [verdict(x, "effort-v1") for x in ("Very high", "Strongly agree", "Very easy")]
    [-3.0, -3.0, 3.0]
    """
    side = polarity(label)
    if side is None or about != "effort-v1":
        return side
    said = label.casefold()
    own = any(anywhere("answers", key).search(said) for key, _ in SIDES)
    return side if own and not anywhere("answers", "agreement").search(said) else -side


def polarity(label: str) -> float | None:
    """Return how good an answer text is: 0 is the middle, above 0 good; None when no word is known.

    >>> [polarity(x) for x in ("Very dissatisfied", "Neither", "Somewhat agree", "Excellent", "Athens")]
    [-3.0, 0.0, 1.0, 4.0, None]
    """
    said = label.casefold().replace("i\u0307", "i").strip()
    found = lambda key: anywhere("answers", key).search(said)  # noqa: E731
    side = next((s for key, s in SIDES if found(key)), None)
    if side is None:
        side = next((s for pattern, s in AMOUNTS if pattern.search(said)), None)
    if found("middle"):
        return 0.0
    if side is None or found("no_answer"):
        return None
    if side > 0 and (denied := found("not")):
        before = lambda key: (m := found(key)) and m.start() < denied.start()  # noqa: E731
        return -3.0 if found("absolute") or before("strong") else -1.0 if before("weak") else -1.5
    if abs(side) > 1:
        return side
    return side * (3.0 if found("strong") else 1.0 if found("weak") else 2.0)


def two_sides(texts: list[str]) -> tuple[str, str] | None:
    """Return the good and the other one of two answers, or None when wording does not tell.

    >>> two_sides(["neutral or dissatisfied", "satisfied"]), two_sides(["red", "blue"])
    (('satisfied', 'neutral or dissatisfied'), None)
    """
    if len(texts) != 2:
        return None
    if found := yes_and_no(texts):
        return found
    sides = [polarity(t) for t in texts]
    if None in sides or sides[0] == sides[1] or min(sides) > 0 or max(sides) <= 0:
        return None
    return tuple(sorted(texts, key=polarity, reverse=True))


def yes_and_no(texts: Iterable[str]) -> tuple[str, str] | None:
    """Return the text for yes and the one for no where a column holds just these two, in any language, else None.

    >>> yes_and_no(["Nein", "Ja"]), yes_and_no(["Ja", "no", "x"])
    (('Ja', 'Nein'), None)
    """
    found = {t: yes(t) for t in texts}
    good = [t for t, side in found.items() if side]
    bad = [t for t, side in found.items() if side is False]
    several = len({t.casefold().strip() for t in good}) != 1 or len({t.casefold().strip() for t in bad}) != 1
    return None if several or None in found.values() else (good[0], bad[0])


def yes(text: str) -> bool | None:
    """Whether a text means yes (True) or no (False) in any language, however it is written; None for anything else.

    >>> yes(" JA"), yes("HAYIR"), yes("0"), yes("maybe")
    (True, False, False, None)
    """
    said = text.strip().casefold()
    forms = {said, said.replace("i\u0307", "i"), said.replace("i", "ı")}
    if forms & YES:
        return True
    return False if forms & NO else None


def order(texts: Iterable[str]) -> dict[str, int]:
    """Return codes 1, 2, ... for answer texts from worst to best, or {} unless all are known and different.

    >>> order(["Agree", "Strongly agree", "Disagree", "Neither agree nor disagree", "Strongly disagree"])["Agree"]
    4
    """
    texts = list(texts)
    if len(forms := {_form(t): t for t in texts}) < len(texts):  # one answer written in two ways has one code
        codes = order(forms.values())
        return {t: codes[forms[_form(t)]] for t in texts} if codes else {}
    scored = {t: polarity(t) for t in texts}
    values = list(scored.values())
    if len(values) < 3 or None in values or len(set(values)) < len(values) or min(values) >= 0 or max(values) <= 0:
        poor_to_excellent = {t: _grade(t) for t in scored}
        grades = list(poor_to_excellent.values())
        if len(grades) < 3 or None in grades or len(set(grades)) < len(grades):
            return {}
        scored = poor_to_excellent
    return {t: i for i, t in enumerate(sorted(scored, key=scored.get), 1)}


def _form(text: str) -> str:
    return " ".join(text.casefold().split())


GRADES = ("terrible", "very poor", "poor", "fair", "average", "good", "very good", "excellent", "outstanding")


def _grade(label: str) -> int | None:
    said = label.casefold().strip()
    return GRADES.index(said) if said in GRADES else None


def direction(labels: Mapping[str, str], about: str = "") -> tuple[str, str]:
    """Return which end is best, 'high' or 'low', and the two labels that say so; '' when they do not.

    ``about`` is the measure: much effort is bad (`verdict`).

    >>> direction({"1": "Very satisfied", "5": "Very dissatisfied"})
    ('low', "1 = 'Very satisfied', 5 = 'Very dissatisfied'")
    """
    coded = sorted(((float(c), c, t) for c, t in labels.items() if _number(c)), key=lambda x: x[0])
    known = [(c, t, p) for _, c, t in coded if (p := verdict(t, about)) is not None]
    if len(known) < 2 or known[0][2] == known[-1][2]:
        return "", ""
    low, high = known[0], known[-1]
    rising = high[2] > low[2]
    return ("high" if rising else "low"), f"{low[0]} = '{low[1]}', {high[0]} = '{high[1]}'"


def _number(code: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", str(code).strip()))
