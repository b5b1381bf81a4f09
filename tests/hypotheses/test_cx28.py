"""Effects multiply company-wide: equal to `cx.ols`, recovered, and silent where few units carry an arm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from scipy.stats import t as student

import cxlab as cx

REPS = 20


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-28", study, robust=False, ledger=None)


def trial(units: list[tuple[int, int, float]], answers: int = 20) -> cx.Study:
    """A row (A, B, score of the unit) each; every unit's answers lie 5 above and below its score."""
    rows = [
        (a, b, score + (5 if i % 2 else -5), f"u{u}") for u, (a, b, score) in enumerate(units) for i in range(answers)
    ]
    fields = (
        cx.Field("score", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("a", type="integer", role="operation"),
        cx.Field("b", type="integer", role="operation"),
        cx.Field("unit", type="string", role="brand"),
    )
    table = pd.DataFrame(rows, columns=["a", "b", "score", "unit"])
    return cx.Study(table, cx.Codebook("trial", fields, design="experiment", assignment=("a", "b")))


CELLS = ((0, 0, 50.0), (1, 0, 54.0), (0, 1, 53.0), (1, 1, 63.0))


def test_by_hand() -> None:
    """63 - 54 - 53 + 50 = 6; units ± 1 around their arm's score, six an arm: variance of a mean 6/5 / 6, four of them.

    The reference is that of as many degrees of freedom as units less arms.
    """
    v = verdict(trial([(a, b, s + (1 if k % 2 else -1)) for a, b, s in CELLS for k in range(6)]))
    assert v.estimate.value == pytest.approx(6.0)
    assert v.estimate.se == pytest.approx(np.sqrt(4 * (6 / 5) / 6), rel=1e-9)
    assert v.estimate.high == pytest.approx(6 + student.ppf(0.975, 20) * v.estimate.se, rel=1e-9)
    assert v.parts["shown"]["estimate"].tolist() == pytest.approx([4.0, 3.0])
    assert v.direction == "SUPPORTED"


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-28", 4.0, n=1000, seed=1)
    model = cx.ols(study, "score ~ a * b").table.iloc[-1]
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx([model["estimate"], model["low"], model["high"]], rel=1e-6)


def test_an_arm_of_one_unit_is_no_evidence_and_few_units_leave_it_open() -> None:
    v = verdict(trial([*((0, 0, 50.0 + k) for k in range(6)), (1, 0, 54), (0, 1, 53), (0, 1, 52), (1, 1, 70)]))
    assert v.direction == v.association == "NOT-IDENTIFIED"
    assert v.parts["reason"] == (
        "an arm rests on a single unit, whose own noise cannot be told from an effect (units: 1 with both, 1 with A "
        "alone, 2 with B alone, 6 with none); this test needs at least 2 in each, and 5 to speak"
    )
    v = verdict(trial([(a, b, s + k / 10) for a, b, s in CELLS for k in (-1, 1)]))
    assert v.estimate.low > 1 and (v.direction, v.parts["threat"]) == ("INCONCLUSIVE", "few-units")
    assert (
        "(so few units were assigned that their own noise may be the effect; at least 5 units in each arm: 2 with"
        in (v.sentence)
    )


def test_the_unit_counts_not_the_customer() -> None:
    """Units that are a brand, and no cluster, are clusters all the same."""
    few, many = (trial([(a, b, s + k) for a, b, s in CELLS for k in (-2, -1, 0, 1, 2)], m) for m in (20, 200))
    assert verdict(few).estimate.se == pytest.approx(verdict(many).estimate.se)


@pytest.mark.parametrize("threat", [None, "clustering"])
def test_the_effect_is_recovered_and_covered(replicates, threat) -> None:
    for effect in (6.0, 3.0):
        found = replicates("CX-28", effect, n=1000, reps=REPS, threat=threat, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=2.2 if threat else 1.1)
        assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if threat is None:
        found = replicates("CX-28", 6.0, n=2000, reps=10, seed=3)
        assert found["direction"].eq("SUPPORTED").mean() >= 0.7


@pytest.mark.parametrize("threat", [None, "clustering", "few-units", "silence"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-28", 0.0, n=1000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat in ("few-units", "silence"):
        assert found["direction"].eq("INCONCLUSIVE").all()
    if threat == "silence":
        assert found["value"].mean() > 4


def test_threats_do_what_they_say() -> None:
    data = {t: cx.simulated("CX-28", 0.0, n=2000, threat=t).table for t in (None, "clustering", "few-units", "silence")}
    spread = {
        t: d.groupby(["a", "b", "unit"])["score"].mean().groupby(["a", "b"]).std().mean() for t, d in data.items()
    }
    assert spread["clustering"] > 1.7 * spread[None]
    assert data["few-units"]["unit"].nunique() == 8 and data[None]["unit"].nunique() == 80
    gone = data["silence"]["score"].isna().groupby(data["silence"]["a"] * data["silence"]["b"]).mean()
    assert gone[0] == 0 and gone[1] > 0.2
