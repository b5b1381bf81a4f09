"""`Findings`: sentences for a page. What stands in them comes from data, so it is shown as text, never as markup."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from itertools import groupby

from cxlab.data.arguments import public
from cxlab.languages import speech
from cxlab.problem import DataProblem
from cxlab.result import FIGURE

HEADING = "### "
UNMATH = FIGURE.partition(" ")[2]
"""Classes that tell MathJax in a notebook to leave text alone."""


@dataclass(frozen=True)
class Findings:
    """Sentences; a notebook shows them as a list, a single one of `remarks` as a paragraph.

    Of markup they know ``**bold**``, ```code``` and ``### `` at the beginning of a heading; all else is text.
    """

    lines: tuple[str, ...]
    listed: bool = True

    def __repr__(self) -> str:
        mark = "- " if self.listed else ""
        said = (line if line.startswith(HEADING) else f"{mark}{line}" for line in self.lines)
        return re.sub(r"\\([\\`*_\[\]<>#|])", r"\1", "\n".join(said).replace("**", ""))

    def _repr_html_(self) -> str:
        parts = []
        said = [line if line.startswith(HEADING) else speech.said(line) for line in self.lines]
        for heading, lines in groupby(said, lambda line: line.startswith(HEADING)):
            if heading:
                parts += [f"<h3>{inline(speech.maybe(line.removeprefix(HEADING)))}</h3>" for line in lines]
            elif self.listed:
                parts.append("<ul>" + "".join(f"<li>{inline(line)}</li>" for line in lines) + "</ul>")
            else:
                parts += [f"<p>{inline(line)}</p>" for line in lines]
        return f"<div class='text {UNMATH}'>{''.join(parts)}</div>"


def inline(text: str) -> str:
    """Return a sentence as HTML: escaped, with its bold words and code.

    >>> inline("**Real**: <b> of `a*b` is 5 \\\\* 3")
    '<strong>Real</strong>: &lt;b&gt; of <code>a*b</code> is 5 * 3'
    """
    kept: list[str] = []

    def keep(found: re.Match) -> str:
        kept.append(f"<code>{html.escape(found[1])}</code>" if found[1] is not None else html.escape(found[2]))
        return f"\0{len(kept) - 1}\0"

    text = re.sub(r"`([^`]+)`|\\([\\`*_\[\]<>#|])", keep, text.replace("\0", "\ufffd"))
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text))
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], text)


@public
def remarks(*lines: str) -> Findings:
    """Return sentences to display in a notebook: one as a paragraph, several as a list; labels in them stay text.

    Parameters
    ----------
    lines : sentences; ``**bold**`` and ```code``` are understood, and ``### `` at the beginning makes a heading.

    Raises
    ------
    DataProblem : a line is no text.

    >>> import cxlab as cx
    >>> cx.pages.remarks("No column has role 'brand'.")
    No column has role 'brand'.
    """
    for line in lines:
        if not isinstance(line, str):
            raise DataProblem(f"a remark is {line!r}; give sentences as text")
    said = [line for line in lines if not line.startswith(HEADING)]
    return Findings(tuple(dict.fromkeys(map(str, lines))), listed=len(said) > 1)
