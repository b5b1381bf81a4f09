"""What stays when the data are told otherwise: scales turned round, weights halved, rows in another order.

The calls are those of `test_any_study`. A question whose scale is turned round (1 to 5 as 5 to 1, best low) says the
same of quality, so every score, rank, share of explained variance and difference of scores stays to the digit, in the
table and in the parts; a mean of the scale's own points is mirrored, and so are its limits, the lower from the upper.
Weights count relative to each other; where rows stand says nothing.
"""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.study import Study
from tests.test_any_study import CALLS, NEUTRAL, named, rows

OWN = dict.fromkeys(("churn", "retention", "survival", "hazard", "value", "churn_model"), "end codes, not answers") | {
    "loyalty_curve": "the outcome is above its middle, not good", "personas": "kinds of answers as they were given",
    "logit": "the formula names answers", "stated_premium": "a yes is a code", "cost_to_serve": "a ratio of the score",
    "answers": "answers as they were given", "ordinal": "log odds of the higher answer", "ridge": "chosen by folds",
    "regression_to_mean": "groups by the answer as it was given", "reviews": "refuses stars that are best low",
    "ces": "refuses an agreement that is best low", "quality": "of the answers as given", "comments": "of texts",
    "scorecard": "its effort question refuses to be best low", "rake": "as nps",
    "permutation": "its interval is that of no difference", "sequence": "a peak becomes a trough",
    "displayed_score": "as reviews", "best_metric": "judged by folds, dealt in the order of answers",
    "beyond": "as best_metric",
}  # fmt: skip
"""What tells of the answers as they stand, and so cannot stay when they are turned round."""
POINTS = ("mean", "bootstrap", "jackknife", "replicate_weights", "compare items", "theme_impact", "ols", "mixed",
          "mediation", "dose_response")  # fmt: skip
"""In points of the scale itself: differences and slopes turn their sign, means of 1 to 5 become 6 less the mean."""
SUMS = ("parts.groups.w", "parts.fit.loglik", "parts.fit.loglik_null", "parts.fit.sigma")
"""Sums of weights, and what goes with them."""
STOPPED = {"personas": 5e-3}
"""A search that stops by its likelihood, which the weights scale."""
DRAWN = ("bootstrap", "mediation", "permutation", "satisfaction_ratio", "index_by", "drivers", "asymmetry",
         "one_failure", "importance_performance", "what_if", "themes", "theme_impact", "review_hints")  # fmt: skip
"""By draws, folds or hints of rows, which are others in another order; of `review_hints` equal rows change places."""
ENDS = (0, 6, 10)
"""Least and largest answer of the scales together."""


def turned(study: Study) -> Study:
    """Return the study with every scale turned round, and so every answer on it."""
    book, table = study.codebook, study.table.copy()
    for field in book.fields:
        if field.scale:
            table[field.name] = field.scale.minimum + field.scale.maximum - table[field.name]
            book = book.replace(field.name, scale=dataclasses.replace(field.scale, best="low"))
    return Study(table, book)


def numbers(said: object, where: str = "") -> Iterator[tuple[str, float | str]]:
    """Yield every number and label of a result, its parts included, by where it stands."""
    if isinstance(said, cx.Result):
        yield from numbers(said.table, f"{where}table")
        yield from numbers(said.parts, f"{where}parts")
    elif isinstance(said, pd.DataFrame):
        for column in said:
            yield from numbers(said[column].tolist(), f"{where}.{column}")
    elif isinstance(said, pd.Series):
        yield from numbers(said.tolist(), where)
    elif isinstance(said, Mapping):
        for key, value in said.items():
            yield from numbers(value, f"{where}.{key}")
    elif isinstance(said, np.ndarray):
        yield from numbers(said.tolist(), where)
    elif isinstance(said, (list, tuple)):
        for k, value in enumerate(said):
            yield from numbers(value, f"{where}[{k}]")
    elif isinstance(said, (int, float, np.number)):
        yield where, float(said)
    elif isinstance(said, str):
        yield where, said


def asked(name: str, study: Study) -> cx.Result:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CALLS[name](study, NEUTRAL)


@functools.cache
def plain(name: str) -> cx.Result:
    """What a function gives of the study as it is."""
    return asked(name, named(NEUTRAL))


def apart(a: object, b: object, near: float = 1e-6) -> list[str]:
    """Return where two results differ."""
    x, y = dict(numbers(a)), dict(numbers(b))
    return [k for k in {**x, **y} if k not in x or k not in y or not alike(x[k], y[k], near)]


def alike(x: float | str, y: float | str, near: float) -> bool:
    if isinstance(x, str) or isinstance(y, str):
        return x == y
    return x == y or (x != x and y != y) or abs(x - y) <= near * max(1.0, abs(x))


@pytest.mark.parametrize("name", sorted(set(CALLS) - set(OWN) - set(POINTS)))
def test_scales_turned_round_say_the_same(name: str) -> None:
    assert apart(plain(name), asked(name, turned(named(NEUTRAL)))) == []


@pytest.mark.parametrize("name", POINTS)
def test_points_of_a_scale_turned_round_are_mirrored_with_their_limits(name: str) -> None:
    before, after, tried = plain(name).table, asked(name, turned(named(NEUTRAL))).table, 0
    for low in [c for c in before if c == "low" or str(c).endswith("_low")]:
        high = str(low).replace("low", "high")
        value = "estimate" if low == "low" else str(low)[:-4]
        x, y = (t[[value, low, high]].astype(float).to_numpy() for t in (before, after))
        images = [x, *(end - x[:, [0, 2, 1]] for end in ENDS)]
        close = np.array([np.isclose(y, image, rtol=1e-6, atol=1e-9, equal_nan=True).all(axis=1) for image in images])
        assert close.any(axis=0).all(), before[~close.any(axis=0)]
        tried += int((~close[0]).sum())
    assert tried


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"rake", "poststratify", "weighting"}))
def test_halved_weights_are_the_same_weights(name: str) -> None:
    half = named(NEUTRAL, rows().assign(weight=lambda t: t["weight"] / 2))
    found = apart(plain(name), asked(name, half), STOPPED.get(name, 1e-6))
    assert [where for where in found if not where.startswith(SUMS)] == []


@pytest.mark.parametrize("name", sorted(set(CALLS) - {*DRAWN, "rake", "poststratify", "weighting"}))
def test_the_order_of_rows_says_nothing(name: str) -> None:
    order = np.random.default_rng(1).permutation(len(rows()))
    assert apart(plain(name), asked(name, named(NEUTRAL, rows().iloc[order].reset_index(drop=True)))) == []
