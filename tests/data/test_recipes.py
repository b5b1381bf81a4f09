"""Exports that are recognised by their columns and values: a count and a score of each, names left out, traps told."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import sqlite3
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner

import cxlab as cx
from cxlab.cli import cxlab
from cxlab.data import codebook as codebooks
from cxlab.data import recipes
from cxlab.data.damaged_ids import all_damaged
from cxlab.problem import DataProblem

NAME = "Wilhelmina Featherstonehaugh"
"""A person who must stand nowhere."""


def table(text: str) -> list[dict[str, str]]:
    rows = list(csv.reader(io.StringIO(text.strip().replace("@", NAME)), delimiter="|"))
    return [dict(zip([c.strip() for c in rows[0]], [v.strip() for v in r], strict=True)) for r in rows[1:]]


# ruff: noqa: E501
LAYOUTS = {
    "zendesk-view": """
Summation column|Id|Requester|Requester id|Assignee|Group|Subject|Status|Priority|Via|Created at|Solved at|Satisfaction Score|Group stations|Reopens|First reply time in minutes|Requester wait time in minutes
1|901|@|71|@|Billing|Late bill|Solved|High|Email|2024-03-01 10:00|2024-03-02 10:00|Good|3|0|30|90
1|902|@|72|@|Billing|No bill|Closed|Low|Web|2024-03-01 11:00|2024-03-02 12:00|Bad|1|1|40|60
1|903|@|73|@|Tech|Broken|Open|Low|Email|2024-03-02 09:00||Offered|2|0|12|20
1|904|@|74|@|Tech|Slow|Solved|Normal|Email|2024-03-02 10:00|2024-03-03 10:00|Not Offered|1|0|5|10
1|905|@|75|@|Tech|Dead|Solved|Normal|Web|2024-03-03 10:00|2024-03-04 10:00|Good|1|0|8|10
""",
    "zendesk-ratings": """
id|url|ticket_id|score|comment|reason|assignee_id|group_id|requester_id|created_at|updated_at
1|http://a|11|good_with_comment|fine||5|9|71|2024-03-01T10:00:00Z|2024-03-01T10:00:00Z
2|http://a|12|offered|||5|9|72|2024-03-01T11:00:00Z|2024-03-01T10:00:00Z
3|http://a|13|bad|slow|too late|5|9|73|2024-03-01T12:00:00Z|2024-03-01T10:00:00Z
4|http://a|14|unoffered|||6|8|74|2024-03-01T13:00:00Z|2024-03-01T10:00:00Z
""",
    "zendesk": """
field_name|ticket_id|updated|_fivetran_synced|user_id|value
status|1|2024-01-01 10:00:00|2024-02-01 00:00:00|5|new
group_id|1|2024-01-01 10:00:00|2024-02-01 00:00:00|5|77
assignee_id|1|2024-01-01 11:00:00|2024-02-01 00:00:00|5|31
status|1|2024-01-02 10:00:00|2024-02-01 00:00:00|5|solved
satisfaction_score|1|2024-01-02 11:00:00|2024-02-01 00:00:00|5|offered
satisfaction_score|1|2024-01-03 11:00:00|2024-02-01 00:00:00|5|good
group_id|1|2024-01-04 11:00:00|2024-02-01 00:00:00|5|88
status|2|2024-01-01 12:00:00|2024-02-01 00:00:00|5|open
satisfaction_score|2|2024-01-02 12:00:00|2024-02-01 00:00:00|5|offered
""",
    "zendesk-tickets": """
id|_fivetran_synced|assignee_id|created_at|group_id|priority|requester_id|status|subject|submitter_id|updated_at|via_channel|recipient
1|2024-02-01 00:00:00|5|2024-01-01 10:00:00|7|high|71|solved|help|71|2024-01-02 10:00:00|web|@
2|2024-02-01 00:00:00|5|2024-01-02 10:00:00|7|low|72|deleted|help|72|2024-01-03 10:00:00|email|@
3|2024-02-01 00:00:00|6|2024-01-03 10:00:00|8|low|73|open|help|73|2024-01-04 10:00:00|web|@
""",
    "intercom": """
