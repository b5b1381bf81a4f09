"""Logit and ordered models against R (glm, survey::svyglm, MASS::polr; tests/reference/regression.R)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx

REFERENCE = Path(__file__).parents[2] / "reference"
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
    result = cx.regressions.logit(study(), f)
    same(result, expected("logit", "classical"))
    assert result.parts["fit"]["loglik"] == pytest.approx(expected("logit", "loglik")["estimate"].iloc[0], rel=1e-9)
    same(cx.regressions.logit(study(), f, errors="HC0"), expected("logit", "HC0"))
    same(cx.regressions.logit(study(cluster="clinic"), f), expected("logit", "CR0"), factor=np.sqrt(12 / 11))
    same(
        cx.regressions.logit(study(cluster="clinic", strata="region", weight="weight"), f),
        expected("logit-design", "design"),
    )


@pytest.mark.parametrize(("link", "name"), [("logit", "logistic"), ("probit", "probit")])
def test_ordered_models_are_those_of_polr(link, name):
    result = cx.regressions.ordinal(study(), "grade ~ care + wait + channel", link=link)
    same(result, expected(f"ordinal-{name}", "classical"), rtol=2e-6)
    loglik = expected(f"ordinal-{name}", "loglik")["estimate"].iloc[0]
    assert result.parts["fit"]["loglik"] == pytest.approx(loglik, rel=1e-9)


@pytest.mark.mirror
def test_housing_satisfaction_is_the_golden_value(mirror):
    """MASS::housing, frequency weights: coefficients, cuts and deviance of the manual of MASS."""
    data = pd.read_csv(mirror / "housing_satisfaction" / "MASS_housing.csv")
    data["Sat"] = data["Sat"].map({"Low": 1, "Medium": 2, "High": 3})
    base = {"Infl": "Low", "Type": "Tower", "Cont": "Low"}
    f = "Sat ~ " + " + ".join(f"C({name}, contr.treatment(base='{level}'))" for name, level in base.items())
    result = cx.regressions.ordinal(study(data, weight="Freq"), f, errors="classical")
    table = result.table.assign(term=result.table["term"].str.replace(r"C\((\w+), .*\)\[", r"\1[", regex=True))
    golden = {"Infl[T.Medium]": 0.5664, "Infl[T.High]": 1.2888, "Type[T.Apartment]": -0.5724, "Type[T.Atrium]": -0.3662,
              "Type[T.Terrace]": -1.0910, "Cont[T.High]": 0.3603, "1|2": -0.4961, "2|3": 0.6907}  # fmt: skip
    found = table.set_index("term")["estimate"]
    assert found.loc[list(golden)].round(4).tolist() == list(golden.values())
    assert -2 * result.parts["fit"]["loglik"] == pytest.approx(3479.149, abs=5e-4)
    truth = expected("ordinal-housing", "classical").rename(index={"Low|Medium": "1|2", "Medium|High": "2|3"})
    np.testing.assert_allclose(table.set_index("term")["se"].loc[truth.index], truth["se"], rtol=2e-6)


def test_known_effects_come_back():
    """An ordered probit of simulated answers estimates effect / noise."""
    simulated = cx.simulate(60_000, seed=2, drivers={"a": 0.5, "b": -0.2}, noise=0.8, direct=0.0)
    result = cx.regressions.ordinal(simulated, "recommend ~ a + b", link="probit")
    for name, truth in simulated.truth["coefficients"].items():
        row = result[name]
        assert abs(row.value - truth) < 4 * row.se


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cx.regressions.logit(study(), "grade ~ care"),
         "'grade' has the values 1, 2, 3, 4; logit needs 0 and 1: write I(grade >= ...)"),
        (lambda: cx.regressions.logit(study(DATA.assign(happy=1)), "happy ~ care"),
         "'happy' is 1 in all 240 rows; there is nothing to explain"),
        (lambda: cx.regressions.ordinal(study(), "happy ~ care"),
         "'happy' has 2 values; ordinal needs three or more: use logit"),
        (lambda: cx.regressions.ordinal(study(), "overall ~ care"), None),
        (lambda: cx.regressions.ordinal(study(), "grade ~ 0 + care"),
         "formula 'grade ~ 0 + care' has no intercept; the cuts take its place, so leave '0 +' out"),
        (lambda: cx.regressions.logit(study(DATA.assign(sure=DATA["happy"])), "happy ~ care + sure"),
         "no finite estimate: sure predicts 'happy' perfectly in some rows (separation); "
         "leave it out or merge rare categories"),
        (lambda: cx.regressions.logit(study(DATA.assign(g=1), cluster="g"), "happy ~ care"),
         "all rows belong to one cluster (g); its variance cannot be told from one"),
    ],
)  # fmt: skip
def test_what_is_refused(call, said):
    with pytest.raises(cx.DataProblem) as error:
        call()
    if said:
        assert str(error.value) == said
    else:
        assert str(error.value).endswith("values; ordinal is for ratings: use ols, or round it")


@pytest.mark.parametrize(
    ("f", "scale"),
    [
        ("happy ~ staff", 1),
        ("happy ~ staff + price + shop + app", 1),  # every combination is there: fitted on their grid
        ("happy ~ 0 + staff + price", 1),
        ("happy ~ staff + flat + price", 1),  # 'flat' is aliased with the intercept
        ("happy ~ staff + price + staff:price", 1),
        ("I(grade >= 3) ~ staff + price + shop", 1),
        ("happy ~ staff + price + shop + app", 50),  # the same ratings far apart: fitted on the list of patterns
    ],
)
def test_a_logit_of_ratings_is_that_of_statsmodels(f, scale):
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(3)
    data = pd.DataFrame(rng.integers(-1, 4, (20_000, 4)), columns=["staff", "price", "shop", "app"])
    eta = data @ [0.8, -0.3, 0.0, 0.2] - 0.5
    data["happy"] = (rng.random(len(data)) < 1 / (1 + np.exp(-eta))).astype(int)
    data["grade"] = rng.integers(1, 4, len(data)) + data["happy"]
    data[["staff", "price", "shop", "app"]] *= scale
    data["flat"] = 2
    data.loc[::7, "price"] = np.nan
    found = cx.regressions.logit(study(data), f)
    left = found.table.dropna(subset="estimate").set_index("term")
    assert found.table["estimate"].isna().sum() == ("flat" in f)
    by_rows = data.assign(yes=(data["grade"] >= 3).astype(int))
    truth = smf.logit(f.replace("I(grade >= 3)", "yes").replace("flat + ", ""), by_rows).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(left["estimate"], truth.params, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(left["se"], truth.bse, rtol=1e-7)
    assert found.parts["fit"]["loglik"] == pytest.approx(truth.llf, rel=1e-10)
    assert found.parts["fit"]["loglik_null"] == pytest.approx(truth.llnull, rel=1e-10)
    rows = data[list(set(re.findall(r"\w+", f)) & set(data.columns))].dropna()
    assert found.parts["fit"]["n"] == len(rows)
    rows = rows.assign(grade=rows["grade"] >= 3) if "I(" in f else rows
    assert found.parts["fit"]["patterns"] == len(rows.drop_duplicates())


@pytest.mark.parametrize("fit", [cx.regressions.ordinal, cx.regressions.logit, cx.ols])
def test_columns_that_nobody_answered_together_are_named(fit):
    data = pd.DataFrame({"a thing": [1, 2, None] * 4, "y": [None, None, 3] * 4, "care": [1, 2, 3] * 4})
    with pytest.raises(cx.DataProblem, match=r"has all of (a thing, care|care, a thing), y; leave out what was hardly"):
        fit(study(data), "y ~ care + `a thing`")
