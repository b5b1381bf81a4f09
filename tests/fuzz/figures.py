"""Figures of public functions on random small studies, in every kind of table, against naive pandas."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import cxlab as cx
from tests.fuzz import studies


def close(got: float, right: float) -> bool:
    """Whether two figures are the same to rounding, nan being the same as nan."""
    return (math.isnan(got) and math.isnan(right)) or math.isclose(got, right, rel_tol=1e-9, abs_tol=1e-9)


def metrics(seed: int, folder: Path) -> int:
    """Every metric, overall and by group, in every engine and two designs; returns the figures compared."""
    rng = np.random.default_rng(seed)
    rows, count = studies.table(rng), 0
    for design in studies.designs(rng):
        weight = "w" if "w" in design else ""
        kept: dict[tuple[str, str | None], pd.DataFrame] = {}
        for engine in studies.ENGINES:
            study = studies.study(rows, engine, design, folder)
            for metric, call in studies.CALLS.items():
                for by in (None, "seg"):
                    count += _one(rows, study, (engine, metric, by, design), weight, call, kept)
    return count


def _one(rows: pd.DataFrame, study: cx.Study, what: tuple, weight: str, call: Any, kept: dict) -> int:
    engine, metric, by, _ = what
    truth = studies.by_hand(rows, metric, weight, by)
    try:
        found = call(study, by).table
    except cx.DataProblem as problem:
        assert all(n == 0 for _, n in truth.values()), f"{what} refused: {problem}"
        return 1
    count = 0
    for g, (value, n) in truth.items():
        row = found[found[by] == g] if by else found
        if not len(row):
            assert n == 0, f"{what}: group {g!r} of {n} answers is missing"
            continue
        got, size = float(row["estimate"].iloc[0]), int(row["n"].iloc[0])
        assert size == n and close(got, value), f"{what} {g!r}: {got} of {size} for {value} of {n}"
        count += 2
    numbers = found[["estimate", "low", "high", "se"]].to_numpy(float)
    first = kept.setdefault((metric, by), numbers)
    assert np.allclose(numbers, first, rtol=1e-7, atol=1e-9, equal_nan=True), f"{what}: engines differ"
    return count + numbers.size


def models(seed: int, folder: Path) -> int:
    """Functions beside the metrics: differences, trends, answers, churned, league, least squares, bootstrap."""
    rng = np.random.default_rng(seed)
    rows = studies.table(rng)
    engine = studies.ENGINES[int(rng.integers(len(studies.ENGINES)))]
    design = ("w",) if rng.random() < 0.5 else ()
    weight = "w" if design else ""
    study = studies.study(rows, engine, design, folder)
    count = 0
    by_seg = studies.by_hand(rows, "nps", weight, "seg")
    for name, check in CHECKS.items():
        try:
            count += check(rows, study, weight, by_seg)
        except cx.DataProblem:
            count += 1
        except AssertionError as error:
            raise AssertionError(f"{name} {engine} {design}: {error}") from error
    return count


def _compare(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    found = cx.compare(study, "nps", by="seg", of="ltr").table.dropna(subset=["estimate"])
    for row in found.itertuples():
        right = by_seg[row.seg][0] - by_seg[row.against][0]
        assert close(row.estimate, right), f"{row.seg} - {row.against}: {row.estimate} for {right}"
        assert not (row.verdict.startswith("real") and row.low <= 0 <= row.high), f"real, but {row.low} to {row.high}"
    return 2 * len(found)


def _trend(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    waves = studies.by_hand(rows, "nps", weight, "wave")
    found = cx.trend(study, "nps", of="ltr").table
    known = {str(k): v for k, v in waves.items()}
    for row in found.dropna(subset=["estimate"]).itertuples():
        assert close(row.estimate, known[str(row.wave)][0]), f"wave {row.wave}"
    return len(found)


def _answers(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    v, w, _ = studies.answers(rows, "sat", weight)
    found = cx.answers(study, "sat", least_n=0).table
    for row in found.itertuples():
        right = float(w[v == row.answer].sum() / w.sum())
        assert close(row.estimate, right), f"answer {row.answer}: {row.estimate} for {right}"
    return len(found)


def _against(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    value = studies.by_hand(rows, "nps", weight, None)[0.0][0]
    got = float(cx.against(study, "nps", benchmark=12.5, of="ltr").table["estimate"].iloc[0])
    value = value if len(studies.answers(rows, "ltr", weight)[2]) >= 10 else math.nan  # so few are not shown
    assert close(got, value - 12.5), f"{got} for {value - 12.5}"
    return 1


def _ols(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    ok = studies.answers(rows, "sat", weight)[2].intersection(studies.answers(rows, "grade", weight)[2])
    x = np.column_stack([np.ones(len(ok)), rows.loc[ok, "grade"]])
    if np.linalg.matrix_rank(x) < 2 or len(ok) < 10:
        return 0
    root = np.sqrt(rows.loc[ok, "w"].to_numpy() if weight else np.ones(len(ok)))
    right = np.linalg.lstsq(x * root[:, None], rows.loc[ok, "sat"].to_numpy() * root, rcond=None)[0]
    got = cx.ols(study, "sat ~ grade").table["estimate"].to_numpy(float)
    assert np.allclose(got, right, rtol=1e-7, atol=1e-8), f"{got} for {right}"
    return 2


def _median(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    if weight:
        return 0
    v = studies.answers(rows, "sat", "")[0]
    got = float(cx.bootstrap(study, "sat", statistic="median", seed=1, least_n=0).table["estimate"].iloc[0])
    assert float(np.quantile(v, 0.5, method="inverted_cdf")) <= got + 1 and min(v) <= got <= max(v), f"{got}"
    return 1


def _league(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    found = cx.league(study, "seg", metric="nps", of="ltr").table.dropna(subset=["estimate"])
    for row in found.itertuples():
        assert close(row.estimate, by_seg[row.seg][0]), f"{row.seg}"
        assert row.low <= row.estimate <= row.high, f"{row.seg} outside its interval"
    return 2 * len(found)


def _where(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    value, n = by_seg.get("a", (math.nan, 0))
    if not n:
        return 0
    row = cx.nps(study.where(seg="a"), "ltr", least_n=0).table.iloc[0]
    assert close(float(row["estimate"]), value) and row["n"] == n, f"{row['estimate']} for {value}"
    return 2


def _quality(rows: pd.DataFrame, study: cx.Study, weight: str, by_seg: dict) -> int:
    cx.quality(study)
    cx.scorecard(study)
    return 2


CHECKS = {
    "compare": _compare,
    "trend": _trend,
    "answers": _answers,
    "against": _against,
    "ols": _ols,
    "bootstrap": _median,
    "league": _league,
    "where": _where,
    "quality": _quality,
}
