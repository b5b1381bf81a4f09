# ruff: noqa: E501
"""Tickets of a log: opened with their first event, closed with the first that closes; what recipes name; usual rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.loop.alerts import usual_rule
from cxlab.problem import DataProblem

START = pd.Timestamp("2025-01-01")
GROUPS = ["group 88", "group 99"]


def history(n: int = 40) -> pd.DataFrame:
    """Tickets as Zendesk's history holds them: k is solved after k days, every fourth is open, some rated, some asked."""
    rows = []
    for k in range(1, n + 1):
        at = lambda days, k=k: START + pd.Timedelta(days=0.1 * k + days)  # noqa: E731
        found = [("status", "new", 0.0), ("group_id", "88" if k % 2 else "99", 0.0)]
        if k % 4:
            found += [("status", "solved", float(k)), ("satisfaction_score", "offered", k + 0.5)]
            found += [("satisfaction_score", "bad" if k % 3 else "good", k + 1.0)] * (k % 5 == 0)
            found += [("group_id", "77", k + 2.0)] * (k == 1)  # after the end: it was closed by group 88
        rows += [(name, 100 + k, at(days).round("s"), value) for name, value, days in found]
    early = [("status", 900, START, "solved")] * 3  # begins with its end: the log says not when it was opened
    return pd.DataFrame([*rows, *early], columns=["field_name", "ticket_id", "updated", "value"])


@pytest.fixture
def landed(tmp_path: Path) -> cx.Study:
    history().to_csv(tmp_path / "ticket_field_history.csv", index=False)
    return cx.load(tmp_path / "ticket_field_history.csv")


def by_hand(groups: list[str]) -> dict[str, tuple[float, float, int]]:
    """Median and share closed within 10 days, by Kaplan-Meier counted one ticket at a time."""
    frame = history()
    last = frame["updated"].max()
    spells = []
    for ticket, rows in frame.groupby("ticket_id"):
        if ticket == 900:
            continue
        start, done = rows["updated"].min(), rows.loc[rows["value"] == "solved", "updated"]
        stop = done.min() if len(done) else last
        whose = "group " + rows.loc[rows["field_name"] == "group_id", "value"].iloc[0]
        spells.append((whose, (stop - start) / pd.Timedelta(days=1), bool(len(done))))
    out = {}
    for group in groups:
        mine = [(t, d) for g, t, d in spells if g == group]
        left, within, curve = 1.0, 0.0, []
        for t in sorted({t for t, d in mine if d}):
            left *= 1 - sum(x == t and d for x, d in mine) / sum(x >= t for x, _ in mine)
            within = 1 - left if t <= 10 else within
            curve.append((t, left))
        half = [t for t, s in curve if abs(s - 0.5) < 1e-12] + [t for t, s in curve if s < 0.5 - 1e-12][:1]
        out[group] = (sum(half) / len(half), within, len(mine))  # a curve that lies on one half: the middle of it
    return out


def test_tickets_of_a_log_are_those_counted_by_hand(landed: cx.Study) -> None:
    found = cx.closing(landed, by="owner", due=10)
    right = by_hand(GROUPS)
    for row in found.table.itertuples():
        assert (row.estimate, row.within, row.n) == pytest.approx(right[row.owner], abs=1e-4), row.owner
    assert set(found.table["owner"]) == set(GROUPS)
    assert {
        "closed: the first of solved, closed",
        "1 of 41 tickets begins with an end: when they were opened is not in the log, and they do not count",
        "30 closed tickets had further events, as a rating or a reopening: the time is that of the first closing",
        "10 of 40 tickets are open: they count until the last moment in the data",
    } <= set(found.notes)
    asked = cx.closing(landed, ends="solved", by="owner", due=10).table
    pd.testing.assert_frame_equal(asked, found.table)


def test_an_export_with_both_times_needs_no_word(tmp_path: Path) -> None:
    n = 40
    table = pd.DataFrame({
        "Id": range(n), "Requester": [f"Ann {k}" for k in range(n)], "Status": ["Solved"] * n,
        "Created at": [START] * n, "Satisfaction Score": ["Good", "Bad"] * (n // 2), "Group": ["a", "b"] * (n // 2),
        "Solved at": [START + pd.Timedelta(days=k % 10 + 1) if k % 8 else pd.NaT for k in range(n)],
    })  # fmt: skip
    table.to_csv(tmp_path / "view.csv", index=False)
    study = cx.load(tmp_path / "view.csv")
    named = cx.closing(study, opened="created", closed="solved").table
    pd.testing.assert_frame_equal(cx.closing(study).table, named)
    assert usual_rule(study) == {"not satisfied": {"satisfaction": (0, 0)}}
    found = cx.alerts(study)
    assert found.table["n"].sum() == n // 2 and "the rule: Satisfaction is Bad" in found.notes


def test_alerts_of_a_log_are_owned_by_who_had_the_ticket_when_it_was_rated(landed: cx.Study) -> None:
    found = cx.alerts(landed)
    rated = history().query("field_name == 'satisfaction_score' and value == 'bad'")["ticket_id"].astype(str)
    assert sorted(found.parts["alerts"]["id"]) == sorted(rated)
    assert set(found.table["owner"]) <= set(GROUPS) and found.table["n"].sum() == len(rated)
    assert f"{len(rated)} alerts, {len(rated) / 6:.1%} of all answers" in " ".join(found.notes)  # six were rated


def test_no_alert_is_a_rate_that_may_be_as_high_as_poisson_says() -> None:
    table = pd.DataFrame({"who": range(20), "ltr": [9] * 20, "day": START + pd.to_timedelta(np.arange(20), unit="D")})
    study = cx.load(table).set("who", role="id").set("day", role="date")
    row = cx.alerts(study, {"detractor": {"ltr": (0, 6)}}).table.iloc[0]
    assert (row["n"], row["estimate"], row["low"]) == (0, 0, 0)
    assert row["high"] == pytest.approx(-np.log(0.025) / (19 / 7))


USUAL = [
    ("recommendation", cx.Scale(0, 10), {"detractor": {"x": (0, 6)}}),
    ("recommendation", cx.Scale(1, 5), {"would not recommend": {"x": (1, 2)}}),
    ("satisfaction", cx.Scale(1, 7), {"not satisfied": {"x": (1, 3)}}),
    ("satisfaction", cx.Scale(1, 6, "low"), {"not satisfied": {"x": (4, 6)}}),
    ("satisfaction", cx.Scale(0.5, 5, step=0.5), {"not satisfied": {"x": (0.5, 2.5)}}),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "scale", "rule"), USUAL)
