"""HTML page to PDF: by an installed Chromium, else by pandoc and typst."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxlab.data import temporary
from cxlab.problem import DataProblem

APPLICATIONS = ("Google Chrome", "Chromium", "Microsoft Edge", "Brave Browser")
"""How browsers are called on macOS, where none is on the PATH."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FOLDERS = ("/Applications", "~/Applications")
FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip


LOOK = """#show figure: set block(breakable: true)
#show figure: set align(left)
#show figure.caption: set text(weight: "bold")
#show figure.caption: it => it.body
#set figure.caption(position: top)
#set figure(gap: 0.5em)
#set image(width: 85%)
#set text(font: ("Liberation Sans", "Noto Sans", "DejaVu Sans"))
"""
"""How typst sets what pandoc makes of a page: tables may break, titles stand above, as on the screen."""


def browser() -> str:
    """Return the path of an installed Chromium or Chrome, or ''."""
    found = next((found for name in BROWSERS if (found := shutil.which(name))), "")
    if found or sys.platform != "darwin":
        return found
    places = [Path(p) / f"{name}.app/Contents/MacOS/{name}" for p in FOLDERS for name in APPLICATIONS]
    return next((str(p.expanduser()) for p in places if p.expanduser().is_file()), "")


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


def pandoc() -> str:
    """Return the path of a pandoc that writes typst (3.1.2 or newer), on the PATH or bundled by pypandoc, or ''."""
    spec = importlib.util.find_spec("pypandoc")
    bundled = shutil.which("pandoc", path=str(Path(spec.origin).parent / "files")) if spec else None
    for found in (shutil.which("pandoc"), bundled):
        if found:
            formats = subprocess.run(
                [found, "--list-output-formats"], capture_output=True, text=True, timeout=30
            ).stdout
            if "typst" in formats.split():
                return found
    return ""


def check() -> None:
    """Raise `DataProblem` unless something that makes a PDF is installed."""
    if browser() or importlib.util.find_spec("typst") and pandoc():
        return
    raise DataProblem(
        "a PDF needs Chromium or Chrome, or pandoc (3.1.2 or newer) and pip install 'cxlab[typst]'; neither was found. "
        "Install one (e.g. apt install chromium), or ask for --to html only"
    )


@contextlib.contextmanager
def beside(target: Path) -> Iterator[str]:
    """Yield a folder for what a program writes meanwhile: beside the draft, where a batch removes what died."""
    place = target.parent.parent if target.parent.name.startswith(".") else temporary.folder()
    folder = place / f".pdf-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o700)
    try:
        yield str(folder.absolute())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _chromium(program: str, page: Path, target: Path) -> str:
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with beside(target) as profile:
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

    with beside(target) as folder:
        source = Path(folder) / "page.typ"
        Path(folder, "head.typ").write_text(LOOK, encoding="utf-8")
        done = subprocess.run(
            [pandoc(), "--from=html", "--to=typst", "--standalone", "--extract-media=media", f"--output={source}",
             "--include-in-header=head.typ", "--variable=papersize:a4", "--variable=fontsize:9pt"],
            cwd=folder, input=printable(page.read_text(encoding="utf-8")), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise DataProblem(f"pandoc could not read {page.name}: {done.stderr.strip()[-300:]}")
        typst.compile(source, output=target)
    return "pandoc and typst"


def screenless(html: str) -> Any:
    """Return the parsed page without what is only for the screen."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    screen = ".code, .toggle, nav, summary, .cx-method, .under figcaption, style, title"
    for element in soup.select(f"{screen}, .one-page details.appendix, .one-page .picture"):
        element.decompose()
    return soup


def printable(html: str) -> str:
    """Return the page without what is only for the screen, in elements that pandoc keeps."""
    soup = screenless(html)
    for image in soup.select("img:not([src^='data:image/'])"):
        image.decompose()  # pandoc would fetch it
    for image in soup.select("img[width]"):
        del image["width"]
    for facts in soup.select("dl.facts"):
        said = [f"{pair.dt.get_text()}: {pair.dd.get_text()}" for pair in facts.select("div")]
        facts.replace_with(soup.new_tag("p", string="; ".join(said)))
    for element in soup.select("header, main, footer, aside, details"):
        element.name = "div"
    return str(soup)
