"""`lettered`: the letters of a finished figure. A label is text, never mathematics; a long one takes several lines."""

from __future__ import annotations

import re
import textwrap
import unicodedata

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedLocator

from cxlab.plots.figure_words import lettered_for, worded

PLAIN = {"text.parse_math": False}
"""Settings under which figures are made and drawn: ``$25,000 to $49,999`` is no formula."""

ROOM, LINES = 36, 3
"""Letters in a line beside a bar, and lines; what is longer is cut, with an ellipsis."""

LETTER = 0.075
"""Width in inches of a usual letter at the size of tick labels."""

COUNT = re.compile(r"\s*\(n = [^()]*\)$")
"""The number of answers at the end of a label: it is never cut."""


def lettered(ax: Axes, *, own: bool = True) -> Axes:
    """Return ``ax`` with its labels as plain text in lines; ``own`` if its figure holds nothing else and may grow."""
    panels = ax.figure.axes if own else [ax]
    worded(ax.figure, panels)
    for panel in panels:
        across = max(len(panel.get_xticks()), 1)
        wide = panel.get_position().width * ax.figure.get_figwidth() / LETTER
        _ticks(panel.xaxis, max(int(wide / across) - 1, 8))
        lines = _ticks(panel.yaxis, ROOM)
        place = panel.get_subplotspec()
        if own and max(lines, default=1) > 1 and (place is None or place.get_gridspec().nrows == 1):
            needed = 1.1 + sum(0.12 + 0.17 * k for k in lines)
            ax.figure.set_figheight(max(ax.figure.get_figheight(), needed))
        for text in panel.texts:
            if isinstance(text, Annotation) and len(text.get_text()) > ROOM + 12:
                text.set_text(wrapped(text.get_text(), ROOM))
        if legend := panel.get_legend():
            for text in legend.get_texts():
                text.set_text(wrapped(text.get_text(), max(90 // legend._ncols, 16)))
    lettered_for(ax.figure)
    for text in (ax.figure if own else ax).findobj(Text):
        text.set_parse_math(False)
    return ax


def _ticks(axis: Axis, width: int) -> list[int]:
    """Break the words beside an axis into lines and return how many each takes ([]: nothing was to break)."""
    labels = axis.get_ticklabels()  # made now, so that they can be told to be plain
    if not isinstance(axis.get_major_locator(), FixedLocator) or any(label.get_rotation() for label in labels):
        return []
    told = [label.get_text() for label in labels]
    broken = [wrapped(text, width) for text in told]
    if broken == told:
        return []
    axis.set_ticks(axis.get_ticklocs(), broken)
    return [text.count("\n") + 1 for text in broken]


def wrapped(text: str, width: int, lines: int = LINES) -> str:
    """Return ``text`` in at most ``lines`` lines of ``width`` letters, each of its own lines for itself.

    >>> wrapped("How satisfied are you with the time you had to wait  (n = 12)", 20)
    'How satisfied are\\nyou with the time\\nyou had to wait\\n(n = 12)'
    """
    return "\n".join(_line(line, width, lines) for line in text.split("\n"))


def _line(text: str, width: int, lines: int) -> str:
    count = COUNT.search(text)
    head, tail = (text[: count.start()], count[0].strip()) if count else (text, "")
    broad = sum(unicodedata.east_asian_width(c) in "WF" for c in head) / max(len(head), 1)
    fits = max(int(width / (1 + broad)), 4)
    if len(text) <= fits:
        return text
    parts = textwrap.wrap(head, fits, max_lines=lines, placeholder="…", break_on_hyphens=False) or [""]
    if tail:
        last = f"{parts[-1]}  {tail}"
        parts[-1:] = [last] if len(last) <= fits else [parts[-1], tail]
    return "\n".join(parts)
