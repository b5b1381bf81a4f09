"""What every interval keeps, whatever the model: it holds its estimate, it is that of its level, and errors know none.

The calls are those of the tables of weights. Where an interval lies evenly round its estimate it is the estimate plus
and minus a quantile of Student's t times the standard error: the degrees of freedom that explain the interval at 95 %
must explain the one at 80 %, too, and the p that stands beside it.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import types
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import norm, t

import cxlab as cx
from tests import test_any_study as questionnaire
from tests import test_any_weight as others

NOT = {"permutation": "its interval is that of no difference", "repeat_models": "it has none", "repeat": "slow",
       **dict.fromkeys(("verdict", "specifications"), "the number is tested with the cards")}  # fmt: skip
PLACES = {**dict.fromkeys(questionnaire.CALLS, questionnaire), **dict.fromkeys(others.CALLS, others),
          **dict.fromkeys(others.NONE, others)}  # fmt: skip
NAMES = sorted(set(PLACES) - set(NOT) - {"rake", "poststratify", "weighting", "quality", "comments", "funnel", "peers",
               "heard_sheet", "segments", "concerned", "drop", "choice_design", "sample_size", "crosstab"})  # fmt: skip
NO_LEVEL = {"regression_to_mean", "reviews", "displayed_score"}
BY_BUDGET = {"monitor": "its limits are set by the alarms one accepts", "running": "it holds at all times"}
FIXED = {"variation groups": "score limits, which lie evenly round an estimate of 0"}
"""Tables among the parts that are not held to Student's t."""
OWN_P = ("drivers pairs", "asymmetry table", "review_hints table", "mediation table", "trend table")
"""Where ``p`` is that of a family, of few draws or of a change."""
COUNTS = ("n", "rank")
"""Ranges of counts and of ranks are no intervals of an estimate."""


class AtLevel:
    """The package with another confidence in every function that takes one."""

    def __init__(self, inner: Any, level: float) -> None:
        self._inner, self._level = inner, level

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if isinstance(found, types.ModuleType):
            return AtLevel(found, self._level)
        if inspect.isfunction(found) and "level" in inspect.signature(found).parameters:
            return functools.partial(found, level=self._level)
        return found


def called(name: str) -> cx.Result:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name in questionnaire.CALLS:
            study = questionnaire.named(questionnaire.NEUTRAL)
            return questionnaire.CALLS[name](study, questionnaire.NEUTRAL)
        make, study_of, call = (others.CALLS | {k: v[1:] for k, v in others.NONE.items()})[name]
        return call(study_of(make()))


def tables(result: cx.Result) -> dict[str, pd.DataFrame]:
    """Return the table of a result and those among its parts, by name."""
    return {"table": result.table} | {k: p for k, p in result.parts.items() if isinstance(p, pd.DataFrame)}


def intervals(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each estimate's name with a table of it, its limits and its standard error (nan without one)."""
    lows = [c for c in map(str, table) if c.endswith("_low")]
    names = [("estimate", "low", "high"), *((c[:-4], c, f"{c[:-4]}_high") for c in lows)]
    for value, low, high in names:
        if {value, low, high} <= set(table.columns) and value not in COUNTS:
            se = table["se"] if value == "estimate" and "se" in table else np.nan
            found = pd.DataFrame({"value": table[value], "low": table[low], "high": table[high], "se": se})
            yield value, found.apply(pd.to_numeric, errors="coerce")


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_holds_its_estimate_and_is_that_of_its_level(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = called(name)
    for where, table in tables(wide).items():
        for value, x in intervals(table):
            x = x.dropna(subset=["value", "low", "high"])
            assert ((x["low"] <= x["value"] + 1e-9) & (x["value"] <= x["high"] + 1e-9)).all(), (where, value)
        if f"{name} {where}" not in OWN_P and "p" in table:
            explained(f"{name} {where}", table)
    if name in NO_LEVEL:
        return
    monkeypatch.setattr(PLACES[name], "cx", AtLevel(cx, 0.8))
    narrow = called(name)
    assert (wide.level, narrow.level) == (0.95, 0.8)
    if name in BY_BUDGET:
        return
    for where, table in tables(wide).items():
        if f"{name} {where}" not in FIXED:
            narrowed(where, table, tables(narrow)[where])


def narrowed(where: str, wide: pd.DataFrame, narrow: pd.DataFrame) -> None:
    """Hold a table of intervals at 95 % against the same at 80 %."""
    for (value, a), (_, b) in zip(intervals(wide), intervals(narrow), strict=True):
        if value in ("revenue", "score", "worse") or len(a) != len(b):
            continue
        there = a[["low", "high"]].notna().all(axis=1) & (a["high"] > a["low"] + 1e-12)
        a, b = a[there], b[there]
        ratio = (b["high"] - b["low"]) / (a["high"] - a["low"])
        assert (ratio < 1).all(), (where, value, ratio.tolist())
        even = (a["value"] - (a["low"] + a["high"]) / 2).abs() < 1e-6 * (a["high"] - a["low"])
        even &= (b["value"] - (b["low"] + b["high"]) / 2).abs() < 1e-6 * (b["high"] - b["low"])
        for wide_row, narrow_row in zip(a[even].itertuples(), b[even].itertuples(), strict=True):
            half = (wide_row.high - wide_row.low) / 2, (narrow_row.high - narrow_row.low) / 2
            if wide_row.se > 0:
                assert narrow_row.se == pytest.approx(wide_row.se, rel=1e-9), (where, value)
                right = tuple(quantiles(half[0] / wide_row.se) * wide_row.se)
                assert half == pytest.approx(right, rel=1e-4), (where, value)
            else:  # .734: half of what may be missed
                assert 0.675 > half[1] / half[0] >= t.ppf(0.9, 1) / t.ppf(0.975, 1), (where, value)


def explained(where: str, table: pd.DataFrame) -> None:
    """Hold p against the interval: that of Student's t where it is even, else below .05 where the interval leaves 0."""
    for _, x in itertools.islice(intervals(table), 1 if "estimate" in table else 0):
        x = x.assign(p=pd.to_numeric(table["p"], errors="coerce")).dropna(subset=["value", "low", "high", "p"])
        half = (x["high"] - x["low"]) / 2
        even = ((x["low"] + x["high"]) / 2 - x["value"]).abs() < 1e-6 * half
        for row, reach, student in zip(x.itertuples(), half, even & (x["se"] > 0), strict=True):
            if student:
                df = degrees(reach / row.se)
                assert row.p == pytest.approx(2 * t.sf(abs(row.value) / row.se, df), rel=1e-5, abs=1e-12), where
            elif not 0.045 < row.p < 0.055:
                assert (row.p < 0.05) == (row.low > 0 or row.high < 0), (where, row)


def degrees(wide: float) -> float:
    """Return the degrees of freedom of an interval of so many standard errors at 95 %."""
    return 1e9 if wide < t.ppf(0.975, 1e6) else brentq(lambda k: t.ppf(0.975, k) - wide, 0.9, 1e7, xtol=1e-10)


def quantiles(wide: float) -> np.ndarray:
    """Return Student's quantiles for 95 and 80 %, of the degrees of freedom that give ``wide`` for the first."""
    if wide < norm.ppf(0.975) - 1e-6:
        raise AssertionError(f"an interval of {wide:.3f} standard errors is too narrow for 95 %")
    if wide < t.ppf(0.975, 1e6):
        return norm.ppf([0.975, 0.9])
    return t.ppf([0.975, 0.9], degrees(wide))
