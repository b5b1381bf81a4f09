"""Satisfaction differentiates more than price: Shapley shares of two blocks in R², and the same per unit of scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, fit, row, was_recorded
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.drivers.block_shares import as_curve, share_ahead
from cxlab.stats.fits.marked_gaps import filled

TRUTH = Truth(claimed=0.5)


def test(case: Case) -> Evidence:
    """Share of the experience items minus share of the price item in R² (`block_shares`, as `cx.drivers`)."""
    sample = case.sample
    y, price = sample.points("outcome", outcome=True), sample.points("price")
    answers = sample.points("experience")
    items, notes = filled(answers)
    rows, k = answered(case, y, price), answers.shape[1]
    gaps = np.isnan(answers)
    alone = [[j, *(i for i in range(k, items.shape[1]) if np.array_equal(items[:, i], gaps[:, j]))] for j in range(k)]
    people = sample.counted(rows)
    ahead, even = share_ahead(y[rows], items[rows], price[rows], people, alone, case.rng)
    curve = as_curve(y[rows], price[rows], people)
    bent = from_t("", *share_ahead(y[rows], items[rows], curve, people, alone, case.rng)[0], level=case.level)
    back = lambda z: float(np.tanh(z))  # noqa: E731
    name = "share of experience minus share of price in R²"
    whole = finding(case, rows, y, name, *ahead, transform=back, unit="share")
    label = "at equal length: share of one average experience item minus share of price"
    fair = row(case, label, *even, whole.n, transform=back)
    per_unit, check = _per_unit(case, rows, y, answers, price)
    curved = f"{show(back(bent.value))} [{show(back(bent.low))}, {show(back(bent.high))}] with a curve of the price"
    checks = (
        check,
        (
            "experience is ahead, by what matters, also of a price that acts by a curve",
            curved,
            bool(bent.low > case.card.sesoi),
            "curve",
        ),
        was_recorded(case, "outcome", "the outcome was recorded, not answered", "halo", "an answer of the same people"),
        was_recorded(case, "price", "a real price", "rated-price", "a rating, not a price"),
    )
    method = "Shapley shares of two blocks in R², delete-a-block jackknife on Fisher's scale"
    said = f"{k} experience items against one price item ('{sample.fields['price'][0].label}')"
    return Evidence((whole,), None, (fair, per_unit), checks, method, (*notes, f"{said}: more items explain more"))


def _per_unit(case: Case, rows: NDArray, y: NDArray, answers: NDArray, price: NDArray) -> tuple:
    """How far the outcome moves when all experience items, or the price, move by a tenth of their scales.

    A share depends on how much each varies in these data (Grömping 2007); the slope does not.
    """
    gaps = np.isnan(answers)
    marks = gaps[:, gaps[rows].any(axis=0)].astype(float)
    k = answers.shape[1]
    model = fit(
        case, rows, y, *(np.where(gaps, 50.0, answers).T / 10), np.where(np.isnan(price), 0, price) / 10, *marks.T
    )
    contrast = np.zeros(len(model.b))
    contrast[1 : 1 + k], contrast[1 + k] = 1.0, -1.0
    value, se, df = model.contrast(contrast)
    told = from_t("", value, se, df, level=case.level)
    label = "for a tenth of the scale: all experience items minus price (points of the outcome)"
    found = f"experience minus price, for a tenth of each scale, {show(value)} [{show(told.low)}, {show(told.high)}]"
    check = ("experience moves the outcome more than price over equal ranges", found, bool(told.low > 0), "range")
    return row(case, label, value, se, df, case.sample.n[rows].sum()), check


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: difference of the shares of one experience item and a recorded price in a recorded choice.

    Without an effect both move the outcome alike. Under 'range' the price hardly varied; under 'curve' it acts by a
    threshold alone, and explains as much; under 'rated-price' it is a noisy rating of the price; under 'halo' one mood
    colours the experience item and an outcome that was answered.
    """
    t, _ = touchpoints(n, rng, 2, 0.0)
    a, b = np.sqrt((1 + effect) / 2), np.sqrt((1 - effect) / 2)
    part = np.array([1.0, 0.5 if threat == "range" else 1.0])
    acts = part[1] * t[:, 1] if threat != "curve" else np.where(t[:, 1] > 1, 2.3, -0.43)
    y = a * t[:, 0] + b * acts
    y = (y / np.sqrt(a**2 + b**2) + rng.standard_normal(n)) / np.sqrt(2)
    experience, price = t[:, 0], part[1] * t[:, 1]
    if threat == "halo":
        mood = rng.standard_normal(n)
        experience, y = (experience + mood) / np.sqrt(2), (y + mood) / np.sqrt(2)
    if threat == "rated-price":
        price = (price + 1.2 * rng.standard_normal(n)) / np.hypot(1, 1.2)
    columns = {"outcome": scores(y), "experience": scores(experience)[:, None], "price": scores(price)}
    roles = {"outcome": "outcome" if threat == "halo" else "operation"}
    roles["price"] = "outcome" if threat == "rated-price" else "operation"
    return Made(columns, measures={"price": "value" if threat == "rated-price" else "spend"}, roles=roles)


naive = unguarded
