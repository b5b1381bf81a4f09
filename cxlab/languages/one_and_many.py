"""`agreed`: one of something is one: "1 of 6 groups has", "1 row does not count". Sentences of ours only."""

from __future__ import annotations

import re

ODD = {"series": "series", "people": "person", "replies": "reply", "dashes": "dash", "classes": "class", "axes": "axis",
       "batches": "batch", "guesses": "guess", "companies": "company", "countries": "country",
       "analyses": "analysis"}  # fmt: skip
"""Words for several whose word for one is not the same without an s."""

VERBS = {"are": "is", "have": "has", "do": "does", "were": "was", "count": "counts", "lie": "lies", "differ": "differs",
         "stand": "stands", "say": "says", "hold": "holds", "begin": "begins", "lack": "lacks", "take": "takes",
         "rest": "rests", "follow": "follows", "need": "needs", "come": "comes", "give": "gives", "change": "changes",
         "tell": "tells", "miss": "misses", "leave": "leaves", "share": "shares", "rate": "rates", "answer": "answers",
         "fall": "falls", "rise": "rises", "write": "writes", "mark": "marks", "show": "shows",
         "disagree": "disagrees"}  # fmt: skip

NOUNS = (
    "answers|rows|groups|units|columns|clusters|comments|cases|tickets|alerts|series|shares|respondents|numbers|prices"
    "|labels|owners|people|replies|events|guesses|notes|parts|waves|brands|differences|comparisons|changes|pairs|peers"
    "|items|questions|customers|months|weeks|days|years|periods|quarters|touchpoints|drivers|segments|levels|categories"
    "|themes|coders|reviews|baselines|problems|purchases|journeys|steps|pilots|dates|arms|plots|charts|tables|lines"
    "|bursts|reports|values|cells|words|kinds|types|replicates|imputations|options|points|strata|folds|metrics|persons"
    "|stars|channels|companies|countries|constructs|outcomes|texts|results|ratings|tests|studies|files|placebo dates"
)
KINDS = "more|other|further|labelled|drawn|distinct|unusual|open|sampled|of the|equally weighted"
SEVERAL = f"(?:(?:{KINDS}) )?(?:{NOUNS})"
ONE = re.compile(rf"(?<![\w.,−–-])(?<!\bof )(?<! to )1 (of (?:the )?[\d,]+ )?({SEVERAL})\b(?! \d)")
JOINTS = "without|with|of|at|that|who|whose|between|longer|beside|from|in|on|and|by|after|under|over|to"
REST = rf"(?: (?:{JOINTS})\b[^.;:]*?)?"
MAY = "".join(f"(?<!{word})" for word in ("would", "could", "can", "may", "must", "to", "cannot", "that", "not"))
VERB = re.compile(rf"^({REST},?){MAY} ({'|'.join(VERBS)})\b")
AND = re.compile(r"\b(and|or) (are|have|do|were)\b")


def agreed(text: str) -> str:
    """Return a sentence in which one of something is one: the noun, and the verbs that go with it.

    >>> agreed("1 of 6 groups have fewer than 10 answers and are not shown")
    '1 of 6 groups has fewer than 10 answers and is not shown'
    >>> agreed("1 rows without 'region' do not count; 2 answers are few")
    "1 row without 'region' does not count; 2 answers are few"
    >>> agreed("11 groups have 24.1 points; 0 to 1 points; answers 1 of 0 to 1")
    '11 groups have 24.1 points; 0 to 1 points; answers 1 of 0 to 1'
    """
    out, at = [], 0
    for found in ONE.finditer(text):
        out.append(text[at : found.start()])
        of, several = found[1] or "", found[2]
        out.append(f"1 {of}{several if of else one(several)}")
        at = found.end()
        if verb := VERB.match(text[at:]):
            out.append(f"{verb[1]} {VERBS[verb[2]]}")
            at += verb.end()
            end = next((at + k for k, mark in enumerate(text[at:]) if mark in ".;:("), len(text))
            out.append(AND.sub(lambda also: f"{also[1]} {VERBS[also[2]]}", text[at:end]))
            at = end
    return "".join(out) + text[at:]


def one(several: str) -> str:
    """Return the word for one of several.

    >>> [one(w) for w in ("rows", "series", "labelled replies", "categories")]
    ['row', 'series', 'labelled reply', 'category']
    """
    *before, noun = several.split(" ")
    made = ODD.get(noun) or (noun[:-3] + "y" if noun.endswith("ies") else noun.removesuffix("s"))
    return " ".join([*before, made])
