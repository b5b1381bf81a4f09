"""`cx.find` leads from a question to what answers it."""

from __future__ import annotations

import pytest

import cxlab as cx
from cxlab.panel.find import QUESTIONS, known, question_of

ASKED = {
    "what should we improve": "cx.importance.importance_performance", "is the difference real": "cx.compare",
    "nps": "cx.nps", "churn": "cx.churn",
    "price": "cx.prices.price_sensitivity", "crosstab": "cx.crosstab", "weights": "cx.rake",
    "league table": "cx.league", "bootstrap": "cx.bootstrap", "control chart": "cx.monitor", "simulate": "cx.simulate",
    "how many answers": "cx.sample_size", "willingness to pay": "cx.prices.willingness_to_pay", "drivers": "cx.drivers",
}  # fmt: skip


@pytest.mark.parametrize("words", ASKED)
def test_a_question_finds_its_function_among_the_first_three(words):
    assert ASKED[words] in cx.find(words).table["call"].tolist()[:3], cx.find(words).table


def test_every_public_name_has_a_question_and_a_sentence():
    every = list(known())
    assert {k.name for k in every} >= {f"cx.{n}" for n in cx._WHERE}
    assert all(k.summary.endswith((".", ":")) and k.question for k in every), [k for k in every if not k.summary]
    folders = {question_of(m) for m in cx._WHERE.values()}
    assert folders <= set(QUESTIONS.values())


@pytest.mark.parametrize("words", ["", "the of", "xyzzy", 3])
def test_what_finds_nothing_says_so(words):
    with pytest.raises(cx.DataProblem, match="say what is wanted|nothing in cxlab speaks of"):
        cx.find(words)
