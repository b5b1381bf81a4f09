"""Details of coding and themes, each by hand: influences, p-values, borrowed corrections, what is counted in notes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

import cxlab as cx
from cxlab.models.text import theme_impact
from cxlab.models.text.written import written
from cxlab.stats.text import prediction_powered as pp


def study(n: int = 300, seed: int = 0, **more) -> cx.Study:
    rng = np.random.default_rng(seed)
    late = rng.random(n) < 0.4
    table = {"comment": [f"visit {k} was {'late' if x else 'fine'}" for k, x in enumerate(late)],
             "score": np.where(late, rng.integers(0, 9, n), rng.integers(6, 11, n)), "late": late.astype(int),
             "brand": np.array(["Alba", "Brio", "Cima"])[np.arange(n) % 3]}  # fmt: skip
    made = cx.load(pd.DataFrame(table | more)).set("comment", role="text").set("brand", role="brand")
    return made.set("score", role="outcome", measure="recommendation", scale="0-10")


def sheet(of: cx.Study, rows: list[int]) -> object:
    table = of.to_pandas().iloc[rows][["comment", "late"]]
    return cx.text.read_labels(table, ["late"], at_random=True)


def test_the_influence_of_a_comment_is_the_derivative_of_the_impact() -> None:
    """By its weight, of labelled and unlabelled ones, with a lambda between labels alone and full use."""
    rng = np.random.default_rng(5)
    n = 60
    f, points = rng.random(n), rng.choice([-100.0, 0, 100], n)
    y = np.where(np.arange(n) % 3 == 0, rng.random(n) < 0.4, np.nan)
    pool, label = rng.uniform(0.5, 2, n), np.where(np.arange(n) % 3 == 0, rng.uniform(1, 3, n), 0.0)

    def impact(pool: np.ndarray, label: np.ndarray) -> tuple[float, np.ndarray, float]:
        two = [np.column_stack([v, points * v]) for v in (f, y)]
        return theme_impact._impact(pp.Labelled(*two, pool, label), points, 0.6)

    value, influence, share = impact(pool, label)
    assert 0 < share < 1 and abs(influence.sum()) < 1e-9
    for i in range(n):
        step = np.ones(n)
        step[i] += 1e-6
        assert (impact(pool * step, label * step)[0] - value) / 1e-6 == pytest.approx(influence[i], abs=1e-4)


def test_an_impacts_p_value_and_naive_twin_are_by_hand() -> None:
    rng = np.random.default_rng(2)
    w = rng.uniform(0.5, 2, 300)
    made = study(w=w, p=np.clip(study().to_pandas()["late"] * 0.5 + rng.random(300) * 0.5, 0, 1)).set(
        "w", role="weight"
    )
    coded = cx.code(made, ["late"], labels=sheet(made, list(range(0, 300, 3))), predicted={"late": "p"})
    row = cx.text.theme_impact(coded, "score").table.iloc[0]
    half = row["high"] - row["estimate"]
    df = next(d for d in range(5, 400) if half / row["se"] >= t.ppf(0.975, d) - 1e-9)
    assert df == 99 and row["p"] == pytest.approx(2 * t.sf(abs(row["estimate"] / row["se"]), 99), rel=1e-9)
    table = made.to_pandas()
    points = np.where(table["score"] >= 9, 100, np.where(table["score"] <= 6, -100, 0))
    without = (table["p"] <= 0.5).to_numpy()
    by_hand = np.average(points, weights=w) - np.average(points[without], weights=w[without])
    assert row["naive"] == pytest.approx(by_hand)


@pytest.mark.parametrize(("more", "said"), [(0, False), (4, False), (5, True), (-4, False), (-5, True)])
def test_a_pool_that_grew_by_more_than_two_in_a_hundred_is_said(tmp_path, more: int, said: bool) -> None:
    from openpyxl import load_workbook

    drawn = study(205).table.head(200)
    first = cx.load(drawn.to_pandas() if hasattr(drawn, "to_pandas") else drawn).set("comment", role="text")
    path = cx.text.label_sample(first, ["late"], n=60, overlap=0, path=tmp_path / "l.xlsx", seed=3)
    book = load_workbook(path)
    for ws in book.worksheets[:2]:
        for line in range(2, ws.max_row + 1):
            ws.cell(line, 3).value = "1" if "late" in ws.cell(line, 2).value else "0"
    book.save(path)
    now = study(205).to_pandas().head(200 + more)
    coded = cx.code(cx.load(now).set("comment", role="text"), ["late"], labels=path, engine="words")
    found = [n for n in coded.coding["notes"] if "were drawn from" in n]
    assert bool(found) == said
    if said:
        assert found == [f"the labels were drawn from 200 comments, here are {200 + more}: label some of the new"]


def test_answers_without_anything_are_counted_and_blanks_are_not() -> None:
    texts = ["n/a", "Nothing", "keine", "  ", "", None, "the queue was long", "rude"]
    made = cx.load(pd.DataFrame({"comment": texts})).set("comment", role="text")
    found = written(made, None, "test")
    assert found.silent == 3 and found.wrote.tolist() == [False] * 6 + [True] * 2
    assert "3 answers say that there is nothing to add: no comments" in found.notes


@pytest.mark.parametrize("useful", [True, False])
def test_a_group_of_few_labels_borrows_only_where_predictions_tell(useful: bool) -> None:
    made = study(900, 1)
    late = made.to_pandas()["late"].to_numpy()
    noise = np.random.default_rng(0).random(900)
    made = study(900, 1, p=np.clip(0.7 * late + 0.3 * noise, 0, 1) if useful else noise)
    rows = [k for k in range(900) if k % 3 != 2][:200] + [k for k in range(900) if k % 3 == 2][:6]
    coded = cx.code(made, ["late"], labels=sheet(made, rows), predicted={"late": "p"})
    found = cx.themes(coded, by="brand", of="comments")
    assert found.table["estimate"].notna().tolist() == [True, True, useful]
    lost = any("no share for groups with fewer than 20 labels" in n for n in found.notes)
    assert lost != useful
    alone = cx.themes(coded, of="comments").table["estimate"]
    assert alone.notna().all(), "the whole has labels enough, whatever its predictions are worth"


def test_the_worst_group_may_be_the_only_one() -> None:
    """All of one brand, with fewer labels than a group of several would need: its own correction is that of all."""
    made = study(300, 2, brand="Alba")
    coded = cx.code(made, ["late"], labels=sheet(made, list(range(0, 300, 15)) + [1, 2]), predicted={"late": "late"})
    found = cx.themes(coded, by="brand", of="comments")
    whole = cx.themes(coded, of="comments")
    assert found.table["estimate"].tolist() == pytest.approx(whole.table["estimate"].tolist())


@pytest.mark.parametrize("metric", ["nps", "mean"])
def test_a_theme_without_labels_of_both_kinds_goes_with_nothing(metric: str) -> None:
    """All labels no, or yes, once gave 0 [0, 0] and -5.6e15; four of one kind tell no more."""
    made = study(300, 4)
    rows = made.to_pandas().iloc[::3][["comment", "late"]]
    few = (np.arange(len(rows)) < 4).astype(int)
    rows = rows.assign(none=0, all=1, four=few)
    names = ["late", "none", "all", "four"]
    coded = cx.code(made, names, labels=cx.text.read_labels(rows, names, at_random=True), engine="words")
    found = cx.text.theme_impact(coded, metric=metric)
    table = found.table.set_index("theme")
    assert table.loc[["none", "all", "four"], ["estimate", "low", "high", "p"]].isna().all(axis=None)
    assert table.loc["late", "high"] < 0
    said = "none, all, four: fewer than 5 labels of yes or of no; what goes with it cannot be told"
    assert said in found.notes
    with pytest.raises(cx.DataProblem) as problem:
        alone = cx.text.read_labels(rows[["comment", "none"]], ["none"], at_random=True)
        cx.text.theme_impact(cx.code(made, ["none"], labels=alone, engine="words"), metric=metric)
    assert str(problem.value) == (
        "no theme has 5 labels of yes and of no among 100 with a score in 'score': what goes with it cannot be told; "
        "label more"
    )


def test_scores_that_are_all_equal_are_said() -> None:
    for value, metric, words in ((5, "mean", "5"), (9, "nps", "promoters, passives or detractors alike")):
        made = study(300, 4, score=np.full(300, value))
        coded = cx.code(made, ["late"], labels=sheet(made, list(range(0, 300, 3))), engine="words")
        with pytest.raises(cx.DataProblem) as problem:
            cx.text.theme_impact(coded, metric=metric)
        assert str(problem.value) == f"all 300 scores in 'score' are {words}: nothing can go with them"


def test_labels_that_were_picked_are_seen_and_those_at_random_are_not() -> None:
    """The longest, or the first of the file, said to be at random; and 60 true draws, of which none is suspected."""
    rng = np.random.default_rng(7)
    table = study(600, 7).to_pandas()
    table["comment"] = [f"{c} {'x ' * int(k)}" for c, k in zip(table["comment"], rng.integers(0, 40, 600), strict=True)]
    made = cx.load(table).set("comment", role="text")
    length = table["comment"].str.len().to_numpy()

    def said(rows: np.ndarray) -> list[str]:
        labels = cx.text.read_labels(table.iloc[rows][["comment", "late"]], ["late"], at_random=True)
        coded = cx.code(made, ["late"], labels=labels, predicted={"late": "late"})
        return [n for n in coded.coding["notes"] if "were they drawn at random?" in n]

    assert said(np.argsort(-length)[:80]) == [
        "labelled comments stand or are longer than the others, which chance does once in 10,000 draws: were they "
        "drawn at random? Labels that somebody picked make every share wrong"
    ]
    assert "earlier in it" in said(np.arange(80))[0]
    assert sum(bool(said(np.random.default_rng(k).permutation(600)[:80])) for k in range(60)) == 0
