"""The panel shows what its code gives, and refuses what cannot be shown."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import cxlab as cx
from cxlab import panel
from cxlab.data.codebook import Codebook, Field, Scale


@pytest.fixture(scope="module")
def study():
    return cx.load("brand-tracker")


def parts(box):
    (question, metric), (segment, only, value), out, code = (
        box.children[0].children, box.children[1].children, box.children[2], box.children[3],
    )  # fmt: skip
    return question, metric, segment, only, value, out, code


def test_what_is_shown_is_what_the_code_gives(study):
    question, metric, segment, only, value, out, code = parts(cx.explore(study))
    assert metric.value == "nps"
    segment.value, only.value, value.value = "wave", "brand", "Brio"
    lines = code.value.split("\n")
    assert lines == [
        "cx.nps(study.where(brand='Brio'), 'recommendation', by='wave')",
        "cx.compare(study.where(brand='Brio'), 'nps', by='wave', of='recommendation')",
    ]
    for line in lines:
        assert eval(line, {"cx": cx, "study": study})._repr_html_() in out.value


def test_the_metric_follows_the_question(study):
    question, metric, *_, code = parts(cx.explore(study))
    question.value = "effort"
    assert metric.options == ("ces", "mean")
    assert code.value == "cx.ces(study, 'effort')"


def test_the_distribution_sums_to_all_answers(study):
    shown = panel.distribution(study, panel.Choice("satisfaction", "csat"))
    counts = [int(n.replace(",", "")) for n in re.findall(r"<td>([\d,]+)</td></tr>", shown)]
    answers = study.frame.select("satisfaction").collect()["satisfaction"]
    assert sum(counts) == len(answers) - answers.null_count()


def test_few_answers_are_not_shown(study):
    few = cx.Study(study.lazy.collect().to_pandas().head(9), study.codebook)
    assert panel.distribution(few, panel.Choice("satisfaction", "csat")) == (
        "<p>Fewer than 10 answers: the distribution is not shown.</p>"
    )


def test_names_from_data_are_text():
    table = pd.DataFrame({"q": [1, 2, 3, 4, 5] * 8, "b": ["<script>x</script>", "b"] * 20})
    book = Codebook("hostile", (
        Field("q", title="<b>q</b>", role="touchpoint", measure="satisfaction", scale=Scale(1, 5)),
        Field("b", type="string", role="segment"),
    ))  # fmt: skip
    *_, out, _ = parts(cx.explore(cx.Study(table, book)))
    assert "<b>q" not in out.value
    assert "<script>" not in panel.answer(cx.Study(table, book), panel.Choice("q", "csat", "b"))


def test_a_study_without_questions_is_refused():
    bare = cx.Study(pd.DataFrame({"a": [1]}), Codebook("bare", (Field("a"),)))
    with pytest.raises(cx.DataProblem) as problem:
        cx.explore(bare)
    assert str(problem.value) == (
        "explore needs an outcome or touchpoint with a scale; bare declares none. Declare it in its datapackage.json"
    )


@pytest.mark.parametrize("name", ["class", "from", "None", "lambda", "self", 'a"b', "*", "a b", "1st", "$x", "it's\\"])
def test_a_filter_by_a_column_of_any_name_is_code_that_runs(name: str) -> None:
    table = pd.DataFrame({"recommend": [k % 11 for k in range(120)], name: ["x", "y"] * 60})
    study = cx.load(table)
    made = panel.run(panel.Choice("recommend", "nps", "", study.columns[1], "x").code, study)
    assert made.to_dict()["table"][0]["n"] == 60
