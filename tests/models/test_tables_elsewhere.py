"""On an Ibis table the numbers are those of DuckDB, where an engine writes coefficients and weights as decimals too."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

import cxlab as cx

BOOK = cx.Codebook("calls", (
    cx.Field("y", "Y", "integer", "outcome", "satisfaction", cx.Scale(1, 5)),
    cx.Field("a", "A", "integer", "touchpoint", scale=cx.Scale(1, 5)),
    cx.Field("line", "Line", "string", "brand"), cx.Field("kind", "Kind", "string", "segment"),
    cx.Field("recommend", "R", "integer", "outcome", "recommendation", cx.Scale(0, 10)),
))  # fmt: skip
ASKED = {
    "ols": lambda s: cx.ols(s, "y ~ a"),
    "categories": lambda s: cx.ols(s, "y ~ a + C(line)"),
    "leverages": lambda s: cx.ols(s, "y ~ a", errors="HC3"),
    "case mix": lambda s: cx.league(s, case_mix="kind"),
    "raked": lambda s: cx.nps(cx.rake(s, {"kind": {"x": 1, "z": 2.7}})),
    "raked twice": lambda s: cx.nps(
        cx.rake(s, {"kind": {"x": 0.31, "z": 0.69}, "line": {"l": 0.37, "m": 0.3, "n": 0.33}})
    ),
    "permutation": lambda s: cx.regressions.permutation(s, "recommend", by="kind", draws=100),
}


@pytest.mark.extra
@pytest.mark.parametrize("name", ASKED)
def test_numbers_elsewhere_are_those_here(name: str, tmp_path: Path) -> None:
    ibis = pytest.importorskip("ibis", reason="needs pip install cxlab[ibis]")
    rng, n = np.random.default_rng(7), 600
    table = pd.DataFrame({c: rng.integers(1, 6, n) for c in "ya"} | {"recommend": rng.integers(0, 11, n)})
    table = table.assign(line=rng.choice(["l", "m", "n"], n), kind=rng.choice(["x", "z"], n))
    table.to_parquet(tmp_path / "calls.parquet")
    here = cx.Study(duckdb.connect().read_parquet(str(tmp_path / "calls.parquet")), BOOK)
    there = cx.Study(ibis.duckdb.connect().read_parquet(str(tmp_path / "calls.parquet")), BOOK)
    known, found = (ASKED[name](s).table.select_dtypes("number") for s in (here, there))
    assert len(known)
    np.testing.assert_allclose(found.to_numpy(float), known.to_numpy(float), rtol=1e-9, atol=1e-12)
