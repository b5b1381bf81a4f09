"""A weight of k is k rows: every estimate of weighted answers is that of the same answers, each as often as it weighs.

The calls are those of the tables of weights. Standard errors differ (a weighted answer is one respondent), estimates
do not; a model that forgets its weights, counts them twice or takes their root is found here, whatever it estimates.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from tests import test_any_study as questionnaire
from tests import test_any_weight as others

NONE = ("comments", "crosstab", "journey", "quality", "sample_size", "weighting", "verdict", "regression_to_mean")
EXCEPT = dict.fromkeys(NONE, "no column of estimates, or one of counts") | {
    "permutation": "takes no weights",
    "mixed": "the weights of a random intercept scale the variance within groups (pseudo-likelihood)",
    "ridge": "its penalty is chosen by cross-validation of rows", "churn_model": "judged by folds of rows",
    "sequence": "judged by folds of rows", "best_metric": "judged by folds of rows",
    "beyond": "judged by folds of rows",
    "loyalty_curve": "its smoothness is chosen by the number of rows",
    "lagged": "each unit counts once; weights make the mean of a period",
    "gap": "the spread between peers knows their errors", "replicate_weights": "its weights are columns",
}  # fmt: skip
LOOSE = {"value": 1e-3, "variation": 2e-3, "journey_types": 5e-3, "transitions": 1e-6, "personas": 1e-4}
"""Groups of alike rows, sampling errors, or a search from drawn starts: equal but for so much."""
ASKED = {
    "patience": lambda s: cx.loyalty.patience(s, wait="wait", abandoned="gone", score="sat", at=[1, 2, 4, 8]),
    "survival": lambda s: cx.survival(s, time="zz8zz", event="zz6zz", ends=[1, 2], by="zz0zz", at=[5, 15, 25, 35]),
}
"""Where the default is to look at times that half of the rows have passed, the times are given."""
PLACES = {**cx._WHERE, **{n: m for names in cx._ROOMS.values() for n, m in names.items()}}
EXCEPT |= {n: "the labels of comments are drawn a row" for n, m in PLACES.items() if m.startswith("cxlab.models.text")}
NAMES = sorted({*questionnaire.CALLS, *others.CALLS} - set(EXCEPT))


def counted(table: pd.DataFrame, weight: pd.Series, unit: str | None) -> pd.DataFrame:
    """Return every row as often as it weighs; a unit that is repeated is another unit each time."""
    copies = [table[weight > k].assign(**({unit: table[unit] + 1_000 * k} if unit else {})) for k in range(3)]
    return pd.concat(copies, ignore_index=True)


def both(name: str) -> tuple[cx.Result, cx.Result]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name in questionnaire.CALLS:
            table, names, call = questionnaire.rows(), questionnaire.NEUTRAL, questionnaire.CALLS[name]
            weight = pd.Series(np.random.default_rng(3).choice([1.0, 2.0, 3.0], len(table)))
            again = counted(table, weight, None).assign(weight=1.0)
            call = (lambda s, _: ASKED[name](s)) if name in ASKED else call
            studies = [questionnaire.named(names, t) for t in (table.assign(weight=weight), again)]
            first, second = (call(s, names) for s in studies)
        else:
            make, study, ask = others.CALLS[name]
            table, ask = make(), ASKED.get(name, ask)
            weight = (1.0 + table["unit"] * 7 % 3).astype(float)
            again = counted(table, weight, "unit")
            if "case" in again:
                again["case"] = again["unit"]
            first, second = (ask(study(t)) for t in (table.assign(weight=weight), again.assign(weight=1.0)))
    return first, second


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_of_k_is_k_rows(name: str) -> None:
    weighted, repeated = (r.table for r in both(name))
    if name == "transitions":  # the more often an event is seen, the higher it stands
        weighted, repeated = (t.sort_values(["from", "to"], ignore_index=True) for t in (weighted, repeated))
    if name == "dose_response":  # its bands are of equally many rows
        weighted, repeated = weighted.head(1), repeated.head(1)
    np.testing.assert_allclose(weighted["estimate"], repeated["estimate"], rtol=LOOSE.get(name, 1e-6), atol=1e-9)
