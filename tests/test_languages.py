"""Reports in other languages: no English is left, nothing of the customer's is changed, nothing is half."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from click.testing import CliRunner

import cxlab as cx
from cxlab.cli.cmd_report import report
from cxlab.data.codebook import write
from cxlab.languages import speech
from cxlab.languages.message_book import FOLDER, GAP, catalogue, languages
from cxlab.models.paragraphs import Findings
from cxlab.problem import DataProblem
from cxlab.report import jobs, page, render
from cxlab.report import notebook as books
from cxlab.report.house_style import Style
from cxlab.report.kernel import Kernels

OTHERS = languages()[1:]
ENGLISH = re.compile(
    r"\b(the|of|and|is|are|with|by|for|not|this|that|all|answers?|to|from|share|interval|which|above|below|real|noise|"
    r"cannot|tell|difference|change[sd]?|wave|rows?|data|score|mean|each|group|compared?|test|sample|letters?|columns?|"
    r"total|base|tables?|before|after|numbers?|reports?|made|shown|search|none|failed)\b", re.IGNORECASE,
)  # fmt: skip
"""Words that an English sentence about results can hardly do without."""
RULES = "Custom Tables|Notebook tables|TOST|MOVER|Score-Intervall\\w*|Net Promoter Score|Wilson-Score|sha256|cxlab codebook ask"  # noqa: E501
"""Names that are the same in German."""


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers of 600 customers in German: a recommendation, three ratings, two waves, two segments, a weight."""
    rows = [
        {"Empfehlung": (7 * i) % 11 if i % 3 else 10 - i % 4, "Zufriedenheit": 1 + (i * i) % 5,
         "Kasse": 1 + (3 * i) % 5, "Lieferung": 1 + min(4, (i % 7)), "Beratung": 5 - i % 3,
         "Gebiet": ("Nord", "Süd", "West")[i % 3], "Kunde": ("neu", "alt")[i // 5 % 2],
         "Quartal": f"2025 Q{1 + i % 2}", "Gewicht": 1 + i % 3 / 2}
        for i in range(600)
    ]  # fmt: skip
    file = tmp_path_factory.mktemp("survey") / "umfrage.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    rated = {"type": "integer", "scale": cx.Scale(1, 5)}
    book = cx.Codebook(
        "umfrage", title="Umfrage unter Kunden",
        fields=(
            cx.Field("Empfehlung", "Empfehlung", "integer", role="outcome", measure="recommendation",
                     scale=cx.Scale(0, 10)),
            cx.Field("Zufriedenheit", "Zufriedenheit", role="outcome", measure="satisfaction", **rated),
            *(cx.Field(n, n, role="touchpoint", **rated) for n in ("Kasse", "Lieferung", "Beratung")),
            *(cx.Field(n, n, "string", role="segment") for n in ("Gebiet", "Kunde")),
            cx.Field("Quartal", "Quartal", "string", role="wave"),
            cx.Field("Gewicht", "Gewicht", "number", role="weight"),
        ),
    )  # fmt: skip
    (file.parent / "datapackage.json").write_text(json.dumps(write(book, file.name)))
    return file


@pytest.fixture(scope="module")
def german(survey: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    form = render.Form(to=("html", "docx", "pptx", "xlsx"))
    with Kernels() as kernels:
        made = render.report(
            "scorecard",
            str(survey),
            {"language": "de"},
            kernels=kernels,
            output=tmp_path_factory.mktemp("o"),
            form=form,
        )
    assert made.failure is None, made.failure
    return made.folder


@pytest.fixture(scope="module")
def tables(survey: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    form = render.Form(to=("html", "docx", "pptx", "xlsx"))
    given = {"language": "de", "against": ["columns", "rest"], "show": ["column", "row", "count"]}
    with Kernels() as kernels:
        made = render.report(
            "tables", str(survey), given, kernels=kernels, output=tmp_path_factory.mktemp("t"), form=form
        )
    assert made.failure is None, made.failure
    return made.folder


@pytest.fixture(scope="module")
def batch(survey: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three German reports: two regions, and one that fails."""
    there = tmp_path_factory.mktemp("batch")
    with Kernels() as kernels:
        for region in ("Nord", "West", "Ost"):
            given = {"language": "de", "segments": "none", "only": {"Gebiet": region}}
            made = render.report("scorecard", str(survey), given, kernels=kernels, output=there)
            assert (made.failure is None) == (region != "Ost")
    return there


def visible(file: Path) -> list[str]:
    """Every text of a page that a reader sees or hears, without what is marked as another language."""
    shown = BeautifulSoup(file.read_text(), "html.parser")
    assert shown.html["lang"] == "de"
    for part in [*shown(["style", "script"]), *shown.body.find_all(attrs={"lang": "en"})]:
        part.decompose()
    texts = [" ".join(t.split()) for t in shown.find_all(string=True) if t.strip()]
    texts += [e["alt"] for e in shown.find_all("img")] + [
        e["aria-label"] for e in shown.find_all(attrs={"aria-label": True})
    ]
    return [t for t in texts if t != "html"]


def english(texts: list[str]) -> list[str]:
    return [t for t in texts if ENGLISH.search(re.sub(rf"{RULES}|/\S+", "", t))]


def without(monkeypatch, words: str) -> None:
    """Take a text out of the German catalogue."""
    known = catalogue("de")
    plain = {k: v for k, v in known.plain.items() if k[1] != words}
    monkeypatch.setattr(speech, "catalogue", lambda language: type(known)("de", plain, known.messages, known.plural))


def test_these_reports_speak_other_languages():
    assert [n for n in books.named() if "language" in books.takes(n)] == ["scorecard", "tables"]


def test_no_english_is_left_in_a_german_page(german: Path):
    texts = visible(german / "index.html")
    shown = BeautifulSoup((german / "index.html").read_text(), "html.parser")
    assert len(texts) > 200
    assert english(texts) == []
    assert shown.h1.get_text().startswith(("NPS: ", "CSAT", "Kasse", "Lieferung", "Beratung", "Zufriedenheit", "Kunde"))
    whole = " ".join(texts)
    assert "Worüber Kunden schreiben" not in whole  # nothing is labelled
    assert "Wo wir stehen" in whole and "Taylor-Linearisierung (Gewicht Gewicht)" in whole
    assert not re.search(
        r"\d\.\d", re.sub(r"cxlab [\w.+-]+|\d{2}\.\d{2}\.\d{4}|\d\.\d{3}\b", "", whole)
    )  # a decimal comma
    assert shown.find("dt", string="Zeilen").find_next("dd").get_text() == "600"


def test_no_english_is_left_in_german_tables(tables: Path):
    texts = visible(tables / "index.html")
    assert len(texts) > 500
    assert english(texts) == []
    whole = " ".join(texts)
    assert "Tabellen nach Quartal, Gebiet, Kunde" in whole and "Gewichtete Basis" in whole and "Zeilen-%" in whole
    assert "Hängen die Antworten von den Spalten ab? Quartal: F(" in whole and "p = 0," in whole
    assert not re.search(r"\d\.\d\d?\b", re.sub(r"cxlab [\w.+-]+|\d{2}\.\d{2}\.\d{4}|\d\.\d{3}\b", "", whole))


def test_no_english_is_left_in_a_german_index(batch: Path):
    from cxlab.report.overview import overview

    texts = visible(overview(batch))
    assert english(texts) == []
    whole = " ".join(texts)
    assert "3 Berichte" in whole and "1 gescheitert" in whole and "Änderungen ist sicher" in whole
    assert "Empfehlung (NPS)" in whole and "200 Zeilen" in whole and re.search(r"\d,\d bis \d", whole)


def test_an_index_of_reports_in_several_languages_is_in_english(batch: Path, tmp_path: Path):
    from cxlab.report.overview import overview

    shutil.copytree(batch, tmp_path / "o")
    (run,) = (tmp_path / "o" / "scorecard").glob("*Nord*/run.json")
    said = json.loads(run.read_text())
    del said["parameters"]["language"]
    run.write_text(json.dumps(said))
    shown = BeautifulSoup(overview(tmp_path / "o").read_text(), "html.parser")
    assert shown.html["lang"] == "en" and shown.h1.get_text() == "Reports" and "3 reports" in shown.get_text()


def test_an_index_that_is_not_whole_is_in_english_and_says_so(batch: Path, tmp_path: Path, monkeypatch):
    from cxlab.report.overview import overview

    shutil.copytree(batch, tmp_path / "o")
    without(monkeypatch, "Search")
    shown = BeautifulSoup(overview(tmp_path / "o").read_text(), "html.parser")
    assert shown.html["lang"] == "en" and "In English: 'de' has not all words of this page." in shown.get_text()
    assert "gescheitert" not in shown.get_text()


def test_no_english_is_left_in_a_german_page_of_differences(batch: Path, tmp_path: Path):
    two = [str(next((batch / "scorecard").glob(f"*{r}*/run.json")).parent) for r in ("Nord", "West")]
    done = CliRunner().invoke(report, ["--diff", *two, "--output", str(tmp_path)])
    assert done.exit_code == 0, done.output
    names = "|".join(re.escape(n) for folder in two for n in (folder, Path(folder).name))
    texts = [re.sub(names, "", t) for t in visible(tmp_path / "differences.html")]
    assert english(texts) == []
    whole = " ".join(texts)
    assert "Zahlen unterscheiden sich sicher" in whole or "Zahlen unterscheidet sich sicher" in whole
    assert "Alle Kennzahlen: Empfehlung | NPS" in whole and " PP" in whole and " %" in whole
    other = CliRunner().invoke(report, ["--diff", *two, "--output", str(tmp_path), "--lang", "en"])
    assert other.exit_code == 0 and 'lang="en"' in (tmp_path / "differences.html").read_text()


def test_a_page_of_differences_that_is_not_whole_is_refused(batch: Path, tmp_path: Path, monkeypatch):
    two = [str(next((batch / "scorecard").glob(f"*{r}*/run.json")).parent) for r in ("Nord", "West")]
    without(monkeypatch, "What differs")
    done = CliRunner().invoke(report, ["--diff", *two, "--output", str(tmp_path)])
    assert isinstance(done.exception, DataProblem) and not (tmp_path / "differences.html").exists()
    assert str(done.exception) == (
        "the page of differences is not whole in the language 'de': 1 texts are missing, first 'What differs'. Make "
        "it in English, or add them to cxlab/languages/de.po"
    )


def test_the_page_of_a_german_report_that_failed_says_so_in_german_and_marks_its_english(batch: Path):
    (file,) = (batch / "scorecard").glob("*.failed/error.html")
    shown = BeautifulSoup(file.read_text(), "html.parser")
    assert shown.html["lang"] == "en"
    assert shown.find(attrs={"lang": "de"}).get_text() == (
        "Dieser Bericht konnte nicht erstellt werden. Der Grund steht hier auf Englisch, für die Auswertung."
    )


@pytest.mark.parametrize("own", ["Speed of crew by day", "Value, by and large", "A; B. C: d",
                                 "Tea is 3 points above milk (1 to 2)", "$25,000 to $50,000", "Share of wallet",
                                 "Change: better in all"])  # fmt: skip
def test_a_label_of_the_study_is_one_part_of_a_sentence_whatever_words_are_in_it(own: str):
    said = {
        "{} by {}": "{} nach {}",
        "Share {}": "Anteil {}",
        "**Real** (Net Promoter Score by {}): {} is 24.1 points above the others together (17.7 to 30.1).":
            "**Sicher** (Net Promoter Score nach {}): {} liegt 24,1 Punkte höher als die übrigen zusammengenommen "
            "(17,7 bis 30,1).",
    }  # fmt: skip
    with speech.speaking("de", [own, "Region", "of", "by"]) as missing:
        for ours, theirs in said.items():
            first = "NPS" if ours.startswith("{}") else own
            assert speech.said(ours.format(first, own)) == theirs.format(first, own)
        assert speech.maybe(own) == own and speech.label(own) == own
    assert not missing


def test_the_words_of_what_is_no_study_are_refused():
    with pytest.raises(DataProblem) as problem:
        cx.pages.speak("de", "brand-tracker")
    assert str(problem.value) == ("study is 'brand-tracker', not a study; open it first: cx.load('brand-tracker')")


def test_the_session_knows_the_labels_of_the_study():
    data = cx.load("brand-tracker")
    book = data.codebook.replace("brand", title="Mean of the day by name")
    try:
        cx.pages.speak("de", replace(data, codebook=book))
        assert speech.said("Net Promoter Score by Mean of the day by name") == (
            "Net Promoter Score nach Mean of the day by name"
        )
    finally:
        cx.pages.speak("en")
    assert speech.own() == ()


@pytest.mark.parametrize(("file", "parts"), [("report.pptx", r"ppt/(slides|notesSlides|charts)/"),
                                             ("report.xlsx", "xl/"), ("report.docx", "word/document.xml")])  # fmt: skip
@pytest.mark.parametrize("kind", ["german", "tables"])
def test_no_english_is_left_in_german_slides_books_and_documents(request, kind: str, file: str, parts: str):
    with zipfile.ZipFile(request.getfixturevalue(kind) / file) as book:
        pages = [book.read(n).decode() for n in book.namelist() if re.match(parts, n) and n.endswith(".xml")]
    texts = [t for p in pages for t in re.findall(r"<(?:a:t|t|w:t|c:v)(?: [^>]*)?>([^<]+)</", p)]
    texts += [t for p in pages for t in re.findall(r'descr="([^"]*)"', p)]
    assert len(texts) > 60
    assert english(texts) == []


def test_numbers_inside_are_the_same_in_every_language(german: Path, survey: Path):
    found = (german / "results.json").read_text()
    study = cx.load(survey)
    assert '"title": "Net Promoter Score' in found and f"{float(cx.nps(study).table['estimate'][0])!r}" in found


def test_a_report_that_speaks_english_only_is_refused():
    with pytest.raises(DataProblem) as problem:
        jobs.in_language(jobs.expand(["drivers"], ["airline-survey"], [{}]), "de")
    assert str(problem.value) == "the report 'drivers' is in English only; in 'de' there is: scorecard, tables"


@pytest.mark.parametrize("language", ["xx", "DE", "../de", ""])
def test_an_unknown_language_is_refused(language: str):
    message = f"language is {language!r}; a report can be in: {', '.join(languages())}"
    for asked in (
        lambda: jobs.in_language(jobs.expand(["scorecard"], ["airline-survey"], [{}]), language),
        lambda: render.prepare("scorecard", "airline-survey", {"language": language}),
        lambda: cx.pages.speak(language),
    ):
        with pytest.raises(DataProblem) as problem:
            asked()
        assert str(problem.value) == message


def test_a_page_that_is_not_whole_is_refused_and_says_what_is_missing(survey: Path, tmp_path: Path, monkeypatch):
    without(monkeypatch, "Weights")
    with Kernels() as kernels, pytest.raises(DataProblem) as problem:
        render.report("scorecard", str(survey), {"language": "de"}, kernels=kernels, output=tmp_path)
    assert str(problem.value) == (
        "the report 'scorecard' is not whole in the language 'de': 1 texts are missing, first 'Weights'. Make it in "
        "English, or add them to cxlab/languages/de.po"
    )
    assert not list(tmp_path.rglob("index.html"))


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_every_message_with_its_gaps(language: str):
    with (FOLDER / "de.po").open("rb") as file:
        wanted = {(m.context, m.id) for m in read_po(file) if m.id}
    with (FOLDER / f"{language}.po").open("rb") as file:
        book = read_po(file, locale=language)
    assert {(m.context, m.id) for m in book if m.id} == wanted
    for message in (m for m in book if m.id):
        forms = message.string if message.pluralizable else (message.string,)
        source = message.id[-1] if message.pluralizable else message.id
        assert len(forms) == (book.num_plurals if message.pluralizable else 1)
        for form in forms:
            assert form and sorted(g[0] for g in GAP.finditer(source)) == sorted({g[0] for g in GAP.finditer(form)})


@pytest.mark.parametrize("label", ["Score", "Real", "**Real** (NPS): x", "A is 3 points above B (1 to 2)", "1,200", "n",
                                   "The <b>rest</b>", "all metrics by x", "$25,000 to $50,000"])  # fmt: skip
def test_what_the_customer_wrote_stays(label: str):
    table = pd.DataFrame({"Gebiet": [label, "B"], "estimate": [0.5, 0.25], "low": [0.4, 0.2], "high": [0.6, 0.3]})
    result = cx.Result("metric", "Net Promoter Score by Gebiet", table, "share", parts={"metric": "nps"})
    with speech.speaking("de") as missing:
        page = BeautifulSoup(result._repr_html_(), "html.parser")
    assert [c.get_text() for c in page.select("tbody th")] == [label, "B"]
    assert not missing


def test_plurals_numbers_and_dates_follow_the_language():
    with speech.speaking("de"):
        assert speech.said("MOVER interval of two score intervals, p from it, 1 comparison").endswith(", 1 Vergleich")
        assert speech.said("t interval and test, 1,200 comparisons") == "t-Intervall und t-Test, 1.200 Vergleiche"
        assert speech.said("−3.2 to 5.1 pp") == "−3,2 bis 5,1\xa0PP"
        assert speech.said("2024-01-08 to 2025-10-28") == "08.01.2024 bis 28.10.2025"


def test_what_a_source_is_called_stays_and_what_is_ours_does_not():
    with speech.speaking("de"):
        assert page.origin(["Source: x of y", "Data and codebook, sha256: no file to hash"]) == [
            "Quelle: x of y", "Daten und Codebuch, sha256: " + speech.said("no file to hash")
        ]  # fmt: skip
        assert speech.said("no file to hash") != "no file to hash"


def test_english_is_left_alone():
    line = "**Real** (NPS by Age): <18> is 24.1 points above the others together (17.7 to 30.1)."
    assert "24.1 points above" in Findings((line,))._repr_html_()
    assert speech.language() == "en"
    with speech.speaking("de"):
        assert (
            "liegt 24,1 Punkte höher als die übrigen zusammengenommen (17,7 bis 30,1)."
            in Findings((line,))._repr_html_()
        )
    assert speech.language() == "en"


@pytest.mark.parametrize(
    ("value", "said"), [("1,800", "1.800"), ("none", "keine"), ("Region 1,800", "Region 1,800"), ("-12.5", "-12,5")]
)
def test_numbers_of_the_head_are_written_as_the_language_writes_them(value: str, said: str):
    with speech.speaking("de"):
        assert page.fact(value, Style()) == said
