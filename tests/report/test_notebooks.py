"""The notebooks, end to end through the report runner."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from cxlab.data import catalogue
from cxlab.report import render
from cxlab.report.kernel import Kernels

SHIPPED = ("airline-survey", "abc", "brand-tracker")
OURS = ("start", "scorecard", "quality")
NO_OUTCOME = "a scorecard needs a numeric column with role 'outcome', or one with role 'touchpoint' and a scale; "


@pytest.fixture(scope="module")
def made(kernels: Kernels, tmp_path_factory: pytest.TempPathFactory):
    """Make the report of a notebook on a study, with parameters."""
    output = tmp_path_factory.mktemp("reports")
    return lambda name, study, **given: render.report(name, study, given, kernels=kernels, output=output)


def numbers(report: render.Report) -> dict:
    return json.loads((report.folder / "results.json").read_text())["results"]


@pytest.mark.parametrize(
    ("name", "study"),
    [
        ("start", "abc"),
        ("scorecard", "airline-survey"),
        ("quality", "airline-survey"),
        *(pytest.param(n, s, marks=pytest.mark.slow) for n in OURS for s in ("abc", "brand-tracker")),
        pytest.param("start", "airline-survey", marks=pytest.mark.slow),
    ],
)
def test_a_notebook_runs_on_the_shipped_studies(made, name: str, study: str) -> None:
    report = made(name, study)
    assert report.failure is None
    assert numbers(report)
    assert ("SIMULATED DATA" in report.page.read_text()) == (study == "brand-tracker")


ADVICE = re.compile(r"\bcx\.|parts\[|\b\w+=\w|`|\bleast_n\b|\b(p|n)_[a-z]+\b|case_mix")
"""What an analyst is told, and a reader is not."""


@pytest.mark.parametrize(
    ("name", "study"),
    [("scorecard", "airline-survey"), ("league", "brand-tracker"), ("benchmark", "brand-tracker")],
)
def test_no_sentence_of_a_client_s_page_speaks_to_the_analyst(made, name: str, study: str) -> None:
    report = made(name, study)
    page = BeautifulSoup(report.page.read_text(), "html.parser")
    for code in page.select("div.code, pre, style, script"):
        code.decompose()
    texts = [" ".join(t.split()) for t in page.main.find_all(string=True)]
    assert len(texts) > 100
    assert [t for t in texts if ADVICE.search(t)] == []
    assert "nothing is adjusted for" in page.get_text() or name != "league"


def test_the_scorecard_of_the_airline_survey_counts_right(made) -> None:
    """The share of answers 3 and 4 is counted in the shipped file itself."""
    import csv

    report = made("scorecard", "airline-survey", segments=[])
    with (catalogue.FOLDER / catalogue.descriptor("airline-survey")["resources"][0]["path"]).open() as file:
        answers = [row["o_experience"] for row in csv.DictReader(file)]
    answered = [float(a) for a in answers if a]
    top = sum(a >= 3 for a in answered)
    row = next(r for r in numbers(report)["headline.1"]["table"] if r["metric"] == "CSAT")
    assert row["n"] == len(answered)
    assert row["estimate"] == pytest.approx(top / len(answered), rel=1e-12)
    page = report.page.read_text()
    assert "this study has no NPS, no CES, no trend, no segments" in page
    assert "no column has role 'segment'" not in page  # what is to be declared stands in the terminal
    assert "Who is more and who is less satisfied" not in page  # a part that does not apply is absent


@pytest.mark.slow
@pytest.mark.mirror
def test_the_scorecard_of_sfo_has_the_published_nps_and_eight_waves(made, mirror: Path) -> None:
    """NPS of 2017: 40.4 weighted (the airport's own report and shared reference values)."""
    found = numbers(made("scorecard", "sfo", segments=["problem"]))
    nps = next(r for r in found["headline.1"]["table"] if r["metric"] == "NPS")
    assert round(nps["estimate"], 1) == 40.4
    assert {r["wave"] for r in found["touchpoint-trends.1"]["table"]} >= {2017}  # the last wave with the first
    (waves,) = (t for k, t in found.items() if k.startswith("other-metrics") and t["kind"] == "trend")
    assert len({r["wave"] for r in waves["table"]}) == 8
    assert len({r["item"] for r in waves["table"]}) > 20


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.parametrize("study", [n for n in catalogue.names() if n not in (*SHIPPED, "sfo")])
def test_the_scorecard_runs_on_every_study_or_says_what_is_missing(made, mirror: Path, study: str) -> None:
    report = made("scorecard", study, segments=[])
    cause = report.failure.cause if report.failure else ""
    assert cause in ("", f"{NO_OUTCOME}{study} declares none. Declare it in its datapackage.json")


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.parametrize(
    ("study", "check"), [("skytrax-lounges", "mixed-scale"), ("airline-tweets-tampered", "tampered")]
)
def test_the_quality_report_finds_what_is_known_to_be_wrong(made, mirror: Path, study: str, check: str) -> None:
    report = made("quality", study)
    assert report.failure is None
    assert ("serious", check) in {(r["level"], r["check"]) for r in numbers(report)["findings.1"]["table"]}
