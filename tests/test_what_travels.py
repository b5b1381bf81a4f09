"""What a function brings from an engine: groups, patterns or pieces; where it needs the rows, it refuses too many.

Every call of the tables of functions, on a DuckDB relation of few kinds of rows, each kind many times, told to be
elsewhere (as Spark and Ibis are): with a limit of one byte each call either refuses in one wording, or what its queries
brought has fewer rows than the table.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.study import Study
from cxlab.stats.counts import batches, fetched
from tests import test_any_study as questionnaire
from tests import test_any_weight as others

KINDS, EACH = 140, 20
REFUSED = (
    r"^this needs the rows of (made|the table) in memory: ([\d,]+ rows of \d+ columns are about [\d,]+ bytes; "
    r"allowed:|more than 0 rows of \d+ columns are more than) 1 bytes\. Take a part of the rows \(study\.where, "
    r"study\.filter\) or fewer columns, or (bring them into memory yourself: cx\.Study\(study\.to_pandas\(\), "
    r"study\.codebook\)|a linear model with pairwise answers: in a file it reads pieces)$"
)


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The rows that queries brought to Python; no table is local, none is held because it is small."""
    rows: list[int] = []
    collect = nw.LazyFrame.collect

    def watched(self: nw.LazyFrame, *args: object, **kwargs: object) -> nw.DataFrame:
        found = collect(self, *args, **kwargs)
        if self.implementation.is_duckdb():
            rows.append(len(found))
        return found

    monkeypatch.setattr(nw.LazyFrame, "collect", watched)
    monkeypatch.setattr(fetched, "LIMIT", 1)
    monkeypatch.setattr("cxlab.data.comments.READ", 1000)  # comments are drawn from so many, and say so
    monkeypatch.setattr("cxlab.models.journeys.event_log.CELLS", 0)
    monkeypatch.setattr(Study, "cache", lambda self, cells=0: self)
    for module in [m for name, m in sys.modules.items() if name.startswith("cxlab.")]:
        if getattr(module, "local", None) is batches.local:
            monkeypatch.setattr(module, "local", lambda frame: not frame.implementation.is_duckdb())
    yield rows


def many(table: pd.DataFrame, **unique: object) -> pd.DataFrame:
    return pd.concat([table] * EACH, ignore_index=True).assign(**unique)


def asked(call: object, study: Study) -> str:
    """The refusal, or nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call(Study(duckdb.from_df(study.table), study.codebook))  # type: ignore[operator]
        except cx.DataProblem as problem:
            return str(problem)
    return ""


@pytest.mark.parametrize("name", sorted(questionnaire.CALLS))
def test_a_questionnaire_in_an_engine_stays_there_or_is_refused(name: str, brought: list[int]) -> None:
    table = many(questionnaire.rows().head(KINDS), code=np.arange(KINDS * EACH))
    study = questionnaire.named(questionnaire.NEUTRAL, table)
    call = questionnaire.CALLS[name]
    said = asked(lambda s: call(s, questionnaire.NEUTRAL), study)
    assert max(brought, default=0) < len(table) / 2, brought
    assert not said or re.match(REFUSED, said), said


@pytest.mark.parametrize("name", sorted({*others.CALLS, *others.NONE}))
def test_any_other_study_in_an_engine_stays_there_or_is_refused(name: str, brought: list[int]) -> None:
    make, study_of, call = others.CALLS[name] if name in others.CALLS else others.NONE[name][1:]
    rows = make()
    table = many(rows, **({"id": np.arange(len(rows) * EACH)} if "id" in rows else {}))
    said = asked(call, study_of(table))
    assert max(brought, default=0) < len(table) / 2, brought
    assert not said or re.match(REFUSED, said), said
