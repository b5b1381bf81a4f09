"""Time to leave against R's survival package, published tables and known truth.

Values: `tests/reference/survival.R` (R 4.2.2, survival); Telco and BPIC 2012: R survival and cmprsk.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import binom
from statsmodels.duration.hazard_regression import PHReg

import cxlab as cx
from cxlab.stats.survival import grouped_hazard
from cxlab.stats.survival.time_curves import curves

HERE = Path(__file__).parents[2] / "reference"
ROWS = pd.read_csv(HERE / "survival_data.csv")
R = pd.read_csv(HERE / "survival.csv", keep_default_na=False).set_index(["what", "key"])["value"].astype(float)
AT = (3, 6, 12)
GROUPS = ("a", "b")
CLUSTERS = ROWS["cluster"].nunique()


def study(*roles: str) -> cx.Study:
    """Return the data with these design roles declared."""
    own = {"weight": cx.Field("weight", type="number", role="weight" if "weight" in roles else "")}
    own["cluster"] = cx.Field("cluster", type="integer", role="cluster" if "cluster" in roles else "")
    plain = [cx.Field(c, type="integer") for c in ("time", "entry", "cause", "score")]
    fields = (*plain, cx.Field("group", type="string", role="segment"), *own.values())
    return cx.Study(ROWS, cx.Codebook("spells", fields))


def curve(**options) -> pd.DataFrame:
    roles = options.pop("roles", ())
    found = cx.survival(study(*roles), time="time", event="cause", ends=1, by="group", at=AT, **options)
    return found.table.set_index(["group", "at"])


def expected(what: str) -> np.ndarray:
    return R[what].loc[[f"{g}|{t}" for g in GROUPS for t in AT]].to_numpy()


@pytest.mark.parametrize(("name", "options"), [("plain", {}), ("entry", {"entry": "entry"})])
def test_curves_of_a_simple_sample_equal_r(name: str, options: dict) -> None:
    found = curve(**options)
    for column in ("estimate", "se", "low", "high"):
        np.testing.assert_allclose(found[column], expected(f"{name}:{column}"), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "options", "units"),
    [
        ("robust", {"roles": ("weight", "cluster")}, CLUSTERS),
        ("robust entry", {"roles": ("weight", "cluster"), "entry": "entry"}, CLUSTERS),
        ("weights", {"roles": ("weight",)}, len(ROWS)),
    ],
)
def test_curves_under_weights_and_clusters_equal_r_but_for_its_missing_factor(name, options, units) -> None:
    """R's infinitesimal jackknife has no G / (G - 1)."""
    found = curve(**options)
    np.testing.assert_allclose(found["estimate"], expected(f"{name}:estimate"), rtol=1e-9)
    np.testing.assert_allclose(found["se"], expected(f"{name}:se") * np.sqrt(units / (units - 1)), rtol=1e-9)


def test_medians_means_and_the_log_rank_test_equal_r() -> None:
    found = cx.survival(study(), time="time", event="cause", ends=1, by="group", horizon=12)
    means, medians = (found.parts[k].set_index("group") for k in ("means", "medians"))
    for g in GROUPS:
        np.testing.assert_allclose(
            means.loc[g, ["estimate", "se"]].astype(float), [R["mean", g], R["mean:se", g]], rtol=1e-9
        )
        for column, key in (("estimate", "median"), ("low", "median:low"), ("high", "median:high")):
            assert medians.loc[g, column] == R[key, g]
    test = found.parts["test"].iloc[0]
    assert test["statistic"] == pytest.approx(R["logrank", "statistic"], rel=1e-9) and test["df"] == 1
    difference = found.parts["differences"].query("of == 'mean'").iloc[0]
    assert difference["estimate"] == pytest.approx(R["mean", "a"] - R["mean", "b"], rel=1e-9)
    assert difference["se"] == pytest.approx(np.hypot(R["mean:se", "a"], R["mean:se", "b"]), rel=1e-9)


@pytest.mark.parametrize("name", ["competing", "competing weights"])
def test_competing_ends_equal_r(name: str) -> None:
    roles = ("weight",) if name.endswith("weights") else ()
    found = cx.survival(study(*roles), time="time", event="cause", ends=[1, 2], at=AT).table
    factor = np.sqrt(len(ROWS) / (len(ROWS) - 1)) if roles else 1.0
    for k in (1, 2):
        mine = found[found["end"] == str(k)]
        keys = [f"{k}|{t}" for t in AT]
        np.testing.assert_allclose(mine["estimate"], R[f"{name}:estimate"].loc[keys], rtol=1e-9)
        np.testing.assert_allclose(mine["se"], R[f"{name}:se"].loc[keys] * factor, rtol=1e-9)
    total = found.groupby("at")["estimate"].sum()
    np.testing.assert_allclose(total, 1, rtol=1e-12)


