"""Mediation against products of regression coefficients, its sampling distribution, and statsmodels' intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx


def paths(n: int, seed: int, *, rounded: bool = True) -> pd.DataFrame:
    """Return a treatment, a mediator and an outcome with indirect effect .5 x .6."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    m = 0.5 * x + rng.normal(size=n)
    y = 0.3 * x + 0.6 * m + rng.normal(size=n)
    data = pd.DataFrame({"x": x, "m": m, "y": y, "z": rng.integers(0, 3, n)})
    return data.round(0) if rounded else data


def study(data: pd.DataFrame, **roles: str) -> cx.Study:
    """Return a study whose columns have the given roles."""
    fields = tuple(cx.Field(c, role=next((r for r, name in roles.items() if name == c), "")) for c in data.columns)
    return cx.Study(data, cx.Codebook("paths", fields))


def mediate(data: pd.DataFrame, replicates: int = 500, **options) -> cx.Result:
    """Mediation of x through m to y."""
    roles = options.pop("roles", {})
    return cx.regressions.mediation(
        study(data, **roles), outcome="y", treatment="x", mediator="m", draws=replicates, **options
    )


@pytest.mark.parametrize("weight", ["", "z"])
def test_paths_are_products_of_coefficients(weight):
    data = paths(400, 1).assign(z=lambda d: d["z"] + 1)
    result = mediate(data, 50, roles={"weight": weight})
    root = np.sqrt(data[weight].to_numpy() if weight else np.ones(400))
    one = np.ones(400)
    fit = lambda y, *x: np.linalg.lstsq(np.column_stack(x) * root[:, None], y * root, rcond=None)[0]  # noqa: E731
    a = fit(data["m"], one, data["x"])[1]
    _, direct, b = fit(data["y"], one, data["x"], data["m"])
    found = result.table["estimate"].tolist()
    assert found == pytest.approx([direct + a * b, direct, a * b, a, b, a * b / (direct + a * b)], rel=1e-9)


def test_intervals_have_the_width_of_the_sampling_distribution():
    """400 samples of 300: the width of the percentile interval is 3.92 standard deviations of the estimates."""
    estimates = [mediate(paths(300, 1000 + s), 2)["indirect"].value for s in range(150)]
    width = np.mean([r.high - r.low for r in (mediate(paths(300, s), 1000)["indirect"] for s in range(8))])
    assert width == pytest.approx(3.92 * np.std(estimates, ddof=1), rel=4 / np.sqrt(2 * 150))


def test_continuous_columns_and_clusters_are_grouped_at_random():
    data = paths(3000, 5, rounded=False)
    alone = mediate(data, 1000)
    assert alone.method == "case bootstrap of random groups of answers, 1,000 replicates, percentile intervals"
    twice = pd.concat([data, data]).assign(who=np.tile(np.arange(3000), 2))
    clustered = mediate(twice, 1000, roles={"cluster": "who"})
    assert clustered.method.startswith("case bootstrap of random groups of clusters (who)")
    ratio = clustered["indirect"].se / alone["indirect"].se
    assert ratio == pytest.approx(1.0, abs=0.15)  # the copies add nothing
    naive = mediate(twice, 1000)["indirect"].se / alone["indirect"].se
    assert naive == pytest.approx(np.sqrt(0.5), abs=0.12)


@pytest.mark.slow
def test_intervals_of_statsmodels_are_half_as_wide_again():
    """statsmodels adds the mediator's residual noise to every draw: with var(x) = 1 its intervals are 1.4 times wide.

    Here var(a) = 1/n and the noise adds 2/n, so the ratio tends to sqrt((b**2 * 3 + a**2) / (b**2 + a**2)) = 1.47.
    """
    import statsmodels.api as sm
    from statsmodels.stats.mediation import Mediation

    data = paths(250, 3, rounded=False)
    models = sm.OLS.from_formula("y ~ x + m", data), sm.OLS.from_formula("m ~ x", data)
    theirs = Mediation(*models, "x", "m").fit(n_rep=300, method="parametric", rng=1).summary().loc["ACME (average)"]
    ours = mediate(data, 2000)["indirect"]
    ratio = (theirs["Upper CI bound"] - theirs["Lower CI bound"]) / (ours.high - ours.low)
    assert theirs["Estimate"] == pytest.approx(ours.value, abs=ours.se / 2)
    assert 1.2 < ratio < 1.75


def test_what_is_refused():
    data = paths(50, 1)
    with pytest.raises(cx.DataProblem, match="^x has two roles in the mediation; each column one$"):
        cx.regressions.mediation(study(data), outcome="y", treatment="x", mediator="x")
    flat = study(data.assign(x=1.0))
    with pytest.raises(
        cx.DataProblem, match="^x, m or a covariate is constant or a combination of the others; leave it out$"
    ):
        cx.regressions.mediation(flat, outcome="y", treatment="x", mediator="m", draws=5)
    one = study(data.assign(g=1), cluster="g")
    with pytest.raises(
        cx.DataProblem, match=r"^all rows belong to one cluster \(g\); its variance cannot be told from one$"
    ):
        cx.regressions.mediation(one, outcome="y", treatment="x", mediator="m", draws=5)
