"""An executed notebook becomes one self-contained HTML page: no scripts, no request to any host."""

from __future__ import annotations

import copy
import functools
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cxlab.languages import speech
from cxlab.languages.numerals import NUMBER, number, written_from_right
from cxlab.models.optional_part import SKIPPED, reason
from cxlab.report.house_style import Style
from cxlab.report.sanitiser import sanitised
from cxlab.result import MIME

TEMPLATES = Path(__file__).parent / "templates"
PLAIN = Style()
IMAGES = ("image/png", "image/jpeg", "image/svg+xml")


@functools.cache
def exporter() -> Any:
    """Return the exporter, made once a process."""
    from nbconvert.exporters.html import HTMLExporter
    from nbconvert.filters.highlight import Highlight2HTML
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

    def untrusted_markdown(source: str) -> str:
        made = MarkdownWithMath(renderer=IPythonRenderer(escape=True, exclude_anchor_links=True)).render(source)
        return described(sanitised(made))

    made = HTMLExporter(template_name="cxlab", extra_template_basedirs=[str(TEMPLATES)], exclude_anchor_links=True)
    made.register_filter("untrusted_markdown", untrusted_markdown)
    made.register_filter("sanitised", lambda source: described(sanitised(source)))
    made.register_filter("tables", tables)
    made.register_filter("title", lambda data: speech.said(data[MIME].get("title", "")))
    made.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3", parent=made))
    made.register_filter("filter_data_type", WidgetsDataTypeFilter(notebook_metadata={}, parent=made))
    filled(made, _empty(), {"say": str})  # compiles the template
    return made


def filled(made: Any, notebook: Any, report: Mapping[str, Any]) -> str:
    """Return the template filled; `HTMLExporter` would parse the whole page again for what ours already has."""
    from nbconvert.exporters.templateexporter import TemplateExporter

    return TemplateExporter.from_notebook_node(made, notebook, resources={"report": report})[0]


def _empty() -> Any:
    from nbformat.v4 import new_notebook

    return new_notebook()


def page(notebook: Any, report: Mapping[str, Any], style: Style = PLAIN) -> str:
    """Return the HTML page of an executed notebook.

    Parameters
    ----------
    notebook : the executed notebook; it is not changed.
    report : what the page says around the cells: ``title, subject, facts, simulated, methods, origin, stamp``
        and, for a run that failed, ``failure``.
    style : name, logo, colours and language of the house.
    """
    shown = copy.deepcopy(notebook)
    style = replace(style, language=speech.language()) if speech.language() != "en" else style
    spoken(shown.cells)
    title = take_title(shown.cells)
    said = speech.said(message_first(shown.cells))
    if said and not report.get("failure"):
        report = {**report, "subject": ": ".join(x for x in (title, report.get("subject", "")) if x)}
    gone = absent(shown.cells, bool(said))
    if gone:
        folds = [c for c in shown.cells if "appendix" in c.metadata.get("tags", ())]
        shown.cells.append(not_shown(told(gone), style.say("What does not apply"), tags=["appendix"] if folds else []))
    mark = appendix(shown.cells)
    describe(shown.cells)
    fold(shown.cells)
    if report.get("failure"):
        shown.cells = []
    resources = {
        "title": said or title or report.get("notebook", "Report"),
        "css": (TEMPLATES / "cxlab" / "report.css").read_text(encoding="utf-8"),
        "layout": "one-page" if one_page(notebook) else "",
        "code": speech.language() == "en" and any(c.cell_type == "code" for c in shown.cells),
        **house(style),
        **report,
        "direction": "rtl" if speech.language() != "en" and written_from_right(speech.language()) else "",
    }
    resources |= in_words(resources, style)
    made = exporter()
    made.language_code = style.spoken
    body = folded(filled(made, shown, resources), mark, style.say("Everything else: all results, methods, tables"))
    body = body.replace("<pre>", '<pre tabindex="0">')  # what may scroll can be reached by keyboard
    return contents(body, style.say("Sections"))


def one_page(notebook: Any) -> bool:
    """Whether a notebook is made to be printed on one page: ``"cxlab": {"page": "one"}`` in its metadata.

    Its pictures and its appendix stand on the screen and are not printed.
    """
    return notebook.metadata.get("cxlab") == {"page": "one"}


