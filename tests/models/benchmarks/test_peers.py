"""Peers, gap and which matching predicts: hand-solvable tables, properties, bad input."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.problem import DataProblem

UNITS = pd.DataFrame({
    "firm": ["own", "near", "twin", "big", "bank", "small"],
    "estimate": [30.0, 40.0, 20.0, 10.0, 90.0, 50.0],
    "se": [3.0, 4.0, 3.0, 2.0, 1.0, 5.0],
    "industry": ["rail", "rail", "rail", "rail", "bank", "bus"],
    "customers": [200, 250, 180, 90_000, 220, 150],
})  # fmt: skip


def message(call, *args, **options):
    with pytest.raises(DataProblem) as caught:
        call(*args, **options)
    return str(caught.value)


def test_same_industry_and_size_class():
    """200 lies between 100 and 316: near (250) and twin (180) share its class, big does not, bank is elsewhere."""
    result = cx.leagues.peers(UNITS, "own", match=["industry", "customers"])
    assert sorted(result.table["firm"]) == ["near", "twin"]
    assert result.parts["fallback"] == ""
    assert "Fewer than three peers: the benchmark is a comparison with single units." in result.notes


def test_own_edges_and_the_nearest():
    wide = cx.leagues.peers(UNITS, "own", match=["industry", "customers"], edges={"customers": [100_000]})
    assert sorted(wide.table["firm"]) == ["big", "near", "twin"]
    near = cx.leagues.peers(UNITS, "own", match=["industry", "customers"], method="nearest", k=2)
    assert near.table["firm"].tolist() == ["twin", "near"]
    assert near.table["distance"].is_monotonic_increasing


def test_the_parent_industry_is_a_flagged_fallback():
    result = cx.leagues.peers(
        UNITS,
        "own",
        match=["industry", "customers"],
        parents={"rail": "transport", "bus": "transport", "bank": "finance"},
    )
    assert sorted(result.table["firm"]) == ["near", "small", "twin"]
    assert result.parts["fallback"] == "transport"
    assert "Too few peers in the industry itself: its parent industry, transport, is used." in result.notes


def test_balance_before_and_after():
    balance = cx.leagues.peers(UNITS, "own", match=["industry", "customers"]).parts["balance"]
    size, industry = balance.iloc[0], balance.iloc[1]
    logs = np.log10(UNITS["customers"])
    assert size["before"] == pytest.approx((logs[0] - logs[1:].mean()) / logs.std())
    assert abs(size["after"]) < 0.1 < abs(size["before"])
    assert (industry["before"], industry["after"]) == (0.4, 0.0)


def test_everybody_is_a_peer_without_conditions_and_each_can_be_left_out():
    result = cx.leagues.peers(UNITS, "own")
    assert len(result.table) == 5
    weights = result.table.set_index("firm")["weight"]
    assert weights.sum() == pytest.approx(1)
    assert result.parts["effective"] == pytest.approx(1 / (weights**2).sum())
    out = result.parts["leave_one_out"].set_index("without")
    kept = weights.drop("bank")
    mean = (kept * UNITS.set_index("firm")["estimate"][kept.index]).sum() / kept.sum()
    assert out.loc["bank", "benchmark"] == pytest.approx(mean)
    assert out.loc["bank", "gap"] == pytest.approx(30 - mean)


def test_gap_carries_both_errors():
    """Two peers with se 3 and 4, tau^2 = 187.5: gap 30 - mean, variance 9 + sum w^2 v; in general + sum w^2 tau^2."""
    result = cx.leagues.gap(cx.leagues.peers(UNITS, "own", match=["industry", "customers"]))
    v, y = np.array([16.0, 9.0]), np.array([40.0, 20.0])
    tau2 = (20**2 / 2) - v.mean()  # Q = p - 1 at 200 = mean variance + tau^2 for two units
    w = 1 / (v + tau2) / (1 / (v + tau2)).sum()
    rows = result.table.set_index("what")
    assert rows.loc["gap to these peers", "estimate"] == pytest.approx(30 - w @ y)
    assert rows.loc["gap to these peers", "se"] == pytest.approx(np.sqrt(9 + w**2 @ v))
    assert rows.loc["gap to such units in general", "se"] == pytest.approx(np.sqrt(9 + w**2 @ (v + tau2)))
    assert (result.parts["rank"], result.parts["places"], result.parts["percentile"]) == (2, 3, 50.0)


def test_an_unknown_error_of_the_benchmark_gives_the_tipping_point():
    """d = 15, own se 3: with se_b = sqrt((15 / 1.96)^2 - 9) the gap is just significant."""
    table = pd.DataFrame({"firm": ["own", "a", "b"], "estimate": [30.0, 10.0, 20.0], "se": [3.0, np.nan, np.nan]})
    result = cx.leagues.gap(cx.leagues.peers(table, "own"))
    tip = result.parts["tipping_se"]
    assert tip == pytest.approx(np.sqrt((15 / 1.959964) ** 2 - 9), abs=1e-4)
    assert 15 / np.hypot(3, tip) == pytest.approx(1.959964, abs=1e-6)
    assert result.notes[-1] == (
        "The gap of 15.000 would stop being real if the benchmark's standard error were 7.041 or more."
    )


def test_percentile_sets_hold_the_true_place():
    """A unit among twenty close peers, 150 samples: its percentile set holds the true one; bound binomial."""
    rng, held = np.random.default_rng(6), 0
    theta = np.linspace(-1, 1, 21)
    for seed in range(150):
        table = pd.DataFrame(
            {"firm": [str(i) for i in range(21)], "estimate": theta + rng.standard_normal(21) * 0.5, "se": 0.5}
        )
        at = cx.leagues.gap(cx.leagues.peers(table, "13"), seed=seed, level=0.9).parts
        held += at["percentile_low"] <= 100 * 13 / 20 <= at["percentile_high"]
    assert held >= binom.ppf(1e-4, 150, 0.9)


def test_the_target_for_the_top_quarter_is_reached_with_the_probability():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"firm": [f"u{i}" for i in range(20)], "estimate": rng.normal(50, 10, 20), "se": 2.0})
    result = cx.leagues.gap(cx.leagues.peers(table, "u3"), top=0.25, probability=0.8)
    goal = table.assign(estimate=table["estimate"].where(table["firm"] != "u3", result.parts["target"]), se=2.0)
    sure = goal.assign(se=goal["se"].where(goal["firm"] != "u3", 1e-9))
    assert cx.leagues.gap(cx.leagues.peers(sure, "u3")).parts["chance"] == pytest.approx(0.8, abs=0.03)
    assert result.parts["places_of_top"] == 5


def test_lowest_is_best_turns_the_percentile_round():
    at = cx.leagues.gap(cx.leagues.peers(UNITS, "own"), best="low").parts
    assert at["percentile"] == pytest.approx(100 - cx.leagues.gap(cx.leagues.peers(UNITS, "own")).parts["percentile"])


def test_matching_by_what_matters_predicts_better():
    """Level depends on industry only: matching by it cuts the error, by size it does not."""
    rng = np.random.default_rng(2)
    industry = np.repeat([f"i{k}" for k in range(6)], 20)
    table = pd.DataFrame({
        "firm": [f"f{i}" for i in range(120)], "estimate": np.repeat(rng.normal(0, 10, 6), 20) + rng.normal(0, 2, 120),
        "se": 1.0, "industry": industry, "size": 10 ** rng.uniform(1, 3, 120),
    })  # fmt: skip
    result = cx.leagues.matching(table, industry="industry", size="size")
    ratio = result.table.set_index("rule")
    assert ratio.loc["same industry", "high"] < 0.6
    assert ratio.loc["similar size", "estimate"] > 0.9
    assert result.parts["verdict"] == "yes"
    noise = cx.leagues.matching(table.assign(estimate=rng.normal(0, 10, 120)), industry="industry", size="size")
    assert noise.parts["verdict"] == "no"


def test_errors_say_what_to_do():
    assert message(cx.leagues.peers, UNITS, "owm") == (
        "unit 'owm' is not in column 'firm'; did you mean 'own'? There are: own, near, twin, big, bank, small"
    )
    assert message(cx.leagues.peers, UNITS, "own", match="sector") == (
        "column 'sector' is not in the table of units. There are: firm, estimate, se, industry, customers"
    )
    gone = UNITS.assign(industry=UNITS["industry"].where(UNITS["firm"] != "own"))
    assert message(cx.leagues.peers, gone, "own", match="industry") == (
        "own has no industry, so its peers by industry cannot be told; add it, or match without it"
    )
    mixed = UNITS.assign(unit="mean", scale_minimum=[0.0, 1, 1, 1, 1, 1], scale_maximum=[100.0, 7, 7, 7, 7, 7])
    assert message(cx.leagues.peers, mixed, "own") == (
        "the units have different scale_minimum: 0.0, 1.0; figures on different scales cannot be compared. Keep one of "
        "them, or turn means into 0 to 100: cx.leagues.benchmarks(..., rescale=True)"
    )
    assert message(cx.leagues.peers, UNITS, "bank", match="industry") == (
        "no unit is comparable with bank on industry; match on less, give wider edges, a larger caliper or parents= "
        "for its industry"
    )
    assert (
        message(cx.leagues.peers, UNITS.head(1), "own") == "peers need at least two units with an estimate; there is 1"
    )
    assert message(cx.leagues.peers, pd.concat([UNITS, UNITS.head(1)]), "own") == (
        "own stands more than once in the units; one row a unit (choose a wave or metric first)"
    )
    assert message(cx.leagues.peers, UNITS[["firm", "se"]], "own") == (
        "a table of units needs a column 'estimate'; there are: firm, se"
    )
    assert message(cx.leagues.gap, cx.leagues.peers(UNITS.drop(columns="se"), "own")) == (
        "own has no standard error; a gap needs at least the own figure's error: give se="
    )
    assert message(cx.leagues.matching, UNITS, industry="industry", size="customers") == (
        "only 3 units have a peer of the same industry and similar customers; at least 5 are needed to compare the "
        "rules. Give wider edges, or coarser industries"
    )


def test_different_modes_are_flagged():
    result = cx.leagues.peers(UNITS.assign(mode=["online"] * 5 + ["phone"]), "own")
    assert (
        "The units were surveyed in different modes: a gap may be one of mode; match on mode if you can."
        in result.notes
    )


def test_a_few_peers_do_not_make_a_unit_one_of_the_best():
    """Three peers, tau 3, standard errors 4: chances of 0.8 held in 51 % of cases
    with the unit's own score as it is."""
    rng, stated, right = np.random.default_rng(12), [], []
    for _ in range(500):
        truth = rng.normal(0, 3, 4)
        y = truth + rng.normal(0, 4, 4)
        table = pd.DataFrame({"unit": ["own", "a", "b", "c"], "estimate": y, "se": 4.0})
        stated.append(cx.leagues.gap(cx.leagues.peers(table, "own")).parts["chance"])
        right.append(truth[0] == truth.max())
    stated, right = np.array(stated), np.array(right)
    sure = stated >= 0.6
    assert sure.sum() > 25
    assert right[sure].mean() == pytest.approx(stated[sure].mean(), abs=3.1 * np.sqrt(0.2 / sure.sum()))


def test_the_gap_to_such_units_in_general_covers_with_three_exact_peers():
    """A normal interval covered 84 %; three peers tell badly how much such units differ."""
    rng, reps, hits = np.random.default_rng(13), 400, 0
    for _ in range(reps):
        table = pd.DataFrame({"unit": ["own", "a", "b", "c"], "estimate": [5 + rng.normal(), *rng.normal(0, 8, 3)]})
        row = (
            cx.leagues.gap(cx.leagues.peers(table, "own"), se=1.0)
            .table.set_index("what")
            .loc["gap to such units in general"]
        )
        hits += bool(row["low"] <= 5 <= row["high"])
    assert hits >= binom.ppf(0.001, reps, 0.95)
