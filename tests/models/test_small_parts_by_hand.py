"""Parts of models on their own, each against a hand calculation or another program, under unequal weights."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import logit
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.metrics import adjusted_rand_score, brier_score_loss, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

import cxlab as cx
from cxlab.hypotheses.estimation import _behind
from cxlab.hypotheses.scored_answers import ScoredAnswers
from cxlab.models.benchmarks.certain_pairs import Answers, _arm
from cxlab.models.drivers.asymmetry import Cell, _balance, _class
from cxlab.models.journeys.handoffs import _exposed, _median
from cxlab.models.journeys.journey_types import _rand
from cxlab.models.loyalty import churn_model
from cxlab.models.metrics.impacts import _of_all
from cxlab.models.personas.kinds import _levels
from cxlab.models.pilots.rollout_plan import _starts
from cxlab.models.text.claimed_numbers import _sentence
from cxlab.models.text.star_jump import _placed
from cxlab.stats.inference import trinomial
from cxlab.stats.text.plain_text import LONGEST


@pytest.mark.parametrize(
    ("ends", "cuts", "low", "high"),
    [((1, 5), (0.25, 0.75), [1, 2], [4, 5]), ((0, 10), (0.3, 0.7), [0, 1, 2, 3], [7, 8, 9, 10]),
     ((1, 7), (1 / 3, 2 / 3), [1, 2, 3], [5, 6, 7]), ((1, 4), (0.2, 0.8), [1], [4])],
)  # fmt: skip
def test_answers_on_a_cut_are_low_and_high(
    ends: tuple[int, int], cuts: tuple[float, float], low: list[int], high: list[int]
) -> None:
    x = np.arange(ends[0], ends[1] + 1.0)
    times = 10 + np.arange(len(x))
    cell = Cell(*ends, cuts, x, times, 0)
    assert x[cell.low(x)].tolist() == low and x[cell.high(x)].tolist() == high
    assert cell.n_low == sum(10 + k - ends[0] for k in low) and cell.n_high == sum(10 + k - ends[0] for k in high)


def test_penalties_and_rewards_make_a_class() -> None:
    p, r = np.array([-3.0, -1, -1, 1, -1, -2]), np.array([1.0, 1, 3, 1, -1, 0])
    np.testing.assert_allclose(_balance(p, r), [-0.5, 0, 0.5, 1, -1, -1])
    assert _class(p, r, 0.2).tolist() == [0, 1, 2, 3, 3, 3]


@pytest.mark.parametrize("sign", [1, -1])
def test_limits_of_a_share_among_pairs_are_wilsons_on_its_effective_size(sign: int) -> None:
    """Half as large a size where the quantile of so few degrees of freedom is root two of the normal one."""
    z, df = np.array([1.959963985]), np.array([9.0])
    worth = (z[0] / student.ppf(0.975, 9)) ** 2
    answers = Answers("share", 1.0, np.zeros(1), df, mixed=False, sign=sign)
    value, low, high = _arm(np.array([0.3 * sign]), np.array([120.0]), answers, np.array([0]), z)
    right = proportion_confint(0.3 * 120 * worth, 120 * worth, 0.05, "wilson")
    ends = right if sign > 0 else (-right[1], -right[0])
    assert (value[0], low[0], high[0]) == pytest.approx((0.3 * sign, *ends), rel=1e-4)


def test_limits_of_the_nps_among_pairs_are_those_of_its_three_shares() -> None:
    """50 % promoters, 30 % passives, 20 % detractors: an NPS of 30 whose answers vary by .7 - .09."""
    answers = Answers("nps", 100.0, np.array([0.61]), np.array([np.inf]), mixed=False)
    z = np.array([1.5])
    found = [float(x[0]) for x in _arm(np.array([30.0]), np.array([80.0]), answers, np.array([0]), z)]
    low, high = trinomial.score_at(np.array([16.0]), np.array([24.0]), np.array([40.0]), z)
    assert found == pytest.approx([30, 100 * low[0], 100 * high[0]])
    assert found[1] < 30 < found[2]


def study_of(n: int, seed: int) -> tuple[cx.Study, SimpleNamespace, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    chance = rng.choice([0.1, 0.2, 0.35, 0.5, 0.7, 0.9], n)
    y = (rng.random(n) < chance**1.3).astype(float)
    w, part = rng.choice([0.5, 1.0, 3.0], n), np.arange(n) % 2
    study = cx.load(pd.DataFrame({"y": y}))
    sample = SimpleNamespace(n=np.ones(n), w=w, cluster=None, strata=None, other={"month": part}, rows=None)
    return study, sample, {"y": y, "chance": chance, "plain": np.full(n, 0.4), "part": part, "w": w}


def of_rows(study: cx.Study, s: Any, u: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the covariance of numbers by the influences of single rows, and its degrees of freedom."""
    n, moved = len(u), u * s.w[:, None]
    return n / (n - 1) * moved.T @ moved, n - 1.0


