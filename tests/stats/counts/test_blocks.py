"""Pieces of a column kept in large blocks: the values, in their order, whatever their types."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cxlab.models.drivers.column_counts import Labels
from cxlab.stats.counts import blocks, replicates


def test_blocks_hold_what_came_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SIZE", 7)
    held, known = blocks.Blocks(), []
    for k, kind in ((5, np.int8), (0, np.int8), (20, np.int8), (3, np.int32), (9, float)):
        piece = np.arange(k).astype(kind)
        held.add(piece)
        known.append(piece)
    assert held.whole().tolist() == np.concatenate(known).tolist()
    assert held.whole().tolist() == []


@pytest.mark.parametrize("values", [
    [5, 3, 5, -2, 3, 9], [2**31, 4, 4, 2**31], [7, None, 7, 1], ["b", "a", "b", "", "c"], ["b", None, "a", None, "b"],
    [None, None, "x", "y"], [1.5, float("nan"), 1.5, 2.0], [10**15, -(10**15), 3, 10**15], [True, False, True, True],
    [3, 4, None, 2**31, 3],
], ids=str)  # fmt: skip
@pytest.mark.parametrize("size", [1, 2, 100])
def test_labels_in_pieces_are_those_of_the_whole_column(values: list, size: int) -> None:
    """Of any type, with missing values, as pandas numbers them in the order of their first rows."""
    held, whole = Labels(), pa.array(values)
    for low in range(0, len(values), size):
        held.add(whole.slice(low, size))
    code, labels = held.factorized()
    assert [None if pd.isna(x := labels[c]) else x for c in code] == [None if pd.isna(x) else x for x in values]
    assert len(set(code)) == len(labels)


@pytest.mark.parametrize("nested", [True, False])
def test_groups_of_clusters_within_strata_are_those_of_their_pairs(nested: bool) -> None:
    """Clusters that lie in one stratum each are numbered without looking at pairs; both numberings are the same."""
    rng = np.random.default_rng(4)
    cluster = rng.integers(0, 60, 500)
    cluster[:60] = np.arange(60)
    stratum = cluster % 7 if nested else rng.integers(0, 7, 500)
    found = replicates.replicate_groups(cluster, stratum, 500, limit=1000)
    pairs, known = np.unique(stratum * 100 + cluster, return_inverse=True)
    assert found.code.tolist() == known.tolist()
    assert found.stratum.tolist() == (pairs // 100).tolist()
    assert found.clusters == len(pairs)