id|updated_at|assignee_id|conversation_rating_remark|conversation_rating_value|created_at|first_contact_reply_created_at|state|source_type|source_body|_fivetran_active
1|2024-01-01 10:30:00|5||4|2024-01-01 10:00:00|2024-01-01 10:30:00|open|conversation|@|false
1|2024-01-01 11:30:00|5|thanks|4|2024-01-01 10:00:00|2024-01-01 10:30:00|closed|conversation|@|true
2|2024-01-01 11:30:00|5|awful|1|2024-01-01 10:00:00|2024-01-01 11:00:00|closed|conversation|@|true
3|2024-01-01 11:30:00|5|||2024-01-01 10:00:00||closed|conversation|@|true
""",
    "intercom-parts": """
id|conversation_id|part_type|created_at|author_type|author_id|body|assigned_to_id|assigned_to_type|_fivetran_active
1|9|comment|2024-01-01 10:00:00|user|55|@|||true
2|9|assignment|2024-01-01 10:05:00|bot|56|@|7|admin|true
3|9|close|2024-01-01 11:00:00|admin|57|@|||true
""",
    "hubspot": """
_fivetran_synced|ticket_id|name|source|source_id|timestamp_instant|value
2024-02-01 00:00:00|1|hs_pipeline_stage|CRM|@|2024-01-01 10:00:00|1
2024-02-01 00:00:00|1|hubspot_owner_id|CRM|@|2024-01-01 10:10:00|444
2024-02-01 00:00:00|1|hs_pipeline_stage|CRM|@|2024-01-01 11:00:00|4
2024-02-01 00:00:00|1|subject|CRM|@|2024-01-01 11:00:00|text
""",
    "hubspot-feedback": """
hs_object_id|hs_survey_type|hs_value|hs_content|hs_survey_channel|hs_createdate|hs_contact_firstname
1|NPS|9|good|EMAIL|2024-01-01 10:00:00|@
2|NPS|3|bad|EMAIL|2024-01-01 11:00:00|@
3|CSAT|2|ok|WEB|2024-01-01 12:00:00|@
""",
    "medallia": """
request_id|request_sent_at|request_delivery_status|response_received_at|star_rating|comments|channel|customer_name|employee_first_name|employee_id
1|2024-01-01 10:00:00|Sent|2024-01-01 12:00:00|5|great|chat|@|@|7
2|2024-01-01 10:00:00|Sent||||chat|@|@|7
3|2024-01-01 10:00:00|Not sent: suppression period||||chat|@|@|7
4|2024-01-01 10:00:00|Delivered|2024-01-01 13:00:00|2|meh|phone|@|@|8
""",
    "delighted": """
id|person|person_email|survey_type|score|comment|created_at|tags
1|@|w@example.com|nps|10|great|1709287200|a
2|@|w@example.com|nps|2|bad|1709287300|b
3|@|w@example.com|nps|8||1709287400|
""",
    "wootric": """
id|score|text|completed|excluded_from_calculations|created_at|end_user_id|end_user_email
1|10|great|true|false|2018-03-28 15:06:20 -0700|5|@
2|0|bad|true|false|2018-03-28 15:06:20 -0700|6|@
3|10|me again|true|true|2018-03-28 15:06:20 -0700|6|@
""",
    "helpscout": """
name|value|category|comment|timestamp|customer_name
Happy|😀||Just great|2024-09-05T13:43:12Z|@
Sad|🙁||Too slow|2024-09-05T14:43:12Z|@
Happy|😀|||2024-09-06T13:43:12Z|@
""",
    "google-play": """
Package Name|App Version Code|Reviewer Language|Device|Review Submit Date and Time|Star Rating|Review Title|Review Text|Developer Reply Date and Time|Developer Reply Text|Review Link
com.brand.app|101|en|pixel|2024-01-01T10:00:00Z|5|Nice|Works|||http://x
com.brand.app|101|de|galaxy|2024-01-02T10:00:00Z|1||Geht nicht|2024-01-02T22:00:00Z|Sorry|http://x
com.brand.app|102|de|galaxy|2024-01-03T10:00:00Z|4||Geht|||http://x
""",
    "ga4": """
name|timestamp|user_pseudo_id|param_ga_session_id|device_category|user_id
page_view|1709287200000000|u1|1709287200|mobile|@
purchase|1709287260000000|u1|1709287200|mobile|@
page_view|1709287300000000|u2|1709287300|desktop|@
""",
    "salesforce": """