def test_measures_of_a_churn_model_are_those_of_other_programs_with_the_errors_of_its_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Brier and rank by scikit-learn, slope by statsmodels; each error is the sum of squared slopes by weight."""
    study, s, d = study_of(80, 3)
    n = len(d["y"])
    monkeypatch.setattr(churn_model, "joint", of_rows)

    def others(w: np.ndarray) -> np.ndarray:
        brier, rate = (brier_score_loss(d["y"], d[c], sample_weight=w) for c in ("chance", "plain"))
        x = sm.add_constant(logit(d["chance"]))
        slope = sm.GLM(d["y"], x, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-14).params[1]
        ranks = []
        for k in (0, 1):
            mine = d["part"] == k
            pairs = w[mine & (d["y"] == 1)].sum() * w[mine & (d["y"] == 0)].sum()
            ranks.append((roc_auc_score(d["y"][mine], d["chance"][mine], sample_weight=w[mine]), pairs))
        area = np.average([a for a, _ in ranks], weights=[p for _, p in ranks])
        return np.array([brier, rate, 1 - brier / rate, slope, area])

    value = others(d["w"])
    moved = np.array([(others(d["w"] * (1 + 1e-4 * (np.arange(n) == i))) - value) / 1e-4 for i in range(n)])
    moved[:, 4] = area_moved(d)
    se = np.sqrt(n / (n - 1) * (moved**2).sum(0))
    t = churn_model._measures(study, cast("Any", s), d["y"], d["chance"], d["plain"], d["part"], 0.9)
    np.testing.assert_allclose(t["estimate"], value, rtol=1e-6)
    half = student.ppf(0.95, n - 1) * se
    np.testing.assert_allclose(t["high"] - t["estimate"], half, rtol=2e-3)
    np.testing.assert_allclose(t["estimate"] - t["low"], half, rtol=2e-3)


def area_moved(d: dict[str, np.ndarray]) -> np.ndarray:
    """Slopes of the rank within parts by the weight of each answer, the weight of the parts held."""
    out, total = np.zeros(len(d["y"])), 0.0
    for k in (0, 1):
        mine = np.flatnonzero(d["part"] == k)
        y, x, w = d["y"][mine], d["chance"][mine], d["w"][mine]
        pairs = w[y == 1].sum() * w[y == 0].sum()
        area = lambda v, y=y, x=x: roc_auc_score(y, x, sample_weight=v)  # noqa: E731
        slope = [(area(w * (1 + 1e-4 * (np.arange(len(w)) == i))) - area(w)) / 1e-4 for i in range(len(w))]
        out[mine], total = pairs * np.array(slope), total + pairs
    return out / total


def test_tenths_and_periods_of_a_churn_model_are_weighted_means_of_their_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(churn_model, "joint", of_rows)
    study, s, d = study_of(200, 5)
    d["chance"] = np.linspace(0.05, 0.9, 200)
    t = churn_model._tenths(study, cast("Any", s), d["y"], d["chance"], 0.95)
    middle = (np.cumsum(d["w"]) - d["w"] / 2) / d["w"].sum()
    for k, row in enumerate(t.itertuples()):
        mine = (middle >= k / 10) & (middle < (k + 1) / 10)
        assert row.tenth == k + 1 and row.n == mine.sum()
        assert row.expected == pytest.approx(np.average(d["chance"][mine], weights=d["w"][mine]))
        assert row.estimate == pytest.approx(np.average(d["y"][mine], weights=d["w"][mine]))
        assert 0 <= row.low <= row.estimate <= row.high <= 1
    for k, row in enumerate(churn_model._by_period(cast("Any", s), d["y"], d["chance"], "month").itertuples()):
        mine = d["part"] == k
        one = lambda x, mine=mine: np.average(x[mine], weights=d["w"][mine])  # noqa: E731
        assert (row.estimate, row.expected, row.left) == pytest.approx(
            (one((d["y"] - d["chance"]) ** 2), one(d["chance"]), one(d["y"])))  # fmt: skip


def test_the_median_of_weighted_days_and_woodruffs_limits() -> None:
    """Middles of weights 1, 2, 1 lie at 1/8, 1/2, 7/8; of four alike at 1/8, 3/8, 5/8, 7/8."""
    assert _median(np.array([9.0, 5.0, 1.0]), np.array([1.0, 2.0, 1.0]), 0.5)[0] == 5
    x, w = np.array([1.0, 3.0, 7.0, 9.0]), np.ones(4)
    half = student.ppf(0.75, 3) * 0.5 / 2
    low, high = (np.interp(0.5 + k * half, [1 / 8, 3 / 8, 5 / 8, 7 / 8], x) for k in (-1, 1))
    assert _median(x, w, 0.5) == pytest.approx((5.0, low, high))
    assert np.isnan(_median(np.array([]), np.array([]), 0.5)).all()


@pytest.mark.parametrize(
    ("raw", "held", "says"),
    [((-2, -1), (-1, 1), "nothing is left"), ((1, 2), (-1, 1), "nothing is left"), ((-2, -1), (1, 2), "the other way"),
     ((1, 2), (-2, -1), "the other way"), ((-1, 1), (-1, 1), ""), ((1, 2), (0.5, 1), ""), ((-2, -1), (-1, -0.5), "")],
)  # fmt: skip
def test_contact_beside_handoffs_is_named_where_it_explains_them(
    raw: tuple[float, float], held: tuple[float, float], says: str
) -> None:
    slopes = pd.DataFrame({"slope": ["raw", "held fixed"], "estimate": [np.mean(raw), np.mean(held)],
                           "low": [raw[0], held[0]], "high": [raw[1], held[1]]})  # fmt: skip
    table = pd.DataFrame({"switches": [0] * 10 + [2] * 10, "events": [3] * 10 + [5, 9] * 5})
    found = cast("Any", SimpleNamespace(table=table, weight=np.r_[np.ones(10), [1.0, 3.0] * 5]))
    said = " ".join(_exposed(found, slopes, "Owner", 10))
    assert (says in said) if says else said == ""
    assert not says or "cases that change Owner have 8.0 events on average, the others 3.0" in said
    assert _exposed(found, slopes, "Owner", 11) == []


def test_long_comments_are_counted() -> None:
    words = "the room was clean and the staff were kind " * 30
    texts = [f"{k} {words}"[: 200 + k] for k in range(40)]
    long = ("a good stay " * LONGEST)[: LONGEST + 1]
    texts[3], texts[7], texts[9] = long, "x" * LONGEST, f"x{long}"
    sheet = pd.DataFrame({"comment": texts, "odd": [0, 1] * 20})
    study = cx.load(sheet[["comment"]]).set("comment", role="text")
    labels = cx.text.read_labels(sheet, ["odd"], at_random=True)
    found = cx.themes(cx.code(study, ["odd"], labels=labels, engine="words", column="comment"))
    said = [n for n in found.notes if "longer than" in n]
    assert said == [f"2 comments are longer than {LONGEST:,} characters; what follows is not read"]


@pytest.mark.parametrize("start", [0.0, 20_000.0, 99_999_000.0])
def test_numbers_of_days_below_a_hundred_million_are_times_of_events(start: float) -> None:
    table = pd.DataFrame({"case": [1, 1, 2, 2] * 10, "event": ["a", "b"] * 20, "at": start + np.arange(40.0)})
    table["case"] = np.arange(40) // 2
    study = cx.load(table).set("case", role="case").set("event", role="event").set("at", role="time")
    assert cx.transitions(study).table.set_index(["from", "to"]).loc[("a", "b"), "estimate"] == 1


def test_one_type_of_journeys_has_the_weighted_length_and_score_of_all() -> None:
    rng = np.random.default_rng(2)
    size, w = rng.integers(2, 6, 120), rng.choice([0.5, 1.0, 3.0], 120)
    case = np.repeat(np.arange(120), size)
    table = pd.DataFrame({"case": case, "event": rng.choice(list("abc"), len(case)), "at": np.arange(len(case)) * 1.0,
                          "sat": (case % 5 + 1), "w": w[case]})  # fmt: skip
    study = cx.load(table).set("case", role="case").set("event", role="event").set("at", role="time")
    study = study.set("w", role="weight").set("sat", role="outcome", measure="satisfaction", scale="1-5")
    row = cx.journey_types(study, "sat", k=1).table.iloc[0]
    assert (row["estimate"], row["n"]) == (1, 120)
    assert row["length"] == pytest.approx(np.average(size, weights=w))
    assert row["score"] == pytest.approx(np.average(np.arange(120) % 5 + 1, weights=w))


def test_only_scales_of_more_than_two_points_are_halved() -> None:
    """1 to 5: the worse half are 1 and 2 (score below 50); of two points the better one is yes."""
    need = SimpleNamespace(worse_half=True, reverse=False)
    one = cx.Field("x", type="integer", scale=cx.Scale(1, 5))
    data = cast("Any", SimpleNamespace(fields={"s": (one,)}, raw={"s": np.array([1.0, 2, 3, 4, 5])}, needs={"s": need}))
    assert ScoredAnswers.binary(data, "s").tolist() == [1, 1, 0, 0, 0]
    two = cx.Field("x", type="integer", scale=cx.Scale(0, 1))
    data.fields, data.raw = {"s": (two,)}, {"s": np.array([0.0, 1.0])}
    assert ScoredAnswers.binary(data, "s").tolist() == [0, 1]


@pytest.mark.parametrize("d", [-20.0, 20.0])
def test_a_topic_takes_its_share_of_a_difference(d: float) -> None:
    """A difference that is known moves by Wilson's limits of the share; a share that is known by those of the rest."""
    sure = cast("Any", SimpleNamespace(estimate=[d], limits=lambda z: (np.array([d]), np.array([d]))))
    low, high = proportion_confint(30, 100, 0.05, "wilson")
    z = np.array([1.959963985])
    ends = sorted((d * low, d * high))
    assert _of_all(sure, 0.3, 100.0, z) == pytest.approx(ends, rel=1e-6)
    wide = cast("Any", SimpleNamespace(estimate=[d], limits=lambda z: (np.array([d - 5]), np.array([d + 8]))))
    assert _of_all(wide, 0.3, 1e12, z) == pytest.approx((0.3 * (d - 5), 0.3 * (d + 8)), rel=1e-4)


