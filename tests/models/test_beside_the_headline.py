"""Numbers beside a headline, or only in some studies: wide scales, few kinds of steps, clusters of a chart."""

from __future__ import annotations

import itertools

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.drivers.row_source import fits_a_byte
from cxlab.models.journeys import step_counts
from cxlab.models.loyalty.covariates import told_apart
from cxlab.models.metrics import registry
from cxlab.models.monitoring import time_series
from tests.models.loyalty.test_repeat_purchase import purchases

LTR = cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))


@pytest.mark.parametrize(("least", "far"), [(0, 50), (0, 128), (0, 1000), (200, 800)])
def test_answers_up_to_any_number_have_the_shares_of_their_rows(least: int, far: int) -> None:
    """LMG of two drivers, by its definition; scores may run from 200 to 800."""
    rng = np.random.default_rng(far)
    x = rng.integers(least, far + 1, (400, 2))
    x[:, 1] = (x[:, 0] + x[:, 1]) // 2
    y = np.clip(x @ [0.6, 0.3] + rng.normal(0, far / 5, 400), least, far).astype(int)
    fields = [cx.Field(n, type="integer", scale=cx.Scale(least, far), role=r) for n, r in
              (("a", "touchpoint"), ("b", "touchpoint"), ("y", "outcome"))]  # fmt: skip
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y})
    found = cx.drivers(cx.Study(table, cx.Codebook("wide", tuple(fields))), "y", drivers=["a", "b"]).table
    c = np.corrcoef(table.to_numpy(float).T)
    both = c[:2, 2] @ np.linalg.solve(c[:2, :2], c[:2, 2])
    alone = c[:2, 2] ** 2
    right = dict(zip("ab", (alone + both - alone[::-1]) / 2, strict=True))
    assert found.set_index("driver")["estimate"].to_dict() == pytest.approx(right, rel=1e-9)


@pytest.mark.parametrize(
    ("least", "most", "fits"),
    [(0, 10, True), (-100, 100, True), (0, 100, True), (0, 101, False), (-101, 0, False), (200, 800, False)],
)
def test_a_scale_fits_a_byte_up_to_a_hundred(least: float, most: float, fits: bool) -> None:
    field = cx.Field("x", type="integer", scale=cx.Scale(least, most))
    assert fits_a_byte(nw.Int64(), field) == fits
    assert not fits_a_byte(nw.Float64(), field)


@pytest.mark.parametrize("few", [3, 0])
def test_the_rest_of_a_total_that_is_few_people_is_not_shown(few: int) -> None:
    """What is left of all without one group may be a few people of several others."""
    sizes = {"Alba": 60, "Brio": few, "Cima": few + 1 if few else 40}
    rng = np.random.default_rng(1)
    brand = np.repeat([*sizes], [*sizes.values()])
    fields = (cx.Field("brand", type="string", role="brand"), LTR)
    study = cx.Study(pd.DataFrame({"brand": brand, "ltr": rng.integers(0, 11, len(brand))}), cx.Codebook("s", fields))
    found = cx.compare(study, "nps", by="brand", pairs="rest").table
    if few:
        assert found[["estimate", "low", "high", "se", "n", "n_against"]].isna().all(axis=None)
        return
    points = 100 * ((study.table["ltr"] >= 9) * 1 - (study.table["ltr"] <= 6))
    own, rest = (points[study.table["brand"] == b].mean() for b in ("Alba", "Cima"))
    assert found["estimate"].abs().tolist() == pytest.approx([abs(own - rest)] * len(found))


@pytest.mark.parametrize("kinds", [2, 3, 6, 7])
def test_steps_of_events_that_one_block_has_and_another_has_not(monkeypatch: pytest.MonkeyPatch, kinds: int) -> None:
    monkeypatch.setattr(step_counts, "BLOCK", 4)
    names = "abcdefg"[:kinds]
    cases = ["ab", "ba", "aab", names, "bb", "ab", names[::-1], "ab"]
    rows = pd.DataFrame([(k, e, t) for k, c in enumerate(cases) for t, e in enumerate(c)], columns=["c", "e", "at"])
    book = cx.Codebook("log", (cx.Field("c", role="case"), cx.Field("e", role="event"), cx.Field("at", role="time")))
    found = cx.transitions(cx.Study(rows, book), least_n=0).table
    steps = [p for c in cases for p in itertools.pairwise([*c, "(end)"])]
    assert len(found) == len(set(steps))
    for line in found.rename(columns={"from": "a", "to": "b"}).itertuples():
        here = [p for p in steps if p[0] == line.a]
        assert (line.times, line.n) == (here.count((line.a, line.b)), len(here))
        assert line.estimate == pytest.approx(line.times / line.n)
        assert line.cases == sum((line.a, line.b) in itertools.pairwise([*c, "(end)"]) for c in cases)


