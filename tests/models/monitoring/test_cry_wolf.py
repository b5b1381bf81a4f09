"""What cries wolf: the rates of usual practices, as simulated elsewhere, and those of cxlab."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import cxlab as cx
from cxlab.models.monitoring import cry_wolf
from cxlab.models.monitoring.cry_wolf import SHARES


def rates(**how: float) -> dict[str, tuple[float, float]]:
    table = cx.monitoring.cry_wolf(charts=200, **how).table
    return {name: (looks, years) for name, looks, years in table[["practice", "looks", "estimate"]].to_numpy()}


def test_usual_practices_cry_wolf_as_often_as_they_do() -> None:
    """Rates of an independent simulation of 2,000 to 4,000 years; here 200: 3 binomial errors and a little."""
    still = rates(n=200, day_effect=0, rho=0)
    assert still["this week against the last, p < .05"] == pytest.approx((0.05, 0.88), abs=0.07)
    assert still["a 95 % interval of all so far, looked at daily"][1] == pytest.approx(0.47, abs=0.12)
    assert still["a 3-sigma chart of days"][1] == pytest.approx(0.59, abs=0.12)
    assert still["... and two of three days beyond 2 sigma"][1] == pytest.approx(0.73, abs=0.14)
    moving = rates(n=1000, day_effect=5, rho=0)
    assert moving["a 3-sigma chart of days"] == pytest.approx((0.187, 1.0), abs=0.01)
    assert moving["Laney's p' chart of days"][0] == pytest.approx(0.0046, abs=0.002)
    alike = rates(n=1000, day_effect=5, rho=0.5)
    assert alike["Laney's p' chart of days"] == pytest.approx((0.027, 0.97), abs=0.03)


@pytest.mark.parametrize(("n", "day_effect", "rho"), [(200, 0, 0), (200, 5, 0), (1000, 5, 0), (1000, 5, 0.5)])
def test_ours_do_not(n: int, day_effect: float, rho: float) -> None:
    """365 looks: the running band misses in at most 5 % of years; the chart has one false alarm a year or fewer."""
    found = rates(n=n, day_effect=day_effect, rho=rho)
    assert found["a band for all looks (cx.running)"][1] <= 0.05
    assert found["a chart that allows one false alarm a year (cx.monitor)"][0] * 365 <= 1.3


def test_the_picture_and_what_is_refused() -> None:
    result = cx.monitoring.cry_wolf(charts=20)
    assert result.plot() is not None
    assert result.notes[0] == "SIMULATED data: the truth never changes, so every alarm is false"
    assert cx.monitoring.cry_wolf(charts=20).table.equals(result.table)
    with pytest.raises(cx.DataProblem) as said:
        cx.monitoring.cry_wolf(rho=1)
    assert str(said.value) == (
        "n=1000, day_effect=5, rho=1, charts=400: give at least 10 answers a day, a day effect of 0 to 15 points, rho "
        "from 0 to below 1, at least 10 charts"
    )


def test_every_practice_is_its_rule_day_by_day() -> None:
    """Weeks against the last, all so far, two of three, Laney's factor: each by a loop over days."""
    rng = np.random.default_rng(3)
    truth, spread = SHARES[2] - SHARES[0], SHARES[0] + SHARES[2] - (SHARES[2] - SHARES[0]) ** 2
    n, z = 50, norm.ppf(0.975)
    y = truth + rng.normal(0, 1.6 * np.sqrt(spread / n), (4, 364))
    weeks = cry_wolf._weeks(y, spread / n)
    far = cry_wolf._so_far(y, n, 0)
    live = (y - truth) / np.sqrt(spread / n)
    two, laney = cry_wolf._two_of_three(live), cry_wolf._laney(live)
    base = cry_wolf.BASE
    assert weeks.shape == (4, 51) and laney.shape == (4, 364 - base)
    for k, row in enumerate(y):
        for w in range(51):
            last, now = row[7 * w : 7 * w + 7].mean(), row[7 * w + 7 : 7 * w + 14].mean()
            assert weeks[k, w] == (abs(now - last) > z * np.sqrt(2 * spread / (7 * n)))
        for d in range(364):
            mean = row[: d + 1].mean()
            sd = np.sqrt(SHARES[0] + SHARES[2] - mean**2)
            assert far[k, d] == (abs(mean - truth) > z * sd / np.sqrt(n * (d + 1)))
        for d in range(2, 364):
            three = np.abs(live[k, d - 2 : d + 1])
            assert two[k, d - 2] == ((three > 2).sum() >= 2 or three[2] > 3)
        factor = max(np.abs(np.diff(live[k, :base])).mean() / 1.128, 1)
        right = np.abs(live[k, base:]) > 3 * factor
        sure = np.abs(np.abs(live[k, base:]) - 3 * factor) > 0.01 * factor  # 1.128 is rounded
        assert (laney[k] == right)[sure].all()
    for found in (weeks, far, two, laney):
        assert 0 < found.sum() < found.size


@pytest.mark.parametrize(("tau", "rho"), [(0.0, 0.0), (0.1, 0.0), (0.1, 0.6)])
def test_simulated_days_have_the_mean_the_variance_and_the_memory_that_are_asked(tau: float, rho: float) -> None:
    n = 400
    y, spread = cry_wolf._days(np.random.default_rng(8), n, tau, rho, 300)
    down, _, up = SHARES
    assert spread == pytest.approx(down + up - (up - down) ** 2)
    assert y.shape == (300, cry_wolf.DAYS + cry_wolf.LONG)
    assert y.mean() == pytest.approx(up - down, abs=0.004)
    assert y.var() == pytest.approx(tau**2 + spread / n, rel=0.04)
    apart = y - y.mean()
    assert (apart[:, 1:] * apart[:, :-1]).mean() == pytest.approx(rho * tau**2, abs=2e-4)


def test_rates_have_the_limits_of_a_share_of_so_many_years() -> None:
    t = cx.monitoring.cry_wolf(n=200, day_effect=0, rho=0, charts=40).table
    half = norm.ppf(0.975) * np.sqrt(t["estimate"] * (1 - t["estimate"]) / 40)
    np.testing.assert_allclose(t["low"], np.fmax(t["estimate"] - half, 0))
    np.testing.assert_allclose(t["high"], np.fmin(t["estimate"] + half, 1))
    assert (40 * t["estimate"] % 1 < 1e-9).all() and t["n"].eq(40).all()
