"""A metric is a score and a row of the registry: one that was just added works wherever metrics do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.models.metrics import registry, scores
from cxlab.models.metrics.registry import METRICS, Metric, metrics_of
from cxlab.models.metrics.scores import Score

NAME = "net_satisfaction"


def best_minus_worst(study: Study, of: str | Sequence[str] | None, by: Sequence[str]) -> Score:
    """Share of 4 and 5 minus share of 1 and 2 of a question from 1 to 5."""
    made = scores.average(study, of, by)
    net = {}
    for name in made.items:
        x = nw.col(name)
        net[name] = [nw.when((x >= 1) & (x <= 5)).then((x >= 4).cast(nw.Float64) - (x <= 2).cast(nw.Float64))]
    return replace(
        made, metric=NAME, title="Net satisfaction", shape="net", unit="points", items=net, limits=(-100, 100),
        method="best minus worst two", better="up",
    )  # fmt: skip


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[Study]:
    row = Metric(
        best_minus_worst, "net satisfaction", "best minus worst", "points", registry.rated,
        lambda f: "Net satisfaction" if registry.rated(f) else "", smallest=4.0,
    )  # fmt: skip
    monkeypatch.setitem(METRICS, NAME, row)
    rng = np.random.default_rng(5)
    n = 1600
    brand = rng.integers(0, 4, n)
    sat = np.clip(np.round(rng.normal(3.0 + 0.4 * brand, 1.1)), 1, 5).astype(int)
    table = pd.DataFrame({"sat": sat, "brand": np.array(list("ABCD"))[brand], "wave": 1 + np.arange(n) % 3})
    fields = (
        Field("sat", "Satisfaction", "integer", "outcome", "satisfaction", Scale(1, 5)),
        Field("brand", "Brand", "string", "brand"), Field("wave", "Wave", "integer", "wave"),
    )  # fmt: skip
    yield Study(table, Codebook("s", fields))


def by_hand(study: Study) -> pd.Series:
    table = study.table
    net = 100.0 * ((table["sat"] >= 4).astype(float) - (table["sat"] <= 2))
    return net.groupby(table["brand"]).mean()


def test_a_new_metric_is_compared_and_told(added: Study) -> None:
    right = by_hand(added)
    found = cx.compare(added, NAME, by="brand")
    row = found.table.iloc[0]
    assert row["estimate"] == pytest.approx(right[row["brand"]] - right[row["against"]], abs=1e-9)
    assert "smallest difference that matters: 4 points" in found.notes
    assert "(net satisfaction by Brand)" in str(cx.findings(found))
    assert found.plot() is not None


def test_a_new_metric_has_trends_benchmarks_and_parts(added: Study) -> None:
    whole = 100.0 * ((added.table["sat"] >= 4).mean() - (added.table["sat"] <= 2).mean())
    assert cx.trend(added, NAME).unit == "points"
    against = cx.against(added, NAME, benchmark=10).table.iloc[0]
    assert against["estimate"] == pytest.approx(whole - 10)
    assert cx.metrics.impact(added, "brand", metric=NAME).unit == "points"


def test_a_new_metric_is_ranked_split_and_planned(added: Study) -> None:
    right = by_hand(added)
    league = cx.league(added, metric=NAME).table
    assert dict(zip(league["brand"], league["estimate"], strict=True)) == pytest.approx(right.to_dict())
    split = cx.variation(added, NAME, by="brand").table.set_index("component")["estimate"]
    assert split["observed standard deviation of the groups"] == pytest.approx(right.std(ddof=1))
    assert cx.sample_size(NAME, (0.2, 0.3, 0.5), difference=20).table["n"].tolist() == [
        256
    ]  # as for an NPS of the same shares
    with pytest.raises(cx.DataProblem) as problem:
        cx.sample_size(NAME, 0.5, difference=20)
    assert str(problem.value) == (
        "expect is 0.5; for net satisfaction give the shares of the worst, the middle and the best answers"
    )


def test_a_new_metric_stands_in_the_scorecard_and_in_the_panel(added: Study) -> None:
    card = cx.scorecard(added)
    assert card.table["metric"].tolist() == ["CSAT", "Mean", "Net satisfaction"]
    assert list(card.parts["ends"])[2] == (-100.0, 100.0)
    assert metrics_of(added.field("sat")) == ("csat", "mean", NAME)


def test_every_metric_says_what_others_read() -> None:
    question = Field("q", "", "integer", "outcome", "satisfaction", Scale(1, 5))
    assert {name: m.ends(question) for name, m in METRICS.items()} == {
        "nps": (-100, 100), "csat": (0, 1), "ces": (0, 1), "mean": (1, 5), "share": (0, 1),
    }  # fmt: skip
    assert {name: m.interval for name, m in METRICS.items()} == {
        "nps": "score", "csat": "wilson", "ces": "wilson", "mean": "t", "share": "wilson",
    }  # fmt: skip


def test_metrics_of_a_question_follow_its_measure_and_scale() -> None:
    asked = lambda measure, scale: metrics_of(Field("q", measure=measure, scale=scale))  # noqa: E731
    assert asked("recommendation", Scale(0, 10)) == ("nps", "mean")
    assert asked("recommendation", Scale(1, 5)) == ("csat", "mean")
    assert asked("effort-v1", Scale(1, 5)) == ("ces", "mean")
    assert asked("", Scale(1, 5)) == ("csat", "mean")
    assert asked("", None) == ()
