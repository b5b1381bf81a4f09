"""Tables in memory are summed with arrays: the same sums as the engine of a lazy table makes."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import cxlab as cx
from cxlab.models.metrics import registry, scan
from cxlab.stats.inference import shared_clusters

SCALE = cx.Scale(1, 5)
ROLES = {"w": "weight", "c": "cluster", "h": "strata"}


def table(n: int = 400) -> pa.Table:
    """Answers with gaps, weights of 0 and gaps, clusters within and across groups, nulls among groups and clusters."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "q": rng.integers(1, 7, n).astype(float), "r": rng.integers(1, 6, n).astype(float),
            "g": rng.choice(["a", "b", "c", None], n), "k": rng.integers(0, 3, n),
            "w": rng.choice([0.0, 0.5, 1.25, 3.0, np.nan], n), "c": rng.choice([*map(str, range(40)), None], n),
            "h": rng.choice(["north", "south"], n),
        }
    )  # fmt: skip
    frame.loc[rng.random(n) < 0.1, "q"] = np.nan
    return pa.Table.from_pandas(frame, preserve_index=False)


def studies(rows: pa.Table, design: str) -> tuple[cx.Study, cx.Study]:
    """The same study as a DuckDB relation and in memory; ``design`` names the columns that play their roles."""
    fields = [cx.Field(n, type="number", role="touchpoint", scale=SCALE, stage="stay") for n in "qr"]
    fields += [cx.Field("g", type="string", role="segment"), cx.Field("k", type="integer", role="segment")]
    fields += [cx.Field(n, type="number" if n == "w" else "string", role=r if n in design else "")
               for n, r in ROLES.items()]  # fmt: skip
    lazy = cx.Study(duckdb.from_arrow(rows), cx.Codebook("made", tuple(fields)))
    held = lazy.cache()
    assert isinstance(held.table, pa.Table)
    return lazy, held


@pytest.mark.parametrize("design", ["", "w", "c", "h", "wc", "ch", "wch"])
@pytest.mark.parametrize(("of", "by"), [("q", []), (["q", "r"], ["g"]), ("q", ["k", "g"]), (None, ["stage"])])
def test_sums_in_memory_are_those_of_the_engine(of: object, by: list[str], design: str) -> None:
    lazy, held = studies(table(), design)
    score = registry.score(lazy, "csat", of, by)
    (columns, expected, counts), (_, found, counted) = (scan.scored(s, score, by) for s in (lazy, held))
    pd.testing.assert_frame_equal(found, expected, rtol=1e-13, check_exact=False)
    assert counted == counts
    if "c" not in design or not columns:
        return
    where = {ROLES[n]: n if n in design else "" for n in ROLES}
    pairs = [
        shared_clusters.across_groups(scan.answered(s, [score], columns), score.items, columns, **where)
        for s in (lazy, held)
    ]
    ordered = [p.sort_values(list(p.columns[:3]), key=lambda c: c.map(str), ignore_index=True) for p in pairs]
    pd.testing.assert_frame_equal(ordered[1], ordered[0], rtol=1e-13, check_exact=False)


def test_no_rows_in_memory() -> None:
    lazy, held = studies(table().slice(0, 0), "wch")
    score = registry.score(lazy, "csat", "q", ["g"])
    assert all(len(scan.scored(s, score, ["g"])[1]) == 0 for s in (lazy, held))
    where = {"weight": "w", "cluster": "c", "strata": "h"}
    assert not len(shared_clusters.across_groups(scan.answered(held, [score], ["g"]), score.items, ["g"], **where))


def test_a_study_is_held_only_if_its_rows_are_few() -> None:
    rows = table()
    lazy, held = studies(rows, "w")
    assert lazy.cache(cells=400 * rows.num_columns).table.num_rows == len(held) == 400
    assert lazy.cache(cells=400 * rows.num_columns - 1) is lazy
    filtered = lazy.where(g="a")
    assert filtered.cache(cells=2000).filters == ("g = a",)
    assert len(filtered.cache(cells=2000)) == len(filtered)
    frame = cx.Study(rows.to_pandas(), lazy.codebook)
    assert frame.cache() is frame
