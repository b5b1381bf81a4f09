"""The panel of doubts: what is chosen is written to the codebook, and what that does to the headline is said."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.doubt import Doubt

DOUBTS = (
    Doubt("grade", "<b>is it</b> the outcome?", ("no", "yes"), settings=("", "role=outcome scale=1-5 best=low")),
    Doubt("nps", "is it 0 to 10?", ("yes", "no, 0 to 9"), settings=("", "scale=20-30")),
)


@pytest.fixture
def study(tmp_path: Path) -> cx.Study:
    from dataclasses import replace

    table = pd.DataFrame({"nps": [k % 11 for k in range(60)], "grade": [1 + k % 5 for k in range(60)]})
    table.to_csv(tmp_path / "s.csv", index=False)
    return replace(cx.load(tmp_path / "s.csv"), doubts=DOUBTS)


def test_answers_are_written_and_the_headline_is_said(study: cx.Study) -> None:
    panel = cx.pages.ask(study)
    first, second, button, out = panel.children
    assert "&lt;b&gt;is it&lt;/b&gt; the outcome?" in first.children[0].value
    assert [label for label, _ in first.children[1].options] == ["leave it open", "no (taken now)", "yes"]
    first.children[1].value, second.children[1].value = 1, 0
    button.click()
    assert "The headline stays: NPS of nps" in out.value and "Load the file again" in out.value
    again = cx.load(apart_of(study))
    assert again.field("grade").scale == cx.Scale(1, 5, "low") and again.field("grade").role == "outcome"
    assert again.codebook.settled == ("grade", "nps") and again.doubts == ()


def test_an_answer_that_the_file_contradicts_writes_nothing(study: cx.Study) -> None:
    panel = cx.pages.ask(study)
    panel.children[1].children[1].value = 1
    panel.children[2].click()
    assert "no answer to &#x27;nps&#x27; is on a scale of 20 to 30" in panel.children[3].value
    assert not Path(apart_of(study)).with_name("s.datapackage.json").exists()


def test_a_table_has_no_codebook_to_write() -> None:
    from dataclasses import replace

    bare = replace(cx.load(pd.DataFrame({"nps": [1, 9] * 20, "grade": [1, 2] * 20})), doubts=DOUBTS[:1])
    panel = cx.pages.ask(bare)
    panel.children[0].children[1].value = 0
    panel.children[1].click()
    assert "came from no file" in panel.children[2].value
    assert "Nothing is in doubt" in cx.pages.ask(replace(bare, doubts=())).children[0].value


def apart_of(study: cx.Study) -> str:
    from cxlab.data.locations import apart

    return apart(study.source)[0]
