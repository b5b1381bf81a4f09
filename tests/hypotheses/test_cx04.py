"""Journeys beat touchpoints: against plain least squares and statsmodels, recovered, and not fooled by a mood."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom

import cxlab as cx
from cxlab.models.drivers.beyond_others import GAINS, NAMES
from cxlab.stats.fits.attenuation import error_variance, gain_given

REPS = 25


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-04", study, robust=False, ledger=None)


@pytest.fixture(scope="module")
def study() -> cx.Study:
    return cx.simulated("CX-04", 0.2, n=4000, seed=5)


def r2(y: np.ndarray, *x: np.ndarray) -> float:
    d = np.column_stack([np.ones(len(y)), *x])
    return 1 - (y - d @ np.linalg.lstsq(d, y, rcond=None)[0]).var() / y.var()


def test_the_gains_are_those_of_least_squares(study) -> None:
    """With 4,000 answers R² out of sample and in sample differ by about 0.001."""
    t = study.table
    y, j, touch = t["outcome"], t["journey"], t[[f"touchpoints{i}" for i in range(1, 6)]]
    table = verdict(study).table
    assert table["estimate"].iloc[0] == pytest.approx(r2(y, touch, j) - r2(y, touch), abs=0.002)
    assert table["estimate"].iloc[1] == pytest.approx(r2(y, j) - r2(y, touch), abs=0.002)


def test_it_is_the_models_number(study) -> None:
    """Of `cx.importance.beyond`: the gain, its interval, and what each set explains."""
    touch = [f"touchpoints{i}" for i in range(1, 6)]
    model = cx.importance.beyond(study, "outcome", more=["journey"], given=touch).table.set_index("model")
    v = verdict(study)
    limits = ["estimate", "low", "high"]
    assert v.table.iloc[0][limits].tolist() == pytest.approx(model.loc[GAINS["given"], limits].tolist(), rel=1e-9)
    shown = v.parts["shown"].iloc[:3][limits].to_numpy()
    assert shown == pytest.approx(model.loc[list(NAMES.values()), limits].to_numpy(), rel=1e-9)
    alone, gained = model["estimate"][NAMES["more"]], v.table["estimate"].iloc[1]
    assert gained == pytest.approx(alone - model["estimate"][NAMES["given"]], rel=1e-9)


def test_the_risk_ratio_is_the_one_of_statsmodels(study) -> None:
    t = study.table
    satisfied, good = (t["outcome"] >= 99).astype(float), (t["journey"] >= 99).astype(float)
    assert satisfied.sum() < 10  # whole numbers of 101 answers: hardly anybody; a scale of five is needed
    five = t.assign(**{c: np.digitize(t[c], [35, 45, 55, 65]) + 1.0 for c in t})
    fields = tuple(f if f.scale is None else _five(f) for f in study.codebook)
    coarse = cx.Study(five, cx.Codebook("five", fields))
    satisfied, good = (five["outcome"] >= 4).astype(float), (five["journey"] >= 4).astype(float)
    x = sm.add_constant(np.column_stack([good, 25 * five[[f"touchpoints{i}" for i in range(1, 6)]] - 75]))
    fit = sm.Logit(satisfied, x).fit(disp=0, tol=1e-12, cov_type="HC0")
    one, none = x.copy(), x.copy()
    one[:, 1], none[:, 1] = 1, 0
    ratio = fit.predict(one).mean() / fit.predict(none).mean()
    v = verdict(coarse)
    found = v.table[v.table["finding"] == "for the number"].iloc[0]
    assert found["estimate"] == pytest.approx(ratio - 1, rel=1e-6)
    slope = lambda x: (x * (fit.predict(x) * (1 - fit.predict(x)))[:, None]).mean(0) / fit.predict(x).mean()  # noqa: E731
    a = slope(one) - slope(none)
    assert found["se"] == pytest.approx(np.sqrt(a @ fit.cov_params() @ a), rel=0.01)


def _five(f: cx.Field) -> cx.Field:
    from dataclasses import replace

    return replace(f, scale=cx.Scale(1, 5))


def test_a_journey_of_its_own_is_found_and_its_size_recovered(replicates) -> None:
    for effect in (0.45, 0.1):
        found = replicates("CX-04", effect, n=1000, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(effect - 0.001, abs=0.02)
        assert found["low"].le(effect - 0.0005).mul(found["high"].ge(effect - 0.0006)).sum() >= binom.ppf(
            0.0005, REPS, 0.95
        )
    assert replicates("CX-04", 0.45, n=1000, reps=5)["direction"].eq("SUPPORTED").all()


def test_without_a_journey_the_claim_is_not_supported(replicates) -> None:
    found = replicates("CX-04", 0.0, n=1000, reps=REPS)
    assert found["direction"].isin(["CONTRADICTED", "INCONCLUSIVE", "TRIVIAL"]).all()
    assert abs(found["value"]).max() < 0.01


@pytest.mark.parametrize("n", [1000, 5000])
def test_a_mood_in_the_last_two_answers_looks_like_a_journey_and_is_no_verdict(replicates, n: int) -> None:
    found = replicates("CX-04", 0.0, n=n, reps=10, threat="halo")
    assert found["direction"].isin(["NOT-IDENTIFIED", "INCONCLUSIVE", "CONTRADICTED"]).all()
    assert (found["association"] == "SUPPORTED").mean() > (0.5 if n > 1000 else -1)
    assert found["value"].mean() > 0.05
    v = verdict(cx.simulated("CX-04", 0.0, n=5000, threat="halo"))
    assert v.number == "NOT-IDENTIFIED"
    assert v.sentence.endswith(
        "whether it is more than that these data cannot say (one mood colours the journey score and the outcome; the "
        "outcome comes from another source than the journey item: outcome: an answer of the same questionnaire, near "
        "to the journey item). The number 73 % more likely (risk ratio 1.73) cannot be judged."
    )


def test_the_mood_correlates_what_the_touchpoints_do_not() -> None:
    left = []
    for threat in (None, "halo"):
        t = cx.simulated("CX-04", 0.0, n=3000, threat=threat).table
        x = np.column_stack([np.ones(3000), t[[f"touchpoints{i}" for i in range(1, 6)]]])
        rest = [t[c] - x @ np.linalg.lstsq(x, t[c], rcond=None)[0] for c in ("outcome", "journey")]
        left.append(np.corrcoef(*rest)[0, 1])
    assert abs(left[0]) < 0.06 and left[1] > 0.4


@pytest.mark.parametrize("few", ["good", "not good", "satisfied", "not satisfied"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_risk_ratio_needs_ten_on_every_side(few: str, weighted: bool) -> None:
    """Ten answers on a side, or five that count twice, are enough; one fewer is not."""
    side = "outcome" if "satisfied" in few else "journey"
    for enough in (True, False):
        rng = np.random.default_rng(3)
        t = pd.DataFrame(rng.integers(1, 6, (200, 4)), columns=["outcome", "journey", "one", "other"])
        weight = np.ones(200)
        k = (5 if weighted else 10) - (not enough)
        inside = np.arange(200) < k
        t[side] = np.where(inside == ("not" not in few), 5, 2)
        weight[inside] = 2.0 if weighted else 1.0
        five = {"type": "integer", "scale": cx.Scale(1, 5)}
        fields = (
            cx.Field("outcome", role="outcome", measure="satisfaction", **five),
            cx.Field("journey", role="touchpoint", measure="satisfaction", **five),
            *(cx.Field(c, role="touchpoint", measure="satisfaction", **five) for c in ("one", "other")),
            cx.Field("w", role="weight"),
        )
        v = cx.verdict(
            "CX-04", cx.Study(t.assign(w=weight), cx.Codebook("few", fields)), robust=False, ledger=None,
            columns={"outcome": "outcome", "journey": "journey", "touchpoints": ["one", "other"]},
        )  # fmt: skip
        said = any(n.startswith("no risk ratio: fewer than 10 answers") for n in v.notes)
        assert (v.table["finding"] == "for the number").any() == enough, v.notes
        assert said != enough


def noisy(study: cx.Study, rng: np.random.Generator, reliability: float) -> tuple[np.ndarray, np.ndarray]:
    """The touchpoint answers of a study, given twice with error."""
    t = study.table[[f"touchpoints{i}" for i in range(1, 6)]].to_numpy()
    sd = t.std() * np.sqrt((1 - reliability) / reliability)
    return tuple(np.clip(np.round(t + sd * rng.standard_normal(t.shape)), 0, 100) for _ in range(2))


@pytest.mark.parametrize("n", [1000, 5000])
def test_touchpoints_with_error_look_like_a_journey_and_are_no_verdict(replicates, n: int) -> None:
    found = replicates("CX-04", 0.0, n=n, reps=10, threat="reliability")
    assert (found["association"] == "SUPPORTED").all()
    assert (found["direction"] == "NOT-IDENTIFIED").all()
    v = verdict(cx.simulated("CX-04", 0.0, n=n, threat="reliability", seed=2))
    assert v.parts["threat"] == "reliability" and v.number == "NOT-IDENTIFIED"
    assert "the touchpoint answers are merely noisier than the journey item" in v.sentence


def test_the_error_of_the_answers_is_in_the_data() -> None:
    """Latent touchpoints correlate by .3; half of an answer's variance that is error halves it."""
    for threat, r in ((None, 0.3), ("reliability", 0.15)):
        t = cx.simulated("CX-04", 0.0, n=8000, threat=threat).table[[f"touchpoints{i}" for i in range(1, 6)]]
        assert np.corrcoef(t.T)[np.triu_indices(5, 1)].mean() == pytest.approx(r, abs=0.02)


