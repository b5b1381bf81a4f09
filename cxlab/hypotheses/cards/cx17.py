"""Experience is not opinion: HTMT of the two blocks of items, and the chain from experience to opinion to loyalty."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, row
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.simulated_answers import Made, Truth, in_periods, lasting_mood, scores
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.index.separation import separation
from cxlab.models.loyalty.chain_of_paths import chain

TRUTH = Truth(claimed=0.7, n=2000)
WAVES, PEOPLE, INDIRECT = 4, 50, 0.05
"""Waves and people that the chain needs, and the smallest indirect path that matters."""
CHAIN = "experience leads opinion, and opinion loyalty, over time"


def test(case: Case) -> Evidence:
    """HTMT of the quality and the satisfaction items (`separation`, as `cx.index` prints it); the chain over waves."""
    sample = case.sample
    a, b = sample.points("satisfaction"), sample.points("quality")
    rows = answered(case, a[:, 0], a, b)
    people = _people(case)[rows]
    alone = len(np.unique(people)) == len(people)
    counted = replace(sample.counted(rows), cluster=None if alone else people)
    plain, geometric = separation(a[rows], b[rows], counted, case.rng)
    found = finding(case, rows, a[:, 0], "HTMT of quality and satisfaction", *plain)
    shown = (
        row(case, "with geometric means (HTMT2)", *geometric, found.n),
        row(case, "the same against the stricter cut-off .85", *plain, found.n),
    )
    led = _chain(case)
    method = f"HTMT of {a.shape[1]} and {b.shape[1]} items, delete-a-block jackknife"
    if led is None:
        why = f"needs loyalty, and the same {PEOPLE} people in {WAVES} waves; only the separation was looked at"
        return Evidence((found,), None, shown, ((CHAIN, why, None, "method"),), method)
    return Evidence(
        (found, led.indirect), None, (*shown, *led.shown), (led.check,),
        f"{method}; chain: lagged paths within people, product with its delta-method error",
    )  # fmt: skip


def _people(case: Case) -> NDArray:
    """Clusters, or people, or every answer on its own."""
    s = case.sample
    if s.c is not None:
        return s.c
    return s.codes("person", sort=False) if "person" in s else np.arange(len(s.n))


class Chain(NamedTuple):
    """The indirect path, both of its steps, and whether the past leads at each step."""

    indirect: Finding
    shown: tuple[dict, ...]
    check: tuple


def _chain(case: Case) -> Chain | None:
    """The path from experience to opinion one wave later times that from opinion to loyalty one wave later.

    Two blocks of one construct tell of one another before and after alike (their difference is how they were asked);
    the chain needs that at each step the past tells more than the future.
    """
    s = case.sample
    if not {"person", "wave", "loyalty"} <= s.raw.keys():
        return None
    table = _waves(case)
    seen = table.groupby("unit")["period"].nunique()
    if (seen >= WAVES).sum() < PEOPLE:
        return None
    product, first, second = chain(table, "quality", "satisfaction", "loyalty")
    indirect = from_t(
        "experience to opinion to loyalty: product of the paths, each one wave later", *product, level=case.level,
        side="greater", sesoi=INDIRECT, trivial=INDIRECT, n=second.rows, n_eff=float(len(seen)),
    )  # fmt: skip
    shown = (
        row(case, "experience to opinion, one wave later", *first.lag, first.rows),
        row(case, "opinion to loyalty, one wave later", *second.lag, second.rows),
    )
    told = [from_t("", *path.ahead, level=case.level) for path in (first, second)]
    found = "past minus future: " + ", ".join(f"{show(t.value)} [{show(t.low)}, {show(t.high)}]" for t in told)
    return Chain(indirect, shown, (CHAIN, found, all(t.low > 0 for t in told), "method"))


def _waves(case: Case) -> pd.DataFrame:
    """Means of each block by person and wave."""
    s = case.sample
    unit, period = (s.codes(slot) for slot in ("person", "wave"))
    blocks = {name: s.points(name).mean(axis=1) for name in ("satisfaction", "quality")}
    table = pd.DataFrame(
        {"unit": unit, "period": period, "cluster": _people(case), "loyalty": s.points("loyalty"), **blocks}
    )
    table = table[(unit >= 0) & (period >= 0)].dropna()
    return table.groupby(["unit", "period"], as_index=False).mean()


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: correlation of the two constructs in a wave; eight waves a person, loyalty follows opinion.

    Opinion follows the experience of the wave before. Under 'method' there is one construct, and a mood of the page
    that each block was asked on colours its items.
    """
    waves = 8
    people = max(n // waves, 60)
    shape = (people, waves)
    trait = rng.standard_normal((people, 1))
    if threat == "method":
        one = np.sqrt(0.5) * trait + np.sqrt(0.5) * lasting_mood(people, waves, rng)
        pages = rng.standard_normal((2, *shape))
        experience, opinion = (np.sqrt(0.8) * one + np.sqrt(0.2) * page for page in pages)
        loyalty = np.sqrt(0.5) * one + np.sqrt(0.5) * rng.standard_normal(shape)
    else:
        experience, opinion, loyalty = _led(effect, trait, shape, rng)
    items = lambda c: scores((c.reshape(-1, 1) + 0.6 * rng.standard_normal((people * waves, 3))) / np.sqrt(1.36))  # noqa: E731
    columns = {
        "satisfaction": items(opinion), "quality": items(experience), "loyalty": scores(loyalty.ravel()),
        **in_periods(people, waves, period="wave"),
    }  # fmt: skip
    return Made(columns, "panel", measures={"loyalty": "loyalty"})


def _led(effect: float, trait: NDArray, shape: tuple, rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """Experience, opinion, loyalty of variance one; opinion keeps ``effect`` of a stable part in common with it."""
    people, waves = shape
    share, rest = np.sqrt(effect), np.sqrt(1 - effect)
    fresh, own = rng.standard_normal((2, people, waves + 2))
    led = 0.8 * fresh[:, :-1] + 0.6 * own[:, :-1]
    experience = share * trait + rest * fresh[:, 2:]
    opinion = share * trait + rest * led[:, 1:]
    moved, later = led[:, :-1], rng.standard_normal(shape)
    loyalty = 0.5 * trait + 0.6 * moved + np.sqrt(1 - 0.25 - 0.36) * later
    return experience, opinion, loyalty


naive = unguarded
