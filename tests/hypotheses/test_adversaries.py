"""Cards against the adversary that each names: what looks like the claim and is none gets no verdict for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.hypotheses.card import card

SIZES = {"CX-01": 1000, "CX-02": 1500, "CX-03": 20000, "CX-06": 1000, "CX-07": 1000, "CX-08": 360, "CX-09": 1000,
         "CX-10": 8000, "CX-11": 2000}  # fmt: skip
CLAIMED = {"CX-01": 0.16, "CX-02": 0.12, "CX-03": 0.03, "CX-06": 0.25, "CX-07": 0.24, "CX-08": 0.0135, "CX-09": 0.9,
           "CX-10": 0.05, "CX-11": 0.05}  # fmt: skip
THREATS = [(id, t) for id in SIZES for t in card(id).threats]
REPS = 12


def verdict(id: str, study: cx.Study) -> cx.Result:
    return cx.verdict(id, study, robust=False, ledger=None)


@pytest.mark.parametrize(("id", "threat"), THREATS)
def test_a_threat_is_not_the_claim(replicates, id: str, threat: str) -> None:
    found = replicates(id, card(id).null, n=SIZES[id], reps=REPS, threat=threat, seed=6)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)


@pytest.mark.parametrize(("id", "threat", "share"), [
    ("CX-02", "self-selection", 1.0), ("CX-03", "self-selection", 0.9), ("CX-06", "mood", 1.0),
    ("CX-07", "self-classification", 1.0), ("CX-08", "look-ahead", 1.0), ("CX-11", "trends", 0.9),
])  # fmt: skip
def test_the_threat_does_look_like_the_claim(replicates, id: str, threat: str, share: float) -> None:
    """Without its cap each of these would have been told as true: the association is there, the claim is not."""
    found = replicates(id, card(id).null, n=SIZES[id], reps=REPS, threat=threat, seed=7)
    assert found["association"].isin(["SUPPORTED", "DIRECTION-ONLY"]).mean() >= share - 0.1
    assert found["direction"].eq("NOT-IDENTIFIED").mean() >= share - 0.1
    study = cx.simulated(id, card(id).null, n=SIZES[id], threat=threat, seed=7000)
    v = verdict(id, study)
    assert v.parts["threat"] in ("", threat, "reliability") and card(id).threats[threat].says in v.sentence


@pytest.mark.parametrize("id", SIZES)
def test_what_is_true_is_found_and_its_size_recovered(replicates, id: str) -> None:
    effect = CLAIMED[id]
    found = replicates(id, effect, n=SIZES[id], reps=REPS, seed=8)
    off = found["value"].mean() - effect
    assert abs(off) < 4 * found["value"].std() / np.sqrt(REPS) + 0.02 * abs(effect)
    assert abs(off) < 0.4 * abs(effect - card(id).null)
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if id != "CX-11":
        assert found["direction"].eq("SUPPORTED").mean() >= 0.5


def posting(rates: tuple[float, ...], counts: tuple[int, ...]) -> cx.Study:
    score = np.repeat([1, 2, 3, 4, 5], counts)
    posted = np.concatenate([np.arange(k) < round(k * p) for k, p in zip(counts, rates, strict=True)]).astype(int)
    fields = (
        cx.Field("sat", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)),
        cx.Field("posted", type="integer", role="operation"),
    )
    return cx.Study(pd.DataFrame({"sat": score, "posted": posted}), cx.Codebook("reviews", fields))


def test_a_u_shape_is_not_the_more_the_likelier() -> None:
    """Posting of 40, 25, 8, 20, 40 %: no evidence of a fall is no evidence against one."""
    v = verdict("CX-10", posting((0.4, 0.25, 0.08, 0.2, 0.4), (5, 8, 12, 175, 300)))
    assert v.direction == "INCONCLUSIVE"
    assert v.table["finding"].tolist() == ["SUPPORTED", "INCONCLUSIVE"]
    u = [verdict("CX-10", posting((0.4, 0.2, 0.1, 0.2, 0.4), counts)).direction
         for counts in ((20, 40, 60, 180, 200), (100, 200, 200, 300, 400))]  # fmt: skip
    assert "SUPPORTED" not in u
    steady = posting((0.02, 0.06, 0.1, 0.2, 0.4), (400, 600, 800, 1500, 2500))
    assert verdict("CX-10", steady).direction == "SUPPORTED"


def influenced(yes: int, no: int, silent: int, filtered: int = 0) -> cx.Study:
    values = [1.0] * yes + [0.0] * no + [np.nan] * silent + [9.0] * filtered
    field = cx.Field("influenced", role="outcome", missing={"9": "reads no reviews"})
    return cx.Study(pd.DataFrame({"influenced": values}), cx.Codebook("survey", (field,)))


def test_silence_is_no_answer_and_gets_no_reason() -> None:
    v = verdict("CX-09", influenced(488, 162, 350))
    assert v.estimate.value == pytest.approx(488 / 650)
    assert (v.direction, v.parts["threat"]) == ("INCONCLUSIVE", "silence")
    assert not any("were not asked" in n or "read no reviews" in n for n in v.notes)
    bounds = v.parts["shown"].set_index("label")["estimate"]
    assert bounds["if all who are silent had not been influenced"] == pytest.approx(0.488)
    assert bounds["if all who are silent had been influenced"] == pytest.approx(0.838)
    few = verdict("CX-09", influenced(810, 90, 100))
    assert few.estimate.value == pytest.approx(0.9) and (few.direction, few.number) == ("SUPPORTED", "SUPPORTED")


def test_a_filter_that_the_codebook_names_counts_as_no() -> None:
    v = verdict("CX-09", influenced(594, 66, 0, 340))
    assert v.estimate.value == pytest.approx(0.594) and v.number == "NUMBER-OUT"
    assert v.parts["shown"].set_index("label")["estimate"]["influenced, of those asked"] == pytest.approx(0.9)
    assert "not asked, so not influenced: reads no reviews" in v.notes


def test_a_tip_is_no_price() -> None:
    lacks = cx.claims(cx.load("airline-survey")).set_index("card")["lacks"]
    assert lacks["CX-01"]
    assert "crouch" not in card("CX-01").needs[1].names
