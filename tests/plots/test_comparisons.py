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


CSAT = {"metric": "csat", "of": "satisfaction"}


@pytest.mark.parametrize("found", [
    lambda d: cx.compare(d, by="brand", pairs="rest", **CSAT),
    lambda d: cx.metrics.impact(d, "brand", **CSAT),
    lambda d: cx.importance.what_if(d, "satisfaction"),
    lambda d: cx.monitoring.change_explained(d, by="mode", **CSAT),
    lambda d: cx.metrics.detectable("csat", 0.6, n=[100, 200]),
], ids=["compare", "impact", "what_if", "change_explained", "detectable"])  # fmt: skip
def test_differences_of_shares_are_in_percentage_points_on_axes_beside_bars_and_in_tables(found):
    """The axis said %, the labels beside it pp, and a table of what topics add said %, too."""
    result = found(cx.load("brand-tracker"))
    ax = result.plot()
    ax.figure.canvas.draw()
    axis = ax.yaxis if result.kind == "plan" else ax.xaxis
    ticks = [t for t in labels(axis) if t]
    assert ticks and all(t.endswith(" pp") for t in ticks)
    column = next(c for c in result.columns if c.name in ("estimate", "difference"))
    assert column.unit == "pp" and " pp" in str(result)


def test_the_axis_of_shares_stays_in_percent():
    ax = cx.csat(cx.load("brand-tracker"), by="brand").plot()
    ax.figure.canvas.draw()
    assert all(t.endswith(" %") for t in labels(ax.xaxis) if t)
