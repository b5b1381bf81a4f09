"""`Style`: whose report it is: name, logo, two colours and language, from one small YAML file."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import yaml

from cxlab.data.foreign import why
from cxlab.languages.message_book import catalogue, languages
from cxlab.problem import DataProblem, unknown

IMAGES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}
TEMPLATE = 20_000_000
"""Most bytes of a template of slides or documents."""

TEMPLATES = {"slides": ".pptx", "document": ".docx"}
"""Settings that name a company's own template, and what it is."""
OFFICE = {
    "wordprocessingml.template.main": "a template of Word (.dotx) by another name",
    "presentationml.template.main": "a template of PowerPoint (.potx) by another name",
    "wordprocessingml.document.main": "a document of Word without what can be written in",
    "presentationml.presentation.main": "a presentation without what can be written on",
}
"""What an Office file says that it is, and what that means here."""

LOGO = 500_000
"""Most bytes of a logo: it goes into every report."""

CONTRAST = 4.5
"""Least contrast of text against white: WCAG 2.2, success criterion 1.4.3, level AA."""


@dataclass(frozen=True)
class Style:
    """House style of reports; the defaults are cxlab's own.

    ``accent`` colours links and charts, ``heading`` titles and rules. ``language`` is that of the fixed words (a code
    like 'de'); ``words`` replaces single ones, e.g. ``{"Rows": "Answers"}``. ``logo`` is the content of a PNG or JPEG;
    ``slides`` and ``document`` those of a .pptx and a .docx whose masters and styles are used.
    """

    name: str = ""
    logo: bytes = field(default=b"", repr=False)
    accent: str = "#005a8f"
    heading: str = "#1b2733"
    language: str = "en"
    words: Mapping[str, str] = field(default_factory=dict)
    slides: bytes = field(default=b"", repr=False)
    document: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        for what in ("accent", "heading"):
            check(what, getattr(self, what))
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", self.language):
            raise DataProblem(f"language is {self.language!r}; write a code like 'de' or 'pt-BR' (BCP 47)")
        if self.language not in languages() and not self.words:
            there = ", ".join(languages())
            raise DataProblem(
                f"language '{self.language}' has no words yet; there are: {there}. Add the words under 'words:'"
            )

    def say(self, word: str) -> str:
        """Return a fixed word of the page in the reader's language."""
        if word in self.words or self.spoken == "en":
            return self.words.get(word) or word
        return catalogue(self.language).said(word) or word

    @property
    def spoken(self) -> str:
        """The language that a page is marked with: its own where cxlab has it whole, else English."""
        return self.language if self.language in languages() else "en"

    def __str__(self) -> str:
        parts = b"".join(hashlib.sha256(part).digest() for part in (self.logo, self.slides, self.document))
        return f"{self!r} {hashlib.sha256(parts).hexdigest()}"

    @property
    def image(self) -> str:
        """The logo as a data address for a page; '' without one."""
        if not self.logo:
            return ""
        return f"data:image/{kind(self.logo)};base64,{base64.b64encode(self.logo).decode()}"


