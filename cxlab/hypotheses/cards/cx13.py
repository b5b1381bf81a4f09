"""Satisfaction ratio beats NPS: in prediction, in retest, in seeing an improvement; and item against item."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.data.codebook import Field
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import HOW, Validation, validate
from cxlab.hypotheses.estimation import about, answered, mean, row, was_recorded
from cxlab.hypotheses.rule import DIRECTIONS, Finding, from_t
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.metrics.yardsticks import retest, sensitivity
from cxlab.stats.fits.marked_gaps import filled
from cxlab.stats.fits.unit_means import following

TRUTH = Truth(claimed=0.2, boundary=0.0, n=2000, value=None)
MARGIN = {"prediction": 0.01, "retest": 0.05, "sensitivity": 0.05}
"""How much better counts, and how much worse is still not worse: of R², of ICC, of standardised differences."""
PAIRS = 50


def test(case: Case) -> Evidence:
    """The ratio minus the recommendation item on each yardstick that the study has: two of three, none worse."""
    case = _by_person(case)
    sample = case.sample
    y, rec, items = sample.points("outcome", outcome=True), sample.points("recommendation"), sample.points("items")
    rows = answered(case, y, rec) & np.isfinite(items).any(axis=1)
    rows = answered(case, np.where(rows, y, np.nan))
    ratio = _ratio(case)
    touch, notes = filled(items)
    v, singles = _validated(case, rows, y, np.column_stack([rec - 50, ratio - 50, touch]), items)
    measured = {"prediction": v.gain("ratio", "rec")} | _others(case, rows, ratio, rec)
    carry = about(case, rows, y)
    findings = _two_of_three(case, measured, carry)
    single = v.told(np.mean([v.r2[s] for s in singles], axis=0) - v.r2["rec"])
    one = row(
        case, "at equal length: R² of one average item minus that of the recommendation item", *single, carry["n"]
    )
    shown = (
        row(case, "mean of the ratio (per cent of the scales)", *mean(case, rows, ratio), carry["n"]),
        row(case, "R² out of sample: recommendation", *v.level("rec"), carry["n"]),
        row(case, "R² out of sample: ratio", *v.level("ratio"), carry["n"]),
        one,
    )
    found = [show(one[k]) for k in ("estimate", "low", "high")]
    longer = "one average item minus the recommendation item {} [{}, {}]".format(*found)
    checks = (
        ("it is better at equal length", longer, bool(one["low"] > 0), "length"),
        (
            "two of prediction, retest and sensitivity were measured",
            ", ".join(measured),
            len(measured) > 1,
            "one-yardstick",
        ),
        _style(case, findings),
    )
    said = f"the ratio is the mean of {items.shape[1] + 1} items, each as per cent of its scale"
    return Evidence(findings, None, shown, checks, f"{HOW}; ICC(A,1), Cohen's d, jackknife", (*notes, said))


def _style(case: Case, findings: tuple[Finding, ...]) -> tuple[str, str, bool, str]:
    """Whether the two yardsticks that decide are free of how a person answers: the agreement of answers is not."""
    what, found, recorded, threat = was_recorded(
        case, "outcome", "a style of answering could not do it", "style", "an answer, in the style of the items"
    )
    apart = recorded and all(f.name != NAMES["retest"] for f in findings[:2])
    return what, found if apart or not recorded else f"{found}; {NAMES['retest']} is what a style raises", apart, threat


def _by_person(case: Case) -> Case:
    """The case with people as clusters, where they answered more than once and the sample has no clusters."""
    s = case.sample
    if s.c is not None or "person" not in s:
        return case
    mine = replace(case)
    vars(mine)["sample"] = replace(s, c=s.codes("person", sort=False)).keep(
        pd.notna(s.raw["person"]), "no person given"
    )
    return mine


def _ratio(case: Case) -> NDArray:
    """The ratio without text, in %, as `cx.metrics.satisfaction_ratio` (version B): the mean of answer / maximum."""
    s = case.sample
    columns = np.column_stack([s.number("recommendation"), s.raw["items"]])
    each = [_percent(columns[:, j], f) for j, f in enumerate((*s.fields["recommendation"], *s.fields["items"]))]
    x = np.column_stack(each)
    return np.nansum(x, axis=1) / np.fmax(np.isfinite(x).sum(axis=1), 1)


def _percent(values: NDArray, f: Field) -> NDArray:
    scale = f.scale
    if scale is None:
        return 100.0 * values
    turned = values if scale.best == "high" else scale.maximum + scale.minimum - values
    return 100.0 * turned / scale.maximum


def _validated(case: Case, rows: NDArray, y: NDArray, columns: NDArray, items: NDArray) -> tuple[Validation, list[str]]:
    """Cross-validate the recommendation item, the ratio, and each item with the mark of its gaps."""
    k = items.shape[1]
    gaps, marked = np.isnan(items), columns[:, 2 + k :]
    same = lambda j: [2 + k + i for i in range(marked.shape[1]) if np.array_equal(marked[:, i], gaps[:, j])]  # noqa: E731
    singles = {f"item {j}": [2 + j, *same(j)] for j in range(k)}
    return validate(case, rows, y, columns, {"rec": [0], "ratio": [1]} | singles), list(singles)


def _others(case: Case, rows: NDArray, ratio: NDArray, rec: NDArray) -> dict[str, tuple]:
    """Retest reliability where people answered again, sensitivity where an improvement was drawn by lot."""
    s = case.sample
    found: dict[str, tuple] = {}
    if {"person", "wave"} <= s.raw.keys():
        unit, period = (s.codes(slot) for slot in ("person", "wave"))
        use = rows & (unit >= 0) & (period >= 0)
        nxt = [np.full(len(rec), np.nan) for _ in range(2)]
        for later, x in zip(nxt, (ratio, rec), strict=True):
            later[use] = following(x[use], unit[use], period[use], (s.n * s.w)[use])
        pairs = use & np.isfinite(nxt[0])
        if s.n[pairs].sum() >= PAIRS:
            answers = [(x[pairs], again[pairs]) for x, again in zip((ratio, rec), nxt, strict=True)]
            found["retest"] = retest(*answers, s.counted(pairs), case.rng)
    if "arm" in s:
        arm = s.binary("arm")
        both = rows & np.isfinite(arm)
        if min(s.n[both & (arm == k)].sum() for k in (0, 1)) >= PAIRS:
            found["sensitivity"] = sensitivity(arm[both], ratio[both], rec[both], s.counted(both), case.rng)
    return found


NAMES = {
    "prediction": "R² of the satisfaction ratio minus that of the recommendation item",
    "retest": "retest reliability (ICC) of the satisfaction ratio minus that of the recommendation item",
    "sensitivity": "standardised effect of an improvement on the ratio minus that on the recommendation item",
}


def _two_of_three(case: Case, measured: dict[str, tuple], carry: dict) -> tuple[Finding, ...]:
    """The two best must show superiority; the third only that it is not worse than by its margin.

    Of equals the retest is the third: a style of answering raises it. Two are picked of three: their level is
    Bonferroni's for the second best of three.
    """
    level = case.level if len(measured) < 3 else 1 - (1 - case.level) / 2
    found = {
        k: from_t(NAMES[k], *v, level=level, **carry | {"sesoi": MARGIN[k], "trivial": MARGIN[k]})
        for k, v in measured.items()
    }
    order = sorted(found, key=lambda k: (-DIRECTIONS.index(found[k].verdict), k == "retest"))
    rest = [
        from_t(f"{NAMES[k]}: not worse by {MARGIN[k]:g}", *measured[k], level=case.level,
               **carry | {"null": -MARGIN[k], "sesoi": 0.0, "trivial": 0.0})
        for k in order[2:]
    ]  # fmt: skip
    return (*(found[k] for k in found if k in order[:2]), *rest)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Two waves a person, an improvement by lot; with an effect the recommendation item is noisier than the others.

    Equally good items without an effect: only length favours the composite, more so under 'length'. Under
    'one-yardstick' a mood of the day, which the items see and the one question does not, moves the outcome, and there
    is neither a second wave nor a lot. Under 'style' people have a style in which they answer the items and an outcome
    on the same scale, and nothing was drawn by lot; else the outcome is recorded.
    """
    people = n // 2
    person = np.repeat(np.arange(people), 2)
    arm = rng.permutation(np.arange(people) % 2)[person].astype(float)
    loyal = rng.standard_normal(people)[person] + 0.5 * arm
    mood = rng.standard_normal(2 * people) * (threat == "one-yardstick")
    noise = 1.0 + 8 * effect
    rec = scores((loyal + noise * rng.standard_normal(2 * people)) / np.hypot(1, noise))
    count = 6 if threat == "length" else 3
    style = rng.standard_normal(people)[person] if threat == "style" else 0.0
    items = (loyal[:, None] + mood[:, None] + rng.standard_normal((2 * people, count))) / np.sqrt(2)
    later = (loyal + mood + rng.standard_normal(2 * people)) / np.sqrt(2) + style
    items = items + np.reshape(style, (-1, 1)) if threat == "style" else items
    columns = {"outcome": scores(later), "recommendation": rec, "items": scores(items)}
    said = {"measures": {"outcome": "loyalty"}, "roles": {"outcome": "outcome" if threat == "style" else "operation"}}
    if threat == "one-yardstick":
        return Made(columns, **said)
    more = {"person": person, "wave": np.tile([0, 1], people)} | ({} if threat == "style" else {"arm": arm})
    return Made(columns | more, "panel", **said)


naive = unguarded
