"""Arms of an experiment: checks first, then differences, adjusted, clustered, and by several outcomes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import cxlab as cx


def trial(n: int = 2000, effect: float = 0.3, seed: int = 1, cluster: int = 0) -> cx.Study:
    rng = np.random.default_rng(seed)
    unit = np.arange(n) // cluster if cluster else np.arange(n)
    arm = rng.permutation(np.arange(unit.max() + 1) % 2)[unit]
    before = rng.normal(0, 1, n) + (rng.normal(0, 1, unit.max() + 1)[unit] if cluster else 0)
    y = 6 + before + effect * arm + rng.normal(0, 1, n)
    columns = {"arm": np.where(arm == 1, "new", "old"), "unit": unit, "before": before, "value": y}
    ltr = np.clip(np.round(y + 1), 0, 10).astype(int)
    table = pd.DataFrame(columns | {"bill": rng.uniform(10, 20, n), "ltr": ltr})
    fields = (
        cx.Field("arm", type="string", role="operation"), cx.Field("unit", type="integer"),
        cx.Field("before", type="number", role="operation"), cx.Field("value", type="number", role="outcome"),
        cx.Field("bill", type="number", role="operation"),
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
    )  # fmt: skip
    return cx.Study(table, cx.Codebook("trial", fields, design="experiment", assignment=("arm",)))


def test_differences_are_those_of_the_metrics() -> None:
    study = trial()
    found = cx.experiment(study, ["nps", "value"], arm="arm", control="old").table.set_index("outcome")
    nps = cx.compare(study, "nps", by="arm", pairs="old").table.iloc[0]
    assert found.loc["NPS", "estimate"] == pytest.approx(nps["estimate"])
    assert found.loc["NPS", "se"] == pytest.approx(nps["se"], rel=1e-3)
    assert ((found["always_low"] < found["low"]) & (found["high"] < found["always_high"])).all()
    middle = (found["always_low"] + found["always_high"]) / 2
    np.testing.assert_allclose(middle, found["estimate"], rtol=1e-9)
    each = study.table.groupby("arm")["value"].mean()
    assert found["estimate"].iloc[1] == pytest.approx(each["new"] - each["old"])
    np.testing.assert_allclose(found["p_adjusted"], multipletests(found["p"], method="holm")[1], rtol=1e-9)


def test_covariates_from_before_save_variance() -> None:
    study = trial()
    plain = cx.experiment(study, ["value"], arm="arm", control="old")
    for adjust in ("lin", "cuped"):
        found = cx.experiment(study, ["value"], arm="arm", control="old", before="before", adjust=adjust)
        assert found.table["se"].iloc[0] < 0.8 * plain.table["se"].iloc[0]
        assert found.parts["saved"][0] == pytest.approx(0.5, abs=0.06), "the correlation is .7"
        assert found.table["low"].iloc[0] < 0.3 < found.table["high"].iloc[0]
    assert found.parts["balance"]["covariate"].tolist() == ["before"]


def test_what_was_assigned_is_the_unit() -> None:
    study = trial(cluster=20)
    rows = cx.experiment(study, ["value"], arm="arm", control="old").table.iloc[0]
    units = cx.experiment(study, ["value"], arm="arm", control="old", unit="unit").table.iloc[0]
    assert units["units"] == 100 and rows["units"] == 2000
    assert units["se"] > 2 * rows["se"]
    with pytest.raises(cx.DataProblem) as said:
        cx.experiment(study, ["value"], arm="unit")
    assert str(said.value).startswith("'unit' of trial has 100 values; arms are few")


def test_false_positives_with_clusters_keep_the_level() -> None:
    hits = sum(
        cx.experiment(trial(400, 0.0, s, 20), ["value"], arm="arm", unit="unit").table["p"].iloc[0] < 0.05
        for s in range(120)
    )
    assert hits / 120 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)


def test_a_ratio_is_that_of_sums() -> None:
    study = trial()
    found = cx.experiment(study, [("value", "bill")], arm="arm", control="old").table.iloc[0]
    sums = study.table.groupby("arm")[["value", "bill"]].sum()
    ratio = sums["value"] / sums["bill"]
    assert (found["benchmark"], found["value"]) == pytest.approx((ratio["old"], ratio["new"]))
    rng, draws = np.random.default_rng(1), []
    for _ in range(600):
        t = study.table.iloc[rng.integers(0, len(study.table), len(study.table))]
        s = t.groupby("arm")[["value", "bill"]].sum()
        draws.append((s["value"] / s["bill"])["new"] - (s["value"] / s["bill"])["old"])
    assert np.std(draws) == pytest.approx(found["se"], rel=0.1)


@pytest.mark.mirror
def test_a_time_to_an_event_is_that_of_r_survival(mirror: Path) -> None:
    """Telco, R survival: restricted means to 36 months 23.9620477 (.25032141134), 35.4461961 (.09047345617)."""
    found_file = next((mirror / "churn").rglob("*elco*.csv"))
    table = pd.read_csv(found_file)
    table = table[table["tenure"] > 0].assign(left=(table["Churn"] == "Yes").astype(int))
    table = table[table["Contract"].isin(["Month-to-month", "One year"])]
    fields = (cx.Field("Contract", type="string", role="segment"), cx.Field("tenure", type="integer"),
              cx.Field("left", type="integer"))  # fmt: skip
    study = cx.Study(table[["Contract", "tenure", "left"]].reset_index(drop=True), cx.Codebook("telco", fields))
    until = {"time": "tenure", "event": "left", "horizon": 36}
    row = cx.experiment(study, [until], arm="Contract", control="Month-to-month").table.iloc[0]
    assert [row["benchmark"], row["value"]] == pytest.approx([23.9620477, 35.4461961], abs=5e-7)
    assert row["se"] == pytest.approx(np.hypot(0.25032141134, 0.09047345617), abs=1e-9)
    assert row["outcome"] == "tenure without left, up to 36"


def test_times_to_an_event_with_units_and_what_is_refused() -> None:
    study = trial(cluster=10)
    rng = np.random.default_rng(3)
    t = rng.exponential(np.where(study.table["arm"] == "new", 30, 20))
    rows = study.table.assign(days=np.minimum(t, 60), left=(t < 60).astype(int))
    fields = (*study.codebook.fields, cx.Field("days", type="number"), cx.Field("left", type="integer"))
    timed = replace(study, table=rows, codebook=replace(study.codebook, fields=fields))
    until = {"time": "days", "event": "left", "horizon": 50}
    row = cx.experiment(timed, [until], arm="arm", control="old", unit="unit").table.iloc[0]
    right = 30 * (1 - np.exp(-5 / 3)) - 20 * (1 - np.exp(-2.5))
    assert row["low"] < right < row["high"] and row["units"] == 200 and row["p"] < 0.01
    for given, message in (
        ({**until, "horizon": 0}, "outcome {'time': 'days', 'event': 'left', 'horizon': 0} is no time to an event; "
         "give {'time': column, 'event': column, 'horizon': a number above 0}"),
        ({**until, "horizon": 61}, "'days without left, up to 61': the arm old was watched until 60, which is before "
         "the horizon 61; give a horizon that both arms reach"),
        ({**until, "event": "ltr"}, "'days without ltr, up to 50': an event is 1 (it came) or 0 (not yet), a time is 0 "
         "or more; recode the column"),
    ):  # fmt: skip
        with pytest.raises(cx.DataProblem) as said:
            cx.experiment(timed, [given], arm="arm", control="old")
        assert str(said.value) == message


def test_a_mismatch_is_said_first() -> None:
    study = trial()
    gone = (study.table["arm"] == "new") & (study.table["value"] < 5)
    found = cx.experiment(replace(study, table=study.table[~gone]), ["value"], arm="arm", control="old")
    assert found.parts["srm"]["p"] < 0.001
    assert found.notes[0].startswith("SAMPLE-RATIO MISMATCH: the arms have new ")
    planned = cx.experiment(study, ["value"], arm="arm", expected={"old": 1, "new": 1})
    assert not any("MISMATCH" in n for n in planned.notes)


def test_an_arm_of_one_answer_is_not_estimated() -> None:
    study = trial(60)
    few = pd.concat([study.table[study.table["arm"] == "old"], study.table[study.table["arm"] == "new"].head(1)])
    found = cx.experiment(replace(study, table=few.reset_index(drop=True)), ["value"], arm="arm", control="old")
    assert np.isnan(found.table["estimate"].iloc[0])
    assert "arms of fewer than 10 answers are not shown, nor what is compared with them" in found.notes
    one = few.assign(unit=0).reset_index(drop=True)
    one.loc[one["arm"] == "old", "unit"] = range(1, 1 + (one["arm"] == "old").sum())
    alone = pd.concat([one, *[one[one["arm"] == "new"]] * 11], ignore_index=True)  # one unit of twelve rows
    found = cx.experiment(replace(study, table=alone), ["value"], arm="arm", control="old", unit="unit")
    assert np.isnan(found.table["estimate"].iloc[0])
    assert "an arm with fewer than two units (or answers) is not estimated: its noise cannot be told" in found.notes


def test_without_a_declared_experiment_there_are_no_effects() -> None:
    study = trial()
    plain = replace(study, codebook=replace(study.codebook, design="", assignment=()))
    assert "trial is not declared as an experiment: differences, not effects" in cx.experiment(
        plain, ["value"], arm="arm").notes  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outcomes": []}, "outcomes is empty; name metrics ('nps') or columns"),
        ({"outcomes": [("value",)]}, "outcome ('value',) is no ratio; give (numerator, denominator), two columns"),
        ({"outcomes": ["arm"]}, "outcome 'arm' of trial holds String, no numbers; a mean needs numbers"),
        ({"control": "odd"}, "control 'odd' is not in the arms of 'arm'; did you mean 'old'? There are: new, old"),
        (
            {"expected": {"old": 1}},
            "expected is {'old': 1}; give the planned share, above 0, of each arm: ['new', 'old']",
        ),
        ({"adjust": "ancova"}, "adjust is 'ancova'; allowed: 'lin', 'cuped'"),
    ],
)
def test_what_an_experiment_refuses(options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.experiment(trial(60), **{"outcomes": ["value"], "arm": "arm", **options})
    assert str(said.value) == message


def test_a_unit_in_two_arms_and_a_single_arm_are_refused() -> None:
    study = trial(60)
    mixed = replace(study, table=study.table.assign(unit=np.arange(60) % 7))
    two = r"^7 of 7 units \('unit'\) have rows in more than one arm; unit= is what was"
    with pytest.raises(cx.DataProblem, match=two):
        cx.experiment(mixed, ["value"], arm="arm", unit="unit")
    with pytest.raises(cx.DataProblem, match=r"^an experiment needs two arms; 'arm' of trial has 1: \['new'\]$"):
        cx.experiment(study.where(arm="new"), ["value"], arm="arm")


def test_arms_coded_1_and_2_do_not_say_which_is_the_control() -> None:
    """Taken for granted, either turns the sign of the effect."""
    study = trial(400)
    coded = replace(study, table=study.table.assign(arm=np.where(study.table["arm"] == "new", 1, 2)))
    with pytest.raises(cx.DataProblem) as said:
        cx.experiment(coded, ["value"], arm="arm")
    assert str(said.value) == (
        "'arm' of trial holds 1, 2; which of them is the control cannot be known: give control=, e.g. control=1"
    )
    words = cx.experiment(study, ["value"], arm="arm", control="old").table["estimate"].iloc[0]
    assert cx.experiment(coded, ["value"], arm="arm", control=2).table["estimate"].iloc[0] == pytest.approx(words)
    zero = replace(study, table=study.table.assign(arm=(study.table["arm"] == "new").astype(int)))
    assert cx.experiment(zero, ["value"], arm="arm").table["estimate"].iloc[0] == pytest.approx(words)


def test_a_column_of_0_and_1_is_a_share() -> None:
    study = trial()
    book = replace(study.codebook, fields=(*study.codebook.fields, cx.Field("back", type="integer")))
    both = replace(study, table=study.table.assign(back=(study.table["value"] > 6).astype(int)), codebook=book)
    found = cx.experiment(both, ["back"], arm="arm", control="old")
    each = both.table.groupby("arm")["back"].mean()
    assert found.unit == "share" and found.table["estimate"].iloc[0] == pytest.approx(each["new"] - each["old"])
    assert " pp (" in found.notes[-1]


def test_the_arm_that_is_called_control_is_the_control() -> None:
    study = trial()
    plain = cx.experiment(study, ["value"], arm="arm", control="old")
    for new, old in (("app", "control"), ("Ja", "Nein"), ("again", "untreated"), ("treatment", "usual")):
        other = replace(study, table=study.table.assign(arm=study.table["arm"].map({"new": new, "old": old})))
        found = cx.experiment(other, ["value"], arm="arm")
        assert found.table["estimate"].iloc[0] == pytest.approx(plain.table["estimate"].iloc[0])
        assert found.parts["control"] == old
        assert found.notes == cx.experiment(other, ["value"], arm="arm", control=old).notes
    turned = cx.experiment(study, ["value"], arm="arm")
    assert turned.table["estimate"].iloc[0] == pytest.approx(-plain.table["estimate"].iloc[0])
    said = "the arms do not say which is the control; 'new' is taken, the first by name: control= names another"
    assert said in turned.notes
