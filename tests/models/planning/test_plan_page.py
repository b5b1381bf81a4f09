"""The tree of targets by hand, its promise in simulation; the watch that stays quiet; the plan's hash in the ledger."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm
from scipy.stats import t as student

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.hypotheses import ledger as book
from cxlab.models.planning.gaming import _limits
from cxlab.problem import DataProblem

SCALE = Scale(1, 5)


def answers(n: int, seed: int, mean: float = 3.5) -> cx.Study:
    rng = np.random.default_rng(seed)
    t = rng.normal(mean, 0.8, (n, 3))
    y = np.clip(np.round(0.6 * t[:, 0] + 0.3 * t[:, 1] + rng.normal(0.3, 0.4, n)), 1, 5)
    table = pd.DataFrame(np.clip(np.round(t), 1, 5), columns=["a", "b", "c"]).assign(y=y, wave=np.arange(n) % 2 + 1)
    fields = [Field(c, c.upper(), "integer", "touchpoint", scale=SCALE) for c in "abc"]
    fields += [
        Field("y", "Goal", "integer", "outcome", "satisfaction", SCALE),
        Field("wave", role="wave", type="integer"),
    ]
    return cx.load(table, codebook=Codebook("s", tuple(fields)))


def test_the_tree_is_that_of_a_hand_calculation() -> None:
    study = answers(1_000, 1)
    found = cx.targets.kpi_tree(study, "y", targets={"y": 4, "a": 4, "b": 4, "c": 4})
    last = study.lazy.collect().to_pandas().query("wave == 2")
    top = found.table.iloc[0]
    assert top["item"] == "Goal" and top["estimate"] == pytest.approx(last["y"].mean()) and top["n"] == len(last)
    se = last["y"].std() / np.sqrt(len(last))
    assert top["reached"] == pytest.approx(norm.cdf((last["y"].mean() - 4) / se), abs=1e-3)
    gap = 4 - last["y"].mean()
    n = (norm.ppf(0.975) + norm.ppf(0.8)) ** 2 * last["y"].var() / gap**2
    assert top["needed"] == pytest.approx(np.ceil(n), abs=1)
    share = cx.drivers(study, "y", drivers=["a", "b", "c"]).table.set_index("driver")["of_explained"]
    rows = found.table.iloc[1:].set_index("item")
    assert rows.loc["A", "contribution"] == pytest.approx(share["a"] * (4 - last["a"].mean()))
    assert rows["weight"].sum() == pytest.approx(1) and rows.index[0] == "A"


def test_the_chance_of_a_target_is_as_often_true_as_it_says() -> None:
    rng = np.random.default_rng(5)
    told, true = [], []
    for k in range(60):
        mean = rng.uniform(3.2, 3.8)
        study = answers(200, k, mean)
        told.append(cx.targets.kpi_tree(study, "a", targets={"a": 3.5}).table["reached"].iloc[0])
        true.append(mean > 3.5)
    sure = np.array(told) > 0.5
    assert (np.array(true) == sure).mean() > 0.85  # seven of eight verdicts are right
    assert abs(np.mean(told) - np.mean(true)) < 0.15


def shops(n: int, seed: int, *, lift: float = 0.0) -> cx.Study:
    """Ten shops whose customers are alike; the first asks its answers up from just below the cut."""
    rng = np.random.default_rng(seed)
    shop = np.repeat(np.arange(10), n)
    y = rng.choice([1.0, 2, 3, 4, 5], len(shop), p=[0.05, 0.1, 0.25, 0.4, 0.2])
    raised = (shop == 0) & (y == 3) & (rng.random(len(shop)) < lift)
    y[raised] = 4
    silent = rng.random(len(shop)) < 0.5
    table = pd.DataFrame({"y": np.where(silent, np.nan, y), "shop": [f"shop {s}" for s in shop]})
    fields = (
        Field("y", "Score", "integer", "outcome", "satisfaction", SCALE),
        Field("shop", type="string", role="segment"),
    )
    return cx.load(table, codebook=Codebook("s", fields))


def test_alike_owners_are_left_alone_and_a_heap_at_the_cut_is_seen() -> None:
    reps = 60
    quiet = sum(not cx.targets.gaming(shops(150, k), "y", owner="shop", cut=4).parts["looked"] for k in range(reps))
    assert quiet >= binom.ppf(0.001, reps, 0.95)
    seen = [cx.targets.gaming(shops(600, k, lift=0.7), "y", owner="shop", cut=4) for k in range(10)]
    assert sum("shop 0" in f.parts["looked"] for f in seen) >= 9
    assert seen[0].table.iloc[0][["owner", "check"]].tolist() == ["shop 0", "at the cut-off 4"]
    answered = seen[0].table.query("check == 'answered'")
    assert len(answered) == 10 and answered["expected"].nunique() == 1


def test_the_same_plan_is_signed_once_and_a_changed_one_anew(tmp_path) -> None:
    file = tmp_path / "ledger.jsonl"
    first = cx.evidence.sign({"a": 1, "b": [2]}, name="p", ledger=file)
    assert cx.evidence.sign({"b": [2], "a": 1}, name="p", ledger=file) == first == book.digest({"a": 1, "b": [2]})
    assert len(book.entries(file)) == 1
    other = cx.evidence.sign({"a": 2}, name="p", ledger=file)
    assert other != first and [e["plan"]["hash"] for e in book.entries(file)] == [first, other]
    assert json.loads(file.read_text().splitlines()[0])["said"] == {"a": 1, "b": [2]}
    day = book.entries(file)[0]["at"][:10]
    assert (first.changed, other.changed) == ("", f"agreed otherwise once under this name ({day})")
    assert cx.evidence.sign({"a": 3}, name="p", ledger=file).changed.startswith("agreed otherwise 2 times under")
    assert cx.evidence.sign({"a": 3}, name="q", ledger=file).changed == ""


MESSAGES = [
    (lambda s: cx.targets.kpi_tree(s, "y", targets={}),
     r"^targets is empty; give question → mean that it should have, as"),
    (lambda s: cx.targets.kpi_tree(s, "y", targets={"a": 9}),
     r"^the target of 'a' is 9, outside its scale from 1 to 5; give it in points of that scale$"),
    (lambda s: cx.targets.kpi_tree(s, "y", targets={"wave": 2}),
     r"^'wave' has no scale: a target needs a question with one$"),
    (lambda s: cx.targets.gaming(s, "y", owner=""),
     r"^name the score that is paid for and the column of who is measured by it: outcome, owner=$"),
    (lambda s: cx.targets.gaming(s, "wave", owner="a"), r"^'wave' has no scale; name the score that is paid for$"),
    (lambda s: cx.targets.gaming(s, "y", owner="a", cut=7), r"^cut is 7; it is a score of 'y' above 1: 1 to 5"),
    (lambda s: cx.targets.gaming(s, "y", owner="wave"),
     r"^fewer than 3 owners in 'wave' have 10 rows on which something can"),
    (lambda s: cx.evidence.sign({}, name="p", ledger=None), r"^the plan is empty: there is nothing to sign$"),
    (lambda s: cx.evidence.sign({"a": 1}, name="", ledger=None), r"^name is ''; give the plan a name$"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "said"), MESSAGES)
def test_wrong_input_is_said(ask, said) -> None:
    with pytest.raises(DataProblem, match=said):
        ask(answers(100, 1))


def test_a_tree_tells_what_it_cannot_tell() -> None:
    """Answers that are all alike, a target that is met to the point, a last wave of a few people, words for numbers."""
    study = answers(1_000, 1)
    rows, book = study.lazy.collect().to_pandas(), study.codebook
    aims = {"y": 4, "a": 4, "b": 4, "c": 4}
    same = cx.targets.kpi_tree(cx.load(rows.assign(c=4), codebook=book), "y", targets=aims)
    flat = same.table.set_index("item").loc["C"]
    assert flat[["reached", "needed", "weight"]].isna().all()
    assert "every answer on C is 4: no chance, number of answers or weight can be told" in same.notes
    met = rows.query("wave == 2")["a"].mean()
    near = cx.targets.kpi_tree(study, "a", targets={"a": met}).table.iloc[0]
    assert near["reached"] == pytest.approx(0.5) and np.isnan(near["needed"])
    alone = cx.targets.kpi_tree(study, "y", targets={"y": 4})
    assert cx.pages.message(alone).title.startswith("Goal is below its target of 4")
    one = rows.assign(wave=np.where(rows.index < 9, 2, 1))
    with pytest.raises(DataProblem, match=r"^the last wave, wave 2, has fewer than 10 answers on Goal; .*wave= names"):
        cx.targets.kpi_tree(cx.load(one, codebook=book), "y", targets=aims)
    few = cx.load(rows.assign(b=rows["b"].where((rows["wave"] == 1) | (rows.index < 18))), codebook=book)
    hidden = cx.targets.kpi_tree(few, "y", targets=aims)
    assert "B" not in set(hidden.table["item"]) and "B has fewer than 10 answers in it and is not shown" in hidden.notes
    for wrong in ("4", None, True):
        with pytest.raises(DataProblem, match=r"^the target of 'a' is .*; give a number in points of its scale$"):
            cx.targets.kpi_tree(study, "y", targets={"a": wrong})


def test_the_picture_puts_each_target_on_the_row_of_its_question():
    tree = cx.targets.kpi_tree(answers(400, 5), "y", targets={"y": 3.1, "a": 4.9, "b": 3.4, "c": 2.2})
    ax = tree.plot()
    names = dict(zip(ax.get_yticks(), [t.get_text() for t in ax.get_yticklabels()], strict=True))
    drawn = {names[np.mean(line.get_ydata())].partition(":")[0]: line.get_xdata()[0] for line in ax.lines}
    assert drawn == dict(zip(tree.table["item"], tree.table["target"], strict=True))
    assert len(set(drawn.values())) == 4


def test_the_funnel_of_a_watch_is_that_of_a_hand_calculation() -> None:
    """Six owners alike: no overdispersion; twelve rows share the 5 % between them, two sides each."""
    y = np.tile(np.repeat([5.0, 4.0, 3.0], [50, 25, 25]), 6)
    table = pd.DataFrame({"y": y, "shop": np.repeat(list("abcdef"), 100)})
    fields = (Field("y", "Score", "integer", "outcome", "satisfaction", SCALE), Field("shop", type="string"))
    found = cx.targets.gaming(cx.load(table, codebook=Codebook("s", fields)), "y", owner="shop", cut=4).table
    assert len(found) == 12 and (found["estimate"] == 0.5).all() and (found["expected"] == 0.5).all()
    half = norm.ppf(1 - 0.05 / 24) * np.sqrt(0.25 / found["n"])
    exact = binom.ppf(1 - 0.05 / 24, found["n"], 0.5) / found["n"] - 0.5
    assert (found["high"] - 0.5).tolist() == pytest.approx(np.fmax(half, exact).tolist())
    assert (0.5 - found["low"]).tolist() == pytest.approx(np.fmax(half, exact).tolist())
    assert sorted(set(found["n"])) == [50, 100]


@pytest.mark.parametrize(
    ("owners", "spread", "rate"),
    [(30, 0.1, 0.3), (10, 0.1, 0.3), (3, 0.1, 0.3), (60, 0.05, 0.3), (60, 0.0, 0.97), (10, 0.0, 0.97)],
)
def test_who_does_not_game_is_left_alone(owners: int, spread: float, rate: float) -> None:
    """Shops of many sizes whose customers differ: one factor for all limits flagged one in 46 to 70 of 100 tables."""
    rng, flagged, tables = np.random.default_rng(owners), 0, 120
    for _ in range(tables):
        n = np.maximum(rng.lognormal(np.log(200 if spread else 60), 0.8 if spread else 0.0, owners).astype(int), 10)
        k = rng.binomial(n, np.clip(rng.normal(rate, spread, owners), 0.01, 0.99))
        told = pd.DataFrame({"check": "answered", "owner": range(owners), "sum": k, "count": n})
        flagged += bool((_limits(told, 0.95)["verdict"] == "look").any())
    assert flagged <= binom.ppf(0.999, tables, 0.05)


def test_owners_who_differ_widen_the_funnel() -> None:
    shares = [0.44, 0.56] * 5
    y = np.concatenate([np.repeat([5.0, 1.0], [round(100 * p), 100 - round(100 * p)]) for p in shares])
    table = pd.DataFrame({"y": y, "shop": np.repeat(list("abcdefghij"), 100)})
    fields = (Field("y", "Score", "integer", "outcome", "satisfaction", SCALE), Field("shop", type="string"))
    found = cx.targets.gaming(cx.load(table, codebook=Codebook("s", fields)), "y", owner="shop", cut=4).table
    for owner, low, high, p in found[["owner", "low", "high", "estimate"]].itertuples(index=False):
        rest = [0.44] * (4 if p < 0.5 else 5) + [0.56] * (5 if p < 0.5 else 4)
        mean = np.mean(rest)
        q = sum((x - mean) ** 2 * 100 / (mean * (1 - mean)) for x in rest)  # Cochran's Q of the nine others
        w = 100 / (mean * (1 - mean))
        between = max((q - 8) / (9 * w - 9 * w**2 / (9 * w)), 0)
        half = student.ppf(1 - 0.05 / 20, 8) * np.sqrt(0.0025 + between)
        assert between > 0 and (low, high) == pytest.approx((0.5 - half, 0.5 + half)), owner
    assert found["verdict"].nunique() == 1
