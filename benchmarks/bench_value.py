"""Time to leave, repeat purchase and choices, beside the scan, lifetimes, statsmodels and xlogit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job


def spells(folder: Path, n: int) -> None:
    """Write spells of 72 months by three contracts and five scores, one in four ended."""
    import duckdb

    text = f"""copy (select 1 + (hash(i) % 72)::int as months, (hash(i * 7 + 1) % 4 = 0)::int as gone,
    (hash(i * 13 + 5) % 3)::int as contract, 1 + (hash(i * 17 + 3) % 5)::int as score from range({n}) t(i))
    to '{folder / "spells.parquet"}' (format parquet)"""
    duckdb.sql(text)


def _spells(folder: Path):
    import duckdb

    return duckdb.connect().read_parquet(str(folder / "spells.parquet"))


def survival_own(folder: Path, n: int):
    import cxlab as cx

    study, ask = cx.load(_spells(folder)), {"time": "months", "event": "gone", "by": "contract"}
    cx.survival(cx.load(_spells(folder).limit(5000)), **ask)  # imports
    return lambda: {"left": cx.survival(study, **ask).table["estimate"].to_numpy()}


def hazard_own(folder: Path, n: int):
    import cxlab as cx

    study, ask = cx.load(_spells(folder)), {"time": "months", "event": "gone", "periods": 72}
    cx.hazard(cx.load(_spells(folder).limit(5000)), "score", **ask)  # imports
    return lambda: {"b": cx.hazard(study, "score", **ask).table["estimate"].to_numpy()}


def scan(folder: Path, n: int):
    rows = _spells(folder)
    text = "select months, gone, contract, count(*) as n from rows group by all"
    return lambda: {"n": np.asarray(rows.query("rows", text).fetchnumpy()["n"], float)}


def scan_score(folder: Path, n: int):
    rows = _spells(folder)
    text = "select months, gone, score, count(*) as n from rows group by all"
    return lambda: {"n": np.asarray(rows.query("rows", text).fetchnumpy()["n"], float)}


def purchases(folder: Path, n: int) -> None:
    """Write x, t_x, T in whole weeks of customers as BG/NBD has them (r .8, alpha 6, a 1.2, b 3)."""
    rng = np.random.default_rng(1)
    pace, drop, watched = rng.gamma(0.8, 1 / 6, n), rng.beta(1.2, 3, n), rng.integers(27, 40, n).astype(float)
    x, last, clock, there = np.zeros(n), np.zeros(n), np.zeros(n), np.ones(n, bool)
    while there.any():
        clock[there] += rng.exponential(1, int(there.sum())) / pace[there]
        there &= clock <= watched
        x[there] += 1
        last[there] = np.floor(clock[there] * 7) / 7
        there &= rng.random(n) > drop
    np.savez(folder / "purchases_data.npz", x=x, last=last, watched=watched)


def _purchases(folder: Path) -> tuple[np.ndarray, ...]:
    held = np.load(folder / "purchases_data.npz")
    return held["x"], held["last"], held["watched"]


def bgnbd_own(folder: Path, n: int):
    from cxlab.stats.purchases import bgnbd

    rows = np.column_stack(_purchases(folder))

    def run():
        patterns, count = bgnbd.distinct(rows)
        fit = bgnbd.fit(*patterns.T, count)
        return {"log": fit.log}

    return run


def bgnbd_lifetimes(folder: Path, n: int):
    from lifetimes import BetaGeoFitter

    x, last, watched = _purchases(folder)

    def run():
        fit = BetaGeoFitter().fit(x, last, watched)
        return {"log": np.log(fit.params_[["r", "alpha", "a", "b"]].to_numpy(float))}

    return run


def choices(folder: Path, n: int) -> None:
    """Write choices among four offers of six attributes."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(n, 4, 6)).round(1)
    v = x @ np.array([-0.6, 0.4, 1.0, 0.3, -0.2, 0.1]) + rng.gumbel(size=(n, 4))
    np.savez(folder / "choices_data.npz", x=x.reshape(-1, 6), taken=(v == v.max(1, keepdims=True)).ravel())


def _choices(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    held = np.load(folder / "choices_data.npz")
    return held["x"], held["taken"]


def choice_own(folder: Path, n: int):
    from cxlab.stats.pricing import conditional_logit

    x, taken = _choices(folder)
    sets, weight = np.repeat(np.arange(n), 4), np.ones(n)
    return lambda: {"b": conditional_logit.fit(x, taken, sets, weight).b}


def choice_statsmodels(folder: Path, n: int):
    from statsmodels.discrete.conditional_models import ConditionalLogit

    x, taken = _choices(folder)
    groups = np.repeat(np.arange(n), 4)
    return lambda: {"b": ConditionalLogit(taken.astype(float), x, groups=groups).fit(disp=0, gtol=1e-8).params}


def choice_xlogit(folder: Path, n: int):
    from xlogit import MultinomialLogit

    x, taken = _choices(folder)
    ids, alts = np.repeat(np.arange(n), 4), np.tile(np.arange(4), n)

    def run():
        model = MultinomialLogit()
        model.fit(X=x, y=taken, varnames=[f"v{j}" for j in range(6)], ids=ids, alts=alts, verbose=0)
        return {"b": model.coeff_}

    return run


JOBS = [
    Job("survival", "survival by contract, 100 M spells", n=100_000_000, data=spells, own=survival_own, floor=scan,
        targets={"floor": 1.3}, turns=2, cpu=True),
    Job("hazard", "grouped hazard with a score, 100 M spells", n=100_000_000, data=spells, own=hazard_own,
        floor=scan_score, targets={"floor": 1.3}, turns=2, cpu=True),
    Job("bgnbd", "BG/NBD, 1 M customers", n=1_000_000, data=purchases, own=bgnbd_own,
        peers={"lifetimes": bgnbd_lifetimes}, targets={"lifetimes": 15}, tolerance=1e-2, turns=1, cpu=True),
    Job("choice", "conditional logit, 1 M choices of 4 offers, 6 attributes", n=1_000_000, data=choices, own=choice_own,
        peers={"statsmodels": choice_statsmodels, "xlogit": choice_xlogit}, targets={"statsmodels": 5, "xlogit": 1},
        tolerance=1e-3, turns=1, cpu=True),
]  # fmt: skip
