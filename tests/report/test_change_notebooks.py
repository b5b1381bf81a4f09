"""The notebooks monitor and pilot, end to end through the report runner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cxlab.report import render
from cxlab.report.kernel import Kernels


def results(name: str, kernels: Kernels, folder: Path, **given: object) -> tuple[dict, list]:
    report = render.report(name, "brand-tracker", given, kernels=kernels, output=folder)
    assert report.failure is None, report.failure
    return (
        json.loads((report.folder / "results.json").read_text())["results"],
        json.loads((report.folder / "run.json").read_text())["skipped"],
    )


def test_the_monitor_draws_the_whole_and_every_brand(kernels: Kernels, tmp_path: Path) -> None:
    found, skipped = results("monitor", kernels, tmp_path, per="quarter")
    kinds = {key: value["kind"] for key, value in found.items()}
    assert {
        "chart.1": "monitor",
        "groups.1": "monitor",
        "changes.1": "changes",
        "running.1": "running",
    }.items() <= kinds.items()
    assert "change_explained" in kinds.values() and skipped == []
    brands = found["groups.1"]["parts"]["charts"]
    assert len({row["brand"] for row in brands}) == 6
    assert found["groups.1"]["parts"]["budget"] == "at most 1 false alarm a quarter"


@pytest.mark.parametrize("given", [{}, {"start": {"Alba": "2025 Q1"}, "wave": "wave", "arm": "customer"}])
def test_the_pilot_says_what_it_can(kernels: Kernels, tmp_path: Path, given: dict) -> None:
    found, skipped = results("pilot", kernels, tmp_path, **given)
    kinds = [value["kind"] for value in found.values()]
    assert "rollout_plan" in kinds
    if given:
        assert kinds.count("pilot") == 2
        assert found["units.1"]["parts"]["least_p"] == pytest.approx(1 / 6)
        assert any("these data cannot tell" in n for n in found["units.1"]["notes"])
