"""Influences asked for some rows at a time give the covariance of those held at once."""

from __future__ import annotations

import numpy as np
import pytest

from cxlab.stats.inference import influences

RNG = np.random.default_rng(3)
U, N = RNG.normal(size=(400, 3)), RNG.integers(1, 4, 400).astype(float)
CLUSTER, STRATA = RNG.integers(0, 60, 400), RNG.integers(0, 4, 60)


@pytest.mark.parametrize("clustered", [True, False])
@pytest.mark.parametrize("layered", [True, False])
@pytest.mark.parametrize("piece", [3, 100, 10_000])
def test_pieces_of_rows_give_the_covariance_of_all(clustered, layered, piece, monkeypatch):
    monkeypatch.setattr(influences, "PIECE", piece)
    strata = STRATA[CLUSTER] if layered else None
    given = (N, CLUSTER if clustered else None, strata)
    asked = []
    names = tuple(range(4)) if layered else ()
    v, df = influences.covariance(U, *given, names=names)
    found = influences.covariance(lambda rows: asked.append(len(rows)) or U[rows], *given, names=names)
    np.testing.assert_allclose(found[0], v, rtol=1e-12)
    assert found[1] == df
    assert max(asked) <= max(piece // 3, 1) + np.bincount(CLUSTER).max()