def test_pilot_and_rollout_have_normal_limits_and_several_pilots_are_drawn_to_their_mean() -> None:
    z = norm.ppf(0.95)
    t = cx.pilots.scale_up((6, 2), (3, 1), level=0.9).table.set_index("what")
    for what, value, se in (("pilot", 6, 2), ("roll-out", 3, 1)):
        assert t.loc[what, ["estimate", "low", "high", "se"]].tolist() == pytest.approx(
            [value, value - z * se, value + z * se, se])  # fmt: skip
    several = cx.pilots.scale_up([(6, 2), (2, 2), (1, 2), (3, 2)], level=0.9).table.set_index("what")
    row = several.loc["pilot, shrunken"]
    assert (row["low"], row["high"]) == pytest.approx(
        (row["estimate"] - z * row["se"], row["estimate"] + z * row["se"])
    )
    assert row["se"] < 2 and 3 <= row["estimate"] < 6


def test_types_that_two_halves_give_are_compared_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(4)
    a, b, n = rng.integers(0, 3, 40), rng.integers(0, 4, 40), rng.integers(1, 6, 40)
    b = np.where(rng.random(40) < 0.6, a, b)
    right = adjusted_rand_score(np.repeat(a, n), np.repeat(b, n))
    assert _rand(a, b, n.astype(float)) == pytest.approx(right) and 0.1 < right < 0.9
    assert _rand(a, a, n.astype(float)) == 1


