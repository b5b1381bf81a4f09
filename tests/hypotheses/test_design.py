"""What a study's design and its columns can carry, whatever words say: designs, arms, scales, clusters in strata."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import cxlab as cx
from cxlab.data.codebook import DESIGNS, Codebook, Field, Scale, read, write
from cxlab.hypotheses.card import card
from cxlab.hypotheses.case import Case
from cxlab.hypotheses.simulators import simulated
from cxlab.hypotheses.slots import require
from cxlab.problem import DataProblem


def verdict(id: str, study: cx.Study, **more) -> cx.Result:
    return cx.verdict(id, study, robust=False, ledger=None, **more)


def leavers(design: str, *more: Field, **said) -> cx.Study:
    """Satisfied people leave less; 800 people."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal(800)
    left = (rng.random(800) < 1 / (1 + np.exp(1.5 + 0.8 * z))).astype(int)
    table = pd.DataFrame({"sat": np.clip(np.round(3.5 + z), 1, 5).astype(int), "left": left})
    table = table.assign(who=np.arange(800), when=pd.Timestamp("2026-01-01"))
    fields = (
        Field("sat", type="integer", role="outcome", measure="satisfaction", scale=Scale(1, 5)),
        Field("left", type="integer", role="outcome", measure="churn"),
        *more,
    )
    return cx.Study(table, Codebook("sim", fields, design=design, **said))


@pytest.mark.parametrize("words", [
    "observational, not an experiment", "non-experimental", "online panel, one wave",
    "cross-section of an access panel", "reviews; panel of hotels", "Experiment",
])  # fmt: skip
def test_a_design_in_free_words_is_refused(words: str) -> None:
    with pytest.raises(DataProblem) as caught:
        leavers(words)
    assert str(caught.value).startswith(f"design of 'sim' is {words!r}")
    assert str(caught.value).endswith("allowed: " + ", ".join(map(repr, DESIGNS)))


@pytest.mark.parametrize("design", [d for d in DESIGNS if d != "panel"])
def test_no_word_alone_makes_a_cause_of_answers(design: str) -> None:
    v = verdict("CX-15", leavers(design))
    assert v.direction == "NOT-IDENTIFIED" and v.grade in "DE"
    if "experiment" in design:
        assert v.parts["reason"] == f"the codebook says {design}, but not which column was assigned (assignment)"


def test_a_panel_says_who_and_when() -> None:
    v = verdict("CX-15", leavers("panel"))
    assert (v.direction, v.grade) == ("NOT-IDENTIFIED", "D")
    assert v.parts["reason"] == "a panel, but no column says who (role 'id' or 'cluster', or 'unit' in the codebook)"
    who, when = Field("who", type="integer", role="id"), Field("when", type="date", role="date")
    v = verdict("CX-15", leavers("panel", who))
    assert v.parts["reason"] == "a panel, but no column says when (role 'date' or 'wave', or 'dates' in the codebook)"
    assert "a panel, but no column" not in verdict("CX-15", leavers("panel", who, when)).parts["reason"]


def test_an_experiment_without_a_declared_assignment_is_no_grade_a() -> None:
    study = simulated("CX-23", 9.0, n=400)
    assert (verdict("CX-23", study).direction, verdict("CX-23", study).grade) == ("SUPPORTED", "A")
    silent = replace(study, codebook=replace(study.codebook, assignment=()))
    assert verdict("CX-23", silent).grade == "B"
    elsewhere = replace(study, codebook=replace(study.codebook, assignment=("satisfaction",)))
    assert verdict("CX-23", elsewhere).direction == "NOT-IDENTIFIED"


def test_the_columns_of_a_design_survive_the_file_and_are_checked() -> None:
    book = simulated("CX-23", 9.0, n=100).codebook
    again = read(write(replace(book, unit="arm", dates="arm")))
    assert (again.assignment, again.unit, again.dates) == (("arm",), "arm", "arm")
    with pytest.raises(
        DataProblem, match="column 'arms' is not in the codebook of simulated-cx-23; did you mean 'arm'"
    ):
        read(write(book) | {"assignment": "arms"})


def arms(values, labels=None) -> cx.Study:
    rng = np.random.default_rng(3)
    treated = rng.integers(0, 2, 800)
    table = pd.DataFrame({"price": np.exp(3 + 0.15 * treated + 0.2 * rng.standard_normal(800)), "arm": values(treated)})
    fields = (
        Field("price", role="operation", measure="spend"),
        Field(
            "arm",
            type="integer" if pd.api.types.is_numeric_dtype(table["arm"]) else "string",
            role="operation",
            labels=labels or {},
        ),
    )
    return cx.Study(table, Codebook("trial", fields, design="experiment", assignment=("arm",)))


