"""`find`: what to call for a question put in words."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.problem import DataProblem
from cxlab.result import Result

QUESTIONS = {
    "cxlab.models.metrics": "How satisfied are they, is a difference real, how many answers are needed?",
    "cxlab.models.tables": "Who answered what: banner tables, crosstabs, significance letters",
    "cxlab.models.drivers": "What goes together with satisfaction, and what to improve first?",
    "cxlab.models.benchmarks": "Who is best: ranks, league tables, benchmarks, competitors",
    "cxlab.models.index": "One index of many questions: ACSI, ECSI, structural models",
    "cxlab.models.regression": "What goes with what, all else equal: regression, bootstrap, effects",
    "cxlab.models.journeys": "What happens on the way: journeys, touchpoints, steps, waiting, events",
    "cxlab.models.loop": "Whom to call back, and does it pay: closed loop, alerts, complaints, coders",
    "cxlab.models.loyalty": "Who stays, leaves and comes back, and what is a point worth: churn, retention, revenue",
    "cxlab.models.price": "What may it cost: price, willingness to pay, conjoint, choice",
    "cxlab.models.monitoring": "Did it change: control charts, alarms, level changes over time",
    "cxlab.models.pilots": "Did we cause it: experiments, A/B tests, pilots, causal effects",
    "cxlab.hypotheses": "Is the claim true: hypotheses, verdicts, evidence, plans",
    "cxlab.workshop": "Teaching: lessons and workshops",
    "cxlab.data": "Reading, cleaning, weighting and simulating data",
    "cxlab.panel": "Looking around",
    "cxlab.models": "Pictures and pages",
    "cxlab": "What things are: studies, codebooks, results, problems",
}
"""What is asked in each folder of the package; a longer path goes before a shorter one."""

WORDS = {
    "cx.importance.importance_performance": "improve improvement first priority quadrant map",
    "cx.importance.what_if": "improve improvement raise",
    "cx.drivers": "improve improvement key driver matters most",
    "cx.sample_size": "how many answers interviews needed enough",
    "cx.compare": "real significant significance difference better worse",
    "cx.trend": "changed change since last month wave",
    "cx.rake": "weights weighting representative",
    "cx.crosstab": "banner cross table letters pivot",
    "cx.load": "open read file csv excel spss import",
    "cx.quality": "clean duplicates straightliners problems wrong",
}
"""Further words by which people ask for a function."""

STOP = frozenset((
    "a", "an", "and", "are", "can", "could", "do", "does", "for", "from", "how", "i", "in", "is", "it", "many",
    "me", "much", "my", "of", "on", "or", "our", "should", "that", "the", "this", "to", "want", "we", "what",
    "which", "who", "why", "with", "would", "you",
))  # fmt: skip
MOST = 12


class Known(NamedTuple):
    """A public function or class: how it is called, its folder's question, its first sentence, all that it says."""

    name: str
    question: str
    summary: str
    said: str


def known() -> Iterator[Known]:
    """Yield every public name of the package."""
    import cxlab

    names = {**cxlab._WHERE, **{f"{room}.{n}": m for room, own in cxlab._ROOMS.items() for n, m in own.items()}}
    for name, module in names.items():
        said = inspect.getdoc(getattr(importlib.import_module(module), name.rpartition(".")[2])) or ""
        summary = " ".join(said.partition("\n\n")[0].split())
        yield Known(f"cx.{name}", question_of(module), summary, said)


def question_of(module: str) -> str:
    """Return what is asked in the folder of a module.

    >>> question_of("cxlab.models.price.choices")
    'What may it cost: price, willingness to pay, conjoint, choice'
    """
    return next(QUESTIONS[p] for p in sorted(QUESTIONS, key=len, reverse=True) if f"{module}.".startswith(f"{p}."))


@public
def find(words: str) -> Result:
    """Return which functions answer a question, the likeliest first.

    Parameters
    ----------
    words : what is wanted, in English: 'improve', 'is the difference real', 'churn'.

    Returns
    -------
    Result, one row a function: ``call, does, question``; at most twelve.

    Raises
    ------
    DataProblem : no word of it occurs in what any function says.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.find("willingness to pay").table["call"].tolist()[0]
    'cx.prices.willingness_to_pay'
    """
    if not isinstance(words, str):
        raise DataProblem(f"words is {words!r}; say what is wanted as text, as 'improve' or 'is the difference real'")
    wanted = [w for w in re.findall(r"\w+", words.lower()) if w not in STOP and len(w) > 1]
    if not wanted:
        raise DataProblem(f"words is {words!r}; say what is wanted, as 'improve' or 'is the difference real'")
    ranked = sorted(((score(k, wanted), i, k) for i, k in enumerate(known())), key=lambda r: (-r[0], r[1]))
    best = [k for s, _, k in ranked if s >= max(1.0, 0.34 * ranked[0][0])][:MOST]
    if not best or ranked[0][0] < 1:
        raise DataProblem(f"nothing in cxlab speaks of '{words}'; see what there is with dir(cx), or try another word")
    table = pd.DataFrame([(k.name, k.summary, k.question) for k in best], columns=["call", "does", "question"])
    columns = tuple(
        Column(n, "text", heading=h) for n, h in (("call", "Call"), ("does", "Does"), ("question", "Asked"))
    )
    return Result("functions", f"What answers '{words}'", table, columns=columns)


def score(one: Known, wanted: list[str]) -> float:
    """Return how well a function answers: words in its name count most, then in what it does, is asked, and says."""
    total, asked = 0.0, WORDS.get(one.name, "")
    for word in wanted:
        begins = re.compile(rf"\b{re.escape(stem(word))}", re.I)
        places = ((one.name.replace("_", " "), 5.0), (one.summary, 3.0), (one.question, 2.0), (one.said, 0.6))
        total += 4.0 * bool(begins.search(asked)) + max(
            (worth for text, worth in places if begins.search(text)), default=0.0
        )
        total += 0.5 * bool(begins.search(one.question)) + 0.5 * bool(begins.search(one.summary))
    return total


def stem(word: str) -> str:
    """Return a word without its usual endings, so that 'improving' finds 'improve'.

    >>> stem("improving"), stem("prices"), stem("nps")
    ('improv', 'pric', 'nps')
    """
    return re.sub(r"(ing|ed|es|s|e)$", "", word) if len(word) > 5 and not word.endswith("ss") else word
