"""Every notebook runs from top to bottom in JupyterLab, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(p.name for p in (ROOT / "notebooks").glob("*.ipynb"))
RUN = """async () => {
  const app = window.jupyterapp, panel = app.shell.currentWidget;
  await panel.sessionContext.ready;
  await app.commands.execute('notebook:run-all-cells');
  const cells = panel.content.model.cells, out = [];
  for (let i = 0; i < cells.length; i++) {
    const cell = cells.get(i);
    if (cell.type === 'code' && cell.sharedModel.getSource().trim())
      out.push({source: cell.sharedModel.getSource(), count: cell.executionCount, outputs: cell.outputs.toJSON()});
  }
  return JSON.stringify(out);
}"""


def run_in_lab(browser, lab, notebook: str) -> list[dict]:
    """Open the notebook in a fresh page, run all cells, return each code cell's source, count and outputs."""
    address, token = lab.address, lab.token
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(180_000)
    try:
        page.goto(f"{address}/lab/tree/{notebook}?token={token}&reset")
        page.wait_for_function(
            "() => window.jupyterapp && window.jupyterapp.shell.currentWidget"
            " && window.jupyterapp.shell.currentWidget.sessionContext"
            " && window.jupyterapp.shell.currentWidget.sessionContext.session"
            " && window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        )
        return json.loads(page.evaluate(RUN))
    finally:
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        page.close()


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_notebook_runs_in_jupyterlab(browser, lab, notebook):
    cells = run_in_lab(browser, lab, notebook)
    assert cells, f"{notebook} has no code cell"
    for cell in cells:
        errors = [f"{o['ename']}: {o['evalue']}" for o in cell["outputs"] if o["output_type"] == "error"]
        assert not errors, f"{notebook}, cell\n{cell['source']}\n{errors}"
        assert cell["count"], f"{notebook}: this cell did not run:\n{cell['source']}"
    assert any(o.get("data") for c in cells for o in c["outputs"]), f"{notebook} shows nothing"
