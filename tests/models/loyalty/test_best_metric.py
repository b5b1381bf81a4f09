"""Which metric foretells best: against scikit-learn's cross-validation, by hand, with gaps, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import RepeatedKFold, cross_val_predict, cross_val_score

import cxlab as cx


def answers(n: int = 2000, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b, c = rng.standard_normal((3, n))
    one_to_seven = lambda x: np.clip(np.round(4 + 1.5 * x), 1, 7)  # noqa: E731
    spent = 50 + 10 * a + 3 * b + 10 * rng.standard_normal(n)
    return pd.DataFrame({"csat": one_to_seven(a), "nps": one_to_seven(0.6 * a + 0.8 * b), "ces": one_to_seven(c),
                         "spent": spent.round(2)})  # fmt: skip


METRICS = ["csat", "nps", "ces"]


def foretold(table: pd.DataFrame, **more) -> cx.Result:
    return cx.loyalty.best_metric(cx.load(table), "spent", metrics=METRICS, **more)


def test_r2_is_that_of_sklearns_folds() -> None:
    """Ten folds, three times: squared errors out of sample over the variance of the whole sample."""
    table = answers()
    rows = foretold(table).table.set_index("metric")
    y = table["spent"].to_numpy()
    for name, columns in {"csat": ["csat"], "nps": ["nps"], "ces": ["ces"], "all together": METRICS}.items():
        folds = RepeatedKFold(n_splits=10, n_repeats=3, random_state=0)
        error = -cross_val_score(
            LinearRegression(), table[columns], y, cv=folds, scoring="neg_mean_squared_error"
        ).mean()
        assert rows.loc[name, "estimate"] == pytest.approx(1 - error / y.var(), abs=0.002)
    gain = rows.loc["all together"]
    assert gain["gain"] == pytest.approx(gain["estimate"] - rows.loc["csat", "estimate"], abs=1e-12)
    assert list(rows.index) == ["csat", "nps", "ces", "all together"]


def test_the_interval_of_the_gain_is_that_of_squared_errors_person_by_person() -> None:
    """The error of a mean difference of squared errors, from the people themselves."""
    table = answers()
    y = table["spent"].to_numpy()
    apart = [
        (y - cross_val_predict(LinearRegression(), table[c], y, cv=10)) ** 2 for c in (["csat"], METRICS)
    ]  # fmt: skip
    lost = (apart[0] - apart[1]) / y.var()
    row = foretold(table).table.iloc[-1]
    half = 1.96 * lost.std() / np.sqrt(len(y))
    assert row["gain"] == pytest.approx(lost.mean(), abs=0.003)
    assert (row["gain_high"] - row["gain_low"]) / 2 == pytest.approx(half, rel=0.25)


def test_a_weight_of_two_is_two_people() -> None:
    table = answers(600)
    weight = np.tile([1, 2], 300)
    fields = [cx.Field(c, role="outcome") for c in (*METRICS, "spent")]
    book = cx.Codebook("weighted", (*fields, cx.Field("w", role="weight")))
    weighted = cx.loyalty.best_metric(cx.Study(table.assign(w=weight), book), "spent", metrics=METRICS).table
    twice = foretold(table.loc[np.repeat(table.index, weight)]).table
    once = foretold(table).table
    near = abs(weighted["estimate"] - twice["estimate"]).max()
    assert near < 0.01 < 2 * abs(weighted["estimate"] - once["estimate"]).max()


def test_what_stands_in_a_gap_does_not_matter() -> None:
    """Gaps at random: rows without any metric go, the others are marked; the title of a metric names its row."""
    table, rng = answers(), np.random.default_rng(1)
    gaps = rng.random((len(table), 3)) < 0.2
    table[METRICS] = table[METRICS].mask(gaps)
    found = foretold(table)
    kept = (~gaps).any(axis=1)
    assert found.table["n"].tolist() == [kept.sum()] * 4
    y, d = table["spent"][kept].to_numpy(), np.column_stack([np.where(gaps, 9, table[METRICS])[kept], gaps[kept]])
    error = -cross_val_score(LinearRegression(), d, y, cv=10, scoring="neg_mean_squared_error").mean()
    assert found.table["estimate"].iloc[-1] == pytest.approx(1 - error / y.var(), abs=0.006)
    assert "metrics without an answer are marked, not dropped (3 columns)" in found.notes
    assert f"{(~kept).sum():,} rows without 'spent' or any metric do not count" in found.notes


def test_words_say_who_stayed_and_the_codebook_names_the_metrics() -> None:
    table = answers()
    table["left"] = np.where(table["spent"] < 45, "yes", "no")
    fields = (
        cx.Field("csat", role="outcome", measure="satisfaction", title="Satisfaction"),
        cx.Field("nps", role="outcome", measure="recommendation"), cx.Field("ces", role="segment"),
        cx.Field("spent", role="operation"), cx.Field("left", type="string", role="outcome", measure="churn"),
    )  # fmt: skip
    found = cx.loyalty.best_metric(cx.Study(table, cx.Codebook("named", fields)), "left")
    assert (
        found.table["metric"].tolist() == ["Satisfaction", "nps", "all together"]
        and found.parts["best"] == "Satisfaction"
    )
    number = table.assign(left=(table["spent"] < 45) * 1)
    numeric = cx.loyalty.best_metric(cx.load(number), "left", metrics=["nps", "csat"]).table
    assert found.table["estimate"].tolist() == pytest.approx(numeric["estimate"].tolist(), abs=0.003)


@pytest.mark.parametrize(
    ("change", "asked", "said"),
    [
        ({}, {"metrics": ["csat"]}, "two or more metrics are compared; 'csat' is one: name them with metrics=[...]"),
        ({}, {}, "two or more metrics are compared; none is declared: name them with metrics=[...]"),
        ({}, {"metrics": ["csat", "spent"]},
         "'spent' is the outcome and one of the metrics; it foretells itself: leave it out"),
        ({"spent": 1.0}, {"metrics": METRICS}, "'spent' of table is the same for all 40; nothing can be foretold"),
        ({"ces": np.nan}, {"metrics": METRICS}, "nobody of table who answered 'spent' answered 'ces'; leave it out"),
        ({}, {"metrics": METRICS, "least_n": 50}, "40 of table answered 'spent' and a metric; 50 are needed"),
        ({"ces": "good"}, {"metrics": METRICS},
         "column 'ces' of table holds text (String); numbers are needed: recode it"),
        ({"spent": ["great", "fair"] * 20}, {"metrics": METRICS},
         "'spent' holds fair, great; which of them is yes cannot be known. Label two values in the codebook, e.g. "
         '"labels": {"1": "yes", "2": "no"}'),
    ],
)  # fmt: skip
def test_what_cannot_be_foretold_is_said(change: dict, asked: dict, said: str) -> None:
    study = cx.load(answers(40).assign(**change))
    study = cx.Study(study.table, cx.Codebook("table", tuple(cx.Field(c) for c in study.table)))
    with pytest.raises(cx.DataProblem) as refused:
        cx.loyalty.best_metric(study, "spent", **asked)
    assert str(refused.value) == said


def test_few_answers_are_not_folded() -> None:
    study = cx.load(answers(15))
    with pytest.raises(cx.DataProblem, match="^only 15 independent units; cross-validation needs at least 20$"):
        cx.loyalty.best_metric(study, "spent", metrics=METRICS, least_n=5)
