"""`figure`: a result as a picture that everybody can read, also those who do not see it."""

from __future__ import annotations

import io
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cxlab.columns import row_units, show, span
from cxlab.data.arguments import public
from cxlab.languages.speech import said
from cxlab.plots.lettering import PLAIN
from cxlab.result import MIME, Result

RESOLUTION = 180
MARGINS = 0.68
"""Most of a figure's width (or height) that labels may take."""

PAD = 0.05
"""Inches of white around a figure."""


@public
def figure(result: Result, **options: Any) -> None:
    """Draw ``result`` and display it with an alternative text: the title and the numbers that stand out.

    ``options`` go to the plot function of the result's kind. The numbers travel with the picture into the report.

    Raises
    ------
    DataProblem : ``result`` is no result.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.figure(cx.nps(cx.load("brand-tracker"), by="wave"))  # doctest: +ELLIPSIS
    {'image/png': ...
    """
    from IPython.display import display

    axes = result.plot(**options)
    drawn = untitled(axes.get_figure() if hasattr(axes, "get_figure") else plt.gcf(), result)
    picture, width = png(drawn), int(drawn.get_figwidth() * 96)
    plt.close(drawn)
    text = said(alternative(result, **options))
    display(
        {"image/png": picture, "text/plain": text, MIME: result.to_dict()},
        metadata={"image/png": {"alt": text, "width": width, "caption": said(result.caption)}},
        raw=True,
    )


def untitled(drawn: Figure, result: Result) -> Figure:
    """Return the figure without titles that only repeat the result's: it stands above the picture as its caption."""
    for ax in drawn.axes:
        for place in ("left", "center", "right"):
            if "".join(ax.get_title(place).split()) == "".join(result.title.split()):
                ax.set_title("", loc=place)
    return drawn


def png(drawn: Figure) -> bytes:
    """Return the picture on white in 256 colours: half as large as in all, and `savefig` would draw it twice.

    At this resolution letters need no hinting, which costs more than the letters.
    """
    from PIL import Image

    drawn.set_dpi(RESOLUTION)
    drawn.set_facecolor("white")
    canvas, picture = FigureCanvasAgg(drawn), io.BytesIO()
    with plt.rc_context({"text.hinting": "none", **PLAIN}):
        alone = len(drawn.axes) == 1 and not (drawn.get_suptitle() or drawn.texts or drawn.legends)
        if alone and drawn.get_layout_engine():
            fit(drawn.axes[0], canvas.get_renderer())
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    colours, paper = image.getpalette(), 3 * image.getpixel((0, 0))
    image.putpalette([*colours[:paper], 255, 255, 255, *colours[paper + 3 :]])
    image.save(picture, "png", compress_level=6)
    return picture.getvalue()


def fit(ax: Axes, renderer: RendererBase) -> None:
    """Let the only axes of a figure fill it with all their texts, in one pass; constrained layout measures twice."""
    figure = ax.figure
    figure.set_layout_engine("none")
    pad, width, height = PAD * figure.dpi, figure.bbox.width, figure.bbox.height
    words = max((label.get_window_extent(renderer).width for label in ax.get_yticklabels()), default=0)
    ax.set_position([min((words + 2 * pad) / width, 0.8), 0.1, max(0.97 - (words + 2 * pad) / width, 0.17), 0.85])
    inner, outer = ax.get_window_extent(renderer), ax.get_tightbbox(renderer, for_layout_only=True)
    left, bottom = inner.x0 - outer.x0 + pad, inner.y0 - outer.y0 + pad
    right, top = outer.x1 - inner.x1 + pad, outer.y1 - inner.y1 + pad
    if left + right > MARGINS * width:  # the bars keep their room: the figure grows
        figure.set_figwidth((left + right) / MARGINS / figure.dpi)
        width = figure.bbox.width
    if bottom + top > MARGINS * height:
        figure.set_figheight((bottom + top) / MARGINS / figure.dpi)
        height = figure.bbox.height
    ax.set_position([left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height])


def alternative(result: Result, shown: int = 4, **options: Any) -> str:
    """Return what a figure shows in words: title, then the estimates with their intervals; of many, the extremes.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"wave": ["a", "b"], "estimate": [1.0, 2.0], "low": [0.5, 1.0], "high": [2.0, 3.0]})
    >>> alternative(Result("metric", "NPS by wave", table, "points"))
    'NPS by wave: a 1.0 (0.5 to 2.0), b 2.0 (1.0 to 3.0).'
    """
    if result.kind == "crosstab":
        from cxlab.models.tables import table_plots

        return table_plots.told(result, **{k: v for k, v in options.items() if k in ("question", "banner")})
    table = result.table
    if not {"estimate", "low", "high"} <= set(table.columns):
        return f"{result.title}."
    units = dict(zip(table.index, _units(result), strict=True))
    rows, lead = table, ""
    if len(table) > shown and len(set(units.values())) > 1:
        rows, lead = table[:shown], f"{len(table)} values; the first {shown}: "
    elif len(table) > shown:
        ends = table["estimate"].dropna()
        rows = table.loc[[ends.idxmax(), ends.idxmin()]] if len(ends) else table[:0]
        lead = f"{len(table)} values; highest and lowest: "
    values = [
        f"{_named(result, r)} {show(r['estimate'], units[k])} ({span(r['low'], r['high'], units[k])})"
        for k, r in rows.iterrows()
    ]
    return f"{result.title}: {lead}{', '.join(values)}."


def _units(result: Result) -> list[str]:
    """The unit of each row's estimate; of shares that are compared, percentage points."""
    column = next(c for c in result.columns if c.name == "estimate")
    return row_units(result.table, column, compared="against" in result.table)


def _named(result: Result, row: Any) -> str:
    """What a row is about; of a comparison both sides."""
    table, labels = result.table, result.parts.get("labels", {})
    names = list(table.columns[: list(table.columns).index("estimate")])
    varied = [c for c in names if c == "against" or table[c].astype(str).nunique() > 1] or names[-1:]
    say = lambda c: {"rest": "the others together"}.get(row[c], str(labels.get(row[c], row[c])))  # noqa: E731
    if "against" not in varied:
        return " ".join(map(say, varied))
    about = [c for c in (*varied, names[max(names.index("against") - 1, 0)]) if c != "against"]
    return f"{' '.join(map(say, dict.fromkeys(about)))} − {say('against')}"
