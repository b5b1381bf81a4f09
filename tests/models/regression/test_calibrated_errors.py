"""Least squares under weights fitted in the session: the jackknife that fits them anew is the yardstick."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.drivers import driver_data
from cxlab.stats.fits import replicated_ols

MARGINS = {"age": {"y": 0.5, "o": 0.5}, "land": {"n": 0.3, "s": 0.7}}


def shop(n: int, seed: int, clusters: int = 0) -> cx.Study:
    """An outcome that age explains for the most part, so that known margins take much of the error away."""
    rng = np.random.default_rng(seed)
    t = pd.DataFrame({"age": rng.choice(["y", "o"], n, p=[0.35, 0.65]), "land": rng.choice(["n", "s"], n)})
    t["x"] = rng.standard_normal(n)
    t["y"] = 2.5 * (t["age"] == "y") + 0.5 * t["x"] * (t["land"] == "n") + rng.standard_normal(n)
    fields = [cx.Field("y", role="outcome"), cx.Field("x", role="touchpoint")]
    fields += [cx.Field(c, type="string", role="segment") for c in ("age", "land")]
    if clusters:
        t["c"] = rng.integers(0, clusters, n)
        t["y"] += 0.7 * rng.standard_normal(clusters)[t["c"]]
        fields.append(cx.Field("c", type="integer", role="cluster"))
    return cx.Study(t, cx.Codebook("shop", tuple(fields)))


def raked(t: pd.DataFrame) -> np.ndarray:
    """Weights by iterative proportional fitting, by hand."""
    w = np.ones(len(t))
    for _ in range(60):
        for column, shares in MARGINS.items():
            for value, share in shares.items():
                here = (t[column] == value).to_numpy()
                w[here] *= share * len(t) / w[here].sum()
    return w


def slopes(t: pd.DataFrame) -> np.ndarray:
    w, D = raked(t), np.column_stack([np.ones(len(t)), t["x"]])
    return np.linalg.solve(D.T @ (D * w[:, None]), D.T @ (w * t["y"].to_numpy()))


def jackknife(t: pd.DataFrame, unit: np.ndarray) -> np.ndarray:
    """Every unit left out in turn and the rest raked again."""
    left = np.array([slopes(t[unit != u]) for u in np.unique(unit)])
    return np.sqrt((len(left) - 1) / len(left) * ((left - left.mean(axis=0)) ** 2).sum(axis=0))


@pytest.mark.parametrize("clusters", [0, 40])
def test_errors_are_those_of_the_jackknife_that_rakes_again(clusters: int) -> None:
    study = shop(240, 1, clusters)
    t = study.to_pandas(labels=False)
    se = jackknife(t, t["c"].to_numpy() if clusters else np.arange(len(t)))
    found = cx.ols(cx.rake(study, MARGINS, tolerance=1e-10), "y ~ x")
    assert found.table["estimate"].to_numpy() == pytest.approx(slopes(t), rel=1e-6)
    assert found.table["se"].to_numpy() == pytest.approx(se, rel=0.04 if not clusters else 0.06)
    known = cx.ols(cx.rake(study, MARGINS), "y ~ x", errors="HC1" if not clusters else "CR1")
    assert known.table["se"].iloc[0] > 1.15 * se[0]
    said = "weights fitted to margins count as known here: errors are mostly a little too wide"
    assert said in known.notes
    assert said not in found.notes
    assert "weights fitted to margins: linearised with the margins known" in found.method


def log_odds(t: pd.DataFrame) -> np.ndarray:
    """A weighted logit of y > 1 by Newton's steps, by hand."""
    w, D, y, b = raked(t), np.column_stack([np.ones(len(t)), t["x"]]), (t["y"] > 1).to_numpy(float), np.zeros(2)
    for _ in range(12):
        p = 1 / (1 + np.exp(-D @ b))
        b += np.linalg.solve(D.T @ (D * (w * p * (1 - p))[:, None]), D.T @ (w * (y - p)))
    return b


