"""Comparisons of studies: reference values, paired and overlapping waves, R survey, false positives, bad input."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, norm

import cxlab as cx

LTR = cx.Scale(0, 10)
REFERENCE = Path(__file__).parents[2] / "reference" / "design.csv"
ANSWER = {"D": 3, "P": 8, "R": 10}


def study(table, **roles):
    asked = {"role": "outcome", "measure": "recommendation", "scale": LTR}
    kind = {c: "number" if pd.api.types.is_numeric_dtype(table[c]) else "string" for c in table.columns}
    fields = (cx.Field(c, type=kind[c], **({"role": roles[c]} if c in roles else asked)) for c in table.columns)
    return cx.Study(table, cx.Codebook("s", tuple(fields)))


def answers(d, p, r):
    return [3] * d + [8] * p + [10] * r


def two(one, other):
    n, k = sum(one), sum(other)
    return study(pd.DataFrame({"ltr": answers(*one) + answers(*other), "g": ["a"] * n + ["b"] * k}), g="segment")


# Paired table of the project's methods notes: rows wave 1 (D, P, R), columns wave 2.
PAIRED = [[20, 8, 4], [6, 30, 12], [3, 9, 58]]


def paired_answers():
    code = [3, 8, 10]
    cells = [(code[i], code[j]) for i in range(3) for j in range(3) for _ in range(PAIRED[i][j])]
    return pd.DataFrame(cells, columns=["first", "second"])


@pytest.mark.parametrize(
    ("one", "other", "d", "se", "interval"),
    [((20, 30, 50), (30, 40, 30), 30, 11, (7.9802, 50.8099)),
     ((5, 10, 35), (10, 15, 25), 30, 14.4914, (0.5844, 57.4514))],
)  # fmt: skip
def test_two_groups_of_the_reference(one, other, d, se, interval):
    row = cx.compare(two(one, other), "nps", by="g").table.iloc[0]
    assert (row["g"], row["against"]) == ("a", "b")
    assert row["estimate"] == pytest.approx(d)
    assert row["se"] == pytest.approx(se, abs=5e-5)
    assert (row["low"], row["high"]) == pytest.approx(interval, abs=6e-5)
    assert row["n"] == sum(one) and row["n_against"] == sum(other)
    touching = cx.compare(two(one, other), "nps", by="g", level=1 - row["p"]).table.iloc[0]
    assert touching["low"] == pytest.approx(0, abs=1e-6)


def designed(rng):
    """Groups of 12 to 200 answers under weights and clusters, one of them of one mind."""
    g = np.repeat(["a", "b", "c", "d"], [12, 60, 200, 30])
    ltr = rng.choice([3, 8, 10], p=[0.1, 0.2, 0.7], size=len(g))
    ltr[g == "d"] = 10
    table = pd.DataFrame({"ltr": ltr, "g": g, "w": rng.uniform(0.5, 2, len(g)), "c": rng.integers(0, 40, len(g))})
    return table, {"g": "segment", "w": "weight", "c": "cluster"}


@pytest.mark.parametrize("metric", ["nps", "csat", "mean"])
@pytest.mark.parametrize("design", [False, True])
def test_the_interval_of_level_one_minus_p_just_touches_zero(metric, design):
    """In every row, of every metric, with and without a design: p, interval and verdict are one procedure."""
    table, roles = designed(np.random.default_rng(7))
    s = study(table, **(roles if design else {"g": "segment", "w": "segment", "c": "segment"}))
    question = {} if metric == "nps" else {"of": "ltr"}
    found = cx.compare(s, metric, by="g", correction="none", **question).table
    assert len(found) == 6 and found["p"].notna().all()
    for k, row in found.iterrows():
        assert (row["p"] < 0.05) == (row["low"] > 0 or row["high"] < 0)
        at = cx.compare(s, metric, by="g", correction="none", level=1 - row["p"], **question).table.iloc[k]
        assert at["low" if row["estimate"] > 0 else "high"] == pytest.approx(
            0, abs=1e-5 * (100 if metric == "nps" else 1)
        )


def test_equivalence_belongs_to_the_interval_as_well():
    """TOST at 5 % is the interval of level 90 % inside the bounds (Schuirmann 1987), for net scores too."""
    for smallest in (5, 15, 25, 33.4, 45):
        r = cx.compare(two((10, 30, 160), (1, 4, 25)), "nps", by="g", smallest=smallest).table.iloc[0]
        inside = cx.compare(two((10, 30, 160), (1, 4, 25)), "nps", by="g", smallest=smallest, level=0.9).table.iloc[0]
        within = -smallest < inside["low"] and inside["high"] < smallest
        assert (r["p_equivalent"] < 0.05) == within
        assert (r["p_not_worse"] < 0.05) == (-smallest < inside["low"])


@pytest.mark.parametrize("metric", ["nps", "csat", "mean"])
def test_groups_of_one_mind_have_an_answer(metric):
    """50 detractors against 50 promoters: real; 50 against 50 of the same mind: no difference."""
    s = two((50, 0, 0), (0, 0, 50))
    question = {} if metric == "nps" else {"of": "ltr"}
    row = cx.compare(s, metric, by="g", **question).table.iloc[0]
    assert row["verdict"] == "real" and row["p"] < 1e-9
    assert row["low"] <= row["estimate"] <= row["high"] < 0
    same = cx.compare(two((0, 0, 50), (0, 0, 50)), metric, by="g", **question).table.iloc[0]
    assert same["p"] == 1 and same["verdict"] == "cannot tell"
    few = cx.compare(study(pd.DataFrame({"ltr": [3, 3, 10, 10], "g": list("aabb")}), g="segment"), "nps", by="g").table
    assert few["verdict"].tolist() == [""]


@pytest.mark.parametrize("shares", [(0.2, 0.3, 0.5), (0.02, 0.08, 0.9)])
def test_where_nothing_differs_one_page_in_twenty_says_real(shares):
    """Twelve segments of 10 to 400 answers, each against the rest, Holm: false pages of 300, binomial bound at 5 %.

    A Wald test of the same rows said "real" on 15 % and 77 % of such pages.
    """
    from cxlab.stats.inference import multiple

    rng, pages = np.random.default_rng(11), 300
    sizes = [10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400]
    wrong = 0
    for _ in range(pages // 30):
        table = pd.DataFrame(
            {"page": np.repeat(np.arange(30), sum(sizes)), "g": np.tile(np.repeat(np.arange(12), sizes), 30)}
        )
        table["ltr"] = rng.choice([3, 8, 10], p=shares, size=len(table))
        found = cx.compare(
            study(table, page="segment", g="segment"), "nps", by=["page", "g"], pairs="rest", correction="none"
        )
        p = found.table.groupby("page")["p"]
        wrong += int(p.apply(lambda x: bool((multiple.adjusted(x.to_numpy(), "holm") < 0.05).any())).sum())
    assert wrong <= binom.ppf(0.999, pages, 0.05)


def test_the_sign_of_a_difference_is_kept():
    down = cx.compare(two((30, 40, 30), (20, 30, 50)), "nps", by="g").table.iloc[0]
    assert down["estimate"] == pytest.approx(-30)
    assert (down["low"], down["high"]) == pytest.approx((-50.8099, -7.9802), abs=6e-5)


def test_the_same_respondents_twice_as_the_reference_has_it():
    """NPS .2533 -> .3000, d .046667, se .052778, p .3766; ignoring the pairs se .089907."""
    table = paired_answers()
    s = study(table)
    row = cx.compare(s, "nps", by="item", of=["second", "first"]).table.iloc[0]
    assert row["estimate"] == pytest.approx(4.6667, abs=5e-5)
    assert row["se"] == pytest.approx(5.2778, abs=5e-5)
    assert row["p"] == pytest.approx(0.3766, abs=5e-4)  # the paired Wald test; ours is MOVER's with their correlation
    assert row["shared"] == 150
    half = 1.959964 * row["se"]
    assert (row["estimate"] - half, row["estimate"] + half) == pytest.approx((-5.678, 15.011), abs=1e-3)
    assert (row["low"], row["high"]) == pytest.approx((-5.678, 15.011), abs=0.15)
    long = pd.DataFrame({"ltr": [*table["first"], *table["second"]], "wave": [1] * 150 + [2] * 150})
    apart = cx.compare(study(long, wave="wave"), "nps", by="wave").table.iloc[0]
    assert apart["se"] == pytest.approx(8.9907, abs=5e-5)


def test_a_panel_in_rows_is_the_same_as_in_columns():
    table = paired_answers()
    long = pd.DataFrame(
        {"ltr": [*table["first"], *table["second"]], "wave": [1] * 150 + [2] * 150, "who": [*range(150), *range(150)]}
    )
    rows = cx.compare(study(long, wave="wave", who="cluster"), "nps", by="wave").table.iloc[0]
    columns = cx.compare(study(table), "nps", by="item", of=["second", "first"]).table.iloc[0]
    assert rows["estimate"] == pytest.approx(columns["estimate"])
    assert rows["se"] == pytest.approx(columns["se"] * np.sqrt(150 / 149))  # n / (n - 1) of the linearised variance
    assert rows["shared"] == 150


def test_partly_overlapping_waves():
    """var_1/n_1 + var_2/n_2 - 2 n_12 cov/(n_1 n_2), with the covariance of those in both (Derrick et al. 2017)."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=500)
    wave = lambda who: np.where(latent[who] + 0.5 * rng.normal(size=len(who)) > 0, 10, 3)  # noqa: E731
    first, second = np.arange(0, 300), np.arange(200, 500)
    x, y = wave(first), wave(second)
    long = pd.DataFrame({"ltr": [*x, *y], "wave": [1] * 300 + [2] * 300, "who": [*first, *second]})
    row = cx.compare(study(long, wave="wave", who="cluster"), "nps", by="wave").table.iloc[0]
    s, t = np.where(x > 5, 1, -1), np.where(y > 5, 1, -1)
    cov = ((s[200:] - s.mean()) * (t[:100] - t.mean())).sum() / (300 * 300)
    want = np.sqrt((s.var() / 300 + t.var() / 300 - 2 * cov) * 500 / 499)
    assert row["se"] / 100 == pytest.approx(want, rel=3e-3)  # R's centring of the clusters' residuals
    assert row["shared"] == 100
    assert row["se"] < cx.compare(study(long.drop(columns="who"), wave="wave"), "nps", by="wave").table["se"][0]


