"""Driver analyses of tables that are read in pieces are those of the same rows in memory, to the last digits."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import cxlab as cx
from cxlab.models.drivers import driver_data, streamed_answers
from cxlab.problem import DataProblem
from cxlab.stats.counts import batches, fetched, group_products
from cxlab.stats.counts.replicates import Groups, group_moments
from cxlab.stats.fits import power_sums
from cxlab.stats.fits.power_means import exponents

NAMES = ("wifi", "crew", "food", "seat")


def table(n: int = 6000, gaps: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(9)
    halo = rng.normal(size=n)
    rated = {c: np.clip(np.round(3 + halo + rng.normal(size=n)), 1, 5) for c in NAMES}
    out = pd.DataFrame(rated).astype("Int64")
    out["overall"] = np.clip(np.round(out[list(NAMES)].mean(axis=1) + rng.normal(size=n)), 1, 5).astype("Int64")
    for c in (*NAMES, "overall"):
        out[c] = out[c].mask(rng.random(n) < gaps)
    out.loc[:20, "seat"] = 9  # outside its scale
    out["weight"] = rng.choice([0.0, 0.5, 1.0, 2.0], n)
    return out.assign(account=np.arange(n) // 3, region=np.arange(n) // 3 % 4, unit=np.arange(n) // 3 % 150)


def study(rows: pd.DataFrame, *, design: bool) -> cx.Study:
    role = (lambda r: r) if design else (lambda r: "")
    five = cx.Scale(1, 5)
    book = [cx.Field(c, c.capitalize(), "integer", "touchpoint", scale=five) for c in NAMES]
    book[1] = cx.Field("crew", "Crew", "integer", "touchpoint", scale=cx.Scale(1, 5, best="low"))
    book += [cx.Field("overall", "Overall", "integer", "outcome", "satisfaction", five)]
    book += [cx.Field("weight", "Weight", "number", role("weight"))]
    book += [cx.Field("account", "Account", "integer", role("cluster"))]
    book += [cx.Field("region", "Region", "integer", role("strata"))]
    book += [cx.Field("unit", "Unit", "integer")]
    relation = duckdb.connect().from_arrow(pa.Table.from_pandas(rows, preserve_index=False))
    return cx.Study(relation, cx.Codebook("pieces", tuple(book)))


def figures(result: cx.Result) -> list[np.ndarray]:
    frames = [result.table, *(p for p in result.parts.values() if isinstance(p, pd.DataFrame))]
    return [f.select_dtypes("number").to_numpy(float) for f in frames]


ASKED: dict[str, Callable[[cx.Study], cx.Result]] = {
    "lmg": lambda s: cx.drivers(s),
    "condition": lambda s: cx.drivers(s, "overall >= 4", drivers=["wifi", "crew"]),
    "blocks": lambda s: cx.drivers(s, drivers={"on board": ["wifi", "crew"], "rest": ["food", "seat"]}, method="owen"),
    "johnson": lambda s: cx.drivers(s, method="johnson"),
    "dominance": lambda s: cx.drivers(s, method="dominance"),
    "complete": lambda s: cx.drivers(s, missing="complete"),
    "what if": lambda s: cx.importance.what_if(s),
    "contrasts": lambda s: cx.importance.asymmetry(s, drivers=list(NAMES)),
    "segments": lambda s: cx.importance.driver_segments(s, "region"),
    "levels": lambda s: cx.importance.driver_levels(s, "unit", drivers=["wifi", "crew"]),
    "one failure": lambda s: cx.one_failure(s, drivers=["wifi", "crew", "food"]),
    "map": lambda s: cx.importance.importance_performance(s),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("design", [False, True])
@pytest.mark.parametrize(("gaps", "halves"), [(0.0, 0), (0.1, 0), (0.1, 0.5)])
def test_pieces_give_what_rows_give(
    name: str, design: bool, gaps: float, halves: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table(gaps=gaps)
    if halves:  # no whole numbers of one byte
        rows["wifi"] = rows["wifi"].astype(float).where(rows["wifi"] != 2, 2 + halves)
    given = study(rows, design=design)
    known = ASKED[name](given)
    monkeypatch.setattr(streamed_answers, "LARGE", 0)
    monkeypatch.setattr(batches, "ROWS", 700)
    monkeypatch.setattr(group_products, "TOGETHER", 1500)
    rows, read = [], driver_data.read
    monkeypatch.setattr(driver_data, "read", lambda *a, **k: rows.append(1) or read(*a, **k))
    found = ASKED[name](given)
    # the seats outside their scale are missing answers; patterns are counted of answers of one byte
    assert bool(rows) == (name == "complete" or (name == "one failure" and halves > 0))
    assert (found.title, found.method, found.notes) == (known.title, known.method, known.notes)
    for one, two in zip(figures(found), figures(known), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-7)  # replicates are in single precision


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("even", [False, True])
def test_group_products_are_the_moments_of_all_rows(gaps: bool, even: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_products, "TOGETHER", 150)
    rng = np.random.default_rng(2)
    z, w = rng.normal(size=(1000, 3)), rng.uniform(0.5, 2, 1000)
    if gaps:
        z[400:][rng.random((600, 3)) < 0.2] = np.nan  # the first pieces are whole
    code = np.arange(1000) % 20 if even else np.fmin(rng.geometric(0.3, 1000), 20) - 1
    found = group_products.GroupProducts(20, 3)
    for start in range(0, 1000, 90):
        part = slice(start, start + 90)
        found.add(z[part], w[part], code[part])
    known = group_moments(z, w, Groups(code, np.zeros(20, int), 1000))
    for one, two in zip(found.moments().arrays, known.arrays, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)
    there = (~np.isnan(z)).astype(float)
    np.testing.assert_array_equal(found.together, there.T @ there)


@pytest.mark.parametrize("few", [4096, 40, 3])
def test_power_sums_are_those_of_all_rows(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power_sums, "FEW", few)
    rng = np.random.default_rng(4)
    values = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    at, w, code = rng.integers(-1, 5, (600, 3)), rng.uniform(0.5, 2, 600), np.arange(600) % 20
    at[at.max(axis=1) < 0] = 1
    u = np.where(at < 0, np.nan, values[at])
    y = np.nanmean(u, axis=1) + rng.normal(0, 0.2, 600)
    groups = Groups(code, np.zeros(20, int), 600)
    known = exponents(u, y, w, groups, draws=50, seed=1)
    total = power_sums.PowerSums(20, values, 3)
    for start in range(0, 600, 90):
        part = slice(start, start + 90)
        total.add(at[part], y[part] - np.average(y, weights=w), w[part], code[part])
    for one, two in zip(total.exponents(groups, draws=50, seed=1), known, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9)


def test_many_groups_are_resampled_in_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    given = study(table(), design=True)
    known = cx.importance.driver_levels(given, "account", drivers=["wifi", "crew"]).table
    monkeypatch.setattr(streamed_answers, "LARGE", 0)
    found = cx.importance.driver_levels(given, "account", drivers=["wifi", "crew"]).table
    np.testing.assert_allclose(found.estimate, known.estimate, rtol=1e-9)
    np.testing.assert_allclose(found.se, known.se, rtol=0.25)  # other draws of 500


def test_a_study_in_memory_or_with_words_reads_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed_answers, "LARGE", 0)
    given = study(
        table(300).assign(food=lambda t: t["food"].map({1: "a", 2: "b", 3: "c", 4: "d", 5: "e"})), design=False
    )
    assert len(streamed_answers.read(given, None, None).X) == 300
    numbers = study(table(300), design=False)
    assert len(streamed_answers.read(numbers, None, None).X) == 0
    assert streamed_answers.read(numbers, None, None).n == 300


def test_stated_importance_is_read_in_pieces_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table(1500, gaps=0.1)
    rows = rows.assign(**{f"stated_{c}": rows[c] for c in NAMES})
    given = study(rows, design=True)
    five = cx.Scale(1, 5)
    stated = [cx.Field(f"stated_{c}", c, "integer", "importance", about=c, scale=five) for c in NAMES]
    given = cx.Study(given.table, cx.Codebook("stated", (*given.codebook.fields, *stated)))
    known = cx.importance.importance_performance(given)
    monkeypatch.setattr(streamed_answers, "LARGE", 0)
    monkeypatch.setattr(driver_data, "read", None)
    found = cx.importance.importance_performance(given)
    assert found.notes == known.notes
    numbers = (r.parts["stated"].select_dtypes("number") for r in (found, known))
    np.testing.assert_allclose(*numbers, rtol=1e-6)


def test_too_many_answers_are_not_brought_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetched, "LIMIT", 8000)
    monkeypatch.setattr(streamed_answers, "LARGE", 100)
    given = study(table(300), design=False)
    assert len(cx.drivers(given).table) == 4
    with pytest.raises(DataProblem) as said:
        cx.drivers(given, "overall >= 4", model="logit")
    assert str(said.value) == (
        "this needs the rows of pieces in memory: 300 rows of 5 columns are about 12,000 bytes; allowed: 8,000 bytes. "
        "Take a part of the rows (study.where, study.filter) or fewer columns, or a linear model with pairwise "
        "answers: in a file it reads pieces"
    )
