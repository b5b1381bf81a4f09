"""Verdicts end to end: what they say on known data, and when they refuse."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import DESIGNS, Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.hypotheses.calibrate import truth
from cxlab.hypotheses.card import card, cards
from cxlab.hypotheses.case import Case, run
from cxlab.hypotheses.design import identified
from cxlab.hypotheses.simulators import simulated
from cxlab.hypotheses.slots import require
from cxlab.problem import DataProblem

CAUSAL = [c.id for c in cards().values() if c.causal]


def test_a_verdict_says_everything() -> None:
    v = cx.verdict("CX-05", cx.load("airline-survey"), ledger=None)
    assert v.direction == v.association == "TRIVIAL"
    assert (v.grade, v.number) == ("E", "")
    assert v.estimate.n == 9720 and v.estimate.low <= v.estimate.value <= v.estimate.high
    assert v.sentence.startswith("In airline-survey, R² gained by the worst touchpoint over all touchpoints: ")
    said = repr(v)
    for part in (
        "claimed:",
        "published: [V]",
        "here:",
        "exploratory: no plan was written before",
        "ok  design: cross-section",
    ):
        assert part in said, part
    assert "Any single point of failure" in v._repr_html_()
    assert v.to_dict()["parts"]["direction"] == "TRIVIAL"


@pytest.mark.parametrize("id", CAUSAL)
def test_a_cross_section_never_supports_a_causal_claim(id: str) -> None:
    chosen = card(id)
    study = simulated(id, truth(chosen, "claimed"), n=chosen.module.TRUTH.n, seed=3)
    assert cx.verdict(id, study, robust=False, ledger=None).direction != "NOT-IDENTIFIED"
    flat = replace(study, codebook=replace(study.codebook, design="cross-section"))
    v = cx.verdict(id, flat, robust=False, ledger=None)
    assert v.direction == "NOT-IDENTIFIED" and v.grade in "DEF"
    assert "a cross-section does not identify an effect; this claim needs one of: " in v.parts["reason"]
    assert v.association != "NOT-IDENTIFIED" and "whether it is an effect these data cannot say" in v.sentence
    for word in ("causes", "leads to", "because of", "drives"):
        assert word not in v.sentence.replace(chosen.claim, "")


def test_every_design_is_spoken_of_in_a_sentence() -> None:
    """'a logs does not identify an effect' once stood on a page."""
    chosen = replace(card(CAUSAL[0]), identified_by=("none of them",))
    study = simulated(CAUSAL[0], truth(chosen, "claimed"), n=50, seed=3)
    said = {
        d: identified(chosen, replace(study, codebook=replace(study.codebook, design=d)), {})[1].partition(";")[0]
        for d in DESIGNS
        if d
    }
    assert said["logs"] == "logs of events do not identify an effect"
    assert said.pop("experiment") == "an experiment does not identify an effect" and said.pop("logs")
    assert all(words == f"a {design} does not identify an effect" for design, words in said.items())


def test_an_assigned_contrast_is_needed_also_in_an_experiment() -> None:
    study = simulated("CX-23", 9.0, n=400)
    late = study.table.rename(columns={"arm": "late"})
    fields = tuple(replace(f, name="late") if f.name == "arm" else f for f in study.codebook)
    other = Study(late, replace(study.codebook, fields=fields))
    v = cx.verdict("CX-23", other, robust=False, ledger=None)
    assert v.direction == "NOT-IDENTIFIED"
    assert v.parts["reason"] == "'late' was not assigned; the codebook says that arm was"
    silent = replace(other, codebook=replace(other.codebook, assignment=()))
    v = cx.verdict("CX-23", silent, robust=False, ledger=None)
    assert v.direction == "NOT-IDENTIFIED"
    assert v.parts["reason"] == "'late' happened to people, it was not assigned to them"


@pytest.mark.parametrize("id", ["CX-05", "CX-26"])
def test_thirty_answers_are_no_verdict(survey, id: str) -> None:
    v = cx.verdict(id, survey(30), ledger=None)
    assert v.direction == "NOT-IDENTIFIED" and np.isnan(v.estimate.value)
    assert v.parts["reason"] == "only 30 complete answers; this test needs at least 50"
    assert (
        v.sentence == f"In survey nothing can be said about '{card(id).claim}' (only 30 complete answers; this test "
        f"needs at least 50)."
    )
    v.plot()


@pytest.mark.parametrize("id", ["CX-05", "CX-26"])
def test_everyone_satisfied_is_no_verdict(survey, id: str) -> None:
    v = cx.verdict(id, survey(400, overall=5.0), ledger=None)
    assert v.direction == "NOT-IDENTIFIED"
    assert v.parts["reason"] == "all 400 answers have the same value of the outcome: there is nothing to explain"


def test_one_day_is_no_verdict_on_days(survey) -> None:
    v = cx.verdict("CX-12", survey(400, days=1), ledger=None)
    assert (v.direction, v.parts["reason"]) == (
        "NOT-IDENTIFIED", "only 1 group of day in survey has 20 answers; at least 3 are needed",
    )  # fmt: skip


def test_one_wave_is_no_verdict_on_lags() -> None:
    study = simulated("CX-21", 0.1, n=1200)
    one = study.where(period=3)
    v = cx.verdict("CX-21", one, ledger=None)
    assert v.parts["reason"] == (
        "50 units and 1 periods of simulated-cx-21 have both scores; paths within units need at least 10 and 4"
    )


def test_no_contrast_is_no_verdict() -> None:
    study = simulated("CX-24", 0.0, n=300)
    same = Study(study.table.assign(wait=60.0), study.codebook)
    v = cx.verdict("CX-24", same, ledger=None)
    assert v.parts["reason"] == "the wait is the same for everybody: there is no contrast to learn from"


def test_a_study_without_the_roles_is_refused() -> None:
    with pytest.raises(
        DataProblem, match=r"^CX-08 cannot be tested on airline-survey: it lacks monthly return of the high-minus-low"
    ):
        cx.verdict("CX-08", cx.load("airline-survey"), ledger=None)


def test_weights_and_clusters_are_used() -> None:
    study = simulated("CX-01", 0.1, n=1000, threat="clustering")
    v = cx.verdict("CX-01", study, robust=False, ledger=None)
    book = replace(
        study.codebook, fields=tuple(replace(f, role="id") if f.name == "cluster" else f for f in study.codebook)
    )
    w = cx.verdict("CX-01", Study(study.table, book), robust=False, ledger=None)
    assert v.estimate.value == pytest.approx(w.estimate.value)
    assert v.estimate.se > 1.2 * w.estimate.se


def test_backends_agree(survey) -> None:
    import duckdb
    import polars as pl

    study = survey(400)
    frame = study.table  # noqa: F841 (read by DuckDB)
    same = [
        study,
        Study(pl.from_pandas(study.table), study.codebook),
        Study(duckdb.sql("SELECT * FROM frame"), study.codebook),
    ]
    for id in ("CX-05", "CX-12", "CX-26"):
        got = [cx.verdict(id, s, robust=False, ledger=None).table[["estimate", "low", "high"]] for s in same]
        pd.testing.assert_frame_equal(got[0], got[1])
        pd.testing.assert_frame_equal(got[0], got[2])


def test_counts_are_rows() -> None:
    """A sample of patterns with counts gives what its repeated rows give."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"satisfaction": rng.integers(1, 6, 500).astype(float), "wait": rng.integers(1, 30, 500).astype(float)}
    )
    book = Codebook("calls", (
        Field("satisfaction", role="outcome", measure="satisfaction", scale=Scale(1, 5)),
        Field("wait", role="operation", measure="wait"),
    ))  # fmt: skip
    chosen, study = card("CX-24"), Study(table, book)
    case, other = (Case(chosen, study, require(chosen, study)) for _ in range(2))
    sample = case.sample
    assert len(sample.n) < 500 and sample.answers == 500
    rows = np.repeat(np.arange(len(sample.n)), sample.n.astype(int))
    spread = sample.keep(rows)
    spread.n = np.ones(len(rows))
    vars(other)["sample"] = spread
    a, b = (run(c).findings[0] for c in (case, other))
    assert (a.value, a.low, a.n) == (pytest.approx(b.value), pytest.approx(b.low), b.n)