@pytest.mark.mirror
def test_differences_of_domains_equal_r_survey(mirror):
    lines = [x for x in REFERENCE.read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    rows = [r for r in csv.DictReader(lines) if r["quantity"] == "difference" and "population" not in r["design"]]
    assert len(rows) == 7
    for r in rows:
        data = pd.read_csv(mirror / "survey_weights_api" / f"{r['sample']}.csv")
        lonely = np.where(data["cnum"] == 19, "LA", "other")
        lonely[0] = "one"
        data = data.assign(lonely=lonely, both=data["stype"] + data["cnum"].astype(str))
        parts = r["design"].split("+")
        roles = {"pw": "weight"} if "weight" in parts else {}
        roles |= {("both" if r["sample"] == "apistrat" else "dnum"): "cluster"} if "cluster" in parts else {}
        roles |= {"lonely": "strata"} if "lonely" in parts else {"stype": "strata"} if "strata" in parts else {}
        fields = [cx.Field("api00", role="outcome"), cx.Field("awards", role="segment", type="string")]
        fields += [cx.Field(c, role=role) for c, role in roles.items()]
        s = cx.Study(data, cx.Codebook("api", tuple(fields)))
        row = cx.compare(s, "mean", by="awards", of="api00", pairs="No", smallest=10).table.iloc[0]
        assert row["estimate"] == pytest.approx(float(r["estimate"]), rel=1e-9), r
        assert row["se"] == pytest.approx(float(r["se"]), rel=1e-9), r


def test_means_of_two_groups_are_welchs_test():
    from scipy import stats

    rng = np.random.default_rng(1)
    x, y = rng.integers(1, 6, 40), rng.integers(2, 6, 25)
    table = pd.DataFrame({"q": [*x, *y], "g": ["a"] * 40 + ["b"] * 25})
    field = cx.Field("q", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
    s = cx.Study(table, cx.Codebook("s", (field, cx.Field("g", role="segment"))))
    row = cx.compare(s, "mean", by="g").table.iloc[0]
    want = stats.ttest_ind(x, y, equal_var=False)
    assert row["estimate"] == pytest.approx(x.mean() - y.mean())
    # a group is a domain of the whole sample: its variance has N / (N - 1), Welch's n / (n - 1)
    assert row["p"] == pytest.approx(want.pvalue, rel=0.1)
    low, high = want.confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=0.02)


def test_each_against_the_rest_is_a_comparison_with_the_others_pooled():
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {"ltr": rng.integers(0, 11, 400), "g": rng.choice(list("abc"), 400), "w": rng.uniform(1, 2, 400)}
    )
    table["c"] = rng.integers(0, 80, 400)
    roles = {"g": "segment", "w": "weight", "c": "cluster"}
    found = cx.compare(study(table, **roles), "nps", by="g", pairs="rest").table.set_index("g")
    for g in "abc":
        pooled = table.assign(g=np.where(table["g"] == g, "in", "out"))
        want = cx.compare(study(pooled, **roles), "nps", by="g").table.iloc[0]
        for c, tolerance in {"estimate": 1e-9, "se": 1e-9, "low": 1e-3, "high": 1e-3, "p": 1e-2}.items():
            # the degrees of freedom of the others together are those of the groups added up
            assert found.loc[g, c] == pytest.approx(want[c], rel=tolerance), c


