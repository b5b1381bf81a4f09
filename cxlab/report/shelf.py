"""`Shelf`: where reports are kept: a folder, or any address that fsspec writes to (memory, s3, gs, ...)."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from cxlab.data import temporary
from cxlab.problem import DataProblem

READ = ("run.json", "results.json")
"""What the index is made of."""

PROBE = ".cxlab"
"""Written and removed before anything runs: a place that takes no reports is said at once."""

PASSES = 5
"""An index is written again, so many times, while reports of other batches come in."""


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
            self.remote.pipe_file(f"{self.root}/{PROBE}", b"may reports be written here?")
            self.remote.rm_file(f"{self.root}/{PROBE}")
        except Exception as problem:  # every store has its own: no such bucket, no right, no network
            said = str(problem) or type(problem).__name__
            raise DataProblem(f"--output {output} cannot be written to: {said}") from None
        self.address = output.rstrip("/")
        self.folder = Path(tempfile.mkdtemp(prefix="out-", dir=temporary.folder()))

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
        """Send the files of a report over those of an earlier one; while they are on their way there is no run.json.

        So nobody lists a half one. A store without a rename has no better; what broke off is made again by --resume.
        """
        target = f"{self.root}/{there}"
        with contextlib.suppress(FileNotFoundError):
            self.remote.rm_file(f"{target}/run.json")
        files = sorted((f for f in folder.iterdir() if f.is_file()), key=lambda f: (f.name == "run.json", f.name))
        old = {Path(name).name for name in self.listed(target)} - {f.name for f in files}
        for name in old:
            self.remote.rm_file(f"{target}/{name}")
        for file in files:
            self.remote.pipe_file(f"{target}/{file.name}", file.read_bytes())

    def listed(self, target: str) -> list[str]:
        """Return the files in a far folder as they are now, whatever was listed before."""
        self.remote.invalidate_cache()
        try:
            return self.remote.ls(target, detail=False)
        except FileNotFoundError:
            return []

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
        from cxlab.report.front_page import refresh

        if not self.remote:
            return str(refresh(self.folder))
        seen = None
        for _ in range(PASSES):  # no store has a lock: who writes last looks whether more has come in meanwhile
            self.remote.invalidate_cache()
            found = sorted(self.remote.glob(f"{self.root}/*/*/run.json"))
            if found == seen:
                break
            with temporary.inside("index-") as folder:
                self.fetch(found, Path(folder))
                refresh(Path(folder))
                for name in ("results.parquet", "index.html"):
                    self.remote.pipe_file(f"{self.root}/{name}", Path(folder, name).read_bytes())
            seen = found
        return f"{self.address}/index.html"

    def alarms(self) -> list[dict[str, Any]]:
        """Write ``alarms.json`` where a report holds control charts, and return the alarms that are new."""
        from cxlab.report import alarm_file

        if not self.remote:
            return alarm_file.refresh(self.folder)
        there = f"{self.root}/{alarm_file.NAME}"
        self.remote.invalidate_cache()
        with temporary.inside("alarms-") as name:
            folder = Path(name)
            self.fetch(sorted(self.remote.glob(f"{self.root}/*/*/run.json")), folder)
            with contextlib.suppress(FileNotFoundError):
                (folder / alarm_file.NAME).write_bytes(self.remote.cat_file(there))
            new = alarm_file.refresh(folder)
            if (folder / alarm_file.NAME).is_file():
                self.remote.pipe_file(there, (folder / alarm_file.NAME).read_bytes())
        return new

    def fetch(self, records: list[str], folder: Path) -> None:
        """Bring what the index is made of into a folder here; a report that goes away meanwhile is left out."""
        for file in records:
            there = file.removesuffix("run.json")
            copy = Path(folder, *Path(there).parts[-2:])
            copy.mkdir(parents=True)
            for name in READ:
                with contextlib.suppress(FileNotFoundError):
                    (copy / name).write_bytes(self.remote.cat_file(there + name))
