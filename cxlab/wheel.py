"""`Shipping`: a wheel carries the folders ``notebooks`` and ``datasets`` of the repository as ``cxlab/_shipped``.

Used by setuptools alone (``[tool.setuptools.cmdclass]``). In a clone the folders stay where they are;
`cxlab.data.locations.shipped` says where they lie.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

FOLDERS = ("notebooks", "datasets")
LEFT = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "*.wal", "*.duckdb")
"""What lies about in a working copy and is not shipped."""


class Shipping(build_py):
    """Copies the folders beside the package into it."""

    def run(self) -> None:
        """Build as usual, then add the folders; an editable installation finds them in the clone."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "cxlab", "_shipped")
        shutil.rmtree(target, ignore_errors=True)
        for name in FOLDERS:
            shutil.copytree(name, target / name, ignore=LEFT)


class Source(sdist):
    """A source archive that a wheel can be built from."""

    def add_defaults(self) -> None:
        """Add the folders to what setuptools finds itself."""
        super().add_defaults()
        for name in FOLDERS:
            hidden = (p for p in Path(name).rglob("*") if any(part.startswith(".") for part in p.parts))
            left = {*hidden, *Path(name).rglob("*.pyc")}
            self.filelist.extend(str(p) for p in sorted(Path(name).rglob("*")) if p.is_file() and p not in left)
