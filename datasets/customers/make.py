"""Writes the simulated customers, their purchases and their choices between offers, with the truth they come from.

Run ``python datasets/customers/make.py``. Truth: leaving at 4 % a month times exp(-.25) a point of the score above 6;
two kinds of customers (60 % careful: support and invoice; 40 % hurried: order and delivery); purchases by BG/NBD (r .8,
alpha 6, a 1.2, b 3), spending by gamma-gamma (p 5, q 4, v 12); choices with a price weight of .5, worth of speed 2 (sd
1.5), of a known name 1; a premium of 14 % for great service.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
STAGES = ("find", "order", "deliver", "support", "invoice")


def customers(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return customers: two kinds by what they are happy with; score, time to leave, cost, prices, waits."""
    hurried = rng.random(n) < 0.4
    mood = rng.normal(0, 0.15, n)
    want = np.where(hurried[:, None], [0.1, 0.9, 1.0, -0.9, -1.0], [0.0, -0.9, -0.9, 0.9, 1.0])
    table = {"customer": np.arange(1, n + 1)}
    for j, stage in enumerate(STAGES):
        table[stage] = np.clip(np.round(3.2 + want[:, j] + mood + rng.normal(0, 0.7, n)), 1, 5).astype(int)
    score = np.clip(np.round(6 + 4 * mood + 0.8 * np.where(hurried, -1, 1) + rng.normal(0, 1.6, n)), 0, 10)
    life = np.ceil(rng.exponential(1 / (0.04 * np.exp(-0.25 * (score - 6)))))
    seen = rng.integers(3, 37, n)
    table |= {"score": score.astype(int), "months": np.fmin(life, seen).astype(int), "left": (life <= seen).astype(int)}
    table["kind"] = np.where(rng.random(n) < np.where(hurried, 0.65, 0.25), "new", "repeat")
    table["margin"] = np.round(rng.gamma(8, np.where(hurried, 30, 22) / 8), 2)
    calls = rng.random(n) < 1 / (1 + np.exp(-(1.2 - 0.3 * score)))
    table["cost"] = np.where(calls, np.round(rng.gamma(2, np.exp(2.6 - 0.05 * score) / 2), 2), 0.0)
    patience, offered = rng.exponential(6, n), rng.exponential(3, n)
    table["wait"] = np.round(np.fmin(patience, offered), 2)
    table["hung_up"] = (patience < offered).astype(int)
    called = np.clip(np.round(4.6 - 0.35 * offered + rng.normal(0, 0.6, n)), 1, 5)
    table["call_score"] = np.where(patience < offered, np.nan, called)
    level = np.exp(rng.normal(3.9, 0.25, n))
    for name, times in (("too_cheap", 0.5), ("cheap", 0.75), ("expensive", 1.15), ("too_expensive", 1.5)):
        table[name] = np.round(level * times * np.exp(rng.normal(0, 0.08, n)))
    table["pay_ordinary"] = np.round(level * np.exp(rng.normal(0, 0.1, n)), 0)
    table["pay_great"] = np.round(table["pay_ordinary"] * np.exp(rng.normal(np.log(1.14), 0.12, n)), 0)
    return pd.DataFrame(table)


def purchases(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return purchases over 78 weeks of customers who came in the first twelve."""
    rows = []
    for who in range(1, n + 1):
        clock, pace, drop = rng.uniform(0, 12), rng.gamma(0.8, 1 / 6), rng.beta(1.2, 3)
        spend = rng.gamma(4.0, 1 / 12)
        first = True
        while clock < 78:
            rows.append((who, clock, round(rng.gamma(5.0, 1 / spend), 2)))
            if not first and rng.random() < drop:
                break
            first = False
            clock += rng.exponential(1 / pace)
    table = pd.DataFrame(rows, columns=["customer", "clock", "amount"])
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.floor(table["clock"] * 7), unit="D")
    return table.assign(day=day.dt.strftime("%Y-%m-%d"))[["customer", "day", "amount"]]


def offers(persons: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return six choices a person between three offers."""
    sets = persons * 6
    table = pd.DataFrame(
        {"set": np.repeat(np.arange(1, sets + 1), 3), "person": np.repeat(np.arange(1, persons + 1), 18)}
    )
    table["price"] = rng.choice([4, 5, 6, 7, 8, 9], len(table))
    table["fast"], table["known"] = rng.integers(0, 2, len(table)), rng.integers(0, 2, len(table))
    worth = 2 + 1.5 * rng.standard_normal(persons + 1)
    use = 0.5 * (worth[table["person"]] * table["fast"] + table["known"] - table["price"])
    v = use + rng.gumbel(size=len(table))
    return table.assign(taken=(v == v.groupby(table["set"]).transform("max")).astype(int))


if __name__ == "__main__":
    customers(1500, np.random.default_rng(11)).to_csv(HERE / "customers.csv", index=False)
    purchases(700, np.random.default_rng(12)).to_csv(HERE / "purchases.csv", index=False)
    offers(240, np.random.default_rng(13)).to_csv(HERE / "offers.csv", index=False)
