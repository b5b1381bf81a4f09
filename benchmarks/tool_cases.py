"""How often tables and curves speak where nothing differs: significance letters, arrows, tests of survival, alarms."""

from __future__ import annotations

import numpy as np
import pandas as pd

import cxlab as cx
from benchmarks.coverages import Hits, Run, study

COLUMNS = 5


def _banner(rng: np.random.Generator, design: str, n: int = 600) -> cx.Study:
    """Answers from 1 to 5 by five columns of unequal size: nothing differs. ``design``: '', 'clusters' or 'weights'."""
    t = pd.DataFrame({"g": rng.choice(COLUMNS, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])})
    roles = {"sat": "outcome", "g": "segment"}
    z = rng.standard_normal(n)
    if design == "clusters":
        t["c"] = rng.integers(0, 80, n)
        t["g"] = rng.choice(COLUMNS, 80, p=[0.3, 0.25, 0.2, 0.15, 0.1])[t["c"]]
        z = np.sqrt(0.2) * rng.standard_normal(80)[t["c"]] + np.sqrt(0.8) * z
        roles["c"] = "cluster"
    if design == "weights":
        t["w"] = rng.lognormal(0, 0.8, n)
        roles["w"] = "weight"
    t["sat"] = 1 + np.searchsorted([-1.9, -1.3, -0.7, 0.1], z)
    return study(t, roles, {"sat": (1, 5)})


def letters(correction: str, design: str = "") -> Run:
    """Of a null table's rows: 1 for a row with a letter at 5 % (with 'none': 1 for a pair, with 'bh': for a table)."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = []
        for _ in range(sets):
            made = cx.crosstab(_banner(rng, design), "sat", "g", correction=correction, levels=0.05, total=False)
            tests = made.parts["tests"]
            if correction == "none":
                every = COLUMNS * (COLUMNS - 1) // 2 * made.table.query("kind != 'base'")["row"].nunique()
                hits.append(np.arange(every) < len(tests))
            elif correction == "bh":
                hits.append([float((made.table["letters"] != "").any())])
            else:
                rows = made.table[made.table["kind"] != "base"]
                hits.append(rows.assign(hit=rows["letters"] != "").groupby("row")["hit"].any().to_numpy(float))
        return np.concatenate(hits)

    return run


def curves() -> Run:
    """A false difference of three survival curves (log-rank), a third censored."""

    def run(rng: np.random.Generator, sets: int) -> Hits:
        hits = np.empty(sets)
        for r in range(sets):
            t = pd.DataFrame({"g": rng.integers(0, 3, 240), "time": 1 + rng.geometric(0.1, 240)})
            t["gone"] = (rng.random(240) < 0.66).astype(int)
            s = study(t, {"gone": "outcome", "g": "segment", "time": "operation"})
            test = cx.survival(s, time="time", event="gone", ends=1, by="g").parts["test"]
            hits[r] = test["p"].iloc[0] < 0.05
        return hits

    return run