@pytest.mark.parametrize("clusters", [0, 40])
def test_errors_of_a_logit_are_those_of_the_jackknife_that_rakes_again(clusters: int) -> None:
    study = shop(240, 5, clusters)
    t = study.to_pandas(labels=False)
    unit = t["c"].to_numpy() if clusters else np.arange(len(t))
    left = np.array([log_odds(t[unit != u]) for u in np.unique(unit)])
    se = np.sqrt((len(left) - 1) / len(left) * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    margins = cx.rake(study, MARGINS, tolerance=1e-10)
    found = cx.regressions.logit(margins, "I(y > 1) ~ x").table
    assert found["estimate"].to_numpy() == pytest.approx(log_odds(t), rel=1e-6)
    assert found["se"].to_numpy() == pytest.approx(se, rel=0.06)
    known = cx.regressions.logit(margins, "I(y > 1) ~ x", errors="HC0" if not clusters else "CR1").table
    assert known["se"].iloc[0] > 1.15 * se[0]


def test_a_mean_by_regression_is_that_of_the_metric() -> None:
    study = cx.rake(shop(300, 2, 30), MARGINS)
    mean, line = cx.mean(study, "y").table.iloc[0], cx.ols(study, "y ~ 1").table.iloc[0]
    assert [line["estimate"], line["se"]] == pytest.approx([mean["estimate"], mean["se"]])


def test_a_part_of_the_sample_keeps_the_margins_of_the_whole() -> None:
    study = cx.rake(shop(300, 3), MARGINS).where(land="n")
    mean, line = cx.mean(study, "y").table.iloc[0], cx.ols(study, "y ~ 1").table.iloc[0]
    assert [line["estimate"], line["se"]] == pytest.approx([mean["estimate"], mean["se"]])


def test_categories_have_the_errors_of_the_groups_means() -> None:
    study = cx.rake(shop(300, 4), MARGINS)
    groups = cx.compare(study, "mean", by="land", of="y", smallest=0.1).table.iloc[0]
    line = cx.ols(study, "y ~ land").table.iloc[1]
    assert abs(line["estimate"]) == pytest.approx(abs(groups["estimate"]))
    assert line["se"] == pytest.approx(groups["se"])


def two_drivers(n: int, seed: int, clusters: int = 0) -> cx.Study:
    """Age stands behind the outcome and the first driver; one row in eight did not answer the outcome."""
    rng = np.random.default_rng(seed)
    made = shop(n, seed, clusters)
    t = made.to_pandas(labels=False)
    t["x"] += 1.5 * (t["age"] == "y")
    t["z"] = rng.standard_normal(n)
    t["y"] += 0.6 * t["z"]
    t.loc[rng.random(n) < 0.125, "y"] = np.nan
    return cx.Study(t, made.codebook.__class__("shop", (*made.codebook.fields, cx.Field("z", role="touchpoint"))))


def lmg(t: pd.DataFrame) -> np.ndarray:
    """LMG shares of two drivers and the slopes, with weights raked in the whole sample, by hand."""
    w, there = raked(t), t["y"].notna().to_numpy()
    w, t = w[there], t[there]
    r = np.cov(t[["x", "z", "y"]].to_numpy().T, aweights=w)
    r = r / np.sqrt(np.outer(np.diag(r), np.diag(r)))
    every = r[2, :2] @ np.linalg.solve(r[:2, :2], r[:2, 2])
    first = (r[0, 2] ** 2 + every - r[1, 2] ** 2) / 2
    D = np.column_stack([np.ones(len(t)), t[["x", "z"]]])
    return np.array([first, every - first, *np.linalg.solve(D.T @ (D * w[:, None]), D.T @ (w * t["y"]))])


@pytest.mark.parametrize("clusters", [0, 60])
def test_errors_of_drivers_are_those_of_the_jackknife_that_rakes_again(clusters: int) -> None:
    study = two_drivers(400, 7, clusters)
    t = study.to_pandas(labels=False)
    unit = t["c"].to_numpy() if clusters else np.arange(len(t))
    left = np.array([lmg(t[unit != u]) for u in np.unique(unit)])
    se = np.sqrt((len(left) - 1) / len(left) * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    margins = cx.rake(study, MARGINS, tolerance=1e-10)
    found = cx.drivers(margins, "y")
    rows = found.table.set_index("driver").loc[["x", "z"]]
    assert rows["estimate"].to_numpy() == pytest.approx(lmg(t)[:2], rel=1e-6)
    assert rows["se"].to_numpy() == pytest.approx(se[:2], rel=0.12)
    answers = driver_data.read(margins, "y", ["x", "z"])
    D = np.column_stack([np.ones(answers.n), answers.X])
    line = replicated_ols.least_squares(D, answers.y, answers.w, answers.groups())
    assert line.coef == pytest.approx(lmg(t)[2:], rel=1e-6)
    assert np.sqrt(np.diag(line.covariance)) == pytest.approx(se[2:], rel=0.06)
    drawn = answers.groups().resampled(2000, 1)
    moments = replicated_ols.outer_moments(np.column_stack([D, answers.y]), answers.w, answers.groups())
    sums = np.tensordot(drawn, moments, 1)
    slopes = np.linalg.solve(sums[:, :3, :3], sums[:, :3, 3:])[..., 0]
    assert slopes.std(axis=0) == pytest.approx(se[2:], rel=0.08)
    assert "weights fitted to margins: every replicate is raked anew" in found.notes
    file = cx.Study(margins.table, margins.codebook)  # weights that came with the data count as known
    known = driver_data.read(file, "y", ["x", "z"])
    means = [replicated_ols.least_squares(D[:, :1], a.y, a.w, a.groups()).covariance[0, 0] for a in (known, answers)]
    assert means[0] > (1.15 if not clusters else 1) * means[1]


def test_every_replicate_meets_the_margins_of_the_sample() -> None:
    study = cx.rake(two_drivers(300, 8, 30), MARGINS, tolerance=1e-10)
    for part in (study, study.where(age="y")):
        groups = driver_data.read(part, "y", ["x", "z"]).groups()
        margins, weights = groups.margins, groups.resampled(50, 2)
        assert weights.shape == (50, groups.size)
        raw = groups.__class__(groups.code, groups.stratum, groups.clusters).resampled(50, 2)
        cells = margins.total.sum(axis=0)
        every = margins.__class__(*np.indices(margins.total.shape).reshape(2, -1), margins.total, margins.levels)
        sums = every.raked(raw).reshape(50, *margins.total.shape) * margins.total
        for levels in margins.levels:
            for k in range(levels.max() + 1):
                want = cells[levels == k].sum()
                assert sums[:, :, levels == k].sum(axis=(1, 2)) == pytest.approx(np.full(50, want), rel=1e-5)


def within_clusters(t: pd.DataFrame, ratio: float) -> np.ndarray:
    """Generalised least squares of y on x and late at a given ratio of variances, cluster by cluster, by hand."""
    w, D, y = raked(t), np.column_stack([np.ones(len(t)), t["x"], t["late"]]), t["y"].to_numpy()
    xx, xy = np.zeros((3, 3)), np.zeros(3)
    for c in np.unique(t["c"]):
        here = (t["c"] == c).to_numpy()
        v, X = w[here], D[here]
        inner = np.diag(v) - np.outer(v, v) * ratio / (1 + ratio * v.sum())
        xx, xy = xx + X.T @ inner @ X, xy + X.T @ inner @ y[here]
    return np.linalg.solve(xx, xy)


def test_errors_of_a_mixed_model_are_those_of_the_jackknife_that_rakes_again() -> None:
    """A slope within clusters and one between them: late clusters are another third of them in each margin."""
    study = shop(400, 6, 50)
    t = study.to_pandas(labels=False)
    t["late"] = t["c"] % 2
    fields = (*study.codebook.fields, cx.Field("late", type="integer", role="operation"))
    margins = cx.rake(cx.Study(t, cx.Codebook("shop", fields)), MARGINS, tolerance=1e-10)
    found = cx.regressions.mixed(margins, "y ~ x + late")
    variance = found.parts["variances"].set_index("group")["variance"]
    ratio = variance["c"] / variance["residual"]
    assert found.table["estimate"].to_numpy() == pytest.approx(within_clusters(t, ratio), rel=1e-5)
    left = np.array([within_clusters(t[t["c"] != c], ratio) for c in np.unique(t["c"])])
    se = np.sqrt((len(left) - 1) / len(left) * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    assert found.table["se"].to_numpy() == pytest.approx(se, rel=0.08)
    assert "weights fitted to margins: linearised with the margins known" in found.method
    assert not any("count as known" in note for note in found.notes)
    t["w"] = raked(t)
    known = cx.Study(t, cx.Codebook("shop", (*fields, cx.Field("w", role="weight"))))
    plain = cx.regressions.mixed(known, "y ~ x + late")
    assert plain.table["estimate"].to_numpy() == pytest.approx(found.table["estimate"].to_numpy(), rel=1e-5)
    assert plain.table["se"].iloc[0] > 1.05 * se[0]
    crossed = cx.regressions.mixed(margins, "y ~ x + late", crossed="land").notes
    assert "weights fitted to margins count as known here: errors are mostly a little too wide" in crossed
