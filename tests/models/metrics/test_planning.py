"""Planning in the units of the metrics, from numbers or from a study, with population and design effect."""

import numpy as np
import pytest

import cxlab as cx


def test_reference_table_in_nps_points():
    """Variance .61: half-widths and two-wave detectable changes of the project's methods notes."""
    r = cx.detectable("nps", (0.2, 0.3, 0.5), [50, 100, 200, 400, 1000, 2000])
    assert r.table["half_width"].tolist() == pytest.approx([21.6, 15.3, 10.8, 7.7, 4.8, 3.4], abs=0.051)
    assert r.table["difference"].tolist() == pytest.approx([43.8, 30.9, 21.9, 15.5, 9.8, 6.9], abs=0.051)
    assert (r.unit, r.kind) == ("points", "plan")


def test_size_detectable_and_power_agree():
    n = cx.sample_size("csat", 0.7, 0.05, power=0.9).table["n"][0]
    assert cx.detectable("csat", 0.7, n, power=0.9).table["difference"][0] == pytest.approx(0.05, abs=1e-4)
    assert cx.power("csat", 0.7, n, 0.05).table["power"][0] == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize("kind", ["one", "two", "equivalent", "not-worse"])
def test_design_effect_multiplies_and_population_caps(kind):
    plain = cx.sample_size("nps", (0.2, 0.3, 0.5), 10, kind=kind).table["n"][0]
    double = cx.sample_size("nps", (0.2, 0.3, 0.5), 10, kind=kind, deff=2).table["n"][0]
    assert double == pytest.approx(2 * plain, abs=1)
    few = cx.sample_size("nps", (0.2, 0.3, 0.5), 10, kind=kind, population=1000).table["n"][0]
    assert few == pytest.approx(1 / (1 / plain + 1 / 1000), abs=1)


def test_a_study_gives_its_variance_and_design_effect():
    s = cx.load("brand-tracker")
    nps = cx.nps(s).table.iloc[0]
    n = 500
    r = cx.detectable("nps", s, n)
    se = nps["se"] * np.sqrt(nps["n"] / n)  # the same design, n answers
    assert r.table["half_width"][0] == pytest.approx(1.959964 * se, rel=1e-3)
    assert cx.detectable("nps", s, n, deff=1).table["difference"][0] < r.table["difference"][0]


def test_standard_deviation_of_a_mean():
    assert cx.sample_size("mean", 1.1, 0.2).table["n"][0] == int(np.ceil(2 * 1.21 * (1.959964 + 0.841621) ** 2 / 0.04))


def refused(call):
    with pytest.raises(cx.DataProblem) as problem:
        call()
    return str(problem.value)


def test_what_cannot_be_planned_is_refused():
    assert refused(lambda: cx.sample_size("nps", 0.3, 5)) == (
        "expect is 0.3; for NPS give the shares of detractors, passives and promoters"
    )
    assert refused(lambda: cx.sample_size("csat", 1.2, 0.05)) == (
        "expect is 1.2; for csat give the share, between 0 and 1"
    )
    assert refused(lambda: cx.sample_size("csat", 0.7, -0.05)) == (
        "difference is -0.05; it is positive, one number or several"
    )
    assert refused(lambda: cx.sample_size("csat", 0.7, 0.05, power=80)) == (
        "power is 80; it lies between 0 and 1, usually 0.8"
    )
    assert refused(lambda: cx.sample_size("csat", 0.7, 0.05, kind="three")) == (
        "kind is 'three'; allowed: 'two', 'one', 'equivalent', 'not-worse'"
    )
