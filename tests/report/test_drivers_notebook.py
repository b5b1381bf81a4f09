"""The notebook drivers, end to end: on shipped and public studies, and where a role is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cxlab as cx
from cxlab.report import render

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(kernels, tmp_path_factory):
    output = tmp_path_factory.mktemp("reports")
    return lambda name, study, **given: render.report(name, study, given, kernels=kernels, output=output)


def numbers(report):
    assert report.failure is None, report.failure
    return json.loads((report.folder / "results.json").read_text())["results"]


@pytest.mark.parametrize("study", ["abc", "brand-tracker"])
def test_the_whole_story_of_a_shipped_study(made, study: str):
    report = made("drivers", study)
    found = numbers(report)
    expected = cx.drivers(cx.load(study)).table.set_index("driver").estimate
    rows = {r["driver"]: r["estimate"] for r in found["shares.1"]["table"]}
    assert rows == pytest.approx(expected.to_dict(), abs=1e-12)
    kinds = {r["kind"] for r in found.values()}
    assert {"drivers", "asymmetry", "one_failure", "importance_performance", "what_if"} <= kinds
    page = report.page.read_text()
    assert "They are no proof of causes." in page
    assert ("driver_levels" in kinds) == (study == "brand-tracker")  # only there customers answer again
    assert ("stated" in kinds) == (study == "abc")


@pytest.mark.mirror
def test_passengers_of_sfo_who_did_not_use_everything(made, mirror: Path):
    named = ["restaurants", "shops", "signs", "walkways", "screens", "wifi", "art", "parking", "airtrain"]
    report = made("drivers", "sfo", only={"wave": "2017"}, outcome="overall", drivers=named, missing="indicator")
    found = numbers(report)["shares.1"]
    assert any(note.startswith("not answered is a level of its own (indicator)") for note in found["notes"])
    assert "clusters within 3 strata" in found["method"]
    assert found["table"][0]["driver"] == "restaurants"


@pytest.mark.mirror
def test_a_study_without_touchpoints_says_so_and_takes_named_themes(made, mirror: Path):
    refused = made("drivers", "patient-feedback")
    assert "needs a column with role 'touchpoint'; patient-feedback declares none" in refused.failure.cause
    themes = ["Staff manner & personal attributes", "Timeliness of care", "Contacting services"]
    report = made("drivers", "patient-feedback", drivers=themes)
    signs = {r["driver"]: r["sign"] for r in numbers(report)["shares.1"]["table"]}
    assert signs == dict(zip(themes, "+−−", strict=True))
    assert "No driver has a declared scale from bad to good" in report.page.read_text()
