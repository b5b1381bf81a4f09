"""All comparisons of a page as one family: what counts once, what is corrected, and how often a null page says real."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom

import cxlab as cx
from cxlab.models.metrics.contrasts import corrected
from cxlab.stats.inference import multiple

LTR = cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))


def study(table, **roles):
    kinds = {c: "integer" if pd.api.types.is_numeric_dtype(table[c]) else "string" for c in roles}
    return cx.Study(table, cx.Codebook("s", (LTR, *(cx.Field(c, type=kinds[c], role=r) for c, r in roles.items()))))


def page(seed=0, n=400):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"ltr": rng.choice([3, 8, 10], p=[0.2, 0.3, 0.5], size=n), "wave": np.repeat([1, 2], n // 2)})
    table = table.assign(sex=rng.choice(["f", "m"], n), land=rng.choice(list("abcd"), n))
    return study(table, wave="wave", sex="segment", land="segment")


def test_what_stands_in_two_tables_is_one_test():
    """Two waves: their change and their ends; two sexes: each is the other's rest; four countries: four tests."""
    s = page()
    made = [cx.trend(s, "nps")]
    made += [cx.compare(s, "nps", by=b, pairs=p) for b, p in (("wave", "ends"), ("sex", "rest"), ("land", "rest"))]
    assert [r.parts["family"] for r in made] == [1, 1, 1, 4]
    family = cx.metrics.together(*made)
    assert {r.parts["family"] for r in family} == {6}
    p = np.array([made[0].table["p"].iloc[1], made[2].table["p"].iloc[0], *made[3].table["p"]])
    order = np.sort(p)
    holm = np.fmin(np.maximum.accumulate(order * np.arange(6, 0, -1)), 1)
    got = np.array([family[0].table["p_adjusted"].iloc[1], family[2].table["p_adjusted"].iloc[0],
                    *family[3].table["p_adjusted"]])  # fmt: skip
    assert np.sort(got) == pytest.approx(holm)
    both = cx.compare(s, "nps", by="sex", pairs="rest").table
    assert both["p_adjusted"].tolist() == pytest.approx(both["p"].tolist())
    assert any(note.startswith("judged together with all 6 comparisons of this page") for note in family[1].notes)


def test_two_segments_with_the_same_codes_are_different_tests():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"a": rng.integers(0, 3, 600), "b": rng.integers(0, 3, 600)})
    table["ltr"] = np.where(rng.random(600) < 0.3 + 0.3 * (table["a"] == 0), 10, 3)
    s = study(table, a="segment", b="segment")
    family = cx.metrics.together(*(cx.compare(s, "nps", by=c, pairs="rest") for c in "ab"))
    assert family[0].parts["family"] == 6
    rows = pd.concat([r.table for r in family])
    real = rows["verdict"].str.startswith("real")
    assert real.any() and not real.all()
    assert (((rows["low"] > 0) | (rows["high"] < 0)) | ~real).all()
    assert (rows["p_adjusted"] >= rows["p"]).all()


def test_detectable_counts_all_comparisons_of_the_page():
    s = page()
    alone, family = (
        cx.compare(s, "nps", by="sex"),
        cx.metrics.together(cx.compare(s, "nps", by="sex"), cx.compare(s, "nps", by="land")),
    )
    one, seven = alone.table["detectable"][0], family[0].table["detectable"][0]
    assert family[0].parts["family"] == 7
    assert seven / one == pytest.approx((2.6901 + 0.8416) / (1.96 + 0.8416), rel=1e-3)  # z of .05 / 7 and of .05


