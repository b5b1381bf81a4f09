"""A table of events is told by its columns, in the words of several programs and languages; a survey is none."""

from __future__ import annotations

import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.event_columns import ROLES, bare, called_so

LAYOUTS = {
    "xes": ("case:concept:name", "concept:name", "time:timestamp", "org:resource", "case:channel"),
    "disco": ("Case ID", "Activity", "Complete Timestamp", "Resource", "Channel"),
    "helpdesk": ("CaseID", "ActivityID", "CompleteTimestamp", "", ""),
    "celonis": ("CASE_KEY", "ACTIVITY", "EVENTTIME", "", ""),
    "eventdata": ("case_id", "activity", "timestamp", "resource", ""),
    "german": ("Fall-ID", "Aktivität", "Zeitstempel", "Bearbeiter", "Kanal"),
    "spanish": ("ID Caso", "Actividad", "Marca de tiempo", "Recurso", "Canal"),
    "german help desk": ("Vorgangs-Nr", "Prozessschritt", "Datum/Uhrzeit", "Sachbearbeiter", "Kontaktkanal"),
    "french": ("N° de dossier", "Activité", "Horodatage", "Responsable", "Canal"),
    "french tickets": ("ID_Dossier", "Événement", "Date et heure", "Conseiller", "Canal de contact"),
    "spanish tickets": ("Nº de expediente", "Evento", "Fecha y hora", "Responsable", "Dispositivo"),
    "italian": ("ID pratica", "Attività", "Data e ora", "Operatore", "Canale"),
    "portuguese": ("Número do processo", "Atividade", "Carimbo de data/hora", "Responsável", "Canal"),
    "dutch": ("Zaaknummer", "Activiteit", "Tijdstip", "Behandelaar", "Kanaal"),
    "polish": ("Numer zgłoszenia", "Czynność", "Data i godzina", "Pracownik", "Kanał"),
    "russian": ("№ обращения", "Событие", "Дата и время", "Исполнитель", "Канал"),
    "russian log": ("ID заявки", "Действие", "Временная метка", "Ответственный", "Канал связи"),
    "chinese": ("工单编号", "活动名称", "时间戳", "负责人", "渠道"),
    "japanese": ("ケースID", "アクティビティ", "タイムスタンプ", "担当者", "チャネル"),
    "japanese desk": ("問い合わせ番号", "イベント名", "発生日時", "対応者", "チャンネル"),
    "ticket": ("ticket_id", "Step name", "event_time", "assigned to", "device"),
}


def log(names: tuple[str, ...], *, cases: int = 12) -> pd.DataFrame:
    """Three events a case: open, answer, close, an hour each."""
    n = 3 * cases
    hours = pd.Timestamp("2025-03-01 09:00") + pd.to_timedelta(range(n), unit="h")
    values = (
        [f"c{k // 3}" for k in range(n)], ["open", "answer", "close"] * cases, hours.strftime("%Y-%m-%d %H:%M:%S"),
        [f"agent {k % 5}" for k in range(n)], ["mail" if k % 2 else "phone" for k in range(n)],
    )  # fmt: skip
    return pd.DataFrame({name: list(v) for name, v in zip(names, values, strict=True) if name})


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_log_is_known_by_its_columns_in_any_order(tmp_path, layout: str) -> None:
    table = log(LAYOUTS[layout])
    file = tmp_path / "log.csv"
    table[table.columns[::-1]].assign(extra=range(len(table))).to_csv(file, index=False)
    study = cx.load(file)
    for role, name in zip(ROLES, LAYOUTS[layout], strict=True):
        assert study.codebook.role(role) == ((name,) if name else ()), role
    steps = cx.transitions(study).table
    ways = sorted(zip(steps["from"], steps["to"], strict=True))
    assert ways == [("answer", "close"), ("close", "(end)"), ("open", "answer")]
    asked = [d for d in study.doubts if "taken as an event log" in d.question]
    assert len(asked) == (layout != "xes"), "only the names of XES tell for certain"


def test_what_is_no_log_is_none(tmp_path) -> None:
    one = log(LAYOUTS["disco"]).iloc[::3]  # every case once: a table of cases
    dateless = log(LAYOUTS["disco"]).assign(**{"Complete Timestamp": "soon"})
    survey = pd.DataFrame(
        {"id": range(30), "event": ["fair", "show"] * 15, "date": "2025-01-02", "nps": [9, 3, 10] * 10}
    )
    for k, table in enumerate((one, dateless, survey)):
        file = tmp_path / f"t{k}.csv"
        table.to_csv(file, index=False)
        book = cx.load(file).codebook
        assert not book.role("event") and not book.role("case"), k


def test_a_name_means_one_role() -> None:
    """In any language: a word that may be two roles would be guessed, and perhaps wrong."""
    words = [w for role in ROLES for w in called_so(role)]
    assert len(set(words)) == len(words) > 400 and all(bare(w) == w for w in words)


UNKNOWN = {
    "a language that is not known": ("Asia", "Toiminto", "Aikaleima", "Käsittelijä", ""),
    "a case that nothing names": ("Nummer", "Aktivität", "Zeitstempel", "", ""),
    "an event that nothing names": ("ID Caso", "Texto", "Fecha", "", ""),
    "a time that nothing names": ("工单编号", "活动", "备注时", "", ""),
}


@pytest.mark.parametrize("layout", UNKNOWN)
def test_a_log_that_is_not_known_is_asked_for_and_never_guessed(tmp_path, layout: str) -> None:
    file = tmp_path / "log.csv"
    log(UNKNOWN[layout]).to_csv(file, index=False)
    study = cx.load(file)
    assert not any(study.codebook.role(r) for r in ("case", "event", "time"))
    with pytest.raises(cx.DataProblem) as problem:
        cx.journey(study)
    said = str(problem.value)
    assert (
        said.startswith("an event log needs one column of role 'case'") and "study.set('COLUMN', role='case')" in said
    )
    assert all(name in said for name in UNKNOWN[layout] if name), "the columns that there are, to choose from"
    case, event, time = UNKNOWN[layout][:3]
    chosen = study.set(case, role="case").set(event, role="event").set(time, role="time")
    assert cx.transitions(chosen).table["times"].sum() == 36


def test_the_owner_of_an_event_is_no_segment(tmp_path) -> None:
    file = tmp_path / "log.csv"
    log(LAYOUTS["eventdata"]).assign(resource=["Ann Lee", "Bo Ray", "Cy Poe"] * 12).to_csv(file, index=False)
    assert "resource" not in cx.load(file).codebook.role("segment")


def test_what_is_said_to_be_the_event_takes_the_role_from_the_guess(tmp_path) -> None:
    file = tmp_path / "log.csv"
    log(LAYOUTS["disco"]).assign(Team=["a", "b", "c"] * 12).to_csv(file, index=False)
    book = cx.load(file).set("Team", role="owner").set("Channel", role="event").codebook
    assert book.role("owner") == ("Team",) and book.role("event") == ("Channel",)
