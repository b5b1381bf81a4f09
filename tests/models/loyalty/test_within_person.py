"""People compared with themselves: against dummies by hand, what a later score tells, and what cannot be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale

BY = {"score": "sat", "person": "who", "period": "wave"}


def people(**more) -> pd.DataFrame:
    """300 people in four waves: who they are moves score and spending, and so does the wave; 5 % more a point."""
    rng = np.random.default_rng(1)
    trait = np.repeat(rng.standard_normal(300), 4)
    sat = np.clip(np.round(5 + 1.5 * trait + 2 * rng.standard_normal(1200)), 0, 10)
    wave = np.tile(np.arange(4), 300)
    spent = np.exp(2 + 0.05 * sat + 0.5 * trait + 0.1 * wave + 0.1 * rng.standard_normal(1200))
    return pd.DataFrame({"who": np.repeat(np.arange(300), 4), "wave": wave, "sat": sat, "spent": spent} | more)


def study(table: pd.DataFrame, *fields: Field) -> cx.Study:
    own = {"sat": Field("sat", role="outcome", measure="satisfaction", scale=Scale(0, 10))}
    given = {c: Field(c) for c in table} | own | {f.name: f for f in fields}
    return cx.Study(table, Codebook("people", tuple(given.values()), design="panel"))


def test_a_linear_slope_is_that_of_dummies() -> None:
    t = people()
    d = pd.concat([t["sat"], pd.get_dummies(t["who"]), pd.get_dummies(t["wave"]).iloc[:, 1:]], axis=1)
    expected = np.linalg.lstsq(d.to_numpy(float), t["spent"].to_numpy(), rcond=None)[0][0]
    found = cx.loyalty.within_person(study(t), "spent", kind="linear", per=2, **BY)
    assert found.table["estimate"][0] == pytest.approx(2 * expected, rel=1e-9)


def test_who_the_people_are_is_out_and_a_later_score_tells_nothing() -> None:
    found = cx.loyalty.within_person(study(people()), "spent", **BY)
    rows = found.table.set_index("term")
    assert rows.loc["score", "low"] < np.expm1(0.05) < rows.loc["score", "high"] < 0.07
    assert rows.loc["the next score (placebo)", "low"] < 0 < rows.loc["the next score (placebo)", "high"]
    assert found.parts["people"] == 300 and found.plot() is not None
    r, se = found.parts["lasts"]
    assert abs(r) < 3 * se


def test_weights_of_two_are_two_people() -> None:
    t = people()
    t["w"] = 1.0 + t["who"] % 2
    twice = pd.concat([t, t[t["w"] == 2].assign(who=lambda d: d["who"] + 1000)])
    weighted = cx.loyalty.within_person(study(t, Field("w", role="weight")), "spent", **BY).table["estimate"]
    assert weighted.to_numpy() == pytest.approx(
        cx.loyalty.within_person(study(twice.drop(columns="w")), "spent", **BY).table["estimate"].to_numpy(), rel=1e-7
    )


def test_who_leaves_for_good_has_no_placebo() -> None:
    t = people()
    rng = np.random.default_rng(2)
    t["left"] = np.where(rng.random(1200) < 0.05 + 0.02 * (10 - t["sat"]), "yes", "no")
    gone = (t["left"] == "yes").groupby(t["who"]).transform(lambda b: b.cumsum().shift(fill_value=0))
    found = cx.loyalty.within_person(study(t[gone == 0]), "left", **BY)
    assert found.table["term"].tolist() == ["score"] and found.parts["model"] == "cloglog"
    assert "who left gives no later score: the placebo cannot be looked at" in found.notes


@pytest.mark.parametrize(
    ("table", "more", "said"),
    [
        (people().assign(wave=0), {}, "0 people of people are seen in 3 periods or more; 20 are needed"),
        (people(spent=3.0), {}, "'spent' of people does not vary; there is nothing to compare"),
        (people(sat=4.0), {}, "'sat' of people does not vary; there is nothing to compare"),
        (people(), {"kind": "hazard"}, "'spent' of people holds more than 0 and 1; a hazard is of yes or no"),
        (people().assign(spent=lambda d: d["spent"].where(d["wave"] > 0, -1.0)), {"kind": "amount"},
         "300 rows of people have a negative 'spent'; a relative change needs amounts of zero or more: correct them, "
         "or say kind='linear'"),
        (people(), {"per": 0}, "per is 0; allowed: a number of points of the score that is not 0"),
        (people(spent=np.tile(["a", "b"], 600)), {}, "'spent' holds a, b; which of them is yes cannot be known. Label "
         'two values in the codebook, e.g. "labels": {"1": "yes", "2": "no"}'),
        (people().assign(spent=lambda d: (d["sat"] > 5) * 1), {},
         "the slope has no maximum: everybody above (or below) some score did it, or nobody did"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said(table: pd.DataFrame, more: dict, said: str) -> None:
    with pytest.raises(cx.DataProblem) as why:
        cx.loyalty.within_person(study(table), "spent", **BY, **more)
    assert str(why.value) == said