def test_detectable_differences_are_found_with_the_power_said():
    """Ten groups of 200, 45 pairs, Holm: one group apart by the detectable difference; without the correction 39 %."""
    rng, reps, k, n = np.random.default_rng(4), 60, 10, 200
    table = pd.DataFrame({"rep": np.repeat(np.arange(reps), k * n), "g": np.tile(np.repeat(np.arange(k), n), reps)})
    draw = lambda p, size: rng.choice([3, 8, 10], p=p, size=size)  # noqa: E731
    first = table[table["rep"] == 0].assign(ltr=draw([0.2, 0.3, 0.5], k * n))
    d = cx.compare(study(first, g="segment"), "nps", by="g").table["detectable"].median() / 100
    apart = table["g"].to_numpy() == 0
    ltr = np.where(apart, draw([0.2 + d / 2, 0.3, 0.5 - d / 2], len(table)), draw([0.2, 0.3, 0.5], len(table)))
    s = study(table.assign(ltr=ltr), rep="segment", g="segment")
    found = cx.compare(s, "nps", by=["rep", "g"], correction="none").table
    found["holm"] = found.groupby("rep")["p"].transform(lambda p: corrected(p.to_numpy(), list(range(len(p))), "holm"))
    power = (found["holm"][(found["g"] == 0) | (found["against"] == 0)] < 0.05).mean()
    assert 0.72 < power < 0.95


