"""No word of a comment, no name and no address is in a result, a message or a kept file: only on coders' sheets."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx

N = 160
WORDS = ("kestrelq", "marbleq", "otterq", "pebbleq")
SECRET = re.compile("|".join([*WORDS, "Zebulon", "Quixote", "zmail", "0170 55"]), re.IGNORECASE)


@pytest.fixture
def survey(tmp_path: Path) -> cx.Study:
    late = np.random.default_rng(0).random(N) < 0.4
    comment = [
        f"Visit {k} {WORDS[k % 4]} {'late and long' if x else 'fine staff'}, z{k}@zmail.org, 0170 55{k:05d}. Regards, "
        "Zebulon Quixote" for k, x in enumerate(late)
    ]  # fmt: skip
    rows = pd.DataFrame({"comment": comment, "shop": np.array(["Alba", "Brio"])[np.arange(N) % 2],
                         "score": np.where(late, 3, 9) - np.arange(N) % 3,
                         "who": [f"Quixote {k % 90}" for k in range(N)]})  # fmt: skip
    rows.to_csv(tmp_path / "survey.csv", index=False)
    return cx.load(tmp_path / "survey.csv").set("comment", role="text").set("score", role="outcome", scale="0-10")


def told(result: cx.Result) -> str:
    """All that a result shows or holds."""
    parts = " ".join(v.to_csv() if isinstance(v, pd.DataFrame) else repr(v) for v in result.parts.values())
    whole = [repr(result), result._repr_html_(), result.table.to_csv(), result.title, result.method, *result.notes]
    return " ".join([*whole, parts])


def test_nothing_of_a_comment_is_in_results_or_files(survey: cx.Study, tmp_path: Path) -> None:
    rows = survey.to_pandas()
    sheet = rows[["comment"]].assign(late=rows["comment"].str.contains("late").astype(int)).iloc[::2]
    labels = cx.text.read_labels(sheet, ["late"], at_random=True)
    coded = cx.code(survey, None, labels=labels)
    results = {
        "quality": cx.text.text_quality(survey), "themes": cx.themes(coded, by="shop"),
        "impact": cx.text.theme_impact(coded, metric="mean"), "reviews": cx.reviews(survey, "score", unit="shop"),
        "hints": cx.text.review_hints(survey, unit="shop", author="who", column="comment"),
    }  # fmt: skip
    for name, result in results.items():
        assert not SECRET.search(told(result)), name
    assert not SECRET.search(repr(coded)) and not SECRET.search(repr(labels.rows["print"].tolist()))
    for file in tmp_path.rglob("*"):
        assert not SECRET.search(file.name)
        if file.is_file() and file.name != "survey.csv":
            assert not SECRET.search(file.read_bytes().decode("latin-1")), file.name


def test_no_message_quotes_a_comment(survey: cx.Study, tmp_path: Path) -> None:
    import openpyxl

    path = cx.text.label_sample(survey, ["late"], n=60, path=tmp_path / "survey.labels.xlsx")
    assert not SECRET.search(path.with_suffix(".key.json").read_text())
    for cell, value in (("B5", "kestrelq changed, Zebulon"), ("C5", "z1@zmail.org"), ("A5", "z1@zmail.org")):
        book = openpyxl.load_workbook(path)
        book["coder 1"][cell] = value
        book.save(tmp_path / "bad.labels.xlsx")
        (tmp_path / "bad.labels.key.json").write_text(path.with_suffix(".key.json").read_text())
        with pytest.raises(cx.DataProblem) as problem:
            cx.text.read_labels(tmp_path / "bad.labels.xlsx")
        assert not SECRET.search(str(problem.value))
