"""Data of the shape each card needs, with a truth that is known: what the tests are calibrated on.

Every simulator takes the true ``effect`` in the card's unit, the number of answers ``n``, a generator and whether the
card's main ``threat`` is at work; it returns columns, the study's design, and the cluster column. Scores run 0 to 100.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.random import Generator

from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.hypotheses.card import Card, card
from cxlab.problem import unknown

Made = tuple[dict[str, np.ndarray], str, str]
SPREAD = 12.0
"""Standard deviation of scores."""
PERSONS = 5
"""Answers of a cluster under the threat of clustering."""
CONFOUNDED = 0.8
"""Standard deviations that self-selection puts between groups under that threat."""

THREATS = {
    "CX-01": "clustering", "CX-02": "self-selection", "CX-03": "self-selection", "CX-04": "halo", "CX-05": "ceiling",
    "CX-06": "halo", "CX-07": "self-classification", "CX-08": "autocorrelation", "CX-09": "filtered question",
    "CX-10": "polarity", "CX-11": "clustering", "CX-12": "skewed scale", "CX-13": "length of the composite",
    "CX-14": "many useless metrics", "CX-15": "self-selection", "CX-16": "halo", "CX-17": "common method",
    "CX-18": "unequal noise", "CX-19": "regression to the mean", "CX-20": "regression to the mean",
    "CX-21": "stable differences of units", "CX-22": "self-selection", "CX-23": "self-selection",
    "CX-24": "self-selection", "CX-25": "hard cases switch", "CX-26": "noise differs by segment",
    "CX-27": "few peers", "CX-28": "clustering", "CX-29": "clustering", "CX-30": "clustering",
    "CX-31": "self-selection", "CX-32": "comments repeat the ratings",
}  # fmt: skip
"""The main threat of each card, as it is simulated."""

ROLES: dict[str, tuple[str, str]] = {
    "outcome": ("outcome", "recommendation"), "journey": ("outcome", "satisfaction"), "overall": ("outcome", "satisfaction"),
    "satisfaction": ("outcome", "satisfaction"), "score": ("outcome", "satisfaction"), "loyalty": ("outcome", "loyalty"),
    "spend": ("operation", "spend"), "wait": ("operation", "wait"), "leave": ("outcome", "churn"),
    "recommendation": ("outcome", "recommendation"), "likely": ("outcome", "recommendation"), "value": ("touchpoint", "value"), "comment": ("text", ""),
    "day": ("date", ""), "cluster": ("cluster", ""), "unit": ("cluster", ""), "firm": ("brand", ""),
    "industry": ("segment", ""), "size": ("segment", ""), "segment": ("segment", ""), "mode": ("segment", ""),
    "period": ("wave", ""), "before": ("outcome", ""), "after": ("outcome", ""), "customer": ("outcome", ""),
    "employee": ("operation", ""), "influenced": ("outcome", ""), "exceeded": ("outcome", ""), "t90": ("outcome", ""),
}  # fmt: skip
SCORED = ("outcome", "journey", "overall", "satisfaction", "score", "loyalty", "value", "likely", "before", "after", "handling")


def simulated(claim: str | Card, effect: float, *, n: int = 1000, seed: int = 0, threat: bool = False) -> Study:
    """Return a simulated study of the shape the card needs, with the true effect in the card's unit.

    >>> simulated("CX-23", 2.0, n=100).codebook.simulated
    True
    """
    chosen = claim if isinstance(claim, Card) else card(claim)
    maker = SIMULATORS.get(chosen.id)
    if maker is None:
        raise unknown("simulator", chosen.id, "the simulators", SIMULATORS)
    columns, design, cluster = maker(effect, n, np.random.default_rng(seed), threat)
    fields = tuple(_field(name, values, cluster) for name, values in columns.items())
    said = f"; threat: {THREATS[chosen.id]}" if threat else ""
    book = Codebook(
        f"simulated-{chosen.id.lower()}", fields, f"Simulated for {chosen.id}: true effect {effect:g}{said}", True, design=design
    )
    return Study(pd.DataFrame(columns), book)


def _field(name: str, values: np.ndarray, cluster: str) -> Field:
    if name == cluster:
        return Field(name, type="integer", role="cluster")
    stem = name.rstrip("0123456789")
    if stem in ("touch", "experience", "item"):
        stage = {"touch": ("search", "purchase", "delivery", "use", "help", "return")}.get(stem, ("",) * 9)[int(name[-1]) - 1]
        return Field(name, role="touchpoint", measure="satisfaction", scale=Scale(0, 100), stage=stage)
    if stem in ("satisfactory", "quality"):
        measure = "satisfaction" if stem == "satisfactory" else "quality"
        return Field(name, role="outcome", measure=measure, scale=Scale(0, 100))
    role, measure = ROLES.get(name, ("operation", ""))
    scale = Scale(0, 10) if name == "recommendation" else Scale(0, 100) if name in SCORED else None
    type_ = "date" if role == "date" else "string" if values.dtype.kind in "OU" else "number"
    return Field(name, type=type_, role=role, measure=measure, scale=scale)


def _scores(z: np.ndarray, middle: float = 50.0) -> np.ndarray:
    """Scores of standard deviations z: whole numbers from 0 to 100."""
    return np.clip(np.round(middle + SPREAD * z), 0, 100)


def _arms(n: int, rng: Generator, threat: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cluster, arm and cluster effect; one answer a cluster, or `PERSONS` with a strong effect and one arm."""
    size = PERSONS if threat else 1
    cluster = np.arange(n) // size
    arm = rng.permutation(np.arange(cluster.max() + 1) % 2)[cluster]
    shared = rng.standard_normal(cluster.max() + 1)[cluster]
    return cluster, arm.astype(float), shared if threat else rng.standard_normal(n)