@pytest.mark.parametrize("shares", [(0.1, 0.25, 0.65), (0.05, 0.15, 0.8)])
def test_a_null_page_says_real_one_time_in_twenty(shares):
    """Five segments of 2 to 12 groups and 8 waves of 1,500 answers. Judged by a Wald p table by table: 48 and 50 %."""
    rng, pages, n = np.random.default_rng(6), 120, 1500
    table = pd.DataFrame({"rep": np.repeat(np.arange(pages), n)})
    table["ltr"] = rng.choice([3, 8, 10], p=shares, size=pages * n)
    segments = {f"s{k}": k for k in (2, 3, 5, 8, 12)}
    for name, k in segments.items():
        share = rng.dirichlet(np.full(k, 1.0), size=1)[0]
        table[name] = rng.choice(k, p=0.9 * share + 0.1 / k, size=len(table))
    table["wave"] = np.tile(np.arange(n) // 188, pages)
    roles = {"rep": "segment", "wave": "segment", **dict.fromkeys(segments, "segment")}
    wrong = 0
    for start in range(0, pages, 20):
        s = study(table[(table["rep"] >= start) & (table["rep"] < start + 20)], **roles)
        made = [cx.compare(s, "nps", by=["rep", name], pairs="rest", correction="none") for name in segments]
        made.append(cx.compare(s, "nps", by=["rep", "wave"], pairs="consecutive", correction="none"))
        rows = pd.concat([r.table[["rep", "p"]].assign(test=r.parts["tests"]) for r in made])
        for _, own in rows.groupby("rep"):
            wrong += bool((corrected(own["p"].to_numpy(), list(own["test"]), "holm") < 0.05).any())
    assert wrong <= binom.ppf(0.999, pages, 0.05)


def test_a_result_without_comparisons_is_refused():
    s = page()
    with pytest.raises(cx.DataProblem) as problem:
        cx.metrics.together(cx.trend(s, "nps"), cx.nps(s))
    assert str(problem.value) == (
        "'Net Promoter Score' is a result of kind 'metric' without comparisons; a page is judged from results of "
        "cx.compare, cx.against, cx.trend, cx.metrics.impact and cx.pages.standing"
    )
    with pytest.raises(cx.DataProblem) as problem:
        cx.metrics.together(cx.trend(s, "nps"), correction="homl")
    assert str(problem.value) == "correction is 'homl'; did you mean 'holm'? allowed: 'holm', 'bh', 'by', 'none'"
    assert cx.metrics.together() == []


def test_benchmarks_are_part_of_the_page():
    s = page()
    made = cx.metrics.together(cx.against(s, "nps", benchmark=10, by="land"), cx.trend(s, "nps"))
    assert made[0].parts["family"] == 5
    assert cx.findings(*made).lines[-1].startswith("**Judged together**: 5 comparisons")


@pytest.mark.parametrize("each", [5, 10])
@pytest.mark.parametrize("shares", [(0.2, 0.3, 0.5), (0.02, 0.08, 0.9)])
def test_segments_of_clusters_are_called_different_as_rarely_as_promised(
    each: int, shares: tuple[float, float, float]
) -> None:
    """100 pages of six segments of whole clusters (ICC 0.2, 3 to 24 answers each), each its own Holm family."""
    runs, segments, rng = 100, 6, np.random.default_rng(1)
    drawn = runs * segments * each
    place = np.repeat(np.arange(drawn), rng.integers(3, 25, drawn))
    latent = np.sqrt(0.2) * rng.standard_normal(drawn)[place] + np.sqrt(0.8) * rng.standard_normal(len(place))
    answer = np.array([3, 8, 10])[np.searchsorted(ndtri(np.cumsum(shares)[:2]), latent)]
    page = place // (each * segments)
    data = pd.DataFrame({"ltr": answer, "place": place, "page": page, "segment": place // each % segments})
    fields = (
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
        *(cx.Field(name, type="integer", role="segment") for name in ("page", "segment")),
        cx.Field("place", type="integer", role="cluster"),
    )
    study = cx.Study(data, cx.Codebook("pages", fields))
    table = cx.compare(study, "nps", by=["page", "segment"], pairs="rest", correction="none").table
    false = [(multiple.adjusted(p.dropna().to_numpy(), "holm") < 0.05).any() for _, p in table.groupby("page")["p"]]
    assert len(false) == runs
    assert sum(false) <= binom.ppf(0.999, runs, 0.05)


def closed(p: np.ndarray, section: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The closure: every intersection by weighted Bonferroni, the sections that are there sharing the level."""
    k, out = len(p), np.zeros(len(p))
    for number in range(1, 2**k):
        members = np.array([number >> i & 1 for i in range(k)], bool)
        size = np.bincount(section[members], minlength=len(share))
        own = np.where(size > 0, share, 0) / share[size > 0].sum()
        least = min(1.0, (p[members] / (own / np.fmax(size, 1))[section[members]]).min())
        out[members] = np.fmax(out[members], least)
    return out


@pytest.mark.parametrize("seed", range(12))
def test_sections_are_the_closure_of_weighted_bonferroni_tests(seed: int) -> None:
    rng = np.random.default_rng(seed)
    section, share = rng.integers(0, 3, 7), np.array([2.0, 1.0, 2.0])
    p = rng.uniform(size=7) ** 4
    assert multiple.shared_out(p, section, share) == pytest.approx(closed(p, section, share))


def test_one_section_is_holm_and_unknown_tests_do_not_count() -> None:
    p = np.array([0.03, np.nan, 0.001, 0.2])
    assert multiple.shared_out(p, [0] * 4, [1.0]) == pytest.approx(multiple.adjusted(p, "holm"), nan_ok=True)
    two = multiple.shared_out(p, [0, 1, 0, 0], [1.0, 5.0])  # the other section has no test: its share is nobody's
    assert two == pytest.approx(multiple.adjusted(p, "holm"), nan_ok=True)


def test_a_section_does_not_pay_for_the_tests_of_another() -> None:
    """Forty tests of nothing beside one of p = .004: among all it is not real, in a section of its own it is."""
    p, section = np.array([0.004, *np.linspace(0.1, 0.9, 40)]), np.array([0] + [1] * 40)
    assert multiple.adjusted(p, "holm")[0] > 0.1
    assert multiple.shared_out(p, section, [1, 1])[0] == pytest.approx(0.008)


def test_false_reals_of_sections_are_as_rare_as_said_and_true_ones_more_frequent() -> None:
    """Pages of 20 + 60 + 20 correlated tests; one then differs by 3.7 standard errors. Holm over all: 5 %."""
    rng, pages = np.random.default_rng(2), 2000
    section = np.repeat([0, 1, 2], [20, 60, 20])
    z = 0.6 * rng.standard_normal((pages, 100)) + 0.8 * rng.standard_normal((pages, 3))[:, section]
    p = 2 * ndtr(-np.abs(z))
    false = np.mean([multiple.shared_out(x, section, [2, 2, 1]).min() < 0.1 for x in p[:1000]])
    assert binom.ppf(1e-3, 1000, 0.02) / 1000 <= false <= binom.ppf(1 - 1e-3, 1000, 0.1) / 1000
    for place, gain in ((0, 0.12), (20, 0.01)):  # one of the first metric's, one of the touchpoints'
        moved = z.copy()
        moved[:, place] += 3.7
        p = 2 * ndtr(-np.abs(moved))
        found = np.mean([multiple.shared_out(x, section, [2, 2, 1])[place] < 0.1 for x in p])
        flat = np.mean([multiple.adjusted(x, "holm")[place] < 0.05 for x in p])
        assert found > flat + gain


def test_a_page_in_sections_says_how_the_level_is_divided() -> None:
    s = page()
    made = [
        cx.trend(s, "nps"),
        cx.compare(s, "nps", by="sex", pairs="rest"),
        cx.compare(s, "nps", by="land", pairs="rest"),
    ]
    family = cx.metrics.together(
        *made, sections=["first", "first", "groups"], shares={"first": 3, "groups": 1}, chance=0.1
    )
    assert family[0].notes[-1] == (
        "judged together with all 6 comparisons of this page: Holm (family-wise error) of 10% over the page, divided "
        "before looking: first 7.5%, groups 2.5% (Bretz et al. 2009)"
    )
    assert cx.findings(*family).lines[-1] == (
        "**Judged together**: 6 comparisons (Holm (family-wise error)); where nothing differs, one page in 10 has a "
        "false 'real' on it. This chance is divided before looking: first 7.5%, groups 2.5%."
    )
    alone, first = made[1].table["detectable"][0], family[1].table["detectable"][0]
    assert first / alone == pytest.approx((-ndtri(0.0375 / 2) + 0.8416) / (1.96 + 0.8416), rel=1e-3)
    assert any("verdict: 'real' if the corrected p is below 0.1" in note for note in family[0].notes)


def test_real_has_an_interval_without_0_whatever_the_chance() -> None:
    """One comparison of p between .05 and .1 on a page of chance .1."""
    for seed in range(60):
        made = cx.compare(page(seed), "nps", by="sex", pairs="rest")
        if 0.05 < made.table["p"][0] < 0.1:
            break
    (one,) = cx.metrics.together(made, chance=0.1)
    assert one.table["low"][0] < 0 < one.table["high"][0]
    assert one.table["verdict"].tolist() == made.table["verdict"].tolist()
    assert one.table["p_adjusted"][0] == pytest.approx(2 * made.table["p"][0])


def test_impacts_are_part_of_the_page_and_say_so_when_alone() -> None:
    s = page()
    alone = cx.metrics.impact(s, "land")
    said = "judged alone: the corrected p counts these 4 topics and nothing else on a page"
    assert f"{said} (cx.metrics.together judges a page)" in alone.notes
    impact, trend = cx.metrics.together(alone, cx.trend(s, "nps"))
    assert impact.parts["family"] == trend.parts["family"] == 5
    assert not any(note.startswith("judged alone") for note in impact.notes)
    p = [*alone.table["p"], trend.table["p"].iloc[1]]
    assert [*impact.table["p_adjusted"], trend.table["p_adjusted"].iloc[1]] == pytest.approx(
        multiple.adjusted(p, "holm")
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sections": ["a"]}, "sections names 1 sections for 2 results; give one a result"),
        ({"sections": ["a", "b"], "shares": {"a": 1, "c": 1}}, "sections 'b' is not in shares. There are: a, c"),
        ({"sections": ["a", "b"], "shares": {"a": 1, "b": 0}}, "shares has 0 for b; a share is a number above 0"),
        ({"chance": 1.5}, "chance is 1.5; it is a probability between 0 and 1, as 0.05"),
        (
            {"chance": 0.1, "correction": "bh"},
            "correction is 'bh'; sections and chance divide a family-wise level: use 'holm'",
        ),
    ],
)  # fmt: skip
def test_sections_that_cannot_be_are_refused(given: dict, said: str) -> None:
    s = page()
    with pytest.raises(cx.DataProblem) as problem:
        cx.metrics.together(cx.trend(s, "nps"), cx.metrics.impact(s, "land"), **given)
    assert str(problem.value) == said


def test_what_was_not_tested_gets_no_verdict_from_the_page():
    study = cx.load("brand-tracker")
    alone = cx.trend(study, "nps")
    (paged,) = cx.metrics.together(alone, chance=0.1)
    untested = alone.table["p"].isna()
    assert untested.tolist() == [True] + [False] * 7
    assert (paged.table.loc[untested, "verdict"] == "").all() and paged.table.loc[untested, "p_adjusted"].isna().all()
    assert (paged.table.loc[~untested, "verdict"] != "").all()
