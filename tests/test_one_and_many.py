"""Sentences of pages: one of something is one, and what tells the analyst what to do is not on them; all of a kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from babel.messages.pofile import read_po

import cxlab as cx
from cxlab.languages import speech
from cxlab.languages.advice import CODE, for_reader
from cxlab.languages.message_book import FOLDER, GAP
from cxlab.languages.one_and_many import VERBS, agreed

ROOT = Path(cx.__file__).parent
SPEAKING = ("models", "stats", "plots", "hypotheses")
"""The folders whose sentences stand on pages."""
GAPS = re.compile(r"\x00\d+\x00")
COUNTED = re.compile(
    rf"(?:^|: |; )(\x00\d+\x00 (?:of (?:the )?\x00\d+\x00 )?(?:\w+ )?(?:\w+s|series|people) (?:{'|'.join(VERBS)})\b.*)",
    re.S,
)


def sentences(*folders: str) -> Iterator[tuple[str, str]]:
    """Every text in the code that is no docstring and no part of an error: where it stands, gaps as numbers."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield from ((f"{file.relative_to(ROOT)}: {t}", t) for t in texts(ast.parse(file.read_text("utf-8"))))


def texts(node: ast.AST) -> Iterator[str]:
    name = getattr(node, "func", None)
    if isinstance(node, ast.Raise) or getattr(name, "id", getattr(name, "attr", "")) == "DataProblem":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(p.value if isinstance(p, ast.Constant) else f"\0{k}\0" for k, p in enumerate(node.values))
    else:
        docstring = ast.get_docstring(node, clean=False) if isinstance(node, DOCUMENTED) else None
        for child in ast.iter_child_nodes(node):
            said = getattr(getattr(child, "value", None), "value", None) if isinstance(child, ast.Expr) else None
            if not (isinstance(said, str) or (docstring is not None and said == docstring)):
                yield from texts(child)


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


@pytest.mark.parametrize(
    ("several", "single"),
    [
        ("1 of 6 groups have few answers and are not shown", "1 of 6 groups has few answers and is not shown"),
        ("1 rows without 'a', 'b' do not count", "1 row without 'a', 'b' does not count"),
        ("t interval, 1 comparisons", "t interval, 1 comparison"),
        ("1 series have one value throughout", "1 series has one value throughout"),
        ("q: 1 columns of fewer than 10 answers, or that would tell them, are not shown",
         "q: 1 column of fewer than 10 answers, or that would tell them, is not shown"),
        ("1 of the 40 cases of the log do not begin with 'x'", "1 of the 40 cases of the log does not begin with 'x'"),
        ("1 events lie at 1900; 21 events lie at 1901", "1 event lies at 1900; 21 events lie at 1901"),
    ],
)  # fmt: skip
def test_one_is_one(several: str, single: str) -> None:
    assert agreed(several) == single and agreed(single) == single


@pytest.mark.parametrize("text", [
    "11 rows do not count", "2.1 points", "1,1 rows", "answers 1 of 0 to 1", "from 0 to 1 points are", "–1 points",
    "wave 1 groups 3", "101 groups have", "level 1 of 3 (a; b) are",
])  # fmt: skip
def test_other_numbers_are_left_alone(text: str) -> None:
    assert agreed(text) == text


def test_every_sentence_that_begins_with_a_count_knows_one() -> None:
    """A new noun or verb after a count is entered in `one_and_many`, or this fails."""
    counted = {where: text for where, text in sentences(*SPEAKING, "report") if COUNTED.search(text)}
    assert len(counted) > 20
    for where, text in counted.items():
        told = COUNTED.search(text)[1]
        one = GAPS.sub("6", GAPS.sub("1", told, count=1))
        assert agreed(one) != one, where


def test_results_say_it_so() -> None:
    made = cx.Result("metric", "x", pd.DataFrame({"a": [1]}), notes=("1 rows do not count",), method="t, 1 comparisons")
    assert (made.notes, made.method) == (("1 row does not count",), "t, 1 comparison")