def test_of_several_columns_the_last_is_compared_within_the_others():
    s = cx.load("brand-tracker")
    both = cx.compare(s, "nps", by=["brand", "wave"], correction="none").table
    one = cx.compare(s.where(brand="Alba"), "nps", by="wave", correction="none").table
    assert len(both) == 6 * 7
    got = both[both["brand"] == "Alba"]
    assert got["estimate"].to_numpy() == pytest.approx(one["estimate"].to_numpy(), rel=1e-9)
    assert got["se"].to_numpy() == pytest.approx(one["se"].to_numpy(), rel=2e-3)  # clusters of the whole study


def test_pairs_and_corrections_are_stated():
    s = cx.load("brand-tracker")
    r = cx.compare(s, "nps", by="brand", correction="romano-wolf")
    assert len(r.table) == 15
    assert "Romano-Wolf stepdown" in r.method and "15 comparisons" in r.method
    holm = cx.compare(s, "nps", by="brand").table
    assert (r.table["p_adjusted"] <= holm["p_adjusted"] + 0.01).all()
    assert (r.table["p_adjusted"] >= r.table["p"] - 0.01).all()
    first = cx.compare(s, "nps", by="wave", pairs="first").table
    assert first["against"].unique().tolist() == ["2024 Q1"]
    assert set(cx.compare(s, "nps", by="brand", pairs="Cima").table["against"]) == {"Cima"}


