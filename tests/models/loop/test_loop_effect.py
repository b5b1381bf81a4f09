# ruff: noqa: E501
"""What a call does: known truth by each way; the interval at a threshold; exports without text; codes that err."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.problem import DataProblem
from cxlab.stats.inference.discrete_threshold import jump, line_weights
from cxlab.stats.inference.double_sampling import equal_errors, with_truth


def customers(n: int, seed: int, *, effect: float, way: str) -> cx.Study:
    """Two answers from 0 to 10 of each customer, correlated .6, and who was called."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    a = np.clip(np.round(6 + 2 * z), 0, 10)
    called = (a <= 6) if way == "threshold" else (rng.random(n) < 0.5) & ((a <= 6) if way == "beyond" else True)
    b = 6 + 0.6 * (6 + 2 * z - 6) + rng.normal(0, 1.6, n) + effect * called
    scale = Scale(-20, 40)
    fields = (
        Field("a", "Before", "integer", "outcome", scale=scale), Field("b", "After", "number", "outcome", scale=scale),
        Field("c", "Called", "integer"),
    )  # fmt: skip
    book = Codebook(
        "loop", fields, design="experiment" if way == "random" else "", assignment=("c",) if way == "random" else ()
    )
    return cx.load(pd.DataFrame({"a": a, "b": b, "c": called.astype(int)}), codebook=book)


def test_drawn_calls_give_the_effect_of_a_regression_by_hand() -> None:
    study = customers(800, 1, effect=1.0, way="random")
    found = cx.loop_effect(study, "b", before="a", called="c")
    t = study.lazy.collect().to_pandas()
    x = np.column_stack([np.ones(len(t)), t["c"], t["a"]])
    by_hand = np.linalg.lstsq(x, t["b"].to_numpy(), rcond=None)[0][1]
    assert found.parts["way"] == "random" and found.table["estimate"].iloc[0] == pytest.approx(by_hand)
    assert found.table["low"].iloc[0] < 1.0 < found.table["high"].iloc[0]


@pytest.mark.parametrize("way", ["random", "threshold"])
def test_the_interval_covers_the_effect(way: str) -> None:
    reps, cut = 60, 6 if way == "threshold" else None
    hits = 0
    for k in range(reps):
        row = cx.loop_effect(customers(600, k, effect=1.0, way=way), "b", before="a", called="c", cut=cut).table.iloc[0]
        hits += row["low"] <= 1.0 <= row["high"]
    assert hits >= binom.ppf(0.001, reps, 0.95)


def test_calling_only_the_angry_shows_no_effect_beyond_regression_where_there_is_none() -> None:
    hits = 0
    for k in range(40):
        found = cx.loop_effect(customers(600, k, effect=0.0, way="beyond"), "b", before="a", called="c", retest=[0.6])
        assert found.parts["way"] == "beyond regression"
        beside, beyond = found.table.iloc[0], found.table.iloc[1]
        hits += (beside["low"] <= 0 <= beside["high"]) & (beyond["low"] <= 0.05) & (beyond["high"] >= -0.1)
    assert hits >= 35
    assert any("an association" in n for n in found.notes)


def test_local_lines_are_those_of_weighted_least_squares() -> None:
    x, mass, y = np.array([0.5, 1.5, 2.5, 3.5]), np.array([5.0, 3.0, 9.0, 2.0]), np.array([1.0, 4.0, 2.0, 7.0])
    k = np.sqrt(mass * (1 - x / 4))
    line = np.linalg.lstsq(np.column_stack([np.ones(4), x]) * k[:, None], y * k, rcond=None)[0]
    assert line_weights(x, mass, 4.0) @ y == pytest.approx(line[0])


