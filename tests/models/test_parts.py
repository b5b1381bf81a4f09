"""Whoever has the report on the whole and those on its parts computes nothing of a few people: an attacker tries."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.report import jobs
from tests.models.test_small_cells import CALLS
from tests.models.test_small_cells import study as few

BRANDS, REGIONS = list("ABCDE"), ["north", "south", "west"]


def survey(seed: int) -> pd.DataFrame:
    """Answers of brands and regions of very different sizes; some cells small, some rows without a brand."""
    rng = np.random.default_rng(seed)
    cells = [(b, r) for b in (*BRANDS, None) for r in REGIONS]
    sizes = rng.choice([0, 0, 2, 4, 8, 15, 60, 120], len(cells))
    rows = pd.DataFrame(
        [cell for cell, k in zip(cells, sizes, strict=True) for _ in range(k)], columns=["brand", "region"]
    )
    low = rng.choice([0.2, 0.8], len(cells))[[cells.index((b if b == b else None, r)) for b, r in rows.to_numpy()]]
    return rows.assign(ltr=np.where(rng.random(len(rows)) < low, 0, 10), sat=rng.integers(1, 6, len(rows)))


def study(rows: pd.DataFrame) -> cx.Study:
    outcome, segment = {"role": "outcome"}, {"role": "segment", "type": "string"}
    fields = (
        cx.Field("ltr", measure="recommendation", scale=cx.Scale(0, 10), **outcome),
        cx.Field("sat", measure="satisfaction", scale=cx.Scale(1, 5), **outcome),
        cx.Field("brand", **segment), cx.Field("region", **segment),
    )  # fmt: skip
    return cx.Study(rows, cx.Codebook("parts", fields))


def told(unknown: list[frozenset], given: list[frozenset]) -> list[frozenset]:
    """The groups (sets of cells) whose sum follows from the sums ``given``, by linear algebra."""
    cells = sorted(frozenset().union(*given, *unknown), key=str)
    rows = np.array([[c in g for c in cells] for g in given], float)
    rank = np.linalg.matrix_rank(rows)
    asked = [np.array([c in u for c in cells], float) for u in unknown]
    return [u for u, a in zip(unknown, asked, strict=True) if np.linalg.matrix_rank(np.vstack([rows, a])) == rank]


def published(result: cx.Result, only: dict[str, str], by: tuple[str, ...]) -> list[frozenset]:
    """The groups whose sums a result gives away: the cells of each row that has an estimate."""
    table = json.loads(json.dumps(result.to_dict()))["table"]
    out = []
    for row in table:
        fixed = only | {c: row[c] for c in by}
        same = lambda k, v, f=fixed: k not in f or f[k] == (v or "(no answer)")  # noqa: E731
        cells = {(b, r) for b in (*BRANDS, None) for r in REGIONS if same("brand", b) and same("region", r)}
        assert row["estimate"] is None or isinstance(row["n"], int)
        assert row["estimate"] is not None or not isinstance(row["n"], int) or row["n"] == 0
        if row["estimate"] is not None:
            out.append(frozenset(cells))
    return out


@pytest.mark.parametrize("seed", range(12))
def test_nobody_computes_a_small_group_from_the_whole_and_its_parts(seed: int) -> None:
    rows = survey(seed)
    whole = study(rows)
    n = rows.fillna("").groupby(["brand", "region"]).size()
    size = lambda cells: sum(int(n.get((b or "", r), 0)) for b, r in cells)  # noqa: E731
    counted = [({"brand": b}, size({(b, r) for r in REGIONS})) for b in (*BRANDS, None)]
    held = [c["brand"] for c in jobs.telling(counted, ["brand"])]
    reports = [{}, *({"brand": c["brand"]} for c, k in counted if c["brand"] and k >= 10 and c["brand"] not in held)]
    given = []
    for only in reports:
        data = whole.where(**only) if only else whole
        for by in ((), ("region",)) if only else ((), ("region",), ("brand",)):
            given += published(cx.nps(data, by=list(by) or None), only, by)
    known = [frozenset({(b, r)}) for b in (*BRANDS, None) for r in REGIONS if size({(b, r)}) == 0]
    groups = [frozenset((b, r) for b in bs for r in rs)
              for bs in ([b] for b in BRANDS) for rs in (REGIONS, *([r] for r in REGIONS))]  # fmt: skip
    small = [g for g in groups if 0 < size(g) < 10]
    assert small and given
    assert told(small, [*given, *known]) == []


def test_the_attacker_finds_what_an_unprotected_part_would_tell() -> None:
    a, b = frozenset({("A", "north")}), frozenset({("B", "north")})
    assert told([a], [a | b, b]) == [a] and told([a], [a | b]) == []


def test_a_brand_keeps_its_report_though_a_few_people_named_none() -> None:
    counted = [({"brand": "A"}, 90), ({"brand": "B"}, 40), ({"brand": None}, 5)]
    assert jobs.telling(counted, ["brand"]) == []
    assert jobs.telling([*counted[:2], ({"brand": "C"}, 3)], ["brand"]) == [{"brand": "B"}]


def test_where_every_part_would_tell_no_report_is_made_and_the_reason_is_said(tmp_path) -> None:
    pd.DataFrame({"brand": ["A"] * 50 + ["B"] * 3, "sat": [1, 2, 3, 4, 5] * 10 + [1] * 3}).to_csv(tmp_path / "two.csv")
    with pytest.raises(cx.DataProblem) as said:
        jobs.expand(["start"], [str(tmp_path / "two.csv")], by=["brand"])
    assert str(said.value) == (
        f"no cell of brand in {tmp_path / 'two.csv'} can have a report of its own: the whole less the others would "
        "tell cells of fewer than 10 answers; merge small levels first, as with study.derive"
    )


PARTS = ("nps", "csat", "mean", "share", "churn", "answers", "bootstrap", "jackknife", "replicate_weights", "scorecard")


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_hidden_where_the_table_of_all_parts_hides_it(name: str) -> None:
    for brand, seen in (("A", True), ("B", True), ("C", False), ("TINY", False)):
        table = CALLS[name](few().where(seg=brand)).table
        assert table["estimate"].notna().any() == seen, f"{brand}:\n{table}"


def test_who_asks_for_a_part_that_would_tell_another_reads_why() -> None:
    made = cx.nps(few().where(seg="C"))
    assert made.notes[-1] == (
        "not shown: with the other parts and the whole it would tell a part of fewer answers (least_n=0 shows it)"
    )
    assert cx.nps(few().where(seg="C"), least_n=0).table["n"].tolist() == [80]
    assert "fewer than 10" in repr(cx.nps(few(), by="seg")) and "fewer than 10" in cx.nps(few(), by="seg")._repr_html_()
