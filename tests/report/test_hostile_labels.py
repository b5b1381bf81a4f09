"""Labels of a stranger's data through every writer: text on the page, in the document, on slides, in sheets."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from cxlab.report import render
from cxlab.report.pdf import printable

HOST = "attacker.example"
LABELS = (
    f'<meta http-equiv="refresh" content="0;url=http://{HOST}/">',
    f"![x](http://{HOST}/i.png)",
    f"<img src=http://{HOST}/a onerror=x()>",
    "$25k-$50k",
    r"$\input{x}$ & 50 %",
    "=1+1",
    "@SUM(A1)",
    "a\x0bb\x01c",
    "{{ 7 * 7 }} {% raw %}",
    "say \"no\" | 'yes' \\ # * _x_ `y`",
    "</table></main></body>",
)
NAME = 'team "A" * 7'
PAGES = ("index.html", "report.docx", "report.pptx", "report.xlsx")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A scorecard and a league table of units with hostile names."""
    from cxlab.report.kernel import Kernels

    folder = tmp_path_factory.mktemp("hostile")
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file)
        write.writerow(["recommend", "overall satisfaction", "team"])
        write.writerows(
            [(k * k + k // 11) % 11, k * 3 % 5 + 1, LABELS[k % len(LABELS)]] for k in range(60 * len(LABELS))
        )
    fields = [
        {"name": "recommend", "type": "integer", "role": "outcome", "measure": "recommendation",
         "scale": {"minimum": 0, "maximum": 10}},
        {"name": "overall satisfaction", "title": LABELS[0], "type": "integer", "role": "outcome",
         "measure": "satisfaction", "scale": {"minimum": 1, "maximum": 5}},
        {"name": "team", "title": NAME, "type": "string", "role": "brand"},
    ]  # fmt: skip
    book = {"name": "hostile", "title": LABELS[2], "notes": list(LABELS)}
    book["resources"] = [{"name": "x", "path": "data.csv", "schema": {"fields": fields}}]
    (folder / "data.datapackage.json").write_text(json.dumps(book))
    form = render.Form(to=("html", "docx", "pptx", "xlsx"))
    with Kernels() as kernels:
        made = {
            name: render.report(name, str(folder / "data.csv"), kernels=kernels, output=folder / "out", form=form)
            for name in ("scorecard", "league")
        }
    for report in made.values():
        assert report.failure is None, report.failure
    return {name: report.folder for name, report in made.items()}


@pytest.mark.parametrize("name", ["scorecard", "league"])
def test_a_page_shows_them_and_does_nothing(name, reports):
    html = (reports[name] / "index.html").read_text()
    for text in (html, printable(html)):
        soup = BeautifulSoup(text, "html.parser")
        assert not soup.find_all(["script", "iframe", "form", "object", "embed", "base", "link"])
        assert [m for m in soup.find_all("meta") if m.get("http-equiv") == "refresh"] == []
        assert all(image["src"].startswith("data:image/") for image in soup.find_all("img"))
        assert not [e for e in soup.find_all(True) if any(a.startswith("on") for a in e.attrs)]
        assert not [a for a in soup.find_all("a") if HOST in a.get("href", "")]
    said = BeautifulSoup(html, "html.parser").get_text()
    assert all(
        label.replace("\x0b", "").replace("\x01", "") in re.sub("[\x0b\x01\ufffd]", "", said) for label in LABELS
    )
    assert html.count("</main>") == html.count("</body>") == 1 and "49 " not in said.partition("{{ 7 * 7 }}")[2][:3]


@pytest.mark.parametrize("name", ["scorecard", "league"])
def test_documents_hold_text_alone(name, reports):
    for file in PAGES[1:]:
        with zipfile.ZipFile(reports[name] / file) as pack:
            parts = {
                n: pack.read(n).decode("utf-8", "replace") for n in pack.namelist() if n.endswith((".xml", ".rels"))
            }
        assert not [n for n, text in parts.items() if n.endswith(".rels") and HOST in text]
        assert not [n for n, text in parts.items() if re.search(r"<(?:w:fldSimple|f)\b", text) and "sheet" in n]
        assert any("25k-$50k" in text for text in parts.values()), file


def test_the_index_shows_them(reports):
    from cxlab.report.front_page import refresh

    soup = BeautifulSoup(refresh(Path(reports["league"]).parents[1]).read_text(), "html.parser")
    assert LABELS[2] in soup.get_text() and len(soup.find_all("script")) == 1 and not soup.find_all("img")
