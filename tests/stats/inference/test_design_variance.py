"""Variances under a design against R's survey package (tests/reference/design.R) and published survey values."""

import csv
from functools import cache
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from cxlab.stats.counts.names import key
from cxlab.stats.counts.tally import score_sums
from cxlab.stats.inference import design_variance, proportions

REFERENCE = Path(__file__).parents[2] / "reference" / "design.csv"
POPULATION = {"apistrat": {"E": 4421, "H": 755, "M": 1018}, "apiclus1": 757}
SCORES = {
    "api00": nw.col("api00"),
    "enroll": nw.col("enroll"),
    "share700": (nw.col("api00") >= 700).cast(nw.Float64),
    "net": (nw.col("api00") >= 750).cast(nw.Float64) - (nw.col("api00") < 600).cast(nw.Float64),
}


def test_rows_that_are_groups_already_give_the_same_digits() -> None:
    """In order of their numbers they are taken as they stand, else grouped: the same sums either way."""
    rng = np.random.default_rng(1)
    n = 500
    frame = pd.DataFrame({"a": rng.integers(0, 5, n), "b": rng.integers(0, 4, n), "y": rng.integers(1, 6, n)})
    sums, _ = score_sums(nw.from_native(frame).lazy(), {"y": [nw.col("y").cast(nw.Float64)]}, by=["a", "b"])
    by = [key("a"), key("b")]
    assert design_variance.all_apart(sums, by)
    mixed = sums.sample(frac=1, random_state=2).reset_index(drop=True)
    assert not design_variance.all_apart(mixed, by)
    plain, other = design_variance.linearised(sums, by), design_variance.linearised(mixed, by)
    pd.testing.assert_frame_equal(other.sort_values(by, ignore_index=True), plain, check_exact=True)
    twice = pd.concat([sums, sums]).sort_values(by, ignore_index=True)
    assert not design_variance.all_apart(twice, by)
    assert design_variance.linearised(twice, by)["n"].tolist() == (2 * plain["n"]).tolist()


