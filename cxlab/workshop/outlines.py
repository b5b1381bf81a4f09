"""`Outline`: what a lesson consists of, read from its module, its texts and its notebook; `outline` finds one."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from cxlab.data.locations import shipped
from cxlab.problem import DataProblem, unknown
from cxlab.workshop import phrases
from cxlab.workshop.questions import Drawn, Question

LESSONS = Path(__file__).parent / "lessons"
NAMES = ("noise", "weighting", "halo", "rebound", "ranking", "claimed", "peeking", "codes")
"""The lessons that come with cxlab, in the order of a workshop; the last two are optional."""


@dataclass(frozen=True)
class Outline:
    """A lesson as its author wrote it.

    Parameters
    ----------
    name, number : what `cxlab.lesson` is given.
    file : its English text (`*.toml`); the module and the translations stand beside it.
    notebook : what the learner opens.
    module : ``draw`` and ``QUESTIONS``.
    """

    name: str
    number: int
    file: Path
    notebook: Path
    module: ModuleType

    @property
    def questions(self) -> Mapping[str, Question]:
        """The questions by name, in order."""
        return {q.name: q for q in self.module.QUESTIONS}

    @property
    def draw(self) -> Callable[..., Drawn]:
        """The function that draws the data of a seat: from the room's random stream, its own, its number, and, where
        the lesson has words of customers, their ``language``."""
        return self.module.draw

    def texts(self, language: str) -> dict[str, Any]:
        """Return the texts in a language."""
        own = self.file.parent != LESSONS  # one that its author is changing
        return phrases.texts(self.file, language) if own else _texts(self.file, language)


@cache
def _texts(file: Path, language: str) -> dict[str, Any]:
    said = phrases.texts(file, language)
    tell = {"explains", "mistakes"}
    asked = {
        q: {k: phrases.filled(v, file.stem, language) if k in tell else v for k, v in each.items()}
        for q, each in said["questions"].items()
    }
    return said | {"questions": asked, "notes": phrases.filled(said["notes"], file.stem, language)}


@cache
def shipped_outline(name: str) -> Outline:
    """Return a lesson that comes with cxlab."""
    number = NAMES.index(name) + 1
    module = importlib.import_module(f"cxlab.workshop.lessons.{name}")
    notebook = shipped("notebooks") / "workshop" / f"{number}-{name}.ipynb"
    return Outline(name, number, LESSONS / f"{name}.toml", notebook, module)


def own_outline(folder: Path, number: int = 0) -> Outline:
    """Return a teacher's own lesson: a folder that holds ``NAME.py``, ``NAME.toml``, ``NAME.ipynb``, NAME its name.

    Raises
    ------
    DataProblem : a file is missing, or the module lacks ``draw`` or ``QUESTIONS``.
    """
    name = folder.resolve().name
    files = {end: folder / f"{name}.{end}" for end in ("py", "toml", "ipynb")}
    missing = [f.name for f in files.values() if not f.is_file()]
    if missing:
        raise DataProblem(
            f"lesson {folder} lacks {', '.join(missing)}; `cxlab workshop new {name}` shows what it needs"
        )
    spec = importlib.util.spec_from_file_location(f"cxlab_lesson_{name.replace('-', '_')}", files["py"])
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    lacks = [word for word in ("draw", "QUESTIONS") if not hasattr(module, word)]
    if lacks:
        raise DataProblem(f"{files['py']} lacks {' and '.join(lacks)}; `cxlab workshop new {name}` shows what it needs")
    return Outline(name, number, files["toml"], files["ipynb"], module)


def outline(name: str | int, own: Iterable[Path] = ()) -> Outline:
    """Return a lesson by its name or number, or a teacher's own by its name or folder.

    Parameters
    ----------
    name : such as 'noise' or 1.
    own : folders of the teacher's own lessons; they are numbered after those of cxlab.

    Raises
    ------
    DataProblem : there is no such lesson.

    >>> outline(1).name, outline("noise").number
    ('noise', 1)
    """
    folders = {path.resolve().name: path for path in own}
    names = [*NAMES, *folders]
    if isinstance(name, bool) or not isinstance(name, (int, str)):
        raise DataProblem(f"lesson is {name!r}; give its name or number: {listed(names)}")
    if isinstance(name, int) or name.isdigit():
        if not 1 <= int(name) <= len(names):
            raise DataProblem(f"there is no lesson {name}; there are: {listed(names)}")
        name = names[int(name) - 1]
    if name in NAMES:
        return shipped_outline(name)
    if name in folders:
        return own_outline(folders[name], names.index(name) + 1)
    if Path(name).is_dir():
        return own_outline(Path(name))
    raise unknown("lesson", name, "the workshop", names)


def listed(names: Iterable[str]) -> str:
    """Return names with their numbers, for a message."""
    return ", ".join(f"{i} {name}" for i, name in enumerate(names, 1))


def chosen(said: str, own: Iterable[Path] = ()) -> list[str]:
    """Return the names that a list such as ``1-3,halo`` means, in order, the teacher's own lessons at the end.

    >>> chosen("1-2,halo")
    ['noise', 'weighting', 'halo']
    """
    own = list(own)
    names: list[str] = []
    for part in (p.strip() for p in said.split(",") if p.strip()):
        low, dash, high = part.partition("-")
        if dash and low.isdigit() and high.isdigit() and int(low) <= int(high):
            names += [outline(k, own).name for k in range(int(low), int(high) + 1)]
        else:
            names.append(outline(part, own).name)
    names += [path.resolve().name for path in own]
    if not names:
        raise DataProblem(f"lessons is '{said}'; give numbers or names: {listed(NAMES)}")
    return list(dict.fromkeys(names))
