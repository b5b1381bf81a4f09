"""Columns of full names under any header are no segment, no id and are asked; places, brands and jobs stay segments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data import identity
from cxlab.data.codebook import Codebook, Field
from cxlab.data.guess import Guess
from cxlab.data.person_names import people
from cxlab.data.profile import Column

NAMES = {
    "English": ["James Miller", "Sarah Connor", "Robert Brown"],
    "German": ["Jürgen Müller", "Anke Schäfer", "Dr. Klaus Weiß"],
    "French": ["Jean-Pierre Dupont", "Élodie Martin", "Benoît Lefèvre"],
    "Spanish": ["María José García", "Juan de la Cruz", "Lucía Fernández López"],
    "Dutch": ["Jan van der Berg", "Sanne de Vries", "Bram Bakker"],
    "Polish": ["Łukasz Kowalski", "Agnieszka Nowak"],
    "Portuguese": ["João da Silva", "Inês Gonçalves"],
    "Russian": ["Иванов Иван Иванович", "Ольга Петрова", "Сергей Смирнов"],
    "Greek": ["Γιώργος Παπαδόπουλος", "Ελένη Νικολάου"],
    "Turkish": ["Mehmet Yılmaz", "Ayşe Demir"],
    "Arabic": ["محمد علي", "فاطمة حسن"],
    "Japanese": ["佐藤 太郎", "鈴木 花子"],
    "Indian": ["Rahul Sharma", "Priya Patel"],
    "African": ["Nkechi Okafor", "Thandeka Dlamini", "Kwabena Asante"],
    "Vietnamese": ["Nguyễn Văn An", "Trần Thị Mai"],
    "family name first": ["Smith, John", "Weber, Anna-Maria"],
    "accounts": ["anna.schmidt", "tom.weber"],
    "capitals": ["JOHN SMITH", "ANNA WEBER"],
    "small letters": ["john smith", "anna weber"],
    "initials": ["A. Schmidt", "T. Ostrowski"],
    "initials behind": ["John D.", "Mary K."],
    "with a team": ["Anna Schmidt (Support)", "Tom Weber (Sales)"],
    "with a number": ["Anna Schmidt #12", "Tom Weber - 0014"],
    "beside a team": ["Anna Schmidt", "Tom Weber", "Back office", "unassigned"],
    "with blanks": ["Anna  Schmidt", " Tom Weber "],
    "one person": ["Anna Schmidt", "unassigned"],
}
ONLY_BLANK = {
    "Chinese": ["王小明", "李娜", "张伟"], "Korean": ["김민수", "이영희", "박지훈"],
    "Irish": ["Séamus O'Dowd", "Gráinne Ó Briain"], "Finnish": ["Aatos Mäkelä", "Veikko Ahonen"],
}  # fmt: skip
"""Names of which no part is on a list: under headers that tell nothing, and of who did something."""

GROUPS = {
    "cities": ["New York", "Los Angeles", "San Francisco", "Chicago"],
    "cities elsewhere": ["Buenos Aires", "Rio de Janeiro", "Mexico City"],
    "brands": ["Delta Air", "Burger King", "Real Madrid"],
    "airlines": ["British Airways", "Air France", "Lufthansa"],
    "jobs": ["Sales Manager", "Software Engineer", "Nurse"],
    "jobs in a project": ["Project Lead", "Team Member", "Data Scientist"],
    "classes": ["Business Class", "Economy Class"],
    "departments": ["Human Resources", "Customer Service", "Finance"],
    "states": ["North Carolina", "New Jersey", "Rhode Island", "Texas"],
    "countries": ["United States", "South Korea", "Costa Rica", "Saudi Arabia"],
    "countries, two words": ["Czech Republic", "Hong Kong", "Sri Lanka"],
    "plans": ["Free Trial", "Gold Plan"],
    "streets": ["Main Street", "Park Avenue"],
    "accounts of teams": ["support.tier", "sales.emea"],
    "payment": ["Credit card", "Bank transfer", "Electronic check"],
    "travel": ["Solo Leisure", "Couple Leisure", "Family Leisure", "Business"],
    "arms": ["Control Group", "Treatment Group"],
    "Chinese cities": ["北京", "上海", "广州"],
    "saints": ["San Antonio", "Saint Paul", "Santa Monica"],
}


def drafted(name: str, values: list[str]) -> cx.Study:
    rng = np.random.default_rng(len(values))
    table = {"number": np.arange(200), "sat": rng.integers(1, 6, 200)}
    return cx.load(pd.DataFrame(table | {name: rng.choice(np.array(values, object), 200)}))


@pytest.mark.parametrize("header", ["col7", "Q12", "assigned", "team", "channel_x", "agent_id"])
@pytest.mark.parametrize("kind", NAMES)
def test_names_of_people_are_no_segment_and_are_asked_for(kind: str, header: str) -> None:
    study = drafted(header, NAMES[kind])
    assert study.codebook[header].role == ""
    (doubt,) = [d for d in study.doubts if d.column == header]
    assert doubt.answers[0] == "names of people"
    printed = " ".join([*map(str, study.doubts), *study.codebook.notes])
    assert not [v for v in NAMES[kind] if " " in v.strip() and v.strip() in printed]


@pytest.mark.parametrize("header", ["col7", "Unnamed: 3", "Q12", "assigned", "handled by", "zuständig"])
@pytest.mark.parametrize("kind", ONLY_BLANK)
def test_unknown_names_are_none_where_the_header_says_nothing(kind: str, header: str) -> None:
    assert drafted(header, ONLY_BLANK[kind]).codebook[header].role == ""


@pytest.mark.parametrize("header", ["col7", "Q12", "assigned", "city"])
@pytest.mark.parametrize("kind", GROUPS)
def test_places_brands_and_jobs_stay_segments(kind: str, header: str) -> None:
    assert drafted(header, GROUPS[kind]).codebook[header].role == "segment"


def test_a_brand_called_like_a_person_is_a_brand() -> None:
    brands = ["Calvin Klein", "Hugo Boss", "Tommy Hilfiger", "Ralph Lauren"]
    assert drafted("brand", brands).codebook["brand"].role == "brand"
    assert drafted("label", brands).codebook["label"].role == ""  # asked


def test_labels_of_codes_that_are_names_are_seen() -> None:
    column = Column("q7", "integer", 90, 90, 2, 1.0, {"1": 40, "2": 50})
    field = Field("q7", type="integer", labels={"1": "Anna Schmidt", "2": "Tom Weber"})
    made = identity.people(column, field, "")
    assert made is not None and made[0].role == "" and isinstance(made[1][0], Guess)
    assert identity.people(column, Field("q7", type="integer", labels={"1": "Yes", "2": "No"}), "") is None


def test_a_question_tells_what_unknown_words_are() -> None:
    assert people("Q12", ["Pizza Roma", "Trattoria Nerone"], "Where did you eat?") == ""
    assert people("Q12", ["Blik Vlorp", "Trin Uske"]) == "its 2 texts are written as full names are"


def test_who_says_that_they_are_groups_has_a_segment() -> None:
    study = drafted("col7", ["Anna Schmidt", "Tom Weber"])
    assert study.set("col7", role="segment").codebook["col7"].role == "segment"
    declared = cx.load(
        study.to_pandas(), codebook=Codebook("x", (Field("col7", type="string", role="segment"), Field("sat")))
    )
    assert declared.codebook["col7"].role == "segment"
