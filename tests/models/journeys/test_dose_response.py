"""The line of dose and response: where it bends, and whether."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binom

import cxlab as cx


def study(rng: np.random.Generator, bend: float) -> cx.Study:
    """Return 400 answers of 40 places whose waits and moods go together, and a fall of ``bend`` beyond a wait of 20."""
    where = np.repeat(np.arange(40), 10)
    wait = np.exp(3 + rng.standard_normal(40))[where].round(1)
    mood = np.sqrt(0.3) * rng.standard_normal(40)[where] + np.sqrt(0.7) * rng.standard_normal(400)
    answer = np.clip(np.round(7 + 1.5 * mood - bend * np.fmax(np.log2(wait / 20), 0)), 0, 10).astype(int)
    fields = (
        cx.Field("y", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(0, 10)),
        cx.Field("x", type="number", role="operation", measure="wait"),
        cx.Field("c", type="integer", role="cluster"),
    )
    return cx.Study(pd.DataFrame({"y": answer, "x": wait, "c": where}), cx.Codebook("waits", fields))


def test_a_kink_is_no_more_common_by_clusters_than_promised() -> None:
    """No kink, doses and moods by cluster: counting answers as independent calls half of such lines bent."""
    rng = np.random.default_rng(11)
    false = sum(cx.journeys.dose_response(study(rng, 0)).parts["kink"]["p"] < 0.05 for _ in range(40))
    assert false <= binom.ppf(0.999, 40, 0.05)


def test_a_real_kink_of_clusters_is_found() -> None:
    rng = np.random.default_rng(12)
    found = [cx.journeys.dose_response(study(rng, 2.5)).parts["kink"] for _ in range(10)]
    assert sum(k["p"] < 0.05 for k in found) >= 8
    assert sum(k["low"] <= 20 <= k["high"] for k in found) >= 8
