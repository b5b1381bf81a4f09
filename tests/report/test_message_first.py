"""A report begins with its message: on the page, the first slide and the first sheet; the rest is folded."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pptx import Presentation

import cxlab as cx
from cxlab.data import catalogue
from cxlab.models.optional_part import SKIPPED
from cxlab.report import render
from cxlab.report.kernel import Kernels
from cxlab.report.page import absent, appendix, folded, message_first, not_shown
from cxlab.result import MIME


@pytest.fixture(scope="module")
def made(kernels: Kernels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("first")
    form = render.Form(to=("html", "xlsx", "pptx", "docx"))
    report = render.report("scorecard", "abc", {}, kernels=kernels, output=output, form=form)
    assert report.failure is None
    return report.folder


@pytest.fixture(scope="module")
def message(made: Path) -> dict:
    return json.loads((made / "results.json").read_text())["results"]["message.1"]


def test_the_page_has_the_message_as_its_title_and_the_findings_first(made: Path, message: dict) -> None:
    page = BeautifulSoup((made / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert (
        page.h1.get_text()
        == message["title"]
        == "Country: Benelux is 43.7 pp below the others together in CSAT of Satisfaction overall"
    )
    assert page.select_one(".subject").get_text().startswith("Scorecard: ")
    told = page.select_one(".cx-message")
    assert [li.get_text() for li in told.find_all("li")] == [row["finding"] for row in message["table"]]
    assert message["title"] not in [p.get_text() for p in told.find_all("p")], "said once"
    everything = str(page.main)
    assert everything.index("cx-message") < everything.index("<img") < everything.index("Where we stand</h2>")
    rest = page.select_one("details.appendix")
    heads = [h.get_text() for h in rest.find_all("h2")]
    assert heads == ["The other metrics over time and by group", "What a sample can see", "All that is real"]
    assert "appendix-" not in page.get_text()


def test_the_first_slide_and_the_first_sheet_are_the_message(made: Path, message: dict) -> None:
    slide = Presentation(str(made / "report.pptx")).slides[0]
    words = [s.text_frame.text for s in slide.shapes if s.has_text_frame]
    assert words[0] == message["title"] and words[1] == f"1. {message['table'][0]['finding']}"
    book = openpyxl.load_workbook(made / "report.xlsx")
    assert book.sheetnames[0] == "Findings" and book["Findings"]["A1"].value == message["title"]
    assert book["Findings"]["B3"].value == message["table"][0]["finding"]


def test_marks_of_the_appendix_cannot_be_written_by_the_data() -> None:
    def cells(text: str) -> list:
        output = new_output("display_data", data={"text/html": text, MIME: {"kind": "other", "title": "x"}})
        return [new_markdown_cell("a"), new_code_cell("b", outputs=[output], metadata={"tags": ["appendix"]})]

    first, second = cells("<p>x</p>"), cells("<p>y</p>")
    marks = [appendix(c) for c in (first, second)]
    assert marks[0] != marks[1] and [c.source for c in first] == ["a", marks[0], "b", marks[0]]
    place = f'<div class="text"><p>{marks[0]}</p></div>'
    assert folded(f"1{place}2{place}3", marks[0], "more") == (
        '1<details class="numbers appendix"><summary>more</summary>2</details>3'
    )
    assert folded(f"1{place}2", marks[0], "more").count("details") == 0
    assert appendix([new_markdown_cell("a")]) == "" and message_first(new_notebook(cells=first).cells) == ""


SPEAKING = {
    "loop": "brand-tracker",
    "plan": "brand-tracker",
    "pilot": "brand-tracker",
    "themes": "brand-tracker",
    "reviews": "brand-tracker",
    "drivers": "abc",
    "personas": "customers",
    "quality": "brand-tracker",
    "benchmark": "brand-tracker",
    "league": "brand-tracker",
    "start": "brand-tracker",
    "tables": "abc",
    "scale": "brand-tracker",
    "claim": "brand-tracker",
    "claims": "abc",
    "price": "offers",
    "loyalty": "customers",
    "monitor": "brand-tracker",
    "journey": "made.csv",
    "scorecard": "abc",
}
"""Every page, and a study for it; ``made.csv`` is a simulated log of contacts."""
GIVEN = {"scale": {"rows": 20_000}, "claims": {"others": False, "claims": ["CX-05", "CX-13"]}}
FOR_ANALYSTS = ("quality", "start", "scale", "claim", "claims")
"""Pages that tell how: their readers prepare or check the analysis."""
LESSONS = "workshop"
"""A folder of exercises that learners fill in: they ask a question, and its answer must not stand above it."""


def test_every_notebook_that_makes_a_page_says_its_message_once() -> None:
    """A new notebook without a message fails here; one without a study in `SPEAKING`, too."""
    folder = Path(__file__).parents[2] / "notebooks"
    pages = sorted(folder.glob("*.ipynb"))
    assert len(pages) >= 20 and (folder / LESSONS).is_dir()
    for file in pages:
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        tagged = ["".join(c["source"]) for c in cells if "message" in c["metadata"].get("tags", ())]
        assert len(tagged) == 1 and "cx.pages.message(" in tagged[0], f"{file.name} begins with no message"
    assert {f.stem for f in pages} == set(SPEAKING)


ADVICE = re.compile(r"\bcx\.|parts\[|\b\w+=['\"]|`|\bleast_n\b|\b(p|n)_[a-z]+\b")
"""What an analyst is told, and a reader is not."""


def read(page: Path) -> BeautifulSoup:
    found = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    for code in found.select("div.code, pre, style"):
        code.decompose()
    return found


@pytest.mark.parametrize("notebook", SPEAKING)
def test_every_page_begins_with_its_message(kernels: Kernels, tmp_path: Path, notebook: str) -> None:
    study = SPEAKING[notebook]
    if study == "made.csv":
        study = str(tmp_path / study)
        cx.simulate_events(400, seed=3).to_pandas().to_csv(study, index=False)
    report = render.report(notebook, study, GIVEN.get(notebook, {}), kernels=kernels, output=tmp_path)
    assert report.failure is None
    found = json.loads((report.folder / "results.json").read_text())["results"]
    told = found["message.1"]
    page = read(report.page)
    assert page.h1.get_text() == told["title"] and 1 <= len(told["table"]) <= 5
    assert [li.get_text() for li in page.select(".cx-message li")] == [row["finding"] for row in told["table"]]
    whole, first = str(page.main), page.main.find("h2")
    assert whole.index("cx-message") < whole.index("<img") < whole.index(str(first))
    levels = [int(h.name[1]) for h in page.find_all(re.compile("^h[1-6]$"))]
    assert all(below - above <= 1 for above, below in zip(levels, levels[1:], strict=False)), "no heading skips a level"
    pictures = [img["src"] for img in page.main.find_all("img")]
    assert len(set(pictures)) == len(pictures), "each picture stands once"
    if notebook not in FOR_ANALYSTS:
        assert not ADVICE.search(page.main.get_text()), ADVICE.search(page.main.get_text())
    assert told["parts"]["drawn"] and all(h.find_next(["img", "table", "p", "li"]) for h in page.find_all("h2"))


def test_sections_that_do_not_apply_are_absent(kernels: Kernels, tmp_path: Path) -> None:
    report = render.report("price", "offers", {}, kernels=kernels, output=tmp_path)
    assert report.failure is None and len(report.skipped) == 2
    page = read(report.page)
    heads = [h.get_text() for h in page.find_all("h2")]
    assert "The prices they accept" not in heads and "What an attribute is worth" in heads
    rest = page.find("summary", string="What does not apply").parent
    assert [li.get_text() for li in rest.find_all("li")] == [
        "Not shown: column 'pay_ordinary' is not in offers.", "Not shown: column 'too_cheap' is not in offers.",
    ]  # fmt: skip
    assert page.main.get_text().count("Not shown") == 2


def test_a_section_goes_only_where_nothing_is_left_of_it() -> None:
    def skipped(text: str) -> object:
        return new_output("display_data", data={SKIPPED: {}, "text/plain": text})

    def cells() -> list:
        made = new_output("display_data", data={"text/html": "x"})
        return [
            new_markdown_cell("intro"), new_markdown_cell("## a"), new_code_cell("1", outputs=[skipped("no <b>")]),
            new_markdown_cell("## b"), new_code_cell("2", outputs=[made, skipped("no <b>")]),
            new_markdown_cell("## c"), new_code_cell("3"), new_markdown_cell("## d"),
        ]  # fmt: skip

    for said, left in ((False, ["intro", "## b", "2", "## c", "3", "## d"]), (True, ["intro", "## b", "2", "## d"])):
        some = cells()
        assert absent(some, said) == ["no <b>"], "each reason once"
        assert [c.source for c in some] == left
    assert "&lt;b&gt;" in not_shown(["no <b>"], "h", tags=[]).source


def test_themes_come_before_what_stands_in_the_comments(kernels: Kernels, tmp_path: Path) -> None:
    labels = str(catalogue.FOLDER / "brand-tracker" / "labels.csv")
    asked = {"labels": labels, "at_random": True, "engine": "words", "by": "brand"}
    report = render.report("themes", "brand-tracker", asked, kernels=kernels, output=tmp_path)
    assert report.failure is None
    told = json.loads((report.folder / "results.json").read_text())["results"]["message.1"]
    one, two = r"concerns most: \d\d\.\d % of customers", r"concerns [\d.]+ % of customers, \w+ [\d.]+ %: which is more"
    assert re.match(rf"\w+ ({one}$|{two} cannot be told$)", told["title"])
    assert [re.search("comments", row["finding"]) is not None for row in told["table"]][-1]
    assert {"By group or wave", "What goes with the score"} <= {h.get_text() for h in read(report.page).find_all("h2")}


@pytest.mark.parametrize(("notebook", "why"), [("themes", "a column with role 'text'"), ("reviews", "role 'brand'")])
def test_without_its_main_part_a_page_is_refused(kernels: Kernels, tmp_path: Path, notebook: str, why: str) -> None:
    report = render.report(notebook, "airline-survey", {}, kernels=kernels, output=tmp_path)
    assert why in str(report.failure)
