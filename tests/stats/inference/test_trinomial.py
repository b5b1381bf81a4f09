"""Intervals of the net score against published forms, an independent solution, and exact coverage."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from cxlab.stats.inference import trinomial

# Reference table of the project's methods notes, 95 %: (D, P, R): NPS, se, then limits by method, six decimals or four.
# The score limits there were found with a root finder on May & Johnson's equation, not with the cubic used here.
PUBLISHED = {
    (20, 30, 50): (0.30, 0.078102, (0.1469, 0.4531), (0.1405, 0.4420), (0.139551, 0.443393), (0.1088, 0.4912)),
    (5, 5, 30): (0.625, 0.110043, (0.4093, 0.8407), (0.3678, 0.7950), (0.360988, 0.791315), (0.3556, 0.8944)),
    (0, 3, 17): (0.85, 0.079844, (0.6935, 1.0065), (0.5315, 0.9467), (0.551918, 0.947631), (0.6546, 1.0454)),
    (40, 120, 240): (0.50, 0.033541, (0.4343, 0.5657), (0.4306, 0.5619), (0.431050, 0.562549), (0.4179, 0.5821)),
    (0, 0, 20): (1.0, 0.0, (1.0, 1.0), (0.6968, 1.0), (0.677750, 1.0), (1.0, 1.0)),
    (7, 0, 3): (-0.40, 0.289828, (-0.9681, 0.1681), (-0.7908, 0.1754), (-0.784417, 0.206444), (-1.1094, 0.3094)),
}

# Exact coverage and mean width at nominal 95 % by full enumeration (same notes), three and two decimals. The widths
# there are of intervals cut at -1 and 1.
COVERAGE = {
    (10, 0.02, 0.08, 0.90): {"wald": (0.649, 0.29), "adjusted-wald": (0.930, 0.62), "score": (0.959, 0.63)},
    (20, 0.05, 0.15, 0.80): {"wald": (0.860, 0.43), "adjusted-wald": (0.956, 0.49), "score": (0.962, 0.49)},
    (20, 0.20, 0.30, 0.50): {"wald": (0.926, 0.66), "adjusted-wald": (0.948, 0.62), "score": (0.947, 0.64)},
    (50, 0.02, 0.08, 0.90): {"wald": (0.910, 0.20), "adjusted-wald": (0.966, 0.24), "score": (0.965, 0.23)},
    (50, 0.60, 0.25, 0.15): {"wald": (0.939, 0.40), "adjusted-wald": (0.952, 0.40), "score": (0.952, 0.40)},
    (100, 0.02, 0.08, 0.90): {"wald": (0.930, 0.15), "adjusted-wald": (0.962, 0.16), "score": (0.956, 0.16)},
    (100, 0.45, 0.10, 0.45): {"wald": (0.947, 0.37), "adjusted-wald": (0.949, 0.36), "score": (0.949, 0.36)},
}

counts = st.tuples(*[st.integers(0, 400)] * 3).filter(lambda x: sum(x) > 0)


@pytest.mark.parametrize(("x", "row"), PUBLISHED.items(), ids=str)
def test_every_row_and_method_of_the_reference_table(x, row):
    t, variance, n = trinomial.net(*x)
    assert float(t) == pytest.approx(row[0], abs=1e-9)
    assert float(np.sqrt(variance / n)) == pytest.approx(row[1], abs=5e-7)
    for name, want in zip(("wald", "adjusted-wald", "score", "goodman"), row[2:], strict=True):
        tolerance = 5.1e-7 if name == "score" else 5.1e-5
        assert [float(v) for v in trinomial.INTERVALS[name](*x)] == pytest.approx(want, abs=tolerance), name


def statistic(d, p, r, at):
    """May & Johnson's statistic with the restricted estimate as their quadratic gives it."""
    n = d + p + r
    a, b, c = 2 * n, -d - r + (2 * n - r + d) * at, -d * at * (1 - at)
    q = (np.sqrt(max(b * b - 4 * a * c, 0)) - b) / (2 * a)
    return (r - d - n * at) / np.sqrt(max(n * (2 * q + at * (1 - at)), 1e-300))


