"""Where we stand: the last wave that asked, its changes as `compare` has them, brands in their order."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data import codebook as codebooks
from cxlab.data.codebook import Codebook, Field, Scale
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
    assert in_words(found).startswith(f"{order[2]} is number 3 of 6 brands in NPS: {row['estimate']:.1f} in 2025 Q4 (")
    kept = STUDY.set("brand", focal=order[2])
    pd.testing.assert_frame_equal(cx.pages.standing(kept, "nps").table, found.table)
    assert in_words(cx.pages.standing(kept.where(brand=[order[0], order[1]]), "nps")).startswith(
        f"{order[0]} comes first, not for certain, of 2 "
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


def test_who_comes_first_leads_only_where_no_interval_reaches_its_own() -> None:
    fields = (cx.Field("brand", type="string", role="brand"),
              cx.Field("r", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)))  # fmt: skip
    for other, word in (([3, 4] * 100, "A leads 2 "), ([9, 9, 9, 3, 3] * 40, "A comes first, not for certain, of 2 ")):
        rows = pd.DataFrame({"brand": ["A"] * 200 + ["B"] * 200, "r": [9, 10, 10, 10, 3, 9, 9, 9, 3, 3] * 20 + other})
        found = cx.pages.standing(cx.load(rows, codebook=cx.Codebook("a", fields)), "nps")
        assert in_words(found).startswith(word)
