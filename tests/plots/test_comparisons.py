"""Pictures of differences show the interval, the verdict and the band of what is too small to matter."""

import matplotlib as mpl
import pytest
from matplotlib.collections import LineCollection

import cxlab as cx

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close():
    yield
    mpl.pyplot.close("all")


def texts(ax):
    return [t.get_text() for t in ax.texts]


def labels(axis):
    return [t.get_text() for t in axis.get_ticklabels()]


def test_every_difference_has_its_verdict_and_both_n():
    r = cx.compare(cx.load("brand-tracker"), "nps", by="brand", pairs="rest")
    ax = r.plot()
    assert sum(len(c.get_segments()) for c in ax.collections if isinstance(c, LineCollection)) == 6
    assert [t.split("  ")[1] for t in texts(ax)] == r.table["verdict"].tolist()
    assert labels(ax.yaxis)[0] == "Alba − rest  (n = 1,000, 5,000)"
    assert "smaller than 5.0, too small to matter" in ax.get_xlabel()
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((-5, 5))


def test_a_benchmark_is_named():
    ax = cx.against(cx.load("brand-tracker"), "nps", benchmark=30, by="brand", n=500).plot()
    assert labels(ax.yaxis)[0] == "Alba − benchmark  (n = 1,000)"


def test_impact_and_plan_draw_all_their_rows():
    ax = cx.metrics.impact(cx.load("brand-tracker"), "brand").plot()
    assert len(labels(ax.yaxis)) == 6
    ax = cx.metrics.detectable("nps", (0.2, 0.3, 0.5), n=[100, 200, 400]).plot()
    assert [len(line.get_xdata()) for line in ax.lines] == [3, 3]
    assert texts(ax) == ["detectable difference", "half-width of the interval"]


def test_a_group_without_an_answer_is_no_row():
    """It stood there as '(n = , )'."""
    study = cx.load("brand-tracker")
    table = study.frame.collect().to_pandas()
    table.loc[table["brand"] == "Brio", "recommendation"] = None
    r = cx.compare(cx.Study(table, study.codebook), "nps", by="brand", pairs="rest")
    assert len(r.table) == 6
    shown = labels(r.plot().yaxis)
    assert len(shown) == 5 and not any("Brio" in s or "n = ," in s for s in shown)
