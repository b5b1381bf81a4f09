"""Leaders exceed their goals: by hand, equal to `cx.ols`, recovered, and not fooled by firms that class themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t

import cxlab as cx

REPS = 40


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-07", study, robust=False, ledger=None)


def firms(leaders: tuple[int, int], others: tuple[int, int], role: str = "operation") -> cx.Study:
    """(exceeded, all) of each."""
    made = [[1] * k + [0] * (n - k) for k, n in (leaders, others)]
    table = pd.DataFrame({"goal": sum(made, []), "leader": np.repeat([1, 0], [len(m) for m in made])})
    table["exceeded_before"] = sum(([1] * (n // 10) + [0] * (n - n // 10) for _, n in (leaders, others)), [])
    table["who"], table["day"] = np.arange(len(table)), pd.Timestamp("2026-01-01")
    fields = (
        cx.Field("goal", type="integer", role="operation"),
        cx.Field("leader", type="integer", role=role),
        cx.Field("exceeded_before", type="integer", role="operation"),
        cx.Field("who", type="integer", role="id"),
        cx.Field("day", type="date", role="date"),
    )
    return cx.Study(table, cx.Codebook("firms", fields, design="panel"))


def test_by_hand() -> None:
    """36 of 100 leaders and 24 of 200 others: 24 points more, three times as often."""
    v = verdict(firms((36, 100), (24, 200)))
    half = np.sqrt(0.36 * 0.64 * 100 / 99**2 + 0.12 * 0.88 * 200 / 199**2) * t.ppf(0.975, 298)  # HC3
    e = v.estimate
    assert [e.value, e.low, e.high] == pytest.approx([0.24, 0.24 - half, 0.24 + half], rel=1e-9)
    shown = v.parts["shown"].set_index("label")["estimate"]
    assert (shown["leaders"], shown["mainstream"]) == (pytest.approx(0.36), pytest.approx(0.12))
    error = np.hypot(*(np.sqrt(p * (1 - p) * n) / (n - 1) / p for p, n in ((0.36, 100), (0.12, 200))))
    ratio = v.table.iloc[1]
    assert (ratio["estimate"], ratio["se"]) == (pytest.approx(3.0), pytest.approx(error, rel=1e-9))
    assert (v.direction, v.number) == ("SUPPORTED", "INCONCLUSIVE")


def test_a_ratio_of_three_is_met_where_it_is_known_well() -> None:
    """Log ratio's error: sqrt(.64/(.36 n) + .88/(.12 n)); within 3 ± .5 for certain from about 20,000 firms."""
    assert verdict(firms((3600, 10000), (1200, 10000))).number == "SUPPORTED"
    assert verdict(firms((2000, 10000), (1200, 10000))).number == "NUMBER-OUT"


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-07", 0.24, n=600, seed=2)
    model = cx.ols(study, "exceeded ~ leader", errors="HC3").table.set_index("term").loc["leader"]
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx(model[["estimate", "low", "high"]].tolist(), rel=1e-9)


@pytest.mark.parametrize("effect", [0.24, 0.12])
def test_the_difference_is_recovered_and_covered(replicates, effect: float) -> None:
    found = replicates("CX-07", effect, n=800, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.15 * effect)
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if effect == 0.24:
        assert found["direction"].eq("SUPPORTED").mean() > 0.9


THREATS = ("self-classification", "common-factor")


@pytest.mark.parametrize(("effect", "threat"), [(0.0, None), (0.05, None), *((0.0, threat) for threat in THREATS)])
def test_what_is_too_small_or_self_told_is_not_supported(replicates, effect, threat) -> None:
    found = replicates("CX-07", effect, n=800, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "self-classification":
        assert found["association"].eq("SUPPORTED").mean() > 0.9 and found["direction"].eq("NOT-IDENTIFIED").all()
    if threat == "common-factor":
        assert found["association"].isin(["SUPPORTED", "DIRECTION-ONLY"]).mean() > 0.7 and found["value"].mean() > 0.05


def test_without_an_earlier_year_leading_is_no_cause() -> None:
    study = firms((36, 100), (24, 200))
    v = verdict(cx.Study(study.table.drop(columns="exceeded_before"), study.codebook))
    assert (v.direction, v.association, v.threat) == ("NOT-IDENTIFIED", "SUPPORTED", "common-factor")
    check = next(c for c in v.parts["checks"] if c.threat == "common-factor")
    assert (check.found, check.holds) == ("no column says who exceeded the goal before", None)


def test_who_was_ahead_before_leading_is_not_ahead_because_of_it() -> None:
    """36 % and 24 % now; 34 of 100 leaders and 20 of 200 others exceeded the goal before: 24 points then, 24 now."""
    study = firms((36, 100), (24, 200))
    before = np.r_[np.ones(34), np.zeros(66), np.ones(20), np.zeros(180)]
    v = verdict(cx.Study(study.table.assign(exceeded_before=before), study.codebook))
    assert (v.direction, v.association, v.threat) == ("NOT-IDENTIFIED", "SUPPORTED", "common-factor")


def test_firms_that_class_themselves_are_no_evidence() -> None:
    v = verdict(firms((36, 100), (24, 200), role="outcome"))
    assert v.direction == "NOT-IDENTIFIED" and "firms call themselves leaders after a good year" in v.sentence


def test_the_threat_is_in_the_data() -> None:
    def apart(threat: str | None) -> float:
        made = cx.simulated("CX-07", 0.0, n=4000, seed=5, threat=threat).table
        return np.diff(made.groupby("leader")["exceeded"].mean())[0]

    assert apart("self-classification") > 0.15 > 0.05 > abs(apart(None))
