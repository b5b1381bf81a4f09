"""Shapley and Owen shares: hand-solvable, against brute force over all orders, and against R."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlab.stats.importance import marginal as importance
from cxlab.stats.importance import shapley
from cxlab.stats.importance.relative_weights import relative_weights

REFERENCE = Path(__file__).parents[2] / "reference"
TERMS = ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]


def swiss(weight: np.ndarray | None = None) -> np.ndarray:
    table = pd.read_csv(REFERENCE / "swiss.csv")[[*TERMS, "Fertility"]].to_numpy(float)
    covariance = np.cov(table.T, aweights=None if weight is None else table[:, 3] + 1)
    sd = np.sqrt(np.diag(covariance))
    return covariance / sd / sd[:, None]


def values(quantity: str) -> np.ndarray:
    table = pd.read_csv(REFERENCE / "drivers.csv")
    return table[table.quantity == quantity].set_index("term").value.reindex(TERMS).to_numpy(float)


def correlation(p: int, seed: int = 0, n: int = 200) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    return np.corrcoef(np.column_stack([X, X @ rng.normal(size=p) + 2 * rng.normal(size=n)]).T)


def brute(R: np.ndarray, allowed=lambda order: True) -> np.ndarray:
    """Average the increments of R² over all orders, by solving the normal equations of every subset."""
    p = len(R) - 1
    r2 = {(): 0.0}
    total, count = np.zeros(p), 0
    for order in permutations(range(p)):
        if not allowed(order):
            continue
        count += 1
        for k in range(p):
            before, after = tuple(sorted(order[:k])), tuple(sorted(order[: k + 1]))
            for s in (before, after):
                if s not in r2:
                    r2[s] = R[s, p] @ np.linalg.solve(R[np.ix_(s, s)], R[s, p])
            total[order[k]] += r2[after] - r2[before]
    return total / count


def test_two_drivers_by_hand():
    R = np.array([[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]])
    # R²(1) = .36, R²(2) = .09, R²(12) = (.36 + .09 - 2 * .6 * .3 * .5) / .75 = .36
    np.testing.assert_allclose(shapley.lmg(R), [(0.36 + 0.27) / 2, (0.09 + 0.0) / 2], atol=1e-15)


def test_published_values_of_swiss():
    """relaimpo 2.2-7 on R's swiss: LMG, weighted by Catholic + 1, and Education + Examination as one block."""
    np.testing.assert_allclose(
        shapley.lmg(swiss()), [0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592], rtol=0, atol=5e-9
    )
    weighted = shapley.lmg(swiss(np.ones(1)))
    np.testing.assert_allclose(weighted, [0.05695188, 0.13081478, 0.30678607, 0.10083263, 0.09658270], atol=5e-9)
    assert weighted.sum() == pytest.approx(0.6919681, abs=5e-8)
    blocks = shapley.block_shares(swiss(), [[1, 2], [0], [3], [4]])
    np.testing.assert_allclose(blocks, [0.39817899, 0.07384681, 0.11573754, 0.11897166], atol=5e-9)


@pytest.mark.parametrize("quantity", ["lmg", "lmg weighted", "owen"])
def test_brute_force_in_r(quantity: str):
    R = swiss(np.ones(1) if "weighted" in quantity else None)
    found = shapley.owen(R, [[0], [1, 2], [3], [4]]) if quantity == "owen" else shapley.lmg(R)
    np.testing.assert_allclose(found, values(quantity), rtol=1e-9)


@pytest.mark.parametrize("p", [1, 2, 5, 7])
def test_equals_brute_force(p: int):
    R = correlation(p, seed=p)
    np.testing.assert_allclose(shapley.lmg(R), brute(R), rtol=0, atol=1e-12)


def test_owen_equals_the_orders_that_keep_blocks_together():
    R, blocks = correlation(6, seed=3), [[0, 4], [1], [2, 3, 5]]
    block_of = {j: b for b, members in enumerate(blocks) for j in members}

    def together(order) -> bool:
        return sum(block_of[a] != block_of[b] for a, b in zip(order, order[1:], strict=False)) == len(blocks) - 1

    np.testing.assert_allclose(shapley.owen(R, blocks), brute(R, together), atol=1e-12)
    members = [shapley.owen(R, blocks)[b].sum() for b in blocks]
    np.testing.assert_allclose(members, shapley.block_shares(R, blocks), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(0, 10_000))
