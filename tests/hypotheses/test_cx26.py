"""Segments differ: against statsmodels, equal to `cx.importance.driver_segments`, careless answers."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.stats import binom
from scipy.stats import f as fisher

import cxlab as cx
from cxlab.models.drivers.segment_spread import beyond_one_curve
from cxlab.models.regression.counted_answers import Counted

REPS = 15


def verdict(study: cx.Study, **more) -> cx.Result:
    return cx.verdict("CX-26", study, robust=False, ledger=None, **more)


def test_the_spread_and_its_interval_from_outside() -> None:
    """Slopes by segment without one answer at a time (the jackknife itself), and Johansen's Q written out."""
    study = cx.simulated("CX-26", 0.1, n=600, seed=2)
    t = study.table
    names = [f"touchpoints{j}" for j in (1, 2, 3, 4)]
    z = t.assign(**{c: (t[c] - t[c].mean()) / t[c].std(ddof=0) for c in [*names, "overall"]})
    b, v, df = [], [], []
    for _, part in z.groupby("segment"):
        x, y, n = sm.add_constant(part[names]).to_numpy(), part["overall"].to_numpy(), len(part)
        whole = sm.OLS(y, x).fit().params
        left = np.array([np.linalg.lstsq(np.delete(x, i, 0), np.delete(y, i), rcond=None)[0] for i in range(n)]) - whole
        b.append(whole[1:])
        v.append((left.T @ left * (n - 1) / n)[1:, 1:])
        df.append(n - 1)

    def q(tau: float) -> tuple[float, float, float]:
        w = [np.linalg.inv(one + tau**2 * np.eye(4)) for one in v]
        all_ = np.linalg.inv(sum(w))
        mean = all_ @ sum(p @ x for p, x in zip(w, b, strict=True))
        own = [(np.eye(4) - all_ @ p) @ p @ one for p, one in zip(w, v, strict=True)]
        a = sum((np.trace(m @ m) + np.trace(m) ** 2) / (2 * k) for m, k in zip(own, df, strict=True))
        value = sum((x - mean) @ p @ (x - mean) for p, x in zip(w, b, strict=True))
        return value / (28 + 2 * a - 6 * a / 30), 28 * 30 / (3 * a), a

    at = lambda goal: brentq(lambda tau: q(tau)[0] - goal(q(tau)[1]), 0, 1)  # noqa: E731
    e = verdict(study).estimate
    means = at(lambda k: k / (k - 2))
    expected = [means, at(lambda k: fisher.ppf(0.975, 28, k)), at(lambda k: fisher.ppf(0.025, 28, k))]
    assert [e.value, e.low, e.high] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["brand-tracker"])
def test_it_is_the_models_number(name: str) -> None:
    study = cx.load(name)
    v = verdict(study)
    used = v.parts["columns"]
    model = cx.importance.driver_segments(
        study, used["segment"][0], outcome=used["overall"][0], drivers=list(used["touchpoints"])
    )
    joint = model.parts["joint"]
    found, own = [v.estimate.value, v.estimate.low, v.estimate.high], [joint[k] for k in ("tau", "low", "high")]
    assert found == pytest.approx(own, rel=1e-7)
    assert v.estimate.n == model.table.groupby(model.table.columns[1])["n"].first().sum()


def test_the_spread_is_recovered_and_covered(replicates) -> None:
    for effect in (0.125, 0.075):
        found = replicates("CX-26", effect, n=1500, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=0.02)
        assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
        assert found["direction"].eq("SUPPORTED").mean() >= (0.9 if effect == 0.125 else 0.0)


@pytest.mark.parametrize("threat", [None, "unequal-noise", "unequal-care", "one-curve"])
def test_the_same_needs_are_not_supported(replicates, threat) -> None:
    found = replicates("CX-26", 0.0, n=2000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat in ("unequal-care", "one-curve"):
        assert found["low"].gt(0.05).mean() > 0.2 and found["direction"].eq("INCONCLUSIVE").mean() > 0.8
    else:
        assert found["low"].eq(0).sum() >= binom.ppf(0.0005, REPS, 0.975)


def test_exactly_the_smallest_spread_in_small_segments_is_not_supported(replicates) -> None:
    """60 answers a segment: sandwich errors, taken as known, said so in 5 (125 answers) to 20 % before."""
    found = replicates("CX-26", 0.05, n=480, reps=40, seed=3)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, 40, 0.025)
    assert found["low"].le(0.05).sum() >= binom.ppf(0.0005, 40, 0.975)