def test_a_curve_at_its_largest_bend_is_covered_and_a_line_is_exact() -> None:
    x = np.arange(11) - 6.5
    line = jump(x, 3 + 2 * x + 5 * (x < 0), np.eye(11) * 0.01, np.ones(11), level=0.95, most=0.0)
    assert line.value == pytest.approx(5) and line.bias == 0
    rng, hits = np.random.default_rng(0), 0
    for _ in range(200):
        mean = 0.2 * np.sign(x) * x**2 / 2 + 5 * (x < 0) + rng.normal(0, 0.3, 11)
        found = jump(x, mean, np.eye(11) * 0.09, np.ones(11), level=0.95, most=0.2)
        hits += found.low <= 5 <= found.high
    assert hits >= binom.ppf(0.001, 200, 0.95)


MESSAGES = [
    (lambda s: cx.loop_effect(s, "", before="a", called=""),
     r"^name the answer after the call, the one before, and who was called: outcome, before=, called=$"),
    (lambda s: cx.closing(s, opened="", closed=""),
     r"^no columns are named that say when a ticket was opened and closed; name them: opened=, closed=$"),
    (lambda s: cx.loops.heard(""), r"^no filled sheet is named; make one with cx\.loops\.heard_sheet, and give its path$"),
    (lambda s: cx.loop_effect(s, "b", before="a", called="a"), r"^'a' says who was called: 1 or 0; it holds .*Recode it$"),
    (lambda s: cx.loop_effect(s, "b", before="a", called="c", cut=3),
     r"^\d+ customers were called above 3 or not called at or below it: that is no threshold\. Leave cut out to compare "
     r"beyond regression, or give what the rule said as `called`$"),
    (lambda s: cx.loop_effect(s.set("a", scale=Scale(0, 10)), "b", before="a", called="c"),
     r"^'b' and 'a' have different scales \(.*\): a change needs one scale$"),
    (lambda s: cx.loop_effect(s, "b", before="a", called="c", retest=[1.2]),
     r"^retest is \[1\.2\]; a correlation from 0 to below 1 is needed, e\.g\. \[0\.6, 0\.7, 0\.8\]$"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "said"), MESSAGES)
def test_wrong_input_is_said(ask, said) -> None:
    with pytest.raises(DataProblem, match=said):
        ask(customers(200, 1, effect=0, way="threshold"))


def test_two_scores_above_the_threshold_are_too_few() -> None:
    t = pd.DataFrame({"a": [5, 6, 7, 8, 9, 10] * 10, "b": [1, 2, 3, 4, 5, 6] * 10, "c": [1, 1, 1, 1, 0, 0] * 10})
    with pytest.raises(
        DataProblem, match=r"^4 scores were given at or below 8 and 2 above it; a line on each side needs 3"
    ):
        cx.loop_effect(cx.load(t), "b", before="a", called="c", cut=8)


def alerts() -> cx.Result:
    table = pd.DataFrame({
        "who": [7, 8], "ltr": [3, 5], "day": pd.to_datetime(["2025-01-01", "2025-01-02"]),
        "said": ["Call me: ann@example.com or +49 170 1234567", None],
    })  # fmt: skip
    study = cx.load(table).set("who", role="id").set("day", role="date")
    return cx.alerts(study, {"detractor": {"ltr": (0, 6)}}, text="said")


def test_what_a_customer_wrote_leaves_only_when_asked_and_masked() -> None:
    found = alerts()
    for layout in ("plain", "zendesk", "freshdesk", "salesforce", "jira", "webhook"):
        bare = cx.loops.tickets(found, layout=layout).to_csv()
        assert "Call me" not in bare and "ann@example.com" not in bare
        told = cx.loops.tickets(found, layout=layout, text=True).to_csv()
        assert "Call me" in told and "ann@example.com" not in told and "1234567" not in told
    none = cx.alerts(cx.load(pd.DataFrame({"w": [1], "l": [1], "d": pd.to_datetime(["2025-01-01"])})).set("w", role="id").set("d", role="date"), {"a": {"l": (0, 6)}})  # fmt: skip
    with pytest.raises(
        DataProblem, match=r"^these alerts hold no text; name its column: cx\.alerts\(\.\.\., text='COLUMN'\)$"
    ):
        cx.loops.tickets(none, text=True)


