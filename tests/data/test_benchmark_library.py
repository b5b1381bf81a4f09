"""The benchmark library: every row has a source and equals the public data; bad rows are refused."""

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data import benchmark_library as library
from cxlab.problem import DataProblem

HEAD = "name,metric,unit,scale_minimum,scale_maximum,best,estimate,se,n,period,source\n"


def test_no_figure_without_source_date_and_unit():
    table = cx.leagues.benchmarks()
    assert len(table) > 1000
    for column in library.NEEDED:
        assert table[column].notna().all(), column
    assert set(table["unit"]) <= set(library.LIMITS)
    assert set(table["origin"]) == {"published", "computed"}


def test_what_a_source_does_not_say_stays_unknown():
    table = cx.leagues.benchmarks(origin="published")
    assert table["n"].isna().all()
    assert table["se"].isna().all()


def test_every_row_names_the_file_it_is_checked_with():
    known = {
        "hcahps/state_results.csv", "benchmarks_small/bart_overall_satisfaction_2008_2018.csv",
        "acsi_2015/acsi_2015_sample.csv", "skytrax/lounge_reviews.csv", "corp_rep/corp_rep_data.csv",
        "airline_tweets/airline_tweets.csv",
    }  # fmt: skip
    assert set(cx.leagues.benchmarks()["check"]) == known


@pytest.mark.mirror
def test_hospital_rows_equal_the_public_results(mirror):
    """Every state, year and question: the top-box percentage, the region, the hospitals that the source lists."""
    raw = pd.read_csv(mirror / "hcahps/state_results.csv", dtype=str)
    states = pd.read_csv(mirror / "hcahps/states.csv").set_index("State")
    hospitals = pd.read_csv(mirror / "hcahps/responses.csv", dtype=str).groupby(["Release Period", "State"]).size()
    questions = {"H_HSP_RATING": "Overall rating of the hospital, 9 or 10 of 0 to 10",
                 "H_RECMND": "Would definitely recommend the hospital"}  # fmt: skip
    ours = cx.leagues.benchmarks(industry="Hospitals").set_index(["name", "question", "period"])
    raw = raw[raw["Measure ID"].isin(questions)]
    assert len(ours) == len(raw)
    for _, row in raw.iterrows():
        year = int(row["Release Period"][-4:])
        period = f"{year - 2}-10-01/{year - 1}-09-30"  # '07_2015' is October 2013 to September 2014
        mine = ours.loc[(states.loc[row["State"], "State Name"], questions[row["Measure ID"]], period)]
        assert mine["estimate"] == pytest.approx(int(row["Top-box Percentage"]) / 100)
        assert mine["region"] == states.loc[row["State"], "Region"]
        assert mine["size"] == hospitals[row["Release Period"], row["State"]]


@pytest.mark.mirror
def test_rail_rows_equal_the_published_shares(mirror):
    """golden: 83.8 % in 2008 to 56.0 % in 2018."""
    raw = pd.read_csv(mirror / "benchmarks_small/bart_overall_satisfaction_2008_2018.csv")
    ours = cx.leagues.benchmarks(industry="Urban rail")
    np.testing.assert_allclose(ours["estimate"] * 100, raw["Very or Somewhat Satisfied"], rtol=1e-9)
    assert ours["period"].tolist() == raw["Year"].astype(str).tolist()


@pytest.mark.mirror
@pytest.mark.parametrize(
    "file, group, column, where",
    [
        ("acsi_2015/acsi_2015_sample.csv", "INDUSTRY", "SATIS", {"question": "Overall satisfaction (SATIS)"}),
        ("skytrax/lounge_reviews.csv", "airline_name", "recommended", {"industry": "Airline lounges"}),
        ("airline_tweets/airline_tweets.csv", "airline", "negative", {"industry": "Airlines"}),
        ("corp_rep/corp_rep_data.csv", "serviceprovider", "cusa", {"industry": "Mobile telephony"}),
    ],
)
def test_computed_rows_equal_the_public_answers(mirror, file, group, column, where):
    raw = pd.read_csv(mirror / file, na_values=[-99])
    if column == "negative":
        raw[column] = (raw["airline_sentiment"] == "negative").astype(float)
    ours = cx.leagues.benchmarks(**where).set_index("name")
    assert len(ours) == raw[group].nunique()
    for name, rows in raw.groupby(group):
        answers = rows[column].dropna()
        mine = ours.loc[f"Provider {name}" if column == "cusa" else name]
        assert mine["estimate"] == pytest.approx(answers.mean(), rel=1e-8)
        assert mine["n"] == len(answers)
        binary = column in ("recommended", "negative")
        p = answers.mean()
        se = np.sqrt(p * (1 - p) / len(answers)) if binary else answers.std() / np.sqrt(len(answers))
        assert (np.isnan(mine["se"]) and se == 0) or mine["se"] == pytest.approx(se, rel=1e-8)


