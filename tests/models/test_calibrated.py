"""Weights made in the session are estimates: errors of metrics know the margins (R's ``calibrate``)."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab import Codebook, Field, Scale, Study
from cxlab.models.metrics import calibrated_sums, fitted_weights, scores
from cxlab.stats.counts import clustered_rows
from cxlab.stats.inference import calibrated

REFERENCE = Path(__file__).parents[1] / "reference"
R = pd.read_csv(REFERENCE / "calibration.csv", comment="#", keep_default_na=False)
DATA = pd.read_csv(REFERENCE / "domain_data.csv")
DESIGNS = {
    "none": ("", "", ""),
    "weight": ("", "", "w"),
    "cluster+weight": ("k", "", "w"),
    "cluster+strata": ("c", "h", ""),
}
BRANDS = {"Alfa": 0.5, "Beta": 0.35, "Gamma": 0.15}


def weighted(design: str, kind: str) -> Study:
    cluster, strata, weight = DESIGNS[design]
    roles = {cluster: "cluster", strata: "strata", weight: "weight"}
    fields = [Field(c, type="integer", role=roles.get(c, "")) for c in ("h", "c", "k")]
    fields += [Field("w", type="number", role=roles.get("w", "")), Field("wave", type="integer", role="wave")]
    fields += [Field("brand", type="string", role="segment"), Field("x", type="number"), Field("t", type="integer")]
    fields += [Field("y", type="integer", role="outcome", measure="satisfaction", scale=Scale(1, 5))]
    fields += [Field("nps", type="integer", role="outcome", measure="recommendation", scale=Scale(0, 10))]
    study = Study(DATA, Codebook("hard", tuple(fields)))
    if kind == "post":
        return cx.designs.poststratify(study, "brand", totals=BRANDS)
    return cx.rake(study, {"wave": {1: 0.7, 2: 0.3}, "brand": BRANDS}, tolerance=1e-12)


def value(design: str, kind: str, domain: str, quantity: str) -> tuple[float, float]:
    where = (R["design"] == design) & (R["weights"] == kind) & (R["domain"] == domain) & (R["quantity"] == quantity)
    return tuple(R.loc[where, ["estimate", "se"]].iloc[0].astype(float))


def one(result: cx.Result) -> tuple[float, float]:
    return tuple(result.table[["estimate", "se"]].iloc[0])


@pytest.mark.parametrize("kind", ["raked", "post"])
@pytest.mark.parametrize("design", DESIGNS)
def test_errors_under_fitted_weights_equal_r(design: str, kind: str) -> None:
    study = weighted(design, kind)
    assert one(cx.nps(study)) == pytest.approx(value(design, kind, "", "nps"), rel=1e-6)
    assert one(cx.mean(study, "y")) == pytest.approx(value(design, kind, "", "mean"), rel=1e-6)
    by = cx.nps(study, by="brand").table.set_index("brand")
    for brand in BRANDS:
        truth = pytest.approx(value(design, kind, brand, "nps"), rel=1e-6)
        assert tuple(by.loc[brand, ["estimate", "se"]]) == truth
        assert one(cx.nps(study.where(brand=brand))) == truth
    change = cx.compare(study, "nps", by="wave")
    assert one(change) == pytest.approx(value(design, kind, "2-1", "change"), rel=1e-6)


MODELS = {
    "ols": (cx.ols, "y ~ x + t"), "logit": (cx.regressions.logit, "I(nps >= 9) ~ x + t"),
    "ordinal": (cx.regressions.ordinal, "y ~ x + t"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["raked", "post"])
@pytest.mark.parametrize("design", DESIGNS)
def test_regressions_under_fitted_weights_equal_r(design: str, kind: str) -> None:
    """But for what rests on fewer than ten clusters: its variance is times k / (k - 1) in logit and ordinal."""
    whole, unit = weighted(design, kind), ["h", "c"] if design == "cluster+strata" else ["k"]
    rows = R[(R["design"] == design) & (R["weights"] == kind) & R["quantity"].str.contains(" ")]
    assert len(rows) == 15
    for (domain, quantity), (e, se) in (
        rows.set_index(["domain", "quantity"])[["estimate", "se"]].astype(float).iterrows()
    ):
        name, term = quantity.split(" ", 1)
        study = whole.where(brand=["Alfa", "Beta"]) if domain else whole
        model, formula = MODELS[name]
        found = model(study, formula)
        row = found.table.set_index("term").rename({"Intercept": "(Intercept)"}).loc[term]
        grown = 1.0
        if term == "t" and name != "ols" and "cluster" in design:
            there = DATA[(DATA["t"] == 1) & (DATA["brand"] != "Gamma" if domain else True)]
            there = there if name == "logit" else there[there["y"].notna()]
            k = len(there[unit].drop_duplicates())
            grown = np.sqrt(k / (k - 1)) if k < 10 else 1.0
        close = 3e-5 if name == "ordinal" else 1e-6  # svyolr stops when the steps are small
        assert (row["estimate"], row["se"]) == (pytest.approx(e, rel=close), pytest.approx(se * grown, rel=close))
        assert "weights fitted to margins: linearised with the margins known" in found.method
        assert not any("count as known" in note for note in found.notes)


def test_the_rest_is_one_group_as_if_it_were_coded_so() -> None:
    study = weighted("cluster+weight", "raked")
    both = cx.compare(study, "nps", by="brand", pairs="rest").table.set_index("brand").loc["Beta"]
    coded = Study(
        study.lazy.to_native().assign(beta=np.where(DATA["brand"] == "Beta", "Beta", "rest")),
        study.codebook.__class__("hard", (*study.codebook.fields, Field("beta", type="string", role="segment"))),
        calibration=study.calibration,
    )
    alone = cx.compare(coded, "nps", by="beta").table.iloc[0]
    assert abs(both["estimate"]) == pytest.approx(abs(alone["estimate"]))
    assert both["se"] == pytest.approx(alone["se"])


@pytest.mark.parametrize("engine", [duckdb.from_df, lambda t: pl.from_pandas(t).lazy(), lambda t: t])
@pytest.mark.parametrize("design", [*DESIGNS, "strata"])
@pytest.mark.parametrize("part", ["whole", "part"])
def test_sums_where_the_data_lie_are_those_of_distinct_rows(engine, design: str, part: str, monkeypatch) -> None:
    """By group, item, union of groups and in a part of the sample, with margins and answers missing; clusters in
    shares of their own where they are more than is held at once."""
    roles = dict(zip((*DESIGNS.get(design, ("", "h", "w")),), ("cluster", "strata", "weight"), strict=True))
    rows = DATA.assign(far=DATA["x"] + 1e4, wave=DATA["wave"].astype("Int64"))
    rows.loc[::7, "wave"], rows.loc[::5, "brand"] = pd.NA, None
    kinds = {"brand": "string", "far": "number", "x": "number", "w": "number"}
    scale = {"nps": Scale(0, 10), "y": Scale(1, 5)}
    fields = [Field(c, "", kinds.get(c, "integer"), roles.get(c, ""), scale=scale.get(c)) for c in rows.columns]
    study = cx.rake(Study(engine(rows), Codebook("s", tuple(fields))), {"wave": {1: 0.7, 2: 0.3}}, blank="neutral")
    study = study.where(t=1) if part == "part" else study
    monkeypatch.setattr(clustered_rows, "BOUND", 20_000)
    monkeypatch.setattr(calibrated_sums, "BLOCK", 50)
    score = scores.average(study, ["y", "far"], ["brand", "item"])
    by = ["brand", "k"] if part == "part" else ["brand"]
    groups = [(item, brand, *[1] * (len(by) - 1)) for brand in ("Alfa", "Beta", None) for item in score.items]
    union = np.array([[1, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 1.0]])
    for unions in (None, union):
        given = (study, score, by, groups)
        found = fitted_weights.covariance(*given, unions=unions, population=5000.0)
        expected = fitted_weights._of_distinct(*given, unions, 5000.0)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_weights_of_the_file_count_as_known() -> None:
    study = weighted("none", "raked")
    said = "weights fitted to margins: linearised with the margins known"
    assert said in cx.nps(study).notes
    there = Study(study.table, study.codebook)
    assert said not in cx.nps(there).notes
    assert cx.nps(there).table["se"].iloc[0] > 0


def shop(n: int, seed: int) -> cx.Study:
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({
        "ltr": rng.integers(0, 11, n), "same": 0, "other": rng.integers(0, 11, n),
        "age": rng.choice(["y", "o"], n, p=[0.3, 0.7]), "top": rng.choice(["a", "b", "c"], n),
    })  # fmt: skip
    rows["same"] = rows["ltr"]
    scale = cx.Scale(0, 10)
    asked = [cx.Field(c, role="outcome", measure="recommendation", scale=scale) for c in ("ltr", "same", "other")]
    words = [cx.Field(c, type="string", role="segment") for c in ("age", "top")]
    return cx.load(rows, codebook=cx.Codebook("shop", (*asked, *words)))


def test_answers_of_one_person_to_two_questions_are_paired_under_fitted_weights() -> None:
    raked = cx.rake(shop(400, 1), {"age": {"y": 0.5, "o": 0.5}})
    found = cx.compare(raked, "nps", by="item", of=["ltr", "same"]).table
    assert found["estimate"].tolist() == [0.0]
    assert found["se"].iloc[0] == pytest.approx(0, abs=1e-6)


def test_impacts_and_pairs_under_fitted_weights_are_those_of_the_jackknife() -> None:
    """Every respondent left out in turn and the rest raked again (delete-one jackknife)."""
    study, margins = shop(160, 2), {"age": {"y": 0.5, "o": 0.5}}
    table = study.to_pandas(labels=False)

    def numbers(rows: pd.DataFrame) -> np.ndarray:
        shares = rows["age"].value_counts()
        w = rows["age"].map({a: 0.5 / shares[a] for a in shares.index})
        score = lambda v: 100.0 * ((v >= 9) * 1.0 - (v <= 6))  # noqa: E731
        mean = lambda v, keep: np.average(v[keep], weights=w[keep])  # noqa: E731
        every, a = np.ones(len(rows), bool), (rows["top"] == "a").to_numpy()
        ltr, other = score(rows["ltr"]), score(rows["other"])
        return np.array([mean(ltr, every) - mean(ltr, ~a), mean(other, every) - mean(ltr, every)])

    left = np.array([numbers(table.drop(index=i)) for i in table.index])
    se = np.sqrt((len(left) - 1) / len(left) * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    raked = cx.rake(study, margins)
    impact = cx.metrics.impact(raked, "top", of="ltr").table.set_index("topic").loc["a"]
    pair = cx.compare(raked, "nps", by="item", of=["ltr", "other"]).table.iloc[0]
    assert impact["estimate"] == pytest.approx(numbers(table)[0], rel=1e-9)
    assert abs(pair["estimate"]) == pytest.approx(abs(numbers(table)[1]), rel=1e-9)
    assert [impact["se"], pair["se"]] == pytest.approx(se, rel=0.03)


def test_categories_of_margins_are_those_of_each_row_by_hand() -> None:
    """Each combination is named once: no answer is in no category, a number is what it says."""
    table = pd.DataFrame({"a": ["x", None, "y", "x", "x"], "b": pd.Series([1, 1, 2, None, 1], dtype="Int64")})
    x, levels = calibrated.categories(table, [["a"], ["a", "b"]])
    assert levels == [["('x',)", "('y',)"], ["('x', '1')", "('y', '2')"]]
    assert x.tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 1], [1, 0, 0, 0], [1, 0, 1, 0]]
    part = calibrated.categories(table.iloc[[2, 0]].reset_index(drop=True), [["a"], ["a", "b"]], levels)[0]
    assert part.tolist() == [[0, 1, 0, 1], [1, 0, 1, 0]]