def _chosen(n: int, rng: Generator, threat: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """A binary exposure, what else differs between its groups, and the design: assigned, or chosen by the people."""
    trait = rng.standard_normal(n)
    if not threat:
        return (rng.random(n) < 0.5).astype(float), np.zeros(n), "experiment"
    return (trait + rng.standard_normal(n) > 0).astype(float), CONFOUNDED * trait, "cross-section"


def premium(effect, n, rng, threat) -> Made:
    cluster, arm, shared = _arms(n, rng, threat)
    log = 3 + np.log1p(effect) * arm + 0.25 * shared + 0.25 * rng.standard_normal(n)
    return {"spend": np.exp(log), "arm": arm, "cluster": cluster}, "experiment", "cluster"


def leaving(effect, n, rng, threat) -> Made:
    failure, other, design = _chosen(n, rng, threat)
    p = np.clip(0.2 + (0 if threat else effect) * failure + 0.1 * other, 0, 1)
    return {"failure": failure, "leave": (rng.random(n) < p).astype(float)}, design.replace("experiment", "quasi-experiment"), ""


def adoption(effect, n, rng, threat) -> Made:
    z = rng.standard_normal(n)
    p = np.clip(0.15 + (0.05 if threat else effect) * z, 0, 1)
    return {"score": _scores(z), "adopted": (rng.random(n) < p).astype(float)}, "cross-section" if threat else "panel", ""


def touchpoints(n: int, rng: Generator, k: int, halo: float) -> tuple[np.ndarray, np.ndarray]:
    """Latent touchpoints (n, k) with variance 1 and correlation ``halo``, and the common impression."""
    h = rng.standard_normal(n)
    return np.sqrt(halo) * h[:, None] + np.sqrt(1 - halo) * rng.standard_normal((n, k)), h


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
    item = {f"touch{j + 1}": _scores(t[:, j] + (0.3 * h if threat else 0)) for j in range(5)}
    return {"outcome": _scores(y + (0.3 * h if threat else 0)), "journey": _scores(end + (0.3 * h if threat else 0)), **item}, "cross-section", ""


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
    return {"overall": scored, **{f"touch{j + 1}": _scores(t[:, j]) for j in range(4)}}, "cross-section", ""


def sequence(effect, n, rng, threat) -> Made:
    """``effect``: standardised weight of the last stage minus the mean of the others."""
    t, h = touchpoints(n, rng, 5, 0.5 if threat else 0.3)
    b = np.full(5, 0.15) + np.array([0, 0, 0, 0, effect])
    y = t @ b + (0.3 * h if threat else 0)
    noise = np.sqrt(max(1 - y.var(), 0.05))
    y = y + noise * rng.standard_normal(n)
    return {"overall": _scores(y), **{f"touch{j + 1}": _scores(t[:, j]) for j in range(5)}}, "cross-section", ""


def leaders(effect, n, rng, threat) -> Made:
    won = rng.random(n)
    leader = (won + 0.7 * rng.random(n) > 1).astype(float) if threat else (rng.random(n) < 0.4).astype(float)
    exceeded = won > 0.85 if threat else rng.random(n) < 0.12 + effect * leader
    return {"exceeded": exceeded.astype(float), "leader": leader}, "cross-section" if threat else "panel", ""


def alpha(effect, n, rng, threat) -> Made:
    e = 0.01 * rng.standard_normal(n + 1)
    e = e[1:] + 0.3 * e[:-1] if threat else e[1:]
    market = 0.04 * rng.standard_normal(n)
    return {"excess": effect + 0.1 * market + e, "market": market}, "panel", ""


def declared(effect, n, rng, threat) -> Made:
    y = (rng.random(n) < (effect / 0.66 if threat else effect)).astype(float)
    return {"influenced": np.where(rng.random(n) < 0.66, y, np.nan) if threat else y}, "cross-section", ""


def review_curve(effect, n, rng, threat) -> Made:
    s = _scores(1.5 * rng.standard_normal(n))
    up, down = np.fmax(s - 50, 0) / 10, np.fmax(50 - s, 0) / 10
    p = np.clip(0.25 + effect * up - (-0.06 if threat else 0.0) * down, 0, 1)
    return {"score": s, "posted": (rng.random(n) < p).astype(float)}, "cross-section", ""


def rollout(effect, n, rng, threat) -> Made:
    units = max(n // 20, 20)
    unit = np.arange(n) % units
    treated = (rng.permutation(units) % 2)[unit].astype(float)
    after = (np.arange(n) // units % 2).astype(float)
    shock = (0.15 if threat else 0.02) * rng.standard_normal((units, 2))[unit, after.astype(int)]
    p = np.clip(0.4 + effect * treated * after + shock, 0, 1)
    return {"top3": (rng.random(n) < p).astype(float), "treated": treated, "post": after, "cluster": unit}, "experiment", "cluster"


def daily(effect, n, rng, threat) -> Made:
    days = max(n // 100, 10)
    day = np.arange(n) % days
    bad, good = (0.04, 0.80) if threat else (0.25, 0.45)
    move = np.clip(effect / 200 * rng.standard_normal(days), -bad * 0.95, min(1 - good, bad) * 0.95)[day]
    u = rng.random(n)
    score = np.where(u < bad - move, rng.integers(0, 7, n), np.where(u > 1 - good - move, rng.integers(9, 11, n), rng.integers(7, 9, n)))
    dates = np.datetime64("2026-01-01") + day.astype("timedelta64[D]")
    return {"recommendation": score.astype(float), "day": dates.astype("datetime64[ns]")}, "cross-section", ""


def ratio(effect, n, rng, threat) -> Made:
    """Equally good items (only length favours the composite); with an effect the recommendation item is worse."""
    loyal = rng.standard_normal(n)
    noise = 1.0 + 8 * effect
    rec = _scores((loyal + noise * rng.standard_normal(n)) / np.hypot(1, noise))
    count = 6 if threat else 3
    items = {f"item{j + 1}": _scores((loyal + rng.standard_normal(n)) / np.sqrt(2)) for j in range(count)}
    return {"loyalty": _scores((loyal + rng.standard_normal(n)) / np.sqrt(2)), "likely": rec, **items}, "cross-section", ""


def metrics(effect, n, rng, threat) -> Made:
    """``effect``: gain in R² of all metrics over the best single one."""
    a, u = rng.standard_normal(n), rng.standard_normal(n)
    gain = np.sqrt(2 * effect / (1 - effect))
    y = (a + gain * u + rng.standard_normal(n)) / np.sqrt(2 + gain**2)
    more = {f"quality{j + 1}": _scores(0.6 * a + 0.8 * rng.standard_normal(n)) for j in range(8 if threat else 0)}
    return {"loyalty": _scores(y), "satisfaction": _scores(a), "quality": _scores(0.6 * a + 0.8 * u), **more}, "cross-section", ""


def loyalty(effect, n, rng, threat) -> Made:
    """``effect``: minus the log hazard ratio of leaving per 10 points."""
    s = _scores(1.5 * rng.standard_normal(n))
    rate = 0.1 * np.exp(-(0.2 if threat else effect) * (s - 50) / 10)
    return {"satisfaction": s, "leave": (rng.random(n) < -np.expm1(-rate)).astype(float)}, "cross-section" if threat else "panel", ""


def blocks(effect, n, rng, threat) -> Made:
    t, _ = touchpoints(n, rng, 2, 0.7 if threat else 0.0)
    a, b = np.sqrt((1 + effect) / 2), np.sqrt((1 - effect) / 2)
    y = a * t[:, 0] + b * t[:, 1]
    y = (y / y.std() + rng.standard_normal(n)) / np.sqrt(2)
    return {"loyalty": _scores(y), "experience1": _scores(t[:, 0]), "value": _scores(t[:, 1])}, "cross-section", ""


def constructs(effect, n, rng, threat) -> Made:
    """``effect``: correlation of the two constructs."""
    a = rng.standard_normal(n)
    b = effect * a + np.sqrt(max(1 - effect**2, 0)) * rng.standard_normal(n)
    item = lambda c: _scores((c + 0.6 * rng.standard_normal(n)) / np.sqrt(1.36))  # noqa: E731
    return {**{f"satisfactory{j}": item(a) for j in (1, 2, 3)}, **{f"quality{j}": item(b) for j in (1, 2, 3)}}, "cross-section", ""


def clock(effect, n, rng, threat) -> Made:
    log = rng.normal(3, 1, n)
    noise = 0.5 * (np.exp(0.4 * (log - 3)) if threat else 1.0)
    return {"t90": np.exp(0.8 + effect * log + noise * rng.standard_normal(n)), "cycle": np.exp(log)}, "experiment", ""


def closed_loop(effect, n, rng, threat) -> Made:
    true = rng.standard_normal(n)
    r = np.sqrt(0.6)
    before = _scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n)))
    arm = (rng.random(n) < 0.5).astype(float)
    lift = 0 if threat else effect / SPREAD * arm
    after = _scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n)) + lift)
    if threat:
        return {"before": before, "after": after}, "cross-section", ""
    low = before < 50
    return {"before": before[low], "after": after[low], "arm": arm[low]}, "experiment", ""


