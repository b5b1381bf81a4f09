"""Paths within units and periods in a panel with gaps: against a dummy for each unit and period."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlab.stats.fits.lagged_paths import lagged_path


def test_a_panel_with_gaps_is_that_of_dummies() -> None:
    rng = np.random.default_rng(1)
    unit, period = np.repeat(np.arange(30), 8), np.tile(np.arange(8), 30)
    c = rng.standard_normal(240) + 0.5 * period * (unit % 3)
    e = 0.4 * np.roll(c, 1) + rng.standard_normal(240)
    t = pd.DataFrame({"unit": unit, "period": period, "cluster": unit, "c": c, "e": e})
    t = t[(unit % 2 == 0) | (period > 2)].reset_index(drop=True)
    last = t.groupby("unit")[["c", "e"]].shift(1).set_axis(["c1", "e1"], axis=1)
    used = t.join(last).dropna()
    dummies = pd.concat([pd.get_dummies(used["unit"]), pd.get_dummies(used["period"])], axis=1).to_numpy(float)
    v = used[["e", "c1", "e1"]].to_numpy()
    z = v - dummies @ np.linalg.lstsq(dummies, v, rcond=None)[0]
    z = z / z.std(axis=0)
    expected = np.linalg.lstsq(z[:, 1:], z[:, 0], rcond=None)[0][0]
    assert lagged_path(t, "c", "e").lag[0] == pytest.approx(expected, rel=1e-9)
