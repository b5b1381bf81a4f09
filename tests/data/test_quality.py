"""Quality: each check finds what was planted, counts it right, and is silent where nothing is wrong."""

from __future__ import annotations

import json

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from click.testing import CliRunner

from cxlab.cli.cmd_doctor import doctor
from cxlab.data import catalogue
from cxlab.data.codebook import Codebook, Field, Scale, write
from cxlab.data.quality import concerned, drop, quality
from cxlab.data.study import Study
from cxlab.problem import DataProblem

TOUCH = [f"t{i}" for i in range(1, 7)]
N = 400


def clean(n: int = N, seed: int = 3) -> pd.DataFrame:
    """Answers of one honest scale each: nothing to find but what chance brings."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=n)
    cut = lambda noise, points: np.clip(  # noqa: E731
        np.round(1 + (points - 1) * (0.55 + 0.17 * (level + noise * rng.normal(size=n)))), 1, points
    ).astype(int)
    table = pd.DataFrame({"id": np.arange(n), "overall": cut(0.4, 10), **{t: cut(1.2, 5) for t in TOUCH}})
    table["kind"] = np.where(rng.random(n) < 0.5, "blue", "green")
    return table


def book(**changes) -> Codebook:
    fields = [
        Field("id", "Id", "integer", "id"),
        Field("overall", "Overall", "integer", "outcome", "satisfaction", Scale(1, 10)),
        *[Field(t, t.upper(), "integer", "touchpoint", "satisfaction", Scale(1, 5)) for t in TOUCH],
        Field("kind", "Kind", "string", "segment"),
    ]
    return Codebook("shop", tuple(fields), **changes)


def with_fields(*more: Field) -> Codebook:
    return Codebook("shop", (*book().fields, *more))


def found(study: Study, check: str, **options) -> pd.DataFrame:
    table = quality(study, **options).table
    return table[table["check"] == check].reset_index(drop=True)


def test_nothing_serious_is_found_in_clean_answers():
    for seed in range(8):
        table = quality(Study(clean(seed=seed), book())).table
        assert not (table["level"] == "serious").any(), table
        assert set(table["check"]) <= {"straight-lining", "completion"}


@pytest.mark.parametrize("backend", ["polars", "duckdb"])
def test_findings_do_not_depend_on_where_the_data_lie(backend):
    table = clean()
    table.loc[:4, "t1"] = 9
    table.loc[:30, TOUCH] = 3
    if backend == "polars":
        other = pl.from_pandas(table)
    else:
        con = duckdb.connect()
        con.register("answers", table)
        other = con.table("answers")
    mine, theirs = quality(Study(table, book())).table, quality(Study(other, book())).table
    pd.testing.assert_frame_equal(mine, theirs, check_dtype=False)


def test_codes_outside_the_scale_are_counted_and_shown():
    table = clean()
    table.loc[[3, 8], "t2"] = 0
    table.loc[9, "t2"] = 99
    row = found(Study(table, book()), "out-of-scale").iloc[0]
    assert (row["level"], row["question"], row["n"]) == ("serious", "t2", 3)
    assert row["finding"] == "0, 99 on a scale of 1 to 5 (highest = best)"


def test_declared_missing_codes_are_not_outside():
    table = clean()
    table.loc[[3, 8], "t2"] = 6
    study = Study(table, book().replace("t2", missing={"6": "never used"}))
    assert found(study, "out-of-scale").empty
    gaps = quality(study).parts["missing"].query("question == 't2'").set_index("reason")["n"]
    assert gaps.to_dict() == {"no entry": 0, "never used": 2}
    assert found(study, "completion")["share"].iloc[0] == 1  # 'never used' is an answer


def test_two_scales_in_one_column_are_told_apart():
    table = clean().assign(form=None)
    table["overall"] = np.ceil(table["overall"] / 2).astype(int)  # the short form, 1 to 5
    new = table.index[:60]
    table.loc[new, "overall"] = np.clip(table.loc[new, "overall"] * 2, 1, 10)
    table["form"] = np.where(table.index < 60, "new", None)
    study = Study(table, with_fields(Field("form", "Form", "string", "segment")))
    row = found(study, "mixed-scale").iloc[0]
    above = int((table["overall"] > 5).sum())
    assert (row["level"], row["question"], row["n"]) == ("serious", "overall", above)
    assert f"{above} of the {above} are where 'form' is filled in" in row["finding"]


def test_a_long_scale_that_nobody_uses_is_suspicious():
    table = clean()
    table["overall"] = np.minimum(table["overall"], 5)
    row = found(Study(table, book()), "mixed-scale").iloc[0]
    assert row["finding"] == "declared 1 to 10 (highest = best), but no answer is above 5"


def test_straight_lining_and_long_runs_are_counted():
    rng = np.random.default_rng(2)
    names = [f"t{i}" for i in range(1, 13)]
    table = pd.DataFrame(rng.integers(1, 6, (100, 12)), columns=names)
    table.loc[:8, names] = 4  # nine straight-liners
    table.loc[10:12, names] = [1, *[2] * 10, 3]  # three runs of ten
    table.loc[13, names] = [1, *[2] * 6, 3, 2, 3, 1, 2]  # a run of six is none
    table["half"] = 1
    codes = Codebook("b", tuple(Field(n, n, "integer", "touchpoint", "satisfaction", Scale(1, 5)) for n in names))
    table = quality(Study(table[names], codes)).table.set_index("check")
    assert table.loc["straight-lining", "n"] == 9
    assert table.loc["longstring", "n"] == 3


def test_who_skipped_most_of_the_battery_is_no_straight_liner():
    table = pl.DataFrame({t: [4 if i < 4 else None] * 50 + [i % 5 + 1] * 50 for i, t in enumerate(TOUCH)})
    codes = Codebook("b", tuple(Field(t, t, "integer", "touchpoint", "satisfaction", Scale(1, 5)) for t in TOUCH))
    assert found(Study(table, codes), "straight-lining").empty


def test_speeders_are_those_below_a_third_of_the_median():
    table = clean().assign(duration=300)
    table.loc[:6, "duration"] = 99
    study = Study(table, with_fields(Field("duration", "Length of the interview", "integer", unit="s")))
    row = found(study, "speeding").iloc[0]
    assert row["n"] == 7 and row["finding"] == "below 100 s, a third of the median of 300"
    renamed = Study(table.rename(columns={"duration": "secs"}), with_fields(Field("secs", "Seconds", "integer")))
    assert found(renamed, "speeding").empty
    assert found(renamed, "speeding", duration="secs")["n"].tolist() == [7]


def test_duplicates_are_counted_within_waves_and_one_of_each_is_kept():
    table = pd.concat([clean(100), clean(100).head(5)], ignore_index=True)
    study = Study(table, book())
    row = found(study, "duplicate").iloc[0]
    assert (row["level"], row["n"]) == ("serious", 5)
    kept = drop(study, "duplicate")
    assert len(kept) == 100 and kept.dropped == (("duplicate, the first row of each is kept", 5),)
    two = pd.concat([clean(100).assign(wave=1), clean(100).assign(wave=2)], ignore_index=True)
    waves = Study(two, with_fields(Field("wave", "Wave", "integer", "wave")))
    assert found(waves, "duplicate").empty


def test_repeated_texts_are_found_and_short_ones_are_not():
    table = clean(100).assign(said="fine")
    table.loc[:2, "said"] = "This is the very same long comment as somebody else wrote."
    study = Study(table, with_fields(Field("said", "Comment", "string", "text")))
    assert found(study, "duplicate text")["n"].tolist() == [2]


def tampered() -> Study:
    rng = np.random.default_rng(1)
    n = 1000
    table = pd.DataFrame({"mood": np.where(rng.random(n) < 0.6, "bad", "good")})
    table["reason"] = np.where(table["mood"] == "bad", np.where(rng.random(n) < 0.5, "late", "rude"), None)
    table.loc[table.index[table["mood"] == "good"][:3], "reason"] = "lovely"
    labels = {"late": "Late", "rude": "Rude"}
    codes = (Field("mood", "Mood", "string", "segment"), Field("reason", "Reason", "string", "segment", labels=labels))
    return Study(table, Codebook("calls", codes))


def test_edited_cells_are_found_by_their_label_and_by_their_place():
    table = quality(tampered()).table.set_index("check")
    assert table.loc["unknown category", "n"] == 3
    assert table.loc["unknown category", "finding"] == "not in the codebook: 'lovely' (3)"
    assert table.loc["tampered", "n"] == 3
    assert table.loc["tampered", "finding"].startswith("filled in although mood = 'good' leaves it blank in 99.")


def test_only_what_is_asked_for_is_dropped_and_every_result_can_count_it():
    study = tampered()
    quality(study)
    assert len(study) == 1000 and study.dropped == ()
    less = drop(study, "tampered")
    assert len(less) == 997 and less.dropped == (("tampered", 3),)
    assert "3 rows left out: tampered" in repr(less)
    assert "3 rows left out: tampered" in quality(less).notes
    assert len(concerned(study, "tampered")) == 3
    assert drop(study, "speeding").dropped == (("speeding", 0),)


def test_a_misspelt_category_is_named():
    table = clean(500)
    table.loc[:1, "kind"] = "Green "
    row = found(Study(table, book()), "misspelt category").iloc[0]
    assert row["finding"] == "'Green ' looks like 'green'" and row["n"] == 2


def test_weights_that_are_none_and_large_ones_are_found():
    table = clean(100).assign(w=1.0)
    table.loc[0, "w"], table.loc[1, "w"], table.loc[2, "w"] = 0.0, -1.0, 40.0
    study = Study(table, with_fields(Field("w", "Weight", "number", "weight")))
    assert found(study, "weight")["n"].tolist() == [2]
    assert found(study, "large weight")["n"].tolist() == [1]


def test_a_wave_with_no_answers_is_serious_and_a_question_not_asked_is_not():
    table = clean(90).assign(wave=[1] * 30 + [2] * 30 + [3] * 30)
    table = pl.from_pandas(table).with_columns(
        *[pl.when(pl.col("wave") == 3).then(None).otherwise(pl.col(c)).alias(c) for c in ("overall", *TOUCH)]
    )
    table = table.with_columns(t1=pl.when(pl.col("wave") == 2).then(None).otherwise(pl.col("t1")))
    study = Study(table, with_fields(Field("wave", "Wave", "integer", "wave")))
    waves = found(study, "wave").set_index("question")
    assert waves.loc["wave 3", "level"] == "serious" and waves.loc["wave 3", "n"] == 30
    assert waves.loc["t1", "level"] == "look" and waves.loc["t1", "finding"] == "no answers in 2"


def test_a_column_without_a_value_is_serious():
    table = pl.from_pandas(clean(50)).with_columns(t3=pl.lit(None, dtype=pl.Int64))
    row = found(Study(table, book()), "empty").iloc[0]
    assert (row["level"], row["question"], row["finding"]) == ("serious", "t3", "no row has a value")


def test_one_answer_and_no_answer():
    assert quality(Study(clean(1), book())).parts["rows"] == 1
    with pytest.raises(DataProblem) as error:
        quality(Study(clean(5), book()).filter(nw.col("kind") == "red", "Kind = red"))
    assert str(error.value) == "shop has no rows; its filters: Kind = red"


def test_most_at_the_top_is_a_ceiling():
    table = clean()
    table["t1"] = 5
    assert found(Study(table, book()), "ceiling")["question"].tolist() == ["t1"]
    low = Study(table.assign(t1=1), book().replace("t1", scale=Scale(1, 5, "low")))
    assert found(low, "ceiling")["question"].tolist() == ["t1"]


def test_an_unknown_check_and_one_that_concerns_nobody():
    with pytest.raises(DataProblem, match="check is 'speed'; did you mean 'speeding'"):
        drop(tampered(), "speed")
    with pytest.raises(DataProblem) as error:
        concerned(tampered(), "speeding")
    assert str(error.value) == "speeding concerns no row of calls; see cx.quality"


def test_the_brand_tracker_has_the_speeders_its_truth_says():
    truth = json.loads((catalogue.FOLDER / "brand-tracker" / "truth.json").read_text())
    row = found(catalogue.open_study("brand-tracker"), "speeding").iloc[0]
    assert truth["speeders"] <= row["n"] <= truth["speeders"] + 5  # below 80 s; the planted ones are below 60 s


# ---- the command


def saved(tmp_path, table: pd.DataFrame, codes: Codebook) -> str:
    path = tmp_path / "shop.csv"
    table.to_csv(path, index=False)
    (tmp_path / "datapackage.json").write_text(json.dumps(write(codes, "shop.csv")), encoding="utf-8")
    return str(path)


def test_the_command_exits_with_1_when_something_is_serious(tmp_path):
    table = clean()
    table.loc[:2, "t1"] = 9
    ran = CliRunner().invoke(doctor, [saved(tmp_path, table, book())])
    assert ran.exit_code == 1
    assert (
        "serious: results are wrong until this is dealt with\n  OUT OF SCALE, left out of results: t1  3 rows (0.8 %)"
        in ran.output
    )
    assert "Nothing was left out" in ran.output


def test_the_command_exits_with_0_otherwise_and_prints_for_machines(tmp_path):
    path = saved(tmp_path, clean(), book())
    assert CliRunner().invoke(doctor, [path, "--missing"]).exit_code == 0
    ran = CliRunner().invoke(doctor, [path, "--json"])
    assert ran.exit_code == 0
    assert {row["level"] for row in json.loads(ran.output)["table"]} <= {"look", "fine"}


# ---- public data


@pytest.mark.mirror
def test_the_lounges_mix_two_scales_since_june_2015():
    row = found(catalogue.open_study("skytrax-lounges"), "mixed-scale").iloc[0]
    assert row["level"] == "serious" and row["n"] == 67  # as their notes count
    assert row["finding"].startswith("2,192 answers of 1 to 5 and 67 above 5;")
    assert row["finding"].endswith("66 of the 67 are where 'type_traveller' is filled in, from 2015-06-09 on")


@pytest.mark.mirror
def test_the_tampered_tweets_are_found_and_the_true_ones_are_not():
    copy = catalogue.open_study("airline-tweets-tampered")
    assert found(copy, "tampered")["n"].sum() == 19 and found(copy, "unknown category")["n"].sum() == 19
    assert len(drop(copy, "tampered")) == 14640 - 19
    true = catalogue.open_study("airline-tweets")
    assert found(true, "tampered").empty and found(true, "unknown category").empty
    assert found(true, "duplicate")["n"].tolist() == [14640 - 14485]


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["sfo", "acsi-2015", "bank-satisfaction", "mobi", "corp-rep", "hcahps"])
def test_nothing_serious_is_found_in_public_data_with_a_codebook(name):
    table = quality(catalogue.open_study(name)).table
    assert not (table["level"] == "serious").any(), table
