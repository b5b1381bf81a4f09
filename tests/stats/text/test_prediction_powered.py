"""Shares from few labels and many predictions: values of another implementation, then coverage with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from cxlab.stats.text import prediction_powered as pp
from cxlab.stats.text.prevalence import emq, labels, rogan_gladen

Y = np.array([1, 0, 1, 1, 0, 0, 1, 0, 1, 0.0])
F = np.array([0.9, 0.2, 0.7, 0.6, 0.4, 0.1, 0.8, 0.3, 0.4, 0.2])
REST = np.array([0.9, 0.8, 0.1, 0.2, 0.3, 0.7, 0.6, 0.2, 0.1, 0.4, 0.5, 0.3, 0.9, 0.1, 0.2, 0.8, 0.4, 0.3, 0.2, 0.6])
Z = 1.959963984540054
PEER = [
    (1.0, 0.47, 0.24273713, 0.69726287),
    (0.0, 0.50, 0.19010248, 0.80989752),
    (0.9974984365, 0.47007505, 0.24278815, 0.69736194),
]
"""ppi-python 0.2.3 (ppi_mean_ci with lam = 1, lam = 0, tuned): its variances divide by n, its quantile is normal."""


def two_samples(y: np.ndarray, f: np.ndarray, rest: np.ndarray) -> pp.Labelled:
    n, m = len(y), len(rest)
    return pp.Labelled(
        np.r_[f, rest][:, None], np.r_[y, np.full(m, np.nan)][:, None], np.r_[np.zeros(n), np.ones(m)],
        np.r_[np.ones(n), np.zeros(m)],
    )  # fmt: skip


@pytest.mark.parametrize(("lam", "value", "low", "high"), PEER)
def test_the_values_of_ppi_python(lam: float, value: float, low: float, high: float) -> None:
    found = pp.shares(two_samples(Y, F, REST), np.array([lam]))
    assert found.estimate[0] == pytest.approx(value, abs=1e-8)
    se = found.se[0] * np.sqrt(9 / 10)  # theirs divides by n where ours divides by n - 1
    assert [value - Z * se, value + Z * se] == pytest.approx([low, high], abs=2e-8)


def test_the_tuning_makes_the_variance_least() -> None:
    rng = np.random.default_rng(3)
    y = (rng.random(900) < 0.4).astype(float)
    f = 0.2 * y + 0.8 * rng.random(900)
    there = rng.random(900) < 0.2
    data = pp.Labelled(f[:, None], np.where(there, y, np.nan)[:, None], np.ones(900), there / 0.2, np.arange(900) // 3)
    best = pp.tuned(data)
    tried = [pp.shares(data, np.array([t])).se[0] for t in (*np.linspace(0, 1, 21), best[0])]
    assert 0 < best[0] < 1 and np.argmin(tried) == 21


def test_predictions_are_not_used_where_yes_is_rare() -> None:
    y = np.r_[np.ones(9), np.zeros(191), np.full(800, np.nan)]
    f = np.nan_to_num(y, nan=0.05)
    data = pp.Labelled(f[:, None], y[:, None], np.ones(1000), np.r_[np.full(200, 5.0), np.zeros(800)])
    assert pp.tuned(data)[0] == 0 and pp.shares(data).estimate[0] == pytest.approx(9 / 200)


def test_useless_predictions_cost_nothing_and_perfect_ones_leave_the_error_of_the_comments() -> None:
    rng = np.random.default_rng(5)
    y = (rng.random(5000) < 0.3).astype(float)
    there = np.arange(5000) < 250
    label = there * 20.0
    seen = np.where(there, y, np.nan)[:, None]
    useless = pp.shares(pp.Labelled(rng.random((5000, 1)), seen, np.ones(5000), label))
    assert useless.se[0] <= useless.labels_se[0] * (1 + 1e-12)
    perfect = pp.shares(pp.Labelled(y[:, None], seen, np.ones(5000), label))
    assert perfect.estimate[0] == pytest.approx(y.mean())
    assert pp.labels_worth(perfect, 250)[0] == pytest.approx(5000, rel=0.1)


def test_a_copy_of_every_cluster_changes_nothing_but_rows() -> None:
    rng = np.random.default_rng(6)
    y = (rng.random(300) < 0.5).astype(float)
    f = np.clip(y * 0.5 + rng.random(300) * 0.5, 0, 1)
    there = rng.random(300) < 0.3
    one = pp.Labelled(f[:, None], np.where(there, y, np.nan)[:, None], np.ones(300), there / 0.3, np.arange(300))
    two = pp.Labelled(*(np.repeat(a, 2, 0) for a in (one.f, one.y, one.pool, one.label, one.cluster)))
    lam = np.array([0.6])
    assert pp.shares(two, lam).estimate == pytest.approx(pp.shares(one, lam).estimate)
    assert pp.shares(two, lam).se == pytest.approx(pp.shares(one, lam).se)


TRIES = 300


def held(hits: int, tries: int = TRIES, level: float = 0.95) -> bool:
    """Whether a count of covering intervals is what a true level gives in 999 of 1,000 runs, or more than that."""
    return hits >= binom.ppf(0.001, tries, level)


def world(rng: np.random.Generator, n: int = 3000) -> tuple[np.ndarray, ...]:
    """Groups of different share in which the classifier errs differently: it calls too many in 0, too few in 1."""
    group = np.arange(n) % 3
    y = (rng.random(n) < np.array([0.15, 0.35, 0.6])[group]).astype(float)
    hit, false = np.array([0.95, 0.5, 0.8])[group], np.array([0.35, 0.02, 0.15])[group]
    f = np.clip(np.where(rng.random(n) < np.where(y > 0, hit, false), 0.75, 0.15) + 0.1 * rng.standard_normal(n), 0, 1)
    return group, y, f


def test_intervals_hold_the_truth_by_group_where_the_classifier_errs_differently() -> None:
    truth = np.array([0.15, 0.35, 0.6])
    hits, counted, lengths = np.zeros(3, int), np.zeros(3, int), []
    for k in range(TRIES):
        rng = np.random.default_rng(k)
        group, y, f = world(rng)
        there = np.zeros(3000, bool)
        there[rng.permutation(3000)[:300]] = True
        data = pp.Labelled(f[:, None], np.where(there, y, np.nan)[:, None], np.ones(3000), there * 10.0)
        found, own, n, _ = pp.grouped(data, group)
        assert own.all()
        for g, part in enumerate(found):
            low, high = pp.interval(part.estimate, part.se, np.array([n[g] - 1.0]), labels=n[g : g + 1])
            hits[g] += low[0] <= truth[g] <= high[0]
            naive = pp.counted(f[group == g][:, None], np.ones((group == g).sum()))[0]
            counted[g] += abs(naive - truth[g]) <= 1.96 * np.sqrt(naive * (1 - naive) / (group == g).sum())
        lengths.append((high - low)[0])
    assert all(map(held, hits)), hits / TRIES
    assert (counted / TRIES < 0.5).all(), "counting what the classifier says is wrong here"
    assert np.mean(lengths) < 0.25


def test_a_borrowed_rectifier_is_told_apart_where_it_does_not_fit() -> None:
    refused = fair = 0
    for k in range(100):
        rng = np.random.default_rng(k)
        group, y, f = world(rng)
        there = rng.random(3000) < 0.08
        seen = np.where(there, y, np.nan)[:, None]
        refused += pp.grouped(pp.Labelled(f[:, None], seen, np.ones(3000), there / 0.08), group)[3][0] < 0.05
        alike = np.clip(0.2 + 0.5 * y + 0.1 * rng.standard_normal(3000), 0, 1)
        p = pp.grouped(pp.Labelled(alike[:, None], seen, np.ones(3000), there / 0.08), rng.permutation(group))[3][0]
        fair += p < 0.05
    assert refused >= 90 and fair <= binom.ppf(0.999, 100, 0.05)


def test_intervals_hold_the_truth_with_weights_clusters_and_unequal_chances_of_a_label() -> None:
    hits = 0
    for k in range(TRIES):
        rng = np.random.default_rng(10_000 + k)
        lean = rng.normal(0, 0.6, 400)
        cluster = np.repeat(np.arange(400), 5)
        p = 1 / (1 + np.exp(0.8 - lean[cluster]))
        y = (rng.random(2000) < p).astype(float)
        half = rng.random(2000) < 0.5
        kept = rng.random(2000) < np.where(half, 1.0, 0.5)  # one half answers half as often: weight 2
        w = np.where(half, 1.0, 2.0)[kept]
        y, c = y[kept], cluster[kept]
        f = np.clip(0.25 + 0.4 * y + 0.15 * rng.standard_normal(len(y)), 0, 1)
        chance = np.where(f > 0.5, 0.25, 0.1)
        there = rng.random(len(y)) < chance
        data = pp.Labelled(f[:, None], np.where(there, y, np.nan)[:, None], w, w / chance * there, c)
        found = pp.shares(data)
        low, high = pp.interval(found.estimate, found.se, found.df, labels=[there.sum()])
        hits += low[0] <= 0.3229 <= high[0]  # E expit(-0.8 + N(0, 0.6)), by quadrature
    assert held(hits), hits / TRIES


def test_the_truth_of_that_world() -> None:
    x, w = np.polynomial.hermite_e.hermegauss(40)
    assert (w / w.sum() * (1 / (1 + np.exp(0.8 - 0.6 * x)))).sum() == pytest.approx(0.3229, abs=1e-4)


def test_emq_has_the_value_of_quapy() -> None:
    p = np.array([0.95, 0.9, 0.8, 0.7, 0.55, 0.4, 0.3, 0.2, 0.1, 0.05])
    assert emq(np.column_stack([1 - p, p]), [0.7, 0.3])[1] == pytest.approx(0.81093535, abs=1e-8)


def test_rogan_gladen_undoes_the_errors_and_says_nothing_of_a_useless_classifier() -> None:
    for truth in (0.0, 0.2, 0.9):
        counted = truth * 0.8 + (1 - truth) * 0.1
        assert rogan_gladen(counted, 0.8, 0.9)[0] == pytest.approx(truth)
    assert np.isnan(rogan_gladen(0.3, 0.5, 0.5)[0])
    rng = np.random.default_rng(1)
    drawn = [
        rogan_gladen(rng.binomial(1000, 0.31) / 1000, rng.binomial(200, 0.8) / 200, rng.binomial(200, 0.9) / 200)[0]
        for _ in range(4000)
    ]
    assert rogan_gladen(0.31, 0.8, 0.9, (1000, 200, 200))[1] == pytest.approx(np.std(drawn), rel=0.05)


def test_labels_needed_by_hand() -> None:
    assert [int(np.ceil(labels(0.05, 0.25, r))) for r in (0.5, 0.7, 0.0)] == [217, 147, 289]