def test_relabelling_groups_turns_the_table_and_nothing_else():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"ltr": rng.integers(0, 11, 300), "g": rng.choice(["a", "b", "c"], 300)})
    one = cx.compare(study(table, g="segment"), "nps", by="g").table
    other = cx.compare(
        study(table.assign(g=table["g"].map({"a": "z", "b": "y", "c": "x"})), g="segment"), "nps", by="g"
    ).table
    pair = {
        frozenset(x): d for x, d in zip(zip(one["g"], one["against"], strict=True), one["estimate"].abs(), strict=True)
    }
    back = {"z": "a", "y": "b", "x": "c"}
    for g, a, d in zip(other["g"], other["against"], other["estimate"].abs(), strict=True):
        assert pair[frozenset((back[g], back[a]))] == pytest.approx(d)


def test_verdicts_follow_the_stated_rule():
    r = cx.compare(two((2000, 3000, 5000), (1990, 3000, 5010)), "nps", by="g", smallest=5)
    assert r.table["verdict"][0] == "noise"
    assert cx.compare(two((20, 30, 50), (30, 40, 30)), "nps", by="g").table["verdict"][0] == "real"
    assert cx.compare(two((20, 30, 50), (22, 30, 48)), "nps", by="g").table["verdict"][0] == "cannot tell"
    small = cx.compare(two((20000, 30000, 50000), (21000, 30000, 49000)), "nps", by="g").table["verdict"][0]
    assert small == "real, but smaller than matters"
    assert any(n.startswith("verdict: 'real' if the corrected p is below 0.05; ") for n in r.notes)
    assert "smallest difference that matters: 5 NPS points" in r.notes


