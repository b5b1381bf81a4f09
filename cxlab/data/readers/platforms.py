"""Header rows of survey platforms: recognised from the file, turned into one name a column and what is known of it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cxlab.data.masking import quotable
from cxlab.data.readers import wordings_row

KINDS = {
    "0": "IP address", "1": "Survey Preview", "2": "Survey Test", "4": "Imported", "8": "Spam",
    "9": "Survey Preview, spam", "12": "Imported, spam", "16": "Offline", "17": "Offline Survey Preview",
}  # fmt: skip
"""What Qualtrics' codes of 'Status' mean."""

QUALTRICS = {
    "StartDate": {}, "EndDate": {}, "Status": {"title": "Kind of answer", "labels": KINDS}, "IPAddress": {},
    "Progress": {"unit": "%"},
    "Duration (in seconds)": {"unit": "seconds", "title": "Time taken"}, "Finished": {},
    "RecordedDate": {"role": "date"},
    "ResponseId": {"role": "id"}, "RecipientLastName": {}, "RecipientFirstName": {}, "RecipientEmail": {},
    "ExternalReference": {}, "LocationLatitude": {}, "LocationLongitude": {}, "DistributionChannel": {},
    "UserLanguage": {"role": "segment", "title": "Language"},
}  # fmt: skip
"""Columns that Qualtrics adds to every export."""

IMPORT_IDS = {
    **{n.casefold(): n for n in QUALTRICS}, "duration": "Duration (in seconds)", "_recordid": "ResponseId",
    "externaldatareference": "ExternalReference",
}  # fmt: skip
"""How Qualtrics calls these columns in the row of ImportIds, whatever the language of the headers."""

SURVEYMONKEY = {
    "Respondent ID": ("respondent_id", {"role": "id"}), "Collector ID": ("collector_id", {}),
    "Start Date": ("start_date", {}), "Date Created": ("start_date", {}), "End Date": ("end_date", {"role": "date"}),
    "Date Modified": ("end_date", {"role": "date"}), "IP Address": ("ip_address", {}),
    "Email Address": ("email_address", {}), "First Name": ("first_name", {}), "Last Name": ("last_name", {}),
    "LastName": ("last_name", {}), "FirstName": ("first_name", {}), "Custom Data 1": ("custom_data_1", {}),
    "Custom Data": ("custom_data", {}),
}  # fmt: skip
"""Columns that SurveyMonkey adds, and the names they get."""

LIMESURVEY = {
    "id": {"role": "id"}, "submitdate": {"role": "date"}, "lastpage": {}, "startlanguage": {"role": "segment"},
    "seed": {}, "startdate": {}, "datestamp": {}, "token": {}, "ipaddr": {}, "refurl": {},
    "interviewtime": {"unit": "seconds"},
}  # fmt: skip
"""Columns that LimeSurvey adds."""

TIMESTAMPS = {
    "timestamp", "zeitstempel", "horodateur", "marca temporal", "informazioni cronologiche", "carimbo de data/hora",
    "tijdstempel", "χρονική σήμανση", "отметка времени", "时间戳记", "时间戳", "タイムスタンプ", "sygnatura czasowa",
}  # fmt: skip
"""What Google Forms calls its first column."""

TYPEFORM = {
    "#": {"role": "id"}, "Start Date (UTC)": {}, "Submit Date (UTC)": {"role": "date"}, "Network ID": {}, "Tags": {},
    "Score": {}, "Ending": {}, "Response Type": {}, "Stage Date (UTC)": {}, "Other": {"role": "text"},
}  # fmt: skip
"""Columns that Typeform adds; the options of a question stand in columns of their own, headed by the option."""

ROW = "row"
"""The name of a first column without one: the row numbers that pandas and R write."""


@dataclass(frozen=True)
class Header:
    """One name a column, how many rows of the file are header, and what they told."""

    names: tuple[str, ...]
    rows: int = 1
    platform: str = ""
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    multiple: Mapping[str, Sequence[str]] = field(default_factory=dict)
    as_text: Sequence[str] = ()


