"""Codes for no answer among numbers that are no ratings are no numbers; what may be a number is asked, never hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cxlab as cx
from cxlab.cli.cmd_codebook import with_answer
from cxlab.data import profile
from cxlab.data.guess import Log
from cxlab.data.missing_codes import settle
from cxlab.data.profile import Column

N = 400
RNG = np.random.default_rng(8)
NUMBERS = {
    "visits": RNG.integers(1, 6, N).astype(float),
    "children": RNG.integers(0, 4, N).astype(float),
    "age": RNG.integers(18, 80, N).astype(float),
    "minutes": RNG.gamma(2, 5, N).round(1),
    "paid": RNG.normal(50, 10, N).round(2),
    "income": RNG.integers(20_000, 90_000, N).astype(float),
}


def with_codes(values: np.ndarray, *codes: float, rows: int = 12) -> np.ndarray:
    out = values.copy()
    for k, code in enumerate(codes):
        out[k * rows : (k + 1) * rows] = code
    return out


def loaded(tmp_path, values: np.ndarray, name: str = "x") -> cx.Study:
    rows = pd.DataFrame({"id": [f"P{k}" for k in range(len(values))], name: values})
    rows.to_csv(tmp_path / "made.csv", index=False)
    return cx.load(str(tmp_path / "made.csv"))


@pytest.mark.parametrize(
    ("name", "codes"),
    [("visits", (-99,)), ("visits", (98, 99)), ("children", (99,)), ("children", (-9, 97)), ("age", (999, -1)),
     ("age", (-8, -9)), ("minutes", (-1,)), ("minutes", (999,)), ("paid", (9999,)), ("paid", (-99,)),
     ("income", (999_999, -9)), ("income", (9_999_999,))],
)  # fmt: skip
def test_a_mean_does_not_count_codes_and_says_so(tmp_path, name, codes):
    values = with_codes(NUMBERS[name], *codes)
    study = loaded(tmp_path, values)
    result = cx.mean(study, "x")
    true = values[~np.isin(values, codes)]
    assert result.table["estimate"][0] == pytest.approx(true.mean(), abs=1e-9)
    assert result.table["n"][0] == len(true)
    assert {n for n in result.notes if "guessed" in n} == {
        f"'{c:.12g}' of 'x' is taken as no answer (guessed)" for c in codes
    }
    (doubt,) = [d for d in study.doubts if d.column == "x" and "no answer" in d.question]
    assert doubt.settings == ("", "missing=")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("change", np.r_[RNG.integers(-9, 10, 300), [-9] * 20]),
        ("side", RNG.choice([-1, 1], N)),
        ("effect", RNG.choice([-2, -1, 0, 1, 2], N)),
        ("age", RNG.integers(18, 100, N)),
        ("score_of_100", RNG.integers(0, 101, N)),
        ("price", RNG.choice([9, 19, 29, 49, 99], N)),
        ("price", RNG.choice([9.99, 49.99, 99.99, 999.0], N)),
        ("temperature", RNG.normal(0, 8, N).round(0)),
        ("zip", RNG.integers(10_000, 99_999, N)),
        ("calls", RNG.integers(0, 120, N)),
    ],
)
def test_numbers_that_only_look_like_codes_count(tmp_path, name, values):
    study = loaded(tmp_path, np.asarray(values, float), name)
    assert not study.field(name).missing
    assert len(study.to_pandas()[name].dropna()) == len(values)


WITHOUT = {
    "changes": lambda rng: rng.normal(3, 2.2, 500).round(),
    "small numbers": lambda rng: rng.normal(rng.uniform(2, 9), rng.uniform(1, 3), 500).round(),
    "amounts": lambda rng: rng.lognormal(rng.uniform(0, 7), rng.uniform(0.3, 1.5), 500).round(2),
    "prices": lambda rng: rng.choice([9.0, 19, 29, 49, 79, 99, 149, 299, 499, 999], 500, p=rng.dirichlet([0.4] * 10)),
    "counts": lambda rng: rng.poisson(rng.uniform(0.2, 30), 500).astype(float),
}


@pytest.mark.parametrize("kind", WITHOUT)
def test_columns_without_codes_hardly_ever_lose_a_number(kind):
    """Of 200 columns a kind 0 to 3 did; without the rule of tails 54 of small numbers and 78 of changes did."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame({f"x{k}": WITHOUT[kind](rng) for k in range(60)})
    study = cx.load(table)
    assert sum(bool(study.field(c).missing) and study.field(c).scale is None for c in table) <= 3