def recovery(effect, n, rng, threat) -> Made:
    true = rng.standard_normal(n)
    r = np.sqrt(0.6)
    before = r * true + np.sqrt(0.4) * rng.standard_normal(n)
    failure = ((before + 0.5 * rng.standard_normal(n) < -0.3) if threat else (rng.random(n) < 0.3)).astype(float)
    well = failure * (rng.random(n) < 0.6)
    after = r * true + np.sqrt(0.4) * rng.standard_normal(n) + effect / SPREAD * well - 0.5 * failure * (1 - well)
    handling = np.where(failure == 1, np.where(well == 1, 100.0, 20.0), np.nan)
    return {"before": _scores(before), "after": _scores(after), "failure": failure, "handling": handling}, "quasi-experiment", ""


def lagged(effect, n, rng, threat) -> Made:
    periods, units = 24, max(n // 24, 20)
    size = effect**2 / 0.91
    b = np.sign(effect) * np.sqrt(size / (1 - size))
    c, e = np.zeros((units, periods)), np.zeros((units, periods))
    for t in range(1, periods):
        c[:, t] = rng.standard_normal(units)
        e[:, t] = 0.3 * e[:, t - 1] + b * c[:, t - 1] + rng.standard_normal(units)
    trait = rng.standard_normal(units)[:, None] * (1.5 if threat else 0.3)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    return {"unit": unit, "period": period, "customer": (c + trait).ravel(), "employee": (e + trait).ravel()}, "panel", "unit"


def support_cost(effect, n, rng, threat) -> Made:
    z = rng.standard_normal(n)
    mean = np.exp(3 + np.log1p(-0.1 if threat else -effect) * z)
    return {"score": _scores(z), "cost": mean * rng.gamma(4.0, 0.25, n)}, "cross-section" if threat else "panel", ""


def promise(effect, n, rng, threat) -> Made:
    arm, other, design = _chosen(n, rng, threat)
    y = (0 if threat else effect / SPREAD) * arm + other + rng.standard_normal(n)
    return {"satisfaction": _scores(y), "arm": arm}, design, ""


def waiting(effect, n, rng, threat) -> Made:
    log = rng.normal(5, 1, n)
    trait = 0.5 * (log - 5) if threat else 0.0
    y = -(0 if threat else effect / SPREAD) * (log - 5) - trait + rng.standard_normal(n)
    return {"satisfaction": _scores(y), "wait": 2.0**log}, "cross-section" if threat else "experiment", ""


def transitions(effect, n, rng, threat) -> Made:
    hard = rng.standard_normal(n)
    switches = rng.poisson(np.exp(0.5 * hard) if threat else 1.0, n).astype(float)
    y = -(0 if threat else effect / SPREAD) * switches - (0.6 * hard if threat else 0) + rng.standard_normal(n)
    return {"score": _scores(y, 60), "switches": switches}, "cross-section" if threat else "experiment", ""


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
    return {"overall": _scores(y), "segment": names, **{f"touch{j + 1}": _scores(t[:, j]) for j in range(k)}}, "cross-section", ""


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


def complementarity(effect, n, rng, threat) -> Made:
    units = max(n // 25, 24)
    unit = np.arange(n) % units
    four = (rng.permutation(units) % 4)[unit]
    a, b = (four // 2).astype(float), (four % 2).astype(float)
    shared = rng.standard_normal(units)[unit] * (0.5 if threat else 0.1)
    y = (2 * a + 2 * b + effect * a * b) / SPREAD + shared + rng.standard_normal(n)
    return {"score": _scores(y), "a": a, "b": b, "cluster": unit}, "experiment", "cluster"


def governance(effect, n, rng, threat) -> Made:
    units = max(n // 50, 10)
    unit = np.arange(n) % units
    arm = (rng.permutation(units) % 2)[unit].astype(float)
    y = effect / SPREAD * arm + rng.standard_normal(units)[unit] * (0.5 if threat else 0.1) + rng.standard_normal(n)
    return {"score": _scores(y), "arm": arm, "unit": unit}, "experiment", "unit"


def symptoms(effect, n, rng, threat) -> Made:
    cluster = np.arange(n) // (20 if threat else 1)
    shift = 0.25 * rng.standard_normal(cluster.max() + 1)[cluster] if threat else 0.0
    return {"failure": (rng.random(n) < np.clip(effect + shift, 0, 1)).astype(float), "cluster": cluster}, "cross-section", "cluster"


def modes(effect, n, rng, threat) -> Made:
    arm, other, design = _chosen(n, rng, threat)
    y = effect / SPREAD * arm + (0.0 if threat else other) + rng.standard_normal(n)
    return {"score": _scores(y), "mode": np.array(["online", "phone"], object)[arm.astype(int)]}, design, ""


WORDS = [f"{a}{b}" for a in ("bal", "cor", "dim", "fen", "gol", "hur", "jap", "kit") for b in ("ana", "ero", "imu", "olo", "usk", "yde", "wen", "zor")]


def text(effect, n, rng, threat) -> Made:
    """With an effect the words hold something (u) that the ratings do not; else they repeat the ratings."""
    rating, u = rng.standard_normal(n), rng.standard_normal(n)
    y = np.sqrt(0.5) * rating + np.sqrt(effect) * u + np.sqrt(0.5 - effect) * rng.standard_normal(n)
    told = u if effect else rating if threat else rng.standard_normal(n)
    lean = np.linspace(-1, 1, len(WORDS))
    odds = np.exp(1.5 * told[:, None] * lean)
    picks = np.argsort(-(np.log(odds) + rng.gumbel(size=odds.shape)), axis=1)[:, :12]
    comments = np.array([" ".join(WORDS[i] for i in row) for row in picks], object)
    return {"outcome": _scores(y), "touch1": _scores(rating), "comment": comments}, "cross-section", ""


SIMULATORS: dict[str, Callable[..., Made]] = {}


def _register() -> None:
    """Each card's simulator has the name of its test."""
    from cxlab.hypotheses.card import cards

    here = {name: f for name, f in globals().items() if inspect.isfunction(f)}
    SIMULATORS.update({c.id: here[c.test] for c in cards().values()})


_register()