@pytest.mark.parametrize("metric", ["nps", "mean"])
@pytest.mark.parametrize("clustered", [True, False])
def test_the_variance_of_a_period_is_pooled_over_its_series(metric: str, clustered: bool) -> None:
    """One answer's variance over all periods, by Kish's size, by the mean design effect of clusters where there are."""
    rng = np.random.default_rng(7)
    who, wave = (v.ravel() for v in np.meshgrid(np.arange(24), np.arange(1, 5), indexing="ij"))
    rows = pd.DataFrame({"who": who, "wave": wave}).loc[np.repeat(np.arange(96), 3)].reset_index(drop=True)
    rows["ltr"] = np.clip(np.round(8 + 1.5 * rng.standard_normal(24)[rows["who"]] + rng.normal(0, 1.2, 288)), 0, 10)
    rows = rows.assign(ltr=rows["ltr"].astype(int), w=rng.uniform(0.5, 2, 288), b="b")
    fields = (cx.Field("b", type="string", role="brand"), cx.Field("wave", type="integer", role="wave"), LTR,
              cx.Field("w", type="number", role="weight"),
              cx.Field("who", role="cluster" if clustered else "id"))  # fmt: skip
    study = cx.Study(rows, cx.Codebook("s", fields))
    score = registry.score(study, metric, "ltr", ["b"])
    p = time_series.read(study, score, ["b"], "wave", "")
    y = 100 * ((rows["ltr"] >= 9) * 1.0 - (rows["ltr"] <= 6)) if metric == "nps" else rows["ltr"].astype(float)
    each = []
    for _, mine in rows.assign(y=y).groupby("wave"):
        w, x = mine["w"].to_numpy(), mine["y"].to_numpy()
        mean = np.average(x, weights=w)
        total = pd.Series(w * (x - mean)).groupby(mine["who"].to_numpy()).sum()
        each.append((len(w), mean, np.average((x - mean) ** 2, weights=w), w.sum() ** 2 / (w @ w),
                     24 / 23 * (total**2).sum() / w.sum() ** 2, w.sum(), w @ x, w @ x**2, w @ w))  # fmt: skip
    n, mean, spread, kish, var, *sums = np.array(each).T
    pooled = (n @ spread) / (n.sum() - 4)
    deff = (n * var) @ kish / (n @ spread) if clustered else 1.0
    assert deff > 1.2 or not clustered
    np.testing.assert_allclose(p.y[0], mean)
    np.testing.assert_allclose(p.size[0], kish / deff, rtol=1e-9)
    np.testing.assert_allclose(p.v[0], pooled / (kish / deff), rtol=1e-9)
    np.testing.assert_allclose(p.spread, pooled)
    np.testing.assert_allclose(p.raw[:, 0], sums, rtol=1e-9)


@pytest.mark.parametrize(("unit", "long"), [("days", 70), ("weeks", 10)])
def test_a_hold_out_counts_where_the_data_reach_to_its_end(unit: str, long: int) -> None:
    """By purchases before, one day a customer once; a horizon that ends after the last day is not judged."""
    rows = purchases(150, 3)
    until, end = pd.Timestamp("2024-06-01"), rows["day"].max().normalize()
    days = rows.assign(day=rows["day"].dt.normalize()).drop_duplicates()
    known = {"customer": "who", "date": "day", "unit": unit, "draws": 20}
    last = until + pd.Timedelta(days=70)
    found = cx.repeat(cx.load(rows), until="2024-06-01", horizon=long, **known).table.set_index("before")
    before = days[days["day"] <= until].groupby("who").size() - 1
    later = (
        days[(days["day"] > until) & (days["day"] <= last)].groupby("who").size().reindex(before.index, fill_value=0)
    )
    group = before.clip(upper=max(int(k) for k in found.index if k.isdigit()) + 1)
    for k, line in enumerate(found.itertuples()):
        mine = group == k if line.Index != "all" else group >= 0
        assert (line.n, line.actual) == (mine.sum(), later[mine].sum())
    for ahead, known_end in ((0, True), (1, False)):
        start = end - pd.Timedelta(days=70 - ahead)
        said = cx.repeat(cx.load(rows), until=f"{start:%Y-%m-%d}", horizon=long, **known).table["actual"]
        assert said.notna().all() if known_end else said.isna().all()


def test_a_column_that_follows_from_others_is_named_with_those_it_follows_from() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 3))
    names = ["price", "age", "visits", "sum"]
    told_apart(x, names[:3], "the rows")
    with pytest.raises(cx.DataProblem, match=r"^'sum' follows from 'price', 'visits' in the rows: "):
        told_apart(np.column_stack([x, x[:, 0] - 2 * x[:, 2] + 5]), names, "the rows")
    with pytest.raises(cx.DataProblem, match=r"^'age' follows from 'price' in the rows: "):
        told_apart(np.column_stack([x[:, 0], 3 - x[:, 0], x[:, 1]]), names[:3], "the rows")
    told_apart(np.column_stack([x[:, 0], np.ones(50), x[:, 1]]), names[:3], "the rows")  # a constant: told elsewhere
