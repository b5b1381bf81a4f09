"""The guide `scale`, end to end through the report runner."""

from __future__ import annotations

import json

import pytest

from cxlab.report import render


@pytest.mark.slow
@pytest.mark.parametrize("study", ["brand-tracker", "abc"])
def test_the_guide_runs_and_finds_the_known_effects(kernels, tmp_path, study: str) -> None:
    report = render.report("scale", study, {"rows": 200_000}, kernels=kernels, output=tmp_path)
    assert report.failure is None
    found = json.loads((report.folder / "results.json").read_text())["results"]
    effects = next(r["table"] for r in found.values() if r["title"] == "Effects and the truth")
    assert [row["term"] for row in effects] == ["website", "service", "delivery", "invoice", "app"]
    assert all(abs(row["estimate"] - row["truth"]) < 0.02 for row in effects)