# A benchmark -----------------------------------------------------------------------------------------------------


def one_study():
    return study(pd.DataFrame({"ltr": answers(20, 30, 50)}))


def score_test(counts, net):
    """The p-value of Tango's score test, by maximising the likelihood of the three shares under their net score."""
    d, p, r = counts
    n = d + p + r
    loss = lambda x: -(d * np.log(x) + p * np.log(1 - 2 * x - net) + r * np.log(x + net))  # noqa: E731
    worst = minimize_scalar(loss, bounds=(1e-9, (1 - net) / 2 - 1e-9), method="bounded", options={"xatol": 1e-12}).x
    variance = 2 * worst + net - net**2
    return 2 * norm.sf(abs((r - d) / n - net) / np.sqrt(variance / n))


def test_an_exact_benchmark_and_one_with_an_error():
    exact = cx.against(one_study(), "nps", benchmark=18).table.iloc[0]
    assert exact["estimate"] / exact["se"] == pytest.approx(1.536, abs=5e-4)
    assert exact["p"] == pytest.approx(score_test((20, 30, 50), 0.18), abs=1e-6)
    assert np.isnan(exact["tipping_se"])
    before = exact["p"]
    for n in (2000, 500, 200, 100):
        se = 100 * np.sqrt(0.65 / n)
        got = cx.against(one_study(), "nps", benchmark=18, se=se).table.iloc[0]
        assert got["p"] > before
        assert got["p"] == pytest.approx(2 * norm.sf(12 / np.hypot(12 / norm.isf(exact["p"] / 2), se)), abs=4e-3)
        before = got["p"]
    same = cx.against(one_study(), "nps", benchmark=18, n=100).table.iloc[0]
    assert same["se"] == pytest.approx(np.sqrt(2) * exact["se"])


def test_one_sample_equivalence_equals_toster():
    """TOSTER's test: mean .54 against .5, sd 1.2, n 100, bounds .3 sd: p .0006040021 and .004474619."""
    x = np.random.default_rng(5).normal(size=100)
    x = 0.54 + 1.2 * (x - x.mean()) / x.std(ddof=1)
    s = cx.Study(pd.DataFrame({"q": x}), cx.Codebook("s", (cx.Field("q", role="outcome", measure="satisfaction"),)))
    row = cx.against(s, "mean", benchmark=0.5, of="q", smallest=0.36).table.iloc[0]
    assert row["p_equivalent"] == pytest.approx(0.004474619, rel=1e-6)
    assert row["p_not_worse"] == pytest.approx(0.0006040021, rel=1e-6)
    assert row["verdict"] == "noise"


def test_tipping_point_says_how_imprecise_a_benchmark_may_be():
    row = cx.against(one_study(), "nps", benchmark=10).table.iloc[0]
    assert row["tipping_se"] == pytest.approx(np.sqrt(20**2 - (30 - 13.9551) ** 2) / 1.959964, abs=1e-3)  # MOVER
    assert row["tipping_n"] == pytest.approx(6100 / row["tipping_se"] ** 2, abs=0.01)
    assert cx.against(one_study(), "nps", benchmark=10, se=row["tipping_se"]).table["p"][0] == pytest.approx(0.05)


