"""Planning in the units of the metrics, from numbers or from a study, with population and design effect."""

import numpy as np
import pytest

import cxlab as cx
from cxlab.stats.inference import differences, proportions, trinomial


def test_reference_table_in_nps_points():
    """Variance .61: half-widths of the methods notes; the changes are larger where the other group varies more."""
    r = cx.metrics.detectable("nps", (0.2, 0.3, 0.5), n=[50, 100, 200, 400, 1000, 2000])
    assert r.table["half_width"].tolist() == pytest.approx([21.6, 15.3, 10.8, 7.7, 4.8, 3.4], abs=0.051)
    notes = np.array([43.8, 30.9, 21.9, 15.5, 9.8, 6.9])  # both groups vary as the one that is expected
    assert ((r.table["difference"] > notes - 0.051) & (r.table["difference"] < 1.07 * notes)).all()
    assert (r.unit, r.kind) == ("points", "plan")


def test_size_detectable_and_power_agree():
    n = cx.sample_size("csat", 0.7, difference=0.05, power=0.9).table["n"][0]
    assert cx.metrics.detectable("csat", 0.7, n=n, power=0.9).table["difference"][0] == pytest.approx(0.05, abs=1e-4)
    assert cx.metrics.power("csat", 0.7, n=n, difference=0.05).table["power"][0] == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize("kind", ["one", "two", "equivalent", "not-worse"])
def test_design_effect_multiplies_and_population_caps(kind):
    plain = cx.sample_size("nps", (0.2, 0.3, 0.5), difference=10, kind=kind).table["n"][0]
    double = cx.sample_size("nps", (0.2, 0.3, 0.5), difference=10, kind=kind, deff=2).table["n"][0]
    assert double == pytest.approx(2 * plain, abs=1)
    few = cx.sample_size("nps", (0.2, 0.3, 0.5), difference=10, kind=kind, population=1000).table["n"][0]
    assert few == pytest.approx(1 / (1 / plain + 1 / 1000), abs=1)


def test_a_study_gives_its_variance_and_design_effect():
    s = cx.load("brand-tracker")
    nps = cx.nps(s).table.iloc[0]
    n = 500
    r = cx.metrics.detectable("nps", s, n=n)
    se = nps["se"] * np.sqrt(nps["n"] / n)  # the same design, n answers
    assert r.table["half_width"][0] == pytest.approx(1.959964 * se, rel=1e-3)
    assert cx.metrics.detectable("nps", s, n=n, deff=1).table["difference"][0] < r.table["difference"][0]


def test_standard_deviation_of_a_mean():
    assert cx.sample_size("mean", 1.1, difference=0.2).table["n"][0] == int(
        np.ceil(2 * 1.21 * (1.959964 + 0.841621) ** 2 / 0.04)
    )


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [((0.05, 0.15, 0.8), (0.15, 0.15, 0.7), 20), ((0.05, 0.15, 0.8), (0.1, 0.15, 0.75), 10),
     ((0.1, 0.0, 0.9), (0.15, 0.0, 0.85), 0.05), ((0.4, 0.0, 0.6), (0.5, 0.0, 0.5), 0.1)],
)  # fmt: skip
def test_the_planned_size_has_its_power_where_the_groups_vary_unequally(one, other, difference):
    """NPS 75 falling by 20: with the variance of NPS 75 for both groups 113 answers had a power of .66; shares: .72."""
    metric, reps = ("nps", 4000) if difference > 1 else ("csat", 4000)
    n = int(cx.sample_size(metric, one if metric == "nps" else one[2], difference=difference).table["n"][0])
    rng = np.random.default_rng(8)
    arms = [rng.multinomial(n, p, reps).T.astype(float) for p in (one, other)]
    if metric == "nps":
        found = [((a[2] - a[0]) / n, *trinomial.score(*a)) for a in arms]
    else:
        found = [(a[2] / n, *proportions.wilson(a[2], n)) for a in arms]
    low, high = differences.mover(*found)
    assert ((low > 0) | (high < 0)).mean() == pytest.approx(0.8, abs=0.025)


def refused(call):
    with pytest.raises(cx.DataProblem) as problem:
        call()
    return str(problem.value)


def test_what_cannot_be_planned_is_refused():
    assert refused(lambda: cx.sample_size("nps", 0.3, difference=5)) == (
        "expect is 0.3; for NPS give the shares of detractors, passives and promoters"
    )
    assert refused(lambda: cx.sample_size("csat", 1.2, difference=0.05)) == (
        "expect is 1.2; for csat give the share, between 0 and 1"
    )
    assert refused(lambda: cx.sample_size("csat", 0.7, difference=-0.05)) == (
        "difference is -0.05; it is positive, one number or several"
    )
    assert refused(lambda: cx.sample_size("csat", 0.7, difference=0.05, power=80)) == (
        "power is 80; it lies between 0 and 1, usually 0.8"
    )
    assert refused(lambda: cx.sample_size("csat", 0.7, difference=0.05, kind="three")) == (
        "kind is 'three'; allowed: 'two', 'one', 'equivalent', 'not-worse'"
    )


ODD = {
    "all alike": (
        {"expect": (0, 0, 1)},
        "expect is (0, 0, 1): all answer alike, so nothing varies and any number would do",
    ),
    "no number": (
        {"expect": (float("nan"), 0.5, 0.5)},
        "expect is (nan, 0.5, 0.5); for NPS give the shares of detractors, passives and promoters",
    ),
    "no effect": ({"deff": 0.0}, "deff is 0.0; a design effect is a number above 0, 1 of a simple random sample"),
    "below it": ({"deff": -1.0}, "deff is -1.0; a design effect is a number above 0, 1 of a simple random sample"),
    "endless": ({"deff": np.inf}, "deff is inf; a design effect is a number above 0, 1 of a simple random sample"),
}


@pytest.mark.parametrize("case", ODD)
def test_every_plan_refuses_what_does_not_vary_or_is_no_design(case: str):
    odd, said = ODD[case]
    given = {"expect": (0.2, 0.3, 0.5), **odd}
    assert refused(lambda: cx.sample_size("nps", difference=5, **given)) == said
    assert refused(lambda: cx.metrics.detectable("nps", n=400, **given)) == said
    assert refused(lambda: cx.metrics.power("nps", n=400, difference=5, **given)) == said
    assert refused(lambda: cx.measurement_plan({"touchpoint": ["a", "b"]}, budget=100, **given)) == said


@pytest.mark.parametrize(
    ("moments", "said"),
    [
        ({"cost": [None, 2]}, "cost of 'a' is missing; give it, or leave the column out"),
        ({"response": [0.2, None]}, "response of 'b' is missing; give it, or leave the column out"),
        ({"cost": [float("inf"), 1]}, "cost of 'a' is inf; it is a number above 0"),
        ({"touchpoint": ["a", " "]}, "moments has a row without a touchpoint; name it, or leave the row out"),
    ],
)
def test_a_plan_takes_no_number_for_a_missing_one(moments: dict, said: str):
    given = {"touchpoint": ["a", "b"], **moments}
    assert refused(lambda: cx.measurement_plan(given, budget=100, expect=(0.2, 0.3, 0.5))) == said
