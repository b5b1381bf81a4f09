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
    "I love Paris", "We stayed in the Bay Area", "谢谢你们的服务", "よろしくお願いします。",
    "شكرا لكم على الخدمة", "감사합니다",
    "Un abbraccio", "Viele Grüße aus Berlin und danke für alles", "客房经理很好", "E. coli was found",
    "Waited 20 minutes. Major miss. Bring more staff",
    "Delayed 2 hr. One more hour", "Thanks", "", "👍", "Viele Grüße", "Dear customer", "call a dr. However it came",
]  # fmt: skip


SIGNED = [
    "Dear Mr. Thompson, the room was cold. Kind regards, Sarah Miller",
    "Hi Peter, all fine. Cheers, Tom",
    "Best wishes\nAnna-Lena Brown",
    "Hello Mrs O'Neill, we waited. Yours sincerely\nJ. R. Smith",
    "My name is John Carter and I waited",
    "Sehr geehrte Frau Dr. Müller, es war kalt. Mit freundlichen Grüßen\nHans-Peter Schmidt",
    "Hallo Thomas, danke. Liebe Grüße Sabine",
    "Guten Tag Herr von Weizsäcker, alles gut. Viele Grüße, K. Özdemir",
    "MfG Meier",
    "Mein Name ist Karl Huber",
    "Bonjour Madame Dupont, la chambre était froide. Cordialement, Jean-Luc Martin",
    "Cher Monsieur Lefèvre, merci. Bien à vous, Élodie",
    "Salut Pierre, ça va. Amicalement, Zoé",
    "Je m'appelle Marie Curie",
    "Estimado Sr. García, hacía frío. Atentamente, María José López",
    "Hola Pedro, gracias. Un saludo, Iñaki",
    "Querida Ana: todo bien. Saludos cordiales\nJosé Pérez",
    "Me llamo Juan Gómez",
    "Gentile Signora Rossi, faceva freddo. Cordiali saluti, Marco Bianchi",
    "Ciao Luca, tutto bene. Un abbraccio, Giulia",
    "Mi chiamo Paolo Verdi",
    "Prezado Sr. Silva, estava frio. Atenciosamente, João Pereira",
    "Olá Maria, obrigado. Abraços, Zé",
    "Meu nome é Ana Souza",
    "Geachte heer De Vries, het was koud. Met vriendelijke groet, Jan van Dijk",
    "Hallo Piet, bedankt. Groetjes, Sanne",
    "Mijn naam is Kees Bakker",
    "Szanowny Panie Kowalski, było zimno. Z poważaniem, Anna Nowak",
    "Cześć Piotr, dzięki. Pozdrawiam, Kasia",
    "Nazywam się Jan Wiśniewski",
    "Уважаемая Анна Петровна, было холодно. С уважением, Иван Смирнов",
    "Привет, Маша, спасибо. Всего доброго, Олег",
    "Меня зовут Сергей Иванов",
    "Αγαπητή κυρία Παπαδοπούλου, έκανε κρύο. Με εκτίμηση, Γιώργος Νικολάου",
    "Γεια σου Μαρία, ευχαριστώ. Φιλικά, Νίκος",
    "Με λένε Κώστα Παππά",
    "尊敬的王经理，房间很冷。此致 敬礼 李明",
    "您好，张伟先生，谢谢",
    "田中様、部屋が寒かったです。よろしくお願いします。山本太郎",
    "鈴木さん、ありがとう",
    "Sayın Mehmet Bey, oda soğuktu. Saygılarımla, Ayşe Yılmaz",
    "Merhaba Ali, teşekkürler. Sevgiler, Elif",
    "Adım Can Demir",
    "السيد أحمد المحترم، كانت الغرفة باردة. مع تحياتي، فاطمة علي",
    "Hej Erik, det var kallt. Med vänliga hälsningar, Åsa Lindqvist",
]
"""Greetings and signatures in fifteen languages."""
WHO = (
    "Thompson Sarah Miller Peter Tom Anna Lena O'Neill Smith Carter Müller Hans Schmidt Thomas Sabine "
    "Weizsäcker Özdemir Meier Huber Dupont Martin Lefèvre Élodie Pierre Zoé Curie García María López "
    "Pedro Iñaki Ana José Pérez Gómez Rossi Bianchi Luca Giulia Verdi Silva Pereira Maria Zé Souza Vries "
    "Dijk Piet Sanne Bakker Kowalski Nowak Piotr Kasia Wiśniewski Петровна Смирнов Маша Олег Иванов "
    "Παπαδοπούλου Νικολάου Μαρία Νίκος Παππά 王 李明 张伟 田中 山本 鈴木 Mehmet Yılmaz Ali Elif Demir أحمد فاطمة "
    "Erik Lindqvist "
)


@pytest.mark.parametrize("text", SIGNED)
def test_no_name_is_left_in_greetings_and_signatures_of_fifteen_languages(text: str) -> None:
    assert any(n in text for n in WHO.split(" ") if n)
    assert [n for n in WHO.split(" ") if n and n in without_names(text)] == []


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
