"""Cards against adversaries that none of them names: what looks like the claim and is none gets no verdict for it.

Where data of the design that a card accepts cannot show the threat at all, the design's word decides and not the card.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.hypotheses.card import card
from cxlab.hypotheses.simulated_answers import scores, touchpoints

Rng = np.random.Generator


def changed(id: str, n: int, threat: str | None = None, **columns: object) -> cx.Study:
    """The study that the card's simulator makes at no effect, with these columns instead of its own."""
    study = cx.simulated(id, card(id).null, n=n, seed=1, threat=threat)
    return cx.Study(study.table.assign(**columns), study.codebook)


def drift(rng: Rng, study: pd.DataFrame, unit: str) -> np.ndarray:
    """A straight line of time of each unit's own, units x periods."""
    units = study[unit].nunique()
    periods = len(study) // units
    return rng.standard_normal((units, 1)) * (np.arange(periods) / periods - 0.5) * 3


def one_cliff(rng: Rng) -> cx.Study:
    """CX-05: one touchpoint decides, by a cliff; the worst of the touchpoints is often that one."""
    t, _ = touchpoints(1500, rng, 4, 0.2)
    y = -1.6 * (t[:, 0] < -0.5) + 0.7 * rng.standard_normal(1500)
    return changed("CX-05", 1500, overall=scores((y - y.mean()) / y.std()), **named("CX-05", 1500, scores(t)))


def named(id: str, n: int, values: np.ndarray) -> dict[str, np.ndarray]:
    """The touchpoints under the names that the simulator gives them."""
    names = [f.name for f in cx.simulated(id, card(id).null, n=n, seed=1).codebook.fields if f.role == "touchpoint"]
    return dict(zip(names, values.T, strict=True))


def noisier(rng: Rng) -> cx.Study:
    """CX-04: the journey item says exactly what the touchpoints are; those are answered with error and rounded to 5."""
    t, _ = touchpoints(2500, rng, 5, 0.5)
    mean = t.mean(axis=1) / t.mean(axis=1).std()
    told = scores((t + 0.9 * rng.standard_normal(t.shape)) / np.sqrt(1.81))
    y = np.sqrt(0.4) * mean + np.sqrt(0.6) * rng.standard_normal(2500)
    columns = named("CX-04", 2500, np.round(told / 5) * 5)
    return changed("CX-04", 2500, outcome=scores(y), journey=scores(mean), **columns)


def own_trends(id: str, unit: str, first: str, second: str) -> Callable[[Rng], cx.Study]:
    """People or units drift, each its own way, and both measures with them; neither moves the other."""

    def made(rng: Rng) -> cx.Study:
        d = drift(rng, cx.simulated(id, card(id).null, n=2000, seed=1).table, unit)
        noise = lambda: rng.standard_normal(d.shape)  # noqa: E731
        score = (d + noise()).ravel()
        other = {"cost": np.exp(3 - 0.2 * d + 0.3 * noise()).ravel(), "employee": (d + noise()).ravel()}[second]
        return changed(id, 2000, **{first: score if id == "CX-21" else scores(score / 1.4), second: other})

    return made


def dip(rng: Rng) -> cx.Study:
    """CX-11: locations that had a bad spell were treated, and came back by themselves."""
    t = cx.simulated("CX-11", 0.0, n=2000, seed=1, threat="trends").table
    spell = rng.standard_normal(t["cluster"].max() + 1)
    p = np.clip(0.4 + 0.1 * spell[t["cluster"]] * (1 - t["post"]), 0, 1)
    treated = (spell < np.median(spell)).astype(float)[t["cluster"]]
    return changed("CX-11", 2000, "trends", treated=treated, top3=(rng.random(len(t)) < p).astype(float))