NEVER_ONE = {
    "{num} differences; intervals within {said}", "{text} leads {num} brands in {said1}: {said2}",
    "{said1}: {num} values; highest and lowest: {list}.",
    "{said1}: {num1} values; the first {num2}: {list}.",
    "{said1}: {num1} of {num2} changes are real, the largest: {text} {said2}",
    "{said1}: {num1} of {num2} differences are real, the largest: {text} {said2}",
    "the labels were drawn from {num1} comments, here are {num2}: label some of the new",
    "PPI++ ({said}; {num} labels; lambda {text}); interval of Wilson at the size of a simple random sample of the same "
    "error, Student's t", "words and pieces of words (TF-IDF), logistic regression, cross-fitted in {num} folds",
    "{text} beside words and pieces of words (TF-IDF), logistic regression, cross-fitted in {num} folds",
}  # fmt: skip
"""Messages whose count is two or more wherever they are said."""


def test_every_language_has_a_form_for_one() -> None:
    """A message that is another with 1 in it has plural forms, or a message of its own for one."""
    with (FOLDER / "de.po").open("rb") as file:
        book = [m for m in read_po(file, locale="de") if m.id]
    known = {form for m in book for form in ((m.id,) if isinstance(m.id, str) else m.id)}
    single = []
    for message in book:
        text = message.id if isinstance(message.id, str) else message.id[1]
        gap = re.search(r"\{num\d?\}", text)
        if not gap or agreed(one := filled(text, gap)) == one:
            continue
        assert agreed(one) != one
        if not message.pluralizable and not any(
            agreed(one) == filled(k, g) for k in known if (g := re.search(r"\{num\d?\}", k))
        ):
            single.append(text)
    assert set(single) <= NEVER_ONE


def filled(text: str, gap: re.Match) -> str:
    """A message with 1 in its first gap for a number."""
    return GAP.sub(lambda g: "6" if g[1] == "num" else "X", f"{text[: gap.start()]}1{text[gap.end() :]}")


def test_one_and_several_in_german_and_russian() -> None:
    with speech.speaking("de") as missing:
        assert speech.noted(
            agreed("1 of 6 groups have fewer than 10 answers and are not shown (least_n=0 shows them)")
        ) == ("1 von 6 Gruppen hat weniger als 10 Antworten und ist nicht gezeigt")
        assert speech.said("24.1 points") == "24,1 Punkte" and speech.said("1 point") == "1 Punkt"
        assert speech.said("2 of 6 groups have no answers: not estimable").startswith("2 von 6 Gruppen haben")
    assert not missing
    with speech.speaking("ru") as missing:
        assert "21 из 60 групп имеет" in speech.said("21 of 60 groups have fewer than 10 answers and are not shown")
    assert not missing


SQL = re.compile(r"\b(SELECT|CAST|OVER|FROM|AS|FILTER)\b|<\w+")
COLUMN = re.compile(r"\bleast_n\b|\b(p|n)_[a-z]+\b|\btipping_|_(low|high|se)\b")
ANALYST = (
    "models/doubt_panel.py", "models/optional_part.py", "models/metrics/allowed_scales.py", "stats/text/",
    "hypotheses/plan.py", "hypotheses/slots.py", "hypotheses/calibration.py", "hypotheses/claims.py",
    "models/regression/formula.py", "models/price/shown_in_part.py", "stats/counts/fetched.py",
)  # fmt: skip
"""What only stands in files and terminals of the analyst."""


def test_no_note_tells_a_reader_what_to_call() -> None:
    """Code in a sentence stands in an aside or a clause of its own, which pages leave out; names of columns nowhere."""
    read, wrong = 0, []
    for where, text in sentences(*SPEAKING):
        if len(text.split()) > 4 and not where.startswith(ANALYST) and not SQL.search(text):
            read += 1
            shown = for_reader(text)
            wrong += [where] * bool(CODE.search(shown) or COLUMN.search(shown))
    assert wrong == []
    assert read > 500


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("2 of 6 groups are not shown (least_n=0 shows them)", "2 of 6 groups are not shown"),
        ("answers differ; compare with cx.compare(study, 'nps'); they are few", "answers differ; they are few"),
        ("no share. Label more of theirs: cx.text.label_sample(..., by=...)", "no share"),
        ("they are few (most=), or none.", "they are few, or none."),
        ("p = .03, n = 5; a = b", "p = .03, n = 5; a = b"),
        ("only answers with brand = Alba", "only answers with brand = Alba"),
    ],
)
def test_what_tells_the_analyst_is_left_out_on_pages_and_stays_in_the_terminal(note: str, shown: str) -> None:
    made = cx.Result("metric", "x", pd.DataFrame({"a": [1]}), notes=(note,))
    assert note in repr(made) and f"<li>{shown.replace(chr(39), '&#x27;')}</li>" in made._repr_html_()