def test_an_arm_says_which_of_two_is_treated() -> None:
    plain = verdict("CX-01", arms(lambda t: t))
    assert plain.estimate.value == pytest.approx(0.16, abs=0.05)
    for said in (
        arms(lambda t: 2 - t, {"1": "treated", "2": "control"}),
        arms(lambda t: 2 - t, {"1": "new counter", "2": "control"}),
        arms(lambda t: np.where(t == 1, "yes", "no").astype(object)),
        arms(lambda t: 1 - t, {"0": "yes", "1": "no"}),
    ):
        assert verdict("CX-01", said).estimate.value == pytest.approx(plain.estimate.value)
    for unsaid, seen in (
        (arms(lambda t: 2 - t), "1, 2"),
        (arms(lambda t: 2 - t, {"1": "great", "2": "ordinary"}), "1, 2"),
        (arms(lambda t: t + (np.arange(800) % 2) * t), "0, 1, 2"),
        (arms(lambda t: np.where(t == 1, "great", "ordinary").astype(object)), "great, ordinary"),
    ):
        v = verdict("CX-01", unsaid)
        assert v.direction == v.association == "NOT-IDENTIFIED"
        assert v.parts["reason"] == (
            f"'arm' holds {seen}; which of them is yes cannot be known. Label two values in the codebook, "
            'e.g. "labels": {"1": "yes", "2": "no"}'
        )


@pytest.mark.parametrize("id", ["CX-10", "CX-19", "CX-23", "CX-24", "CX-31"])
def test_points_need_a_scale(id: str) -> None:
    study = simulated(id, 0.0, n=200)
    slot = next(n for n in card(id).needs if n.kind == "score").slot
    bare = replace(study, codebook=study.codebook.replace(slot, scale=None))
    with pytest.raises(DataProblem) as caught:
        verdict(id, bare)
    says = next(n.says for n in card(id).needs if n.slot == slot)
    assert str(caught.value) == (
        f"{id} cannot be tested on {study.name}: it lacks the scale of '{slot}' ({says}): its points are counted from "
        'the worst answer to the best; declare it in the codebook, e.g. "scale": {"minimum": 1, "maximum": 5}'
    )
    assert not cx.claims(bare).set_index("card").loc[id, "can"] and cx.claims(study).set_index("card").loc[id, "can"]


def clustered(names: str) -> cx.Study:
    rng = np.random.default_rng(9)
    stratum, cluster = np.repeat(np.arange(30), 20), np.repeat(np.arange(90), 600 // 90 + 1)[:600]
    cluster = np.arange(600) // 7
    stratum = cluster // 3
    arm = rng.integers(0, 2, 600)
    y = 50 + 2 * arm + 8 * rng.standard_normal(90)[cluster] + 10 * rng.standard_normal(600)
    own = cluster if names == "unique" else cluster % 3
    table = pd.DataFrame({"satisfaction": y.round().clip(0, 100), "arm": arm, "stratum": stratum, "cluster": own})
    fields = (
        Field("satisfaction", role="outcome", measure="satisfaction", scale=Scale(0, 100)),
        Field("arm", type="integer", role="operation"),
        Field("stratum", type="integer", role="strata"),
        Field("cluster", type="integer", role="cluster"),
    )
    return cx.Study(table, Codebook("design", fields, design="experiment", assignment=("arm",)))


def test_cluster_names_that_repeat_in_every_stratum_are_clusters_of_their_own() -> None:
    one, other = (verdict("CX-23", clustered(names)) for names in ("unique", "repeated"))
    assert other.estimate.se == pytest.approx(one.estimate.se, rel=1e-12)
    assert other.estimate.n_eff == pytest.approx(one.estimate.n_eff, rel=1e-12)


def test_errors_under_strata_are_those_of_the_survey() -> None:
    """The difference's error by hand: cluster totals of the scores, centred in their stratum."""
    study = clustered("unique")
    d = study.table
    x = np.column_stack([np.ones(600), d["arm"]])
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ x.T @ d["satisfaction"]
    u = pd.DataFrame(x * (d["satisfaction"] - x @ b).to_numpy()[:, None]).groupby(d["cluster"]).sum()
    stratum = d.groupby("cluster")["stratum"].first()
    meat = np.zeros((2, 2))
    for h in stratum.unique():
        mine = u[stratum == h].to_numpy()
        centre = mine.mean(axis=0) if len(mine) > 1 else u.to_numpy().mean(axis=0)
        meat += (mine - centre).T @ (mine - centre) * (len(mine) / max(len(mine) - 1, 1))
    v = verdict("CX-23", study)
    se = np.sqrt((inverse @ meat @ inverse)[1, 1])
    assert v.estimate.se == pytest.approx(se, rel=1e-9)
    df = len(u) - stratum.nunique()
    assert v.estimate.high - v.estimate.value == pytest.approx(student.ppf(0.975, df) * se, rel=1e-9)


def test_effective_answers_count_clusters_as_the_metrics_do() -> None:
    study = clustered("unique")
    case = Case(card("CX-23"), study, require(card("CX-23"), study))
    everybody = np.ones(len(case.sample.n), bool)
    mean = cx.mean(study, "satisfaction").table.iloc[0]
    own = case.sample.effective(everybody, case.sample.points("satisfaction"))
    assert own == pytest.approx(study.table["satisfaction"].var() / mean["se"] ** 2, rel=1e-3)
    assert own < 300


def test_a_check_that_fails_caps_the_verdict_and_stands_in_the_sentence() -> None:
    v = verdict("CX-04", simulated("CX-04", 0.45, n=1000, threat="halo"))
    assert (v.direction, v.association, v.parts["threat"]) == ("NOT-IDENTIFIED", "SUPPORTED", "halo")
    assert v.number == "NOT-IDENTIFIED"
    assert "one mood colours the journey score and the outcome; the outcome comes from another source" in v.sentence
