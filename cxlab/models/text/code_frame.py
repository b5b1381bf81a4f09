"""`CodeFrame`: the themes that comments are coded by, as a TOML file that people write and discuss."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxlab.data.locations import placed
from cxlab.problem import DataProblem, unknown

BUILT_IN = {
    "other": "about something that no theme covers",
    "cannot code": "unreadable, ironic beyond doubt, or in a language that the coder does not read",
}
"""Columns that every label sheet has beside the themes."""

WORDS = ("definition", "include", "exclude", "parent", "owner", "stage")
KEYS = ("theme", "title", *WORDS, "examples")
MOST = 60


@dataclass(frozen=True)
class Theme:
    """One theme: its short name (a column), a title, and what decides whether a comment is about it."""

    name: str
    title: str = ""
    definition: str = ""
    include: str = ""
    exclude: str = ""
    parent: str = ""
    owner: str = ""
    stage: str = ""
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.title or self.name


@dataclass(frozen=True)
class CodeFrame:
    """The themes of a coding, in order. A comment may be about several of them, or about none.

    ``read`` and ``write`` a TOML file with a table a theme::

        [[theme]]
        name = "waiting"
        title = "Waiting time"
        definition = "How long something took"
        include = "queues, telephone, delivery"
        exclude = "opening hours"
        owner = "Operations"
        stage = "service"
        examples.en = ["waited for an hour"]

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.text.CodeFrame.of(["waiting", "staff"]).names
    ['waiting', 'staff']
    """

    themes: tuple[Theme, ...]
    source: str = ""

    def __post_init__(self) -> None:
        where = f"the code frame{f' {self.source}' if self.source else ''}"
        if not self.themes:
            raise DataProblem(f"{where} has no theme; give one or more, each with a name")
        if len(self.themes) > MOST:
            raise DataProblem(f"{where} has {len(self.themes)} themes; at most {MOST}: nobody codes more with care")
        names = self.names
        for name in names:
            if not re.fullmatch(r"[^\W\d]\w{0,39}(?:[ -]\w{1,40}){0,5}", name):
                raise DataProblem(
                    f"{where} names a theme {name!r}; a name is of letters, digits, '_', '-' and single blanks, begins "
                    "with a letter and has at most 40 characters a word: put the rest into title"
                )
        low = [n.casefold() for n in names]
        twice = sorted({n for n in names if low.count(n.casefold()) > 1 or n.casefold() in BUILT_IN})
        if twice:
            raise DataProblem(
                f"{where} names {', '.join(map(repr, twice))} twice, or as {' and '.join(map(repr, BUILT_IN))} are, "
                "which every sheet has; each theme has a name of its own"
            )
        for theme in self.themes:
            if theme.parent and theme.parent not in names:
                raise unknown("parent", theme.parent, where, names)

    @property
    def names(self) -> list[str]:
        """The short names."""
        return [t.name for t in self.themes]

    def __iter__(self) -> Iterator[Theme]:
        return iter(self.themes)

    def __getitem__(self, name: str) -> Theme:
        for theme in self.themes:
            if theme.name == name:
                return theme
        raise unknown("theme", name, "the code frame", self.names)

    @classmethod
    def of(cls, names: Iterable[str]) -> CodeFrame:
        """Return a frame of bare names."""
        return cls(tuple(Theme(n) for n in names))

    @classmethod
    def read(cls, path: str | Path) -> CodeFrame:
        """Return the frame of a TOML file.

        Raises
        ------
        DataProblem : no such file, not TOML, or a table that says something else than a theme.
        """
        file = placed(path)
        if not file.is_file():
            raise DataProblem(f'there is no code frame {path}; write one: [[theme]] with name = "..." for each theme')
        try:
            raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataProblem(
                f'{path} is no TOML: {error}; each theme is a table [[theme]] with name = "..."'
            ) from None
        rows = raw.get("theme")
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            there = ", ".join(map(str, raw)) or "nothing"
            raise DataProblem(f'{path} holds {there}; a code frame holds tables [[theme]] with name = "..."')
        return cls(tuple(_theme(r, str(path)) for r in rows), str(path))

    def write(self, path: str | Path) -> Path:
        """Return where the frame was written to, as TOML."""
        file = placed(path)
        lines = []
        for t in self.themes:
            lines += ["[[theme]]", f"name = {_quoted(t.name)}"]
            lines += [f"title = {_quoted(t.title)}"] if t.title else []
            lines += [f"{w} = {_quoted(getattr(t, w))}" for w in WORDS if getattr(t, w)]
            lines += [f"examples.{_key(k)} = [{', '.join(map(_quoted, v))}]" for k, v in t.examples.items()]
            lines.append("")
        file.write_text("\n".join(lines), encoding="utf-8")
        return file


def framed(frame: CodeFrame | str | Path | Iterable[str]) -> CodeFrame:
    """Return a frame as it is given: a frame, the path of one, or a list of names.

    Examples
    --------
    >>> framed(["price"]).names
    ['price']
    """
    if isinstance(frame, CodeFrame):
        return frame
    if isinstance(frame, (str, Path)):
        return CodeFrame.read(frame)
    names = list(frame) if isinstance(frame, Iterable) else [None]
    if all(isinstance(n, str) for n in names):
        return CodeFrame.of(names)
    raise DataProblem(f"frame is a {type(frame).__name__}; give a CodeFrame, the path of its TOML, or a list of names")


def _theme(row: Mapping[str, Any], path: str) -> Theme:
    for k in row:
        if k not in ("name", *KEYS[1:]):
            raise unknown("key", k, f"a theme of {path}", ["name", *KEYS[1:]])
    if not isinstance(row.get("name"), str) or any(not isinstance(row.get(w, ""), str) for w in ("title", *WORDS)):
        raise DataProblem(f"a theme of {path} is {dict(row)!r}; name, title and the like are text")
    examples = row.get("examples", {})
    if not isinstance(examples, dict) or any(
        not isinstance(v, list) or not all(isinstance(x, str) for x in v) for v in examples.values()
    ):
        raise DataProblem(f"examples of '{row['name']}' in {path} are {examples!r}; write examples.en = [\"...\"]")
    words = {w: row.get(w, "").strip() for w in ("title", *WORDS)}
    return Theme(row["name"].strip(), **words, examples={k: tuple(v) for k, v in examples.items()})


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)