Id|CaseId|Field|OldValue|NewValue|CreatedDate|CreatedBy.Name
1|500A000000abcde|created|||2024-01-01T10:00:00.000+0000|@
2|500A000000abcde|Status|New|Working|2024-01-01T11:00:00.000+0000|@
3|500A000000abcde|Owner|Queue|@|2024-01-01T12:00:00.000+0000|@
4|500A000000abcde|Status|Working|Closed|2024-01-02T11:00:00.000+0000|@
""",
    "freshdesk": """
Ticket ID|Subject|Status|Priority|Source|Type|Agent|Group|Created time|Resolved time|First response time (in hrs)|Survey results|Full name|Email|Contact ID
1|help|Closed|High|Email|Question|@|Billing|2024-01-01 10:00:00|2024-01-02 10:00:00|1.5|Extremely satisfied|@|w@example.com|61
2|help|Open|Low|Phone|Problem|@|Billing|2024-01-01 11:00:00||2|Extremely dissatisfied|@|w@example.com|62
3|help|Resolved|Low|Portal|Problem|@|Tech|2024-01-01 12:00:00|2024-01-02 11:00:00|0.5||@|w@example.com|63
""",
    "touchpoints-gov": """
external_id|question_1|positive_effectiveness|positive_ease|negative_effectiveness|negative_ease|question_4|created_at|ip_address
a1|1|1|0|||fine|2024-01-01 10:00:00|@
a2|0|||1|0|bad|2024-01-01 11:00:00|@
a3|1|0|1||||2024-01-01 12:00:00|@
a4|1|0|1||||2024-01-01 12:00:00|@
""",
    "reviews": """
id|title|text|rating|language|date|reply|author
1|Great|All good|5|en|2024-01-01T10:00:00Z|Thanks|@
2|Bad|All bad|1|en|2024-01-02T10:00:00Z||@
3|So so|Well|3|de|2024-01-03T10:00:00Z||@
""",
}  # fmt: skip

ROWS = {
    "zendesk-view": (5, "satisfaction", 2 / 3), "zendesk-ratings": (4, "satisfaction", 1 / 2),
    "zendesk": (9, "satisfaction", 1.0), "zendesk-tickets": (2, "", 0), "intercom": (3, "satisfaction", 2.5),
    "intercom-parts": (3, "", 0), "hubspot": (4, "", 0), "hubspot-feedback": (3, "recommendation", 6.0),
    "medallia": (4, "satisfaction", 3.5), "delighted": (3, "recommendation", 20 / 3),
    "wootric": (2, "recommendation", 5.0), "helpscout": (3, "satisfaction", 7 / 3),
    "google-play": (3, "satisfaction", 10 / 3), "ga4": (3, "", 0), "salesforce": (4, "", 0),
    "freshdesk": (3, "satisfaction", 4.0), "touchpoints-gov": (4, "satisfaction", 4.0), "reviews": (3, "satisfaction", 3.0),
}  # fmt: skip
"""Rows, the outcome and the mean of its answers, by hand."""


def write(path: Path, rows: list[dict[str, str]], *, seed: int | None = None, encoding: str = "utf-8") -> Path:
    """Write rows as CSV; with a seed the columns are shuffled and one of the user's own is added."""
    names = list(rows[0])
    if seed is not None:
        rows = [{**r, "Region [list]": ("North", "South")[i % 2]} for i, r in enumerate(rows)]
        names = [*names, "Region [list]"]
        random.Random(seed).shuffle(names)
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.DictWriter(file, names)
        out.writeheader()
        out.writerows(rows)
    return path


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("name", list(LAYOUTS))
def test_a_layout_is_recognised_without_a_word(name, seed, tmp_path):
    encoding = "utf-16" if name == "google-play" else "utf-8"
    study = cx.load(write(tmp_path / "export.csv", table(LAYOUTS[name]), seed=seed, encoding=encoding))
    assert study.codebook.recipe == name
    rows, outcome, mean = ROWS[name]
    frame = study.frame.lazy().collect().to_pandas()
    assert len(frame) == rows
    if outcome:
        assert frame[outcome].mean() == pytest.approx(mean)
        assert outcome in study.codebook.role("outcome")
    if seed is not None and recipes.recipe(name).query == "":
        assert set(frame["Region [list]"]) <= {"North", "South"}
    assert "Wilhelmina" not in frame.to_csv()


