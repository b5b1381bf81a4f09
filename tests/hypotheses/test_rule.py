"""The verdict rule: by hand, against TOSTER, and what must hold for any interval."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlab.hypotheses.rule import DIRECTIONS, Finding, direction, from_draws, from_t, number, weakest

LIMIT = st.floats(-100, 100, allow_nan=False)


@pytest.mark.parametrize(
    ("interval", "inner", "want"),
    [
        ((5.1, 9.0), (5.5, 8.6), "SUPPORTED"),
        ((1.0, 9.0), (1.6, 8.4), "DIRECTION-ONLY"),
        ((1.0, 4.0), (1.2, 3.8), "TRIVIAL"),
        ((-4.0, 4.9), (-3.6, 4.5), "TRIVIAL"),
        ((-9.0, -6.0), (-8.8, -6.2), "CONTRADICTED"),
        ((-9.0, -0.1), (-8.8, -0.3), "CONTRADICTED"),
        ((-9.0, 9.0), (-8.0, 8.0), "INCONCLUSIVE"),
        ((-1.0, 9.0), (-0.5, 8.5), "INCONCLUSIVE"),
        ((math.nan, 9.0), (1.0, 8.0), "NOT-IDENTIFIED"),
    ],
)
def test_direction(interval, inner, want) -> None:
    assert direction(interval, inner, sesoi=5) == want
    mirrored = [(-b, -a) for a, b in (interval, inner)]
    assert direction(*mirrored, sesoi=5, side="less") == want
    moved = [(a + 7, b + 7) for a, b in (interval, inner)]
    assert direction(*moved, sesoi=5, null=7) == want


def test_equivalence_claims() -> None:
    assert direction((-2.1, 1.0), (-1.9, 0.8), sesoi=2, side="inside") == "SUPPORTED"
    assert direction((2.1, 3.0), (2.2, 2.9), sesoi=2, side="inside") == "CONTRADICTED"
    assert direction((1.0, 3.0), (1.2, 2.8), sesoi=2, side="inside") == "INCONCLUSIVE"


def test_a_margin_of_triviality_of_its_own() -> None:
    assert direction((0, 4), (0, 3.5), sesoi=5, trivial=2) == "INCONCLUSIVE"
    assert direction((0, 2.1), (0, 1.9), sesoi=5, trivial=2) == "TRIVIAL"


def test_number() -> None:
    assert number((0.27, 0.37), (0.28, 0.36), claimed=0.32, margin=0.05) == "SUPPORTED"
    assert (
        number((0.28, 0.30), (0.281, 0.299), claimed=0.32, margin=0.05) == "SUPPORTED"
    )  # close enough, though not in it
    assert number((0.38, 0.45), (0.39, 0.44), claimed=0.32, margin=0.05) == "NUMBER-OUT"
    assert number((0.1, 0.6), (0.15, 0.55), claimed=0.32, margin=0.05) == "INCONCLUSIVE"
    assert number((math.nan, 1), (0, 1), claimed=0.32, margin=0.05) == "NOT-IDENTIFIED"


def test_of_several_conditions_the_weakest_decides() -> None:
    assert weakest(["SUPPORTED", "SUPPORTED"]) == "SUPPORTED"
    assert weakest(["SUPPORTED", "DIRECTION-ONLY", "TRIVIAL"]) == "TRIVIAL"
    assert weakest([]) == "NOT-IDENTIFIED"


def test_toster() -> None:
    """One sample, TOSTER's own test: mean .54 against .5, sd 1.2, n 100, bounds ±.3 standard deviations."""
    f = from_t("difference", 0.04, 1.2 / math.sqrt(100), 99, side="inside", sesoi=0.3 * 1.2)
    assert (f.inner_low, f.inner_high) == (pytest.approx(-0.1592469, abs=1e-6), pytest.approx(0.2392469, abs=1e-6))
    assert f.p == pytest.approx(0.004474619, abs=1e-8)
    assert f.verdict == "SUPPORTED"


@given(st.tuples(LIMIT, LIMIT, LIMIT, LIMIT).map(sorted), st.floats(0, 50), st.sampled_from(["greater", "less"]))
def test_supported_means_beyond_the_bar_and_nothing_else(limits, sesoi, side) -> None:
    low, inner_low, inner_high, high = limits
    verdict = direction((low, high), (inner_low, inner_high), sesoi=sesoi, side=side)
    assert verdict in DIRECTIONS
    beyond = low > sesoi if side == "greater" else high < -sesoi
    assert (verdict == "SUPPORTED") == beyond


@given(st.floats(-5, 5), st.floats(0.1, 3), st.floats(3, 200))
def test_p_and_interval_agree(value, se, df) -> None:
    f = from_t("x", value, se, df, side="greater", sesoi=1.0)
    assert (f.p < 0.025) == (f.low > 1.0) or abs(f.low - 1.0) < 1e-9


def test_p_of_a_transformed_estimate_is_that_of_the_working_scale() -> None:
    plain = from_t("x", 0.2, 0.05, 50, side="greater", sesoi=math.log(1.1))
    ratio = from_t("x", 0.2, 0.05, 50, side="greater", sesoi=0.1, transform=math.expm1)
    assert ratio.p == pytest.approx(plain.p, abs=1e-9)
    assert ratio.low == pytest.approx(math.expm1(plain.low))


def test_no_standard_error_no_verdict() -> None:
    assert from_t("x", 3.0, 0.0, 10, side="greater", sesoi=1).verdict == "NOT-IDENTIFIED"
    assert from_draws("x", 3.0, [1.0] * 10, side="greater", sesoi=1).verdict == "NOT-IDENTIFIED"
    assert Finding("x", 1, math.nan, math.nan, math.nan, math.nan).verdict == "NOT-IDENTIFIED"
