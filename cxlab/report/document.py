"""`document`: the page of a report as a Word document (.docx) with headings, tables and pictures that can be edited.

Made from the page itself with python-docx, so that it says what the page says, in the same words and colours, and
needs no program beside Python (pandoc would be one more, and would lose the house style).
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from cxlab.report.house_style import Style
from cxlab.report.pdf import screenless
from cxlab.report.sanitiser import legal

TEXT_WIDTH, TEXT_HEIGHT = 17.0, 21.0
"""Room on an A4 page in cm."""

MARKS = {"strong": "bold", "b": "bold", "em": "italic", "i": "italic"}
BLOCKS = ("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "table", "img", "figcaption", "blockquote", "pre", "dl")


def document(page: Path, target: Path, style: Style) -> None:
    """Write ``target`` (.docx) from the HTML page of a report."""
    soup = screenless(legal(page.read_text(encoding="utf-8")))
    made = Document()
    prepare(made, style, soup.html.get("lang", "en"), soup.h1.get_text() if soup.h1 else "")
    for block in blocks(soup.body):
        add(made, block)
    made.save(str(target))


def prepare(made: Any, style: Style, language: str, title: str) -> None:
    """Set page, fonts, colours and language of the document."""
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(2)
    made.core_properties.title, made.core_properties.author = title, legal(style.name) or "cxlab"
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(10.5)
    mark = OxmlElement("w:lang")
    mark.set(qn("w:val"), language)
    normal.element.get_or_add_rPr().append(mark)
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
    room = Cm(TEXT_WIDTH), Cm(TEXT_HEIGHT)
    logo = "logo" in image.get("class", [])
    scale = min(1.0, room[0] / shape.width, (Cm(1.5) if logo else room[1]) / shape.height)
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
    widths(grid, cells, rows, columns)
    heads = len(source.thead.find_all("tr")) if source.thead else 0
    for k, row in enumerate(rows):
        at = 0
        for cell in row:
            fill(cells[k * columns + at], cell, head=k < heads)
            at += int(cell.get("colspan", 1))
        if k < heads:
            mark = OxmlElement("w:tblHeader")
            mark.set(qn("w:val"), "true")
            grid._tbl.tr_lst[k].get_or_add_trPr().append(mark)
    rules(grid)
    made.add_paragraph().paragraph_format.space_after = Pt(2)


def widths(grid: Any, cells: list[Any], rows: list[list[Any]], columns: int) -> None:
    """Share the width of the text among the columns by their longest words and usual length."""
    need = [1.2] * columns
    for row in (row for row in rows if len(row) == columns):
        for k, cell in enumerate(row):
            text = cell.get_text().strip()
            letters = max(min(len(text), 24), max(map(len, text.split()), default=0))
            need[k] = max(need[k], 0.5 + 0.2 * letters)  # cm: the cell's margins, and a letter at 9 pt
    share = min(1.0, TEXT_WIDTH / sum(need))
    for k, column in enumerate(grid.columns):
        column.width = Cm(share * need[k])
    for k, cell in enumerate(cells):
        cell.width = Cm(share * need[k % columns])


def fill(cell: Any, source: Any, *, head: bool) -> None:
    """Write one cell of a table."""
    paragraph = cell.paragraphs[0]
    words(paragraph, source, **({"bold": True} if head else {}))
    paragraph.paragraph_format.space_after = Pt(0)
    for run in paragraph.runs:
        run.font.size = Pt(9)
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
    grid = made.add_table(rows=len(found), cols=2, style="Table Grid")
    cells = grid._cells
    for k, cell in enumerate(cells):
        fill(cell, found[k // 2][k % 2], head=False)
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.LEFT
        cell.width = Cm(TEXT_WIDTH - 4 if k % 2 else 4)
    rules(grid)
