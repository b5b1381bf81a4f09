"""The wording of a question says which end of its scale is best: read right, asked where it may mean another thing."""

from __future__ import annotations

import pytest

import cxlab as cx
from cxlab.data.stated_ends import stated

LOW = [
    "CSAT (1-5, 5 = very dissatisfied)", "Satisfaction, 1 is best", "Rate us: 1 being excellent",
    "Overall satisfaction (1=best)", "Satisfaction from excellent (1) to poor (5)", "Satisfaction (very satisfied = 1)",
    "Zufriedenheit: 1 - sehr zufrieden bis 5 - sehr unzufrieden", "Bewertung (1 ist sehr gut)",
    "Note de 1 (très satisfait) à 5 (pas du tout satisfait)", "Satisfaction [1 excellent - 5 poor]",
    "On a scale of 1 to 5 where 1 means very satisfied and 5 very dissatisfied, how satisfied are you?",
    "satisfaction_1best", "satisfaction (lower is better)", "満足度（1＝非常に満足、5＝非常に不満）",
    "Satisfacción (1 = muy satisfecho)", "Soddisfazione (1 = migliore, 5 = peggiore)", "Satisfação (1 = melhor)",
    "Удовлетворенность (1 - полностью удовлетворен, 5 - полностью не удовлетворен)", "满意度（1=非常满意）",
    "Zadowolenie (1 = bardzo zadowolony)", "Tevredenheid (1 = zeer tevreden, 5 = zeer ontevreden)",
]  # fmt: skip

NOT_LOW = [
    "Overall satisfaction (1-5)", "Satisfaction: 1-5", "How satisfied are you on a scale from 1 to 5?",
    "1. Overall, how satisfied are you?", "1: Overall satisfaction", "5 - Overall satisfaction",
    "Q1 Satisfied with staff", "Satisfaction 5 point", "Satisfaction (1)", "5 star rating, excellent service",
    "24/7 support is good", "Top 5: would recommend", "On a scale of 1 to 5 where 5 means very satisfied",
    "Satisfaction (5=excellent, 1=poor)", "How satisfied are you? (1 = low, 5 = high)",
    "Satisfaction (higher is better)", "Strongly agree (5) Agree (4) Disagree (1)", "Experience with 1 = one contact",
]  # fmt: skip

ASKED = ["Step 1 is easy", "Product 1 is good value", "Reason 5: bad quality", "Satisfaction 1 very satisfied"]


@pytest.mark.parametrize("question", LOW)
def test_lowest_is_best_where_the_wording_says_so(question):
    assert stated(question, 1, 5).best == "low"


@pytest.mark.parametrize("question", NOT_LOW)
def test_other_numbers_and_words_turn_nothing(question):
    found = stated(question, 1, 5)
    assert found.best in ("", "high")
    assert not found.doubt


@pytest.mark.parametrize("question", ASKED)
def test_what_may_mean_another_thing_is_a_doubt(question):
    found = stated(question, 1, 5)
    assert found.best == ""
    assert found.doubt


def test_much_effort_is_bad():
    assert stated("How much effort (1 = low, 5 = high)?", 1, 5, about="effort-v1").best == "low"
    assert stated("How much effort (1 = high, 5 = low)?", 1, 5, about="effort-v1").best == "high"


def test_the_satisfied_are_those_of_the_end_that_is_said(tmp_path):
    answers = [1] * 50 + [2] * 20 + [3] * 10 + [4] * 15 + [5] * 5
    path = tmp_path / "a.csv"
    for head, right in (("CSAT (1-5; 5 = very dissatisfied)", 70), ("CSAT (1-5; 5 = very satisfied)", 20)):
        path.write_text(head + ",shop\n" + "".join(f"{a},{'ab'[i % 2]}\n" for i, a in enumerate(answers)))
        assert 100 * cx.csat(cx.load(path)).table["estimate"].tolist()[0] == pytest.approx(right)


def test_a_doubt_about_the_end_is_asked(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Satisfaction 1 very satisfied,shop\n" + "".join(f"{1 + i % 5},{'ab'[i % 2]}\n" for i in range(50)))
    (doubt,) = [d for d in cx.load(path).doubts if "is taken as best all the same" in d.question]
    assert doubt.settings == ("", "best=low")
