"""Kinds of customers: against StepMix, known truth, none where there are none, words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.models.personas.kinds import _levels
from cxlab.stats.fits import latent_classes as lca

TRUE = np.array([[0.9, 0.9, 0.8, 0.85, 0.9, 0.8], [0.2, 0.3, 0.9, 0.85, 0.2, 0.8], [0.15, 0.2, 0.1, 0.2, 0.8, 0.1]])
SHARE = np.array([0.5, 0.3, 0.2])


def three(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, n, p=SHARE)
    return (rng.random((n, 6)) < TRUE[kind]).astype(int), kind


def study(n: int, seed: int) -> Study:
    """Customers of three kinds, their score and spend (20, 40, 30), and whether they are new (kind B mostly is)."""
    x, kind = three(n, seed)
    rng = np.random.default_rng(seed + 1000)
    table = pd.DataFrame({f"q{j}": 1 + x[:, j] for j in range(6)})
    table["score"] = np.clip(np.round(np.array([9, 7, 3])[kind] + rng.normal(0, 1, n)), 0, 10)
    table["spend"] = np.array([20.0, 40.0, 30.0])[kind] + rng.normal(0, 5, n)
    table["new"] = np.where(rng.random(n) < np.array([0.2, 0.7, 0.3])[kind], "new", "repeat")
    fields = [Field(f"q{j}", f"Question {j}", "integer", "touchpoint", scale=Scale(1, 2)) for j in range(6)]
    fields += [Field("score", "Score", "integer", "outcome", "recommendation", Scale(0, 10)),
               Field("spend", "Spend", "number", "outcome", "spend"), Field("new", "Customer", "string", "segment"),
    ]  # fmt: skip
    return Study(table, Codebook("kinds", tuple(fields)))


def test_likelihood_and_bic_are_those_of_stepmix() -> None:
    # StepMix 3.0.0 (binary, best of 30 starts, tolerance 1e-12) on three(1500, 1): tests/reference/personas.py
    x, _ = three(1500, 1)
    y, n = np.unique(x, axis=0, return_counts=True)
    want = {2: (-5368.3659951, 10831.8038553, [0.194022, 0.805978]),
            3: (-5068.7649467, 10283.7943011, [0.194996, 0.314301, 0.490703]),
            4: (-5062.9820965, 10323.4214235, [0.062396, 0.183145, 0.252293, 0.502162])}  # fmt: skip
    for k, (loglik, bic, share) in want.items():
        found = lca.classes(lca.indicators(y, [2] * 6), [2] * 6, n.astype(float), k, np.random.default_rng(0))
        assert found.loglik == pytest.approx(loglik, abs=5e-4) and found.converged
        assert found.bic == pytest.approx(bic, abs=1e-3)
        np.testing.assert_allclose(np.sort(found.share), share, atol=2e-3)


def test_three_kinds_are_found_with_their_score_value_and_split() -> None:
    found = cx.personas(study(1500, 1), split="new")
    assert found.table["persona"].tolist() == ["A", "B", "C"] and found.parts["stable"]
    assert ((found.table["low"] <= SHARE) & (found.table["high"] >= SHARE)).sum() >= 2
    spend = found.parts["described"].query("question == 'Spend'")
    assert ((spend["low"] - 1 <= [20, 40, 30]) & (spend["high"] + 1 >= [20, 40, 30])).all()
    naive = found.parts["described"].query("question == 'Spend'")["all"].iloc[0]
    assert naive == pytest.approx(study(1500, 1).to_pandas()["spend"].mean())
    inside = found.parts["split_shares"].query("group == 'new' and persona == 'B'").iloc[0]
    share = 0.7 * 0.3 / (0.2 * 0.5 + 0.7 * 0.3 + 0.3 * 0.2)
    assert inside["low"] - 0.03 <= share <= inside["high"] + 0.03
    new = found.parts["split"].query("group == 'new' and question == 'share'").iloc[0]
    assert new["low"] <= 0.37 <= new["high"]
    words = dict(zip(found.table["persona"], found.table["words"], strict=True))
    assert words["B"].startswith("happier with Question 2") and "less happy with" in words["B"]
    assert not any("level only" in n for n in found.notes)
    assert found.plot() is not None and repr(found)


def test_intervals_of_shares_and_means_hold_the_truth() -> None:
    shares = values = 0
    for seed in range(8):
        found = cx.personas(study(700, seed), most=3)
        assert found.parts["stable"]
        order = np.argsort(-found.table["estimate"])
        t = found.table.iloc[order]
        shares += int(((t["low"] <= SHARE) & (t["high"] >= SHARE)).sum())
        spend = found.parts["described"].query("question == 'Spend'")
        values += int(((spend["low"] <= [20, 40, 30]) & (spend["high"] >= [20, 40, 30])).sum())
    assert shares >= 20 and values >= 20  # of 24 at 95 %, the kinds' order by size being certain


def test_where_nothing_clusters_there_are_no_kinds() -> None:
    stable = 0
    for seed in range(10):
        table = pd.DataFrame(np.random.default_rng(seed).integers(1, 6, (400, 6))).rename(columns=lambda j: f"q{j}")
        found = cx.personas(cx.load(table), [f"q{j}" for j in range(6)], most=3)
        stable += found.parts["stable"]
        assert found.title.startswith(("No stable kinds", "2 kinds", "3 kinds"))
    assert stable == 0
    assert found.table["persona"].tolist() == ["all customers"]
    assert found.notes[-1].startswith("no stable classes")


def test_degrees_of_one_mood_are_called_so() -> None:
    rng = np.random.default_rng(3)
    mood = rng.choice([0.2, 0.85], 1200)
    x = (rng.random((1200, 6)) < mood[:, None]).astype(int)
    found = cx.personas(cx.load(pd.DataFrame(x, columns=list("abcdef"))), list("abcdef"), most=3)
    assert found.parts["stable"] and any(n.startswith("the kinds differ in level only") for n in found.notes)


def test_missing_answers_are_left_open_and_weights_count() -> None:
    data = study(1200, 6)
    table = data.to_pandas()
    holes = table.copy()
    rng = np.random.default_rng(0)
    for j in range(6):
        holes.loc[rng.random(len(holes)) < 0.15, f"q{j}"] = np.nan
    found = cx.personas(Study(holes, data.codebook), most=3)
    assert len(found.table) == 3 and found.table["estimate"][0] == pytest.approx(0.5, abs=0.08)
    doubled = pd.concat([table, table[table["spend"] > 33]])
    once = cx.personas(Study(doubled, data.codebook), most=3).table["estimate"]
    weighted = table.assign(w=np.where(table["spend"] > 33, 2.0, 1.0))
    book = Codebook("w", (*data.codebook.fields, Field("w", role="weight")))
    np.testing.assert_allclose(cx.personas(Study(weighted, book), most=3).table["estimate"], once, atol=0.005)


def test_questions_that_tell_no_kinds_apart_are_said() -> None:
    data = study(200, 1)
    with pytest.raises(cx.DataProblem) as said:
        cx.personas(data, ["q0"])
    assert str(said.value) == (
        "1 questions form the kinds of kinds; two or more are needed: name them, or declare touchpoints in the codebook"
    )
    flat = Study(data.to_pandas().assign(q0=1), data.codebook)
    with pytest.raises(cx.DataProblem) as said:
        cx.personas(flat)
    assert str(said.value) == "'q0' of kinds has 1 answer; it tells no kinds apart: leave it out"
    with pytest.raises(cx.DataProblem, match=r"^12 of kinds answered; kinds of customers need 20$"):
        cx.personas(Study(data.to_pandas().head(12), data.codebook))


@pytest.mark.parametrize(
    ("measure", "want"),
    [
        ("satisfaction", [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, -1]),
        ("recommendation", [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, -1]),
    ],
)
def test_many_answers_fall_into_bands_of_the_scale(measure: str, want: list[int]) -> None:
    """Thirds of 0 to 10, cut at 3.3 and 6.7; a recommendation into detractors, passives and promoters."""
    answers = np.r_[np.arange(11.0), np.nan]
    field = Field("q", "Q", "integer", "outcome", measure, Scale(0, 10))
    made = Study(pd.DataFrame({"q": answers}), Codebook("bands", (field,)))
    codes, sizes = _levels(made, ["q"], answers[:, None])
    assert codes[:, 0].tolist() == want and sizes == [3]


def test_who_left_is_a_share_in_words_and_tables() -> None:
    made = study(1500, 1)
    table = made.to_pandas().assign(gone=lambda t: (t["spend"] > 35) * 1)
    book = Codebook("kinds", (*made.codebook.fields, Field("gone", "Has left")))
    found = cx.personas(Study(table, book), about=["gone", "spend"])
    assert "Has left " in found.table["words"][1] and " %; all " in found.table["words"][1]
    rows = found.parts["described"]
    assert rows.loc[rows["question"] == "Has left", "unit"].eq("share").all()
    assert rows.loc[rows["question"] == "Spend", "unit"].eq("").all()


def test_what_all_say_prints_in_the_unit_of_its_row() -> None:
    """A share of .502 stood beside one of 43.7 %: every number of a row has the row's own unit."""
    rows = {"question": ["Has left", "Spend"], "estimate": [0.437, 30.0], "low": [0.4, 29], "high": [0.5, 31],
            "all": [0.502, 28.5], "unit": ["share", ""]}  # fmt: skip
    said = repr(cx.Result("described", "Each kind of customer", pd.DataFrame(rows)))
    line = next(row for row in said.splitlines() if row.startswith("Has left"))
    assert line.split()[2:] == ["43.7", "%", "40.0", "to", "50.0", "%", "50.2", "%"], line
    assert next(row for row in said.splitlines() if row.startswith("Spend")).endswith("28.500")


def test_means_stay_on_their_scale_and_what_was_not_tried_is_not_called_unstable() -> None:
    """Passengers who mark the best of everything: corrected for assignment the mean of some kinds was 107 of 100."""
    airline = cx.load("airline-survey")
    few = cx.Study(airline.to_pandas()[:1500], airline.codebook)
    found = cx.personas(few, most=3)
    rows = found.parts["described"]
    assert rows[["estimate", "low", "high"]].min().min() >= 0 and rows[["estimate", "low", "high"]].max().max() <= 100
    chosen = found.parts["chosen"].set_index("kinds")
    tried = chosen["stability"].notna()
    assert tried.sum() == 1 and chosen.loc[~tried, "stable"].tolist() == [True, None]
    assert any(n.startswith("3 kinds are the most that were tried") for n in found.notes)
    assert found.table["words"].str.startswith(("happier", "less happy", "like the average in everything; ")).all()
