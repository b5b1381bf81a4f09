"""Happy customers, happy employees: by hand, recovered, and not fooled by what lasts in a unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.data.codebook import Codebook, Field

REPS = 25


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-21", study, robust=False, ledger=None)


def within(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    out = []
    for c in names:
        v = table[c] - table.groupby("unit")[c].transform("mean") - table.groupby("period")[c].transform("mean")
        out.append((v - v.mean()) / v.std(ddof=0))
    return np.column_stack(out)


def by_hand(t: pd.DataFrame, steps: slice = slice(None)) -> float:
    """Employees on last period's customers and employees and a dummy for each unit and period, plain least squares."""
    last = t.groupby("unit")[["customer", "employee"]].shift(1)
    t = t.assign(c1=last["customer"], e1=last["employee"])
    t = t[t["period"].isin(sorted(t["period"].unique())[1:][steps])].dropna()
    x = pd.concat([t[["c1", "e1"]], pd.get_dummies(t["unit"]), pd.get_dummies(t["period"]).iloc[:, 1:]], axis=1)
    return float(np.linalg.lstsq(x.to_numpy(float), t["employee"].to_numpy(float), rcond=None)[0][0])


def spread(t: pd.DataFrame, column: str) -> float:
    """The variance within units and periods, less what 24 periods make too small: twice it, less that of the halves."""
    halves = t[t["period"] < 12], t[t["period"] >= 12]
    return float(np.sqrt(2 * within_variance(t, column) - sum(within_variance(h, column) for h in halves) / 2))


def within_variance(t: pd.DataFrame, column: str) -> float:
    x = pd.concat([pd.get_dummies(t["unit"]), pd.get_dummies(t["period"])], axis=1).to_numpy(float)
    return float((t[column] - x @ np.linalg.lstsq(x, t[column].to_numpy(float), rcond=None)[0]).var(ddof=0))


def test_the_path_is_that_of_dummies_corrected_by_halves() -> None:
    """All 23 steps twice, less the mean of both halves (12 steps each, one in common), in deviations within."""
    study = cx.simulated("CX-21", 0.2, n=480, seed=1)
    t = study.table.sort_values(["unit", "period"])
    raw = 2 * by_hand(t) - (by_hand(t, slice(0, 12)) + by_hand(t, slice(11, 23))) / 2
    ratio = spread(t, "customer") / spread(t, "employee")
    assert verdict(study).estimate.value == pytest.approx(raw * ratio, rel=1e-9)


def test_it_is_the_models_number_in_a_panel_with_gaps() -> None:
    study = cx.simulated("CX-21", 0.2, n=1200, seed=2)
    study = cx.Study(study.table.sample(frac=0.9, random_state=1), study.codebook)
    model = cx.loyalty.lagged(study, "customer", y="employee", unit="unit", period="period")
    v = verdict(study)
    there, back = (model.parts["standardised"].iloc[k] for k in (0, 1))
    limits = ["estimate", "low", "high"]
    assert [v.estimate.value, v.estimate.low, v.estimate.high] == pytest.approx(there[limits].tolist(), rel=1e-12)
    assert v.parts["shown"].iloc[0][limits].tolist() == pytest.approx(back[limits].tolist(), rel=1e-12)
    plain = cx.loyalty.lagged(study, "customer", y="employee", unit="unit", period="period", correct="none")
    assert plain.table["estimate"].iloc[0] == pytest.approx(by_hand(gaps(study.table)), rel=1e-9)


def gaps(table: pd.DataFrame) -> pd.DataFrame:
    """With an empty row where a unit has none in a period, so that the period before is the one before."""
    every = pd.MultiIndex.from_product([table["unit"].unique(), range(24)], names=["unit", "period"])
    return table.set_index(["unit", "period"]).reindex(every).reset_index().sort_values(["unit", "period"])


def test_answers_count_each_once_for_the_units_mean() -> None:
    """Respondent rows on a coarse scale: many answers are the same, and the mean is over answers, not over values."""
    rng = np.random.default_rng(0)
    unit, period = np.repeat(np.arange(15), 80), np.tile(np.repeat(np.arange(8), 10), 15)
    level = rng.standard_normal((15, 8))[unit, period]
    customer = np.clip(np.round(3 + level + rng.standard_normal(1200)), 1, 5)
    employee = np.clip(np.round(3 + np.roll(level, 10) + rng.standard_normal(1200)), 1, 5)
    table = pd.DataFrame({"unit": unit, "period": period, "customer": customer, "employee": employee})
    v = verdict(answers(table))
    means = table.groupby(["unit", "period"])[["customer", "employee"]].mean().reset_index()
    assert v.estimate.value == pytest.approx(verdict(answers(means)).estimate.value, rel=1e-9)
    assert v.estimate.n == 15 * 7


def answers(table: pd.DataFrame, *more: Field) -> cx.Study:
    fields = (
        Field("unit", type="integer", role="segment" if more else "cluster"),
        Field("period", type="integer", role="wave"),
        Field("customer", role="outcome"),
        Field("employee", role="operation"),
    )
    return cx.Study(table, Codebook("answers", (*fields, *more), design="panel"))


def test_units_of_one_region_err_together() -> None:
    """Clusters that hold whole units: the errors are those of ten regions, of which each unit has a twin."""
    study = cx.simulated("CX-21", 0.2, n=1200, seed=3)
    t = study.table
    twins = pd.concat([t.assign(region=t["unit"]), t.assign(region=t["unit"], unit=t["unit"] + 1000)])
    twins = answers(twins, Field("region", type="integer", role="cluster"))
    once, twice = verdict(answers(t)).estimate, verdict(twins).estimate
    assert twice.value == pytest.approx(once.value, rel=1e-9) and twice.se == pytest.approx(once.se, rel=1e-9)


def test_the_truth_is_recovered(replicates) -> None:
    found = replicates("CX-21", 0.25, n=2400, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(0.25, abs=0.02)
    assert found["low"].le(0.25).mul(found["high"].ge(0.25)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.8)


@pytest.mark.parametrize("threat", [None, "stable-differences", "common-factor"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-21", 0.0, n=2400, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "common-factor":
        assert found["association"].eq("SUPPORTED").mean() > 0.5
        assert found["direction"].eq("NOT-IDENTIFIED").mean() > 0.8
    else:
        assert found["value"].mean() == pytest.approx(0, abs=0.02)
        assert found["low"].le(0).mul(found["high"].ge(0)).sum() >= binom.ppf(0.0005, REPS, 0.95)


def test_what_lasts_stands_in_the_sentence() -> None:
    v = verdict(cx.simulated("CX-21", 0.0, n=2400, seed=5, threat="common-factor"))
    assert v.direction == "NOT-IDENTIFIED"
    assert "something in the unit that lasts moves customers and employees together; last period's score" in v.sentence


def test_the_threats_are_in_the_data() -> None:
    means, inside = {}, {}
    for threat in (None, "stable-differences", "common-factor"):
        t = cx.simulated("CX-21", 0.0, n=4800, threat=threat).table
        means[threat] = t.groupby("unit")[["customer", "employee"]].mean().corr().iloc[0, 1]
        inside[threat] = np.corrcoef(within(t, ["customer", "employee"]).T)[0, 1]
    assert means["stable-differences"] > 0.9 > means[None]
    assert abs(inside[None]) < 0.06 and abs(inside["stable-differences"]) < 0.06 and inside["common-factor"] > 0.3
