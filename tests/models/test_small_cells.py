"""No public function with groups tells anything of a group of few people, not even by subtraction from the total."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.small_cells import _spanned, hidden

KANO = ("kano-functional", "kano-dysfunctional")


def study(tiny: int = 3, seed: int = 1) -> cx.Study:
    """Groups of 120, 100, 80 and ``tiny`` people, the few with answers of their own."""
    rng, n = np.random.default_rng(seed), 300 + tiny
    rows = pd.DataFrame({
        "ltr": rng.integers(0, 11, n), "sat": rng.integers(1, 6, n), "x": rng.normal(0, 1, n).round(1),
        "left": rng.integers(0, 2, n), "seg": ["A"] * 120 + ["B"] * 100 + ["C"] * 80 + ["TINY"] * tiny,
        "f": rng.integers(1, 6, n), "d": rng.integers(1, 6, n), "r1": rng.uniform(0.5, 2, n),
        "r2": rng.uniform(0.5, 2, n),
    })  # fmt: skip
    if tiny < 10:
        rows.loc[rows["seg"] == "TINY", ["ltr", "sat", "left"]] = [0, 1, 1]
    out = {"role": "outcome"}
    book = cx.Codebook("few", (
        cx.Field("ltr", measure="recommendation", scale=cx.Scale(0, 10), **out),
        cx.Field("sat", measure="satisfaction", scale=cx.Scale(1, 5), **out),
        cx.Field("left", measure="churn", **out), cx.Field("seg", type="string", role="segment"),
        *(cx.Field(c, measure=kind, about="app", scale=cx.Scale(1, 5)) for c, kind in zip("fd", KANO, strict=True)),
    ))  # fmt: skip
    return cx.Study(rows, book)


CALLS: dict[str, Callable[[cx.Study], cx.Result]] = {
    "nps": lambda s: cx.nps(s, by="seg"),
    "csat": lambda s: cx.csat(s, by="seg"),
    "mean": lambda s: cx.mean(s, "sat", by="seg"),
    "share": lambda s: cx.share(s, "sat", value=1, by="seg"),
    "churn": lambda s: cx.churn(s, "left", by="seg"),
    "retention": lambda s: cx.metrics.retention(s, "left", by="seg"),
    "answers": lambda s: cx.answers(s, "sat", by="seg"),
    "satisfaction_ratio": lambda s: cx.metrics.satisfaction_ratio(s, by="seg", draws=100),
    "scorecard": lambda s: cx.scorecard(s, by="seg"),
    "compare": lambda s: cx.compare(s, "nps", by="seg"),
    "rest": lambda s: cx.compare(s, "nps", by="seg", pairs="rest"),
    "trend": lambda s: cx.trend(s, "nps", wave="seg"),
    "against": lambda s: cx.against(s, "nps", benchmark=10, by="seg"),
    "impact": lambda s: cx.metrics.impact(s, "seg"),
    "league": lambda s: cx.league(s, "seg"),
    "bootstrap": lambda s: cx.bootstrap(s, "ltr", by="seg", draws=200),
    "jackknife": lambda s: cx.regressions.jackknife(s, "ltr", by="seg"),
    "replicate_weights": lambda s: cx.regressions.replicate_weights(
        s, "ltr", weights=["r1", "r2"], kind="brr", by="seg"
    ),
    "kano": lambda s: cx.importance.kano(s, by="seg"),
    "mixed": lambda s: cx.regressions.mixed(s, "ltr ~ x", by="seg"),
}
FORMULAS = {
    "ols": lambda s, **o: cx.ols(s, "ltr ~ x + C(seg)", **o),
    "ridge": lambda s, **o: cx.regressions.ridge(s, "ltr ~ x + seg", **o),
    "logit": lambda s, **o: cx.regressions.logit(s, "I(sat >= 3) ~ x + I(x * x) + seg", **o),
    "ordinal": lambda s, **o: cx.regressions.ordinal(s, "ltr ~ seg", **o),
}


def rows_of(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows that speak of one group each, by group."""
    where = [c for c in ("seg", "topic", "wave", "against") if c in table and table[c].isin(["TINY", "C"]).any()]
    return {g: table[table[where].eq(g).any(axis=1)] for g in ("TINY", "C")} if where else {}