def test_the_usual_rule_takes_the_worse_half(measure: str, scale: cx.Scale, rule: dict) -> None:
    study = cx.load(pd.DataFrame({"x": [1, 2, 3, 4, 5] * 9})).set("x", role="outcome", measure=measure, scale=scale)
    assert usual_rule(study) == rule


def test_what_a_log_or_a_table_lacks_is_said(landed: cx.Study, tmp_path: Path) -> None:
    ends = history().query("value == 'solved'")
    ends.to_csv(tmp_path / "ends.csv", index=False)
    table = pd.DataFrame({"k": [1, 1, 2] * 9, "e": ["a", "b", "a"] * 9, "t": range(27)})
    log = cx.load(table).set("k", role="case").set("e", role="event").set("t", role="time")
    only = pd.DataFrame({"k": range(3, 12), "e": "b", "t": 30})
    late = cx.load(pd.concat([table, only])).set("k", role="case").set("e", role="event").set("t", role="time")
    for call, said in [
        (lambda: cx.closing(landed, ends="resolved"),
         r"^no ticket of ticket_field_history is closed: 'resolved' never happen.*; events: asked, assigned to a group, "),
        (lambda: cx.closing(cx.load(tmp_path / "ends.csv")),
         r"^all 31 tickets of ends begin with their end \(solved, closed\): when they were opened is not in the log\. Give "
         r"a log that begins earlier$"),
        (lambda: cx.closing(log), r"^no columns are named that say when a ticket was opened and closed; name them: opened=, closed=; "
         r"of an event log, name the events that close one: ends=$"),
        (lambda: cx.closing(log, ends="b"), r"^no group of table has 10 tickets; least_n=0 shows them all the same$"),
        (lambda: cx.closing(late, ends="b"), r"^no group of table has 10 tickets \(9 of 11 tickets begin with an end: when they "
         r"were opened is not in the log, and they do not count\); give a log that begins when they were opened, or "
         r"least_n=0 shows them all the same$"),
        (lambda: cx.closing(log, ends="b", by="zz"), r"^column 'zz' is not in table"),
        (lambda: cx.alerts(log), r"^table has no answer on recommendation or satisfaction with a scale, so no usual rule "
         r"says whom to call; give rules=, as \{'detractor': \{'ltr': \(0, 6\)\}\}$"),
        (lambda: cx.alerts(cx.load(tmp_path / "ends.csv")),
         r"^nobody in ends answered what the rules ask for \(satisfaction\): there is nobody to call$"),
    ]:  # fmt: skip
        with pytest.raises(DataProblem, match=said):
            call()


def test_a_table_of_tickets_that_says_no_end_names_what_does(tmp_path: Path) -> None:
    n = 12
    table = pd.DataFrame({"id": range(n), "requester_id": 7, "submitter_id": 8, "status": "closed", "via_channel": "web",
                          "created_at": START, "updated_at": START + pd.Timedelta(days=30)})  # fmt: skip
    table.to_csv(tmp_path / "ticket.csv", index=False)
    with pytest.raises(
        DataProblem,
        match=r"^ticket does not say when a ticket was closed: its last change comes days after it was solved .*; load "
        r"the history of ticket fields with it \(ticket_field_history, recipe 'zendesk'\)$",
    ):
        cx.closing(cx.load(tmp_path / "ticket.csv"))


def test_the_columns_and_events_that_recipes_name_are_theirs() -> None:
    from cxlab.data import recipes

    for of in map(recipes.recipe, recipes.names()):
        columns = {f.name for f in of.fields}
        assert {of.opened, of.closed} - {""} <= columns, of.name
        roles = {f.role for f in of.fields}
        assert not of.ends or {"case", "event", "time"} <= roles, of.name
    assert json.dumps([r for r in recipes.names() if recipes.recipe(r).ends]) == (
        '["intercom-parts", "salesforce", "zendesk"]'
    )


def test_a_team_of_few_tickets_is_not_shown_and_tickets_of_no_team_are_counted() -> None:
    team = ["a"] * 40 + ["b"] * 30 + ["c"] * 25 + ["d"] * 4 + [None] * 7
    table = pd.DataFrame(
        {"o": START, "c": START + pd.to_timedelta(1 + np.arange(len(team)) % 9, unit="D"), "team": team}
    )
    found = cx.closing(cx.load(table), opened="o", closed="c", by="team")
    sizes = found.table.set_index("team")["n"].to_dict()
    assert "d" not in sizes and len(sizes) == 2 and sizes["a"] == 40 and sizes["b"] == 30  # c would tell d
    assert "7 tickets without team do not count" in found.notes
    whole = cx.closing(cx.load(table), opened="o", closed="c", by="team", least_n=0).table.set_index("team")["n"]
    assert whole.to_dict() == {"a": 40, "b": 30, "c": 25, "d": 4}
