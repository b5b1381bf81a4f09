"""Level changes, running bands and the split of a change against published values, the C++ of confseq, and truth."""

from __future__ import annotations

import numpy as np
import pytest

from cxlab.stats.monitoring.level_changes import changes
from cxlab.stats.monitoring.mix_within import split
from cxlab.stats.monitoring.running_bands import bernoulli, half_width, normal_mixture


def test_the_nile_changed_once() -> None:
    """R strucchange: one break, last year of the old level 1898 (1895 to 1902); SMUCE: 1895 to 1901."""
    import statsmodels.api as sm

    data = sm.datasets.nile.load_pandas().data
    y, year = data["volume"].to_numpy(), data["year"].to_numpy().astype(int)
    sd = np.median(np.abs(np.diff(y))) / 0.6745 / np.sqrt(2)
    found = changes(y, np.full(len(y), sd**2))
    last = [year[np.array(places) - 1].tolist() for places in (found.at, found.low, found.high)]
    assert last == [[1898], [1895], [1901]]


def test_false_changes_are_rare_and_falls_are_found() -> None:
    rng, v = np.random.default_rng(0), np.full(24, 0.64 / 400)
    quiet = [len(changes(rng.normal(0.3, np.sqrt(v)), v).at) for _ in range(400)]
    assert np.mean(np.array(quiet) > 0) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    level = np.where(np.arange(24) < 12, 0.3, 0.18)
    runs = [changes(rng.normal(level, np.sqrt(v)), v) for _ in range(100)]
    assert np.mean([len(r.at) == 1 for r in runs]) >= 0.97
    assert np.mean([r.low[0] <= 12 <= r.high[0] for r in runs if len(r.at) == 1]) >= 0.95


def test_two_changes_are_two() -> None:
    y = np.r_[np.zeros(20), np.full(20, 3.0), np.zeros(20)] + np.random.default_rng(4).normal(0, 0.5, 60)
    found = changes(y, np.full(60, 0.25))
    assert found.at == (20, 40)
    assert all(a <= b <= c for a, b, c in zip(found.low, found.at, found.high, strict=True))


def test_a_normal_mixture_is_that_of_confseq() -> None:
    found = normal_mixture([10, 100, 1000], best_at=100, level=0.95)
    assert found == pytest.approx([12.1907531463415, 30.3520899037625, 102.512286831664], rel=1e-12)


@pytest.mark.parametrize(
    ("successes", "trials", "band"),
    [
        (30, 100, [0.1736349084, 0.4476766978]),
        (300, 1000, [0.2540504992, 0.3483701861]),
        (0, 20, [0, 0.2894230202]),
        (81, 263, [0.2243209035, 0.3995948205]),
    ],
)
def test_bands_of_a_share_are_those_of_confseq(successes: int, trials: int, band: list[float]) -> None:
    assert bernoulli(successes, trials, best_at=100, level=0.95) == pytest.approx(band, abs=1e-9)


def test_a_share_of_all_mirrors_one_of_none() -> None:
    low, high = bernoulli(20, 20, best_at=100, level=0.95)
    assert (1 - high, 1 - low) == pytest.approx(bernoulli(0, 20, best_at=100, level=0.95), abs=1e-9)


@pytest.mark.parametrize("a_day", [5, 20, 100])
def test_running_bands_miss_rarely_at_365_looks(a_day: int) -> None:
    """Looked at daily for a year: 2.4, 3.0, 3.3 % misses where a Wald interval has 55, 48, 46 %."""
    rng, years = np.random.default_rng(7), 1500
    x = rng.multinomial(a_day, [0.2, 0.3, 0.5], size=(years, 365))
    good, bad = np.cumsum(x[:, :, 2], 1), np.cumsum(x[:, :, 0], 1)
    t = a_day * np.arange(1, 366)
    mean = (good - bad) / t
    sd = np.sqrt((good + bad) / t - mean**2)
    half = half_width(sd, np.broadcast_to(t, sd.shape), best_at=1000, level=0.95)
    missed = (np.abs(mean - 0.3) > half).any(1).mean()
    assert missed <= 0.05
    assert (np.abs(mean - 0.3) > 1.96 * sd / np.sqrt(t)).any(1).mean() > 0.35
    assert 1.5 < (half / (1.96 * sd / np.sqrt(t)))[:, -1].mean() < 1.8


def test_the_split_by_hand() -> None:
    """Calls 40 -> 38 with 300 -> 200 answers, web 10 -> 12 with 100 -> 200: NPS 32.5 -> 25, mix -7, within -.5."""
    b = np.array([[300.0, 100.0], [200.0, 200.0]])
    within, mix = split(np.array([[40.0, 10.0], [38.0, 12.0]]) * b, b)
    assert (within.sum(), mix.sum()) == pytest.approx((-0.5, -7.0))


@pytest.mark.parametrize("seed", range(20))
def test_the_split_adds_up_and_knows_no_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    b = rng.integers(0, 50, (2, 5)).astype(float)
    b[:, 0] += 10
    a = rng.normal(0, 1, (2, 5)) * b
    within, mix = split(a, b)
    assert within.sum() + mix.sum() == pytest.approx(a[1].sum() / b[1].sum() - a[0].sum() / b[0].sum(), abs=1e-12)
    turn = rng.permutation(5)
    again = split(a[:, turn], b[:, turn])
    assert again[0] == pytest.approx(within[turn]) and again[1] == pytest.approx(mix[turn])
