"""`say`: what the workshop says, in the language of the class, from `phrases.toml` and `lessons/*.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cxlab.columns import show
from cxlab.problem import unknown

HERE = Path(__file__).parent


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return the texts of every language; the first language is the one that texts fall back to."""
    return tomllib.loads((HERE / "phrases.toml").read_text(encoding="utf-8"))


def languages() -> list[str]:
    """Return the languages there are.

    >>> languages()
    ['en', 'de']
    """
    return list(catalogue())


def spoken(language: str) -> str:
    """Return ``language``, or 'en' for ''; raise where the workshop does not speak it."""
    if language and language not in languages():
        raise unknown("language", language, "the workshop", languages())
    return language or languages()[0]


def say(language: str, key: str, **values: Any) -> str:
    """Return a text in a language, with the values put in.

    >>> say("de", "right")
    'Richtig.'
    """
    return catalogue()[language][key].format(**values)


def texts(file: Path, language: str) -> dict[str, Any]:
    """Return the texts of a lesson: ``noise.toml`` is English, ``noise.de.toml`` German; what is not translated stays.

    Parameters
    ----------
    file : the English text.
    language : one of `languages`.
    """
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    other = file.with_name(f"{file.stem}.{language}.toml")
    if language == languages()[0] or not other.is_file():
        return said
    return laid(said, tomllib.loads(other.read_text(encoding="utf-8")))


def laid(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``under`` with ``over`` laid on it, table by table."""
    both = dict(under)
    for key, value in over.items():
        both[key] = laid(under[key], value) if isinstance(value, dict) and isinstance(under.get(key), dict) else value
    return both


def shown(value: float, unit: str, language: str) -> str:
    """Return a number as it is printed in a language.

    Parameters
    ----------
    value : the number.
    unit : as in `cxlab.columns.show`; 'count' for one that is mostly whole.
    language : decides point or comma.

    >>> shown(1014.8, "count", "de"), shown(20, "count", "en"), shown(0.286, "share", "de")
    ('1.014,8', '20', '28,6 %')
    """
    said = show(value, "points").removesuffix(".0") if unit == "count" else show(value, unit)
    return said.translate(str.maketrans(".,", ",.")) if language == "de" else said


class Figure:
    """A simulated number as the notes print it: ``{se:1}`` with one digit after the point, ``{found:%}`` as a per cent.

    Parameters
    ----------
    value : the number.
    classes : of how many it is the mean: a share that was 0 or 1 in all of them is known to 3 in so many.
    language : decides point or comma.

    >>> "{x:1} {y:%} {z:1%}".format(x=Figure(7.81, 9, "de"), y=Figure(0.254, 9, "en"), z=Figure(0, 200, "en"))
    '7,8 25 % under 1.5 %'
    """

    def __init__(self, value: float, classes: int, language: str) -> None:
        self.value, self.classes, self.language = value, classes, language

    def __format__(self, spec: str) -> str:
        share, value, bound = spec.endswith("%"), self.value, ""
        if share and value in (0, 1):
            bound, value = ("over ", 1 - 3 / self.classes) if value else ("under ", 3 / self.classes)
            bound, spec = f"{say(self.language, bound.strip())} ", "1%"
        said = f"{value * (100 if share else 1):.{int(spec.removesuffix('%') or 0)}f}".replace("-", "−")
        return bound + (said.replace(".", ",") if self.language == "de" else said) + (" %" if share else "")


@cache
def figures() -> dict[str, dict[str, Any]]:
    """Return the simulated figures by lesson: ``value`` and ``spread`` of each, and how many ``classes`` it is of.

    >>> sorted(figures()["noise"]["se"])
    ['spread', 'value']
    """
    return tomllib.loads((HERE / "figures.toml").read_text(encoding="utf-8"))


def filled(said: Any, lesson: str, language: str) -> Any:
    """Return texts with the lesson's figures in place of their names in braces.

    Parameters
    ----------
    said : a text, a list of texts or a table of them.
    lesson : whose figures; one without has none to put in.
    language : decides point or comma.
    """
    known = figures().get(lesson)
    if isinstance(said, Mapping):
        return {k: filled(v, lesson, language) for k, v in said.items()}
    if isinstance(said, list):
        return [filled(v, lesson, language) for v in said]
    if known is None or not isinstance(said, str) or "{" not in said:
        return said
    many = known["classes"]
    return said.format(**{k: Figure(v["value"], many, language) for k, v in known.items() if k != "classes"})
