"""A plugin of pytest (``-p benchmarks.chosen``): keep the tests named in the file ``CXLAB_CHOSEN``, in that order."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    chosen = json.loads(Path(os.environ["CXLAB_CHOSEN"]).read_text(encoding="utf-8"))
    place = {name: k for k, name in enumerate(chosen)}
    where = lambda item: place.get(item.nodeid, place.get(item.nodeid.partition("::")[0]))  # noqa: E731
    items[:] = sorted((i for i in items if where(i) is not None), key=where)
