"""Groups of people are what they were before they answered: no card takes an answer, or what follows from one."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.labels_of_answers import follows_from
from cxlab.hypotheses.card import card, cards
from cxlab.hypotheses.slots import of_people, resolve
from cxlab.hypotheses.specification import grid

PARTS = [(c.id, n.slot) for c in cards().values() for n in c.needs if of_people(n)]
BANDS = {
    "net promoter groups": lambda t: np.select([t["nps"] > 8, t["nps"] < 7], ["promoter", "detractor"], "passive"),
    "happy or not": lambda t: np.where(t["overall"] >= 4, "happy", "unhappy"),
    "the answer in words": lambda t: t["overall"].map({1: "awful", 2: "bad", 3: "fair", 4: "good", 5: "great"}),
    "turned round": lambda t: (6 - t["overall"]).astype(int).astype(str),
    "a touchpoint's top": lambda t: np.where(t["staff"] == 5, "delighted", "not"),
    "an amount in thirds": lambda t: pd.qcut(t["spent"], 3, labels=["low", "middle", "high"]).astype(str),
    "mistyped now and then": lambda t: np.where(np.arange(len(t)) % 60 == 0, "happy",
                                                np.where(t["overall"] >= 4, "happy", "unhappy")),
    "blank now and then": lambda t: np.where(np.arange(len(t)) % 7 == 0, None,
                                             np.where(t["nps"] >= 7, "fan", "no fan")),
}  # fmt: skip
GROUPS = {
    "home": lambda t, rng: rng.choice(["north", "south", "west"], len(t)),
    "goes with the answer": lambda t, rng: np.where(t["overall"] + rng.normal(0, 1, len(t)) > 3, "regular", "new"),
    "rare": lambda t, rng: np.where(rng.random(len(t)) < 0.03, "staff", "guest"),
    "one each": lambda t, rng: np.array([f"room {i}" for i in range(len(t))]),
}


def made(label: object, *, role: str = "segment", name: str = "group", measure: str = "", **more: object) -> cx.Study:
    rng = np.random.default_rng(1)
    n = 600
    staff, room = rng.integers(1, 6, (2, n))
    overall = np.clip(np.round((staff + room) / 2 + rng.normal(0, 0.8, n)), 1, 5)
    table = pd.DataFrame({"overall": overall, "staff": staff, "room": room, "nps": np.clip(np.round(
        2 * overall + rng.normal(0, 1, n)), 0, 10), "spent": np.round(np.exp(rng.normal(3, 1, n)), 2)})  # fmt: skip
    table[name] = label(table) if callable(label) else label
    table["home"] = rng.choice(["here", "there"], n)
    five = cx.Scale(1, 5)
    fields = (
        cx.Field("overall", role="outcome", measure="satisfaction", scale=five),
        *(cx.Field(c, role="touchpoint", measure="satisfaction", scale=five) for c in ("staff", "room")),
        cx.Field("nps", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
        cx.Field("spent", role="outcome", measure="spend"),
        cx.Field(name, type="string", role=role, measure=measure), cx.Field("home", type="string", role="segment"),
    )  # fmt: skip
    return cx.Study(table, cx.Codebook("guests", fields))


@pytest.mark.parametrize("band", BANDS)
def test_what_follows_from_an_answer_is_no_segment(band: str) -> None:
    study = made(BANDS[band])
    assert follows_from(study, "group") != ""
    assert resolve(card("CX-26"), study)["segment"] == ("home",)
    assert all("group" not in spec.controls for c in cards().values() for spec in grid(c, study, {}))


@pytest.mark.parametrize("group", GROUPS)
def test_what_only_goes_with_answers_is_a_segment(group: str) -> None:
    study = made(lambda t: GROUPS[group](t, np.random.default_rng(2)))
    assert follows_from(study, "group") == ""
    assert resolve(card("CX-26"), study)["segment"] == ("group",)


def test_a_firm_with_one_score_in_all_its_rows_may_have_an_industry() -> None:
    """Each score belongs to one firm: that tells the industry, and is no answer that was put into words."""
    firms = pd.DataFrame({"firm": [f"f{i}" for i in range(30)], "score": np.arange(30) + 50.0,
                          "industry": ["air", "bank", "shop"] * 10})  # fmt: skip
    fields = (cx.Field("firm", role="brand", type="string"), cx.Field("score", role="outcome"),
              cx.Field("industry", role="segment", type="string"))  # fmt: skip
    study = cx.Study(pd.concat([firms] * 5), cx.Codebook("firms", fields))
    assert follows_from(study, "industry") == ""


@pytest.mark.parametrize(("id", "slot"), PARTS)
@pytest.mark.parametrize("role", ["outcome", "touchpoint", "segment"])
def test_no_card_takes_an_answer_for_a_group(id: str, slot: str, role: str) -> None:
    """Found by its role or its name, or named by somebody: in every card alike."""
    need = next(n for n in card(id).needs if n.slot == slot)
    name = need.names[0] if need.names else "group"
    study = made(BANDS["happy or not"], role=role, name=name, measure="complaint" if role == "segment" else "")
    assert name not in resolve(card(id), study)[slot]
    why = "says what people experienced (measure 'complaint')" if role == "segment" else f"is an answer (role '{role}')"
    said = (
        f"{id} cannot take '{name}' as {need.says}: it {why}; name a column that was known before the answers: "
        f"columns={{'{slot}': 'name'}}"
    )
    others = {n.slot: "home" if of_people(n) else "overall" for n in card(id).needs if not n.optional}
    with pytest.raises(cx.DataProblem, match=f"^{re.escape(said)}$"):
        cx.verdict(id, study, columns=others | {slot: name}, ledger=None, robust=False)


def test_who_names_such_a_column_is_told_why() -> None:
    study = made(BANDS["net promoter groups"])
    said = (
        "CX-26 cannot take 'group' as a segment: it follows from the answers to 'nps'; name a column that was known "
        "before the answers: columns={'segment': 'name'}"
    )
    with pytest.raises(cx.DataProblem, match=f"^{re.escape(said)}$"):
        cx.verdict("CX-26", study, columns={"segment": "group"}, ledger=None, robust=False)


@pytest.mark.mirror
def test_on_sfo_the_segment_is_not_whether_a_problem_was_met() -> None:
    assert resolve(card("CX-26"), cx.load("sfo"))["segment"] == ("airline",)
