"""Pictures of data quality and of weights: every finding and category is there, with its number of rows."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from cxlab.data.catalogue import open_study
from cxlab.data.quality import quality
from cxlab.data.weights import weighting

MARGINS = {"customer": {"new": 0.4, "repeat": 0.6}}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def said(ax) -> str:
    return "\n".join(t.get_text() for t in ax.texts) + "\n".join(t.get_text() for t in ax.get_yticklabels())


def test_each_finding_is_drawn_with_its_rows():
    result = quality(open_study("brand-tracker"))
    words = said(result.plot())
    for row in result.table[result.table["level"] != "fine"].itertuples():
        assert f"{row.check}: {row.question}" in words and f"{row.n:,}" in words


def test_findings_that_are_fine_are_drawn_only_when_there_are_no_others():
    result = quality(open_study("airline-survey"))
    assert "completion" not in said(result.plot())
    only = result.table[result.table["level"] == "fine"].reset_index(drop=True)
    assert "completion" in said(type(result)("quality", "fine", only).plot())


def test_margins_are_drawn_with_their_number_of_rows():
    table = open_study("brand-tracker").frame.collect().to_pandas()
    words = said(weighting(open_study("brand-tracker"), MARGINS).plot())
    for category, n in table["customer"].value_counts().items():
        assert f"customer: {category}  (n = {n:,})" in words


def test_without_margins_the_spread_of_the_weights_is_drawn():
    weights = open_study("brand-tracker").frame.collect().to_pandas()["weight"].pipe(pd.to_numeric)
    assert f"largest\n{weights.max() / weights.mean():.2f}" in said(weighting(open_study("brand-tracker")).plot())
