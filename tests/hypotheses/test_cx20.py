"""Recovery paradox: by hand, recovered, on behaviour only, and not fooled by the mood of the rating."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom
from scipy.stats import t as student_t

import cxlab as cx
from cxlab.models.loop.before_and_after import beyond_mean
from cxlab.models.regression.counted_answers import Counted

REPS = 30


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-20", study, robust=False, ledger=None)


def test_both_differences_are_by_hand() -> None:
    """Own: after minus what the customers without a failure keep of the score before. Control: statsmodels."""
    study = cx.simulated("CX-20", 6.0, n=900, seed=1)
    t = study.table
    never, well = t[t["failure"] == 0], t[t["handling"] == 100]
    mu = t["before"].mean()
    keep = np.polyfit(never["before"], never["after"], 1)[0]
    table = verdict(study).table
    assert table["estimate"].iloc[0] == pytest.approx((well["after"] - mu - keep * (well["before"] - mu)).mean())
    both = t[(t["failure"] == 0) | (t["handling"] == 100)]
    x = sm.add_constant(np.column_stack([both["handling"] == 100, both["before"]]).astype(float))
    fit = sm.OLS(both["after"], x).fit(cov_type="HC3")
    assert table["estimate"].iloc[1] == pytest.approx(fit.params.iloc[1])
    assert table["se"].iloc[1] == pytest.approx(fit.bse.iloc[1], rel=1e-6)


def test_it_is_the_models_number() -> None:
    """Of `cx.loop_effect` without a draw: given the score before (with interval), and beyond regression to the mean.

    The model takes what people keep of a score as known; the card adds its error: the intervals are nearly alike.
    """
    study = cx.simulated("CX-20", 6.0, n=900, seed=3)
    table = study.table.assign(well=(study.table["handling"] == 100).astype(float))
    kept = np.polyfit(*(table.loc[table["failure"] == 0, c] for c in ("before", "after")), 1)[0]
    table.loc[(table["failure"] == 1) & (table["well"] == 0), "after"] = np.nan  # no comparison is with these
    fields = (*(cx.Field(c, role="operation") for c in ("before", "after", "well")),)
    known = cx.Study(table[["before", "after", "well"]], cx.Codebook("known", fields))
    given, beyond = (
        r for _, r in cx.loop_effect(known, "after", before="before", called="well", retest=[kept]).table.iterrows()
    )
    own = verdict(study).table
    limits = ["estimate", "low", "high"]
    assert own.iloc[1][limits].tolist() == pytest.approx(given[limits].tolist(), rel=1e-9)
    assert own["estimate"].iloc[0] == pytest.approx(beyond["estimate"], rel=1e-9)
    assert own["se"].iloc[0] == pytest.approx(beyond["se"], rel=0.05)
    before, after, well, failed = (study.table.assign(well=table["well"])[c].to_numpy(float)
                                   for c in ("before", "after", "well", "failure"))  # fmt: skip
    people = Counted(np.ones(len(before)), np.ones(len(before)))
    value, se, df = beyond_mean(before, after, well == 1, failed == 0, people).told
    half = student_t.ppf(0.975, df) * se
    assert own.iloc[0][limits].tolist() == pytest.approx([value, value - half, value + half], rel=1e-9)


def test_the_error_of_what_is_beyond_the_mean_is_by_hand() -> None:
    """That of the mean, of what the others keep (HC3 of their line) times the distance, and of the mean of all."""
    study = cx.simulated("CX-20", 6.0, n=900, seed=3)
    d = study.table
    never, well = d[d["failure"] == 0], d[d["handling"] == 100]
    line = sm.OLS(never["after"], sm.add_constant(never["before"])).fit(cov_type="HC3")
    keep, mu = line.params["before"], d["before"].mean()
    own = well["after"] - mu - keep * (well["before"] - mu)
    parts = [own.std() / np.sqrt(len(own)), line.bse["before"] * (well["before"].mean() - mu),
             (1 - keep) * d["before"].std() / np.sqrt(len(d))]  # fmt: skip
    assert verdict(study).table["se"].iloc[0] == pytest.approx(np.sqrt(np.square(parts).sum()), rel=5e-3)


def test_the_truth_is_recovered(replicates) -> None:
    found = replicates("CX-20", 5.0, n=1000, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(5.0, abs=0.7)
    assert found["low"].le(5).mul(found["high"].ge(5)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.8)


@pytest.mark.parametrize("n", [1000, 4000])
@pytest.mark.parametrize("threat", [None, "regression-to-the-mean", "mood", "words", "weak-before"])
def test_nothing_is_not_supported(replicates, threat, n: int) -> None:
    found = replicates("CX-20", 0.0, n=n, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat in ("mood", "words"):
        assert found["value"].mean() > 3 and found["direction"].eq("NOT-IDENTIFIED").all()
    elif threat == "weak-before":  # where the association is as strong as claimed, it is not called one
        strong = found["association"].isin(["SUPPORTED", "DIRECTION-ONLY"])
        assert found["value"].mean() > 2 and found["direction"][strong].eq("NOT-IDENTIFIED").all() and strong.any()
    else:
        assert found["value"].mean() == pytest.approx(0, abs=0.7)
        assert found["low"].le(0).mul(found["high"].ge(0)).sum() >= binom.ppf(0.0005, REPS, 0.95)


def test_a_weak_score_before_is_told_from_one_that_measures() -> None:
    """By hand: the change in units of the spread; where handling does not depend on who it is, both controls agree."""
    weak = cx.simulated("CX-20", 0.0, n=3000, seed=4, threat="weak-before")
    t = weak.table
    never, well = t[t["failure"] == 0], t[t["handling"] == 100]
    ratio = never["after"].std() / never["before"].std()
    by_change = (well["after"] - ratio * well["before"]).mean() - (never["after"] - ratio * never["before"]).mean()
    v = verdict(weak)
    said = next(c for c in v.parts["checks"] if c.threat == "weak-before")
    r = never["before"].corr(never["after"])
    assert said.found.startswith(f"r = {r:.2f}, by change {by_change:.1f} points [") and not said.holds and r < 0.4
    assert v.direction == "NOT-IDENTIFIED" and v.association in ("SUPPORTED", "DIRECTION-ONLY")
    assert "the score before hardly shows it; the score before tells the later one (r of 0.5 or more), " in v.sentence
    true = verdict(cx.simulated("CX-20", 6.0, n=3000, seed=4))
    assert true.direction == "SUPPORTED"


def test_a_threat_stands_in_the_sentence() -> None:
    for threat, words in (
        ("mood", "one mood colours how the handling is rated and what comes after; how the failure was handled was "
         "recorded: handling: rated"),
        ("words", "people say they are happier than they act; the outcome is behaviour: after: an answer"),
    ):  # fmt: skip
        v = verdict(cx.simulated("CX-20", 0.0, n=2000, seed=3, threat=threat))
        assert v.association == "SUPPORTED"
        assert v.sentence.endswith(f"whether it is an effect these data cannot say ({words}).")


@pytest.mark.mirror
def test_complaints_in_one_questionnaire_are_no_paradox() -> None:
    v = verdict(cx.load("acsi-2015"))
    assert (v.direction, v.association) == ("NOT-IDENTIFIED", "SUPPORTED")


def test_the_threats_are_in_the_data() -> None:
    names = (None, "regression-to-the-mean", "mood", "words")
    tables = {t: cx.simulated("CX-20", 0.0, n=4000, threat=t).table for t in names}
    low = {t: x.groupby("failure")["before"].mean().diff().iloc[1] for t, x in tables.items()}
    assert abs(low[None]) < 1.5 and low["regression-to-the-mean"] < -10
    after = {t: x.loc[x["handling"] == 100, "after"].mean() - x.loc[x["failure"] == 0, "after"].mean()
             for t, x in tables.items()}  # fmt: skip
    assert abs(after[None]) < 1.5 and after["mood"] > 3 and after["words"] > 3.5


def test_who_was_handled_well_must_have_been_assigned() -> None:
    """Who was on the rise anyway may be who was handled well: a failure by chance says nothing of that."""
    study = cx.simulated("CX-20", 6.0, n=3000, seed=4)
    assert study.codebook.assignment == ("handling", "failure") and verdict(study).direction == "SUPPORTED"
    chance = cx.Study(study.table, replace(study.codebook, assignment=("failure",)))
    v = verdict(chance)
    assert (v.direction, v.association) == ("NOT-IDENTIFIED", "SUPPORTED")
    assert v.reason == "'handling' was not assigned; the codebook says that failure was"