def spoken(cells: list[Any]) -> None:
    """Say the text of a notebook in the language of the page, by paragraphs; code, which is English, is not shown."""
    if speech.language() == "en":
        return
    for cell in cells:
        if cell.cell_type == "code":
            cell.metadata["transient"] = {"remove_source": True}
        elif not cell.metadata.get("spoken"):
            parts = [re.fullmatch(r"(#* *)(.*)", p, re.DOTALL).groups() for p in cell.source.split("\n\n")]
            cell.source = "\n\n".join(mark + speech.said(text) for mark, text in parts)


ORIGIN = ("Source: ", "Licence: ", "Data and codebook, sha256: ")


def in_words(report: Mapping[str, Any], style: Style) -> dict[str, Any]:
    """Return what stands around the cells in the language of the page; values may be the customer's and stay."""
    own = speech.language() != "en"
    name = lambda k: style.words.get(k) or (speech.said(k) if own else style.say(k))  # noqa: E731
    facts = [(name(k), fact(str(v), style)) for k, v in report.get("facts", ()) if k != "language"]
    out: dict[str, Any] = {"facts": facts, "methods": [speech.noted(m) for m in report.get("methods", ())]}
    out["origin"] = origin(report.get("origin", ()))
    out["stamp"] = speech.said(report["stamp"]) if report.get("stamp") else ""
    doubts = len(report.get("doubts", ())) + report.get("more_doubts", 0)
    if doubts and speech.language() != "en":  # questions to the analyst, who reads them in the terminal
        are, them = ("guesses on the data are", "them") if doubts > 1 else ("guess on the data is", "it")
        words = f"{doubts} {are} not sure; the analyst sees {them} with `cxlab codebook ask`"
        out |= {"doubts": [], "more_doubts": 0, "origin": [*out["origin"], speech.said(words)]}
    return out


def fact(value: str, style: Style) -> str:
    """Return a value of the head: ours in the language of the page, the customer's as it is, periods by their ends."""
    if speech.language() != "en" and re.fullmatch(NUMBER, value):
        return number(value, speech.language())
    whole = speech.maybe(style.say(value))
    listed = [(part, speech.maybe(part)) for part in value.split(", ")]
    if whole == value and all(ours != said for ours, said in listed):
        return ", ".join(said for _, said in listed)
    return whole if whole != value else f" {speech.label('to')} ".join(map(speech.maybe, value.split(" to ")))


def origin(lines: Sequence[str]) -> list[str]:
    """Return where the data come from; notes in other languages than the page's are counted, and stand in run.json."""
    if speech.language() == "en":
        return list(lines)
    shown = [named_first(line) for line in lines if line.startswith(ORIGIN)]
    rest = len(lines) - len(shown)
    words = f"{rest} note{'s' * (rest > 1)} on the data stand{'s' * (rest == 1)} in run.json"
    return [*shown, *([speech.said(words)] if rest else [])]


HELD = "\ufffc"


def named_first(line: str) -> str:
    """Return a line of where the data come from, its name in the language of the page and what it names as it is.

    >>> with speech.speaking("de"):
    ...     named_first("Licence: CC0 (repository); the licence of the text is unknown")
    'Lizenz: CC0 (repository); the licence of the text is unknown'
    """
    name, mark, rest = line.partition(": ")
    words = "no file to hash"
    return speech.said(f"{name}{mark}{HELD}").replace(HELD, speech.said(rest) if rest == words else rest)


def told(reasons: Sequence[str]) -> list[str]:
    """Return why parts are not shown; in another language those without words of their own are counted."""
    if speech.language() == "en":
        return list(reasons)
    known = [(r, speech.maybe(reason(r.removeprefix("Not shown: ")))) for r in reasons]
    out = [words for r, words in known if words != reason(r.removeprefix("Not shown: "))]
    rest = len(reasons) - len(out)
    words = f"{rest} part{'s' * (rest > 1)} do{'es' * (rest == 1)} not apply to these data"
    return [*out, *([speech.said(words)] if rest else [])]


