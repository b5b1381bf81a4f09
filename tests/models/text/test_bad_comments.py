"""Comments that a stranger's file may hold: coded, or refused with the reason; one odd cell changes nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.text import languages as told
from cxlab.models.text.label_sheets import shown

N = 120
LATE = np.arange(N) % 3 == 0
KINDS = {
    "half empty": [f"visit {k} was {'late' if x else 'fine'}" if k % 2 else "" for k, x in enumerate(LATE)],
    "Greek": [f"Η εξυπηρέτηση ήταν {'αργή' if x else 'καλή'} στο κατάστημα {k}" for k, x in enumerate(LATE)],
    "right to left": [f"كانت الخدمة {'بطيئة' if x else 'جيدة'} \u202e رقم {k}" for k, x in enumerate(LATE)],
    "emoji": ["👍" * (1 + k % 7) + "😡" * (k % 11) for k in range(N)],
    "HTML": [f"<script>x({k})</script><b>late</b>" if x else f"<a href='http://x.y/{k}'>good</a>"
             for k, x in enumerate(LATE)],
    "formulas": [f'=HYPERLINK("http://e/{k}","late")' if x else f"+1 good @SUM(A{k})" for k, x in enumerate(LATE)],
    "controls": [f"{'late' if x else 'good'} \x00\x07\ufffe {k}" for k, x in enumerate(LATE)],
    "200 kB": ["x y z " * 34_000, *[f"visit {k} was {'late' if x else 'fine'}" for k, x in enumerate(LATE)][1:]],
}  # fmt: skip


def study(texts: list[str]) -> cx.Study:
    return cx.load(pd.DataFrame({"comment": texts})).set("comment", role="text")


def labels(texts: list[str], n: int = 60) -> object:
    rows = pd.DataFrame({"comment": texts, "late": LATE.astype(int)})[[t != "" for t in texts]].head(n)
    return cx.text.read_labels(rows, ["late"], at_random=True)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_coded_and_counted(kind: str) -> None:
    texts = KINDS[kind]
    coded = cx.code(study(texts), ["late"], labels=labels(texts), engine="words")
    row = cx.themes(coded).table.iloc[0]
    wrote = [x for x, t in zip(LATE, texts, strict=True) if t]
    assert row["n"] == len(wrote) and row["low"] < np.mean(wrote) < row["high"] < 0.6
    found = cx.text.text_quality(study(texts)).table.set_index("check")["n"]
    assert found["answered"] == len(wrote)
    expected = {"emoji": ("signs alone", N), "HTML": ("HTML", N), "200 kB": ("very long", 1)}
    if kind in expected:
        check, n = expected[kind]
        assert found[check] == n


def test_copies_of_one_text_are_no_labels() -> None:
    texts = ["late"] * N
    with pytest.raises(cx.DataProblem) as problem:
        cx.code(study(texts), ["late"], labels=labels(texts), engine="words")
    assert str(problem.value) == (
        "the 60 labelled comments in 'comment' are 1 different texts; at least 10 are needed: copies of one text tell "
        "nothing of the others"
    )


def test_numbers_are_no_text_and_not_listed_as_such() -> None:
    wrong = cx.load(pd.DataFrame({"comment": [1.5, 2.5], "said": ["fine", "slow"]})).set("comment", role="text")
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.text_quality(wrong, "comment")
    assert str(problem.value) == "column 'comment' holds Float64, not text (comment); columns of text: none"


def test_a_coder_sees_no_turned_text() -> None:
    assert shown("good \u202eevil\u202c \u2066x\u2069") == "good  evil   x"


@pytest.mark.extra
def test_one_odd_cell_names_no_language_of_the_others() -> None:
    pytest.importorskip("py3langid", reason="needs the extra 'text'")
    plain = [f"visit {k} the wait was {'late and long' if x else 'fine and friendly'}" for k, x in enumerate(LATE)]
    for odd in ("x y z " * 34_000, "x" * 200_000, "Czekaliśmy bardzo długo na stolik i nikt do nas nie podszedł, a "
                "jedzenie było zimne i niesmaczne"):  # fmt: skip
        found = told.languages([odd, *plain[1:]])
        assert set(found[1:]) == {"en"}
    assert told.languages(KINDS["formulas"])[1:] == told.languages(KINDS["formulas"])[:-1]
    assert set(told.languages(["late"] * 30)) == {"und"}, "four letters are in many languages"
    assert set(told.languages(["schlecht", "langsam bedient", "sehr freundlich", "gerne wieder", "zu teuer"])) == {"de"}


@pytest.mark.extra
def test_short_comments_of_several_languages_keep_their_own() -> None:
    """Below 25 letters a comment takes the language of the others only where nearly all are in one."""
    pytest.importorskip("py3langid", reason="needs the extra 'text'")
    german = [f"Das Personal war sehr freundlich und half uns am Tag {k} mit dem Gepäck weiter" for k in range(40)]
    french = [f"Le personnel était très aimable et nous a aidés le jour {k} avec nos bagages" for k in range(40)]
    short = {"Sehr sauberes Zimmer": "de", "Zu laut in der Nacht": "de", "Chambre très propre": "fr", "Trop cher": "fr"}
    assert told.languages([*german, *french, *short])[80:] == list(short.values())
    assert set(told.languages([*german, *short])[:-4]) == {"de"}