WRITTEN = {
    "byte order mark, semicolons, a column more": ("utf-8-sig", ";", str, True),
    "UTF-16 with tabs, capitals": ("utf-16", "\t", lambda c: c.upper().replace(" ", "_"), False),
    "blanks around names, lower case": ("utf-8", ",", lambda c: f"\u00a0{c.lower()} ", True),
}


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("name", list(LAYOUTS))
def test_a_layout_is_recognised_however_it_is_written(name, way, tmp_path):
    encoding, mark, called, more = WRITTEN[way]
    rows = table(LAYOUTS[name])
    with (tmp_path / "export.csv").open("w", encoding=encoding, newline="") as file:
        out = csv.writer(file, delimiter=mark)
        out.writerow([*map(called, rows[0]), *(["Notes (internal)"] * more)])
        out.writerows([*r.values(), *([f'note {k}\r\n"two" lines; {k}'] * more)] for k, r in enumerate(rows))
    study = cx.load(tmp_path / "export.csv")
    frame = study.frame.lazy().collect().to_pandas()
    assert (study.codebook.recipe, len(frame)) == (name, ROWS[name][0])
    if ROWS[name][1]:
        assert frame[ROWS[name][1]].mean() == pytest.approx(ROWS[name][2])
    assert "Wilhelmina" not in frame.to_csv()


@pytest.mark.parametrize("column", ["CreatedBy.Name", "person", "Assigned to", "opened_by", "Owner Name"])
def test_a_column_called_like_people_is_nobodys_group(column, tmp_path):
    people = ["Wilhelmina Featherstonehaugh", "Karl-Heinz Müller", "Ana López"]
    rows = [{"score": str(k % 5 + 1), column: people[k % 3], "plan": "ab"[k % 2]} for k in range(60)]
    book = cx.load(write(tmp_path / "t.csv", rows)).codebook
    assert {f.role for f in book.fields if f.label == column or f.name.startswith(column[:6])} <= {"", "owner"}
    assert "plan" in book.role("segment")


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_a_layout_without_what_it_may_lack_is_the_same(name, tmp_path):
    """Columns that the layout does not need are taken away all at once: rows and answers stay."""
    rows = table(LAYOUTS[name])
    signatures = list(recipes.recipe(name).tables.values())
    needed = {recipes.bare(c) for s in signatures for c in (*s.needs, *s.values)}
    outcome = ROWS[name][1]
    made = recipes.recipe(name)
    needed |= {recipes.bare(c) for f in made.fields if f.name == outcome for c in made.sources[f.name]}
    lean = [{c: v for c, v in r.items() if recipes.bare(c) in needed} for r in rows]
    study = cx.load(write(tmp_path / "lean.csv", lean))
    assert study.codebook.recipe == name
    frame = study.frame.lazy().collect().to_pandas()
    if not made.where:
        assert len(frame) == ROWS[name][0]
    if outcome and not made.where:
        assert frame[outcome].mean() == pytest.approx(ROWS[name][2])


def test_a_layout_in_another_language_is_not_taken_for_one_and_names_nobody(tmp_path):
    """A header in German is no layout that is known; the persons in it are still nobody's group."""
    german = {"Requester": "Anfragender", "Assignee": "Bearbeiter", "Created at": "Erstellt am", "Status": "Status"}
    rows = [{german.get(c, c): v for c, v in r.items()} for r in table(LAYOUTS["zendesk-view"])] * 8
    book = cx.load(write(tmp_path / "tickets.csv", rows)).codebook
    assert not book.recipe
    assert not {"Anfragender", "Bearbeiter"} & {*book.role("segment"), *book.role("brand"), *book.role("id")}


