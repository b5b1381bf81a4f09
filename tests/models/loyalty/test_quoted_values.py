"""Values quoted from R (BTYD, survival, cmprsk, mlogit) that the tests of single models do not hold; public data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.stats.pricing import conditional_logit
from cxlab.stats.purchases import bgnbd, gamma_gamma, pareto_nbd

pytestmark = pytest.mark.mirror


def test_cdnow_with_rounded_weeks_has_the_parameters_of_btyd(mirror: Path) -> None:
    """The file that ships with R's BTYD: weeks to two decimals, mean spending of repeat purchases."""
    table = cx.load("cdnow").to_pandas()
    patterns, n = np.unique(table[["x", "t_x", "T"]].to_numpy(float), axis=0, return_counts=True)
    fit = bgnbd.fit(*patterns.T, n.astype(float))
    np.testing.assert_allclose(np.exp(fit.log), [0.24259296, 4.41353281, 0.79288403, 2.42574611], rtol=4e-6)
    assert fit.loglik == pytest.approx(-9582.4256, abs=5e-5)
    pareto = pareto_nbd.fit(*patterns.T, n.astype(float))
    quoted = np.log([0.5533971, 10.5801985, 0.6060625, 11.6562237])
    np.testing.assert_allclose(pareto.log, quoted, atol=1.2e-3)  # R stops earlier
    assert pareto.loglik >= float(n @ pareto_nbd.loglik(quoted, *patterns.T))
    again = table[table["x"] > 0]
    money = gamma_gamma.fit(again["x"].to_numpy(float), again["zbar"].to_numpy(float), np.ones(len(again)))
    np.testing.assert_allclose(np.exp(money.log), [6.2488, 3.7446, 15.4477], atol=5e-5)
    assert money.loglik == pytest.approx(-4055.9232, abs=5e-5) and len(again) == 946


def test_loans_by_all_ends_and_by_the_wrong_curve(mirror: Path) -> None:
    """R's cmprsk at 30 days; who takes declined and cancelled ones for lost says 48.4 % approved where 16.2 % are."""
    rows = cx.load(pd.read_csv(mirror / "event_logs/bpic2012_outcomes.csv"))
    asked = {"time": "days", "event": "outcome", "at": [30]}
    found = cx.survival(rows, ends=["approved", "declined", "cancelled"], **asked).table.set_index("end")
    ends = ["approved", "declined", "cancelled"]
    np.testing.assert_allclose(found.loc[ends, "estimate"], [0.16188918, 0.57942599, 0.13338531], atol=5e-9)
    np.testing.assert_allclose(found.loc[ends, "se"], [0.00326605, 0.00433005, 0.00300054], atol=5e-9)
    wrong = cx.survival(rows, ends=["approved"], **asked).table["estimate"][0]
    assert 1 - wrong == pytest.approx(0.484, abs=5e-4)


def long(wide: pd.DataFrame, kinds: list, names: list[str], join: str, taken: str) -> pd.DataFrame:
    rows = [
        pd.DataFrame(
            {"set": wide.index, "kind": k, "taken": wide[taken] == k} | {c: wide[f"{c}{join}{k}"] for c in names}
        )
        for k in kinds
    ]
    return pd.concat(rows, ignore_index=True).sort_values("set", kind="stable")


def errors(rows: pd.DataFrame, x: np.ndarray) -> np.ndarray:
    """Errors of the likelihood (mlogit's), which cxlab prints only where persons choose once and it may."""
    spread = x.std(0)
    sets = rows["set"].to_numpy()
    fit = conditional_logit.fit(x / spread, rows["taken"].to_numpy(), sets, np.ones(len(np.unique(sets))))
    return np.sqrt(np.diag(fit.bread)) / spread


def test_errors_of_the_likelihood_are_those_of_mlogit(mirror: Path) -> None:
    """Heating (cost alone, and with constants) and Electricity; ModeCanada is not among the data."""
    heating = long(pd.read_csv(mirror / "stated_choice/Heating.csv"), ["gc", "gr", "ec", "er", "hp"], ["ic", "oc"], ".",
                   "depvar")  # fmt: skip
    costs = heating[["ic", "oc"]].to_numpy(float)
    np.testing.assert_allclose(errors(heating, costs), [0.0003527739745, 0.0003221637955], rtol=1e-8)
    own = [heating["kind"] == k for k in ("ec", "er", "gc", "gr")]
    found = errors(heating, np.column_stack([costs, *own]).astype(float))[:2]
    np.testing.assert_allclose(found, [0.0006208562504, 0.0015540817582], rtol=1e-8)
    names = ["pf", "cl", "loc", "wk", "tod", "seas"]
    electricity = long(pd.read_csv(mirror / "stated_choice/Electricity.csv"), [1, 2, 3, 4], names, "", "choice")
    found = errors(electricity, electricity[names].to_numpy(float))[:4]
    np.testing.assert_allclose(found, [0.0232223, 0.0082442, 0.0505571, 0.0447801], atol=5e-8)
