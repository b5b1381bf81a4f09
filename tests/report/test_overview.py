"""Many reports: one table of all numbers, one page over them, and what moved between two."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from scipy.stats import norm

import cxlab as cx
from cxlab.cli.cmd_report import report as command
from cxlab.report import provenance, render
from cxlab.report.collect import Made, collect, made, one
from cxlab.report.kernel import Kernels
from cxlab.report.overview import overview, sparkline
from cxlab.report.report_diff import moves, overlap
from cxlab.result import Estimate, Result

BEFORE = {"estimate": 0.0, "low": -15.0809, "high": 15.0809, "n": 100}
AFTER = {"estimate": 30.0, "low": 13.9551, "high": 44.3393, "n": 100}
"""NPS of (30, 40, 30) and (20, 30, 50) with their score intervals; their MOVER difference is published."""


def write(folder: Path, name: str, numbers: dict, *, subject: str = "Alba", failed: bool = False, **run) -> Path:
    """Write a report as the runner does: an NPS with a trend, and a share that does not change."""
    there = folder / "scorecard" / name
    there.mkdir(parents=True)
    points = {"wave": ["1", "2"], "estimate": [0.0, numbers["estimate"]], "low": [-9.0, 1.0], "high": [9.0, 40.0]}
    trend = pd.DataFrame(points | {"verdict": [None, "real"]})
    results = {
        "headline.1": Result("metric", "NPS", pd.DataFrame([{"metric": "NPS", **numbers}]), "points").to_dict(),
        "share.1": Estimate("Share", 0.5, 0.4, 0.6, n=100, unit="share").to_dict() | {"kind": "estimate"},
        "waves.1": Result("trend", "NPS by wave", trend, "points").to_dict(),
    }
    record = {
        "status": "failed" if failed else "done", "failure": {"cause": "the kernel died"} if failed else None,
        "notebook": {"name": "scorecard", "sha256": "a"}, "parameters": {"study": "tracker", "brand": subject},
        "data": {"sha256": name, "title": subject, "rows": 100}, "cxlab": "0.1.0", "made": "2026-01-02T03:04:05+00:00",
    } | run  # fmt: skip
    (there / "run.json").write_text(json.dumps(record))
    if not failed:
        (there / "results.json").write_text(json.dumps({"results": results}, sort_keys=True))
    return there


def test_every_number_is_collected(tmp_path: Path):
    write(tmp_path, "a", BEFORE)
    write(tmp_path, "b", AFTER, subject="Brio")
    write(tmp_path, "c.failed", AFTER, failed=True)
    table = pd.read_parquet(collect(tmp_path))
    assert len(table) == 2 * (1 + 1 + 2)
    nps = table[table["result"] == "headline.1"].set_index("report")
    assert nps.loc["b", ["estimate", "low", "high", "n"]].tolist() == [30.0, 13.9551, 44.3393, 100.0]
    assert table.loc[table["label"] == "2", "verdict"].unique().tolist() == ["real"]
    assert not list(tmp_path.glob(".results*"))


def test_the_page_shows_every_report_and_no_markup_of_others(tmp_path: Path):
    write(tmp_path, "a", BEFORE, subject="<script>alert(1)</script>")
    write(tmp_path, "b.failed", BEFORE, failed=True)
    text = overview(tmp_path).read_text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.count("<li data-subject") == 2
    assert "the kernel died" in text
    assert 'href="scorecard/a/index.html"' in text
    assert 'href="scorecard/b.failed/error.html"' in text
    assert "http" not in text.replace("http-equiv", "")


def test_half_written_reports_are_not_listed(tmp_path: Path):
    write(tmp_path, ".a-1234", BEFORE)
    assert made(tmp_path) == []


def test_the_difference_of_two_reports_is_the_published_one(tmp_path: Path):
    result = moves(write(tmp_path, "a", BEFORE), write(tmp_path, "b", AFTER))
    nps = result.table.set_index("number").loc["NPS: NPS"]
    # reference-values: (20,30,50) against (30,40,30): MOVER of score intervals .079802, .508099
    assert (nps["low"], nps["high"]) == pytest.approx((7.9802, 50.8099), abs=2e-3)
    share = result.table.set_index("number").loc["Share"]
    assert (share["estimate"], share["verdict"]) == (0.0, "cannot tell")
    assert nps["verdict"] == "real"
    assert "made by different versions" not in " ".join(result.notes)
    assert nps["p"] == pytest.approx(2 * norm.sf(1.959964 * 30 / (30 - nps["low"])), rel=1e-6)


def test_a_difference_is_called_as_everywhere_else(tmp_path: Path):
    """A fall of 30 points on 20 answers is open; 1 point between two large reports rules out what matters."""
    few = {"estimate": -30.0, "low": -62.0, "high": 10.0, "n": 20}
    old, new = write(tmp_path, "a", BEFORE), write(tmp_path, "b", few)
    table = moves(old, new).table.set_index("number")
    assert table.loc["NPS: NPS", "verdict"] == "cannot tell"
    large = {"estimate": 1.0, "low": 0.2, "high": 1.8, "n": 90_000}
    twice = {"estimate": 1.9, "low": 1.1, "high": 2.7, "n": 90_000}
    table = moves(write(tmp_path, "c", large), write(tmp_path, "d", twice)).table.set_index("number")
    assert table.loc["NPS: NPS", "verdict"] == "noise"


def test_the_same_data_is_said(tmp_path: Path):
    old = write(tmp_path, "a", BEFORE, data={"sha256": "x"})
    new = write(tmp_path, "b", AFTER, data={"sha256": "x"})
    assert moves(old, new).notes[0] == (
        "both reports read the same data: numbers of overlapping rows are not independent"
    )


def test_what_cannot_be_compared_is_refused(tmp_path: Path):
    with pytest.raises(cx.DataProblem) as problem:
        one(tmp_path / "x")
    assert str(problem.value) == f"{tmp_path / 'x'} holds no report (no run.json); make one with `cxlab report`"
    bad = write(tmp_path, "bad.failed", BEFORE, failed=True)
    with pytest.raises(cx.DataProblem) as problem:
        moves(bad, bad)
    assert str(problem.value) == f"{bad} is a run that failed; make the report again before comparing"


def test_a_flat_series_is_drawn():
    assert sparkline([(1, 1, 1), (1, 1, 1)]).count("<polyline") == 1
    assert sparkline([(1, 1, 1)]) == ""


def test_what_differs_is_a_page_with_units(kernels: Kernels, tmp_path: Path) -> None:
    for given in ({"brand": "Alba"}, {"brand": "Elan"}):
        asked = {"only": given, "segments": "none"}
        done = render.report("scorecard", "brand-tracker", asked, kernels=kernels, output=tmp_path)
        assert done.failure is None
    two = [str(tmp_path / "scorecard" / name) for name in sorted(p.name for p in (tmp_path / "scorecard").iterdir())]
    found = moves(*map(Path, two))
    said = next(n for n in found.notes if "respondent" in n)
    assert said == "no 'respondent' is in both"
    run = CliRunner().invoke(command, ["--diff", *two, "--output", str(tmp_path)])
    assert run.exit_code == 0 and str(tmp_path / "differences.html") in run.output
    page = BeautifulSoup((tmp_path / "differences.html").read_text(encoding="utf-8"), "html.parser")
    real = found.table[found.table["verdict"].str.startswith("real")]
    assert page.h1.get_text() == f"{len(real)} of {len(found.table)} numbers differ for real"
    assert said in page.main.get_text()
    cells = {tr.find_all(["td", "th"])[0].get_text(): [c.get_text() for c in tr.find_all(["td", "th"])]
             for tr in page.find_all("tr")}  # fmt: skip
    nps = found.table[found.table["unit"] == "points"].iloc[0]
    assert cells[nps["number"]][1] == f"{nps['before']:.1f}".replace("-", "−")
    share = found.table[found.table["unit"] == "share"].iloc[0]
    assert cells[share["number"]][3].endswith(" pp") and cells[share["number"]][1].endswith(" %")
    assert len(page.select(".cx-message li")) == min(len(real), 5)


def test_how_many_respondents_two_reports_share_is_said() -> None:
    def of(wave: int, **changed: str) -> Made:
        data = {"sha256": provenance.data_hash("brand-tracker"), "design": {"cluster": "respondent"}, **changed}
        given = {"study": "brand-tracker", "only": {"wave": wave}}
        return Made(Path("x"), {"status": "done", "parameters": given, "data": data})

    people = [set(cx.load("brand-tracker").where(wave=w).to_pandas()["respondent"]) for w in (7, 8)]
    both = len(people[0] & people[1])
    assert both > 100
    (said,) = overlap(of(7), of(8))
    assert said.startswith(f"{both} of {len(people[0])} 'respondent' before are among the {len(people[1])} after, too")
    (said,) = overlap(of(7), of(8, sha256="other"))
    assert said.startswith("how many 'respondent' both share is not known: the data")
    assert overlap(of(7, design={}), of(8)) == ()
