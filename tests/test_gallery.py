"""The gallery lists every notebook, each with its own question and a command that names what exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cxlab.data import catalogue

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(p for p in (ROOT / "notebooks").glob("*.ipynb"))
LINES = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8").splitlines()
ROWS = {
    m[1]: line.strip("| ").split(" | ") for line in LINES if (m := re.match(r"\| \[([\w-]+)\]\(\1\.ipynb\) \|", line))
}


def parameters(path: Path) -> set[str]:
    """Return the names of the parameters of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    cell = next(c for c in cells if "parameters" in c["metadata"].get("tags", []))
    return set(re.findall(r"^(\w+)\s*[:=]", "".join(cell["source"]), re.M))


def test_every_notebook_is_listed_and_nothing_else() -> None:
    assert set(ROWS) == {p.stem for p in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_row_has_question_need_and_command(path: Path) -> None:
    _, question, need, command = ROWS[path.stem]
    assert question.endswith("?") and need
    said = re.fullmatch(r"`cxlab report ([\w-]+) ([\w-]+)(?: -p (\w+)=\S+)?`", command)
    assert said, command
    notebook, study, parameter = said.groups()
    assert notebook == path.stem
    assert study in catalogue.names() and catalogue.shipped(catalogue.descriptor(study)), "a study that is shipped"
    assert parameter is None or parameter in parameters(path)