def house(style: Style) -> dict[str, Any]:
    """Return what the page takes from the house style; the colours hold on white, the dark page keeps its own."""
    changed = [f"--{k}: {getattr(style, k)};" for k in ("accent", "heading") if getattr(style, k) != getattr(PLAIN, k)]
    colours = f"@media print, (prefers-color-scheme: light) {{ :root {{ {' '.join(changed)} }} }}" if changed else ""
    return {"house": style.name, "logo": style.image, "say": style.say, "colours": colours}


def take_title(cells: list[Any]) -> str:
    """Take the first heading of level one out of the first text cell and return it."""
    for cell in cells[:1]:
        found = re.match(r"\s*# +(.+)\n*", cell.source) if cell.cell_type == "markdown" else None
        if found:
            cell.source = cell.source[found.end() :]
            return found[1].strip()
    return ""


def message_first(cells: list[Any]) -> str:
    """Put the cells tagged 'message' first and return the message, '' without one; it is the title, said once."""
    first = [c for c in cells if "message" in c.metadata.get("tags", ())]
    cells[:] = [*first, *(c for c in cells if c not in first)]
    for output in (o for c in first for o in c.get("outputs", ())):
        result = output.get("data", {}).get(MIME) or {}
        if result.get("kind") == "message":
            once(first, cells)
            text = output.data.get("text/html", "")
            output.data["text/html"] = re.sub(r"<p><strong>.*?</strong></p>", "", text, count=1, flags=re.DOTALL)
            return str(result["title"])
    return ""


def once(first: Sequence[Any], cells: Sequence[Any]) -> None:
    """Take the picture that goes with the message out of the section it comes from; its table stays there."""
    shown = [o.data["image/png"] for c in first for o in c.get("outputs", ()) if "image/png" in o.get("data", {})]
    for cell in cells:
        if cell not in first and cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("data", {}).get("image/png") not in shown]


def absent(cells: list[Any], said: bool) -> list[str]:
    """Take out what is not there, and the sections of which nothing is left; return why, each reason once.

    Parameters
    ----------
    said : the page has a message; then a section that shows nothing is left out, too, whatever its reason.
    """
    sections, reasons = [], []
    for cell in cells:
        headed = cell.cell_type == "markdown" and re.match(r"\s*#", cell.source)
        if headed or not sections:
            sections.append([])
        sections[-1].append(cell)
    kept = []
    for section in sections:
        missing = [o for c in section for o in c.get("outputs", ()) if SKIPPED in o.get("data", {})]
        reasons += [str(o.data.get("text/plain", "")) for o in missing]
        for cell in section:
            if cell.cell_type == "code":
                cell.outputs = [o for o in cell.outputs if o not in missing]
        code = [c for c in section if c.cell_type == "code"]
        headed = section[0].cell_type == "markdown" and section[0].source.strip().startswith("#")
        empty = code and headed and not any(c.outputs for c in code) and (missing or said)
        kept += [] if empty else section
    cells[:] = kept
    return list(dict.fromkeys(reasons))


def not_shown(reasons: Sequence[str], heading: str, *, tags: list[str]) -> Any:
    """Return the cell at the end of a page that says what is not on it, and why; it is folded with the appendix."""
    from nbformat.v4 import new_markdown_cell

    lines = "".join(f"<li>{html.escape(' '.join(r.split()))}</li>" for r in reasons)
    text = f"<details><summary>{html.escape(heading)}</summary><ul>{lines}</ul></details>"
    return new_markdown_cell(text, id="not-shown", metadata={"tags": tags})


def appendix(cells: list[Any]) -> str:
    """Put marks around the cells tagged 'appendix', which stand at the end; return the mark, '' where there are none.

    The mark is made of the cells, so that nothing in the data can be it.
    """
    from nbformat.v4 import new_markdown_cell

    at = [k for k, c in enumerate(cells) if "appendix" in c.metadata.get("tags", ())]
    if not at:
        return ""
    content = json.dumps([[c.source, str(c.get("outputs", ""))] for c in cells])
    mark = f"appendix-{hashlib.sha256(content.encode()).hexdigest()}"
    begin, end = (new_markdown_cell(mark, id=name) for name in ("appendix-begins", "appendix-ends"))
    cells[:] = [*cells[: at[0]], begin, *cells[at[0] :], end]
    return mark


