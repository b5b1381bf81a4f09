"""The documentation is built without a warning: functions with their example and picture, tutorial, report, search."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

DOCS = Path(__file__).parents[1] / "docs"
SHOWN = ("cx.crosstab", "cx.compare", "cx.prices.stated_premium")


@pytest.fixture(scope="module")
def built() -> Any:
    """The program that builds the site."""
    found = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    module = importlib.util.module_from_spec(found)
    sys.modules["docs_build"] = module
    found.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(built: Any, tmp_path: Path) -> None:
    made = built.build(tmp_path / "site", only=SHOWN, quick=True)  # raises where anything warned or failed
    assert made.failed == [] and made.pictures >= len(SHOWN)
    pages = {p.relative_to(tmp_path / "site").as_posix(): p for p in (tmp_path / "site").rglob("*.html")}
    assert {"index.html", "search.html", "gallery.html", "methods.html", "tutorials/analyst.html"} <= set(pages)
    for name in SHOWN:
        (there,) = [
            p for n, p in pages.items() if n.startswith("api/") and f'<h2 id="{built.slug(name)}"' in p.read_text()
        ]
        page = BeautifulSoup(there.read_text(encoding="utf-8"), "html.parser")
        picture = page.find("img", src=re.compile(rf"pictures/{built.slug(name)}\.png$"))
        assert picture["alt"] and (there.parent / picture["src"]).is_file()
    for page in pages.values():
        if "reports" not in page.parts:
            assert not re.search(r'(?:src|href)="https?://[^"]*\.(?:js|css|woff2?)"', page.read_text(encoding="utf-8"))
    text = (tmp_path / "site" / "find" / "pages.js").read_text(encoding="utf-8")
    found = json.loads(text.removeprefix("const PAGES = ").rstrip().rstrip(";"))
    for _, address, _ in found:
        page, _, anchor = address.partition("#")
        made = BeautifulSoup(pages[page].read_text(encoding="utf-8"), "html.parser")
        assert not anchor or made.find(id=anchor), address


def test_an_example_that_fails_stops_the_build(built: Any) -> None:
    text, result, wrong = built.example(">>> cx.nps(cx.load('brand-tracker'))\n>>> 1 / 0\n")
    assert wrong == "ZeroDivisionError: division by zero" and text.startswith(">>> cx.nps(")
    assert result.kind == "metric"
    assert dict(built.sections("Does.\n\nReturns\n-------\nx : y\n"))["Returns"] == "x : y"
    assert built.escaped("a_b <i> $x$") == r"a\_b \<i\> \$x\$"