def recognise(records: Sequence[Sequence[str]]) -> Header:
    """Return the header of a file from its first records: a platform's, else the first record."""
    first = [v.strip() for v in records[0]]
    second = list(records[1]) if len(records) > 1 else []
    third = list(records[2]) if len(records) > 2 else []
    if _import_ids(third) or _import_ids(second):
        ids = third if _import_ids(third) else second
        return _qualtrics(*_in_english(first, ids), second, 3 if ids is third else 2)
    if {"Respondent ID", "Collector ID"} <= set(first):
        return _surveymonkey(first, second, records[2:])
    codes = {_lime_code(v) for v in first}
    worded = sum(bool(re.match(r"[A-Za-z]\w{1,15}(\[\w+\])?\. \S+ ", v)) for v in first) >= 2
    if {"submitdate", "lastpage"} <= codes or {"id", "startlanguage"} <= codes or "id" in codes and worded:
        return _limesurvey(first)
    if {"#", "Submit Date (UTC)"} <= set(first):
        return _typeform(first)
    if first[0].casefold() in TIMESTAMPS and any(len(v.split()) > 2 for v in first[1:]):
        return _google(first)
    if texts := wordings_row.wordings(first, records[1:]):
        return _worded(first, texts)
    if len(first) > 1 and not first[0] and all(first[1:]) and ROW not in first:
        return Header((ROW, *first[1:]), notes=(f"column 1 has no name (row numbers, it seems); it is called '{ROW}'",))
    return Header(tuple(first))


def _worded(first: list[str], texts: Sequence[str]) -> Header:
    """Names in the first row, the wording of each question in the second."""
    facts = {}
    for name, wording in zip(first, map(clean, texts), strict=True):
        if wording and wording != name:
            facts[name] = {"title": shortened(wording), "question": wording, "why": "the second row"}
    shown = ", ".join(f"'{quotable(v)}'" for v in texts[:3] if v) + (", ..." if len(texts) > 3 else "")
    said = f"the second row holds the wording of the columns and is no answer: {shown}"
    return Header(tuple(first), 2, "", (said,), facts)


def clean(wording: str) -> str:
    """Return the wording of a question without markup and line breaks.

    >>> clean("How <b>satisfied</b> are\\nyou?&nbsp;")
    'How satisfied are you?'
    """
    return " ".join(html.unescape(re.sub(r"<[^>]{1,200}>", " ", wording)).split())


def _import_ids(record: Sequence[str]) -> bool:
    filled = [v for v in record if v.strip()]
    return bool(filled) and all(v.lstrip().startswith("{") and "ImportId" in v for v in filled)