def test_shares_sum_to_r2_and_are_not_negative(p: int, seed: int):
    R = correlation(p, seed)
    shares = shapley.lmg(R)
    assert shares.sum() == pytest.approx(importance.r_squared(R[None])[0], abs=1e-12)
    assert (shares > -1e-12).all()


def test_relabelling_permutes_and_signs_do_not_matter():
    R = correlation(6, seed=1)
    order, sign = np.array([3, 0, 5, 1, 4, 2, 6]), np.diag([1, -1, 1, -1, -1, 1, 1])
    np.testing.assert_allclose(shapley.lmg(R[np.ix_(order, order)]), shapley.lmg(R)[order[:-1]], atol=1e-13)
    np.testing.assert_allclose(shapley.lmg(sign @ R @ sign), shapley.lmg(R), atol=1e-13)


def test_identical_drivers_split_equally_and_leave_the_sum():
    R = correlation(4, seed=2)
    twice = R[np.ix_([0, 1, 2, 3, 1, 4], [0, 1, 2, 3, 1, 4])]
    shares = shapley.lmg(twice)
    assert shares[1] == pytest.approx(shares[4], abs=1e-12)
    assert shares.sum() == pytest.approx(shapley.lmg(R).sum(), abs=1e-12)
    for method in (relative_weights, importance.car, importance.pratt):
        found = method(twice[None])[0]
        assert found[1] == pytest.approx(found[4], abs=1e-9)
        assert found.sum() == pytest.approx(shares.sum(), abs=1e-9)


def test_a_stack_equals_its_matrices_beyond_the_portion():
    stack = np.array([correlation(14, seed) for seed in range(40)])  # two levels of the tree, several portions
    together = shapley.lmg(stack)
    np.testing.assert_allclose(together[[0, 17, 39]], [shapley.lmg(stack[k]) for k in (0, 17, 39)], atol=1e-14)


def test_twelve_drivers_equal_the_formula():
    """Against the definition on all 4,096 subsets, each by its own solve."""
    p, R = 12, correlation(12, seed=5)
    r2 = np.zeros(2**p)
    for s in range(1, 2**p):
        S = [j for j in range(p) if s >> j & 1]
        r2[s] = R[S, p] @ np.linalg.solve(R[np.ix_(S, S)], R[S, p])
    w = shapley.shapley_weights(p)
    without = [np.array([s for s in range(2**p) if not s >> j & 1]) for j in range(p)]
    size = np.array([s.bit_count() for s in range(2**p)])
    expected = [w[size[s]] @ (r2[s + (1 << j)] - r2[s]) for j, s in enumerate(without)]
    np.testing.assert_allclose(shapley.lmg(R), expected, rtol=0, atol=1e-12)


def test_sampled_orders_agree_with_exact_within_their_error():
    R = correlation(12, seed=7)
    found, se = shapley.lmg_sampled(R, shapley.orders(12, 4000, 1))
    z = (found - shapley.lmg(R)) / se
    assert np.abs(z).max() < 4.5  # 12 normal deviates: P(any beyond 4.5) < 1e-4
    assert found.sum() == pytest.approx(importance.r_squared(R[None])[0], abs=1e-9)


def test_the_stated_sampling_error_is_the_real_one():
    R = correlation(8, seed=8)
    exact = shapley.lmg(R)
    runs = [shapley.lmg_sampled(R, shapley.orders(8, 400, seed)) for seed in range(200)]
    z2 = np.mean([((found - exact) / se) ** 2 for found, se in runs])
    assert 0.75 < z2 < 1.35  # mean of 1,600 correlated chi-squares (39 groups each: t, variance 1.05)


def test_sampled_orders_of_blocks():
    R, blocks = correlation(8, seed=4), [[0, 3], [1], [2, 5, 6], [4], [7]]
    found, se = shapley.lmg_sampled(R, shapley.orders(5, 4000, 1), blocks)
    assert np.abs((found - shapley.block_shares(R, blocks)) / se).max() < 4.5


def test_orders_are_permutations_and_balance_positions():
    order = shapley.orders(7, 100, 0)
    assert (np.sort(order, axis=-1) == np.arange(7)).all()
    half = order.shape[1] // 2
    assert (order[:, :half] == order[:, half:, ::-1]).all()
