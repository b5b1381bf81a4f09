"""Whoever has a banner table with NETs of the same people beside each other computes nothing of a few of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.tables import crosstab, overlaps
from tests.models.test_parts import told

AGES = range(20, 32)


def people(seed: int, *, few: int = 3) -> tuple[cx.Study, pd.DataFrame]:
    """Ages of which some have few people, cut in three ways, and a question with several answers."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice([few, 0, 15, 40], len(AGES), p=[0.3, 0.1, 0.3, 0.3])
    rows = pd.DataFrame({"age": np.repeat(list(AGES), sizes)})
    rows["sat"] = rng.integers(1, 6, len(rows))
    rows["app"], rows["web"] = rng.random(len(rows)) < 0.97, rng.random(len(rows)) < 0.3
    fields = (
        cx.Field("sat", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)),
        cx.Field("age", type="integer"), cx.Field("used", columns=("app", "web"), labels={"app": "App", "web": "Web"}),
    )  # fmt: skip
    study = cx.Study(rows, cx.Codebook("people", fields))
    for k in range(3):
        ends = sorted(rng.choice(list(AGES)[1:], 3, replace=False).tolist())
        bands = dict(zip("abcd", zip([None, *ends], [e - 1 for e in ends] + [None], strict=True), strict=True))
        study = study.derive(f"cut{k}", bands, of="age")
    return study, study.frame.collect().to_pandas()


def columns_shown(table: pd.DataFrame, rows: pd.DataFrame) -> dict[tuple[str, str], frozenset]:
    """The rows of the data that each shown column speaks of."""
    base = table[(table["kind"] == "base") & table["n"].map(lambda n: isinstance(n, (int, float)) and n > 0)]
    out = {}
    for banner, column in zip(base["banner"], base["column"], strict=True):
        if banner == "used":
            mask = rows[column.lower()]
        else:
            mask = rows[banner] == "abcd".index(column) + 1 if banner else rows["sat"] > 0
        out[banner, column] = frozenset(np.flatnonzero(mask))
    return out


def ranges(rows: pd.DataFrame) -> list[frozenset]:
    """All runs of neighbouring ages with fewer than ten people."""
    runs = [frozenset(np.flatnonzero(rows["age"].between(a, b))) for a in AGES for b in AGES if a <= b]
    return [r for r in dict.fromkeys(runs) if 0 < len(r) < 10]


@pytest.mark.parametrize("space", [1500, 1])
@pytest.mark.parametrize("seed", range(15))
def test_nobody_computes_a_few_people_from_columns_that_overlap(
    seed: int, space: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxlab.stats.counts.cross_counts.SPACE", space)
    monkeypatch.setattr(overlaps, "LOOKED_AT", 30)
    study, rows = people(seed)
    table = cx.crosstab(study, ["sat"], ["cut0", "cut1", "cut2"]).table
    shown = columns_shown(table, rows)
    assert len(shown) > 1 and told(ranges(rows), list(shown.values())) == []


def test_most_seeds_have_columns_that_would_tell() -> None:
    leaks = 0
    for seed in range(15):
        study, rows = people(seed)
        one = [columns_shown(cx.crosstab(study, ["sat"], f"cut{k}").table, rows) for k in range(3)]
        alone = {c: r for some in one for c, r in some.items()}
        beside = columns_shown(cx.crosstab(study, ["sat"], ["cut0", "cut1", "cut2"]).table, rows)
        leak = told(ranges(rows), list(alone.values())) != []
        assert leak or beside == alone  # nothing is hidden without need
        leaks += leak
    assert 7 < leaks < 15


@pytest.mark.parametrize("seed", range(6))
def test_an_option_that_nearly_everybody_ticked_is_not_shown_beside_the_total(seed: int) -> None:
    study, rows = people(seed, few=12)
    out = (~rows["app"]).sum()
    shown = columns_shown(cx.crosstab(study, ["sat"], "used").table, rows)
    assert (("used", "App") in shown) == (out == 0 or out >= 10)
    assert ("used", "Web") in shown and ("", "Total") in shown


def test_columns_that_only_share_people_stay() -> None:
    table = cx.crosstab(cx.load("brand-tracker"), ["recommendation"], ["brand", "wave", "country>age"]).table
    every = cx.crosstab(cx.load("brand-tracker"), ["recommendation"], ["brand", "wave", "country>age"], least_n=0)
    assert table["n"].tolist() == every.table["n"].tolist()
    assert crosstab.Overlaps is overlaps.Overlaps


def test_bands_that_differ_by_a_few_people_are_held_pair_by_pair_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sums of many columns are not searched: 20 to 25 beside 20 to 26, of whom three are 26."""
    monkeypatch.setattr(overlaps, "MOST", 0)
    rows = pd.DataFrame({"age": np.repeat([22, 26, 29], [50, 3, 60])}).assign(sat=lambda t: t.index % 5 + 1)
    fields = (
        cx.Field("sat", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)),
        cx.Field("age", type="integer"),
    )
    study = cx.Study(rows, cx.Codebook("people", fields))
    for k, end in enumerate((25, 26)):
        study = study.derive(f"cut{k}", {"a": (None, end), "b": (end + 1, None)}, of="age")
    table = cx.crosstab(study, ["sat"], ["cut0", "cut1"]).table
    shown = columns_shown(table, study.frame.collect().to_pandas())
    assert len(shown) > 1 and told([frozenset(range(50, 53))], list(shown.values())) == []
