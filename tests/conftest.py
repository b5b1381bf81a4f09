"""Marks that need something beyond the repository: skipped with the reason, all on in CI."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("cxlab", deadline=None, derandomize=True)  # what a busy machine does fails no test
settings.load_profile("cxlab")

ROOT = Path(__file__).parents[1]
EXTENDED = os.environ.get("CXLAB_EXTENDED") == "1"
MIRROR = os.environ.get("CXLAB_MIRROR", "")
NEEDS = {
    "mirror": (bool(MIRROR) and Path(MIRROR).is_dir(), "needs the public data: set CXLAB_MIRROR to their folder"),
    "browser": (
        EXTENDED and bool(shutil.which("chromium")),
        "needs Chromium (apt install chromium) and CXLAB_EXTENDED=1",
    ),
    "spark": (EXTENDED and bool(shutil.which("java")), "needs Java 17, pip install cxlab[spark] and CXLAB_EXTENDED=1"),
    "slow": (EXTENDED, "takes long: set CXLAB_EXTENDED=1"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark, (there, why) in NEEDS.items():
            if mark in item.keywords and not there:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture
def mirror() -> Path:
    """The folder of the public data (only in tests marked `mirror`)."""
    return Path(MIRROR)


@pytest.fixture(autouse=True)
def _no_figure_stays_open() -> Iterator[None]:
    """Whatever a test draws is closed after it: no test fails by the figures that others left."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
