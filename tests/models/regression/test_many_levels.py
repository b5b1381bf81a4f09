"""Errors of regressions with categories come from rows read in pieces; they are those that the engine sums."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.regression import errors, treated_units
from cxlab.stats.counts import clustered_rows


def rows(n: int = 1500) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({
        "y": rng.normal(size=n) + 3, "a": rng.normal(size=n), "b": pd.Series(rng.integers(1, 6, n), dtype="Int64"),
        "g": rng.choice([f"level {i}" for i in range(12)], n), "h": rng.choice(["x", "z"], n),
        "w": rng.uniform(0.5, 2, n), "c": rng.integers(0, 200, n),
    })  # fmt: skip
    table["s"] = table["c"] % 4
    table["arm"] = np.where(table["c"] < 3, "few", np.where(table["c"] < 40, "some", "many"))
    table["c"] = table["c"].astype("Int64").mask(rng.random(n) < 0.02)
    table["b"] = table["b"].mask(rng.random(n) < 0.05)
    table.loc[rng.random(n) < 0.05, "g"] = None
    return table


def study(*roles: str) -> cx.Study:
    text = ("g", "h", "arm")
    table = rows()
    book = cx.Codebook("levels", tuple(cx.Field(c, type="string" if c in text else "number") for c in table))
    out = cx.Study(duckdb.connect().from_df(table), book)
    for role, name in {"weight": "w", "cluster": "c", "strata": "s"}.items():
        out = out.set(name, role=role) if role in roles else out
    return out


def by_the_engine(given: cx.Study, formula: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> cx.Result:
    with monkeypatch.context() as engine:
        engine.setattr(errors, "local", lambda frame: False)
        engine.setattr(treated_units, "local", lambda frame: False)
        return cx.ols(given, formula, errors=kind, least_n=0)


@pytest.mark.parametrize("formula", ["y ~ a + C(g)", "y ~ a*C(g) + b", "y ~ a:C(g) + C(h)*C(g)", "y ~ C(h)"])
@pytest.mark.parametrize("weighted", [False, True])
def test_robust_errors(formula: str, weighted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    given = study(*(["weight"] if weighted else []))
    found, known = cx.ols(given, formula, errors="HC1", least_n=0), by_the_engine(given, formula, "HC1", monkeypatch)
    np.testing.assert_allclose(found.table["se"], known.table["se"], rtol=1e-10)


@pytest.mark.parametrize("formula", ["y ~ a*C(g) + b", "y ~ C(arm) + a", "y ~ C(arm)*C(h)"])
@pytest.mark.parametrize("roles", [("cluster",), ("weight", "cluster", "strata")])
@pytest.mark.parametrize("kind", ["", "CR1"])
def test_errors_of_clusters(formula: str, roles: tuple, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = study(*roles)
    known = by_the_engine(given, formula, kind, monkeypatch)
    monkeypatch.setattr(clustered_rows, "SLICE", 200)
    found = cx.ols(given, formula, errors=kind, least_n=0)
    assert (found.method, found.notes) == (known.method, known.notes)
    assert found.table["df"].tolist() == pytest.approx(known.table["df"].tolist(), nan_ok=True)
    np.testing.assert_allclose(found.table["se"], known.table["se"], rtol=1e-9)


def test_robust_errors_with_levels_are_those_of_statsmodels() -> None:
    smf = pytest.importorskip("statsmodels.formula.api", reason="needs pip install cxlab[test]")
    table = rows().dropna(subset=["g"])
    given = cx.Study(duckdb.connect().from_df(table), study().codebook)
    found = cx.ols(given, "y ~ a + C(g)", errors="HC1", least_n=0).table.set_index("term")["se"]
    known = smf.ols("y ~ a + C(g)", table).fit(cov_type="HC1").bse
    assert found["a"] == pytest.approx(known["a"], rel=1e-9)
    assert sorted(found) == pytest.approx(sorted(known), rel=1e-9)
