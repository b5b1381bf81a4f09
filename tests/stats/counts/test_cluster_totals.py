"""Totals of clusters that are read in pieces are those that an engine groups, whatever the keys and the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cxlab.stats.counts import cluster_totals, clustered_rows, hashed_words, sorted_rows, tally
from cxlab.stats.inference import shared_clusters

SINGLE = {"s": [nw.col("s")], "t": [nw.col("t")]}
POOLED = {"both": [nw.col("t"), nw.col("s")], "s": [nw.col("s")]}
COUNTS = {"negative": nw.col("w") < 0, "missing": nw.col("w").is_null()}


def answers(n: int = 1500) -> pd.DataFrame:
    """Answers with missing groups, strata, clusters, weights and scores; numbers of clusters near and far apart."""
    rng = np.random.default_rng(3)
    c = rng.integers(-50, 200, n)
    gone = lambda share: rng.random(n) < share  # noqa: E731
    return pd.DataFrame({
        "g": rng.choice(["a", "b", None], n), "k": pd.Series(rng.integers(0, 4, n), dtype="Int64").mask(gone(0.1)),
        "h": rng.choice(["x", "y", None], n, p=[0.5, 0.48, 0.02]), "c": c,
        "text": [f"account {i}" for i in rng.integers(0, 150, n)],
        "some": pd.Series(c, dtype="Int64").mask(gone(0.05)),
        "day": pd.Timestamp("2024-06-01") + pd.to_timedelta(c, "D"),
        "far": c * 10**15, "w": pd.Series(rng.choice([0.0, 0.5, 1.3, 2.0], n)).mask(gone(0.1)),
        "s": pd.Series(rng.normal(size=n)).mask(gone(0.1)), "t": pd.Series(rng.integers(0, 11, n)).mask(gone(0.1)),
    })  # fmt: skip


def duck(table: pd.DataFrame) -> nw.LazyFrame:
    return nw.from_native(duckdb.connect().from_arrow(pa.Table.from_pandas(table, preserve_index=False))).lazy()


def polars(table: pd.DataFrame) -> nw.LazyFrame:
    return nw.from_native(pl.from_arrow(pa.Table.from_pandas(table, preserve_index=False)).lazy())


def word(value: object) -> str:
    if isinstance(value, tuple):
        return str(tuple(map(word, value)))
    return "missing" if pd.isna(value) else str(float(value)) if isinstance(value, (int, float)) else str(value)


def same(one: pd.DataFrame, two: pd.DataFrame, keys: Sequence[str]) -> None:
    one, two = (x.assign(**{k: x[k].map(word) for k in keys}).sort_values(list(keys)) for x in (one, two))
    assert one[list(keys)].to_numpy().tolist() == two[list(keys)].to_numpy().tolist()
    assert len(one)
    for c in set(one) - set(keys):
        np.testing.assert_allclose(one[c].astype(float), two[c].astype(float), rtol=1e-9, atol=1e-9, err_msg=c)


@pytest.mark.parametrize("frame", [duck, polars])
@pytest.mark.parametrize("cluster", ["c", "text", "some", "day", "far"])
@pytest.mark.parametrize(("weight", "strata"), [("", ""), ("w", "h"), ("w", "")])
@pytest.mark.parametrize(("small", "alone"), [(False, 0.0), (True, 2.0)])
def test_pieces_give_what_the_engine_groups(
    frame: Callable, cluster: str, weight: str, strata: str, small: bool, alone: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = frame(answers())
    monkeypatch.setattr(cluster_totals, "ALONE", alone)  # rows that are all of their cluster in a group: apart, or not
    if small:  # no room for all clusters at once, and few rows sorted at a time
        monkeypatch.setattr(clustered_rows, "BOUND", 12_000)
        monkeypatch.setattr(clustered_rows, "SLICE", 100)
    design = {"weight": weight, "cluster": cluster, "strata": strata}
    for scores in (SINGLE, POOLED):
        for by in ([], ["g", "k"]):
            sums, counted = tally.score_sums(rows, scores, by=by, counts=COUNTS, **design)
            with monkeypatch.context() as engine:
                engine.setattr(tally, "local", lambda frame: False)
                known, seen = tally.score_sums(rows, scores, by=by, counts=COUNTS, **design)
            assert counted == seen
            same(sums, known, ["item", *tally.keys_of(by), "stratum"])
    for across in (shared_clusters.across_groups, shared_clusters.across_items):
        pairs = across(rows, SINGLE, ["g"], **design)
        with monkeypatch.context() as engine:
            engine.setattr(shared_clusters, "local", lambda frame: False)
            known = across(rows, SINGLE, ["g"], **design)
        same(pairs[pairs["m"] > 0], known[known["m"] > 0], ["left", "right", "stratum"])


@pytest.mark.parametrize("strata", ["", "h"])
def test_numbers_too_long_to_hold_the_place_of_a_row_are_sorted_too(
    strata: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, design = duck(answers()), {"weight": "w", "cluster": "c", "strata": strata}
    known, _ = tally.score_sums(rows, SINGLE, by=["g", "k"], **design)
    monkeypatch.setattr(sorted_rows, "BITS", 10)
    monkeypatch.setattr(sorted_rows, "FEW", 1)  # combinations sorted instead of looked up in a table
    found, _ = tally.score_sums(rows, SINGLE, by=["g", "k"], **design)
    same(found, known, ["item", *tally.keys_of(["g", "k"]), "stratum"])


def test_a_cluster_that_is_read_twice_is_counted_once_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"g": ["a", "a", "b", "a"], "c": [1, 1, 1, 2], "s": [1.0, 2.0, 5.0, -1.0]})
    sums, _ = tally.score_sums(duck(table), {"s": [nw.col("s")]}, by=["g"], cluster="c")
    a, b = sums.set_index(tally.keys_of(["g"])[0]).loc[["a", "b"]].to_dict("records")
    assert (a["aa"], a["ab"], a["bb"], a["m"], a["a"], a["q"], a["n"]) == (9 + 1, 6 - 1, 4 + 1, 2, 2, 1 + 4 + 1, 3)
    assert (b["aa"], b["ab"], b["bb"], b["m"], b["clusters"]) == (25, 5, 1, 1, 2)


def test_an_empty_table_has_no_sums() -> None:
    table = pd.DataFrame({"g": ["a"], "c": [1], "s": [1.0]})
    sums, counted = tally.score_sums(
        duck(table).filter(nw.col("s") > 5),
        {"s": [nw.col("s")]},
        by=["g"],
        cluster="c",
        counts={"all": nw.col("s") > 0},
    )
    assert len(sums) == 0
    assert counted == {"all": 0}


WORDS = ["", "a", "it's", 'a "b"', "é", None]


def worded(n: int = 600) -> pd.DataFrame:
    """Answers whose columns are called as parts of a query are, with words that need quoting."""
    rng = np.random.default_rng(8)
    return pd.DataFrame({
        "count": rng.choice(np.array(WORDS, object), n), "literal": rng.choice(["x", "y"], n),
        "q": rng.integers(0, 60, n), "s": rng.integers(-1, 2, n), "w": rng.choice([0.0, 1.0, 2.5], n),
    })  # fmt: skip


def test_words_brought_as_parts_of_their_hash_are_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, design = duck(worded()), {"weight": "w", "cluster": "q", "strata": "literal"}
    by, scores = ["count"], {"s": [nw.col("s")]}
    known, _ = tally.score_sums(rows, scores, by=by, **design)
    monkeypatch.setattr(hashed_words, "FIRST", 100)
    found, _ = tally.score_sums(rows, scores, by=by, **design)
    key = tally.keys_of(by)[0]
    assert set(found[key].dropna()) == set(WORDS[:-1])
    assert found[key].isna().any()
    pd.testing.assert_frame_equal(found, known)


def test_parts_of_hashes_stand_for_one_word_each(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"g": [f"word {i}" for i in range(300)] + ["word 7", None], "n": range(302)})
    monkeypatch.setattr(hashed_words, "FIRST", 100)
    frame, words = hashed_words.hashed(duck(table), ["g", "n"])
    assert list(words) == ["g"]  # numbers stay as they are
    read = frame.collect("pyarrow").to_native()
    code = words["g"].numbers(read["g"].to_numpy())
    assert [None if c == 0 else words["g"].words[int(c) - 1].as_py() for c in code] == [
        x if isinstance(x, str) else None for x in table["g"]
    ]
    monkeypatch.setattr(hashed_words, "MOST", 200)
    assert hashed_words.hashed(duck(table), ["g"])[1] == {}  # too many words


def test_a_word_that_was_not_there_before_is_read_as_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that differ from scan to scan: what was looked for first does not decide."""
    rows = duck(worded())
    known, _ = tally.score_sums(rows, {"s": [nw.col("s")]}, by=["literal"], cluster="q")
    monkeypatch.setattr(hashed_words, "FIRST", 100)
    seen = hashed_words.hashed

    def outdated(frame: nw.LazyFrame, columns: Sequence[str]) -> tuple:
        frame, words = seen(frame, columns)
        words["_g0"].turn[:] = -1
        return frame, words

    monkeypatch.setattr(clustered_rows, "hashed", outdated)
    found, _ = tally.score_sums(rows, {"s": [nw.col("s")]}, by=["literal"], cluster="q")
    pd.testing.assert_frame_equal(found, known)