def giant(rng: Rng) -> cx.Study:
    """CX-28: half of all customers belong to one unit, which got both measures."""
    unit = rng.choice(24, 1500, p=np.r_[24, np.ones(23)] / 47)
    four = np.r_[3, rng.permutation(np.arange(23) % 4)][unit]
    y = 0.35 * rng.standard_normal(24)[unit] + rng.standard_normal(1500)
    return changed("CX-28", 1500, unit=unit, a=four // 2 * 1.0, b=four % 2 * 1.0, score=scores(y))


def one_agent(rng: Rng) -> cx.Study:
    """CX-30: half of all contacts are coded by one agent, and agents code as they like."""
    agent = rng.choice(25, 1000, p=np.r_[25, np.ones(24)] / 49)
    p = np.clip(0.5 + 0.25 * rng.standard_normal(25)[agent], 0, 1)
    return changed("CX-30", 1000, "clustering", cluster=agent, failure=(rng.random(1000) < p).astype(float))


def chosen(rng: Rng) -> cx.Study:
    """CX-19: agents route those whom they believe will come back anyway."""
    n, r = 4000, np.sqrt(0.6)
    true = rng.standard_normal(n)
    before, after = (scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n))) for _ in range(2))
    arm, low = (rng.random(n) < 1 / (1 + np.exp(-1.2 * true))).astype(float), before < 50
    table = pd.DataFrame({"before": before, "after": after, "arm": arm})[low]
    return cx.Study(table, cx.simulated("CX-19", 0.0, n=n, seed=1).codebook)


def badly_recorded(rng: Rng) -> cx.Study:
    """CX-03: heavy users like us and buy; of what they bought before only three in ten were written down."""
    n, trait = 20000, rng.standard_normal(20000)
    buys = lambda: (rng.random(n) < np.clip(0.15 + 0.05 * trait, 0, 1)).astype(float)  # noqa: E731
    score = scores(0.7 * trait + np.sqrt(1 - 0.49) * rng.standard_normal(n))
    return changed("CX-03", n, score=score, adopted=buys(), earlier=np.where(rng.random(n) < 0.7, 0.0, buys()))


def forgotten(rng: Rng) -> cx.Study:
    """CX-06: all stages weigh the same, but the earlier ones are remembered badly."""
    t, _ = touchpoints(1000, rng, 5, 0.2)
    told = t.copy()
    told[:, :-1] = (t[:, :-1] + rng.standard_normal((1000, 4))) / np.sqrt(2)
    y = t.sum(axis=1)
    y = 0.7 * (y - y.mean()) / y.std() + 0.7 * rng.standard_normal(1000)
    return changed("CX-06", 1000, overall=scores(y), **named("CX-06", 1000, scores(told)))


def one_style(rng: Rng) -> cx.Study:
    """CX-13: all measures know as much; people answer the items and the outcome in a style of theirs."""
    person = np.repeat(np.arange(1000), 2)
    loyal, style = rng.standard_normal((2, 1000))[:, person]
    answer = lambda: (loyal + rng.standard_normal(2000)) / np.sqrt(2)  # noqa: E731
    items = {f"items{j}": scores(answer() + style) for j in (1, 2, 3)}
    return changed("CX-13", 2000, "style", outcome=scores(answer() + style), recommendation=scores(answer()), **items)


def places(rng: Rng, bent: Callable[[np.ndarray], np.ndarray], needs: float = 0.0) -> cx.Study:
    """CX-26: one curve (or the worst touchpoint) decides for all; each segment stands at a place of its own.

    ``needs`` : by how much the weights of segments differ beside it.
    """
    segment = rng.integers(0, 8, 1500)
    t = rng.standard_normal((8, 4))[segment] + rng.standard_normal((1500, 4))
    own = rng.standard_normal((8, 4))
    own = (own - own.mean(axis=0)) / own.std(axis=0, ddof=1)
    y = bent(t) / bent(t).std() + needs * (own[segment] * t).sum(axis=1) + 0.7 * rng.standard_normal(1500)
    named_ = named("CX-26", 1500, scores(t))
    return changed("CX-26", 1500, overall=scores((y - y.mean()) / y.std()), segment=segment.astype(str), **named_)


