"""What changed over many reports: arrows only where a change is real after one correction over the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlab.report.collect import made
from cxlab.report.overview import overview
from cxlab.report.what_changed import ALPHA, matrices
from cxlab.result import Result


def trend(estimate: float, change: float, p: float, better: str = "up", item: str = "recommendation") -> dict:
    table = pd.DataFrame({
        "wave": ["Q1", "Q2"], "item": item, "estimate": [estimate - change, estimate], "low": estimate - 9,
        "high": estimate + 9, "n": 100, "change": [np.nan, change], "p": [np.nan, p], "verdict": ["", "real"],
    })  # fmt: skip
    parts = {"wave": "wave", "over": "item", "metric": "nps", "labels": {"recommendation": "Would <b>recommend"}}
    return Result("trend", "NPS by wave", table, "points", parts=parts, better=better).to_dict()


def write(folder: Path, name: str, *results: dict, notebook: str = "scorecard", failed: bool = False) -> None:
    there = folder / notebook / name
    there.mkdir(parents=True)
    run = {
        "status": "failed" if failed else "done", "failure": {"cause": "no"} if failed else None,
        "notebook": {"name": notebook, "sha256": "a"}, "parameters": {"study": "s", "only": {"brand": name}},
        "data": {"sha256": name, "title": "T", "rows": 100}, "cxlab": "0.1.0", "made": "2026-01-02T03:04:05+00:00",
    }  # fmt: skip
    (there / "run.json").write_text(json.dumps(run))
    if not failed:
        (there / "results.json").write_text(json.dumps({"results": {f"t.{k}": r for k, r in enumerate(results)}}))


def test_arrows_stand_where_the_page_says_real(tmp_path):
    p = {"Alba": 0.001, "Brio": 0.02, "Cima": 0.9}  # Holm: .003, .04, .9
    for name, value in p.items():
        write(tmp_path, name, trend(30.0 + len(name), -6.0, value))
    write(tmp_path, "Dora", failed=True)
    (found,) = matrices(made(tmp_path))
    assert found.tests == 3 and found.columns == ("Would <b>recommend (NPS)",)
    real = {r.run["parameters"]["only"]["brand"]: c[found.columns[0]].real for r, c in found.rows}
    assert real == {"Alba": True, "Brio": True, "Cima": False}
    text = overview(tmp_path).read_text()
    assert text.count('class="arrow bad">▼ −6.0<') == 2
    assert "<b>recommend" not in text and "2 of 3 changes are real" in text
    assert f"p below {ALPHA} after Holm over all changes of this page" in " ".join(text.split())


def test_more_reports_make_the_same_change_less_certain(tmp_path):
    for k in range(10):
        write(tmp_path, f"b{k}", trend(30.0, 6.0, 0.02 if k else 0.004))
    (found,) = matrices(made(tmp_path))
    assert [c[found.columns[0]].real for _, c in found.rows].count(True) == 1


@pytest.mark.parametrize(
    ("better", "change", "tone"), [("up", 6.0, "good"), ("down", 6.0, "bad"), ("none", 6.0, "either")]
)
def test_colours_follow_what_is_better(tmp_path, better, change, tone):
    for name in "ab":
        write(tmp_path, name, trend(30.0, change, 0.001, better))
    assert overview(tmp_path).read_text().count(f'class="arrow {tone}">▲ +6.0<') == 2


def test_where_nothing_changes_pages_with_an_arrow_are_rare(tmp_path):
    rng, pages = np.random.default_rng(4), 400
    wrong = 0
    reports = []
    for k in range(6):
        write(tmp_path, f"b{k}", trend(30.0, 6.0, 0.5), trend(20.0, 3.0, 0.5, item="other"))
    reports = made(tmp_path)
    for _ in range(pages):
        for report in reports:
            for result in report.results.values():
                result["table"][-1]["p"] = float(rng.random())
        wrong += any(c.real for m in matrices(reports) for _, own in m.rows for c in own.values())
    assert wrong / pages <= 0.05 + 3 * (0.05 * 0.95 / pages) ** 0.5


def test_one_report_alone_or_without_waves_makes_no_matrix(tmp_path):
    write(tmp_path, "a", trend(30.0, 6.0, 0.001))
    table = pd.DataFrame({"metric": ["NPS"], "estimate": [3.0], "low": [1.0], "high": [5.0]})
    write(tmp_path, "b", Result("metric", "NPS", table, "points").to_dict(), notebook="other")
    assert matrices(made(tmp_path)) == []
    assert "What changed" not in re.sub(r"<style>.*?</style>", "", overview(tmp_path).read_text(), flags=re.S)


def test_the_line_beside_a_headline_is_of_that_number(tmp_path):
    other = trend(70.0, 1.0, 0.5, item="satisfaction")
    head = Result("metric", "NPS", pd.DataFrame({"metric": ["NPS"], "estimate": [30.0], "low": [21.0], "high": [39.0]}),
                  "points").to_dict()  # fmt: skip
    write(tmp_path, "a", other, trend(30.0, 6.0, 0.5), head | {"kind": "standing"})
    text = overview(tmp_path).read_text()
    assert 'aria-label="from 24 to 30"' in text and 'aria-label="from 69 to 70"' not in text