def test_filters_know_years_and_suggest():
    found = cx.leagues.benchmarks(industry="Hospitals", period="2022", name=["Texas", "Ohio"])
    assert len(found) == 4
    assert set(found["period"]) == {"2021-10-01/2022-09-30"}
    with pytest.raises(DataProblem) as caught:
        cx.leagues.benchmarks(industri="Hospitals")
    assert str(caught.value).startswith("column 'industri' is not in the benchmark library; did you mean 'industry'?")
    with pytest.raises(DataProblem) as caught:
        cx.leagues.benchmarks(metric="nps")
    assert str(caught.value) == (
        "metric 'nps' is not in the benchmark library. There are: mean, share, top-2-box, top-box"
    )


def test_rows_of_your_own_stand_beside_the_library(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(HEAD + "Alba,nps,points,-100,100,high,41.5,2.1,812,2025-03,own survey\n", encoding="utf-8-sig")
    found = cx.leagues.benchmarks(path, metric="nps")
    assert found[["name", "estimate", "n", "origin"]].to_dict("records") == [
        {"name": "Alba", "estimate": 41.5, "n": 812.0, "origin": "own"}
    ]


@pytest.mark.parametrize(
    "row, said",
    [
        ("Alba,nps,points,,,,41,,,2025,", "line 2 has no source"),
        ("Alba,nps,points,,,,many,,,2025,own", "line 2: estimate is 'many', not a number"),
        ("Alba,csat,share,,,,56,,,2025,own", "line 2: estimate 56 is outside share (0 to 1); give 0.56 for 56 %"),
        ("Alba,nps,points,,,,141,,,2025,own", "line 2: estimate 141 is outside points (-100 to 100)"),
        ("Alba,nps,percent,,,,41,,,2025,own", "line 2: unit is 'percent'; allowed: share, points, index, mean"),
        ("Alba,mean,mean,1,7,,8.2,,,2025,own", "line 2: estimate 8.2 is outside its scale, 1 to 7"),
        (
            "Alba,mean,mean,,,,8.2,,,2025,own",
            "line 2: a mean needs scale_minimum and scale_maximum: 8 means something else on 0 to 10 than on 1 to 100",
        ),
        ("Alba,nps,points,,,up,41,,,2025,own", "line 2: best is 'up'; allowed: high, low"),
        ("Alba,nps,points,,,,41,0,,2025,own", "line 2: se is 0; leave it empty if it is unknown"),
        (
            "Alba,nps,points,,,,41,,12.5,2025,own",
            "line 2: n is 12.5; it is a whole number of answers, or empty if it is unknown",
        ),
        (
            "Alba,nps,points,,,,41,,,2025,own\nAlba,nps,points,,,,42,,,2025,own",
            "line 3 repeats an earlier line (Alba, 2025)",
        ),
    ],
)
def test_bad_rows_say_what_does_not_hold(tmp_path, row, said):
    path = tmp_path / "mine.csv"
    path.write_text(HEAD + row + "\n")
    with pytest.raises(DataProblem) as caught:
        cx.leagues.benchmarks(path)
    assert str(caught.value) == f"mine.csv: {said}"


def test_bad_files_say_what_is_missing(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("name,metric,estimate\nAlba,nps,41\n")
    with pytest.raises(DataProblem) as caught:
        cx.leagues.benchmarks(path)
    assert str(caught.value) == (
        "mine.csv has no column unit, period, source; benchmarks need name, metric, unit, estimate, period, source. "
        "cxlab benchmarks --columns explains them all"
    )
    path.write_text("name,value\nAlba,41\n")
    with pytest.raises(DataProblem) as caught:
        cx.leagues.benchmarks(path)
    assert str(caught.value).startswith("column 'value' is not in mine.csv")
    with pytest.raises(DataProblem) as caught:
        cx.leagues.benchmarks(tmp_path / "none.csv")
    assert str(caught.value) == f"there is no file {tmp_path / 'none.csv'}; give the path of a CSV file with benchmarks"


def test_means_of_different_scales_can_be_rescaled(tmp_path):
    """7 of 1 to 10 is 66.67, 5 of 1 to 7 is 66.67: comparable numbers only after rescaling."""
    path = tmp_path / "mine.csv"
    path.write_text(HEAD + "A,mean,mean,1,10,high,7,0.9,50,2025,own\nB,mean,mean,1,7,high,5,0.6,50,2025,own\n")
    raw = cx.leagues.benchmarks(path, origin="own")
    with pytest.raises(DataProblem) as caught:
        cx.leagues.peers(raw, "A")
    assert str(caught.value) == (
        "the units have different scale_maximum: 7, 10; figures on different scales cannot be compared. Keep one of "
        "them, or turn means into 0 to 100: cx.leagues.benchmarks(..., rescale=True)"
    )
    both = cx.leagues.benchmarks(path, origin="own", rescale=True)
    np.testing.assert_allclose(both["estimate"], 200 / 3)
    np.testing.assert_allclose(both["se"], 10)
    assert len(cx.leagues.peers(both, "A").table) == 1
