"""`saved`: one result as a file: a picture, a slide, a sheet or a table."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlab.problem import DataProblem, unknown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlab.result import Result

DOTS = 200
"""Dots an inch of a picture."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be a formula in a spreadsheet program."""

PICTURES = ("png", "svg", "pdf")
OPTIONS = ("title", "size", "highlight")


def saved(result: Result, path: str | os.PathLike, **options: Any) -> Path:
    """Write a result to ``path`` in one step; its ending says as what (`cxlab.result.Result.save`)."""
    target = Path(path).expanduser()
    makers: dict[str, Callable[[], bytes]] = {
        **{kind: (lambda kind=kind: picture(result, kind, **options)) for kind in PICTURES},
        "pptx": lambda: slide(result, **options), "xlsx": lambda: sheet(result, **options),
        "csv": lambda: lines(result, **options),
    }  # fmt: skip
    kind = target.suffix.lower().removeprefix(".")
    if kind not in makers:
        raise unknown("ending", kind or "(none)", "what a result can be saved as", list(makers))
    if kind not in PICTURES and (wrong := [o for o in options if o not in OPTIONS]):
        raise unknown("option", wrong[0], f"what a .{kind} file takes", OPTIONS)
    if not target.parent.is_dir():
        raise DataProblem(f"there is no folder {target.parent} to write {target.name} to; make it first")
    content = makers[kind]()
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise DataProblem(f"{target} cannot be written ({error.strerror or error}); choose another place") from error
    return target


def picture(
    result: Result, kind: str, *, title: str | None = None, size: Sequence[float] | None = None,
    highlight: str | Sequence[str] = (), **options: Any,
) -> bytes:  # fmt: skip
    """Return the result's picture as ``kind``; its title above it, the highlighted rows in bold."""
    import matplotlib.pyplot as plt

    from cxlab.models.figures import untitled
    from cxlab.plots.lettering import PLAIN, wrapped

    axes = result.plot(**options)
    figure = untitled(axes.get_figure() if hasattr(axes, "get_figure") else plt.gcf(), result)
    try:
        with plt.rc_context({**PLAIN, "svg.hashsalt": "cxlab"}):
            if size is not None:
                figure.set_size_inches(*_inches(size))
            for ax in figure.axes if highlight else ():
                emphasised(ax, [highlight] if isinstance(highlight, str) else list(highlight), result)
            said = result.caption if title is None else title
            if said:
                figure.suptitle(wrapped(said, int(11 * figure.get_figwidth())), fontweight="bold", x=0.01, ha="left")
            out = io.BytesIO()
            about = {
                "png": {"Description": result.caption},
                "svg": {"Title": said, "Date": None},
                "pdf": {"Title": said},
            }
            figure.savefig(out, format=kind, dpi=DOTS, facecolor="white", bbox_inches="tight", metadata=about[kind])
    finally:
        plt.close(figure)
    return out.getvalue()


def _inches(size: Sequence[float]) -> tuple[float, float]:
    try:
        width, height = map(float, size)
    except (TypeError, ValueError):
        raise DataProblem(f"size is {size!r}; give width and height in inches, as (8, 4.5)") from None
    if not (1 <= width <= 60 and 1 <= height <= 60):
        raise DataProblem(f"size is {width:g} x {height:g} inches; allowed: 1 to 60 each")
    return width, height


def emphasised(ax: Axes, wanted: Sequence[str], result: Result) -> None:
    """Write the labels of the wanted rows in bold, and the others in grey."""
    from cxlab.plots.style import INK, MUTED

    ax.figure.canvas.draw()
    labels = [t for axis in (ax.yaxis, ax.xaxis) for t in axis.get_ticklabels() if t.get_text().strip()]
    plain = {t: " ".join(t.get_text().split()) for t in labels}
    for words in wanted:
        hits = [t for t, said in plain.items() if said == words or said.startswith(f"{words} ")]
        if not hits:
            raise unknown("row", words, f"the picture of '{result.title}'", list(dict.fromkeys(plain.values()))[:20])
        for t in plain:
            t.set_color(INK if t in hits or t.get_fontweight() == "bold" else MUTED)
        for t in hits:
            t.set_fontweight("bold")


def slide(result: Result, *, title: str | None = None, size: Any = None, highlight: Any = ()) -> bytes:
    """Return a presentation with the slide (or slides) of the result: a native chart or table, the method in notes."""
    from cxlab.report.deck import Deck
    from cxlab.report.sanitiser import legal
    from cxlab.report.slides import PLAIN, result_slides

    _unused(size, highlight, "pptx")
    deck = Deck(PLAIN)
    result_slides(deck, legal(result.to_dict()))
    if not len(deck.slides):
        raise DataProblem(f"'{result.title}' has no numbers that fit on a slide; save it as .xlsx or .csv")
    if title is not None:
        deck.slides[0].shapes.title.text_frame.paragraphs[0].runs[0].text = title
    return deck.bytes()


def sheet(result: Result, *, title: str | None = None, size: Any = None, highlight: Any = ()) -> bytes:
    """Return a workbook with the table of the result, method and notes below it."""
    import xlsxwriter

    from cxlab.report import banner_sheets, workbook
    from cxlab.report.sanitiser import legal

    _unused(size, highlight, "xlsx")
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **workbook.TEXT})
    sheets, found = workbook.Sheets(book), legal(result.to_dict())
    if result.kind == "crosstab":
        banner_sheets.write(book, sheets, found)
    else:
        workbook.write(book, sheets.add(title or found["title"]), found, book.add_format(workbook.HEAD))
    book.close()
    return out.getvalue()


def lines(result: Result, *, title: str | None = None, size: Any = None, highlight: Any = ()) -> bytes:
    """Return the table as CSV (UTF-8): numbers in full precision; a text that would be a formula gets an apostrophe."""
    _unused(size, highlight, "csv")
    table = result.table.copy()
    for column in table:
        if table[column].dtype.kind not in "iufb":
            table[column] = [f"'{v}" if isinstance(v, str) and v.startswith(FORMULA) else v for v in table[column]]
    return table.to_csv(index=False).encode("utf-8-sig")


def _unused(size: Any, highlight: Any, kind: str) -> None:
    if size is not None or highlight:
        raise DataProblem(f"size and highlight are of pictures ({', '.join(PICTURES)}); a .{kind} file takes title")
