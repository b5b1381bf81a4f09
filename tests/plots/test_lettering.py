"""The letters of figures: labels are text, long ones take lines, and the bars keep their room."""

from __future__ import annotations

import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text

import cxlab as cx
from cxlab.columns import UNITS, Column, show, span
from cxlab.models.figures import png
from cxlab.plots.lettering import wrapped
from cxlab.plots.style import tick
from cxlab.report.slides import NUMBER, plain, signed

mpl.use("Agg")

HOSTILE = (
    "$25k-$50k",
    "$50k-$100k",
    "$10 & up",
    r"$\input{x}$",
    "5% of $",
    r"\alpha_{price}$",
    "$x_1$ money $5",
    "a_b^c",
    "{}",
)
LONG = "The staff at the service desk listened to me carefully and took the time that was needed to solve the problem"


@pytest.fixture(autouse=True)
def close():
    yield
    mpl.pyplot.close("all")


def study(*labels: str, name: str = "team"):
    levels = [labels[k % len(labels)] for k in range(60 * len(labels))]
    score = np.random.default_rng(1).integers(0, 11, len(levels))
    return cx.load(pd.DataFrame({"recommend": score, "overall satisfaction": score // 2 + 1, name: levels}))


def drawings(data, by: str):
    yield cx.nps(data, by=by)
    yield cx.compare(data, "nps", by=by, pairs="rest")
    yield cx.answers(data, "overall satisfaction", by=by)
    yield cx.scorecard(data, by=by)
    yield cx.league(data, by, metric="nps")


@pytest.mark.parametrize("name", ["team", "$a$ or $b"])
def test_a_label_is_no_formula(name):
    for result in drawings(study(*HOSTILE, name=name), name):
        drawn = result.plot().get_figure()
        assert png(drawn)
        assert not any(text.get_parse_math() for text in drawn.findobj(Text))
        said = " ".join(text.get_text().replace("\n", " ") for text in drawn.findobj(Text))
        assert "$25k-$50k" in said and r"$\input{x}$" in said, result.kind


def test_long_labels_leave_the_bars_their_room():
    for result in drawings(study(LONG, LONG + "!", LONG.replace(" ", ""), "short"), "team"):
        axes = result.plot()
        drawn = axes.get_figure()
        assert png(drawn)
        renderer = drawn.canvas.get_renderer()
        box = axes.get_window_extent(renderer)
        assert box.width > 0.3 * drawn.bbox.width and drawn.get_figwidth() < 12, result.kind
        left, right = axes.get_xlim()
        assert left < right and axes.transData.transform((left, 0))[0] < axes.transData.transform((right, 0))[0]
        for label in axes.get_yticklabels():
            at = label.get_window_extent(renderer)
            assert at.x0 > -1 and at.x1 <= box.x0 + 1, (result.kind, label.get_text())
        boxes = sorted((t.get_window_extent(renderer) for t in axes.get_yticklabels()), key=lambda b: b.y0)
        assert all(a.y1 <= b.y0 + 2 for a, b in zip(boxes, boxes[1:], strict=False)), result.kind


def test_the_settings_of_others_stay():
    before = mpl.rcParams["text.parse_math"]
    cx.nps(study("a", "b"), by="team").plot()
    assert mpl.rcParams["text.parse_math"] == before is True
    figure, (own, other) = mpl.pyplot.subplots(1, 2)
    title = other.set_title("$x^2$")
    cx.nps(study(LONG, "b"), by="team").plot(ax=own)
    assert title.get_parse_math() and tuple(figure.get_size_inches()) == tuple(mpl.rcParams["figure.figsize"])


@given(st.text(max_size=200), st.integers(8, 60))
def test_a_count_is_never_cut(text, width):
    said = wrapped(f"{text.strip()} (n = 1,234)", width)
    assert said.endswith("(n = 1,234)")
    assert all(line.count("\n") <= 4 for line in said.split("\n\n"))


@given(st.floats(-1, 1) | st.sampled_from([-0.0, -1e-12, -4e-4, -0.004, -0.04, -0.4]), st.sampled_from(sorted(UNITS)))
def test_what_prints_as_zero_has_no_sign(value: float, unit: str) -> None:
    """A bar of a deck said -0.0; counts, ranks and codes said −0, axes too."""
    column = Column("x", "estimate", unit)
    printed = [show(value, unit), column.show(value), *span(value, value, unit).split(" to "), tick(value, unit)]
    printed += [signed(value, unit), *(Column("x", k).show(value) for k in ("count", "rank", "probability", "share"))]
    assert all(re.search("[1-9]", p) or not re.search("[-−+]", p) for p in printed), printed
    held = plain(value, unit)
    assert re.search("[1-9]", f"{held:.{NUMBER.get(unit, '0.00').count('0') - 1}f}") or str(held) == "0.0"