def rows():
    lines = [x for x in REFERENCE.read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    return list(csv.DictReader(lines))


@cache
def api(mirror, name):
    data = pd.read_csv(mirror / "survey_weights_api" / f"{name}.csv")
    lonely = np.where(data["cnum"] == 19, "LA", "other")
    lonely[0] = "one"
    return data.assign(
        lonely=lonely, both=data["stype"] + data["cnum"].astype(str), one=1.0, size=data["pw"] * data["enroll"]
    )


SILENT = {("apiclus2", "enroll"), ("apiclus2", "ratio")}
"""Two of the 40 clusters of apiclus2 have no enrolment: they count as drawn, in R also among the degrees of freedom."""


def columns(sample, label):
    """Weight, cluster and strata columns, and the population, of a design of the reference."""
    parts = label.split("+")
    cluster = {"apistrat": "both", "apiclus1": "dnum", "apiclus2": "dnum"}[sample] if "cluster" in parts else ""
    strata = "lonely" if "lonely" in parts else "stype" if "strata" in parts else ""
    where = {"weight": "pw" if "weight" in parts else "", "cluster": cluster, "strata": strata}
    return where, POPULATION[sample] if "population" in parts else None


def uneven(mirror, r):
    """Degrees of freedom of a row of the reference by hand, from the weights of its clusters."""
    where, _ = columns(r["sample"], r["design"])
    data = api(mirror, r["sample"])
    held = data[data[where["weight"] or "one"].notna()]
    if r["quantity"] in ("enroll", "ratio"):
        held = held[held["enroll"].notna()]
    if r["domain"]:
        held = held[held["awards"] == r["domain"]]
    keys = [where["strata"] or "one", where["cluster"]]
    size = held[where["weight"] or "one"].groupby([held[k] for k in keys]).sum()
    total = 0.0
    for _, w in size.groupby(level=0):
        total += (len(w) - 1) / (1 + (w.std(ddof=0) / w.mean()) ** 2) ** 2 if len(w) > 1 else 0.0
    return max(total, 1.0)


@pytest.mark.mirror
def test_means_shares_and_domains_equal_r_survey(mirror):
    """Estimates, standard errors to 1e-9 and degrees of freedom of 9 designs.

    Few clusters of unequal size have fewer than R's clusters - strata: by hand (k - 1) / (1 + cv**2)**2 in a stratum.
    """
    wanted = [r for r in rows() if r["quantity"] in SCORES]
    found = {}
    for sample, label in dict.fromkeys((r["sample"], r["design"]) for r in wanted):
        where, population = columns(sample, label)
        frame = nw.from_native(api(mirror, sample)).lazy()
        for by in ([], ["awards"]):
            names = [key(name) for name in by]
            sums, _ = score_sums(frame, {k: [e] for k, e in SCORES.items()}, by=by, **where)
            for _, cell in design_variance.linearised(sums, ["item", *names], population=population).iterrows():
                found[sample, label, cell["item"], cell[names[0]] if by else ""] = cell
    for r in wanted:
        cell = found[r["sample"], r["design"], r["quantity"], r["domain"]]
        assert cell["estimate"] == pytest.approx(float(r["estimate"]), rel=1e-9), r
        assert np.sqrt(cell["var"]) == pytest.approx(float(r["se"]), rel=1e-9), r
        whole = float(r["df"]) - 2 * ((r["sample"], r["quantity"]) in SILENT)
        assert cell["df"] == pytest.approx(uneven(mirror, r) if cell["m"] < cell["n"] and whole < 50 else whole), r
    assert len(wanted) == 54


@pytest.mark.mirror
def test_exact_interval_on_the_effective_size_equals_svyciprop(mirror):
    """Korn and Graubard's interval; R takes p(1-p)/V as effective size, so it is given that here."""
    for row in (r for r in rows() if r["quantity"] == "beta"):
        p, se, df = (float(row[k]) for k in ("estimate", "se", "df"))
        n = len(api(mirror, row["sample"]))
        size = design_variance.adjusted_n(p * (1 - p) / se**2, n, df, 0.95)
        low, high = proportions.clopper_pearson(p * size, size)
        assert [float(low), float(high)] == pytest.approx([float(row["low"]), float(row["high"])], rel=1e-7), row


@pytest.mark.mirror
def test_a_ratio_is_a_mean_weighted_by_its_denominator(mirror):
    """Ratio api.stu / enroll; R survey's manual gives .84970874 (.0083862972) for apiclus1 with its population."""
    for row in (r for r in rows() if r["quantity"] == "ratio" and "weight" in r["design"]):
        where, population = columns(row["sample"], row["design"])
        frame = nw.from_native(api(mirror, row["sample"])).lazy()
        score = nw.col("api.stu").cast(nw.Float64) / nw.col("enroll")  # null where a school gave no enrolment
        sums, _ = score_sums(frame, {"x": [score]}, **{**where, "weight": "size"})
        found = design_variance.linearised(sums, ["item"], population=population).iloc[0]
        assert found["estimate"] == pytest.approx(float(row["estimate"]), rel=1e-9)
        weighed = np.sqrt((38 / 37) / (40 / 39)) if row["sample"] == "apiclus2" else 1.0  # no weight, not drawn
        assert np.sqrt(found["var"]) == pytest.approx(float(row["se"]) * weighed, rel=1e-9)


@pytest.mark.mirror
def test_published_values_of_the_survey_manual(mirror):
    """Lumley's survey package: apistrat 662.28736 (9.40894), Kish 168.58133; apiclus1 644.1694 (23.5422)."""
    strat, clus = api(mirror, "apistrat"), api(mirror, "apiclus1")
    sums, _ = score_sums(nw.from_native(strat).lazy(), {"x": [SCORES["api00"]]}, weight="pw", strata="stype")
    found = design_variance.linearised(sums, ["item"], population=POPULATION["apistrat"]).iloc[0]
    assert (found["estimate"], np.sqrt(found["var"])) == pytest.approx((662.28736, 9.40894), abs=6e-6)
    assert found["kish"] == pytest.approx(168.58133, abs=6e-6)
    sums, _ = score_sums(nw.from_native(clus).lazy(), {"x": [SCORES["api00"]]}, weight="pw", cluster="dnum")
    found = design_variance.linearised(sums, ["item"], population=757).iloc[0]
    assert (found["estimate"], np.sqrt(found["var"])) == pytest.approx((644.1694, 23.5422), abs=6e-5)


@pytest.mark.mirror
def test_design_effects_of_the_survey_manual(mirror):
    """deff = V / (s**2 / n (1 - n / sum w)): apistrat 1.20446, apiclus1 9.34587 (R, svymean(deff=TRUE))."""
    for sample, label, deff in (("apistrat", "weight+strata+population", 1.20446),
                                ("apiclus1", "weight+cluster+population", 9.34587)):  # fmt: skip
        where, population = columns(sample, label)
        sums, _ = score_sums(nw.from_native(api(mirror, sample)).lazy(), {"x": [SCORES["api00"]]}, **where)
        cell = design_variance.linearised(sums, ["item"], population=population).iloc[0]
        size = design_variance.effective_n(cell["spread"], cell["var"], cell["n"])
        assert cell["n"] / size / (1 - cell["n"] / cell["w"]) == pytest.approx(deff, abs=6e-6)


def test_equal_weights_leave_the_effective_size_alone():
    x = np.random.default_rng(1).integers(0, 2, 50).astype(float)
    frame = nw.from_native(pd.DataFrame({"x": x, "w": 3.0})).lazy()
    cell = design_variance.linearised(score_sums(frame, {"x": [nw.col("x")]}, weight="w")[0], ["item"]).iloc[0]
    assert design_variance.effective_n(cell["spread"], cell["var"], cell["base"]) == pytest.approx(50)
    assert design_variance.adjusted_n(50, 50, 49, 0.95) == pytest.approx(50)


def test_repeating_every_row_of_a_cluster_changes_no_variance():
    """Clusters count, not rows: the same answers twice by the same respondent are no new information."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"x": rng.integers(0, 11, 80), "c": np.arange(80)})
    once = score_sums(nw.from_native(data).lazy(), {"x": [nw.col("x")]}, cluster="c")[0]
    twice = score_sums(nw.from_native(pd.concat([data, data])).lazy(), {"x": [nw.col("x")]}, cluster="c")[0]
    one, two = (design_variance.linearised(s, ["item"]).iloc[0] for s in (once, twice))
    assert two["var"] == pytest.approx(one["var"], rel=1e-12)
    assert two["estimate"] == pytest.approx(one["estimate"], rel=1e-12)


def test_one_cluster_has_no_variance():
    frame = nw.from_native(pd.DataFrame({"x": [1.0, 2.0, 3.0], "c": [7, 7, 7]})).lazy()
    cell = design_variance.linearised(score_sums(frame, {"x": [nw.col("x")]}, cluster="c")[0], ["item"]).iloc[0]
    assert np.isnan(cell["var"])
    assert cell["df"] == 0


def test_population_of_the_sample_itself_leaves_no_error():
    frame = nw.from_native(pd.DataFrame({"x": [1.0, 2.0, 4.0]})).lazy()
    cell = design_variance.linearised(score_sums(frame, {"x": [nw.col("x")]})[0], ["item"], population=3).iloc[0]
    assert cell["var"] == 0
