"""The documentation as a site: ``make docs``, or ``python docs/build.py [--to FOLDER] [--only NAME,...] [--quick]``.

Everything on it is made by the build: each public function with its text, its example run, and the picture of its
result; rendered reports; the tutorials executed; the sources of the methods. The build needs no network, and its search
works from a disk.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import html
import inspect
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl

HERE = Path(__file__).parent
ROOT = HERE.parent
TUTORIALS = {"analyst": "The analyst", "researcher": "The researcher", "teacher": "The teacher"}
REPORTS = (
    ("scorecard", "brand-tracker"), ("drivers", "airline-survey"), ("league", "brand-tracker"),
    ("tables", "brand-tracker"),
    ("price", "customers"), ("loyalty", "customers"), ("plan", "brand-tracker"), ("quality", "brand-tracker"),
)  # fmt: skip
"""Reports of the gallery: notebook and study, all of them in the clone."""
HEADINGS = ("Parameters", "Returns", "Raises", "References", "Examples", "Notes")
DOI = re.compile(r"doi:(10\.\d{4,9}/[^\s,;]+[^\s,;.)])")


@dataclass
class Site:
    """The site that is being made: ``source`` is where its pages lie; ``pictures`` and ``failed`` count examples."""

    source: Path
    pictures: int = 0
    failed: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        """Write a page."""
        there = self.source / name
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text + "\n", encoding="utf-8")

    def picture(self, result: Any, name: str) -> str:
        """Save the picture of a result and return it as Markdown, '' where its kind has none."""
        from matplotlib import pyplot as plt

        import cxlab as cx
        from cxlab import plots
        from cxlab.models.figures import alternative, png, untitled

        if not isinstance(result, cx.Result) or result.kind not in dir(plots):
            return ""
        drawn = result.plot()
        figure = drawn.get_figure() if hasattr(drawn, "get_figure") else plt.gcf()
        there = self.source / "pictures" / f"{name}.png"
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(png(untitled(figure, result)))
        plt.close("all")
        self.pictures += 1
        return f"![{escaped(alternative(result))}](pictures/{name}.png)"


def escaped(text: str) -> str:
    """Return a text that is no Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", " ".join(text.split()))


def slug(text: str) -> str:
    """Return a name for a page.

    >>> slug("Is it real: yes?")
    'is-it-real-yes'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def sections(said: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a docstring: heading ('' for the text before the first) and text."""
    heading, lines, rest = "", [], said.split("\n")
    for k, line in enumerate(rest):
        if line.strip() in HEADINGS and k + 1 < len(rest) and set(rest[k + 1].strip()) == {"-"}:
            yield heading, "\n".join(lines).strip("\n")
            heading, lines = line.strip(), []
        elif not (line.strip() and set(line.strip()) == {"-"} and not lines):
            lines.append(line)
    yield heading, "\n".join(lines).strip("\n")


def prose(text: str) -> str:
    """Return a part of a docstring as Markdown: entries in bold, the rest as it is."""
    out = []
    for block in re.split(r"\n\s*\n", text):
        for line in block.split("\n"):
            words = re.sub(r"``(.+?)``", r"`\1`", line.strip())
            entry = re.match(r"(\w[\w, *.]*?) : (.*)", words) if line[:1].strip() else None
            if entry:
                out.append(f"\n**{entry[1].replace('*', '&#42;')}** : {entry[2]}")
            else:
                out.append(words.replace("<", "&lt;") if "`" not in words else words)
        out.append("")
    return "\n".join(out)


def example(said: str, around: dict[str, Any] | None = None) -> tuple[str, Any, str]:
    """Run the examples of a docstring: return them with what they print, the last result, and what went wrong."""
    import cxlab as cx

    space: dict[str, Any] = {**(around or {}), "cx": cx}
    shown, result = [], None
    for one in doctest.DocTestParser().get_examples(said):
        if doctest.SKIP in one.options:
            continue
        prompt = "\n".join(f"{'...' if k else '>>>'} {x}" for k, x in enumerate(one.source.rstrip("\n").split("\n")))
        shown.append(f"{prompt}\n{one.want}".rstrip("\n"))
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = found(one.source, space) or result
            except Exception as error:
                if not one.exc_msg:
                    return "\n".join(shown), result, f"{type(error).__name__}: {error}"
    return "\n".join(shown), result, ""


def found(source: str, space: dict[str, Any]) -> Any:
    """Run a statement; return the result of the package that it made or looked at."""
    import ast

    import cxlab as cx

    tree = ast.parse(source)
    exec(compile(tree, "<example>", "exec"), space)
    if not tree.body or not isinstance(tree.body[-1], (ast.Expr, ast.Assign)):
        return None
    for node in ast.walk(tree.body[-1].value):  # the outermost part that is a result
        if isinstance(node, (ast.Call, ast.Name, ast.Attribute)):
            with contextlib.suppress(Exception):
                value = eval(compile(ast.Expression(node), "<example>", "eval"), space)
                if isinstance(value, cx.Result):
                    return value
    return None