def test_the_influence_of_a_spell_is_the_derivative_by_its_weight() -> None:
    time, cause, w = (ROWS[c].to_numpy(float) for c in ("time", "cause", "weight"))
    entry, cause, one = ROWS["entry"].to_numpy(float), cause.astype(int), np.ones(len(ROWS))
    numbers = {
        "share": (lambda c: c.share(6), lambda c: c.jump(6)),
        "end": (lambda c: c.share(6, 1), lambda c: c.jump(6, 1)),
        "mean": (lambda c: c.restricted_mean(9.5), lambda c: c.jump_of_mean(9.5)),
    }
    whole = curves(time, cause, one, w, entry, causes=2)
    for value, jump in numbers.values():
        u = whole.influence(jump(whole), time, cause, entry)
        for i in (0, 50, 150):
            more = 1e-5 * (np.arange(len(w)) == i)
            up, down = (curves(time, cause, one, moved, entry, causes=2) for moved in (w + more, w - more))
            assert u[i] == pytest.approx((value(up) - value(down)) / 2e-5, rel=1e-5, abs=1e-9)


def test_the_hazard_ratio_equals_r() -> None:
    found = cx.hazard(study(), "group + score", time="time", event="cause", ends=1, entry="entry")
    for term, key in enumerate(("b", "score")):
        row = found.table.iloc[term]
        np.testing.assert_allclose([row["estimate"], row["se"]], [R["cloglog", key], R["cloglog:se", key]], rtol=1e-6)
    assert found.parts["fit"]["loglik"] == pytest.approx(R["cloglog:loglik", ""], rel=1e-9)


def test_the_hazard_ratio_under_weights_and_clusters_equals_r() -> None:
    found = cx.hazard(study("weight", "cluster"), "group + score", time="time", event="cause", ends=1, entry="entry")
    for term, key in enumerate(("b", "score")):
        row = found.table.iloc[term]
        assert row["estimate"] == pytest.approx(R["cloglog robust", key], rel=1e-6)
        assert row["se"] == pytest.approx(R["cloglog robust:se", key] * np.sqrt(CLUSTERS / (CLUSTERS - 1)), rel=1e-6)


def test_ties_as_breslow_equal_statsmodels_with_late_entry() -> None:
    """Who is watched from a time on is not at risk at that time, as in R; there a half makes statsmodels say so."""
    d = ROWS.assign(b=(ROWS["group"] == "b") * 1.0, since=ROWS["entry"] + 0.5)
    peer = PHReg(d["time"], d[["b", "score"]], (d["cause"] == 1) * 1, entry=d["since"], ties="breslow").fit(disp=0)
    options = {"time": "time", "event": "cause", "ends": 1, "entry": "entry", "periods": "exact"}
    found = cx.hazard(study(), "group + score", **options)
    np.testing.assert_allclose(found.table["estimate"], peer.params, rtol=1e-7)
    np.testing.assert_allclose(found.table["se"], peer.bse, rtol=1e-7)
    assert found.parts["fit"]["loglik"] == pytest.approx(peer.llf, rel=1e-9)
    assert found.method.startswith("Cox's model, ties by Breslow, on counts by period; errors of the likelihood")
    with pytest.raises(cx.DataProblem) as said:
        cx.hazard(study(), "group", **options | {"periods": "breslow"})
    assert str(said.value) == "periods is 'breslow'; allowed: a number above 0, or 'exact'"
    many = {"t": np.arange(1200.0), "left": [1] * 1200, "x": [0, 1] * 600}
    with pytest.raises(cx.DataProblem) as said:
        cx.hazard(cx.load(pd.DataFrame(many)), "x", time="t", event="left", periods="exact")
    assert str(said.value) == ("'t' of table has 1,200 times of leaving; 'exact' takes 1,000: give a number of periods")


