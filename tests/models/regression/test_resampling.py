"""Bootstrap and permutation of a study's answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx


def study(data: pd.DataFrame, **roles: str) -> cx.Study:
    """Return a study whose columns have the given roles."""
    fields = tuple(cx.Field(c, role=next((r for r, name in roles.items() if name == c), "")) for c in data.columns)
    return cx.Study(data, cx.Codebook("answers", fields))


def answers(n: int, seed: int = 1) -> pd.DataFrame:
    """Return answers 0 to 10 of people in two groups."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"y": rng.integers(0, 11, n), "g": rng.choice(["a", "b"], n), "who": np.arange(n) // 2})


def test_groups_have_the_standard_error_of_the_mean():
    data = answers(2000)
    table = cx.bootstrap(study(data), "y", by="g", draws=6000).table.set_index("g")
    for name, part in data.groupby("g"):
        assert table.loc[name, "estimate"] == pytest.approx(part["y"].mean(), rel=1e-12)
        assert table.loc[name, "se"] == pytest.approx(part["y"].std() / np.sqrt(len(part)), rel=0.04)


def test_copies_in_a_cluster_add_nothing():
    data = answers(600)
    twice = pd.concat([data.assign(who=data.index)] * 2)
    once = cx.bootstrap(study(data), "y", draws=4000).table["se"].iloc[0]
    assert cx.bootstrap(study(twice, cluster="who"), "y", draws=4000).table["se"].iloc[0] == pytest.approx(
        once, rel=0.06
    )


def test_statistics_are_those_of_numpy():
    data = answers(501)
    for name, f in {"median": np.median, "sd": np.std, "mean": np.mean}.items():
        found = cx.bootstrap(study(data), "y", statistic=name, draws=50).table["estimate"].iloc[0]
        assert found == pytest.approx(f(data["y"]), rel=1e-12)
    own = cx.bootstrap(study(data), "y", statistic=lambda v, c: (c * (v == 10)).sum(1) / c.sum(1), draws=50)
    assert own.table["estimate"].iloc[0] == (data["y"] == 10).mean()


def test_the_permutation_test_keeps_its_level():
    found = [
        cx.regressions.permutation(study(answers(80, seed)), "y", by="g", draws=199).table["p"].iloc[0]
        for seed in range(150)
    ]
    assert np.mean(np.array(found) <= 0.05) < 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 150)


def test_what_is_refused():
    data = answers(60).assign(three=lambda d: d.index % 3)
    with pytest.raises(cx.DataProblem) as error:
        cx.regressions.permutation(study(data), "y", by="three")
    assert str(error.value) == ("'three' has 3 groups (0, 1, 2); a permutation test compares two: use study.where(...)")
    with pytest.raises(cx.DataProblem) as error:
        cx.bootstrap(study(data.assign(y=data["y"] + 90)), "y", statistic="nps")
    assert str(error.value) == "answers run from 90 to 100; nps needs answers from 0 to 10"


def test_whole_clusters_change_sides_within_their_strata():
    """By hand: one of 20 locations is treated and is the highest, so 1 of 20 ways differs as much (as randomisation
    inference of one treated state among the rest); within two strata of ten the treated one has ten ways."""
    rng = np.random.default_rng(8)
    place = np.repeat(np.arange(20), 15)
    data = pd.DataFrame({"y": rng.integers(0, 3, 300) + 4 * (place == 7), "arm": (place == 7).astype(int), "c": place})
    data["h"] = data["c"] % 2
    fields = [cx.Field("y", role="outcome"), cx.Field("arm", type="integer", role="segment")]
    fields += [cx.Field("c", type="integer", role="cluster")]
    for strata, ways in (("", 20), ("strata", 10)):
        book = cx.Codebook("pilot", (*fields, cx.Field("h", type="integer", role=strata)))
        result = cx.regressions.permutation(cx.Study(data, book), "y", by="arm")
        assert result.table["p"].iloc[0] == 1 / ways
        assert f"all {ways} ways to assign 20 clusters (c)" in result.method
    assert "with 10 ways to assign the clusters p cannot be smaller than 0.100" in result.notes
    assert not any("treated as independent" in n for n in result.notes)


def test_clusters_that_are_in_both_groups_are_shuffled_by_answer():
    data = pd.DataFrame({"y": np.tile([1, 2, 3, 4], 20), "arm": np.tile([0, 1], 40), "c": np.repeat(np.arange(8), 10)})
    fields = (
        cx.Field("y", role="outcome"), cx.Field("arm", type="integer", role="segment"), cx.Field("c", role="cluster"),
    )  # fmt: skip
    notes = cx.regressions.permutation(cx.Study(data, cx.Codebook("both", fields)), "y", by="arm", draws=99).notes
    assert "answers of one c are treated as independent; with strong clusters p is too small" in notes
