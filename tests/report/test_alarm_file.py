"""Alarms of control charts over a folder of reports: told once, by file, by stderr and by the exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlab.cli import main
from cxlab.report import alarm_file

CHART = """
import cxlab as cx
data = cx.load(study).set("score", role="outcome", scale="0-10", measure="recommendation").set("day", role="date")
cx.monitor(data, "nps", every="day", baseline=40)
"""


def answers(folder: Path, fall: float) -> None:
    """60 days of 40 answers; from day 50 on fewer promoters."""
    rng, days = np.random.default_rng(3), np.repeat(np.arange(60), 40)
    share = np.where(days >= 50, 0.5 - fall, 0.5)
    score = np.where(rng.random(len(days)) < share, 10, rng.choice([3, 8], len(days)))
    date = (pd.Timestamp("2025-01-06") + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d")
    pd.DataFrame({"day": date, "score": score}).to_csv(folder / "shop.csv", index=False)


def run(monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr(sys, "argv", ["cxlab", "batch", "plan.yml", "--trust", *more])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def test_a_batch_ends_with_3_where_an_alarm_is_new(
    notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook(CHART, name="chart")
    Path("plan.yml").write_text("reports:\n  - notebook: chart.ipynb\n    study: shop.csv\n")
    answers(tmp_path, 0.0)
    assert run(monkeypatch) == 0, capsys.readouterr().err
    file = tmp_path / "reports" / alarm_file.NAME
    assert json.loads(file.read_text()) == {"alarms": []}
    answers(tmp_path, 0.4)
    assert run(monkeypatch) == 3
    said = capsys.readouterr().err
    assert "NEW ALARM " in said and "lower since 2025-02-2" in said
    (alarm,) = json.loads(file.read_text())["alarms"]
    assert alarm["new"] and alarm["open"] and alarm["side"] == "lower" and alarm["series"] == {}
    assert alarm["shift_high"] < 0 and alarm["budget"] == "at most 1 false alarm a year"
    assert run(monkeypatch) == 0, "told once"
    assert not json.loads(file.read_text())["alarms"][0]["new"]


def test_reports_without_charts_write_no_file(tmp_path: Path) -> None:
    assert alarm_file.refresh(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_ours_is_said(tmp_path: Path) -> None:
    from cxlab.problem import DataProblem

    (tmp_path / alarm_file.NAME).write_text("[1, 2")
    with pytest.raises(DataProblem, match=r"alarms\.json.*remove it: the next batch tells all open alarms as new"):
        alarm_file.refresh(tmp_path)
