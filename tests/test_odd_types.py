"""Columns of types that few libraries know: every function gives the numbers of plain ones, or refuses in words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import cycle, islice

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab.data.plain_types import plain
from cxlab.data.study import Study
from tests.test_any_study import CALLS, NEUTRAL, NIGHTLY, named, same, told

ANSWERS = [NEUTRAL[r] for r in ("wave", "strata", "ltr", "sat", "dose", "item0", "item1", "item2", "ease")]
NUMBERS = ("DECIMAL(12,2)", "UBIGINT", "HUGEINT", "FLOAT", "UTINYINT", "DECIMAL(38,0)", "UHUGEINT", "SMALLINT")
ODD = {
    "list": "[{c}]", "struct": "{{'a': {c}}}", "map": "map([1], [{c}])", "array": "array_value({c}, {c})",
    "blob": "cast(cast({c} as varchar) as blob)", "uuid": "md5(cast({c} as varchar))::uuid",
    "bit": "cast((hash({c}) % 5)::int as bit)", "interval": "interval 1 day * (hash({c}) % 5)::int",
    "time": "time '10:00' + interval 1 hour * (hash({c}) % 5)::int", "date": "date '2020-01-01' + (hash({c}) % 5)::int",
    "tz": "timestamptz '2020-01-01' + interval 1 day * (hash({c}) % 5)::int", "infinite": "'inf'::double",
    "bool": "(hash({c}) % 2)::int::bool", "huge": "hash({c})::hugeint * 1000000000000",
}  # fmt: skip
PLACES = ("segment", "wave", "cluster", "strata", "ltr", "sat", "brand", "dose", "item0", "comment", "code")
TRIED = [("segment", "struct"), ("cluster", "blob"), ("strata", "interval")]
if NIGHTLY:
    TRIED = [(place, kind) for place in PLACES for kind in ODD]
"""An odd type in a place, every function; the plain run has those that ended in raw errors most often."""


def relation(changes: dict[str, str]) -> Study:
    """Return the study on a DuckDB relation whose columns are made by the expressions given."""
    study = named(NEUTRAL)
    table = duckdb.from_df(study.table)
    made = ", ".join(f'{changes.get(c, "{c}")} as "{c}"'.format(c=f'"{c}"') for c in table.columns)
    return Study(table.project(made), study.codebook)


def outcomes(study: Study) -> Iterator[tuple[str, object]]:
    """What each function gives: its numbers or its refusal; anything else is an error of the test."""
    for name, call in CALLS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield name, told(call(study, NEUTRAL))
            except cx.DataProblem as problem:
                yield name, str(problem)


@pytest.fixture(scope="module")
def right() -> dict[str, object]:
    return dict(outcomes(named(NEUTRAL)))


@pytest.mark.parametrize("start", [0, 3])
def test_any_type_of_number_gives_the_same_numbers(start: int, right: dict[str, object]) -> None:
    types = dict(zip(ANSWERS, islice(cycle(NUMBERS), start, None), strict=False))
    changes = {c: f"cast({{c}} as {t})" for c, t in types.items()}
    changes |= {NEUTRAL["weight"]: "cast({c} as DECIMAL(8,3))"}
    changes |= {NEUTRAL[r]: f"cast({{c}} as ENUM({words}))" for r, words in
                (("segment", "'North','South','West'"), ("brand", "'Alba','Brio','Cima','Dora'"))}  # fmt: skip
    wrong = [name for name, found in outcomes(relation(changes)) if not same(right[name], found, set())]
    assert not wrong


@pytest.mark.parametrize(("place", "kind"), TRIED)
def test_an_odd_type_in_any_place_gives_numbers_or_words(place: str, kind: str) -> None:
    found = dict(outcomes(relation({NEUTRAL[place]: ODD[kind]})))
    assert set(found) == set(CALLS)
    assert sum(not isinstance(x, str) for x in found.values()) > len(CALLS) / 4


@pytest.mark.parametrize("kind", ["uuid", "tz", "list"])
def test_a_weight_that_is_no_number_is_refused(kind: str) -> None:
    study = relation({NEUTRAL["weight"]: ODD[kind]})
    for call in (lambda s: cx.drivers(s, NEUTRAL["sat"]), lambda s: cx.one_failure(s, NEUTRAL["sat"])):
        with pytest.raises(cx.DataProblem) as said:
            call(study)
        assert str(said.value) == (
            "the weight 'zz2zz' of made holds what is no number; turn it into numbers, or give it another role: "
            "study.set('zz2zz', role='')"
        )


@pytest.mark.parametrize("made", [pd.DataFrame, pl.DataFrame, lambda t: pl.DataFrame(t).to_arrow()])
def test_tables_in_memory_are_plain_too(made: Callable[[dict], object]) -> None:
    study = Study(
        made({"a": [Decimal("1.5"), None], "b": [[1, 2], None], "c": [b"x", None], "d": [1, 2]}), cx.Codebook("s", ())
    )
    found = study.to_pandas()
    assert found["a"].tolist()[0] == 1.5 and np.isnan(found["a"].tolist()[1])
    assert (found["b"][0], found["c"][0], found["d"].tolist()) == ("[1, 2]", "b'x'", [1, 2])
    assert found[["b", "c"]].isna().iloc[1].all()
    assert plain(study.table, study.codebook) is study.table


def test_names_that_are_huge_numbers_stay_apart() -> None:
    unit = "1267650600228229401496703205376::uhugeint + (i % 3)::uhugeint"
    table = duckdb.sql(f"select {unit} as unit, i % 11 as ltr from range(90) r(i)")
    book = cx.Codebook("s", (cx.Field("unit", role="segment"), cx.Field("ltr", "", "integer", "outcome",
                             "recommendation", cx.Scale(0, 10))))  # fmt: skip
    assert cx.nps(Study(table, book), by="unit").table["n"].tolist() == [30, 30, 30]