def test_the_influence_of_a_spell_on_a_ratio_is_the_derivative_by_its_weight() -> None:
    """Of Breslow's likelihood, whose information is the same expected and observed."""
    x = np.column_stack([(ROWS["group"] == "b") * 1.0, ROWS["score"]])
    t, ended, w = ROWS["time"].to_numpy(float), (ROWS["cause"] == 1).to_numpy(), ROWS["weight"].to_numpy(float)
    until, period = grouped_hazard.periods(t, ended, 60)
    since = grouped_hazard.entered(ROWS["entry"].to_numpy(float), t, ended, until)
    again = lambda v: grouped_hazard.fit(x, period, ended, v, since, count=len(until), exact=True)  # noqa: E731
    whole = again(w)
    bases = whole.base_influence()
    for i in (0, 50, 150):
        more = 1e-4 * (np.arange(len(w)) == i)
        up, down = again(w + more), again(w - more)
        np.testing.assert_allclose(whole.influence[i], (up.b - down.b) / 2e-4, rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(bases[i], (up.base - down.base) / 2e-4, rtol=1e-3, atol=1e-7)


def test_concordance_is_counted_over_all_pairs() -> None:
    """Of one who leaves and one still there afterwards (or lost at the same time): has the former the higher hazard?"""
    found = cx.hazard(study(), "group + score", time="time", event="cause", ends=1)
    b = found.table["estimate"].to_numpy()
    eta = np.column_stack([ROWS["group"] == "b", ROWS["score"]]) @ b
    t, gone = ROWS["time"].to_numpy(), (ROWS["cause"] == 1).to_numpy()
    longer = (t[None] > t[:, None]) | ((t[None] == t[:, None]) & ~gone[None])
    pairs = gone[:, None] & longer
    higher = np.where(np.isclose(eta[:, None], eta[None]), 0.5, eta[:, None] > eta[None])
    assert found.parts["fit"]["concordance"] == pytest.approx((pairs * higher).sum() / pairs.sum(), abs=1e-12)


@pytest.mark.mirror
def test_telco_has_the_published_curve_means_and_ratios() -> None:
    telco = cx.load("telco-churn").where(tenure=(1, None))
    found = cx.survival(telco, time="tenure", at=[1, 12, 24, 36, 48, 60, 72]).table
    share = [0.945961320, 0.843199554, 0.788736398, 0.748545415, 0.708840184, 0.664403914, 0.592790152]
    errors = [0.00269618461, 0.00449216025, 0.00520896369, 0.00574405843, 0.00632071202, 0.00712531461, 0.00991876687]
    np.testing.assert_allclose(found["estimate"], share, atol=5e-10)
    np.testing.assert_allclose(found["se"], errors, atol=5e-12)
    np.testing.assert_allclose(found.loc[[1, 2], "low"], [0.834168686, 0.778312956], atol=5e-10)
    np.testing.assert_allclose(found.loc[[1, 2], "high"], [0.851783321, 0.798735202], atol=5e-10)
    by = cx.survival(telco, time="tenure", by="Contract", at=[24], horizon=36)
    np.testing.assert_allclose(by.table["estimate"], [0.585915474, 0.978272376, 1], atol=5e-10)
    np.testing.assert_allclose(by.parts["means"]["estimate"], [23.9620477, 35.4461961, 35.9908230], atol=5e-8)
    np.testing.assert_allclose(by.parts["means"]["se"], [0.25032141134, 0.09047345617, 0.00743278458], atol=5e-12)
    assert by.parts["test"]["statistic"].iloc[0] == pytest.approx(2352.8725, abs=5e-5)
    ratios = cx.hazard(telco, "Contract + PaperlessBilling + MonthlyCharges", time="tenure", periods=100)
    efron = [-2.16187768301, -4.17135990868, 0.25023273411, -0.00102982663]  # Cox; months group ties a little otherwise
    np.testing.assert_allclose(ratios.table["estimate"], efron, atol=0.003)
    np.testing.assert_allclose(ratios.table["se"], [0.0838002, 0.1570475, 0.0561974, 0.00093854], rtol=0.005)
    zph = ratios.parts["proportional"]["statistic"]
    np.testing.assert_allclose(zph, [79.0928265, 20.4784452, 0.8050697, 65.1116143, 193.1919658], rtol=0.01)
    assert ratios.parts["fit"]["concordance"] == pytest.approx(0.795701, abs=5e-7)
    formula = "Contract + PaperlessBilling + MonthlyCharges"
    breslow = cx.hazard(telco, formula, time="tenure", periods="exact")
    published = [-2.147543764488, -4.149896138930, 0.245672692914, -0.000895041228]
    np.testing.assert_allclose(breslow.table["estimate"], published, atol=2e-12)
    assert breslow.parts["fit"]["concordance"] == pytest.approx(0.795701, abs=5e-7)


@pytest.mark.mirror
def test_loan_applications_have_the_cumulative_incidence_of_cmprsk(mirror: Path) -> None:
    rows = cx.load(pd.read_csv(mirror / "event_logs/bpic2012_outcomes.csv"))
    ends = ["approved", "declined", "cancelled"]
    found = cx.survival(rows, time="days", event="outcome", ends=ends, at=[1, 7, 14, 30, 60]).table
    approved = found[found["end"] == "approved"]
    np.testing.assert_allclose(
        approved["estimate"], [0.00213953, 0.00962787, 0.08300074, 0.16188918, 0.17885545], atol=5e-9)  # fmt: skip
    np.testing.assert_allclose(
        approved["se"], [0.00040390, 0.00085358, 0.00241188, 0.00326605, 0.00342393], atol=5e-9)  # fmt: skip
    at30 = found[found["at"] == 30].set_index("end")
    assert at30.loc["declined", "estimate"] == pytest.approx(0.57942599, abs=5e-9)
    assert at30.loc["cancelled", "se"] == pytest.approx(0.00300054, abs=5e-9)


def test_intervals_hold_the_truth_as_often_as_promised() -> None:
    """Exponential stays with shared moods of accounts, a known share still there after 8 and a known ratio."""
    rng, hits, ratio, turns = np.random.default_rng(5), 0, 0, 60
    for _ in range(turns):
        account = np.repeat(np.arange(60), 5)
        frailty = rng.choice([0.05, 0.15], 60)[account]
        plan = rng.integers(0, 2, 60)[account]
        stay, seen = rng.exponential(1 / (frailty * 1.0)), rng.uniform(3, 20, 300)
        time = np.ceil(np.minimum(stay, seen))
        table = pd.DataFrame({"t": time, "left": (stay <= seen).astype(int), "plan": plan, "account": account})
        fields = [cx.Field(c, type="integer") for c in ("t", "left", "plan")]
        made = cx.Study(table, cx.Codebook("s", (*fields, cx.Field("account", type="integer", role="cluster"))))
        row = cx.survival(made, time="t", event="left", at=[8]).table.iloc[0]
        truth = (np.exp(-0.05 * 8) + np.exp(-0.15 * 8)) / 2
        hits += row["low"] <= truth <= row["high"]
        found = cx.hazard(made, "plan", time="t", event="left").table.iloc[0]
        ratio += found["low"] <= 0 <= found["high"]
    least = binom.ppf(0.001, turns, 0.93)
    assert hits >= least and ratio >= least


def plain(**columns) -> cx.Study:
    return cx.load(pd.DataFrame(columns))


MANY = {"t": [1, 2, 3, 4] * 10, "left": [1, 0, 1, 0] * 10}


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (
            MANY | {"left": [0] * 40}, {},
            "nobody of 40 in table has left by 'left': there is no time to estimate; wait for the first ends, or say "
            "with ends= which answers of it are ends",
        ),
        (
            MANY | {"t": [-1, 2, 3, 4] * 10}, {},
            "10 rows of table have a negative 't'; time runs from 0: correct them, or leave the rows out with "
            "study.where",
        ),
        (
            MANY | {"since": [1, 0, 0, 0] * 10}, {"entry": "since"},
            "10 rows of table have 'since' at or after 't'; a customer is watched from the one to the other: correct "
            "them, or leave the rows out",
        ),
        (
            MANY | {"left": ["gone", "here", "gone", "here"] * 10}, {},
            "'left' of table holds 'gone', 'here'; say with ends= which of these mean that somebody left (several are "
            "competing ends); all others are still there",
        ),
        (
            MANY, {"ends": "gone"},
            "no row of table has 'left' = 'gone'; it holds: 0, 1",
        ),
        (MANY, {"horizon": 9}, "horizon is 9; allowed: above 0 and at most 4, the last time that every group is seen"),
        (MANY, {"at": [-2]}, "at is [-2]; allowed: times from 0, e.g. at=[12, 24]"),
    ],
)  # fmt: skip
def test_bad_input_is_said(columns: dict, options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.survival(plain(**columns), time="t", event="left", **options)
    assert str(said.value) == message


def test_everybody_left_and_ties_are_fine_and_a_late_start_is_said() -> None:
    found = cx.survival(plain(t=[5, 5, 6, 7, 8] * 4, left=[1] * 20), time="t", event="left", at=[5, 8])
    assert found.table["estimate"].tolist() == pytest.approx([0.6, 0.0])
    assert np.isnan(found.table["se"].iloc[1])
    assert "everybody has left by the last time" in found.notes
    assert any(n.startswith("nobody has a 't' below 5: where customers were watched only from") for n in found.notes)


@pytest.mark.parametrize(
    ("times", "late"),
    [([1.2, 3, 5, 10], True), ([1, 3, 5, 10], False), ([0.8, 3, 5, 10], False), ([6, 8, 10], False)],
)
def test_a_start_is_late_where_nobody_is_seen_in_the_first_tenth(times: list, late: bool) -> None:
    found = cx.survival(plain(t=times * 12, left=[1] * 12 * len(times)), time="t", event="left")
    assert any(n.startswith("nobody has a 't' below") for n in found.notes) is late


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("plan", "'plan: b (against a)': none of those it is said of (20) has left, so the ratio is not finite; merge "
                 "levels, or leave the column out"),
        ("one", "'one' does not vary among the 40 rows used; leave it out"),
        ("one*plan", "'one*plan' in formula 'one*plan' is more than a column; here it is a sum of columns, C(x) for "
                     "categories: make a column of it first with study.derive"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said(formula: str, message: str) -> None:
    table = MANY | {"left": [1, 1, 0, 0] * 10, "plan": ["a", "a", "b", "b"] * 10, "one": [1] * 40}
    with pytest.raises(cx.DataProblem) as said:
        cx.hazard(plain(**table), formula, time="t", event="left")
    assert str(said.value) == message


def test_the_picture_has_the_numbers_under_way() -> None:
    ax = cx.survival(study(), time="time", event="cause", ends=1, by="group", at=AT).plot()
    texts = {t.get_text() for t in ax.texts}
    under = ROWS[ROWS["group"] == "a"]["time"]
    assert f"{int((under >= 6).sum())}" in texts and {"a", "b"} <= texts


@pytest.mark.parametrize("seed", range(3))
def test_whole_numbers_are_counted_as_numbers_are(seed: int) -> None:
    """Curves of whole numbers, of the same as fractions and of rows in every engine are the same."""
    rng, n = np.random.default_rng(seed), 900
    rows = pd.DataFrame({
        "months": pd.array(rng.integers(1, 13, n), "Int64"), "left": rng.integers(0, 2, n),
        "plan": rng.choice(["a", "b"], n), "w": rng.uniform(0.5, 2, n).round(1), "psu": rng.integers(0, 60, n),
    })  # fmt: skip
    rows.loc[rng.random(n) < 0.05, "months"] = pd.NA
    book = cx.Codebook("s", (
        cx.Field("months"), cx.Field("left"), cx.Field("plan", type="string", role="segment"),
        cx.Field("w", role="weight"), cx.Field("psu", role="cluster"),
    ))  # fmt: skip
    real = rows.assign(months=rows["months"].astype(float), left=rows["left"].astype(float))
    tables = [rows, real, duckdb.from_arrow(pa.Table.from_pandas(rows)), pl.from_pandas(rows).lazy()]
    found = [cx.survival(cx.Study(t, book), time="months", event="left", by="plan") for t in tables]
    for one in found[1:]:
        pd.testing.assert_frame_equal(one.table, found[0].table, rtol=1e-9)
        assert one.notes == found[0].notes


@pytest.mark.parametrize("ask", [
    lambda s, f: cx.hazard(s, f, time="t", event="left"), lambda s, f: cx.loyalty.churn_model(s, f, left="left"),
    lambda s, f: cx.loyalty.cost_to_serve(s, f, cost="cost"),
])  # fmt: skip
def test_a_column_made_of_others_is_refused(ask) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"t": rng.integers(1, 9, 200), "left": rng.integers(0, 2, 200), "a": rng.normal(size=200)})
    table = table.assign(b=rng.integers(0, 3, 200), cost=rng.exponential(9, 200), both=lambda t: t["a"] - 2 * t["b"])
    ask(cx.load(table), "a + b")
    with pytest.raises(cx.DataProblem) as said:
        ask(cx.load(table), "a + b + both")
    assert str(said.value) == (
        "'both' follows from 'a', 'b' in the 200 rows used: what is due to which cannot be told; leave one out"
    )


def test_times_of_nought_are_no_spells_and_the_first_period_is_nothing_late() -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.survival(plain(**MANY | {"t": [0] * 40}), time="t", event="left")
    assert str(said.value) == "every 't' of table is 0; a spell needs the time it lasted"
    found = cx.survival(plain(**MANY | {"t": [1, 2, 3, 5] * 10}), time="t", event="left")
    assert not any("watched only from" in n for n in found.notes)
