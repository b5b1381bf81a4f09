"""Experience is not opinion: HTMT of the quality and the satisfaction items, jackknife error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, row
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.stats.fits.folds import block_moments, deal, jackknife

TRUTH = Truth(claimed=0.7)


def test(case: Case) -> Evidence:
    """CX-17: HTMT of the quality and the satisfaction items, jackknife error."""
    sample = case.sample
    a, b = (sample.points("satisfaction"), sample.points("quality"))
    rows = answered(case, a[:, 0], a, b)
    z = np.column_stack([np.ones(rows.sum()), a[rows], b[rows]])
    c = None if sample.c is None else sample.c[rows]
    units = int(sample.n[rows].sum()) if c is None else len(np.unique(c))
    m = block_moments(z, sample.w[rows], deal(sample.n[rows], min(200, units), case.rng, c))
    ka = a.shape[1]
    value, se, df = jackknife(m, lambda totals: np.array([_htmt(t, ka) for t in totals]))
    found = finding(case, rows, a[:, 0], "HTMT of quality and satisfaction", float(value), float(se), df)
    strict = row(case, "the same against the stricter cut-off .85", float(value), float(se), df, found.n)
    chain = ("the chain experience, opinion, loyalty", "needs waves; only the separation is tested", None)
    return Evidence(
        (found,), None, (strict,), (chain,), f"HTMT of {ka} and {b.shape[1]} items, delete-a-block jackknife"
    )


def _htmt(total: NDArray, ka: int) -> float:
    cov = total / total[0, 0] - np.outer(total[0], total[0]) / total[0, 0] ** 2
    sd = np.sqrt(np.fmax(np.diag(cov)[1:], 1e-300))
    r = np.abs(cov[1:, 1:] / np.outer(sd, sd))
    inside = lambda part: part[np.triu_indices(len(part), 1)].mean()  # noqa: E731
    return float(r[:ka, ka:].mean() / np.sqrt(inside(r[:ka, :ka]) * inside(r[ka:, ka:])))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: correlation of the two constructs."""
    a = rng.standard_normal(n)
    b = effect * a + np.sqrt(max(1 - effect**2, 0)) * rng.standard_normal(n)
    items = lambda c: scores((c[:, None] + 0.6 * rng.standard_normal((n, 3))) / np.sqrt(1.36))  # noqa: E731
    return Made({"satisfaction": items(a), "quality": items(b)})


naive = unguarded
