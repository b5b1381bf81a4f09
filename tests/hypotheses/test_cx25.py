"""Transitions hurt: by hand, beyond the touchpoints as `cx.ols` has it, recovered, and not fooled by hard cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.hypotheses import scoreboard

REPS = 30
UNEVEN = "score per point by which touchpoints are uneven, beyond their level"


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-25", study, robust=False, ledger=None)


def test_by_hand() -> None:
    """No, one, two switches, 20 journeys each, mean scores 70, 66, 60 (± 3): 5 points lost a switch."""
    table = pd.DataFrame({"score": np.repeat([70.0, 66, 60], 20), "switches": np.repeat([0, 1, 2], 20)})
    table["score"] += np.tile([-3.0, 3], 30)
    fields = (
        cx.Field("score", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("switches", type="integer", role="operation"),
    )
    v = verdict(cx.Study(table, cx.Codebook("journeys", fields, design="experiment", assignment=("switches",))))
    assert v.estimate.value == pytest.approx(-5.0) and v.direction == "SUPPORTED"
    assert v.parts["shown"]["estimate"].tolist() == pytest.approx([70, 66, 60, -7])
    assert any("no touchpoint is rated" in n for n in v.notes)


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-25", 5.0, n=800, seed=1)
    model = (
        cx.ols(study, "score ~ switches + touchpoints1 + touchpoints2", errors="HC3")
        .table.set_index("term")
        .loc["switches"]
    )
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx([model["estimate"], model["low"], model["high"]], rel=1e-6)


def test_the_effect_is_recovered_and_covered(replicates) -> None:
    for effect in (5.0, 3.0):
        found = replicates("CX-25", effect, n=1000, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(-effect, abs=0.4)
        assert found["low"].le(-effect).mul(found["high"].ge(-effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert replicates("CX-25", 5.0, n=1000, reps=REPS)["direction"].eq("SUPPORTED").mean() >= 0.85


@pytest.mark.parametrize("threat", [None, "hard-cases", "truncation"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-25", 0.0, n=1000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "hard-cases":
        assert found["value"].mean() < -2.5 and found["direction"].eq("NOT-IDENTIFIED").all()
    if threat == "truncation":
        assert found["value"].mean() > 1.5 and found["direction"].eq("INCONCLUSIVE").all()


def test_broken_off_journeys_do_not_make_switches_harmless(replicates) -> None:
    found = replicates("CX-25", 4.0, n=1000, reps=10, threat="truncation", seed=3)
    assert found["value"].mean() > -3 and found["direction"].eq("INCONCLUSIVE").all()


def test_switches_that_were_not_drawn_need_the_difficulty_of_the_case() -> None:
    study = cx.simulated("CX-25", 6.0, n=1500, seed=4)
    book = replace(study.codebook, design="quasi-experiment", assignment=("switches",))
    assert verdict(replace(study, codebook=book)).direction == "SUPPORTED"
    fields = tuple(f for f in book.fields if f.name != "difficulty")
    v = verdict(replace(study, codebook=replace(book, fields=fields)))
    assert v.direction == "NOT-IDENTIFIED" and "no column for difficulty shows it" in v.sentence


def test_threats_do_what_they_say() -> None:
    data = {t: cx.simulated("CX-25", 0.0, n=2000, threat=t).table for t in (None, "hard-cases", "truncation")}
    r = {t: np.corrcoef(d["switches"], d["difficulty"])[0, 1] for t, d in data.items()}
    assert abs(r[None]) < 0.08 and r["hard-cases"] > 0.3
    gone = {t: d["score"].isna().groupby(d["switches"] > 1).mean().tolist() for t, d in data.items()}
    assert gone[None] == [0, 0] and gone["truncation"][0] == 0 and gone["truncation"][1] > 0.2


def test_one_channel_against_several_and_what_a_rough_switch_costs() -> None:
    """As `cx.ols` has them, beyond the touchpoints; a rough switch was made to cost 4 points more than a smooth one."""
    study = cx.simulated("CX-25", 3.0, n=3000, seed=7)
    made = study.table
    rng = np.random.default_rng(7)
    rough = rng.binomial(made["switches"].astype(int), 0.4)
    table = made.assign(
        rough=rough,
        several=(made["switches"] > 0) * 1,
        uneven=made[["touchpoints1", "touchpoints2"]].std(axis=1, ddof=0),
    )
    table["score"] = np.clip(made["score"] - 4 * rough - 0.5 * table["uneven"], 0, 100)
    fields = (*study.codebook.fields, cx.Field("rough", type="integer", role="operation"), cx.Field("several", role=""))
    fields += (cx.Field("uneven"),)
    known = cx.Study(table, replace(study.codebook, fields=fields))
    shown = verdict(known).parts["shown"].set_index("label")
    touch, limits = "touchpoints1 + touchpoints2", ["estimate", "low", "high"]
    for label, formula, term in (
        ("score: several channels minus one", f"score ~ several + {touch}", "several"),
        ("score per rough switch, beyond a smooth one", f"score ~ rough + switches + {touch}", "rough"),
        (UNEVEN, f"score ~ uneven + switches + {touch}", "uneven"),
    ):
        model = cx.ols(known, formula, errors="HC3").table.set_index("term").loc[term, limits]
        assert shown.loc[label, limits].tolist() == pytest.approx(model.tolist(), rel=1e-8)
    assert shown.loc["score per rough switch, beyond a smooth one", "estimate"] == pytest.approx(-4, abs=0.9)
    assert shown.loc[UNEVEN, "low"] < -0.5 < shown.loc[UNEVEN, "high"] < 0


def log(n: int = 400, seed: int = 1, per_switch: float = -4.0, channel: bool = True) -> cx.Study:
    """Journeys of 2 to 8 events; each switch of channel costs points, each event a little as well."""
    rng, rows = np.random.default_rng(seed), []
    for case in range(n):
        size = int(rng.integers(2, 9))
        where = rng.choice(["web", "phone", "shop"], size) if channel else np.repeat("web", size)
        who = rng.choice(["ann", "bob"], size)
        held = where if channel else who
        score = 75 + per_switch * (held[1:] != held[:-1]).sum() - 2 * np.log2(1 + size) + rng.normal(0, 5)
        score = np.r_[[np.nan] * (size - 1), float(np.clip(np.round(score), 0, 100))]
        day = pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(size), "h")
        what = rng.choice(["ask", "answer"], size)
        columns = {"case": case, "what": what, "when": day, "where": where, "who": who, "score": score}
        rows.append(pd.DataFrame(columns))
    fields = (
        cx.Field("case", role="case"), cx.Field("what", role="event"), cx.Field("when", type="datetime", role="time"),
        cx.Field("where", role="channel"), cx.Field("who", role="owner"),
        cx.Field("score", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
    )  # fmt: skip
    return cx.Study(pd.concat(rows, ignore_index=True), cx.Codebook("log", fields, design="logs"))


@pytest.mark.parametrize(("channel", "of"), [(True, "where"), (False, "who")])
def test_an_event_log_is_read_as_journeys(channel: bool, of: str) -> None:
    """The estimate is that of the handoffs of the log, with the number of events held fixed."""
    study = log(channel=channel)
    v = verdict(study)
    slopes = cx.handoffs(study, "score", of=of).parts["slopes"].set_index("slope")
    assert v.estimate.value == pytest.approx(slopes.loc["held fixed", "estimate"], rel=1e-9)
    assert (v.estimate.low, v.estimate.high) == pytest.approx(
        tuple(slopes.loc["held fixed", ["low", "high"]]), rel=0.02
    )
    assert v.estimate.low < -4 < v.estimate.high and v.estimate.n == 400
    assert v.direction == "NOT-IDENTIFIED" and v.association == "SUPPORTED"
    assert any(n.startswith("the number of events is held fixed: longer journeys have more switches") for n in v.notes)
    assert scoreboard.testable(study, claims=["CX-25"])["can"].tolist() == [True]


def test_a_log_whose_switches_are_a_column_is_taken_as_it_is() -> None:
    study = log()
    rows = study.table.groupby("case", as_index=False).agg({"score": "last", "where": "nunique"})
    fields = (cx.Field("where", role="operation"), study.field("score"))
    plain = cx.Study(rows, cx.Codebook("journeys", fields))
    v = cx.verdict("CX-25", plain, columns={"switches": "where"}, robust=False, ledger=None)
    assert not any("number of events is held fixed" in n for n in v.notes)