def test_what_is_nearly_a_layout_is_said(tmp_path):
    """Half of the headers in German, or the score alone: no half recognition without a word; others hear nothing."""
    rows = table(LAYOUTS["freshdesk"])
    german = {"Ticket ID": "Ticket-Nr.", "Subject": "Betreff", "Created time": "Erstellt"}
    half = cx.load(write(tmp_path / "half.csv", [{german.get(c, c): v for c, v in r.items()} for r in rows * 8]))
    said = "close to Freshdesk, export of tickets (CSV), and not read as such: there is no Ticket ID, no Subject, no Created time."
    assert half.codebook.recipe == "" and any(n.startswith(said) for n in half.codebook.notes)
    moved = [{{"Survey results": "Umfrageergebnis"}.get(c, c): v for c, v in r.items()} for r in rows * 8]
    found = cx.load(write(tmp_path / "score.csv", moved)).codebook
    assert found.recipe == "freshdesk"
    assert (
        "this export has no Satisfaction (Survey results): where it stands under another header, rename that"
        in found.notes
    )
    whole = cx.load(write(tmp_path / "whole.csv", rows)).codebook.notes
    assert not any("this export has no" in n or "close to" in n for n in whole)
    other = [{"Status": "open", "Subject": "x", "Group": f"g{i % 3}", "score": str(i % 5 + 1)} for i in range(30)]
    assert not any("close to" in n for n in cx.load(write(tmp_path / "other.csv", other)).codebook.notes)


def test_headers_of_qualtrics_in_another_language_are_read_by_their_import_ids(tmp_path):
    """The ids are those of public exports; a preview is left out whatever its header is called."""
    ids = ["startDate", "status", "progress", "finished", "_recordId", "QID1"]
    heads = ["Startdatum", "Antworttyp", "Fortschritt", "Abgeschlossen", "Antwort-ID", "Q1"]
    quoted = ",".join('"{""ImportId"":""' + i + '""}"' for i in ids)
    lines = [f"2025-01-{i % 28 + 1:02d},{int(i < 2)},100,1,R_{i:05d},{i % 5 + 1}" for i in range(40)]
    texts = [*heads[:-1], "Wie zufrieden sind Sie insgesamt?"]
    english = ["StartDate", "Status", "Progress", "Finished", "ResponseId", "Q1"]
    for name, first in (("de", heads), ("en", english)):
        (tmp_path / f"{name}.csv").write_text("\n".join([",".join(first), ",".join(texts), quoted, *lines]) + "\n")
    german, plain = (cx.load(tmp_path / f"{n}.csv") for n in ("de", "en"))
    assert german.columns == plain.columns and len(german) == len(plain)
    assert [(f.name, f.role, f.scale) for f in german.codebook] == [(f.name, f.role, f.scale) for f in plain.codebook]
    said = "headers in another language are read by their ImportId: 'Startdatum' is StartDate, 'Antworttyp' is Status, "
    assert any(n.startswith(said) for n in german.codebook.notes)
    assert not any("in another language" in n for n in plain.codebook.notes)


def test_the_same_columns_with_other_values_are_no_such_export(tmp_path):
    for name, text in LAYOUTS.items():
        rows = [dict.fromkeys(r, f"word{i}") for i, r in enumerate(table(text) * 3)]
        study = cx.load(write(tmp_path / f"{name}.csv", rows))
        assert study.codebook.recipe == "", name


def test_a_name_alone_tells_nothing(tmp_path):
    rows = [{"Requester": f"team {i % 3}", "Status": "open", "score": str(i % 5 + 1)} for i in range(30)]
    assert cx.load(write(tmp_path / "zendesk.csv", rows)).codebook.recipe == ""


def test_offered_is_asked_and_not_answered(tmp_path):
    study = cx.load(write(tmp_path / "z.csv", table(LAYOUTS["zendesk-view"])))
    answered = cx.share(study, "answered", value=1, least_n=0).table.iloc[0]
    assert answered["n"] == 4 and answered["estimate"] == 0.75  # three of four who were asked; one was not asked
    assert cx.csat(study, least_n=0).table["n"].iloc[0] == 3
    assert study.codebook["satisfaction"].missing == {"-1": "asked, no answer", "-2": "not asked"}
    assert study.frame.lazy().collect().to_pandas()["handoffs"].tolist() == [2, 0, 1, 0, 0]


def test_the_owner_is_who_had_the_ticket_then(tmp_path):
    study = cx.load(write(tmp_path / "h.csv", table(LAYOUTS["zendesk"])))
    frame = study.frame.lazy().collect().to_pandas().query("ticket == '1'").sort_values("time", kind="stable")
    rated = frame[frame["event"] == "rated"].iloc[0]
    assert rated["owner"] == "group 77" and rated["satisfaction"] == 1  # not group 88, which came later
    assert (
        cx.share(study, "answered", value=1, least_n=0).table["estimate"].iloc[0] == 0.5
    )  # two tickets asked, one answered


