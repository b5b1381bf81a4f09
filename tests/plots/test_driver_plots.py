"""Every picture of the driver analysis draws what its result says: intervals, names, number of answers."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import cxlab as cx


@pytest.fixture(scope="module")
def abc() -> cx.Study:
    return cx.load("abc")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(ax) -> str:
    figure = ax.get_figure()
    figure.canvas.draw()
    found = [t.get_text() for a in figure.axes for t in (*a.texts, *a.get_xticklabels(), *a.get_yticklabels())]
    legends = [t.get_text() for a in figure.axes if a.get_legend() for t in a.get_legend().get_texts()]
    return " | ".join([*found, *legends])


def kano() -> cx.Result:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"f": rng.integers(1, 6, 90), "d": rng.integers(1, 6, 90)})
    fields = (
        cx.Field("f", measure="kano-functional", about="wifi"),
        cx.Field("d", measure="kano-dysfunctional", about="wifi"),
    )
    return cx.importance.kano(cx.Study(table, cx.Codebook("kano", fields)))


MAKE = {
    "drivers": (cx.drivers, "Technical support  (n = 262)"),
    "asymmetry": (cx.importance.asymmetry, "Equipment  (24 low, 159 high)"),
    "one_failure": (cx.one_failure, "n = 262"),
    "importance_performance": (cx.importance.importance_performance, "n = 262)"),
    "what_if": (cx.importance.what_if, "n = 262)"),
    "driver_segments": (lambda s: cx.importance.driver_segments(s, "country"), "Germany (n = 111)"),
    "kano": (lambda _: kano(), "wifi (n = 90)"),
}


@pytest.mark.parametrize("kind", MAKE)
def test_a_picture_names_its_drivers_and_answers(kind: str, abc: cx.Study):
    make, said = MAKE[kind]
    result = make(abc)
    assert result.kind == kind
    assert said in texts(result.plot())


def test_a_given_axes_is_used(abc: cx.Study):
    _, ax = plt.subplots()
    assert cx.drivers(abc).plot(ax=ax) is ax
    assert len(ax.get_figure().axes) == 1


def test_intervals_and_noise_floor_are_drawn(abc: cx.Study):
    result = cx.drivers(abc)
    ax = result.plot()
    segments = np.concatenate([c.get_segments() for c in ax.collections if hasattr(c, "get_segments")])
    drawn = {tuple(np.round(s[:, 0], 9)) for s in segments}
    assert drawn == {tuple(np.round(v, 9)) for v in result.table[["low", "high"]].to_numpy()}
    assert ax.lines[0].get_xdata()[0] == result.parts["noise_floor"]
    assert "noise floor" in texts(ax)


def test_no_label_of_the_map_lies_on_another(abc: cx.Study):
    ax = cx.importance.importance_performance(abc).plot()
    ax.get_figure().canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert not (a.x0 < b.x1 and b.x0 < a.x1 and a.y0 + 2 < b.y1 and b.y0 + 2 < a.y1)


def test_levels_are_drawn_side_by_side():
    result = cx.importance.driver_levels(cx.load("brand-tracker"), "respondent")
    assert "within (n = " in (said := texts(result.plot())) and "between (n = " in said
