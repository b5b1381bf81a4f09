"""A logit in scans of the rows is that of the answer patterns, and refuses what that refuses in the same words."""

from __future__ import annotations

import functools

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cxlab as cx
from cxlab.models.regression import categorical
from cxlab.problem import DataProblem
from cxlab.stats.counts import batches
from cxlab.stats.counts.patterns import hardly_repeat, patterns
from cxlab.stats.fits import streamed_logit

BOOK = cx.Codebook("rows", tuple(cx.Field(c) for c in ("left", "minutes", "staff", "twice", "weight")))


def table(n: int = 900) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    out = pd.DataFrame({"minutes": rng.normal(5, 2, n), "staff": rng.integers(1, 6, n).astype(float)})
    odds = 0.4 * out["minutes"] - 0.5 * out["staff"]
    out["left"] = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    out.loc[:9, "staff"] = np.nan
    return out.assign(twice=2 * out["minutes"], weight=1.0)


def scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categorical, "patterns", functools.partial(patterns, limit=20))
    monkeypatch.setattr(batches, "ROWS", 110)
    monkeypatch.setattr(streamed_logit, "FIRST", 300)


@pytest.mark.parametrize("formula", ["left ~ minutes + staff", "left ~ minutes + twice + staff", "left ~ 0 + minutes"])
@pytest.mark.parametrize("kind", ["duckdb", "polars", "pandas"])
def test_rows_give_what_patterns_give(formula: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table()
    arrow = pa.Table.from_pandas(rows, preserve_index=False)
    data = {"duckdb": duckdb.connect().from_arrow(arrow), "polars": pl.from_arrow(arrow).lazy(), "pandas": rows}[kind]
    study = cx.Study(data, BOOK)
    known = cx.regressions.logit(study, formula)
    scanned(monkeypatch)
    found = cx.regressions.logit(study, formula)
    assert (found.notes, found.method.split(" patterns")[-1]) == (known.notes, known.method.split(" patterns")[-1])
    numbers = found.table.select_dtypes("number"), known.table.select_dtypes("number")
    np.testing.assert_allclose(*numbers, rtol=1e-8, atol=1e-10)
    assert found.parts["fit"] == pytest.approx(known.parts["fit"], rel=1e-10)


def test_rows_that_hardly_repeat_are_not_grouped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    study = cx.Study(duckdb.connect().from_arrow(pa.Table.from_pandas(table(), preserve_index=False)), BOOK)
    columns = {c: nw.col(c) for c in ("left", "minutes")}
    assert hardly_repeat(study.frame, columns, limit=100)
    assert not hardly_repeat(study.frame, columns)
    assert not hardly_repeat(study.frame, {c: nw.col(c) for c in ("left", "staff")}, limit=100)
    monkeypatch.setattr(categorical, "hardly_repeat", functools.partial(hardly_repeat, limit=100))
    monkeypatch.setattr(categorical, "patterns", None)
    assert cx.regressions.logit(study, "left ~ minutes").table["n"].tolist() == [900, 900]


@pytest.mark.parametrize(
    ("change", "formula"),
    [
        ({"left": lambda t: t["left"] + 1}, "left ~ minutes"),
        ({"left": lambda t: 1}, "left ~ minutes"),
        ({"left": lambda t: (t["minutes"] > 5).astype(int)}, "left ~ minutes + staff"),
        ({"minutes": lambda t: t["minutes"].where(t.index != 5, np.inf)}, "left ~ minutes"),
    ],
)
def test_rows_refuse_what_patterns_refuse(change: dict, formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    study = cx.Study(table().assign(**change), BOOK)
    with pytest.raises(DataProblem) as known:
        cx.regressions.logit(study, formula)
    scanned(monkeypatch)
    with pytest.raises(DataProblem) as found:
        cx.regressions.logit(study, formula)
    assert str(found.value) == str(known.value)


def test_weights_and_categories_need_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    scanned(monkeypatch)
    with pytest.raises(DataProblem, match="minutes, staff, left have more than 20 distinct combinations"):
        cx.regressions.logit(cx.Study(table(), BOOK), "left ~ minutes + staff", errors="HC0")


def test_a_design_of_strata_and_clusters_leaves_clusters_less_strata() -> None:
    """30 clusters in 3 strata: Student's t with 27 degrees of freedom, as in R's survey (degf)."""
    from scipy.stats import t

    rng, k = np.random.default_rng(0), np.arange(600)
    table = {
        "y": rng.integers(0, 2, 600),
        "x": rng.choice(list("abc"), 600),
        "h": k % 3,
        "c": k % 3 * 100 + k // 3 % 10,
    }
    study = cx.load(pd.DataFrame(table)).set("h", role="strata").set("c", role="cluster")
    row = cx.regressions.logit(study, "y ~ C(x)").table.iloc[1]
    assert row["df"] == 27 and (row["high"] - row["estimate"]) / row["se"] == pytest.approx(t.ppf(0.975, 27))
    assert row["p"] == pytest.approx(2 * t.sf(abs(row["estimate"] / row["se"]), 27))
