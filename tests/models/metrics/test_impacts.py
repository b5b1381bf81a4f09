"""The impact identity, its standard error by simulation, and what cannot be split."""

import numpy as np
import pandas as pd
import pytest

import cxlab as cx


def study(table, **roles):
    ltr = cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    return cx.Study(table, cx.Codebook("s", (ltr, *(cx.Field(c, role=r) for c, r in roles.items()))))


def answers(n, score):
    """n answers with this NPS, a quarter passive."""
    promoters = round(n * (0.75 + score / 100) / 2)
    passives = n // 4
    return [10] * promoters + [8] * passives + [2] * (n - promoters - passives)


def test_identity_of_the_worked_example():
    """N = 1000, NPS 20, topic of 100 answers at -40: impact -6.6667."""
    topic = [2] * 70 + [10] * 30  # NPS -40
    rest = [10] * 465 + [8] * 210 + [2] * 225  # 240 points on 900, so that the whole is at 20
    table = pd.DataFrame({"ltr": topic + rest, "topic": ["price"] * 100 + ["other"] * 900})
    assert cx.nps(study(table, topic="segment")).table["estimate"][0] == pytest.approx(20)
    r = cx.metrics.impact(study(table, topic="segment"), "topic")
    row = r.table.set_index("topic").loc["price"]
    assert row["estimate"] == pytest.approx(-6.6667, abs=5e-5)
    assert row["score"] == pytest.approx(-40)
    assert row["without"] == pytest.approx(20 + 6.6667, abs=5e-5)
    assert row["share"] == pytest.approx(0.1)


def test_impact_is_the_score_minus_the_score_without_the_topic_also_with_weights():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"ltr": rng.integers(0, 11, 300), "t": rng.choice(["a", "b", "c"], 300)})
    table = table.assign(w=rng.uniform(0.5, 3, 300), c=rng.integers(0, 60, 300))
    roles = {"t": "segment", "w": "weight", "c": "cluster"}
    s = study(table, **roles)
    whole = cx.nps(s).table["estimate"][0]
    for _, row in cx.metrics.impact(s, "t").table.iterrows():
        without = cx.nps(study(table[table["t"] != row["topic"]], **roles)).table["estimate"][0]
        assert row["estimate"] == pytest.approx(whole - without)
        topic = cx.nps(study(table[table["t"] == row["topic"]], **roles)).table["estimate"][0]
        w = row["share"]
        assert row["estimate"] == pytest.approx(w * (topic - whole) / (1 - w))


def test_standard_error_is_that_of_the_jackknife():
    """Leaving out one respondent at a time, in NumPy alone; the linearised error agrees to 1 %."""
    rng = np.random.default_rng(1)
    topic = rng.random(400) < 0.25
    ltr = np.where(rng.random(400) < np.where(topic, 0.4, 0.7), 10, np.where(rng.random(400) < 0.5, 8, 3))
    s = np.where(ltr > 8, 1.0, np.where(ltr < 7, -1.0, 0.0))
    left_out = [(np.delete(s, i).mean() - np.delete(s, i)[~np.delete(topic, i)].mean()) * 100 for i in range(400)]
    want = np.sqrt(399 / 400 * ((left_out - np.mean(left_out)) ** 2).sum())
    r = cx.metrics.impact(study(pd.DataFrame({"ltr": ltr, "t": np.where(topic, "t", "o")}), t="segment"), "t").table
    assert r.set_index("topic").loc["t", "se"] == pytest.approx(want, rel=0.01)


def test_flag_columns_name_a_topic_each():
    table = pd.DataFrame({"ltr": answers(200, 20), "price": [1, 0] * 100, "app": [0] * 150 + [1] * 50})
    r = cx.metrics.impact(study(table, price="segment", app="segment"), ["price", "app"]).table
    assert sorted(r["topic"]) == ["app", "price"]
    alone = cx.metrics.impact(study(table, price="segment", app="segment"), "app").table.set_index("topic")
    assert r.set_index("topic").loc["app", "estimate"] == pytest.approx(alone.loc["1", "estimate"])


def refused(call):
    with pytest.raises(cx.DataProblem) as problem:
        call()
    return str(problem.value)


def test_what_has_no_topics_is_refused():
    s = study(pd.DataFrame({"ltr": answers(200, 20), "t": [2, 3] * 100, "u": [2] * 200}), t="segment", u="segment")
    assert refused(lambda: cx.metrics.impact(s, [])) == (
        "topics names no column; give one column of topics, or the columns that flag them"
    )
    assert refused(lambda: cx.metrics.impact(s, ["t", "u"])) == (
        "no answer of s has 1 in t, u; say with value= what names a topic"
    )


def test_topics_of_few_answers_are_not_shown():
    s = study(pd.DataFrame({"ltr": answers(100, 20), "t": ["x"] * 96 + ["y"] * 4}), t="segment")
    r = cx.metrics.impact(s, "t")
    row = r.table.set_index("topic").loc["y"]
    assert str(row["n"]) == "fewer than 10"
    assert np.isnan(row.drop("n").to_numpy(float)).all()
    assert "1 of 2 groups has fewer than 10 answers and is not shown (least_n=0 shows them)" in r.notes


def test_a_topic_of_everybody_has_no_impact_to_estimate():
    s = study(pd.DataFrame({"ltr": answers(100, 20), "t": ["x"] * 100}), t="segment")
    row = cx.metrics.impact(s, "t").table.iloc[0]
    assert np.isnan(row[["estimate", "low", "high", "p"]].to_numpy(float)).all()
    assert row["share"] == 1
