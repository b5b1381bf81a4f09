"""Cleaning comments and articles: the five source articles, then what strangers' files hold."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.text.languages import languages
from cxlab.models.text.text_repairs import mistranslated, repaired, torn
from cxlab.stats.text.foreign_parts import repeated_blocks, splices, without_tags
from cxlab.stats.text.near_copies import near_copies
from cxlab.stats.text.number_claims import stated, value_of

CLAIMS = {
    "000": [("more", 1.9e9, "number", True), ("", 25, "years", True)],
    "001": [("", 73, "%", False), ("", 16, "%", False), ("", 1 / 3, "ratio", False), ("", 36, "%", False),
            ("", 12, "%", False), ("", 10, "years", False), ("", 400, "%", False)],
    "002": [],
    "003": [("more", 80, "%", False), ("", 5e6, "number", True), ("more", 80, "%", True), ("", 5e6, "number", True)],
    "004": [("", 90, "%", False), ("", 135e6, "number", False), ("", 30, "days", True)],
}  # fmt: skip
"""Every number of the articles that is a claim, read by a person; noise stands in a teaser, a block that is there
twice, text put into a word, or a call to the reader."""
LANGUAGE = {"000": "el", "001": "zh", "002": "ru", "003": "ru", "004": "el"}
BLOCKS = {"000": 2, "001": 0, "002": 0, "003": 12, "004": 0}
SPLICE = "сопри Число данных WhatsApp в Израиле: 5 миллионов косновения"


@pytest.fixture
def articles(mirror: Path) -> dict[str, str]:
    found = sorted((mirror.parent / "science" / "articles").glob("00?_*.txt"))
    assert len(found) == 5
    return {p.name[:3]: p.read_text(encoding="utf-8") for p in found}


@pytest.mark.mirror
def test_the_articles_numbers_blocks_and_words(articles: dict[str, str]) -> None:
    wrong = {"001": "残雪", "002": "голосовой связи", "004": "Συνοψίσετε"}
    for name, text in articles.items():
        found = cx.text.numbers_in(text)
        rows = found.table[["bound", "value", "kind"]].itertuples(index=False, name=None)
        assert list(rows) == [(b, pytest.approx(v), k) for b, v, k, _ in CLAIMS[name]], name
        assert found.parts["language"] == LANGUAGE[name]
        assert len(repeated_blocks(text)) == BLOCKS[name], name
        if name in wrong:
            assert wrong[name] in {w["wrong"] for w in mistranslated(text)}
    assert articles["001"].count("残雪") > 20


@pytest.mark.mirror
@pytest.mark.extra
def test_the_articles_noise_and_splices(articles: dict[str, str]) -> None:
    pytest.importorskip("simplemma", reason="needs the extra 'text'")
    for name, text in articles.items():
        assert cx.text.numbers_in(text).table["noise"].tolist() == [n for *_, n in CLAIMS[name]], name
        cut = [text[a:b] for a, b, _ in torn(text, LANGUAGE[name])]
        assert cut == ([SPLICE, SPLICE] if name == "003" else []), name
    mended = repaired(articles["003"], "ru")
    assert "точек соприкосновения с клиентами" in mended and "WhatsApp в Израиле" not in mended
    assert repeated_blocks(mended) == [] and mended.count("Более 80%") == 1


def test_numbers_in_many_languages() -> None:
    said = {
        "Mehr als 1.200 Kunden zahlten 3,50 € in 10 Jahren": [(3.5, "euro"), (10, "years")],
        "über 2 Millionen, also 12,5 Prozent": [(2e6, "number"), (12.5, "%")],
        "1 sur 3 et 40 %": [(1 / 3, "ratio"), (40, "%")],
        "1 из 3 ждали 20 дней": [(1 / 3, "ratio"), (20, "days")],
        "$5 million in 2019-10-12 at 12:30": [(5e6, "number")],
        "1. First 2) second": [],
        "версия 20-го века, 24/7": [],
        "超过3亿人": [(3e8, "number")],
    }
    for text, right in said.items():
        assert [(s.value, s.unit) for s in stated(text)] == [(pytest.approx(v), u) for v, u in right], text
    assert [value_of(t) for t in ("1,234,567", "1.234,5", "0,5", "12")] == [1234567, 1234.5, 0.5, 12]


def test_numbers_need_a_text() -> None:
    with pytest.raises(cx.DataProblem, match=r"^text is empty or no text; give the text of an article$"):
        cx.text.numbers_in("  ")


def test_splices_are_cut_and_nothing_else() -> None:
    words = {"customers", "wait", "for", "the", "people", "here"}
    assert list(splices("the customers wait for the people here", words.__contains__)) == []
    assert [w for *_, w in splices("the custo BUY pills mers wait", words.__contains__)] == ["customers"]
    assert list(splices("custo " + "x1 " * 20 + "mers", words.__contains__)) == [], "too far apart"


def test_near_copies_are_found_and_others_not() -> None:
    texts = [
        "the staff at the desk was friendly and helped us at once",
        "the staff at the desk was friendly and helped us at onc",
        "the room was dirty and the breakfast cold",
        "nothing like it",
        "",
    ]
    assert len(set(near_copies(texts).tolist())) == 4


def comments() -> pd.DataFrame:
    rows = [
        "Good staff", "good staff!!", "N/A", "nothing", "", None, "<p>Slow &amp; rude</p>", "👍👍", "مرحبا خدمة ممتازة",
        "=1+1", "x" * 30_000, "Call +49 170 1234567. Regards, Eva Braun", "Η εξυπηρέτηση ήταν καλή",
        "The line was long at the desk today\nSent from my telephone, sorry for typos", "keine", "无",
    ]  # fmt: skip
    told = rows * 12
    for k in range(12):
        told[13 + 16 * k] = rows[13].replace("today", f"on day {k}")
    return pd.DataFrame({"comment": told, "score": [1, 2, 3, 4] * 48})


def test_quality_counts_what_is_there_and_quotes_nobody() -> None:
    found = cx.text.text_quality(cx.load(comments()).set("comment", role="text"))
    n = found.table.set_index("check")["n"]
    assert n[["answered", "nothing to add", "HTML", "signs alone", "very long"]].tolist() == [168, 48, 12, 12, 12]
    assert n["repeats"] == 120 - 20 and n["personal data"] == 12 and n["shared lines"] == 12
    assert n["language el"] == 12 and n["language und"] == 24
    assert not any("Braun" in str(v) or "Slow" in str(v) for v in found.table.to_numpy().ravel())
    assert type(found.plot()).__name__ == "Axes"


def test_clean_keeps_what_is_said_and_masks_who_said_it() -> None:
    made = cx.text.clean(cx.load(comments()).set("comment", role="text"))
    told = made.to_pandas()["comment_clean"].iloc[:16].tolist()
    none = [k for k, t in enumerate(told) if t is None or t != t]
    assert none == [2, 3, 4, 5, 14, 15]
    assert told[6] == "Slow & rude" and told[7] == "👍👍" and told[9] == "=1+1" and len(told[10]) == 20_000
    assert told[11] == "Call [phone]. Regards, [name]" and told[13] == "The line was long at the desk on day 0"
    assert made.field("comment_clean").role == "text" and "comments changed: HTML" in made.field("comment_clean").note
    assert made.to_pandas()["comment_language"].iloc[12] == "el"
    with pytest.raises(
        cx.DataProblem, match=r" has a column 'comment_clean' already; rename it, or use it: it may be "
    ):
        cx.text.clean(made)


def test_tags_are_text_and_a_comparison_is_none() -> None:
    assert without_tags("5 < 6 and 7 > 2") == "5 < 6 and 7 > 2"
    assert without_tags("<script>x</script>a") == " x a"


@pytest.mark.extra
def test_languages_of_one_script_are_told_apart() -> None:
    pytest.importorskip("py3langid", reason="needs the extra 'text'")
    texts = ["Das Personal war sehr freundlich und hilfsbereit", "Le personnel était très aimable et serviable",
             "El personal fue muy amable y servicial", "Персонал был очень вежливым"]  # fmt: skip
    assert languages(texts) == ["de", "fr", "es", "ru"]
    assert languages([texts[0]] * 5 + ["super"])[-1] == "de", "a short one is in the language of most"
    told = ["O produto chegou antes do prazo combinado e a embalagem estava perfeita, recomendo a loja"] * 20
    assert set(languages([*told, "produto bom, recomendo a todos", "entrega rapida demais otimo"])) == {"pt"}


def test_of_several_columns_of_comments_the_one_in_which_most_is_written_is_read_and_it_is_said() -> None:
    rows = pd.DataFrame(
        {
            "title": [f"Good {k}" for k in range(30)],
            "message": [m for k in range(15) for m in (None, f"It took far too long, {k} days")],
        }
    )
    study = cx.load(rows).set("title", role="text").set("message", role="text")
    said = "comments are those of 'message', in which most is written; column= takes 'title'"
    found = cx.text.text_quality(study)
    assert found.table.set_index("check").loc["answered", "n"] == 15 and said in found.notes
    assert cx.text.text_quality(study, "title").table.set_index("check").loc["answered", "n"] == 30
    assert not any("most is written" in n for n in cx.text.text_quality(study, "title").notes)
    cleaned = cx.text.clean(study)
    assert cleaned.columns[-2:] == ["message_clean", "message_language"]
    assert said in cx.text.text_quality(cleaned).notes, "cleaned comments are no column more"
    read = cx.comments(study, 3)
    assert read.table["comment"].str.startswith("It took").all() and said in read.notes
