"""Raking, post-stratification and what weights cost.

Reference: tests/reference/weights.csv, made by weights.R with the R package survey (versions stand in the file).
Tolerance 1e-7 relative: R iterates to 1e-10.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlab.data import catalogue
from cxlab.data.codebook import Codebook, Field
from cxlab.data.study import Study
from cxlab.data.weights import poststratify, rake, weighting
from cxlab.problem import DataProblem

RTOL = 1e-7
with (Path(__file__).parents[1] / "reference" / "weights.csv").open() as file:
    R = {(row["case"], row["statistic"]): float(row["value"]) for row in csv.DictReader(file)}
TYPES = {"E": 4421, "H": 755, "M": 1018}
WIDE = {"No": 1072, "Yes": 5122}


def study(table, *, weight: str = "") -> Study:
    columns = list(table.columns)
    fields = [Field(c, type="string", role="segment") for c in columns if c not in ("w", "y", weight)]
    fields += [Field("y", role="outcome")] if "y" in columns else []
    fields += [Field(weight, role="weight")] if weight else []
    return Study(table, Codebook("people", tuple(fields)))


def schools() -> pd.DataFrame:
    """The 183 schools of apiclus1 by type and target, from the counts that weights.R wrote."""
    rows = [key[1].split() for key, n in R.items() if key[0] == "cells" for _ in range(int(n))]
    return pd.DataFrame(rows, columns=["stype", "wide"]).assign(w=R["bounded", "weight_before"])


def got(result: Study) -> pd.Series:
    table = result.lazy.collect().to_pandas()
    return table[result.design.weight]


def test_raked_weights_equal_those_of_R_survey():
    raked = rake(study(schools(), weight="w"), {"stype": TYPES, "wide": WIDE})
    table = raked.lazy.collect().to_pandas()
    for (case, key), value in R.items():
        if case == "rake" and key.startswith("weight"):
            _, kind, wide = key.split()
            here = table[(table.stype == kind) & (table.wide == wide)]["weight_raked"]
            np.testing.assert_allclose(here, value, rtol=RTOL)
    w = table["weight_raked"]
    assert w.sum() == pytest.approx(6194, rel=RTOL)
    assert w.sum() ** 2 / (w**2).sum() == pytest.approx(R["rake", "kish"], rel=RTOL)


def test_weights_held_inside_bounds_equal_those_of_R_survey():
    w = got(rake(study(schools(), weight="w"), {"stype": TYPES, "wide": WIDE}, trim=(0, 1.9)))
    for statistic, value in (("min", w.min()), ("max", w.max()), ("kish", w.sum() ** 2 / (w**2).sum())):
        assert value == pytest.approx(R["bounded", statistic], rel=RTOL)


def test_poststratified_weights_equal_those_of_R_survey():
    w = got(poststratify(study(schools(), weight="w"), "stype", totals=TYPES))
    assert (w.min(), w.max()) == pytest.approx((R["poststratify", "min"], R["poststratify", "max"]), rel=RTOL)
    assert w.sum() ** 2 / (w**2).sum() == pytest.approx(R["poststratify", "kish"], rel=RTOL)


def test_a_joint_margin_gives_each_cell_its_target():
    table = schools()
    cells = table.groupby(["stype", "wide"]).size()
    targets = {key: float(i + 1) for i, key in enumerate(cells.index)}
    w = got(poststratify(study(table, weight="w"), ["stype", "wide"], totals=targets))
    sums = w.groupby([table["stype"], table["wide"]]).sum()
    assert sums.to_dict() == pytest.approx(targets, rel=RTOL)


@pytest.mark.mirror
def test_the_raked_mean_equals_that_of_R_survey():
    raked = rake(catalogue.open_study("api-clus1"), {"stype": TYPES, "sch_wide": WIDE})
    table = raked.lazy.collect().to_pandas()
    mean = np.average(table["api00"], weights=table["weight_raked"])
    assert mean == pytest.approx(R["rake", "mean_api00"], rel=RTOL)
    assert mean == pytest.approx(641.23, abs=0.005)  # survey's own tests/rakecheck.Rout.save


@pytest.mark.mirror
def test_unequal_weights_are_raked_and_their_design_effect_is_Kish():
    sample = catalogue.open_study("api-strat")
    assert weighting(sample)["effective sample size (Kish)"].value == pytest.approx(R["apistrat", "kish"], rel=RTOL)
    raked = weighting(rake(sample, {"stype": TYPES, "sch_wide": WIDE}))
    assert raked["effective sample size (Kish)"].value == pytest.approx(R["apistrat raked", "kish"], rel=RTOL)


def test_the_new_weight_takes_the_role_and_says_how_it_came():
    raked = rake(study(schools(), weight="w"), {"stype": TYPES})
    assert raked.design.weight == "weight_raked"
    assert raked.codebook["w"].role == ""
    assert re.fullmatch(r"raked to stype in \d+ rounds, margins within .*", raked.codebook["weight_raked"].note)


def backends() -> dict:
    table = schools()
    con = duckdb.connect()
    con.register("schools", table)
    return {"pandas": table, "polars": pl.from_pandas(table), "duckdb": con.table("schools")}


@pytest.mark.parametrize("backend", ["polars", "duckdb"])
def test_weights_do_not_depend_on_where_the_data_lie(backend):
    margins = {"stype": TYPES, "wide": WIDE}
    a = rake(study(backends()["pandas"], weight="w"), margins).lazy.collect().to_pandas()
    b = rake(study(backends()[backend], weight="w"), margins).lazy.collect().to_pandas()
    np.testing.assert_allclose(np.sort(a["weight_raked"]), np.sort(b["weight_raked"]), rtol=1e-12)


people = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(0.2, 5)), min_size=12, max_size=60)
shares = st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.4), st.floats(0.2, 0.4))
full = [(a, b, 1.0) for a in "ab" for b in "xyz"]


@settings(max_examples=30, deadline=None)
@given(people, shares)
def test_every_margin_is_met_and_relabelling_changes_nothing(rows, want):
    table = pd.DataFrame(rows + full, columns=["g", "h", "w"])
    margins = {"g": {"a": want[0], "b": 1 - want[0]}, "h": {"x": want[1], "y": want[2], "z": 1 - want[1] - want[2]}}
    raked = rake(study(table, weight="w"), margins)
    w = got(raked)
    for column, targets in margins.items():
        for category, share in targets.items():
            assert w[table[column] == category].sum() / w.sum() == pytest.approx(share, rel=1e-8)
    assert w.sum() == pytest.approx(table["w"].sum(), rel=1e-9)
    new = {"x": "p", "y": "q", "z": "r"}
    other = rake(
        study(table.replace({"h": new}), weight="w"), {**margins, "h": {new[k]: v for k, v in margins["h"].items()}}
    )
    np.testing.assert_allclose(got(other), w, rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(1, 4)), min_size=4, max_size=20))
def test_a_weight_of_k_is_k_rows(rows):
    table = pd.DataFrame(rows + [(a, b, 1) for a in "ab" for b in "xy"], columns=["g", "h", "w"])
    margins = {"g": {"a": 0.3, "b": 0.7}, "h": {"x": 0.6, "y": 0.4}}
    repeated = table.loc[table.index.repeat(table["w"])].reset_index(drop=True).drop(columns="w")
    per_row = got(rake(study(repeated), margins)).groupby(np.repeat(table.index, table["w"])).first()
    np.testing.assert_allclose(got(rake(study(table, weight="w"), margins)) / table["w"], per_row, rtol=1e-8)


def test_blanks_are_refused_or_kept_neutral():
    table = schools().assign(stype=lambda d: d["stype"].where(d.index % 10 > 0))
    with pytest.raises(DataProblem) as error:
        rake(study(table, weight="w"), {"stype": TYPES})
    assert str(error.value) == (
        "margin stype: 19 rows have no answer; leave them out, or keep them with "
        "blank='neutral' (factor 1 in this margin)"
    )
    w = got(rake(study(table, weight="w"), {"stype": {"E": 0.7, "H": 0.1, "M": 0.2}}, blank="neutral"))
    known = w[table["stype"].notna()]
    assert known[table["stype"] == "H"].sum() / known.sum() == pytest.approx(0.1, rel=1e-8)
    assert w[table["stype"].isna()].to_numpy() == pytest.approx(table["w"].iloc[0])


MISTAKES = {
    "a category of the data has no target": (
        {"stype": {"E": 1, "H": 1}},
        "margin stype: the data have M, the targets have not; targets are for E, H. Add them, or leave those rows out",
    ),
    "a target has no answers": (
        {"stype": {**TYPES, "X": 10}},
        "margin stype: nobody in the data is X, so no weight can stand for them; "
        "merge the category with a neighbour in data and targets",
    ),
    "the margins do not sum to one another": (
        {"stype": TYPES, "wide": {"No": 1072, "Yes": 5000}},
        "the margins do not sum to one another: stype to 6,194, wide to 6,072; "
        "give shares that sum to 1, or equal totals",
    ),
    "a target of zero": (
        {"stype": {"E": 1, "H": 1, "M": 0}},
        "margin 'stype': targets must be above 0; ['M'] came. Leave empty categories out",
    ),
    "no margins": ({}, "no margins were given; give at least one, e.g. {'age': {'18-34': 0.3, '35+': 0.7}}"),
    "an unknown column": (
        {"styp": TYPES},
        "column 'styp' is not in people; did you mean 'stype'? There are: stype, wide, w",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_margins_is_named(mistake):
    margins, message = MISTAKES[mistake]
    with pytest.raises(DataProblem) as error:
        rake(study(schools(), weight="w"), margins)
    assert str(error.value) == message


def test_margins_that_no_weight_can_meet_within_the_limits_are_refused():
    with pytest.raises(DataProblem, match=r"after 1000 rounds a margin is still .* % off|widen trim="):
        rake(study(schools(), weight="w"), {"stype": TYPES, "wide": WIDE}, trim=(0.95, 1.05))


def with_weight(value) -> Study:
    table = pl.from_pandas(schools()).with_columns(
        w=pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(value, dtype=pl.Float64)).otherwise(pl.col("w"))
    )
    return study(table, weight="w")


@pytest.mark.parametrize("use", [weighting, lambda s: rake(s, {"stype": TYPES})])
def test_negative_weights_are_refused(use):
    with pytest.raises(DataProblem) as error:
        use(with_weight(-2.0))
    assert str(error.value) == (
        "1 rows of people have a negative weight in 'w'; weights are positive. Correct them, or leave the rows out "
        "with study.filter"
    )


@pytest.mark.parametrize(("value", "said"), [(0, "zero"), (None, "missing"), (np.inf, "infinite")])
def test_rows_whose_weight_is_none_get_none_and_are_counted(value, said):
    raked = rake(with_weight(value), {"stype": TYPES})
    note = f"1 row whose weight is {said} does not count"
    assert note in raked.field("weight_raked").note and note in weighting(with_weight(value)).notes
    made = raked.frame.collect().to_native().to_pandas()
    assert made["weight_raked"].isna().tolist() == [k == 3 for k in range(183)]
    sums = made.groupby("stype")["weight_raked"].sum()
    assert all(sums[k] == pytest.approx(v, rel=1e-6) for k, v in TYPES.items())


def test_limits_that_exclude_the_mean_are_refused():
    with pytest.raises(DataProblem) as error:
        rake(study(schools(), weight="w"), {"stype": TYPES}, trim=(1.2, 3))
    assert str(error.value) == "trim is (1.2, 3); give multiples of the mean weight below and above 1, e.g. (0.3, 3)"


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(DataProblem, match="people already has a column 'wide'; choose another name="):
        rake(study(schools(), weight="w"), {"stype": TYPES}, name="wide")


def test_the_report_names_small_categories_and_empty_combinations():
    table = schools()
    table = table[~((table["stype"] == "H") & (table["wide"] == "No"))]
    result = weighting(study(table, weight="w"), {"stype": TYPES, "wide": WIDE})
    assert result.parts["empty"].to_dict("records") == [{"stype": "H", "wide": "No"}]
    assert result.parts["margins"].set_index(["margin", "category"]).loc[("stype", "M"), "n"] == 25
    assert any("1 combinations of the margins have no row" in note for note in result.notes)


def test_without_weights_nothing_is_lost():
    result = weighting(study(schools().drop(columns="w")))
    assert result["design effect of weighting (Kish)"].value == 1
    assert result.notes == ("people declares no weight: every row counts 1.",)


SPLIT = pd.DataFrame({"gender": ["f"] * 65 + ["m"] * 55, "age": ["18-34"] * 65 + ["55+"] * 55})


def plain(table: pd.DataFrame) -> Study:
    return Study(table, Codebook("split", tuple(Field(c, "", "string", "segment") for c in table)))


@pytest.mark.parametrize("trim", [None, (0.2, 5)])
def test_margins_that_contradict_each_other_are_refused_with_the_reason(trim):
    targets = {"gender": {"f": 0.5, "m": 0.5}, "age": {"18-34": 0.9, "55+": 0.1}}
    with pytest.raises(DataProblem) as problem:
        rake(plain(SPLIT), targets, trim=trim)
    assert str(problem.value) == (
        "no weights can meet the margins gender and age: everybody with gender m has age 55+, but the targets are "
        "50.0% and 10.0%. Correct the targets, or leave one of the margins out"
    )
    assert len(rake(plain(SPLIT), targets | {"age": {"18-34": 0.5, "55+": 0.5}})) == 120


def test_margins_that_only_contradict_each_other_all_together_are_refused():
    table = pd.DataFrame([(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)] * 10, columns=["a", "b", "c"]).astype(str)
    targets = {"a": {"0": 0.9, "1": 0.1}, "b": {"0": 0.9, "1": 0.1}, "c": {"0": 0.1, "1": 0.9}}
    with pytest.raises(DataProblem) as problem:  # c is 0 for at least 0.8: both a and b are 0
        rake(plain(table), targets)
    assert str(problem.value) == (
        "no weights can meet all of a, b, c together: some combinations of categories that the targets need have no "
        "answer. Leave one of the margins out, or merge categories"
    )


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_raking_meets_its_margins_or_says_why_not(data):
    """Never weights that are nan, infinite or off their margins."""
    n = data.draw(st.integers(2, 12))
    rows = [tuple(data.draw(st.sampled_from("xyz")) for _ in range(3)) for _ in range(n)]
    table = pd.DataFrame(rows, columns=["a", "b", "c"])
    targets = {}
    for c in table:
        raw = [data.draw(st.floats(0.02, 1)) for _ in table[c].unique()]
        targets[c] = dict(zip(table[c].unique(), (v / sum(raw) for v in raw), strict=True))
    try:
        raked = rake(plain(table), targets, rounds=200).frame.collect().to_pandas()
    except DataProblem as problem:
        assert re.search(r"no weights can meet|a margin is still [\d.]+% off|off its target without", str(problem))
        return
    assert np.isfinite(raked["weight_raked"]).all() and (raked["weight_raked"] > 0).all()
    for c, wanted in targets.items():
        found = raked.groupby(c)["weight_raked"].sum() / raked["weight_raked"].sum()
        assert all(found[k] == pytest.approx(v, rel=1e-6) for k, v in wanted.items())
