"""The notebooks loyalty, price and personas, end to end through the report runner on the simulated customers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cxlab.report import render
from cxlab.report.kernel import Kernels

SHOWN = {
    "loyalty": {"value", "loyalty_curve", "survival", "hazard", "cost_to_serve", "contact_clock", "repeat"},
    "price": {"stated_premium", "price_sensitivity", "willingness_to_pay", "choice", "choice_design"},
    "personas": {"personas"},
}


@pytest.mark.parametrize("name", SHOWN)
def test_every_part_is_there_on_the_simulated_customers(name: str, kernels: Kernels, tmp_path: Path) -> None:
    report = render.report(name, "customers", {}, kernels=kernels, output=tmp_path)
    assert report.failure is None, report.failure
    found = json.loads((report.folder / "results.json").read_text())["results"]
    assert SHOWN[name] <= {value["kind"] for value in found.values()}
    assert json.loads((report.folder / "run.json").read_text())["skipped"] == []
