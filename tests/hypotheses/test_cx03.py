"""Trial of further products: by hand, equal to `cx.ols`, recovered, and not fooled by heavy users who like us."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx

REPS = 25


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-03", study, robust=False, ledger=None)


def test_by_hand() -> None:
    """Half score 40, half 60 (standard deviation 10); 10 and 16 % buy: 3 points a standard deviation."""
    score = np.repeat([40, 60], 500)
    bought = np.r_[[1] * 50 + [0] * 450, [1] * 80 + [0] * 420]
    table = pd.DataFrame({"score": score, "adopted": bought, "who": np.arange(1000), "day": pd.Timestamp("2026-01-01")})
    fields = (
        cx.Field("score", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("adopted", type="integer", role="operation"),
        cx.Field("who", type="integer", role="id"),
        cx.Field("day", type="date", role="date"),
    )
    v = verdict(cx.Study(table, cx.Codebook("made", fields, design="panel")))
    assert v.estimate.value == pytest.approx(0.03)
    assert v.estimate.se == pytest.approx(np.sqrt((0.1 * 0.9 + 0.16 * 0.84) * 500) / 499 / 2, rel=1e-9)  # HC3
    assert v.direction == "NOT-IDENTIFIED" and "no earlier purchase is known" in v.sentence


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-03", 0.03, n=3000, seed=2)
    sd = study.table["score"].std(ddof=0)
    model = cx.ols(study, "adopted ~ score + earlier", errors="HC3").table.set_index("term").loc["score"]
    lead = cx.ols(study, "earlier ~ score", errors="HC3").table.set_index("term").loc["score"]
    v = verdict(study)
    limits = ["estimate", "low", "high"]
    found = [v.estimate.value, v.estimate.low, v.estimate.high]
    assert found == pytest.approx((model[limits] * sd).tolist(), rel=1e-8)
    placebo = v.parts["shown"].iloc[0]
    assert placebo["label"] == "bought before the score, per standard deviation of it (placebo)"
    assert placebo[limits].tolist() == pytest.approx((lead[limits] * sd).tolist(), rel=1e-8)


@pytest.mark.parametrize("effect", [0.03, 0.02])
def test_the_effect_is_recovered_and_covered(replicates, effect: float) -> None:
    found = replicates("CX-03", effect, n=8000, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.25 * effect)
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if effect == 0.03:
        assert found["association"].eq("SUPPORTED").mean() > 0.9


@pytest.mark.parametrize(("effect", "threat"), [(0.0, None), (0.01, None), (0.0, "self-selection")])
def test_what_is_too_small_or_not_its_doing_is_not_supported(replicates, effect, threat) -> None:
    found = replicates("CX-03", effect, n=8000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat:
        assert found["association"].eq("SUPPORTED").mean() > 0.9 and found["direction"].eq("NOT-IDENTIFIED").all()


def test_the_threat_is_in_the_data() -> None:
    def told(threat: str | None) -> float:
        made = cx.simulated("CX-03", 0.0, n=8000, seed=5, threat=threat).table
        return np.polyfit((made["score"] - 50) / 12, made["earlier"], 1)[0]

    assert told("self-selection") > 0.02 > 0.012 > abs(told(None))


def test_a_placebo_of_rare_purchases_is_judged_in_proportion() -> None:
    """Heavy users like us and buy more; before the score only 3 % bought, so 0.7 points there are 3.5 points later."""
    said = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        trait = rng.standard_normal(20000)
        score = np.clip(np.round(50 + 12 * (0.7 * trait + np.sqrt(0.51) * rng.standard_normal(20000))), 0, 100)
        buys = lambda p, rng=rng: (rng.random(20000) < np.clip(p, 0, 1)).astype(float)  # noqa: E731
        table = pd.DataFrame(
            {"score": score, "adopted": buys(0.15 + 0.05 * trait), "earlier": buys(0.03 + 0.01 * trait)}
        )
        study = cx.simulated("CX-03", 0.0, n=20000, seed=seed)
        v = verdict(cx.Study(study.table.assign(**table), study.codebook))
        assert v.association == "SUPPORTED"
        said.append(v.direction)
    assert said.count("NOT-IDENTIFIED") == 8
