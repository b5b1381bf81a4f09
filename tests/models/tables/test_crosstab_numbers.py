"""Banner tables against R's survey package, hand calculations, the metrics themselves, and simulation."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale

REFERENCE = Path(__file__).parents[2] / "reference"
EVERY = {"levels": (0.9999999,), "correction": "none", "least_n": 0}


def study(table: pd.DataFrame, *fields: Field) -> cx.Study:
    named = {f.name for f in fields} | {c for f in fields for c in f.columns}
    rest = [Field(str(c), type="string" if table[c].dtype == object else "integer") for c in table if c not in named]
    return cx.Study(table, Codebook("made", (*fields, *rest)))


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "crosstab_data.csv")


DESIGNS = {
    "apistrat weight": {"pw": "weight"},
    "apistrat weight+strata": {"pw": "weight", "stype": "strata"},
    "apiclus1 cluster+weight": {"pw": "weight", "dnum": "cluster"},
}


@pytest.mark.parametrize("design", DESIGNS)
def test_differences_of_columns_are_those_of_r(schools: pd.DataFrame, design: str) -> None:
    sample, label = design.split()
    table = schools[schools["sample"] == sample].drop(columns="sample").assign(kind=lambda d: d["stype"])
    fields = [Field(c, type="number" if c == "pw" else "string" if c == "stype" else "integer", role=role)
              for c, role in DESIGNS[design].items()]  # fmt: skip
    both = Field("both", type="integer", columns=("award", "wide"), labels={"award": "award", "wide": "wide"})
    fields += [both, Field("band", type="integer", labels={"1": "band1", "2": "band2", "3": "band3"})]
    made = study(table.assign(given=table["award"]), *fields, Field("given", type="integer"))
    found = cx.crosstab(made, ["band", "api00"], ["kind", "given", "both"], **EVERY)
    letter = found.table.drop_duplicates(["banner", "column"]).set_index(["banner", "column"])["letter"]
    tests = found.parts["tests"].assign(
        row=lambda t: t["row"].where(t["row"] != "Mean", "api00")
    ).set_index(["row", "first", "second"])  # fmt: skip
    wanted = pd.read_csv(REFERENCE / "crosstab.csv", comment="#", dtype={"first": str, "second": str})
    wanted = wanted[(wanted["sample"] == sample) & (wanted["design"] == label)]
    assert len(wanted) == 19
    names = {"stype": "kind", "award": "given", "both": "both"}
    for w in wanted.itertuples():
        pair = (letter[names[w.columns], w.first], letter[names[w.columns], w.second])
        sign = 1 if (w.question, *pair) in tests.index else -1
        t = tests.loc[(w.question, *pair[::sign])]
        assert t["difference"] * sign == pytest.approx(w.difference, abs=1e-9), w
        assert t["se"] == pytest.approx(w.se, rel=1e-9), w


def counted(cells: dict[tuple[object, object], int], names: tuple[str, str] = ("q", "g")) -> pd.DataFrame:
    rows = [key for key, n in cells.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=list(names))


def test_letters_of_shares_are_those_of_spss_by_hand() -> None:
    # 60 of 100, 45 of 100, 30 of 100 say yes. Pooled z: A-B p = .525, se = sqrt(.525*.475*.02) = .070622, z = 2.1240,
    # p = .03367, times 3 = .10101; B-C p = .375, se = .068465, z = 2.1909, p = .02846, times 3 = .08537;
    # A-C p = .45, se = .070356, z = 4.2640, p = .0000201, times 3 = .0000602
    cells = {("yes", "a"): 60, ("no", "a"): 40, ("yes", "b"): 45, ("no", "b"): 55, ("yes", "c"): 30, ("no", "c"): 70}
    made = study(counted(cells))
    found = cx.crosstab(made, "q", "g", correction="bonferroni")
    yes = found.table.query("row == 'yes' and banner == 'g'").set_index("column")["letters"]
    assert yes.to_dict() == {"a": "C", "b": "", "c": ""}
    every = cx.crosstab(made, "q", "g", **EVERY).parts["tests"]
    every = every[every["row"] == "yes"].set_index(["first", "second"])["p"]
    assert every["A", "B"] == pytest.approx(0.03367, abs=5e-6)
    assert every["B", "C"] == pytest.approx(0.02846, abs=5e-6)
    assert every["A", "C"] == pytest.approx(0.0000201, abs=5e-8)
    single = cx.crosstab(made, "q", "g", correction="none")
    yes = single.table.query("row == 'yes' and banner == 'g'").set_index("column")["letters"]
    assert yes.to_dict() == {"a": "b C", "b": "c", "c": ""}
    step = cx.crosstab(made, "q", "g", correction="holm")  # 2 * .02846 = .0569 and so .0569 for both
    assert step.table.query("row == 'yes' and banner == 'g'")["letters"].tolist() == ["C", "", ""]


def test_a_mean_has_the_test_of_welch_by_hand() -> None:
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(4)
    table = pd.DataFrame({"q": rng.integers(1, 8, 90), "g": np.repeat(["a", "b", "c"], [20, 30, 40])})
    made = study(table, Field("q", type="integer", scale=Scale(1, 7)))
    tests = cx.crosstab(made, "q", "g", **EVERY).parts["tests"].query("row == 'Mean'")
    for t, (one, two) in zip(tests.itertuples(), [("a", "b"), ("a", "c"), ("b", "c")], strict=True):
        known = ttest_ind(*(table["q"][table["g"] == g] for g in (one, two)), equal_var=False)
        assert (t.p, t.df) == pytest.approx((known.pvalue, known.df))


def test_a_small_table_by_hand() -> None:
    table = pd.DataFrame({"q": [1, 2, 2, 5, 5, 5, 4, 9], "g": list("aaaabbbb"), "w": [1.0, 2, 1, 1, 1, 1, 2, 1]})
    fields = (Field("q", type="integer", scale=Scale(1, 5), missing={"9": "don't know"}), Field("w", role="weight"))
    made = study(table, *fields)
    found = cx.crosstab(made, "q", "g", least_n=0, show=("count", "column", "row")).table
    at = found.set_index(["row", "column"])["estimate"]
    assert at["Base", "a"] == 4 and at["Base", "b"] == 3 and at["Base", "Total"] == 7
    assert at["Weighted base", "a"] == 5 and at["Weighted base", "b"] == 4
    assert at["Effective base", "a"] == pytest.approx(25 / 7) and at["Effective base", "b"] == pytest.approx(16 / 6)
    assert at["2", "a"] == pytest.approx(3 / 5) and at["5", "b"] == pytest.approx(2 / 4)
    assert at["Mean", "a"] == pytest.approx((1 + 6 + 5) / 5) and at["Median", "a"] == 2
    assert at["Median", "b"] == 4.5  # 4 has weight 2 and the fives weight 2: half lies below
    spread = math.sqrt((1 * 1.96 + 3 * 0.16 + 1 * 6.76) / 5 * 4 / 3)
    assert at["Mean", "a"] == pytest.approx(2.4) and at["Standard deviation", "a"] == pytest.approx(spread)
    row = found.set_index(["row", "column"])["row_share"]
    assert row["5", "a"] == pytest.approx(1 / 3) and row["5", "b"] == pytest.approx(2 / 3)
    asked = cx.crosstab(made, "q", "g", least_n=0, base="asked").table.set_index(["row", "column"])["estimate"]
    assert asked["don't know", "b"] == pytest.approx(1 / 5) and asked["5", "b"] == pytest.approx(2 / 5)
    assert asked["Mean", "b"] == at["Mean", "b"]


@pytest.mark.parametrize("metric", ["nps", "mean", "share", "csat"])
def test_a_cell_is_the_metric_itself(metric: str) -> None:
    made = cx.load("brand-tracker")
    of = "recommendation" if metric == "nps" else "satisfaction"
    options = {"value": 4} if metric == "share" else {}
    known = getattr(cx, metric)(made, of, by="brand", **options).table
    row = {"nps": "NPS", "mean": "Mean", "share": "4", "csat": "Top-2-box: answers 4 to 5"}[metric]
    found = cx.crosstab(made, of, "brand").table
    found = found[(found["row"] == row) & (found["banner"] == "Brand")]
    for name in ("estimate", "low", "high", "se"):
        assert found[name].tolist() == pytest.approx(known[name].tolist(), rel=1e-9), name


def test_columns_that_share_respondents_agree_with_a_bootstrap() -> None:
    rng = np.random.default_rng(7)
    n = 400
    latent = rng.normal(size=n)
    table = pd.DataFrame(
        {"q": (latent + rng.normal(size=n) > 0).astype(int), "a": (latent + rng.normal(size=n) > 0.2).astype(int),
         "b": (latent + rng.normal(size=n) > -0.3).astype(int), "w": rng.uniform(0.5, 2, n)}
    )  # fmt: skip
    both = Field("used", type="integer", columns=("a", "b"), labels={"a": "app", "b": "shop"})
    made = study(table, both, Field("w", role="weight"), Field("q", type="integer", labels={"0": "no", "1": "yes"}))
    t = cx.crosstab(made, "q", "used", **EVERY).parts["tests"].query("row == 'yes'").iloc[0]
    q, a, b, w = (table[c].to_numpy(float) for c in ("q", "a", "b", "w"))
    drawn = rng.multinomial(n, np.full(n, 1 / n), 4000).astype(float)
    share = lambda c: drawn @ (w * q * c) / (drawn @ (w * c))  # noqa: E731
    spread = (share(a) - share(b)).std()
    assert t["se"] == pytest.approx(spread, rel=0.04)  # a standard deviation of 4000 draws is sure to 1.1 %
    apart = math.sqrt(share(a).var() + share(b).var())
    assert apart > 1.3 * t["se"], "taken as separate the columns would look less sure than they are"


@pytest.mark.parametrize("correction", ["none", "bonferroni", "holm"])
def test_letters_under_no_difference_come_at_their_rate(correction: str) -> None:
    rng = np.random.default_rng(11)
    runs = 300
    answers = {f"q{k}": (rng.random(600) < 0.4).astype(int) for k in range(runs)}
    table = pd.DataFrame({"g": np.repeat(list("abcd"), 150), **answers})
    labels = {"0": "no", "1": "yes"}
    made = study(table, *(Field(f"q{k}", type="integer", labels=labels) for k in range(runs)))
    found = cx.crosstab(made, [f"q{k}" for k in range(runs)], "g", correction=correction, levels=(0.05,))
    yes = found.parts["tests"].query("row == 'yes'")
    some, pairs = yes["question"].nunique(), len(yes)
    if correction == "none":  # each pair 5 %; a run of 300 tables has 1800 pairs, dependent within a table
        assert 0.036 < pairs / (6 * runs) < 0.065
    else:  # any letter in a row at most 5 %; Bonferroni of six dependent pairs a little less
        assert 0.02 < some / runs < 0.05 + 2.6 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("design", DESIGNS)
def test_tests_of_whole_tables_are_those_of_r(schools: pd.DataFrame, design: str) -> None:
    sample, label = design.split()
    table = schools[schools["sample"] == sample].drop(columns="sample").assign(kind=lambda d: d["stype"])
    fields = [Field(c, type="number" if c == "pw" else "string" if c == "stype" else "integer", role=role)
              for c, role in DESIGNS[design].items()]  # fmt: skip
    band = Field("band", type="integer", labels={"1": "low", "2": "middle", "3": "high"})
    made = study(table, *fields, band)
    found = (
        cx.crosstab(made, "band", ["kind", "award"], least_n=0, total=False).parts["association"].set_index("banner")
    )
    wanted = pd.read_csv(REFERENCE / "association.csv", comment="#")
    wanted = wanted[(wanted["sample"] == sample) & (wanted["design"] == label)]
    assert len(wanted) == 2
    for w in wanted.itertuples():
        t = found.loc[{"stype": "kind", "award": "award"}[w.columns]]
        for name in ("statistic", "df1", "df2", "p"):
            assert t[name] == pytest.approx(getattr(w, name), rel=1e-9), (w, name)


def test_a_plain_table_is_tested_as_scipy_does() -> None:
    from scipy.stats import chi2_contingency

    rng = np.random.default_rng(5)
    table = pd.DataFrame({"q": rng.integers(1, 5, 400), "g": rng.choice(list("abc"), 400), "extra": 1.0})
    table["q"] = np.where((table["g"] == "a") & (rng.random(400) < 0.2), 4, table["q"])
    made = study(table, Field("q", type="integer", labels={str(k): f"answer {k}" for k in range(1, 5)}))
    found = cx.crosstab(made, "q", "g")
    (said,) = found.parts["association"].itertuples()
    wanted = chi2_contingency(pd.crosstab(table["q"], table["g"]), correction=False)
    assert (said.statistic, said.df1, said.p) == pytest.approx((wanted.statistic, wanted.dof, wanted.pvalue), rel=1e-10)
    assert said.small == 0 and math.isinf(said.df2)
    (grid,) = found.grids()
    assert grid.foot == f"Do the answers depend on the columns? g: χ²(6) = {said.statistic:.2f}, p = .{said.p:.3f}"[
        : -len(f".{said.p:.3f}")
    ] + f"{said.p:.3f}".replace("0.", ".")  # fmt: skip
    assert grid.foot in repr(found) and grid.foot in found._repr_html_()


def test_clusters_numbered_anew_in_each_stratum_are_clusters_of_their_own() -> None:
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"h": np.repeat([1, 2], 60), "psu": np.tile(np.repeat(np.arange(1, 7), 10), 2)})
    table["q"] = (rng.random(120) < 0.2 + 0.08 * table["psu"] + 0.15 * (table["h"] - 1)).astype(int)
    table["g"] = np.where(rng.random(120) < 0.5, "a", "b")
    roles = (Field("h", type="integer", role="strata"), Field("psu", type="integer", role="cluster"))
    asked = Field("q", type="integer", labels={"0": "no", "1": "yes"})
    made = cx.crosstab(study(table, *roles, asked), "q", "g").table
    for g in ("a", "b"):
        inside = table["g"] == g
        p = table.loc[inside, "q"].mean()
        e = (inside * (table["q"] - p) / inside.sum()).groupby([table["h"], table["psu"]]).sum()
        var = sum(6 / 5 * ((x - x.mean()) ** 2).sum() for _, x in e.groupby(level=0))
        row = made[(made["row"] == "yes") & (made["column"] == g)].iloc[0]
        assert row["estimate"] == pytest.approx(p, rel=1e-12)
        assert row["se"] == pytest.approx(var**0.5, rel=1e-9)
