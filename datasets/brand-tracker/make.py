"""Make the simulated brand tracker: 6 brands, 8 waves, 6,000 interviews, and the truth they were drawn from.

    python datasets/brand-tracker/make.py [FOLDER]

writes ``brand-tracker.csv`` and ``truth.json`` into FOLDER (default: beside this script). The same seed gives the same
bytes. No answer in it comes from a real person; names, addresses and telephone numbers in the comments are invented
(example.com, 555-01xx).

The model: the willingness to recommend is a latent score of variance 1 within brand, wave and segment,

    y = mu(brand, wave) + segment + mode + sum_k beta_k (z_k - E z_k) + u(respondent) + noise,

cut into 0 to 10; the touchpoints z_k share a common factor and are cut into 1 to 5. Because y is normal in every
segment, the true Net Promoter Score of each brand and wave is a sum of normal probabilities, computed here exactly.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

SEED = 20240115
BRANDS = ("Alba", "Brio", "Cima", "Dora", "Elan", "Faro")
WAVES = 8
CELL = 125
OVERLAP = 0.4
LEVEL = {"Alba": 0.35, "Brio": 0.0, "Cima": 0.25, "Dora": 0.1, "Elan": -0.2, "Faro": 0.1}
CHANGE = {"Brio": [0, 0, 0, 0, 0.4, 0.4, 0.4, 0.4], "Cima": [0, -0.05, -0.1, -0.15, -0.2, -0.25, -0.3, -0.35],
          "Dora": [0, 0, 0, -0.6, 0, 0, 0, 0]}  # fmt: skip
STORY = {"Alba": "no change", "Brio": "one lasting step up in wave 5", "Cima": "slow decline, wave by wave",
         "Dora": "dip in wave 4 only (delivery), then as before", "Elan": "no change", "Faro": "no change"}  # fmt: skip
EFFECTS = {"product": 0.30, "price": 0.20, "delivery": 0.15, "service": 0.12, "website": 0.10, "staff": 0.08,
           "app": 0.05, "checkout": 0.0}  # fmt: skip
NOT_USED = {"service": 0.45, "app": 0.30, "delivery": 0.25, "staff": 0.20}
SEGMENTS = {"customer": {"new": 0.4, "repeat": 0.6}, "country": {"Germany": 0.5, "Spain": 0.3, "Poland": 0.2},
            "age": {"18-34": 0.3, "35-54": 0.4, "55+": 0.3}}  # fmt: skip
SAMPLED = {"customer": {"new": 0.25, "repeat": 0.75}, "country": {"Germany": 0.4, "Spain": 0.3, "Poland": 0.3},
           "age": {"18-34": 0.3, "35-54": 0.4, "55+": 0.3}}  # fmt: skip
SHIFT = {
    "new": -0.25,
    "repeat": 0.0,
    "Germany": 0.0,
    "Spain": 0.2,
    "Poland": -0.05,
    "18-34": -0.05,
    "35-54": 0.0,
    "55+": 0.1,
}
MODES, MODE_SHIFT = {"online": 0.7, "phone": 0.3}, {"online": 0.0, "phone": 0.2}
COMMON, PERSON = 0.4, 0.25
CUTS = ndtri(np.array([0.02, 0.03, 0.045, 0.065, 0.09, 0.15, 0.22, 0.36, 0.58, 0.76]))
TOUCH_CUTS = ndtri(np.array([0.05, 0.15, 0.37, 0.75]))
SAT_CUTS = ndtri(np.array([0.05, 0.13, 0.33, 0.74]))
EFFORT_CUTS = ndtri(np.array([0.03, 0.08, 0.16, 0.30, 0.53, 0.80]))
CHURN = (-1.6, -0.8)
GOOD = ("{} was excellent", "very happy with {}", "{} works really well for me", "I was surprised how good {} was")
POOR = ("{} was a disappointment", "I had trouble with {}", "{} needs work", "{} took far too long")
WORDS = {"product": "the product", "price": "the price", "delivery": "the delivery", "service": "customer service",
         "website": "the website", "staff": "the staff in the shop", "app": "the app",
         "checkout": "the checkout"}  # fmt: skip


def level(brand: str, wave: int) -> float:
    """Return mu(brand, wave), waves from 1."""
    return LEVEL[brand] + CHANGE.get(brand, [0] * WAVES)[wave - 1]


def segments():
    """Yield every segment with mode: its share of the population and its shift of y."""
    for customer, a in SEGMENTS["customer"].items():
        for country, b in SEGMENTS["country"].items():
            for age, c in SEGMENTS["age"].items():
                for mode, d in MODES.items():
                    yield a * b * c * d, SHIFT[customer] + SHIFT[country] + SHIFT[age] + MODE_SHIFT[mode]


def true_nps(brand: str, wave: int) -> float:
    """Return the true NPS in points: sum over segments of P(y > cut 8|9) - P(y <= cut 6|7)."""
    mu = level(brand, wave)
    return 100 * sum(p * (ndtr(mu + s - CUTS[8]) - ndtr(CUTS[6] - mu - s)) for p, s in segments())


def true_promoters_detractors(brand: str, wave: int) -> tuple[float, float]:
    """Return the true shares of promoters (9 and 10) and detractors (0 to 6)."""
    mu = level(brand, wave)
    return (
        sum(p * ndtr(mu + s - CUTS[8]) for p, s in segments()),
        sum(p * ndtr(CUTS[6] - mu - s) for p, s in segments()),
    )


def panel(rng: np.random.Generator) -> pd.DataFrame:
    """Return who is interviewed about which brand in which wave; part of each wave was in the wave before."""
    rows, before, fresh = [], {}, 1
    for wave in range(1, WAVES + 1):
        for brand in BRANDS:
            old = before.get(brand, pd.DataFrame())
            keep = old.iloc[np.sort(rng.permutation(len(old))[: int(OVERLAP * CELL)])] if len(old) else old
            n = CELL - len(keep)
            new = pd.DataFrame({"respondent": np.arange(fresh, fresh + n), "u": rng.normal(0, math.sqrt(PERSON), n)})
            for name, shares in SAMPLED.items():
                new[name] = rng.choice(list(shares), n, p=list(shares.values()))
            new["mode"] = rng.choice(list(MODES), n, p=list(MODES.values()))
            new["luck"] = rng.lognormal(0, 0.3, n)
            fresh += n
            now = pd.concat([keep, new], ignore_index=True)
            before[brand] = now
            rows.append(now.assign(wave=wave, brand=brand))
    return pd.concat(rows, ignore_index=True)


def answers(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the interviews of ``people``: touchpoints, outcomes, operation, weights."""
    n = len(people)
    mu = np.array([level(b, w) for b, w in zip(people.brand, people.wave, strict=True)])
    shift = sum(people[c].map(SHIFT).to_numpy() for c in SEGMENTS) + people["mode"].map(MODE_SHIFT).to_numpy()
    factor, slow = rng.normal(size=n), rng.normal(size=n)
    z = {k: math.sqrt(COMMON) * factor + math.sqrt(1 - COMMON) * rng.normal(size=n) for k in EFFECTS}
    z["service"] = math.sqrt(COMMON) * factor + math.sqrt(1 - COMMON) * (
        -0.5 * slow + math.sqrt(0.75) * rng.normal(size=n)
    )
    explained = (1 - COMMON) * sum(b * b for b in EFFECTS.values()) + COMMON * sum(EFFECTS.values()) ** 2
    core = sum(b * z[k] for k, b in EFFECTS.items()) + people.u + rng.normal(0, math.sqrt(1 - explained - PERSON), n)
    y = (mu + shift + core).to_numpy()
    out = people[["respondent", "wave", "brand", "customer", "country", "age", "mode"]].copy()
    out["recommendation"] = np.searchsorted(CUTS, y)
    out["satisfaction"] = 1 + np.searchsorted(SAT_CUTS, 0.8 * y + 0.6 * rng.normal(size=n))
    out["effort"] = 1 + np.searchsorted(EFFORT_CUTS, 0.5 * y + 0.5 * z["website"] + 0.7 * rng.normal(size=n))
    dip = (people.brand.eq("Dora") & people.wave.eq(4)).to_numpy()
    for k in EFFECTS:
        moved = z[k] + 0.5 * mu + (-0.8 * dip if k == "delivery" else 0)
        out[k] = 1 + np.searchsorted(TOUCH_CUTS, moved)
    speeder = rng.random(n) < 0.015
    for k in EFFECTS:
        out.loc[speeder, k] = out.loc[speeder, "product"]
        skipped = (rng.random(n) < NOT_USED.get(k, 0)) & ~speeder
        out.loc[skipped, k] = 6
    out["wait"] = np.where(out["service"] == 6, np.nan, np.round(6 * np.exp(0.6 * slow), 1))
    out["churned"] = (rng.random(n) < 1 / (1 + np.exp(-(CHURN[0] + CHURN[1] * y)))).astype(int)
    out["duration"] = np.where(
        speeder, rng.integers(25, 60, n), np.round(240 * np.exp(0.35 * rng.normal(size=n)))
    ).astype(int)
    start = [dt.date(2024 + (w - 1) // 4, 1 + 3 * ((w - 1) % 4), 8) for w in people.wave]
    out["date"] = [
        (d + dt.timedelta(days=int(k))).isoformat() for d, k in zip(start, rng.integers(0, 21, n), strict=True)
    ]
    wanted = {c: people[c].map({v: SEGMENTS[c][v] / SAMPLED[c][v] for v in SEGMENTS[c]}) for c in SEGMENTS}
    weight = math.prod(wanted.values()) * people.luck
    out["weight"] = (weight / weight.groupby([people.brand, people.wave]).transform("mean")).round(4)
    return out


def comments(out: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    """Return comments of about a third of the people; some hold an invented address or telephone number."""
    said = []
    for i in range(len(out)):
        if rng.random() > 0.35:
            said.append("")
            continue
        used = {k: int(v) for k in EFFECTS if 0 < (v := out.at[i, k]) < 6}
        topics = sorted(used, key=lambda k: (-abs(used[k] - 3.2) + rng.random(), k))[: 1 + int(rng.random() < 0.3)]
        parts = [(GOOD if used[k] >= 4 else POOR)[int(rng.integers(4))].format(WORDS[k]) for k in topics]
        text = "; ".join(parts)
        if rng.random() < 0.02:
            text += f"; write to me: customer{int(rng.integers(1000, 9999))}@example.com"
        elif rng.random() < 0.02:
            text += f"; call me on +1 202 555 01{int(rng.integers(0, 100)):02d}"
        said.append(text[0].upper() + text[1:])
    return said


def truth(out: pd.DataFrame) -> dict:
    """Return what is true of the population the interviews were drawn from."""
    cells = [{"brand": b, "wave": w, "nps": true_nps(b, w), **dict(zip(("promoters", "detractors"),
             true_promoters_detractors(b, w), strict=True))} for b in BRANDS for w in range(1, WAVES + 1)]  # fmt: skip
    changes = [{"brand": b, "from": w - 1, "to": w, "change": true_nps(b, w) - true_nps(b, w - 1),
                "real": level(b, w) != level(b, w - 1)} for b in BRANDS for w in range(2, WAVES + 1)]  # fmt: skip
    return {
        "simulated": True, "seed": SEED, "story": STORY, "nps": cells, "changes": changes,
        "driver_effects": EFFECTS, "driver_correlation": COMMON,
        "null_drivers": [k for k, b in EFFECTS.items() if b == 0],
        "person_variance": PERSON, "segment_shifts": SHIFT, "mode_shifts": MODE_SHIFT, "overlap": OVERLAP,
        "margins": SEGMENTS, "churn_logit": {"intercept": CHURN[0], "slope_on_latent_recommendation": CHURN[1]},
        "wait": "a waiting time one standard deviation (of its logarithm) longer lowers the latent service rating by "
        f"{0.5 * math.sqrt(1 - COMMON):.4f}",
        "speeders": int((out.duration < 60).sum()), "comments": int((out.comment != "").sum()),
        "comments_with_email": int(out.comment.str.contains("@").sum()),
        "comments_with_phone": int(out.comment.str.contains("555").sum()),
    }  # fmt: skip


def make(folder: Path) -> None:
    """Write the data and the truth into ``folder``."""
    rng = np.random.default_rng(SEED)
    out = answers(panel(rng), rng)
    asked = ["satisfaction", "effort", *EFFECTS]
    out = out.astype(dict.fromkeys(asked, object))
    for k in asked:
        out.loc[(rng.random(len(out)) < 0.02) & (out.duration >= 60), k] = ""
    out["comment"] = comments(out.replace("", 0), rng)
    out.insert(0, "interview", np.arange(1, len(out) + 1))
    folder.mkdir(parents=True, exist_ok=True)
    out.to_csv(folder / "brand-tracker.csv", index=False, lineterminator="\n", encoding="utf-8")
    text = json.dumps(truth(out), indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