def test_a_second_run_makes_the_same_bodies() -> None:
    first, again = (cx.loops.tickets(alerts(), layout="webhook") for _ in range(2))
    assert first.equals(again) and first["idempotency_key"].is_unique
    body = json.loads(first["body"].iloc[0])
    assert body["event"] == "cx.alert" and body["alert"] == first["idempotency_key"].iloc[0]
    assert body["due"] == "2025-01-03T00:00:00" and "text" not in body


def coded(n: int, share: float, error: float, seed: int, known: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < share
    parts = [
        pd.DataFrame(
            {"reply": range(n), "coder": c, "hear": np.where(rng.random(n) < error, ~truth, truth).astype(int)}
        )
        for c in ("ann", "bo")
    ]
    some = rng.random(n) < known
    parts.append(pd.DataFrame({"reply": np.flatnonzero(some), "coder": "truth", "hear": truth[some].astype(int)}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("known", [0.0, 0.3])
def test_the_corrected_share_covers_the_truth_and_the_coded_one_does_not(known: float) -> None:
    reps, hits, raw = 80, 0, 0
    for k in range(reps):
        row = cx.loops.heard(coded(300, 0.1, 0.15, k, known)).table.iloc[0]
        hits += row["low"] <= 0.1 <= row["high"]
        raw += row["coded"] > 0.15
    assert hits >= binom.ppf(0.001, reps, 0.95) and raw > 70


def test_agreement_of_the_sheet_is_that_of_cx_agreement() -> None:
    sheet = coded(60, 0.4, 0.1, 3)
    row = cx.loops.heard(sheet).table.iloc[0]
    wide = sheet.pivot(index="reply", columns="coder", values="hear")
    other = cx.loops.agreement(cx.load(wide.astype(str)), ["ann", "bo"]).table.set_index("measure")
    for name, measure in (("ac1", "Gwet's AC1"), ("alpha", "Krippendorff's alpha")):
        assert row[name] == pytest.approx(other.loc[measure, "estimate"])
        assert row[f"{name}_low"] == pytest.approx(other.loc[measure, "low"])


def test_shares_by_hand() -> None:
    assert equal_errors(np.array([1.0] * 50 + [0.0] * 50), np.zeros(100))[0] == 0.5
    code, truth = np.repeat([1.0, 0.0], [10, 30]), np.r_[np.ones(8), np.zeros(2), np.ones(3), np.zeros(27)]
    share, se, _ = with_truth(code, truth)  # all known: the share and its usual error
    assert share == pytest.approx(11 / 40) and se == pytest.approx(np.sqrt(11 / 40 * 29 / 40 / 40), rel=0.06)


def test_the_sheet_masks_and_gives_each_coder_every_reply() -> None:
    table = pd.DataFrame({"id": range(30), "reply": [f"Sorry {i}, write to a{i}@b.com" for i in range(30)]})
    sheet = cx.loops.heard_sheet(cx.load(table).set("id", role="id"), "reply", most=10, seed=4)
    assert len(sheet) == 20 and not sheet["text"].str.contains("@").any()
    assert set(sheet.loc[sheet["coder"] == "coder 1", "reply"]) == set(sheet.loc[sheet["coder"] == "coder 2", "reply"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.assign(hear=2), r"^'hear' holds '2'; codes are 1, 0 or empty$"),
        (lambda t: pd.concat([t, t.head(1)]), r"^'ann' coded reply 0 twice; one row a reply and coder$"),
        (
            lambda t: t.drop(columns="coder"),
            r"^the sheet has the columns reply, hear; it needs reply, coder and any of hear",
        ),
        (lambda t: t.assign(hear=""), r"^no element is coded yet; fill the columns hear, empathise"),
        (
            lambda t: t[t["reply"] < 5],
            r"^'Heard: says again what went wrong': 5 replies have two codes or more; at least 10",
        ),
    ],
)
def test_a_wrong_sheet_is_said(change, said) -> None:
    with pytest.raises(DataProblem, match=said):
        cx.loops.heard(change(coded(20, 0.4, 0.1, 1)))
