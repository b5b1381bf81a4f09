"""Event logs: steps, touchpoints, handoffs, exits, problems and types against published counts and known truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.linalg import expm
from scipy.stats import binom

import cxlab as cx
from cxlab.data.simulate_events import DAYS
from cxlab.data.study import Study

STATES = {"approved": "A_ACTIVATED", "declined": "A_DECLINED", "cancelled": "A_CANCELLED"}


def log_of(table: pd.DataFrame, **roles: str) -> Study:
    study = cx.load(table)
    for column, role in {"case": "case", "event": "event", "time": "time", **roles}.items():
        study = study.set(column, role=role)
    return study


def by_hand() -> pd.DataFrame:
    """Three cases: a b a (end), a b (end), b a b c (end)."""
    rows = [(1, "aba"), (2, "ab"), (3, "babc")]
    out = [(c, e, i + 0.25 * c) for c, way in rows for i, e in enumerate(way)]
    return pd.DataFrame(out, columns=["case", "event", "time"])


@pytest.fixture(scope="module")
def public(mirror_logs: Path):
    def read(name: str, event: str = "concept:name", **roles: str) -> Study:
        study = cx.load(mirror_logs / f"{name}.parquet")
        called = {"case:concept:name": "case", event: "event", "time:timestamp": "time", **roles}
        for column, role in called.items():
            study = study.set(column, role=role)
        return study

    return read


@pytest.fixture(scope="module")
def mirror_logs() -> Path:
    import os

    return Path(os.environ["CXLAB_MIRROR"]) / "event_logs"


def test_shares_of_steps_and_their_error_by_hand() -> None:
    steps = cx.transitions(log_of(by_hand()), least_n=0).table.set_index(["from", "to"])
    # a happens 2, 1, 1 times in cases 1, 2, 3; a -> b 1, 1, 1 times
    assert steps.loc[("a", "b"), ["estimate", "n", "times", "cases"]].tolist() == [0.75, 4, 3, 3]
    u = np.array([1 - 0.75 * 2, 1 - 0.75, 1 - 0.75])
    assert steps.loc[("a", "b"), "se"] == pytest.approx(np.sqrt(3 / 2 * (u**2).sum()) / 4)
    assert steps.loc[("b", "(end)"), "estimate"] == 0.25
    assert steps.loc[("b", "a"), ["times", "back"]].tolist() == [2, 0.5]  # case 1 had been at a, case 3 had not
    assert steps.loc[("a", "b"), "wait"] == pytest.approx(1.0)
    assert steps.groupby("from")["estimate"].sum().tolist() == pytest.approx([1, 1, 1])


def test_a_given_number_of_types_is_kept() -> None:
    found = cx.journey_types(cx.simulate_events(400, seed=3), k=2, draws=5)
    assert len(found.table) == 2 and found.table["estimate"].sum() == pytest.approx(1)
    assert found.parts["bic"].index.tolist() == [2]


def test_any_engine_order_of_rows_or_names_of_columns_gives_the_same() -> None:
    sim = cx.simulate_events(300, seed=4)
    right = cx.transitions(sim).table
    frame = sim.to_pandas()
    for table in (pl.from_pandas(frame), duckdb.from_df(frame), frame.sample(frac=1, random_state=1)):
        pd.testing.assert_frame_equal(cx.transitions(Study(table, sim.codebook)).table, right)
    ours = dict(zip(frame.columns, ["e", "c", "t", "k", "h", "w0", "u"], strict=True))
    book = sim.codebook
    for old, new in ours.items():
        at = [f.name for f in book.fields].index(old)
        fields = list(book.fields)
        fields[at] = replace(fields[at], name=new)
        book = replace(book, fields=tuple(fields))
    renamed = Study(frame.rename(columns=ours), book)
    pd.testing.assert_frame_equal(cx.transitions(renamed).table, right)
    pd.testing.assert_frame_equal(cx.journey(renamed).table, cx.journey(sim).table)
    a, b = (cx.pain_points(s, problems=p).table for s, p in ((renamed, "w0"), (sim, "problem")))
    pd.testing.assert_frame_equal(a, b)


def test_weights_count_by_ratio_and_cases_of_one_customer_are_one_cluster() -> None:
    frame = cx.simulate_events(300, seed=4).to_pandas().rename(columns={"case_id": "case"})
    frame["w"] = 1 + frame["case"] % 3
    frame["customer"] = frame["case"] // 2
    roles = {"channel": "channel", "owner": "owner"}
    one = cx.transitions(log_of(frame, w="weight", **roles)).table
    two = cx.transitions(log_of(frame.assign(w=frame["w"] * 7.0), w="weight", **roles)).table
    pd.testing.assert_frame_equal(one, two)
    plain = cx.transitions(log_of(frame, w="", **roles)).table.set_index(["from", "to"])
    assert one.set_index(["from", "to"])["estimate"].sub(plain["estimate"]).abs().max() > 0.001
    twin = pd.concat([frame, frame.assign(case=frame["case"] + 10_000)])  # every case twice, one cluster each
    joined = cx.transitions(log_of(twin, customer="cluster", w="", **roles)).table.set_index(["from", "to"])
    alone = cx.transitions(log_of(frame, customer="cluster", w="", **roles)).table.set_index(["from", "to"])
    assert joined["se"].to_numpy() == pytest.approx(alone["se"].to_numpy())


def test_intervals_hold_the_truth_of_steps_reach_and_impact() -> None:
    runs, held, reached, hit, ahead = 16, [], [], [], 0
    for seed in range(runs):
        log = cx.simulate_events(400, seed=seed)
        steps = cx.transitions(log).table.merge(log.truth["steps"], on=["from", "to"])
        held += ((steps["low"] <= steps["share"]) & (steps["share"] <= steps["high"])).tolist()
        map_ = cx.journey(log).table
        truth = map_["touchpoint"].map(log.truth["reach"])
        reached += ((map_["reach_low"] <= truth) & (truth <= map_["reach_high"])).tolist()
        points = cx.pain_points(log, problems="problem").table.set_index("touchpoint")
        impact = log.truth["problems"].set_index("touchpoint")["impact"].reindex(points.index)
        hit += ((points["low"] <= impact) & (impact <= points["high"])).tolist()
        ahead += points["rank_high"].iloc[0] == 1 and points.index[0] != "deliver"
    for found in (held, reached, hit):
        assert np.sum(found) >= binom.ppf(1e-4, len(found), 0.95), np.mean(found)
    assert ahead <= binom.ppf(0.9999, runs, 0.05)


def test_a_problem_that_costs_half_as_much_is_told_apart() -> None:
    half = {"pay": (0.08, 3.0), "deliver": (0.2, 7.0), "support": (0.35, 4.5)}
    found = cx.pain_points(cx.simulate_events(4000, seed=1, problems=half), problems="problem").table
    found = found.set_index("touchpoint")["severity"]
    assert found["deliver"] == pytest.approx(7, abs=1.2)
    assert found["support"] == pytest.approx(4.5, abs=1.4)


def test_open_journeys_are_censored_and_ends_compete() -> None:
    whole = cx.simulate_events(4000, seed=3)
    cut = cx.simulate_events(4000, seed=3, censoring=0.4)
    ends = ["completed", "cancelled"]
    right, found = (cx.drop_off(s, ends=ends, at=8).table.set_index("state") for s in (whole, cut))
    assert (found["low"] <= right["estimate"]).all() and (right["estimate"] <= found["high"]).all()
    late = cx.drop_off(whole, ends=ends, at=60).table.set_index("state")["estimate"]
    assert late["cancelled"] == pytest.approx(whole.truth["ends"]["cancelled"], abs=0.02)
    many = whole.set("channel", role="cluster").where(channel=["app", "web", "shop"])
    assert "influence" in cx.drop_off(many, ends=ends, at=8).method


def test_the_error_from_influences_equals_aalens() -> None:
    frame = cx.simulate_events(500, seed=5, censoring=0.3).to_pandas().rename(columns={"case_id": "case"})
    roles = {"channel": "channel", "owner": "owner"}
    plain = cx.drop_off(log_of(frame, **roles), ends="completed", at=[5, 8]).table
    other = cx.drop_off(log_of(frame.assign(one=1.0), one="weight", **roles), ends="completed", at=[5, 8]).table
    assert other["estimate"].tolist() == pytest.approx(plain["estimate"].tolist())
    assert other["se"].to_numpy() == pytest.approx(plain["se"].to_numpy(), rel=0.01)


def test_two_kinds_of_journeys_are_found_and_one_is_one() -> None:
    one = {"a": {"b": 0.6, "a": 0.1, "c": 0.1, "z": 0.2}, "b": {"a": 0.05, "b": 0.1, "c": 0.6, "z": 0.25},
           "c": {"a": 0.1, "b": 0.1, "c": 0.2, "z": 0.6}, "z": {}}  # fmt: skip
    two = {"a": {"a": 0.5, "b": 0.1, "c": 0.2, "z": 0.2}, "b": {"a": 0.5, "b": 0.2, "c": 0.1, "z": 0.2},
           "c": {"a": 0.1, "b": 0.5, "c": 0.2, "z": 0.2}, "z": {}}  # fmt: skip
    first = cx.simulate_events(1300, seed=1, touchpoints=one)
    second = cx.simulate_events(700, seed=2, touchpoints=two).to_pandas()
    both = pd.concat([first.to_pandas(), second.assign(case_id=second["case_id"] + 10_000)])
    found = cx.journey_types(Study(both, first.codebook), draws=40)
    row = found.table.iloc[0]
    assert found.table["type"].tolist() == ["type 1", "type 2"]
    assert row["low"] <= 0.65 <= row["high"] and row["high"] - row["low"] < 0.2
    steps = found.parts["steps"].set_index(["type", "from", "to"])["share"]
    assert steps["type 1", "a", "b"] == pytest.approx(0.6, abs=0.06)
    assert steps["type 2", "a", "a"] == pytest.approx(0.5, abs=0.06)
    alone = cx.journey_types(first, draws=2)
    assert alone.table["type"].tolist() == ["all journeys"]
    assert "one type" in alone.notes[-1]


def test_handoffs_by_hand() -> None:
    rows = [(1, "x", 0, "A"), (1, "x", 1, "B"), (1, "x", 2, None), (1, "x", 3, "A"), (2, "x", 0, "A"), (2, "x", 5, "A")]
    more = [(k, "x", t, "A") for k in range(3, 40) for t in (0, k)]
    table = pd.DataFrame([*rows, *more], columns=["case", "event", "time", "who"])
    found = cx.handoffs(log_of(table), of="who", least_n=0)
    assert found.table[["switches", "n"]].to_numpy().tolist() == [["0", 38], ["2", 1]]
    assert (found.parts["total"], found.parts["cases_with"], found.parts["cases_returning"]) == (2, 1, 1)


def test_wrong_input_is_said() -> None:
    log = cx.simulate_events(120, seed=1)
    for call, said in [
        (lambda: cx.transitions(cx.load("brand-tracker")), r"one column of role 'case' .*set\('COLUMN', role='case'\)"),
        (lambda: cx.drop_off(log, ends="complete"), "'complete' never happens in journeys; did you mean 'completed'"),
        (lambda: cx.drop_off(log, ends={"a": "completed", "b": "completed"}), "'completed' stands in two states"),
        (lambda: cx.drop_off(log, ends="completed", at=-1), "at is -1; it is days after the first event, above 0"),
        (lambda: cx.pain_points(log), r"say which columns tell that something went wrong \(1\) or not \(0\)"),
        (lambda: cx.pain_points(log, problems="score"), "'score' has the values .*a problem is 1"),
        (lambda: cx.handoffs(log, of="agent"), "no column of that name or role"),
        (lambda: cx.handoffs(log, given=["tenure"]), "given is tenure; allowed: events, days"),
        (lambda: cx.journey_types(cx.simulate_events(50)), "has 50 cases; types of journeys need at least 100"),
        (lambda: cx.simulate_events(5, touchpoints={"a": {"b": 1.0}}), "'a' is followed by b, of which"),
        (lambda: cx.simulate_events(5, touchpoints={"a": {"a": 0.5}}), "add up to 0.5, not 1"),
        (lambda: cx.journey(log, register=pd.DataFrame({"stage": ["x"]})), "it needs 'touchpoint'"),
        (lambda: cx.journey(log, register=pd.DataFrame({"touchpoint": ["x", "x"]})), "names 'x' twice"),
        (lambda: cx.journey(log, register="none.csv"), "there is no register none.csv"),
    ]:
        with pytest.raises(cx.DataProblem, match=said):
            call()


def test_edges_of_a_log() -> None:
    table = pd.DataFrame({"case": [1, 1, 2, None, 3], "event": ["a", "b", "a", "a", None], "time": [1.0, 1.0, 2, 3, 4]})
    found = cx.transitions(log_of(table), least_n=0)
    assert found.table[["from", "to", "times"]].to_numpy().tolist() == [
        ["a", "(end)", 1],
        ["a", "b", 1],
        ["b", "(end)", 1],
    ]
    notes = " | ".join(found.notes)
    assert "1 row without a case does not count" in notes and "1 row without an event does not count" in notes
    assert "1 event has the time of the one before" in notes
    single = cx.transitions(log_of(table.iloc[[0, 2]]), least_n=0)
    assert "every case has one event: nothing follows anything" in " ".join(single.notes)


def test_the_register_orders_names_owners_and_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "touchpoints.csv"
    path.write_text("touchpoint,stage,order,owner\nsupport,after,9,Ann\npay,before,1,Bo\nvisit,before,2,\n", "utf-8")
    log = cx.simulate_events(200, seed=1)
    found = cx.journey(log, register=path)
    assert found.table["touchpoint"].tolist()[:2] == ["pay", "support"]
    assert found.table["owner"].tolist()[:2] == ["Bo", "Ann"]
    said = " | ".join(found.notes)
    assert (
        "'visit' is in the register and never happens" in said and "'ship' happens and is not in the register" in said
    )
    log.to_pandas().to_csv(tmp_path / "log.csv", index=False)
    beside = (
        cx.load(tmp_path / "log.csv").set("case_id", role="case").set("event", role="event").set("time", role="time")
    )
    assert cx.journey(beside.set("score", role="")).table["touchpoint"].tolist()[:2] == ["pay", "support"]


@pytest.mark.mirror
def test_steps_of_bpic_2013_equal_the_published_counts(public, tmp_path: Path, mirror_logs: Path) -> None:
    steps = cx.transitions(public("bpic2013_incidents")).table.set_index(["from", "to"])
    assert steps.loc[("Accepted", "Queued"), ["estimate", "se"]].tolist() == pytest.approx(
        [0.2367575, 0.0027664], abs=5e-8
    )
    assert steps.loc[("Queued", "Accepted"), ["estimate", "se"]].tolist() == pytest.approx(
        [0.9294006, 0.0024045], abs=5e-8
    )
    frame = pd.read_parquet(mirror_logs / "bpic2013_incidents.parquet")
    frame["both"] = frame["concept:name"] + "+" + frame["lifecycle:transition"]
    frame.to_parquet(tmp_path / "both.parquet")
    study = cx.load(tmp_path / "both.parquet")
    for column, role in {"case:concept:name": "case", "both": "event", "time:timestamp": "time"}.items():
        study = study.set(column, role=role)
    table = cx.transitions(study, least_n=0).table
    inside = table[table["to"] != "(end)"]
    assert len(inside) == 81  # as pm4py
    chosen = inside[inside["from"].eq("Queued+Awaiting Assignment") & inside["to"].eq("Accepted+In Progress")].iloc[0]
    assert (chosen["times"], chosen["cases"]) == (10_700, 4_485)


@pytest.mark.mirror
def test_handoffs_of_bpic_2013_equal_the_published_counts(public) -> None:
    found = cx.handoffs(public("bpic2013_incidents", **{"org:group": "owner"}))
    parts = found.parts
    assert (parts["cases_with"], parts["total"], parts["cases_returning"]) == (3_820, 9_454, 1_258)
    assert found.table["estimate"].round(2).tolist() == [0.29, 8.43, 9.98, 12.38, 17.32]


@pytest.mark.mirror
def test_ends_of_bpic_2012_equal_r(public) -> None:
    found = cx.drop_off(public("bpic2012"), ends=STATES, at=[1, 7, 14, 30, 60])
    table = found.table.set_index(["state", "at"])
    approved = table.loc["approved"]
    assert approved["estimate"].tolist() == pytest.approx(
        [0.00213953, 0.00962787, 0.08300074, 0.16188918, 0.17885545], abs=6e-9
    )
    assert approved["se"].tolist() == pytest.approx(
        [0.00040390, 0.00085358, 0.00241188, 0.00326605, 0.00342393], abs=6e-9
    )
    assert table.loc[("declined", 30), ["estimate", "se"]].tolist() == pytest.approx([0.57942599, 0.00433005], abs=6e-9)
    assert table.loc[("cancelled", 30), ["estimate", "se"]].tolist() == pytest.approx(
        [0.13338531, 0.00300054], abs=6e-9
    )
    assert found.parts["open"] == pytest.approx(399 / 13_087)


@pytest.mark.mirror
def test_helpdesk_has_one_type_of_journey(public) -> None:
    found = cx.journey_types(public("helpdesk"), draws=2)
    assert found.table["type"].tolist() == ["all journeys"]
    assert found.parts["bic"][1] == pytest.approx(24_764, abs=1) and found.parts["bic"][2] > 26_000


@pytest.mark.mirror
def test_pain_points_of_olist_and_the_second_place_is_not_certain(mirror_logs: Path) -> None:
    folder = mirror_logs.parent / "olist_sample"
    times = ["purchase_timestamp", "approved_at", "delivered_carrier_date", "delivered_customer_date"]
    named = [f"order_{t}" for t in [*times, "estimated_delivery_date"]]
    orders = pd.read_csv(folder / "olist_orders_dataset.csv", parse_dates=named)
    reviews = pd.read_csv(folder / "olist_order_reviews_dataset.csv").drop_duplicates("order_id", keep="last")
    both = orders.merge(reviews[["order_id", "review_score"]], on="order_id")
    day = pd.Timedelta(days=1)
    bought, approved, carrier, arrived, promised = (both[c] for c in named)
    waits = {"late": (arrived, promised, 0), "handover": (carrier, approved, 3), "shipping": (arrived, carrier, 14),
             "approval": (approved, bought, 1)}  # fmt: skip
    for name, (end, start, most) in waits.items():
        both[name] = np.where(end.isna() | start.isna(), np.nan, ((end - start) / day > most) * 1.0)
    study = cx.load(both[["review_score", *waits]]).set(
        "review_score", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)
    )
    found = cx.pain_points(study, "review_score", problems=list(waits)).table.set_index("problem")
    assert found.loc["late", ["frequency", "severity", "estimate"]].tolist() == pytest.approx(
        [0.07996, 1.55619, 0.12443], abs=0.004
    )
    assert found.loc["late", ["rank_low", "rank_high"]].tolist() == [1, 1]
    assert found.loc["handover", "rank_high"] >= 3 and found.loc["shipping", "rank_low"] == 2


def test_steps_in_arrays_are_those_of_sql(monkeypatch) -> None:
    from dataclasses import replace

    from cxlab.data.codebook import Field
    from cxlab.models.journeys import step_counts

    log = cx.simulate_events(400, seed=3)
    table = log.lazy.collect().to_pandas().assign(w=lambda t: 0.5 + t["case_id"] % 3)
    table.loc[table["case_id"] == 7, "w"] = 0.0
    fields = (*log.codebook.fields, Field("w", role="weight"))
    weighted = cx.load(table, codebook=replace(log.codebook, fields=fields))
    for study in (log, weighted):
        quick = cx.transitions(study)
        with monkeypatch.context() as patch:
            patch.setattr(step_counts, "MOST", 0)
            slow = cx.transitions(study)
        keys = ["from", "to"]
        a, b = (x.table.sort_values(keys, ignore_index=True) for x in (quick, slow))
        pd.testing.assert_frame_equal(a, b)
        assert quick.notes == slow.notes


def test_an_event_called_end_is_no_end_of_a_case() -> None:
    rows = [
        (c, e, i) for c in range(30) for i, e in enumerate(("start", "(end)", "more") if c % 2 else ("start", "(end)"))
    ]
    table = pd.DataFrame(rows, columns=["case", "event", "at"])
    study = cx.load(table).set("case", role="case").set("event", role="event").set("at", role="time")
    found = cx.transitions(study)
    steps = found.table.set_index(["from", "to"])["estimate"]
    assert steps["start", "(end)"] == 1.0 and steps["(end)", "(end of the case)"] == 0.5
    assert found.parts["end"] == "(end of the case)"


def test_intervals_of_ends_hold_what_a_chain_in_continuous_time_gives() -> None:
    """Waits are exponential, so the share ended at t is that of a Markov process: exp(t (P - I) / mean wait)."""
    runs, ends, at = 24, ["completed", "cancelled"], [4.0, 8.0]
    first = cx.simulate_events(10, seed=0).truth["steps"]
    names = [*dict.fromkeys(first["from"]), *ends]
    p = np.zeros((len(names), len(names)))
    for a, b, share in first.itertuples(index=False):
        p[names.index(a), names.index(b)] = share
    q = (p - np.diag(p.sum(1))) / DAYS
    truth = {(e, t): expm(q * t)[names.index("order"), names.index(e)] for e in ends for t in at}
    held = dict.fromkeys(truth, 0)
    for seed in range(runs):
        found = cx.drop_off(cx.simulate_events(300, seed=seed, censoring=0.3), ends=ends, at=at).table
        for key, right in truth.items():
            row = found[(found["state"] == key[0]) & (found["at"] == key[1])].iloc[0]
            held[key] += row["low"] <= right <= row["high"]
    assert min(held.values()) >= binom.ppf(1e-4, runs, 0.95), held


def test_intervals_of_types_hold_their_shares() -> None:
    one = {"a": {"b": 0.8, "z": 0.2}, "b": {"b": 0.1, "c": 0.8, "z": 0.1}, "c": {"a": 0.2, "z": 0.8}, "z": {}}
    two = {"a": {"a": 0.7, "c": 0.1, "z": 0.2}, "b": {"a": 0.5, "z": 0.5}, "c": {"c": 0.6, "a": 0.2, "z": 0.2}, "z": {}}
    runs, held = 8, 0
    for seed in range(runs):
        first = cx.simulate_events(390, seed=seed, touchpoints=one)
        second = cx.simulate_events(210, seed=100 + seed, touchpoints=two).to_pandas()
        both = pd.concat([first.to_pandas(), second.assign(case_id=second["case_id"] + 10_000)])
        row = cx.journey_types(Study(both, first.codebook), k=2, draws=40).table.iloc[0]
        held += row["low"] <= 0.65 <= row["high"]
    assert held >= binom.ppf(1e-4, runs, 0.95)
