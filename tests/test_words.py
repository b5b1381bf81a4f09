"""The table of words and intervals against known truth: every line is there, and none has left its goal."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binom

import cxlab as cx
from benchmarks import coverages, guard_cases, model_cases, page_cases, rank_cases, tool_cases, word_cases, words

ROWS = json.loads(words.OUT.read_text(encoding="utf-8"))


def test_the_table_has_every_line() -> None:
    lines = [(line.what, line.cell) for line in (*words.COVERAGE, *words.WORDS, *words.MORE)]
    assert [(r["what"], r["cell"].partition(" (said")[0]) for r in ROWS] == lines
    assert words.OUT.with_suffix(".md").read_text(encoding="utf-8") == words.written(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['what']}, {r['cell']}")
def test_a_line_keeps_its_goal_within_chance(row: dict) -> None:
    goal, room = row["goal"], 4 * max(row["error"], 1.0)
    if goal.startswith("at most"):
        assert row["now"] <= float(goal.split()[-1]) + room
    elif goal in ("95", "80"):
        assert row["now"] >= float(goal) - room


def test_dividing_a_page_finds_more_on_the_same_pages() -> None:
    power = [r for r in ROWS if r["goal"] == "power"]
    for flat, divided in zip(power[::2], power[1::2], strict=True):
        assert divided["now"] > flat["now"]


def test_two_groups_that_do_not_differ_are_rarely_called_real() -> None:
    """Wald: 35 of 100."""
    hits = word_cases.one_comparison(words.SKEWED, 10, 200)(np.random.default_rng(1), 300)
    assert hits.sum() <= binom.ppf(0.999, 300, 0.05)


def test_no_false_real_on_more_pages_than_said() -> None:
    hits = word_cases.scorecard_page(words.MIDDLE)(np.random.default_rng(2), 25)
    assert hits.sum() <= binom.ppf(0.999, 25, 0.1)


def test_slopes_of_two_segments_hold() -> None:
    """With the spread of the segments taken for known: 80 of 100."""
    hits = coverages.segment_slopes((0.2, 0.4), 150)(np.random.default_rng(3), 60)
    assert hits.sum() >= binom.ppf(1e-3, 120, 0.95)


def test_a_weak_construct_says_that_its_interval_is_too_short() -> None:
    notes = cx.index(coverages.path_study(np.random.default_rng(1), 60), model=coverages.path_model(), draws=100).notes
    assert any(
        note.endswith("With 60 answers the interval of such an index holds in fewer samples than it says.")
        for note in notes
    )


def test_no_kink_is_found_where_none_is() -> None:
    """Without the clusters: 52 of 100."""
    assert coverages.no_kink()(np.random.default_rng(4), 20).sum() <= binom.ppf(0.999, 20, 0.05)


def test_a_page_whose_planned_sample_is_drawn_has_its_power() -> None:
    """With equal variances assumed: 66 of 100."""
    hits = word_cases.planned((0.05, 0.15, 0.8), 20)(np.random.default_rng(5), 300)
    assert hits.sum() >= binom.ppf(1e-3, 300, 0.8)


def test_shares_at_the_bound_are_rarely_called_equal() -> None:
    """By the normal distribution: 10.7 of 100."""
    hits = model_cases.equivalence(0.005, 0.035, 200)(np.random.default_rng(4), 250)
    assert hits.sum() <= binom.ppf(0.999, 250, 0.05)


def test_changes_of_waves_that_share_people_hold() -> None:
    hits = model_cases.same_people(100, 0.7, 0.3)(np.random.default_rng(5), 200)
    assert binom.ppf(1e-3, 200, 0.95) <= hits.sum() <= binom.ppf(0.9999, 200, 0.95)


@pytest.mark.parametrize("model", ["ols", "mixed"])
def test_the_effect_of_an_arm_given_to_few_clusters_holds(model: str) -> None:
    hits = model_cases.line_under_clusters(12, 4, model=model)(np.random.default_rng(6), 40)
    assert hits.sum() >= binom.ppf(1e-3, 40, 0.95)


def test_a_slope_in_a_domain_that_leaves_strata_alone_holds() -> None:
    """Without the clusters of the whole sample the error is a third too small."""
    hits = model_cases.lonely_domain()(np.random.default_rng(7), 25)
    assert hits.sum() >= binom.ppf(1e-3, 25, 0.95)


def test_what_is_said_to_be_found_is_found() -> None:
    """Without the correction for 45 pairs: 39 of 100."""
    hits = model_cases.detectable()(np.random.default_rng(8), 8)
    assert hits.mean() >= 0.6


@pytest.mark.parametrize("design", ["", "clusters", "weights"])
def test_few_rows_of_a_table_have_letters_where_nothing_differs(design: str) -> None:
    hits = tool_cases.letters("bonferroni", design)(np.random.default_rng(9), 12)
    assert hits.mean() <= 0.15  # rows of one table go together


def test_few_tables_have_a_letter_by_the_rate_of_false_ones() -> None:
    """With the error of a few heavy answers alone: 16 of 100 tables."""
    hits = tool_cases.letters("bh", "weights")(np.random.default_rng(11), 25)
    assert hits.sum() <= binom.ppf(0.999, 25, 0.05)


def test_a_whole_page_on_which_nothing_differs_rarely_says_real() -> None:
    """Skewed answers of whole stores, in waves and kinds of stores, by the calls of the scorecard's notebook."""
    rng, world = np.random.default_rng(10), "60 stores of unequal size, ICC .15"
    found = [page_cases.page(page_cases.null_study(rng, world, page_cases.SKEWED)) for _ in range(2)]
    assert sum(f["page"] for f in found) <= 1
    assert sum(f["message"] for f in found) <= 1


