"""A dose whose values hardly repeat is read a piece at a time, in few bytes a row: numbers are those of patterns."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cxlab as cx
from cxlab.models.journeys import dose_response as module
from cxlab.models.journeys import dose_rows
from cxlab.stats.fits import kink

N = 900


def answers() -> pd.DataFrame:
    """Answers with missing doses, answers, weights and clusters, some outside the scale; names that queries use."""
    rng = np.random.default_rng(17)
    gone = lambda share: rng.random(N) < share  # noqa: E731
    wait = np.round(np.exp(rng.normal(2, 1, N)), 4)
    answer = np.clip(np.round(8 - np.fmax(np.log2(wait) - 3, 0) + rng.normal(size=N)), 0, 10)
    count = rng.integers(0, 120, N)
    return pd.DataFrame({
        "sum": pd.Series(np.where(gone(0.02), 0.0, wait)).mask(gone(0.03)),
        "n": pd.Series(np.where(gone(0.02), 99, answer), dtype="Int64").mask(gone(0.05)),
        "w": pd.Series(rng.choice([0.0, 0.5, 1.3, 2.0], N)).mask(gone(0.03)),
        "count": pd.Series(count, dtype="Int64").mask(gone(0.02)), "q": [f"it's {c}" for c in count],
        "literal": rng.choice(["x", "y", None], N), "nested": count % 3, "few": count % 4,
    })  # fmt: skip


def study(table: object, weight: str, cluster: str, strata: str) -> cx.Study:
    role = {weight: "weight", cluster: "cluster", strata: "strata"}
    kinds = {"w": "number", "q": "string", "literal": "string"}
    book = [
        cx.Field("sum", type="number", role="operation", measure="wait"),
        cx.Field("n", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(0, 10)),
        *(
            cx.Field(c, type=kinds.get(c, "integer"), role=role.get(c, ""))
            for c in ("w", "count", "q", "literal", "nested", "few")
        ),
    ]
    return cx.Study(table, cx.Codebook("waits", tuple(book)))


def duck(table: pd.DataFrame) -> object:
    return duckdb.connect().from_arrow(pa.Table.from_pandas(table, preserve_index=False))


def polars(table: pd.DataFrame) -> object:
    return pl.from_arrow(pa.Table.from_pandas(table, preserve_index=False)).lazy()


def arrow(table: pd.DataFrame) -> object:
    return pa.Table.from_pandas(table, preserve_index=False)


DESIGNS = [
    ("", "", ""), ("w", "", ""), ("w", "count", ""), ("w", "q", "literal"), ("", "q", "nested"), ("w", "few", ""),
    ("w", "count", "nested"), ("", "", "literal"),
]  # fmt: skip


@pytest.mark.parametrize("engine", [duck, polars, arrow, pd.DataFrame])
@pytest.mark.parametrize("design", DESIGNS, ids="-".join)
def test_pieces_of_rows_give_what_patterns_do(
    engine: Callable, design: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kink, "MANY", 10)
    asked = study(engine(answers()), *design)
    known = cx.journeys.dose_response(asked)
    monkeypatch.setattr(dose_rows, "LARGE", 100)
    monkeypatch.setattr(dose_rows, "SIZE", 64)
    monkeypatch.setattr(module, "MANY", 50)
    read = dose_rows.doses(asked, "sum", "n")
    assert read.n.strides == (0,)  # rows, not patterns
    found = cx.journeys.dose_response(asked)
    assert found.notes[:-1] == known.notes[:-1]
    assert found.parts["missing"] == known.parts["missing"]
    assert found.table["term"].tolist() == known.table["term"].tolist()
    numbers = ["at", "estimate", "low", "high", "se", "n"]
    np.testing.assert_allclose(found.table[numbers].astype(float), known.table[numbers].astype(float), rtol=1e-8)
    for part in ("at", "low", "high", "before", "after"):
        assert found.parts["kink"][part] == pytest.approx(known.parts["kink"][part], rel=1e-8)


def test_a_slope_known_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each doubling costs one point, exactly, below and above half a minute."""
    monkeypatch.setattr(dose_rows, "LARGE", 100)
    monkeypatch.setattr(module, "MANY", 50)
    wait = np.exp2(np.linspace(0, 5, 301))
    table = pd.DataFrame({"sum": wait, "n": 8 - np.log2(wait)})
    book = [
        cx.Field("sum", type="number", role="operation", measure="wait"),
        cx.Field("n", type="number", role="outcome", measure="satisfaction", scale=cx.Scale(0, 10)),
    ]
    found = cx.journeys.dose_response(cx.Study(table, cx.Codebook("waits", tuple(book)))).table
    assert found["estimate"].iloc[0] == pytest.approx(-1, abs=1e-12)
    assert found["n"].tolist() == [301, 50, 50, 50, 50, 50, 51]
    groups = np.array_split(8 - np.log2(wait), [50, 100, 150, 200, 250])
    assert found["estimate"].tolist()[1:] == pytest.approx([g.mean() for g in groups])
