"""Plans: what becomes of a few lines, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cxlab as cx
from cxlab.cli.cmd_batch import left_out
from cxlab.problem import DataProblem
from cxlab.report.jobs import Job, Plan, cells, expand, read


@pytest.fixture
def export(tmp_path: Path) -> str:
    """An export of two brands in two waves, one cell of which is small; one brand is a piece of markup."""
    rows = [("<b>Alba</b>", 1)] * 40 + [("<b>Alba</b>", 2)] * 12 + [("Brio", 1)] * 35 + [(None, 1)] * 5
    frame = pd.DataFrame(rows, columns=["brand", "wave"])
    frame["nps"] = pd.array([None if 52 <= k < 56 else k % 11 for k in range(len(frame))], dtype="Int64")
    frame.to_csv(tmp_path / "brands.csv", index=False)
    book = cx.load(tmp_path / "brands.csv").codebook
    assert {f.name: f.role for f in book} == {"brand": "brand", "wave": "wave", "nps": "outcome"}
    return str(tmp_path / "brands.csv")


def plan(tmp_path: Path, text: str) -> Path:
    (tmp_path / "plan.yml").write_text(text)
    return tmp_path / "plan.yml"


def test_cells_count_answers_not_rows(export: str):
    counted = {cell["brand"]: n for cell, n in cells(export, ["brand"])}
    assert counted == {"<b>Alba</b>": 52, "Brio": 31, None: 5}
    assert cells(export, ["brand", "wave"])[1] == ({"brand": "<b>Alba</b>", "wave": "1"}, 40)


def test_small_and_blank_cells_are_left_out_by_rule(export: str):
    found = expand(["start"], [export], by=["brand", "wave"])
    assert [job.given["only"] for job in found.jobs] == [
        {"brand": "<b>Alba</b>", "wave": "1"},
        {"brand": "Brio", "wave": "1"},
    ]
    assert found.left_out == (
        (export, "brand = not stated, wave = 1", 5, 30),
        (export, "brand = <b>Alba</b>, wave = 2", 12, 30),
    )


def test_no_rule_publishes_cells_under_ten(export: str):
    with pytest.raises(DataProblem) as problem:
        expand(["start"], [export], by=["brand"], at_least=5)
    assert str(problem.value) == "at_least is 5; it must be a whole number, 10 or more: small cells are not published"
    with pytest.raises(DataProblem) as problem:
        expand(["start"], [export], by=["brand"], at_least=60)
    assert str(problem.value) == f"no cell of brand in {export} has 60 answers; the largest has 52"


def test_a_level_that_is_not_there_is_refused(export: str):
    with pytest.raises(DataProblem) as problem:
        expand(["start"], [export], [{"only": "brand=Brioo"}])
    assert str(problem.value) == (
        f"level of 'brand' 'Brioo' is not in {export}; did you mean 'Brio'? There are: <b>Alba</b>, Brio"
    )


def test_a_plan_is_every_combination(export: str, tmp_path: Path):
    text = f"""
to: [html, xlsx]
reports:
  - notebook: [scorecard, start]
    study: {export}
    by: brand
    parameters: {{level: 0.9}}
    grid: {{smallest: [3, 5]}}
  - notebook: quality
    study: [abc, airline-survey]
    list: [{{duration: a}}, {{duration: b}}]
"""
    found = read(plan(tmp_path, text))
    assert len(found.jobs) == 2 * 2 * 2 + 2 * 2
    assert found.options == {"to": ["html", "xlsx"]}
    assert found.jobs[0] == Job("scorecard", export, {"level": 0.9, "smallest": 3, "only": {"brand": "<b>Alba</b>"}})
    assert found.jobs[-1] == Job("quality", "airline-survey", {"duration": "b"})
    assert str(found.jobs[-1]) == "quality airline-survey duration=b"


def test_the_shipped_plan_is_good():
    found = read(Path(__file__).parents[2] / "reports/plans/monthly.yml")
    assert len(found.jobs) == 10
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is not YAML"),
        ("to: html", "has no list 'reports:'; an example is reports/plans/monthly.yml"),
        ("report: []\nreports: [{}]", "setting 'report' is not in {plan}; did you mean 'reports'?"),
        ("reports: [{notebok: x}]", "word 'notebok' is not in entry 1 of {plan}; did you mean 'notebook'?"),
        ("reports: [{notebook: start}]", "entry 1 of {plan} has no 'study'; write e.g. study: brand-tracker"),
        (
            "reports: [{notebook: start, study: abc, grid: {level: 0.9}}]",
            "entry 1 of {plan}: grid level is 0.9; write a list of values, e.g. level: [0.9, 0.95]",
        ),
        (
            "reports: [{notebook: start, study: abc, by: contry}]",
            "column 'contry' is not in abc; did you mean 'country'?",
        ),
    ],
)
def test_a_wrong_plan_says_what_to_write(text: str, message: str, tmp_path: Path):
    path = plan(tmp_path, text)
    with pytest.raises(DataProblem) as problem:
        read(path)
    assert message.replace("{plan}", str(path)) in str(problem.value)


def test_who_asks_for_reports_by_names_of_people_is_told(tmp_path: Path, capsys: pytest.CaptureFixture):
    names = ["Anna Meier", "Bernd Huber", "Carla Ruiz", "David Kim"]
    rows = "".join(f"{k % 11},{names[k % 4]},{'DE' if k % 3 else 'AT'}\n" for k in range(200))
    (tmp_path / "calls.csv").write_text("recommend,agent,country\n" + rows)
    asked = expand(["start"], [str(tmp_path / "calls.csv")], by=["agent"])
    assert [job.given["only"]["agent"] for job in asked.jobs] == names and asked.people == ("agent",)
    left_out(asked)
    assert capsys.readouterr().err == (
        "'agent' may hold names of people: they stand on pages and in the index as asked for; no folder has them\n"
    )
    assert expand(["start"], [str(tmp_path / "calls.csv")], by=["country"]).people == ()


def test_sizes_of_small_cells_are_not_said(capsys: pytest.CaptureFixture):
    left_out(
        Plan((), (("calls", "brand = A", 3, 30), ("calls", "brand = not stated", 4, 30)), {}, (("calls", "brand = B"),))
    )
    assert capsys.readouterr().err == (
        "left out, fewer than 30 answers: calls brand = A (fewer than 10)\n"
        "left out, level not stated: fewer than 10 answers\n"
        "left out, the whole less the other reports would tell cells of fewer than 10 answers: calls brand = B\n"
    )
