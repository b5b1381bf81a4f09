"""HTML page to PDF: by an installed Chromium, else by pandoc and typst."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cxlab.problem import DataProblem

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip


def browser() -> str:
    """Return the path of an installed Chromium or Chrome, or ''."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), "")


def pdf(page: Path, target: Path) -> str:
    """Write ``page`` (HTML) as PDF to ``target`` and return what made it.

    Raises
    ------
    DataProblem : neither a browser nor pandoc with typst is installed, or the one there is failed.
    """
    check()
    if there := browser():
        return _chromium(there, page, target)
    return _typst(page, target)


def check() -> None:
    """Raise `DataProblem` unless something that makes a PDF is installed."""
    if browser() or shutil.which("pandoc") and importlib.util.find_spec("typst"):
        return
    raise DataProblem(
        "a PDF needs Chromium or Chrome, or pandoc on the PATH and pip install 'cxlab[typst]'; neither was found. "
        "Install one (e.g. apt install chromium), or ask for --to html only"
    )


def _chromium(program: str, page: Path, target: Path) -> str:
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="cxlab-pdf-", ignore_cleanup_errors=True) as profile:
        command = [
            program,
            *FLAGS,
            *root,
            f"--user-data-dir={profile}",
            f"--print-to-pdf={target}",
            page.resolve().as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if not target.is_file():
        raise DataProblem(
            f"{program} made no PDF of {page.name} (exit code {done.returncode}): {done.stderr.strip()[-300:]}"
        )
    return Path(program).name


def _typst(page: Path, target: Path) -> str:
    import typst

    done = subprocess.run(
        ["pandoc", "--from=html", "--to=typst", "--standalone", "--extract-media=media", page.resolve()],
        cwd=page.parent, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    media = page.parent / "media"
    source = page.with_suffix(".typ")
    try:
        if done.returncode:
            raise DataProblem(f"pandoc could not read {page.name}: {done.stderr.strip()[-300:]}")
        source.write_text(done.stdout, encoding="utf-8")
        typst.compile(source, output=target)
    finally:
        source.unlink(missing_ok=True)
        shutil.rmtree(media, ignore_errors=True)
    return "pandoc and typst"