def test_what_a_platform_leaves_out_is_counted(tmp_path):
    wootric = cx.load(write(tmp_path / "w.csv", table(LAYOUTS["wootric"])))
    assert wootric.caveats == ("1 rows left out: 'excluded' says excluded from calculations",)
    intercom = cx.load(write(tmp_path / "i.csv", table(LAYOUTS["intercom"])))
    said = "1 of 4 rows are earlier states of a conversation (_fivetran_active) and left out"
    assert said in intercom.codebook.notes


def test_ids_that_a_spreadsheet_rounded_are_told(tmp_path):
    rows = [{**r, "Requester id": "1.03006E+13"} for r in table(LAYOUTS["zendesk-view"])]
    study = cx.load(path := write(tmp_path / "z.csv", rows))
    said = (
        "damaged by a spreadsheet: 5 of 5 ids in 'Requester id' are rounded as 1.03006E+13, 1 different ones are left; "
        "they tell nobody apart. Export again and do not save the file in a spreadsheet, or keep the column as text there"
    )
    assert [d.question for d in study.doubts if d.column == "customer"] == [said]
    assert study.codebook["customer"].role == ""
    told = CliRunner().invoke(cxlab, ["doctor", str(path)]).output
    assert "damaged by a spreadsheet" in " ".join(told.split())
    plain = [{"customer_id": f"{1.2e12 + (i % 3) * 1e10:.5E}", "score": i % 5 + 1} for i in range(20)]
    other = cx.load(write(tmp_path / "plain.csv", plain))
    assert other.codebook["customer_id"].role == ""
    assert any(d.question.startswith("damaged by a spreadsheet: 20 of 20") for d in other.doubts)


def test_long_ids_that_are_whole_are_ids(tmp_path):
    rows = [{"customer_id": 370295712714 + 13 * i, "score": i % 5 + 1} for i in range(20)]
    study = cx.load(write(tmp_path / "a.csv", rows))
    assert study.codebook["customer_id"].role == "id" and not any("damaged" in d.question for d in study.doubts)


REVIEWS = {
    "reviews": [
        {"reviewer": {"displayName": NAME}, "starRating": "FIVE", "createTime": "2024-01-01T10:00:00Z",
         "comment": "(Translated by Google) Good\n\n(Original)\nGut", "name": "accounts/1/locations/22/reviews/a",
         "reviewReply": {"comment": "Thanks", "updateTime": "2024-01-01T16:00:00Z"}},
        {"reviewer": {"displayName": NAME}, "starRating": "TWO", "createTime": "2024-01-02T10:00:00.123Z",
         "comment": "Schlecht\n\n(Translated by Google)\nBad", "name": "accounts/1/locations/23/reviews/b"},
    ],
    "nextPageToken": "x",
}  # fmt: skip


def test_nested_json_is_unnested(tmp_path):
    path = tmp_path / "reviews.json"
    path.write_text(json.dumps(REVIEWS), encoding="utf-8")
    study = cx.load(path)
    frame = study.frame.lazy().collect().to_pandas()
    assert study.codebook.recipe == "google-business"
    assert frame["satisfaction"].tolist() == [5, 2] and frame["comment"].tolist() == ["Gut", "Schlecht"]
    assert frame["reply_hours"].iloc[0] == 6 and frame["replied"].tolist() == [1, 0]
    assert frame["location"].tolist() == ["22", "23"] and NAME not in frame.to_string()
    assert "beside the list, and left out: nextPageToken" in study.codebook.notes
    lines = tmp_path / "reviews.ndjson"
    lines.write_text("\n".join(json.dumps(r) for r in REVIEWS["reviews"]), encoding="utf-8")
    assert cx.load(lines).frame.lazy().collect().to_pandas()["satisfaction"].tolist() == [5, 2]


def test_objects_that_no_recipe_knows_become_columns(tmp_path):
    rows = [
        {"id": i, "nps": i % 11, "who": {"plan": "ab"[i % 2], "deep": {"x": i}}, "tags": ["a", "b"]} for i in range(44)
    ]
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    study = cx.load(path)
    assert {"who_plan", "who_deep_x", "nps"} <= set(study.columns)
    assert cx.nps(study).table["n"].iloc[0] == 44