def test_what_may_be_a_number_counts_and_is_asked(tmp_path):
    values = np.r_[NUMBERS["age"], [99] * 15]
    study = loaded(tmp_path, values, "years")
    assert cx.mean(study, "years").table["estimate"][0] == pytest.approx(values.mean())
    (doubt,) = [d for d in study.doubts if d.column == "years"]
    assert doubt.question == "99 (15 of 415) beside 18 to 79: counted; is it a code for no answer?"
    assert doubt.settings == ("", "missing=99")
    said = f"'years': {doubt.question}"
    assert said in cx.mean(study, "years").notes, "a number that may be wrong is not given without a word"
    for answer in doubt.settings:
        assert said not in cx.mean(with_answer(study, doubt.columns, answer), "years").notes
    assert said not in cx.mean(study.set("years", missing={"99": "refused"}), "years").notes


def test_codes_beside_few_numbers_are_not_said_to_be_left_out_while_they_count(tmp_path):
    study = loaded(tmp_path, RNG.choice([1, 2, 3, 4, 5, 8, 9], N), "grp")
    asked = [d.question for d in study.doubts if d.column == "grp"]
    assert "8 and 9 beside 1 to 5: counted; codes for no answer?" in asked
    assert not [said for said in asked if "taken as no answer" in said]
    assert study.field("grp").missing == {}


def test_a_rating_and_a_metric_say_which_codes_were_guessed(tmp_path):
    values = with_codes(RNG.integers(0, 11, N).astype(float), 98, 99)
    study = loaded(tmp_path, values, "nps")
    assert "'98' of 'nps' is taken as no answer (guessed)" in cx.nps(study).notes
    told = study.set("nps", missing={"98": "refused", "99": "does not know"})
    assert not [n for n in cx.nps(told).notes if "guessed" in n]


def test_a_settled_code_is_said_no_more_and_codes_known_before_stay(tmp_path):
    values = with_codes(NUMBERS["visits"], -99, 98)
    study = loaded(tmp_path, values)
    assert [n for n in cx.mean(study, "x").notes if "guessed" in n]
    (doubt,) = [d for d in study.doubts if d.column == "x" and "taken as no answer" in d.question]
    settled = with_answer(study, doubt.columns, doubt.settings[0])
    assert not [n for n in cx.mean(settled, "x").notes if "guessed" in n]
    assert cx.mean(settled, "x").table["n"][0] == N - 24
    column = Column("x", "number", N, N, 7, 1.0, {}, codes={-99.0: 12, 777.0: 12}, beside=(1.0, 5.0))
    fields, log = {"x": cx.Field("x", type="number", missing={"777": "refused"})}, Log()
    settle(fields, {"x": column}, log)
    assert fields["x"].missing == {"777": "refused", "-99": "no answer (guessed)"}
    assert log.doubts[0].settings == ("", "missing=777"), "what the file itself says stays"


def test_only_columns_whose_ends_are_codes_are_looked_at_again(monkeypatch):
    asked, far_out = [], profile._far_out
    monkeypatch.setattr(profile, "_far_out", lambda sample, column: asked.append(column) or far_out(sample, column))
    x = RNG.normal(50, 10, 1_000)
    table = pd.DataFrame(
        {"plain": x, "code": np.r_[x[:-5], [9999.0] * 5], "endless": np.r_[x[:-6], [np.inf], [999.0] * 5]}
    )
    study = cx.load(table)
    assert asked == ["code", "endless"], "each costs two scans: of a thousand columns that is minutes"
    assert [list(study.field(c).missing) for c in table] == [[], ["9999"], ["999"]]


@given(
    st.lists(st.integers(0, 30), min_size=30, max_size=80),
    st.sampled_from([-9, -99, -999, 99, 998, 999, 9999]),
    st.integers(2, 10),
)
def test_whatever_the_numbers_a_code_far_from_them_moves_no_mean(numbers, code, often):
    if code in (-9, 99) and max(numbers) > -5 * code or code == -9 and max(numbers) < 45:
        return
    if code == 99 and max(numbers) + 3 * max(max(numbers) - min(numbers), 1) >= 99:
        return
    values = np.array([*numbers, *[code] * often], float)
    study = cx.load(pd.DataFrame({"id": [f"P{k}" for k in range(len(values))], "visits": values}))
    assert np.nanmean(study.to_pandas()["visits"]) == pytest.approx(np.mean(numbers))
