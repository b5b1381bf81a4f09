"""Happy customers, happy employees: by hand, recovered, and not fooled by what lasts in a unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.data.codebook import Codebook, Field
from cxlab.stats.fits.lagged_paths import lagged_path

REPS = 25


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-21", study, robust=False, ledger=None)


def within(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    out = []
    for c in names:
        v = table[c] - table.groupby("unit")[c].transform("mean") - table.groupby("period")[c].transform("mean")
        out.append((v - v.mean()) / v.std(ddof=0))
    return np.column_stack(out)


def test_the_path_is_two_way_within_least_squares() -> None:
    study = cx.simulated("CX-21", 0.2, n=1200, seed=1)
    t = study.table.sort_values(["unit", "period"])
    last = t.groupby("unit")[["customer", "employee"]].shift(1)
    t = t.assign(c1=last["customer"], e1=last["employee"]).dropna()
    z = within(t, ["employee", "c1", "e1"])
    b = np.linalg.lstsq(z[:, 1:], z[:, 0], rcond=None)[0]
    assert verdict(study).estimate.value == pytest.approx(b[0], rel=1e-9)


def test_answers_count_each_once_for_the_units_mean() -> None:
    """Respondent rows on a coarse scale: many answers are the same, and the mean is over answers, not over values."""
    rng = np.random.default_rng(0)
    unit, period = np.repeat(np.arange(15), 80), np.tile(np.repeat(np.arange(8), 10), 15)
    level = rng.standard_normal((15, 8))[unit, period]
    customer = np.clip(np.round(3 + level + rng.standard_normal(1200)), 1, 5)
    employee = np.clip(np.round(3 + np.roll(level, 10) + rng.standard_normal(1200)), 1, 5)
    table = pd.DataFrame({"unit": unit, "period": period, "customer": customer, "employee": employee})
    fields = (
        Field("unit", type="integer", role="cluster"),
        Field("period", type="integer", role="wave"),
        Field("customer", role="outcome"),
        Field("employee", role="operation"),
    )
    v = verdict(cx.Study(table, Codebook("answers", fields, design="panel")))
    means = table.groupby(["unit", "period"])[["customer", "employee"]].mean().reset_index().assign(cluster=0)
    path = lagged_path(means.assign(cluster=means["unit"]), "customer", "employee")
    assert v.estimate.value == pytest.approx(path.lag[0], rel=1e-9)
    assert v.estimate.n == 15 * 7


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
