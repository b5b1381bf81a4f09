"""Pictures of metrics show every estimate with its interval and its number of answers."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

import cxlab as cx
from cxlab.plots import style

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close():
    yield
    mpl.pyplot.close("all")


def intervals(ax):
    """How many intervals are drawn."""
    return sum(len(c.get_segments()) for c in ax.collections if isinstance(c, LineCollection))


def texts(ax):
    return [t.get_text() for t in ax.texts]


def labels(axis):
    return [t.get_text() for t in axis.get_ticklabels()]


def test_each_group_has_its_interval_value_and_n():
    r = cx.csat(cx.load("airline-survey"), by="stage")
    ax = r.plot()
    assert intervals(ax) == 6
    assert "75.7 %" in texts(ax)
    assert "booking  (n = 9,720)" in labels(ax.yaxis)


def test_questions_are_called_by_their_title():
    s = cx.load("airline-survey")
    ax = cx.csat(s, of=["o_crew", "o_meal"]).plot()
    assert labels(ax.yaxis) == [f"{s.field(c).label}  (n = 9,720)" for c in ("o_crew", "o_meal")]


def test_a_suppressed_group_keeps_its_place_without_a_value():
    ltr = cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    table = pd.DataFrame({"ltr": [9] * 15 + [3] * 15 + [8] * 12, "g": ["a"] * 15 + ["b"] * 15 + ["c"] * 4 + ["d"] * 8})
    ax = cx.nps(cx.Study(table, cx.Codebook("s", (ltr, cx.Field("g", role="segment")))), by="g").plot()
    assert "c  (n = fewer than 10)" in labels(ax.yaxis)
    assert len(texts(ax)) == 2


def test_real_changes_carry_their_size():
    r = cx.trend(cx.load("brand-tracker"), "nps")
    ax = r.plot()
    real = r.table[r.table["verdict"].str.startswith("real")]
    assert len(real) > 0
    for change in real["change"]:
        assert any(f"{abs(change):.1f}" in t and ("+" in t or "−" in t) for t in texts(ax))
    assert sum("+" in t or "−" in t for t in texts(ax)) == len(real)
    assert all("n = 750" in t for t in labels(ax.xaxis))


def test_several_questions_have_a_panel_each():
    r = cx.trend(cx.load("brand-tracker"), "csat", of=["product", "price", "delivery", "app"])
    ax = r.plot()
    shown = [a for a in ax.figure.axes if a.get_visible()]
    assert len(shown) == 4
    assert all(intervals(a) == 8 and "n = " in a.get_title(loc="left") for a in shown)
    one = mpl.pyplot.figure().add_subplot()
    assert r.plot(ax=one) is one


def test_waves_before_the_first_answer_are_left_out():
    ltr = cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    table = pd.DataFrame({"ltr": [None] * 20 + [9.0, 3.0] * 20, "wave": [1] * 20 + [2] * 20 + [3] * 20})
    s = cx.Study(table, cx.Codebook("s", (ltr, cx.Field("wave", role="wave"))))
    assert labels(cx.trend(s, "nps").plot().xaxis) == ["2\nn = 20", "3\nn = 20"]


def test_answers_diverge_from_the_middle():
    ax = cx.answers(cx.load("airline-survey"), "o_meal").plot()
    bars = [p for p in ax.patches if hasattr(p, "get_width")]
    assert sum(b.get_width() for b in bars) == pytest.approx(1)
    bad = sum(b.get_width() for b in bars if b.get_x() + b.get_width() <= 1e-9)
    share = cx.answers(cx.load("airline-survey"), "o_meal").table
    assert bad == pytest.approx(share[share["side"] < 0]["estimate"].sum())
    assert [t.get_text() for t in ax.get_legend().get_texts()] == share["label"].tolist()


def test_ticks_read_in_the_unit():
    assert style.tick(0.25, "share") == "25 %"
    assert style.tick(-10.0, "points") == "−10"


def test_results_without_an_estimate_draw_an_empty_picture():
    sat = cx.Field("sat", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
    s = cx.Study(pd.DataFrame({"sat": np.full(20, np.nan)}), cx.Codebook("s", (sat,)))
    ax = cx.csat(s).plot()
    assert texts(ax) == []
    assert labels(ax.yaxis) == ["sat  (n = 0)"]
