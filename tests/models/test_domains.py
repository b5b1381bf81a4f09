"""A subset of a designed sample is a domain: its errors keep the clusters that were drawn (R's ``subset`` of a design).

The values are R's (`tests/reference/domain.R`), on a sample made for it (`tests/reference/domain_data.R`): cluster
numbers that start anew in every stratum, strata of one cluster, brands in few clusters, whole clusters without a
question.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab import Codebook, Field, Scale, Study
from cxlab.models.drivers import driver_data
from cxlab.stats.fits import replicated_ols

REFERENCE = Path(__file__).parents[1] / "reference"
R = pd.read_csv(REFERENCE / "domain.csv", comment="#", keep_default_na=False).replace({"df": {"NA": "nan"}})
DATA = pd.read_csv(REFERENCE / "domain_data.csv")
DESIGNS = {
    "cluster+strata+weight": ("c", "h", "w"), "cluster+strata": ("c", "h", ""), "cluster+weight": ("k", "", "w"),
    "strata+weight": ("", "h", "w"), "cluster+strata+weight+population": ("c", "h", "w"),
}  # fmt: skip
DOMAINS = {"all": {}, "beta": {"brand": "Beta"}, "gamma": {"brand": "Gamma"},
           "beta_late": {"brand": "Beta", "wave": 2}}  # fmt: skip
PLAIN = [d for d in DESIGNS if "population" not in d]
SIZE = dict(zip(DATA["h"], DATA["N"], strict=True))


def sample(design: str, table: object = DATA) -> Study:
    cluster, strata, weight = DESIGNS[design]
    roles = {cluster: "cluster", strata: "strata", weight: "weight"}
    fields = [Field(c, type="integer", role=roles.get(c, "")) for c in ("h", "c", "k", "N")]
    fields += [Field("w", type="number", role=roles.get("w", "")), Field("wave", type="integer", role="wave")]
    fields += [Field("brand", type="string", role="segment"), Field("x", type="number"), Field("t", type="integer")]
    fields += [Field("y", type="integer", role="outcome", measure="satisfaction", scale=Scale(1, 5))]
    fields += [Field("nps", type="integer", role="outcome", measure="recommendation", scale=Scale(0, 10))]
    return Study(table, Codebook("hard", tuple(fields)))


def domain(design: str, name: str, table: object = DATA) -> Study:
    found = sample(design, table)
    for column, value in DOMAINS[name].items():  # one filter on the other
        found = found.where(**{column: value})
    return found


def value(design: str, name: str, quantity: str, term: str = "") -> tuple[float, float]:
    row = R[(R["design"] == design) & (R["domain"] == name) & (R["quantity"] == quantity) & (R["term"] == term)].iloc[0]
    return float(row["estimate"]), float(row["se"])


def one(result: cx.Result) -> tuple[float, float]:
    return tuple(result.table[["estimate", "se"]].iloc[0])


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("design", DESIGNS)
def test_means_shares_and_nps_of_a_domain_equal_r(design: str, name: str) -> None:
    s, known = domain(design, name), {"population": SIZE} if "population" in design else {}
    assert one(cx.mean(s, "y", least_n=0, **known)) == pytest.approx(value(design, name, "mean"), rel=1e-9)
    assert one(cx.nps(s, least_n=0, **known)) == pytest.approx(value(design, name, "nps"), rel=1e-9)
    assert one(cx.csat(s, "y", boxes=2, least_n=0, **known)) == pytest.approx(value(design, name, "share"), rel=1e-9)


@pytest.mark.parametrize("name", ["all", "beta", "gamma"])
@pytest.mark.parametrize("design", PLAIN)
def test_changes_within_a_domain_equal_r(design: str, name: str) -> None:
    row = cx.compare(domain(design, name), "mean", by="wave", of="y").table.iloc[0]
    assert (row["estimate"], row["se"]) == pytest.approx(value(design, name, "change", "2-1"), rel=1e-9)


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb", "arrow"])
def test_every_engine_keeps_the_design_of_a_domain(engine: str) -> None:
    table = {
        "pandas": lambda: DATA, "polars": lambda: pl.from_pandas(DATA), "duckdb": lambda: duckdb.from_df(DATA),
        "arrow": lambda: pl.from_pandas(DATA).to_arrow(),
    }[engine]()  # fmt: skip
    found = domain("cluster+strata+weight", "beta", table)
    for s in (found, found.cache()):
        assert one(cx.mean(s, "y")) == pytest.approx(value("cluster+strata+weight", "beta", "mean"), rel=1e-9)


def test_where_filter_and_by_say_the_same() -> None:
    s = sample("cluster+strata+weight")
    by = cx.nps(s, by="brand").table.set_index("brand").loc["Beta", ["estimate", "se", "low", "high", "n_eff"]]
    for part in (s.where(brand="Beta"), s.filter(nw.col("brand") == "Beta", "brand Beta")):
        assert cx.nps(part).table.iloc[0][by.index].tolist() == pytest.approx(by.tolist(), rel=1e-12)


def test_a_sample_without_design_is_filtered_plainly() -> None:
    book = Codebook("plain", (Field("y", role="outcome"), Field("brand", type="string", role="segment")))
    part = Study(DATA, book).where(brand="Beta")
    assert part.whole is None
    assert part.drawn is None


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("design", DESIGNS)
def test_regressions_in_a_domain_equal_r(design: str, name: str) -> None:
    s = domain(design, name)
    known = {"errors": "design", **({"population": SIZE} if "population" in design else {})}
    models = {
        "ols": (cx.ols, "y ~ x + t"), "logit": (cx.regressions.logit, "I(nps >= 9) ~ x + t"),
        "ordinal": (cx.regressions.ordinal, "y ~ x + t"),
    }  # fmt: skip
    for quantity, (model, formula) in models.items():
        terms = R[(R["design"] == design) & (R["domain"] == name) & (R["quantity"] == quantity)]["term"]
        if not len(terms):
            continue
        found = model(s, formula, **known).table.set_index("term").rename({"Intercept": "(Intercept)"})
        for term in terms:  # svyolr stops when the steps are small
            got = found.loc[term, ["estimate", "se"]].astype(float).tolist()
            close = 5e-4 if quantity == "ordinal" else 1e-6
            assert got == pytest.approx(value(design, name, quantity, term), rel=close), (quantity, term)


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("design", PLAIN)
def test_the_jackknife_of_a_domain_equals_r(design: str, name: str) -> None:
    """R counts what is left out with a stratum's only cluster at (H - 1) / H, cxlab in full, as in its other errors."""
    row = R[(R["design"] == design) & (R["domain"] == name) & (R["quantity"] == "jackknife")].iloc[0]
    close = 5e-3 if "cluster+strata" in design else 1e-9
    found = cx.regressions.jackknife(domain(design, name), "nps", statistic="nps").table.iloc[0]
    assert found["df"] == float(row["df"])
    assert (found["estimate"], found["se"]) == pytest.approx((float(row["estimate"]), float(row["se"])), rel=close)


