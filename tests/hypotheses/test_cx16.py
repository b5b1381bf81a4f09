"""Satisfaction against price: the shares of `cx.drivers`, recovered, within their bounds, not fooled by the range."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, t

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.models.drivers.block_shares import share_ahead
from cxlab.models.regression.counted_answers import Counted

REPS = 30


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-16", study, robust=False, ledger=None)


def test_the_difference_is_by_hand_of_the_r2_of_three_regressions() -> None:
    study = cx.simulated("CX-16", 0.3, n=500, seed=1)
    t = study.table

    def r2(*names: str) -> float:
        d = np.column_stack([np.ones(500), t[list(names)]])
        return 1 - (t["outcome"] - d @ np.linalg.lstsq(d, t["outcome"], rcond=None)[0]).var() / t["outcome"].var()

    both = r2("experience1", "price")
    assert verdict(study).estimate.value == pytest.approx((r2("experience1") - r2("price")) / both, abs=1e-9)


@pytest.mark.parametrize("effect", [0.5, 0.1])
def test_it_is_the_models_number(effect: float) -> None:
    study = cx.simulated("CX-16", effect, n=600, seed=2)
    blocks = {"experience": ["experience1"], "price": ["price"]}
    share = cx.drivers(study, "outcome", drivers=blocks).table.set_index("driver")["of_explained"]
    e = verdict(study).estimate
    assert e.value == pytest.approx(share["experience"] - share["price"], abs=1e-9)
    one, rng = np.ones(600), np.random.default_rng(0)
    y, block, price = (study.table[c].to_numpy(float) for c in ("outcome", "experience1", "price"))
    (z, se, df), _ = share_ahead(y, block[:, None], price, Counted(one, one), [[0]], rng)
    half = t.ppf(0.975, df) * se
    limits = np.arctanh([e.low, e.high])  # rows are dealt to the jackknife's groups by lot: nearly alike
    assert limits == pytest.approx([z - half, z + half], abs=0.15 * half)
    assert limits.mean() == pytest.approx(z, abs=1e-9)


@pytest.mark.parametrize("effect", [0.5, 0.0])
def test_its_interval_is_that_of_independent_pieces(effect: float) -> None:
    """The jackknife's error beside the spread of the difference over forty studies."""
    made = [verdict(cx.simulated("CX-16", effect, n=600, seed=k)).estimate for k in range(40)]
    width = np.mean([e.high - e.low for e in made])
    assert width == pytest.approx(2 * 1.96 * np.std([e.value for e in made], ddof=1), rel=0.4)


def test_an_interval_of_shares_stays_between_minus_one_and_one() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(1, 6, (60, 3)).astype(float)
    y = np.clip(np.round(x[:, 0] + rng.normal(0, 3, 60)), 1, 5)
    import pandas as pd

    table = pd.DataFrame({"y": y, "price": x[:, 1], "good": x[:, 0]})
    five = Scale(1, 5)
    fields = (
        Field("y", role="operation", measure="loyalty", scale=five),
        Field("price", role="operation", measure="spend", scale=five),
        Field("good", role="touchpoint", measure="quality", scale=five),
    )
    e = verdict(cx.Study(table, Codebook("few", fields))).estimate
    assert -1 <= e.low <= e.value <= e.high <= 1 and e.high - e.low > 0.3


def test_the_truth_is_recovered(replicates) -> None:
    for effect in (0.5, 0.2):
        found = replicates("CX-16", effect, n=1000, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=0.04)
        assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
        if effect == 0.5:
            assert found["direction"].eq("SUPPORTED").all()


@pytest.mark.parametrize("threat", [None, "curve", "range", "halo", "rated-price"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-16", 0.0, n=1000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat is None:
        assert found["low"].le(0).mul(found["high"].ge(0)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    else:
        assert found["value"].mean() > 0.2
        assert found["direction"].isin(["INCONCLUSIVE", "NOT-IDENTIFIED"]).mean() > 0.8


def test_a_threat_stands_in_the_sentence() -> None:
    said = {
        "curve": "a price that acts by a threshold explains more than a straight line of it does",
        "range": "importance depends on the range: price hardly varied in these data",
        "halo": "one mood colours the experience and an outcome that was answered",
        "rated-price": "a rating of the price is a noisy price",
    }
    for threat, words in said.items():
        v = verdict(cx.simulated("CX-16", 0.0, n=1000, seed=4, threat=threat))
        assert f"({words}; " in v.sentence, threat


THREATS = (None, "curve", "range", "halo", "rated-price")


def test_the_threats_are_in_the_data() -> None:
    tables = {t: cx.simulated("CX-16", 0.0, n=3000, threat=t).table for t in THREATS}
    spread = {t: x["price"].std() for t, x in tables.items()}
    assert spread["range"] == pytest.approx(spread[None] / 2, rel=0.1)
    r = {t: x.corr().loc["outcome"] for t, x in tables.items()}
    assert r["halo"]["experience1"] > r[None]["experience1"] + 0.1
    assert r["rated-price"]["price"] < r[None]["price"] - 0.1
    high = tables["curve"]["price"] > 62  # beyond the threshold, and below it, the price moves nothing
    parts = [tables["curve"][k].corr().loc["outcome", "price"] for k in (high, ~high)]
    assert max(np.abs(parts)) < 0.12 and r["curve"]["price"] > 0.25
