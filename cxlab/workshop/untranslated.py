"""`wrong_language`: what the texts of a lesson in another language lack beside the English ones."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cxlab.workshop.outlines import Outline
from cxlab.workshop.questions import Question

FREE = ("cells", "choices", "solution")
"""What a translation may have and English has not, or has in the notebook and the module."""
FIGURE = re.compile(r"\{(\w+):[\d%]*\}")


def wrong_language(about: Outline, language: str) -> list[str]:
    """Return what is wrong with the texts of a lesson in a language, a sentence each.

    Parameters
    ----------
    about : the lesson.
    language : other than 'en'.
    """
    file = about.file.with_name(f"{about.name}.{language}.toml")
    english, said = (tomllib.loads(f.read_text(encoding="utf-8")) for f in (about.file, file))
    asked = said.get("questions", {})
    found = [*_lacking(english, said), *_cells(about, asked, said.get("cells", {}))]
    for question in about.questions.values():
        found += _words(question, english["questions"], asked.get(question.name, {}))
    return [f"{about.name} ({language}): {fault}" for fault in found]


def _lacking(under: Mapping[str, Any], over: Any, path: str = "") -> Iterator[str]:
    """Yield what is not translated, shorter or longer than in English, with other figures, or not there in English."""
    if not isinstance(over, Mapping):
        yield f"{path.rstrip('.')} is no table"
        return
    yield from (f"{path}{key} is not there in English" for key in over if key not in under and key not in FREE)
    for key, value in under.items():
        here, at = over.get(key), f"{path}{key}"
        if key in FREE or isinstance(value, int):
            continue
        if key not in over:
            yield f"{at} is not translated"
        elif isinstance(value, Mapping):
            yield from _lacking(value, here, f"{at}.")
        elif isinstance(value, list) and len(value) != len(here):
            yield f"{at} has {len(here)} entries, {len(value)} in English"
        elif here == value:
            yield f"{at} is as in English"
        elif sorted(FIGURE.findall(str(value))) != sorted(FIGURE.findall(str(here))):
            yield f"{at} has not the figures of the English text"


def quoted(text: str) -> set[str]:
    """Return the words in quotes.

    >>> sorted(quoted("'yes', 'no' or \\"cannot tell\\"?"))
    ['cannot tell', 'no', 'yes']
    """
    return {a or b for a, b in re.findall(r"'([^']+)'|\"([^\"]+)\"", text)}


def _words(question: Question, english: Mapping[str, Any], told: Mapping[str, Any]) -> Iterable[str]:
    """Yield what is wrong with the words of a choice: names of things stay, words that are asked for do not."""
    words, names = question.choices, told.get("choices", {})
    if callable(words) or not words:
        return
    asked = {word for each in english.values() for word in quoted(each["asks"])} & set(words)
    if asked and not names:
        yield f"{question.name}.choices is not translated"
    if names and set(names) != set(words):
        yield f"{question.name}.choices has {', '.join(names)}; there are {', '.join(words)}"
    wanted = {names.get(w, w) for w in quoted(english[question.name]["asks"]) & set(words)}
    yield from (f"{question.name}.asks lacks '{w}'" for w in sorted(wanted - quoted(told.get("asks", ""))))
    foreign = {w for w in quoted(told.get("solution", english[question.name].get("solution", ""))) if w in names}
    yield from (f"{question.name}.solution says '{w}'" for w in sorted(foreign) if names[w] != w)


def _cells(about: Outline, asked: Mapping[str, Any], cells: Mapping[str, str]) -> list[str]:
    """Return the cells that ask for another word than may be given."""
    names = {w: n for told in asked.values() for w, n in told.get("choices", {}).items()}
    found = []
    for cell in json.loads(about.notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "markdown" or cell["id"] not in cells:
            continue
        wanted = re.findall(r"`\"([^\"]+)\"`", "".join(cell["source"]))
        here = re.findall(r"`\"([^\"]+)\"`", cells[cell["id"]])
        found += [f'cells.{cell["id"]} lacks "{names.get(w, w)}"' for w in wanted if names.get(w, w) not in here]
    return found
