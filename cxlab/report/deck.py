"""`Deck`: slides with real titles, on layouts of our own or of a company's template."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Inches, Pt

from cxlab.languages import speech
from cxlab.problem import DataProblem
from cxlab.report.house_style import Style

INK = "1B2733"
FONT = "Calibri"
WIDTH, HEIGHT, ABOVE = 13.333, 7.5, 1.35
"""Inches of our own slides, and where what stands below their titles begins: places are said on such a slide."""

TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)
SUBTITLES = (PP_PLACEHOLDER.SUBTITLE, PP_PLACEHOLDER.BODY)
BESIDE = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)


@dataclass
class Deck:
    """A presentation that is being made; ``style`` is whose it is, ``own`` whether its look is ours.

    Raises
    ------
    DataProblem : the template has no layout with a title to write on.
    """

    style: Style

    def __post_init__(self) -> None:
        self.tag = ""
        self.own = not self.style.slides
        self.made = Presentation(None if self.own else io.BytesIO(self.style.slides))
        if self.own:
            self.made.slide_width, self.made.slide_height = Inches(WIDTH), Inches(HEIGHT)
        for old in list(self.made.slides._sldIdLst):  # what the template shows as an example
            self.made.part.drop_rel(old.rId)
            self.made.slides._sldIdLst.remove(old)
        self.first = self._layout(("CENTER_TITLE", "TITLE"), plain=False)
        self.plain = self._layout(("TITLE",), plain=True)

    @property
    def slides(self) -> Any:
        """The slides so far."""
        return self.made.slides

    def _layout(self, kinds: tuple[str, ...], *, plain: bool) -> Any:
        """Return the layout with a title of one of the kinds, the one with least beside it; ``plain``: no body."""
        wanted = [PP_PLACEHOLDER[k] for k in kinds]
        found = []
        for place, layout in enumerate(self.made.slide_layouts):
            has = [p.placeholder_format.type for p in layout.placeholders if p.placeholder_format.type not in BESIDE]
            titles = [wanted.index(t) for t in has if t in wanted]
            if titles:
                found.append(((len(has) - 1 if plain else titles[0]), place, layout))
        if not found:
            raise DataProblem(
                "the template of slides has no layout with a title; add a layout 'Title Only' in its slide master"
            )
        return min(found, key=lambda f: f[:2])[2]

    def slide(self, title: str, *, first: bool = False) -> Any:
        """Add a slide whose title is in its title placeholder, so that outline and screen readers find it."""
        slide = self.made.slides.add_slide(self.first if first else self.plain)
        for shape in list(slide.placeholders):
            if shape.placeholder_format.type not in TITLES:
                shape._element.getparent().remove(shape._element)  # 'Click to add text'
        head = slide.shapes.title
        head.text_frame.text = title
        self.tagged(head, "title", title)
        head.text_frame.word_wrap = True
        if self.own:
            box = (0.9, 1.6, 11.5, 1.3) if first else (0.6, 0.35, 12.1, 1.0)
            head.left, head.top, head.width, head.height = (Inches(v) for v in box)
            size = (
                (36 if len(title) < 70 else 28)
                if first
                else (26 if len(title) < 100 else 20 if len(title) < 150 else 16)
            )
            write(head.text_frame, size, bold=True, colour=self.style.heading)
            head.text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM if first else MSO_ANCHOR.MIDDLE
            for paragraph in head.text_frame.paragraphs:
                paragraph.alignment = PP_ALIGN.LEFT
        return slide

    def place(self, box: tuple[float, float, float, float], slide: Any) -> tuple[Emu, Emu, Emu, Emu]:
        """Return (left, top, width, height) in inches of our own slide as a place on this one, below its title."""
        left, top, width, height = box
        if self.own:
            return tuple(Inches(v) for v in box)
        head = slide.shapes.title
        start = min(head.top + head.height, int(0.4 * self.made.slide_height))
        if head.top > 0.3 * self.made.slide_height:  # a title in the middle of the first slide
            start = min(head.top + head.height, int(0.75 * self.made.slide_height))
        across = self.made.slide_width / Inches(WIDTH)
        room = 0.94 * self.made.slide_height - start
        down = room / (HEIGHT - ABOVE)
        return (
            Emu(int(Inches(left) * across)), Emu(int(start + max(top - ABOVE, 0) * down)),
            Emu(int(Inches(width) * across)), Emu(int(height * down)),
        )  # fmt: skip

    def tagged(self, shape: Any, what: str, words: str = "") -> None:
        """Name a shape after the result it shows, so that `deck_update` finds it again; a text by what it says, too."""
        shape.name = " ".join(x for x in ("cxlab", self.tag, what, mark(words) if words else "") if x)

    def text(self, slide: Any, words: str, box: tuple[float, float, float, float], size: int, what: str = "") -> None:
        """Add a text box at (left, top, width, height), in inches of our own slide."""
        shape = slide.shapes.add_textbox(*self.place(box, slide))
        if what:
            self.tagged(shape, what, words)
        frame = shape.text_frame
        frame.word_wrap = True
        frame.text = words
        write(frame, size, name=FONT if self.own else "", colour=INK if self.own else "")

    def bytes(self) -> bytes:
        """Return the presentation as a file."""
        out = io.BytesIO()
        self.made.save(out)
        return out.getvalue()


def mark(words: str) -> str:
    """Return a mark of a text: another text has another, so that an edited one is told from an old one.

    >>> mark("a  b") == mark("a b"), mark("a") == mark("b")
    (True, False)
    """
    return hashlib.sha256(" ".join(words.split()).encode()).hexdigest()[:10]


def write(frame: Any, size: int, *, bold: bool = False, colour: str = INK, name: str = FONT) -> None:
    """Give the text of a frame its size, weight, colour and font; '' leaves what the template says."""
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.size, run.font.bold = Pt(size), bold
            if name:
                run.font.name = name
            if colour:
                run.font.color.rgb = RGBColor.from_string(colour.lstrip("#").upper())


def described(shape: Any, words: str) -> None:
    """Give a chart, table or picture the text that is read out to those who do not see it."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", speech.said(words))
