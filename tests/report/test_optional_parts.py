"""Optional parts: skipped with a reason, unless asked for; a report without its main part is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlab.data import codebook as codebooks
from cxlab.data import load
from cxlab.data.doubt import Doubt
from cxlab.report import render
from cxlab.report.kernel import Kernels


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """100 answers, one segment of which too small for drivers of its own; recommendation coded 1 to 11."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.integers(1, 6, (100, 5)), columns=["overall", "staff", "food", "speed", "price"])
    table.insert(0, "nps", rng.integers(1, 12, 100))
    table.insert(0, "region", ["A"] * 95 + ["B"] * 3 + ["C"] * 2)
    table.to_csv(tmp_path / "small.csv", index=False)
    return tmp_path / "small.csv"


def made(kernels: Kernels, notebook: str, data: Path, **given: object) -> render.Report:
    return render.report(notebook, str(data), given, kernels=kernels, output=data.parent / "reports")


def test_one_small_segment_does_not_take_the_drivers_down(kernels: Kernels, small: Path) -> None:
    report = made(kernels, "drivers", small)
    assert report.failure is None
    assert report.skipped == (
        "The same for everybody?: 1 segment of 'region' has enough answers to fit 4 drivers; two are needed",
    )
    assert json.loads((report.folder / "run.json").read_text())["skipped"][0]["section"] == "The same for everybody?"
    page = report.page.read_text()
    assert "Not shown: 1 segment of" in page and "What if" in page
    off = made(kernels, "drivers", small, segment=None)
    assert off.failure is None and off.skipped == ()
    asked = made(kernels, "drivers", small, segment="region")
    assert asked.failure is not None and "1 segment of 'region' has enough answers" in asked.failure.cause


def test_an_outcome_coded_1_to_11_does_not_take_the_scorecard_down(kernels: Kernels, small: Path) -> None:
    report = made(kernels, "scorecard", small)
    assert report.failure is None
    numbers = json.loads((report.folder / "results.json").read_text())["results"]
    card = numbers["headline.1"]
    assert {row["metric"] for row in card["table"]} >= {"CSAT"} and "NPS" not in {
        row["metric"] for row in card["table"]
    }
    assert any(n.startswith("no NPS: recommendation was not asked from 0 to 10") for n in card["notes"])
    assert made(kernels, "scorecard", small, segments="none").failure is None


def test_a_report_without_its_main_part_is_refused(kernels: Kernels, small: Path) -> None:
    for notebook, what in (("league", "a league table"), ("benchmark", "a benchmark")):
        report = made(kernels, notebook, small)
        assert report.failure is not None and report.failure.cause.startswith(what)
        assert f"cxlab codebook set {small} COLUMN role=brand" in report.failure.cause


def test_doubts_stand_on_the_page_and_in_the_error(kernels: Kernels, small: Path) -> None:
    book = load.load(small).codebook
    doubts = (
        Doubt("region", "'<region>' holds 3 words: is it the brand?", ("no, a segment", "yes"), weight=0.8,
              settings=("", "role=brand")),
        Doubt("speed", "is 5 the best?", ("yes", "no"), weight=0.1, settings=("", "best=low")),
    )  # fmt: skip
    package = codebooks.write(book, small.name) | {"doubts": [d.to_dict() for d in doubts]}
    small.with_name("small.datapackage.json").write_text(json.dumps(package))
    page = made(kernels, "scorecard", small).page.read_text()
    assert "2 guesses, listed at the end" in page
    assert "region: &#39;&lt;region&gt;&#39; holds 3 words: is it the brand?" in page
    assert f"cxlab codebook set {small} region role=brand" in page
    failed = made(kernels, "league", small)
    assert failed.failure is not None
    assert f"It may be 'region': cxlab codebook set {small} region role=brand" in failed.failure.cause
