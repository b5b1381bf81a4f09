"""Small notebooks made on the spot, and one fork server for all tests of the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cxlab.report.kernel import Kernels


@pytest.fixture(scope="session")
def kernels():
    """The fork server; notebooks run in its forks."""
    with Kernels() as server:
        yield server


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook whose code cells are the given sources and return its path."""

    def write(*sources: str, name: str = "tiny", parameters: str = 'study: str = "abc"  # which') -> Path:
        cells = [
            new_markdown_cell("# Tiny\n\nDoes it run?", id="title"),
            new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]}),
            new_markdown_cell("## Part one", id="part"),
            *(new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(sources, 1)),
        ]
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata={"language_info": {"name": "python"}}), path)
        return path

    return write
