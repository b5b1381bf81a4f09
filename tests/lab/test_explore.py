"""`cx.explore` in JupyterLab, in a real browser: choices are shown, their code goes into a cell, a file is saved."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = ["import cxlab as cx\nbank = cx.load('brand-tracker')", "cx.explore(bank)"]
SOURCES = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.model.cells, out = [];
  for (let i = 0; i < cells.length; i++) out.push(cells.get(i).sharedModel.getSource());
  return out;
}"""
READY = (
    "() => window.jupyterapp && window.jupyterapp.shell.currentWidget"
    " && window.jupyterapp.shell.currentWidget.sessionContext"
    " && window.jupyterapp.shell.currentWidget.sessionContext.session"
    " && window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
)
TABLE = (
    "() => [...document.querySelectorAll('table')].some(t => /Poland/.test(t.innerText) && /Brio/.test(t.innerText))"
)
RUN = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.sessionContext.ready;
  await window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""


def notebook() -> str:
    cells = [
        {"cell_type": "code", "id": f"c{k}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
        for k, s in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def test_what_is_chosen_is_shown_and_goes_into_a_cell(browser, lab, tmp_path):
    address, token = lab.address, lab.token
    (lab.notebooks / "explore-test.ipynb").write_text(notebook())
    page = browser.new_page(viewport={"width": 1300, "height": 1100})
    page.set_default_timeout(90_000)
    try:
        page.goto(f"{address}/lab/tree/explore-test.ipynb?token={token}&reset")
        page.wait_for_function(READY)
        page.evaluate(RUN)
        page.get_by_label("Rows", exact=True).select_option("Country")
        page.wait_for_selector("img[alt^='Net Promoter Score by Country']")
        assert page.get_by_label("Code", exact=True).input_value() == "cx.nps(bank, 'recommendation', by='country')"
        page.get_by_role("button", name="Table").click()
        page.get_by_text("Insert cell below").click()
        page.wait_for_function(f"() => ({SOURCES})().some(s => s.startsWith('cx.nps(bank'))")
        assert page.evaluate(SOURCES) == [*CELLS, "cx.nps(bank, 'recommendation', by='country')"]
        page.get_by_label("Filter", exact=True).select_option("Brand")
        page.get_by_label("Brand", exact=True).select_option(["Alba", "Brio"])
        page.get_by_label("Columns", exact=True).select_option("Brand")
        kept = "bank.where(brand=['Alba', 'Brio'])"
        code = f"cx.nps({kept}, 'recommendation', by=['country', 'brand'])"
        page.wait_for_function(f"() => [...document.querySelectorAll('textarea')].some(t => t.value === `{code}`)")
        page.wait_for_function(TABLE)
        page.get_by_label("Save as", exact=True).select_option(".xlsx")
        page.locator("button.jupyter-button", has_text="Save").click()
        page.get_by_text("Saved: ").wait_for()
        (saved,) = lab.notebooks.glob("net-promoter-score*.xlsx")
        assert saved.stat().st_size > 2000
        page.screenshot(path=tmp_path / "explore.png")
    finally:
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        page.close()
