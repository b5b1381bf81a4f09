"""The catalogue: shipped data, public data in a mirror or behind a URL, and the counts they must give.

Counts of public data come from their publishers: the README of the ACSI sample's repository, the notes of each data
set; NPS 2017 of the SFO survey from an independent count of its CSV.
"""

from __future__ import annotations

import functools
import http.server
import importlib.util
import json
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cxlab.cli.cmd_datasets import datasets as command
from cxlab.data import catalogue, codebook
from cxlab.data.finding import asked
from cxlab.problem import DataProblem

SHIPPED = ("abc", "abc-items", "airline-survey", "brand-tracker", "customers", "offers", "purchases")
TRACKER = catalogue.FOLDER / "brand-tracker"


@functools.cache
def opened(name: str):
    return catalogue.open_study(name)


@pytest.fixture
def table():
    """Open a study and return it as a pandas frame with missing codes as null."""
    return lambda name: opened(name).frame.collect().to_pandas()


@pytest.mark.parametrize("name", [p.stem for p in sorted(catalogue.FOLDER.glob("*.json"))])
def test_every_descriptor_is_complete(name):
    package = catalogue.descriptor(name)
    book = codebook.read(package)
    assert book.name == name and book.title and book.licence and book.source and book.design
    assert package["answers"] and package["rows"] > 0
    assert book.simulated == ("SIMULATED" in book.title)
    for resource in package["resources"]:
        assert resource["hash"].startswith("sha256:") and len(resource["hash"]) == 71
        assert resource.get("url", "https://").startswith("https://")
        assert not Path(resource["path"]).is_absolute() and ".." not in Path(resource["path"]).parts
    for field in book:
        assert field.title, f"{name}.{field.name} has no title"
        if field.role == "importance":
            assert field.about in book.role("touchpoint")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_studies_open_without_anything_beside_the_repository(name, monkeypatch):
    monkeypatch.delenv("CXLAB_MIRROR", raising=False)
    study = catalogue.open_study(name)
    assert len(study) == catalogue.descriptor(name)["rows"]
    assert study.columns == list(study.codebook.names)
    rows = study.frame.collect().to_pandas()
    for field in asked(study):
        answers = rows[field.name].dropna()
        assert answers.between(field.scale.minimum, field.scale.maximum).all(), field.name


def test_shipped_data_stay_small():
    assert sum(p.stat().st_size for p in catalogue.FOLDER.rglob("*") if p.is_file()) < 3_000_000


def test_the_airline_survey_has_the_counts_of_its_file(table):
    rows = table("airline-survey")
    assert rows["o_experience"].value_counts().sort_index().to_dict() == {1: 667, 2: 2282, 3: 3610, 4: 3161}


def test_abc_has_the_customers_of_each_country_and_its_areas(table):
    rows = table("abc")
    assert rows["country"].value_counts().to_dict() == {
        "Germany": 112, "UK": 51, "Italy": 39, "Benelux": 26, "Israel": 23, "France": 15,
    }  # fmt: skip
    assert rows["q1"].isna().sum() == 4 and rows["q57"].isna().sum() == 23
    first = rows.iloc[0]  # qi12 to qi16 of the first customer are 3, 2, 2, 3, 2
    assert first["importance_q17"] == pytest.approx((3 + 2 + 2 + 3 + 2) / 5)


