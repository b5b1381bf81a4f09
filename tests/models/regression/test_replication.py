"""Jackknife and replicate weights against R's survey package (tests/reference/replication.R)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx

REFERENCE = Path(__file__).parents[2] / "reference"
DATA = pd.read_csv(REFERENCE / "replication_data.csv")
TRUTH = pd.read_csv(REFERENCE / "replication.csv", keep_default_na=False, na_values="NA")


def study(data: pd.DataFrame = DATA, **roles: str) -> cx.Study:
    """Return a study whose columns have the given roles."""
    fields = tuple(cx.Field(c, role=next((r for r, name in roles.items() if name == c), "")) for c in data.columns)
    return cx.Study(data, cx.Codebook("clinics", fields))


def call(design: str, **options):
    """Return our result for one of R's designs."""
    if design == "JKn":
        return cx.regressions.jackknife(study(cluster="clinic", strata="region", weight="weight"), "overall", **options)
    columns = [c for c in DATA.columns if c.startswith(design)]
    kind = ("fay", 0.3) if design == "fay" else design
    return cx.regressions.replicate_weights(study(weight="weight"), "overall", weights=columns, kind=kind, **options)


@pytest.mark.parametrize("design", ["JKn", "brr", "fay", "jk1"])
def test_errors_are_those_of_the_survey_package(design):
    truth = TRUTH[TRUTH["design"] == design]
    for statistic in ("mean", "sd"):
        row, expected = (
            call(design, statistic=statistic).table.iloc[0],
            truth[(truth["statistic"] == statistic) & (truth["group"] == "")].iloc[0],
        )
        np.testing.assert_allclose([row["estimate"], row["se"]], [expected["estimate"], expected["se"]], rtol=1e-9)
        assert row["df"] == expected["df"]
    found = call(design, by="channel").table.set_index("channel")
    expected = truth[truth["group"] != ""].set_index("group").loc[found.index]
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-9)
    np.testing.assert_allclose(found["se"], expected["se"], rtol=1e-9)


def test_answers_left_out_one_at_a_time_give_the_textbook_error():
    y = np.random.default_rng(4).integers(0, 11, 700)
    row = cx.regressions.jackknife(study(pd.DataFrame({"y": y})), "y").table.iloc[0]
    assert row["se"] == pytest.approx(y.std(ddof=1) / np.sqrt(700), rel=1e-10)
    assert (row["df"], row["n"]) == (699, 700)
    strata = pd.DataFrame({"y": y, "h": np.arange(700) % 2})
    row = cx.regressions.jackknife(study(strata, strata="h"), "y").table.iloc[0]
    within = sum(part.var(ddof=1) * len(part) for _, part in strata.groupby("h")["y"])
    assert row["se"] == pytest.approx(np.sqrt(within) / 700, rel=1e-10)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda: cx.regressions.jackknife(study(), "overall", statistic="median"),
            "the jackknife is not consistent for the median; use bootstrap, or another statistic",
        ),
        (
            lambda: cx.regressions.replicate_weights(study(), "overall", weights="brr1", kind="brr"),
            "1 replicate weights were given; a variance needs two or more columns",
        ),
        (
            lambda: cx.regressions.replicate_weights(study(), "overall", weights=["brr1", "brr2"], kind="boot"),
            "kind is 'boot'; did you mean 'bootstrap'? allowed: 'bootstrap', 'brr', 'fay', 'jk1', 'jk2'",
        ),
        (
            lambda: cx.regressions.replicate_weights(study(), "overall", weights=["brr1", "brr2"], kind="fay"),
            "kind is 'fay'; Fay's weights, and only they, have a coefficient: kind=('fay', 0.5)",
        ),
        (
            lambda: cx.regressions.replicate_weights(study(), "overall", weights=["brr1", "brr2"], kind=("jk1", 0.2)),
            "kind is ('jk1', 0.2); Fay's weights, and only they, have a coefficient: kind=('fay', 0.5)",
        ),
    ],
)
def test_what_is_refused(ask, said):
    with pytest.raises(cx.DataProblem) as error:
        ask()
    assert str(error.value) == said
