"""Churn and retention are shares of the customers, one the complement of the other."""

import pandas as pd
import pytest

import cxlab as cx


def study(values, kind="integer"):
    field = cx.Field("gone", role="outcome", measure="churn", type=kind)
    return cx.Study(pd.DataFrame({"gone": values}), cx.Codebook("s", (field,)))


@pytest.mark.parametrize("values", [[1] * 15 + [0] * 133, [True] * 15 + [False] * 133], ids=["codes", "booleans"])
def test_churn_is_a_share_with_newcombes_interval(values):
    r = cx.churn(study(values))
    assert (r.table["low"][0], r.table["high"][0]) == pytest.approx((0.062386, 0.160487), abs=6e-7)
    stayed = cx.metrics.retention(study(values)).table.iloc[0]
    assert stayed["estimate"] == pytest.approx(1 - 15 / 148)
    assert (stayed["low"], stayed["high"]) == pytest.approx((1 - 0.160487, 1 - 0.062386), abs=6e-7)
    assert any(n.startswith("a rate over one period") for n in r.notes)


def test_text_needs_to_be_told_who_left():
    s = study(["Yes", "No"] * 10, "string")
    with pytest.raises(cx.DataProblem) as problem:
        cx.churn(s)
    assert str(problem.value) == "'gone' of s holds text; say with value= which answer means that one left"
    assert cx.churn(s, value="Yes").table["estimate"][0] == 0.5


def test_a_study_without_churn_says_so():
    s = cx.Study(pd.DataFrame({"q": [1] * 20}), cx.Codebook("s", (cx.Field("q"),)))
    with pytest.raises(cx.DataProblem) as problem:
        cx.churn(s)
    assert str(problem.value) == (
        "churn needs an outcome with measure 'churn'; s declares none. Name the column with of=, and declare it in its "
        "datapackage.json"
    )
