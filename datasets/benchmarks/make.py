"""Make the benchmark library from public data: python datasets/benchmarks/make.py FOLDER_OF_THE_PUBLIC_DATA

Rows are facts, each with its source. `origin` is 'published' where the figure itself stands in the source, 'computed'
where it is counted from public answers (so that n and error are known). What a source does not say stays empty.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
COLUMNS = [
    "name", "industry", "parent", "country", "region", "metric", "question", "unit", "scale_minimum", "scale_maximum",
    "best",
    "estimate", "se", "n", "period", "mode", "population", "size", "size_of", "source", "url", "origin", "check",
]  # fmt: skip


def write(file, rows, **constants):
    table = pd.DataFrame(rows).assign(**constants).reindex(columns=COLUMNS)
    for c in ("n", "size"):
        table[c] = pd.array([int(v) if v == v else None for v in table[c]], dtype="Int64")
    table.to_csv(HERE / f"{file}.csv", index=False, float_format="%.10g")
    print(f"{file}: {len(table)} rows")


def counted(groups, column):
    """Mean, its standard error and the number of answers of each group."""
    found = groups[column].agg(["mean", "std", "count"]).reset_index(names="name")
    found["se"] = found["std"] / np.sqrt(found["count"])
    return found.rename(columns={"mean": "estimate", "count": "n"})[["name", "estimate", "se", "n"]]


def share(groups, column):
    """Share of ones, with sqrt(p (1 - p) / n); none where all or nobody says so (an error of 0 would be wrong)."""
    found = counted(groups, column)
    p = found["estimate"]
    return found.assign(se=np.sqrt(p * (1 - p) / found["n"]).where((p > 0) & (p < 1)))


def hcahps(folder):
    results = pd.read_csv(folder / "hcahps/state_results.csv")
    states = pd.read_csv(folder / "hcahps/states.csv")
    periods = pd.read_csv(folder / "hcahps/reports.csv")
    responses = pd.read_csv(folder / "hcahps/responses.csv", dtype=str)
    hospitals = responses.groupby(["Release Period", "State"]).size().rename("size").reset_index()
    questions = {"H_HSP_RATING": "Overall rating of the hospital, 9 or 10 of 0 to 10",
                 "H_RECMND": "Would definitely recommend the hospital"}  # fmt: skip
    rows = results[results["Measure ID"].isin(questions)].merge(states, on="State").merge(periods, on="Release Period")
    rows = rows.merge(hospitals, on=["Release Period", "State"], how="left")
    table = pd.DataFrame({
        "name": rows["State Name"], "region": rows["Region"], "question": rows["Measure ID"].map(questions),
        "estimate": rows["Top-box Percentage"] / 100, "period": rows["Start Date"] + "/" + rows["End Date"],
        "size": rows["size"],
    })  # fmt: skip
    write("hcahps", table, industry="Hospitals", country="United States", metric="top-box", unit="share",
          scale_minimum=0, scale_maximum=1, best="high",
          population="hospital patients after discharge", size_of="hospitals listed",
          source="CMS, HCAHPS state results (percentages rounded to whole points)",
          url="https://github.com/baheldeepti/Maven-Healthcare-Challenge-HCAHPS-dataset", origin="published",
          check="hcahps/state_results.csv")  # fmt: skip


def bart(folder):
    raw = pd.read_csv(folder / "benchmarks_small/bart_overall_satisfaction_2008_2018.csv")
    table = pd.DataFrame({"period": raw["Year"].astype(str), "estimate": raw["Very or Somewhat Satisfied"] / 100})
    write("bart", table, name="BART", industry="Urban rail", parent="Passenger transport", country="United States",
          metric="top-2-box", question="Overall satisfaction, very or somewhat satisfied", unit="share",
          scale_minimum=0, scale_maximum=1, best="high", population="riders of Bay Area Rapid Transit",
          source="BART, customer satisfaction studies 2008 to 2018", url="https://github.com/johngage/dailycal",
          origin="published", check="benchmarks_small/bart_overall_satisfaction_2008_2018.csv")  # fmt: skip


def acsi(folder):
    raw = pd.read_csv(folder / "acsi_2015/acsi_2015_sample.csv")
    write("acsi-2015", counted(raw.groupby("INDUSTRY"), "SATIS").assign(industry=lambda t: t["name"]),
          country="United States", metric="mean", question="Overall satisfaction (SATIS)", unit="mean", scale_minimum=1,
          scale_maximum=10, best="high", period="2015", population="customers of four industries",
          source="Morgeson, Hult, Sharma & Fornell 2023, Data in Brief 48:109123, public sample of ACSI 2015",
          url="https://doi.org/10.1016/j.dib.2023.109123", origin="computed", check="acsi_2015/acsi_2015_sample.csv",
          parent="")  # fmt: skip


def skytrax(folder):
    raw = pd.read_csv(folder / "skytrax/lounge_reviews.csv")
    raw["date"] = pd.to_datetime(raw["date"])
    period = f"{raw['date'].min():%Y-%m}/{raw['date'].max():%Y-%m}"
    write("skytrax-lounges", share(raw.groupby("airline_name"), "recommended"), industry="Airline lounges",
          parent="Airlines", metric="share", question="Recommended (yes)", unit="share", scale_minimum=0,
          scale_maximum=1, best="high", period=period, mode="online reviews",
          population="authors of lounge reviews, self-selected",
          source="Skytrax lounge reviews, collected August 2015",
          url="https://github.com/quankiquanki/skytrax-reviews-dataset", origin="computed",
          check="skytrax/lounge_reviews.csv")  # fmt: skip


def reputation(folder):
    raw = pd.read_csv(folder / "corp_rep/corp_rep_data.csv", na_values=[-99])
    table = counted(raw.groupby("serviceprovider"), "cusa")
    table["name"] = "Provider " + table["name"].astype(str)
    write("mobile-providers", table, industry="Mobile telephony", parent="Telecommunication", metric="mean",
          question="Overall satisfaction (cusa)", unit="mean", scale_minimum=1, scale_maximum=7, best="high",
          period="not stated", population="customers of four mobile providers",
          source="corporate reputation data of Hair et al., A Primer on PLS-SEM (R package seminr 2.3.4)",
          origin="computed", check="corp_rep/corp_rep_data.csv")  # fmt: skip


def tweets(folder):
    raw = pd.read_csv(folder / "airline_tweets/airline_tweets.csv")
    raw = raw.assign(negative=(raw["airline_sentiment"] == "negative").astype(float))
    write("airline-tweets", share(raw.groupby("airline"), "negative"), industry="Airlines",
          parent="Passenger transport",
          country="United States", metric="share", question="Tweets to the airline that are negative", unit="share",
          scale_minimum=0, scale_maximum=1, best="low", period="2015-02", mode="tweets",
          population="authors of tweets, self-selected",
          source="Crowdflower, Twitter US airline sentiment, February 2015",
          url="https://github.com/HBGRR557722/Sentiment-Analysis-Airlines", origin="computed",
          check="airline_tweets/airline_tweets.csv")  # fmt: skip


if __name__ == "__main__":
    for make in (hcahps, bart, acsi, skytrax, reputation, tweets):
        make(Path(sys.argv[1]))
