"""`numbers_in`: the claims of an article and their numbers, with those that are none of its own marked as noise."""

from __future__ import annotations

import re

import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.models.text.languages import languages
from cxlab.models.text.text_repairs import NO_FORMS, NOT_SPACED, is_call, known_words, torn
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.text.foreign_parts import repeated_blocks
from cxlab.stats.text.number_claims import stated
from cxlab.stats.text.plain_text import normal

CONTEXT = 160
COLUMNS = (
    Column("said", "label", "", "As written"),
    Column("value", "number", "", "Value"),
    Column("kind", "text", "", "Unit"),
    Column("bound", "text", "", "More or less than"),
    Column("noise", "flag", "", "Noise"),
    Column("why", "text", "", "Why"),
    Column("claim", "text", "", "Sentence"),
)
END = re.compile(r"[.!?;。！？；]\s|[。！？；]|\n|(?<=\.)\s")


@public
def numbers_in(text: str) -> Result:
    """Return the numbers that a text claims: percentages, ratios, and numbers with a unit or a magnitude.

    In English, German, French, Spanish, Portuguese, Italian, Russian, Greek and Chinese. Dates, times, ordinals and the
    numbers of lists are none. A number is noise where it stands in text put into a word, in a block that stands twice,
    in the teaser of another article, or in a call to the reader.

    Parameters
    ----------
    text : an article, a paragraph a line.

    Returns
    -------
    Result, a row a number: ``said`` (as written), ``value`` (of a ratio between 0 and 1), ``kind`` ('%', 'ratio',
    'years', 'number', ...), ``bound`` ('more', 'less' or ''), ``noise``, ``why``, ``claim`` (its sentence).

    Raises
    ------
    DataProblem : no text.

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.text.numbers_in("More than 80% agree. 1 in 3 left.").table
    >>> found[["said", "value", "noise"]].round(2).to_numpy().tolist()
    [['More than 80%', 80.0, False], ['1 in 3', 0.33, False]]
    """
    if not isinstance(text, str) or not text.strip():
        raise DataProblem("text is empty or no text; give the text of an article")
    (language,) = languages([text])
    noise = _noise(text, language)
    rows = []
    for s in stated(text):
        why = next((w for a, b, w in noise if a < s.end and s.start < b), "")
        rows.append({
            "said": s.said, "value": s.value, "kind": s.unit, "bound": s.bound, "noise": bool(why), "why": why,
            "claim": _sentence(text, s.start, s.end),
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=[c.name for c in COLUMNS])
    notes = [] if known_words(language) or language in NOT_SPACED else [NO_FORMS]
    notes.append("a number is a claim of the text, not a fact: look for its source")
    return Result(
        "numbers_in", f"Numbers in a text ({language})", table, "", method="patterns of numbers in nine languages",
        notes=tuple(notes), parts={"language": language}, columns=COLUMNS,
    )  # fmt: skip


def _noise(text: str, language: str) -> list[tuple[int, int, str]]:
    """Where a number is none of the text's own, and why."""
    found = [(a, b, f"put into the word '{w}'") for a, b, w in torn(text, language)]
    found += [(a, b, "in a block that stands twice") for a, b in repeated_blocks(text)]
    at, teaser, before = 0, False, ""
    for line in text.splitlines(keepends=True):
        key = normal(line)
        if key and key == before and at > len(text) / 2:
            teaser = True  # headings that stand twice, late in a page, head the teasers of other articles
        if teaser:
            found.append((at, at + len(line), "in the teaser of another article"))
        elif is_call(line.strip()):
            found.append((at, at + len(line), "in a call to the reader"))
        before = key or before
        at += len(line)
    return found


def _sentence(text: str, start: int, end: int) -> str:
    ends = [m.end() for m in END.finditer(text, max(0, start - CONTEXT), start)]
    first = ends[-1] if ends else max(0, start - CONTEXT)
    stop = END.search(text, end, min(len(text), end + CONTEXT))
    return " ".join(text[first : stop.start() + 1 if stop else min(len(text), end + CONTEXT)].split())
