"""Several metrics see more.

R² of all metrics together minus that of the best single one, chosen inside each training part, as `best_metric`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import HOW, Validation, beyond_curves
from cxlab.hypotheses.estimation import about, answered, row
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.hypotheses.without_guards import flat
from cxlab.models.loyalty.best_metric import TOGETHER, foretold
from cxlab.stats.fits.marked_gaps import filled

TRUTH = Truth(claimed=0.05, n=2000, loss=0.55)


def test(case: Case) -> Evidence:
    """The gain of all metrics over the best single one of `cx.loyalty.best_metric`."""
    sample = case.sample
    y, answers = (sample.points("outcome", outcome=True), sample.points("metrics"))
    rows = answered(case, np.where(np.isfinite(answers).any(axis=1), y, np.nan))
    held = () if sample.controls is None else (sample.controls[rows],)
    names = case.slots["metrics"]
    label = dict(zip(names, [f.label for f in sample.fields["metrics"]], strict=True)) | {TOGETHER: "all"}
    told = foretold(
        y[rows], answers[rows], sample.n[rows], sample.w[rows], sample.units(rows)[0], held, names, case.rng
    )
    v, carry = Validation(**vars(told.fits)), about(case, rows, y)
    name = "R² gained by all metrics over the best one"
    gain = v.gained(case, name, TOGETHER, told.best, carry, told.single)
    shown = [row(case, f"R² out of sample: {label[m]}", *v.level(m), carry["n"]) for m in (*names, TOGETHER)]
    order = sorted(names, key=lambda m: -v.r2[m].mean())
    if len(order) > 1:
        first, second = order[:2]
        shown.append(row(case, f"{label[first]} minus {label[second]}", *v.gain(first, second), carry["n"]))
    return Evidence(
        (gain,),
        None,
        tuple(shown),
        (_curved(case, gain, rows, y),),
        method=HOW + "; best metric chosen in training",
        notes=told.said,
    )


def _curved(case: Case, gain: Finding, rows: NDArray, y: NDArray) -> tuple[str, str, bool, str]:
    """Whether the gain stays over each single metric as a curve: the least of them decides."""
    columns, what = filled(case.sample.points("metrics"))[0], "a curve of one metric could not feign it"
    checks = []
    for j in range(len(case.slots["metrics"])):
        others = np.delete(columns, j, axis=1)
        checks.append(beyond_curves(case, gain, rows, y, columns[:, [j]], others, what=what))
    return min(checks, key=lambda c: c[2])


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: gain in R² of all metrics over the best single one.

    Under 'curve' the second metric is the first on a scale that ends early, where the outcome stops to rise as well.
    """
    a, u = (rng.standard_normal(n), rng.standard_normal(n))
    gain = np.sqrt(2 * effect / (1 - effect))
    y = (a + gain * u + rng.standard_normal(n)) / np.sqrt(2 + gain**2)
    if threat == "curve":
        y = np.sqrt(0.6) * np.fmin(a, 0.0) / 0.58 + np.sqrt(0.4) * rng.standard_normal(n)
        return _made(y, np.column_stack([a, 1.5 * np.fmin(a, 0.0) + 0.2 * u]))
    more = 0.6 * a[:, None] + 0.8 * rng.standard_normal((n, 8 if threat == "useless-metrics" else 0))
    all_metrics = np.column_stack([a, 0.6 * a + 0.8 * u, more])
    return _made(y, all_metrics)


def _made(y: NDArray, metrics: NDArray) -> Made:
    return Made({"outcome": scores(y), "metrics": scores(metrics)}, measures={"outcome": "loyalty"})


def naive(case: Case) -> bool:
    """The composite correlates more strongly than the one item, or all metrics explain more in sample."""
    sample = case.sample
    y, m = (flat(sample.points("outcome"), sample.n), flat(sample.points("metrics"), sample.n))
    x = np.column_stack([np.ones(len(y)), m])
    whole = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    r = max(np.corrcoef(y, column)[0, 1] ** 2 for column in m.T)
    gain = 1 - whole.var() / y.var() - r
    return gain * len(y) / max(1 - r, 1e-09) / max(m.shape[1] - 1, 1) > 3.84
