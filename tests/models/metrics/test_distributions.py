"""The spread of answers: every code of the scale, in the order from worst to best."""

import pandas as pd
import pytest

import cxlab as cx


def study(values, measure="satisfaction", **scale):
    field = cx.Field("q", role="outcome", measure=measure, scale=cx.Scale(**scale))
    return cx.Study(pd.DataFrame({"q": values}), cx.Codebook("s", (field,)))


def test_shares_sum_to_one_and_codes_nobody_gave_are_zero():
    r = cx.answers(study([1] * 5 + [2] * 5 + [5] * 10, minimum=1, maximum=5, labels={"5": "very good"}))
    assert r.table["answer"].tolist() == [1, 2, 3, 4, 5]
    assert r.table["estimate"].tolist() == pytest.approx([0.25, 0.25, 0, 0, 0.5])
    assert r.table["label"].tolist()[-1] == "very good"
    assert r.table["side"].tolist() == pytest.approx([-1, -0.5, 0, 0.5, 1])
    assert r.table["total"].tolist() == [20] * 5


def test_a_reverse_scale_runs_from_its_worst_end():
    r = cx.answers(study([1, 2, 3, 4] * 5, minimum=1, maximum=4, best="low"))
    assert r.table["answer"].tolist() == [4, 3, 2, 1]
    assert r.table["side"].tolist() == pytest.approx([-1, -1 / 3, 1 / 3, 1])


def test_passives_are_the_middle_of_a_recommendation_question():
    side = cx.answers(study(list(range(11)) * 2, "recommendation", minimum=0, maximum=10), "q").table["side"]
    assert (side[:7] < 0).all() and (side[7:9] == 0).all() and (side[9:] > 0).all()
    assert (side[0], side[10]) == pytest.approx((-1, 1))


def test_long_scales_are_refused():
    with pytest.raises(cx.DataProblem) as problem:
        cx.answers(study([50] * 20, minimum=0, maximum=100))
    assert str(problem.value) == (
        "the answers to 'q' of s cannot be laid out: the codebook gives it no scale of at most 11 answers"
    )