def read(path: Path) -> Style:
    """Return the style in a YAML file.

    Raises
    ------
    DataProblem : the file is not YAML, names an unknown setting, a colour too pale to read, or a logo not there.
    """
    path = Path(path)
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        raise DataProblem(f"there is no style file {path}; see cxlab report --help for one") from None
    except yaml.YAMLError as error:
        raise DataProblem(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataProblem(f"the style file {path} cannot be read ({why(error)}); it is YAML in UTF-8") from None
    if not isinstance(said, dict):
        raise DataProblem(f"{path} must hold lines like accent: '#005a8f'; it holds {type(said).__name__}")
    known = [f.name for f in fields(Style)]
    for name in said:
        if name not in known:
            raise unknown("setting", str(name), str(path), known)
    if said.get("logo"):
        said["logo"] = picture(path.parent / str(said["logo"]), path)
    files = {k: template(path.parent / str(said[k]), k) for k in TEMPLATES if said.get(k)}
    words = said.get("words") or {}
    if not isinstance(words, dict):
        raise DataProblem(f"words of {path} must be pairs like Rows: Answers; they are {words!r}")
    for name in (k for k, v in said.items() if isinstance(v, (dict, list)) and k != "words"):
        raise DataProblem(f"'{name}' of {path} must be text; it is {said[name]!r}")
    texts = {k: str(v) for k, v in said.items() if k not in ("logo", "words", *TEMPLATES) and v is not None}
    return Style(**texts, **files, logo=said.get("logo") or b"", words={str(k): str(v) for k, v in words.items()})


def with_templates(style: Style, files: Sequence[str]) -> Style:
    """Return the style with a company's templates: of each kind at most one.

    Raises
    ------
    DataProblem : a file is not there, is neither .pptx nor .docx, is broken, or comes twice.
    """
    found: dict[str, bytes] = {}
    for file in map(Path, files):
        kinds = [k for k, ending in TEMPLATES.items() if file.suffix.lower() == ending]
        if not kinds:
            raise DataProblem(f"template {file} is neither .pptx nor .docx; save it as one of them (no .potx, .dotx)")
        if kinds[0] in found:
            raise DataProblem(f"two templates end in {file.suffix}; give one")
        found[kinds[0]] = template(file, kinds[0])
    return replace(style, **found)


def template(file: Path, kind: str) -> bytes:
    """Return the content of a template, which must open and have what is written to."""
    if not file.is_file():
        raise DataProblem(f"there is no template {file}")
    if file.stat().st_size > TEMPLATE:
        raise DataProblem(f"the template {file} has {file.stat().st_size:,} bytes; at most {TEMPLATE:,}")
    content = file.read_bytes()
    if not content:  # no template at all would be our own look, without a word
        raise DataProblem(f"the template {file} is empty (0 bytes); save it anew")
    try:
        if kind == "slides":
            from cxlab.report.deck import Deck

            Deck(Style(slides=content)).slide("Title")
        else:
            from cxlab.report.document import tried

            tried(content)
    except DataProblem as problem:
        raise DataProblem(f"{file}: {problem}") from None
    except Exception as error:
        said = f"the template {file} cannot be opened as {TEMPLATES[kind]} ({type(error).__name__}): {came(content)}"
        raise DataProblem(f"{said}; open it in its program and save it anew as {TEMPLATES[kind]}") from None
    return content


def came(content: bytes) -> str:
    """Return what a file is that is no template, as far as its content tells.

    >>> came(b"hello")
    'it is no Office file'
    """
    if content.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        return "it is of an old Office, or locked with a password"
    if not content.startswith(b"PK"):
        return "it is no Office file"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            types = parts.read("[Content_Types].xml").decode("utf-8", "replace")
    except (zipfile.BadZipFile, KeyError):
        return "it is cut off, or a zip file of something else"
    for mark, what in OFFICE.items():
        if mark in types:
            return f"it is {what}"
    return "it is of another program"


def picture(file: Path, style: Path) -> bytes:
    """Return the content of a logo that every format can show."""
    if not file.is_file():
        raise DataProblem(f"the logo {file} of {style} is not there; paths are relative to the style file")
    content = file.read_bytes()
    if not kind(content):
        raise DataProblem(f"the logo {file} is neither PNG nor JPEG; convert it to one of them")
    if len(content) > LOGO:
        raise DataProblem(f"the logo {file} has {len(content):,} bytes; it goes into every report: at most {LOGO:,}")
    return content


def kind(content: bytes) -> str:
    """Return 'png', 'jpeg' or ''."""
    return next((name for start, name in IMAGES.items() if content.startswith(start)), "")


def check(what: str, colour: str) -> None:
    """Raise `DataProblem` unless ``colour`` is #rrggbb and dark enough to be read on white."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise DataProblem(f"{what} is {colour!r}; a colour is written like '#005a8f' (in quotes, # begins a comment)")
    found = contrast(colour)
    if found < CONTRAST:
        raise DataProblem(
            f"{what} {colour} has a contrast of {found:.1f} : 1 against white; text needs {CONTRAST} : 1. "
            "Take a darker shade of it"
        )


def contrast(colour: str) -> float:
    """Return the contrast ratio of a colour against white (WCAG 2.2, relative luminance).

    >>> round(contrast("#000000"), 1), round(contrast("#777777"), 2)
    (21.0, 4.48)
    """
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
