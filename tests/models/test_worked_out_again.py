"""Numbers beside the estimates, worked out again by a plain formula from rows, or from others of the same result."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

import cxlab as cx
from cxlab.models.drivers.column_counts import Levels
from cxlab.models.drivers.row_source import Piece
from cxlab.models.loyalty.covariates import ALIKE, alike
from cxlab.models.metrics import registry
from cxlab.models.monitoring import time_series
from cxlab.stats.survival.grouped_hazard import Hazard


def shops(names: np.ndarray, table: dict[str, object], *more: cx.Field) -> cx.Study:
    fields = (cx.Field("shop", type="string", role="brand"), *more)
    return cx.Study(pd.DataFrame({"shop": names, **table}), cx.Codebook("shops", fields))


LTR = cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
WEIGHT = cx.Field("w", type="number", role="weight")
WAVE = cx.Field("wave", type="integer", role="wave")


def answers(units: int, each: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mean = np.repeat(np.linspace(5, 8.5, units), each)
    names = np.repeat([f"S{k}" for k in range(units)], each)
    return names, np.clip(np.round(mean + 2 * rng.standard_normal(len(mean))), 0, 10).astype(int)


def test_a_change_of_leagues_hangs_together() -> None:
    """Limits from errors, the field's mean, Holm's p, ranks and tips of both waves, each by its own formula."""
    names, ltr = answers(8, 120)
    rng = np.random.default_rng(1)
    wave = rng.integers(1, 3, len(ltr))
    ltr = np.clip(ltr + (wave == 2) * (names == "S2") * 3, 0, 10)
    t = cx.leagues.league_change(shops(names, {"ltr": ltr, "wave": wave}, LTR, WAVE), level=0.9, top=2).table
    z, p = norm.ppf(0.95), len(t)
    np.testing.assert_allclose(t["estimate"], t["after"] - t["before"])
    np.testing.assert_allclose([t["low"], t["high"]], [t["estimate"] - z * t["se"], t["estimate"] + z * t["se"]])
    gap = t["estimate"] - t["estimate"].mean()
    half = (t["gap_high"] - t["gap_low"]) / 2
    np.testing.assert_allclose(t["gap_change"], gap)
    np.testing.assert_allclose(t["gap_low"] + half, gap)
    one = (t["high"] - t["low"]) / (2 * z)  # errors of units: those of the differences from the mean of all
    np.testing.assert_allclose(half / z, np.sqrt((1 - 2 / p) * one**2 + (one**2).sum() / p**2))
    right = multipletests(2 * norm.sf(np.abs(gap) / (half / z)), method="holm")[1]
    np.testing.assert_allclose(t["p_adjusted"], right, rtol=1e-6)
    for when in ("before", "after"):
        assert t[f"rank_{when}"].tolist() == t[when].rank(ascending=False, method="min").astype(int).tolist()
    moved = t["rank_after"] - t["rank_before"]
    assert (t["rank_change_low"] <= moved).all() and (moved <= t["rank_change_high"]).all()
    assert t["rank_change_low"].min() >= 1 - p and t["rank_change_high"].max() <= p - 1
    np.testing.assert_allclose(t["surprise"], t["after"] - t["expected"])
    np.testing.assert_allclose(t["surprise_high"] - t["surprise"], t["surprise"] - t["surprise_low"])
    was = t.sort_values("before", ascending=False)["was"].tolist()
    assert was == ["star"] * 2 + [""] * (p - 4) + ["laggard"] * 2


def test_units_outside_the_funnel_are_those_beyond_its_limits() -> None:
    names, ltr = answers(12, 150, seed=5)
    ltr = np.where(names == "S11", np.clip(ltr + 4, 0, 10), ltr)
    points = cx.league(shops(names, {"ltr": ltr}, LTR)).parts["funnel"]
    size = points["z"].abs()
    right = np.select([size > norm.ppf(0.999), size > norm.ppf(0.975)], ["99.8 %", "95 %"], "")
    assert points["outside"].tolist() == right.tolist()
    assert "" in right and len(set(right)) > 1


@pytest.mark.parametrize("best", ["high", "low"])
def test_pairs_of_shares_are_apart_where_their_score_intervals_say_so(best: str) -> None:
    """Two shops of 60: apart no sooner than by Newcombe's interval, and surely where that leaves much room."""
    seen = set()
    yes = cx.Field("left", type="integer", role="outcome", measure="churn" if best == "low" else "satisfaction")
    for k in range(1, 40, 3):
        names = np.repeat(["A", "B"], 60)
        left = np.r_[np.arange(60) < 1, np.arange(60) < 1 + k].astype(int)
        study = shops(names, {"left": left if best == "low" else 1 - left}, yes)
        parts = cx.league(study, metric="share", of="left", value=1).parts
        low, _ = confint_proportions_2indep(1 + k, 60, 1, 60, method="newcomb")
        if parts["separated_pairs"]:
            assert low > 0
        if low > 0.1:
            assert parts["separated_pairs"] == 1
        seen.add(int(parts["separated_pairs"]))
    assert seen == {0, 1}


