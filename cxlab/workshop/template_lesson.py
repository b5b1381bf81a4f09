"""`copied`: a lesson of one's own, written from the template: it runs as it is and says where to change it."""

from __future__ import annotations

import re
from pathlib import Path

from cxlab.problem import DataProblem
from cxlab.workshop.outlines import NAMES

TEMPLATE = Path(__file__).parent / "template"
ENDS = {"py": "lesson_py.txt", "toml": "lesson.toml", "ipynb": "lesson_ipynb.txt"}
NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")


def copied(folder: Path) -> list[Path]:
    """Write the template into a new folder and return its files.

    Parameters
    ----------
    folder : its name is the lesson's.

    Raises
    ------
    DataProblem : the name is no lesson's, or taken; the folder is there already.
    """
    name = folder.resolve().name
    if not NAME.fullmatch(name):
        raise DataProblem(
            f"a lesson cannot be called '{name}'; small letters, digits and dashes, such as waiting-times"
        )
    if name in NAMES:
        raise DataProblem(f"'{name}' is a lesson of cxlab; give yours another name")
    if folder.exists():
        raise DataProblem(f"{folder} is there already; give another name, or change what is in it")
    folder.mkdir(parents=True)
    made = []
    for end, source in ENDS.items():
        text = (TEMPLATE / source).read_text(encoding="utf-8").replace("LESSON", name)
        made.append(folder / f"{name}.{end}")
        made[-1].write_text(text, encoding="utf-8")
    return made
