# ruff: noqa: E501
"""Odd logs, a line each, and what is said of them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.journeys import event_plots
from cxlab.problem import DataProblem

START = pd.Timestamp("2025-03-30 00:30")


def events() -> pd.DataFrame:
    """Forty cases of three events, an hour apart, in the night of a change of clocks."""
    at = [START + pd.Timedelta(hours=i) for i in range(3)] * 40
    return pd.DataFrame({"case": np.repeat(range(40), 3), "event": ["a", "b", "c"] * 40, "at": at})


def log(table: pd.DataFrame) -> cx.Study:
    return cx.load(table).set("case", role="case").set("event", role="event").set("at", role="time")


def many(kinds: int) -> pd.DataFrame:
    at = pd.date_range("2025", periods=2 * kinds, freq="h")
    return pd.DataFrame(
        {"case": np.repeat(range(kinds), 2), "event": [f"e{i % kinds}" for i in range(2 * kinds)], "at": at}
    )


SAID = [
    (lambda: cx.transitions(log(events().assign(at=START))),
     "80 events have the time of the one before: they keep the order of the file"),
    (lambda: cx.transitions(log(events().drop_duplicates("case"))),
     "every case has one event: nothing follows anything. Is the column of role 'case' the right one?"),
    (lambda: cx.journey(log(events()), register=pd.DataFrame({"touchpoint": ["a"], "owner": ["x"]})),
     "'b' happens and is not in the register"),
    (lambda: cx.transitions(log(many(5_000))),
     "5000 events that fewer than 10 cases met, or that would tell them, are not shown (least_n=0 shows them)"),
    (lambda: cx.drop_off(log(events().query("case > 9 or event == 'c'")), ends="c"),
     "cases that begin with an end, counted as ended at once: 10 of 40; true where nothing comes before it, wrong where the log begins too late"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "said"), SAID)
def test_what_is_odd_is_said(ask, said) -> None:
    assert said in ask().notes


def wide() -> cx.Study:
    """5,000 kinds of events, of which a few are common, with all that a function may ask for."""
    rng = np.random.default_rng(1)
    n = 15_000
    kind = np.minimum((rng.pareto(0.6, n) * 3).astype(int), 4_999)
    kind[:5_000] = np.arange(5_000)
    table = pd.DataFrame({
        "case": np.sort(rng.integers(0, 3_000, n)), "event": [f"event {k}" for k in kind],
        "at": START + pd.to_timedelta(np.cumsum(rng.exponential(600, n)), unit="s"), "who": rng.choice(list("xy"), n),
        "wrong": (rng.random(n) < 0.1).astype(int), "score": np.where(rng.random(n) < 0.2, rng.integers(1, 6, n), np.nan),
    })  # fmt: skip
    return (
        log(table).set("who", role="owner").set("score", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
    )


WIDE = [
    (lambda s: cx.transitions(s), r"\d{4} events that fewer than 10 cases met, or that would tell them, are not shown"),
    (lambda s: cx.journey(s), r"\d{4} touchpoints that fewer than 10 cases met, or that would tell them, are not shown"),
    (lambda s: cx.drop_off(s, ends="event 1", at=1), r"% of the cases had not ended when they were last seen"),
    (lambda s: cx.handoffs(s), r"one handoff more goes with .* in score, events held fixed"),
    (lambda s: cx.closing(s, ends="event 1"), r"[\d,]+ of [\d,]+ tickets are open: they count until the last moment"),
    (lambda s: cx.alerts(s), r"[\d,]+ alerts, [\d.]+% of all answers"),
    (lambda s: cx.pain_points(s, problems="wrong"),
     r"^'wrong' is 1 at \d{3} kinds of events; at most 40 are looked at: merge some$"),
    (lambda s: cx.journey_types(s), r"^table has 5000 kinds of events; types of journeys are told apart with at most 60"),
]  # fmt: skip


def test_five_thousand_kinds_of_events_are_shown_in_part_or_refused() -> None:
    study = wide()
    for ask, said in WIDE:
        try:
            found = ask(study)
        except DataProblem as problem:
            words = [str(problem)]
        else:
            words = list(found.notes)
            assert 0 < len(found.table) < 5_000
        assert any(re.search(said, n) for n in words), (said, words)


REFUSED = [
    (lambda: cx.transitions(log(events().assign(at=lambda t: t["at"].dt.strftime("%d.%m.%Y %H:%M")))),
     r"^'at' of table is the time of the events and holds text: make dates of it, as pandas\.to_datetime\(table\['at'\]\) "
     r"with dayfirst=True where the day stands first, or load the file, whose dates are read$"),
    (lambda: cx.pain_points(log(events().assign(wrong="maybe", score=1)).set(
        "score", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)), problems="wrong"),
     r"^'wrong' has the values 'maybe'; a problem is 1 \(happened\) or 0 \(did not\): derive it with study\.derive$"),
    (lambda: cx.drop_off(log(events()), ends=["zzz"]), r"^'zzz' never happens in table; events: a, b, c$"),
    (lambda: cx.journey(log(events()), register=pd.DataFrame({"touchpoint": ["a", "a"], "owner": ["x", "y"]})),
     r"^the register names 'a' twice; one row a touchpoint$"),
    (lambda: cx.journey_types(log(many(5_000))),
     r"^table has 5000 kinds of events; types of journeys are told apart with at most 60: merge some with "
     r"study\.derive$"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "said"), REFUSED)
def test_what_cannot_be_is_refused(ask, said) -> None:
    with pytest.raises(DataProblem, match=said):
        ask()


@pytest.mark.parametrize(("night", "told"), [
    ("2025-03-30", True), ("2025-10-26", True), ("2025-03-09", True), ("2025-11-02", True), ("2025-04-06", False),
])  # fmt: skip
def test_short_waits_over_a_change_of_clocks_are_told_where_times_have_no_zone(night: str, told: bool) -> None:
    table = events().assign(at=lambda t: t["at"] - START + pd.Timestamp(f"{night} 00:30"))
    zoned = table.assign(at=table["at"].dt.tz_localize("UTC"))
    for run in (lambda s: cx.journey(s), lambda s: cx.drop_off(s, ends="c", at=1)):
        said = [n for n in run(log(table)).notes if "in which clocks change" in n]
        assert len(said) == told and all(night in n and n.startswith("80 waits of less than half") for n in said)
        assert not any("clocks change" in n for n in run(log(zoned)).notes)
    far = table.assign(at=table["at"] + pd.to_timedelta(table["event"].map({"a": 0, "b": 2, "c": 4}), unit="D"))
    assert not any("clocks change" in n for n in cx.journey(log(far)).notes)


def test_hours_are_those_that_passed_where_clocks_change() -> None:
    there = events().assign(at=lambda t: t["at"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"))
    waits = cx.transitions(log(there)).table.dropna(subset=["wait"])["wait"]
    assert waits.tolist() == pytest.approx([1 / 24] * len(waits)) and len(waits) == 2


def test_journeys_under_way_when_the_log_begins_are_told() -> None:
    """The log is cut at a day: whoever began before it seems to begin in the middle."""
    frame = cx.simulate_events(2000, seed=4).to_pandas()
    started = frame.groupby("case_id")["time"].transform("min")
    cut = frame[frame["time"] >= started.quantile(0.5)].reset_index(drop=True)
    book = cx.simulate_events(10, seed=4).codebook
    for run in (lambda s: cx.journey(s), lambda s: cx.drop_off(s, ends=["completed", "cancelled"], at=8)):
        notes = run(cx.Study(cut, book)).notes
        assert any("were under way when the log began, and what they did before is missing" in n for n in notes)
        assert any(" of the first 5% of the log do not begin with 'order', as 9" in n for n in notes)
        assert not any("under way when the log began" in n for n in run(cx.Study(frame, book)).notes)


def test_times_far_before_the_log_are_told() -> None:
    frame = cx.simulate_events(500, seed=4).to_pandas()
    frame.loc[frame.index % 150 == 0, "time"] = pd.Timestamp("1900-01-01")
    notes = cx.journey(cx.Study(frame, cx.simulate_events(10, seed=4).codebook)).notes
    many = int((frame["time"].dt.year == 1900).sum())
    assert (
        f"{many} events lie at 1900-01-01 or so, 10 times the length of the log before it: a time that stands for a "
        "missing one? declare it as missing"
    ) in notes


def test_two_columns_of_owners_are_asked_which() -> None:
    study = log(events().assign(team="t", agent="a"))
    fields = tuple(replace(f, role="owner") if f.name in ("team", "agent") else f for f in study.codebook.fields)
    said = r"has 2 columns of that role \(team, agent\); name the one that is meant: of='COLUMN'$"
    with pytest.raises(DataProblem, match=said):
        cx.handoffs(replace(study, codebook=replace(study.codebook, fields=fields)))


def test_who_has_most_events_is_named_only_where_somebody_said_that_it_is_an_owner(tmp_path) -> None:
    """A log brings names of people; a map of touchpoints prints them when it is asked to."""
    table = events().rename(columns={"case": "case_id", "event": "activity", "at": "timestamp"})
    table["resource"] = [17, 17, 4] * 40
    table.to_csv(tmp_path / "log.csv", index=False)
    study = cx.load(tmp_path / "log.csv")
    assert study.codebook.role("owner") == ("resource",) and "owner" not in cx.journey(study).table
    assert cx.handoffs(study).parts["with_handoff"] == 1.0
    said = cx.journey(study.set("resource", role="owner")).table
    assert said["owner"].tolist() == ["17", "17", "4"], "a number that names somebody has no decimals"


def test_seconds_of_a_clock_are_no_days() -> None:
    with pytest.raises(DataProblem, match=r"holds numbers from 1735689600: they look like seconds or milliseconds"):
        cx.transitions(log(events().assign(at=1735689600 + 60 * np.arange(120))))
    hours = cx.transitions(log(events().assign(at=np.arange(120.0)))).table
    assert (hours["wait"].dropna() == 1).all(), "small numbers are days"


def test_a_picture_of_handoffs_says_no_share_of_a_group_that_is_not_shown() -> None:
    """Three cases of forty never change hands: neither their share nor `nan` stands beside the group."""
    table = events().assign(who=lambda t: np.where(t["event"].eq("a") & (t["case"] > 2), "x", "y"))
    found = cx.handoffs(log(table).set("who", role="owner"))
    labels = [t.get_text() for t in event_plots.handoffs(found).get_yticklabels()]
    assert labels and not any("nan" in s for s in labels) and labels[0].startswith("0 handoffs")
    assert next(c.heading for c in found.columns if c.name == "estimate") == "Median days"


def test_one_event_that_few_cases_met_is_one() -> None:
    table = events().assign(event=lambda t: t["event"].where((t["case"] > 0) | (t["event"] != "b"), "d"))
    said = "that fewer than 10 cases met, or that would tell them, is not shown (least_n=0 shows them)"
    assert any(n == f"1 touchpoint {said}" for n in cx.journey(log(table)).notes)


def test_fewer_days_with_events_held_fixed_are_not_nothing() -> None:
    """A handoff goes with more days, and among cases of as many events with fewer: the words say the second."""
    rng = np.random.default_rng(8)
    rows = []
    for case in range(400):
        n = int(rng.integers(2, 12))
        change = min(int(rng.binomial(n - 1, 0.5)), n - 1)
        days = 2.0 ** (0.9 * n - 0.8 * change)
        rows += [(case, "a", days * i / (n - 1), "x" if i % 2 == 0 or i > change else "y") for i in range(n)]
    table = pd.DataFrame(rows, columns=["case", "event", "at", "who"])
    found = cx.handoffs(log(table).set("who", role="owner"))
    slopes = found.parts["slopes"].set_index("slope")
    assert slopes.loc["raw", "low"] > 0 > slopes.loc["held fixed", "high"]
    assert any("Among cases with as many events it goes the other way: it is more contact" in n for n in found.notes)


def test_a_problem_is_called_as_its_column_also_where_it_is_the_only_one() -> None:
    table = events().assign(late=lambda t: ((t["event"] == "b") & (t["case"] % 2 == 0)).astype(int))
    table["score"] = np.where(table["case"] % 2 == 0, 2, 4) + table["case"] % 3 // 2
    study = log(table).set("score", role="outcome", measure="satisfaction")
    assert cx.pain_points(study, problems="late").table[["touchpoint", "problem"]].to_numpy().tolist() == [
        ["b", "late"]
    ]


def test_no_interval_of_visits_more_than_one_goes_below_none() -> None:
    table = pd.concat(
        [events(), events()[lambda t: t["case"] == 0].assign(at=lambda t: t["at"] + pd.Timedelta(days=1))]
    )
    found = cx.journey(log(table)).table
    assert (found["repeats"] > 0).all() and (found["repeats_low"] == 0).all()


def test_waits_below_none_a_whole_case_without_end_and_one_event_a_case_have_an_answer() -> None:
    """Rows that stand in the wrong order are put in the order of their times, so that no wait is negative."""
    shuffled = events().sample(frac=1, random_state=2)
    waits = cx.transitions(log(shuffled)).table["wait"].dropna()
    assert (waits >= 0).all() and len(waits)
    open_ = cx.drop_off(log(events().assign(event="a")), ends=["a"], at=[1])
    assert open_.table["estimate"].iloc[0] == pytest.approx(1)
    half = events()[lambda t: (t["case"] < 20) | (t["event"] != "c")]
    assert (
        "50.0% of the cases had not ended when they were last seen" in cx.drop_off(log(half), ends=["c"], at=[1]).notes
    )


def test_ends_are_told_until_half_of_the_journeys_have_ended() -> None:
    """Tickets that take forty days: that none is closed within thirty says nothing."""
    slow = events().assign(at=lambda t: START + pd.to_timedelta(t["event"].map({"a": 0, "b": 1, "c": 41}), unit="D"))
    found = cx.drop_off(log(slow), ends="c").table.query("state == 'c'").set_index("at")["estimate"]
    assert found.to_dict() == {1: 0, 7: 0, 30: 0, 90: 1}
    assert cx.drop_off(log(events()), ends="c").table["at"].unique().tolist() == [1, 7, 30]
    assert cx.drop_off(log(slow), ends="c", at=30).table["at"].unique().tolist() == [30]


def test_an_owner_is_named_where_most_events_have_one() -> None:
    """One event in three has an owner: the touchpoint is nobody's, and a log without any has no such column."""
    table = events().assign(who=[None, None, "x"] * 40)
    table.loc[:5, "who"] = "y"
    said = cx.journey(log(table).set("who", role="owner")).table
    assert said["owner"].tolist() == ["", "", "x"]
    few = events().assign(who=["y"] * 6 + [None] * 114)
    found = cx.journey(log(few).set("who", role="owner"))
    assert "owner" not in found.table and not any(n.startswith("owner:") for n in found.notes)


