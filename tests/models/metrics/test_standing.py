"""Where we stand: the last wave that asked, its changes as `compare` has them, brands in their order."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.data import codebook as codebooks
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.models.metrics.placing import nth, places
from cxlab.models.metrics.standing import in_words
from cxlab.problem import DataProblem

STUDY = cx.load("brand-tracker")


def test_each_brand_has_its_last_wave_and_the_best_stands_first() -> None:
    found = cx.pages.standing(STUDY, "nps").table
    known = cx.nps(STUDY, by=["brand", "wave"]).table
    known = known[known["wave"] == "2025 Q4"].set_index("brand")
    assert found["estimate"].tolist() == sorted(found["estimate"], reverse=True) and len(found) == 6
    for name in ("estimate", "low", "high", "n"):
        assert found.set_index("brand")[name].to_dict() == pytest.approx(known[name].to_dict()), name


def test_changes_are_from_the_wave_before_and_the_same_quarter_a_year_ago() -> None:
    found = cx.pages.standing(STUDY, "nps")
    table = found.table.set_index("brand")
    levels = cx.nps(STUDY, by=["brand", "wave"]).table.set_index(["brand", "wave"])["estimate"]
    for brand in table.index:
        assert table["change"][brand] == pytest.approx(levels[brand, "2025 Q4"] - levels[brand, "2025 Q3"])
        assert table["year"][brand] == pytest.approx(levels[brand, "2025 Q4"] - levels[brand, "2024 Q4"])
    assert found.notes[-2:] == ("change: 2025 Q3, the wave before", "year: 2024 Q4, a year before")
    assert "12 tests judged together" in found.method


def test_the_last_wave_is_the_last_that_asked() -> None:
    table = pd.DataFrame({"year": np.repeat([2022, 2023, 2024], 100), "q": np.tile([1, 5], 150).astype(float)})
    table.loc[table["year"] == 2024, "q"] = np.nan
    fields = (
        Field("year", "Year", "integer", "wave"),
        Field("q", "Overall", "integer", "outcome", "satisfaction", Scale(1, 5)),
    )
    found = cx.pages.standing(cx.Study(table, Codebook("made", fields)), "csat")
    assert found.table["wave"].tolist() == ["2023"] and "year" not in found.table
    assert re.match(r"CSAT is 50\.0 % in 2023 \(40\.4 to 59\.6 %\), .0\.0 pp on the wave before: ", in_words(found))


def test_a_study_without_waves_and_brands_is_refused() -> None:
    with pytest.raises(DataProblem, match="^where we stand needs waves or brands, and airline-survey declares none; "):
        cx.pages.standing(cx.load("airline-survey"), "csat")


def test_a_focal_brand_stands_first_with_its_place_among_rivals() -> None:
    whole = cx.pages.standing(STUDY, "nps")
    order = whole.table["brand"].tolist()
    found = cx.pages.standing(STUDY, "nps", focal=order[2])
    assert found.table["brand"].tolist() == [order[2], *order[:2], *order[3:]]
    assert (found.parts["focal"], found.parts["place"]) == (order[2], 3)
    row = whole.table.set_index("brand").loc[order[2]]
    low, high = found.parts["places"]
    between = f"between {nth(low)} and {nth(high)}"
    assert low <= 3 <= high and in_words(found).startswith(
        f"{order[2]} is number 3 of 6 brands in NPS ({between}): {row['estimate']:.1f} in 2025 Q4 ("
    )
    kept = STUDY.set("brand", focal=order[2])
    pd.testing.assert_frame_equal(cx.pages.standing(kept, "nps").table, found.table)
    assert in_words(cx.pages.standing(kept.where(brand=[order[0], order[1]]), "nps")).startswith(
        f"{order[0]} comes first of 2 brands in NPS, not for certain (between 1st and 2nd): "
    )
    with pytest.raises(DataProblem, match="^focal brand 'Albo' is not in brand-tracker; did you mean 'Alba'"):
        cx.pages.standing(STUDY, "nps", focal="Albo")


def test_the_focal_brand_goes_through_the_codebook() -> None:
    package = codebooks.write(STUDY.set("brand", focal="Brio").codebook)
    assert codebooks.read(package)["brand"].focal == "Brio"


def test_a_wave_that_was_chosen_stands_alone() -> None:
    found = cx.pages.standing(STUDY.where(wave=7), "nps")
    assert set(found.table["wave"]) == {"2025 Q3"} and "change" not in found.table
    known = cx.nps(STUDY, by=["brand", "wave"]).table
    known = known[known["wave"] == "2025 Q3"].set_index("brand")["estimate"]
    assert found.table.set_index("brand")["estimate"].to_dict() == pytest.approx(known.to_dict())


def test_who_comes_first_leads_only_where_it_is_surely_better_than_each_other() -> None:
    fields = (cx.Field("brand", type="string", role="brand"),
              cx.Field("r", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)))  # fmt: skip
    near = [9, 9, 9, 9, 8] * 20 + [9, 9, 3, 3, 3] * 20
    for other, word in (([3, 4] * 100, "A leads 2 "), (near, "A comes first of 2 brands in NPS, not for certain (")):
        rows = pd.DataFrame({"brand": ["A"] * 200 + ["B"] * 200, "r": [9, 10, 10, 10, 3, 9, 9, 9, 3, 3] * 20 + other})
        found = cx.pages.standing(cx.load(rows, codebook=cx.Codebook("a", fields)), "nps")
        assert in_words(found).startswith(word)


def brands(rng: np.random.Generator, shift: list[float], n: int = 60) -> cx.Study:
    """Brands whose mean answers are ``shift`` apart, ``n`` people each, 1 to 5."""
    brand = np.repeat(np.arange(len(shift)), n)
    answers = np.clip(np.round(3.2 + np.array(shift)[brand] + rng.standard_normal(len(brand))), 1, 5)
    fields = (cx.Field("brand", type="string", role="brand"),
              cx.Field("q", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)))  # fmt: skip
    return cx.Study(pd.DataFrame({"brand": np.array(list("ABCDEFGH"))[brand], "q": answers.astype(int)}),
                    cx.Codebook("brands", fields))  # fmt: skip


def test_the_places_said_hold_the_true_place_of_a_named_brand_and_of_whoever_comes_first() -> None:
    """C is truly third of five; of five alike any place is true, and 'leads' would be false (goal: at most 5 %)."""
    rng, wrong, led, sets = np.random.default_rng(8), 0, 0, 30
    for _ in range(sets):
        apart = cx.pages.standing(brands(rng, [0.5, 0.25, 0.0, -0.25, -0.5]), "csat", focal="C")
        low, high = apart.parts["places"]
        wrong += not low <= 3 <= high
        led += " leads " in in_words(cx.pages.standing(brands(rng, [0.0] * 5), "csat"))
    assert wrong <= binom.ppf(0.999, sets, 0.05) and led <= binom.ppf(0.999, sets, 0.05)


def test_places_close_in_with_answers_and_turn_with_the_better_end() -> None:
    few, many = (brands(np.random.default_rng(3), [0.6, 0.0, -0.6], n) for n in (20, 2000))
    assert places(many, "mean", "brand", "B", named=True, better="up", of="q") == (2, 2)
    low, high = places(few, "mean", "brand", "B", named=True, better="up", of="q")
    assert low <= 2 <= high and high > low
    assert places(many, "mean", "brand", "A", named=False, better="up", of="q") == (1, 1)
    assert places(many, "mean", "brand", "A", named=False, better="down", of="q") == (3, 3)
    said = in_words(cx.pages.standing(many, "csat", focal="B"))
    assert said.startswith("B is number 2 of 3 brands in CSAT (surely): ")


def test_a_page_judges_where_we_stand_with_its_other_comparisons() -> None:
    """The change told at the top is the last one of the trend: one test, one verdict, and it counts on the page."""
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"w": np.repeat([1, 2, 3], 150), "q": rng.integers(1, 6, 450)})
    table.loc[table["w"] == 3, "q"] = np.clip(table["q"][table["w"] == 3] + (rng.random(150) < 0.28), 1, 5)
    fields = (cx.Field("w", type="integer", role="wave"),
              cx.Field("q", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)))  # fmt: skip
    study = cx.Study(table, cx.Codebook("waves", fields))
    alone, trend = cx.pages.standing(study, "mean", of="q"), cx.trend(study, "mean", of="q")
    stand, judged = cx.metrics.together(alone, trend)
    assert stand.table["change_verdict"].iloc[0] == judged.table["verdict"].iloc[-1]
    assert judged.parts["family"] == 2  # the change at the top is no third test
    assert any(n.startswith("judged together with all 2 comparisons of this page") for n in stand.notes)
    assert "1 test judged" in alone.method and "judged" not in stand.method
    p = alone.parts["tested"]["p"].iloc[0]
    strict = cx.metrics.together(alone, trend, sections=["a", "b"], shares={"a": 1, "b": 1e6})[0]
    assert strict.table["change_verdict"].iloc[0] != "real" or p < 0.05 / 1e6


def test_a_share_that_is_none_of_satisfaction_is_called_as_everywhere_on_the_page() -> None:
    rng = np.random.default_rng(1)
    fields = (
        cx.Field("wave", type="string", role="wave"),
        cx.Field("again", "Would come again", type="integer", role="outcome", measure="repurchase",
                 scale=cx.Scale(1, 5)),
    )  # fmt: skip
    table = pd.DataFrame({"wave": np.repeat(["2025 Q1", "2025 Q2"], 200), "again": rng.integers(1, 6, 400)})
    study = cx.Study(table, cx.Codebook("made", fields))
    words = in_words(cx.pages.standing(study, "csat", of="again"))
    name = cx.compare(study, "csat", of="again", by="wave", pairs="ends").title.partition(" by ")[0]
    assert words.startswith(f"{name} is ") and " in 2025 Q2 (" in words and "CSAT" not in words
