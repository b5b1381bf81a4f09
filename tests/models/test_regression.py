"""Least squares and ridge against R (lm, sandwich, clubSandwich, survey; tests/reference/regression.R)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(REFERENCE / "regression_data.csv")
TRUTH = pd.read_csv(REFERENCE / "regression.csv")
F = "overall ~ care + wait * channel"


def study(data: pd.DataFrame = DATA, **roles: str) -> cx.Study:
    """Return a study whose columns have the given roles."""
    fields = tuple(cx.Field(c, role=next((r for r, name in roles.items() if name == c), "")) for c in data.columns)
    return cx.Study(data, cx.Codebook("clinics", fields))


def expected(model: str, errors: str) -> pd.DataFrame:
    """Return R's rows, terms named as formulaic names them."""
    rows = TRUTH[(TRUTH["model"] == model) & (TRUTH["errors"] == errors)].copy()
    rename = lambda t: re.sub(r"(channel|region|Infl|Type|Cont)([A-Za-z]+)", r"\1[T.\2]", t)  # noqa: E731
    rows["term"] = [rename(t) for t in rows["term"]]
    return rows.set_index("term")


def same(result: cx.Result, truth: pd.DataFrame, *, df: bool = False) -> None:
    """Check estimates, errors and degrees of freedom to 1e-7 relative."""
    found = result.table.set_index("term").loc[truth.index]
    np.testing.assert_allclose(found["estimate"], truth["estimate"], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found["se"], truth["se"], rtol=1e-7)
    if df:
        np.testing.assert_allclose(found["df"], truth["df"], rtol=1e-6)


@pytest.mark.parametrize("errors", ["classical", "HC0", "HC1", "HC2", "HC3", "CR1", "CR2"])
@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_is_that_of_r(errors, weighted):
    roles = {"cluster": "clinic", **({"weight": "weight"} if weighted else {})}
    truth = expected("ols-weighted" if weighted else "ols", errors)
    same(cx.ols(study(**roles), F, errors=errors), truth, df=not truth["df"].isna().any())


def test_a_cluster_with_a_coefficient_to_itself_is_that_of_clubsandwich():
    few = DATA[DATA["clinic"].isin(["c01", "c06", "c07", "c10", "c11", "c12"])].copy()
    few["region"] = few["region"].map({"mid": "a mid", "north": "north", "south": "south"})
    result = cx.ols(study(few, cluster="clinic", weight="weight"), "overall ~ care + region", errors="CR2")
    same(result, expected("ols-own-region", "CR2"), df=True)


def test_strata_and_clusters_are_those_of_the_survey_package():
    result = cx.ols(study(cluster="clinic", strata="region", weight="weight"), F)
    same(result, expected("ols-design", "design"))
    assert result.method == ("weighted least squares (weight weight); design-based errors (12 clusters in 3 strata)")
    assert result.table["df"].unique().tolist() == [9.0]