def test_without_error_the_numbers_are_those_of_the_true_scores(study) -> None:
    """Answers of reliability .6, their error taken off, against the scores without error by least squares."""
    rng, t = np.random.default_rng(1), study.table
    true = t[[f"touchpoints{i}" for i in range(1, 6)]].to_numpy()
    told, _ = noisy(study, rng, 0.6)
    z = np.column_stack([np.ones(len(t)), told, t["journey"], t["outcome"]])
    m, items = z.T @ z, list(range(1, 6))
    errors = error_variance(m, items, np.full(5, 0.6), {})
    gain, ahead = gain_given(m, items, errors, [0, *items], 6, [0, 6])
    y, j = t["outcome"], t["journey"]
    assert gain == pytest.approx(r2(y, true, j) - r2(y, true), abs=0.02)
    assert ahead == pytest.approx(r2(y, j) - r2(y, true), abs=0.02)
    assert r2(y, told, j) - r2(y, told) > gain + 0.02  # what the error lends to the journey


def test_gaps_are_no_variance_of_the_answers() -> None:
    """A touchpoint of half of the people, 0 where it has no answer: only its answers' variance holds error."""
    answers, none = np.array([-20.0, 20.0, -20.0, 20.0]), np.zeros(4)
    z = np.column_stack([np.ones(8), np.r_[answers + 30, none], np.r_[none, np.ones(4)]])
    assert error_variance(z.T @ z, [1], np.array([0.75]), {1: 2}) == pytest.approx([0.25 * 4 * 400])


