"""What decks do: a test of the raw export at 5 %, without smallest effect, clusters, weights, null or design.

It exists to be compared with; nothing else uses it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cxlab.hypotheses.card import Card
from cxlab.hypotheses.evidence import run
from cxlab.hypotheses.sample import Sample

Z = 1.96


def naive(card: Card, sample: Sample) -> bool:
    """Return whether the naive analysis would have said that the claim holds."""
    special = SPECIAL.get(card.test)
    if special:
        return bool(special(sample))
    flat = replace(sample, c=None, w=np.ones(len(sample.w)))
    loose = replace(card, sesoi=0.0, trivial=0.0, least_n=2) if card.side != "inside" else card
    found = run(loose, flat)
    if found.reason:
        return False
    f = found.findings[0]
    if card.side == "inside":
        return f.low <= f.null <= f.high
    return f.low > f.null if card.side == "greater" else f.high < f.null


def _t(difference: np.ndarray) -> bool:
    d = difference[~np.isnan(difference)]
    return len(d) > 2 and d.mean() > Z * d.std(ddof=1) / np.sqrt(len(d))


def _flat(values: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.repeat(values, n.astype(int), axis=0)


def _journey(sample: Sample) -> bool:
    """The journey item correlates more strongly with the outcome than the mean single touchpoint."""
    y, j = (_flat(sample.points(s), sample.n) for s in ("outcome", "journey"))
    t = _flat(sample.points("touchpoints"), sample.n)
    r = np.corrcoef(np.column_stack([y, j, t]), rowvar=False)[0, 1:]
    se = np.sqrt(2 / len(y)) * (1 - r[0] ** 2)
    return r[0] - r[1:].mean() > Z * se


def _failing(sample: Sample) -> bool:
    """The overall score is lower where any touchpoint is bad."""
    y, t = _flat(sample.points("overall"), sample.n), _flat(sample.points("touchpoints"), sample.n)
    bad = np.nanmin(t, axis=1) < np.nanmedian(np.nanmin(t, axis=1))
    return _two(y[~bad], y[bad])


def _two(a: np.ndarray, b: np.ndarray) -> bool:
    if min(len(a), len(b)) < 2:
        return False
    return a.mean() - b.mean() > Z * np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))


def _days(sample: Sample) -> bool:
    """The best and the worst day differ in a t-test."""
    score = sample.number("recommendation")
    y = _flat(np.where(score >= 9, 1.0, np.where(score <= 6, -1.0, 0.0)), sample.n)
    day = np.unique(np.repeat(sample.raw["day"], sample.n.astype(int)), return_inverse=True)[1]
    means = np.bincount(day, y) / np.bincount(day)
    return _two(y[day == means.argmax()], y[day == means.argmin()])


def _return(sample: Sample) -> bool:
    """Dissatisfied customers have a higher score the second time (paired t-test)."""
    before, after = (_flat(sample.points(s), sample.n) for s in ("before", "after"))
    low = before < 50
    return _t((after - before)[low])


def _recovered(sample: Sample) -> bool:
    """Recovered customers have a higher score after than before (paired t-test)."""
    before, after, handled = (_flat(sample.points(s), sample.n) for s in ("before", "after", "handling"))
    return _t((after - before)[handled > 50])


def _together(sample: Sample) -> bool:
    """The composite correlates more strongly than the one item, or all metrics explain more in sample."""
    y, m = _flat(sample.points("outcome"), sample.n), _flat(sample.points("metrics"), sample.n)
    x = np.column_stack([np.ones(len(y)), m])
    whole = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    r = max(np.corrcoef(y, column)[0, 1] ** 2 for column in m.T)
    gain = 1 - whole.var() / y.var() - r
    return gain * len(y) / max(1 - r, 1e-9) / max(m.shape[1] - 1, 1) > 3.84


def _groups(sample: Sample) -> bool:
    """Some driver weight of some segment differs from the rest in a test at 5 %."""
    y, t = _flat(sample.points("overall"), sample.n), _flat(sample.points("touchpoints"), sample.n)
    s = np.repeat(sample.raw["segment"], sample.n.astype(int))
    for name in np.unique(s):
        pair = []
        for mine in (s == name, s != name):
            x = np.column_stack([np.ones(mine.sum()), t[mine]])
            b, *_ = np.linalg.lstsq(x, y[mine], rcond=None)
            e = y[mine] - x @ b
            v = np.diag(np.linalg.pinv(x.T @ x)) * e.var()
            pair.append((b[1:], v[1:]))
        if (np.abs(pair[0][0] - pair[1][0]) > Z * np.sqrt(pair[0][1] + pair[1][1])).any():
            return True
    return False


SPECIAL = {
    "journeys": _journey, "weakest": _failing, "daily": _days, "closed_loop": _return, "recovery": _recovered,
    "metrics": _together, "segments": _groups,
}  # fmt: skip