def _in_english(first: list[str], ids: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the names with those of Qualtrics' own columns as it calls them in English, and what is to be said."""
    known, changed = {}, {}
    for k, (name, said) in enumerate(zip(first, ids, strict=False)):
        found = re.search(r'ImportId"?\s*:\s*"(\w+)"', said)
        english = IMPORT_IDS.get(found[1].casefold()) if found else None
        if english and name != english and english not in first and english not in known.values():
            known[k], changed[name] = english, english
    notes = ", ".join(f"'{quotable(a)}' is {b}" for a, b in list(changed.items())[:4]) + ", ..." * (len(changed) > 4)
    said = (f"headers in another language are read by their ImportId: {notes}",) if changed else ()
    return [known.get(k, name) for k, name in enumerate(first)], said


def _qualtrics(first: list[str], notes: Sequence[str], second: list[str], rows: int) -> Header:
    questions = [clean(v) for v in second] if rows == 3 else first
    facts: dict[str, dict[str, Any]] = {}
    for name, question in zip(first, questions, strict=True):
        known = {"role": "", **QUALTRICS[name]} if name in QUALTRICS else _split_question(question)
        facts[name] = {**known, "why": "Qualtrics"}
    stems: dict[str, list[str]] = {}
    for name, question in zip(first, questions, strict=True):
        if (m := re.fullmatch(r"(.+?)_(\d+)", name)) and "Selected Choice" in question:
            stems.setdefault(m[1], []).append(name)
    many = {stem: names for stem, names in stems.items() if len(names) > 1}
    for name in (n for names in many.values() for n in names):
        facts[name]["title"] = facts[name]["question"].rsplit(" - ", 1)[-1]
    said = f"a Qualtrics export: {rows} header rows (names{', question texts' if rows == 3 else ''}, ImportId)"
    return Header(
        tuple(first), rows, "Qualtrics", (said, *notes), facts, many, ("ResponseId", "ExternalReference", "IPAddress")
    )


def _split_question(question: str) -> dict[str, Any]:
    """Return title and question; a matrix question ends in ' - item', which is its title."""
    stem, dash, item = question.rpartition(" - ")
    short = item if dash and stem and len(item) <= 80 and item not in ("Text", "Selected Choice") else ""
    return {"title": short or shortened(question), "question": question}


def shortened(question: str) -> str:
    """Return a question as a title: cut between words where it is long; ``Q1`` would say nothing on a page.

    >>> shortened("Overall, how satisfied or dissatisfied are you with the service of our branch in the last year?")
    'Overall, how satisfied or dissatisfied are you with the service of our branch…'
    """
    if len(question) <= TITLE:
        return question
    return f"{question[:TITLE].rpartition(' ')[0].rstrip(' ,;:') or question[: TITLE - 1]}…"


TITLE = 80
"""Most letters of a title that is made of a question."""


def _surveymonkey(first: list[str], second: Sequence[str], data: Sequence[Sequence[str]]) -> Header:
    """Two header rows: the question stands over its first column only, the options under it."""
    names, facts, at = [], {}, {}
    question, number = "", 0
    for i, (top, sub) in enumerate(zip(first, [clean(v) for v in second], strict=True)):
        if top in SURVEYMONKEY:
            name, known = SURVEYMONKEY[top]
            facts[name] = {"role": "", **known, "title": top, "why": "SurveyMonkey"}
            names.append(name)
            continue
        if top:
            question, number = clean(top), number + 1
        wide = (i + 1 < len(first) and not first[i + 1]) or not top
        name = f"q{number}_{len(at.get(number, [])) + 1}" if wide else f"q{number}"
        at.setdefault(number, []).append(name)
        generic = sub in ("", "Response", "Open-Ended Response")
        title = question if generic else sub
        facts[name] = {
            "title": title[:80],
            "question": question if generic else f"{question} - {sub}",
            "why": "SurveyMonkey",
        }
        if sub == "Open-Ended Response" or sub.startswith("Other ("):
            facts[name]["role"] = "text"
        names.append(name)
    said = "a SurveyMonkey export: two header rows (questions, options); questions are named q1, q2, ... in their order"
    many = _ticked(names, second, at, data)
    return Header(tuple(names), 2, "SurveyMonkey", (said,), facts, many, ("respondent_id", "collector_id"))


def _ticked(
    names: list[str], second: Sequence[str], at: Mapping[int, list[str]], data: Sequence[Sequence[str]]
) -> dict:
    """Return the questions whose cells repeat the option above them: multiple response."""
    place = {n: i for i, n in enumerate(names)}
    many = {}
    for number, columns in at.items():
        options = [n for n in columns if not second[place[n]].startswith("Other (")]
        cells = [
            (second[place[n]].strip(), row[place[n]].strip()) for n in options for row in data if place[n] < len(row)
        ]
        filled = [(option, cell) for option, cell in cells if cell]
        if len(options) > 1 and filled and all(cell in (option, "1") for option, cell in filled):
            many[f"q{number}"] = options
    return many


def _lime_code(header: str) -> str:
    return header.partition(". ")[0].strip()


def _limesurvey(first: list[str]) -> Header:
    """One header row of codes, or of codes and texts: ``Q1[SQ001]. Question? [Item]``."""
    names, facts, stems = [], {}, {}
    for head in first:
        code, _, wording = head.partition(". ")
        m = re.fullmatch(r"([^\[\]]+)\[([^\]]+)\](?:\[(\d+)\])?", code.strip())
        name = "_".join(p for p in m.groups() if p) if m else code.strip()
        item = re.search(r"\[([^\[\]]+)\]\s*$", wording)
        question = clean(wording)
        facts[name] = {
            **LIMESURVEY.get(name, {}),
            "title": (item[1].strip() if item else question)[:80],
            "question": question,
            "why": "LimeSurvey",
        }
        if m and m[2] != "other":
            stems.setdefault(m[1], []).append(name)
        if m and m[2] == "other" or name.endswith("comment"):
            facts[name]["role"] = "text"
        names.append(name)
    said = (
        "a LimeSurvey export: question codes"
        + (" and texts" if any(". " in h for h in first) else "")
        + " in one header row"
    )
    return Header(tuple(names), 1, "LimeSurvey", (said,), facts, {s: n for s, n in stems.items() if len(n) > 1})


def _google(first: list[str]) -> Header:
    """Whole questions as headers; a grid question ends in ``[item]``."""
    names = ["timestamp"]
    facts: dict[str, dict[str, Any]] = {"timestamp": {"role": "date", "title": first[0], "why": "Google Forms"}}
    for i, head in enumerate(first[1:], 1):
        question, item = clean(head), re.search(r"\[([^\[\]]+)\]\s*$", head)
        name = f"q{i}"
        facts[name] = {
            "title": (item[1].strip() if item else question)[:80],
            "question": question,
            "why": "Google Forms",
        }
        names.append(name)
    said = "a Google Forms export: whole questions as column names; they are named q1, q2, ... in their order"
    return Header(tuple(names), 1, "Google Forms", (said,), facts)


def _typeform(first: list[str]) -> Header:
    """One header row: whole questions, and the options of those with several answers."""
    facts: dict[str, dict[str, Any]] = {}
    for name in first:
        if name in TYPEFORM:
            facts[name] = {"role": "", **TYPEFORM[name], "why": "Typeform"}
        elif len(name.split()) > 2:
            facts[name] = {"title": clean(name)[:80], "question": clean(name), "why": "Typeform"}
    return Header(tuple(first), 1, "Typeform", ("a Typeform export: questions and options in one header row",), facts)
