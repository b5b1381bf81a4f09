"""Reports in a real browser: they ask nobody for anything, fit a phone, and axe finds nothing to complain of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cxlab.report import render
from cxlab.report.kernel import Kernels
from cxlab.report.overview import overview

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
STUDIES = ("airline-survey", "abc", "brand-tracker")


@pytest.fixture(scope="module")
def pages(kernels: Kernels, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The scorecards of the shipped studies, one as PDF too, and the page of a run that failed."""
    output = tmp_path_factory.mktemp("reports")
    made = {s: render.report("scorecard", s, kernels=kernels, output=output).page for s in STUDIES[:2]}
    made["brand-tracker"] = render.report(
        "scorecard", "brand-tracker", kernels=kernels, output=output, form=render.Form(("html", "pdf"))
    ).page
    made["failed"] = render.report(
        "scorecard", "abc", {"segments": "no-such-column"}, kernels=kernels, output=output
    ).page
    assert made["failed"].name == "error.html"
    arabic = {"language": "ar", "questions": ["q1", "q4"], "against": ["columns", "rest"]}
    made["tables"] = render.report("tables", "abc", arabic, kernels=kernels, output=output).page
    made["league"] = render.report("league", "brand-tracker", kernels=kernels, output=output).page
    made["index"] = overview(output)
    return made


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install cxlab[browser]")
    with playwright.sync_playwright() as p:
        there = p.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield there
        there.close()


@pytest.mark.parametrize("name", [*STUDIES, "failed"])
def test_a_page_asks_no_host_for_anything(browser, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[name].as_uri(), wait_until="networkidle")
    assert asked[0] == pages[name].as_uri()
    assert [url for url in asked[1:] if not url.startswith("data:")] == []
    page.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("light", 390), ("dark", 1200)])
@pytest.mark.parametrize("name", [*STUDIES, "failed", "tables", "index", "league"])
def test_axe_finds_no_violation(browser, pages: dict[str, Path], name: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs pip install cxlab[browser]")
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(pages[name].as_uri())
    if name in STUDIES:
        page.check("#show-code")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()


@pytest.mark.parametrize("name", STUDIES)
def test_the_first_screen_holds_the_message_and_the_beginning_of_its_picture(
    browser, pages: dict[str, Path], name: str
) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto(pages[name].as_uri())
    found = page.locator("main ol li")
    assert found.count() >= 1 and found.first.bounding_box()["y"] < 400
    assert page.locator("img.figure").first.bounding_box()["y"] < 640
    page.close()


WIDER = """() => [...document.querySelectorAll('.scroll')].filter(e => e.clientWidth).map(e => ({
    of: e.getAttribute('aria-label'), more: e.scrollWidth - e.clientWidth, right: e.getBoundingClientRect().right,
    reached: e.tabIndex === 0, shaded: getComputedStyle(e).backgroundImage.includes('gradient'),
    pictured: !e.querySelector('table'), cue: getComputedStyle(e, '::before').content }))"""


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("name", ["league", "tables", "brand-tracker"])
def test_a_table_is_whole_on_a_desk_and_what_goes_on_beyond_the_screen_shows_it(
    browser, pages: dict[str, Path], name: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(pages[name].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    places = page.evaluate(WIDER)
    assert places and all(p["right"] <= width and p["reached"] and p["of"] for p in places)
    for place in places:  # a shadow where a table goes on, an arrow over a picture; both are reached by keyboard
        assert place["pictured"] or place["shaded"], place
        assert not place["pictured"] or place["more"] <= 0 or "⟷" in place["cue"], place
    cut = [p["of"] for p in places if p["more"] > 1]
    assert width == 390 or cut in ([], ["Net Promoter Score by Brand: 2025 Q3 to 2025 Q4"]), "twenty columns in one"
    page.close()


@pytest.mark.parametrize("name", [*STUDIES, "failed", "tables", "index", "league"])
def test_a_page_fits_a_phone(browser, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(pages[name].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    pictures = page.locator(".picture img").all()
    shown = [(p.bounding_box(), p.locator("..").bounding_box()) for p in pictures if p.is_visible()]
    assert shown or not pictures
    for box, frame in shown:  # as large as can be read; the reader moves it sideways
        assert box["width"] >= 600 and frame["width"] <= 390
    page.close()


def test_code_shows_when_asked_for_without_a_script(browser, pages: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["abc"].as_uri())
    code = page.locator("div.code").first
    assert not code.is_visible()
    page.check("#show-code")
    assert code.is_visible()
    context.close()


def test_the_pdf_opens_is_tagged_and_complete(pages: dict[str, Path]) -> None:
    file = pages["brand-tracker"].with_name("report.pdf")
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    for said in ("Scorecard", "SIMULATED DATA", "What changed over time", "How the numbers were made", "2025 Q4"):
        assert said in text
    about = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in about
    assert "A4" in about


def test_without_a_browser_pandoc_and_typst_make_the_pdf(
    pages: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cxlab.report import pdf

    pytest.importorskip("typst", reason="needs pip install cxlab[typst]")
    if not pdf.pandoc():
        pytest.skip("needs pandoc 3.1.2 or newer")
    monkeypatch.setattr(pdf, "browser", lambda: "")
    page = tmp_path / "index.html"
    shutil.copy(pages["abc"], page)
    assert pdf.pdf(page, tmp_path / "report.pdf") == "pandoc and typst"
    command = ["pdftotext", tmp_path / "report.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Scorecard" in text
    assert "How the numbers were made" in text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.html", "report.pdf"]
