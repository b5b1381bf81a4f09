"""Simulated surveys: what is said to be true must be what the data show."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.special import ndtri

import cxlab as cx
from cxlab.data.population import Population
from cxlab.data.simulate import CHUNK, simulate, to_parquet

RICH = {"brands": 3, "spread": 0.3, "segments": 2, "waves": 2, "trend": 0.2, "direct": 0.3, "halo": 0.4, "nps": 15.0}


def surprise(z: np.ndarray) -> float:
    """Return the probability of a sum of squares as large as this if the z were independent standard normals."""
    return float(stats.chi2.sf(np.sum(z**2), np.size(z)))


def test_the_nps_of_every_cell_is_the_stated_one():
    study = simulate(400_000, seed=11, **RICH)
    score = pl.when(pl.col("recommend") >= 9).then(1.0).when(pl.col("recommend") <= 6).then(-1.0).otherwise(0.0)
    found = study.table.with_columns(score.alias("s")).group_by("brand", "segment", "wave").agg(
        (pl.col("s").mean() * 100).alias("found"), (pl.col("s").std() * 100 / pl.len().sqrt()).alias("se")
    )  # fmt: skip
    cells = found.to_pandas().merge(study.truth["cells"], on=["brand", "segment", "wave"])
    assert len(cells) == 12
    assert surprise((cells["found"] - cells["nps"]) / cells["se"]) > 1e-4
    assert study.population.nps_by()["nps"].iloc[0] == pytest.approx(15.0, abs=1e-8)
    assert cells["nps"].max() - cells["nps"].min() > 20


def test_the_covariance_of_drivers_and_outcomes_is_the_stated_one():
    study = simulate(400_000, seed=12, **RICH)
    mean, cov = study.truth["moments"]()
    x = study.table.select(*study.population.effects, "satisfaction", "recommend").to_numpy().astype(float)
    n, sd = len(x), np.sqrt(np.diag(cov))
    assert surprise((x.mean(0) - mean) / sd * np.sqrt(n) * 0.7) > 1e-4  # correlated answers: 0.7 keeps the bound safe
    centred = x - mean
    products = centred[:, :, None] * centred[:, None, :]
    z = (products.mean(0) - cov) / (products.std(0) / np.sqrt(n))
    assert np.abs(z).max() < -ndtri(1e-3 / (2 * 49))


def test_the_same_seed_gives_the_same_data_in_memory_and_in_a_file(tmp_path):
    options = {"brands": 2, "cluster_size": 3, "missing": 0.1, "response": (0.5, 0.9), "segments": 2}
    n = CHUNK + 1001
    there = simulate(n, seed=5, **options, segment_shares=[1, 3])
    streamed = to_parquet(tmp_path / "s.parquet", n, seed=5, progress=False, **options, segment_shares=[1, 3])
    read = streamed.table.pl().with_columns(pl.col("brand", "segment").cast(pl.String))
    assert read.equals(there.table)
    assert streamed.codebook == there.codebook
    assert streamed.codebook.simulated
    assert not simulate(1000, seed=6).table.equals(simulate(1000, seed=5).table)


def test_respondents_answer_alike_and_keep_brand_and_segment():
    study = simulate(60_000, seed=3, cluster_size=3, icc=0.5, brands=4, segments=2)
    people = study.table.group_by("respondent").agg(pl.col("brand", "segment").n_unique(), pl.len())
    assert people["brand"].max() == people["segment"].max() == 1
    assert (people["len"] == 3).all()
    wide = study.table["recommend"].to_numpy().reshape(-1, 3).astype(float)
    between = np.corrcoef(wide.T)[0, 1]
    apart = simulate(60_000, seed=3, cluster_size=3, icc=0.0)
    assert between > 0.3
    assert abs(np.corrcoef(apart.table["recommend"].to_numpy().reshape(-1, 3).T.astype(float))[0, 1]) < 4 / np.sqrt(
        20_000
    )


def test_weights_and_answering_make_the_sample_differ_as_stated():
    study = simulate(
        500_000, seed=4, segments={"new": -0.5, "loyal": 0.5}, segment_shares=[3, 1], response=(0.1, 0.6), nps=0.0
    )
    t = study.table.with_columns(s=(pl.col("recommend") >= 9).cast(pl.Int8) - (pl.col("recommend") <= 6).cast(pl.Int8))
    truth = study.truth["cells"]
    biased = 100 * np.average(truth["nps_answering"] / 100, weights=truth["share"] * truth["response"])
    weighted = 100 * np.average(t["s"], weights=t["weight"])
    se = (
        100
        * np.sqrt(np.sum(t["weight"].to_numpy() ** 2 * (t["s"].to_numpy() - weighted / 100) ** 2))
        / t["weight"].sum()
    )
    assert abs(weighted - biased) < 4 * se
    assert biased > 8  # those who answer like the brand more
    assert len(study) == pytest.approx(500_000 * np.average(truth["response"], weights=truth["sampled"]), rel=0.01)


def test_penalties_and_a_reward_come_through():
    world = Population(drivers={"a": [-1.0, -0.2, 0.0, 0.0, 0.1], "b": 0.204}, noise=0.5)
    assert world.effects["b"].tolist() == pytest.approx([-0.41, -0.205, 0, 0.205, 0.41])
    study = simulate(50_000, seed=9, drivers={"a": [-1.0, -0.2, 0.0, 0.0, 0.1]}, noise=0.5)
    assert "a" in study.truth["drivers"]
    assert study.truth["slopes"] == {}
    means = study.table.group_by("a").agg(pl.col("recommend").mean()).sort("a")["recommend"].to_numpy()
    assert means[1] - means[0] > 3 * (means[4] - means[3]) > 0


def test_interrupting_leaves_no_file(tmp_path, monkeypatch):
    import pyarrow.parquet as pq

    written = []

    def stop(self, table, **_):
        written.append(table)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(pq.ParquetWriter, "write_table", stop)
    with pytest.raises(KeyboardInterrupt):
        to_parquet(tmp_path / "s.parquet", 3 * CHUNK, progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"halo": 1.0}, "halo is 1.0; it must lie between 0 and 0.99"),
        ({"cluster_size": 0}, "cluster_size is 0; it must be at least 1"),
        ({"response": (0, 1)}, "response is (0, 1); probabilities of answering lie above 0 and up to 1"),
        ({"brands": 2, "brand_shares": [1]}, "brand_shares has 1 values; give 2 positive ones, or none for equal"),
        ({"drivers": {"a": [1, 2]}}, "driver 'a' has 2 contributions; its scale has 5 points"),
    ],
)
def test_impossible_populations_are_refused(options, said):
    with pytest.raises(cx.DataProblem) as error:
        simulate(10, **options)
    assert str(error.value) == said


def test_an_unknown_option_suggests_the_nearest():
    with pytest.raises(cx.DataProblem, match="^option 'brnds' is not in .*; did you mean 'brands'\\? There are: b"):
        simulate(10, brnds=3)
    with pytest.raises(cx.DataProblem, match="^n is 0; ask at least one customer$"):
        simulate(0)


def test_a_world_asked_for_again_is_solved_once_and_nobody_can_spoil_it():
    effects = {"website": 0.4, "service": 0.2}
    first = simulate(50, seed=1, drivers=effects, nps=33)
    cells = first.truth["cells"]
    cells["nps"] = 0.0
    first.truth["drivers"]["website"][:] = 9.0
    effects["website"] = -1.0
    again = simulate(50, seed=1, drivers={"website": 0.4, "service": 0.2}, nps=33)
    assert again.population is first.population
    assert again.table.equals(first.table)
    assert again.truth["nps"] == 33 and again.truth["cells"]["nps"].iloc[0] == pytest.approx(33)
    assert again.truth["slopes"]["website"] == pytest.approx(0.4)
    other = simulate(50, seed=1, drivers={"service": 0.2, "website": 0.4}, nps=33)
    assert list(other.population.effects) == ["service", "website"]


def test_without_a_direct_effect_one_dimension_is_enough():
    world = Population(nps=30, brands=3, spread=0.4)
    near = Population(nps=30, brands=3, spread=0.4, direct=1e-9)
    assert world.outcome_cuts["recommend"] == pytest.approx(near.outcome_cuts["recommend"], abs=1e-6)
    assert world.table["satisfaction"].to_numpy() == pytest.approx(near.table["satisfaction"].to_numpy(), abs=1e-6)
    assert world.moments[1] == pytest.approx(near.moments[1], abs=1e-6)
