"""Weights count by their ratio alone, and cluster numbers that start anew in every stratum are different clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import cxlab as cx


def answers() -> pd.DataFrame:
    """30 strata of 4 clusters of 5, whose numbers ``c`` start anew in every stratum; ``k`` counts them through."""
    rng = np.random.default_rng(0)
    t = pd.DataFrame({"h": np.repeat(np.arange(30), 20), "c": np.tile(np.repeat(np.arange(4), 5), 30)})
    t = t.assign(k=4 * t["h"] + t["c"], x=rng.standard_normal(600).round(1), w=rng.lognormal(0, 0.5, 600))
    t["y"] = 0.5 * t["x"] + rng.standard_normal(120)[t["k"]] + rng.standard_normal(600)
    t["yes"] = (t["y"] > 0).astype(int)
    t["rate"] = np.clip(np.round(3 + t["y"]), 1, 5).astype(int)
    t["ltr"] = np.clip(np.round(7 + t["y"]), 0, 10).astype(int)
    return t.assign(g=rng.choice(["a", "b"], 600))


def study(cluster: str = "c", times: float = 1.0, role: str = "weight") -> cx.Study:
    whole, t = {"type": "integer"}, answers()
    fields = [cx.Field("h", role="strata", **whole), cx.Field(cluster, role="cluster", **whole)]
    fields += [cx.Field("w", role=role), cx.Field("x", role="touchpoint"), cx.Field("y", role="outcome")]
    fields += [cx.Field("yes", role="outcome", **whole), cx.Field("g", type="string", role="segment")]
    fields += [cx.Field("rate", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5), **whole)]
    fields += [cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10), **whole)]
    return cx.Study(t.assign(w=times * t["w"]), cx.Codebook("made", tuple(fields)))


CALLS: dict[str, Callable[[cx.Study], cx.Result]] = {
    "nps": lambda s: cx.nps(s, by="g"), "mean": lambda s: cx.mean(s, "rate"),
    "answers": lambda s: cx.answers(s, "rate"),
    "compare": lambda s: cx.compare(s, "nps", by="g"), "against": lambda s: cx.against(s, "nps", benchmark=10),
    "league": lambda s: cx.league(s, "g"), "ols": lambda s: cx.ols(s, "y ~ x"),
    "logit": lambda s: cx.regressions.logit(s, "yes ~ x"), "ordinal": lambda s: cx.regressions.ordinal(s, "rate ~ x"),
    "mixed": lambda s: cx.regressions.mixed(s, "y ~ x"), "ridge": lambda s: cx.regressions.ridge(s, "y ~ x"),
    "mediation": lambda s: cx.regressions.mediation(s, outcome="y", treatment="x", mediator="rate", draws=50),
    "bootstrap": lambda s: cx.bootstrap(s, "y", draws=50), "jackknife": lambda s: cx.regressions.jackknife(s, "y"),
    "drivers": lambda s: cx.drivers(s, "y"), "what_if": lambda s: cx.importance.what_if(s, "y", measure="mean"),
    "asymmetry": lambda s: cx.importance.asymmetry(s, "y"),
    "driver_segments": lambda s: cx.importance.driver_segments(s, "g", outcome="y"),
    "regression_to_mean": lambda s: cx.journeys.regression_to_mean(s),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_neither_the_unit_of_weights_nor_the_way_clusters_are_numbered_matters(name: str) -> None:
    numbers = lambda result: result.table.select_dtypes("number").to_numpy(float)  # noqa: E731
    base = numbers(CALLS[name](study()))
    for other in (study("k"), study(times=1000), study(times=1e-9)):
        assert numbers(CALLS[name](other)) == pytest.approx(base, rel=1e-6, abs=1e-9, nan_ok=True)


def test_a_weight_of_one_for_all_is_no_weight() -> None:
    t = answers().assign(w=1.0)
    one, none = (cx.Study(t, s.codebook) for s in (study(), study(role="")))
    for name in ("nps", "ols", "logit", "mixed", "drivers", "jackknife"):
        frames = [CALLS[name](s).table.select_dtypes("number").to_numpy(float) for s in (one, none)]
        assert frames[0] == pytest.approx(frames[1], rel=1e-6, abs=1e-9, nan_ok=True)


def test_a_census_gives_the_estimate_itself() -> None:
    t = answers()
    book = study(role="").codebook
    for name in ("h", "c"):
        book = book.replace(name, role="")
    s = cx.Study(t, book)
    calls = {"ols": (cx.ols, "y ~ x"), "logit": (cx.regressions.logit, "yes ~ x"),
             "ordinal": (cx.regressions.ordinal, "rate ~ x")}  # fmt: skip
    for model, formula in calls.values():
        found = model(s, formula, population=600).table
        assert (found["se"] == 0).all()
        assert found["low"].to_numpy() == pytest.approx(found["estimate"].to_numpy(), rel=1e-12)
    score = cx.nps(s, population=600).table.iloc[0]
    assert score["low"] == score["estimate"] == score["high"]
