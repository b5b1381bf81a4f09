"""Names in greetings and signatures go, and nothing else does."""

from __future__ import annotations

import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.greetings import without_names

HIDDEN = {
    "Hi John, where is it?": "Hi [name], where is it?",
    "hallo Frau Müller, alles gut": "hallo Frau [name], alles gut",
    "Sehr geehrter Herr Dr. Weiß! Danke": "Sehr geehrter Herr [name]! Danke",
    "Es war gut. MfG Peter Maier": "Es war gut. MfG [name]",
    "Gracias, María José": "Gracias, [name]",
    "Cher Monsieur Dupont,\nmerci\nCordialement\nLuc Martin": "Cher Monsieur [name],\nmerci\nCordialement\n[name]",
    "уважаемая Анна Петровна, спасибо. С уважением, Иван": "уважаемая [name], спасибо. С уважением, [name]",
    "Με εκτίμηση, Γιώργος": "Με εκτίμηση, [name]",
    "Olá Maria, tudo certo. Atenciosamente, João Silva": "Olá [name], tudo certo. Atenciosamente, [name]",
    "王先生 很好": "[name]先生 很好",
    "My name is Eva Braun and I waited": "My name is [name] and I waited",
    "The nurse, Mr O'Brien, was kind": "The nurse, Mr [name], was kind",
    "It was very good.\nSusan J. Miller": "It was very good.\n[name]",
    "Too long. - Susan": "Too long. - [name]",
}
KEPT = [
    "Hello there, all good", "Dear Customer Service, hi", "Dear all, x", "Thank you very much",
    "I liked Paris. Rome too",
    "It was good.\nParking", "Going to court.\nFood", "皆さん ありがとう",
    "Waited 20 minutes. Major miss. Bring more staff",
    "Delayed 2 hr. One more hour", "Thanks", "", "👍", "Viele Grüße", "Dear customer", "call a dr. However it came",
]  # fmt: skip


@pytest.mark.parametrize("text", HIDDEN)
def test_a_name_that_greets_or_signs_goes(text: str) -> None:
    assert without_names(text) == HIDDEN[text]
    assert without_names(HIDDEN[text]) == HIDDEN[text]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_name_stays(text: str) -> None:
    assert without_names(text) == text


def test_comments_are_shown_without_them() -> None:
    rows = pd.DataFrame({"comment": [f"Visit {k} was fine. Kind regards, Ottilie Krause" for k in range(12)]})
    study = cx.load(rows).set("comment", role="text")
    found = cx.comments(study, 12)
    assert not found.table["comment"].str.contains("Ottilie|Krause").any()
    assert any("names only in greetings, signatures" in note for note in found.notes)


@pytest.mark.parametrize(
    "evil", ["Dear " + "A" * 50_000, "Mr " * 20_000, "\n\n .," * 20_000, "Thanks " * 20_000, "A b " * 20_000]
)
def test_a_hostile_text_comes_back(evil: str) -> None:
    assert without_names(evil)
