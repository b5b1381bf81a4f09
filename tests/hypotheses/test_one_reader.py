"""Claims read a study as the models do: one rule for weights, for answers outside the scale, for unknown clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.problem import DataProblem


def trial(**columns: object) -> cx.Study:
    """200 people, two arms, a score of 1 to 5; further columns by the role they play."""
    rng = np.random.default_rng(4)
    arm = np.arange(200) % 2
    table = pd.DataFrame({"sat": np.clip(rng.integers(1, 6, 200) + arm, 1, 5).astype(float), "notice": arm})
    fields = [
        cx.Field("sat", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)),
        cx.Field("notice", type="integer", role="operation"),
    ]
    for role, values in columns.items():
        if role == "sat":
            table["sat"] = values
        else:
            table[role] = values
            fields.append(cx.Field(role, type="string" if table[role].dtype == object else "number", role=role))
    return cx.Study(table, cx.Codebook("trial", tuple(fields), design="experiment", assignment=("notice",)))


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-23", study, columns={"arm": ["notice"]}, robust=False, ledger=None)


def weights(**at: float) -> np.ndarray:
    w = np.ones(200)
    w[: len(at)] = list(at.values())
    return w


def test_negative_weights_are_refused_in_the_words_of_every_model() -> None:
    study = trial(weight=weights(a=-1.0, b=-50.0))
    said = (
        "2 rows of trial have a negative weight in 'weight'; weights are positive. Correct them, or leave the rows out "
        "with study.filter"
    )
    for call in (verdict, lambda s: cx.evidence.specifications("CX-23", s, columns={"arm": ["notice"]})):
        with pytest.raises(DataProblem) as caught:
            call(study)
        assert str(caught.value) == said
    with pytest.raises(DataProblem) as caught:
        cx.ols(study, "sat ~ notice")
    assert str(caught.value) == said


def test_rows_without_a_weight_do_not_count_and_that_is_said() -> None:
    v = verdict(trial(weight=weights(a=0.0, b=np.nan, c=np.inf)))
    rest = trial()
    rest = cx.Study(rest.table.iloc[3:], rest.codebook)
    assert (v.estimate.value, v.estimate.n) == (pytest.approx(verdict(rest).estimate.value, rel=1e-9), 197)
    assert set(v.notes) >= {f"1 row whose weight is {k} does not count" for k in ("zero", "missing", "infinite")}


def test_only_the_ratio_of_weights_counts() -> None:
    w = np.random.default_rng(1).uniform(0.5, 2, 200)
    one, more = (verdict(trial(weight=k * w)).estimate for k in (1, 1000))
    assert [more.value, more.low, more.high] == pytest.approx([one.value, one.low, one.high], rel=1e-9)


def test_an_answer_outside_the_scale_is_none() -> None:
    base = trial().table["sat"].to_numpy()
    outside, gone = base.copy(), base.copy()
    outside[:4], gone[:4] = (99, 0, -1, np.inf), np.nan
    v, w = verdict(trial(sat=outside)), verdict(trial(sat=gone))
    assert [v.estimate.value, v.estimate.low, v.estimate.n] == [w.estimate.value, w.estimate.low, 196]
    assert "4 answers to 'sat' outside its scale do not count" in v.notes


def test_rows_of_an_unknown_cluster_do_not_count() -> None:
    cluster = np.array([f"c{i}" for i in np.arange(200) // 2 % 60], object)
    some = cluster.copy()
    some[:6] = None
    v = verdict(trial(cluster=some))
    whole = trial(cluster=cluster)
    rest = cx.Study(whole.table.iloc[6:], whole.codebook)
    assert [v.estimate.value, v.estimate.se, v.estimate.n] == pytest.approx(
        [verdict(rest).estimate.value, verdict(rest).estimate.se, 194], rel=1e-9
    )
    assert "6 answers left out: no cluster given" in v.notes


def test_clusters_of_several_kinds_of_names_are_read() -> None:
    names = np.array([i // 4 if i % 8 < 4 else f"c{i // 4}" for i in range(200)], object)
    assert verdict(trial(cluster=names)).estimate.n == 200


def test_a_domain_is_said() -> None:
    part = trial().where(notice=[0, 1])
    assert part.caveats and set(part.caveats) <= set(verdict(part).notes)


def test_people_who_answer_everything_alike_are_left_out_of_a_model_where_asked() -> None:
    from cxlab.hypotheses.case import _without

    table = pd.DataFrame({"a": [1, 5, 3, 2, 4], "b": [1, 4, 3, np.nan, 4], "c": [1, 3, 3, 2, 5]})
    study = cx.Study(table, cx.Codebook("s", tuple(cx.Field(c) for c in "abc")))
    kept = lambda how: _without(study, how, ["a", "b", "c"]).to_pandas()["a"].tolist()  # noqa: E731
    assert kept("straight-liners") == [5, 2, 4]  # the fourth gave two answers only, which tells nothing
    assert kept("incomplete") == [1, 5, 3, 4]


def test_limits_of_a_specification_are_those_of_the_verdict() -> None:
    study = cx.simulated("CX-23", 5.0, n=400, seed=1)
    first = cx.evidence.specifications("CX-23", study).table.iloc[0]
    e = cx.verdict("CX-23", study, robust=False, ledger=None).estimate
    assert first[["estimate", "low", "high"]].tolist() == [e.value, e.low, e.high] and e.low < e.value < e.high
