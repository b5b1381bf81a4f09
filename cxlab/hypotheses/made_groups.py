"""Simulated studies of groups, behaviour and change, one function a card's test (see `simulators`)."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.made import SPREAD, Made, arms, chosen, scores


def premium(effect, n, rng, threat) -> Made:
    cluster, arm, shared = arms(n, rng, threat)
    log = 3 + np.log1p(effect) * arm + 0.25 * shared + 0.25 * rng.standard_normal(n)
    return {"spend": np.exp(log), "arm": arm, "cluster": cluster}, "experiment", "cluster"


def leaving(effect, n, rng, threat) -> Made:
    failure, other, design = chosen(n, rng, threat)
    p = np.clip(0.2 + (0 if threat else effect) * failure + 0.1 * other, 0, 1)
    return (
        {"failure": failure, "leave": (rng.random(n) < p).astype(float)},
        design.replace("experiment", "quasi-experiment"),
        "",
    )


def adoption(effect, n, rng, threat) -> Made:
    z = rng.standard_normal(n)
    p = np.clip(0.15 + (0.05 if threat else effect) * z, 0, 1)
    return (
        {"score": scores(z), "adopted": (rng.random(n) < p).astype(float)},
        "cross-section" if threat else "panel",
        "",
    )


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
    s = scores(1.5 * rng.standard_normal(n))
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
    return (
        {"top3": (rng.random(n) < p).astype(float), "treated": treated, "post": after, "cluster": unit},
        "experiment",
        "cluster",
    )


def daily(effect, n, rng, threat) -> Made:
    days = max(n // 100, 10)
    day = np.arange(n) % days
    bad, good = (0.04, 0.80) if threat else (0.25, 0.45)
    move = np.clip(effect / 200 * rng.standard_normal(days), -bad * 0.95, min(1 - good, bad) * 0.95)[day]
    u = rng.random(n)
    score = np.where(
        u < bad - move,
        rng.integers(0, 7, n),
        np.where(u > 1 - good - move, rng.integers(9, 11, n), rng.integers(7, 9, n)),
    )
    dates = np.datetime64("2026-01-01") + day.astype("timedelta64[D]")
    return {"recommendation": score.astype(float), "day": dates.astype("datetime64[ns]")}, "cross-section", ""


def loyalty(effect, n, rng, threat) -> Made:
    """``effect``: minus the log hazard ratio of leaving per 10 points."""
    s = scores(1.5 * rng.standard_normal(n))
    rate = 0.1 * np.exp(-(0.2 if threat else effect) * (s - 50) / 10)
    return (
        {"satisfaction": s, "leave": (rng.random(n) < -np.expm1(-rate)).astype(float)},
        "cross-section" if threat else "panel",
        "",
    )


def closed_loop(effect, n, rng, threat) -> Made:
    true = rng.standard_normal(n)
    r = np.sqrt(0.6)
    before = scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n)))
    arm = (rng.random(n) < 0.5).astype(float)
    lift = 0 if threat else effect / SPREAD * arm
    after = scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n)) + lift)
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
    return (
        {"before": scores(before), "after": scores(after), "failure": failure, "handling": handling},
        "quasi-experiment",
        "",
    )


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
    return (
        {"unit": unit, "period": period, "customer": (c + trait).ravel(), "employee": (e + trait).ravel()},
        "panel",
        "unit",
    )


def support_cost(effect, n, rng, threat) -> Made:
    z = rng.standard_normal(n)
    mean = np.exp(3 + np.log1p(-0.1 if threat else -effect) * z)
    return {"score": scores(z), "cost": mean * rng.gamma(4.0, 0.25, n)}, "cross-section" if threat else "panel", ""


def promise(effect, n, rng, threat) -> Made:
    arm, other, design = chosen(n, rng, threat)
    y = (0 if threat else effect / SPREAD) * arm + other + rng.standard_normal(n)
    return {"satisfaction": scores(y), "arm": arm}, design, ""


def waiting(effect, n, rng, threat) -> Made:
    log = rng.normal(5, 1, n)
    trait = 0.5 * (log - 5) if threat else 0.0
    y = -(0 if threat else effect / SPREAD) * (log - 5) - trait + rng.standard_normal(n)
    return {"satisfaction": scores(y), "wait": 2.0**log}, "cross-section" if threat else "experiment", ""


def transitions(effect, n, rng, threat) -> Made:
    hard = rng.standard_normal(n)
    switches = rng.poisson(np.exp(0.5 * hard) if threat else 1.0, n).astype(float)
    y = -(0 if threat else effect / SPREAD) * switches - (0.6 * hard if threat else 0) + rng.standard_normal(n)
    return {"score": scores(y, 60), "switches": switches}, "cross-section" if threat else "experiment", ""


def complementarity(effect, n, rng, threat) -> Made:
    units = max(n // 25, 24)
    unit = np.arange(n) % units
    four = (rng.permutation(units) % 4)[unit]
    a, b = (four // 2).astype(float), (four % 2).astype(float)
    shared = rng.standard_normal(units)[unit] * (0.5 if threat else 0.1)
    y = (2 * a + 2 * b + effect * a * b) / SPREAD + shared + rng.standard_normal(n)
    return {"score": scores(y), "a": a, "b": b, "cluster": unit}, "experiment", "cluster"


def governance(effect, n, rng, threat) -> Made:
    units = max(n // 50, 10)
    unit = np.arange(n) % units
    arm = (rng.permutation(units) % 2)[unit].astype(float)
    y = effect / SPREAD * arm + rng.standard_normal(units)[unit] * (0.5 if threat else 0.1) + rng.standard_normal(n)
    return {"score": scores(y), "arm": arm, "unit": unit}, "experiment", "unit"


def symptoms(effect, n, rng, threat) -> Made:
    cluster = np.arange(n) // (20 if threat else 1)
    shift = 0.25 * rng.standard_normal(cluster.max() + 1)[cluster] if threat else 0.0
    return (
        {"failure": (rng.random(n) < np.clip(effect + shift, 0, 1)).astype(float), "cluster": cluster},
        "cross-section",
        "cluster",
    )


def modes(effect, n, rng, threat) -> Made:
    arm, other, design = chosen(n, rng, threat)
    y = effect / SPREAD * arm + (0.0 if threat else other) + rng.standard_normal(n)
    return {"score": scores(y), "mode": np.array(["online", "phone"], object)[arm.astype(int)]}, design, ""


def clock(effect, n, rng, threat) -> Made:
    log = rng.normal(3, 1, n)
    noise = 0.5 * (np.exp(0.4 * (log - 3)) if threat else 1.0)
    return {"t90": np.exp(0.8 + effect * log + noise * rng.standard_normal(n)), "cycle": np.exp(log)}, "experiment", ""