def function(site: Site, one: Any, target: Any) -> str:
    """Return what a page says of a function: signature, text, example, picture."""
    parts = dict(sections(one.said))
    with contextlib.suppress(TypeError, ValueError):
        signature = re.sub(r"(: |-> )'([^']+)'", r"\1\2", str(inspect.signature(target)))
        parts["signature"] = f"```python\n{one.name}{signature}\n```"
    text, result, wrong = example(parts.get("Examples", ""), vars(sys.modules[target.__module__]))
    if wrong:
        site.failed.append(f"{one.name}: {wrong}")
    picture = site.picture(result, slug(one.name)) if not wrong else ""
    out = [f"## {one.name} {{: #{slug(one.name)} }}", parts.get("signature", ""), prose(parts.pop("", ""))]
    out += [f"```python\n{text}\n```"] if text else []
    out += [picture.replace("(pictures/", "(../pictures/")] if picture else []
    out += [f"**{h}**\n\n{prose(parts[h])}" for h in HEADINGS if h in parts and h != "Examples"]
    return "\n\n".join(x for x in out if x)


def api(site: Site, only: Sequence[str]) -> list[tuple[str, str]]:
    """Write a page a question with all its functions; return titles and names of the pages."""
    import importlib

    import cxlab
    from cxlab.panel import find

    names = {**cxlab._WHERE, **{f"{room}.{n}": m for room, own in cxlab._ROOMS.items() for n, m in own.items()}}
    pages: dict[str, list[str]] = {}
    for one in find.known():
        if only and one.name not in only:
            continue
        module = importlib.import_module(names[one.name.removeprefix("cx.")])
        target = getattr(module, one.name.rpartition(".")[2])
        pages.setdefault(one.question, []).append(function(site, one, target))
    out = []
    for question, parts in pages.items():
        name = f"api/{slug(question.partition(':')[0])[:50]}.md"
        site.write(name, "\n\n".join([f"# {question}", *parts]))
        out.append((question.partition(":")[0], name))
    return out


def methods(site: Site) -> None:
    """Write the page of sources: every reference that a module or function of the package names, and where."""
    import importlib
    import pkgutil

    import cxlab

    sources: dict[str, tuple[str, set[str]]] = {}
    for info in pkgutil.walk_packages(cxlab.__path__, "cxlab."):
        text = Path(importlib.util.find_spec(info.name).origin or "").read_text(encoding="utf-8")
        for block in re.findall(r"References\n\s*-+\n(.*?)(?:\n\s*\n\s*\w+\n\s*-{3,}|\"\"\")", text, re.S):
            for entry in re.split(r"\n\s*(?=[A-Z][\w'’-]+, [A-Z]\.)", block):
                words = " ".join(entry.split())
                if re.search(r"\(\d{4}\)", words):
                    key = DOI.search(words)[1].lower() if DOI.search(words) else words
                    sources.setdefault(key, (words, set()))[1].add(info.name)
    lines = []
    for words, where in sorted(sources.values()):
        linked = DOI.sub(lambda m: f"[doi:{m[1]}](https://doi.org/{m[1]})", escaped(words).replace("\\_", "_"))
        lines.append(f"- {linked}  \n  used in {', '.join(f'`{w}`' for w in sorted(where))}")
    site.write(
        "methods.md",
        "\n".join([f"# Methods and their sources\n\n{len(lines)} works, as the code names them.\n", *lines]),
    )


def reports(site: Site, quick: bool) -> None:
    """Render the reports of the gallery and write its page: title, first picture, and the report as it is."""
    lines = ["# Gallery\n\nReports as a command makes them; each is one file that works offline.\n"]
    with tempfile.TemporaryDirectory() as work:
        for notebook, study in REPORTS[-1:] if quick else REPORTS:
            command = [str(Path(sys.executable).with_name("cxlab")), "report", notebook, study, "--output", work]
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
            page = Path(work, notebook, study, "index.html")
            if done.returncode or not page.is_file():
                site.failed.append(f"report {notebook} {study}: {done.stdout[-300:]} {done.stderr[-300:]}")
                continue
            name = f"{notebook}-{study}"
            text = page.read_text(encoding="utf-8")
            (site.source / "reports").mkdir(exist_ok=True)
            (site.source / "reports" / f"{name}.html").write_text(text, encoding="utf-8")
            lines += [f"## {notebook.capitalize()}\n", f"`cxlab report {notebook} {study}`\n", first(site, text, name)]
    site.write("gallery.md", "\n".join(lines))


def first(site: Site, page: str, name: str) -> str:
    """Return title and first picture of a report as a link to it."""
    import base64

    title = html.unescape(re.sub(r"<[^>]+>", "", re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)[1]))
    shown = re.search(r'src="data:image/png;base64,([^"]+)" alt="([^"]*)"', page)
    words = f"[{escaped(title)}](reports/{name}.html)\n"
    if not shown:
        return words
    there = site.source / "pictures" / f"report-{name}.png"
    there.parent.mkdir(exist_ok=True)
    there.write_bytes(base64.b64decode(html.unescape(shown[1])))
    return f"{words}\n[![{escaped(html.unescape(shown[2]))}](pictures/{there.name})](reports/{name}.html)\n"


