"""An arm that whole clusters have: every card counts clusters, and few of them are no random assignment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.hypotheses import case as cases
from cxlab.hypotheses.assigned import told_by_clusters
from cxlab.hypotheses.card import GRADES, card, cards
from cxlab.hypotheses.simulators import simulated

CLUSTERS = 20
ARMS = {id: [n.slot for n in c.needs if n.assigned] for id, c in cards().items() if any(n.assigned for n in c.needs)}
"""The cards of which some part can be assigned, and these parts."""


def dealt(id: str, treated: int) -> cx.Study:
    """A simulated experiment whose arms whole clusters have: ``treated`` of 20 the rarest one, the rest the others."""
    study = simulated(id, 0.0, n=max(600, card(id).module.TRUTH.n), seed=4)
    t = study.table.copy()
    arms = [a for a in ARMS[id] if a in t]
    values = pd.MultiIndex.from_frame(t[arms]).factorize(sort=True)[0]
    kinds = np.unique(values)
    if len(kinds) > 4:  # amounts: clusters are their ranges
        place = pd.qcut(pd.Series(values).rank(method="first"), CLUSTERS, labels=False).to_numpy()
    else:
        rest = np.array_split(np.arange(treated, CLUSTERS), len(kinds) - 1)
        place = np.zeros(len(t), int)
        for kind, mine in zip(kinds[::-1], [np.arange(treated), *rest], strict=True):
            place[values == kind] = mine[np.arange((values == kind).sum()) % len(mine)]
    return with_clusters(study, t, place)


def with_clusters(study: cx.Study, t: pd.DataFrame, place: np.ndarray) -> cx.Study:
    column = "unit" if "unit" in t else "cluster"
    fields = [replace(f, role="") if f.role == "cluster" else f for f in study.codebook.fields if f.name != column]
    book = replace(
        study.codebook, fields=(*fields, cx.Field(column, type="integer", role="cluster")), design="experiment"
    )
    arms = tuple(n.slot for n in card(study.codebook.name.removeprefix("simulated-").upper()).needs if n.assigned)
    book = replace(book, assignment=tuple(a for a in arms if a in t))
    return cx.Study(t.assign(**{column: place}), book)


def verdict(id: str, study: cx.Study) -> cx.Result:
    return cx.verdict(id, study, robust=False, ledger=None)


def test_the_cards_with_an_arm_are_found_by_looking() -> None:
    assert {"CX-11", "CX-23", "CX-28", "CX-29"} < set(ARMS) and len(ARMS) > 10


@pytest.mark.parametrize("id", ARMS)
def test_clusters_count_and_few_of_them_are_no_assignment(id: str) -> None:
    if not [a for a in ARMS[id] if a in simulated(id, 0.0, n=200, seed=1).table]:
        pytest.fail(f"{id}: its simulated studies have no arm")
    for treated in (2, 5):
        study = dealt(id, treated)
        v = verdict(id, study)
        known = study.table[[a for a in ARMS[id] if a in study.table]].notna().all(axis=1)  # CX-20: who had a failure
        clusters = study.table.loc[known, study.design.cluster].nunique()
        assert v.table["n_eff"].le(clusters).all()
        assert len(v.table) or treated == 2
        assert any(f"the effective number counts these, at most {clusters}" in note for note in v.notes)
        if len(v.table):
            assert f" in {clusters} clusters" in v.sentence
        amounts = simulated(id, 0.0, n=200, seed=1).table[ARMS[id][0]].nunique() > 4
        if card(id).causal and not amounts:
            assert (v.grade in "AB") == (treated == 5)
            said = "one side has 2 of them, at least 5 are needed for an assignment to even out how clusters differ"
            assert any(said in note for note in v.notes) == (treated == 2)
        assert v.grade in GRADES


@pytest.mark.parametrize("id", ARMS)
def test_an_arm_of_persons_keeps_its_answers_and_its_grade(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "unit" in [n.slot for n in card(id).needs]:
        return  # the card's arm is its units': one with both arms is refused (test_cx29.py)
    study = simulated(id, 0.0, n=max(600, card(id).module.TRUTH.n), seed=4)
    place = np.random.default_rng(5).integers(0, CLUSTERS, len(study.table))
    persons = with_clusters(study, study.table.copy(), place)
    v = verdict(id, persons)
    monkeypatch.setattr(cases, "_assigned", lambda _: None)
    plain = verdict(id, persons)
    assert v.grade == plain.grade and v.notes == plain.notes
    pd.testing.assert_frame_equal(v.table, plain.table)


@pytest.mark.parametrize("id", ["CX-23", "CX-11", "CX-29"])
@pytest.mark.parametrize("treated", [1, 2, 3, 17, 18, 19])
def test_few_of_twenty_are_not_grade_a(id: str, treated: int) -> None:
    v = verdict(id, dealt(id, treated))
    assert v.grade not in "AB"
    assert v.table["n_eff"].le(CLUSTERS).all()


def test_a_wrong_code_in_each_cluster_hides_nothing() -> None:
    study = dealt("CX-23", 2)
    t = study.table.copy()
    first = t.groupby("cluster").head(1).index
    t.loc[first, "arm"] = 1 - t.loc[first, "arm"]
    v = verdict("CX-23", cx.Study(t, study.codebook))
    assert v.grade not in "AB" and v.table["n_eff"].le(CLUSTERS).all()


def test_people_who_answer_once_each_are_as_many_as_before() -> None:
    """A cluster for every person says no more than none; of weights Kish's number stays."""
    study = simulated("CX-23", 3.0, n=400, seed=2)
    w = np.random.default_rng(1).lognormal(0, 0.7, 400)
    kish = w.sum() ** 2 / (w**2).sum()
    t = study.table.assign(w=w, who=np.arange(400))
    fields = (*study.codebook.fields, cx.Field("w", role="weight"), cx.Field("who", type="integer", role="cluster"))
    v = verdict("CX-23", cx.Study(t, replace(study.codebook, fields=fields)))
    assert v.grade == "A" and v.estimate.n_eff == pytest.approx(kish, rel=0.1)
    assert v.estimate.n_eff < 300


def test_the_share_that_clusters_tell_is_epsilon_squared() -> None:
    """1 - MS within / MS total, by the table of the analysis of variance."""
    rng = np.random.default_rng(3)
    g, x = rng.integers(0, 7, 90), rng.standard_normal(90)
    within = sum(((x[g == k] - x[g == k].mean()) ** 2).sum() for k in range(7)) / (90 - 7)
    assert told_by_clusters(x, g, np.ones(90)) == pytest.approx(1 - within / x.var(ddof=1), rel=1e-12)
    names = np.where(x > 0, "a", "b").astype(object)
    one = told_by_clusters((x > 0).astype(float), g, np.ones(90))
    assert told_by_clusters(names, g, np.ones(90)) == pytest.approx(one, rel=1e-12)