def roots(d, p, r, z):
    t, end = (r - d) / (d + p + r), 1 - 1e-13
    low = -1.0 if t == -1 else brentq(lambda x: statistic(d, p, r, x) - z, -end, t - 1e-12, xtol=1e-15)
    high = 1.0 if t == 1 else brentq(lambda x: statistic(d, p, r, x) + z, t + 1e-12, end, xtol=1e-15)
    return low, high


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_closed_form_solves_the_score_equation_for_every_small_sample(level):
    for n in (1, 2, 3, 5, 8, 14):
        for d, r in itertools.product(range(n + 1), repeat=2):
            if d + r <= n:
                got = [float(v) for v in trinomial.score(d, n - d - r, r, level)]
                assert got == pytest.approx(roots(d, n - d - r, r, trinomial.z_value(level)), abs=1e-9), (
                    d,
                    n - d - r,
                    r,
                )


@given(counts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_closed_form_solves_the_score_equation(x, level):
    assert [float(v) for v in trinomial.score(*x, level)] == pytest.approx(
        roots(*x, trinomial.z_value(level)), abs=1e-8
    )


@given(counts)
def test_turning_the_scale_round_turns_the_interval_round(x):
    for interval in trinomial.INTERVALS.values():
        low, high = interval(*x)
        back_low, back_high = interval(*x[::-1])
        assert float(low) == pytest.approx(-float(back_high), abs=1e-9)
        assert float(high) == pytest.approx(-float(back_low), abs=1e-9)


@given(counts)
def test_score_interval_holds_the_estimate_and_stays_on_the_scale(x):
    low, high = trinomial.score(*x)
    assert -1 <= low <= (x[2] - x[0]) / sum(x) + 1e-12
    assert 1 >= high >= (x[2] - x[0]) / sum(x) - 1e-12


def test_no_answers_give_nan():
    for interval in trinomial.INTERVALS.values():
        assert all(np.isnan(v) for v in interval(0, 0, 0))


def outcomes(n):
    """All (D, P, R) with sum n."""
    d, r = (g.ravel() for g in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
    keep = d + r <= n
    return d[keep], (n - d - r)[keep], r[keep]


def probability(n, p, x):
    from scipy.special import gammaln, xlogy

    return np.exp(gammaln(n + 1) + sum(xlogy(k, q) - gammaln(k + 1) for k, q in zip(x, p, strict=True)))


@pytest.mark.parametrize(("cell", "row"), COVERAGE.items(), ids=str)
def test_exact_coverage_and_width_of_each_interval(cell, row):
    n, *p = cell
    x = outcomes(n)
    weight, truth = probability(n, p, x), p[2] - p[0]
    for name, (coverage, width) in row.items():
        low, high = trinomial.INTERVALS[name](*x)
        inside = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
        assert float(weight @ inside) == pytest.approx(coverage, abs=6e-4), name
        assert float(weight @ (np.fmin(high, 1) - np.fmax(low, -1))) == pytest.approx(width, abs=5.1e-3), name


@pytest.mark.parametrize("p", [(0.2, 0.3, 0.5), (0.1, 0.6, 0.3)], ids=str)
def test_goodman_holds_for_every_contrast_at_once(p):
    """Coverage of all contrasts of the three shares is that of the quadratic form, chi-square with 2 df."""
    n, draws = 400, 4000
    x = np.random.default_rng(0).multinomial(n, p, size=draws)
    share = x / n
    shares_off = share - np.array(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        form = n * (shares_off**2 / share).sum(1)
    limit = (trinomial.goodman(*x[0])[1] - trinomial.net(*x[0])[0]) / np.sqrt(trinomial.net(*x[0])[1] / n)
    covered = (form <= limit**2).mean()
    assert covered >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / draws) - 0.005
    t, v, _ = trinomial.net(*x.T)
    low, high = trinomial.goodman(*x.T)
    assert np.allclose((high - low) / 2, np.sqrt(5.991464547107979 * v / n))
