"""A lesson at one seat: what is right, which mistakes are named, what cannot be read, and when the truth opens."""

from __future__ import annotations

import math

import pytest

import cxlab as cx
from cxlab.problem import DataProblem
from cxlab.workshop.lessons import noise
from cxlab.workshop.outlines import outline
from cxlab.workshop.phrases import catalogue
from cxlab.workshop.questions import Answer


@pytest.fixture
def lesson():
    return cx.lesson("noise", seat=3)


def test_the_nps_with_its_interval_is_right_by_whatever_sound_method(lesson):
    x = noise.scores(lesson._drawn)
    up, down = (x >= 9).mean(), (x <= 6).mean()
    value, se = 100 * (up - down), 100 * math.sqrt((up + down - (up - down) ** 2) / 100)
    assert lesson.check("nps", (value, value - 1.96 * se, value + 1.96 * se)).right  # by hand, Wald
    assert lesson.check("nps", cx.nps(lesson.data)).right
    assert lesson.check("nps", cx.nps(lesson.data)["recommend"]).right
    assert lesson.check("nps", (round(value), round(value - 1.96 * se), round(value + 1.96 * se))).right
    assert not lesson.check("nps", (value, value - 1.96 * se, value + 1.96 * se + 5)).right


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (..., 'Put your answer in place of the three dots: lesson.check("nps", ...).'),
        ([1, ..., 3], 'Put your answer in place of the three dots: lesson.check("nps", ...).'),
        (None, "Nothing came (None): the last line of the cell that made it gave nothing back."),
        ("16", "'16' is text; give a number with its interval: the result itself, or (value, low, high)."),
        (True, "True is true or false; give a number."),
        (cx.nps, "That is a function that has not been called; add its brackets: ...()."),
        (math.nan, "The answer is not a number (nan or infinite); look at what it was computed from."),
        ((1, 2), "Two numbers came; give three: (value, low, high)."),
        ((5, 8, 2), "The low end 8.0 lies above the high end 2.0; give (value, low, high)."),
        ((5, 6, 7), "The value 5.0 does not lie between 6.0 and 7.0; give (value, low, high)."),
        ((5, "6", 7), "'6' is text; give a number, without quotes."),
        ({"a": 1}, "A dict came; give the result itself, or (value, low, high)."),
    ],
)
def test_what_is_no_answer_is_said_and_counts_as_no_attempt(lesson, given, said):
    assert str(lesson.check("nps", given)) == f"Not understood. {said}"
    assert lesson.book.events() == []


def test_words_and_questions_that_are_not_there(lesson):
    assert str(lesson.check("neighbour", "maybe")) == (
        'Not understood. "maybe" is none of the words; allowed: "yes", "no", "cannot tell".'
    )
    assert str(lesson.check("neighbour", 1)) == (
        'Not understood. 1 came; give one of these words in quotes: "yes", "no", "cannot tell".'
    )
    with pytest.raises(DataProblem) as said:
        lesson.check("npss", 1)
    assert str(said.value) == (
        "question 'npss' is not in lesson 'noise'; did you mean 'nps'? There are: guess, nps, needed, neighbour"
    )
    assert "The data" not in str(lesson.check("nps", lesson.data))
    assert str(lesson.check("nps", lesson.data)).endswith("Those are the data; give what you computed from them.")
    by_segment = cx.nps(cx.load("brand-tracker"), by="mode")
    assert str(lesson.check("nps", by_segment)).endswith('rows; give one of them: result["Panel"].') or "rows" in str(
        lesson.check("nps", by_segment)
    )


def test_an_interval_that_is_none_or_of_another_level_is_named(lesson):
    right = noise.right(lesson._drawn)
    assert lesson.check("nps", right.value).mistake == "value_only"
    assert lesson.check("nps", cx.nps(lesson.data, level=0.9)).mistake == "level"
    se = right.width / 2 / 1.96
    assert lesson.check("nps", (right.value, right.value - se, right.value + se)).mistake == "one_se"
    assert lesson.check("nps", right.value / 100).mistake == "share"


