"""What decks do, by hand: each naive analysis says yes where its contrast is there, and no where it is exactly none."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pytest

from cxlab.hypotheses import without_guards
from cxlab.hypotheses.card import card


class Answers:
    """Columns by slot, one row an answer."""

    def __init__(self, columns: Mapping[str, object]) -> None:
        self.raw = {k: np.asarray(v) for k, v in columns.items()}
        self.n = np.ones(len(next(iter(self.raw.values()))))

    def points(self, slot: str, *, outcome: bool = False) -> np.ndarray:
        return self.raw[slot].astype(float)

    number = binary = points


def says(id: str, **columns: object) -> bool:
    return card(id).module.naive(SimpleNamespace(sample=Answers(columns)))


EVEN = np.tile([40.0, 60.0], 50)
"""Mean 50, standard deviation 10."""
HALF = np.repeat([0.0, 1.0], 50)


def shifted(by: float) -> np.ndarray:
    return EVEN + by * HALF


def test_two_means_of_fifty_differ_from_two_standard_errors_on() -> None:
    """Each mean has the error 10 / sqrt(49), so the difference 2.02; 1.96 of it are 3.96."""
    assert without_guards.larger(shifted(3.98)[50:], shifted(0)[:50])
    assert not without_guards.larger(shifted(3.94)[50:], shifted(0)[:50])
    assert not without_guards.larger(shifted(0)[:50], shifted(9)[50:])
    assert not without_guards.larger(np.array([9.0]), EVEN) and not without_guards.larger(EVEN, np.array([9.0]))


def test_a_mean_of_a_hundred_differs_from_zero_from_two_standard_errors_on() -> None:
    """The error is 10 / sqrt(99): 1.96 of it are 1.97. Three values can tell, two cannot."""
    assert without_guards.exceeds_zero(EVEN - 50 + 1.99) and not without_guards.exceeds_zero(EVEN - 50 + 1.95)
    assert not without_guards.exceeds_zero(50 - EVEN - 2)
    assert without_guards.exceeds_zero(np.array([5.0, 5.1, 5.2, np.nan])) and not without_guards.exceeds_zero(
        np.array([5.0, 5.1])
    )


@pytest.mark.parametrize("more", [True, False])
def test_contrasts_of_groups(more: bool) -> None:
    by = 6.0 if more else -6.0
    bad = np.column_stack([20.0 + 60 * HALF, np.full(100, 90.0)])
    assert says("CX-05", overall=shifted(by), touchpoints=bad) == more
    assert says("CX-29", score=np.r_[shifted(by), np.nan], arm=np.r_[HALF, 1]) == more


def test_customers_who_were_low_or_recovered() -> None:
    """CX-19 looks at those below 50 before, CX-20 at those handled better than 50."""
    before = np.r_[EVEN, np.full(100, 70.0)] - 15
    risen = np.r_[np.full(100, 5.0), np.full(100, -50.0)]
    assert says("CX-19", before=before, after=before + risen + np.r_[EVEN, EVEN] / 50)
    assert not says("CX-19", before=before, after=before - risen + np.r_[EVEN, EVEN] / 50)
    handled = np.r_[np.full(100, 80.0), np.full(100, 50.0)]
    assert says("CX-20", before=before, after=before + risen + np.r_[EVEN, EVEN] / 50, handling=handled)
    assert not says("CX-20", before=before, after=before - risen + np.r_[EVEN, EVEN] / 50, handling=handled)


def test_days_differ() -> None:
    """Sixty answers a day: promoters are 9 and 10, detractors 6 and less."""
    day = np.repeat([1, 2, 3], 60)
    quiet = np.tile([9, 6, 8], 60)
    assert not says("CX-12", recommendation=quiet, day=day)
    assert says("CX-12", recommendation=np.where((day == 2) & (quiet == 8), 9, quiet), day=day)
    assert says("CX-12", recommendation=np.where((day == 2) & (quiet == 8), 6, quiet), day=day)
    assert not says("CX-12", recommendation=np.where(quiet == 8, 7, quiet), day=day)


def test_correlations() -> None:
    """r of .2 has the error (1 - .04) / 10 = .096 among 100 units: 2.08 of it; r of .18 1.86."""
    a, b = np.tile([-1.0, 1.0], 50), np.repeat([-1.0, 1.0], 50)
    mixed = lambda r: r * a + np.sqrt(1 - r * r) * b  # noqa: E731
    assert says("CX-21", customer=a, employee=mixed(0.2)) and not says("CX-21", customer=a, employee=mixed(0.18))
    assert not says("CX-21", customer=a, employee=mixed(-0.5))


def test_a_journey_item_against_single_touchpoints() -> None:
    """r of the journey .6, of the touchpoints .5 on average; the error sqrt(2 / n) (1 - .36)."""
    for n, far in ((200, False), (400, True)):  # .1 against 1.96 * .064 and 1.96 * .0453
        y = np.tile([-1.0, 1.0], n // 2)
        other = np.repeat([-1.0, 1.0], n // 2)
        third = np.tile([-1.0, -1.0, 1.0, 1.0], n // 4)
        at = lambda r, z, y=y: r * y + np.sqrt(1 - r * r) * z  # noqa: E731
        touch = np.column_stack([at(0.4, other), at(0.6, third)])
        assert says("CX-04", outcome=y, journey=at(0.6, third * other), touchpoints=touch) == far
        assert not says("CX-04", outcome=y, journey=at(0.4, third * other), touchpoints=touch)


def test_all_metrics_against_the_best() -> None:
    """y = .6 a + .1 b + .79 e: the best metric explains .36, both .37; .01 * 400 / .64 = 6.25 is above 3.84."""
    n = 400
    a, b = np.tile([-1.0, 1.0], n // 2), np.repeat([-1.0, 1.0], n // 2)
    e = np.tile([-1.0, -1.0, 1.0, 1.0], n // 4)
    for part, far in ((0.1, True), (0.07, False)):  # .0049 * 400 / .64 = 3.06
        y = 0.6 * a + part * b + np.sqrt(0.64 - part**2) * e
        assert says("CX-14", outcome=y, metrics=np.column_stack([a, b])) == far


def test_driver_weights_of_segments() -> None:
    """Both segments have the same rows; then one has slopes that differ by .5, of which the error is .14."""
    x = np.tile([-1.0, 1.0], 50)
    noise = np.repeat([-1.0, 1.0], 50)
    segment = np.repeat(["a", "b"], 100)
    touch = np.column_stack([np.r_[x, x]])
    assert not says("CX-26", overall=np.r_[x + noise, x + noise], segment=segment, touchpoints=touch)
    assert says("CX-26", overall=np.r_[x + noise, 1.5 * x + noise], segment=segment, touchpoints=touch)
    assert says("CX-26", overall=np.r_[1.5 * x + noise, x + noise], segment=segment, touchpoints=touch)
    assert not says("CX-26", overall=np.r_[x + noise, 1.26 * x + noise], segment=segment, touchpoints=touch)
    assert says("CX-26", overall=np.r_[x + noise, 1.3 * x + noise], segment=segment, touchpoints=touch)


def test_more_than_half_of_the_contacts() -> None:
    """Of 100, 60 are 2.04 errors above a half, 59 only 1.83; contacts without a reason do not count."""
    of = lambda k: np.r_[np.ones(k), np.zeros(100 - k), np.full(40, np.nan)]  # noqa: E731
    assert says("CX-30", failure=of(60)) and not says("CX-30", failure=of(59)) and not says("CX-30", failure=of(30))
    assert not says("CX-30", failure=np.array([np.nan, np.nan]))
