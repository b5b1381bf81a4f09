"""Influenced by reviews: by hand, equal to `cx.ols` of a constant, recovered, and not fooled by filters or silence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t

import cxlab as cx

REPS = 40


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-09", study, robust=False, ledger=None)


def asked(yes: int, no: int, silent: int = 0, filtered: int = 0, weights: np.ndarray | None = None) -> cx.Study:
    values = [1.0] * yes + [0.0] * no + [np.nan] * silent + [9.0] * filtered
    table = pd.DataFrame({"influenced": values, "w": 1.0 if weights is None else weights})
    field = cx.Field("influenced", role="outcome", missing={"9": "reads no reviews"})
    return cx.Study(table, cx.Codebook("survey", (field, cx.Field("w", role="weight"))))


def test_by_hand() -> None:
    """594 of 660 readers among 1,000 buyers: 90 % of readers, 59.4 % of buyers (the deck's filter)."""
    v = verdict(asked(594, 66, filtered=340))
    half = np.sqrt(0.594 * 0.406 * 1000) / 999 * t.ppf(0.975, 999)  # HC3 of a mean
    e = v.estimate
    assert [e.value, e.low, e.high] == pytest.approx([0.594, 0.594 - half, 0.594 + half], rel=1e-9)
    assert v.parts["shown"].iloc[0]["estimate"] == pytest.approx(0.9)
    assert (v.direction, v.number, v.grade) == ("SUPPORTED", "NUMBER-OUT", "F")


def test_weights_count() -> None:
    """Readers of whom each stands for three: (3 × 90) of (3 × 100 + 100)."""
    v = verdict(asked(90, 110, weights=np.r_[np.full(90, 3.0), np.full(10, 3.0), np.full(100, 1.0)]))
    assert v.estimate.value == pytest.approx(270 / 400)


@pytest.mark.parametrize("threat", [None, "filter", "silence"])
def test_it_is_the_models_number(threat: str | None) -> None:
    """Of `cx.text.influence`, and of a constant in `cx.ols` where nobody was filtered out."""
    study = cx.simulated("CX-09", 0.9 if threat is None else 0.6, n=700, seed=2, threat=threat)
    told = cx.text.influence(study, "influenced").table
    found, three = verdict(study), ["estimate", "low", "high"]
    e = found.estimate
    assert [e.value, e.low, e.high] == pytest.approx(told.iloc[0][three].tolist(), rel=1e-12)
    assert found.parts["shown"][three].to_numpy() == pytest.approx(told.iloc[1:][three].to_numpy(), rel=1e-12)
    if threat is None:
        model = cx.ols(study, "influenced ~ 1", errors="HC3").table.iloc[0]
        assert [e.value, e.low, e.high] == pytest.approx(model[three].tolist(), rel=1e-9)
    assert len(told) == (4 if threat == "silence" else 2)


@pytest.mark.parametrize(("effect", "threat"), [(0.9, None), (0.7, None), (0.6, "filter")])
def test_the_share_is_recovered_and_covered(replicates, effect: float, threat: str | None) -> None:
    found = replicates("CX-09", effect, n=800, reps=REPS, threat=threat, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.012)
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.94)
    assert found["direction"].eq("SUPPORTED").mean() > 0.9


@pytest.mark.parametrize(
    ("effect", "threat"), [(0.5, None), (0.53, None), (0.5, "filter"), (0.53, "filter"), (0.5, "silence")]
)
def test_half_is_no_majority(replicates, effect: float, threat: str | None) -> None:
    found = replicates("CX-09", effect, n=800, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "silence":
        assert found["value"].mean() > 0.55 and found["direction"].eq("INCONCLUSIVE").all()


def test_ninety_of_a_hundred_is_met_where_it_is_known_well() -> None:
    assert verdict(asked(1800, 200)).number == "SUPPORTED"
    assert verdict(asked(1600, 400)).number == "NUMBER-OUT"
    assert verdict(asked(90, 10)).number == "INCONCLUSIVE"


def test_threats_do_what_they_say() -> None:
    made = {
        x: cx.simulated("CX-09", 0.5, n=4000, seed=5, threat=x).table["influenced"] for x in (None, "filter", "silence")
    }
    assert made["filter"].eq(9).mean() == pytest.approx(0.34, abs=0.03) and not made[None].eq(9).any()
    assert made["filter"][made["filter"] < 9].mean() > 0.7 > 0.55 > made[None].mean()
    assert made["silence"].isna().mean() == pytest.approx(0.2, abs=0.03) and made["silence"].mean() > 0.58
