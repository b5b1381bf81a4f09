"""Parameters are checked by name and type before anything starts."""

from __future__ import annotations

import re

import pytest

from cxlab.problem import DataProblem
from cxlab.report.notebook import check, find, parameters

CELL = """
from typing import Literal

study: str = "airline # survey"  # name in the catalogue, or a path # both
by: str | None = None  # segment
show: Literal["easy", "mean", 3] = "easy"
level: float = 0.95  # of the intervals
waves: int = 8
weighted: bool = True
items: list[str] = ["a"]
codes: list[int] | None = None
plain = 2
only: dict[str, str] | None = None  # only these rows
"""


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("study", "SFO 2017", "SFO 2017"),
        ("study", "7", "7"),
        ("by", "country", "country"),
        ("by", "None", None),
        ("by", None, None),
        ("show", "mean", "mean"),
        ("show", "3", 3),
        ("level", "9e-1", 0.9),
        ("waves", "7", 7),
        ("waves", 7.0, 7),
        ("weighted", "no", False),
        ("weighted", True, True),
        ("items", "a, b", ["a", "b"]),
        ("items", '["a, b"]', ["a, b"]),
        ("codes", "1,2", [1, 2]),
        ("codes", "none", None),
        ("plain", "5", 5),
        ("only", "airline=UNITED, wave=2017", {"airline": "UNITED", "wave": "2017"}),
        ("only", '{"brand": "A, B=C"}', {"brand": "A, B=C"}),
        ("only", {"wave": 7}, {"wave": "7"}),
        ("only", None, None),
    ],
)
def test_a_value_is_read_as_its_type(name: str, given: object, read: object) -> None:
    came = check({name: given}, parameters(CELL), "n")[name]
    assert came == read
    assert type(came) is type(read)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        (
            "study",
            5,
            "parameter 'study' (name in the catalogue, or a path # both) is 5; "
            "it must be text, e.g. 'airline # survey'",
        ),
        ("show", "hard", "parameter 'show' is 'hard'; it must be one of 'easy', 'mean', 3, e.g. 'easy'"),
        ("level", "high", "parameter 'level' (of the intervals) is 'high'; it must be a number, e.g. 0.95"),
        ("waves", "seven", "parameter 'waves' is 'seven'; it must be a whole number, e.g. 8"),
        ("waves", "7.5", "parameter 'waves' is '7.5'; it must be a whole number, e.g. 8"),
        ("waves", 7.5, "parameter 'waves' is 7.5; it must be a whole number, e.g. 8"),
        ("waves", True, "parameter 'waves' is True; it must be a whole number, e.g. 8"),
        ("weighted", "maybe", "parameter 'weighted' is 'maybe'; it must be true or false, e.g. True"),
        (
            "codes",
            "1,b",
            "parameter 'codes' is '1,b'; it must be a list (a,b,c) of a whole number or None, e.g. None",
        ),
        ("codes", "[1,", "parameter 'codes' is '[1,'; it must be a list (a,b,c) of a whole number or None, e.g. None"),
        (
            "level",
            "95",
            "parameter 'level' is 95; a confidence level lies between 0 and 1, e.g. 0.95",
        ),
        ("level", 0, "parameter 'level' is 0; a confidence level lies between 0 and 1, e.g. 0.95"),
        (
            "levle",
            1,
            "parameter 'levle' is not in notebook n; did you mean 'level'? "
            "There are: study, by, show, level, waves, weighted, items, codes, plain, only",
        ),
    ],
)
def test_a_wrong_value_or_name_is_an_error(name: str, given: object, message: str) -> None:
    with pytest.raises(DataProblem) as problem:
        check({name: given}, parameters(CELL), "n")
    assert str(problem.value) == message


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("print(1)", "the parameters cell of n has the line 'print(1)'; allowed: name: type = default"),
        ("a, b = 1, 2", "the parameters cell of n has the line 'a, b = (1, 2)'; allowed: name: type = default"),
        ("day: str = str(1)", "parameter 'day' of n has the default 'str(1)'; it must be a plain value"),
        (
            "day: date = None",
            "parameter 'day' of n: 'date' is no type of a parameter; allowed: str, int, float, bool, None, list, dict, "
            "list[...], "
            "dict[str, str], Literal[...] and unions with |",
        ),
    ],
)
def test_a_parameters_cell_that_cannot_be_checked_is_an_error(cell: str, message: str) -> None:
    with pytest.raises(DataProblem) as problem:
        parameters(cell, "n")
    assert str(problem.value) == message


def test_a_whole_number_is_a_number() -> None:
    found = parameters("share: float = 0.5")["share"].read(1)
    assert (found, type(found)) == (1.0, float)


def test_comments_and_hashes_in_text_are_told_apart() -> None:
    known = parameters(CELL)
    assert known["study"].default == "airline # survey"
    assert known["study"].help == "name in the catalogue, or a path # both"
    assert known["by"].type == "str | None"


def test_a_notebook_that_is_no_file_is_named_with_its_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataProblem) as problem:
        find("mine.ipynb")
    assert str(problem.value) == (
        f"there is no notebook mine.ipynb in {tmp_path}; cxlab's own go by name, e.g. scorecard"
    )


def test_an_unknown_notebook_suggests_the_nearest() -> None:
    with pytest.raises(DataProblem, match=re.escape("did you mean 'scorecard'?")):
        find("scorcard")


def test_a_strangers_notebook_asks_first(notebook, tmp_path, monkeypatch, capsys):
    import shutil
    import sys

    from cxlab.cli import main
    from cxlab.report.notebook import SHIPPED, ours

    shutil.copy(SHIPPED / "start.ipynb", tmp_path / "start.ipynb")
    assert ours(tmp_path / "start.ipynb")  # an unchanged copy is cxlab's own
    path = notebook(f"open({str(tmp_path / 'ran')!r}, 'w')", name="start")
    assert path == tmp_path / "start.ipynb" and not ours(path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["cxlab", "report", "start.ipynb", "abc"])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().err) == (
        2,
        "cxlab: start.ipynb is not one of cxlab's own notebooks; its code could do all that you may. "
        "Read it, then add --trust to run it\n",
    )
    assert not (tmp_path / "ran").exists()
