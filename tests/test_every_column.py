"""What every column of an ordinary study keeps: a number in every row, shares and chances from 0 to 1, errors above 0.

The calls are those of the tables of weights. What may be missing stands here by name, with what it waits for; a
comparison turned in a guard (no variance, no answers, too few) leaves a column empty that is not named.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from tests import test_any_study as questionnaire
from tests import test_any_weight as others
from tests.test_every_interval import tables
from tests.test_every_value import asked

MAY_MISS = {
    "against table": {"tipping_se", "tipping_n"},  # where nothing differs for sure
    "trend table": {"change", "change_low", "change_high", "p", "p_adjusted", "detectable"},  # of the first wave
    "changes table": {"estimate", "low", "high"},  # four waves
    "pilot table": {"low", "high", "simultaneous_low", "simultaneous_high", "se"},  # three units
    "pilot placebo_dates": {"low", "high"},
    "change_explained table": {"share", "share_before", "share_after"},  # a change of about 0; of all groups
    "themes table": {"estimate", "low", "high", "se", "wrote", "worth"},  # groups with few labels
    "themes agreement": {"agreed", "ac1", "alpha", "alpha_low", "alpha_high"},  # one coder
    "theme_impact table": {"share", "p", "p_adjusted"},  # of the rest
    "reviews swaps": {"tipping", "overlap"},  # never, or not told apart
    "gap table": {"p"},  # of means
    "mediation table": {"estimate", "low", "high", "se", "p"},  # the share of a total near 0
    "one_failure table": {"se"},
    "survival medians": {"estimate", "low", "high"},  # not reached
    "loyalty_curve table": {"mean", "mean_low", "mean_high"},  # fewer than ten
    "loyalty_curve lines": {"estimate", "low", "high", "p"},
    "personas chosen": {"stability"},  # of one kind
    "variation table": {"low", "high"},
    "dose_response table": {"at"},
    "index fornell_larcker": {"B"},  # above the diagonal
    "crosstab table": {"low", "high", "se", "count", "row_share"},  # of bases and of means
    "specifications table": {"estimate", "low", "high"},
    "loop_effect table": {"bias"},
    "kpi_tree table": {"weight", "contribution", "contribution_low", "contribution_high"},  # of the goal
    "monitor table": {"expected", "low", "high", "z", "statistic"},  # of the baseline
    "worth_in_money table": {"spread", "positive"},
    "journey table": {"repeats_low", "repeats_high", "wait", "wait_low", "wait_high"},  # of the first, of once
    "transitions table": {"wait", "back"},  # to the end
    "drop_off table": {"low", "high"},  # where all have ended
}  # fmt: skip
MAY_BE_EMPTY = ("league small", "peers balance", "weighting empty", "verdict table", "verdict shown", "monitor alarms",
                "patience differences", "patience test", "quality missing")  # fmt: skip
CHANCES = ("p", "p_adjusted", "p_equivalent", "p_not_worse", "probability", "share", "within", "precision", "recall",
           "reach", "exit", "luck", "stability", "polarity", "frequency", "reached", "may_be_top", "row_share",
           "detractors", "passives", "promoters", "share_before", "share_after")  # fmt: skip
NAMES = [n for n in (*questionnaire.CALLS, *others.CALLS) if n not in ("comments", "review_hints", "quality")]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_an_ordinary_study_has_its_numbers(name: str) -> None:
    found, rows = asked(name)
    if not isinstance(found, cx.Result):
        return
    for where, said in tables(found).items():
        here = f"{name} {where}"
        assert len(said) or here in MAY_BE_EMPTY, f"{here} is empty"
        missing = {str(c) for c in said if said[c].isna().any()} if len(said) else set()
        assert missing <= MAY_MISS.get(here, set()), here
        for column in said:
            x = pd.to_numeric(said[column], errors="coerce").dropna() if len(said) else pd.Series(dtype=float)
            if column in CHANCES and (name, column) not in {("value", "share"), ("change_explained", "share")}:
                assert x.between(-1e-9, 1 + 1e-9).all(), (here, column, x.tolist())
            elif column == "se" or str(column).endswith("_se"):
                assert (x >= 0).all() and np.isfinite(x).all(), (here, column)
            elif column == "n" and name not in ("sample_size",):
                assert ((x >= 0) & (x <= len(rows))).all(), (here, x.tolist())