def tutorial(site: Site, name: str) -> None:
    """Run the code of a tutorial, cell by cell in one space, and write it with what came of it."""
    import ast

    import cxlab as cx

    text, space, out = (HERE / "tutorials" / f"{name}.md").read_text(encoding="utf-8"), {}, []
    for k, piece in enumerate(re.split(r"```python\n(.*?)```", text, flags=re.S)):
        if k % 2 == 0:
            out.append(piece)
            continue
        said, tree = io.StringIO(), ast.parse(piece)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        value = None
        try:
            with contextlib.redirect_stdout(said):
                exec(compile(tree, name, "exec"), space)
                value = eval(compile(ast.Expression(last.value), name, "eval"), space) if last else None
        except Exception as error:
            site.failed.append(f"tutorial {name}: {type(error).__name__}: {error}")
        shown = said.getvalue() + ("" if value is None else repr(value))
        out.append(f"```python\n{piece}```\n")
        out += [f"\n```text\n{shown.rstrip()}\n```\n"] if shown.strip() else []
        if isinstance(value, cx.Result) and (drawn := site.picture(value, f"{name}-{k}")):
            out.append(f"\n{drawn.replace('(pictures/', '(../pictures/')}\n")
    site.write(f"tutorials/{name}.md", "".join(out))


def indexed(site: Site) -> None:
    """Write what the search looks through: every section of every page, with its address."""
    found = []
    for file in sorted(site.source.rglob("*.md")):
        address = file.relative_to(site.source).with_suffix(".html").as_posix()
        for part in re.split(r"^(?=#{1,2} )", file.read_text(encoding="utf-8"), flags=re.M):
            head = re.match(r"#{1,2} (.*?)(?: \{: #([\w-]+) \})?$", part, re.M)
            if head:
                words = " ".join(re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[`*#]", r"\1", part).split())
                anchor = f"#{head[2]}" if head[2] else f"#{slug(head[1])}" if part.startswith("## ") else ""
                found.append([head[1], address + anchor, words])
    site.write("find/pages.js", f"const PAGES = {json.dumps(found, ensure_ascii=False)};")


def build(to: Path, *, only: Sequence[str] = (), quick: bool = False) -> Site:
    """Make the site in a folder; ``only`` some functions, ``quick`` with one report and one tutorial.

    Raises
    ------
    RuntimeError : an example, tutorial or report failed, or MkDocs warned.
    """
    mpl.use("Agg")
    with tempfile.TemporaryDirectory() as work:
        site = Site(Path(work, "pages"))
        shutil.copytree(HERE / "pages", site.source)
        pages = api(site, only)
        methods(site)
        reports(site, quick)
        chosen = list(TUTORIALS)[:1] if quick else list(TUTORIALS)
        for name in chosen:
            tutorial(site, name)
        indexed(site)
        if site.failed:
            raise RuntimeError("the documentation is not right:\n" + "\n".join(site.failed))
        nav = [{"Begin": "index.md"}, {"Search": "search.md"},
               {"Tutorials": [{TUTORIALS[n]: f"tutorials/{n}.md"} for n in chosen]},
               {"Gallery": "gallery.md"}, {"By question": [{t: n} for t, n in pages]},
               {"Methods": "methods.md"}]  # fmt: skip
        settings = {
            "site_name": "cxlab", "docs_dir": str(site.source), "site_dir": str(to.absolute()), "strict": True,
            "use_directory_urls": False, "nav": nav, "plugins": [],
            "extra_javascript": ["find/pages.js", "find/find.js"],
            "theme": {"name": "material", "font": False}, "markdown_extensions": ["attr_list", "md_in_html"],
            "validation": {"links": {"not_found": "warn", "anchors": "warn"}},
        }  # fmt: skip
        config = Path(work, "mkdocs.yml")
        config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        made = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(config)],
            capture_output=True, text=True, check=False, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        )  # fmt: skip
        warned = [x for x in made.stderr.splitlines() if "WARNING" in x or "ERROR" in x]
        if made.returncode or warned:
            raise RuntimeError("mkdocs warned:\n" + "\n".join(warned or [made.stderr]))
    return site


def main() -> None:
    """Build from the command line."""
    parser = argparse.ArgumentParser(description="Make the documentation.")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "docs")
    parser.add_argument("--only", default="", help="functions, as cx.nps,cx.compare")
    parser.add_argument("--quick", action="store_true", help="one report and one tutorial")
    given = parser.parse_args()
    made = build(given.to, only=[n for n in given.only.split(",") if n], quick=given.quick)
    print(f"{given.to / 'index.html'}  ({made.pictures} pictures)")


if __name__ == "__main__":
    main()