def folded(body: str, mark: str, words: str) -> str:
    """Return the page with all between the marks to be unfolded."""
    if not mark:
        return body
    begin, end = f'<details class="numbers appendix"><summary>{html.escape(words)}</summary>', "</details>"
    pieces = re.split(rf'<div class="text"><p>{mark}</p>\s*</div>', body)
    return f"{pieces[0]}{begin}{pieces[1]}{end}{pieces[2]}" if len(pieces) == 3 else body.replace(mark, "")


def describe(cells: list[Any]) -> None:
    """Give every figure without alternative text the heading it stands under."""
    section = ""
    for cell in cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE)
            section = headings[-1] if headings else section
        for output in cell.get("outputs", ()):
            for kind in IMAGES:
                if kind in output.get("data", {}):
                    words = f"{speech.said('Figure')}: {section}" if section else speech.said("Figure")
                    output.metadata.setdefault(kind, {}).setdefault("alt", words)


def fold(cells: list[Any], most: int = 6, longest: int = 15) -> None:
    """Mark tables that the reader unfolds: the long ones; under a figure of the same result, all above ``most`` rows.

    A table under its figure needs no title of its own.
    """
    for cell in cells:
        drawn = None
        for output in cell.get("outputs", ()):
            result = output.get("data", {}).get(MIME)
            if result and "image/png" in output.data:
                drawn = result
            elif result and result == drawn:
                output.metadata["cxlab"] = "folded under" if rows(result) > most else "under"
            elif rows(result) > longest:
                output.metadata["cxlab"] = "folded"


def rows(result: Mapping[str, Any] | None) -> int:
    """Return how many rows the table of a result has; 0 if there is none, or if it is made to be read as it is."""
    if (result or {}).get("kind") == "crosstab":
        return 0
    table = (result or {}).get("table", ())
    return len(table) if isinstance(table, (list, tuple)) else 0


def tables(source: str) -> str:
    """Make HTML fit for every reader: no empty heading, tables scrollable by keyboard where wider than the screen.

    All of it passes the sanitiser, so what it left open does not reach beyond it either.
    """
    source = re.sub(r"<th>\s*</th>", "<td></td>", described(sanitised(source)))
    label = re.search(r"<figcaption>(.*?)</figcaption>", source, re.DOTALL)
    name = html.escape(html.unescape(re.sub(r"<[^>]+>", "", label[1]))) if label else speech.said("Table")
    start = f'<div class="scroll" role="group" tabindex="0" aria-label="{name}">'
    return re.sub(r"<table\b.*?</table>", lambda found: f"{start}{found[0]}</div>", source, flags=re.DOTALL)


def described(source: str) -> str:
    """Return HTML whose pictures all have an alternative text, empty where nothing is known."""
    return re.sub(r"<img\b(?![^>]*\balt=)", '<img alt=""', source)


def contents(body: str, label: str = "Sections") -> str:
    """Number the sections of the page and, if there are more than three, link to them at its beginning."""
    links: list[str] = []

    def numbered(heading: re.Match) -> str:
        links.append(f'<li><a href="#s{len(links) + 1}">{re.sub("<[^>]+>", "", heading[1])}</a></li>')
        return f'<h2 id="s{len(links)}">{heading[1]}</h2>'

    main, end, footer = body.partition("</main>")
    main = re.sub(r"<h2>(.*?)</h2>", numbered, main, flags=re.DOTALL)
    nav = (
        f'<nav class="contents" aria-label="{html.escape(label)}"><ul>{"".join(links)}</ul></nav>'
        if len(links) > 3
        else ""
    )
    return main.replace("<!--contents-->", nav) + end + footer


def results(notebook: Any) -> dict[str, Any]:
    """Return every result that the notebook displayed, by cell and number within it; the same result counts once."""
    found: dict[str, Any] = {}
    for cell in notebook.cells:
        here = [o.data[MIME] for o in cell.get("outputs", ()) if MIME in o.get("data", {})]
        for result in here:
            if result not in found.values():
                found[f"{cell.id}.{sum(key.startswith(f'{cell.id}.') for key in found) + 1}"] = result
    return found


def methods(found: Mapping[str, Any]) -> list[str]:
    """Return the methods that made the results, each once, in order."""
    return list(dict.fromkeys(r["method"] for r in found.values() if r.get("method")))
