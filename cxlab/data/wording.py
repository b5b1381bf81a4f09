"""What names, questions and answer texts say: which question it is, which end of a scale is best, what means no answer.

Words of English, German, French, Spanish, Italian, Portuguese, Greek, Russian and Chinese surveys. They only feed
guesses, and every guess is listed with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

QUESTIONS = {
    "recommendation": (
        r"recommend|\bnps\b|netpro|\bltr\b|weiterempf|empfehlen|recommand|recomend|raccomand|consigli|συστήσ|συνιστ"
        r"|рекоменд|посовет|推荐|推薦"
    ),
    "effort-v1": (
        r"how much effort|effort.{0,40}put forth|aufwand|quel effort|cu[aá]nto esfuerzo|προσπάθεια|усили"
        r"|费力|精力"
    ),
    "effort-v2": (
        r"\beas[ye]\b|easily|ease of|effort|\bces\b|made it easy|leicht gemacht|einfach|facil|εύκολ|легко"
        r"|容易|轻松"
    ),
    "repurchase": (
        r"repurchase|buy again|purchase again|choose .{0,20}again|repeat purchase|wieder kaufen|rachet"
        r"|volver. a comprar|再次购买"
    ),
    "churn": r"\bchurn|cancel+ed|\bleft\b|attrition",
    "complaint": r"complain|beschwer|r[ée]clam|παράπον|жалоб|投诉",
    "value": r"value for money|price.{0,20}quality|preis-leistung|rapport qualit|性价比",
    "expectation": r"expectation|expected|erwartung|attente|expectativ|προσδοκ|ожидани|期望|预期",
    "satisfaction": (
        r"satisf|\bcsat\b|\bosat\b|zufrieden|soddisf|ικανοπο|удовлетвор|довол|满意|滿意"
    ),
    "quality": r"\bquality\b|qualit[äàé]|calidad|ποιότητα|качеств|质量",
}  # fmt: skip
"""What a question measures, by its wording; the first that fits counts."""

OVERALL = (
    r"overall|in general|as a whole|all things considered|insgesamt|gesamt|globale|en general|συνολικ|в целом|总体|整体"
)
DEMOGRAPHIC = (
    r"\bage\b|age ?group|gender|\bsex\b|income|educat|occupation|region|country|\bstate\b|city"
    r"|language|\blang\b|marital"
    r"|ethnic|\brace\b|household|segment|channel|\bplan\b|tenure|customer type|geschlecht|\balter\b|sexe|ηλικία|φύλο"
    r"|возраст|\bпол\b|年龄|性别"
)
NAMES = {
    "weight": r"^(w|wt|wgt|weights?|weight_?.*|.*_weight|gewicht(ung)?|pond(eration)?|finalwt|pw)$",
    "wave": r"^(wave|welle|vague|ola|κύμα|волна|波次|period|quarter|round|year|survey_?year)$",
    "brand": (
        r"^(brand|marke|marque|marca|company|provider|serviceprovider|airline|airline_name|bank|supplier"
        r"|operator|hotel|品牌|бренд)$"
    ),
    "strata": r"^(strat(um|a)|stratum_.*|schicht)$",
    "cluster": r"^(cluster|psu|flight|household_?id|account_?id|store_?id|panel_?id)$",
    "id": (
        r"(^|_|\b)(id|uuid|guid|respnum|resp_?id|case_?id|token|email|e_?mail|phone|telephone"
        r"|ip_?address)$|^(id|ids)_|responseid"
    ),
}  # fmt: skip
"""Roles that the name of a column gives away."""

OPERATIONS = {
    "wait": r"\bwait|\bdelay|handling time|minutes late|wartezeit|attente en|speed of answer",
    "spend": r"\bspend|revenue|\bamount|turnover|order value|umsatz|ausgaben",
}
"""What operational numbers are about."""

RESPONDENT = r"(resp|customer|client|user|person|panel|member|passenger|guest|patient|account)"
NO_ANSWER = (
    r"don.?t know|do not know|\bdk\b|refus|no answer|not answered|did not answer|not applicable|\bn/?a\b|no opinion"
    r"|never used|not used|have not used|haven.?t used|didn.?t use|did not use|can.?t say|cannot say"
    r"|unsure|not sure|blank|skipped|missing|prefer not"
    r"|not rated|not asked|weiß nicht|keine angabe|nicht genutzt|trifft nicht zu|ne sait pas"
    r"|non concern|sans opinion|no sabe|no contesta"
    r"|non so|não sei|δεν γνωρίζω|δεν απαντ|δ/?α|затрудняюсь|не знаю|нет ответа|отказ|不知道|不清楚|拒答|不适用|未使用"
)  # fmt: skip
"""Labels of codes that are no answer."""

NOTHING = (
    "", "na", "n/a", "n.a.", "#n/a", "#null!", "nan", "null", "none", "-", "--", "—", ".", "?", "(blank)", "blank",
    "missing", "no answer", "not answered", "did not answer", "no response", "not applicable", "not asked", "refused",
    "don't know", "do not know", "dk", "prefer not to say", "k.a.", "k. a.", "keine angabe", "weiß nicht", "nsp",
    "нет ответа", "не знаю", "δεν γνωρίζω", "不知道", "不适用",
)  # fmt: skip
"""Texts between numbers that are no answer."""

DIRECTED = (
    (r"dissatisf|unsatisf|unzufrieden|insatisf|insoddisf|insatisfech|δυσαρεστ|неудовлетвор|недовол|不满", -1.0),
    ((
        r"disagree|unlikely|difficult|\bhard\b|\bpoor|\bbad\b|worse|unwichtig|schlecht|mauvais"
        r"|\bmal[oa]?\b|difficile|dif[ií]cil|lehne|unwahrscheinlich|stimme nicht"
    ), -1.0),
    (r"pas d.accord|desacuerdo|διαφων|κακ[ήόά]|δύσκολ|απίθαν", -1.0),
    (r"не соглас|плохо|трудно|маловероятно|不同意|不可能|困难|差", -1.0),
    (r"terrible|awful|worst|horribl|unacceptable|ужасно|很差", -4.0),
    ((
        r"excellent|outstanding|perfect|superb|best|ausgezeichnet|excelente|eccellente|άριστ|εξαιρετικ"
        r"|отлично|优秀|极好"
    ), 4.0),
    ((
        r"satisf|agree|likely|easy|good|better|great|zufrieden|stimme|gut\b|leicht|einfach|wahrscheinlich"
        r"|d.accord|satisfait|bon\b|bien\b|facil|probable"
    ), 1.0),
    ((
        r"acuerdo|satisfech|buen[oa]|soddisf|buon|ικανοποιημ|συμφων|καλ[ήόά]|εύκολ|πιθαν|удовлетвор|довол"
        r"|соглас|хорошо|легко|вероятно|满意|同意|可能|容易|好"
    ), 1.0),
    (r"\bhigh|\bmuch\b", 1.0), (r"\blow\b|\blittle\b", -1.0),
)  # fmt: skip
"""Words with a side: above 0 is good. A negative word stands before the positive one that it contains."""

MIDDLE = (
    r"neither|neutral|average|undecided|\bok(ay)?\b|\bfair\b|teils|weder|ni .* ni|moyen|regular|ούτε"
    r"|ни .* ни|нейтрал|一般|中立|普通"
)
STRONG = (
    r"very|strongly|extremely|completely|totally|highly|absolutely|sehr|voll|très|tout à fait|muy"
    r"|totalmente|molto|πολύ|απόλυτα|очень|полностью|非常|很|十分|极"
)
WEAK = (
    r"somewhat|slightly|rather|fairly|a little|tend to|moderately|mostly|quite|eher|etwas|plutôt"
    r"|assez|algo|bastante|abbastanza|μάλλον|αρκετά|скорее|比较|有点"
)
NOT = (
    r"not at all|^not\b|\bnot? (very|too|so)\b|\bnot\b|überhaupt nicht|nicht|pas du tout|\bpas\b|nada"
    r"|per niente|\bnon\b|καθόλου|\bδεν\b|совсем не|\bне\b|не очень|一点也不|不太"
)
ABSOLUTE = r"at all|überhaupt|du tout|nada|per niente|καθόλου|совсем|一点也"


def measure(*texts: str) -> str:
    """Return what a question with these texts measures, or ''.

    >>> measure("How likely are you to recommend us to a friend?"), measure("q7", "")
    ('recommendation', '')
    """
    said = " ".join(texts).casefold().replace("_", " ")
    return next((m for m, pattern in QUESTIONS.items() if re.search(pattern, said)), "")


def role(name: str) -> str:
    """Return the role that the name of a column gives away, or ''.

    >>> role("WEIGHT"), role("respondent_id"), role("q1")
    ('weight', 'id', '')
    """
    said = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).casefold().replace(" ", "_")
    return next((r for r, pattern in NAMES.items() if re.search(pattern, said)), "")


def operation(*texts: str) -> str:
    """Return what a measured number is about, 'wait' or 'spend', or ''.

    >>> operation("wait_minutes"), operation("age")
    ('wait', '')
    """
    said = " ".join(texts).casefold().replace("_", " ")
    return next((m for m, pattern in OPERATIONS.items() if re.search(pattern, said)), "")


def importance(*texts: str) -> bool:
    """Whether a question asks how important something is."""
    return bool(re.search(r"importan|wichtig|σημαντικ|важн|重要", " ".join(texts).casefold()))


def polarity(label: str) -> float | None:
    """Return how good an answer text is: 0 is the middle, above 0 good; None when no word is known.

    >>> [polarity(x) for x in ("Very dissatisfied", "Neither", "Somewhat agree", "Excellent", "Athens")]
    [-3.0, 0.0, 1.0, 4.0, None]
    """
    said = label.casefold().strip()
    side = next((s for pattern, s in DIRECTED if re.search(pattern, said)), None)
    if re.search(MIDDLE, said):
        return 0.0
    if side is None or re.search(NO_ANSWER, said):
        return None
    if re.search(NOT, said) and side > 0:
        return -3.0 if re.search(ABSOLUTE, said) else -1.5
    if abs(side) > 1:
        return side
    return side * (3.0 if re.search(STRONG, said) else 1.0 if re.search(WEAK, said) else 2.0)


def order(texts: Iterable[str]) -> dict[str, int]:
    """Return codes 1, 2, ... for answer texts from worst to best, or {} unless all are known and different.

    >>> order(["Agree", "Strongly agree", "Disagree", "Neither agree nor disagree", "Strongly disagree"])["Agree"]
    4
    """
    scored = {t: polarity(t) for t in texts}
    values = list(scored.values())
    if len(values) < 3 or None in values or len(set(values)) < len(values) or min(values) >= 0 or max(values) <= 0:
        poor_to_excellent = {t: _grade(t) for t in scored}
        grades = list(poor_to_excellent.values())
        if len(grades) < 3 or None in grades or len(set(grades)) < len(grades):
            return {}
        scored = poor_to_excellent
    return {t: i for i, t in enumerate(sorted(scored, key=scored.get), 1)}


GRADES = ("terrible", "very poor", "poor", "fair", "average", "good", "very good", "excellent", "outstanding")


def _grade(label: str) -> int | None:
    said = label.casefold().strip()
    return GRADES.index(said) if said in GRADES else None


def direction(labels: Mapping[str, str], about: str = "") -> tuple[str, str]:
    """Return which end is best, 'high' or 'low', and the two labels that say so; '' when they do not.

    ``about`` is the measure: much effort is bad, so its labels count the other way round.

    >>> direction({"1": "Very satisfied", "5": "Very dissatisfied"})
    ('low', "1 = 'Very satisfied', 5 = 'Very dissatisfied'")
    """
    coded = sorted(((float(c), c, t) for c, t in labels.items() if _number(c)), key=lambda x: x[0])
    known = [(c, t, p) for _, c, t in coded if (p := polarity(t)) is not None]
    if len(known) < 2 or known[0][2] == known[-1][2]:
        return "", ""
    low, high = known[0], known[-1]
    rising = high[2] > low[2]
    if about == "effort-v1":
        rising = not rising
    return ("high" if rising else "low"), f"{low[0]} = '{low[1]}', {high[0]} = '{high[1]}'"


def _number(code: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", str(code).strip()))
