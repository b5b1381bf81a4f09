"""Small random studies in every kind of table, and the same metrics by naive pandas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import cxlab as cx

ENGINES = ("pandas", "polars", "arrow", "duckdb", "parquet", "csv")
MISSING = 99


def table(rng: np.random.Generator) -> pd.DataFrame:
    """Return a random small survey: ratings with codes, missing, infinite and foreign answers; groups; a design."""
    n = int(rng.integers(1, 90))
    of = lambda low, high: rng.integers(low, high + 1, n).astype(float)  # noqa: E731
    out = pd.DataFrame(
        {
            "ltr": of(0, 10),
            "sat": of(1, 5),
            "grade": of(1, 6),
            "effort": of(1, 7),
            "left": of(0, 1),
            "spend": rng.normal(50, 9, n),
            "seg": rng.choice(["a", "b", "c d", "é"], n),
            "wave": np.sort(rng.integers(1, 4, n)),
            "w": rng.choice([0.0, 0.5, 1.0, 2.25, 3.0], n),
            "c": rng.integers(0, max(2, n // 4), n),
            "h": rng.integers(0, 2, n),
        }
    )
    for name in ("ltr", "sat", "grade", "effort", "left", "spend"):
        out.loc[rng.random(n) < rng.choice([0, 0.1, 0.5]), name] = np.nan
    for name in ("ltr", "sat"):
        out.loc[rng.random(n) < rng.choice([0, 0.1]), name] = MISSING
    if rng.random() < 0.3:
        out.loc[rng.random(n) < 0.1, "spend"] = math.inf
    if rng.random() < 0.3:
        out.loc[rng.random(n) < 0.2, "w"] = np.nan
    return out


def book(design: tuple[str, ...]) -> cx.Codebook:
    """Return the codebook of `table` under a design: any of 'w', 'c', 'h'."""
    out = {"role": "outcome"}
    code = {str(MISSING): "refused"}
    fields = [
        cx.Field("ltr", measure="recommendation", scale=cx.Scale(0, 10), missing=code, **out),
        cx.Field("sat", measure="satisfaction", scale=cx.Scale(1, 5), missing=code, **out),
        cx.Field("grade", measure="quality", scale=cx.Scale(1, 6, best="low"), **out),
        cx.Field("effort", measure="effort-v2", scale=cx.Scale(1, 7), **out),
        cx.Field("left", measure="churn", **out),
        cx.Field("spend", measure="spend", role="operation"),
        cx.Field("seg", type="string", role="segment"),
        cx.Field("wave", type="integer", role="wave"),
    ]
    roles = {"w": ("weight", "number"), "c": ("cluster", "integer"), "h": ("strata", "integer")}
    fields += [cx.Field(k, role=role if k in design else "", type=kind) for k, (role, kind) in roles.items()]
    return cx.Codebook("fuzz", tuple(fields))


def study(rows: pd.DataFrame, engine: str, design: tuple[str, ...], folder: Path) -> cx.Study:
    """Return ``rows`` as a study of one kind of table; NaN stays NaN where the kind has both."""
    ours = book(design)
    if engine == "pandas":
        return cx.load(rows, codebook=ours)
    if engine == "polars":
        return cx.load(pl.DataFrame({c: rows[c].to_numpy() for c in rows}), codebook=ours)
    if engine == "arrow":
        return cx.load(pa.table({c: pa.array(rows[c].to_numpy(), from_pandas=False) for c in rows}), codebook=ours)
    if engine == "duckdb":
        return cx.load(duckdb.from_arrow(pa.Table.from_pandas(rows, preserve_index=False)), codebook=ours)
    if engine == "parquet":
        nan = pa.table({c: pa.array(rows[c].to_numpy(), from_pandas=False) for c in rows})
        pq.write_table(nan, folder / "x.parquet")
        return cx.load(folder / "x.parquet", codebook=ours)
    rows.to_csv(folder / "x.csv", index=False)
    return cx.load(folder / "x.csv", codebook=ours)


def answers(rows: pd.DataFrame, name: str, weight: str) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """The valid answers to a question, their weights and their rows, by hand."""
    limits = {"ltr": (0, 10), "sat": (1, 5), "grade": (1, 6), "effort": (1, 7), "left": (-1e300, 1e300)}
    low, high = limits.get(name, (-1e300, 1e300))
    v = rows[name].to_numpy(float)
    w = rows[weight].to_numpy(float) if weight else np.ones(len(rows))
    ok = np.isfinite(v) & (v >= low) & (v <= high) & np.isfinite(w) & (w > 0)
    return v[ok], w[ok], rows.index[ok]


SCORES = {
    "nps": ("ltr", lambda v: 100.0 * ((v >= 9) * 1.0 - (v <= 6))),
    "csat": ("sat", lambda v: (v >= 4) * 1.0),
    "grade": ("grade", lambda v: (v <= 2) * 1.0),
    "ces": ("effort", lambda v: (v >= 5) * 1.0),
    "mean": ("sat", lambda v: v),
    "spend": ("spend", lambda v: v),
    "share": ("sat", lambda v: (v == 3) * 1.0),
    "churn": ("left", lambda v: (v == 1) * 1.0),
}
CALLS = {
    "nps": lambda s, by: cx.nps(s, "ltr", by=by, least_n=0),
    "csat": lambda s, by: cx.csat(s, "sat", by=by, least_n=0),
    "grade": lambda s, by: cx.csat(s, "grade", by=by, least_n=0),
    "ces": lambda s, by: cx.ces(s, "effort", by=by, show="easy", least_n=0),
    "mean": lambda s, by: cx.mean(s, "sat", by=by, least_n=0),
    "spend": lambda s, by: cx.mean(s, "spend", by=by, least_n=0),
    "share": lambda s, by: cx.share(s, "sat", value=3, by=by, least_n=0),
    "churn": lambda s, by: cx.churn(s, "left", by=by, least_n=0),
}


def by_hand(rows: pd.DataFrame, metric: str, weight: str, by: str | None) -> dict[Any, tuple[float, int]]:
    """Return each group's value and number of answers by naive pandas."""
    name, score = SCORES[metric]
    v, w, index = answers(rows, name, weight)
    groups = rows.loc[index, by].to_numpy() if by else np.zeros(len(v))
    out = {}
    for g in pd.unique(rows[by]) if by else [0.0]:
        here = groups == g
        out[g] = (float(np.average(score(v[here]), weights=w[here])) if here.any() else math.nan, int(here.sum()))
    return out


def designs(rng: np.random.Generator) -> Iterator[tuple[str, ...]]:
    """Two random designs."""
    for _ in range(2):
        yield tuple(k for k in ("w", "c", "h") if rng.random() < 0.5)
