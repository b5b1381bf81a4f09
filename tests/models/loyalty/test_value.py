"""What a point is worth: by hand, with known truth, and the words that a design allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

import cxlab as cx
from cxlab.models.loyalty.uncertain import uncertain
from cxlab.result import Estimate, Result

MONTHS, RATE, LINK = 24, 0.04, -0.35


def leavers(n: int, seed: int) -> pd.DataFrame:
    """Return customers who leave at 4 % a month, with a log hazard of -.35 a point, seen for up to 24 months."""
    rng = np.random.default_rng(seed)
    score = rng.integers(1, 6, n)
    life = np.ceil(rng.exponential(1 / (RATE * np.exp(LINK * (score - 3.0)))))
    seen = rng.integers(6, MONTHS + 1, n)
    return pd.DataFrame({"score": score, "months": np.fmin(life, seen), "left": (life <= seen).astype(int)})


def longer(change: float) -> float:
    """Return the months that a customer stays longer within 12, with a score higher by ``change``: the truth."""
    k = np.arange(12)
    stays = lambda d: np.mean([np.exp(-RATE * np.exp(LINK * (s - 3 + d)) * k).sum() for s in range(1, 6)])  # noqa: E731
    return float(stays(change) - stays(0))


def pace(table: pd.DataFrame) -> Result:
    return cx.hazard(cx.load(table), "score", time="months", event="left")


def test_intervals_hold_the_truth() -> None:
    true, hits, net = longer(0.5) * 10, 0, 0
    rng = np.random.default_rng(5)
    for seed in range(40):
        margin = rng.normal(10, 1)  # an estimate of the true 10
        found = cx.value(pace(leavers(500, seed)), "score", change=0.5, margin=Estimate("m", margin, se=1.0),
                         customers=1000, cost=1000, horizon=12).table.set_index("step")  # fmt: skip
        row = found.loc["margin gained a customer"]
        hits += row["low"] <= true <= row["high"]
        row = found.loc["net of the cost"]
        net += row["low"] <= 1000 * true - 1000 <= row["high"]
    assert hits >= 34 and net >= 34  # binomial of 40 at 95 %: below 34 in 0.3 %


def test_one_group_by_hand() -> None:
    rows = {"t": [1, 1, 1, 1], "left": [1, 0, 1, 0], "score": [0, 0, 1, 1]}
    table = pd.DataFrame(rows).loc[np.repeat([0, 1, 2, 3], [40, 60, 20, 80])]
    model = cx.hazard(cx.load(table.assign(t=table["t"] * 2)), "score", time="t", event="left")
    with pytest.raises(cx.DataProblem, match=r"^horizon is 3; allowed: above 0 and at most 2, the last time at which "):
        cx.value(model, "score", change=1, margin=1, horizon=3)
    table = pd.concat([table, table.assign(t=2)])
    model = cx.hazard(cx.load(table), "score", time="t", event="left")
    found = cx.value(model, "score", change=1, margin=3, customers=7, cost=5)
    steps = found.table.set_index("step")["estimate"]
    ratio = steps["hazard ratio of leaving"]
    gained = steps["time a customer stays longer"]
    assert found.parts["longer"]["estimate"].diff().iloc[1] == pytest.approx(gained)
    first = cx.hazard(cx.load(table), "score", time="t", event="left")
    assert ratio == pytest.approx(first.table["ratio"][0])
    rate = -np.log1p(-first.parts["base"]["hazard"][0])  # cumulated up to the only step within the horizon
    by_hand = np.mean([np.exp(-rate * ratio ** (s + 1)) - np.exp(-rate * ratio**s) for s in (0, 1)])
    assert gained == pytest.approx(by_hand)
    assert steps["net of the cost"] == pytest.approx(7 * 3 * gained - 5)


def test_discounting_and_a_certain_link() -> None:
    model = pace(leavers(400, 3))
    plain = cx.value(model, "score", change=1, margin=10, horizon=12)
    later = cx.value(model, "score", change=1, margin=10, horizon=12, discount=0.05)
    assert later.table["estimate"][2] < plain.table["estimate"][2]
    assert later.table["estimate"][1] == plain.table["estimate"][1]
    rows = pd.DataFrame({"t": [1, 1, 3, 3] * 30, "left": [1, 1, 0, 1] * 30, "score": [0, 1, 0, 1] * 30})
    again = cx.hazard(cx.load(rows), "score", time="t", event="left")
    now, then = (cx.value(again, "score", change=1, margin=10, discount=d).table["estimate"][2] for d in (0, 0.05))
    stretch = (1.05**-1 - 1.05**-3) / np.log(1.05)  # all that is lost is lost from 1 to 3
    assert then == pytest.approx(now * stretch / 2) and now < 0
    assert set(plain.parts["tornado"]["input"]) == {"link of score and leaving", "pace of leaving as such"}
    wide = cx.value(model, "score", change=1, margin=(2, 18), horizon=12).parts["tornado"]
    assert wide["input"][0] == "margin" and wide["share"].sum() == pytest.approx(1)


def test_clusters_widen_and_independent_ones_agree_with_the_likelihood() -> None:
    table = leavers(600, 7)
    book = cx.load(table.assign(who=np.arange(600))).codebook
    single = cx.hazard(cx.load(table.assign(who=np.arange(600)), codebook=book.replace("who", role="cluster")), "score",
                       time="months", event="left")  # fmt: skip
    free = pace(table)
    a, b = (np.diag(m.parts["standard"]["covariance"]) for m in (single, free))
    np.testing.assert_allclose(a, b, rtol=0.35)
    doubled = pd.concat([table.assign(who=np.arange(600))] * 4)
    four = cx.hazard(
        cx.load(doubled, codebook=book.replace("who", role="cluster")), "score", time="months", event="left"
    )
    np.testing.assert_allclose(np.diag(four.parts["standard"]["covariance"]), a, rtol=1e-6)


def test_causal_words_only_after_an_assignment() -> None:
    table = leavers(400, 1)
    study = cx.load(table)
    seen = cx.value(cx.hazard(study, "score", time="months", event="left"), "score", change=1, margin=1)
    assert seen.title.startswith("What +1 of score would be worth") and not seen.parts["causal"]
    assert any(n.startswith("an association priced as if it were an effect") for n in seen.notes)
    book = replace(study.codebook, design="experiment", assignment=("score",))
    tried = cx.value(cx.hazard(cx.load(table, codebook=book), "score", time="months", event="left"), "score", change=1,
                     margin=1)  # fmt: skip
    assert tried.title.startswith("What +1 of score brings") and tried.parts["causal"]
    assert not any("association" in n for n in tried.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"change": 0}, "change is 0: nothing changes; say by how many points the score is to move"),
        ({"margin": "ten"}, "margin is 'ten'; give a number, a pair (low, high) of its 95% interval, or an estimate"),
        ({"margin": (3, 1)}, "margin is (3, 1); the first of a pair is the low end"),
        ({"cost": -1}, "cost is -1; a cost is 0 or more"),
        ({"customers": 0}, "customers is 0; it is how many it concerns, above 0"),
        ({"discount": 5}, "discount is 5; it is a rate a unit of time, from 0 to below 1: 0.01 is 1 %"),
        ({"margin": Estimate("m", 1.0)},
         "margin is an estimate without value or standard error; give a pair (low, high)"),
    ],
)  # fmt: skip
def test_bad_amounts_are_said(options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.value(pace(leavers(200, 1)), "score", **({"change": 1, "margin": 1} | options))
    assert str(said.value) == message


def test_a_pair_is_an_interval() -> None:
    assert uncertain("x", (0, 2), 0.9).se == pytest.approx(1 / 1.6448536)


def curve(shape: object, n: int = 2500, seed: int = 0) -> Result:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 11, n)
    y = shape(x) + rng.normal(0, 1, n)  # type: ignore[operator]
    return cx.loyalty.loyalty_curve(cx.load(pd.DataFrame({"x": x, "y": y})), "y", score="x")


def test_shapes_are_called_what_they_are() -> None:
    assert curve(lambda x: 0.3 * x).parts["shape"] == "rises; no bend is certain"
    assert curve(lambda x: 0 * x).parts["shape"] == "no slope is certain"
    assert curve(lambda x: 0.6 * np.minimum(x, 5)).parts["shape"].startswith("rises, and less beyond 5")
    assert curve(lambda x: 0.6 * np.maximum(x, 7)).parts["shape"].startswith("rises beyond 7")
    assert curve(lambda x: -0.2 * (x - 5.0) ** 2).parts["shape"].startswith("rises, then falls (two lines, break at ")


def test_a_curve_that_only_flattens_is_no_turn() -> None:
    turns = [curve(lambda x: np.log1p(x), 600, seed).parts["shape"] for seed in range(12)]
    assert sum("then falls" in s for s in turns) <= 2


def test_two_lines_are_least_squares() -> None:
    found = curve(lambda x: -0.2 * (x - 5.0) ** 2)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 11, 2500)
    y = -0.2 * (x - 5.0) ** 2 + rng.normal(0, 1, 2500)
    at = found.parts["lines"]["break"][0]
    high = x > at
    fit = sm.OLS(y, sm.add_constant(np.column_stack([(x - at) * ~high, (x - at) * high, high]))).fit(cov_type="HC0")
    np.testing.assert_allclose(found.parts["lines"]["estimate"], fit.params[1:3], rtol=1e-9)
    half = (found.parts["lines"]["high"] - found.parts["lines"]["low"]) / 2
    np.testing.assert_allclose(half, 1.9609 * fit.bse[1:3], rtol=1e-3)


def costs(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    score, kind = rng.integers(1, 6, n), rng.choice(["a", "b"], n)
    some = rng.random(n) < 1 / (1 + np.exp(-(1 - 0.5 * score)))
    cost = np.where(some, rng.gamma(2, np.exp(2 - 0.1 * score + 0.3 * (kind == "b")) / 2), 0)
    return pd.DataFrame({"score": score, "kind": kind, "cost": cost})


def test_costs_of_serving_hold_the_truth_and_equal_two_separate_models() -> None:
    s = np.arange(1, 6.0)
    mean = lambda s: 1 / (1 + np.exp(-(1 - 0.5 * s))) * np.exp(2 - 0.1 * s) * (1 + np.exp(0.3)) / 2  # noqa: E731
    true, hits = float((mean(s + 1) - mean(s)).mean()), 0
    for seed in range(40):
        row = cx.loyalty.cost_to_serve(cx.load(costs(500, seed)), "score + kind", cost="cost").table.iloc[0]
        hits += row["low"] <= true <= row["high"]
    assert hits >= 34
    table = costs(800, 99)
    found = cx.loyalty.cost_to_serve(cx.load(table), "score + kind", cost="cost").table
    x = sm.add_constant(np.column_stack([table["score"], table["kind"] == "b"]).astype(float))
    some = table["cost"] > 0
    a = sm.Logit(some, x).fit(disp=0)
    m = sm.GLM(table["cost"][some], x[some], family=sm.families.Poisson()).fit(cov_type="HC0")
    up = x + [0, 1, 0]
    assert found["estimate"][0] == pytest.approx((a.predict(up) * m.predict(up) - a.predict(x) * m.predict(x)).mean())
    assert found["ratio"][1] == pytest.approx(np.exp(m.params.iloc[2]))


def test_every_column_of_costs_and_its_error_is_that_of_two_models_of_weighted_rows() -> None:
    """Changes of the mean, of the share and their joint error, as each cluster moves them (a little less of it)."""
    table = costs(240, 5)
    rng = np.random.default_rng(1)
    team = np.arange(240) % 20
    table = table.assign(team=team, w=rng.uniform(0.5, 2, 240))
    study = cx.load(table).set("w", role="weight").set("team", role="cluster")
    found = cx.loyalty.cost_to_serve(study, "score + kind", cost="cost", change=2, level=0.9)
    x = np.column_stack([np.ones(240), table["score"], table["kind"] == "b"]).astype(float)
    y, some = table["cost"].to_numpy(), (table["cost"] > 0).to_numpy()

    def effects(w: np.ndarray) -> np.ndarray:
        a = sm.GLM(some * 1.0, x, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-13)
        m = sm.GLM(y[some], x[some], family=sm.families.Poisson(), freq_weights=w[some]).fit(tol=1e-13)
        mean = lambda z: (a.predict(z) * m.predict(z), a.predict(z))  # noqa: E731
        ends = [(x + [0, 2, 0], x), (x * [1, 1, 0] + [0, 0, 1], x * [1, 1, 0])]
        moved = [
            np.average(one - two, weights=w) for up, low in ends for one, two in zip(mean(up), mean(low), strict=True)
        ]
        return np.array([*moved, *np.exp(m.params[1:] * [2, 1])])

    w = table["w"].to_numpy()
    whole = effects(w)
    t = found.table
    assert t["term"].iloc[0] == "score, +2" and len(t) == 2
    np.testing.assert_allclose(t["estimate"], whole[[0, 2]], rtol=1e-6)
    np.testing.assert_allclose(t["any"], whole[[1, 3]], rtol=1e-6)
    np.testing.assert_allclose(t["ratio"], whole[4:], rtol=1e-6)
    slope = np.array([(effects(w * (1 + 1e-5 * (team == k))) - whole) / 1e-5 for k in range(20)])
    se = np.sqrt(20 / 19 * (slope**2).sum(0))[[0, 2]]
    np.testing.assert_allclose(t["se"], se, rtol=1e-3)
    half = student.ppf(0.95, 19) * t["se"]
    np.testing.assert_allclose([t["low"], t["high"]], [t["estimate"] - half, t["estimate"] + half], rtol=1e-6)
    np.testing.assert_allclose(t["p"], 2 * student.sf(np.abs(t["estimate"] / t["se"]), 19), rtol=1e-6)
    average = found.parts["average"]["estimate"]
    cost, share = np.average(y, weights=w), np.average(some, weights=w)
    assert average.tolist() == pytest.approx([cost, share, cost / share])


def test_costs_that_cannot_be_are_said() -> None:
    table = costs(100, 1)
    with pytest.raises(cx.DataProblem) as said:
        cx.loyalty.cost_to_serve(cx.load(table.assign(cost=-1.0)), "score", cost="cost")
    wrong = "100 rows of table have a negative 'cost'; a cost is 0 or more: correct them, or leave the rows out with "
    assert str(said.value) == wrong + "study.where"
    with pytest.raises(cx.DataProblem, match=r"^0 of 100 in table have a 'cost' above 0; 10 are needed$"):
        cx.loyalty.cost_to_serve(cx.load(table.assign(cost=0)), "score", cost="cost")
    with pytest.raises(cx.DataProblem, match=r"^'score' of table has 1 values; a curve needs 3 or more$"):
        cx.loyalty.loyalty_curve(cx.load(table.assign(score=1)), "cost", score="score")
    with pytest.raises(cx.DataProblem, match=r"^outcome and score are both 'score'; name two columns$"):
        cx.loyalty.loyalty_curve(cx.load(table), "score", score="score")


def test_pictures_say_the_chance_and_the_shape() -> None:
    found = cx.value(pace(leavers(300, 2)), "score", change=1, margin=(8, 12), cost=3)
    assert f"{found.parts['chance']:.0%}" in found.plot().get_xlabel()
    drawn = curve(lambda x: 0.3 * x, 400)
    assert drawn.parts["shape"] in drawn.plot().get_title(loc="left")
    assert cx.loyalty.cost_to_serve(cx.load(costs(300, 2)), "score", cost="cost").plot() is not None


def test_the_curve_of_a_share_stays_within_0_and_1_and_a_flat_line_is_flat() -> None:
    """A step after 5: nothing happens up to 2 (a line of rounding was "falls"), all of it beyond."""
    score = np.tile(np.arange(11), 20)
    step = cx.loyalty.loyalty_curve(
        cx.load(pd.DataFrame({"score": score, "left": (score > 5) * 1})), "left", score="score"
    )
    assert step.table["estimate"].between(0, 1).all()
    assert (step.table["low"] <= step.table["estimate"]).all() and (step.table["estimate"] <= step.table["high"]).all()
    assert not step.parts["shape"].startswith("falls")
    flat = step.parts["lines"].iloc[0]
    assert not flat["high"] < 0 and not flat["low"] > 0


def test_a_score_of_which_nobody_left_has_an_interval() -> None:
    """None of 40, all of 40: exact limits, where the spread among them is 0."""
    table = pd.DataFrame({"score": np.repeat([1, 2, 3, 4], 40)})
    table["left"] = np.where(table["score"] == 1, 1, np.where(table["score"] == 4, 0, np.arange(160) % 2))
    found = cx.loyalty.loyalty_curve(cx.load(table), "left", score="score").table
    assert found["mean_low"].iloc[0] == pytest.approx(0.025 ** (1 / 40)) and found["mean_high"].iloc[0] == 1
    assert found["mean_high"].iloc[3] == pytest.approx(1 - 0.025 ** (1 / 40)) and found["mean_low"].iloc[3] == 0


def test_what_is_odd_about_amounts_is_said() -> None:
    rows = pd.DataFrame(
        {"t": np.tile([1, 2, 3, 4, 5], 40), "left": np.tile([1, 0], 100), "score": np.repeat([1, 2], 100)}
    )
    pace = cx.hazard(cx.load(rows), "score", time="t", event="left")
    found = cx.value(pace, "score", change=1, margin=-5.0, customers=10, cost=0)
    assert found.notes[0] == "the margin is below 0: a customer who stays costs more than the customer brings"
    cents = pd.DataFrame({"plain": [5.0, 6, 7, 8] * 10, "great": [550.0, 660, 770, 880] * 10})
    found = cx.prices.stated_premium(cx.load(cents), ordinary="plain", great="great")
    assert found.notes[-1].startswith("amounts differ 110 times: are both in the same currency and unit?")
