"""Five seats in a real browser: each opens its address, answers, and sees the board; axe looks at board and sheet."""

from __future__ import annotations

import json
import shutil

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
RUN = """async (code) => {
  const app = window.jupyterapp, panel = app.shell.currentWidget;
  await panel.sessionContext.ready;
  const cells = panel.content.model.cells;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells.get(i), source = cell.sharedModel.getSource();
    if (source === 'lesson.check("nps", ...)') cell.sharedModel.setSource('lesson.check("nps", cx.nps(lesson.data))');
    if (source === 'lesson.check("guess", ...)') cell.sharedModel.setSource('lesson.check("guess", 30)');
  }
  await app.commands.execute('notebook:run-all-cells');
  const out = [];
  for (let i = 0; i < cells.length; i++) {
    const cell = cells.get(i);
    if (cell.type === 'code') out.push({id: cell.id, outputs: cell.outputs.toJSON()});
  }
  await panel.context.save();
  return JSON.stringify(out);
}"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install cxlab[browser]")
    with playwright.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def class_of_five(tmp_path_factory, serve_room):
    made = serve_room(tmp_path_factory.mktemp("five"), "--room", "oslo", "--seats", "5", "--lessons", "1-2")
    yield made
    serve_room.stop(made)


def address(served, seat: str) -> str:
    return f"{served.base}/s/{served.room['tokens'][seat]}"


def test_five_seats_answer_and_the_board_shows_them(browser, class_of_five, tmp_path):
    served = class_of_five
    for seat in "12345":
        context = browser.new_context(viewport={"width": 1200, "height": 850})
        page = context.new_page()
        page.goto(address(served, seat), wait_until="load", timeout=120_000)
        page.wait_for_function(
            "() => window.jupyterapp && window.jupyterapp.shell.currentWidget"
            " && window.jupyterapp.shell.currentWidget.content && window.jupyterapp.shell.currentWidget.content.model"
            " && window.jupyterapp.shell.currentWidget.content.model.cells.length > 5",
            timeout=120_000,
        )
        page.set_default_timeout(120_000)
        cells = {c["id"]: json.dumps(c["outputs"]) for c in json.loads(page.evaluate(RUN, None))}
        assert "Right." in cells["nps"], cells["nps"]
        assert "<svg" in cells["board"] and "Not understood" in cells["needed"]
        if seat == "5":
            page.screenshot(path=str(tmp_path / "lesson.png"))
        context.close()  # the laptop is closed; the answer stays
    assert served.ask("teacher", "board/part?lesson=noise")[1].count("5 of 5 seats have answered, 5 right.") >= 1
    saved = json.loads((served.folder / "seats" / "03" / "1-noise.ipynb").read_text(encoding="utf-8"))
    assert any("cx.nps(lesson.data)" in "".join(c["source"]) for c in saved["cells"])


@pytest.mark.parametrize("width", [390, 1600])
def test_axe_finds_nothing_on_board_and_sheet_and_both_fit(browser, class_of_five, width, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs pip install cxlab[browser]")
    served = class_of_five
    board = f"{served.base}/board?lesson=noise&token={served.room['teacher']}"
    for name, where in (("board", board), ("sheet", (served.folder / "sheet.html").as_uri())):
        context = browser.new_context(viewport={"width": width, "height": 850}, bypass_csp=True)
        page = context.new_page()
        page.goto(where)
        page.screenshot(path=str(tmp_path / f"{name}.png"), full_page=True)
        found = axe.Axe().run(page).response["violations"]
        assert [v["id"] for v in found] == [], json.dumps(found)[:2000]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()


def test_the_board_refreshes_by_itself(browser, class_of_five):
    served = class_of_five
    page = browser.new_page()
    page.goto(f"{served.base}/board?lesson=weighting&token={served.room['tokens']['1']}")
    assert page.locator("text=1 of 5 seats have voted.").count() == 0
    kernel = served.open("2", "2-weighting.ipynb")
    served.run("2", kernel, "import cxlab as cx; cx.lesson('weighting').check('guess', 'lower')")
    page.wait_for_selector("text=1 of 5 seats have voted.", timeout=30_000)
    page.close()


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_board_of_every_lesson_fits_a_phone(browser, language, tmp_path):
    from cxlab.workshop.board_page import page as board
    from cxlab.workshop.classroom import open_room
    from cxlab.workshop.lesson import Lesson
    from cxlab.workshop.outlines import NAMES, outline
    from cxlab.workshop.seat import place

    at = open_room(tmp_path, "oslo", seats=3, language=language)
    page = browser.new_page(viewport={"width": 390, "height": 850})
    for name in NAMES:
        about = outline(name)
        for seat in (1, 2):
            learner = Lesson(about, place(at, seat), language)
            for question in about.questions.values():  # whatever is right, and a guess
                if question.kind == "choice":
                    right = question.right(learner._drawn).word if question.right else question.choices[seat]
                    learner.check(question.name, right)
                elif question.right is None:
                    learner.check(question.name, 1000 * seat)
        page.set_content(board(at, name, teacher=True))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        sizes = "[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height)"
        assert min(page.evaluate(sizes), default=99) >= 12, name
    page.close()