def test_a_difference_may_be_given_either_way_round_and_the_board_shows_its_size():
    ranking = cx.lesson("ranking", seat=2)
    right = next(q for q in ranking.about.module.QUESTIONS if q.name == "gap").right(ranking._drawn)
    for sign in (1, -1):
        ends = sorted((sign * right.low, sign * right.high))
        assert ranking.check("gap", (sign * right.value, *ends)).right
        (answer,) = ranking.board("gap").answers
        assert (answer.value, answer.low, answer.high) == pytest.approx(
            (abs(right.value), *sorted((abs(right.low), abs(right.high))))
        )
    assert not ranking.check("gap", (-right.value, right.low, right.high)).right


def test_ticks_of_a_board_keep_thousands_and_lose_empty_decimals():
    english, german = (cx.lesson("noise", seat=3, language=la).board("needed") for la in ("en", "de"))
    assert [english._tick(x, "count") for x in (800, 1000, 12000)] == ["800", "1,000", "12,000"]
    assert [german._tick(x, "count") for x in (800, 1000, 12000)] == ["800", "1.000", "12.000"]
    assert [german._tick(x, "share") for x in (0.5, 0.525)] == ["50 %", "52,5 %"]
    assert [english._tick(x, "points") for x in (-10, 2.5)] == ["−10", "2.5"]


def test_hints_come_one_by_one_and_the_solution_last(lesson):
    said = [str(lesson.hint("nps")) for _ in range(4)]
    assert said[0].startswith("Hint 1 of 2: ") and said[1].startswith("Hint 2 of 2: ")
    assert said[2] == said[3] == "Solution: cx.nps(lesson.data)"
    assert str(lesson.hint("guess")) == "There is nothing to find here: guess, and compare later."


def test_the_truth_is_locked_until_it_is_revealed(lesson):
    with pytest.raises(DataProblem) as said:
        _ = lesson.data.truth
    assert str(said.value) == (
        "The truth of 'noise' is locked. It opens with lesson.reveal(), once every question of it is answered "
        "(4 to go) or the teacher opens it."
    )
    with pytest.raises(DataProblem, match="locked"):
        _ = lesson.data.where(recommend=(9, 10)).truth
    assert "truth" not in lesson.board("nps").svg()
    lesson.reveal()
    assert lesson.data.truth["nps"] in noise.LEVELS


def test_every_seat_has_data_of_its_own_and_the_same_again():
    right = [noise.right(cx.lesson("noise", seat=k)._drawn) for k in range(1, 11)]
    assert len(set(right)) >= 7
    assert noise.right(cx.lesson("noise", seat=4)._drawn) == right[3]


def test_the_standard_error_is_what_the_notes_say():
    se = [cx.nps(cx.lesson("noise", seat=k).data).table["se"][0] for k in range(1, 21)]
    assert sum(se) / 20 == pytest.approx(7.8, abs=0.3)


@pytest.mark.parametrize("language", catalogue())
def test_every_phrase_is_there_in_every_language(language):
    import string

    fields = lambda text: {name for _, name, _, _ in string.Formatter().parse(text) if name}  # noqa: E731
    english, here = catalogue()["en"], catalogue()[language]
    assert set(here) == set(english)
    assert {k for k in english if fields(english[k]) != fields(here[k])} == set()


def test_lessons_and_languages_that_are_not_there():
    for name, said in (
        ("noize", "lesson 'noize' is not in the workshop; did you mean 'noise'? There are: "),
        (99, "there is no lesson 99; there are: 1 noise, "),
        (1.5, "lesson is 1.5; give its name or number: 1 noise, "),
    ):
        with pytest.raises(DataProblem) as error:
            outline(name)
        assert str(error.value).startswith(said)
    with pytest.raises(DataProblem) as error:
        cx.lesson("noise", language="fi")
    assert str(error.value) == "language 'fi' is not in the workshop. There are: en, de"
    with pytest.raises(DataProblem) as error:
        cx.lesson("noise", seat=0)
    assert str(error.value) == "seat is 0; seats are 1, 2, 3, ..."


def test_a_learner_answers_in_the_language_of_the_class():
    lesson = cx.lesson("noise", seat=3, language="de")
    assert str(lesson.check("nps", ...)).startswith("Nicht verstanden. Setzen Sie Ihre Antwort")
    assert lesson.check("guess", 30).right is None
    assert Answer(1.0).width != Answer(1.0).width
