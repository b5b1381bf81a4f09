"""Every public function on a part of a study that with the other parts would tell a few people: refused, or without."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.columns import Hidden
from cxlab.data.arguments import HIDE_THEMSELVES
from tests.test_any_study import CALLS, NEUTRAL, named, rows

TELLS = "where = C of made is not shown: with the other parts and the whole it would tell a part of fewer answers"
LABELS = {"answer", "wave", NEUTRAL["wave"], "benchmark", "side", "level", "value"}
WITHOUT = ("rake", "poststratify", "permutation")
"""They make weights (the metric that follows is tried); the call of the last is of segments where nobody is hidden."""


@pytest.fixture(scope="module")
def parted() -> cx.Study:
    """Four places, of which one has 3 people and C, the smallest of the others, would tell them."""
    table = rows()
    table["where"] = ["TINY" if i in (0, 3, 6) else "ABC"[i % 3] if i % 11 else "A" for i in table["code"]]
    study = named(NEUTRAL, table)
    return cx.Study(
        study.table, cx.Codebook("made", (*study.codebook.fields, cx.Field("where", "where", "string", "segment")))
    )


def numbers_of(result: cx.Result) -> list[tuple[str, float]]:
    """All numbers that leave with a result and could be about answers."""
    said = json.loads(json.dumps(result.to_dict()))
    tables = [said["table"], *(p for p in said["parts"].values() if isinstance(p, list))]
    found = [(k, v) for t in tables for row in t if isinstance(row, dict) for k, v in row.items() if k not in LABELS]
    return [(k, v) for k, v in found if isinstance(v, (int, float)) and v not in (0, 1)]


@pytest.mark.parametrize("name", sorted(set(CALLS) - set(WITHOUT)))
def test_a_part_that_would_tell_a_few_people_has_no_number(name: str, parted: cx.Study) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = CALLS[name](parted.where(where="C"), NEUTRAL)
    except cx.DataProblem as problem:
        hides = name.split()[0] in (*HIDE_THEMSELVES, "funnel", "peers", "gap")
        assert hides or str(problem).removesuffix(" (least_n=0 shows it)") == TELLS
        return
    assert name.split()[0] in HIDE_THEMSELVES
    assert isinstance(made, cx.Result) and numbers_of(made) == []


@pytest.mark.parametrize("name", ["drivers", "pilot", "stated_premium", "loyalty_curve", "quality", "what_if"])
def test_other_parts_have_theirs(name: str, parted: cx.Study) -> None:
    assert len(CALLS[name](parted.where(where="A"), NEUTRAL).table)


def test_the_few_themselves_are_refused_by_their_number(parted: cx.Study) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.drivers(parted.where(where="TINY"), NEUTRAL["sat"])
    assert str(said.value) == "where = TINY of made is not shown: fewer than 10 answers"
    assert len(
        cx.survival(parted.where(where="C"), time=NEUTRAL["dose"], event=NEUTRAL["sat"], ends=1, least_n=0).table
    )


@pytest.mark.parametrize("column", ["wave", "day"])
@pytest.mark.parametrize("name", ["changes", "running"])
def test_a_period_of_a_part_is_hidden_where_the_other_parts_would_tell_it(name: str, column: str) -> None:
    cells = [(s, w, 3 if (s, w) == ("A", 5) else n) for s, n in (("A", 60), ("B", 50), ("C", 40)) for w in range(12)]
    table = pd.DataFrame([(s, w) for s, w, n in cells for _ in range(n)], columns=["seg", "wave"])
    table["day"] = pd.Timestamp("2024-01-15") + pd.to_timedelta(table["wave"] * 31, "D")
    table["ltr"] = np.random.default_rng(1).integers(0, 11, len(table))
    study = cx.Study(table, cx.Codebook("cells", (
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
        cx.Field("seg", type="string", role="segment"), cx.Field("wave", type="integer", role="wave"),
        cx.Field("day", type="datetime", role="date"),
    )))  # fmt: skip
    hidden = {}
    for seg in "ABC":
        made = getattr(cx, name)(study.where(seg=seg), "nps", wave=column, every="month" if column == "day" else "")
        at = next(t for t in (made.table, *made.parts.values()) if isinstance(t, pd.DataFrame) and "period" in t)
        hidden[seg] = {k for k, n in enumerate(at["n"]) if isinstance(n, Hidden)}
    assert 5 in hidden["A"] and len(hidden["A"]) > 1
    assert 5 in hidden["B"] | hidden["C"]  # else the whole less the others would tell A's


def test_what_holds_so_far_does_not_tell_the_period_that_came_in_between() -> None:
    sizes = [40, 40, 3, 40, 0, 12, 40, 40]
    waves = np.repeat(range(8), sizes)
    table = pd.DataFrame({"wave": waves, "ltr": np.random.default_rng(2).integers(0, 11, len(waves))})
    study = cx.Study(table, cx.Codebook("so far", (
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
        cx.Field("wave", type="integer", role="wave"))))  # fmt: skip
    shown = [n for n in cx.running(study, "nps").table["n"] if not isinstance(n, Hidden)]
    assert shown == [40, 80, 175, 215]  # the 3 come with the 12 that are hidden beside them, never alone


def shown(made: cx.Result) -> set[tuple[str, int]]:
    """The cells of brand and wave that have a number of answers."""
    return {(r.brand, r.wave) for r in made.table.itertuples() if r.n == r.n and not isinstance(r.n, Hidden)}


@pytest.mark.parametrize("waves", [[3, 4], (3, 4)], ids=["levels", "range"])
def test_some_levels_of_a_column_are_hidden_as_in_the_table_of_all(waves: object) -> None:
    sizes = {("A", 1): 50, ("B", 1): 5, ("C", 1): 12, ("A", 3): 60, ("B", 3): 11, ("C", 3): 40, ("A", 4): 60}
    sizes |= {("B", 4): 4, ("C", 4): 45}
    table = pd.DataFrame([c for c, n in sizes.items() for _ in range(n)], columns=["brand", "wave"])
    table["ltr"] = np.random.default_rng(3).integers(0, 11, len(table))
    study = cx.Study(table, cx.Codebook("brands", (
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
        cx.Field("brand", type="string", role="brand"), cx.Field("wave", type="integer", role="wave"))))  # fmt: skip
    whole = shown(cx.nps(study, by=["brand", "wave"]))
    assert shown(cx.nps(study.where(wave=waves), by=["brand", "wave"])) == {c for c in whole if c[1] > 1}
    now = cx.pages.standing(study, "nps").table
    assert now.loc[now["estimate"].isna(), "change"].isna().all() and now["change"].notna().any()


@pytest.mark.parametrize("out", [0, 3, 30])
@pytest.mark.parametrize("name", ["nps", "compare", "scorecard"])
def test_an_option_that_nearly_everybody_ticked_is_not_shown(name: str, out: int) -> None:
    rng, n = np.random.default_rng(4), 200 + out
    table = pd.DataFrame({"app": [1] * 200 + [0] * out, "bus": rng.integers(0, 2, n), "ltr": rng.integers(0, 11, n)})
    study = cx.Study(table, cx.Codebook("options", (
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
        cx.Field("use", type="integer", role="segment", columns=("app", "bus"), labels={"app": "App", "bus": "Bus"}),
    )))  # fmt: skip
    calls = {"nps": lambda: cx.nps(study, by="use"), "compare": lambda: cx.compare(study, "nps", by="use"),
             "scorecard": lambda: cx.scorecard(study, by="use")}  # fmt: skip
    row = calls[name]().table.iloc[0]
    assert row["use"] == "App" and (row["estimate"] != row["estimate"]) == (out == 3)
    part = cx.nps(study.where(use="App")).table["estimate"]
    assert part.isna().tolist() == [out == 3]
