"""Steps counted in arrays, in blocks and from any order of rows, are those that SQL counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field
from cxlab.models.journeys import event_log, events_in_order, step_counts, transitions


def log(seed: int, *, case: str, time: str, weighted: bool) -> cx.Study:
    """Events in no order, with ties in time, missing cases, events and times, and weights that do not count."""
    rng, n = np.random.default_rng(seed), 1500
    number = rng.integers(0, 300, n)
    at = rng.integers(0, 40, n)
    rows = pd.DataFrame({
        "case": {"whole": number - 50, "far": number * 10**12, "text": [f"C{k}" for k in number],
                 "real": number / 4, "kind": pd.Categorical([f"C{k}" for k in number])}[case],
        "event": rng.choice(["call", "mail", "shop", "bill", "(end)"], n, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
        "at": {"whole": at, "real": at / 3, "date": pd.Timestamp("2026-03-28") + pd.to_timedelta(at, "h"),
               "fine": (pd.Timestamp("2026-03-28") + pd.to_timedelta(at, "h")).astype("datetime64[ns]")}[time],
        "w": np.array([0.5, 1.0, 2.0, 0.0, np.nan, np.inf])[np.minimum(number % 40, 5) if weighted else number * 0],
    })  # fmt: skip
    for name in ("case", "event", "at"):
        rows[name] = rows[name].astype(object if name == "event" else rows[name].dtype).mask(rng.random(n) < 0.03)
    roles = {"case": "case", "event": "event", "at": "time"} | ({"w": "weight"} if weighted else {})
    return cx.Study(rows, Codebook("log", tuple(Field(c, role=r) for c, r in roles.items())))


@pytest.mark.parametrize("case", ["whole", "far", "text", "real", "kind"])
@pytest.mark.parametrize("time", ["whole", "real", "date", "fine"])
def test_steps_in_blocks_are_those_of_sql(monkeypatch: pytest.MonkeyPatch, case: str, time: str) -> None:
    study = log(len(case) + 10 * len(time), case=case, time=time, weighted=len(case) % 2 == 0)
    found = []
    for most, block, dense, batch in ((10**9, 10**6, 2**20, 10**6), (10**9, 70, 0, 2048), (0, 1, 1, 10**6)):
        for module, name, value in (
            (step_counts, "MOST", most), (step_counts, "BLOCK", block), (step_counts, "DENSE", dense),
            (events_in_order, "BATCH", batch),
        ):  # fmt: skip
            monkeypatch.setattr(module, name, value)
        found.append(cx.transitions(study, least_n=0))
    *arrays, sql = found
    for quick in arrays:
        a, b = (r.table.sort_values(["from", "to"], ignore_index=True) for r in (quick, sql))
        pd.testing.assert_frame_equal(a, b, rtol=1e-9)
        assert quick.notes == sql.notes


def test_an_engine_that_gives_rows_in_another_order_changes_no_tie() -> None:
    """Rows of the same case and time follow each other as they stand in the file."""
    rows = pd.DataFrame({"case": [1, 2, 1, 2, 1, 2], "event": list("abbaab"), "at": [0, 0, 0, 0, 0, 1]})
    book = Codebook("log", (Field("case", role="case"), Field("event", role="event"), Field("at", role="time")))
    tables = [cx.transitions(cx.Study(t, book), least_n=0).table for t in (rows, pl.from_pandas(rows).lazy())]
    assert tables[0][["from", "to", "times"]].values.tolist() == tables[1][["from", "to", "times"]].values.tolist()
    steps = tables[0].set_index(["from", "to"])["times"].to_dict()
    assert steps == {("a", "b"): 2, ("b", "a"): 2, ("a", "(end)"): 1, ("b", "(end)"): 1}


def test_rows_that_come_in_another_order_are_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    study = log(3, case="text", time="whole", weighted=True)
    right = cx.transitions(study, least_n=0).table
    whole = event_log.event_log

    def turned(*args: object, **options: object) -> event_log.EventLog:
        found = whole(*args, **options)
        return replace(found, relation=found.relation.order("k DESC"))

    monkeypatch.setattr(transitions, "event_log", turned)
    for most in (10**9, 5):
        monkeypatch.setattr(step_counts, "MOST", most)
        pd.testing.assert_frame_equal(cx.transitions(study, least_n=0).table, right)
