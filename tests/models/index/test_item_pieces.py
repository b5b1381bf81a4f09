"""The index of a file read in pieces is that of its rows in memory, with every design, gaps and turned scales."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.index import item_pieces
from cxlab.stats.counts import covariances

MODEL = cx.indices.path_model("Quality =~ a + b + c\nSatisfaction =~ d + e\nSatisfaction ~ Quality")
FIGURES = ["estimate", "low", "high", "se"]


def rows(n: int = 900, *, gaps: bool = True, halves: bool = False) -> pd.DataFrame:
    """Answers of 1 to 5 around one opinion; 'b' has 1 = best and a few codes outside its scale."""
    rng = np.random.default_rng(5)
    opinion = rng.normal(size=n)
    table = pd.DataFrame({c: np.clip(np.round(3 + opinion + rng.normal(size=n)), 1, 5) for c in "abcde"})
    table["b"] = 6 - table["b"]
    if halves:
        table["a"] = table["a"] - 0.5 * (rng.random(n) < 0.3) * (table["a"] > 1)
    table = table if halves else table.astype("Int64")
    if gaps:
        table = table.mask(rng.random((n, 5)) < 0.03)
        table.loc[:4, "c"] = 9
    table["account"] = rng.integers(0, 120, n)
    table["stratum"] = table["account"] % 3
    table["weight"] = rng.choice([0.0, 0.5, 1.5, 2.0], n)
    table.loc[:4, "weight"] = 1.0
    table["group"] = rng.choice(["x", "y", None], n, p=[0.5, 0.45, 0.05])
    return table


def study(table: pd.DataFrame, *roles: str) -> cx.Study:
    role = {"account": "cluster", "stratum": "strata", "weight": "weight"}
    scale = lambda c: cx.Scale(1, 5, best="low" if c == "b" else "high")  # noqa: E731
    items = [cx.Field(c, c, "number", "touchpoint", scale=scale(c)) for c in "abcde"]
    others = [cx.Field(c, c, "integer", role[c] if c in roles else "") for c in role]
    book = cx.Codebook("items", (*items, *others, cx.Field("group", "Group", "string")))
    return cx.Study(duckdb.connect().from_df(table), book)


@pytest.mark.parametrize("roles", [(), ("weight",), ("account",), ("weight", "account", "stratum"), ("stratum",)])
@pytest.mark.parametrize(("halves", "missing"), [(False, "listwise"), (True, "listwise"), (False, "mean")])
def test_pieces_are_the_rows(
    roles: tuple[str, ...], halves: bool, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = study(rows(halves=halves), *roles)
    asked = {"model": MODEL, "draws": 60, "missing": missing}
    known, of_groups = cx.index(given, **asked), cx.indices.index_by(given, "group", model=MODEL, draws=60)
    monkeypatch.setattr(item_pieces, "LARGE", 10)
    assert item_pieces.source(given, MODEL.items, "") is not None
    found, groups = cx.index(given, **asked), cx.indices.index_by(given, "group", model=MODEL, draws=60)
    for one, two in ((found, known), (groups, of_groups)):
        assert (one.method, one.notes, one.table["n"].tolist()) == (two.method, two.notes, two.table["n"].tolist())
        same = [c for c in FIGURES if c == "estimate" or not {"account", "stratum"} & {*roles}]  # numbered as they come
        np.testing.assert_allclose(one.table[same].astype(float), two.table[same].astype(float), rtol=1e-9)
        np.testing.assert_allclose(one.table["se"].astype(float), two.table["se"].astype(float), rtol=0.4)
    assert [n for n in found.notes if "outside" in n] == ["5 answers to 'c' outside its scale do not count"]


def test_many_clusters_are_put_together_within_their_strata() -> None:
    cluster = np.repeat(np.arange(12_000), 2)
    strata = (cluster >= 9_000).astype(int)
    unit, stratum, words = covariances.grouped_units(24_000, cluster, strata, np.array([10_000, 3_000]))
    assert words == "5,000 random groups of clusters"
    assert (stratum[unit] == strata).all()
    assert np.bincount(stratum).tolist() == [3846, 1154]  # 5,000 in proportion to the clusters drawn: 10,000 and 3,000
    assert pd.Series(unit).groupby(cluster).nunique().max() == 1
