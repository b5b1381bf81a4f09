"""Names propose, values dispose: weights, ids, people, groups of an outcome, ratings in fifteen languages."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data import wording

RNG = np.random.default_rng(5)
N = 240


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"satisfaction": RNG.integers(1, 6, N), **columns})


def role(column: str, values) -> str:
    return cx.load(table(**{column: values})).field(column).role


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("weight", np.round(RNG.lognormal(0, 0.3, N), 3), "weight"),
        ("weight", np.round(RNG.normal(75, 12, N)), ""),
        ("gewicht", np.round(RNG.normal(75, 12, N), 1), ""),
        ("pw", np.full(N, 33.8), "weight"),
        ("weight", np.round(RNG.lognormal(7, 0.3, N), 1), "weight"),
        ("weight", np.ones(N, int), ""),
        ("email", RNG.integers(1, 6, N), ""),
        ("email", [f"p{i}@example.com" for i in range(N)], "id"),
        ("customer_id", np.full(N, 17), ""),
        ("response_id", np.arange(N), "id"),
        ("response_id", [*range(200), *range(40)], "id"),
        ("hotel_id", np.arange(N) % 20 + 500, ""),
        ("panel_id", np.arange(N) // 2 + 1000, "cluster"),
        ("contact", RNG.choice(["Anna Berg", "Luis Prado", "Mei Chen"], N), ""),
        ("requester", RNG.choice(["Anna", "Luis", "Mei"], N), ""),
        ("reviewer", RNG.choice(["A. Berg", "L. Prado"], N), ""),
        ("agent", RNG.choice(["Anna Berg", "Luis Prado"], N), ""),
        ("agent_name", RNG.choice(["Anna Berg", "Luis Prado"], N), ""),
        ("Sachbearbeiter Mitarbeiter", RNG.choice(["Anna Berg", "Luis Prado"], N), ""),
        ("担当者", RNG.choice(["田中", "鈴木"], N), ""),
        ("contact", RNG.choice(["Phone", "Email", "Chat"], N), "segment"),
        ("contact_reason", RNG.choice(["Billing Question", "New Order"], N), "segment"),
    ],
)
def test_values_decide_what_a_name_proposes(column, values, expected):
    assert role(column, values) == expected


def test_a_body_weight_and_a_repeated_id_are_asked():
    study = cx.load(table(weight=np.round(RNG.normal(75, 12, N)), hotel_id=np.arange(N) % 20 + 500))
    settings = {d.column: d.settings for d in study.doubts}
    assert settings["weight"] == ("", "role=weight")
    assert settings["hotel_id"] == ("", "role=cluster", "role=brand")


def test_a_repeated_id_is_no_duplicate():
    study = cx.load(table(hotel_id=np.arange(N) % 20 + 500, panel_id=np.arange(N) // 2 + 1000))
    assert not cx.quality(study).table["check"].isin(["duplicate", "repeated id"]).any()
    declared = study.set("hotel_id", role="id")
    found = cx.quality(declared).table.set_index("check")
    assert found.loc["repeated id", "action"] == (
        "make it a cluster (answers of one are alike), a brand, or nothing; do not drop"
    )


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("nps_group", lambda x: np.select([x >= 9, x >= 7], [3, 2], 1)),
        ("Q1_NPS_GROUP", lambda x: np.select([x >= 9, x >= 7], [1, 2], 3)),
        ("Group", lambda x: np.select([x >= 9, x >= 7], ["Promoter", "Passive"], "Detractor")),
        ("fan", lambda x: np.where(x >= 7, "yes", "no")),
    ],
)
def test_what_follows_from_the_outcome_is_neither_outcome_nor_segment(name, group):
    x = RNG.integers(0, 11, N)
    study = cx.load(pd.DataFrame({"nps": x, name: group(x), "region": RNG.choice(["N", "S"], N)}))
    assert study.field(name).role == ""
    assert study.codebook.role("outcome") == ("nps",) and study.codebook.role("segment") == ("region",)
    right = 100 * ((x >= 9).mean() - (x <= 6).mean())
    assert cx.nps(study).table["estimate"].iloc[0] == pytest.approx(right)
    assert len(cx.scorecard(study).table)


def test_a_reason_for_recommending_is_text():
    said = [f"because the crew was {w} on trip {i}" for i, w in enumerate(RNG.choice(["fine", "slow"], N))]
    study = cx.load(pd.DataFrame({"nps": RNG.integers(0, 11, N), "recommend_reason": said}))
    assert study.field("recommend_reason").role == "text" and study.codebook.role("outcome") == ("nps",)


def test_an_item_of_a_matrix_is_no_outcome_and_a_bad_thing_is_asked():
    items = {c: RNG.integers(1, 6, N) for c in ("clarity", "pace", "difficulty", "material")}
    study = cx.load(pd.DataFrame({"overall": RNG.integers(1, 6, N), **items}))
    assert study.codebook.role("touchpoint") == ("clarity", "pace", "difficulty", "material")
    doubt = next(d for d in study.doubts if d.column == "difficulty")
    assert doubt.settings == ("", "best=low")


def test_the_overall_item_of_a_battery_is_the_outcome_and_no_driver():
    items = {f"Q7{c}": RNG.integers(1, 6, N) for c in ("ART", "FOOD", "SHOPS", "SIGNS", "ALL")}
    study = cx.load(pd.DataFrame(items))
    assert study.codebook.role("outcome") == ("Q7ALL",)
    assert "Q7ALL" not in study.codebook.role("touchpoint")


RATED = [
    "rating", "User rating", "Stars", "review_score", "ReviewScore", "customer_rating",
    "reviews.rating", "star_rating", "Bewertung", "Sterne", "note", "étoiles",
    "calificación", "puntuación", "valutazione", "voto", "avaliação", "nota", "beoordeling",
    "cijfer", "ocena", "оценка", "рейтинг", "βαθμολογία", "puan", "评分", "評価", "평점", "별점",
    "التقييم",
]  # fmt: skip


@pytest.mark.parametrize("name", RATED)
def test_the_only_rating_of_a_review_file_is_the_outcome_and_is_asked(name):
    frame = pd.DataFrame({name: RNG.integers(1, 6, N), "title": [f"Stay number {i} there" for i in range(N)]})
    study = cx.load(frame)
    found = study.codebook.role("outcome")
    assert len(found) == 1 and study.field(found[0]).measure == "satisfaction"
    assert any(d.column == found[0] and "role= measure=" in d.settings for d in study.doubts)


def test_where_nothing_is_sure_the_candidates_are_listed_with_the_command():
    study = cx.load(pd.DataFrame({"x1": RNG.integers(1, 6, N), "city": RNG.choice(["A", "B"], N)}))
    assert not study.codebook.role("outcome")
    doubt = study.doubts[0]
    assert doubt.question == "1 to 5, whole numbers: is it the outcome?"
    assert doubt.command == "cxlab codebook set FILE x1 role=outcome measure=satisfaction scale=1-5"


@pytest.mark.parametrize(
    ("question", "measure"),
    [
        ("Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?", "recommendation"),
        ("Recommanderiez-vous notre service ?", "recommendation"),
        ("¿Qué probabilidad hay de que nos recomiende?", "recommendation"),
        ("Ci consiglierebbe a un amico?", "recommendation"),
        ("Você recomendaria a nossa loja?", "recommendation"),
        ("Hoe waarschijnlijk is het dat u ons aanbeveelt?", "recommendation"),
        ("Czy polecisz nas znajomym?", "recommendation"),
        ("Насколько вероятно, что вы порекомендуете нас?", "recommendation"),
        ("Πόσο πιθανό είναι να μας συστήσετε;", "recommendation"),
        ("Bizi tavsiye eder misiniz?", "recommendation"),
        ("您有多大可能推荐我们？", "recommendation"),
        ("友人に薦めますか", "recommendation"),
        ("친구에게 추천하시겠습니까?", "recommendation"),
        ("هل توصي بنا؟", "recommendation"),
        ("Gesamtzufriedenheit", "satisfaction"),
        ("Satisfacción general", "satisfaction"),
        ("Soddisfazione complessiva", "satisfaction"),
        ("Satisfação geral", "satisfaction"),
        ("Algemene tevredenheid", "satisfaction"),
        ("Ogólne zadowolenie", "satisfaction"),
        ("Genel memnuniyet", "satisfaction"),
        ("総合満足度", "satisfaction"),
        ("전반적인 만족도", "satisfaction"),
        ("الرضا العام", "satisfaction"),
    ],
)
def test_questions_of_fifteen_languages(question, measure):
    assert wording.measure(question) == measure


def test_an_outcome_in_two_words_counts_the_good_one():
    words = ["satisfied"] * 90 + ["neutral or dissatisfied"] * 150
    study = cx.load(pd.DataFrame({"satisfaction": words, "plan": RNG.choice(["a", "b"], N)}))
    assert study.codebook.role("outcome") == ("satisfaction",)
    assert cx.csat(study).table["estimate"].iloc[0] == pytest.approx(90 / 240)


def test_previews_and_unfinished_answers_are_found_and_said(tmp_path):
    names = ["StartDate", "Status", "Finished", "ResponseId", "Q1"]
    rows = [names, names, [json.dumps({"ImportId": n}) for n in names]]
    for i in range(60):
        status = "Survey Preview" if i < 2 else "Spam" if i == 2 else "IP Address"
        rows.append(["2025-03-01 10:00:00", status, str(i % 6 != 0), f"R_{i}", str(i % 11)])
    pd.DataFrame(rows).to_csv(tmp_path / "q.csv", index=False, header=False)
    left = cx.load(tmp_path / "q.csv")
    assert left.dropped == (("'Status' says Spam, Survey Preview", 3), ("'Finished' says not finished", 9))
    assert len(left) == 48
    book = left.codebook.replace("Status", leave_out={}).replace("Finished", leave_out={})
    study = cx.load(tmp_path / "q.csv", codebook=book)
    found = cx.quality(study).table.set_index("check")
    assert found.loc["preview", ["level", "n"]].tolist() == ["serious", 3]
    assert found.loc["unfinished", ["level", "n"]].tolist() == ["look", 10]
    assert len(cx.drop(study, "preview")) == 57 and len(cx.drop(study, "unfinished")) == 50


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("q", ["2024Q3", "2024Q4", "2025Q1"], "wave"),
        ("fieldwork", ["Jan 2025", "Feb 2025", "Mar 2025"], "wave"),
        ("Periode", ["Q4 2024", "Q1 2025"], "wave"),
        ("KW", [50, 51, 52], "wave"),
        ("Quartal", ["1. Quartal 2025", "2. Quartal 2025"], "wave"),
        ("semaine", ["S1 2025", "S2 2025"], "wave"),
        ("joined", ["Q4 2024", "Q1 2025"], "segment"),
        ("employees", ["1-10", "11-50"], "segment"),
        ("team", ["Team 1", "Team 2"], "segment"),
    ],
)
def test_a_column_of_quarters_or_weeks_is_a_wave_whatever_it_is_called(name, values, role):
    frame = pd.DataFrame({"nps": [k % 11 for k in range(60)], name: [values[k % len(values)] for k in range(60)]})
    assert cx.load(frame).field(name).role == role


def test_waves_without_a_known_order_are_asked():
    names = ["Launch", "Relaunch", "Sale"]
    frame = pd.DataFrame({"nps": [k % 11 for k in range(60)], "wave": [names[k % 3] for k in range(60)]})
    (doubt,) = [d for d in cx.load(frame).doubts if d.column == "wave"]
    assert doubt.question == (
        "which of the waves 'Launch', 'Relaunch', 'Sale' comes first? No change is called real until that is known"
    )
    assert doubt.command == "cxlab codebook set FILE wave labels='EARLIEST=EARLIEST;NEXT=NEXT'"


def test_what_a_model_says_and_how_long_somebody_stays_are_no_answers():
    codes = np.random.default_rng(1).integers(1, 6, (100, 4))
    names = ["Naive Predicted q1", "customer seniority (years)"]
    study = cx.load(pd.DataFrame(codes, columns=["Overall satisfaction", "q1", *names]))
    assert [study.field(n).role for n in names] == ["", "segment"]


def test_names_that_repeat_are_a_brand_to_be_asked_not_free_text():
    lounges = [f"Lounge of the airport in terminal {k % 40}" for k in range(400)]
    study = cx.load(pd.DataFrame({"Overall satisfaction": [1 + k % 5 for k in range(400)], "lounge_name": lounges}))
    assert study.field("lounge_name").role == ""
    (doubt,) = [d for d in study.doubts if d.column == "lounge_name"]
    assert doubt.question == "about 40 short texts that repeat: is it what is compared?"
    assert "role=brand" in doubt.settings


def test_two_scales_in_one_column_are_asked():
    codes = [1 + k % 5 for k in range(300)] + [8, 9, 10, 7, 6]
    study = cx.load(pd.DataFrame({"Overall satisfaction": codes}))
    assert "5 of 305 answers are above 5: two scales in one column? Read as one to 10" in [
        d.question for d in study.doubts
    ]


def test_satisfaction_with_delivery_is_no_recommendation_in_arabic():
    assert wording.measure("الرضا عن التوصيل") == "satisfaction"
    assert wording.measure("ما مدى احتمال أن توصي بنا؟") == "recommendation"


def test_counts_of_cases_numbered_groups_and_units_of_a_panel_are_asked():
    sides = [(a, b) for a in ("Low", "Medium", "High") for b in ("Tower", "Atrium", "Terrace")]
    table = pd.DataFrame({"Sat": [a for a, _ in sides], "Type": [b for _, b in sides], "Freq": range(20, 29)})
    assert "does each row count as many cases as it says, or is it one answer?" in [
        d.question for d in cx.load(table).doubts if d.column == "Freq"
    ]
    drawn = pd.DataFrame(
        {"score": [1 + k % 5 for k in range(90)], "pw": [1.5] * 90, "dnum": [600 + k % 15 for k in range(90)]}
    )
    assert "about 15 numbered groups beside a weight: are answers of one dnum alike?" in [
        d.question for d in cx.load(drawn).doubts
    ]
    states = [f"State {chr(65 + k)}" for k in range(12)]
    cells = [(s, q) for s in states for q in ("Q1 2025", "Q2 2025")]
    panel = pd.DataFrame(cells, columns=["State", "Quarter"]).assign(overall=[1 + k * 7 % 5 for k in range(len(cells))])
    assert "each is there once a wave: are answers of one State alike?" in [d.question for d in cx.load(panel).doubts]
    people = pd.DataFrame(
        {"Overall satisfaction": [1 + k % 5 for k in range(90)], "respondent": [k // 2 for k in range(90)]}
    )
    assert cx.load(people).field("respondent").role == "cluster"
