"""Logit and ordered models against R (glm, survey::svyglm, MASS::polr; tests/reference/regression.R)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(REFERENCE / "regression_data.csv")
TRUTH = pd.read_csv(REFERENCE / "regression.csv")


def study(data: pd.DataFrame = DATA, **roles: str) -> cx.Study:
    """Return a study whose columns have the given roles."""
    fields = tuple(cx.Field(c, role=next((r for r, name in roles.items() if name == c), "")) for c in data.columns)
    return cx.Study(data, cx.Codebook("clinics", fields))


def expected(model: str, errors: str) -> pd.DataFrame:
    """Return R's rows, terms named as formulaic names them."""
    rows = TRUTH[(TRUTH["model"] == model) & (TRUTH["errors"] == errors)].copy()
    rows["term"] = rows["term"].str.replace(r"(channel|Infl|Type|Cont)([A-Za-z]+)", r"\1[T.\2]", regex=True)
    return rows.set_index("term")


def same(result: cx.Result, truth: pd.DataFrame, rtol: float = 1e-6, factor: float = 1.0) -> None:
    """Check estimates and errors."""
    found = result.table.set_index("term").loc[truth.index]
    np.testing.assert_allclose(found["estimate"], truth["estimate"], rtol=rtol)
    np.testing.assert_allclose(found["se"], truth["se"] * factor, rtol=rtol)


def test_logit_is_that_of_r():
    f = "happy ~ care + wait + channel"
    result = cx.logit(study(), f)
    same(result, expected("logit", "classical"))
    assert result.parts["fit"]["loglik"] == pytest.approx(expected("logit", "loglik")["estimate"].iloc[0], rel=1e-9)
    same(cx.logit(study(), f, errors="HC0"), expected("logit", "HC0"))
    same(cx.logit(study(cluster="clinic"), f), expected("logit", "CR0"), factor=np.sqrt(12 / 11))
    same(cx.logit(study(cluster="clinic", strata="region", weight="weight"), f), expected("logit-design", "design"))


@pytest.mark.parametrize(("link", "name"), [("logit", "logistic"), ("probit", "probit")])
def test_ordered_models_are_those_of_polr(link, name):
    result = cx.ordinal(study(), "grade ~ care + wait + channel", link=link)
    same(result, expected(f"ordinal-{name}", "classical"), rtol=2e-6)
    loglik = expected(f"ordinal-{name}", "loglik")["estimate"].iloc[0]
    assert result.parts["fit"]["loglik"] == pytest.approx(loglik, rel=1e-9)
