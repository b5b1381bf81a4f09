"""A notebook made for one page prints one: what is in its appendix stays on the screen, in PDF and Word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from docx import Document
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxlab.report import pdf, render
from cxlab.report.document import shared
from cxlab.report.kernel import Kernels
from cxlab.report.page import page

AROUND = {"notebook": "n", "subject": "", "stamp": "s"}


@pytest.fixture(scope="module")
def plan(kernels: Kernels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("plan")
    to = ("html", "docx", *(("pdf",) if pdf.browser() else ()))
    given = {"ledger": str(output / "ledger.jsonl")}
    made = render.report("plan", "brand-tracker", given, kernels=kernels, output=output, form=render.Form(to=to))
    assert made.failure is None, made.failure
    return made.folder


def test_the_plan_says_all_that_one_page_must(plan: Path) -> None:
    soup = BeautifulSoup((plan / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert soup.body["class"] == ["one-page"]
    heads = [h.get_text() for h in soup.find_all("h2")]
    assert heads[:4] == [
        "What the money must answer",
        "The goal, now and as it should be",
        "Where we ask how many, and what that can show",
        "Who acts, what would make us stop, when we look again",
    ]
    folded = [h.get_text() for h in soup.select("details.appendix h2")]
    assert folded == ["What stands between now and the targets"]
    words = soup.get_text()
    signed = re.search(r"Signed: plan 'brand-tracker', sha256 ([0-9a-f]{16})\.", words)
    ledger = next(plan.parents[1].glob("ledger.jsonl")).read_text()
    assert signed and f'"hash": "{signed[1]}' in ledger
    assert "a change of 3.0 pp" in words and "a change of 3.0 %" not in words


def test_word_and_print_leave_the_appendix_on_the_screen(plan: Path) -> None:
    word = Document(str(plan / "report.docx"))
    told = "\n".join(p.text for p in word.paragraphs)
    assert not word.inline_shapes
    assert "Signed: plan 'brand-tracker'" in told and "What stands between now and the targets" not in told
    if (plan / "report.pdf").is_file():
        bare = (plan / "report.pdf").read_bytes()
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", bare)) == 1


def test_another_notebook_prints_its_appendix() -> None:
    cells = [new_code_cell("1", outputs=[new_output("stream", text="kept")], metadata={"tags": ["appendix"]})]
    for meta, layout in (({"cxlab": {"page": "one"}}, True), ({}, False), ({"cxlab": {"page": '"><script>'}}, False)):
        book = new_notebook(cells=[new_markdown_cell("# Title"), *cells], metadata=meta)
        html = page(book, AROUND)
        assert ('<body class="one-page">' in html) == layout and "<script>" not in html
        assert "kept" in html and ("kept" in pdf.screenless(html).get_text()) != layout


def test_no_column_is_narrower_than_its_longest_word_while_there_is_room() -> None:
    need, least = [5.3, 1.7, 1.7, 1.9, 4.5], [2.5, 1.6, 1.6, 1.8, 2.0]
    given = shared(need, least, 12.0)
    assert sum(given) == pytest.approx(12) and all(a >= b for a, b in zip(given, least, strict=True))
    assert shared(need, least, 20.0) == need
    assert sum(shared(need, least, 5.0)) == pytest.approx(5)
