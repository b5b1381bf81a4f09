"""Promises and notices: by hand, equal to `cx.compare`, recovered, and not fooled by who asked and who answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx

REPS = 40


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-23", study, robust=False, ledger=None)


def orders(notice: list[float], none: list[float], design: str = "experiment") -> cx.Study:
    table = pd.DataFrame({"sat": [*notice, *none], "arm": [1] * len(notice) + [0] * len(none)})
    fields = (
        cx.Field("sat", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)),
        cx.Field("arm", type="integer", role="operation"),
    )
    return cx.Study(table, cx.Codebook("orders", fields, design=design, assignment=("arm",)))


def test_by_hand() -> None:
    """30 orders with a notice (10 gave 5, 20 gave 4), 30 without (10 gave 4, 20 gave 3): 4.333 - 3.333 of 4 points."""
    v = verdict(orders([5] * 10 + [4] * 20, [4] * 10 + [3] * 20))
    assert v.estimate.value == pytest.approx(25.0)
    within = 25**2 * 30 * (1 / 3) * (2 / 3)
    assert v.estimate.se == pytest.approx(np.sqrt(2 * within / 29**2))
    assert v.parts["shown"]["estimate"].tolist() == pytest.approx([100 * (13 / 3 - 1) / 4, 100 * (10 / 3 - 1) / 4])


def test_the_bounds_by_hand() -> None:
    """Six orders with a notice and three without give no score: all the worst, or all the best, of 36 and 33."""
    v = verdict(orders([5] * 10 + [4] * 20 + [np.nan] * 6, [4] * 10 + [3] * 20 + [np.nan] * 3))
    one, none = 10 * 100 + 20 * 75, 10 * 75 + 20 * 50
    low, high = one / 36 - (none + 300) / 33, (one + 600) / 36 - none / 33
    shown = v.parts["shown"].set_index("label")["estimate"]
    assert shown.iloc[2:].tolist() == pytest.approx([low, high])
    assert low == pytest.approx(7.32, abs=0.01) and v.direction == "INCONCLUSIVE"
    assert v.estimate.value == pytest.approx(25.0)


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-23", 5.0, n=500, seed=1)
    model = cx.compare(study, "mean", by="arm", of="satisfaction").table.iloc[0]
    e = verdict(study).estimate
    assert e.value == pytest.approx(abs(model["estimate"]), rel=1e-12)
    assert e.se == pytest.approx(model["se"], rel=0.006)


def test_the_effect_is_recovered_and_covered(replicates) -> None:
    for effect in (5.0, 3.0):
        found = replicates("CX-23", effect, n=1000, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=0.5)
        assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert replicates("CX-23", 5.0, n=1000, reps=REPS)["direction"].eq("SUPPORTED").mean() >= 0.9


@pytest.mark.parametrize("threat", [None, "self-selection", "silence"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-23", 0.0, n=1000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "self-selection":
        assert found["association"].eq("SUPPORTED").mean() > 0.9
        assert found["direction"].eq("NOT-IDENTIFIED").all()
    if threat == "silence":
        assert found["value"].mean() > 4 and found["direction"].eq("INCONCLUSIVE").all()


def test_silence_stands_in_the_sentence() -> None:
    v = verdict(cx.simulated("CX-23", 0.0, n=1000, threat="silence"))
    assert "This leaves the claim open, whatever the interval (who is discontent does not answer; " in v.sentence
    assert "people without a score could not change the verdict: " in v.sentence


def test_an_experiment_whose_arms_differed_before_is_no_experiment() -> None:
    study = cx.simulated("CX-23", 0.0, n=1000, threat="self-selection")
    called = replace(study, codebook=replace(study.codebook, design="experiment", assignment=("arm",)))
    v = verdict(called)
    assert (v.direction, v.association, v.parts["threat"]) == ("NOT-IDENTIFIED", "SUPPORTED", "self-selection")
    unseen = replace(called, codebook=replace(called.codebook, fields=called.codebook.fields[:-1]))
    assert "before" not in unseen.codebook and verdict(unseen).direction == "SUPPORTED"


def test_a_quasi_experiment_needs_to_show_what_was_before() -> None:
    study = cx.simulated("CX-23", 8.0, n=2500)
    book = replace(study.codebook, design="quasi-experiment", assignment=("arm",))
    assert verdict(replace(study, codebook=book)).direction == "SUPPORTED"
    v = verdict(replace(study, codebook=replace(book, fields=book.fields[:-1])))
    assert v.direction == "NOT-IDENTIFIED" and "no column for before shows it" in v.sentence


def test_threats_do_what_they_say() -> None:
    data = {t: cx.simulated("CX-23", 0.0, n=2000, threat=t).table for t in (None, "self-selection", "silence")}
    apart = {t: d.groupby("arm")["before"].mean().diff().iloc[1] for t, d in data.items()}
    assert abs(apart[None]) < 2 and apart["self-selection"] > 8
    gone = {t: d["satisfaction"].isna().groupby(d["arm"]).mean().tolist() for t, d in data.items()}
    assert gone[None] == [0, 0] and gone["silence"][0] == 0 and gone["silence"][1] > 0.2


@pytest.mark.mirror
def test_late_parcels_are_the_difference_of_the_comparison() -> None:
    study = cx.load("olist")
    model = cx.compare(study, "mean", by="late", of="score").table.iloc[0]
    v = verdict(study)
    assert v.estimate.value == pytest.approx(25 * abs(model["estimate"]), rel=1e-9)
    assert v.direction == "NOT-IDENTIFIED"


def test_it_is_the_difference_of_the_experiment() -> None:
    """`cx.experiment` has the same difference; its errors (HC2, Welch) are those of HC3 but for 1 / n."""
    study = cx.simulated("CX-23", 5.0, n=500, seed=1)
    model = cx.experiment(study, ["satisfaction"], arm="arm").table.iloc[0]
    e = verdict(study).estimate
    assert e.value == pytest.approx(model["estimate"], rel=1e-9)
    assert [e.low, e.high] == pytest.approx(model[["low", "high"]].tolist(), abs=0.006)


@pytest.mark.parametrize("told", [0.6, 0.3, 0.1])
def test_a_score_from_before_that_tells_little_does_not_show_that_groups_were_alike(told: float) -> None:
    """Those with the notice were half a deviation more content before; what was asked then hardly shows it."""
    said = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        study = cx.simulated("CX-23", 0.0, n=3000, seed=seed, threat="self-selection")
        arm = study.table["arm"].to_numpy()
        trait = 0.5 * arm + rng.standard_normal(3000)
        noisy = told * trait + np.sqrt(1 - told**2) * rng.standard_normal(3000)
        score = 50 + 12 * (0.8 * trait + 0.6 * rng.standard_normal(3000))
        table = study.table.assign(
            satisfaction=score.round().clip(0, 100), before=(50 + 12 * noisy).round().clip(0, 100)
        )
        v = verdict(cx.Study(table, study.codebook))
        assert v.association == "SUPPORTED"
        said.append(v.direction)
    assert set(said) == {"NOT-IDENTIFIED"}