def test_counted_columns_have_the_weighted_mean_and_deviation_of_their_rows() -> None:
    rng = np.random.default_rng(2)
    z, w = rng.integers(1, 8, (500, 2)).astype(np.int8), rng.uniform(0.5, 3, 500)
    for weight in (None, w):
        levels = Levels(2)
        for rows in (slice(0, 200), slice(200, 500)):
            levels.add(Piece(z[rows], None if weight is None else weight[rows], [], np.zeros(2), 500))
        n, low, high, mean, sd = levels.found()
        right = np.average(z, axis=0, weights=weight)
        assert n.tolist() == [500, 500] and low.tolist() == z.min(0).tolist() and high.tolist() == z.max(0).tolist()
        np.testing.assert_allclose(mean, right)
        np.testing.assert_allclose(sd, np.sqrt(np.average((z - right) ** 2, axis=0, weights=weight)))


def test_customers_of_like_pace_are_equal_groups_in_order() -> None:
    rng = np.random.default_rng(4)
    each, x = 10, rng.standard_normal((10 * ALIKE, 1))
    fit = cast(Hazard, SimpleNamespace(b=np.array([2.0]), base=np.zeros(3)))
    found = alike(x, fit, np.full(len(x), 3.0))
    np.testing.assert_allclose(found["share"], 1 / ALIKE)
    np.testing.assert_allclose(found["x"][:, 0], np.sort(x[:, 0]).reshape(ALIKE, each).mean(axis=1))


def test_all_answers_so_far_are_the_weighted_mean_and_variance_of_their_rows() -> None:
    names, ltr = answers(1, 600)
    rng = np.random.default_rng(6)
    table = {"ltr": ltr, "wave": np.sort(rng.integers(1, 7, 600)), "w": rng.uniform(0.5, 2, 600)}
    study = shops(names, table, LTR, WAVE, WEIGHT)
    score = registry.score(study, "nps", None, [])
    n, kish, t, spread = time_series.read(study, score, [], "wave", "").so_far()
    value = np.where(ltr >= 9, 100, np.where(ltr <= 6, -100, 0))
    for k in range(1, 7):
        rows = table["wave"] <= k
        x, w = value[rows], table["w"][rows]
        mean = np.average(x, weights=w)
        assert (n[0, k - 1], t[0, k - 1]) == (rows.sum(), pytest.approx(mean))
        assert kish[0, k - 1] == pytest.approx(w.sum() ** 2 / (w @ w))
        assert spread[0, k - 1] == pytest.approx(np.average((x - mean) ** 2, weights=w))


def test_the_likelihoods_of_a_logit_are_those_of_its_rows() -> None:
    rng = np.random.default_rng(7)
    x, w = rng.integers(0, 11, 400), rng.integers(1, 4, 400).astype(float)
    y = (rng.random(400) < 1 / (1 + np.exp(2 - 0.4 * x))).astype(int)
    study = shops(np.repeat("A", 400), {"ltr": x, "y": y, "w": w}, LTR, cx.Field("y", type="integer"), WEIGHT)
    found = cx.regressions.logit(study, "y ~ ltr")
    a, b = found.table["estimate"]
    line = lambda p: float(w @ (y * np.log(p) + (1 - y) * np.log(1 - p)))  # noqa: E731
    fit = found.parts["fit"]
    assert fit["loglik"] == pytest.approx(line(1 / (1 + np.exp(-a - b * x))))
    assert fit["loglik_null"] == pytest.approx(line(np.full(400, np.average(y, weights=w))))


