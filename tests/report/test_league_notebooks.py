"""The notebooks league and benchmark, end to end, against the truth of the simulated tracker and the public data."""

import json

import pytest

from cxlab.data import catalogue
from cxlab.report import render

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(kernels, tmp_path_factory):
    output = tmp_path_factory.mktemp("reports")
    return lambda name, study, **given: render.report(name, study, given, kernels=kernels, output=output)


def numbers(report):
    assert report.failure is None
    return json.loads((report.folder / "results.json").read_text())["results"]


def test_league_of_the_tracker_holds_the_true_ranks(made):
    """The NPS the interviews were drawn from, averaged over the waves: every brand's true rank lies in its set."""
    truth = {}
    for row in json.loads((catalogue.FOLDER / "brand-tracker/truth.json").read_text())["nps"]:
        truth[row["brand"]] = truth.get(row["brand"], 0) + row["nps"] / 8
    report = made("league", "brand-tracker")
    found = numbers(report)
    rows = {r["brand"]: r for r in found["table.1"]["table"]}
    assert set(rows) == set(truth)
    for brand, row in rows.items():
        rank = 1 + sum(other > truth[brand] for other in truth.values())
        assert row["all_low"] <= rank <= row["all_high"], brand
    assert found["waves.1"]["kind"] == "league_change"
    page = report.page.read_text()
    assert "Alba leads 6 units in Net Promoter Score: 46.6." in page
    assert "regression to the mean alone would give" in page


def test_the_case_mix_of_the_tracker_is_shown(made):
    found = numbers(made("league", "brand-tracker", case_mix=["country", "age", "mode"]))
    table = {r["brand"]: r for r in found["table.1"]["table"]}
    assert all(abs(r["raw"] - r["estimate"]) < 10 for r in table.values())
    shares = {(r["variable"], r["category"]) for r in found["table.1"]["parts"]["case_mix"]}
    assert ("mode", "phone") in shares


def test_benchmark_of_one_brand(made):
    found = numbers(made("benchmark", "brand-tracker", brand="Brio"))
    gap = found["gap.1"]
    assert [r["what"] for r in gap["table"]][:2] == ["Brio", "5 peers, weighted mean"]
    assert gap["parts"]["places"] == 6


def test_published_figures_beside_a_study(made):
    """States of the same region and size class as Ohio, from the benchmark library."""
    where = ["industry=Hospitals", "period=2022", "question=Would definitely recommend the hospital"]
    found = numbers(
        made("benchmark", "brand-tracker", published=where, brand="Ohio", match=["region", "size"], own_se=0.01)
    )
    peers = {r["name"] for r in found["peers.1"]["table"]}
    assert peers == {"Illinois", "Michigan", "Wisconsin", "Indiana"}
    assert {r["rule"] for r in found["matching.1"]["table"]} == {"all others", "same industry", "similar size", "both"}


def test_a_study_without_brands_says_so(made):
    for name in ("league", "benchmark"):
        report = made(name, "airline-survey")
        assert "needs a column with role 'brand'; airline-survey declares none" in report.failure.cause


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("name", "study", "given"),
    [
        ("league", "skytrax-lounges", {"metric": "share", "of": "recommended", "value": 1}),
        ("league", "corp-rep", {"metric": "index"}),
        ("league", "acsi-2015", {"unit": "INDUSTRY", "metric": "index"}),
        ("league", "sfo", {"metric": "csat", "of": "overall"}),
        ("benchmark", "skytrax-lounges", {"metric": "share", "of": "recommended", "value": 1, "brand": "emirates"}),
    ],
)
def test_real_units(made, mirror, name, study, given):
    assert numbers(made(name, study, **given))
