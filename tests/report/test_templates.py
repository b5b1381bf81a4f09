"""A company's own slides and documents: their masters and styles are used, and what they lack is said or added."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from pptx import Presentation
from pptx.util import Inches

from cxlab.problem import DataProblem
from cxlab.report import house_style
from cxlab.report.collect import Made
from cxlab.report.document import document
from cxlab.report.house_style import Style, with_templates
from cxlab.report.slides import slides
from cxlab.result import Result

TABLE = pd.DataFrame(
    {"brand": ["A", "B"], "estimate": [0.5, 0.2], "low": [0.4, 0.1], "high": [0.6, 0.3], "n": [90, 80]}
)
RUN = {"status": "done", "notebook": {"name": "n", "sha256": ""}, "parameters": {"study": "s"}, "cxlab": "1",
       "data": {"title": "Data"}, "made": "2026-01-01"}  # fmt: skip


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    """Slides of another size, with a layout of its own and an example slide."""
    made = Presentation()
    made.slide_width, made.slide_height = Inches(10), Inches(5.625)
    made.slides.add_slide(made.slide_layouts[1]).shapes.title.text_frame.text = "Example slide"
    made.slide_layouts[5].name = "Nur Titel"
    made.save(tmp_path / "company.pptx")
    return tmp_path / "company.pptx"


@pytest.fixture
def report(tmp_path: Path) -> Made:
    return Made(tmp_path, RUN, {"a.1": Result("metric", "Shares", TABLE, "share").to_dict()})


def test_slides_use_the_layouts_of_the_template(deck, report, tmp_path):
    slides(report, tmp_path / "x.pptx", with_templates(Style(), [str(deck)]))
    made = Presentation(tmp_path / "x.pptx")
    assert (made.slide_width, made.slide_height) == (Inches(10), Inches(5.625))
    assert [s.shapes.title.text_frame.text for s in made.slides] == ["N", "Shares: from 20.0 % (B) to 50.0 % (A)"]
    assert made.slides[1].slide_layout.name == "Nur Titel"
    for slide in made.slides:
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.left + shape.width <= made.slide_width
            assert shape.top >= 0 and shape.top + shape.height <= made.slide_height
    chart = next(s for s in made.slides[1].shapes if s.has_chart)
    title = made.slides[1].shapes.title
    assert chart.top >= title.top + title.height
    assert not any(s.is_placeholder and s != title for s in made.slides[1].shapes)


def test_every_slide_has_a_title_and_every_chart_words(report, tmp_path):
    slides(report, tmp_path / "x.pptx")
    for slide in Presentation(tmp_path / "x.pptx").slides:
        assert slide.shapes.title is not None and slide.shapes.title.text_frame.text
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table or shape.shape_type == 13:
                assert shape._element.xpath(".//p:cNvPr")[0].get("descr")


def test_a_template_without_a_title_is_refused(tmp_path):
    made = Presentation()
    for layout in made.slide_layouts:
        for shape in list(layout.placeholders):
            shape._element.getparent().remove(shape._element)
    made.save(tmp_path / "bare.pptx")
    with pytest.raises(DataProblem) as problem:
        with_templates(Style(), [str(tmp_path / "bare.pptx")])
    assert str(problem.value) == (
        f"{tmp_path / 'bare.pptx'}: the template of slides has no layout with a title; "
        "add a layout 'Title Only' in its slide master"
    )


def test_templates_that_are_none_say_so(tmp_path, deck):
    (tmp_path / "x.pptx").write_bytes(b"no presentation")
    Document().save(tmp_path / "a.docx")
    for files, message in (
        (["nowhere.pptx"], "there is no template nowhere.pptx"),
        ([str(tmp_path / "x.potx")], "is neither .pptx nor .docx; save it as one of them (no .potx, .dotx)"),
        ([str(tmp_path / "x.pptx")], "cannot be opened as .pptx"),
        ([str(deck), str(deck)], "two templates end in .pptx; give one"),
    ):
        with pytest.raises(DataProblem) as problem:
            with_templates(Style(), files)
        assert message in str(problem.value)


def repacked(source: Path, target: Path, change: dict[str, tuple[str, str]]) -> Path:
    """Write an Office file with one part changed by a pattern."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name in change:
                content = re.sub(change[name][0].encode(), change[name][1].encode(), content, flags=re.DOTALL)
            new.writestr(name, content)
    return target