def test_the_chance_of_a_pilot_is_its_place_among_placebos() -> None:
    """No effect: of twelve shops that were not treated some lie further out than the pilot, and each counts."""
    rng = np.random.default_rng(9)
    grid = pd.MultiIndex.from_product([[f"S{k:02d}" for k in range(13)], range(1, 10), range(20)]).to_frame(index=False)
    grid.columns = ["shop", "wave", "person"]
    drift = rng.normal(0, 1, 13).repeat(180) * (grid["wave"] / 9)
    ltr = np.clip(np.round(7 + drift + rng.normal(0, 1.5, len(grid))), 0, 10)
    study = shops(grid["shop"], {"ltr": ltr.astype(int), "wave": grid["wave"]}, LTR, WAVE)
    found = cx.pilot(study, "mean", of="ltr", unit="shop", wave="wave", start={"S00": 6}, design="synthetic")
    row, placebo = found.table.iloc[0], found.parts["placebo"]["estimate"]
    further = int((placebo.abs() >= abs(row["estimate"])).sum())
    assert 0 < further < 12 == len(placebo)
    assert row["p"] == pytest.approx((1 + further) / 13)
    assert row["se"] == pytest.approx(placebo.std(ddof=0))
    assert (row["high"] - row["low"]) / 2 == pytest.approx(norm.ppf(0.975) * row["se"])


def test_what_alerts_are_worth_is_counted_customer_by_customer() -> None:
    rng = np.random.default_rng(11)
    n, level = 500, 0.9
    ltr, w = rng.integers(0, 11, n), rng.choice([0.5, 1.0, 2.0], n)
    left = (rng.random(n) < 0.7 - 0.07 * ltr).astype(int)
    study = shops(np.repeat("A", n), {"ltr": ltr, "left": left, "w": w}, LTR, cx.Field("left", type="integer"), WEIGHT)
    t = cx.loops.alert_policy(study, "left", of="ltr", value=50, cost=4, saved=0.2, level=level).table
    gone, student = np.average(left, weights=w), stats.t(n - 1)
    for cut, row in zip(range(10), t.itertuples(), strict=True):
        told = ltr <= cut
        precision = np.average(left[told], weights=w[told])
        each = told * (0.2 * 50 * left - 4)
        net = np.average(each, weights=w)
        se = np.sqrt(n / (n - 1) * ((w / w.sum() * (each - net)) ** 2).sum())
        assert (row.alerts, row.precision) == pytest.approx((1000 * np.average(told, weights=w), precision))
        assert row.recall == pytest.approx(np.average(left[told], weights=w[told]) * w[told].sum() / (w @ left))
        assert (row.lift, row.estimate, row.se) == pytest.approx((precision / gone, 1000 * net, 1000 * se))
        assert (row.high - row.estimate, row.estimate - row.low) == pytest.approx([student.ppf(0.95) * 1000 * se] * 2)
        part = w[told] / w[told].sum()
        spread = n / (n - 1) * (part**2 @ (left[told] - precision) ** 2)
        size = precision * (1 - precision) / spread
        right = proportion_confint(precision * size, size, 1 - level, "wilson")
        assert (row.precision_low, row.precision_high) == pytest.approx(right, rel=1e-6)
        wide = student.ppf(1 - 0.05 / len(t)) * 1000 * se
        far = 1000 * net - wide > 0, 1000 * net + wide < 0
        words = {(True, False): "pays", (False, True): "costs more than it saves", (False, False): "cannot tell"}
        assert row.verdict == words[far]
    assert len(set(t["verdict"])) > 1


