"""Simulated studies of scores that explain each other, one function a card's test (see `simulators`)."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.made import SPREAD, Made, scores, touchpoints


def journeys(effect, n, rng, threat) -> Made:
    """Without an effect y depends on the touchpoints alone and the journey item is their mean, answered with noise.

    ``effect`` is the gain in R² that a journey quality of its own adds to the outcome; under the threat the answers
    share halo and nothing else.
    """
    t, h = touchpoints(n, rng, 5, 0.5 if threat else 0.3)
    mean = t.mean(axis=1) / t.mean(axis=1).std()
    own = rng.standard_normal(n)
    share = effect * 1.0
    y = np.sqrt(0.5 - share / 2) * mean + np.sqrt(share) * own + np.sqrt(0.5 - share / 2) * rng.standard_normal(n)
    weight = 0.0 if effect == 0 else 0.95
    end = np.sqrt(1 - weight**2) * mean + weight * own + (0.6 if effect == 0 else 0.02) * rng.standard_normal(n)
    item = {f"touch{j + 1}": scores(t[:, j] + (0.3 * h if threat else 0)) for j in range(5)}
    return (
        {
            "outcome": scores(y + (0.3 * h if threat else 0)),
            "journey": scores(end + (0.3 * h if threat else 0)),
            **item,
        },
        "cross-section",
        "",
    )


def weakest(effect, n, rng, threat) -> Made:
    """``effect``: gain in R² of the worst touchpoint over all of them."""
    t, _ = touchpoints(n, rng, 4, 0.2)
    base = t.mean(axis=1)
    low = t.min(axis=1)
    x = np.column_stack([np.ones(n), t])
    extra = low - x @ np.linalg.lstsq(x, low, rcond=None)[0]
    y = np.sqrt(0.5) * base / base.std() + np.sqrt(0.5 - effect) * rng.standard_normal(n)
    y = y + np.sqrt(effect) * extra / extra.std()
    scored = np.clip(np.round(50 + SPREAD * y), 0, 62 if threat else 100)
    return {"overall": scored, **{f"touch{j + 1}": scores(t[:, j]) for j in range(4)}}, "cross-section", ""


def sequence(effect, n, rng, threat) -> Made:
    """``effect``: standardised weight of the last stage minus the mean of the others."""
    t, h = touchpoints(n, rng, 5, 0.5 if threat else 0.3)
    b = np.full(5, 0.15) + np.array([0, 0, 0, 0, effect])
    y = t @ b + (0.3 * h if threat else 0)
    noise = np.sqrt(max(1 - y.var(), 0.05))
    y = y + noise * rng.standard_normal(n)
    return {"overall": scores(y), **{f"touch{j + 1}": scores(t[:, j]) for j in range(5)}}, "cross-section", ""


def ratio(effect, n, rng, threat) -> Made:
    """Equally good items (only length favours the composite); with an effect the recommendation item is worse."""
    loyal = rng.standard_normal(n)
    noise = 1.0 + 8 * effect
    rec = scores((loyal + noise * rng.standard_normal(n)) / np.hypot(1, noise))
    count = 6 if threat else 3
    items = {f"item{j + 1}": scores((loyal + rng.standard_normal(n)) / np.sqrt(2)) for j in range(count)}
    return (
        {"loyalty": scores((loyal + rng.standard_normal(n)) / np.sqrt(2)), "likely": rec, **items},
        "cross-section",
        "",
    )


def metrics(effect, n, rng, threat) -> Made:
    """``effect``: gain in R² of all metrics over the best single one."""
    a, u = rng.standard_normal(n), rng.standard_normal(n)
    gain = np.sqrt(2 * effect / (1 - effect))
    y = (a + gain * u + rng.standard_normal(n)) / np.sqrt(2 + gain**2)
    more = {f"quality{j + 1}": scores(0.6 * a + 0.8 * rng.standard_normal(n)) for j in range(8 if threat else 0)}
    return (
        {"loyalty": scores(y), "satisfaction": scores(a), "quality": scores(0.6 * a + 0.8 * u), **more},
        "cross-section",
        "",
    )


def blocks(effect, n, rng, threat) -> Made:
    t, _ = touchpoints(n, rng, 2, 0.7 if threat else 0.0)
    a, b = np.sqrt((1 + effect) / 2), np.sqrt((1 - effect) / 2)
    y = a * t[:, 0] + b * t[:, 1]
    y = (y / y.std() + rng.standard_normal(n)) / np.sqrt(2)
    return {"loyalty": scores(y), "experience1": scores(t[:, 0]), "value": scores(t[:, 1])}, "cross-section", ""


def constructs(effect, n, rng, threat) -> Made:
    """``effect``: correlation of the two constructs."""
    a = rng.standard_normal(n)
    b = effect * a + np.sqrt(max(1 - effect**2, 0)) * rng.standard_normal(n)
    item = lambda c: scores((c + 0.6 * rng.standard_normal(n)) / np.sqrt(1.36))  # noqa: E731
    return (
        {**{f"satisfactory{j}": item(a) for j in (1, 2, 3)}, **{f"quality{j}": item(b) for j in (1, 2, 3)}},
        "cross-section",
        "",
    )


def segments(effect, n, rng, threat) -> Made:
    """``effect``: standard deviation of the standardised weights between eight segments."""
    groups, k = 8, 4
    t, _ = touchpoints(n, rng, k, 0.2)
    s = rng.integers(0, groups, n)
    deviation = rng.standard_normal((groups, k))
    deviation = (deviation - deviation.mean(0)) / deviation.std(0, ddof=1)
    slopes = 0.25 + effect * deviation
    noise = np.linspace(0.4, 1.0, groups)[s] if threat else 0.75
    y = (slopes[s] * t).sum(axis=1) + noise * rng.standard_normal(n)
    y = (y - y.mean()) / (1.0 if not threat else 1.0)
    names = np.array([f"segment {g}" for g in range(groups)], object)[s]
    return (
        {"overall": scores(y), "segment": names, **{f"touch{j + 1}": scores(t[:, j]) for j in range(k)}},
        "cross-section",
        "",
    )


def peers(effect, n, rng, threat) -> Made:
    """``effect``: fall of the leave-one-out error; negative (more noise, nothing in common) where it is 0."""
    firms = max(n // 10, 60)
    cells = firms // 3 if threat else 12
    cell = np.arange(firms) % cells
    m = firms / cells
    within = (1 + 1 / (m - 1)) / (1 - effect) ** 2 / (1 + 1 / (firms - 1)) - 1
    between = 0.0 if effect == 0 else np.sqrt(max(within, 0.0))
    score = between * rng.standard_normal(cells)[cell] + rng.standard_normal(firms)
    industry = np.array([f"industry {c % 4}" for c in cell], object)
    size = np.array([f"size {c // 4}" for c in cell], object)
    return {"score": 50 + SPREAD * score, "firm": np.array([f"firm {i:03d}" for i in range(firms)], object),
            "industry": industry, "size": size}, "cross-section", ""  # fmt: skip


WORDS = [
    f"{a}{b}"
    for a in ("bal", "cor", "dim", "fen", "gol", "hur", "jap", "kit")
    for b in ("ana", "ero", "imu", "olo", "usk", "yde", "wen", "zor")
]


def text(effect, n, rng, threat) -> Made:
    """With an effect the words hold something (u) that the ratings do not; else they repeat the ratings."""
    rating, u = rng.standard_normal(n), rng.standard_normal(n)
    y = np.sqrt(0.5) * rating + np.sqrt(effect) * u + np.sqrt(0.5 - effect) * rng.standard_normal(n)
    told = u if effect else rating if threat else rng.standard_normal(n)
    lean = np.linspace(-1, 1, len(WORDS))
    odds = np.exp(1.5 * told[:, None] * lean)
    picks = np.argsort(-(np.log(odds) + rng.gumbel(size=odds.shape)), axis=1)[:, :12]
    comments = np.array([" ".join(WORDS[i] for i in row) for row in picks], object)
    return {"outcome": scores(y), "touch1": scores(rating), "comment": comments}, "cross-section", ""
