"""`worded`: the words of a finished figure in the language that is spoken, in letters that the machine can draw."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Iterable

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullFormatter

from cxlab.languages.speech import language, maybe, said

SCRIPTS = {
    "Chinese or Japanese": (re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"), "中", "fonts-noto-cjk"),
    "Korean": (re.compile(r"[\u1100-\u11ff\uac00-\ud7af]"), "한", "fonts-noto-cjk"),
    "Arabic": (re.compile(r"[\u0600-\u06ff\u0750-\u077f]"), "ع", "fonts-noto-core"),
    "Hebrew": (re.compile(r"[\u0590-\u05ff]"), "ש", "fonts-noto-core"),
    "Thai": (re.compile(r"[\u0e00-\u0e7f]"), "ก", "fonts-noto-core"),
    "Indian": (re.compile(r"[\u0900-\u0dff]"), "क", "fonts-noto-core"),
    "Greek": (re.compile(r"[\u0370-\u03ff]"), "α", "fonts-dejavu"),
    "Cyrillic": (re.compile(r"[\u0400-\u04ff]"), "ж", "fonts-dejavu"),
}
"""Each script: its letters, one to try a font with, and the package (Debian, Ubuntu) whose fonts have them."""


def worded(figure: Figure, panels: Iterable[Axes]) -> None:
    """Put the words of a figure into the language that is spoken and give them fonts that have their letters."""
    panels = list(panels)
    if language() != "en":
        for ax in panels:
            _spoken(ax)
        for text in (figure.get_suptitle() and figure._suptitle, figure._supxlabel, figure._supylabel):
            if text:
                text.set_text(_each_line(text.get_text(), said))


def lettered_for(figure: Figure) -> None:
    """Give the texts of a figure fonts with their letters; warn, with the package to install, where none has them."""
    texts = figure.findobj(Text)
    ticks = [t for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for t in axis.get_ticklabels(which="both")]
    needed = dict.fromkeys(name for text in (*texts, *ticks) for name in scripts(text.get_text()))
    families = [f for f in map(_family, needed) if f]
    if not families:
        return
    for text in texts:
        own = text.get_fontfamily()
        text.set_fontfamily([*own, *(f for f in families if f not in own)])
    for ax in figure.axes:
        ax.tick_params(which="both", labelfontfamily=[*mpl.rcParams["font.family"], *families])


def scripts(text: str) -> list[str]:
    """Return the scripts beside the Latin one that a text is written in.

    >>> scripts("NPS 满意度"), scripts("Zürich")
    (['Chinese or Japanese'], [])
    """
    return [] if text.isascii() else [name for name, (letters, *_) in SCRIPTS.items() if letters.search(text)]


@functools.cache
def _family(script: str) -> str:
    """The family of an installed font with the letters of a script; '' where the usual one has them, or none has."""
    _, letter, package = SCRIPTS[script]
    usual = font_manager.findfont("DejaVu Sans")
    if _has(usual, letter):
        return ""
    known = sorted(font_manager.fontManager.ttflist, key=lambda f: ("Sans" not in f.name, "Mono" in f.name, f.weight))
    found = next((f.name for f in known if "Last Resort" not in f.name and _has(f.fname, letter)), "")
    if not found:  # a font that was installed after Matplotlib listed them
        for file in sorted(set(font_manager.findSystemFonts()) - {f.fname for f in known}):
            if not found and _has(file, letter):
                font_manager.fontManager.addfont(file)
                found = font_manager.fontManager.ttflist[-1].name
    if not found:
        warnings.warn(
            f"no installed font has {script} letters: pictures show boxes. Install one, e.g. apt-get install {package}",
            stacklevel=2,
        )
    return found


@functools.cache
def _has(file: str, letter: str) -> bool:
    try:
        return font_manager.get_font(file).get_char_index(ord(letter)) != 0
    except (OSError, RuntimeError, ValueError):
        return False


def _spoken(ax: Axes) -> None:
    """Say titles, names of axes, ticks, notes and the legend of one panel."""
    for place in ("left", "center", "right"):
        ax.set_title(_each_line(ax.get_title(place), maybe), loc=place)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_label_text(_each_line(axis.get_label_text(), said))
        _ticks(axis)
    legend = ax.get_legend()
    for text in [*ax.texts, *(legend.get_texts() if legend else ())]:
        text.set_text(_each_line(text.get_text(), maybe))


def _ticks(axis: Axis) -> None:
    formatter = axis.get_major_formatter()
    if isinstance(formatter, NullFormatter):
        return
    if isinstance(axis.get_major_locator(), FixedLocator) and isinstance(formatter, (FixedFormatter, FuncFormatter)):
        axis.set_ticks(axis.get_ticklocs(), [_each_line(t.get_text(), maybe) for t in axis.get_ticklabels()])
    else:
        axis.set_major_formatter(FuncFormatter(lambda v, k: maybe(formatter(v, k))))


def _each_line(text: str, say: Callable[[str], str]) -> str:
    """Say a text whole, or, where it is not known whole, line by line."""
    return "\n".join(map(say, text.split("\n"))) if text else text