def test_a_template_that_nothing_can_be_written_in_is_refused_before_anything_runs(tmp_path):
    word, power = tmp_path / "ok.docx", tmp_path / "ok.pptx"
    Document().save(word)
    Presentation().save(power)
    body, types = "word/document.xml", "[Content_Types].xml"
    made = {
        "body.docx": repacked(word, tmp_path / "body.docx", {body: ("<w:body>.*</w:body>", "")}),
        "page.docx": repacked(word, tmp_path / "page.docx", {body: ("<w:sectPr.*?</w:sectPr>", "")}),
        "size.docx": repacked(word, tmp_path / "size.docx", {body: ("<w:pgSz[^>]*>", "")}),
        "style.docx": repacked(word, tmp_path / "style.docx", {"word/styles.xml": ("<w:style .*</w:style>", "")}),
        "dotx.docx": repacked(word, tmp_path / "dotx.docx", {types: ("document.main", "template.main")}),
        "potx.pptx": repacked(power, tmp_path / "potx.pptx", {types: ("presentation.main", "template.main")}),
    }
    for name, content in (("old.docx", bytes.fromhex("d0cf11e0a1b11ae1")), ("text.pptx", b"text"),
                          ("half.docx", word.read_bytes()[:9000]), ("none.pptx", b""), ("none.docx", b""),
                          ("word.pptx", word.read_bytes())):  # fmt: skip
        made[name] = tmp_path / name
        made[name].write_bytes(content)
    said = {
        **dict.fromkeys(("body.docx", "page.docx", "size.docx", "style.docx"), "without what can be written in"),
        "dotx.docx": "a template of Word (.dotx)", "potx.pptx": "a template of PowerPoint (.potx)",
        "old.docx": "of an old Office, or locked", "text.pptx": "it is no Office file", "half.docx": "it is cut off",
        "none.pptx": "is empty (0 bytes)", "none.docx": "is empty (0 bytes)", "word.pptx": "it is a document of Word",
    }  # fmt: skip
    for name, file in made.items():
        with pytest.raises(DataProblem) as problem:
            with_templates(Style(), [str(file)])
        assert said[name] in str(problem.value) and "save it anew" in str(problem.value), name


def test_the_style_file_names_templates_and_a_change_of_them_counts(tmp_path, deck):
    (tmp_path / "style.yml").write_text("name: Example\nslides: company.pptx\n")
    style = house_style.read(tmp_path / "style.yml")
    assert style.slides == deck.read_bytes()
    assert str(style) != str(Style(name="Example"))


PAGE = """<html lang="de"><body><h1>Title</h1><p>Text</p><figure><figcaption>Wide</figcaption><table><thead><tr>{heads}
</tr></thead><tr>{cells}</tr></table></figure><h2>After</h2><p>More</p><table><tr><td>a</td><td>25.0 %</td></tr></table>
</body></html>"""


def test_a_document_uses_the_template_and_turns_wide_tables(tmp_path):
    own = Document()
    own.add_paragraph("Text of the template")
    own.styles["Heading 1"].font.name = "Corporate"
    own.styles.element.remove(own.styles["Quote"].element)
    own.sections[0].header.paragraphs[0].text = "Our company"
    own.save(tmp_path / "own.docx")
    page = tmp_path / "x.html"
    heads = "".join(f"<th>a long heading {k}</th>" for k in range(12))
    cells = "".join("<td>−11.7 (−13.2 to −10.1)</td>" for _ in range(12))
    page.write_text(PAGE.format(heads=heads, cells=cells))
    document(page, tmp_path / "x.docx", with_templates(Style(), [str(tmp_path / "own.docx")]))
    made = Document(tmp_path / "x.docx")
    assert "Text of the template" not in [p.text for p in made.paragraphs]
    assert made.styles["Heading 1"].font.name == "Corporate" and made.styles["Quote"]
    assert made.sections[0].header.paragraphs[0].text == "Our company"
    assert [s.orientation for s in made.sections] == [WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE, WD_ORIENT.PORTRAIT]
    assert made.sections[1].page_width > made.sections[1].page_height
    wide = sum(c.width for c in made.tables[0].rows[0].cells)
    assert wide <= made.sections[1].page_width - made.sections[1].left_margin - made.sections[1].right_margin + 12 * 10
