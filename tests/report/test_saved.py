"""`Result.save`: a picture, a slide, a sheet or a table of one result, written whole or not at all."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd
import pytest
from PIL import Image
from pptx import Presentation

import cxlab as cx
from cxlab.result import Result


@pytest.fixture(scope="module")
def study():
    return cx.load("brand-tracker")


@pytest.fixture(scope="module")
def result(study):
    return cx.nps(study, by="brand")


def test_the_ending_says_what_is_written(result, tmp_path):
    made = {
        kind: result.save(tmp_path / f"x.{kind}").read_bytes() for kind in ("png", "svg", "pdf", "pptx", "xlsx", "csv")
    }
    assert Image.open(io.BytesIO(made["png"])).size[0] > 1000
    assert made["pdf"].startswith(b"%PDF") and b"<svg" in made["svg"]
    chart = next(s.chart for s in Presentation(io.BytesIO(made["pptx"])).slides[0].shapes if s.has_chart)
    assert sorted(chart.plots[0].series[0].values) == pytest.approx(sorted(result.table["estimate"]))
    book = openpyxl.load_workbook(io.BytesIO(made["xlsx"]))
    first = [row[0] for row in book.worksheets[0].iter_rows(min_row=2, max_row=7, values_only=True)]
    assert first == result.table["brand"].tolist()
    back = pd.read_csv(io.BytesIO(made["csv"]))
    assert back["estimate"].tolist() == result.table["estimate"].tolist()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"x.{k}" for k in made)


def test_title_size_and_highlight(result, tmp_path):
    path = result.save(tmp_path / "x.svg", title="Alba leads", size=(4, 3), highlight="Alba")
    text = path.read_text()
    assert "Alba leads" in text
    wide = Image.open(result.save(tmp_path / "a.png", size=(10, 4))).size
    small = Image.open(result.save(tmp_path / "b.png", size=(5, 4))).size
    assert wide[0] > 1.4 * small[0]


def test_time_runs_from_left_to_right(study, tmp_path):
    path = cx.trend(study, "nps").save(tmp_path / "x.pptx")
    chart = next(s.chart for s in Presentation(path).slides[0].shapes if s.has_chart)
    assert list(chart.plots[0].categories) == [f"{y} Q{q}" for y in (2024, 2025) for q in (1, 2, 3, 4)]
    assert "LINE" in str(chart.chart_type)


def test_text_stays_text(tmp_path):
    table = pd.DataFrame({"group": ["=1+1", "-2", "a"], "estimate": [-1.5, 2.0, 3.0], "low": 0.0, "high": 4.0, "n": 50})
    path = Result("metric", "Mean", table, "mean").save(tmp_path / "x.csv")
    assert path.read_text("utf-8-sig").splitlines()[1:] == [
        "'=1+1,-1.5,0.0,4.0,50",
        "'-2,2.0,0.0,4.0,50",
        "a,3.0,0.0,4.0,50",
    ]


PROBLEMS = {
    "ending 'gif' is not in what a result can be saved as": ("x.gif", {}),
    "ending '(none)' is not in what": ("x", {}),
    "there is no folder": ("nowhere/x.png", {}),
    "size is 'big'; give width and height in inches, as (8, 4.5)": ("x.png", {"size": "big"}),
    "size is 0.1 x 3 inches; allowed: 1 to 60 each": ("x.png", {"size": (0.1, 3)}),
    "row 'Nobody' is not in the picture of": ("x.png", {"highlight": "Nobody"}),
    "option 'colour' is not in what a .csv file takes": ("x.csv", {"colour": "red"}),
    "size and highlight are of pictures (png, svg, pdf); a .xlsx file takes title": ("x.xlsx", {"size": (3, 3)}),
}


@pytest.mark.parametrize("message", PROBLEMS)
def test_what_cannot_be_saved_says_why_and_leaves_nothing(result, tmp_path, message):
    name, options = PROBLEMS[message]
    with pytest.raises(cx.DataProblem) as problem:
        result.save(tmp_path / name, **options)
    assert message in str(problem.value)
    assert not list(tmp_path.iterdir())
