"""The satisfaction ratio in both published versions, its bootstrap, and its limits."""

import numpy as np
import pandas as pd
import pytest

import cxlab as cx


def study(table, **roles):
    known = {
        "ltr": {"role": "outcome", "measure": "recommendation", "scale": cx.Scale(0, 10)},
        "smile": {"role": "outcome", "measure": "satisfaction", "scale": cx.Scale(1, 5)},
        "mood": {},
    }
    fields = (cx.Field(c, **known.get(c, {"role": roles.get(c, "segment")})) for c in table.columns)
    return cx.Study(table, cx.Codebook("s", tuple(fields)))


def value(table, **options):
    return cx.metrics.satisfaction_ratio(study(table), draws=50, **options).table["estimate"][0]


def test_the_vendors_own_examples():
    """Version A: 7 of 10 is 64 % (so a 10 is 91 %), smiley 4 of 5 is 80 %; version B: 6 of 10 is 60 %."""
    n = 12
    assert value(pd.DataFrame({"ltr": [7] * n}), version="A") == pytest.approx(0.64, abs=0.005)
    assert value(pd.DataFrame({"ltr": [10] * n}), version="A") == pytest.approx(0.91, abs=0.005)
    assert value(pd.DataFrame({"smile": [4] * n}), version="A") == pytest.approx(0.80)
    assert value(pd.DataFrame({"ltr": [6] * n}), version="B") == pytest.approx(0.60)


def test_version_a_pools_and_version_b_halves():
    table = pd.DataFrame({"ltr": [5] * 12, "smile": [5] * 12, "mood": [0.9] * 12})
    assert value(table, version="A", sentiment="mood") == pytest.approx((5 / 11 + 1 + 0.9) / 3)
    assert value(table, version="B", sentiment="mood") == pytest.approx(((0.5 + 1) / 2 + 0.9) / 2)


def test_weak_sentiment_counts_in_version_b_alone():
    table = pd.DataFrame({"ltr": [5] * 12, "mood": [0.6] * 12})
    assert value(table, version="A", sentiment="mood") == pytest.approx(5 / 11)
    assert value(table, version="B", sentiment="mood") == pytest.approx((0.5 + 0.6) / 2)


def test_who_wrote_nothing_has_the_ratings_alone():
    table = pd.DataFrame({"ltr": [5] * 12, "mood": [1.0] * 6 + [None] * 6})
    assert value(table, version="B", sentiment="mood") == pytest.approx((0.75 + 0.5) / 2)
    r = cx.metrics.satisfaction_ratio(study(table), sentiment="mood", draws=50)
    assert "respondents without a comment are on another scale than those with one" in r.notes


def test_bootstrap_error_is_that_of_a_mean_of_respondents():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"ltr": rng.integers(0, 11, 400)})
    row = cx.metrics.satisfaction_ratio(study(table), draws=4000, seed=1).table.iloc[0]
    want = (table["ltr"] / 10).std(ddof=1) / np.sqrt(400)
    assert row["se"] == pytest.approx(want, rel=4 / np.sqrt(2 * 4000))
    assert row["high"] - row["low"] == pytest.approx(2 * 1.959964 * want, rel=0.08)


def test_bootstrap_draws_clusters_and_respects_weights_and_strata():
    rng = np.random.default_rng(2)
    c = np.repeat(np.arange(60), 5)
    ltr = np.clip(np.round(6 + 2 * rng.normal(size=60)[c] + rng.normal(size=300)), 0, 10)
    table = pd.DataFrame({"ltr": ltr, "c": c, "w": rng.uniform(1, 3, 60)[c], "h": c % 3})
    s = study(table, c="cluster", w="weight", h="strata")
    row = cx.metrics.satisfaction_ratio(s, draws=4000).table.iloc[0]
    mean = cx.mean(s, "ltr").table.iloc[0]
    assert row["estimate"] == pytest.approx(mean["estimate"] / 10)
    assert row["se"] == pytest.approx(mean["se"] / 10, rel=0.06)
    assert row["n"] == 300


def test_the_same_seed_gives_the_same_interval():
    table = pd.DataFrame({"ltr": np.arange(200) % 11})
    one, two, other = (
        cx.metrics.satisfaction_ratio(study(table), draws=200, seed=s).table["low"][0] for s in (3, 3, 4)
    )
    assert one == two != other


def test_unknown_version_is_refused():
    with pytest.raises(cx.DataProblem) as problem:
        cx.metrics.satisfaction_ratio(study(pd.DataFrame({"ltr": [5] * 12})), version="C")
    assert str(problem.value) == "version is 'C'; allowed: 'A', 'B'"