def test_a_journey_is_told_from_error_and_the_reliability_it_needs_is_shown(study) -> None:
    v = verdict(study)
    shown = v.parts["shown"].set_index("label")["estimate"]
    label = "reliability of the touchpoint answers down to which the journey's advantage is sure"
    assert v.association != "SUPPORTED" and label not in shown  # an advantage that is not there has no end
    v = verdict(cx.simulated("CX-04", 0.45, n=1000))
    assert v.direction == "SUPPORTED" and v.parts["shown"].set_index("label")["estimate"][label] < 0.5


def twice(made: cx.Study, reliability: float) -> tuple[cx.Study, list[str], list[str]]:
    """A study whose people answered its touchpoints twice, with error."""
    first, second = noisy(made, np.random.default_rng(2), reliability)
    touch, again = [f"touchpoints{i}" for i in range(1, 6)], [f"again{i}" for i in range(1, 6)]
    table = made.table.assign(**dict(zip(touch, first.T, strict=True)), **dict(zip(again, second.T, strict=True)))
    fields = tuple(cx.Field(c, role="touchpoint", scale=cx.Scale(0, 100)) for c in again)
    return cx.Study(table, cx.Codebook("twice", (*made.codebook.fields, *fields))), touch, again


@pytest.mark.parametrize("reliability", [0.9, 0.3])
@pytest.mark.parametrize("true", [True, False])
def test_a_second_answer_says_how_reliable_the_first_is(reliability: float, true: bool) -> None:
    """Where people answered twice no reliability is assumed, neither for nor against the claim."""
    made = cx.simulated("CX-04", 0.45 if true else 0.0, n=3000, seed=4)
    if not true:  # the journey item is the touchpoints' mean, without error
        made = cx.Study(made.table.assign(journey=made.table.filter(like="touchp").mean(axis=1)), made.codebook)
    study, touch, again = twice(made, reliability)
    call = {"robust": False, "ledger": None}
    v = cx.verdict("CX-04", study, columns={"touchpoints": touch, "again": again}, **call)
    said = next(c.found for c in v.parts["checks"] if c.threat == "reliability")
    assert (v.direction == "SUPPORTED") == true, said
    low = float(said.partition("lower limits ")[2].partition(" to ")[0])
    assert reliability - 0.1 < low < reliability
    assumed = cx.verdict("CX-04", study, columns={"touchpoints": touch, "again": again[:1]}, **call)
    assert assumed.parts["reason"] == "5 touchpoint scores and 1 second answers; give one for each"
