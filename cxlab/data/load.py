"""`load`: a name of the catalogue, a file, or a table becomes a `Study`."""

from __future__ import annotations

from cxlab.data.catalogue import open_study
from cxlab.data.study import Study


def load(name: str) -> Study:
    """Return the study of the catalogue called ``name``."""
    return open_study(name)