def landed(path: Path) -> Path:
    """Tables as a connector lands them, with a table that has nothing to do with it."""
    with duckdb.connect(str(path)) as con:
        for name in ("zendesk", "zendesk-tickets"):
            write(path.parent / "t.csv", table(LAYOUTS[name]))
            to = {"zendesk": "ticket_field_history", "zendesk-tickets": "ticket"}[name]
            con.execute(f"create schema if not exists zd; create table zd.{to} as from '{path.parent / 't.csv'}'")
        con.execute("create table other as select 1 as a")
    return path


def test_landed_tables_of_a_database(tmp_path):
    url = f"duckdb:///{landed(tmp_path / 'landed.duckdb')}"
    for study in (cx.load(url, recipe="zendesk"), cx.load(url), cx.load(f"{url}#recipe=zendesk")):
        frame = study.frame.lazy().collect().to_pandas()
        assert study.codebook.recipe == "zendesk" and len(frame) == 9
        assert set(frame["channel"].dropna()) == {"web", "email"}  # of the table of tickets
        assert study.codebook.role("case") == ("ticket",)
    with pytest.raises(DataProblem, match=r"^recipe 'medallia' .* needs columns that are not there: request_id, .*"):
        cx.load(url, recipe="medallia")
    with pytest.raises(DataProblem, match=r"^recipe is 'zendsk'; .*zendesk"):
        cx.load(url, recipe="zendsk")
    assert cx.load(url, recipe="none").columns == ["a"]  # the only table outside the schema


def test_landed_tables_of_sqlite_and_of_a_folder(tmp_path):
    con = sqlite3.connect(tmp_path / "l.sqlite")
    rows = table(LAYOUTS["zendesk"])
    con.execute(f"create table ticket_field_history ({', '.join(rows[0])})")
    con.executemany(
        f"insert into ticket_field_history values ({', '.join('?' * len(rows[0]))})", [tuple(r.values()) for r in rows]
    )
    con.execute("create table other (a)")
    con.commit()
    con.close()
    assert len(cx.load(f"sqlite:///{tmp_path / 'l.sqlite'}", recipe="zendesk")) == 9
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder / "ticket_field_history.csv", rows)
    write(folder / "ticket.csv", table(LAYOUTS["zendesk-tickets"]))
    assert cx.load(folder).codebook.recipe == "zendesk"
    with pytest.raises(DataProblem, match="is a folder; give one file of it: ticket.csv, ticket_field_history.csv"):
        cx.load(folder, recipe="none")


def test_a_table_in_memory_is_recognised_too():
    import pandas as pd

    study = cx.load(pd.DataFrame(table(LAYOUTS["delighted"])))
    assert (
        study.codebook.recipe == "delighted" and study.frame.lazy().collect().to_pandas()["recommendation"].sum() == 20
    )


QUALTRICS = {
    "survey_response": """
id|survey_id|finished|progress|recorded_date|distribution_channel|status|user_language|recipient_first_name
R_1|SV_1|1|100|2024-01-01 10:00:00|email|0|EN|@
R_2|SV_1|1|100|2024-01-02 10:00:00|email|0|EN|@
R_3|SV_1|1|100|2024-01-03 10:00:00|email|1|EN|@
""",
    "question_response": """
response_id|question_id|question|sub_question_text|value|text
R_1|QID1|How likely||10|
R_2|QID1|How likely||3|
R_3|QID1|How likely||3|
R_1|QID2|Which|Shop|1|
R_2|QID2|Which|Shop|2|
R_3|QID2|Which|Shop|2|
""",
    "question_option": """
key|question_id|survey_id|recode_value|text
1|QID2|SV_1|1|Bad
2|QID2|SV_1|2|Good
""",
    "distribution_contact": """
contact_id|distribution_id|sent_at|opened_at|response_completed_at|status
CID_1|EMD_1|2024-01-01 10:00:00||2024-01-01 11:00:00|Finished
CID_2|EMD_1|2024-01-01 10:00:00|||Opened
CID_3|EMD_1|2024-01-01 10:00:00|||HardBounce
CID_4|EMD_1|2024-01-01 10:00:00|||Sent
""",
}  # fmt: skip


