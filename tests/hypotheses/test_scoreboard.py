"""Specification curves, the scoreboard, and their pictures."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

import cxlab as cx
from cxlab.hypotheses.card import cards
from cxlab.hypotheses.scoreboard import SIGNS
from cxlab.hypotheses.scoreboard_plots import TILES
from cxlab.hypotheses.scored_answers import Spec, draw
from cxlab.hypotheses.simulators import simulated
from cxlab.hypotheses.slots import require
from cxlab.hypotheses.specification import grid
from cxlab.problem import DataProblem


def test_the_grid_holds_each_defensible_choice_once() -> None:
    study = cx.load("brand-tracker")
    slots = require(cx.claims("CX-05").card, study)
    specs = grid(cx.claims("CX-05").card, study, slots.columns)
    assert len(specs) == len(set(specs)) == 2 * 3 * 2
    assert specs[0] == Spec()
    assert len(grid(cx.claims("CX-12").card, study, {})) == 2


def test_the_curve_counts_who_agrees() -> None:
    v = cx.verdict("CX-05", cx.load("airline-survey"), ledger=None)
    curve = v.parts["specifications"]
    t = curve.table
    assert len(t) == 3 and t["estimate"].is_monotonic_increasing
    own = t[t["specification"] == curve.parts["primary"]].iloc[0]
    assert own["estimate"] == pytest.approx(v.estimate.value)
    assert curve.parts["share"] == pytest.approx((t["finding"] == own["finding"]).mean())
    assert curve.title in v.notes
    plt.close(curve.plot().get_figure())


def test_the_choices_do_what_they_say(survey) -> None:
    study = survey(400)
    chosen = cx.claims("CX-05").card
    slots = require(chosen, study)
    plain = draw(study, chosen, slots)
    top = draw(study, chosen, slots, Spec(scale="top-box"))
    ranks = draw(study, chosen, slots, Spec(scale="ranks"))
    best = study.table["overall"] >= 4
    assert np.average(top.points("overall", outcome=True), weights=top.n) == pytest.approx(100 * best.mean())
    assert np.average(ranks.points("overall", outcome=True), weights=ranks.n) == pytest.approx(50)
    touch = study.table[["price", "staff", "speed"]]
    straight = (touch.nunique(axis=1) == 1).sum()
    kept = draw(study, chosen, slots, Spec(exclude="straight-liners"))
    assert plain.answers - kept.answers == straight > 0
    assert kept.notes == (f"{straight} answers left out: straight-liners",)


def test_reverse_scales_and_missing_answers() -> None:
    study = cx.load("brand-tracker")
    book = study.codebook
    scale = book["satisfaction"].scale
    flipped = cx.Scale(scale.minimum, scale.maximum, "low")
    turned = cx.Study(study.table, book.replace("satisfaction", scale=flipped))
    chosen = cx.claims("CX-24").card
    a, b = (draw(s, chosen, require(chosen, s)).points("satisfaction") for s in (study, turned))
    there = ~np.isnan(a)
    assert (a + b)[there] == pytest.approx(100) and np.isnan(b[~there]).all() and 0 < there.sum() < len(there)


@pytest.fixture(scope="module")
def board():
    return cx.evidence.scoreboard(["airline-survey", "abc", simulated("CX-23", 9.0, n=500)], ledger=None)


def test_the_board_has_a_reason_for_every_cell(board) -> None:
    t = board.table
    assert len(t) == len(cards()) * 3 and set(t["direction"]) <= set(SIGNS)
    assert (t["reason"].astype(bool) | t["sentence"].astype(bool)).all()
    html = board._repr_html_()
    targets, links = set(re.findall(r"id='([^']+)'", html)), re.findall(r"href='#([^']+)'", html)
    assert len(links) == len(t) and set(links) <= targets
    assert t.set_index(["card", "study"]).loc[("CX-23", "simulated-cx-23"), "direction"] == "SUPPORTED"


def test_screening_is_corrected(board) -> None:
    t = board.table.dropna(subset=["p"])
    order = t.sort_values("p")
    k = len(order)
    steps = np.minimum.accumulate((order["p"].to_numpy() * k / np.arange(1, k + 1))[::-1])[::-1]
    assert order["p_adjusted"].to_numpy() == pytest.approx(np.fmin(steps, 1))
    assert "Benjamini-Hochberg" in board.method
    lone = cx.evidence.scoreboard(["abc"], ["CX-13", "CX-14"], correction="none", ledger=None)
    assert (lone.table["p"].fillna(9) == lone.table["p_adjusted"].fillna(9)).all()


def test_what_does_not_survive_is_not_supported() -> None:
    studies = [simulated("CX-23", 2.95, n=2500, seed=s) for s in range(3)]
    one = [cx.verdict("CX-23", s, robust=False, ledger=None).direction for s in studies]
    table = cx.evidence.scoreboard(studies, ["CX-23"], correction="holm", ledger=None).table
    lost = table["direction"].ne(one)
    assert (table.loc[lost, "direction"] == "DIRECTION-ONLY").all()
    assert (table["direction"].eq("SUPPORTED") == (table["p_adjusted"] <= 0.025)).all()
    assert table.loc[lost, "reason"].str.startswith("SUPPORTED alone, but not after the correction").all()


def test_every_verdict_has_its_tile_and_sign() -> None:
    assert set(TILES) == set(SIGNS) - {"LACKS DATA"}
    assert len({tile[0] for tile in TILES.values()}) == len(TILES)


def test_the_pictures_draw(board) -> None:
    ax = board.plot()
    assert len(ax.get_yticks()) == len(cards()) and len(ax.get_xticks()) == 3
    plt.close(ax.get_figure())
    for id, effect in (("CX-23", 9.0), ("CX-18", 1.0), ("CX-09", 0.9)):
        v = cx.verdict(id, simulated(id, effect, n=300), robust=False, ledger=None)
        plt.close(v.plot().get_figure())


def test_nothing_to_test_is_refused() -> None:
    study = simulated("CX-08", 0.0, n=100).select("excess")
    with pytest.raises(DataProblem, match=r"^none of the studies can answer any claim; cxlab claims --for DATA says"):
        cx.evidence.scoreboard([study, study], ledger=None)
    with pytest.raises(DataProblem, match="correction is 'bonf'"):
        cx.evidence.scoreboard(["abc"], correction="bonf", ledger=None)