@pytest.mark.parametrize("name", CALLS)
def test_neither_the_small_group_nor_the_one_that_would_tell_it_is_shown(name: str) -> None:
    made = CALLS[name](study())
    for table in [made.table, *(p for p in made.parts.values() if isinstance(p, pd.DataFrame))]:
        for group, rows in rows_of(table).items():
            figures = [c for c in rows if rows[c].dtype.kind == "f" and c not in ("side", "benchmark", "answer")]
            assert rows[figures].isna().all(axis=None), f"{group} in\n{rows}"
    if isinstance(made.parts.get("groups"), pd.DataFrame) and "estimate" in made.parts["groups"]:
        assert made.parts["groups"]["estimate"].isna().any()


@pytest.mark.parametrize("name", ["nps", "csat", "mean", "share", "churn", "bootstrap", "jackknife", "impact"])
def test_the_total_less_what_is_shown_is_the_sum_of_at_least_two_groups(name: str) -> None:
    table = CALLS[name](study()).table
    kept = table.dropna(subset=["estimate"])
    assert 300 + 3 - kept["n"].sum() == 83
    assert table.loc[table["estimate"].isna(), "n"].map(str).tolist() == ["not shown", "fewer than 10"]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_with_a_level_of_few_answers_is_refused(name: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        FORMULAS[name](study())
    assert str(said.value) == (
        "seg: fewer than 10 answers have TINY, and the model would tell them; merge levels, leave them out with "
        "study.where(), or least_n=0"
    )
    assert math.isfinite(FORMULAS[name](study(tiny=12)).table["estimate"].iloc[0])


def test_a_regression_on_few_people_is_refused_and_made_when_asked() -> None:
    few = study(tiny=8).where(seg="TINY")
    few = cx.Study(few.frame.collect().to_pandas().assign(ltr=range(8)), few.codebook)
    with pytest.raises(cx.DataProblem, match=r"^8 answers are too few to be shown; 10 are needed, or least_n=0$"):
        cx.ols(few, "ltr ~ x")
    assert len(cx.ols(few, "ltr ~ x", least_n=0).table) == 2


def test_small_0_shows_all() -> None:
    assert cx.nps(study(), by="seg", least_n=0).table["estimate"].notna().all()
    assert cx.bootstrap(study(), "ltr", by="seg", draws=200, least_n=0).table["estimate"].notna().all()


def test_what_leaves_as_json_holds_no_value_of_the_small_group() -> None:
    said = json.loads(json.dumps(cx.compare(study(), "nps", by="seg", pairs="rest").to_dict()))
    assert [r["estimate"] is None for r in said["table"]] == [False, False, True, True]
    assert [r["estimate"] is None for r in said["parts"]["groups"]] == [False, False, True, True] * 2


@pytest.mark.parametrize("seed", range(30))
def test_no_line_of_a_table_gives_a_small_cell_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        [(a, b, int(rng.choice([0, 2, 4, 12, 60]))) for a in "abcd" for b in "xyz"], columns=list("abn")
    )
    hide = hidden(table, 10, ["a", "b"])
    assert hide[(table["n"] > 0) & (table["n"] < 10)].all()
    for by in ("a", "b"):
        for _, line in table.assign(hide=hide).groupby(by):
            out = line[line["hide"]]
            assert not len(out) or (len(out) > 1 and out["n"].sum() >= 10) or out.equals(line[line["n"] > 0])


def test_what_sums_span_is_what_the_pseudo_inverse_says() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        known = (rng.random((rng.integers(1, 30), rng.integers(1, 25))) < rng.uniform(0.05, 0.6)).astype(float)
        assert np.allclose(_spanned(known), np.linalg.pinv(known) @ known, atol=1e-9)
