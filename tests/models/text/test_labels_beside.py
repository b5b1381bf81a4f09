"""Label sheets beside a study: found, coded by, shown on pages in every language, absent where there are none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from openpyxl import load_workbook

import cxlab as cx
from cxlab.data.codebook import write
from cxlab.languages import speech
from cxlab.languages.message_book import languages
from cxlab.models.text.label_sheets import key_path
from cxlab.report import render
from cxlab.report.kernel import Kernels

N = 700


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A German survey of customers who write the more the less they like it, with what the sheets need."""
    made = cx.simulations.simulate_comments(N, seed=1)
    waits = np.asarray(made.truth["coded"]).astype(int)
    rng = np.random.default_rng(3)
    score = np.clip(9 - 4 * waits + rng.integers(-3, 3, N), 0, 10)
    wrote = rng.random(N) < np.where(score < 7, 0.9, 0.2)
    text = [f"{c} {k}" if w else "" for k, (c, w) in enumerate(zip(made.to_pandas()["comment"], wrote, strict=True))]
    text[:5] = ["nothing", "x y " * 60_000, *text[2:5]]
    rows = pd.DataFrame({"Kommentar": text, "Empfehlung": score, "Marke": np.array(["Alba", "Brio"])[np.arange(N) % 2],
                         "Hinweis": "kurz und gut", "wartet": waits})  # fmt: skip
    file = tmp_path_factory.mktemp("labels") / "umfrage.csv"
    rows.to_csv(file, index=False)
    fields = (
        cx.Field("Kommentar", "Kommentar", "string", role="text"),
        cx.Field("Empfehlung", "Empfehlung", "integer", role="outcome", measure="recommendation",
                 scale=cx.Scale(0, 10)),
        cx.Field("Marke", "Marke", "string", role="brand"), cx.Field("Hinweis", "Hinweis", "string", role="text"),
        cx.Field("wartet", "wartet", "integer"),
    )  # fmt: skip
    (file.parent / "datapackage.json").write_text(json.dumps(write(cx.Codebook("umfrage", fields=fields), file.name)))
    return file


def filled(survey: Path, sheets: Path, *, rows: int = 10_000) -> Path:
    """Sheets on which two coders, the second a careless one, stop after so many rows."""
    study = cx.load(survey)
    cx.text.label_sample(study, ["Wartezeit", "selten"], n=160, overlap=100, path=sheets)
    book, told = load_workbook(sheets), json.loads(key_path(sheets).read_text())
    from cxlab.models.text.label_sheets import print_of

    table = study.to_pandas().fillna({"Kommentar": ""})
    truth = dict(zip(table["Kommentar"].map(print_of), table["wartet"], strict=True))
    of = {r["row"]: truth[r["print"]] for r in told["rows"]}
    for coder, sheet in enumerate(book.worksheets[:2]):
        head = [c.value for c in sheet[1]]
        for line in range(2, min(sheet.max_row, rows) + 1):
            number = sheet.cell(line, 1).value
            wrong = coder and number % 3 == 0
            sheet.cell(line, head.index("Wartezeit") + 1).value = str(1 - of[number] if wrong else of[number])
            sheet.cell(line, head.index("selten") + 1).value = "0"
    book.save(sheets)
    return sheets


def test_sheets_beside_a_study_are_found_and_those_of_others_are_not(survey: Path, tmp_path: Path) -> None:
    for name in ("umfrage.csv", "datapackage.json"):
        (tmp_path / name).write_bytes((survey.parent / name).read_bytes())
    study = cx.load(tmp_path / "umfrage.csv")
    assert cx.text.coded_beside(study) is None
    general = filled(tmp_path / "umfrage.csv", tmp_path / "labels.xlsx")
    found = cx.text.coded_beside(study, engine="words")
    assert found is not None and found.themes.names == ["Wartezeit", "selten"] and found.coding["labels"] == 160
    assert cx.text.coded_beside(study, "none") is None
    key = key_path(general)
    key.write_text(key.read_text().replace('"study": "umfrage"', '"study": "other"'))
    assert cx.text.coded_beside(study) is None
    key.write_text("[1]")
    assert cx.text.coded_beside(study) is None
    general.rename(tmp_path / "umfrage.labels.xlsx")
    with pytest.raises(cx.DataProblem, match=r"^beside umfrage\.labels\.xlsx there is no umfrage\.labels\.key\.json"):
        cx.text.coded_beside(study)
    with pytest.raises(cx.DataProblem, match=r"^there is no file of labels /nowhere/x\.xlsx"):
        cx.text.coded_beside(study, "/nowhere/x.xlsx")


@pytest.mark.parametrize("rows", [10_000, 31])
def test_every_note_on_shares_is_in_every_language(survey: Path, tmp_path: Path, rows: int) -> None:
    labels = filled(survey, tmp_path / "labels.xlsx", rows=rows)
    study = cx.load(survey)
    coded = cx.code(study, None, labels=labels, engine="words")
    part = cx.code(study.where(Marke=["Alba"]), None, labels=labels, engine="words")
    results = [cx.themes(coded), cx.themes(coded, of="comments"), cx.themes(part)]
    notes = " ".join(n for r in results for n in r.notes)
    said = ["nothing to add", "longer than", "selten: from the labels alone", "in which most is", "among these rows"]
    said += ["stopped after 30 of", "drawn comments are labelled"] if rows == 31 else ["coders disagree"]
    said += ["labels were drawn from", "count up to"]
    assert [s for s in said if s not in notes] == []
    for language in languages()[1:]:
        with speech.speaking(language) as missing:
            shown = [r._repr_html_() for r in results]
        assert list(missing) == [], language
        assert "Wartezeit" in shown[0]


def test_labels_of_the_whole_serve_a_part(survey: Path, tmp_path: Path) -> None:
    coded = cx.code(cx.load(survey), None, labels=filled(survey, tmp_path / "labels.xlsx"), engine="words")
    part, groups = cx.themes(coded.where(Marke=["Alba"])), cx.themes(coded, by="Marke")
    assert not any("were drawn from" in n for n in part.notes)
    both = [t.set_index("theme")["n"]["Wartezeit"] for t in (part.table, groups.table[groups.table["Marke"] == "Alba"])]
    assert both[0] == both[1]


def test_a_page_shows_shares_where_comments_are_labelled_and_no_comment(survey: Path, tmp_path: Path) -> None:
    """In German, with sheets of their own name beside the file; words alone, as the page does not choose an engine."""
    sheets = filled(survey, survey.with_name("umfrage.labels.xlsx"))
    try:
        with Kernels() as kernels:
            made = render.report("scorecard", str(survey), {"language": "de"}, kernels=kernels, output=tmp_path)
        assert made.failure is None, made.failure
    finally:
        sheets.unlink()
        key_path(sheets).unlink()
    page = BeautifulSoup((made.folder / "index.html").read_text(), "html.parser")
    section = page.find("h2", string="Worüber Kunden schreiben")
    assert section and "Wartezeit" in page.get_text() and "Anteil der Kunden nach Thema" in page.get_text()
    folder = " ".join(f.read_text(errors="replace") for f in made.folder.rglob("*") if f.is_file())
    written = [t for t in cx.load(survey).to_pandas()["Kommentar"].dropna() if len(t) > 15]
    assert len(written) > 200 and not [t for t in written if re.sub(r"\s+", " ", t)[:200] in folder]
