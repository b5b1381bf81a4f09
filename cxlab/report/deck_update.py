"""`update`: the new numbers of a report in a deck that people have edited; all they changed or added stays."""

from __future__ import annotations

import copy
import io
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

from cxlab.problem import DataProblem
from cxlab.report.collect import Made
from cxlab.report.deck import described, mark
from cxlab.report.slides import CHART, drawn

NAMED = "cxlab "
LINES = (XL_CHART_TYPE.LINE, XL_CHART_TYPE.LINE_MARKERS)
TEXTS = ("title", "about", "made", "finding")


@dataclass
class Update:
    """What was done with a deck: ``charts``, ``tables`` and ``texts`` are counted; ``edited`` texts were left as people
    wrote them, ``gone`` is in the deck and no longer in the report, ``shape`` are tables of another size, ``absent`` is
    in the report and not in the deck, such as slides that were deleted: they stay deleted."""

    charts: int = 0
    tables: int = 0
    texts: int = 0
    edited: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    shape: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return what was done in words."""
        out = [f"{self.charts} charts, {self.tables} tables and {self.texts} texts have the numbers of the report"]
        left = {
            "edited by hand, and left as it is: check": self.edited,
            "no longer in the report, and left as it is": self.gone,
            "a table of another size, and left as it is": self.shape,
            "in the report, and not in the deck": self.absent,
        }
        return [*out, *(f"{what}: {', '.join(dict.fromkeys(some))}" for what, some in left.items() if some)]


def update(file: Path, report: Made) -> Update:
    """Put the numbers of a report into the deck in ``file``, and write it in place; the deck before it stays beside.

    Charts keep their kind, colours, size and place. A text that was edited is left; one that was not says what the new
    numbers say.

    Raises
    ------
    DataProblem : the file is not there, is no .pptx, holds nothing that cxlab made, or is of another study.
    """
    if not file.is_file():
        raise DataProblem(f"there is no deck {file}")
    content = file.read_bytes()
    try:
        deck = Presentation(io.BytesIO(content))
    except Exception as error:  # whatever python-pptx makes of a stranger's file
        raise DataProblem(f"{file} cannot be opened as a .pptx ({type(error).__name__}); save it anew") from None
    fresh = drawn(report).made
    mine, theirs = called(deck), called(fresh)
    if min(len(mine), len(theirs)) > 1 and not mine & theirs:
        raise DataProblem(
            f"{file} is of another study: its charts and tables name {some(mine)}, those of this report "
            f"{some(theirs)}; nothing was changed. Make a deck of its own with cxlab report ... --to pptx"
        )
    done = updated(deck, fresh)
    if not done.charts + done.tables + done.texts + len(done.edited) + len(done.gone) + len(done.shape):
        raise DataProblem(
            f"{file} holds no chart, table or text that cxlab made (their names begin with 'cxlab'); make a deck with "
            "cxlab report ... --to pptx, and edit that"
        )
    out = io.BytesIO()
    deck.save(out)
    file.with_name(f"{file.stem}.before.pptx").write_bytes(content)
    draft = file.with_name(f".{uuid.uuid4().hex[:8]}.pptx")
    draft.write_bytes(out.getvalue())
    os.replace(draft, file)
    return done


def updated(deck: Any, fresh: Any) -> Update:
    """Bring a presentation to the numbers of a fresh one; both are python-pptx presentations, the second is not
    changed."""
    new = {tag: shape for tag, shape, _ in tagged(fresh)}
    done, seen = Update(), set()
    for tag, shape, said in tagged(deck):
        seen.add(tag)
        source = new.get(tag)
        if source is None:
            _gone(shape, tag, said, done)
        elif getattr(shape, "has_chart", False) and getattr(source, "has_chart", False):
            _chart(shape, source)
            done.charts += 1
        elif getattr(shape, "has_table", False) and getattr(source, "has_table", False):
            same = _table(shape.table, source.table)
            done.tables += same
            done.shape += [] if same else [tag]
        elif hasattr(shape, "image") and hasattr(source, "image"):
            _picture(shape, source)
            done.charts += 1
        elif shape.has_text_frame and source.has_text_frame:
            _text(shape, source.text_frame.text, tag, said, done)
    left = [tag for tag in new if tag not in seen]
    done.absent += dict.fromkeys(tag.rpartition(" ")[0] for tag in left)
    return done


def called(deck: Any) -> set[str]:
    """Return what the charts and tables of a deck that cxlab made are of: touchpoints, groups, questions; no waves."""
    names: set[str] = set()
    for _, shape, _ in tagged(deck):
        if getattr(shape, "has_chart", False):
            plot = shape.chart.plots[0]
            over_time = shape.chart.chart_type in LINES
            names |= {s.name for s in plot.series if len(plot.series) > 1} if over_time else set(plot.categories)
        elif getattr(shape, "has_table", False):
            names |= {row.cells[0].text_frame.text for row in list(shape.table.rows)[1:]}
    return {str(name) for name in names if name}


def some(names: set[str]) -> str:
    """Return the first three of several names."""
    return ", ".join(repr(name) for name in sorted(names)[:3]) + (", ..." if len(names) > 3 else "")


def tagged(deck: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield every shape that cxlab named: result and part, the shape, and the mark of what it said."""
    for slide in deck.slides:
        for shape in _all(slide.shapes):
            if shape.name.startswith(NAMED):
                words = shape.name[len(NAMED) :].split(" ")
                text = len(words) > 1 and words[-2].partition("-")[0] in TEXTS
                yield (" ".join(words[:-1]), shape, words[-1]) if text else (" ".join(words), shape, "")


