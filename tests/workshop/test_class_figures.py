"""The figures of the instructor's notes: a fresh small simulation finds them again, and so do textbook formulas."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.stats import beta, binom, norm

from benchmarks import class_figures
from cxlab.workshop.instructor import page
from cxlab.workshop.lesson import drawn
from cxlab.workshop.lessons import noise
from cxlab.workshop.outlines import NAMES, outline
from cxlab.workshop.phrases import Figure, figures
from cxlab.workshop.seat import Place

FRESH = dict.fromkeys(NAMES, 1) | {"noise": 60, "peeking": 4}
"""Classes simulated anew; the quick ones more often."""


@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_simulation_finds_the_figures_of_the_notes_again(name):
    known = dict(figures()[name])
    classes, k = known.pop("classes"), FRESH[name]
    found = class_figures.simulated(name, k, seed=2)
    assert list(found) == list(known)
    for figure, values in found.items():
        p, spread = known[figure]["value"], known[figure]["spread"]
        if set(values) <= {0.0, 1.0} and abs(spread**2 * (classes - 1) / classes - p * (1 - p)) < 1e-3:
            many = round(p * classes)  # a share of classes: binomial bounds, of both simulations
            low = beta.ppf(1e-3, many, classes - many + 1) if many else 0.0
            high = beta.ppf(1 - 1e-3, many + 1, classes - many) if many < classes else 1.0
            assert binom.ppf(1e-3, k, low) <= values.sum() <= binom.ppf(1 - 1e-3, k, high), figure
        else:
            bound = 4 * spread * np.sqrt(1 / k + 1 / classes)
            assert values.mean() == pytest.approx(p, abs=bound + 1e-4 * abs(p)), figure


def test_the_quick_nps_of_the_simulation_is_that_of_the_lesson():
    for seat in range(1, 6):
        got = drawn(outline("noise"), Place("trial", seat, 5, b"trial"))
        quick, right = class_figures.quick_nps(noise.scores(got)), noise.right(got)
        assert [quick.value, quick.low, quick.high] == pytest.approx([right.value, right.low, right.high], abs=1e-9)


def test_figures_are_those_of_formulas_where_there_are_some():
    """Binomial and normal distributions; the dashboards' 24.8 % are Armitage, McPherson & Rowe 1969."""
    value = lambda lesson, name: figures()[lesson][name]["value"]  # noqa: E731
    assert value("noise", "se") == pytest.approx(7.8, abs=0.05)  # sqrt(.65 - .2**2) * 10
    assert value("noise", "gap_se") == pytest.approx(7.8 * np.sqrt(2), abs=0.1)
    assert value("noise", "span") == pytest.approx(3.735 * 7.8, abs=0.5)  # mean range of twenty normal values
    assert value("noise", "held") == pytest.approx(19, abs=0.1)
    assert value("noise", "held_18") == pytest.approx(binom.cdf(18, 20, 0.95), abs=0.03)
    assert value("noise", "held_17") == pytest.approx(binom.cdf(17, 20, 0.95), abs=0.02)
    assert value("noise", "apart") == pytest.approx(2 * norm.sf(12 / (7.8 * np.sqrt(2))), abs=0.03)
    assert value("rebound", "missed_1") == pytest.approx(binom.sf(0, 20, 0.05), abs=0.12)
    assert value("claimed", "readers") == pytest.approx(0.9, abs=0.002)
    assert value("claimed", "all") == pytest.approx(0.66 * 0.9, abs=0.002)
    assert value("claimed", "all_sd") == pytest.approx(100 * np.sqrt(0.594 * 0.406 / 300), abs=0.1)
    assert value("peeking", "once") == pytest.approx(0.05, abs=0.01)
    assert value("peeking", "found") == pytest.approx(0.248, abs=0.02)
    assert value("peeking", "found_2") == pytest.approx(binom.cdf(2, 20, 0.248), abs=0.05)
    assert value("peeking", "weekly") == pytest.approx(1 - 0.95**20, abs=0.06)
    assert value("codes", "right") == pytest.approx(0.24 * 0.95 + 0.76 * 0.9, abs=0.005)
    assert value("codes", "machine_off") == pytest.approx(100 * (0.76 * 0.1 - 0.24 * 0.05), abs=0.5)
    assert value("codes", "corrected_off") == pytest.approx(100 * (0.76 * 0.02 - 0.24 * 0.02), abs=0.5)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_notes_has_its_figures_and_no_names_of_them(name, language):
    said = page(outline(name), language)
    assert not re.search(r"\{\w*(:.*?)?\}", said)
    assert len(said.splitlines()) < 45
    if language == "de":
        assert not re.search(r"\d\.\d", said.replace("v0.", ""))  # a comma in German numbers


@pytest.mark.parametrize(
    ("value", "spec", "language", "said"),
    [
        (7.81, "1", "de", "7,8"), (-52.6, "0", "en", "−53"), (0.254, "%", "en", "25 %"), (0.004, "1%", "de", "0,4 %"),
        (0.0, "%", "en", "under 1.5 %"), (0.0, "1%", "de", "unter 1,5 %"), (1.0, "%", "de", "über 98,5 %"),
        (0.0, "1", "en", "0.0"), (19.03, "0", "en", "19"),
    ],
)  # fmt: skip
def test_a_figure_is_printed_in_its_language_and_never_as_impossible(value, spec, language, said):
    """What was not seen in 200 classes is not impossible: up to 3 in 200 (the rule of three)."""
    assert format(Figure(value, 200, language), spec) == said