def saturated(rng: Rng) -> cx.Study:
    """CX-04: what was spent and the journey item rise with the touchpoints' mean up to a point, and no further."""
    t, _ = touchpoints(2500, rng, 5, 0.5)
    level = np.fmin(t.mean(axis=1) / t.mean(axis=1).std(), 0.2)
    y = np.sqrt(0.6) * level / level.std() + np.sqrt(0.4) * rng.standard_normal(2500)
    columns = named("CX-04", 2500, scores(t))
    return changed(
        "CX-04", 2500, outcome=scores(y), journey=scores(level + 0.03 * rng.standard_normal(2500)), **columns
    )


def diminishing(rng: Rng) -> cx.Study:
    """CX-05: each touchpoint brings less the better it is; no touchpoint minds the others."""
    t, _ = touchpoints(1500, rng, 4, 0.2)
    y = -np.exp(-0.8 * t - 0.6).sum(axis=1)
    y = 0.8 * (y - y.mean()) / y.std() + 0.6 * rng.standard_normal(1500)
    return changed("CX-05", 1500, overall=scores(y), **named("CX-05", 1500, scores(t + 0.8)))


def same_metric(rng: Rng) -> cx.Study:
    """CX-14: two scales for one thing, one of which ends early; the outcome does not rise without end either."""
    a, second = rng.standard_normal((2, 2000))
    y = np.sqrt(0.6) * np.fmin(a, 0.3) / 0.7 + np.sqrt(0.4) * rng.standard_normal(2000)
    ended = 1.5 * np.fmin(a, 0.0) + 0.2 * second
    return changed("CX-14", 2000, outcome=scores(y), metrics1=scores(a), metrics2=scores(ended, 60))


def insurance(rng: Rng) -> cx.Study:
    """CX-08: the portfolio pays in crashes and in booms alone."""
    market = 0.05 * rng.standard_normal(360)
    pays = 0.5 * np.fmax(np.abs(market) - 0.05, 0) + 0.01 * rng.standard_normal(360)
    return changed("CX-08", 360, excess=0.1 * market + pays, market=market)


def bottomed(rng: Rng) -> cx.Study:
    """CX-28: either measure lifts everybody by as much; the scale has no room below."""
    t = cx.simulated("CX-28", 0.0, n=3000, seed=1).table
    return changed("CX-28", 3000, score=scores(t["a"] + t["b"] + rng.standard_normal(3000), -10.0))


def extremes(rng: Rng) -> cx.Study:
    """CX-31: on the phone people take the ends of the scale, online its middle; the means are alike."""
    phone = rng.random(2500) < 0.5
    score = scores(rng.standard_normal(2500) * np.where(phone, 1.6, 0.8))
    mode = np.where(phone, "phone", "online")
    return changed("CX-31", 2500, score=score, mode=mode, before=scores(rng.standard_normal(2500)))


def course(bent: Callable[[np.ndarray], np.ndarray]) -> Callable[[Rng], cx.Study]:
    """CX-12: the NPS moves by up to 60 points over 30 days; no day differs from the course."""

    def made(rng: Rng) -> cx.Study:
        day = np.arange(3000) % 30
        move = 0.15 * bent(np.linspace(-1, 1, 30))[day]
        u = rng.random(3000)
        return changed(
            "CX-12", 3000, recommendation=np.where(u < 0.25 - move, 3.0, np.where(u > 0.55 - move, 10.0, 8.0))
        )

    return made


COURSES = {"line": lambda x: x, "turn": lambda x: 2 * np.abs(x) - 1, "month": lambda x: np.sin(np.pi * x)}