@pytest.mark.mirror
def test_call_centre_waits_are_not_supported() -> None:
    v = cx.verdict("CX-24", cx.load("call-centre"), ledger=None)
    assert v.direction == "NOT-IDENTIFIED" and v.association in ("TRIVIAL", "INCONCLUSIVE")


@pytest.mark.mirror
def test_olist_on_time_and_late() -> None:
    """The data's notes: mean score 4.27 on time (n = 2,710), 2.28 late (n = 193)."""
    v = cx.verdict("CX-23", cx.load("olist"), robust=False, ledger=None)
    means = (1 + v.parts["shown"].set_index("label")["estimate"].iloc[:2] / 25).round(2)
    assert means.to_dict() == {"promise kept": 4.27, "promise broken": 2.28}
    assert v.parts["shown"]["n"].tolist()[:2] == [2710, 193]
    assert v.direction == "NOT-IDENTIFIED" and v.association == "SUPPORTED"


@pytest.mark.mirror
def test_mobi_htmt() -> None:
    """Reference value 7.6: HTMT of satisfaction and quality .95363601."""
    v = cx.verdict("CX-17", cx.load("mobi"), robust=False, ledger=None)
    assert v.estimate.value == pytest.approx(0.95363601, abs=1e-8)
    assert v.direction != "SUPPORTED"


@pytest.mark.mirror
def test_acsi_complaints() -> None:
    """Shares by hand from the raw file: repurchase answers below the middle of the scale, by complaint."""
    study = cx.load("acsi-2015")
    raw = study.frame.select("COMP", "REPUR").collect().to_pandas().dropna()
    shares = (raw["REPUR"] <= 5).groupby(raw["COMP"]).mean()
    v = cx.verdict("CX-02", study, robust=False, ledger=None)
    assert v.estimate.value == pytest.approx(shares[1] - shares[0], abs=1e-9)
    assert v.direction == "NOT-IDENTIFIED"


def test_the_sentence_of_a_contradiction_names_the_condition_that_fails() -> None:
    v = cx.verdict("CX-04", simulated("CX-04", 0.0, n=2000), robust=False, ledger=None)
    assert v.direction == "CONTRADICTED"
    assert re.search(r"that gain minus the touchpoints' gain over the journey score: −0\.\d+", v.sentence)
    shown = v.parts["shown"].set_index("label")["estimate"]
    assert shown[next(k for k in shown.index if k.startswith("what decks show"))] > 0.2