def made(folder: Path):
    spec = importlib.util.spec_from_file_location("make", TRACKER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.make(folder)
    return module


def test_the_brand_tracker_is_what_its_script_makes(tmp_path):
    made(tmp_path)
    for name in ("brand-tracker.csv", "truth.json"):
        assert (tmp_path / name).read_bytes() == (TRACKER / name).read_bytes(), name


def test_the_true_nps_is_that_of_the_population_the_script_draws_from(tmp_path):
    script = made(tmp_path)
    rng, n = np.random.default_rng(1), 200_000
    people = pd.DataFrame(
        {
            "respondent": np.arange(n),
            "u": rng.normal(0, np.sqrt(script.PERSON), n),
            "luck": 1.0,
            "wave": 6,
            "brand": "Cima",
        }
    )
    for name, shares in {**script.SEGMENTS, "mode": script.MODES}.items():
        people[name] = rng.choice(list(shares), n, p=list(shares.values()))
    score = script.answers(people, rng)["recommendation"].to_numpy()
    points = 100.0 * ((score >= 9).astype(int) - (score <= 6).astype(int))
    assert points.mean() == pytest.approx(script.true_nps("Cima", 6), abs=4 * points.std() / np.sqrt(n))


def test_weighted_interviews_agree_with_the_truth_of_the_brand_tracker(table):
    rows = table("brand-tracker")
    rows["s"] = 100.0 * ((rows["recommendation"] >= 9).astype(int) - (rows["recommendation"] <= 6).astype(int))
    truth = {(c["brand"], c["wave"]): c["nps"] for c in json.loads((TRACKER / "truth.json").read_text())["nps"]}
    z = []
    for key, cell in rows.groupby(["brand", "wave"]):
        mean = np.average(cell["s"], weights=cell["weight"])
        se = np.sqrt(((cell["weight"] * (cell["s"] - mean)) ** 2).sum()) / cell["weight"].sum()
        z.append((mean - truth[key]) / se)
    assert len(z) == 48
    # 48 cells at 95 %: at least 41 cover the truth with probability .997 (binomial, if they were independent)
    assert (np.abs(z) < 1.96).sum() >= 41


def test_part_of_each_wave_was_in_the_wave_before(table):
    rows = table("brand-tracker")
    people = {key: set(cell["respondent"]) for key, cell in rows.groupby(["brand", "wave"])}
    for wave in range(2, 9):
        assert len(people["Alba", wave] & people["Alba", wave - 1]) == 50  # 40 % of 125
    assert rows["wave"].nunique() == 8 and rows["brand"].nunique() == 6 and rows["respondent"].duplicated().any()


def test_comments_hold_invented_contact_details_only(table):
    comments = table("brand-tracker")["comment"].dropna()
    mails = comments[comments.str.contains("@")]
    assert len(mails) == json.loads((TRACKER / "truth.json").read_text())["comments_with_email"] > 0
    assert mails.str.contains("@example.com", regex=False).all()


@pytest.fixture
def server(tmp_path):
    """A web server on this machine; returns its address and folder."""
    folder = tmp_path / "web"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}", folder
        web.shutdown()


