"""Sentences on a page: their own markup and nothing of what stands in a label."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

import cxlab as cx
from cxlab.models.metrics.sentences import plain
from cxlab.models.paragraphs import inline

HOSTILE = (
    '<meta http-equiv="refresh" content="0">', "![x](http://h/i.png)", "[a](javascript:x)", "<img src=x onerror=y>",
    "# x", "| a | b |", "$x$ & $y$", "a\n\n# b", "&lt;b&gt;", "\0", "1. x", "<!--",
)  # fmt: skip


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_stays_what_it_is(label):
    told = cx.pages.remarks(f"{label} leads.", f"The gap of {label} is **certain**.")
    soup = BeautifulSoup(told._repr_html_(), "html.parser")
    assert {e.name for e in soup.find_all(True)} == {"div", "ul", "li", "strong"}
    assert soup.li.get_text() == f"{label} leads.".replace("\0", "\ufffd")
    assert "tex2jax_ignore" in soup.div["class"]


@given(st.text())
def test_text_is_text(text):
    clean = re.sub(r"\*\*|`|\\|\0|\s", "", text)
    for said in (inline(clean), inline(plain(clean))):
        assert BeautifulSoup(said, "html.parser").get_text() == clean


def test_one_is_a_paragraph_and_several_are_a_list():
    assert "<p>Only `one`.</p>".replace("`one`", "<code>one</code>") in cx.pages.remarks("Only `one`.")._repr_html_()
    told = cx.pages.remarks("### A & B", "first", "second", "first")
    assert told._repr_html_().endswith("<h3>A &amp; B</h3><ul><li>first</li><li>second</li></ul></div>")
    assert repr(told) == "### A & B\n- first\n- second"