def test_units_of_a_rollout_begin_in_groups_of_one_size() -> None:
    """The first period has nobody treated; of a parallel roll-out half never is, of a staggered one the last group."""
    np.testing.assert_array_equal(_starts(6, 1, "parallel"), [2, 2, 2, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(_starts(6, 3, "stepped"), [2, 2, 3, 3, 4, 4])
    np.testing.assert_array_equal(_starts(6, 2, "staggered"), [2, 2, 3, 3, np.nan, np.nan])


def test_scores_lie_in_hundredths_round_the_edges_of_half_stars() -> None:
    """3.75 is the first hundredth above its edge, 3.74 the last below; 4.00 lies as far from 3.75 as from 4.25."""
    place, edge = _placed(np.array([3.75, 3.74, 4.24, 4.25, 3.99, 3.50]))
    np.testing.assert_allclose(place, [0.5, -0.5, -0.5, 0.5, 24.5, -24.5])
    assert edge.tolist() == [7, 7, 8, 8, 7, 7]


@pytest.mark.parametrize(("share", "times"), [(0.5, 1.2533141), (0.2, 1.428766), (0.8, 1.428766)])
def test_behind_a_yes_lies_a_normal_variable(share: float, times: float) -> None:
    """The biserial correlation: root of p (1 - p) by the height of the normal curve where it cuts p, by tables."""
    y, w = np.array([0.0, 1.0]), np.array([1 - share, share]) * 7
    assert _behind(y, w) == pytest.approx(times, rel=1e-6)
    assert _behind(np.array([0.0, 1, 2]), np.ones(3)) == 1


def test_many_answers_lie_in_three_bands_of_the_scale() -> None:
    """1 to 13 in steps of four; 0 to 10 as detractors, passives and promoters where it is a recommendation."""
    fields = (cx.Field("x", type="integer", scale=cx.Scale(1, 13)),
              cx.Field("ltr", type="integer", measure="recommendation", scale=cx.Scale(0, 10)))  # fmt: skip
    answers = np.column_stack([np.arange(1.0, 14), [*range(11), np.nan, 10]])
    study = cx.Study(pd.DataFrame(answers, columns=["x", "ltr"]), cx.Codebook("made", fields))
    codes, sizes = _levels(study, ["x", "ltr"], answers)
    assert codes[:, 0].tolist() == [0] * 4 + [1] * 4 + [2] * 5
    assert codes[:, 1].tolist() == [0] * 7 + [1, 1, 2, 2, -1, 2] and list(sizes) == [3, 3]


def test_replies_without_numbers_are_numbered_from_one() -> None:
    replies = cx.load(pd.DataFrame({"reply": [f"we looked into case {k} at length" for k in range(7)]}))
    sheet = cx.loops.heard_sheet(replies, "reply", coders=["a", "b"])
    assert sorted(sheet["reply"]) == sorted([*range(1, 8)] * 2)


def test_the_sentence_of_a_number_begins_after_the_last_end_before_it() -> None:
    text = f"{'x' * 300}. Before. Of all customers 41 per cent would come again. After it."
    start = text.index("41")
    assert _sentence(text, start, start + 2) == "Of all customers 41 per cent would come again."
    far = f"{'word ' * 100}41 {'word ' * 100}"
    at = far.index("41")
    assert _sentence(far, at, at + 2) == far[at - 160 : at + 162].strip()
