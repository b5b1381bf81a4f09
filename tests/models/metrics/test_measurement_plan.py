"""Where to ask how many: the allocation by hand, and its promise in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

import cxlab as cx

MOMENTS = {"touchpoint": ["chat", "shop", "phone"], "cost": [1, 2.5, 6]}
SHARES = (0.2, 0.3, 0.5)  # variance .61


def test_the_allocation_of_a_budget_by_hand() -> None:
    found = cx.measurement_plan(MOMENTS, budget=3000, expect=SHARES)
    table = found.table  # 596.3, 377.2, 243.5 before they are whole; half-widths 6.27, 7.88, 9.81
    assert table["n"].tolist() == [596, 377, 243]
    assert table["half_width"].tolist() == pytest.approx([6.27, 7.88, 9.81], abs=0.02)
    assert 2990 < found.parts["spent"] <= 3000
    assert table["detectable"].iloc[0] == pytest.approx(2.8016 * np.sqrt(2 * 0.61 / 596) * 100, rel=1e-3)


def test_what_one_cannot_use_goes_to_the_others() -> None:
    small = {**MOMENTS, "customers": [9000, 300, 9000], "response": [0.5, 0.2, 0.5], "priority": [1, 1, 2]}
    found = cx.measurement_plan(small, budget=3000, expect=SHARES)
    n = found.table["n"].tolist()
    assert n[1] == 60 and found.table["invite"].tolist()[1] == 300
    assert n[2] / n[0] == pytest.approx(2 / np.sqrt(6), rel=0.01)
    assert 2980 < found.parts["spent"] <= 3000
    assert "everybody who would answer is asked at: shop" in found.notes


def test_a_touchpoint_of_too_few_is_not_worth_asking_and_says_how_long_it_takes() -> None:
    table = cx.measurement_plan(MOMENTS, budget=3000, expect=SHARES, smallest=15).table
    assert table["verdict"].tolist() == ["ask", "not worth asking", "not worth asking"]
    enough = cx.sample_size("nps", SHARES, difference=15, kind="two").table["n"].iloc[0]
    assert table["periods"].tolist()[1] >= np.ceil(0.9 * enough / 377)


def test_the_promised_power_holds() -> None:
    table = cx.measurement_plan(MOMENTS, budget=9000, expect=SHARES).table
    n, change = int(table["n"].iloc[0]), table["detectable"].iloc[0]
    rng, found, runs = np.random.default_rng(1), 0, 2_000
    after = (0.2 + change / 200, 0.3, 0.5 - change / 200)
    for _ in range(runs):
        a, b = (rng.multinomial(n, p) / n for p in (SHARES, after))
        net = [x[2] - x[0] for x in (a, b)]
        se = np.sqrt(sum((x[0] + x[2] - m * m) / n for x, m in zip((a, b), net, strict=True)))
        found += abs(net[0] - net[1]) > 1.96 * se
    assert binom.ppf(0.001, runs, 0.77) <= found <= binom.ppf(0.999, runs, 0.83)


def test_wrong_input_is_said() -> None:
    for moments, options, said in [
        ({"touchpoints": ["a"]}, {}, "moments has a column 'touchpoints'; did you mean 'touchpoint'"),
        ({"touchpoint": ["a", "a"]}, {}, "names 'a' twice"),
        ({"touchpoint": ["a"], "response": [20]}, {}, "response of 'a' is 20; it is a rate above 0 up to 1"),
        ({"touchpoint": ["a"], "cost": ["free"]}, {}, "cost of 'a' is free; it is a number above 0"),
        ({"touchpoint": ["a"], "cooldown": [-1]}, {}, "cooldown of 'a' is -1; it is a number of periods, 0 or more"),
        (MOMENTS, {"budget": 0}, "budget is 0; it is money a period, above 0"),
        (MOMENTS, {"smallest": -1}, "smallest is -1"),
        (MOMENTS, {"metric": "mean", "expect": 1.0}, "smallest= is needed"),
    ]:
        with pytest.raises(cx.DataProblem, match=said):
            cx.measurement_plan(moments, **{"budget": 100, "expect": SHARES, **options})


def test_a_plan_says_how_many_answers_a_change_takes_by_hand() -> None:
    """Variance .61 of NPS 20/30/50; (1.96 + .8416)**2 * 2 * .61 / .05**2 for a change of 5 points."""
    found = cx.measurement_plan(MOMENTS, budget=3000, expect=SHARES, smallest=5)
    assert found.parts["needed"] == 3831
    assert found.table["periods"].tolist() == [7, 11, 16]
    assert any(n.endswith("every touchpoint; a touchpoint needs 3,831 answers a period for that") for n in found.notes)
    assert "7.0 " not in repr(found)


def test_who_was_asked_is_left_alone_for_the_cooldown() -> None:
    """300 customers, one in three of whom may be asked a period, half of whom answer: 50."""
    rest = {"touchpoint": ["chat", "shop"], "customers": [300, 9000], "response": [0.5, 0.2], "cooldown": [2, 0]}
    found = cx.measurement_plan(rest, budget=1000, expect=SHARES)
    assert found.table["n"].tolist() == [50, 950] and found.table["invite"].tolist() == [100, 4750]
    assert found.table["per_customer"].tolist() == pytest.approx([1 / 3, 4750 / 9000])
    assert "33.3 %" in repr(found)
    assert any(n.startswith("who was invited is left alone at that touchpoint only") for n in found.notes)
