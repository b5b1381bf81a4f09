"""Channels that are alike, that differ, of which nothing can be told; and why customers of several look better."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.problem import DataProblem


def rated(n: int, means: dict[str, float], seed: int) -> cx.Study:
    rng = np.random.default_rng(seed)
    parts = [pd.DataFrame({"channel": c, "y": np.clip(np.round(rng.normal(m, 1, n)), 1, 5)}) for c, m in means.items()]
    fields = (
        Field("channel", "Channel", "string", "channel"),
        Field("y", "Satisfaction", "integer", "outcome", "satisfaction", Scale(1, 5)),
    )
    return cx.load(pd.concat(parts, ignore_index=True), codebook=Codebook("c", fields))


def test_alike_different_and_not_told_apart() -> None:
    ask = lambda s: cx.journeys.consistency(s, "mean", of="y", smallest=0.2)  # noqa: E731
    alike = ask(rated(4_000, {"app": 3.5, "shop": 3.5, "web": 3.5}, 1))
    assert alike.parts["verdict"] == "consistent" and alike.parts["tau"] < 0.1 and len(alike.table) == 3
    other = ask(rated(4_000, {"app": 3.5, "shop": 2.9, "web": 3.5}, 1))
    assert other.parts["verdict"] == "not consistent" and other.parts["tau"] > 0.2
    assert set(other.table["verdict"]) == {"differ", "alike"}
    few = ask(rated(30, {"app": 3.5, "shop": 3.5}, 2))
    assert few.parts["verdict"] == "cannot tell" and np.isnan(few.parts["tau"])


def test_no_column_of_channels_is_said() -> None:
    study = rated(30, {"app": 3.5, "shop": 3.5}, 2).set("channel", role="segment")
    said = r"^c has no column of role 'channel'; name it: by='COLUMN', or study\.set\('COLUMN', role='channel'\)$"
    with pytest.raises(DataProblem, match=said):
        cx.journeys.consistency(study, "mean", of="y")


def sessions(visitors: pd.DataFrame) -> cx.Study:
    fields = (
        Field("who", role="case", type="string"), Field("what", role="event", type="string"),
        Field("at", role="time", type="datetime"), Field("device", "Device", "string", "channel"),
        Field("booked", "Booked", "integer", "outcome", scale=Scale(0, 1)),
    )  # fmt: skip
    return cx.load(visitors, codebook=Codebook("visits", fields, design="logs"))


def test_more_contact_is_told_from_more_channels() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for who in range(600):
        n = int(1 + rng.poisson(rng.choice([1, 12])))
        booked = int((rng.random(n) < 0.05).any())  # each visit has its chance, whatever the device
        rows += [(str(who), i, rng.choice(["phone", "desk"], p=[0.3, 0.7]), booked) for i in range(n)]
    table = pd.DataFrame(rows, columns=["who", "day", "device", "booked"])
    table = table.assign(what="visit", at=pd.Timestamp("2025-01-01") + pd.to_timedelta(table["day"], unit="D"))
    found = cx.handoffs(sessions(table.drop(columns="day")), "booked", of="channel")
    assert any(n.startswith("why they look different: cases that change Device have") for n in found.notes)


@pytest.mark.mirror
def test_why_visitors_on_several_devices_book_more() -> None:
    path = Path(os.environ["CXLAB_MIRROR"]) / "event_logs" / "airbnb_sessions.txt"
    t = pd.read_csv(path, sep="|").assign(what="session")
    t["booked"] = t.groupby("id_visitor")["sent_booking_request"].transform("max")
    t["device"] = t["dim_device_app_combo"].str.split(" - ").str[0]
    t = t.rename(columns={"id_visitor": "who"}).assign(at=pd.to_datetime(t["ts_min"]))
    found = cx.handoffs(sessions(t[["who", "what", "at", "device", "booked"]]), "booked", of="channel")
    raw, held = found.parts["slopes"]["low"]
    assert raw > 0 > held
    assert any("it is more contact, not more Device" in n for n in found.notes)