@pytest.mark.parametrize("name", ["all", "beta", "gamma"])
@pytest.mark.parametrize("design", PLAIN)
def test_driver_analyses_keep_the_design_of_a_domain(design: str, name: str) -> None:
    """The replicate groups that every driver analysis draws from give R's errors of least squares."""
    answers = driver_data.read(domain(design, name), "y", ["x", "t"])
    fit = replicated_ols.least_squares(
        np.column_stack([np.ones(answers.n), answers.X]), answers.y, answers.w, answers.groups()
    )
    truth = [value(design, name, "ols", t) for t in ("(Intercept)", "x", "t")]
    assert np.column_stack([fit.coef, np.sqrt(np.diag(fit.covariance))]).tolist() == [
        pytest.approx(t, rel=1e-9) for t in truth
    ]


@pytest.mark.parametrize("design", PLAIN)
def test_bootstraps_keep_the_design_of_a_domain(design: str) -> None:
    """Rao and Wu's bootstrap has the linearised variance, also with strata of one cluster and clusters not asked."""
    s, (estimate, se) = domain(design, "beta"), value(design, "beta", "mean")
    row = cx.bootstrap(s, "y", draws=4000, seed=1).table.iloc[0]
    assert (row["estimate"], row["se"]) == (pytest.approx(estimate), pytest.approx(se, rel=0.1))
    asked = sample(design).where(brand="Beta")
    ratio = cx.metrics.satisfaction_ratio(asked, of="y", draws=4000).table.iloc[0]
    assert (5 * ratio["estimate"], 5 * ratio["se"]) == (pytest.approx(estimate), pytest.approx(se, rel=0.1))


QUANTILES = pd.read_csv(REFERENCE / "domain_quantiles.csv", comment="#")


def quantile(p: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The smallest value at or below which a share p of the weighted answers lies, of each block of counts."""
    return lambda values, c: values[np.argmax(np.cumsum(c, axis=1) >= p * c.sum(axis=1, keepdims=True) - 1e-9, axis=1)]


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("design", ["cluster+strata+weight", "cluster+strata", "cluster+weight"])
def test_quantiles_of_a_domain_equal_r(design: str, name: str) -> None:
    rows = QUANTILES[(QUANTILES["design"] == design) & (QUANTILES["domain"] == name)]
    for p, truth in rows[rows["method"] == "woodruff"].set_index("quantile")["estimate"].items():
        found = cx.bootstrap(domain(design, name), "x", statistic=quantile(p), draws=20, seed=1, least_n=0)
        assert found.table["estimate"].iloc[0] == pytest.approx(truth, abs=1e-9)
    if "weight" in design:  # an even number of answers without weights has two middles
        middle = rows[(rows["method"] == "woodruff") & (rows["quantile"] == 0.5)]["estimate"].iloc[0]
        found = cx.bootstrap(domain(design, name), "x", statistic="median", draws=20, seed=1, least_n=0)
        assert found.table["estimate"].iloc[0] == pytest.approx(middle, abs=1e-9)


@pytest.mark.parametrize("name", ["all", "beta"])
@pytest.mark.parametrize("design", ["cluster+strata+weight", "cluster+strata", "cluster+weight"])
def test_errors_of_a_median_of_a_domain_are_those_of_r_s_bootstrap(design: str, name: str) -> None:
    """Both draw at random; R takes no stratum of one cluster, so these are left out."""
    few = DATA[~DATA["h"].isin([7, 8])]
    rows = QUANTILES[(QUANTILES["design"] == design) & (QUANTILES["domain"] == name)]
    estimate, se = rows[rows["method"] == "bootstrap"][["estimate", "se"]].iloc[0]
    found = cx.bootstrap(domain(design, name, few), "x", statistic=quantile(0.5), draws=3000, seed=2).table.iloc[0]
    assert (found["estimate"], found["se"]) == (pytest.approx(estimate, abs=1e-9), pytest.approx(se, rel=0.1))