SHA = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""Of the three letters abc (FIPS 180-2)."""


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No mirror, and a cache of its own."""
    monkeypatch.delenv("CXLAB_MIRROR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_public_file_is_fetched_once_and_checked(server, alone):
    address, folder = server
    (folder / "a.csv").write_bytes(b"abc")
    resource = {"path": "some/a.csv", "url": f"{address}/a.csv", "hash": SHA}
    assert catalogue.fetch(resource).read_bytes() == b"abc"
    (folder / "a.csv").unlink()
    assert catalogue.fetch(resource).read_bytes() == b"abc"


def test_a_public_file_that_differs_is_refused_and_not_kept(server, alone):
    address, folder = server
    (folder / "a.csv").write_bytes(b"abd")
    resource = {"path": "some/a.csv", "url": f"{address}/a.csv", "hash": SHA}
    with pytest.raises(DataProblem, match="no longer gives the file the catalogue describes.*Nothing was kept"):
        catalogue.fetch(resource, "the study")
    assert not catalogue._cached(resource).exists()


def test_a_public_file_that_cannot_be_reached_says_so(server, alone):
    address, _ = server
    with pytest.raises(DataProblem) as error:
        catalogue.fetch({"path": "some/a.csv", "url": f"{address}/b.csv", "hash": SHA}, "the study")
    assert str(error.value).startswith(f"the study could not be fetched from {address}/b.csv: 404")
    assert str(error.value).endswith("or set CXLAB_MIRROR to a folder that holds some/a.csv")


def test_a_file_without_a_public_url_says_what_to_do(alone):
    with pytest.raises(DataProblem) as error:
        catalogue.fetch({"path": "some/a.csv", "hash": SHA}, "the study")
    assert str(error.value) == (
        "the study needs the file some/a.csv; no public URL of it is known, and CXLAB_MIRROR is not set. "
        "Set CXLAB_MIRROR to a folder that holds it"
    )


def test_a_file_in_the_mirror_that_differs_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("CXLAB_MIRROR", str(tmp_path))
    (tmp_path / "a.csv").write_bytes(b"abd")
    with pytest.raises(DataProblem) as error:
        catalogue.fetch({"path": "a.csv", "hash": SHA})
    assert str(error.value) == (
        f"{tmp_path / 'a.csv'} is not the file the catalogue describes: sha256 a52d159f262b2c6d… came, "
        "ba7816bf8f01cfea… was expected. It was changed or cut short: delete it and load again, or load it by its path "
        "to use it as it is"
    )


def test_an_unknown_study_suggests_the_nearest():
    with pytest.raises(
        DataProblem, match="study 'airline-surveys' is not in the catalogue; did you mean 'airline-survey'"
    ):
        catalogue.open_study("airline-surveys")


def test_the_command_lists_describes_and_prints_for_machines(monkeypatch):
    monkeypatch.delenv("CXLAB_MIRROR", raising=False)
    run = CliRunner().invoke
    listed = run(command, [])
    assert listed.exit_code == 0 and "shipped with cxlab\n  abc " in listed.output
    assert "SIMULATED brand tracker" in listed.output
    rows = json.loads(run(command, ["--json"]).output)
    by_name = {row["name"]: row for row in rows}
    assert by_name["airline-survey"]["rows"] == 9720 and by_name["airline-survey"]["licence"] == "MIT"
    assert by_name["mobi"]["at_hand"] in ("no", "cache")
    assert "Would recommend 0 to 10, high = best" in run(command, ["brand-tracker"]).output


# ---- public data


@pytest.mark.mirror
@pytest.mark.parametrize("name", [n for n in catalogue.names() if n not in SHIPPED])
def test_public_studies_have_their_rows_and_keep_to_their_codebook(name):
    study = opened(name)
    assert len(study) == catalogue.descriptor(name)["rows"]
    rows = study.frame.collect().to_pandas()
    for field in study.codebook:
        if field.columns:
            assert set(field.columns) <= set(rows.columns)
            continue
        assert rows[field.name].notna().any(), field.name
        if field.scale:
            assert rows[field.name].dropna().between(field.scale.minimum, field.scale.maximum).all(), field.name
        if field.labels and field.type == "string" and name != "airline-tweets-tampered":
            assert set(rows[field.name].dropna()) <= set(field.labels), field.name


@pytest.mark.mirror
def test_sfo_is_one_study_of_eight_waves(table):
    rows = table("sfo")
    assert rows.groupby("wave").size().to_dict() == {
        2010: 3234, 2011: 3872, 2012: 3521, 2013: 3535, 2014: 2818, 2015: 2958, 2016: 3087, 2017: 2831,
    }  # fmt: skip
    study = opened("sfo")
    assert str(study.design) == "weight weight, cluster run, strata strata, wave wave"
    assert rows[["run", "strata", "weight", "language"]].notna().all().all()
    assert (rows.loc[rows["wave"].isin([2011, 2012]), "weight"] == 1).all()


@pytest.mark.mirror
def test_sfo_clusters_are_the_runs_of_each_file(table, mirror):
    runs = table("sfo").groupby("wave")["run"].nunique()
    for year, name in {2011: "RUNID", 2013: "RUN", 2015: "RUNID", 2016: "RUNID", 2017: "RUNID"}.items():
        raw = pd.read_csv(mirror / f"sfo_survey/sfo_{year}.csv", dtype=str, usecols=[name])[name]
        assert runs[year] == raw.nunique()


@pytest.mark.mirror
def test_sfo_reads_each_wave_as_its_file_says(mirror):
    """Answers 1 to 5 of SFO as a whole, counted in the raw files under the name each year has for it."""
    study = opened("sfo")
    rows = study.frame.collect().to_pandas()
    names = {2010: "Q6N", 2011: "Q8N", 2012: "Q8N_WHOLE", 2013: "Q7O_WHOLE", 2014: "Q7ALL", 2017: "Q7ALL"}
    for year, name in names.items():
        raw = pd.read_csv(mirror / f"sfo_survey/sfo_{year}.csv", dtype=str, keep_default_na=False)[name]
        for answer in range(1, 6):
            assert ((rows["wave"] == year) & (rows["overall"] == answer)).sum() == (raw == str(answer)).sum()
    lazy = study.lazy.collect().to_pandas()
    assert ((lazy["wave"] == 2017) & (lazy["overall"] == 0)).sum() == 143  # the text 'Blank'
    assert rows.loc[rows["wave"] == 2017, "overall"].isna().sum() == 143


@pytest.mark.mirror
def test_nps_2017_of_sfo_is_39_8_unweighted_and_40_4_weighted(table):
    rows = table("sfo").query("wave == 2017").dropna(subset=["netpro"])
    points = 100.0 * ((rows["netpro"] >= 9).astype(int) - (rows["netpro"] <= 6).astype(int))
    assert len(rows) == 2746
    assert points.mean() == pytest.approx(39.8, abs=0.05)
    assert np.average(points, weights=rows["weight"]) == pytest.approx(40.4, abs=0.05)


@pytest.mark.mirror
def test_acsi_has_the_counts_its_publishers_print(table):
    rows = table("acsi-2015")
    pairs = [(10, 10), (1, 1), (9, 10), (2, 1), (1, 10), (10, 1)]
    counted = [((rows["HANDLE"] == a) & (rows["REPUR"] == b)).sum() for a, b in pairs]
    assert counted == [151, 90, 29, 26, 4, 4]
    worst = rows.loc[rows["SATIS"] == 1, "INDUSTRY"].value_counts(normalize=True)
    assert worst.to_dict() == pytest.approx(
        {"Internet Service Providers": 0.7647, "Commercial Banks": 0.1373, "Commercial Airlines": 0.0719,
         "Processed Food": 0.0261}, abs=5e-5,
    )  # fmt: skip
    assert rows["HIGHPTOL"].max() == 26 and rows["LOWPTOL"].max() == 26


@pytest.mark.mirror
def test_olist_is_late_where_its_notes_say(table):
    late = table("olist").groupby("late")["score"].agg(["mean", "count"])
    assert late["count"].to_dict() == {0: 2710, 1: 193}
    assert late["mean"].to_dict() == pytest.approx({0: 4.27, 1: 2.28}, abs=0.005)


@pytest.mark.mirror
def test_tweets_count_as_published(table):
    rows = table("airline-tweets")
    assert rows["tweet_id"].nunique() == 14485
    assert rows["airline_sentiment"].value_counts().to_dict() == {"negative": 9178, "neutral": 3099, "positive": 2363}
    assert rows["negativereason"].isna().sum() == 5462


@pytest.mark.mirror
def test_reversed_scales_and_special_codes_are_read(table):
    patients = table("patient-feedback")
    assert opened("patient-feedback").field("fft").scale.best == "low"
    assert patients["fft"].isna().sum() == 24 + 416 and patients["comment"].isna().sum() == 1189 + 502
    assert table("corp-rep")[["cusa", "cusl_1", "cusl_2", "cusl_3"]].isna().sum().sum() == 11
    churn = table("telco-churn")
    assert churn["TotalCharges"].isna().sum() == 11 and churn["Churn"].mean() == pytest.approx(0.2654, abs=5e-5)
    lounges = table("skytrax-lounges")["overall_rating"]
    assert ((lounges <= 5).sum(), (lounges > 5).sum()) == (2192, 67)
    calls = table("call-centre")
    assert calls["rating"].isna().sum() == 946 and abs(calls["wait"].corr(calls["rating"])) < 0.002
