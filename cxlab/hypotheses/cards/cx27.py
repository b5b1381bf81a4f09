"""Peers of the same kind.

Fall of the leave-one-out error of firms' scores with peers of the same industry and size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth

TRUTH = Truth(claimed=0.3, n=2000, value=None)


def test(case: Case) -> Evidence:
    """CX-27: fall of the leave-one-out error of firms' scores with peers of the same industry and size."""
    sample = case.sample
    y = sample.points("score")
    rows = answered(case, y, least=20)
    firm = np.array([str(v) for v in sample.raw["firm"]])
    kind = {k: _kinds(sample.raw[k]) for k in ("industry", "size")}
    names = np.unique(firm[rows])
    if len(names) < 20:
        raise NotEstimable(f"only {len(names)} firms; this test needs at least 20")
    means, industry, size = ([], [], [])
    for f in names:
        mine = rows & (firm == f)
        means.append(np.average(y[mine], weights=(sample.n * sample.w)[mine]))
        industry.append(_mode(kind["industry"][mine], sample.n[mine]))
        size.append(_mode(kind["size"][mine], sample.n[mine]))
    theta = np.array(means)
    keys = {
        "industry and size": [f"{a}|{b}" for a, b in zip(industry, size, strict=True)],
        "industry": industry,
        "size": size,
    }
    everyone = _left_out(theta, ["all"] * len(theta))
    errors = {k: _left_out(theta, key, everyone) for k, key in keys.items()}
    finding = lambda k: _fall(case, k, theta, everyone, errors[k], rows)  # noqa: E731
    found = finding("industry and size")
    shown = tuple(
        (
            {"label": f"error cut by {k} alone", "estimate": f.value, "low": f.low, "high": f.high, "n": len(names)}
            for k, f in (("industry", finding("industry")), ("size", finding("size")))
        )
    )
    alone = sum(np.unique(keys["industry and size"], return_counts=True)[1] == 1)
    notes = (f"{len(names)} firms; {alone} have no peer of both kinds and fall back on all firms",)
    return Evidence(
        (found,), None, shown, method="Leave-one-out error of peer means, delta method over firms", notes=notes
    )


def _kinds(values: NDArray) -> NDArray:
    """Categories as text; numbers of more than ten values are coarsened to quarters (of rows)."""
    if values.dtype.kind == "f" and len(np.unique(values[np.isfinite(values)])) > 10:
        edges = np.nanquantile(values, [0.25, 0.5, 0.75])
        return np.searchsorted(edges, values).astype(str)
    return np.array([str(v) for v in values])


def _mode(values: NDArray, n: NDArray) -> str:
    names, code = np.unique(values, return_inverse=True)
    return str(names[np.bincount(code, n).argmax()])


def _left_out(theta: NDArray, key: list[str], fallback: NDArray | None = None) -> NDArray:
    code = np.unique(key, return_inverse=True)[1]
    total, count = (np.bincount(code, theta)[code], np.bincount(code)[code])
    with np.errstate(invalid="ignore", divide="ignore"):
        predicted = (total - theta) / (count - 1)
    error = theta - predicted
    return error if fallback is None else np.where(count > 1, error, fallback)


def _fall(case: Case, name: str, theta, everyone, error, rows) -> Finding:
    a, p, m = (everyone**2, error**2, len(theta))
    ratio = p.mean() / a.mean()
    influence = (p - ratio * a) / a.mean()
    se_log = float(influence.std(ddof=1) / np.sqrt(m) / ratio / 2)
    return (
        finding(
            case,
            rows,
            case.sample.points("score"),
            f"error cut by peers of the same {name}",
            -0.5 * float(np.log(ratio)),
            se_log,
            m - 1.0,
            transform=lambda v: float(-np.expm1(-v)),
            n=m,
            n_eff=float(m),
        )
        if ratio > 0
        else Finding(name, np.nan, np.nan, np.nan, np.nan, np.nan)
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: fall of the leave-one-out error; negative (more noise, nothing in common) where it is 0."""
    firms = max(n // 10, 60)
    cells = firms // 3 if threat else 12
    cell = np.arange(firms) % cells
    m = firms / cells
    within = (1 + 1 / (m - 1)) / (1 - effect) ** 2 / (1 + 1 / (firms - 1)) - 1
    between = 0.0 if effect == 0 else np.sqrt(max(within, 0.0))
    score = between * rng.standard_normal(cells)[cell] + rng.standard_normal(firms)
    industry = np.array([f"industry {c % 4}" for c in cell], object)
    size = np.array([f"size {c // 4}" for c in cell], object)
    return Made(
        {
            "score": 50 + SPREAD * score,
            "firm": np.array([f"firm {i:03d}" for i in range(firms)], object),
            "industry": industry,
            "size": size,
        },
        "cross-section",
    )


naive = unguarded