def test_landed_tables_of_qualtrics_become_wide(tmp_path):
    for name, text in QUALTRICS.items():
        write(tmp_path / f"{name}.csv", table(text))
    frame = cx.load(tmp_path, recipe="qualtrics").frame.lazy().collect().to_pandas()
    assert frame["response"].tolist() == ["R_1", "R_2"]  # the third is a preview
    assert frame["How likely"].astype(int).tolist() == [10, 3] and frame["Which - Shop"].tolist() == ["Bad", "Good"]
    asked = cx.load(tmp_path, recipe="qualtrics-contacts")
    row = cx.share(asked, "answered", value=1, least_n=0).table.iloc[0]
    assert row["n"] == 3 and row["estimate"] == pytest.approx(1 / 3)  # one of those that arrived


def test_a_codebook_that_a_recipe_drafted_reads_the_export_again(tmp_path):
    path = write(tmp_path / "z.csv", table(LAYOUTS["zendesk-view"]))
    first = cx.load(path)
    (tmp_path / "z.datapackage.json").write_text(json.dumps(codebooks.write(first.codebook, "z.csv")))
    again = cx.load(path)
    assert again.columns == first.columns and again.codebook.recipe == "zendesk-view"
    assert cx.csat(again, least_n=0).table.equals(cx.csat(first, least_n=0).table)
    own = codebooks.Codebook("z", (codebooks.Field("Id", role="id", type="integer"),))
    assert "Requester" in cx.load(path, codebook=own).columns  # a codebook of the raw columns has the last word


def test_an_export_without_a_row_of_its_kind_is_said(tmp_path):
    rows = [{**r, "_fivetran_active": "false"} for r in table(LAYOUTS["intercom"])]
    with pytest.raises(
        DataProblem,
        match=r"^the tables are laid out as Intercom, landed table of conversations, and no row of them is a conversation; export them again, or say recipe='none'$",
    ):
        cx.load(write(tmp_path / "i.csv", rows))


def test_the_command_lists_and_describes():
    out = CliRunner().invoke(cxlab, ["recipes"]).output
    assert all(name in out for name in recipes.names()) and "SurveyMonkey" in out
    assert len(recipes.names()) + 5 >= 20
    told = json.loads(CliRunner().invoke(cxlab, ["recipes", "zendesk-view", "--json"]).output)
    assert "Requester" in told["tables"]["tickets"]["persons left out"]
    listed = json.loads(CliRunner().invoke(cxlab, ["recipes", "--json"]).output)
    assert {r["recipe"] for r in listed} >= set(recipes.names())


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("file", "recipe", "rows"),
    [
        ("zendesk/ticket_data.csv", "zendesk-tickets", 8), ("zendesk/ticket_field_history_data.csv", "zendesk", 38),
        ("zendesk", "zendesk", 38), ("intercom/conversation_history_data.csv", "intercom", 2),
        ("intercom/conversation_part_history_data.csv", "intercom-parts", 9),
        ("hubspot/ticket_property_history_data.csv", "hubspot", 15),
        ("qualtrics/distribution_contact.csv", "qualtrics-contacts", 5),
    ],
)  # fmt: skip
def test_real_landed_tables(file, recipe, rows):
    study = cx.load(Path(os.environ["CXLAB_MIRROR"]) / "platform_exports" / file)
    assert study.codebook.recipe == recipe and len(study) == rows


@pytest.mark.parametrize("kind", ["BIGINT", "HUGEINT", "DOUBLE"])
def test_damaged_ids_are_those_of_six_digits_and_zeros(kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    ids = [int(a) * 10 ** int(k) + int(b) for a, k, b in zip(
        rng.integers(1, 10**7, 400), rng.integers(3, 9, 400), rng.choice([0, 0, 1, 10**5], 400), strict=True)]  # fmt: skip
    table = duckdb.sql(f"select unnest({ids})::{kind} as a, unnest({ids})::{kind} + 1 as b")
    found = all_damaged(table, ["a", "b"])
    right = [x for x in ids if len(str(x)) >= 12 and not str(x)[6:].strip("0")]
    assert found["a"] is not None and found["b"] is None
    assert (found["a"].rows, found["a"].filled, found["a"].left) == (len(right), 400, len(set(right)))
    assert float(found["a"].example) == min(right)
