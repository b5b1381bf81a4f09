"""Every standard error is that of the infinitesimal jackknife: the influences that a little more weight shows, summed.

A study of few kinds of rows, each kind many times: the derivative of an estimate after the weight of a kind is the
influence of its rows, and the sum of their squares, times n / (n - 1), the variance of every linearised estimate
(Efron 1982). No formula of any model enters, only its estimates; an error that halves a part, drops a weight or turns a
sign differs. Weights are 1 to 2, and two rows of a kind are a cluster.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from tests import test_any_study as questionnaire
from tests import test_any_weight as others
from tests.test_every_interval import intervals

KINDS, EACH, STEP = 16, 18, 1e-4
EXCEPT = {"league": "shrunken: the spread between units is estimated", "gap": "as league",
          "league_change": "shrunken changes", "peers": "as league",
          "what_if": "a driver at its best cannot rise: a kink",
          "compare items": "as compare", "poststratify": "as nps",
          "mixed": "errors of the model (as lme4's), not robust",
          "ridge": "the penalty is chosen", "driver_levels": "the spread between groups is estimated",
          "satisfaction_ratio": "drawn", "index_by": "drawn", "mediation": "drawn", "bootstrap": "drawn",
          "replicate_weights": "its weights are columns", "themes": "the labels of a kind differ",
          "theme_impact": "as themes", "pilot": "few units", "changes": "chosen by a search",
          "hazard": "needs more kinds", "value": "needs more kinds", "churn_model": "needs more kinds"}  # fmt: skip
NONE = ("running", "sample_size", "funnel", "permutation", "driver_segments", "asymmetry",
            "importance_performance", "personas", "variation", "sequence", "best_metric", "regression_to_mean",
            "beyond", "kano", "quality", "comments", "weighting", "displayed_score", "review_hints")  # fmt: skip
"""Without an even interval."""
OF_OTHERS = ("alert_policy", "loop_effect", "pain_points", "transitions", "choice", "worth_in_money", "posting",
             "influence", "within_person", "handoffs")  # fmt: skip
NEAR = 0.09
"""Few clusters in a group: c / (c - 1), Student's t and leverage move an error by so much of itself."""
LOOSE = {"drivers": 0.15, "dose_response": 0.15, "worth_in_money": 0.15}
"""Errors by resampling, or of a ratio."""


def jackknife(ask: Callable[[np.ndarray], pd.DataFrame], kind: np.ndarray, units: np.ndarray) -> list[tuple]:
    """Return by value: name, standard error and half of an even interval as told, the error that the values show."""
    weight, n = 1 + (kind % 3) / 2, len(np.unique(units))
    whole = dict(intervals(ask(weight)))
    if not whole:
        raise AssertionError("no value has limits")
    total = dict.fromkeys(whole, 0.0)
    for k in np.unique(kind):
        more = dict(intervals(ask(weight * (1 + STEP * (kind == k)))))
        for name in whole:
            slope = (more[name]["value"] - whole[name]["value"]).to_numpy() / STEP
            total[name] = total[name] + slope**2 / len(np.unique(units[kind == k]))
    out = []
    for name, x in whole.items():
        half = (x["high"] - x["low"]) / 2
        even = ((x["high"] + x["low"]) / 2 - x["value"]).abs() < 1e-6 * half
        shown = np.sqrt(n / (n - 1) * total[name])
        out.append((name, x["se"].to_numpy(), half.where(even).to_numpy() / t.ppf(0.975, n), shown))
    return out


def check(name: str, found: list[tuple]) -> None:
    near, tried = LOOSE.get(name, NEAR), 0
    for value, se, half, shown in found:
        for told in (se, half):
            there = np.isfinite(told) & (shown > 1e-9)
            tried += int(there.sum())
            np.testing.assert_allclose(told[there], shown[there], rtol=near, err_msg=value)
    assert tried


def by_questionnaire(name: str) -> list[tuple]:
    rows = questionnaire.rows()
    few = rows.iloc[np.random.default_rng(0).choice(len(rows), KINDS, replace=False)]
    table = pd.concat([few] * EACH, ignore_index=True).assign(code=np.arange(KINDS * EACH))
    kind = np.tile(np.arange(KINDS), EACH)
    unit = kind + KINDS * (np.arange(KINDS * EACH) // (2 * KINDS))

    def ask(weight: np.ndarray) -> pd.DataFrame:
        study = questionnaire.named(questionnaire.NEUTRAL, table.assign(weight=weight, cluster=unit))
        study = questionnaire.without_design(study, "strata")
        return questionnaire.CALLS[name](study, questionnaire.NEUTRAL).table

    return jackknife(ask, kind, unit)


def by_units(name: str) -> list[tuple]:
    make, _, call = others.CALLS[name]
    rows = make()
    few = rows[(rows["unit"] < 3 * KINDS) & (rows["unit"] % 3 == 0)]
    table = pd.concat([few.assign(unit=few["unit"] + 1_000 * k) for k in range(EACH)], ignore_index=True)
    table = table.assign(
        **{c: table["unit"] if c == "case" else np.arange(len(table)) for c in {"case", "id"} & {*table}}
    )
    kind, unit = (table["unit"] % 1_000).to_numpy(), table["unit"].to_numpy()

    def ask(weight: np.ndarray) -> pd.DataFrame:
        return call(others.asked(table.assign(weight=weight), unit="cluster")).table

    return jackknife(ask, kind, unit)


@pytest.mark.parametrize("name", sorted(set(questionnaire.CALLS) - set(EXCEPT) - set(NONE)))
def test_errors_of_a_questionnaire_are_those_of_the_jackknife(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(name, by_questionnaire(name))


@pytest.mark.parametrize("name", OF_OTHERS)
def test_errors_of_other_studies_are_those_of_the_jackknife(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(name, by_units(name))
