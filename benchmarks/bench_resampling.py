"""Bootstrap, permutation test and mediation on counts, beside scipy, pingouin and statsmodels on rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job

SCORE = np.where(np.arange(11) >= 9, 1.0, np.where(np.arange(11) <= 6, -1.0, 0.0))


def answers(folder: Path, n: int) -> None:
    """Write answers 0 to 10, and the groups of two samples."""
    rng = np.random.default_rng(1)
    share = np.array([2, 1, 1, 2, 2, 6, 6, 14, 22, 20, 24], float)
    np.save(folder / "answers.npy", rng.choice(11, n, p=share / share.sum()))
    np.save(folder / "group.npy", rng.random(n) < 0.5)


def _rows(folder: Path) -> np.ndarray:
    return np.load(folder / "answers.npy")


def bootstrap_own(folder: Path, n: int):
    from cxlab.stats.counts import resample

    rows = _rows(folder)
    resample.bootstrap(np.array([1, 1]), lambda c: c[:, 0], replicates=1)  # imports

    def run():
        counts = np.bincount(SCORE[rows].astype(np.int8) + 1, minlength=3)
        draws = resample.bootstrap(counts, lambda c: (c[:, 2] - c[:, 0]) / n, replicates=9999, seed=1)
        return {"nps": SCORE[rows].mean(), "se": draws.std()}

    return run


def bootstrap_scipy(folder: Path, n: int):
    from scipy import stats

    score = SCORE[_rows(folder)]

    def run():
        found = stats.bootstrap((score,), np.mean, n_resamples=9999, method="percentile", batch=100, rng=1)
        return {"nps": score.mean(), "se": found.standard_error}

    return run


def permutation_own(folder: Path, n: int):
    from cxlab.stats.counts import permutation, resample

    rows, group = _rows(folder), np.load(folder / "group.npy")
    resample.bootstrap(np.array([1, 1]), lambda c: c[:, 0], replicates=1)
    value = np.arange(11.0)

    def run():
        a, b = np.bincount(rows[group], minlength=11), np.bincount(rows[~group], minlength=11)
        d, p, draws = permutation.permutation(a, b, lambda c: c @ value / c.sum(axis=1), replicates=9999, seed=1)
        return {"difference": d, "sd": draws.std(), "p": p}

    return run


def permutation_scipy(folder: Path, n: int):
    from scipy import stats

    rows, group = _rows(folder).astype(float), np.load(folder / "group.npy")
    a, b = rows[group], rows[~group]
    difference = lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis)  # noqa: E731

    def run():
        found = stats.permutation_test((a, b), difference, vectorized=True, n_resamples=9999, batch=100, rng=1)
        return {"difference": found.statistic, "sd": found.null_distribution.std(), "p": found.pvalue}

    return run


def paths(folder: Path, n: int) -> None:
    """Write ratings of a treatment, a mediator and an outcome."""
    rng = np.random.default_rng(2)
    x = rng.integers(1, 8, n)
    m = np.clip(np.round(0.4 * x + rng.normal(2, 1, n)), 1, 7)
    y = np.clip(np.round(0.2 * x + 0.7 * m + rng.normal(2, 1.5, n)), 0, 10)
    np.save(folder / "xmy.npy", np.column_stack([x, m, y]))


def _frame(folder: Path):
    import pandas as pd

    return pd.DataFrame(np.load(folder / "xmy.npy"), columns=["x", "m", "y"])


def _indirect(low, high, estimate):
    return {"estimate": estimate, "width": high - low}


def mediation_own(folder: Path, n: int):
    import cxlab as cx

    book = cx.Codebook("bench", tuple(cx.Field(c) for c in "xmy"))
    study = cx.Study(_frame(folder), book)
    cx.regressions.mediation(
        cx.simulate(500), outcome="recommend", treatment="service", mediator="satisfaction", draws=2
    )

    def run():
        found = cx.regressions.mediation(study, outcome="y", treatment="x", mediator="m", draws=10_000, seed=1)[
            "indirect"
        ]
        return _indirect(found.low, found.high, found.value)

    return run


def mediation_pingouin(folder: Path, n: int):
    import pingouin

    data = _frame(folder)

    def run():
        t = pingouin.mediation_analysis(data=data, x="x", m="m", y="y", n_boot=10_000, seed=1).set_index("path")
        row = t.loc["Indirect"]
        low, high = (row[next(c for c in t.columns if k in c)] for k in ("2.5", "97.5"))
        return _indirect(low, high, row["coef"])

    return run


def mediation_statsmodels(folder: Path, n: int):
    import statsmodels.api as sm
    from statsmodels.stats.mediation import Mediation

    data = _frame(folder)

    def run():
        models = sm.OLS.from_formula("y ~ x + m", data), sm.OLS.from_formula("m ~ x", data)
        t = Mediation(*models, "x", "m").fit(n_rep=200, method="parametric").summary().loc["ACME (average)"]
        return _indirect(t["Lower CI bound"], t["Upper CI bound"], t["Estimate"])

    return run


JOBS = [
    Job(
        "nps-bootstrap", "bootstrap of one NPS, 9,999 replicates", n=100_000, data=answers, own=bootstrap_own,
        peers={"scipy": bootstrap_scipy}, targets={"scipy": 1000}, tolerance=0.04,
    ),
    Job(
        "permutation", "permutation test of two groups, 9,999 draws", n=100_000, data=answers, own=permutation_own,
        peers={"scipy": permutation_scipy}, targets={"scipy": 500}, tolerance=0.1,
    ),
    Job(
        "mediation", "mediation, 10,000 bootstraps", n=100_000, data=paths, own=mediation_own,
        peers={"pingouin": mediation_pingouin}, targets={"pingouin": 200}, tolerance=0.04, turns=3,
    ),
    Job(
        "mediation-width", "mediation beside statsmodels (200 draws: its intervals are too wide)", n=5_000, data=paths,
        own=mediation_own, peers={"statsmodels": mediation_statsmodels}, tolerance=10.0, turns=3,
        agree=lambda own, peer: float(peer["width"] / own["width"]),
    ),
]  # fmt: skip
