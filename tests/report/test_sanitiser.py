"""The door of the page: nothing that acts, asks a host or reaches beyond its place comes through."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxlab.problem import DataProblem
from cxlab.report.house_style import Style
from cxlab.report.page import page
from cxlab.report.sanitiser import legal, sanitised

HOSTILE = (
    '<meta http-equiv="refresh" content="0;url=http://HOST/">',
    '<img src="http://HOST/i.png" onerror="x()">',
    "<img src=x onerror=x()>",
    "<script>x()</script>",
    "<svg onload=x()><use href='http://HOST/a.svg#b'/></svg>",
    "<iframe src='http://HOST/'></iframe>",
    "<form action='http://HOST/'><button>go</button></form>",
    "<base href='http://HOST/'>",
    "<link rel=stylesheet href=http://HOST/a.css>",
    "<style>@import url(http://HOST/a.css)</style>",
    "<p style='background:url(http://HOST/a.png)'>x",
    "<p style='position:fixed;inset:0;color:red'>x",
    "<a href='javascript:x()'>x</a>",
    "<a href='data:text/html,<script>x()</script>'>x</a>",
    "<video poster='http://HOST/a.png' src='http://HOST/a.mp4'></video>",
    "<object data='http://HOST/'></object>",
    "<math><mtext><img src=http://HOST/a onerror=x()></mtext></math>",
    "<table background='http://HOST/a.png'><tr><td background='http://HOST/b.png'>x</table>",
    "<input autofocus onfocus=x()>",
    "<!--><img src=http://HOST/a>-->",
    "<img srcset='http://HOST/a 2x' src='data:image/png;base64,AAAA'>",
    "</figure></main></body><meta http-equiv=refresh content='0;url=http://HOST/'>",
    "![x](http://HOST/i.png)",
    "<img src='data:text/html;base64,AAAA'>",
)
INERT = {"a", "b", "body", "br", "code", "details", "div", "em", "figcaption", "figure", "footer", "h1", "h2", "header",
         "html", "i", "img", "input", "label", "li", "main", "p", "pre", "s", "section", "span", "strong", "summary",
         "table", "tbody", "td", "th", "thead", "tr", "ul"}  # fmt: skip
QUIET = {
    "alt",
    "aria-label",
    "class",
    "colspan",
    "href",
    "id",
    "rel",
    "role",
    "scope",
    "src",
    "style",
    "tabindex",
    "type",
}


def acting(html: str) -> list[str]:
    """What in a page acts or asks a host, as a parser sees it."""
    found = []
    for element in BeautifulSoup(html, "html.parser").find_all(True):
        found += [element.name] if element.name not in INERT else []
        for name, value in element.attrs.items():
            said = " ".join(value) if isinstance(value, list) else value
            bad = name not in QUIET or name == "src" and not said.startswith("data:image/")
            bad |= name == "href" and not re.match(r"https?://|mailto:|#", said)
            found += [f"{name}={said}"] if bad or name == "style" and re.search(r"url|position|inset", said) else []
    return found


def shown(kind: str, text: str) -> str:
    if kind == "cell":
        cell = new_markdown_cell(text)
    else:
        cell = new_code_cell("1", outputs=[new_output("display_data", data={kind: text})], execution_count=1)
    return page(new_notebook(cells=[cell]), {"notebook": "n", "subject": "", "stamp": "s"})


@pytest.mark.parametrize("kind", ["text/html", "text/markdown", "cell"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_acts_or_asks_a_host(kind, hostile):
    body = shown(kind, f"<figure class='cx-result'>before</figure> {hostile} after")
    main = re.sub(r"<style>.*?</style>", "", body.partition("</head>")[2], flags=re.DOTALL)
    assert acting(main) == []
    assert body.count("</main>") == body.count("</html>") == 1


@given(st.text(alphabet="<>/='\" abimgsrconlodhtp:()-!&;#x0\n\\[]", max_size=60))
def test_what_comes_through_stays_as_it_is(text):
    once = sanitised(text)
    assert sanitised(once) == once and acting(once) == []


def test_what_reads_stays():
    table = (
        '<table class="cx-table"><tbody><tr><th scope="row">A &amp; B</th><td class="num">1</td></tr></tbody></table>'
    )
    figure = (
        f'<figure class="cx-result"><figcaption>T</figcaption>{table}<details><summary>M</summary>x</details></figure>'
    )
    assert sanitised(figure) == figure
    picture = '<img src="data:image/png;base64,AAAA" alt="a">'
    assert sanitised(picture) == picture


def test_a_caption_cannot_leave_its_label():
    body = shown(
        "text/html", '<figure><figcaption>a" onfocus="x()</figcaption><table><tr><td>1</td></tr></table></figure>'
    )
    assert 'aria-label="a&quot; onfocus=&quot;x()"' in body


@pytest.mark.parametrize("language", ['en"><meta http-equiv="refresh" content="0;url=http://h/">', "e", "en us", "<b>"])
def test_a_language_is_a_code(language):
    message = f"language is {language!r}; write a code like 'de' or 'pt-BR' (BCP 47)"
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        Style(language=language, words={"Rows": "x"})


@given(st.text())
def test_legal_text_is_xml(text):
    from lxml import etree

    element = etree.Element("a")
    element.text = legal(text)
    assert legal(legal(text)) == legal(text)
