"""A part that the data do not allow says why in its place; a fault stays one, what was asked for is not optional."""

from __future__ import annotations

import pytest

import cxlab as cx
from cxlab.models.optional_part import SKIPPED, Skipped


def test_a_part_that_cannot_be_made_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    reached = []
    with cx.pages.optional():
        raise cx.DataProblem("a league needs 3 units; s has 2. Declare them in its datapackage.json")
    with cx.pages.optional():
        reached.append(True)
    assert reached == [True]
    assert capsys.readouterr().out == "Not shown: a league needs 3 units; s has 2.\n"


def test_the_page_shows_the_reason_as_text_and_the_record_keeps_all_of_it() -> None:
    shown = Skipped("'<b>' is no column. Use a name")._repr_mimebundle_()
    assert shown[SKIPPED] == {"reason": "'<b>' is no column. Use a name"}
    assert "Not shown: &#x27;&lt;b&gt;&#x27; is no column." in str(shown["text/html"]) and "Use" not in str(
        shown["text/html"]
    )


@pytest.mark.parametrize("asked", ["region", ["region"], 0.5, True])
def test_what_was_asked_for_is_not_optional(asked: object) -> None:
    with pytest.raises(cx.DataProblem, match=r"^no such column$"), cx.pages.optional(asked=asked):
        raise cx.DataProblem("no such column")


@pytest.mark.parametrize("nothing", [None, "", [], False])
def test_nothing_asked_for_is_optional(nothing: object) -> None:
    with cx.pages.optional(asked=nothing):
        raise cx.DataProblem("no such column")


def test_a_fault_of_the_notebook_is_raised() -> None:
    with pytest.raises(ZeroDivisionError), cx.pages.optional():
        1 / 0  # noqa: B018
