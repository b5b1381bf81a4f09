"""Pictures of league tables, index and peers: what is drawn is what the table says, n is visible, many units fit."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import cxlab as cx


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def tracker():
    return cx.load("brand-tracker")


def xy(axes, index):
    return np.asarray(axes.collections[index].get_offsets(), float)


def test_league_draws_estimates_shrunken_and_rank_sets(tracker):
    result = cx.league(tracker, metric="nps")
    ax = result.plot()
    assert [t.get_text() for t in ax.get_yticklabels()][0] == "Alba  (n = 1,000)"
    np.testing.assert_allclose(xy(ax, 1)[:, 0], result.table["estimate"])
    np.testing.assert_allclose(xy(ax, 2)[:, 0], result.table["shrunken"])
    side = ax.child_axes[0]
    np.testing.assert_allclose(xy(side, 2)[:, 0], result.table["rank"])
    thick = side.collections[1].get_segments()
    assert [s[:, 0].tolist() for s in thick] == result.table[["rank_low", "rank_high"]].to_numpy().tolist()


def test_of_many_units_the_first_and_the_last_are_drawn():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"shop": np.repeat([f"s{i:03d}" for i in range(80)], 20), "ltr": rng.integers(0, 11, 1600)})
    scale = cx.Scale(0, 10)
    book = cx.Codebook("many", (cx.Field("shop", type="string", role="brand"),
                                cx.Field("ltr", role="outcome", measure="recommendation", scale=scale)))  # fmt: skip
    ax = cx.league(cx.Study(data, book)).plot()
    assert len(ax.get_yticklabels()) == len(xy(ax, 1)) == 40
    assert "40 units between are not drawn" in ax.get_xlabel()


def test_funnel_shows_the_limits_and_names_those_outside(tracker):
    result = cx.leagues.funnel(cx.league(tracker, metric="nps"))
    ax = result.plot()
    assert len(xy(ax, 0)) == 6
    named = {t.get_text() for t in ax.texts} - {"95 %", "99.8 %"}
    assert named == set(result.table.loc[result.table["outside"] != "", "brand"])


def test_change_marks_stars_and_expectations(tracker):
    result = cx.leagues.league_change(tracker, metric="nps")
    ax = result.plot()
    np.testing.assert_allclose(xy(ax, 3)[:, 0], result.table["expected"])
    assert ax.get_yticklabels()[0].get_text() == "Alba ★  (n = 125)"


def test_peers_and_gap(tracker):
    peers = cx.leagues.peers(cx.league(tracker, metric="nps"), "Brio")
    ax = peers.plot()
    assert {t.get_text() for t in ax.texts} == {"Alba", "Brio", "Cima", "Dora", "Elan", "Faro"}
    gap = cx.leagues.gap(peers)
    ax = gap.plot()
    assert ax.get_yticklabels()[0].get_text() == "Brio"
    assert ax.get_title(loc="left").startswith("dashed: mean of the peers; gap ")


def test_given_axes_are_used(tracker):
    _, axes = plt.subplots(1, 2)
    result = cx.league(tracker, metric="nps")
    assert result.plot(ax=axes[0]) is axes[0]
    assert cx.leagues.funnel(result).plot(ax=axes[1]) is axes[1]


def test_index_pictures():
    rng = np.random.default_rng(3)
    level = rng.standard_normal(200)
    names = ("q1", "q2", "s1", "s2")
    data = pd.DataFrame({c: np.clip(np.round(6 + 2 * level + rng.standard_normal(200)), 0, 10) for c in names})
    data["brand"] = np.repeat(["A", "B"], 100)
    fields = [cx.Field(c, role="outcome", scale=cx.Scale(0, 10)) for c in ("q1", "q2", "s1", "s2")]
    study = cx.Study(data, cx.Codebook("two", (*fields, cx.Field("brand", type="string", role="brand"))))
    model = cx.indices.path_model("Q =~ q1 + q2\nSatisfaction =~ s1 + s2\nSatisfaction ~ Q")
    ax = cx.index(study, model, draws=50).plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Satisfaction", "Q"]
    assert "n = 200" in ax.get_xlabel()
    by = cx.indices.index_by(study, "brand", model=model, draws=50)
    ax = by.plot()
    np.testing.assert_allclose(xy(ax, 2)[:, 0], by.table["own"])
