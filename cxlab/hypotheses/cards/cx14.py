"""Several metrics see more.

R² of all metrics together minus that of the best single one, chosen inside each training part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import HOW, validate
from cxlab.hypotheses.estimation import about, answered, row
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.hypotheses.without_guards import flat
from cxlab.stats.fits.folds import solve
from cxlab.stats.fits.marked_gaps import filled

TRUTH = Truth(claimed=0.05, n=2000, loss=0.55)


def test(case: Case) -> Evidence:
    """CX-14: R² of all metrics together minus that of the best single one, chosen inside each training part."""
    sample = case.sample
    y, scores = (sample.points("outcome", outcome=True), sample.points("metrics"))
    touch, notes = filled(scores)
    rows = answered(case, np.where(np.isfinite(scores).any(axis=1), y, np.nan))
    k = scores.shape[1]
    names = [f.label for f in sample.fields["metrics"]]
    marks = {
        j: [i for i in range(k, touch.shape[1]) if np.array_equal(touch[:, i], np.isnan(scores[:, j]))]
        for j in range(k)
    }
    models = {"all": list(range(touch.shape[1]))} | {names[j]: [j, *marks[j]] for j in range(k)}
    v = validate(case, rows, y, touch, models)
    train = v.moments.sum(0) - np.tensordot(v.tests.astype(float), v.moments, axes=1)
    inside = np.column_stack([_fitted(train, models[m]) for m in names])
    best = np.argmax(inside, axis=1)
    single = np.array([v.r2[names[b]][i] for i, b in enumerate(best)])
    carry = about(case, rows, y)
    whole = names[int(np.bincount(best, minlength=k).argmax())]
    gain = v.gained(case, "R² gained by all metrics over the best one", "all", whole, carry, single)
    shown = [row(case, f"R² out of sample: {m}", *v.level(m), carry["n"]) for m in (*names, "all")]
    order = sorted(names, key=lambda m: -v.r2[m].mean())
    if len(order) > 1:
        shown.append(row(case, f"{order[0]} minus {order[1]}", *v.gain(order[0], order[1]), carry["n"]))
    return Evidence((gain,), None, tuple(shown), method=HOW + "; best metric chosen in training", notes=notes)


def _fitted(train: NDArray, columns: list[int]) -> NDArray:
    """R² inside each training part."""
    x, y = ([0, *(1 + i for i in columns)], train.shape[-1] - 1)
    b = solve(train, x, y)
    return (b * train[..., x, y]).sum(-1) / train[..., y, y]


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: gain in R² of all metrics over the best single one."""
    a, u = (rng.standard_normal(n), rng.standard_normal(n))
    gain = np.sqrt(2 * effect / (1 - effect))
    y = (a + gain * u + rng.standard_normal(n)) / np.sqrt(2 + gain**2)
    more = 0.6 * a[:, None] + 0.8 * rng.standard_normal((n, 8 if threat else 0))
    all_metrics = np.column_stack([a, 0.6 * a + 0.8 * u, more])
    return Made({"outcome": scores(y), "metrics": scores(all_metrics)}, measures={"outcome": "loyalty"})


def naive(case: Case) -> bool:
    """The composite correlates more strongly than the one item, or all metrics explain more in sample."""
    sample = case.sample
    y, m = (flat(sample.points("outcome"), sample.n), flat(sample.points("metrics"), sample.n))
    x = np.column_stack([np.ones(len(y)), m])
    whole = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    r = max(np.corrcoef(y, column)[0, 1] ** 2 for column in m.T)
    gain = 1 - whole.var() / y.var() - r
    return gain * len(y) / max(1 - r, 1e-09) / max(m.shape[1] - 1, 1) > 3.84
