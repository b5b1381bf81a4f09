"""A house style: what it changes, and what it may not do to a reader."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from docx import Document
from nbformat.v4 import new_markdown_cell, new_notebook, new_output
from pptx import Presentation

from cxlab.languages.message_book import languages
from cxlab.problem import DataProblem
from cxlab.report import house_style
from cxlab.report.collect import Made
from cxlab.report.document import document
from cxlab.report.page import page
from cxlab.report.slides import slides
from cxlab.report.verdict_bars import tinted
from cxlab.result import Estimate, Result

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
FILE = """
name: Example & Co
logo: logo.png
accent: "#7a1f3d"
heading: "#3d1f7a"
language: de
words: {Rows: Antworten}
"""


@pytest.fixture
def house(tmp_path: Path) -> house_style.Style:
    (tmp_path / "logo.png").write_bytes(PNG)
    (tmp_path / "style.yml").write_text(FILE)
    return house_style.read(tmp_path / "style.yml")


@pytest.fixture
def html(house: house_style.Style) -> str:
    import pandas as pd
    from nbformat.v4 import new_code_cell

    table = Result("x", "Shares", pd.DataFrame({"brand": ["A", "B"], "estimate": [0.5, 0.25], "n": [9, 1200]}), "share")
    shown = [new_output("display_data", data=r._repr_mimebundle_()) for r in (Estimate("NPS", 1.0), table)]
    shown += [new_output("display_data", data={"image/png": base64.b64encode(PNG).decode()})]
    cells = [new_markdown_cell("# Title\n\n## First\n\nText with **bold** words"), new_code_cell("1", outputs=shown)]
    report = {"subject": "Data", "simulated": True, "facts": [("Rows", "7"), ("Weights", "none")], "stamp": "s",
              "origin": ["from here"]}  # fmt: skip
    return page(new_notebook(cells=cells), report, house)


def test_the_page_is_in_the_house_style(html: str):
    assert '<html lang="de">' in html
    assert "--accent: #7a1f3d; --heading: #3d1f7a;" in html
    assert 'alt="Example &amp; Co"' in html
    for said in ("Antworten", "Gewichte", "keine", "Woher die Daten stammen", "SIMULIERTE DATEN: von einem Programm"):
        assert said in html
    for unsaid in ("Show the code", "Where the data come from", "SIMULATED"):
        assert unsaid not in html


def test_the_document_holds_headings_tables_and_pictures_with_words(
    html: str, house: house_style.Style, tmp_path: Path
):
    (tmp_path / "index.html").write_text(html)
    document(tmp_path / "index.html", tmp_path / "x.docx", house)
    made = Document(tmp_path / "x.docx")
    kinds = {p.text: p.style.name for p in made.paragraphs}
    assert (kinds["Title"], kinds["First"], kinds["Woher die Daten stammen"]) == ("Title", "Heading 1", "Heading 1")
    assert str(made.styles["Heading 1"].font.color.rgb) == "3D1F7A"
    bold = [run.text for p in made.paragraphs for run in p.runs if run.bold]
    assert "bold" in bold
    facts, shares = made.tables
    assert [[c.text for c in row.cells] for row in facts.rows] == [["Antworten", "7"], ["Gewichte", "keine"]]
    assert [c.text for c in shares.rows[2].cells] == ["B", "25.0\u00a0%", "1,200"]
    assert [s._inline.docPr.get("descr") for s in made.inline_shapes] == ["Example & Co", "Figure: First"]
    assert made.core_properties.author == "Example & Co"


def test_slides_are_in_the_house_style(house: house_style.Style, tmp_path: Path):
    import pandas as pd

    table = pd.DataFrame({"brand": ["A", "B"], "estimate": [0.5, 0.4], "low": [0.4, 0.3], "high": [0.6, 0.5]})
    run = {"status": "done", "notebook": {"name": "n", "sha256": ""}, "parameters": {"study": "s"}, "cxlab": "1",
           "data": {"simulated": True, "filters": ["brand = A"], "title": "Data"}, "made": "2026-01-01"}  # fmt: skip
    slides(Made(tmp_path, run, {"a.1": Result("x", "Shares", table, "share").to_dict()}), tmp_path / "x.pptx", house)
    first, second = Presentation(tmp_path / "x.pptx").slides
    assert any(shape.shape_type == 13 for shape in first.shapes)
    assert "Data, brand = A" in [s.text_frame.text for s in first.shapes if s.has_text_frame]
    assert second.shapes[1].text_frame.text.startswith("SIMULATED DATA. ")
    chart = next(s.chart for s in second.shapes if s.has_chart)
    assert str(chart.plots[0].series[0].format.line.color.rgb) == "7A1F3D"
    assert str(chart.plots[0].series[0].format.fill.fore_color.rgb) == tinted("#7a1f3d")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acent: '#005a8f'", "setting 'acent' is not in {file}; did you mean 'accent'?"),
        ("accent: '#ff0'", "accent is '#ff0'; a colour is written like '#005a8f' (in quotes, # begins a comment)"),
        (
            "accent: '#ffaa00'",
            "accent #ffaa00 has a contrast of 1.9 : 1 against white; text needs 4.5 : 1. Take a darker shade of it",
        ),
        (
            "logo: nowhere.png",
            "the logo {folder}/nowhere.png of {file} is not there; paths are relative to the style file",
        ),
        ("logo: style.yml", "the logo {folder}/style.yml is neither PNG nor JPEG; convert it to one of them"),
        ("language: xx", "language 'xx' has no words yet; there are: {languages}. Add the words under 'words:'"),
        ("- a", "{file} must hold lines like accent: '#005a8f'; it holds list"),
        ("a: [", "{file} is not YAML: "),
    ],
)
def test_a_wrong_style_says_what_to_write(text: str, message: str, tmp_path: Path):
    file = tmp_path / "style.yml"
    file.write_text(text)
    with pytest.raises(DataProblem) as problem:
        house_style.read(file)
    assert message.format(file=file, folder=tmp_path, languages=", ".join(languages())) in str(problem.value)


def test_contrast_is_that_of_the_standard():
    # WCAG 2.2: black on white 21 : 1; #767676 is the lightest grey that reaches 4.5 : 1 (4.54), #777777 does not (4.48)
    assert house_style.contrast("#000000") == pytest.approx(21)
    assert house_style.contrast("#767676") == pytest.approx(4.54, abs=0.005)
    assert house_style.contrast("#777777") == pytest.approx(4.48, abs=0.005)
