"""Touchpoints of different years: a default set leaves out those that were never answered together, and names them."""

import itertools

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.drivers import streamed_answers
from cxlab.models.drivers.asked_together import largest_together


def years(n: int = 900, *, seed: int = 1) -> cx.Study:
    """Crew and seat asked always, parking in 2019 and 2020, wifi and app from 2021."""
    rng = np.random.default_rng(seed)
    wave = np.repeat([2019, 2020, 2021, 2022], n)
    table = pd.DataFrame(
        rng.integers(1, 6, (4 * n, 5)).astype(float), columns=["crew", "seat", "parking", "wifi", "app"]
    )
    table["overall"] = np.clip(
        np.round(table[["crew", "wifi", "parking"]].mean(axis=1) + rng.normal(0, 0.7, 4 * n)), 1, 5
    )
    table.loc[wave >= 2021, "parking"] = np.nan
    table.loc[wave < 2021, ["wifi", "app"]] = np.nan
    table["wave"] = wave
    rating = {"scale": cx.Scale(1, 5)}
    fields = [cx.Field(c, c.title(), role="touchpoint", **rating) for c in table.columns[:5]]
    fields += [cx.Field("overall", role="outcome", measure="satisfaction", **rating), cx.Field("wave", role="wave")]
    return cx.Study(table, cx.Codebook("years", tuple(fields)))


def test_the_page_is_made_and_says_what_is_left_out_and_when_it_was_asked():
    study = years()
    found = cx.drivers(study)
    assert set(found.table["driver"]) == {"crew", "seat", "wifi", "app"}
    said = " ".join(found.notes)
    assert "'Parking' (2019 to 2020) is left out: nobody answered it together with" in said
    assert "'Wifi' (2021 to 2022)" in said and "'App' (2021 to 2022)" in said
    assert "4 of 5 touchpoints are kept" in said
    named = cx.drivers(study, drivers=["crew", "seat", "wifi", "app"])
    pd.testing.assert_frame_equal(found.table, named.table)
    assert not any("left out" in note for note in named.notes)


def test_drivers_that_somebody_named_are_refused_as_before():
    with pytest.raises(cx.DataProblem, match="answered together by 0 people"):
        cx.drivers(years(), drivers=["crew", "parking", "wifi"])


def test_what_is_left_out_does_not_depend_on_the_outcome():
    study = years()
    table = study.to_pandas()
    table["overall"] = np.random.default_rng(5).permutation(table["overall"])
    again = cx.Study(table, study.codebook)
    assert set(cx.drivers(study).table["driver"]) == set(cx.drivers(again).table["driver"])


@pytest.mark.parametrize("missing", ["pairwise", "complete"])
def test_large_tables_choose_the_same(monkeypatch, tmp_path, missing):
    study = years()
    study.to_pandas().to_parquet(tmp_path / "years.parquet")
    held = cx.drivers(study, missing=missing)
    monkeypatch.setattr(streamed_answers, "LARGE", 0)
    file = cx.Study(cx.load(tmp_path / "years.parquet").frame.to_native(), study.codebook)
    read = cx.drivers(file, missing=missing)
    assert read.table["driver"].tolist() == held.table["driver"].tolist()
    np.testing.assert_allclose(read.table["estimate"], held.table["estimate"], atol=1e-9)
    assert [n for n in read.notes if "left out" in n] == [n for n in held.notes if "left out" in n]


def test_blocks_of_the_codebook_lose_only_what_is_left_out():
    study = years()
    book = study.codebook
    for name, stage in (
        ("crew", "Flight"),
        ("seat", "Flight"),
        ("parking", "Ground"),
        ("wifi", "Ground"),
        ("app", "Net"),
    ):
        book = book.replace(name, stage=stage)
    found = cx.drivers(cx.Study(study.to_pandas(), book), drivers="stage")
    assert set(found.table["driver"]) == {"Flight", "Ground", "Net"}
    assert any("'Parking'" in note for note in found.notes)


def test_the_map_and_the_levels_choose_alike():
    study = years()
    assert "parking" not in set(cx.importance.importance_performance(study).table["driver"])
    assert "parking" not in set(cx.importance.driver_levels(study, "wave").table["driver"])


@pytest.mark.parametrize("seed", range(25))
def test_the_set_is_the_largest_of_all(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 9))
    together = rng.random((k, k)) < rng.uniform(0.3, 0.95)
    together = np.triu(together, 1)
    together = together | together.T | np.eye(k, dtype=bool)
    answered = rng.integers(50, 60, k)
    sets = (s for r in range(1, k + 1) for s in itertools.combinations(range(k), r))
    fine = [s for s in sets if all(together[i, j] for i, j in itertools.combinations(s, 2))]
    best = max(fine, key=lambda s: (len(s), answered[list(s)].sum()))
    found = largest_together(together, answered)
    assert (len(found), answered[found].sum()) == (len(best), answered[list(best)].sum())
    assert all(together[i, j] for i, j in itertools.combinations(found, 2))


def test_many_blocks_of_questions_are_settled_at_once():
    block = np.repeat(np.arange(8), 15)
    together = block[:, None] == block[None, :]
    assert len(largest_together(together, np.arange(120))) == 15


def test_of_many_that_are_left_out_some_are_named_and_the_others_counted():
    rng, k, n = np.random.default_rng(2), 24, 2400
    part = rng.integers(0, 3, n)
    table = pd.DataFrame({f"q{i}": np.where(part == i % 3, rng.integers(1, 6, n), np.nan) for i in range(k)})
    table["overall"] = rng.integers(1, 6, n)
    rating = {"scale": cx.Scale(1, 5)}
    fields = [cx.Field(f"q{i}", role="touchpoint", **rating) for i in range(k)]
    fields.append(cx.Field("overall", role="outcome", measure="satisfaction", **rating))
    found = cx.drivers(cx.Study(table, cx.Codebook("parts", tuple(fields))), method="johnson")
    assert sum("is left out" in note for note in found.notes) == 5
    assert "11 more touchpoints are left out for the same reason" in found.notes
