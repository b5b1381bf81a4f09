"""One failure spoils the whole: against plain least squares, equal to `cx.one_failure`, penalties are not trivial."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx

REPS = 10


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-05", study, robust=False, ledger=None)


def test_the_gain_and_the_two_halves_are_those_of_least_squares() -> None:
    t = cx.simulated("CX-05", 0.1, n=3000, seed=2).table
    y, touch = t["overall"].to_numpy(), t.drop(columns="overall").to_numpy()

    def fit(*x: np.ndarray) -> tuple[np.ndarray, float]:
        d = np.column_stack([np.ones(len(y)), *x])
        b = np.linalg.lstsq(d, y, rcond=None)[0]
        return b, 1 - (y - d @ b).var() / y.var()

    v = verdict(cx.simulated("CX-05", 0.1, n=3000, seed=2))
    assert v.estimate.value == pytest.approx(fit(touch, touch.min(axis=1))[1] - fit(touch)[1], abs=0.002)
    b, _ = fit(np.fmin(touch - 50, 0), np.fmax(touch - 50, 0))
    shown = v.parts["shown"]["estimate"].tolist()
    assert shown[2:] == [pytest.approx(10 * b[1:5].mean(), rel=1e-9), pytest.approx(10 * b[5:].mean(), rel=1e-9)]


def test_it_is_the_models_number() -> None:
    study = cx.load("airline-survey")
    model = cx.one_failure(study).table.iloc[0]
    own = verdict(study).table.iloc[1]
    wanted = [1 - model["estimate"], 1 - model["high"], 1 - model["low"]]
    assert own[["estimate", "low", "high"]].tolist() == pytest.approx(wanted, rel=1e-9)
    assert own["p"] == pytest.approx(model["p"] / 2)


def test_the_effect_is_recovered(replicates) -> None:
    for effect in (0.06, 0.15):
        found = replicates("CX-05", effect, n=1000, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=0.012)
        covered = found["low"].le(effect).mul(found["high"].ge(effect)).sum()
        assert covered >= binom.ppf(0.0005, REPS, 0.95)
        assert found["direction"].eq("SUPPORTED").mean() > 0.7


@pytest.mark.parametrize("threat", [None, "ceiling", "top-answers", "penalty"])
def test_an_average_is_not_a_single_failure(replicates, threat) -> None:
    found = replicates("CX-05", 0.0, n=1000, reps=REPS, threat=threat, seed=3)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)


def penalties(seed: int, times: float = 3.0, n: int = 1500) -> cx.Study:
    """Five touchpoints on five points; what is bad costs ``times`` what is good brings, and the worst adds nothing."""
    rng = np.random.default_rng(seed)
    e = np.sqrt(0.7) * rng.standard_normal((n, 5)) + np.sqrt(0.3) * rng.standard_normal((n, 1))
    m = np.where(e < 0, times * e, e).sum(axis=1)
    table = pd.DataFrame({f"t{j}": np.clip(np.round(e[:, j] + 3.3), 1, 5) for j in range(5)})
    noisy = (m - m.mean()) / m.std() + 0.5 * rng.standard_normal(n)
    table["sat"] = np.clip(np.round(2 * noisy + 6.5), 0, 10)
    fields = (
        *(cx.Field(f"t{j}", role="touchpoint", scale=cx.Scale(1, 5)) for j in range(5)),
        cx.Field("sat", role="outcome", measure="satisfaction", scale=cx.Scale(0, 10)),
    )
    return cx.Study(table, cx.Codebook("penalties", fields))


def test_penalties_are_never_too_small_to_matter(replicates) -> None:
    said = "This leaves the claim open, whatever the interval (a bad touchpoint costs more than a good one"
    for times in (3.0, 2.0):
        told = [verdict(penalties(i, times)) for i in range(5)]
        assert {v.direction for v in told} <= {"INCONCLUSIVE", "DIRECTION-ONLY", "SUPPORTED"}
        capped = [v for v in told if v.parts["threat"] == "penalty"]
        assert len(capped) >= 3 and all(said in v.sentence for v in capped)
    even = [verdict(penalties(i, 1.0)).direction for i in range(4)]
    assert even.count("TRIVIAL") >= 3


def test_threats_do_what_they_say() -> None:
    data = {t: cx.simulated("CX-05", 0.0, n=2000, threat=t).table for t in (None, "ceiling", "top-answers", "penalty")}
    assert (data["ceiling"]["overall"] == 62).mean() > 0.1 and data[None]["overall"].max() > 75
    assert (data["top-answers"]["touchpoints1"] >= 95).mean() > 0.3 > (data[None]["touchpoints1"] >= 95).mean()
    cost = []
    for t in (data[None], data["penalty"]):
        halves = [f(t[f"touchpoints{j}"] - 50, 0) for j in (1, 2, 3, 4) for f in (np.fmin, np.fmax)]
        x = np.column_stack([np.ones(2000), *halves])
        b = np.linalg.lstsq(x, t["overall"], rcond=None)[0]
        cost.append(b[1::2].mean() / b[2::2].mean())
    assert cost == [pytest.approx(1, abs=0.3), pytest.approx(3, abs=0.9)]
