"""The page: one file that asks nobody for anything, readable by everybody, with text as text."""

from __future__ import annotations

import re

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxlab.report.page import page, results
from cxlab.result import MIME

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def cell(*outputs: dict, source: str = "1", name: str = "a"):
    made = [new_output("display_data", data=o.get("data", o), metadata=o.get("metadata", {})) for o in outputs]
    return new_code_cell(source, id=name, outputs=made, execution_count=1)


def shown(*cells, **report) -> str:
    return page(new_notebook(cells=list(cells)), {"notebook": "n", "subject": "", "stamp": "s", **report})


def test_the_page_forbids_itself_every_request_and_script() -> None:
    body = shown(cell({"text/html": "<script>alert(1)</script><img src='https://example.org/x.png'>"}))
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in body
    assert not re.search(r"<script|<link\b|@import|url\(|https://", body)


def test_titles_and_values_are_text() -> None:
    nasty = "<script>alert('x')</script> & Söhne"
    body = shown(
        new_markdown_cell("# Report of A & B"),
        cell({"text/markdown": f"## {nasty}"}),
        subject=nasty, facts=[("by", nasty)], methods=[nasty], origin=[nasty], stamp=nasty,
    )  # fmt: skip
    assert "<script" not in body
    assert body.replace("&#39;", "'").count("&lt;script&gt;alert('x')&lt;/script&gt; &amp; Söhne") >= 5
    assert "<h1>Report of A &amp; B</h1>" in body


def test_every_figure_has_an_alternative_text() -> None:
    told = {"data": {"image/png": PIXEL}, "metadata": {"image/png": {"alt": "NPS by wave: 1.0 (0.5 to 2.0)."}}}
    body = shown(new_markdown_cell("# T\n\n## Where we stand"), cell({"image/png": PIXEL}, told))
    assert re.findall(r'alt="([^"]*)"', body) == ["Figure: Where we stand", "NPS by wave: 1.0 (0.5 to 2.0)."]


def test_code_is_there_but_hidden_until_asked_for() -> None:
    body = shown(cell({"text/plain": "7"}, source="secret = 3 + 4"))
    assert '<input type="checkbox" id="show-code">' in body
    assert re.search(r'<div class="code source">.*secret', body, re.DOTALL)
    assert ".code { display: none; }" in body


def test_what_may_scroll_can_be_reached_by_keyboard() -> None:
    fenced = new_markdown_cell("# T\n\n```python\nx = 1\n```\n\n```\nplain\n```")
    told = {"title": "T", "cell": 1, "cause": "no", "trace": "Traceback", "source": "1 / 0"}
    for body in (shown(fenced, cell({"text/plain": "7"}, source="secret = 3 + 4")), shown(cell(), failure=told)):
        assert "<pre" in body
        assert "<pre>" not in body


def test_simulated_data_are_marked_above_and_below() -> None:
    assert "SIMULATED" not in shown(cell())
    body = shown(cell(), simulated=True)
    assert ">SIMULATED DATA: made by a program, no real customers</aside>" in body
    assert "<strong>The data are SIMULATED.</strong>" in body


def test_headings_of_empty_columns_are_no_headings() -> None:
    body = shown(cell({"text/html": "<table border='1'><thead><tr><th></th><th>a</th></tr></thead></table>"}))
    assert "<th></th>" not in body
    assert '<div class="scroll" role="group" tabindex="0" aria-label="Table"><table' in body


def test_html_that_is_not_ours_stays_within_its_output() -> None:
    body = shown(cell({"text/html": "<div><b>bold<img src='data:,'>"}), cell({"text/plain": "next"}, name="b"))
    assert re.search(r'<div><b>bold<img alt=""></b></div>', body)


def test_a_long_table_under_its_figure_folds_and_a_short_one_does_not() -> None:
    def outputs(rows: int) -> list[dict]:
        result = {"kind": "metric", "title": "T", "table": [{"a": k} for k in range(rows)], "method": "m"}
        return [{"image/png": PIXEL, MIME: result}, {"text/html": "<table></table>", MIME: result}]

    assert '<details class="numbers"><summary>The numbers</summary>' in shown(cell(*outputs(7)))
    assert "<details" not in shown(cell(*outputs(6)))


def test_sections_are_linked_when_there_are_many() -> None:
    cells = [new_markdown_cell(f"## Part {k}") for k in range(4)]
    assert '<a href="#s3">Part 2</a>' in shown(*cells)
    assert '<h2 id="s3">Part 2</h2>' in shown(*cells)
    assert "<nav" not in shown(*cells[:3])


def test_results_are_named_by_cell_and_counted_once() -> None:
    a, b = ({"kind": "metric", "title": t, "table": []} for t in "ab")
    cells = [cell({"image/png": PIXEL, MIME: a}, {MIME: a}, {MIME: b}, name="one"), cell({MIME: b}, name="two")]
    assert results(new_notebook(cells=cells)) == {"one.1": a, "one.2": b}


def test_a_failure_is_a_page_with_cell_cause_and_trace() -> None:
    failure = {
        "cell": "waves", "number": 4, "section": "Over time", "cause": "column <x> is not there",
        "source": "cx.nps(data)", "trace": "Traceback <of> it",
    }  # fmt: skip
    body = shown(cell({"text/plain": "not shown"}), title="This report could not be made", failure=failure)
    assert '<p class="cause">column &lt;x&gt; is not there</p>' in body
    assert "code cell 4, <code>waves</code>, in the section “Over time”" in " ".join(body.split())
    assert "Traceback &lt;of&gt; it" in body
    assert "not shown" not in body
