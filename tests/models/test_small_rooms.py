"""Journeys, tables, monitoring, pilots, loyalty and the loop tell nothing of a few people, nor does a part."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.columns import Hidden

SIZES = {"A": 120, "B": 100, "C": 80, "TINY": 3}
OUT = {"role": "outcome"}


@pytest.fixture(scope="module")
def people() -> cx.Study:
    """Groups of 120, 100, 80 and 3 people, the few with answers of their own."""
    rng, seg = np.random.default_rng(1), np.repeat(list(SIZES), list(SIZES.values()))
    n, hours = len(seg), lambda k: pd.to_timedelta(rng.integers(1, k, len(seg)), "h")
    rows = pd.DataFrame({
        "ltr": rng.integers(0, 11, n), "sat": rng.integers(1, 6, n), "seg": seg, "days": rng.integers(1, 60, n),
        "left": rng.integers(0, 2, n), "wave": rng.integers(1, 7, n), "x": rng.normal(size=n),
        "opened": pd.Timestamp("2024-01-01") + hours(5000),
    })  # fmt: skip
    rows["closed"] = rows["opened"] + hours(200)
    rows.loc[rows["seg"] == "TINY", ["ltr", "sat", "left"]] = [0, 1, 1]
    fields = (
        cx.Field("ltr", measure="recommendation", scale=cx.Scale(0, 10), **OUT),
        cx.Field("sat", measure="satisfaction", scale=cx.Scale(1, 5), **OUT), cx.Field("left", measure="churn", **OUT),
        cx.Field("seg", type="string", role="segment"), cx.Field("wave", type="integer", role="wave"),
        cx.Field("days"), cx.Field("x"), cx.Field("opened", type="datetime"), cx.Field("closed", type="datetime"),
    )  # fmt: skip
    return cx.Study(rows, cx.Codebook("few", fields))


@pytest.fixture(scope="module")
def events() -> cx.Study:
    """Cases of the same groups; the few go another way."""
    rng, rows, case = np.random.default_rng(2), [], 0
    for group, size in SIZES.items():
        for _ in range(size):
            for j in range(int(rng.integers(2, 6))):
                rows.append((f"c{case}", str(rng.choice(["call", "visit", "buy"])), case * 100 + j * 5, group))
            case += 1
    table = pd.DataFrame(rows, columns=["case", "event", "hour", "seg"])
    table["time"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(table.pop("hour"), "h")
    table["owner"], table["sat"] = rng.choice(["ann", "bob"], len(table)), rng.integers(1, 6, len(table))
    roles = {"case": "string", "event": "string", "time": "datetime", "owner": "string"}
    fields = [cx.Field(c, role=c, type=kind) for c, kind in roles.items()]
    fields += [cx.Field("seg", type="string", role="segment")]
    fields += [cx.Field("sat", type="integer", measure="satisfaction", scale=cx.Scale(1, 5), **OUT)]
    return cx.Study(table, cx.Codebook("events", tuple(fields)))


PEOPLE: dict[str, Callable[[cx.Study], Any]] = {
    "crosstab": lambda s: cx.crosstab(s, ["sat", "ltr"], "seg"),
    "changes": lambda s: cx.changes(s, "nps", by="seg"),
    "running": lambda s: cx.running(s, "nps", by="seg"),
    "change_explained": lambda s: cx.change_explained(s, "nps", by="seg"),
    "survival": lambda s: cx.survival(s, time="days", event="left", by="seg"),
    "closing": lambda s: cx.closing(s, opened="opened", closed="closed", by="seg"),
}
EVENTS: dict[str, Callable[[cx.Study], Any]] = {
    "transitions": lambda s: cx.transitions(s, by="seg"),
    "drop_off": lambda s: cx.drop_off(s, ends="buy", by="seg"),
    "journey": lambda s: cx.journey(s, "sat", by="seg"),
}
KEYS = ("period", "at", "change")


def numbers_of(made: Any, group: str) -> list[tuple[str, float]]:
    """Every number of a result that stands in a row of the group, as it leaves for results.json."""
    said = json.loads(json.dumps(made.to_dict()))
    rows = [r for t in (said["table"], *said["parts"].values()) if isinstance(t, list) for r in t]
    rows = [r for r in rows if isinstance(r, dict) and group in r.values()]
    return [(k, v) for r in rows for k, v in r.items() if isinstance(v, (int, float)) and k not in KEYS and v != 0]


@pytest.mark.parametrize("name", [*PEOPLE, *EVENTS])
def test_neither_the_few_nor_those_that_would_tell_them_have_a_number(
    name: str, people: cx.Study, events: cx.Study
) -> None:
    made = PEOPLE[name](people) if name in PEOPLE else EVENTS[name](events)
    for group in ("TINY", "C"):
        assert numbers_of(made, group) == []
    assert numbers_of(made, "A")


ALONE: dict[str, Callable[[cx.Study], Any]] = {
    "ols": lambda s: cx.ols(s, "ltr ~ x"),
    "ridge": lambda s: cx.regressions.ridge(s, "ltr ~ x"),
    "logit": lambda s: cx.regressions.logit(s, "I(sat >= 3) ~ x"),
    "ordinal": lambda s: cx.regressions.ordinal(s, "sat ~ x"),
    "mixed": lambda s: cx.regressions.mixed(s, "ltr ~ x", by="wave"),
    "closing": lambda s: cx.closing(s, opened="opened", closed="closed"),
    "transitions": lambda s: cx.transitions(s),
    "journey": lambda s: cx.journey(s, "sat"),
    "handoffs": lambda s: cx.handoffs(s, "sat"),
    "drop_off": lambda s: cx.drop_off(s, ends="buy"),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_part_that_would_tell_the_few_is_refused(name: str, people: cx.Study, events: cx.Study) -> None:
    study = events if name in ("transitions", "journey", "handoffs", "drop_off") else people
    with pytest.raises(cx.DataProblem) as said:
        ALONE[name](study.where(seg="C"))
    assert str(said.value) == (
        f"seg = C of {study.name} is not shown: with the other parts and the whole it would tell a part of fewer "
        "answers (least_n=0 shows it)"
    )
    assert len(ALONE[name](study.where(seg="A")).table)


def test_tables_of_the_parts_and_the_whole_do_not_tell_a_cell_of_few() -> None:
    rng = np.random.default_rng(3)
    cells = [("A", "north", 60), ("A", "south", 50), ("B", "north", 3), ("B", "south", 70), ("C", "north", 40),
             ("C", "south", 45)]  # fmt: skip
    rows = pd.DataFrame([(b, r) for b, r, k in cells for _ in range(k)], columns=["brand", "region"])
    rows["sat"] = rng.integers(1, 6, len(rows))
    fields = (cx.Field("sat", type="integer", measure="satisfaction", scale=cx.Scale(1, 5), **OUT),
              *(cx.Field(c, type="string", role="segment") for c in ("brand", "region")))  # fmt: skip
    study = cx.Study(rows, cx.Codebook("cells", fields))
    shown = {}
    for brand in "ABC":
        table = cx.crosstab(study.where(brand=brand), ["sat"], "region").table
        base = table[(table["kind"] == "base") & (table["banner"] != "")]
        shown |= {(brand, c): n for c, n in zip(base["column"], base["n"], strict=True) if not isinstance(n, Hidden)}
    assert ("B", "north") not in shown
    assert len([b for b in "ABC" if (b, "north") not in shown]) > 1  # with one alone, the whole would tell it


def test_an_arm_of_few_answers_is_not_compared(people: cx.Study) -> None:
    made = cx.experiment(people, "sat", arm="seg", control="A")
    assert numbers_of(made, "TINY") == [] and len(numbers_of(made, "B")) > 5
    assert made.parts["srm"]["counts"]["TINY"] != 3
    assert "arms of fewer than 10 answers are not shown, nor what is compared with them" in made.notes
    with pytest.raises(cx.DataProblem, match=r"^seg = C of few is not shown: with the other parts"):
        cx.experiment(people.where(seg="C"), "sat", arm="wave")


def test_what_comes_after_an_event_of_few_cases_is_not_shown(events: cx.Study) -> None:
    table = events.frame.collect().to_pandas()
    table.loc[table["seg"] == "TINY", "event"] = "rare"
    found = cx.journey_types(cx.Study(table, events.codebook)).parts["steps"]
    assert "rare" not in set(found["from"]) and {"call", "visit", "buy"} <= set(found["from"])
