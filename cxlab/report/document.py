"""`document`: the page of a report as a Word document (.docx) with headings, tables and pictures that can be edited.

Made from the page itself with python-docx, so that it says what the page says, in the same words and colours, and
needs no program beside Python (pandoc would be one more, and would lose the house style).
"""

from __future__ import annotations

import base64
import copy
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from cxlab.report.house_style import Style
from cxlab.report.pdf import screenless
from cxlab.report.sanitiser import legal

STYLES = (
    "Title",
    "Heading 1",
    "Heading 2",
    "Heading 3",
    "List Bullet",
    "List Number",
    "Caption",
    "Quote",
    "Table Grid",
)
"""Styles that are written in; a template that lacks one gets ours."""

NARROW = 1.4
"""A table that needs so many times the width of the page stands on a page turned on its side."""

USUAL, SMALL = Pt(9), Pt(8)
"""Letters of a table, and of one that needs more than the width of the page."""

MARKS = {"strong": "bold", "b": "bold", "em": "italic", "i": "italic"}
BLOCKS = ("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "table", "img", "figcaption", "blockquote", "pre", "dl")


def document(page: Path, target: Path, style: Style) -> None:
    """Write ``target`` (.docx) from the HTML page of a report."""
    soup = screenless(legal(page.read_text(encoding="utf-8")))
    made = begun(style)
    if soup.select_one("body.one-page"):
        compact(made, ours=not style.document)
    named(made, style, soup.html.get("lang", "en"), soup.h1.get_text() if soup.h1 else "")
    found = list(blocks(soup.body))
    for block, after in zip(found, [*found[1:], None], strict=True):
        turn(made, block, after)
        add(made, block)
    made.save(str(target))


def begun(style: Style) -> Any:
    """Return the document to write in: a company's template without its text, or ours in the house style."""
    if not style.document:
        made = Document()
        prepare(made, style)
        return made
    made, ours = Document(io.BytesIO(style.document)), Document()
    for element in list(made.element.body):
        if element.tag != qn("w:sectPr"):
            made.element.body.remove(element)
    there = {s.name for s in made.styles}
    for name in (n for n in STYLES if n not in there):
        made.styles.element.append(copy.deepcopy(ours.styles[name].element))
    return made


def tried(template: bytes) -> None:
    """Begin a document in a template and write nothing: one without a body, a page or styles fails here, not after
    everything has been computed."""
    made = begun(Style(document=template))
    named(made, Style(), "en", "")
    room(made)


def named(made: Any, style: Style, language: str, title: str) -> None:
    """Set title, author and language of the document."""
    made.core_properties.title, made.core_properties.author = title, legal(style.name) or "cxlab"
    mark = OxmlElement("w:lang")
    mark.set(qn("w:val"), language)
    made.styles["Normal"].element.get_or_add_rPr().append(mark)


def room(made: Any) -> tuple[float, float]:
    """Return width and height of the text on the pages of the last section, in cm."""
    last = made.sections[-1]
    return (
        (last.page_width - last.left_margin - last.right_margin) / Cm(1),
        0.84 * (last.page_height - last.top_margin - last.bottom_margin) / Cm(1),
    )


def turn(made: Any, block: Any, after: Any) -> None:
    """Begin a page on its side before a table that is too wide (or its caption), and an upright one after it."""
    last = made.sections[-1]
    lying = last.orientation == WD_ORIENT.LANDSCAPE
    upright = min(last.page_width, last.page_height) - last.left_margin - last.right_margin
    wide = any(
        b is not None and b.name == "table" and sum(needs(b)) > NARROW * upright / Cm(1)
        for b in ((block, after) if block.name == "figcaption" else (block,))
    )
    ends = block.name in ("h1", "h2", "h3", "h4", "figcaption", "table", "img", "dl")
    if wide == lying or lying and not ends:
        return
    new = made.add_section(WD_SECTION.NEW_PAGE)
    new.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    new.page_width, new.page_height = last.page_height, last.page_width


def prepare(made: Any, style: Style) -> None:
    """Set page, fonts and colours of our own document."""
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(2)
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(10.5)
    for name, size in (("Title", 24), ("Heading 1", 15), ("Heading 2", 12), ("Heading 3", 11)):
        font = made.styles[name].font
        font.name, font.size, font.color.rgb = "Calibri", Pt(size), RGBColor.from_string(style.heading[1:].upper())
        fonts = made.styles[name].element.get_or_add_rPr().find(qn("w:rFonts"))
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{kind}"), None)
    for rule in made.styles["Title"].element.pPr.findall(qn("w:pBdr")):
        made.styles["Title"].element.pPr.remove(rule)
    made.styles["Caption"].font.color.rgb = RGBColor.from_string(style.heading[1:].upper())
    made.styles["Caption"].font.size = Pt(10)


def compact(made: Any, *, ours: bool) -> None:
    """Set small letters and little space, so that a page made to be one is one; a company's margins are kept."""
    section = made.sections[0]
    if ours:
        section.left_margin = section.right_margin = Cm(1.6)
        section.top_margin = section.bottom_margin = Cm(1.2)
    sizes = {
        "Normal": 9,
        "Title": 16,
        "Heading 1": 11,
        "Heading 2": 9.5,
        "Caption": 9,
        "List Bullet": 8.5,
        "List Number": 9,
    }
    for name, size in sizes.items():
        made.styles[name].font.size = Pt(size)
        space = made.styles[name].paragraph_format
        space.space_before = Pt(5 if name == "Heading 1" else 0)
        space.space_after, space.line_spacing = Pt(1.5), 1.0


def blocks(element: Any) -> Iterator[Any]:
    """Yield the elements that become paragraphs, tables and pictures, in order; wrappers are passed through."""
    for child in element.find_all(True, recursive=False):
        if child.name in BLOCKS and not (child.name == "p" and child.find("img")):
            yield child
        else:
            yield from blocks(child)


def add(made: Any, block: Any) -> None:
    """Add one element of the page."""
    name = block.name
    if name in ("h1", "h2", "h3", "h4"):
        made.add_heading(" ".join(block.get_text().split()), level={"h1": 0, "h2": 1, "h3": 2, "h4": 3}[name])
    elif name == "img":
        picture(made, block)
    elif name == "table":
        table(made, block)
    elif name in ("ul", "ol"):
        for item in block.find_all("li", recursive=False):
            words(made.add_paragraph(style="List Bullet" if name == "ul" else "List Number"), item)
    elif name == "dl":
        pairs(made, block)
    else:
        kind = {"figcaption": "Caption", "blockquote": "Quote"}.get(name)
        paragraph = made.add_paragraph(style=kind)
        paragraph.paragraph_format.keep_with_next = name == "figcaption"
        words(paragraph, block)


def words(paragraph: Any, element: Any, **marks: bool) -> None:
    """Add the text of an element with its bold and italic parts."""
    for child in element.children:
        if isinstance(child, str):
            text = re.sub(r"\s+", " ", str(child))
            if text.strip() or paragraph.text:
                run = paragraph.add_run(text if paragraph.text else text.lstrip())
                for mark in marks:
                    setattr(run, mark, True)
        elif child.name == "br":
            paragraph.add_run().add_break()
        else:
            words(paragraph, child, **marks, **({MARKS[child.name]: True} if child.name in MARKS else {}))


def picture(made: Any, image: Any) -> None:
    """Add a picture as wide as it is on the page, at most as the paper, with its alternative text."""
    kind, _, content = image.get("src", "").partition(";base64,")
    if kind not in ("data:image/png", "data:image/jpeg"):
        made.add_paragraph(f"[{image.get('alt', 'picture')}]")
        return
    shape = made.add_picture(io.BytesIO(base64.b64decode(content)))
    width, height = room(made)
    logo = "logo" in image.get("class", [])
    scale = min(1.0, Cm(width) / shape.width, Cm(1.5 if logo else height) / shape.height)
    shape.width, shape.height = int(shape.width * scale), int(shape.height * scale)
    shape._inline.docPr.set("descr", image.get("alt", ""))


def table(made: Any, source: Any) -> None:
    """Add a table; its head is repeated on every page, numbers stand at the right."""
    rows = [row.find_all(("th", "td"), recursive=False) for row in source.find_all("tr")]
    columns = max((sum(int(cell.get("colspan", 1)) for cell in row) for row in rows), default=0)
    if not columns:
        return
    grid = made.add_table(rows=len(rows), cols=columns, style="Table Grid")
    grid.alignment = WD_TABLE_ALIGNMENT.LEFT
    cells = grid._cells  # asked for once: each question to python-docx walks the whole table
    need, wide = needs(source), room(made)[0]
    widths(grid, cells, need, longest(source), wide)
    letters = SMALL if sum(need) > wide else USUAL
    heads = len(source.thead.find_all("tr")) if source.thead else 0
    for k, row in enumerate(rows):
        at = 0
        for cell in row:
            fill(cells[k * columns + at], cell, head=k < heads, letters=letters)
            at += int(cell.get("colspan", 1))
        if k < heads:
            mark = OxmlElement("w:tblHeader")
            mark.set(qn("w:val"), "true")
            grid._tbl.tr_lst[k].get_or_add_trPr().append(mark)
    rules(grid)
    made.add_paragraph().paragraph_format.space_after = Pt(2)


def needs(source: Any) -> list[float]:
    """Return the width in cm that each column of a table needs, by its longest words and usual length."""
    rows = [row.find_all(("th", "td"), recursive=False) for row in source.find_all("tr")]
    columns = max((sum(int(cell.get("colspan", 1)) for cell in row) for row in rows), default=0)
    need = [1.2] * columns
    for row in (row for row in rows if len(row) == columns):
        for k, cell in enumerate(row):
            text = cell.get_text().strip()
            letters = max(min(len(text), 24), max(map(len, text.split()), default=0))
            need[k] = max(need[k], 0.5 + 0.2 * letters)  # cm: the cell's margins, and a letter at 9 pt
    return need


def widths(grid: Any, cells: list[Any], need: list[float], least: list[float], wide: float) -> None:
    """Share ``wide`` cm of text among the columns as they need it; as long as there is room no word is broken."""
    given = shared(need, least, wide)
    for k, column in enumerate(grid.columns):
        column.width = Cm(given[k])
    for k, cell in enumerate(cells):
        cell.width = Cm(given[k % len(given)])


def shared(need: list[float], least: list[float], wide: float) -> list[float]:
    """Return the width of each column: what it needs, or its least and a part of what is left in proportion.

    >>> shared([2.0, 6.0], [2.0, 2.0], 6.0), shared([2.0, 6.0], [2.0, 2.0], 9.0), shared([3.0, 3.0], [3.0, 3.0], 4.0)
    ([2.0, 4.0], [2.0, 6.0], [2.0, 2.0])
    """
    if sum(need) <= wide:
        return need
    low = [min(a, b) for a, b in zip(need, least, strict=True)]
    if sum(low) >= wide:
        return [x * wide / sum(low) for x in low]
    part = (wide - sum(low)) / (sum(need) - sum(low))
    return [a + part * (b - a) for a, b in zip(low, need, strict=True)]


def longest(source: Any) -> list[float]:
    """Return the width in cm that the longest word of each column takes at 8 pt; a number stays with its unit."""
    rows = [row.find_all(("th", "td"), recursive=False) for row in source.find_all("tr")]
    columns = max((sum(int(cell.get("colspan", 1)) for cell in row) for row in rows), default=0)
    out = [1.0] * columns
    for row in (row for row in rows if len(row) == columns):
        for k, cell in enumerate(row):
            text = re.sub(r"(?<=\d) (?=%|pp\b)", "\u00a0", cell.get_text().strip())
            out[k] = max(out[k], 0.45 + 0.185 * max(map(len, text.split(" ")), default=0))
    return out


def fill(cell: Any, source: Any, *, head: bool, letters: Any = USUAL) -> None:
    """Write one cell of a table."""
    paragraph = cell.paragraphs[0]
    words(paragraph, source, **({"bold": True} if head else {}))
    paragraph.paragraph_format.space_after = Pt(0)
    for run in paragraph.runs:
        run.font.size = letters
        run.text = re.sub(r"(?<=\d) (?=%|pp\b)", "\u00a0", run.text)  # a number and its unit stay together
    if "num" in source.get("class", []) or re.fullmatch(r"[−\-+]?[\d.,]+( %)?|–", source.get_text().strip()):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def rules(grid: Any) -> None:
    """Leave only the horizontal rules of a table."""
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        rule = OxmlElement(f"w:{side}")
        shown = side in ("top", "bottom", "insideH")
        for key, value in {"val": "single" if shown else "nil", "sz": "4", "color": "B8C2CB"}.items():
            rule.set(qn(f"w:{key}"), value)
        borders.append(rule)
    grid._tbl.tblPr.append(borders)


def pairs(made: Any, source: Any) -> None:
    """Add the facts of the head as a table of name and text."""
    found = [(pair.dt, pair.dd) for pair in source.find_all("div") if pair.dt and pair.dd]
    if source.find_parent(class_="one-page"):
        made.add_paragraph("; ".join(f"{name.get_text()}: {text.get_text()}" for name, text in found))
        return
    grid = made.add_table(rows=len(found), cols=2, style="Table Grid")
    grid.columns[0].width, grid.columns[1].width = Cm(4), Cm(room(made)[0] - 4)
    cells = grid._cells
    for k, cell in enumerate(cells):
        fill(cell, found[k // 2][k % 2], head=False)
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.LEFT
        cell.width = Cm(room(made)[0] - 4 if k % 2 else 4)
    rules(grid)
