"""What cries wolf: the rates of usual practices, as simulated elsewhere, and those of cxlab."""

from __future__ import annotations

import pytest

import cxlab as cx


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
