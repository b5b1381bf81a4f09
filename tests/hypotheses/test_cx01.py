"""A price premium: by hand, equal to the models, recovered, and not fooled by few people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx

REPS = 40


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-01", study, robust=False, ledger=None)


def prices(ordinary: list[float], great: list[float], codes: tuple[int, int] = (0, 1), labels: dict | None = None):
    arm = np.repeat(codes, [len(ordinary), len(great)])
    table = pd.DataFrame({"paid": [*ordinary, *great], "arm": arm})
    fields = (
        cx.Field("paid", role="operation", measure="spend"),
        cx.Field("arm", type="integer", role="operation", labels=labels or {}),
    )
    return cx.Study(table, cx.Codebook("prices", fields, design="experiment", assignment=("arm",)))


def test_by_hand() -> None:
    """Prices of 8 and 12.5 (geometric mean 10), and of 10 and 14.4 (12): 20 % more, zeros left out and said."""
    v = verdict(prices([8.0, 12.5] * 20 + [0.0], [10.0, 14.4] * 20))
    assert v.estimate.value == pytest.approx(0.2)
    spread = [np.log(12.5 / 8) / 2, np.log(14.4 / 10) / 2]
    se = np.sqrt(sum(s**2 * 40 / 39**2 for s in spread))  # HC3: residual variance over n, times (n / (n - 1))²
    half = se * 1.9908470685  # t of 78
    assert [v.estimate.low, v.estimate.high] == pytest.approx(
        [1.2 * np.exp(-half) - 1, 1.2 * np.exp(half) - 1], rel=1e-6
    )
    assert "1 price of zero has no logarithm and is left out" in v.notes


@pytest.mark.parametrize("threat", [None, "clustering"])
def test_it_is_the_models_number(threat: str | None) -> None:
    study = cx.simulated("CX-01", 0.16, n=600, seed=3, threat=threat)
    errors = "" if threat else "HC3"
    alone = study if threat else cx.Study(study.table, study.codebook.replace("cluster", role=""))
    model = cx.ols(alone, "log(price) ~ arm", errors=errors).table.set_index("term").loc["arm"]
    e = verdict(alone).estimate
    own = cx.prices.stated_premium(alone, price="price", arm="arm").table.iloc[0]
    assert [e.value, e.low, e.high] == pytest.approx(own[["estimate", "low", "high"]].tolist(), rel=1e-12)
    assert [e.value, e.low, e.high] == pytest.approx(np.expm1(model[["estimate", "low", "high"]].tolist()), rel=1e-9)


def test_which_arm_is_great_is_said_or_refused() -> None:
    """1 and 2 say nothing of which is the great experience; labels do, whatever the codes."""
    ordinary, great = [8.0, 12.5] * 20, [10.0, 14.4] * 20
    assert (
        verdict(prices(ordinary, great, (1, 2)))
        .parts["reason"]
        .startswith("'arm' holds 1, 2; which of them is yes cannot be known.")
    )
    named = prices(great, ordinary, (1, 2), {"1": "yes", "2": "no"})
    assert verdict(named).estimate.value == pytest.approx(0.2)


def spent(name: str, **more) -> cx.Study:
    """A shop's trial: what was spent on a visit, beside an arm called treatment."""
    rng = np.random.default_rng(1)
    treatment = rng.integers(0, 2, 400)
    table = pd.DataFrame({name: np.exp(3 + 0.15 * treatment + 0.3 * rng.standard_normal(400)), "treatment": treatment})
    fields = (cx.Field(name, role="outcome", **more), cx.Field("treatment", type="integer", role="operation"))
    return cx.Study(table, cx.Codebook("shop", fields, design="experiment", assignment=("treatment",)))


@pytest.mark.parametrize("name", ["basket", "spend", "order_value", "revenue"])
def test_the_sum_of_a_basket_is_no_price_unless_somebody_says_so(name: str) -> None:
    study = spent(name, measure="spend")
    with pytest.raises(cx.DataProblem) as refused:
        verdict(study)
    assert str(refused.value) == (
        "CX-01 cannot be tested on shop: it lacks a price stated or paid for one unit of the product (an amount spent "
        "may be a basket: it is never taken by its measure) (a column with role 'outcome or operation', named "
        "price or paid or wtp or bid or price_paid or would_pay or willingness_to_pay). Declare the column's role in "
        "the codebook, or say which column plays the part: columns={'price': 'name'}"
    )
    said = cx.verdict("CX-01", study, columns={"price": name}, robust=False, ledger=None)
    assert said.estimate.value == pytest.approx(np.exp(0.15) - 1, abs=0.08)
    assert not cx.claims(study).set_index("card").loc["CX-01", "can"]


def test_a_rating_of_the_price_is_no_price() -> None:
    study = spent("price", scale=cx.Scale(1, 5))
    with pytest.raises(cx.DataProblem, match="^CX-01 cannot be tested on shop: it lacks a price stated or paid for"):
        verdict(study)


def test_the_premium_is_recovered_and_covered(replicates) -> None:
    for effect, threat in ((0.16, None), (0.16, "clustering"), (0.08, None)):
        found = replicates("CX-01", effect, n=500, reps=REPS, threat=threat, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=4 * found["value"].std() / np.sqrt(REPS))
        assert abs(found["value"].mean() - effect) < 0.3 * effect
        assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
        if effect == 0.16 and threat is None:
            assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.9)


@pytest.mark.parametrize(("effect", "threat"), [(0.0, None), (0.03, None), (0.03, "clustering")])
def test_what_is_not_larger_than_the_smallest_premium_is_not_supported(replicates, effect, threat) -> None:
    found = replicates("CX-01", effect, n=500, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)


def test_few_treated_people_are_no_evidence() -> None:
    """3 of 30 people saw the great experience, 20 answers each: their own taste is not the experience."""
    said = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(30), 20)
        taste = 0.3 * rng.standard_normal(30)[who]
        table = pd.DataFrame(
            {"paid": np.exp(3 + taste + 0.2 * rng.standard_normal(600)), "arm": (who < 3) * 1, "who": who}
        )
        fields = (
            cx.Field("paid", role="operation", measure="spend"),
            cx.Field("arm", type="integer", role="operation"),
            cx.Field("who", type="integer", role="cluster"),
        )
        said.append(verdict(cx.Study(table, cx.Codebook("few", fields, design="experiment"))).direction)
    assert said.count("SUPPORTED") <= binom.ppf(0.9995, 40, 0.025)


def test_the_threat_is_in_the_data() -> None:
    def alike(threat: str | None) -> float:
        t = cx.simulated("CX-01", 0.0, n=3000, seed=5, threat=threat).table
        log = np.log(t["price"]).groupby(np.arange(3000) // 5)
        return 5 * log.mean().var() / np.log(t["price"]).var()

    assert alike("clustering") > 2.5 > 1.3 > alike(None)