def _all(shapes: Any) -> Iterator[Any]:
    """The shapes of a slide, those in groups too."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _all(shape.shapes)
        else:
            yield shape


def _gone(shape: Any, tag: str, said: str, done: Update) -> None:
    """A shape that the report no longer has: a finding that nobody edited is emptied, all else is left and said."""
    if said and "finding-" in tag and mark(shape.text_frame.text) == said:
        _write(shape, "")
        done.texts += 1
    elif not (said and not shape.text_frame.text):
        done.gone.append(tag)


def _text(shape: Any, words: str, tag: str, said: str, done: Update) -> None:
    old = shape.text_frame.text
    if mark(old) != said and (old or "finding-" not in tag):
        done.edited.append(tag)
        return
    done.texts += 1
    _write(shape, words)
    shape.name = f"{NAMED}{tag} {mark(words)}"


def _write(shape: Any, words: str) -> None:
    """Write a text in the looks of the old one's first letters."""
    runs = [run for paragraph in shape.text_frame.paragraphs for run in paragraph.runs]
    if not runs:
        shape.text_frame.text = words
        return
    runs[0].text = words
    for run in runs[1:]:
        run._r.getparent().remove(run._r)


def _chart(shape: Any, source: Any) -> None:
    """Give a chart the data, intervals, range and description of another."""
    old, new = shape.chart, source.chart
    plot = new.plots[0]
    codes = new._chartSpace.xpath(".//c:ser/c:val//c:formatCode/text()")
    data = CategoryChartData(number_format=str(codes[0]) if codes else "General")
    data.categories = list(plot.categories)
    for series in plot.series:
        data.add_series(series.name, list(series.values))
    before = len(old.plots[0].series)
    old.replace_data(data)
    if before != len(plot.series):  # of a deck made when all bars were alike: what is open must look so
        _told_apart(old, new)
    bars = f"{{{CHART}}}errBars"
    for mine, other in zip(old.plots[0].series, plot.series, strict=True):
        for gone in mine._element.findall(bars):
            mine._element.remove(gone)
        for made in other._element.findall(bars):
            mine._element.find(f"{{{CHART}}}cat").addprevious(copy.deepcopy(made))
    for end in ("minimum_scale", "maximum_scale"):
        setattr(old.value_axis, end, getattr(new.value_axis, end))
    described(shape, source._element.xpath(".//p:cNvPr")[0].get("descr", ""))


def _told_apart(old: Any, new: Any) -> None:
    """Give the series of a chart the looks of another's, and its legend."""
    looks = f"{{{CHART}}}spPr"
    for mine, other in zip(old.plots[0].series, new.plots[0].series, strict=True):
        for gone in mine._element.findall(looks):
            mine._element.remove(gone)
        for made in other._element.findall(looks):
            mine._element.find(f"{{{CHART}}}tx").addnext(copy.deepcopy(made))
    if hasattr(new.plots[0], "overlap"):
        old.plots[0].overlap = new.plots[0].overlap
    old.has_legend = new.has_legend
    if new.has_legend:
        old.legend.position, old.legend.include_in_layout = new.legend.position, False


def _picture(shape: Any, source: Any) -> None:
    """Show another picture in the place and size of the old one's frame, with its description."""
    _, own = shape.part.get_or_add_image_part(io.BytesIO(source.image.blob))
    shape._element.blipFill.blip.rEmbed = own
    described(shape, source._element.xpath(".//p:cNvPr")[0].get("descr", ""))


def _table(old: Any, new: Any) -> bool:
    """Write the cells of a table of the same size into it; False where the sizes differ."""
    if (len(old.rows), len(old.columns)) != (len(new.rows), len(new.columns)):
        return False
    for mine, other in zip(old.iter_cells(), new.iter_cells(), strict=True):
        if mine.text_frame.text != other.text_frame.text:
            _write(mine, other.text_frame.text)
    return True