@pytest.mark.parametrize("tool", guard_cases.TOOLS)
def test_few_treated_units_are_no_evidence(tool: str) -> None:
    """One treated of 20 said an effect in 65 of 100 (least squares), 60 of 100 (CX-11) where there was none."""
    hits = {k: guard_cases.false_positive(tool, k)(np.random.default_rng(12 + k), 6) for k in (1, 2, 3)}
    assert hits[1].sum() == 0  # refused, or its place among 20
    assert sum(h.sum() for h in hits.values()) <= binom.ppf(0.9995, 18, 0.05)


@pytest.mark.parametrize("tool", ["ols", "compare", "experiment"])
def test_few_untreated_units_are_no_evidence(tool: str) -> None:
    hits = {k: guard_cases.false_positive(tool, k)(np.random.default_rng(30 + k), 4) for k in (17, 18, 19)}
    assert hits[19].sum() == 0
    assert sum(h.sum() for h in hits.values()) <= binom.ppf(0.9995, 12, 0.05)


@pytest.mark.parametrize("id", guard_cases.CLAIMS)
def test_no_claim_is_supported_by_few_clusters_on_either_side(id: str) -> None:
    """One treated of 20 supported CX-11 in 22 of 100 studies in which nothing was true."""
    hits = [guard_cases.false_verdict(id, k)(np.random.default_rng(40 + k), 4) for k in guard_cases.TREATED]
    assert hits[0].sum() == hits[-1].sum() == 0
    assert sum(h.sum() for h in hits) <= binom.ppf(0.9995, 4 * len(hits), 0.025)


def test_a_league_of_equal_units_holds_all_ranks_at_once() -> None:
    """Marginal sets taken together: 70 to 89 of 100."""
    hits = rank_cases.league_ranks([0.0] * 8, [20, 40, 60, 100] * 2, "all")(np.random.default_rng(13), 12)
    assert hits.sum() >= binom.ppf(1e-3, 12, 0.95)


def test_means_over_few_clusters_of_unequal_size_hold() -> None:
    """With as many degrees of freedom as clusters less one: 91 to 93 of 100."""
    for metric in ("nps", "csat", "mean"):
        hits = model_cases.clustered(words.EVEN, 8, 0.2, metric)(np.random.default_rng(14), 1200)
        assert hits.sum() >= binom.ppf(0.01, 1200, 0.95)


def test_a_planned_fall_of_csat_is_found() -> None:
    hits = rank_cases.planned_share(0.9, 0.85)(np.random.default_rng(15), 300)
    assert hits.sum() >= binom.ppf(1e-3, 300, 0.8)