def test_a_page_of_one_touchpoint_says_where_journeys_end() -> None:
    table = events().query("event == 'c' or (event == 'b' and case < 5)")
    assert cx.pages.message(cx.journey(log(table))).title == "100.0 % of all journeys end at c"


def test_a_time_of_the_year_9999_is_told_and_breaks_nothing() -> None:
    table = events()
    table["at"] = table["at"].astype("datetime64[us]")
    table.loc[[2, 5], "at"] = pd.Timestamp("9999-12-31").as_unit("us")
    said = "2 events lie after the year 2200 (the last at 9999-12-31): a time that stands for a missing one? declare it as missing"
    assert said in cx.journey(log(table)).notes and said in cx.drop_off(log(table), ends="b").notes
    table.loc[8, "event"] = "x"
    found = cx.drop_off(log(table), ends="c").notes
    assert "cases without an end are watched until the last moment of the log (9999-12-31 00:00:00)" in found


def test_a_case_that_nobody_owns_comes_back_to_nobody() -> None:
    """One owner named in one case of forty: no handoff, no return (39 of 40 came back before)."""
    table = events().assign(who=["x"] + [None] * 119)
    notes = cx.handoffs(log(table).set("who", role="owner")).notes
    assert any(n.startswith("0.0% of the cases change who at least once, 0.0% come back") for n in notes)