@pytest.mark.parametrize("shape", COURSES)
def test_a_course_over_the_days_is_no_variation_from_day_to_day(shape: str) -> None:
    made = [course(COURSES[shape])(np.random.default_rng(300 + k)) for k in range(3)]
    assert "SUPPORTED" not in [cx.verdict("CX-12", study, robust=False, ledger=None).direction for study in made]
    assert all(cx.variation(study, by="day").table["low"].iloc[2] > 5 for study in made)


ADVERSARIES: dict[str, Callable[[Rng], cx.Study]] = {
    "CX-03": badly_recorded, "CX-04": noisier, "CX-05": one_cliff, "CX-06": forgotten, "CX-11": dip, "CX-19": chosen,
    "CX-21": own_trends("CX-21", "unit", "customer", "employee"),
    "CX-22": own_trends("CX-22", "person", "score", "cost"), "CX-28": giant, "CX-30": one_agent,
    "CX-13": one_style, "CX-26": lambda rng: places(rng, lambda t: np.fmin(t, 0.3).sum(axis=1)),
}  # fmt: skip
BENT = {"CX-04": saturated, "CX-05": diminishing, "CX-08": insurance, "CX-14": same_metric, "CX-28": bottomed,
        "CX-31": extremes}  # fmt: skip
"""What a curve, or an end of the scale, makes look like the claim."""


@pytest.mark.parametrize("id", BENT)
def test_a_curve_is_not_the_claim(id: str) -> None:
    """Straight lines (or means) alone say SUPPORTED: the check of the curve is what stands against it."""
    found = [cx.verdict(id, BENT[id](np.random.default_rng(200 + k)), robust=False, ledger=None) for k in range(2)]
    assert "SUPPORTED" not in [v.direction for v in found]
    assert {v.threat for v in found} & {"curve", "floor", "style"}


@pytest.mark.parametrize("id", ADVERSARIES)
def test_an_adversary_that_the_card_does_not_name_is_not_the_claim(id: str) -> None:
    said = [cx.verdict(id, ADVERSARIES[id](np.random.default_rng(100 + k)), robust=False, ledger=None).direction
            for k in range(2)]  # fmt: skip
    assert "SUPPORTED" not in said


@pytest.mark.parametrize("bent", [lambda t: (t - 0.25 * t**2).sum(axis=1), lambda t: t.min(axis=1)])
def test_segments_at_other_places_of_one_curve_need_nothing_else(bent: Callable[[np.ndarray], np.ndarray]) -> None:
    """The weights differ, surely: what one surface for all leaves of them does not."""
    for k in range(3):
        v = cx.verdict("CX-26", places(np.random.default_rng(k), bent), robust=False, ledger=None)
        assert v.estimate.low > 0.05 and (v.direction, v.threat) in (("INCONCLUSIVE", "one-curve"),
                                                                    ("INCONCLUSIVE", "unequal-care"))  # fmt: skip


def test_other_needs_are_found_at_other_places_of_one_curve() -> None:
    made = [places(np.random.default_rng(k), lambda t: -np.exp(-0.7 * t).sum(axis=1), needs=0.3) for k in range(4)]
    said = [cx.verdict("CX-26", study, robust=False, ledger=None).direction for study in made]
    assert said.count("SUPPORTED") >= 3


def test_a_style_is_seen_only_where_behaviour_was_recorded() -> None:
    """The same items, the same style: with an answered outcome nothing is claimed, whatever goes with what."""
    v = cx.verdict("CX-13", one_style(np.random.default_rng(5)), robust=False, ledger=None)
    assert (v.direction, v.association, v.threat) == ("NOT-IDENTIFIED", "SUPPORTED", "style")
    apart = cx.simulated("CX-13", 0.2, n=2000, seed=5)
    assert cx.verdict("CX-13", apart, robust=False, ledger=None).direction == "SUPPORTED"
    asked = cx.Study(apart.table, apart.codebook.replace("outcome", role="outcome"))
    assert cx.verdict("CX-13", asked, robust=False, ledger=None).threat == "style"