def test_what_one_curve_leaves_is_by_hand() -> None:
    """A surface for all (levels of segments, broken lines, products, worst and best), then slopes of what it leaves."""
    rng = np.random.default_rng(4)
    segment = np.repeat(["a", "b"], 200)
    t = np.round(50 + 12 * rng.standard_normal((400, 2)) + np.repeat([[0.0], [15.0]], 200, axis=0))
    y = np.fmin(t[:, 0], 55) + 0.5 * t[:, 1] * (segment == "a") + rng.standard_normal(400)
    one = np.ones(400)
    found = beyond_one_curve(y, t, segment, Counted(one, one), ("a", "b"))
    x = (t - 50) / 50
    knots = [np.quantile(c, q, method="inverted_cdf") for c in x.T for q in (0.1, 0.3, 0.5, 0.7, 0.9)]
    bends = [np.fmax(x[:, i // 5] - at, 0) for i, at in enumerate(knots)]
    columns = [segment == "b", *x.T, *bends, t.min(axis=1), t.max(axis=1), x[:, 0] * x[:, 1]]
    surface = sm.add_constant(np.column_stack(columns).astype(float))
    left = y - surface @ np.linalg.lstsq(surface, y, rcond=None)[0]
    for k, s in enumerate("ab"):
        mine = segment == s
        fit = sm.OLS(left[mine], sm.add_constant(t[mine])).fit(cov_type="HC3")
        ratio = t.std(axis=0) / y.std()
        assert found.slopes[k] == pytest.approx(fit.params[1:] * ratio)
        assert found.errors[k] == pytest.approx(fit.cov_params()[1:, 1:] * np.outer(ratio, ratio))
    assert found.limits(0.95)[0] > 0.05
    same = np.fmin(t[:, 0], 55) + 0.5 * t[:, 1] + rng.standard_normal(400)
    assert beyond_one_curve(same, t, segment, Counted(one, one), ("a", "b")).limits(0.95)[0] == 0.0


def test_where_the_first_groups_cannot_be_used_the_next_are() -> None:
    study = cx.simulated("CX-26", 0.125, n=1000, seed=1)
    table = study.table.assign(rare=[f"r{i // 3}" for i in range(1000)])
    known = cx.Study(
        table, cx.Codebook("two", (cx.Field("rare", type="string", role="segment"), *study.codebook.fields))
    )
    v = verdict(known)
    assert v.direction == "SUPPORTED" and v.parts["columns"]["segment"] == ["segment"]
    assert (
        "'segment' was taken: with 'rare' nothing can be estimated (0 segment of 'rare' has enough answers to fit 4 "
        "drivers; two are needed)"
    ) in v.notes
    named = verdict(known, columns={"segment": "rare"})
    assert named.direction == "NOT-IDENTIFIED" and named.parts["columns"]["segment"] == ["rare"]


def test_care_stands_in_the_sentence() -> None:
    v = verdict(cx.simulated("CX-26", 0.0, n=3000, threat="unequal-care"))
    assert (
        "This leaves the claim open, whatever the interval (some segments answer with less care, which flattens all "
        "their weights; the weights differ by more than one factor a segment: standard deviation of the weights over"
    ) in v.sentence


def test_threats_do_what_they_say() -> None:
    def told(threat: str | None) -> tuple[np.ndarray, np.ndarray]:
        t = cx.simulated("CX-26", 0.0, n=4000, threat=threat).table
        names = [f"touchpoints{j}" for j in (1, 2, 3, 4)]
        fits = [sm.OLS(p["overall"], sm.add_constant(p[names])).fit() for _, p in t.groupby("segment")]
        return np.array([f.params[names].mean() for f in fits]), np.array([f.mse_resid for f in fits])

    (plain, even), (_, noise), (care, _) = (told(t) for t in (None, "unequal-noise", "unequal-care"))
    assert noise.max() / noise.min() > 3 > 2 > even.max() / even.min()
    assert care.max() / care.min() > 2 > 1.5 > plain.max() / plain.min()