def test_benchmarks_by_group():
    s = two((20, 30, 50), (30, 40, 30))
    r = cx.against(s, "nps", benchmark={"a": 10, "b": 20}, by="g").table
    assert r["estimate"].tolist() == pytest.approx([20, -20])
    with pytest.raises(cx.DataProblem) as problem:
        cx.against(s, "nps", benchmark={"a": 10}, by="g")
    assert str(problem.value) == "no benchmark for b; there are: a"


# Calibration -----------------------------------------------------------------------------------------------------


def panels(k, rng):
    """k panels of two waves: 120 answers each, half of the respondents in both, no true change."""
    rows = []
    for i in range(k):
        latent = rng.normal(size=180)
        for wave, who in ((1, range(120)), (2, range(60, 180))):
            z = latent[list(who)] * np.sqrt(0.7) + rng.normal(size=120) * np.sqrt(0.3)
            rows.append(pd.DataFrame({"ltr": np.where(z > 0.1, 10, np.where(z > -0.7, 8, 3)), "wave": wave, "panel": i,
                                      "who": [f"{i}-{x}" for x in who]}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_overlapping_waves_without_change_are_called_real_one_time_in_twenty():
    k = 700
    table = panels(k, np.random.default_rng(4))
    roles = {"wave": "wave", "panel": "strata"}
    found = cx.compare(study(table, **roles, who="cluster"), "nps", by=["panel", "wave"], correction="none").table
    bound = 4 * np.sqrt(0.05 * 0.95 / k)
    assert len(found) == k
    assert (found["p"] < 0.05).mean() == pytest.approx(0.05, abs=bound)
    assert ((found["low"] > 0) | (found["high"] < 0)).mean() == pytest.approx(0.05, abs=bound)


# Bad input -------------------------------------------------------------------------------------------------------


def refused(call):
    with pytest.raises(cx.DataProblem) as problem:
        call()
    return str(problem.value)


def test_what_cannot_be_compared_is_refused():
    s = two((20, 30, 50), (30, 40, 30))
    alone = s.where(g="a")
    assert (
        refused(lambda: cx.compare(alone, "nps", by="g"))
        == "a comparison by 'g' needs at least two groups; there are: a"
    )
    assert refused(lambda: cx.compare(s, "nps", by="g", pairs="c")) == (
        "pairs 'c' is not in the groups of 'g'. There are: consecutive, ends, all, first, rest, a, b"
    )
    named = study(pd.DataFrame({"ltr": answers(20, 30, 50), "p": ["x"] * 50 + ["y"] * 50}), p="segment")
    assert cx.compare(named, "nps", by="p").table.columns.tolist()[:3] == ["p_", "against", "estimate"]
    assert refused(lambda: cx.compare(s, "npss", by="g")) == (
        "metric is 'npss'; did you mean 'nps'? allowed: 'nps', 'csat', 'ces', 'mean', 'share'"
    )
    assert refused(lambda: cx.compare(s, "nps", by="g", smallest=0)) == (
        "smallest is 0; the smallest difference that matters is positive"
    )
    assert refused(lambda: cx.against(s, "nps", benchmark=10, se=2, n=50)) == (
        "se and n of the benchmark are both given; give the one that is known"
    )


def test_a_wave_without_answers_gives_no_difference():
    table = pd.DataFrame(
        {"ltr": [9.0] * 30 + [3.0] * 20 + [None] * 20 + [10.0] * 30, "wave": [1] * 50 + [2] * 20 + [3] * 30}
    )
    r = cx.compare(study(table, wave="wave"), "nps", by="wave")
    assert np.isnan(r.table[["estimate", "low", "high", "p", "p_adjusted"]].to_numpy(float)).all()
    assert r.table["verdict"].tolist() == ["", ""]
    assert "1 of 3 groups has no answers: not estimable" in r.notes


def graded(**scales):
    """Answers of 400 to questions on these scales, and a group 'new' or 'old'."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame({n: rng.integers(s.minimum, s.maximum + 1, 400) for n, s in scales.items()})
    asked = {"type": "integer", "role": "touchpoint", "stage": "use"}
    fields = [cx.Field(n, scale=s, **asked) for n, s in scales.items()]
    table["g"] = np.repeat(["new", "old"], 200)
    return cx.Study(table, cx.Codebook("s", (*fields, cx.Field("g", type="string", role="segment"))))


def test_questions_of_different_scales_or_directions_are_neither_compared_nor_pooled():
    s = graded(five=cx.Scale(1, 5), hundred=cx.Scale(0, 100))
    other = (
        "one is measured on 1 to 5 (highest = best), the other on 0 to 100 (highest = best); name questions of one "
        "scale with of=, or recode them to one"
    )
    said = refused(lambda: cx.compare(s, "mean", by="item", of=["five", "hundred"]))
    assert said == f"'five' and 'hundred' of s cannot be compared with each other: {other}"
    assert refused(lambda: cx.mean(s, by="stage")) == f"'five' and 'hundred' of s cannot be pooled by stage: {other}"
    assert refused(lambda: cx.csat(s, by="stage")) == (
        "'five' and 'hundred' of s cannot be pooled by stage: one is measured on the best 2 of 5 answers, the other on "
        "the best 2 of 101 answers; name questions of one scale with of=, or recode them to one"
    )
    turned = graded(five=cx.Scale(1, 5), back=cx.Scale(1, 5, best="low"))
    assert "cannot be compared" in refused(lambda: cx.compare(turned, "mean", by="item", of=["five", "back"]))
    assert len(cx.compare(turned, "csat", by="item", of=["five", "back"], smallest=0.1).table) == 1
    assert cx.mean(s).table["item"].tolist() == ["five", "hundred"]  # side by side they may stand


def test_where_one_is_best_above_is_worse_and_not_worse_is_the_other_side():
    """School grades: new is worse by about half a grade; turned round, the same answers give the same p."""
    rng = np.random.default_rng(5)
    g = np.repeat(["new", "old"], 400)
    grade = np.clip(np.round(2.5 + rng.normal(size=800) + 0.5 * (g == "new")), 1, 5).astype(int)
    made = {}
    for best, answers_ in (("low", grade), ("high", 6 - grade)):
        asked = cx.Field(
            "grade", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5, best=best)
        )
        book = cx.Codebook("s", (asked, cx.Field("g", type="string", role="segment")))
        made[best] = cx.compare(cx.Study(pd.DataFrame({"grade": answers_, "g": g}), book), "mean", by="g", smallest=0.2)
    low, high = (made[k].table.iloc[0] for k in ("low", "high"))
    assert (made["low"].better, made["high"].better) == ("down", "up")
    assert low["estimate"] == pytest.approx(-high["estimate"]) and low["estimate"] > 0.3
    assert low["p_not_worse"] == pytest.approx(high["p_not_worse"]) and low["p_not_worse"] > 0.99
    assert "above (worse than) old (" in cx.findings(made["low"]).lines[0]
    assert "below old (" in cx.findings(made["high"]).lines[0]
    neither = cx.compare(study(pd.DataFrame({"ltr": [9, 3] * 50, "g": g[::8], "x": g[::8]}), g="segment", x="segment"),
                         "share", by="g", of="x", value="new").table  # fmt: skip
    assert neither["p_not_worse"].isna().all()


@pytest.mark.parametrize(("benchmark", "side"), [(0.2, "low"), (0.8, "high")])
def test_the_tipping_error_takes_the_limit_on_the_side_of_the_benchmark(benchmark, side):
    """20 of 60 satisfied: Wilson's limits are not even round the share, so the side shows."""
    table = pd.DataFrame({"y": [5] * 20 + [1] * 40})
    field = cx.Field("y", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5), type="integer")
    s = cx.Study(table, cx.Codebook("s", (field,)))
    own = cx.csat(s).table.iloc[0]
    found = cx.against(s, "csat", benchmark=benchmark).table.iloc[0]
    d, reach = own["estimate"] - benchmark, abs(own["estimate"] - own[side])
    assert found["estimate"] == pytest.approx(d)
    assert found["tipping_se"] == pytest.approx(np.sqrt(d**2 - reach**2) / norm.ppf(0.975))