@pytest.mark.parametrize("n", [60, 400])
def test_what_delights_and_what_is_missed_are_shares_with_wilsons_limits(n: int) -> None:
    """Better: attractive and one-dimensional of all four kinds; worse: must-be and one-dimensional, less than zero."""
    rng = np.random.default_rng(n)
    pair = {"with": rng.choice([1, 2, 3, 4, 5], n, p=[0.5, 0.2, 0.15, 0.1, 0.05]),
            "without": rng.choice([1, 2, 3, 4, 5], n, p=[0.05, 0.1, 0.15, 0.2, 0.5])}  # fmt: skip
    five = {"type": "integer", "scale": cx.Scale(1, 5, best="low"), "about": "spare key"}
    study = shops(np.repeat("A", n), pair, cx.Field("with", measure="kano-functional", **five),
                  cx.Field("without", measure="kano-dysfunctional", **five))  # fmt: skip
    row = cx.importance.kano(study, level=0.9).table.iloc[0]
    base = row["A"] + row["O"] + row["M"] + row["I"]
    size = base * n * (n - 1) / n
    for value, low, high, share in (
        ("estimate", "low", "high", (row["A"] + row["O"]) / base),
        ("worse", "worse_high", "worse_low", (row["M"] + row["O"]) / base),
    ):
        right = proportion_confint(share * size, size, 0.1, "wilson")
        sign = -1 if value == "worse" else 1
        assert (sign * row[value], sign * row[low], sign * row[high]) == pytest.approx((share, *right), rel=1e-3)


def test_a_benchmark_without_each_peer_is_the_mean_of_the_others() -> None:
    names, ltr = answers(9, 80, seed=13)
    found = cx.leagues.peers(cx.league(shops(names, {"ltr": ltr}, LTR)), "S4")
    peers, own = found.table, float(found.parts["own"]["estimate"].iloc[0])
    whole = own - np.average(peers["estimate"], weights=peers["weight"])
    name = peers.columns[0]
    lines = []
    for k in range(len(peers)):
        rest = peers.drop(peers.index[k])
        mean = np.average(rest["estimate"], weights=rest["weight"])
        lines.append((abs(own - mean - whole), peers[name].iloc[k], mean, own - mean))
    left_out = found.parts["leave_one_out"]
    right = sorted(lines, reverse=True)
    assert left_out["without"].tolist() == [r[1] for r in right]
    np.testing.assert_allclose(left_out[["benchmark", "gap"]], [r[2:] for r in right])


@pytest.mark.parametrize("all_say", [5, 3, 1])
def test_a_group_that_agrees_differs_by_what_a_share_that_may_still_differ_allows(all_say: int) -> None:
    """Wilson's bound z2 / (n + z2) of the share, each by the whole scale, joined to the other's t limits by MOVER."""
    other = np.random.default_rng(1).choice([1, 2, 3, 4, 5], 60)
    sat = cx.Field("sat", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
    study = shops(np.repeat(["A", "B"], [40, 60]), {"sat": np.r_[np.full(40, all_say), other]}, sat)
    row = cx.compare(study, "mean", by="shop", of="sat").table.iloc[0]
    z = norm.ppf(0.975)
    share, half = z * z / (40 + z * z), stats.t.ppf(0.975, 59) * other.std(ddof=1) / np.sqrt(60)
    gap = all_say - other.mean()
    right = (gap, gap - np.hypot(share * (all_say - 1), half), gap + np.hypot(share * (5 - all_say), half))
    sign = 1 if row["estimate"] * gap > 0 else -1
    told = (row["estimate"], row["low"], row["high"]) if sign > 0 else (-row["estimate"], -row["high"], -row["low"])
    assert told == pytest.approx(right, abs=3e-3)


def test_pairs_of_nps_are_apart_where_their_score_intervals_say_so() -> None:
    """Two shops of 80, most of B promoters: MOVER of the score intervals that `cx.nps` gives, but near its border."""
    seen = []
    for k in range(0, 44, 3):
        ltr = np.r_[np.full(40, 10), np.full(40, 2), np.full(40 + k // 2, 10), np.full(40 - k // 2, 2 if k < 20 else 8)]
        study = shops(np.repeat(["A", "B"], 80), {"ltr": ltr}, LTR)
        t = cx.nps(study, by="shop").table.set_index("shop")
        a, b = t.loc["A"], t.loc["B"]
        low = b["estimate"] - a["estimate"] - np.hypot(b["estimate"] - b["low"], a["high"] - a["estimate"])
        apart = cx.league(study).parts["separated_pairs"]
        if abs(low) > 2:
            assert apart == (low > 0), (k, low)
        seen.append(int(apart))
    assert set(seen) == {0, 1}
