"""`Shelf`: where reports are kept: a folder, or any address that fsspec writes to (memory, s3, gs, ...)."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from cxlab.problem import DataProblem

READ = ("run.json", "results.json")
"""What the index is made of."""


class Shelf:
    """A place for reports. ``folder`` is where they are made: the place itself, or a folder on the way to it."""

    def __init__(self, output: str | Path) -> None:
        self.remote, output = None, str(output)
        if output.startswith("file://"):
            output = output.removeprefix("file://")
        if "://" not in output:
            self.folder = Path(output)
            return
        import fsspec

        try:
            self.remote, self.root = fsspec.core.url_to_fs(output)
        except (ImportError, ValueError) as problem:
            raise DataProblem(f"--output {output} cannot be written to: {problem}") from None
        self.address = output.rstrip("/")
        self.folder = Path(tempfile.mkdtemp(prefix="cxlab-out-"))

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *error: object) -> None:
        if self.remote:
            shutil.rmtree(self.folder, ignore_errors=True)

    def record(self, there: str) -> dict[str, Any] | None:
        """Return the run.json of a report, or None."""
        with contextlib.suppress(OSError, ValueError):
            if self.remote:
                return json.loads(self.remote.cat_file(f"{self.root}/{there}/run.json"))
            return json.loads((self.folder / there / "run.json").read_text(encoding="utf-8"))
        return None

    def page(self, there: str) -> str:
        """Return the address of a page on the shelf."""
        return f"{self.address}/{there}" if self.remote else str(self.folder / there)

    def deliver(self, page: Path) -> str:
        """Bring the report of a page that was made in `folder` to its place; run.json last, so none is ever half."""
        there = page.parent.relative_to(self.folder).as_posix()
        if self.remote:
            self.put(page.parent, there)
            if not there.endswith(".failed"):
                self.remove(f"{self.root}/{there}.failed")
            shutil.rmtree(page.parent)
        return self.page(f"{there}/{page.name}")

    def put(self, folder: Path, there: str) -> None:
        """Send the files of a report; while they are on their way there is no run.json, so nobody lists it."""
        target = f"{self.root}/{there}"
        self.remove(target)
        files = sorted((f for f in folder.iterdir() if f.is_file()), key=lambda f: (f.name == "run.json", f.name))
        for file in files:
            self.remote.pipe_file(f"{target}/{file.name}", file.read_bytes())

    def remove(self, target: str) -> None:
        """Remove a report from the far place, its run.json first."""
        for name in (f"{target}/run.json", target):
            with contextlib.suppress(FileNotFoundError):
                self.remote.rm(name, recursive=name == target)

    def indexed(self) -> bool:
        """Whether there is an index already."""
        return self.remote.exists(f"{self.root}/index.html") if self.remote else (self.folder / "index.html").is_file()

    def refresh(self) -> str:
        """Write the page over all reports and the table of all numbers, and return the address of the page."""
        from cxlab.report.index import refresh

        if not self.remote:
            return str(refresh(self.folder))
        with tempfile.TemporaryDirectory(prefix="cxlab-index-") as folder:
            for file in self.remote.glob(f"{self.root}/*/*/run.json"):
                there = file.removesuffix("run.json")
                copy = Path(folder, *Path(there).parts[-2:])
                copy.mkdir(parents=True)
                for name in READ:
                    with contextlib.suppress(FileNotFoundError):
                        (copy / name).write_bytes(self.remote.cat_file(there + name))
            refresh(Path(folder))
            for name in ("results.parquet", "index.html"):
                self.remote.pipe_file(f"{self.root}/{name}", Path(folder, name).read_bytes())
        return f"{self.address}/index.html"
